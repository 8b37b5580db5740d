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

;; ; function 0: 13 bytes of wasm, 112 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movsd xmm0, [rbx-0x30]
;; @000f movsd xmm1, [rbx-0x28]
;; @0014 mov edi, [rbx-0x20]
;; @0017 nop [rax+rax]
;; ; entry with arguments in registers
;; @0020 mulsd xmm0, xmm1
;; ; 0x3a f64.load offset=16
;; @0024 addsd xmm0, [r15+rdi+0x10]
;; @002b mov rsi, [rbx-0x18]
;; @002f mov r11, [rbx-0x10]
;; @0033 sub rbx, 0x30
;; @0037 movsd [rbx], xmm0
;; @003b ret
;; ; entry from the interpreter
;; ; 0x0 
;; @003c mov rbx, rdx
;; @003f mov r14, rdi
;; @0042 mov r15, rcx
;; @0045 mov rax, [r14]
;; @0048 mov byte ptr [rax+0xAE], 1
;; @004f mov rsi, [rbx-0x18]
;; @0053 push qword ptr [rsi-8]
;; @0056 movsd xmm0, [rbx-0x30]
;; @005b movsd xmm1, [rbx-0x28]
;; @0060 mov edi, [rbx-0x20]
;; @0063 jmp short 0x20
;; ; pool
;; @0070 0000000000000000 ; preamble: frame of 0 bytes
;; @0078 000000000000003c ; address of @003c

;; ; function 1: 18 bytes of wasm, 144 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movsd xmm0, [rbx-0x28]
;; @000f movsd xmm1, [rbx-0x20]
;; @0014 nop [rax+rax]
;; @001d nop [rax]
;; ; entry with arguments in registers
;; @0020 ucomisd xmm1, xmm0
;; @0024 jbe 0x3F
;; @002a mov eax, 1
;; @002f mov rsi, [rbx-0x18]
;; @0033 mov r11, [rbx-0x10]
;; @0037 sub rbx, 0x28
;; @003b mov [rbx], rax
;; @003e ret
;; @003f ucomisd xmm0, xmm1
;; @0043 setnp r9b
;; @0047 sete al
;; @004a and eax, r9d
;; @004d movzx eax, al
;; @0050 mov rsi, [rbx-0x18]
;; @0054 mov r11, [rbx-0x10]
;; @0058 sub rbx, 0x28
;; @005c mov [rbx], rax
;; @005f ret
;; ; entry from the interpreter
;; @0060 mov rbx, rdx
;; @0063 mov r14, rdi
;; @0066 mov r15, rcx
;; @0069 mov rax, [r14]
;; @006c mov byte ptr [rax+0xAE], 1
;; @0073 mov rsi, [rbx-0x18]
;; @0077 push qword ptr [rsi-8]
;; @007a movsd xmm0, [rbx-0x28]
;; @007f movsd xmm1, [rbx-0x20]
;; @0084 jmp short 0x20
;; ; pool
;; @0090 0000000000000000 ; preamble: frame of 0 bytes
;; @0098 0000000000000060 ; address of @0060

;; ; function 2: 5 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movss xmm0, [rbx-0x20]
;; @000f nop [rax+rax]
;; @0018 nop [rax+rax]
;; ; entry with arguments in registers
;; @0020 xorps xmm15, xmm15
;; @0024 sqrtss xmm15, xmm0
;; @0029 movaps xmm0, xmm15
;; @002d mov rsi, [rbx-0x18]
;; @0031 mov r11, [rbx-0x10]
;; @0035 sub rbx, 0x20
;; @0039 movsd [rbx], xmm0
;; @003d ret
;; ; entry from the interpreter
;; @003e mov rbx, rdx
;; @0041 mov r14, rdi
;; @0044 mov r15, rcx
;; @0047 mov rax, [r14]
;; @004a mov byte ptr [rax+0xAE], 1
;; @0051 mov rsi, [rbx-0x18]
;; @0055 push qword ptr [rsi-8]
;; @0058 movss xmm0, [rbx-0x20]
;; @005d jmp short 0x20
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 000000000000003e ; address of @003e

;; ; function 3: 5 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 xorps xmm0, xmm0
;; @0023 cvtsi2sd xmm0, rdi
;; @0028 mov rsi, [rbx-0x18]
;; @002c mov r11, [rbx-0x10]
;; @0030 sub rbx, 0x20
;; @0034 movsd [rbx], xmm0
;; @0038 ret
;; ; entry from the interpreter
;; @0039 mov rbx, rdx
;; @003c mov r14, rdi
;; @003f mov r15, rcx
;; @0042 mov rax, [r14]
;; @0045 mov byte ptr [rax+0xAE], 1
;; @004c mov rsi, [rbx-0x18]
;; @0050 push qword ptr [rsi-8]
;; @0053 mov edi, [rbx-0x20]
;; @0056 jmp short 0x20
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 0000000000000039 ; address of @0039
