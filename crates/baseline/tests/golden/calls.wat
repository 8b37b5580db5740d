(module
  (type $binary (func (param i32 i32) (result i32)))
  (import "host" "f" (func $host))
  (table 4 funcref)
  (func $direct (param i32) (result i32) (i32.add (call $direct (local.get 0)) (local.get 0)))
  (func $indirect (param i32) (result i32)
    (call_indirect (type $binary) (i32.const 1) (i32.const 2) (local.get 0)))
  (func $import (call $host))
  (func $tail (param i32) (result i32) (return_call $direct (local.get 0)))
)

;; ; function 1 `direct`: 9 bytes of wasm, 144 of code, 40 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x51
;; ;   behind the main line
;; @0051 jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @0057 mov rbx, rdx
;; @005a mov r14, rdi
;; @005d mov r15, rcx
;; @0060 mov rax, [r14]
;; @0063 mov byte ptr [rax+0xAD], 1
;; @006a jmp short 0x6E
;; ;   entry with arguments in slots
;; @006c pop r11
;; @006e mov edi, [rbx-0x20]
;; @0071 jmp short 2
;; ;   calls return from the interpreter
;; @0073 mov rbx, rdx
;; @0076 mov r14, rdi
;; @0079 mov r15, rcx
;; @007c mov eax, r9d
;; @007f mov rcx, [rsi-8]
;; @0083 add rcx, 7
;; @0087 jmp rcx
;; ; 0x37 local.get 0
;; ; 0x39 call 1
;; @0013 mov [rbx-0x20], rdi
;; @0017 lea rax, [r14+0x50]
;; @001b lea r11, [0x98]
;; @0022 mov [rbx+8], r11
;; @0026 mov [rbx+0x10], rbx
;; @002a mov [rbx+0x18], rax
;; @002e add rbx, 0x20
;; @0032 call qword ptr [rax+0x10]
;; @0035 lea rbx, [rbx]
;; ; 0x3b local.get 0
;; ; 0x3d i32.add
;; @003c mov esi, [rbx-0x20]
;; @003f add eax, esi
;; ; 0x3e end
;; @0041 mov rsi, [rbx-0x18]
;; @0045 mov r11, [rbx-0x10]
;; @0049 add rbx, 0xFFFFFFFFFFFFFFE0
;; @004d push qword ptr [rsi-8]
;; @0050 ret
;; ; pool
;; ; 0x39 call 1
;; @0090 0000000000000035 ; native code returns to @0035
;; @0098 0000000000000073 ; the interpreter returns by @0073
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000010 ; preamble: frame of 16 bytes
;; @00b0 0000000000000057 ; address of @0057: entry from the interpreter

;; ; function 2 `indirect`: 11 bytes of wasm, 224 of code, 72 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x18]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0xA0
;; ;   behind the main line
;; @00a0 jmp qword ptr [0x110]
;; ;   entry from the interpreter
;; @00a6 mov rbx, rdx
;; @00a9 mov r14, rdi
;; @00ac mov r15, rcx
;; @00af mov rax, [r14]
;; @00b2 mov byte ptr [rax+0xAD], 1
;; @00b9 jmp short 0xBD
;; ;   entry with arguments in slots
;; @00bb pop r11
;; @00bd mov edi, [rbx-0x20]
;; @00c0 jmp 2
;; ;   calls return from the interpreter
;; @00c5 mov rbx, rdx
;; @00c8 mov r14, rdi
;; @00cb mov r15, rcx
;; @00ce mov eax, r9d
;; @00d1 mov rcx, [rsi-8]
;; @00d5 add rcx, 7
;; @00d9 jmp rcx
;; ; 0x41 i32.const 1
;; ; 0x43 i32.const 2
;; ; 0x45 local.get 0
;; ; 0x47 call_indirect 0 0
;; @0013 mov [rbx-0x20], rdi
;; @0017 mov r11d, edi
;; @001a mov edi, 1
;; @001f mov esi, 2
;; @0024 mov rbp, [r14+0x40]
;; @0028 cmp r11, 4
;; @002c jae 0x7F
;; @0032 mov rbp, [rbp]
;; @0036 mov rax, [rbp+r11*8]
;; @003b test rax, rax
;; @003e je 0x7F
;; @0044 cmp dword ptr [rax+0x20], 1
;; @0048 jne 0x7F
;; @004e lea r11, [0x108]
;; @0055 mov [rbx+0x10], r11
;; @0059 mov [rbx+0x18], rbx
;; @005d mov [rbx+0x20], rax
;; @0061 add rbx, 0x28
;; @0065 call qword ptr [rax+0x10]
;; @0068 lea rbx, [rbx]
;; ;   behind the main line
;; @007f mov [rbx], rdi
;; @0082 mov [rbx+8], rsi
;; @0086 lea rsi, [0xE0]
;; @008d mov rdi, r14
;; @0090 mov rdx, rbx
;; @0093 mov r8, [r14+8]
;; @0097 mov rcx, [r8]
;; @009a mov r8, [r8+8]
;; @009e jmp qword ptr [rsi]
;; ; 0x4a end
;; @006f mov rsi, [rbx-0x18]
;; @0073 mov r11, [rbx-0x10]
;; @0077 add rbx, 0xFFFFFFFFFFFFFFE0
;; @007b push qword ptr [rsi-8]
;; @007e ret
;; ; pool
;; ; 0x47 call_indirect 0 0
;; @00e0 0000000000000000 ; call_indirect 2, s5, s-4, 64, 1, 272
;; @0100 0000000000000068 ; native code returns to @0068
;; @0108 00000000000000c5 ; the interpreter returns by @00c5
;; @0110 0000000000000000 ; address of the stub Overflow
;; @0118 0000000000000018 ; preamble: frame of 24 bytes
;; @0120 00000000000000a6 ; address of @00a6: entry from the interpreter

;; ; function 3 `import`: 4 bytes of wasm, 128 of code, 48 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x4A
;; ;   behind the main line
;; @004a jmp qword ptr [0x98]
;; ;   entry from the interpreter
;; @0050 mov rbx, rdx
;; @0053 mov r14, rdi
;; @0056 mov r15, rcx
;; @0059 mov rax, [r14]
;; @005c mov byte ptr [rax+0xAD], 1
;; @0063 jmp short 0x13
;; ;   calls return from the interpreter
;; @0065 mov rbx, rdx
;; @0068 mov r14, rdi
;; @006b mov r15, rcx
;; @006e mov rcx, [rsi-8]
;; @0072 add rcx, 7
;; @0076 jmp rcx
;; ; 0x4d call 0
;; @0013 mov rax, [r14+0x48]
;; @0017 lea r11, [0x88]
;; @001e mov [rbx], r11
;; @0021 mov [rbx+8], rbx
;; @0025 mov [rbx+0x10], rax
;; @0029 add rbx, 0x18
;; @002d call qword ptr [0x90]
;; @0033 lea rbx, [rbx]
;; ; 0x4f end
;; @003a mov rsi, [rbx-0x18]
;; @003e mov r11, [rbx-0x10]
;; @0042 sub rbx, 0x18
;; @0046 push qword ptr [rsi-8]
;; @0049 ret
;; ; pool
;; ; 0x4d call 0
;; @0080 0000000000000033 ; native code returns to @0033
;; @0088 0000000000000065 ; the interpreter returns by @0065
;; @0090 0000000000000000 ; address of the stub CallForeignPaired
;; @0098 0000000000000000 ; address of the stub Overflow
;; @00a0 0000000000000000 ; preamble: frame of 0 bytes
;; @00a8 0000000000000050 ; address of @0050: entry from the interpreter

;; ; function 4 `tail`: 6 bytes of wasm, 144 of code, 56 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x63
;; ;   behind the main line
;; @0063 jmp qword ptr [0xB0]
;; ;   entry from the interpreter
;; @0069 mov rbx, rdx
;; @006c mov r14, rdi
;; @006f mov r15, rcx
;; @0072 mov rax, [r14]
;; @0075 mov byte ptr [rax+0xAD], 1
;; @007c jmp short 0x80
;; ;   entry with arguments in slots
;; @007e pop r11
;; @0080 mov edi, [rbx-0x20]
;; @0083 jmp 2
;; ; 0x52 local.get 0
;; ; 0x54 return_call 1
;; @0013 mov [rbx-0x20], rdi
;; @0017 mov [rbx], rdi
;; @001a lea rax, [r14+0x50]
;; @001e mov rcx, [rax]
;; @0021 mov rcx, [rcx]
;; @0024 lea rcx, [rbx+rcx]
;; @0028 cmp rcx, [r14+0x18]
;; @002c ja 0x49
;; @0032 mov r8, [rbx-0x18]
;; @0036 mov r11, [rbx-0x10]
;; @003a mov [rbx-0x20], rdi
;; @003e mov [rbx-8], rax
;; @0042 push qword ptr [r8-8]
;; @0046 jmp qword ptr [rax+8]
;; ;   behind the main line
;; @0049 lea rsi, [0x90]
;; @0050 mov rdi, r14
;; @0053 mov rdx, rbx
;; @0056 mov r8, [r14+8]
;; @005a mov rcx, [r8]
;; @005d mov r8, [r8+8]
;; @0061 jmp qword ptr [rsi]
;; ; 0x56 end
;; ; pool
;; ; 0x54 return_call 1
;; @0090 0000000000000000 ; return_call 1, s4, 80, 1, 1, 1
;; @00b0 0000000000000000 ; address of the stub Overflow
;; @00b8 0000000000000008 ; preamble: frame of 8 bytes
;; @00c0 0000000000000069 ; address of @0069: entry from the interpreter
