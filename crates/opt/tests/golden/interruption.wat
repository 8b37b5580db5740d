;; options: interruption
(module
  (func (param i64) (result i64)
    (local i64)
    (loop $again
      (local.set 1 (i64.mul (i64.add (local.get 1) (i64.const 3)) (local.get 0)))
      (br_if $again (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (local.get 1)))

;; ; function 0: 31 bytes of wasm, 544 of code, 72 of pool, 0 spilled, 2 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov rdi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000e add rsp, 8
;; @0012 lea r11, [rbx+0xD8]
;; @0019 cmp r11, [r14+0x18]
;; @001d ja 0x1F1
;; @0023 mov r10, [r14+0x28]
;; @0027 mov r12, [r10]
;; @002a mov rax, [r14]
;; @002d cmp r12, [rax+8]
;; @0031 jae 0x75
;; @0037 xor eax, eax
;; @0039 nop [rax]
;; @0040 mov rcx, [r14+0x28]
;; @0044 mov rcx, [rcx]
;; @0047 mov rdx, [r14]
;; @004a cmp rcx, [rdx+8]
;; @004e jae 0x90
;; @0054 add rax, 3
;; @0058 imul rax, rdi
;; @005c add rdi, 0xFFFFFFFFFFFFFFFF
;; @0060 jne short 0x40
;; @0062 mov rsi, [rbx-0x18]
;; @0066 mov r11, [rbx-0x10]
;; @006a sub rbx, 0x20
;; @006e mov [rbx], rax
;; @0071 push qword ptr [rsi-8]
;; @0074 ret
;; @0075 call 0xAB
;; ; 0x18 
;; @007a lea rsi, [0x220]
;; @0081 mov rdi, r14
;; @0084 mov rdx, rbx
;; @0087 jmp qword ptr [rsi]
;; @0089 call 0x14E
;; @008e jmp short 0x37
;; @0090 call 0xAB
;; ; 0x1b loop
;; @0095 lea rsi, [0x238]
;; @009c mov rdi, r14
;; @009f mov rdx, rbx
;; @00a2 jmp qword ptr [rsi]
;; @00a4 call 0x14E
;; @00a9 jmp short 0x54
;; @00ab mov [rbx], rax
;; @00ae mov [rbx+8], rcx
;; @00b2 mov [rbx+0x10], rdx
;; @00b6 mov [rbx+0x28], rbp
;; @00ba mov [rbx+0x18], rsi
;; @00be mov [rbx+0x20], rdi
;; @00c2 mov [rbx+0x30], r8
;; @00c6 mov [rbx+0x38], r9
;; @00ca mov [rbx+0x40], r10
;; @00ce mov [rbx+0x48], r11
;; @00d2 mov [rbx+0x50], r12
;; @00d6 mov [rbx+0x58], r13
;; @00da movsd [rbx+0x60], xmm0
;; @00df movsd [rbx+0x68], xmm1
;; @00e4 movsd [rbx+0x70], xmm2
;; @00e9 movsd [rbx+0x78], xmm3
;; @00ee movsd [rbx+0x80], xmm4
;; @00f6 movsd [rbx+0x88], xmm5
;; @00fe movsd [rbx+0x90], xmm6
;; @0106 movsd [rbx+0x98], xmm7
;; @010e movsd [rbx+0xA0], xmm8
;; @0117 movsd [rbx+0xA8], xmm9
;; @0120 movsd [rbx+0xB0], xmm10
;; @0129 movsd [rbx+0xB8], xmm11
;; @0132 movsd [rbx+0xC0], xmm12
;; @013b movsd [rbx+0xC8], xmm13
;; @0144 movsd [rbx+0xD0], xmm14
;; @014d ret
;; @014e mov rax, [rbx]
;; @0151 mov rcx, [rbx+8]
;; @0155 mov rdx, [rbx+0x10]
;; @0159 mov rbp, [rbx+0x28]
;; @015d mov rsi, [rbx+0x18]
;; @0161 mov rdi, [rbx+0x20]
;; @0165 mov r8, [rbx+0x30]
;; @0169 mov r9, [rbx+0x38]
;; @016d mov r10, [rbx+0x40]
;; @0171 mov r11, [rbx+0x48]
;; @0175 mov r12, [rbx+0x50]
;; @0179 mov r13, [rbx+0x58]
;; @017d movsd xmm0, [rbx+0x60]
;; @0182 movsd xmm1, [rbx+0x68]
;; @0187 movsd xmm2, [rbx+0x70]
;; @018c movsd xmm3, [rbx+0x78]
;; @0191 movsd xmm4, [rbx+0x80]
;; @0199 movsd xmm5, [rbx+0x88]
;; @01a1 movsd xmm6, [rbx+0x90]
;; @01a9 movsd xmm7, [rbx+0x98]
;; @01b1 movsd xmm8, [rbx+0xA0]
;; @01ba movsd xmm9, [rbx+0xA8]
;; @01c3 movsd xmm10, [rbx+0xB0]
;; @01cc movsd xmm11, [rbx+0xB8]
;; @01d5 movsd xmm12, [rbx+0xC0]
;; @01de movsd xmm13, [rbx+0xC8]
;; @01e7 movsd xmm14, [rbx+0xD0]
;; @01f0 ret
;; ; 0x0 
;; @01f1 jmp qword ptr [0x250]
;; ; entry from the interpreter
;; @01f7 mov rbx, rdx
;; @01fa mov r14, rdi
;; @01fd mov r15, rcx
;; @0200 mov rax, [r14]
;; @0203 mov byte ptr [rax+0xAE], 1
;; @020a mov rdi, [rbx-0x20]
;; @020e jmp 0x23
;; ; pool
;; @0220 0000000000000000 ; handler of check_interrupt
;; @0228 0000001b0000047a ; constant 115964118138
;; @0230 0000000000000089 ; address of @0089
;; @0238 0000000000000000 ; handler of check_interrupt
;; @0240 0000001b0000047a ; constant 115964118138
;; @0248 00000000000000a4 ; address of @00a4
;; @0250 0000000000000000 ; address of the stub Overflow
;; @0258 00000000000000d8 ; preamble: frame of 216 bytes
;; @0260 00000000000001f7 ; address of @01f7
