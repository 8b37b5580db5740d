;; options: baseline
(module
  (func $f (param f64 f64) (result f64)
    ;; One value lies in the frame over the call. The instruction for zeroes of both signs takes 16 bytes, which are not at a
    ;; multiple of 16 there.
    (f64.min (local.get 0) (call $f (local.get 1) (local.get 1)))))

;; ; function 0 `f`: 11 bytes of wasm, 256 of code, 40 of pool, 2 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a movsd xmm0, [rbx-0x28]
;; @000f movsd xmm1, [rbx-0x20]
;; ; entry with arguments in registers
;; @0014 add rsp, 8
;; @0018 lea r11, [rbx+0x30]
;; @001c cmp r11, [r14+0x18]
;; @0020 ja 0xBC
;; @0026 movsd [rbx], xmm0
;; @002a movaps xmm0, xmm1
;; ; 0x20 call 0
;; @002d lea rax, [r14+0x40]
;; @0031 lea r11, [0x108]
;; @0038 mov [rbx+0x18], r11
;; @003c mov [rbx+0x20], rbx
;; @0040 mov [rbx+0x28], rax
;; @0044 add rbx, 0x30
;; @0048 call 0x14
;; @004d lea rbx, [rbx-8]
;; @0054 movaps xmm10, xmm0
;; @0058 movsd xmm0, [rbx]
;; @005c ucomisd xmm0, xmm10
;; @0061 je 0x80
;; @0067 minsd xmm0, xmm10
;; @006c mov rsi, [rbx-0x18]
;; @0070 mov r11, [rbx-0x10]
;; @0074 sub rbx, 0x28
;; @0078 movsd [rbx], xmm0
;; @007c push qword ptr [rsi-8]
;; @007f ret
;; @0080 ucomisd xmm0, xmm10
;; @0085 jnp 0xA4
;; @008b addsd xmm0, xmm10
;; @0090 mov rsi, [rbx-0x18]
;; @0094 mov r11, [rbx-0x10]
;; @0098 sub rbx, 0x28
;; @009c movsd [rbx], xmm0
;; @00a0 push qword ptr [rsi-8]
;; @00a3 ret
;; @00a4 orps xmm0, xmm10
;; @00a8 mov rsi, [rbx-0x18]
;; @00ac mov r11, [rbx-0x10]
;; @00b0 sub rbx, 0x28
;; @00b4 movsd [rbx], xmm0
;; @00b8 push qword ptr [rsi-8]
;; @00bb ret
;; ; 0x0 
;; @00bc jmp qword ptr [0x110]
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
;; @00eb movsd xmm0, [rbx-0x28]
;; @00f0 movsd xmm1, [rbx-0x20]
;; @00f5 jmp 0x26
;; ; pool
;; @0100 000000000000004d ; address of @004d
;; @0108 00000000000000c2 ; address of @00c2
;; @0110 0000000000000000 ; address of the stub Overflow
;; @0118 0000000000000030 ; preamble: frame of 48 bytes
;; @0120 00000000000000d8 ; address of @00d8
