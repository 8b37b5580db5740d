;; options: check fuel interruption
(module
  (memory i64 1)
  (func $clear (param $at i64) (param $step i64)
    (block
      (loop
        (br_if 1 (i64.ge_u (local.get $at) (i64.const 0x10000)))
        (i32.store16 offset=6 (local.get $at) (i32.const 0))
        (local.set $at (i64.add (local.get $at) (local.get $step)))
        (br 0))))
)

;; ; function 0 `clear`: 33 bytes of wasm, 496 of code, 88 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x18B
;; @0013 mov rax, [r14+0x28]
;; @0017 mov r8, [r14]
;; @001a mov r8, [r8+8]
;; @001e cmp [rax], r8
;; @0021 jae 0xCB
;; ;   behind the main line
;; @00cb mov [rbx-0x20], rsi
;; @00cf mov [rbx-0x28], rdi
;; @00d3 lea rsi, [0x1F0]
;; @00da mov rdi, r14
;; @00dd mov rdx, rbx
;; @00e0 mov r8, [r14+8]
;; @00e4 mov rcx, [r8]
;; @00e7 mov r8, [r8+8]
;; @00eb jmp qword ptr [rsi]
;; @00ed mov rax, [r14+0x28]
;; @00f1 mov rsi, [rbx-0x20]
;; @00f5 mov rdi, [rbx-0x28]
;; @00f9 mov r8, [r14]
;; @00fc mov r8, [r8+8]
;; @0100 jmp 0x27
;; ;   behind the main line
;; @018b jmp qword ptr [0x228]
;; ;   entry from the interpreter
;; @0191 mov rbx, rdx
;; @0194 mov r14, rdi
;; @0197 mov r15, rcx
;; @019a mov rax, [r14]
;; @019d mov byte ptr [rax+0xAD], 1
;; @01a4 jmp short 0x1A8
;; ;   entry with arguments in slots
;; @01a6 pop r11
;; @01a8 mov rdi, [rbx-0x28]
;; @01ac mov rsi, [rbx-0x20]
;; @01b0 jmp 2
;; ; 0x1e block
;; ; 0x20 loop
;; @0027 mov r9, [r14]
;; @002a sub qword ptr [r9+0x10], 1
;; @0032 jb 0x105
;; @0038 mov rbp, rsi
;; @003b mov r11, rax
;; @003e mov r12, [r14+0x40]
;; @0042 mov r12, [r12+8]
;; @0047 mov r13, [r14+0x40]
;; @004b mov r13, [r13]
;; @004f cmp [r11], r8
;; @0052 jae 0x120
;; ;   behind the main line
;; @0105 call 0x10A
;; @010a mov rax, [r14]
;; @010d mov qword ptr [rax+0x10], 0
;; @0115 mov edi, 0xB
;; @011a jmp qword ptr [0x220]
;; ;   behind the main line
;; @0120 mov [rbx-0x20], rbp
;; @0124 mov [rbx-0x28], rdi
;; @0128 lea rsi, [0x208]
;; @012f mov rdi, r14
;; @0132 mov rdx, rbx
;; @0135 mov r8, [r14+8]
;; @0139 mov rcx, [r8]
;; @013c mov r8, [r8+8]
;; @0140 jmp qword ptr [rsi]
;; @0142 mov rbp, [rbx-0x20]
;; @0146 mov rdi, [rbx-0x28]
;; @014a mov r8, [r14]
;; @014d mov r8, [r8+8]
;; @0151 mov r9, [r14]
;; @0154 mov r11, [r14+0x28]
;; @0158 mov r12, [r14+0x40]
;; @015c mov r12, [r12+8]
;; @0161 mov r13, [r14+0x40]
;; @0165 mov r13, [r13]
;; @0169 jmp 0x58
;; ;   loop 0, from the interpreter
;; @01b5 mov rbx, rdx
;; @01b8 mov r14, rdi
;; @01bb mov r15, rcx
;; @01be mov rdi, [rbx-0x28]
;; @01c2 mov rbp, [rbx-0x20]
;; @01c6 mov r12, [r14+0x40]
;; @01ca mov r12, [r12+8]
;; @01cf mov r13, [r14+0x40]
;; @01d3 mov r13, [r13]
;; @01d7 mov r9, [r14]
;; @01da mov r8, [r14]
;; @01dd mov r8, [r8+8]
;; @01e1 mov r11, [r14+0x28]
;; @01e5 jmp 0x4F
;; ; 0x22 local.get 0
;; @0058 sub qword ptr [r9+0x10], 4
;; @0060 jb 0x16E
;; ;   behind the main line
;; @016e call 0x10A
;; ;   behind the main line
;; @0186 call 0x10A
;; ; 0x24 i64.const 65536
;; ; 0x28 i64.ge_u
;; @0066 cmp rdi, 0x10000
;; ; 0x29 br_if 1
;; @006d jae 0xBB
;; ; 0x2b local.get 0
;; @0073 sub qword ptr [r9+0x10], 8
;; @007b jb 0x173
;; ;   behind the main line
;; @0173 call 0x10A
;; ; 0x2d i32.const 0
;; ; 0x2f i32.store16 offset=6
;; @0081 lea rsi, [r12-8]
;; @0086 cmp rdi, rsi
;; @0089 ja 0x178
;; @008f mov word ptr [r13+rdi+6], 0
;; ;   behind the main line
;; @0178 mov rax, rdi
;; @017b mov edi, 1
;; @0180 call qword ptr [0x220]
;; ; 0x32 local.get 0
;; ; 0x34 local.get 1
;; ; 0x36 i64.add
;; @0097 add rdi, rbp
;; ; 0x37 local.set 0
;; ; 0x39 br 0
;; @009a cmp [r11], r8
;; @009d jae short 0x4F
;; @009f sub qword ptr [r9+0x10], 4
;; @00a7 jb 0x186
;; @00ad cmp rdi, 0x10000
;; @00b4 jb short 0x73
;; @00b6 jmp 0xBB
;; ; 0x3b end
;; ; 0x3c end
;; ; 0x3d end
;; @00bb mov rsi, [rbx-0x18]
;; @00bf mov r11, [rbx-0x10]
;; @00c3 sub rbx, 0x28
;; @00c7 push qword ptr [rsi-8]
;; @00ca ret
;; ; pool
;; @01f0 0000000000000000 ; check_interrupt s0
;; @0200 00000000000000ed ; address of @00ed
;; ; 0x20 loop
;; @0208 0000000000000000 ; check_interrupt s0
;; @0218 0000000000000142 ; address of @0142
;; @0220 0000000000000000 ; address of the stub Trap
;; @0228 0000000000000000 ; address of the stub Overflow
;; @0230 0000000000000010 ; preamble: frame of 16 bytes
;; @0238 0000000000000191 ; address of @0191: entry from the interpreter
;; ; 0x20 loop
;; @0240 00000000000001b5 ; address of @01b5: loop 0, from the interpreter
