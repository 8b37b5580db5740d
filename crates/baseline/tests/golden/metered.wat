;; options: fuel interruption
(module
  (func $spin (param i32)
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
)

;; ; function 0 `spin`: 14 bytes of wasm, 224 of code, 88 of pool, 2 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xAC
;; @0015 lea rsi, [0xE0]
;; @001c mov rdi, r14
;; @001f mov rdx, rbx
;; @0022 jmp qword ptr [rsi]
;; ;   behind the main line
;; @00ac jmp qword ptr [0x118]
;; ;   entry from the interpreter
;; @00b2 mov rbx, rdx
;; @00b5 mov r14, rdi
;; @00b8 mov r15, rcx
;; @00bb jmp 0x15
;; ; 0x18 loop
;; @0024 mov rsi, [r14]
;; @0027 mov edi, 1
;; @002c sub [rsi+0x10], rdi
;; @0030 jb 0x80
;; @0036 mov ebp, [rbx-0x20]
;; @0039 mov [rbx-0x20], rbp
;; @003d lea rsi, [0xF8]
;; @0044 mov rdi, r14
;; @0047 mov rdx, rbx
;; @004a jmp qword ptr [rsi]
;; ;   behind the main line
;; @0080 mov rax, [r14]
;; @0083 mov qword ptr [rax+0x10], 0
;; @008b mov edi, 0xB
;; @0090 call qword ptr [0x110]
;; ;   loop 0, from the interpreter
;; @00c0 mov rbx, rdx
;; @00c3 mov r14, rdi
;; @00c6 mov r15, rcx
;; @00c9 mov ebp, [rbx-0x20]
;; @00cc jmp 0x39
;; ; 0x1a local.get 0
;; @004c mov rsi, [r14]
;; @004f mov edi, 5
;; @0054 sub [rsi+0x10], rdi
;; @0058 jb 0x96
;; ;   behind the main line
;; @0096 mov rax, [r14]
;; @0099 mov qword ptr [rax+0x10], 0
;; @00a1 mov edi, 0xB
;; @00a6 call qword ptr [0x110]
;; ; 0x1c i32.const 1
;; ; 0x1e i32.sub
;; @005e mov esi, [rbx-0x20]
;; @0061 sub esi, 1
;; ; 0x1f local.tee 0
;; ; 0x21 br_if 0
;; @0064 test esi, esi
;; @0066 je 0x70
;; @006c mov ebp, esi
;; @006e jmp short 0x39
;; ; 0x23 end
;; ; 0x24 end
;; @0070 mov rsi, [rbx-0x18]
;; @0074 mov r11, [rbx-0x10]
;; @0078 sub rbx, 0x20
;; @007c push qword ptr [rsi-8]
;; @007f ret
;; ; pool
;; @00e0 0000000000000000 ; check_interrupt s0
;; @00e8 000000000000047a ; …
;; @00f0 0000000000000024 ; address of @0024
;; ; 0x18 loop
;; @00f8 0000000000000000 ; check_interrupt s0
;; @0100 000000000000047a ; …
;; @0108 000000000000004c ; address of @004c
;; @0110 0000000000000000 ; address of the stub Trap
;; @0118 0000000000000000 ; address of the stub Overflow
;; @0120 0000000000000010 ; preamble: frame of 16 bytes
;; @0128 00000000000000b2 ; address of @00b2: entry from the interpreter
;; ; 0x18 loop
;; @0130 00000000000000c0 ; address of @00c0: loop 0, from the interpreter
