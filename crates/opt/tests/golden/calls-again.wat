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

;; ; function 3: 24 bytes of wasm, 240 of code, 40 of pool, 3 spilled, 0 embedded instructions
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
;; @002c ja 0xB0
;; @0032 mov [rbx], rdi
;; @0035 xor edi, edi
;; @0037 lea rcx, [0xF8]
;; @003e mov [rbx+0x10], rcx
;; @0042 lea rcx, [r14+0x50]
;; @0046 mov [rbx+0x20], rcx
;; @004a mov [rbx+0x18], rbx
;; @004e jmp short 0x86
;; @0050 nop [rax+rax]
;; @0059 nop [rax+rax]
;; @0062 nop [rax+rax]
;; @006b nop [rax+rax]
;; @0074 nop [rax+rax]
;; @007d nop [rax]
;; @0080 mov [rbx], rdi
;; @0083 mov rdi, rax
;; ; 0x51 call 1
;; @0086 add rbx, 0x28
;; @008a call qword ptr [r14+0x60]
;; @008e lea rbx, [rbx-8]
;; @0095 mov rdi, [rbx]
;; @0098 add edi, 0xFFFFFFFF
;; @009b jne short 0x80
;; @009d mov rsi, [rbx-0x18]
;; @00a1 mov r11, [rbx-0x10]
;; @00a5 sub rbx, 0x20
;; @00a9 mov [rbx], rax
;; @00ac push qword ptr [rsi-8]
;; @00af ret
;; ; 0x0 
;; @00b0 jmp qword ptr [0x100]
;; @00b6 mov rbx, rdx
;; @00b9 mov r14, rdi
;; @00bc mov r15, rcx
;; @00bf mov eax, r9d
;; @00c2 mov rcx, [rsi-8]
;; @00c6 add rcx, 7
;; @00ca jmp rcx
;; ; entry from the interpreter
;; @00cc mov rbx, rdx
;; @00cf mov r14, rdi
;; @00d2 mov r15, rcx
;; @00d5 mov rax, [r14]
;; @00d8 mov byte ptr [rax+0xAE], 1
;; @00df mov edi, [rbx-0x20]
;; @00e2 jmp 0x32
;; ; pool
;; @00f0 000000000000008e ; address of @008e
;; @00f8 00000000000000b6 ; address of @00b6
;; @0100 0000000000000000 ; address of the stub Overflow
;; @0108 0000000000000028 ; preamble: frame of 40 bytes
;; @0110 00000000000000cc ; address of @00cc

;; ; function 4: 27 bytes of wasm, 336 of code, 88 of pool, 4 spilled, 1 embedded instruction
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
;; @002c ja 0x111
;; @0032 mov [rbx], rdi
;; @0035 xor edi, edi
;; @0037 lea rcx, [0x158]
;; @003e mov [rbx+0x10], rcx
;; @0042 mov [rbx+0x18], rbx
;; @0046 jmp short 0x86
;; @0048 nop [rax+rax]
;; @0051 nop [rax+rax]
;; @005a nop [rax+rax]
;; @0063 nop [rax+rax]
;; @006c nop [rax+rax]
;; @0075 nop [rax+rax]
;; @007e xchg ax, ax
;; @0080 mov rdi, rax
;; @0083 mov [rbx], r9
;; @0086 mov r11, [rbx]
;; ; 0x6c call_indirect 0 0
;; @0089 mov rbp, [r14+0x40]
;; @008d cmp r11, 4
;; @0091 jae 0xD7
;; @0097 mov rbp, [rbp]
;; @009b mov rax, [rbp+r11*8]
;; @00a0 test rax, rax
;; @00a3 je 0xD7
;; @00a9 mov [rbx+0x20], rax
;; @00ad add rbx, 0x28
;; @00b1 call qword ptr [rax+0x10]
;; @00b4 lea rbx, [rbx-8]
;; @00bb mov r9, [rbx]
;; @00be add r9d, 0xFFFFFFFF
;; @00c2 jne short 0x80
;; @00c4 mov rsi, [rbx-0x18]
;; @00c8 mov r11, [rbx-0x10]
;; @00cc sub rbx, 0x20
;; @00d0 mov [rbx], rax
;; @00d3 push qword ptr [rsi-8]
;; @00d6 ret
;; @00d7 mov [rbx+8], rdi
;; @00db mov [rbx+0x10], r11
;; @00df lea rsi, [0x160]
;; @00e6 mov rdi, r14
;; @00e9 mov rdx, rbx
;; @00ec mov r8, [r14+8]
;; @00f0 mov rcx, [r8]
;; @00f3 mov r8, [r8+8]
;; @00f7 jmp qword ptr [rsi]
;; @00f9 lea rbx, [rbx-8]
;; @0100 lea r11, [0x158]
;; @0107 mov [rbx+0x10], r11
;; @010b mov [rbx+0x18], rbx
;; @010f jmp short 0xBB
;; ; 0x0 
;; @0111 jmp qword ptr [0x190]
;; @0117 mov rbx, rdx
;; @011a mov r14, rdi
;; @011d mov r15, rcx
;; @0120 mov eax, r9d
;; @0123 mov rcx, [rsi-8]
;; @0127 add rcx, 7
;; @012b jmp rcx
;; ; entry from the interpreter
;; @012d mov rbx, rdx
;; @0130 mov r14, rdi
;; @0133 mov r15, rcx
;; @0136 mov rax, [r14]
;; @0139 mov byte ptr [rax+0xAE], 1
;; @0140 mov edi, [rbx-0x20]
;; @0143 jmp 0x32
;; ; pool
;; @0150 00000000000000b4 ; address of @00b4
;; @0158 0000000000000117 ; address of @0117
;; @0160 0000000000000000 ; handler of call_indirect
;; @0168 0000000500010481 ; constant 21474903169
;; @0170 0000004000000002 ; constant 274877906946
;; @0178 0000014000000001 ; constant 1374389534721
;; @0180 00000000000000f9 ; address of @00f9
;; @0188 0000000000000117 ; address of @0117
;; @0190 0000000000000000 ; address of the stub Overflow
;; @0198 0000000000000028 ; preamble: frame of 40 bytes
;; @01a0 000000000000012d ; address of @012d

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
