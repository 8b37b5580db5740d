;; options: check
(module
  (memory i64 1)
  (func $near (param i64) (result i32) (i32.load8_u (local.get 0)))
  (func $far (param i64 i32) (i32.store offset=0x100000000 (local.get 0) (local.get 1)))
)

;; ; function 0 `near`: 7 bytes of wasm, 160 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x78
;; ;   behind the main line
;; @0078 jmp qword ptr [0xA8]
;; ;   entry from the interpreter
;; @007e mov rbx, rdx
;; @0081 mov r14, rdi
;; @0084 mov r15, rcx
;; @0087 mov rax, [r14]
;; @008a mov byte ptr [rax+0xAD], 1
;; @0091 jmp short 0x15
;; ; 0x24 local.get 0
;; ; 0x26 i32.load8_u
;; @0015 mov rsi, [rbx-0x20]
;; @0019 mov edi, 1
;; @001e add rdi, rsi
;; @0021 jb 0x54
;; @0027 mov rax, [r14+0x40]
;; @002b cmp rdi, [rax+8]
;; @002f ja 0x66
;; @0035 mov rax, [rax]
;; @0038 movzx r8d, byte ptr [rax+rdi-1]
;; ;   behind the main line
;; @0054 mov rax, rdi
;; @0057 sub rax, 1
;; @005b mov edi, 1
;; @0060 call qword ptr [0xA0]
;; ;   behind the main line
;; @0066 mov rax, rdi
;; @0069 sub rax, 1
;; @006d mov edi, 1
;; @0072 call qword ptr [0xA0]
;; ; 0x29 end
;; @003e mov eax, r8d
;; @0041 mov rsi, [rbx-0x18]
;; @0045 mov r11, [rbx-0x10]
;; @0049 sub rbx, 0x20
;; @004d mov [rbx], rax
;; @0050 push qword ptr [rsi-8]
;; @0053 ret
;; ; pool
;; @00a0 0000000000000000 ; address of the stub Trap
;; @00a8 0000000000000000 ; address of the stub Overflow
;; @00b0 0000000000000008 ; preamble: frame of 8 bytes
;; @00b8 000000000000007e ; address of @007e: entry from the interpreter

;; ; function 1 `far`: 13 bytes of wasm, 176 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x8C
;; ;   behind the main line
;; @008c jmp qword ptr [0xB8]
;; ;   entry from the interpreter
;; @0092 mov rbx, rdx
;; @0095 mov r14, rdi
;; @0098 mov r15, rcx
;; @009b mov rax, [r14]
;; @009e mov byte ptr [rax+0xAD], 1
;; @00a5 jmp 0x15
;; ; 0x2c local.get 0
;; ; 0x2e local.get 1
;; ; 0x30 i32.store offset=4294967296
;; @0015 mov rsi, [rbx-0x28]
;; @0019 mov rdi, 0x100000004
;; @0023 add rdi, rsi
;; @0026 jb 0x56
;; @002c mov rax, [r14+0x40]
;; @0030 cmp rdi, [rax+8]
;; @0034 ja 0x71
;; @003a mov rax, [rax]
;; @003d mov r8d, [rbx-0x20]
;; @0041 mov [rax+rdi-4], r8d
;; ;   behind the main line
;; @0056 mov rax, rdi
;; @0059 mov rcx, 0x100000004
;; @0063 sub rax, rcx
;; @0066 mov edi, 1
;; @006b call qword ptr [0xB0]
;; ;   behind the main line
;; @0071 mov rax, rdi
;; @0074 mov rcx, 0x100000004
;; @007e sub rax, rcx
;; @0081 mov edi, 1
;; @0086 call qword ptr [0xB0]
;; ; 0x37 end
;; @0046 mov rsi, [rbx-0x18]
;; @004a mov r11, [rbx-0x10]
;; @004e sub rbx, 0x28
;; @0052 push qword ptr [rsi-8]
;; @0055 ret
;; ; pool
;; @00b0 0000000000000000 ; address of the stub Trap
;; @00b8 0000000000000000 ; address of the stub Overflow
;; @00c0 0000000000000010 ; preamble: frame of 16 bytes
;; @00c8 0000000000000092 ; address of @0092: entry from the interpreter
