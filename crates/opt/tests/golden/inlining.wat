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

;; ; function 1 `down`: 25 bytes of wasm, 272 of code, 40 of pool, 6 spilled, 0 embedded instructions
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
;; @0024 lea r11, [rbx+0x30]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0xD1
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
;; @005c lea ecx, [rdi-1]
;; @005f cmp ecx, 2
;; @0062 jge short 0x6C
;; @0064 mov r13, rcx
;; @0067 jmp 0xBB
;; @006c lea eax, [rcx+rcx]
;; ; 0x24 i32.load offset=4 in func0 < 0x37 call 0 in func1 < 0x3e call 1
;; @006f mov r13d, [r15+rax+4]
;; @0074 mov [rbx+8], r13
;; @0078 lea edi, [rcx-1]
;; @007b cmp edi, 2
;; @007e jl 0xB5
;; ; 0x3e call 1 in func1 < 0x3e call 1
;; @0084 lea rax, [r14+0x80]
;; @008b lea r11, [0x118]
;; @0092 mov [rbx+0x18], r11
;; @0096 mov [rbx+0x20], rbx
;; @009a mov [rbx+0x28], rax
;; @009e add rbx, 0x30
;; @00a2 call 0x20
;; @00a7 lea rbx, [rbx-0x10]
;; @00ae mov rdi, rax
;; @00b1 mov r13, [rbx+8]
;; @00b5 add r13d, edi
;; @00b8 mov rax, [rbx]
;; @00bb add eax, r13d
;; @00be mov rsi, [rbx-0x18]
;; @00c2 mov r11, [rbx-0x10]
;; @00c6 sub rbx, 0x20
;; @00ca mov [rbx], rax
;; @00cd push qword ptr [rsi-8]
;; @00d0 ret
;; ; 0x0 
;; @00d1 jmp qword ptr [0x120]
;; @00d7 mov rbx, rdx
;; @00da mov r14, rdi
;; @00dd mov r15, rcx
;; @00e0 mov eax, r9d
;; @00e3 mov rcx, [rsi-8]
;; @00e7 add rcx, 7
;; @00eb jmp rcx
;; ; entry from the interpreter
;; @00ed mov rbx, rdx
;; @00f0 mov r14, rdi
;; @00f3 mov r15, rcx
;; @00f6 mov rax, [r14]
;; @00f9 mov byte ptr [rax+0xAE], 1
;; @0100 mov edi, [rbx-0x20]
;; @0103 jmp 0x32
;; ; pool
;; @0110 00000000000000a7 ; address of @00a7
;; @0118 00000000000000d7 ; address of @00d7
;; @0120 0000000000000000 ; address of the stub Overflow
;; @0128 0000000000000030 ; preamble: frame of 48 bytes
;; @0130 00000000000000ed ; address of @00ed
