(module
  (import "" "imported" (func $imported (param i32) (result i64)))
  (type $binary (func (param i32 f64) (result f64)))
  (table 4 funcref)
  ;; The running function, by its own entry.
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  ;; An import: the interpreter calls.
  (func (param i32) (result i64) (call $imported (local.get 0)))
  ;; What a table has: if it is not of this type or instance, the interpreter calls.
  (func (param i32 i32 f64) (result f64)
    (call_indirect (type $binary) (local.get 1) (local.get 2) (local.get 0)))
  ;; In the place of the running function.
  (func (param i32) (result i32) (return_call $fib (i32.add (local.get 0) (i32.const 1))))
  ;; Several results.
  (func (param i32 f64) (result f64 i32) (local.get 1) (local.get 0)))

;; ; function 1 `fib`: 28 bytes of wasm, 256 of code, 56 of pool, 3 spilled, 0 embedded instructions
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
;; @0024 lea r11, [rbx+0x30]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xC8
;; @0032 cmp edi, 2
;; @0035 jge 0x51
;; @003b mov rax, rdi
;; @003e mov rsi, [rbx-0x18]
;; @0042 mov r11, [rbx-0x10]
;; @0046 sub rbx, 0x20
;; @004a mov [rbx], rax
;; @004d push qword ptr [rsi-8]
;; @0050 ret
;; @0051 mov rax, rdi
;; @0054 lea edi, [rax-1]
;; @0057 mov [rbx+8], rax
;; ; 0x5a call 1
;; @005b lea rax, [r14+0x50]
;; @005f lea r11, [0x108]
;; @0066 mov [rbx+0x18], r11
;; @006a mov [rbx+0x20], rbx
;; @006e mov [rbx+0x28], rax
;; @0072 add rbx, 0x30
;; @0076 call 0x20
;; @007b lea rbx, [rbx-0x10]
;; @0082 mov rdi, [rbx+8]
;; @0086 mov [rbx], rax
;; @0089 add edi, 0xFFFFFFFE
;; ; 0x61 call 1
;; @008c lea rax, [r14+0x50]
;; @0090 lea r11, [0x118]
;; @0097 mov [rbx+0x18], r11
;; @009b mov [rbx+0x20], rbx
;; @009f mov [rbx+0x28], rax
;; @00a3 add rbx, 0x30
;; @00a7 call 0x20
;; @00ac lea rbx, [rbx-0x10]
;; @00b3 add eax, [rbx]
;; @00b5 mov rsi, [rbx-0x18]
;; @00b9 mov r11, [rbx-0x10]
;; @00bd sub rbx, 0x20
;; @00c1 mov [rbx], rax
;; @00c4 push qword ptr [rsi-8]
;; @00c7 ret
;; ; 0x0 
;; @00c8 jmp qword ptr [0x120]
;; @00ce mov rbx, rdx
;; @00d1 mov r14, rdi
;; @00d4 mov r15, rcx
;; @00d7 mov eax, r9d
;; @00da mov rcx, [rsi-8]
;; @00de add rcx, 7
;; @00e2 jmp rcx
;; ; entry from the interpreter
;; @00e4 mov rbx, rdx
;; @00e7 mov r14, rdi
;; @00ea mov r15, rcx
;; @00ed mov rax, [r14]
;; @00f0 mov byte ptr [rax+0xAE], 1
;; @00f7 mov edi, [rbx-0x20]
;; @00fa jmp 0x32
;; ; pool
;; @0100 000000000000007b ; address of @007b
;; @0108 00000000000000ce ; address of @00ce
;; @0110 00000000000000ac ; address of @00ac
;; @0118 00000000000000ce ; address of @00ce
;; @0120 0000000000000000 ; address of the stub Overflow
;; @0128 0000000000000030 ; preamble: frame of 48 bytes
;; @0130 00000000000000e4 ; address of @00e4

;; ; function 2: 6 bytes of wasm, 176 of code, 48 of pool, 0 spilled, 0 embedded instructions
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
;; @002c ja 0x70
;; @0032 mov [rbx], rdi
;; ; 0x6a call 0
;; @0035 mov rax, [r14+0x48]
;; @0039 lea r11, [0xB8]
;; @0040 mov [rbx+8], r11
;; @0044 mov [rbx+0x10], rbx
;; @0048 mov [rbx+0x18], rax
;; @004c add rbx, 0x20
;; @0050 call qword ptr [0xC0]
;; @0056 lea rbx, [rbx]
;; @005d mov rsi, [rbx-0x18]
;; @0061 mov r11, [rbx-0x10]
;; @0065 sub rbx, 0x20
;; @0069 mov [rbx], rax
;; @006c push qword ptr [rsi-8]
;; @006f ret
;; ; 0x0 
;; @0070 jmp qword ptr [0xC8]
;; @0076 mov rbx, rdx
;; @0079 mov r14, rdi
;; @007c mov r15, rcx
;; @007f mov rax, r9
;; @0082 mov rcx, [rsi-8]
;; @0086 add rcx, 7
;; @008a jmp rcx
;; ; entry from the interpreter
;; @008c mov rbx, rdx
;; @008f mov r14, rdi
;; @0092 mov r15, rcx
;; @0095 mov rax, [r14]
;; @0098 mov byte ptr [rax+0xAE], 1
;; @009f mov edi, [rbx-0x20]
;; @00a2 jmp short 0x32
;; ; pool
;; @00b0 0000000000000056 ; address of @0056
;; @00b8 0000000000000076 ; address of @0076
;; @00c0 0000000000000000 ; address of the stub CallForeignPaired
;; @00c8 0000000000000000 ; address of the stub Overflow
;; @00d0 0000000000000020 ; preamble: frame of 32 bytes
;; @00d8 000000000000008c ; address of @008c

;; ; function 3: 11 bytes of wasm, 256 of code, 88 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x30]
;; @000d mov esi, [rbx-0x28]
;; @0010 movsd xmm0, [rbx-0x20]
;; @0015 nop [rax+rax]
;; @001e xchg ax, ax
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x28]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xBD
;; @0032 mov r11, rdi
;; @0035 mov rdi, rsi
;; ; 0x75 call_indirect 0 0
;; @0038 mov rbp, [r14+0x40]
;; @003c cmp r11, 4
;; @0040 jae 0x97
;; @0046 mov rbp, [rbp]
;; @004a mov rax, [rbp+r11*8]
;; @004f test rax, rax
;; @0052 je 0x97
;; @0058 cmp dword ptr [rax+0x20], 1
;; @005c jne 0x97
;; @0062 lea r11, [0x108]
;; @0069 mov [rbx+0x10], r11
;; @006d mov [rbx+0x18], rbx
;; @0071 mov [rbx+0x20], rax
;; @0075 add rbx, 0x28
;; @0079 call qword ptr [rax+0x10]
;; @007c lea rbx, [rbx]
;; @0083 mov rsi, [rbx-0x18]
;; @0087 mov r11, [rbx-0x10]
;; @008b sub rbx, 0x30
;; @008f movsd [rbx], xmm0
;; @0093 push qword ptr [rsi-8]
;; @0096 ret
;; @0097 mov [rbx], rdi
;; @009a movsd [rbx+8], xmm0
;; @009f mov [rbx+0x10], r11
;; @00a3 lea rsi, [0x110]
;; @00aa mov rdi, r14
;; @00ad mov rdx, rbx
;; @00b0 mov r8, [r14+8]
;; @00b4 mov rcx, [r8]
;; @00b7 mov r8, [r8+8]
;; @00bb jmp qword ptr [rsi]
;; ; 0x0 
;; @00bd jmp qword ptr [0x140]
;; @00c3 mov rbx, rdx
;; @00c6 mov r14, rdi
;; @00c9 mov r15, rcx
;; @00cc movaps xmm0, xmm1
;; @00cf mov rcx, [rsi-8]
;; @00d3 add rcx, 7
;; @00d7 jmp rcx
;; ; entry from the interpreter
;; @00d9 mov rbx, rdx
;; @00dc mov r14, rdi
;; @00df mov r15, rcx
;; @00e2 mov rax, [r14]
;; @00e5 mov byte ptr [rax+0xAE], 1
;; @00ec mov edi, [rbx-0x30]
;; @00ef mov esi, [rbx-0x28]
;; @00f2 movsd xmm0, [rbx-0x20]
;; @00f7 jmp 0x32
;; ; pool
;; @0100 000000000000007c ; address of @007c
;; @0108 00000000000000c3 ; address of @00c3
;; @0110 0000000000000000 ; handler of call_indirect
;; @0118 0000000500020481 ; constant 21474968705
;; @0120 0000004000000002 ; constant 274877906946
;; @0128 0000014000000001 ; constant 1374389534721
;; @0130 000000000000007c ; address of @007c
;; @0138 00000000000000c3 ; address of @00c3
;; @0140 0000000000000000 ; address of the stub Overflow
;; @0148 0000000000000028 ; preamble: frame of 40 bytes
;; @0150 00000000000000d9 ; address of @00d9

;; ; function 4: 9 bytes of wasm, 160 of code, 56 of pool, 0 spilled, 1 embedded instruction
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
;; @002c ja 0x7F
;; @0032 add edi, 1
;; ; 0x80 return_call 1
;; @0035 lea rax, [r14+0x50]
;; @0039 mov rbp, [rax]
;; @003c mov rbp, [rbp]
;; @0040 lea rbp, [rbx+rbp]
;; @0044 cmp rbp, [r14+0x18]
;; @0048 ja 0x5E
;; @004e mov r12, [rbx-0x18]
;; @0052 mov [rbx-8], rax
;; @0056 push qword ptr [r12-8]
;; @005b jmp qword ptr [rax+0x10]
;; @005e mov [rbx], rdi
;; @0061 mov [rbx+8], r11
;; @0065 lea rsi, [0xA0]
;; @006c mov rdi, r14
;; @006f mov rdx, rbx
;; @0072 mov r8, [r14+8]
;; @0076 mov rcx, [r8]
;; @0079 mov r8, [r8+8]
;; @007d jmp qword ptr [rsi]
;; ; 0x0 
;; @007f jmp qword ptr [0xC0]
;; ; entry from the interpreter
;; @0085 mov rbx, rdx
;; @0088 mov r14, rdi
;; @008b mov r15, rcx
;; @008e mov rax, [r14]
;; @0091 mov byte ptr [rax+0xAE], 1
;; @0098 mov edi, [rbx-0x20]
;; @009b jmp short 0x32
;; ; pool
;; @00a0 0000000000000000 ; handler of return_call
;; @00a8 0000000400010484 ; constant 17179935876
;; @00b0 0000000100000050 ; constant 4294967376
;; @00b8 0000000100000001 ; constant 4294967297
;; @00c0 0000000000000000 ; address of the stub Overflow
;; @00c8 0000000000000020 ; preamble: frame of 32 bytes
;; @00d0 0000000000000085 ; address of @0085

;; ; function 5: 6 bytes of wasm, 112 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d movsd xmm0, [rbx-0x20]
;; @0012 nop [rax+rax]
;; @001b nop [rax+rax]
;; ; entry with arguments in registers
;; @0020 movsd [rbx], xmm0
;; @0024 mov [rbx+8], rdi
;; @0028 lea rcx, [rbx]
;; @002b mov rsi, [rbx-0x18]
;; @002f mov r11, [rbx-0x10]
;; @0033 sub rbx, 0x28
;; @0037 mov rax, [rcx]
;; @003a mov [rbx], rax
;; @003d mov rax, [rcx+8]
;; @0041 mov [rbx+8], rax
;; @0045 ret
;; ; entry from the interpreter
;; @0046 mov rbx, rdx
;; @0049 mov r14, rdi
;; @004c mov r15, rcx
;; @004f mov rax, [r14]
;; @0052 mov byte ptr [rax+0xAE], 1
;; @0059 mov rsi, [rbx-0x18]
;; @005d push qword ptr [rsi-8]
;; @0060 mov edi, [rbx-0x28]
;; @0063 movsd xmm0, [rbx-0x20]
;; @0068 jmp short 0x20
;; ; pool
;; @0070 0000000000000010 ; preamble: frame of 16 bytes
;; @0078 0000000000000046 ; address of @0046
