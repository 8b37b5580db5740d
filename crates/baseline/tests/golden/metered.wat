;; options: fuel interruption
(module
  (func $spin (param i32)
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
)

;; ; function 0 `spin`: 14 bytes of wasm, 304 of code, 88 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xF3
;; @0015 mov rsi, [r14+0x28]
;; @0019 mov rsi, [rsi]
;; @001c mov rdi, [r14]
;; @001f cmp rsi, [rdi+8]
;; @0023 jae 0x85
;; ;   behind the main line
;; @0085 lea rsi, [0x130]
;; @008c mov rdi, r14
;; @008f mov rdx, rbx
;; @0092 mov r8, [r14+8]
;; @0096 mov rcx, [r8]
;; @0099 mov r8, [r8+8]
;; @009d jmp qword ptr [rsi]
;; @009f jmp short 0x29
;; ;   behind the main line
;; @00f3 jmp qword ptr [0x168]
;; ;   entry from the interpreter
;; @00f9 mov rbx, rdx
;; @00fc mov r14, rdi
;; @00ff mov r15, rcx
;; @0102 mov rax, [r14]
;; @0105 mov byte ptr [rax+0xAD], 1
;; @010c jmp 0x15
;; ; 0x18 loop
;; @0029 mov rsi, [r14]
;; @002c mov edi, 1
;; @0031 sub [rsi+0x10], rdi
;; @0035 jb 0xA1
;; @003b mov ebp, [rbx-0x20]
;; @003e mov rsi, [r14+0x28]
;; @0042 mov rsi, [rsi]
;; @0045 mov rdi, [r14]
;; @0048 cmp rsi, [rdi+8]
;; @004c jae 0xB7
;; ;   behind the main line
;; @00a1 mov rax, [r14]
;; @00a4 mov qword ptr [rax+0x10], 0
;; @00ac mov edi, 0xB
;; @00b1 call qword ptr [0x160]
;; ;   behind the main line
;; @00b7 mov [rbx-0x20], rbp
;; @00bb lea rsi, [0x148]
;; @00c2 mov rdi, r14
;; @00c5 mov rdx, rbx
;; @00c8 mov r8, [r14+8]
;; @00cc mov rcx, [r8]
;; @00cf mov r8, [r8+8]
;; @00d3 jmp qword ptr [rsi]
;; @00d5 mov ebp, [rbx-0x20]
;; @00d8 jmp 0x52
;; ;   loop 0, from the interpreter
;; @0111 mov rbx, rdx
;; @0114 mov r14, rdi
;; @0117 mov r15, rcx
;; @011a mov ebp, [rbx-0x20]
;; @011d jmp 0x3E
;; ; 0x1a local.get 0
;; @0052 mov rsi, [r14]
;; @0055 mov edi, 5
;; @005a sub [rsi+0x10], rdi
;; @005e jb 0xDD
;; ;   behind the main line
;; @00dd mov rax, [r14]
;; @00e0 mov qword ptr [rax+0x10], 0
;; @00e8 mov edi, 0xB
;; @00ed call qword ptr [0x160]
;; ; 0x1c i32.const 1
;; ; 0x1e i32.sub
;; @0064 mov esi, ebp
;; @0066 sub esi, 1
;; ; 0x1f local.tee 0
;; ; 0x21 br_if 0
;; @0069 test esi, esi
;; @006b je 0x75
;; @0071 mov ebp, esi
;; @0073 jmp short 0x3E
;; ; 0x23 end
;; ; 0x24 end
;; @0075 mov rsi, [rbx-0x18]
;; @0079 mov r11, [rbx-0x10]
;; @007d sub rbx, 0x20
;; @0081 push qword ptr [rsi-8]
;; @0084 ret
;; ; pool
;; @0130 0000000000000000 ; check_interrupt s0
;; @0140 000000000000009f ; address of @009f
;; ; 0x18 loop
;; @0148 0000000000000000 ; check_interrupt s0
;; @0158 00000000000000d5 ; address of @00d5
;; @0160 0000000000000000 ; address of the stub Trap
;; @0168 0000000000000000 ; address of the stub Overflow
;; @0170 0000000000000010 ; preamble: frame of 16 bytes
;; @0178 00000000000000f9 ; address of @00f9: entry from the interpreter
;; ; 0x18 loop
;; @0180 0000000000000111 ; address of @0111: loop 0, from the interpreter
