;; options: interruption
(module
  (type $f (func (param i64) (result i64)))
  (table $t 4 funcref)
  (memory 1)
  (func $by_reference (param i64 (ref null $f)) (result i64) (call_ref $f (local.get 0) (local.get 1)))
  (func $tail (param i64 i32) (result i64) (return_call_indirect (type $f) (local.get 0) (local.get 1)))
  (func $tables (param i32 funcref) (table.set $t (local.get 0) (table.get $t (table.size $t))))
  (func $kept (param i32 i32) (result i32)
    (loop $again
      (memory.fill (local.get 0) (i32.const 7) (local.get 1))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (local.get 1)))))
    (memory.size))
)

;; ; function 0 `by_reference`: 8 bytes of wasm, 240 of code, 88 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xB4
;; @0015 mov rsi, [r14+0x28]
;; @0019 mov rsi, [rsi]
;; @001c mov rdi, [r14]
;; @001f cmp rsi, [rdi+8]
;; @0023 jae 0x7E
;; ;   behind the main line
;; @007e lea rsi, [0xF0]
;; @0085 mov rdi, r14
;; @0088 mov rdx, rbx
;; @008b mov r8, [r14+8]
;; @008f mov rcx, [r8]
;; @0092 mov r8, [r8+8]
;; @0096 jmp qword ptr [rsi]
;; @0098 jmp short 0x29
;; ;   behind the main line
;; @00b4 jmp qword ptr [0x130]
;; ;   entry from the interpreter
;; @00ba mov rbx, rdx
;; @00bd mov r14, rdi
;; @00c0 mov r15, rcx
;; @00c3 mov rax, [r14]
;; @00c6 mov byte ptr [rax+0xAD], 1
;; @00cd jmp 0x15
;; ;   calls return from the interpreter
;; @00d2 mov rbx, rdx
;; @00d5 mov r14, rdi
;; @00d8 mov r15, rcx
;; @00db mov rax, r9
;; @00de mov rcx, [rsi-8]
;; @00e2 add rcx, 7
;; @00e6 jmp rcx
;; ; 0x3f local.get 0
;; ; 0x41 local.get 1
;; ; 0x43 call_ref 0
;; @0029 mov rsi, [rbx-0x28]
;; @002d mov [rbx], rsi
;; @0030 mov rdi, [rbx-0x20]
;; @0034 mov rax, rdi
;; @0037 test rax, rax
;; @003a je 0x9A
;; @0040 cmp [rax+0x18], r14
;; @0044 jne 0x9A
;; @004a lea rcx, [0x128]
;; @0051 mov [rbx+8], rcx
;; @0055 mov [rbx+0x10], rbx
;; @0059 mov [rbx+0x18], rax
;; @005d add rbx, 0x20
;; @0061 call qword ptr [rax+8]
;; @0064 lea rbx, [rbx]
;; ;   behind the main line
;; @009a lea rsi, [0x108]
;; @00a1 mov rdi, r14
;; @00a4 mov rdx, rbx
;; @00a7 mov r8, [r14+8]
;; @00ab mov rcx, [r8]
;; @00ae mov r8, [r8+8]
;; @00b2 jmp qword ptr [rsi]
;; ; 0x45 end
;; @006b mov rsi, [rbx-0x18]
;; @006f mov r11, [rbx-0x10]
;; @0073 sub rbx, 0x28
;; @0077 mov [rbx], rax
;; @007a push qword ptr [rsi-8]
;; @007d ret
;; ; pool
;; @00f0 0000000000000000 ; check_interrupt s0
;; @0100 0000000000000098 ; address of @0098
;; ; 0x43 call_ref 0
;; @0108 0000000000000000 ; call_ref 1, s4, s-4, 272
;; @0120 0000000000000064 ; native code returns to @0064
;; @0128 00000000000000d2 ; the interpreter returns by @00d2
;; @0130 0000000000000000 ; address of the stub Overflow
;; @0138 0000000000000010 ; preamble: frame of 16 bytes
;; @0140 00000000000000ba ; address of @00ba: entry from the interpreter

;; ; function 1 `tail`: 9 bytes of wasm, 256 of code, 88 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xD6
;; @0015 mov rsi, [r14+0x28]
;; @0019 mov rsi, [rsi]
;; @001c mov rdi, [r14]
;; @001f cmp rsi, [rdi+8]
;; @0023 jae 0x9D
;; ;   behind the main line
;; @009d lea rsi, [0x100]
;; @00a4 mov rdi, r14
;; @00a7 mov rdx, rbx
;; @00aa mov r8, [r14+8]
;; @00ae mov rcx, [r8]
;; @00b1 mov r8, [r8+8]
;; @00b5 jmp qword ptr [rsi]
;; @00b7 jmp 0x29
;; ;   behind the main line
;; @00d6 jmp qword ptr [0x140]
;; ;   entry from the interpreter
;; @00dc mov rbx, rdx
;; @00df mov r14, rdi
;; @00e2 mov r15, rcx
;; @00e5 mov rax, [r14]
;; @00e8 mov byte ptr [rax+0xAD], 1
;; @00ef jmp 0x15
;; ; 0x48 local.get 0
;; ; 0x4a local.get 1
;; ; 0x4c return_call_indirect 0 0
;; @0029 mov rsi, [rbx-0x28]
;; @002d mov [rbx], rsi
;; @0030 mov edi, [rbx-0x20]
;; @0033 mov r8, [r14+0x48]
;; @0037 cmp rdi, [r8+8]
;; @003b jae 0xBC
;; @0041 mov r8, [r8]
;; @0044 mov rax, [r8+rdi*8]
;; @0048 test rax, rax
;; @004b je 0xBC
;; @0051 cmp dword ptr [rax+0x20], 1
;; @0055 jne 0xBC
;; @005b cmp [rax+0x18], r14
;; @005f jne 0xBC
;; @0065 mov rcx, [rax]
;; @0068 mov rcx, [rcx]
;; @006b lea rcx, [rbx+rcx-8]
;; @0070 cmp rcx, [r14+0x18]
;; @0074 ja 0xBC
;; @007a mov r8, [rbx-0x18]
;; @007e mov r11, [rbx-0x10]
;; @0082 mov [rbx-0x28], rsi
;; @0086 add rbx, 0xFFFFFFFFFFFFFFF8
;; @008a mov [rbx-0x18], r8
;; @008e mov [rbx-0x10], r11
;; @0092 mov [rbx-8], rax
;; @0096 push qword ptr [r8-8]
;; @009a jmp qword ptr [rax+8]
;; ;   behind the main line
;; @00bc lea rsi, [0x118]
;; @00c3 mov rdi, r14
;; @00c6 mov rdx, rbx
;; @00c9 mov r8, [r14+8]
;; @00cd mov rcx, [r8]
;; @00d0 mov r8, [r8+8]
;; @00d4 jmp qword ptr [rsi]
;; ; 0x4f end
;; ; pool
;; @0100 0000000000000000 ; check_interrupt s0
;; @0110 00000000000000b7 ; address of @00b7
;; ; 0x4c return_call_indirect 0 0
;; @0118 0000000000000000 ; return_call_indirect 1, s4, s-4, 72, 1, 276, 2, 1
;; @0140 0000000000000000 ; address of the stub Overflow
;; @0148 0000000000000010 ; preamble: frame of 16 bytes
;; @0150 00000000000000dc ; address of @00dc: entry from the interpreter

;; ; function 2 `tables`: 11 bytes of wasm, 240 of code, 96 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xC9
;; @0015 mov rsi, [r14+0x28]
;; @0019 mov rsi, [rsi]
;; @001c mov rdi, [r14]
;; @001f cmp rsi, [rdi+8]
;; @0023 jae 0x6E
;; ;   behind the main line
;; @006e lea rsi, [0xF0]
;; @0075 mov rdi, r14
;; @0078 mov rdx, rbx
;; @007b mov r8, [r14+8]
;; @007f mov rcx, [r8]
;; @0082 mov r8, [r8+8]
;; @0086 jmp qword ptr [rsi]
;; @0088 jmp short 0x29
;; ;   behind the main line
;; @00c9 jmp qword ptr [0x138]
;; ;   entry from the interpreter
;; @00cf mov rbx, rdx
;; @00d2 mov r14, rdi
;; @00d5 mov r15, rcx
;; @00d8 mov rax, [r14]
;; @00db mov byte ptr [rax+0xAD], 1
;; @00e2 jmp 0x15
;; ; 0x52 local.get 0
;; ; 0x54 table.size 0
;; @0029 mov rsi, [r14+0x48]
;; @002d mov rsi, [rsi+8]
;; ; 0x57 table.get 0
;; @0031 mov rdi, [r14+0x48]
;; @0035 cmp rsi, [rdi+8]
;; @0039 jae 0x8A
;; @003f mov rdi, [rdi]
;; @0042 mov rdi, [rdi+rsi*8]
;; ;   behind the main line
;; @008a mov [rbx+8], rsi
;; @008e lea rsi, [0x108]
;; @0095 mov rdi, r14
;; @0098 mov rdx, rbx
;; @009b mov r8, [r14+8]
;; @009f mov rcx, [r8]
;; @00a2 mov r8, [r8+8]
;; @00a6 jmp qword ptr [rsi]
;; ; 0x59 table.set 0
;; @0046 mov esi, [rbx-0x28]
;; @0049 mov rax, [r14+0x48]
;; @004d cmp rsi, [rax+8]
;; @0051 jae 0xA8
;; @0057 mov rax, [rax]
;; @005a mov [rax+rsi*8], rdi
;; ;   behind the main line
;; @00a8 mov [rbx], rsi
;; @00ab mov [rbx+8], rdi
;; @00af lea rsi, [0x120]
;; @00b6 mov rdi, r14
;; @00b9 mov rdx, rbx
;; @00bc mov r8, [r14+8]
;; @00c0 mov rcx, [r8]
;; @00c3 mov r8, [r8+8]
;; @00c7 jmp qword ptr [rsi]
;; ; 0x5b end
;; @005e mov rsi, [rbx-0x18]
;; @0062 mov r11, [rbx-0x10]
;; @0066 sub rbx, 0x28
;; @006a push qword ptr [rsi-8]
;; @006d ret
;; ; pool
;; @00f0 0000000000000000 ; check_interrupt s0
;; @0100 0000000000000088 ; address of @0088
;; ; 0x57 table.get 0
;; @0108 0000000000000000 ; builtin table.get, s1, 0, 0
;; ; 0x59 table.set 0
;; @0120 0000000000000000 ; builtin table.set, s0, 0, 0
;; @0138 0000000000000000 ; address of the stub Overflow
;; @0140 0000000000000010 ; preamble: frame of 16 bytes
;; @0148 00000000000000cf ; address of @00cf: entry from the interpreter

;; ; function 3 `kept`: 25 bytes of wasm, 288 of code, 112 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x18]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xE0
;; @0015 mov rsi, [r14+0x28]
;; @0019 mov rsi, [rsi]
;; @001c mov rdi, [r14]
;; @001f cmp rsi, [rdi+8]
;; @0023 jae 0x97
;; ;   behind the main line
;; @0097 lea rsi, [0x120]
;; @009e mov rdi, r14
;; @00a1 mov rdx, rbx
;; @00a4 mov r8, [r14+8]
;; @00a8 mov rcx, [r8]
;; @00ab mov r8, [r8+8]
;; @00af jmp qword ptr [rsi]
;; @00b1 jmp 0x29
;; ;   behind the main line
;; @00e0 jmp qword ptr [0x170]
;; ;   entry from the interpreter
;; @00e6 mov rbx, rdx
;; @00e9 mov r14, rdi
;; @00ec mov r15, rcx
;; @00ef mov rax, [r14]
;; @00f2 mov byte ptr [rax+0xAD], 1
;; @00f9 jmp 0x15
;; ; 0x5e loop
;; @0029 mov ebp, [rbx-0x28]
;; @002c mov r12d, [rbx-0x20]
;; @0030 mov rsi, [r14+0x28]
;; @0034 mov rsi, [rsi]
;; @0037 mov rdi, [r14]
;; @003a cmp rsi, [rdi+8]
;; @003e jae 0xB6
;; ;   behind the main line
;; @00b6 mov [rbx-0x28], rbp
;; @00ba lea rsi, [0x138]
;; @00c1 mov rdi, r14
;; @00c4 mov rdx, rbx
;; @00c7 mov r8, [r14+8]
;; @00cb mov rcx, [r8]
;; @00ce mov r8, [r8+8]
;; @00d2 jmp qword ptr [rsi]
;; @00d4 mov ebp, [rbx-0x28]
;; @00d7 mov r12d, [rbx-0x20]
;; @00db jmp 0x44
;; ;   loop 0, from the interpreter
;; @00fe mov rbx, rdx
;; @0101 mov r14, rdi
;; @0104 mov r15, rcx
;; @0107 mov ebp, [rbx-0x28]
;; @010a mov r12d, [rbx-0x20]
;; @010e jmp 0x30
;; ; 0x60 local.get 0
;; ; 0x62 i32.const 7
;; ; 0x64 local.get 1
;; ; 0x66 memory.fill 0
;; @0044 mov qword ptr [rbx+8], 7
;; @004c mov [rbx-0x28], rbp
;; @0050 mov [rbx], rbp
;; @0053 mov [rbx+0x10], r12
;; @0057 lea rsi, [0x150]
;; @005e mov rdi, r14
;; @0061 mov rdx, rbx
;; @0064 jmp qword ptr [rsi]
;; ; 0x69 local.get 0
;; ; 0x6b local.get 1
;; ; 0x6d i32.sub
;; @0066 mov esi, [rbx-0x28]
;; @0069 mov r12d, [rbx-0x20]
;; @006d sub esi, r12d
;; ; 0x6e local.tee 0
;; @0070 mov ebp, esi
;; ; 0x70 br_if 0
;; @0072 test ebp, ebp
;; @0074 jne short 0x30
;; ; 0x72 end
;; ; 0x73 memory.size 0
;; @0076 mov rsi, [r14+0x40]
;; @007a mov rsi, [rsi+8]
;; @007e shr rsi, 0x10
;; ; 0x75 end
;; @0082 mov eax, esi
;; @0084 mov rsi, [rbx-0x18]
;; @0088 mov r11, [rbx-0x10]
;; @008c sub rbx, 0x28
;; @0090 mov [rbx], rax
;; @0093 push qword ptr [rsi-8]
;; @0096 ret
;; ; pool
;; @0120 0000000000000000 ; check_interrupt s0
;; @0130 00000000000000b1 ; address of @00b1
;; ; 0x5e loop
;; @0138 0000000000000000 ; check_interrupt s0
;; @0148 00000000000000d4 ; address of @00d4
;; ; 0x66 memory.fill 0
;; @0150 0000000000000000 ; builtin memory.fill, s0, 0, 0
;; @0168 0000000000000066 ; address of @0066
;; @0170 0000000000000000 ; address of the stub Overflow
;; @0178 0000000000000018 ; preamble: frame of 24 bytes
;; @0180 00000000000000e6 ; address of @00e6: entry from the interpreter
;; ; 0x5e loop
;; @0188 00000000000000fe ; address of @00fe: loop 0, from the interpreter
