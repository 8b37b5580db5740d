;; options: interruption
(module
  (func (param i64) (result i64)
    (local i64)
    (loop $again
      (local.set 1 (i64.mul (i64.add (local.get 1) (i64.const 3)) (local.get 0)))
      (br_if $again (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (local.get 1)))

;; ; function 0: 31 bytes of wasm, 576 of code, 72 of pool, 0 spilled, 2 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov rdi, [rbx-0x20]
;; @000e nop [rax+rax]
;; @0017 nop [rax+rax]
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0xD8]
;; @002b cmp r11, [r14+0x18]
;; @002f ja 0x211
;; @0035 mov r10, [r14+0x28]
;; @0039 mov r12, [r10]
;; @003c mov rax, [r14]
;; @003f cmp r12, [rax+8]
;; @0043 jae 0x95
;; @0049 xor eax, eax
;; @004b nop [rax+rax]
;; @0054 nop [rax+rax]
;; @005d nop [rax]
;; @0060 mov rcx, [r14+0x28]
;; @0064 mov rcx, [rcx]
;; @0067 mov rdx, [r14]
;; @006a cmp rcx, [rdx+8]
;; @006e jae 0xB0
;; @0074 add rax, 3
;; @0078 imul rax, rdi
;; @007c add rdi, 0xFFFFFFFFFFFFFFFF
;; @0080 jne short 0x60
;; @0082 mov rsi, [rbx-0x18]
;; @0086 mov r11, [rbx-0x10]
;; @008a sub rbx, 0x20
;; @008e mov [rbx], rax
;; @0091 push qword ptr [rsi-8]
;; @0094 ret
;; @0095 call 0xCB
;; ; 0x18 
;; @009a lea rsi, [0x240]
;; @00a1 mov rdi, r14
;; @00a4 mov rdx, rbx
;; @00a7 jmp qword ptr [rsi]
;; @00a9 call 0x16E
;; @00ae jmp short 0x49
;; @00b0 call 0xCB
;; ; 0x1b loop
;; @00b5 lea rsi, [0x258]
;; @00bc mov rdi, r14
;; @00bf mov rdx, rbx
;; @00c2 jmp qword ptr [rsi]
;; @00c4 call 0x16E
;; @00c9 jmp short 0x74
;; @00cb mov [rbx], rax
;; @00ce mov [rbx+8], rcx
;; @00d2 mov [rbx+0x10], rdx
;; @00d6 mov [rbx+0x28], rbp
;; @00da mov [rbx+0x18], rsi
;; @00de mov [rbx+0x20], rdi
;; @00e2 mov [rbx+0x30], r8
;; @00e6 mov [rbx+0x38], r9
;; @00ea mov [rbx+0x40], r10
;; @00ee mov [rbx+0x48], r11
;; @00f2 mov [rbx+0x50], r12
;; @00f6 mov [rbx+0x58], r13
;; @00fa movsd [rbx+0x60], xmm0
;; @00ff movsd [rbx+0x68], xmm1
;; @0104 movsd [rbx+0x70], xmm2
;; @0109 movsd [rbx+0x78], xmm3
;; @010e movsd [rbx+0x80], xmm4
;; @0116 movsd [rbx+0x88], xmm5
;; @011e movsd [rbx+0x90], xmm6
;; @0126 movsd [rbx+0x98], xmm7
;; @012e movsd [rbx+0xA0], xmm8
;; @0137 movsd [rbx+0xA8], xmm9
;; @0140 movsd [rbx+0xB0], xmm10
;; @0149 movsd [rbx+0xB8], xmm11
;; @0152 movsd [rbx+0xC0], xmm12
;; @015b movsd [rbx+0xC8], xmm13
;; @0164 movsd [rbx+0xD0], xmm14
;; @016d ret
;; @016e mov rax, [rbx]
;; @0171 mov rcx, [rbx+8]
;; @0175 mov rdx, [rbx+0x10]
;; @0179 mov rbp, [rbx+0x28]
;; @017d mov rsi, [rbx+0x18]
;; @0181 mov rdi, [rbx+0x20]
;; @0185 mov r8, [rbx+0x30]
;; @0189 mov r9, [rbx+0x38]
;; @018d mov r10, [rbx+0x40]
;; @0191 mov r11, [rbx+0x48]
;; @0195 mov r12, [rbx+0x50]
;; @0199 mov r13, [rbx+0x58]
;; @019d movsd xmm0, [rbx+0x60]
;; @01a2 movsd xmm1, [rbx+0x68]
;; @01a7 movsd xmm2, [rbx+0x70]
;; @01ac movsd xmm3, [rbx+0x78]
;; @01b1 movsd xmm4, [rbx+0x80]
;; @01b9 movsd xmm5, [rbx+0x88]
;; @01c1 movsd xmm6, [rbx+0x90]
;; @01c9 movsd xmm7, [rbx+0x98]
;; @01d1 movsd xmm8, [rbx+0xA0]
;; @01da movsd xmm9, [rbx+0xA8]
;; @01e3 movsd xmm10, [rbx+0xB0]
;; @01ec movsd xmm11, [rbx+0xB8]
;; @01f5 movsd xmm12, [rbx+0xC0]
;; @01fe movsd xmm13, [rbx+0xC8]
;; @0207 movsd xmm14, [rbx+0xD0]
;; @0210 ret
;; ; 0x0 
;; @0211 jmp qword ptr [0x270]
;; ; entry from the interpreter
;; @0217 mov rbx, rdx
;; @021a mov r14, rdi
;; @021d mov r15, rcx
;; @0220 mov rax, [r14]
;; @0223 mov byte ptr [rax+0xAE], 1
;; @022a mov rdi, [rbx-0x20]
;; @022e jmp 0x35
;; ; pool
;; @0240 0000000000000000 ; handler of check_interrupt
;; @0248 0000001b0000047a ; constant 115964118138
;; @0250 00000000000000a9 ; address of @00a9
;; @0258 0000000000000000 ; handler of check_interrupt
;; @0260 0000001b0000047a ; constant 115964118138
;; @0268 00000000000000c4 ; address of @00c4
;; @0270 0000000000000000 ; address of the stub Overflow
;; @0278 00000000000000d8 ; preamble: frame of 216 bytes
;; @0280 0000000000000217 ; address of @0217
