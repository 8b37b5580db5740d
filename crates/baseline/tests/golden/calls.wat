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
;; @000f ja 0x5A
;; ;   behind the main line
;; @005a jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @0060 mov rbx, rdx
;; @0063 mov r14, rdi
;; @0066 mov r15, rcx
;; @0069 jmp short 0x15
;; ;   calls return from the interpreter
;; @006b mov rbx, rdx
;; @006e mov r14, rdi
;; @0071 mov r15, rcx
;; @0074 mov rax, r9
;; @0077 mov rcx, [rsi-8]
;; @007b add rcx, 7
;; @007f jmp rcx
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
;; @0040 mov eax, eax
;; ; 0x3b local.get 0
;; ; 0x3d i32.add
;; @0042 mov esi, [rbx-0x20]
;; @0045 add eax, esi
;; ; 0x3e end
;; @0047 mov rsi, [rbx-0x18]
;; @004b mov r11, [rbx-0x10]
;; @004f sub rbx, 0x20
;; @0053 mov [rbx], rax
;; @0056 push qword ptr [rsi-8]
;; @0059 ret
;; ; pool
;; ; 0x39 call 1
;; @0090 0000000000000039 ; native code returns to @0039
;; @0098 000000000000006b ; the interpreter returns by @006b
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000010 ; preamble: frame of 16 bytes
;; @00b0 0000000000000060 ; address of @0060: entry from the interpreter

;; ; function 2 `indirect`: 11 bytes of wasm, 144 of code, 72 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x18]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x5A
;; ;   behind the main line
;; @005a jmp qword ptr [0xC0]
;; ;   entry from the interpreter
;; @0060 mov rbx, rdx
;; @0063 mov r14, rdi
;; @0066 mov r15, rcx
;; @0069 jmp short 0x15
;; ;   calls return from the interpreter
;; @006b mov rbx, rdx
;; @006e mov r14, rdi
;; @0071 mov r15, rcx
;; @0074 mov rax, r9
;; @0077 mov rcx, [rsi-8]
;; @007b add rcx, 7
;; @007f jmp rcx
;; ; 0x41 i32.const 1
;; ; 0x43 i32.const 2
;; ; 0x45 local.get 0
;; ; 0x47 call_indirect 0 0
;; @0015 mov qword ptr [rbx], 1
;; @001c mov qword ptr [rbx+8], 2
;; @0024 lea rsi, [0x90]
;; @002b mov rdi, r14
;; @002e mov rdx, rbx
;; @0031 mov r8, [r14+8]
;; @0035 mov rcx, [r8]
;; @0038 mov r8, [r8+8]
;; @003c jmp qword ptr [rsi]
;; @003e lea rbx, [rbx]
;; @0045 mov eax, eax
;; ; 0x4a end
;; @0047 mov rsi, [rbx-0x18]
;; @004b mov r11, [rbx-0x10]
;; @004f sub rbx, 0x20
;; @0053 mov [rbx], rax
;; @0056 push qword ptr [rsi-8]
;; @0059 ret
;; ; pool
;; ; 0x47 call_indirect 0 0
;; @0090 0000000000000000 ; call_indirect 2, s5, s-4, 64, 1
;; @0098 0000000500020481 ; …
;; @00a0 00000040fffffffc ; …
;; @00a8 0000000000000001 ; …
;; @00b0 000000000000003e ; native code returns to @003e
;; @00b8 000000000000006b ; the interpreter returns by @006b
;; @00c0 0000000000000000 ; address of the stub Overflow
;; @00c8 0000000000000018 ; preamble: frame of 24 bytes
;; @00d0 0000000000000060 ; address of @0060: entry from the interpreter

;; ; function 3 `import`: 4 bytes of wasm, 112 of code, 64 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x46
;; ;   behind the main line
;; @0046 jmp qword ptr [0x98]
;; ;   entry from the interpreter
;; @004c mov rbx, rdx
;; @004f mov r14, rdi
;; @0052 mov r15, rcx
;; @0055 jmp short 0x15
;; ;   calls return from the interpreter
;; @0057 mov rbx, rdx
;; @005a mov r14, rdi
;; @005d mov r15, rcx
;; @0060 mov rcx, [rsi-8]
;; @0064 add rcx, 7
;; @0068 jmp rcx
;; ; 0x4d call 0
;; @0015 lea rsi, [0x70]
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
;; @0070 0000000000000000 ; call.import 0, s3, 72, 0
;; @0078 0000000300000480 ; …
;; @0080 0000000000000048 ; …
;; @0088 000000000000002f ; native code returns to @002f
;; @0090 0000000000000057 ; the interpreter returns by @0057
;; @0098 0000000000000000 ; address of the stub Overflow
;; @00a0 0000000000000000 ; preamble: frame of 0 bytes
;; @00a8 000000000000004c ; address of @004c: entry from the interpreter

;; ; function 4 `tail`: 6 bytes of wasm, 80 of code, 56 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x35
;; ;   behind the main line
;; @0035 jmp qword ptr [0x70]
;; ;   entry from the interpreter
;; @003b mov rbx, rdx
;; @003e mov r14, rdi
;; @0041 mov r15, rcx
;; @0044 jmp short 0x15
;; ; 0x52 local.get 0
;; ; 0x54 return_call 1
;; @0015 mov esi, [rbx-0x20]
;; @0018 mov [rbx], rsi
;; @001b lea rsi, [0x50]
;; @0022 mov rdi, r14
;; @0025 mov rdx, rbx
;; @0028 mov r8, [r14+8]
;; @002c mov rcx, [r8]
;; @002f mov r8, [r8+8]
;; @0033 jmp qword ptr [rsi]
;; ; 0x56 end
;; ; pool
;; ; 0x54 return_call 1
;; @0050 0000000000000000 ; return_call 1, s4, 80, 1, 1, 1
;; @0058 0000000400010484 ; …
;; @0060 0000000100000050 ; …
;; @0068 0000000100000001 ; …
;; @0070 0000000000000000 ; address of the stub Overflow
;; @0078 0000000000000008 ; preamble: frame of 8 bytes
;; @0080 000000000000003b ; address of @003b: entry from the interpreter
