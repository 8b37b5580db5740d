;; options: fuel interruption
(module
  (func $spin (param i32)
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
)

;; ; function 0 `spin`: 14 bytes of wasm, 320 of code, 88 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0xEF
;; @0013 mov rsi, [r14+0x28]
;; @0017 mov rax, [r14]
;; @001a mov rax, [rax+8]
;; @001e cmp [rsi], rax
;; @0021 jae 0x6D
;; ;   behind the main line
;; @006d mov [rbx-0x20], rdi
;; @0071 lea rsi, [0x140]
;; @0078 mov rdi, r14
;; @007b mov rdx, rbx
;; @007e mov r8, [r14+8]
;; @0082 mov rcx, [r8]
;; @0085 mov r8, [r8+8]
;; @0089 jmp qword ptr [rsi]
;; @008b mov rax, [r14]
;; @008e mov rax, [rax+8]
;; @0092 mov rsi, [r14+0x28]
;; @0096 mov edi, [rbx-0x20]
;; @0099 jmp short 0x27
;; ;   behind the main line
;; @00ef jmp qword ptr [0x178]
;; ;   entry from the interpreter
;; @00f5 mov rbx, rdx
;; @00f8 mov r14, rdi
;; @00fb mov r15, rcx
;; @00fe mov rax, [r14]
;; @0101 mov byte ptr [rax+0xAD], 1
;; @0108 jmp short 0x10C
;; ;   entry with arguments in slots
;; @010a pop r11
;; @010c mov edi, [rbx-0x20]
;; @010f jmp 2
;; ; 0x18 loop
;; @0027 mov r8, [r14]
;; @002a sub qword ptr [r8+0x10], 1
;; @0032 jb 0x9B
;; @0038 mov rbp, rax
;; @003b mov r12, rsi
;; @003e cmp [r12], rbp
;; @0042 jae 0xB6
;; ;   behind the main line
;; @009b call 0xA0
;; @00a0 mov rax, [r14]
;; @00a3 mov qword ptr [rax+0x10], 0
;; @00ab mov edi, 0xB
;; @00b0 jmp qword ptr [0x170]
;; ;   behind the main line
;; @00b6 mov [rbx-0x20], rdi
;; @00ba lea rsi, [0x158]
;; @00c1 mov rdi, r14
;; @00c4 mov rdx, rbx
;; @00c7 mov r8, [r14+8]
;; @00cb mov rcx, [r8]
;; @00ce mov r8, [r8+8]
;; @00d2 jmp qword ptr [rsi]
;; @00d4 mov rbp, [r14]
;; @00d7 mov rbp, [rbp+8]
;; @00db mov edi, [rbx-0x20]
;; @00de mov r8, [r14]
;; @00e1 mov r12, [r14+0x28]
;; @00e5 jmp 0x48
;; ;   loop 0, from the interpreter
;; @0114 mov rbx, rdx
;; @0117 mov r14, rdi
;; @011a mov r15, rcx
;; @011d mov edi, [rbx-0x20]
;; @0120 mov r8, [r14]
;; @0123 mov rbp, [r14]
;; @0126 mov rbp, [rbp+8]
;; @012a mov r12, [r14+0x28]
;; @012e jmp 0x3E
;; ; 0x1a local.get 0
;; @0048 sub qword ptr [r8+0x10], 5
;; @0050 jb 0xEA
;; ;   behind the main line
;; @00ea call 0xA0
;; ; 0x1c i32.const 1
;; ; 0x1e i32.sub
;; @0056 sub edi, 1
;; ; 0x1f local.tee 0
;; ; 0x21 br_if 0
;; @0059 test edi, edi
;; @005b jne short 0x3E
;; ; 0x23 end
;; ; 0x24 end
;; @005d mov rsi, [rbx-0x18]
;; @0061 mov r11, [rbx-0x10]
;; @0065 sub rbx, 0x20
;; @0069 push qword ptr [rsi-8]
;; @006c ret
;; ; pool
;; @0140 0000000000000000 ; check_interrupt s0
;; @0150 000000000000008b ; address of @008b
;; ; 0x18 loop
;; @0158 0000000000000000 ; check_interrupt s0
;; @0168 00000000000000d4 ; address of @00d4
;; @0170 0000000000000000 ; address of the stub Trap
;; @0178 0000000000000000 ; address of the stub Overflow
;; @0180 0000000000000010 ; preamble: frame of 16 bytes
;; @0188 00000000000000f5 ; address of @00f5: entry from the interpreter
;; ; 0x18 loop
;; @0190 0000000000000114 ; address of @0114: loop 0, from the interpreter
