;; options: inline
;; Elements of a table that nobody writes to: a constant index names the function, also if it is one only because the caller stands in the
;; place of its own call. What is null, or of another type, is called as it is, and so is what a parameter names.
(module
  (type $unary (func (param i32) (result i32)))
  (table 4 funcref)
  (elem (i32.const 0) $triple $apply)
  (func $triple (param i32) (result i32)
    (i32.mul (local.get 0) (i32.const 3)))
  (func $apply (param i32 i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (local.get 1)))
  (func $apply_triple (param i32) (result i32)
    (i32.add (i32.const 1) (call $apply (local.get 0) (i32.const 0))))
  (func $replace (param i32) (result i32)
    (return_call_indirect (type $unary) (local.get 0) (i32.const 0)))
  (func $null (param i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (i32.const 2))))

;; ; function 0 `triple`: 7 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 lea eax, [rdi+rdi*2]
;; @0023 mov rsi, [rbx-0x18]
;; @0027 mov r11, [rbx-0x10]
;; @002b sub rbx, 0x20
;; @002f mov [rbx], rax
;; @0032 ret
;; ; entry from the interpreter
;; @0033 mov rbx, rdx
;; @0036 mov r14, rdi
;; @0039 mov r15, rcx
;; @003c mov rax, [r14]
;; @003f mov byte ptr [rax+0xAE], 1
;; @0046 mov rsi, [rbx-0x18]
;; @004a push qword ptr [rsi-8]
;; @004d mov edi, [rbx-0x20]
;; @0050 jmp short 0x20
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 0000000000000033 ; address of @0033

;; ; function 1 `apply`: 9 bytes of wasm, 272 of code, 88 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; @0010 nop [rax+rax]
;; @0019 nop [rax]
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x20]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xD2
;; @0032 test esi, esi
;; @0034 mov r11, rsi
;; @0037 jne 0x53
;; @003d lea eax, [rdi+rdi*2]
;; @0040 mov rsi, [rbx-0x18]
;; @0044 mov r11, [rbx-0x10]
;; @0048 sub rbx, 0x28
;; @004c mov [rbx], rax
;; @004f push qword ptr [rsi-8]
;; @0052 ret
;; ; 0x3f call_indirect 0 0
;; @0053 mov rbp, [r14+0x40]
;; @0057 cmp r11, 4
;; @005b jae 0xB1
;; @0061 mov rbp, [rbp]
;; @0065 mov rax, [rbp+r11*8]
;; @006a test rax, rax
;; @006d je 0xB1
;; @0073 cmp dword ptr [rax+0x20], 1
;; @0077 jne 0xB1
;; @007d lea r11, [0x118]
;; @0084 mov [rbx+8], r11
;; @0088 mov [rbx+0x10], rbx
;; @008c mov [rbx+0x18], rax
;; @0090 add rbx, 0x20
;; @0094 call qword ptr [rax+0x10]
;; @0097 lea rbx, [rbx]
;; @009e mov rsi, [rbx-0x18]
;; @00a2 mov r11, [rbx-0x10]
;; @00a6 sub rbx, 0x28
;; @00aa mov [rbx], rax
;; @00ad push qword ptr [rsi-8]
;; @00b0 ret
;; @00b1 mov [rbx], rdi
;; @00b4 mov [rbx+8], r11
;; @00b8 lea rsi, [0x120]
;; @00bf mov rdi, r14
;; @00c2 mov rdx, rbx
;; @00c5 mov r8, [r14+8]
;; @00c9 mov rcx, [r8]
;; @00cc mov r8, [r8+8]
;; @00d0 jmp qword ptr [rsi]
;; ; 0x0 
;; @00d2 jmp qword ptr [0x150]
;; @00d8 mov rbx, rdx
;; @00db mov r14, rdi
;; @00de mov r15, rcx
;; @00e1 mov eax, r9d
;; @00e4 mov rcx, [rsi-8]
;; @00e8 add rcx, 7
;; @00ec jmp rcx
;; ; entry from the interpreter
;; @00ee mov rbx, rdx
;; @00f1 mov r14, rdi
;; @00f4 mov r15, rcx
;; @00f7 mov rax, [r14]
;; @00fa mov byte ptr [rax+0xAE], 1
;; @0101 mov edi, [rbx-0x28]
;; @0104 mov esi, [rbx-0x20]
;; @0107 jmp 0x32
;; ; pool
;; @0110 0000000000000097 ; address of @0097
;; @0118 00000000000000d8 ; address of @00d8
;; @0120 0000000000000000 ; handler of call_indirect
;; @0128 0000000400010481 ; constant 17179935873
;; @0130 0000004000000001 ; constant 274877906945
;; @0138 0000014000000001 ; constant 1374389534721
;; @0140 0000000000000097 ; address of @0097
;; @0148 00000000000000d8 ; address of @00d8
;; @0150 0000000000000000 ; address of the stub Overflow
;; @0158 0000000000000020 ; preamble: frame of 32 bytes
;; @0160 00000000000000ee ; address of @00ee

;; ; function 2 `apply_triple`: 11 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 lea edx, [rdi+rdi*2]
;; @0023 lea eax, [rdx+1]
;; @0026 mov rsi, [rbx-0x18]
;; @002a mov r11, [rbx-0x10]
;; @002e sub rbx, 0x20
;; @0032 mov [rbx], rax
;; @0035 ret
;; ; entry from the interpreter
;; @0036 mov rbx, rdx
;; @0039 mov r14, rdi
;; @003c mov r15, rcx
;; @003f mov rax, [r14]
;; @0042 mov byte ptr [rax+0xAE], 1
;; @0049 mov rsi, [rbx-0x18]
;; @004d push qword ptr [rsi-8]
;; @0050 mov edi, [rbx-0x20]
;; @0053 jmp short 0x20
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 0000000000000036 ; address of @0036

;; ; function 3 `replace`: 9 bytes of wasm, 160 of code, 56 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x20]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0x7C
;; ; 0x55 return_call_indirect 0 0
;; @0032 lea rax, [r14+0x50]
;; @0036 mov rbp, [rax]
;; @0039 mov rbp, [rbp]
;; @003d lea rbp, [rbx+rbp]
;; @0041 cmp rbp, [r14+0x18]
;; @0045 ja 0x5B
;; @004b mov r12, [rbx-0x18]
;; @004f mov [rbx-8], rax
;; @0053 push qword ptr [r12-8]
;; @0058 jmp qword ptr [rax+0x10]
;; @005b mov [rbx], rdi
;; @005e mov [rbx+8], r11
;; @0062 lea rsi, [0xA0]
;; @0069 mov rdi, r14
;; @006c mov rdx, rbx
;; @006f mov r8, [r14+8]
;; @0073 mov rcx, [r8]
;; @0076 mov r8, [r8+8]
;; @007a jmp qword ptr [rsi]
;; ; 0x0 
;; @007c jmp qword ptr [0xC0]
;; ; entry from the interpreter
;; @0082 mov rbx, rdx
;; @0085 mov r14, rdi
;; @0088 mov r15, rcx
;; @008b mov rax, [r14]
;; @008e mov byte ptr [rax+0xAE], 1
;; @0095 mov edi, [rbx-0x20]
;; @0098 jmp short 0x32
;; ; pool
;; @00a0 0000000000000000 ; handler of return_call
;; @00a8 0000000400010484 ; constant 17179935876
;; @00b0 0000000000000050 ; constant 80
;; @00b8 0000000100000001 ; constant 4294967297
;; @00c0 0000000000000000 ; address of the stub Overflow
;; @00c8 0000000000000020 ; preamble: frame of 32 bytes
;; @00d0 0000000000000082 ; address of @0082

;; ; function 4 `null`: 9 bytes of wasm, 240 of code, 88 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x20]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xB7
;; @0032 mov r11d, 2
;; ; 0x5f call_indirect 0 0
;; @0038 mov rbp, [r14+0x40]
;; @003c cmp r11, 4
;; @0040 jae 0x96
;; @0046 mov rbp, [rbp]
;; @004a mov rax, [rbp+r11*8]
;; @004f test rax, rax
;; @0052 je 0x96
;; @0058 cmp dword ptr [rax+0x20], 1
;; @005c jne 0x96
;; @0062 lea r11, [0xF8]
;; @0069 mov [rbx+8], r11
;; @006d mov [rbx+0x10], rbx
;; @0071 mov [rbx+0x18], rax
;; @0075 add rbx, 0x20
;; @0079 call qword ptr [rax+0x10]
;; @007c lea rbx, [rbx]
;; @0083 mov rsi, [rbx-0x18]
;; @0087 mov r11, [rbx-0x10]
;; @008b sub rbx, 0x20
;; @008f mov [rbx], rax
;; @0092 push qword ptr [rsi-8]
;; @0095 ret
;; @0096 mov [rbx], rdi
;; @0099 mov [rbx+8], r11
;; @009d lea rsi, [0x100]
;; @00a4 mov rdi, r14
;; @00a7 mov rdx, rbx
;; @00aa mov r8, [r14+8]
;; @00ae mov rcx, [r8]
;; @00b1 mov r8, [r8+8]
;; @00b5 jmp qword ptr [rsi]
;; ; 0x0 
;; @00b7 jmp qword ptr [0x130]
;; @00bd mov rbx, rdx
;; @00c0 mov r14, rdi
;; @00c3 mov r15, rcx
;; @00c6 mov eax, r9d
;; @00c9 mov rcx, [rsi-8]
;; @00cd add rcx, 7
;; @00d1 jmp rcx
;; ; entry from the interpreter
;; @00d3 mov rbx, rdx
;; @00d6 mov r14, rdi
;; @00d9 mov r15, rcx
;; @00dc mov rax, [r14]
;; @00df mov byte ptr [rax+0xAE], 1
;; @00e6 mov edi, [rbx-0x20]
;; @00e9 jmp 0x32
;; ; pool
;; @00f0 000000000000007c ; address of @007c
;; @00f8 00000000000000bd ; address of @00bd
;; @0100 0000000000000000 ; handler of call_indirect
;; @0108 0000000400010481 ; constant 17179935873
;; @0110 0000004000000001 ; constant 274877906945
;; @0118 0000014800000001 ; constant 1408749273089
;; @0120 000000000000007c ; address of @007c
;; @0128 00000000000000bd ; address of @00bd
;; @0130 0000000000000000 ; address of the stub Overflow
;; @0138 0000000000000020 ; preamble: frame of 32 bytes
;; @0140 00000000000000d3 ; address of @00d3
