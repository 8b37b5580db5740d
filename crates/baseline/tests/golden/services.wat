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

;; ; function 0 `by_reference`: 8 bytes of wasm, 304 of code, 96 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0xED
;; @0013 mov rax, [r14+0x28]
;; @0017 mov r8, [r14]
;; @001a mov r8, [r8+8]
;; @001e cmp [rax], r8
;; @0021 jae 0x7C
;; ;   behind the main line
;; @007c mov [rbx-0x20], rsi
;; @0080 mov [rbx-0x28], rdi
;; @0084 lea rsi, [0x130]
;; @008b mov rdi, r14
;; @008e mov rdx, rbx
;; @0091 mov r8, [r14+8]
;; @0095 mov rcx, [r8]
;; @0098 mov r8, [r8+8]
;; @009c jmp qword ptr [rsi]
;; @009e mov rax, [r14+0x28]
;; @00a2 mov rsi, [rbx-0x20]
;; @00a6 mov rdi, [rbx-0x28]
;; @00aa mov r8, [r14]
;; @00ad mov r8, [r8+8]
;; @00b1 jmp 0x27
;; ;   behind the main line
;; @00ed jmp qword ptr [0x178]
;; ;   entry from the interpreter
;; @00f3 mov rbx, rdx
;; @00f6 mov r14, rdi
;; @00f9 mov r15, rcx
;; @00fc mov rax, [r14]
;; @00ff mov byte ptr [rax+0xAD], 1
;; @0106 jmp short 0x10A
;; ;   entry with arguments in slots
;; @0108 pop r11
;; @010a mov rdi, [rbx-0x28]
;; @010e mov rsi, [rbx-0x20]
;; @0112 jmp 2
;; ;   calls return from the interpreter
;; @0117 mov rbx, rdx
;; @011a mov r14, rdi
;; @011d mov r15, rcx
;; @0120 mov rax, r9
;; @0123 mov rcx, [rsi-8]
;; @0127 add rcx, 7
;; @012b jmp rcx
;; ; 0x3f local.get 0
;; ; 0x41 local.get 1
;; ; 0x43 call_ref 0
;; @0027 mov [rbx-0x20], rsi
;; @002b mov [rbx-0x28], rdi
;; @002f mov r11, rsi
;; @0032 mov rax, r11
;; @0035 test rax, rax
;; @0038 je 0xB6
;; @003e cmp [rax+0x18], r14
;; @0042 jne 0xD3
;; @0048 mov rbp, [rax+0x10]
;; @004c lea r11, [0x168]
;; @0053 mov [rbx+8], r11
;; @0057 mov [rbx+0x10], rbx
;; @005b mov [rbx+0x18], rax
;; @005f add rbx, 0x20
;; @0063 call rbp
;; @0065 lea rbx, [rbx]
;; ;   behind the main line
;; @00b6 mov [rbx], rdi
;; @00b9 lea rsi, [0x148]
;; @00c0 mov rdi, r14
;; @00c3 mov rdx, rbx
;; @00c6 mov r8, [r14+8]
;; @00ca mov rcx, [r8]
;; @00cd mov r8, [r8+8]
;; @00d1 jmp qword ptr [rsi]
;; ;   behind the main line
;; @00d3 mov [rbx], rdi
;; @00d6 mov dword ptr [r14+0x110], 0xFFFFFFFF
;; @00e1 mov rbp, [0x170]
;; @00e8 jmp 0x4C
;; ; 0x45 end
;; @006c mov rsi, [rbx-0x18]
;; @0070 mov r11, [rbx-0x10]
;; @0074 add rbx, 0xFFFFFFFFFFFFFFD8
;; @0078 push qword ptr [rsi-8]
;; @007b ret
;; ; pool
;; @0130 0000000000000000 ; check_interrupt s0
;; @0140 000000000000009e ; address of @009e
;; ; 0x43 call_ref 0
;; @0148 0000000000000000 ; call_ref 1, s4, s-4, 272
;; @0160 0000000000000065 ; native code returns to @0065
;; @0168 0000000000000117 ; the interpreter returns by @0117
;; @0170 0000000000000000 ; address of the stub CallForeignPaired
;; @0178 0000000000000000 ; address of the stub Overflow
;; @0180 0000000000000010 ; preamble: frame of 16 bytes
;; @0188 00000000000000f3 ; address of @00f3: entry from the interpreter

;; ; function 1 `tail`: 9 bytes of wasm, 320 of code, 96 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x114
;; @0013 mov rax, [r14+0x28]
;; @0017 mov r8, [r14]
;; @001a mov r8, [r8+8]
;; @001e cmp [rax], r8
;; @0021 jae 0xA2
;; ;   behind the main line
;; @00a2 mov [rbx-0x20], rsi
;; @00a6 mov [rbx-0x28], rdi
;; @00aa lea rsi, [0x140]
;; @00b1 mov rdi, r14
;; @00b4 mov rdx, rbx
;; @00b7 mov r8, [r14+8]
;; @00bb mov rcx, [r8]
;; @00be mov r8, [r8+8]
;; @00c2 jmp qword ptr [rsi]
;; @00c4 mov rax, [r14+0x28]
;; @00c8 mov esi, [rbx-0x20]
;; @00cb mov rdi, [rbx-0x28]
;; @00cf mov r8, [r14]
;; @00d2 mov r8, [r8+8]
;; @00d6 jmp 0x27
;; ;   behind the main line
;; @0114 jmp qword ptr [0x188]
;; ;   entry from the interpreter
;; @011a mov rbx, rdx
;; @011d mov r14, rdi
;; @0120 mov r15, rcx
;; @0123 mov rax, [r14]
;; @0126 mov byte ptr [rax+0xAD], 1
;; @012d jmp short 0x131
;; ;   entry with arguments in slots
;; @012f pop r11
;; @0131 mov rdi, [rbx-0x28]
;; @0135 mov esi, [rbx-0x20]
;; @0138 jmp 2
;; ; 0x48 local.get 0
;; ; 0x4a local.get 1
;; ; 0x4c return_call_indirect 0 0
;; @0027 mov [rbx-0x20], rsi
;; @002b mov [rbx-0x28], rdi
;; @002f mov [rbx], rdi
;; @0032 mov r9, rax
;; @0035 mov r10, [r14+0x48]
;; @0039 cmp rsi, [r10+8]
;; @003d jae 0xDB
;; @0043 mov r10, [r10]
;; @0046 mov rax, [r10+rsi*8]
;; @004a test rax, rax
;; @004d je 0xDB
;; @0053 cmp dword ptr [rax+0x20], 1
;; @0057 jne 0xDB
;; @005d cmp [rax+0x18], r14
;; @0061 jne 0xF5
;; @0067 mov r10, r8
;; @006a mov rcx, [rax]
;; @006d mov rcx, [rcx]
;; @0070 lea rcx, [rbx+rcx-8]
;; @0075 cmp rcx, [r14+0x18]
;; @0079 ja 0xDB
;; @007f mov r8, [rbx-0x18]
;; @0083 mov r11, [rbx-0x10]
;; @0087 mov [rbx-0x28], rdi
;; @008b add rbx, 0xFFFFFFFFFFFFFFF8
;; @008f mov [rbx-0x18], r8
;; @0093 mov [rbx-0x10], r11
;; @0097 mov [rbx-8], rax
;; @009b push qword ptr [r8-8]
;; @009f jmp qword ptr [rax+8]
;; ;   behind the main line
;; @00db lea rsi, [0x158]
;; @00e2 mov rdi, r14
;; @00e5 mov rdx, rbx
;; @00e8 mov r8, [r14+8]
;; @00ec mov rcx, [r8]
;; @00ef mov r8, [r8+8]
;; @00f3 jmp qword ptr [rsi]
;; ;   behind the main line
;; @00f5 mov dword ptr [r14+0x114], 0xFFFFFFFF
;; @0100 lea rsi, [0x158]
;; @0107 lea rdx, [rbx]
;; @010a lea rcx, [rbx-0x28]
;; @010e jmp qword ptr [0x180]
;; ; 0x4f end
;; ; pool
;; @0140 0000000000000000 ; check_interrupt s0
;; @0150 00000000000000c4 ; address of @00c4
;; ; 0x4c return_call_indirect 0 0
;; @0158 0000000000000000 ; return_call_indirect 1, s4, s-4, 72, 1, 276, 2, 1
;; @0180 0000000000000000 ; address of the stub ReplaceForeignPaired
;; @0188 0000000000000000 ; address of the stub Overflow
;; @0190 0000000000000010 ; preamble: frame of 16 bytes
;; @0198 000000000000011a ; address of @011a: entry from the interpreter

;; ; function 2 `tables`: 11 bytes of wasm, 288 of code, 96 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0xEE
;; @0013 mov rax, [r14+0x28]
;; @0017 mov r8, [r14]
;; @001a mov r8, [r8+8]
;; @001e cmp [rax], r8
;; @0021 jae 0x69
;; ;   behind the main line
;; @0069 mov [rbx-0x20], rsi
;; @006d mov [rbx-0x28], rdi
;; @0071 lea rsi, [0x120]
;; @0078 mov rdi, r14
;; @007b mov rdx, rbx
;; @007e mov r8, [r14+8]
;; @0082 mov rcx, [r8]
;; @0085 mov r8, [r8+8]
;; @0089 jmp qword ptr [rsi]
;; @008b mov rax, [r14+0x28]
;; @008f mov rsi, [rbx-0x20]
;; @0093 mov edi, [rbx-0x28]
;; @0096 mov r8, [r14]
;; @0099 mov r8, [r8+8]
;; @009d jmp short 0x27
;; ;   behind the main line
;; @00ee jmp qword ptr [0x168]
;; ;   entry from the interpreter
;; @00f4 mov rbx, rdx
;; @00f7 mov r14, rdi
;; @00fa mov r15, rcx
;; @00fd mov rax, [r14]
;; @0100 mov byte ptr [rax+0xAD], 1
;; @0107 jmp short 0x10B
;; ;   entry with arguments in slots
;; @0109 pop r11
;; @010b mov edi, [rbx-0x28]
;; @010e mov rsi, [rbx-0x20]
;; @0112 jmp 2
;; ; 0x52 local.get 0
;; ; 0x54 table.size 0
;; @0027 mov r9, [r14+0x48]
;; @002b mov r9, [r9+8]
;; ; 0x57 table.get 0
;; @002f mov r10, [r14+0x48]
;; @0033 cmp r9, [r10+8]
;; @0037 jae 0x9F
;; @003d mov r10, [r10]
;; @0040 mov r10, [r10+r9*8]
;; ;   behind the main line
;; @009f mov [rbx-0x20], rsi
;; @00a3 mov [rbx-0x28], rdi
;; @00a7 mov [rbx+8], r9
;; @00ab lea rsi, [0x138]
;; @00b2 mov rdi, r14
;; @00b5 mov rdx, rbx
;; @00b8 mov r8, [r14+8]
;; @00bc mov rcx, [r8]
;; @00bf mov r8, [r8+8]
;; @00c3 jmp qword ptr [rsi]
;; ; 0x59 table.set 0
;; @0044 mov r9, [r14+0x48]
;; @0048 cmp rdi, [r9+8]
;; @004c jae 0xC5
;; @0052 mov r9, [r9]
;; @0055 mov [r9+rdi*8], r10
;; ;   behind the main line
;; @00c5 mov [rbx-0x20], rsi
;; @00c9 mov [rbx-0x28], rdi
;; @00cd mov [rbx], rdi
;; @00d0 mov [rbx+8], r10
;; @00d4 lea rsi, [0x150]
;; @00db mov rdi, r14
;; @00de mov rdx, rbx
;; @00e1 mov r8, [r14+8]
;; @00e5 mov rcx, [r8]
;; @00e8 mov r8, [r8+8]
;; @00ec jmp qword ptr [rsi]
;; ; 0x5b end
;; @0059 mov rsi, [rbx-0x18]
;; @005d mov r11, [rbx-0x10]
;; @0061 sub rbx, 0x28
;; @0065 push qword ptr [rsi-8]
;; @0068 ret
;; ; pool
;; @0120 0000000000000000 ; check_interrupt s0
;; @0130 000000000000008b ; address of @008b
;; ; 0x57 table.get 0
;; @0138 0000000000000000 ; builtin table.get, s1, 0, 0
;; ; 0x59 table.set 0
;; @0150 0000000000000000 ; builtin table.set, s0, 0, 0
;; @0168 0000000000000000 ; address of the stub Overflow
;; @0170 0000000000000010 ; preamble: frame of 16 bytes
;; @0178 00000000000000f4 ; address of @00f4: entry from the interpreter

;; ; function 3 `kept`: 25 bytes of wasm, 432 of code, 120 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x18]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x168
;; @0013 mov rax, [r14+0x28]
;; @0017 mov r8, [r14]
;; @001a mov r8, [r8+8]
;; @001e cmp [rax], r8
;; @0021 jae 0xC0
;; ;   behind the main line
;; @00c0 mov [rbx-0x20], rsi
;; @00c4 mov [rbx-0x28], rdi
;; @00c8 lea rsi, [0x1B0]
;; @00cf mov rdi, r14
;; @00d2 mov rdx, rbx
;; @00d5 mov r8, [r14+8]
;; @00d9 mov rcx, [r8]
;; @00dc mov r8, [r8+8]
;; @00e0 jmp qword ptr [rsi]
;; @00e2 mov rax, [r14+0x28]
;; @00e6 mov esi, [rbx-0x20]
;; @00e9 mov edi, [rbx-0x28]
;; @00ec mov r8, [r14]
;; @00ef mov r8, [r8+8]
;; @00f3 jmp 0x27
;; ;   behind the main line
;; @0168 jmp qword ptr [0x208]
;; ;   entry from the interpreter
;; @016e mov rbx, rdx
;; @0171 mov r14, rdi
;; @0174 mov r15, rcx
;; @0177 mov rax, [r14]
;; @017a mov byte ptr [rax+0xAD], 1
;; @0181 jmp short 0x185
;; ;   entry with arguments in slots
;; @0183 pop r11
;; @0185 mov edi, [rbx-0x28]
;; @0188 mov esi, [rbx-0x20]
;; @018b jmp 2
;; ; 0x5e loop
;; @0027 mov ebp, esi
;; @0029 mov r12, rax
;; @002c cmp [r12], r8
;; @0030 jae 0xF8
;; ;   behind the main line
;; @00f8 mov [rbx-0x20], rbp
;; @00fc mov [rbx-0x28], rdi
;; @0100 lea rsi, [0x1C8]
;; @0107 mov rdi, r14
;; @010a mov rdx, rbx
;; @010d mov r8, [r14+8]
;; @0111 mov rcx, [r8]
;; @0114 mov r8, [r8+8]
;; @0118 jmp qword ptr [rsi]
;; @011a mov ebp, [rbx-0x20]
;; @011d mov edi, [rbx-0x28]
;; @0120 mov r8, [r14]
;; @0123 mov r8, [r8+8]
;; @0127 mov r12, [r14+0x28]
;; @012b jmp 0x36
;; ;   loop 0, from the interpreter
;; @0190 mov rbx, rdx
;; @0193 mov r14, rdi
;; @0196 mov r15, rcx
;; @0199 mov edi, [rbx-0x28]
;; @019c mov ebp, [rbx-0x20]
;; @019f mov r8, [r14]
;; @01a2 mov r8, [r8+8]
;; @01a6 mov r12, [r14+0x28]
;; @01aa jmp 0x2C
;; ; 0x60 local.get 0
;; ; 0x62 i32.const 7
;; ; 0x64 local.get 1
;; ; 0x66 memory.fill 0
;; @0036 mov qword ptr [rbx+8], 7
;; @003e mov [rbx-0x28], rdi
;; @0042 mov [rbx], rdi
;; @0045 mov esi, edi
;; @0047 mov eax, esi
;; @0049 mov edi, eax
;; @004b mov esi, [rbx+8]
;; @004e mov edx, ebp
;; @0050 mov r9, [r14+0x40]
;; @0054 lea r10, [rdi+rdx]
;; @0058 cmp r10, [r9+8]
;; @005c ja 0x130
;; @0062 add rdi, [r9]
;; @0065 cmp rdx, 0x100000
;; @006c ja 0x130
;; @0072 cmp [r12], r8
;; @0076 jae 0x130
;; @007c sub rsp, 8
;; @0080 call qword ptr [0x200]
;; @0086 add rsp, 8
;; ;   behind the main line
;; @0130 mov [rbx-0x20], rbp
;; @0134 mov [rbx+0x10], rbp
;; @0138 lea rsi, [0x1E0]
;; @013f mov rdi, r14
;; @0142 mov rdx, rbx
;; @0145 mov r8, [r14+8]
;; @0149 mov rcx, [r8]
;; @014c mov r8, [r8+8]
;; @0150 jmp qword ptr [rsi]
;; @0152 mov eax, [rbx-0x28]
;; @0155 mov ebp, [rbx-0x20]
;; @0158 mov r8, [r14]
;; @015b mov r8, [r8+8]
;; @015f mov r12, [r14+0x28]
;; @0163 jmp 0x8A
;; ; 0x69 local.get 0
;; ; 0x6b local.get 1
;; ; 0x6d i32.sub
;; @008a mov esi, [rbx-0x28]
;; @008d sub esi, ebp
;; ; 0x6e local.tee 0
;; @008f mov edi, esi
;; ; 0x70 br_if 0
;; @0091 test edi, edi
;; @0093 je 0xA2
;; @0099 mov r8, [r14]
;; @009c mov r8, [r8+8]
;; @00a0 jmp short 0x2C
;; ; 0x72 end
;; ; 0x73 memory.size 0
;; @00a2 mov rsi, [r14+0x40]
;; @00a6 mov rsi, [rsi+8]
;; @00aa shr rsi, 0x10
;; ; 0x75 end
;; @00ae mov eax, esi
;; @00b0 mov rsi, [rbx-0x18]
;; @00b4 mov r11, [rbx-0x10]
;; @00b8 add rbx, 0xFFFFFFFFFFFFFFD8
;; @00bc push qword ptr [rsi-8]
;; @00bf ret
;; ; pool
;; @01b0 0000000000000000 ; check_interrupt s0
;; @01c0 00000000000000e2 ; address of @00e2
;; ; 0x5e loop
;; @01c8 0000000000000000 ; check_interrupt s0
;; @01d8 000000000000011a ; address of @011a
;; ; 0x66 memory.fill 0
;; @01e0 0000000000000000 ; builtin memory.fill, s0, 0, 0
;; @01f8 0000000000000152 ; address of @0152
;; @0200 0000000000000000 ; address of the stub FillBytes
;; @0208 0000000000000000 ; address of the stub Overflow
;; @0210 0000000000000018 ; preamble: frame of 24 bytes
;; @0218 000000000000016e ; address of @016e: entry from the interpreter
;; ; 0x5e loop
;; @0220 0000000000000190 ; address of @0190: loop 0, from the interpreter
