;; Calls whose headers are there already: nothing replaces itself by a tail call.
(module
  (import "" "" (func $import))
  (type $unary (func (param i32) (result i32)))
  (table 4 funcref)
  (elem (i32.const 1) $leaf $once)

  ;; Returns by the address that the call left.
  (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))

  ;; The second call writes where it returns to, and the record of another function.
  (func $once (param i32) (result i32)
    (i32.add (call $leaf (local.get 0)) (call $once (local.get 0))))

  ;; All is written in front of the loop.
  (func (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call $leaf (local.get $sum)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; All but the record, which the table has: of a function of the module, or null.
  (func (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call_indirect (type $unary) (local.get $sum) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; The import overwrites what was there.
  (func (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call $leaf (local.get $sum)))
      (call $import)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))

;; ; function 1 `leaf`: 7 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
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

;; ; function 2 `once`: 11 bytes of wasm, 224 of code, 56 of pool, 3 spilled, 0 embedded instructions
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
;; @002c ja 0x9E
;; @0032 mov [rbx+8], rdi
;; ; 0x41 call 1
;; @0036 lea rax, [r14+0x50]
;; @003a lea r11, [0xE8]
;; @0041 mov [rbx+0x18], r11
;; @0045 mov [rbx+0x20], rbx
;; @0049 mov [rbx+0x28], rax
;; @004d add rbx, 0x30
;; @0051 call qword ptr [r14+0x60]
;; @0055 lea rbx, [rbx-0x10]
;; @005c mov rdi, [rbx+8]
;; @0060 mov [rbx], rax
;; ; 0x45 call 2
;; @0063 lea rax, [r14+0x80]
;; @006a lea r11, [0xF8]
;; @0071 mov [rbx+0x18], r11
;; @0075 mov [rbx+0x28], rax
;; @0079 add rbx, 0x30
;; @007d call 0x20
;; @0082 lea rbx, [rbx-0x10]
;; @0089 add eax, [rbx]
;; @008b mov rsi, [rbx-0x18]
;; @008f mov r11, [rbx-0x10]
;; @0093 sub rbx, 0x20
;; @0097 mov [rbx], rax
;; @009a push qword ptr [rsi-8]
;; @009d ret
;; ; 0x0 
;; @009e jmp qword ptr [0x100]
;; @00a4 mov rbx, rdx
;; @00a7 mov r14, rdi
;; @00aa mov r15, rcx
;; @00ad mov eax, r9d
;; @00b0 mov rcx, [rsi-8]
;; @00b4 add rcx, 7
;; @00b8 jmp rcx
;; ; entry from the interpreter
;; @00ba mov rbx, rdx
;; @00bd mov r14, rdi
;; @00c0 mov r15, rcx
;; @00c3 mov rax, [r14]
;; @00c6 mov byte ptr [rax+0xAE], 1
;; @00cd mov edi, [rbx-0x20]
;; @00d0 jmp 0x32
;; ; pool
;; @00e0 0000000000000055 ; address of @0055
;; @00e8 00000000000000a4 ; address of @00a4
;; @00f0 0000000000000082 ; address of @0082
;; @00f8 00000000000000a4 ; address of @00a4
;; @0100 0000000000000000 ; address of the stub Overflow
;; @0108 0000000000000030 ; preamble: frame of 48 bytes
;; @0110 00000000000000ba ; address of @00ba

;; ; function 3: 24 bytes of wasm, 208 of code, 40 of pool, 3 spilled, 0 embedded instructions
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
;; @0024 lea r11, [rbx+0x28]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0x90
;; @0032 mov [rbx], rdi
;; @0035 xor edi, edi
;; @0037 lea rcx, [0xD8]
;; @003e mov [rbx+0x10], rcx
;; @0042 lea rcx, [r14+0x50]
;; @0046 mov [rbx+0x20], rcx
;; @004a mov [rbx+0x18], rbx
;; @004e jmp short 0x66
;; @0050 nop [rax+rax]
;; @0059 nop [rax]
;; @0060 mov [rbx], rdi
;; @0063 mov rdi, rax
;; ; 0x51 call 1
;; @0066 add rbx, 0x28
;; @006a call qword ptr [r14+0x60]
;; @006e lea rbx, [rbx-8]
;; @0075 mov rdi, [rbx]
;; @0078 add edi, 0xFFFFFFFF
;; @007b jne short 0x60
;; @007d mov rsi, [rbx-0x18]
;; @0081 mov r11, [rbx-0x10]
;; @0085 sub rbx, 0x20
;; @0089 mov [rbx], rax
;; @008c push qword ptr [rsi-8]
;; @008f ret
;; ; 0x0 
;; @0090 jmp qword ptr [0xE0]
;; @0096 mov rbx, rdx
;; @0099 mov r14, rdi
;; @009c mov r15, rcx
;; @009f mov eax, r9d
;; @00a2 mov rcx, [rsi-8]
;; @00a6 add rcx, 7
;; @00aa jmp rcx
;; ; entry from the interpreter
;; @00ac mov rbx, rdx
;; @00af mov r14, rdi
;; @00b2 mov r15, rcx
;; @00b5 mov rax, [r14]
;; @00b8 mov byte ptr [rax+0xAE], 1
;; @00bf mov edi, [rbx-0x20]
;; @00c2 jmp 0x32
;; ; pool
;; @00d0 000000000000006e ; address of @006e
;; @00d8 0000000000000096 ; address of @0096
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 0000000000000028 ; preamble: frame of 40 bytes
;; @00f0 00000000000000ac ; address of @00ac

;; ; function 4: 27 bytes of wasm, 304 of code, 88 of pool, 4 spilled, 1 embedded instruction
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
;; @0024 lea r11, [rbx+0x28]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xF1
;; @0032 mov [rbx], rdi
;; @0035 xor edi, edi
;; @0037 lea rcx, [0x138]
;; @003e mov [rbx+0x10], rcx
;; @0042 mov [rbx+0x18], rbx
;; @0046 jmp short 0x66
;; @0048 nop [rax+rax]
;; @0051 nop [rax+rax]
;; @005a nop [rax+rax]
;; @0060 mov rdi, rax
;; @0063 mov [rbx], r9
;; @0066 mov r11, [rbx]
;; ; 0x6c call_indirect 0 0
;; @0069 mov rbp, [r14+0x40]
;; @006d cmp r11, 4
;; @0071 jae 0xB7
;; @0077 mov rbp, [rbp]
;; @007b mov rax, [rbp+r11*8]
;; @0080 test rax, rax
;; @0083 je 0xB7
;; @0089 mov [rbx+0x20], rax
;; @008d add rbx, 0x28
;; @0091 call qword ptr [rax+0x10]
;; @0094 lea rbx, [rbx-8]
;; @009b mov r9, [rbx]
;; @009e add r9d, 0xFFFFFFFF
;; @00a2 jne short 0x60
;; @00a4 mov rsi, [rbx-0x18]
;; @00a8 mov r11, [rbx-0x10]
;; @00ac sub rbx, 0x20
;; @00b0 mov [rbx], rax
;; @00b3 push qword ptr [rsi-8]
;; @00b6 ret
;; @00b7 mov [rbx+8], rdi
;; @00bb mov [rbx+0x10], r11
;; @00bf lea rsi, [0x140]
;; @00c6 mov rdi, r14
;; @00c9 mov rdx, rbx
;; @00cc mov r8, [r14+8]
;; @00d0 mov rcx, [r8]
;; @00d3 mov r8, [r8+8]
;; @00d7 jmp qword ptr [rsi]
;; @00d9 lea rbx, [rbx-8]
;; @00e0 lea r11, [0x138]
;; @00e7 mov [rbx+0x10], r11
;; @00eb mov [rbx+0x18], rbx
;; @00ef jmp short 0x9B
;; ; 0x0 
;; @00f1 jmp qword ptr [0x170]
;; @00f7 mov rbx, rdx
;; @00fa mov r14, rdi
;; @00fd mov r15, rcx
;; @0100 mov eax, r9d
;; @0103 mov rcx, [rsi-8]
;; @0107 add rcx, 7
;; @010b jmp rcx
;; ; entry from the interpreter
;; @010d mov rbx, rdx
;; @0110 mov r14, rdi
;; @0113 mov r15, rcx
;; @0116 mov rax, [r14]
;; @0119 mov byte ptr [rax+0xAE], 1
;; @0120 mov edi, [rbx-0x20]
;; @0123 jmp 0x32
;; ; pool
;; @0130 0000000000000094 ; address of @0094
;; @0138 00000000000000f7 ; address of @00f7
;; @0140 0000000000000000 ; handler of call_indirect
;; @0148 0000000500010481 ; constant 21474903169
;; @0150 0000004000000002 ; constant 274877906946
;; @0158 0000014000000001 ; constant 1374389534721
;; @0160 00000000000000d9 ; address of @00d9
;; @0168 00000000000000f7 ; address of @00f7
;; @0170 0000000000000000 ; address of the stub Overflow
;; @0178 0000000000000028 ; preamble: frame of 40 bytes
;; @0180 000000000000010d ; address of @010d

;; ; function 5: 26 bytes of wasm, 272 of code, 64 of pool, 6 spilled, 0 embedded instructions
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
;; @002c ja 0xB7
;; @0032 mov [rbx+8], rdi
;; @0036 xor edi, edi
;; @0038 jmp short 0x47
;; @003a nop [rax+rax]
;; @0040 mov [rbx+8], rdi
;; @0044 mov rdi, [rbx]
;; ; 0x86 call 1
;; @0047 lea rax, [r14+0x50]
;; @004b lea r11, [0x118]
;; @0052 mov [rbx+0x18], r11
;; @0056 mov [rbx+0x20], rbx
;; @005a mov [rbx+0x28], rax
;; @005e add rbx, 0x30
;; @0062 call qword ptr [r14+0x60]
;; @0066 lea rbx, [rbx-0x10]
;; @006d mov [rbx], rax
;; ; 0x8a call 0
;; @0070 mov rax, [r14+0x48]
;; @0074 lea r11, [0x128]
;; @007b mov [rbx+0x10], r11
;; @007f mov [rbx+0x18], rbx
;; @0083 mov [rbx+0x20], rax
;; @0087 add rbx, 0x28
;; @008b call qword ptr [0x130]
;; @0091 lea rbx, [rbx-0x10]
;; @0098 mov rdi, [rbx+8]
;; @009c add edi, 0xFFFFFFFF
;; @009f jne short 0x40
;; @00a1 mov rax, [rbx]
;; @00a4 mov rsi, [rbx-0x18]
;; @00a8 mov r11, [rbx-0x10]
;; @00ac sub rbx, 0x20
;; @00b0 mov [rbx], rax
;; @00b3 push qword ptr [rsi-8]
;; @00b6 ret
;; ; 0x0 
;; @00b7 jmp qword ptr [0x138]
;; @00bd mov rbx, rdx
;; @00c0 mov r14, rdi
;; @00c3 mov r15, rcx
;; @00c6 mov rcx, [rsi-8]
;; @00ca add rcx, 7
;; @00ce jmp rcx
;; @00d0 mov rbx, rdx
;; @00d3 mov r14, rdi
;; @00d6 mov r15, rcx
;; @00d9 mov eax, r9d
;; @00dc mov rcx, [rsi-8]
;; @00e0 add rcx, 7
;; @00e4 jmp rcx
;; ; entry from the interpreter
;; @00e6 mov rbx, rdx
;; @00e9 mov r14, rdi
;; @00ec mov r15, rcx
;; @00ef mov rax, [r14]
;; @00f2 mov byte ptr [rax+0xAE], 1
;; @00f9 mov edi, [rbx-0x20]
;; @00fc jmp 0x32
;; ; pool
;; @0110 0000000000000066 ; address of @0066
;; @0118 00000000000000d0 ; address of @00d0
;; @0120 0000000000000091 ; address of @0091
;; @0128 00000000000000bd ; address of @00bd
;; @0130 0000000000000000 ; address of the stub CallForeignPaired
;; @0138 0000000000000000 ; address of the stub Overflow
;; @0140 0000000000000030 ; preamble: frame of 48 bytes
;; @0148 00000000000000e6 ; address of @00e6
