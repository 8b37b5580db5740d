(module
  (tag $thrown (param i32))
  (func $may (param i32) (if (local.get 0) (then (throw $thrown (local.get 0)))))
  (func (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $thrown $caught) (call $may (local.get 0)))
      (i32.const 7))))

;; ; function 0 `may`: 11 bytes of wasm, 144 of code, 56 of pool, 0 spilled, 1 embedded instruction
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
;; @0024 lea r11, [rbx+8]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0x67
;; @0032 test edi, edi
;; @0034 jne 0x4A
;; @003a mov rsi, [rbx-0x18]
;; @003e mov r11, [rbx-0x10]
;; @0042 sub rbx, 0x20
;; @0046 push qword ptr [rsi-8]
;; @0049 ret
;; @004a mov [rbx], rdi
;; ; 0x29 throw 0
;; @004d lea rsi, [0x90]
;; @0054 mov rdi, r14
;; @0057 mov rdx, rbx
;; @005a mov r8, [r14+8]
;; @005e mov rcx, [r8]
;; @0061 mov r8, [r8+8]
;; @0065 jmp qword ptr [rsi]
;; ; 0x0 
;; @0067 jmp qword ptr [0xB0]
;; ; entry from the interpreter
;; @006d mov rbx, rdx
;; @0070 mov r14, rdi
;; @0073 mov r15, rcx
;; @0076 mov rax, [r14]
;; @0079 mov byte ptr [rax+0xAE], 1
;; @0080 mov edi, [rbx-0x20]
;; @0083 jmp short 0x32
;; ; pool
;; @0090 0000000000000000 ; handler of throw
;; @0098 0000000000000492 ; constant 1170
;; @00a0 0000000000000000 ; constant 0
;; @00a8 0000000000000067 ; address of @0067
;; @00b0 0000000000000000 ; address of the stub Overflow
;; @00b8 0000000000000008 ; preamble: frame of 8 bytes
;; @00c0 000000000000006d ; address of @006d

;; ; function 1: 18 bytes of wasm, 208 of code, 48 of pool, 0 spilled, 0 embedded instructions
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
;; @002c ja 0x85
;; ; 0x39 call 0
;; @0032 lea rax, [r14+0x40]
;; @0036 lea r11, [0xD8]
;; @003d mov [rbx+0x18], r11
;; @0041 mov [rbx+0x20], rbx
;; @0045 mov [rbx+0x28], rax
;; @0049 add rbx, 0x30
;; @004d call qword ptr [r14+0x50]
;; @0051 lea rbx, [rbx-0x10]
;; @0058 mov eax, 7
;; @005d mov rsi, [rbx-0x18]
;; @0061 mov r11, [rbx-0x10]
;; @0065 sub rbx, 0x20
;; @0069 mov [rbx], rax
;; @006c push qword ptr [rsi-8]
;; @006f ret
;; @0070 mov eax, [rbx]
;; @0072 mov rsi, [rbx-0x18]
;; @0076 mov r11, [rbx-0x10]
;; @007a sub rbx, 0x20
;; @007e mov [rbx], rax
;; @0081 push qword ptr [rsi-8]
;; @0084 ret
;; ; 0x0 
;; @0085 jmp qword ptr [0xE0]
;; @008b mov rbx, rdx
;; @008e mov r14, rdi
;; @0091 mov r15, rcx
;; @0094 jmp short 0x70
;; @0096 mov rbx, rdx
;; @0099 mov r14, rdi
;; @009c mov r15, rcx
;; @009f mov rcx, [rsi-8]
;; @00a3 add rcx, 7
;; @00a7 jmp rcx
;; ; entry from the interpreter
;; @00a9 mov rbx, rdx
;; @00ac mov r14, rdi
;; @00af mov r15, rcx
;; @00b2 mov rax, [r14]
;; @00b5 mov byte ptr [rax+0xAE], 1
;; @00bc mov edi, [rbx-0x20]
;; @00bf jmp 0x32
;; ; pool
;; @00d0 0000000000000051 ; address of @0051
;; @00d8 0000000000000096 ; address of @0096
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 000000000000008b ; address of @008b
;; @00f0 0000000000000030 ; preamble: frame of 48 bytes
;; @00f8 00000000000000a9 ; address of @00a9
