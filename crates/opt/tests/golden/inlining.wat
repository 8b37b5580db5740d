;; options: inline
;; Code of functions in the place of their calls: the test of one, another as a whole, with a trap in it.
(module
  (memory 1)
  (func $small (param i32) (result i32)
    (i32.load offset=4 (i32.add (local.get 0) (local.get 0))))
  (func $down (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (call $small (local.get 0)) (call $down (i32.sub (local.get 0) (i32.const 1))))))

;; ; function 0 `small`: 10 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 add edi, edi
;; ; 0x24 i32.load offset=4
;; @0022 mov eax, [r15+rdi+4]
;; @0027 mov rsi, [rbx-0x18]
;; @002b mov r11, [rbx-0x10]
;; @002f sub rbx, 0x20
;; @0033 mov [rbx], rax
;; @0036 ret
;; ; entry from the interpreter
;; ; 0x0 
;; @0037 mov rbx, rdx
;; @003a mov r14, rdi
;; @003d mov r15, rcx
;; @0040 mov rax, [r14]
;; @0043 mov byte ptr [rax+0xAE], 1
;; @004a mov rsi, [rbx-0x18]
;; @004e push qword ptr [rsi-8]
;; @0051 mov edi, [rbx-0x20]
;; @0054 jmp short 0x20
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 0000000000000037 ; address of @0037

;; ; function 1 `down`: 25 bytes of wasm, 416 of code, 40 of pool, 18 spilled, 0 embedded instructions
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
;; @0024 lea r11, [rbx+0x50]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0x160
;; @0032 cmp edi, 2
;; @0035 jge 0x51
;; @003b mov rax, rdi
;; @003e mov rsi, [rbx-0x18]
;; @0042 mov r11, [rbx-0x10]
;; @0046 sub rbx, 0x20
;; @004a mov [rbx], rax
;; @004d push qword ptr [rsi-8]
;; @0050 ret
;; @0051 lea eax, [rdi+rdi]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0
;; @0054 mov eax, [r15+rax+4]
;; @0059 mov [rbx], rax
;; @005c lea eax, [rdi-1]
;; @005f cmp eax, 2
;; @0062 jge short 0x6F
;; @0064 mov r13, rax
;; @0067 mov rax, [rbx]
;; @006a jmp 0x14A
;; @006f lea ecx, [rax+rax]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0 in func1 < 0x3e call 1
;; @0072 mov r13d, [r15+rcx+4]
;; @0077 mov [rbx+8], r13
;; @007b add eax, 0xFFFFFFFF
;; @007e cmp eax, 2
;; @0081 jge short 0x8B
;; @0083 mov rcx, rax
;; @0086 jmp 0x144
;; @008b lea ecx, [rax+rax]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0 in func1 < 0x3e call 1 in func1 < 0x3e call 1
;; @008e mov ecx, [r15+rcx+4]
;; @0093 mov [rbx+0x10], rcx
;; @0097 add eax, 0xFFFFFFFF
;; @009a cmp eax, 2
;; @009d jl 0x13E
;; @00a3 lea ecx, [rax+rax]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1
;; @00a6 mov ecx, [r15+rcx+4]
;; @00ab mov [rbx+0x18], rcx
;; @00af add eax, 0xFFFFFFFF
;; @00b2 cmp eax, 2
;; @00b5 jge short 0xC3
;; @00b7 mov rcx, rax
;; @00ba mov rax, [rbx+0x18]
;; @00be jmp 0x138
;; @00c3 lea ecx, [rax+rax]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1
;; @00c6 mov ecx, [r15+rcx+4]
;; @00cb mov [rbx+0x20], rcx
;; @00cf lea ecx, [rax-1]
;; @00d2 cmp ecx, 2
;; @00d5 jge short 0xE3
;; @00d7 mov rdx, rcx
;; @00da mov rcx, [rbx+0x20]
;; @00de jmp 0x132
;; @00e3 lea eax, [rcx+rcx]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1
;; @00e6 mov edx, [r15+rax+4]
;; @00eb mov [rbx+0x28], rdx
;; @00ef lea edi, [rcx-1]
;; @00f2 cmp edi, 2
;; @00f5 jl 0x12C
;; ; 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1 in func1 < 0x3e call 1
;; @00fb lea rax, [r14+0x80]
;; @0102 lea r11, [0x1A8]
;; @0109 mov [rbx+0x38], r11
;; @010d mov [rbx+0x40], rbx
;; @0111 mov [rbx+0x48], rax
;; @0115 add rbx, 0x50
;; @0119 call 0x20
;; @011e lea rbx, [rbx-0x30]
;; @0125 mov rdx, [rbx+0x28]
;; @0129 mov rdi, rax
;; @012c add edx, edi
;; @012e mov rcx, [rbx+0x20]
;; @0132 add ecx, edx
;; @0134 mov rax, [rbx+0x18]
;; @0138 add eax, ecx
;; @013a mov rcx, [rbx+0x10]
;; @013e add ecx, eax
;; @0140 mov r13, [rbx+8]
;; @0144 add r13d, ecx
;; @0147 mov rax, [rbx]
;; @014a add eax, r13d
;; @014d mov rsi, [rbx-0x18]
;; @0151 mov r11, [rbx-0x10]
;; @0155 sub rbx, 0x20
;; @0159 mov [rbx], rax
;; @015c push qword ptr [rsi-8]
;; @015f ret
;; ; 0x0 
;; @0160 jmp qword ptr [0x1B0]
;; @0166 mov rbx, rdx
;; @0169 mov r14, rdi
;; @016c mov r15, rcx
;; @016f mov eax, r9d
;; @0172 mov rcx, [rsi-8]
;; @0176 add rcx, 7
;; @017a jmp rcx
;; ; entry from the interpreter
;; @017c mov rbx, rdx
;; @017f mov r14, rdi
;; @0182 mov r15, rcx
;; @0185 mov rax, [r14]
;; @0188 mov byte ptr [rax+0xAE], 1
;; @018f mov edi, [rbx-0x20]
;; @0192 jmp 0x32
;; ; pool
;; @01a0 000000000000011e ; address of @011e
;; @01a8 0000000000000166 ; address of @0166
;; @01b0 0000000000000000 ; address of the stub Overflow
;; @01b8 0000000000000050 ; preamble: frame of 80 bytes
;; @01c0 000000000000017c ; address of @017c
