(module
  (func $sum (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0))))
    (local.get $sum))
)

;; ; function 0 `sum`: 28 bytes of wasm, 112 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x18]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x37
;; @0013 mov qword ptr [rbx], 0
;; ;   behind the main line
;; @0037 jmp qword ptr [0x70]
;; ;   entry from the interpreter
;; @003d mov rbx, rdx
;; @0040 mov r14, rdi
;; @0043 mov r15, rcx
;; @0046 mov rax, [r14]
;; @0049 mov byte ptr [rax+0xAD], 1
;; @0050 jmp short 0x54
;; ;   entry with arguments in slots
;; @0052 pop r11
;; @0054 mov edi, [rbx-0x20]
;; @0057 jmp short 2
;; ; 0x1b loop
;; @001a mov ebp, [rbx]
;; ; 0x1d local.get 1
;; ; 0x1f local.get 0
;; ; 0x21 i32.add
;; @001c add ebp, edi
;; ;   loop 0, from the interpreter
;; @0059 mov rbx, rdx
;; @005c mov r14, rdi
;; @005f mov r15, rcx
;; @0062 mov edi, [rbx-0x20]
;; @0065 mov ebp, [rbx]
;; @0067 jmp short 0x1C
;; ; 0x22 local.set 1
;; ; 0x24 local.get 0
;; ; 0x26 i32.const 1
;; ; 0x28 i32.sub
;; @001e sub edi, 1
;; ; 0x29 local.tee 0
;; ; 0x2b i32.const 0
;; ; 0x2d i32.gt_s
;; @0021 test edi, edi
;; ; 0x2e br_if 0
;; @0023 jg short 0x1C
;; ; 0x30 end
;; ; 0x31 local.get 1
;; ; 0x33 end
;; @0025 mov eax, ebp
;; @0027 mov rsi, [rbx-0x18]
;; @002b mov r11, [rbx-0x10]
;; @002f add rbx, 0xFFFFFFFFFFFFFFE0
;; @0033 push qword ptr [rsi-8]
;; @0036 ret
;; ; pool
;; @0070 0000000000000000 ; address of the stub Overflow
;; @0078 0000000000000018 ; preamble: frame of 24 bytes
;; @0080 000000000000003d ; address of @003d: entry from the interpreter
;; ; 0x21 i32.add
;; @0088 0000000000000059 ; address of @0059: loop 0, from the interpreter
