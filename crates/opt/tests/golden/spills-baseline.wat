;; options: baseline
(module
  (func $f (param f64 f64) (result f64)
    ;; One value lies in the frame over the call. The instruction for zeroes of both signs takes 16 bytes, which are not at a
    ;; multiple of 16 there.
    (f64.min (local.get 0) (call $f (local.get 1) (local.get 1)))))

;; ; function 0 `f`: 11 bytes of wasm, 272 of code, 40 of pool, 2 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movsd xmm0, [rbx-0x28]
;; @000f movsd xmm1, [rbx-0x20]
;; @0014 nop [rax+rax]
;; @001d nop [rax]
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x30]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xC8
;; @0032 movsd [rbx], xmm0
;; @0036 movaps xmm0, xmm1
;; ; 0x20 call 0
;; @0039 lea rax, [r14+0x40]
;; @003d lea r11, [0x118]
;; @0044 mov [rbx+0x18], r11
;; @0048 mov [rbx+0x20], rbx
;; @004c mov [rbx+0x28], rax
;; @0050 add rbx, 0x30
;; @0054 call 0x20
;; @0059 lea rbx, [rbx-8]
;; @0060 movaps xmm10, xmm0
;; @0064 movsd xmm0, [rbx]
;; @0068 ucomisd xmm0, xmm10
;; @006d je 0x8C
;; @0073 minsd xmm0, xmm10
;; @0078 mov rsi, [rbx-0x18]
;; @007c mov r11, [rbx-0x10]
;; @0080 sub rbx, 0x28
;; @0084 movsd [rbx], xmm0
;; @0088 push qword ptr [rsi-8]
;; @008b ret
;; @008c ucomisd xmm0, xmm10
;; @0091 jnp 0xB0
;; @0097 addsd xmm0, xmm10
;; @009c mov rsi, [rbx-0x18]
;; @00a0 mov r11, [rbx-0x10]
;; @00a4 sub rbx, 0x28
;; @00a8 movsd [rbx], xmm0
;; @00ac push qword ptr [rsi-8]
;; @00af ret
;; @00b0 orps xmm0, xmm10
;; @00b4 mov rsi, [rbx-0x18]
;; @00b8 mov r11, [rbx-0x10]
;; @00bc sub rbx, 0x28
;; @00c0 movsd [rbx], xmm0
;; @00c4 push qword ptr [rsi-8]
;; @00c7 ret
;; ; 0x0 
;; @00c8 jmp qword ptr [0x120]
;; @00ce mov rbx, rdx
;; @00d1 mov r14, rdi
;; @00d4 mov r15, rcx
;; @00d7 movaps xmm0, xmm1
;; @00da mov rcx, [rsi-8]
;; @00de add rcx, 7
;; @00e2 jmp rcx
;; ; entry from the interpreter
;; @00e4 mov rbx, rdx
;; @00e7 mov r14, rdi
;; @00ea mov r15, rcx
;; @00ed mov rax, [r14]
;; @00f0 mov byte ptr [rax+0xAE], 1
;; @00f7 movsd xmm0, [rbx-0x28]
;; @00fc movsd xmm1, [rbx-0x20]
;; @0101 jmp 0x32
;; ; pool
;; @0110 0000000000000059 ; address of @0059
;; @0118 00000000000000ce ; address of @00ce
;; @0120 0000000000000000 ; address of the stub Overflow
;; @0128 0000000000000030 ; preamble: frame of 48 bytes
;; @0130 00000000000000e4 ; address of @00e4
