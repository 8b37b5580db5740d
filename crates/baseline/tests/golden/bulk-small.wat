(module
  (memory i64 1)
  (table 4 funcref)
  (func $copy (param i64 i64) (memory.copy (local.get 0) (local.get 1) (i64.const 23)))
  (func $clear (param i64) (memory.fill (local.get 0) (i32.const 0) (i64.const 12)))
  (func $fill (param i32 i32) (table.fill (local.get 0) (ref.null func) (local.get 1)))
)

;; ; function 0 `copy`: 12 bytes of wasm, 224 of code, 56 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x18]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0xA8
;; ;   behind the main line
;; @00a8 jmp qword ptr [0x100]
;; ;   entry from the interpreter
;; @00ae mov rbx, rdx
;; @00b1 mov r14, rdi
;; @00b4 mov r15, rcx
;; @00b7 mov rax, [r14]
;; @00ba mov byte ptr [rax+0xAD], 1
;; @00c1 jmp short 0xC5
;; ;   entry with arguments in slots
;; @00c3 pop r11
;; @00c5 mov rdi, [rbx-0x28]
;; @00c9 mov rsi, [rbx-0x20]
;; @00cd jmp 2
;; ; 0x2f local.get 0
;; ; 0x31 local.get 1
;; ; 0x33 i64.const 23
;; ; 0x35 memory.copy 0 0
;; @0013 mov qword ptr [rbx+0x10], 0x17
;; @001b mov rax, [r14+0x40]
;; @001f mov rax, [rax]
;; @0022 mov r8, [r14+0x40]
;; @0026 mov r8, [r8+8]
;; @002a sub r8, 0x17
;; @002e cmp rsi, r8
;; @0031 ja 0x6E
;; @0037 mov r8, [r14+0x40]
;; @003b mov r8, [r8+8]
;; @003f sub r8, 0x17
;; @0043 cmp rdi, r8
;; @0046 ja 0x6E
;; @004c movups xmm0, [rax+rsi]
;; @0050 movups xmm1, [rax+rsi+7]
;; @0055 movups [rax+rdi], xmm0
;; @0059 movups [rax+rdi+7], xmm1
;; ;   behind the main line
;; @006e mov [rbx-0x20], rsi
;; @0072 mov [rbx+8], rsi
;; @0076 mov [rbx-0x28], rdi
;; @007a mov [rbx], rdi
;; @007d lea rsi, [0xE0]
;; @0084 mov rdi, r14
;; @0087 mov rdx, rbx
;; @008a mov r8, [r14+8]
;; @008e mov rcx, [r8]
;; @0091 mov r8, [r8+8]
;; @0095 jmp qword ptr [rsi]
;; @0097 mov rax, [r14+0x40]
;; @009b mov rax, [rax]
;; @009e mov rsi, [rbx-0x20]
;; @00a2 mov rdi, [rbx-0x28]
;; @00a6 jmp short 0x5E
;; ; 0x39 end
;; @005e mov rsi, [rbx-0x18]
;; @0062 mov r11, [rbx-0x10]
;; @0066 sub rbx, 0x28
;; @006a push qword ptr [rsi-8]
;; @006d ret
;; ; pool
;; ; 0x35 memory.copy 0 0
;; @00e0 0000000000000000 ; builtin memory.copy, s0, 0, 0
;; @00f8 0000000000000097 ; address of @0097
;; @0100 0000000000000000 ; address of the stub Overflow
;; @0108 0000000000000018 ; preamble: frame of 24 bytes
;; @0110 00000000000000ae ; address of @00ae: entry from the interpreter

;; ; function 1 `clear`: 11 bytes of wasm, 208 of code, 56 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x18]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x9B
;; ;   behind the main line
;; @009b jmp qword ptr [0xF0]
;; ;   entry from the interpreter
;; @00a1 mov rbx, rdx
;; @00a4 mov r14, rdi
;; @00a7 mov r15, rcx
;; @00aa mov rax, [r14]
;; @00ad mov byte ptr [rax+0xAD], 1
;; @00b4 jmp short 0xB8
;; ;   entry with arguments in slots
;; @00b6 pop r11
;; @00b8 mov rdi, [rbx-0x20]
;; @00bc jmp 2
;; ; 0x3c local.get 0
;; ; 0x3e i32.const 0
;; ; 0x40 i64.const 12
;; ; 0x42 memory.fill 0
;; @0013 mov qword ptr [rbx+8], 0
;; @001b mov qword ptr [rbx+0x10], 0xC
;; @0023 mov esi, [rbx+8]
;; @0026 mov rax, [r14+0x40]
;; @002a mov rax, [rax]
;; @002d mov r8, [r14+0x40]
;; @0031 mov r8, [r8+8]
;; @0035 sub r8, 0xC
;; @0039 cmp rdi, r8
;; @003c ja 0x6D
;; @0042 movzx r9d, sil
;; @0046 mov r10, 0x101010101010101
;; @0050 imul r9, r10
;; @0054 mov [rax+rdi], r9
;; @0058 mov [rax+rdi+4], r9
;; ;   behind the main line
;; @006d mov [rbx-0x20], rdi
;; @0071 mov [rbx], rdi
;; @0074 lea rsi, [0xD0]
;; @007b mov rdi, r14
;; @007e mov rdx, rbx
;; @0081 mov r8, [r14+8]
;; @0085 mov rcx, [r8]
;; @0088 mov r8, [r8+8]
;; @008c jmp qword ptr [rsi]
;; @008e mov rax, [r14+0x40]
;; @0092 mov rax, [rax]
;; @0095 mov rdi, [rbx-0x20]
;; @0099 jmp short 0x5D
;; ; 0x45 end
;; @005d mov rsi, [rbx-0x18]
;; @0061 mov r11, [rbx-0x10]
;; @0065 sub rbx, 0x20
;; @0069 push qword ptr [rsi-8]
;; @006c ret
;; ; pool
;; ; 0x42 memory.fill 0
;; @00d0 0000000000000000 ; builtin memory.fill, s0, 0, 0
;; @00e8 000000000000008e ; address of @008e
;; @00f0 0000000000000000 ; address of the stub Overflow
;; @00f8 0000000000000018 ; preamble: frame of 24 bytes
;; @0100 00000000000000a1 ; address of @00a1: entry from the interpreter

;; ; function 2 `fill`: 11 bytes of wasm, 192 of code, 56 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x18]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x98
;; ;   behind the main line
;; @0098 jmp qword ptr [0xE0]
;; ;   entry from the interpreter
;; @009e mov rbx, rdx
;; @00a1 mov r14, rdi
;; @00a4 mov r15, rcx
;; @00a7 mov rax, [r14]
;; @00aa mov byte ptr [rax+0xAD], 1
;; @00b1 jmp short 0xB5
;; ;   entry with arguments in slots
;; @00b3 pop r11
;; @00b5 mov edi, [rbx-0x28]
;; @00b8 mov esi, [rbx-0x20]
;; @00bb jmp 2
;; ; 0x48 local.get 0
;; ; 0x4a ref.null Abstract { shared: false, ty: Func }
;; ; 0x4c local.get 1
;; ; 0x4e table.fill 0
;; @0013 mov qword ptr [rbx+8], 0
;; @001b mov [rbx-0x20], rsi
;; @001f mov [rbx+0x10], rsi
;; @0023 mov [rbx-0x28], rdi
;; @0027 mov [rbx], rdi
;; @002a mov eax, edi
;; @002c mov r8d, esi
;; @002f mov edi, eax
;; @0031 mov rsi, [rbx+8]
;; @0035 mov edx, r8d
;; @0038 mov r9, [r14+0x48]
;; @003c lea r10, [rdi+rdx]
;; @0040 cmp r10, [r9+8]
;; @0044 ja 0x75
;; @004a shl rdi, 3
;; @004e add rdi, [r9]
;; @0051 shl rdx, 3
;; @0055 test rdx, rdx
;; @0058 je short 0x65
;; @005a mov [rdi+rdx-8], rsi
;; @005f sub rdx, 8
;; @0063 jne short 0x5A
;; ;   behind the main line
;; @0075 lea rsi, [0xC0]
;; @007c mov rdi, r14
;; @007f mov rdx, rbx
;; @0082 mov r8, [r14+8]
;; @0086 mov rcx, [r8]
;; @0089 mov r8, [r8+8]
;; @008d jmp qword ptr [rsi]
;; @008f mov eax, [rbx-0x28]
;; @0092 mov r8d, [rbx-0x20]
;; @0096 jmp short 0x65
;; ; 0x51 end
;; @0065 mov rsi, [rbx-0x18]
;; @0069 mov r11, [rbx-0x10]
;; @006d sub rbx, 0x28
;; @0071 push qword ptr [rsi-8]
;; @0074 ret
;; ; pool
;; ; 0x4e table.fill 0
;; @00c0 0000000000000000 ; builtin table.fill, s0, 0, 0
;; @00d8 000000000000008f ; address of @008f
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 0000000000000018 ; preamble: frame of 24 bytes
;; @00f0 000000000000009e ; address of @009e: entry from the interpreter
