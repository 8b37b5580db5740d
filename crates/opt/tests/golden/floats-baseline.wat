;; options: baseline
(module
  (memory 1)
  (func (param f64 f64 i32) (result f64)
    (f64.add (f64.mul (local.get 0) (local.get 1)) (f64.load offset=16 (local.get 2))))
  ;; Comparisons: one branch where the operands can be swapped, two for equality.
  (func (param f64 f64) (result i32)
    (if (f64.lt (local.get 0) (local.get 1)) (then (return (i32.const 1))))
    (f64.eq (local.get 0) (local.get 1)))
  (func (param f32) (result f32) (f32.sqrt (local.get 0)))
  (func (param i32) (result f64) (f64.convert_i32_u (local.get 0))))

;; ; function 0: 13 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movsd xmm0, [rbx-0x30]
;; @000f movsd xmm1, [rbx-0x28]
;; @0014 mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @0017 add rsp, 8
;; @001b mulsd xmm0, xmm1
;; ; 0x3a f64.load offset=16
;; @001f addsd xmm0, [r15+rdi+0x10]
;; @0026 mov rsi, [rbx-0x18]
;; @002a mov r11, [rbx-0x10]
;; @002e sub rbx, 0x30
;; @0032 movsd [rbx], xmm0
;; @0036 push qword ptr [rsi-8]
;; @0039 ret
;; ; entry from the interpreter
;; ; 0x0 
;; @003a mov rbx, rdx
;; @003d mov r14, rdi
;; @0040 mov r15, rcx
;; @0043 mov rax, [r14]
;; @0046 mov byte ptr [rax+0xAE], 1
;; @004d movsd xmm0, [rbx-0x30]
;; @0052 movsd xmm1, [rbx-0x28]
;; @0057 mov edi, [rbx-0x20]
;; @005a jmp short 0x1B
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 000000000000003a ; address of @003a

;; ; function 1: 18 bytes of wasm, 128 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movsd xmm0, [rbx-0x28]
;; @000f movsd xmm1, [rbx-0x20]
;; ; entry with arguments in registers
;; @0014 add rsp, 8
;; @0018 ucomisd xmm1, xmm0
;; @001c jbe 0x3A
;; @0022 mov eax, 1
;; @0027 mov rsi, [rbx-0x18]
;; @002b mov r11, [rbx-0x10]
;; @002f sub rbx, 0x28
;; @0033 mov [rbx], rax
;; @0036 push qword ptr [rsi-8]
;; @0039 ret
;; @003a ucomisd xmm0, xmm1
;; @003e setnp r9b
;; @0042 sete al
;; @0045 and eax, r9d
;; @0048 movzx eax, al
;; @004b mov rsi, [rbx-0x18]
;; @004f mov r11, [rbx-0x10]
;; @0053 sub rbx, 0x28
;; @0057 mov [rbx], rax
;; @005a push qword ptr [rsi-8]
;; @005d ret
;; ; entry from the interpreter
;; @005e mov rbx, rdx
;; @0061 mov r14, rdi
;; @0064 mov r15, rcx
;; @0067 mov rax, [r14]
;; @006a mov byte ptr [rax+0xAE], 1
;; @0071 movsd xmm0, [rbx-0x28]
;; @0076 movsd xmm1, [rbx-0x20]
;; @007b jmp short 0x18
;; ; pool
;; @0080 0000000000000000 ; preamble: frame of 0 bytes
;; @0088 000000000000005e ; address of @005e

;; ; function 2: 5 bytes of wasm, 80 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movss xmm0, [rbx-0x20]
;; ; entry with arguments in registers
;; @000f add rsp, 8
;; @0013 xorps xmm15, xmm15
;; @0017 sqrtss xmm15, xmm0
;; @001c movaps xmm0, xmm15
;; @0020 mov rsi, [rbx-0x18]
;; @0024 mov r11, [rbx-0x10]
;; @0028 sub rbx, 0x20
;; @002c movsd [rbx], xmm0
;; @0030 push qword ptr [rsi-8]
;; @0033 ret
;; ; entry from the interpreter
;; @0034 mov rbx, rdx
;; @0037 mov r14, rdi
;; @003a mov r15, rcx
;; @003d mov rax, [r14]
;; @0040 mov byte ptr [rax+0xAE], 1
;; @0047 movss xmm0, [rbx-0x20]
;; @004c jmp short 0x13
;; ; pool
;; @0050 0000000000000000 ; preamble: frame of 0 bytes
;; @0058 0000000000000034 ; address of @0034

;; ; function 3: 5 bytes of wasm, 80 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 xorps xmm0, xmm0
;; @0014 cvtsi2sd xmm0, rdi
;; @0019 mov rsi, [rbx-0x18]
;; @001d mov r11, [rbx-0x10]
;; @0021 sub rbx, 0x20
;; @0025 movsd [rbx], xmm0
;; @0029 push qword ptr [rsi-8]
;; @002c ret
;; ; entry from the interpreter
;; @002d mov rbx, rdx
;; @0030 mov r14, rdi
;; @0033 mov r15, rcx
;; @0036 mov rax, [r14]
;; @0039 mov byte ptr [rax+0xAE], 1
;; @0040 mov edi, [rbx-0x20]
;; @0043 jmp short 0x11
;; ; pool
;; @0050 0000000000000000 ; preamble: frame of 0 bytes
;; @0058 000000000000002d ; address of @002d
