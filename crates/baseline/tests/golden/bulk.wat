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

;; ; function 0: 50 bytes of wasm, 480 of code, 144 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x28]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x1A3
;; @0015 mov qword ptr [rbx], 0
;; ;   behind the main line
;; @01a3 jmp qword ptr [0x250]
;; ;   entry from the interpreter
;; @01a9 mov rbx, rdx
;; @01ac mov r14, rdi
;; @01af mov r15, rcx
;; @01b2 mov rax, [r14]
;; @01b5 mov byte ptr [rax+0xAD], 1
;; @01bc jmp 0x15
;; ; 0x23 loop
;; @001c mov ebp, [rbx]
;; @001e mov r12d, [rbx-0x28]
;; @0022 mov r13d, [rbx-0x20]
;; ; 0x25 local.get 0
;; ; 0x27 i32.const 16
;; ; 0x29 local.get 1
;; ; 0x2b memory.copy 0 0
;; @0026 mov qword ptr [rbx+0x10], 0x10
;; @002e mov edi, r12d
;; @0031 mov esi, [rbx+0x10]
;; @0034 mov edx, r13d
;; @0037 mov rax, [r14+0x40]
;; @003b lea r8, [rsi+rdx]
;; @003f cmp r8, [rax+8]
;; @0043 ja 0x103
;; @0049 add rsi, [rax]
;; @004c lea r8, [rdi+rdx]
;; @0050 cmp r8, [rax+8]
;; @0054 ja 0x103
;; @005a add rdi, [rax]
;; @005d sub rsp, 8
;; @0061 call qword ptr [0x200]
;; @0067 add rsp, 8
;; ;   behind the main line
;; @0103 mov [rbx], rbp
;; @0106 mov [rbx+8], r12
;; @010a mov [rbx+0x18], r13
;; @010e lea rsi, [0x1E0]
;; @0115 mov rdi, r14
;; @0118 mov rdx, rbx
;; @011b mov r8, [r14+8]
;; @011f mov rcx, [r8]
;; @0122 mov r8, [r8+8]
;; @0126 jmp qword ptr [rsi]
;; @0128 mov ebp, [rbx]
;; @012a mov r12d, [rbx-0x28]
;; @012e mov r13d, [rbx-0x20]
;; @0132 jmp 0x6B
;; ;   loop 0, from the interpreter
;; @01c1 mov rbx, rdx
;; @01c4 mov r14, rdi
;; @01c7 mov r15, rcx
;; @01ca mov ebp, [rbx]
;; @01cc mov r12d, [rbx-0x28]
;; @01d0 mov r13d, [rbx-0x20]
;; @01d4 jmp 0x26
;; ; 0x2f local.get 2
;; ; 0x31 local.get 0
;; ; 0x33 i32.const 8
;; ; 0x35 memory.copy 1 0
;; @006b mov qword ptr [rbx+0x18], 8
;; @0073 mov edi, ebp
;; @0075 mov esi, r12d
;; @0078 mov edx, [rbx+0x18]
;; @007b mov rax, [r14+0x40]
;; @007f lea r8, [rsi+rdx]
;; @0083 cmp r8, [rax+8]
;; @0087 ja 0x137
;; @008d add rsi, [rax]
;; @0090 mov rax, [r14+0x48]
;; @0094 lea r8, [rdi+rdx]
;; @0098 cmp r8, [rax+8]
;; @009c ja 0x137
;; @00a2 add rdi, [rax]
;; @00a5 sub rsp, 8
;; @00a9 call qword ptr [0x200]
;; @00af add rsp, 8
;; ;   behind the main line
;; @0137 mov [rbx], rbp
;; @013a mov [rbx+8], rbp
;; @013e mov [rbx+0x10], r12
;; @0142 lea rsi, [0x208]
;; @0149 mov rdi, r14
;; @014c mov rdx, rbx
;; @014f mov r8, [r14+8]
;; @0153 mov rcx, [r8]
;; @0156 mov r8, [r8+8]
;; @015a jmp qword ptr [rsi]
;; @015c mov ebp, [rbx]
;; @015e mov r12d, [rbx-0x28]
;; @0162 mov r13d, [rbx-0x20]
;; @0166 jmp 0xB3
;; ; 0x39 local.get 0
;; ; 0x3b local.get 1
;; ; 0x3d local.get 2
;; ; 0x3f i32.const 1
;; ; 0x41 i32.add
;; @00b3 lea esi, [rbp+1]
;; ; 0x42 memory.fill 0
;; @00b6 mov eax, esi
;; @00b8 mov edi, r12d
;; @00bb mov esi, r13d
;; @00be mov edx, eax
;; @00c0 mov r8, [r14+0x40]
;; @00c4 lea r9, [rdi+rdx]
;; @00c8 cmp r9, [r8+8]
;; @00cc ja 0x16B
;; @00d2 add rdi, [r8]
;; @00d5 sub rsp, 8
;; @00d9 call qword ptr [0x248]
;; @00df add rsp, 8
;; ;   behind the main line
;; @016b mov [rbx+0x18], rax
;; @016f mov [rbx], rbp
;; @0172 mov [rbx+8], r12
;; @0176 mov [rbx+0x10], r13
;; @017a lea rsi, [0x228]
;; @0181 mov rdi, r14
;; @0184 mov rdx, rbx
;; @0187 mov r8, [r14+8]
;; @018b mov rcx, [r8]
;; @018e mov r8, [r8+8]
;; @0192 jmp qword ptr [rsi]
;; @0194 mov ebp, [rbx]
;; @0196 mov r12d, [rbx-0x28]
;; @019a mov r13d, [rbx-0x20]
;; @019e jmp 0xE3
;; ; 0x45 local.get 2
;; ; 0x47 i32.const 1
;; ; 0x49 i32.add
;; @00e3 add ebp, 1
;; ; 0x4a local.tee 2
;; ; 0x4c br_if 0
;; @00e6 test ebp, ebp
;; @00e8 jne 0x26
;; ; 0x4e end
;; ; 0x4f local.get 2
;; ; 0x51 end
;; @00ee mov eax, ebp
;; @00f0 mov rsi, [rbx-0x18]
;; @00f4 mov r11, [rbx-0x10]
;; @00f8 sub rbx, 0x28
;; @00fc mov [rbx], rax
;; @00ff push qword ptr [rsi-8]
;; @0102 ret
;; ; pool
;; ; 0x2b memory.copy 0 0
;; @01e0 0000000000000000 ; builtin memory.copy, s1, 0, 0
;; @01f8 0000000000000128 ; address of @0128
;; @0200 0000000000000000 ; address of the stub CopyBytes
;; ; 0x35 memory.copy 1 0
;; @0208 0000000000000000 ; builtin memory.copy, s1, 1, 0
;; @0220 000000000000015c ; address of @015c
;; ; 0x42 memory.fill 0
;; @0228 0000000000000000 ; builtin memory.fill, s1, 0, 0
;; @0240 0000000000000194 ; address of @0194
;; @0248 0000000000000000 ; address of the stub FillBytes
;; @0250 0000000000000000 ; address of the stub Overflow
;; @0258 0000000000000028 ; preamble: frame of 40 bytes
;; @0260 00000000000001a9 ; address of @01a9: entry from the interpreter
;; ; 0x2b memory.copy 0 0
;; @0268 00000000000001c1 ; address of @01c1: loop 0, from the interpreter
