(module
  (tag $t (param i32))
  (func $throws (throw $t (i32.const 1)))
  (func $catches (result i32)
    (block $caught (result i32)
      (try_table (catch $t $caught) (call $throws))
      (i32.const 0)))
)

;; ; function 0 `throws`: 6 bytes of wasm, 80 of code, 48 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x34
;; ;   behind the main line
;; @0034 jmp qword ptr [0x68]
;; ;   entry from the interpreter
;; @003a mov rbx, rdx
;; @003d mov r14, rdi
;; @0040 mov r15, rcx
;; @0043 mov rax, [r14]
;; @0046 mov byte ptr [rax+0xAD], 1
;; @004d jmp short 0x13
;; ; 0x25 i32.const 1
;; ; 0x27 throw 0
;; @0013 mov qword ptr [rbx], 1
;; @001a lea rsi, [0x50]
;; @0021 mov rdi, r14
;; @0024 mov rdx, rbx
;; @0027 mov r8, [r14+8]
;; @002b mov rcx, [r8]
;; @002e mov r8, [r8+8]
;; @0032 jmp qword ptr [rsi]
;; ; 0x29 end
;; ; pool
;; ; 0x27 throw 0
;; @0050 0000000000000000 ; throw s0, 0
;; @0068 0000000000000000 ; address of the stub Overflow
;; @0070 0000000000000008 ; preamble: frame of 8 bytes
;; @0078 000000000000003a ; address of @003a: entry from the interpreter

;; ; function 1 `catches`: 16 bytes of wasm, 144 of code, 48 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x4E
;; ;   behind the main line
;; @004e jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @0054 mov rbx, rdx
;; @0057 mov r14, rdi
;; @005a mov r15, rcx
;; @005d mov rax, [r14]
;; @0060 mov byte ptr [rax+0xAD], 1
;; @0067 jmp short 0x13
;; ;   calls return from the interpreter
;; @0076 mov rbx, rdx
;; @0079 mov r14, rdi
;; @007c mov r15, rcx
;; @007f mov rcx, [rsi-8]
;; @0083 add rcx, 7
;; @0087 jmp rcx
;; ; 0x2c block (result i32)
;; ; 0x2e try_table [One { tag: 0, label: 0 }]
;; ; 0x34 call 0
;; @0013 lea rax, [r14+0x40]
;; @0017 lea r11, [0x98]
;; @001e mov [rbx], r11
;; @0021 mov [rbx+8], rbx
;; @0025 mov [rbx+0x10], rax
;; @0029 add rbx, 0x18
;; @002d call qword ptr [rax+0x10]
;; @0030 lea rbx, [rbx]
;; ; 0x36 end
;; ; 0x37 i32.const 0
;; ; 0x39 end
;; @0037 mov esi, 0
;; ; 0x3a end
;; @003c mov eax, esi
;; @003e mov rsi, [rbx-0x18]
;; @0042 mov r11, [rbx-0x10]
;; @0046 add rbx, 0xFFFFFFFFFFFFFFE8
;; @004a push qword ptr [rsi-8]
;; @004d ret
;; ;   exceptions arrive
;; @0069 mov rbx, rdx
;; @006c mov r14, rdi
;; @006f mov r15, rcx
;; @0072 mov esi, [rbx]
;; @0074 jmp short 0x3C
;; ; pool
;; ; 0x34 call 0
;; @0090 0000000000000030 ; native code returns to @0030
;; @0098 0000000000000076 ; the interpreter returns by @0076
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000008 ; preamble: frame of 8 bytes
;; @00b0 0000000000000054 ; address of @0054: entry from the interpreter
;; ; 0x3a end
;; @00b8 0000000000000069 ; address of @0069: exceptions arrive
