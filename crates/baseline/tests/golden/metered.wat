;; options: fuel interruption
(module
  (func $spin (param i32)
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
)

;; ; function 0 `spin`: 14 bytes of wasm, 288 of code, 88 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xE6
;; @0015 mov rsi, [r14+0x28]
;; @0019 mov rsi, [rsi]
;; @001c mov rdi, [r14]
;; @001f cmp rsi, [rdi+8]
;; @0023 jae 0x7B
;; ;   behind the main line
;; @007b lea rsi, [0x120]
;; @0082 mov rdi, r14
;; @0085 mov rdx, rbx
;; @0088 mov r8, [r14+8]
;; @008c mov rcx, [r8]
;; @008f mov r8, [r8+8]
;; @0093 jmp qword ptr [rsi]
;; @0095 jmp short 0x29
;; ;   behind the main line
;; @00e6 jmp qword ptr [0x158]
;; ;   entry from the interpreter
;; @00ec mov rbx, rdx
;; @00ef mov r14, rdi
;; @00f2 mov r15, rcx
;; @00f5 mov rax, [r14]
;; @00f8 mov byte ptr [rax+0xAD], 1
;; @00ff jmp 0x15
;; ; 0x18 loop
;; @0029 mov rsi, [r14]
;; @002c mov edi, 1
;; @0031 sub [rsi+0x10], rdi
;; @0035 jb 0x97
;; @003b mov ebp, [rbx-0x20]
;; @003e mov rsi, [r14+0x28]
;; @0042 mov rsi, [rsi]
;; @0045 mov rdi, [r14]
;; @0048 cmp rsi, [rdi+8]
;; @004c jae 0xAD
;; ;   behind the main line
;; @0097 mov rax, [r14]
;; @009a mov qword ptr [rax+0x10], 0
;; @00a2 mov edi, 0xB
;; @00a7 call qword ptr [0x150]
;; ;   behind the main line
;; @00ad mov [rbx-0x20], rbp
;; @00b1 lea rsi, [0x138]
;; @00b8 mov rdi, r14
;; @00bb mov rdx, rbx
;; @00be mov r8, [r14+8]
;; @00c2 mov rcx, [r8]
;; @00c5 mov r8, [r8+8]
;; @00c9 jmp qword ptr [rsi]
;; @00cb mov ebp, [rbx-0x20]
;; @00ce jmp short 0x52
;; ;   loop 0, from the interpreter
;; @0104 mov rbx, rdx
;; @0107 mov r14, rdi
;; @010a mov r15, rcx
;; @010d mov ebp, [rbx-0x20]
;; @0110 jmp 0x3E
;; ; 0x1a local.get 0
;; @0052 mov rsi, [r14]
;; @0055 mov edi, 5
;; @005a sub [rsi+0x10], rdi
;; @005e jb 0xD0
;; ;   behind the main line
;; @00d0 mov rax, [r14]
;; @00d3 mov qword ptr [rax+0x10], 0
;; @00db mov edi, 0xB
;; @00e0 call qword ptr [0x150]
;; ; 0x1c i32.const 1
;; ; 0x1e i32.sub
;; @0064 sub ebp, 1
;; ; 0x1f local.tee 0
;; ; 0x21 br_if 0
;; @0067 test ebp, ebp
;; @0069 jne short 0x3E
;; ; 0x23 end
;; ; 0x24 end
;; @006b mov rsi, [rbx-0x18]
;; @006f mov r11, [rbx-0x10]
;; @0073 sub rbx, 0x20
;; @0077 push qword ptr [rsi-8]
;; @007a ret
;; ; pool
;; @0120 0000000000000000 ; check_interrupt s0
;; @0130 0000000000000095 ; address of @0095
;; ; 0x18 loop
;; @0138 0000000000000000 ; check_interrupt s0
;; @0148 00000000000000cb ; address of @00cb
;; @0150 0000000000000000 ; address of the stub Trap
;; @0158 0000000000000000 ; address of the stub Overflow
;; @0160 0000000000000010 ; preamble: frame of 16 bytes
;; @0168 00000000000000ec ; address of @00ec: entry from the interpreter
;; ; 0x18 loop
;; @0170 0000000000000104 ; address of @0104: loop 0, from the interpreter
