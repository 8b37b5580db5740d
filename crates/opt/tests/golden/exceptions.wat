(module
  (tag $thrown (param i32))
  (func $may (param i32) (if (local.get 0) (then (throw $thrown (local.get 0)))))
  (func (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $thrown $caught) (call $may (local.get 0)))
      (i32.const 7))))

;; ; function 0 `may`: 11 bytes of wasm, 128 of code, 56 of pool, 0 spilled, 1 embedded instruction
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 lea r11, [rbx+8]
;; @0015 cmp r11, [r14+0x18]
;; @0019 ja 0x54
;; @001f test edi, edi
;; @0021 jne 0x37
;; @0027 mov rsi, [rbx-0x18]
;; @002b mov r11, [rbx-0x10]
;; @002f sub rbx, 0x20
;; @0033 push qword ptr [rsi-8]
;; @0036 ret
;; @0037 mov [rbx], rdi
;; ; 0x29 throw 0
;; @003a lea rsi, [0x80]
;; @0041 mov rdi, r14
;; @0044 mov rdx, rbx
;; @0047 mov r8, [r14+8]
;; @004b mov rcx, [r8]
;; @004e mov r8, [r8+8]
;; @0052 jmp qword ptr [rsi]
;; ; 0x0 
;; @0054 jmp qword ptr [0xA0]
;; ; entry from the interpreter
;; @005a mov rbx, rdx
;; @005d mov r14, rdi
;; @0060 mov r15, rcx
;; @0063 mov rax, [r14]
;; @0066 mov byte ptr [rax+0xAE], 1
;; @006d mov edi, [rbx-0x20]
;; @0070 jmp short 0x1F
;; ; pool
;; @0080 0000000000000000 ; handler of throw
;; @0088 0000000000000492 ; constant 1170
;; @0090 0000000000000000 ; constant 0
;; @0098 0000000000000054 ; address of @0054
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000008 ; preamble: frame of 8 bytes
;; @00b0 000000000000005a ; address of @005a

;; ; function 1: 18 bytes of wasm, 192 of code, 48 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 lea r11, [rbx+0x30]
;; @0015 cmp r11, [r14+0x18]
;; @0019 ja 0x72
;; ; 0x39 call 0
;; @001f lea rax, [r14+0x40]
;; @0023 lea r11, [0xC8]
;; @002a mov [rbx+0x18], r11
;; @002e mov [rbx+0x20], rbx
;; @0032 mov [rbx+0x28], rax
;; @0036 add rbx, 0x30
;; @003a call qword ptr [r14+0x50]
;; @003e lea rbx, [rbx-0x10]
;; @0045 mov eax, 7
;; @004a mov rsi, [rbx-0x18]
;; @004e mov r11, [rbx-0x10]
;; @0052 sub rbx, 0x20
;; @0056 mov [rbx], rax
;; @0059 push qword ptr [rsi-8]
;; @005c ret
;; @005d mov eax, [rbx]
;; @005f mov rsi, [rbx-0x18]
;; @0063 mov r11, [rbx-0x10]
;; @0067 sub rbx, 0x20
;; @006b mov [rbx], rax
;; @006e push qword ptr [rsi-8]
;; @0071 ret
;; ; 0x0 
;; @0072 jmp qword ptr [0xD0]
;; @0078 mov rbx, rdx
;; @007b mov r14, rdi
;; @007e mov r15, rcx
;; @0081 jmp short 0x5D
;; @0083 mov rbx, rdx
;; @0086 mov r14, rdi
;; @0089 mov r15, rcx
;; @008c mov rcx, [rsi-8]
;; @0090 add rcx, 7
;; @0094 jmp rcx
;; ; entry from the interpreter
;; @0096 mov rbx, rdx
;; @0099 mov r14, rdi
;; @009c mov r15, rcx
;; @009f mov rax, [r14]
;; @00a2 mov byte ptr [rax+0xAE], 1
;; @00a9 mov edi, [rbx-0x20]
;; @00ac jmp 0x1F
;; ; pool
;; @00c0 000000000000003e ; address of @003e
;; @00c8 0000000000000083 ; address of @0083
;; @00d0 0000000000000000 ; address of the stub Overflow
;; @00d8 0000000000000078 ; address of @0078
;; @00e0 0000000000000030 ; preamble: frame of 48 bytes
;; @00e8 0000000000000096 ; address of @0096
