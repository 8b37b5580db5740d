;; options: interruption
(module
  (func (param i64) (result i64)
    (local i64)
    (loop $again
      (local.set 1 (i64.mul (i64.add (local.get 1) (i64.const 3)) (local.get 0)))
      (br_if $again (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (local.get 1)))

;; ; function 0: 31 bytes of wasm, 256 of code, 72 of pool, 0 spilled, 2 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov rdi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000e add rsp, 8
;; @0012 lea r11, [rbx+0x30]
;; @0016 cmp r11, [r14+0x18]
;; @001a ja 0xDB
;; @0020 mov r10, [r14+0x28]
;; @0024 mov r12, [r10]
;; @0027 mov rax, [r14]
;; @002a cmp r12, [rax+8]
;; @002e jae 0x75
;; @0034 xor eax, eax
;; @0036 nop [rax+rax]
;; @003f nop
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
;; @007a lea rsi, [0x100]
;; @0081 mov rdi, r14
;; @0084 mov rdx, rbx
;; @0087 jmp qword ptr [rsi]
;; @0089 call 0xC3
;; @008e jmp short 0x34
;; @0090 call 0xAB
;; ; 0x1b loop
;; @0095 lea rsi, [0x118]
;; @009c mov rdi, r14
;; @009f mov rdx, rbx
;; @00a2 jmp qword ptr [rsi]
;; @00a4 call 0xC3
;; @00a9 jmp short 0x54
;; @00ab mov [rbx], rax
;; @00ae mov [rbx+8], rcx
;; @00b2 mov [rbx+0x10], rdx
;; @00b6 mov [rbx+0x18], rdi
;; @00ba mov [rbx+0x20], r10
;; @00be mov [rbx+0x28], r12
;; @00c2 ret
;; @00c3 mov rax, [rbx]
;; @00c6 mov rcx, [rbx+8]
;; @00ca mov rdx, [rbx+0x10]
;; @00ce mov rdi, [rbx+0x18]
;; @00d2 mov r10, [rbx+0x20]
;; @00d6 mov r12, [rbx+0x28]
;; @00da ret
;; ; 0x0 
;; @00db jmp qword ptr [0x130]
;; ; entry from the interpreter
;; @00e1 mov rbx, rdx
;; @00e4 mov r14, rdi
;; @00e7 mov r15, rcx
;; @00ea mov rax, [r14]
;; @00ed mov byte ptr [rax+0xAE], 1
;; @00f4 mov rdi, [rbx-0x20]
;; @00f8 jmp 0x20
;; ; pool
;; @0100 0000000000000000 ; handler of check_interrupt
;; @0108 000000060000047a ; constant 25769804922
;; @0110 0000000000000089 ; address of @0089
;; @0118 0000000000000000 ; handler of check_interrupt
;; @0120 000000060000047a ; constant 25769804922
;; @0128 00000000000000a4 ; address of @00a4
;; @0130 0000000000000000 ; address of the stub Overflow
;; @0138 0000000000000030 ; preamble: frame of 48 bytes
;; @0140 00000000000000e1 ; address of @00e1
