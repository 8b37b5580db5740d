;; options: check
(module
  (memory i64 1)
  (func $near (param i64) (result i32) (i32.load8_u (local.get 0)))
  (func $far (param i64 i32) (i32.store offset=0x100000000 (local.get 0) (local.get 1)))
)

;; ; function 0 `near`: 7 bytes of wasm, 128 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x51
;; ;   behind the main line
;; @0051 jmp qword ptr [0x88]
;; ;   entry from the interpreter
;; @0057 mov rbx, rdx
;; @005a mov r14, rdi
;; @005d mov r15, rcx
;; @0060 mov rax, [r14]
;; @0063 mov byte ptr [rax+0xAD], 1
;; @006a jmp short 0x6E
;; ;   entry with arguments in slots
;; @006c pop r11
;; @006e mov rdi, [rbx-0x20]
;; @0072 jmp short 2
;; ; 0x24 local.get 0
;; ; 0x26 i32.load8_u
;; @0013 mov rsi, [r14+0x40]
;; @0017 mov rsi, [rsi+8]
;; @001b cmp rdi, rsi
;; @001e jae 0x43
;; @0024 mov rax, [r14+0x40]
;; @0028 mov rax, [rax]
;; @002b movzx r8d, byte ptr [rax+rdi]
;; ;   behind the main line
;; @0043 mov rax, rdi
;; @0046 mov edi, 1
;; @004b call qword ptr [0x80]
;; ; 0x29 end
;; @0030 mov eax, r8d
;; @0033 mov rsi, [rbx-0x18]
;; @0037 mov r11, [rbx-0x10]
;; @003b add rbx, 0xFFFFFFFFFFFFFFE0
;; @003f push qword ptr [rsi-8]
;; @0042 ret
;; ; pool
;; @0080 0000000000000000 ; address of the stub Trap
;; @0088 0000000000000000 ; address of the stub Overflow
;; @0090 0000000000000008 ; preamble: frame of 8 bytes
;; @0098 0000000000000057 ; address of @0057: entry from the interpreter

;; ; function 1 `far`: 13 bytes of wasm, 176 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x80
;; ;   behind the main line
;; @0080 jmp qword ptr [0xB8]
;; ;   entry from the interpreter
;; @0086 mov rbx, rdx
;; @0089 mov r14, rdi
;; @008c mov r15, rcx
;; @008f mov rax, [r14]
;; @0092 mov byte ptr [rax+0xAD], 1
;; @0099 jmp short 0x9D
;; ;   entry with arguments in slots
;; @009b pop r11
;; @009d mov rdi, [rbx-0x28]
;; @00a1 mov esi, [rbx-0x20]
;; @00a4 jmp 2
;; ; 0x2c local.get 0
;; ; 0x2e local.get 1
;; ; 0x30 i32.store offset=4294967296
;; @0013 mov rax, 0x100000004
;; @001d add rax, rdi
;; @0020 jb 0x50
;; @0026 mov r8, [r14+0x40]
;; @002a cmp rax, [r8+8]
;; @002e ja 0x68
;; @0034 mov r9, [r14+0x40]
;; @0038 mov r9, [r9]
;; @003b mov [r9+rax-4], esi
;; ;   behind the main line
;; @0050 mov rcx, 0x100000004
;; @005a sub rax, rcx
;; @005d mov edi, 1
;; @0062 call qword ptr [0xB0]
;; ;   behind the main line
;; @0068 mov rcx, 0x100000004
;; @0072 sub rax, rcx
;; @0075 mov edi, 1
;; @007a call qword ptr [0xB0]
;; ; 0x37 end
;; @0040 mov rsi, [rbx-0x18]
;; @0044 mov r11, [rbx-0x10]
;; @0048 sub rbx, 0x28
;; @004c push qword ptr [rsi-8]
;; @004f ret
;; ; pool
;; @00b0 0000000000000000 ; address of the stub Trap
;; @00b8 0000000000000000 ; address of the stub Overflow
;; @00c0 0000000000000010 ; preamble: frame of 16 bytes
;; @00c8 0000000000000086 ; address of @0086: entry from the interpreter
