(module
  (memory 1)
  (memory 1)
  (func (param $to i32) (param $n i32) (result i32) (local $i i32)
    (loop $l
      (memory.copy (local.get $to) (i32.const 16) (local.get $n))
      (memory.copy 1 0 (local.get $i) (local.get $to) (i32.const 8))
      (memory.fill (local.get $to) (local.get $n) (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (local.tee $i (i32.add (local.get $i) (i32.const 1)))))
    (local.get $i))
)

;; ; function 0: 50 bytes of wasm, 512 of code, 144 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x28]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x1C0
;; @0013 mov qword ptr [rbx], 0
;; ;   behind the main line
;; @01c0 jmp qword ptr [0x270]
;; ;   entry from the interpreter
;; @01c6 mov rbx, rdx
;; @01c9 mov r14, rdi
;; @01cc mov r15, rcx
;; @01cf mov rax, [r14]
;; @01d2 mov byte ptr [rax+0xAD], 1
;; @01d9 jmp short 0x1DD
;; ;   entry with arguments in slots
;; @01db pop r11
;; @01dd mov edi, [rbx-0x28]
;; @01e0 mov esi, [rbx-0x20]
;; @01e3 jmp 2
;; ; 0x23 loop
;; @001a mov r12d, esi
;; @001d mov ebp, [rbx]
;; ; 0x25 local.get 0
;; ; 0x27 i32.const 16
;; ; 0x29 local.get 1
;; ; 0x2b memory.copy 0 0
;; @001f mov qword ptr [rbx+0x10], 0x10
;; @0027 mov [rbx-0x28], rdi
;; @002b mov [rbx+8], rdi
;; @002f mov esi, edi
;; @0031 mov eax, esi
;; @0033 mov edi, eax
;; @0035 mov esi, [rbx+0x10]
;; @0038 mov edx, r12d
;; @003b mov r8, [r14+0x40]
;; @003f lea r9, [rsi+rdx]
;; @0043 cmp r9, [r8+8]
;; @0047 ja 0x110
;; @004d add rsi, [r8]
;; @0050 lea r9, [rdi+rdx]
;; @0054 cmp r9, [r8+8]
;; @0058 ja 0x110
;; @005e add rdi, [r8]
;; @0061 sub rsp, 8
;; @0065 call qword ptr [0x220]
;; @006b add rsp, 8
;; ;   behind the main line
;; @0110 mov [rbx], rbp
;; @0113 mov [rbx-0x20], r12
;; @0117 mov [rbx+0x18], r12
;; @011b lea rsi, [0x200]
;; @0122 mov rdi, r14
;; @0125 mov rdx, rbx
;; @0128 mov r8, [r14+8]
;; @012c mov rcx, [r8]
;; @012f mov r8, [r8+8]
;; @0133 jmp qword ptr [rsi]
;; @0135 mov eax, [rbx-0x28]
;; @0138 mov ebp, [rbx]
;; @013a mov r12d, [rbx-0x20]
;; @013e jmp 0x6F
;; ;   loop 0, from the interpreter
;; @01e8 mov rbx, rdx
;; @01eb mov r14, rdi
;; @01ee mov r15, rcx
;; @01f1 mov ebp, [rbx]
;; @01f3 mov edi, [rbx-0x28]
;; @01f6 mov r12d, [rbx-0x20]
;; @01fa jmp 0x1F
;; ; 0x2f local.get 2
;; ; 0x31 local.get 0
;; ; 0x33 i32.const 8
;; ; 0x35 memory.copy 1 0
;; @006f mov edi, [rbx-0x28]
;; @0072 mov qword ptr [rbx+0x18], 8
;; @007a mov rsi, [r14+0x48]
;; @007e mov rsi, [rsi]
;; @0081 mov rax, [r14+0x40]
;; @0085 mov rax, [rax+8]
;; @0089 sub rax, 8
;; @008d cmp rdi, rax
;; @0090 ja 0x143
;; @0096 mov rax, [r14+0x48]
;; @009a mov rax, [rax+8]
;; @009e sub rax, 8
;; @00a2 cmp rbp, rax
;; @00a5 ja 0x143
;; @00ab mov r8, [r15+rdi]
;; @00af mov [rsi+rbp], r8
;; ;   behind the main line
;; @0143 mov [rbx], rbp
;; @0146 mov [rbx+8], rbp
;; @014a mov [rbx+0x10], rdi
;; @014e mov [rbx-0x20], r12
;; @0152 lea rsi, [0x228]
;; @0159 mov rdi, r14
;; @015c mov rdx, rbx
;; @015f mov r8, [r14+8]
;; @0163 mov rcx, [r8]
;; @0166 mov r8, [r8+8]
;; @016a jmp qword ptr [rsi]
;; @016c mov ebp, [rbx]
;; @016e mov rsi, [r14+0x48]
;; @0172 mov rsi, [rsi]
;; @0175 mov edi, [rbx-0x28]
;; @0178 mov r12d, [rbx-0x20]
;; @017c jmp 0xB3
;; ; 0x39 local.get 0
;; ; 0x3b local.get 1
;; ; 0x3d local.get 2
;; ; 0x3f i32.const 1
;; ; 0x41 i32.add
;; @00b3 lea eax, [rbp+1]
;; ; 0x42 memory.fill 0
;; @00b6 mov [rbx+8], rdi
;; @00ba mov r8d, edi
;; @00bd mov r9, rsi
;; @00c0 mov edi, r8d
;; @00c3 mov esi, r12d
;; @00c6 mov edx, eax
;; @00c8 mov r10, [r14+0x40]
;; @00cc lea r11, [rdi+rdx]
;; @00d0 cmp r11, [r10+8]
;; @00d4 ja 0x181
;; @00da add rdi, [r10]
;; @00dd sub rsp, 8
;; @00e1 call qword ptr [0x268]
;; @00e7 add rsp, 8
;; ;   behind the main line
;; @0181 mov [rbx+0x18], rax
;; @0185 mov [rbx], rbp
;; @0188 mov [rbx-0x20], r12
;; @018c mov [rbx+0x10], r12
;; @0190 lea rsi, [0x248]
;; @0197 mov rdi, r14
;; @019a mov rdx, rbx
;; @019d mov r8, [r14+8]
;; @01a1 mov rcx, [r8]
;; @01a4 mov r8, [r8+8]
;; @01a8 jmp qword ptr [rsi]
;; @01aa mov ebp, [rbx]
;; @01ac mov r8d, [rbx-0x28]
;; @01b0 mov r9, [r14+0x48]
;; @01b4 mov r9, [r9]
;; @01b7 mov r12d, [rbx-0x20]
;; @01bb jmp 0xEB
;; ; 0x45 local.get 2
;; ; 0x47 i32.const 1
;; ; 0x49 i32.add
;; @00eb add ebp, 1
;; ; 0x4a local.tee 2
;; ; 0x4c br_if 0
;; @00ee test ebp, ebp
;; @00f0 je 0xFE
;; @00f6 mov edi, [rbx-0x28]
;; @00f9 jmp 0x1F
;; ; 0x4e end
;; ; 0x4f local.get 2
;; ; 0x51 end
;; @00fe mov eax, ebp
;; @0100 mov rsi, [rbx-0x18]
;; @0104 mov r11, [rbx-0x10]
;; @0108 add rbx, 0xFFFFFFFFFFFFFFD8
;; @010c push qword ptr [rsi-8]
;; @010f ret
;; ; pool
;; ; 0x2b memory.copy 0 0
;; @0200 0000000000000000 ; builtin memory.copy, s1, 0, 0
;; @0218 0000000000000135 ; address of @0135
;; @0220 0000000000000000 ; address of the stub CopyBytes
;; ; 0x35 memory.copy 1 0
;; @0228 0000000000000000 ; builtin memory.copy, s1, 1, 0
;; @0240 000000000000016c ; address of @016c
;; ; 0x42 memory.fill 0
;; @0248 0000000000000000 ; builtin memory.fill, s1, 0, 0
;; @0260 00000000000001aa ; address of @01aa
;; @0268 0000000000000000 ; address of the stub FillBytes
;; @0270 0000000000000000 ; address of the stub Overflow
;; @0278 0000000000000028 ; preamble: frame of 40 bytes
;; @0280 00000000000001c6 ; address of @01c6: entry from the interpreter
;; ; 0x2b memory.copy 0 0
;; @0288 00000000000001e8 ; address of @01e8: loop 0, from the interpreter
