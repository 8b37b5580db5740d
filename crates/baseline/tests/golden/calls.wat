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
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x58
;; ;   behind the main line
;; @0058 jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @005e mov rbx, rdx
;; @0061 mov r14, rdi
;; @0064 mov r15, rcx
;; @0067 mov rax, [r14]
;; @006a mov byte ptr [rax+0xAD], 1
;; @0071 jmp short 0x15
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
;; @0015 mov esi, [rbx-0x20]
;; @0018 mov [rbx], rsi
;; @001b lea rax, [r14+0x50]
;; @001f lea rcx, [0x98]
;; @0026 mov [rbx+8], rcx
;; @002a mov [rbx+0x10], rbx
;; @002e mov [rbx+0x18], rax
;; @0032 add rbx, 0x20
;; @0036 call qword ptr [rax+8]
;; @0039 lea rbx, [rbx]
;; ; 0x3b local.get 0
;; ; 0x3d i32.add
;; @0040 mov esi, [rbx-0x20]
;; @0043 add eax, esi
;; ; 0x3e end
;; @0045 mov rsi, [rbx-0x18]
;; @0049 mov r11, [rbx-0x10]
;; @004d sub rbx, 0x20
;; @0051 mov [rbx], rax
;; @0054 push qword ptr [rsi-8]
;; @0057 ret
;; ; pool
;; ; 0x39 call 1
;; @0090 0000000000000039 ; native code returns to @0039
;; @0098 0000000000000073 ; the interpreter returns by @0073
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000010 ; preamble: frame of 16 bytes
;; @00b0 000000000000005e ; address of @005e: entry from the interpreter

;; ; function 2 `indirect`: 11 bytes of wasm, 224 of code, 72 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x18]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xA7
;; ;   behind the main line
;; @00a7 jmp qword ptr [0x110]
;; ;   entry from the interpreter
;; @00ad mov rbx, rdx
;; @00b0 mov r14, rdi
;; @00b3 mov r15, rcx
;; @00b6 mov rax, [r14]
;; @00b9 mov byte ptr [rax+0xAD], 1
;; @00c0 jmp 0x15
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
;; @0015 mov qword ptr [rbx], 1
;; @001c mov qword ptr [rbx+8], 2
;; @0024 mov esi, [rbx-0x20]
;; @0027 mov rdi, [r14+0x40]
;; @002b cmp rsi, [rdi+8]
;; @002f jae 0x8D
;; @0035 mov rdi, [rdi]
;; @0038 mov rax, [rdi+rsi*8]
;; @003c test rax, rax
;; @003f je 0x8D
;; @0045 cmp dword ptr [rax+0x20], 1
;; @0049 jne 0x8D
;; @004f cmp [rax+0x18], r14
;; @0053 jne 0x8D
;; @0059 lea rcx, [0x108]
;; @0060 mov [rbx+0x10], rcx
;; @0064 mov [rbx+0x18], rbx
;; @0068 mov [rbx+0x20], rax
;; @006c add rbx, 0x28
;; @0070 call qword ptr [rax+8]
;; @0073 lea rbx, [rbx]
;; ;   behind the main line
;; @008d lea rsi, [0xE0]
;; @0094 mov rdi, r14
;; @0097 mov rdx, rbx
;; @009a mov r8, [r14+8]
;; @009e mov rcx, [r8]
;; @00a1 mov r8, [r8+8]
;; @00a5 jmp qword ptr [rsi]
;; ; 0x4a end
;; @007a mov rsi, [rbx-0x18]
;; @007e mov r11, [rbx-0x10]
;; @0082 sub rbx, 0x20
;; @0086 mov [rbx], rax
;; @0089 push qword ptr [rsi-8]
;; @008c ret
;; ; pool
;; ; 0x47 call_indirect 0 0
;; @00e0 0000000000000000 ; call_indirect 2, s5, s-4, 64, 1, 272
;; @0100 0000000000000073 ; native code returns to @0073
;; @0108 00000000000000c5 ; the interpreter returns by @00c5
;; @0110 0000000000000000 ; address of the stub Overflow
;; @0118 0000000000000018 ; preamble: frame of 24 bytes
;; @0120 00000000000000ad ; address of @00ad: entry from the interpreter

;; ; function 3 `import`: 4 bytes of wasm, 128 of code, 64 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x46
;; ;   behind the main line
;; @0046 jmp qword ptr [0xA8]
;; ;   entry from the interpreter
;; @004c mov rbx, rdx
;; @004f mov r14, rdi
;; @0052 mov r15, rcx
;; @0055 mov rax, [r14]
;; @0058 mov byte ptr [rax+0xAD], 1
;; @005f jmp short 0x15
;; ;   calls return from the interpreter
;; @0061 mov rbx, rdx
;; @0064 mov r14, rdi
;; @0067 mov r15, rcx
;; @006a mov rcx, [rsi-8]
;; @006e add rcx, 7
;; @0072 jmp rcx
;; ; 0x4d call 0
;; @0015 lea rsi, [0x80]
;; @001c mov rdi, r14
;; @001f mov rdx, rbx
;; @0022 mov r8, [r14+8]
;; @0026 mov rcx, [r8]
;; @0029 mov r8, [r8+8]
;; @002d jmp qword ptr [rsi]
;; @002f lea rbx, [rbx]
;; ; 0x4f end
;; @0036 mov rsi, [rbx-0x18]
;; @003a mov r11, [rbx-0x10]
;; @003e sub rbx, 0x18
;; @0042 push qword ptr [rsi-8]
;; @0045 ret
;; ; pool
;; ; 0x4d call 0
;; @0080 0000000000000000 ; call.import 0, s3, 72, 0
;; @0098 000000000000002f ; native code returns to @002f
;; @00a0 0000000000000061 ; the interpreter returns by @0061
;; @00a8 0000000000000000 ; address of the stub Overflow
;; @00b0 0000000000000000 ; preamble: frame of 0 bytes
;; @00b8 000000000000004c ; address of @004c: entry from the interpreter

;; ; function 4 `tail`: 6 bytes of wasm, 128 of code, 56 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x64
;; ;   behind the main line
;; @0064 jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @006a mov rbx, rdx
;; @006d mov r14, rdi
;; @0070 mov r15, rcx
;; @0073 mov rax, [r14]
;; @0076 mov byte ptr [rax+0xAD], 1
;; @007d jmp short 0x15
;; ; 0x52 local.get 0
;; ; 0x54 return_call 1
;; @0015 mov esi, [rbx-0x20]
;; @0018 mov [rbx], rsi
;; @001b lea rax, [r14+0x50]
;; @001f mov rcx, [rax]
;; @0022 mov rcx, [rcx]
;; @0025 lea rcx, [rbx+rcx]
;; @0029 cmp rcx, [r14+0x18]
;; @002d ja 0x4A
;; @0033 mov r8, [rbx-0x18]
;; @0037 mov r11, [rbx-0x10]
;; @003b mov [rbx-0x20], rsi
;; @003f mov [rbx-8], rax
;; @0043 push qword ptr [r8-8]
;; @0047 jmp qword ptr [rax+8]
;; ;   behind the main line
;; @004a lea rsi, [0x80]
;; @0051 mov rdi, r14
;; @0054 mov rdx, rbx
;; @0057 mov r8, [r14+8]
;; @005b mov rcx, [r8]
;; @005e mov r8, [r8+8]
;; @0062 jmp qword ptr [rsi]
;; ; 0x56 end
;; ; pool
;; ; 0x54 return_call 1
;; @0080 0000000000000000 ; return_call 1, s4, 80, 1, 1, 1
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000008 ; preamble: frame of 8 bytes
;; @00b0 000000000000006a ; address of @006a: entry from the interpreter
