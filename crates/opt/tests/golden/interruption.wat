;; options: interruption
(module
  (func (param i64) (result i64)
    (local i64)
    (loop $again
      (local.set 1 (i64.mul (i64.add (local.get 1) (i64.const 3)) (local.get 0)))
      (br_if $again (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (local.get 1)))

;; ; function 0: 31 bytes of wasm, 288 of code, 72 of pool, 0 spilled, 2 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov rdi, [rbx-0x20]
;; @000e nop [rax+rax]
;; @0017 nop [rax+rax]
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x30]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xFB
;; @0032 mov r10, [r14+0x28]
;; @0036 mov r12, [r10]
;; @0039 mov rax, [r14]
;; @003c cmp r12, [rax+8]
;; @0040 jae 0x95
;; @0046 xor eax, eax
;; @0048 nop [rax+rax]
;; @0051 nop [rax+rax]
;; @005a nop [rax+rax]
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
;; @009a lea rsi, [0x120]
;; @00a1 mov rdi, r14
;; @00a4 mov rdx, rbx
;; @00a7 jmp qword ptr [rsi]
;; @00a9 call 0xE3
;; @00ae jmp short 0x46
;; @00b0 call 0xCB
;; ; 0x1b loop
;; @00b5 lea rsi, [0x138]
;; @00bc mov rdi, r14
;; @00bf mov rdx, rbx
;; @00c2 jmp qword ptr [rsi]
;; @00c4 call 0xE3
;; @00c9 jmp short 0x74
;; @00cb mov [rbx], rax
;; @00ce mov [rbx+8], rcx
;; @00d2 mov [rbx+0x10], rdx
;; @00d6 mov [rbx+0x18], rdi
;; @00da mov [rbx+0x20], r10
;; @00de mov [rbx+0x28], r12
;; @00e2 ret
;; @00e3 mov rax, [rbx]
;; @00e6 mov rcx, [rbx+8]
;; @00ea mov rdx, [rbx+0x10]
;; @00ee mov rdi, [rbx+0x18]
;; @00f2 mov r10, [rbx+0x20]
;; @00f6 mov r12, [rbx+0x28]
;; @00fa ret
;; ; 0x0 
;; @00fb jmp qword ptr [0x150]
;; ; entry from the interpreter
;; @0101 mov rbx, rdx
;; @0104 mov r14, rdi
;; @0107 mov r15, rcx
;; @010a mov rax, [r14]
;; @010d mov byte ptr [rax+0xAE], 1
;; @0114 mov rdi, [rbx-0x20]
;; @0118 jmp 0x32
;; ; pool
;; @0120 0000000000000000 ; handler of check_interrupt
;; @0128 000000060000047a ; constant 25769804922
;; @0130 00000000000000a9 ; address of @00a9
;; @0138 0000000000000000 ; handler of check_interrupt
;; @0140 000000060000047a ; constant 25769804922
;; @0148 00000000000000c4 ; address of @00c4
;; @0150 0000000000000000 ; address of the stub Overflow
;; @0158 0000000000000030 ; preamble: frame of 48 bytes
;; @0160 0000000000000101 ; address of @0101
