(module
  (func $sum (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
    (local.get $sum))
)

;; ; function 0 `sum`: 28 bytes of wasm, 112 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x18]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x42
;; @0015 mov qword ptr [rbx], 0
;; ;   behind the main line
;; @0042 jmp qword ptr [0x70]
;; ;   entry from the interpreter
;; @0048 mov rbx, rdx
;; @004b mov r14, rdi
;; @004e mov r15, rcx
;; @0051 mov rax, [r14]
;; @0054 mov byte ptr [rax+0xAD], 1
;; @005b jmp short 0x15
;; ; 0x1b loop
;; @001c mov ebp, [rbx-0x20]
;; @001f mov r12d, [rbx]
;; ; 0x1d local.get 1
;; ; 0x1f local.get 0
;; ; 0x21 i32.add
;; @0022 add r12d, ebp
;; ;   loop 0, from the interpreter
;; @005d mov rbx, rdx
;; @0060 mov r14, rdi
;; @0063 mov r15, rcx
;; @0066 mov ebp, [rbx-0x20]
;; @0069 mov r12d, [rbx]
;; @006c jmp short 0x22
;; ; 0x22 local.set 1
;; ; 0x24 local.get 0
;; ; 0x26 i32.const 1
;; ; 0x28 i32.sub
;; @0025 sub ebp, 1
;; ; 0x29 local.tee 0
;; ; 0x2b i32.const 0
;; ; 0x2d i32.gt_s
;; @0028 test ebp, ebp
;; ; 0x2e br_if 0
;; @002a jg short 0x22
;; ; 0x30 end
;; ; 0x31 local.get 1
;; ; 0x33 end
;; @002c mov eax, r12d
;; @002f mov rsi, [rbx-0x18]
;; @0033 mov r11, [rbx-0x10]
;; @0037 sub rbx, 0x20
;; @003b mov [rbx], rax
;; @003e push qword ptr [rsi-8]
;; @0041 ret
;; ; pool
;; @0070 0000000000000000 ; address of the stub Overflow
;; @0078 0000000000000018 ; preamble: frame of 24 bytes
;; @0080 0000000000000048 ; address of @0048: entry from the interpreter
;; ; 0x21 i32.add
;; @0088 000000000000005d ; address of @005d: loop 0, from the interpreter
