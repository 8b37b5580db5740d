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

;; ; function 1 `fib`: 28 bytes of wasm, 240 of code, 56 of pool, 3 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 lea r11, [rbx+0x30]
;; @0015 cmp r11, [r14+0x18]
;; @0019 ja 0xB5
;; @001f cmp edi, 2
;; @0022 jge 0x3E
;; @0028 mov rax, rdi
;; @002b mov rsi, [rbx-0x18]
;; @002f mov r11, [rbx-0x10]
;; @0033 sub rbx, 0x20
;; @0037 mov [rbx], rax
;; @003a push qword ptr [rsi-8]
;; @003d ret
;; @003e mov rax, rdi
;; @0041 lea edi, [rax-1]
;; @0044 mov [rbx+8], rax
;; ; 0x5a call 1
;; @0048 lea rax, [r14+0x50]
;; @004c lea r11, [0xF8]
;; @0053 mov [rbx+0x18], r11
;; @0057 mov [rbx+0x20], rbx
;; @005b mov [rbx+0x28], rax
;; @005f add rbx, 0x30
;; @0063 call 0xD
;; @0068 lea rbx, [rbx-0x10]
;; @006f mov rdi, [rbx+8]
;; @0073 mov [rbx], rax
;; @0076 add edi, 0xFFFFFFFE
;; ; 0x61 call 1
;; @0079 lea rax, [r14+0x50]
;; @007d lea r11, [0x108]
;; @0084 mov [rbx+0x18], r11
;; @0088 mov [rbx+0x20], rbx
;; @008c mov [rbx+0x28], rax
;; @0090 add rbx, 0x30
;; @0094 call 0xD
;; @0099 lea rbx, [rbx-0x10]
;; @00a0 add eax, [rbx]
;; @00a2 mov rsi, [rbx-0x18]
;; @00a6 mov r11, [rbx-0x10]
;; @00aa sub rbx, 0x20
;; @00ae mov [rbx], rax
;; @00b1 push qword ptr [rsi-8]
;; @00b4 ret
;; ; 0x0 
;; @00b5 jmp qword ptr [0x110]
;; @00bb mov rbx, rdx
;; @00be mov r14, rdi
;; @00c1 mov r15, rcx
;; @00c4 mov eax, r9d
;; @00c7 mov rcx, [rsi-8]
;; @00cb add rcx, 7
;; @00cf jmp rcx
;; ; entry from the interpreter
;; @00d1 mov rbx, rdx
;; @00d4 mov r14, rdi
;; @00d7 mov r15, rcx
;; @00da mov rax, [r14]
;; @00dd mov byte ptr [rax+0xAE], 1
;; @00e4 mov edi, [rbx-0x20]
;; @00e7 jmp 0x1F
;; ; pool
;; @00f0 0000000000000068 ; address of @0068
;; @00f8 00000000000000bb ; address of @00bb
;; @0100 0000000000000099 ; address of @0099
;; @0108 00000000000000bb ; address of @00bb
;; @0110 0000000000000000 ; address of the stub Overflow
;; @0118 0000000000000030 ; preamble: frame of 48 bytes
;; @0120 00000000000000d1 ; address of @00d1

;; ; function 2: 6 bytes of wasm, 144 of code, 64 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 lea r11, [rbx+0x20]
;; @0015 cmp r11, [r14+0x18]
;; @0019 ja 0x56
;; @001f mov [rbx], rdi
;; ; 0x6a call 0
;; @0022 lea rsi, [0x90]
;; @0029 mov rdi, r14
;; @002c mov rdx, rbx
;; @002f mov r8, [r14+8]
;; @0033 mov rcx, [r8]
;; @0036 mov r8, [r8+8]
;; @003a jmp qword ptr [rsi]
;; @003c lea rbx, [rbx]
;; @0043 mov rsi, [rbx-0x18]
;; @0047 mov r11, [rbx-0x10]
;; @004b sub rbx, 0x20
;; @004f mov [rbx], rax
;; @0052 push qword ptr [rsi-8]
;; @0055 ret
;; ; 0x0 
;; @0056 jmp qword ptr [0xB8]
;; @005c mov rbx, rdx
;; @005f mov r14, rdi
;; @0062 mov r15, rcx
;; @0065 mov rax, r9
;; @0068 mov rcx, [rsi-8]
;; @006c add rcx, 7
;; @0070 jmp rcx
;; ; entry from the interpreter
;; @0072 mov rbx, rdx
;; @0075 mov r14, rdi
;; @0078 mov r15, rcx
;; @007b mov rax, [r14]
;; @007e mov byte ptr [rax+0xAE], 1
;; @0085 mov edi, [rbx-0x20]
;; @0088 jmp short 0x1F
;; ; pool
;; @0090 0000000000000000 ; handler of call.import
;; @0098 0000000400010480 ; constant 17179935872
;; @00a0 0000000000000048 ; constant 72
;; @00a8 000000000000003c ; address of @003c
;; @00b0 000000000000005c ; address of @005c
;; @00b8 0000000000000000 ; address of the stub Overflow
;; @00c0 0000000000000020 ; preamble: frame of 32 bytes
;; @00c8 0000000000000072 ; address of @0072

;; ; function 3: 11 bytes of wasm, 256 of code, 72 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x30]
;; @000d mov esi, [rbx-0x28]
;; @0010 movsd xmm0, [rbx-0x20]
;; ; entry with arguments in registers
;; @0015 add rsp, 8
;; @0019 lea r11, [rbx+0x28]
;; @001d cmp r11, [r14+0x18]
;; @0021 ja 0xBC
;; @0027 mov r11, rdi
;; @002a mov rdi, rsi
;; ; 0x75 call_indirect 0 0
;; @002d mov rbp, [r14+0x40]
;; @0031 cmp r11, [rbp+8]
;; @0035 jae 0x96
;; @003b mov rbp, [rbp]
;; @003f mov rax, [rbp+r11*8]
;; @0044 test rax, rax
;; @0047 je 0x96
;; @004d cmp dword ptr [rax+0x20], 1
;; @0051 jne 0x96
;; @0057 cmp [rax+0x18], r14
;; @005b jne 0x96
;; @0061 lea r11, [0x128]
;; @0068 mov [rbx+0x10], r11
;; @006c mov [rbx+0x18], rbx
;; @0070 mov [rbx+0x20], rax
;; @0074 add rbx, 0x28
;; @0078 call qword ptr [rax+0x10]
;; @007b lea rbx, [rbx]
;; @0082 mov rsi, [rbx-0x18]
;; @0086 mov r11, [rbx-0x10]
;; @008a sub rbx, 0x30
;; @008e movsd [rbx], xmm0
;; @0092 push qword ptr [rsi-8]
;; @0095 ret
;; @0096 mov [rbx], rdi
;; @0099 movsd [rbx+8], xmm0
;; @009e mov [rbx+0x10], r11
;; @00a2 lea rsi, [0x100]
;; @00a9 mov rdi, r14
;; @00ac mov rdx, rbx
;; @00af mov r8, [r14+8]
;; @00b3 mov rcx, [r8]
;; @00b6 mov r8, [r8+8]
;; @00ba jmp qword ptr [rsi]
;; ; 0x0 
;; @00bc jmp qword ptr [0x130]
;; @00c2 mov rbx, rdx
;; @00c5 mov r14, rdi
;; @00c8 mov r15, rcx
;; @00cb movaps xmm0, xmm1
;; @00ce mov rcx, [rsi-8]
;; @00d2 add rcx, 7
;; @00d6 jmp rcx
;; ; entry from the interpreter
;; @00d8 mov rbx, rdx
;; @00db mov r14, rdi
;; @00de mov r15, rcx
;; @00e1 mov rax, [r14]
;; @00e4 mov byte ptr [rax+0xAE], 1
;; @00eb mov edi, [rbx-0x30]
;; @00ee mov esi, [rbx-0x28]
;; @00f1 movsd xmm0, [rbx-0x20]
;; @00f6 jmp 0x27
;; ; pool
;; @0100 0000000000000000 ; handler of call_indirect
;; @0108 0000000500020481 ; constant 21474968705
;; @0110 0000004000000002 ; constant 274877906946
;; @0118 0000014000000001 ; constant 1374389534721
;; @0120 000000000000007b ; address of @007b
;; @0128 00000000000000c2 ; address of @00c2
;; @0130 0000000000000000 ; address of the stub Overflow
;; @0138 0000000000000028 ; preamble: frame of 40 bytes
;; @0140 00000000000000d8 ; address of @00d8

;; ; function 4: 9 bytes of wasm, 160 of code, 56 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 lea r11, [rbx+0x20]
;; @0015 cmp r11, [r14+0x18]
;; @0019 ja 0x75
;; @001f lea ecx, [rdi+1]
;; @0022 mov [rbx], rcx
;; ; 0x80 return_call 1
;; @0025 lea rax, [r14+0x50]
;; @0029 mov rcx, [rax]
;; @002c mov rcx, [rcx]
;; @002f lea rcx, [rbx+rcx]
;; @0033 cmp rcx, [r14+0x18]
;; @0037 ja 0x5B
;; @003d mov r8, [rbx-0x18]
;; @0041 mov r11, [rbx-0x10]
;; @0045 movsd xmm15, [rbx]
;; @004a movsd [rbx-0x20], xmm15
;; @0050 mov [rbx-8], rax
;; @0054 sub rsp, 8
;; @0058 jmp qword ptr [rax+8]
;; @005b lea rsi, [0xA0]
;; @0062 mov rdi, r14
;; @0065 mov rdx, rbx
;; @0068 mov r8, [r14+8]
;; @006c mov rcx, [r8]
;; @006f mov r8, [r8+8]
;; @0073 jmp qword ptr [rsi]
;; ; 0x0 
;; @0075 jmp qword ptr [0xC0]
;; ; entry from the interpreter
;; @007b mov rbx, rdx
;; @007e mov r14, rdi
;; @0081 mov r15, rcx
;; @0084 mov rax, [r14]
;; @0087 mov byte ptr [rax+0xAE], 1
;; @008e mov edi, [rbx-0x20]
;; @0091 jmp short 0x1F
;; ; pool
;; @00a0 0000000000000000 ; handler of return_call
;; @00a8 0000000400010484 ; constant 17179935876
;; @00b0 0000000100000050 ; constant 4294967376
;; @00b8 0000000100000001 ; constant 4294967297
;; @00c0 0000000000000000 ; address of the stub Overflow
;; @00c8 0000000000000020 ; preamble: frame of 32 bytes
;; @00d0 000000000000007b ; address of @007b

;; ; function 5: 6 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d movsd xmm0, [rbx-0x20]
;; ; entry with arguments in registers
;; @0012 add rsp, 8
;; @0016 movsd [rbx], xmm0
;; @001a mov [rbx+8], rdi
;; @001e lea rcx, [rbx]
;; @0021 mov rsi, [rbx-0x18]
;; @0025 mov r11, [rbx-0x10]
;; @0029 sub rbx, 0x28
;; @002d mov rax, [rcx]
;; @0030 mov [rbx], rax
;; @0033 mov rax, [rcx+8]
;; @0037 mov [rbx+8], rax
;; @003b push qword ptr [rsi-8]
;; @003e ret
;; ; entry from the interpreter
;; @003f mov rbx, rdx
;; @0042 mov r14, rdi
;; @0045 mov r15, rcx
;; @0048 mov rax, [r14]
;; @004b mov byte ptr [rax+0xAE], 1
;; @0052 mov edi, [rbx-0x28]
;; @0055 movsd xmm0, [rbx-0x20]
;; @005a jmp short 0x16
;; ; pool
;; @0060 0000000000000010 ; preamble: frame of 16 bytes
;; @0068 000000000000003f ; address of @003f
