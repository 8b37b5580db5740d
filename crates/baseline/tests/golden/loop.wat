(module
  (func $sum (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
    (local.get $sum))
)

;; ; function 0 `sum`: 28 bytes of wasm, 128 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x18]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x4F
;; @0015 mov qword ptr [rbx], 0
;; ;   behind the main line
;; @004f jmp qword ptr [0x80]
;; ;   entry from the interpreter
;; @0055 mov rbx, rdx
;; @0058 mov r14, rdi
;; @005b mov r15, rcx
;; @005e mov rax, [r14]
;; @0061 mov byte ptr [rax+0xAD], 1
;; @0068 jmp short 0x15
;; ; 0x1b loop
;; @001c mov ebp, [rbx-0x20]
;; @001f mov r12d, [rbx]
;; ; 0x1d local.get 1
;; ; 0x1f local.get 0
;; ; 0x21 i32.add
;; @0022 lea esi, [r12+rbp]
;; ;   loop 0, from the interpreter
;; @006a mov rbx, rdx
;; @006d mov r14, rdi
;; @0070 mov r15, rcx
;; @0073 mov ebp, [rbx-0x20]
;; @0076 mov r12d, [rbx]
;; @0079 jmp short 0x22
;; ; 0x22 local.set 1
;; ; 0x24 local.get 0
;; ; 0x26 i32.const 1
;; ; 0x28 i32.sub
;; @0026 mov edi, ebp
;; @0028 sub edi, 1
;; ; 0x29 local.tee 0
;; ; 0x2b i32.const 0
;; ; 0x2d i32.gt_s
;; @002b test edi, edi
;; ; 0x2e br_if 0
;; @002d jle 0x3A
;; @0033 mov ebp, edi
;; @0035 mov r12d, esi
;; @0038 jmp short 0x22
;; ; 0x30 end
;; ; 0x31 local.get 1
;; ; 0x33 end
;; @003a mov eax, esi
;; @003c mov rsi, [rbx-0x18]
;; @0040 mov r11, [rbx-0x10]
;; @0044 sub rbx, 0x20
;; @0048 mov [rbx], rax
;; @004b push qword ptr [rsi-8]
;; @004e ret
;; ; pool
;; @0080 0000000000000000 ; address of the stub Overflow
;; @0088 0000000000000018 ; preamble: frame of 24 bytes
;; @0090 0000000000000055 ; address of @0055: entry from the interpreter
;; ; 0x21 i32.add
;; @0098 000000000000006a ; address of @006a: loop 0, from the interpreter
