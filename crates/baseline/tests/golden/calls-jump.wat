;; options: jump
(module
  (func $direct (param f64) (result f64) (call $direct (local.get 0)))
)

;; ; function 0 `direct`: 6 bytes of wasm, 144 of code, 40 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 lea r11, [rbx+8]
;; @0007 cmp r11, [r14+0x18]
;; @000b ja 0x4E
;; ;   behind the main line
;; @004e jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @0054 mov rbx, rdx
;; @0057 mov r14, rdi
;; @005a mov r15, rcx
;; @005d mov rax, [r14]
;; @0060 mov byte ptr [rax+0xAD], 1
;; @0067 jmp short 0x69
;; ;   entry with arguments in slots
;; @0069 movsd xmm0, [rbx-0x20]
;; @006e jmp short 0
;; ;   calls return from the interpreter
;; @0070 mov rbx, rdx
;; @0073 mov r14, rdi
;; @0076 mov r15, rcx
;; @0079 movaps xmm0, xmm1
;; @007c mov rcx, [rsi-8]
;; @0080 add rcx, 7
;; @0084 jmp rcx
;; ; 0x19 local.get 0
;; ; 0x1b call 0
;; @0011 movsd [rbx-0x20], xmm0
;; @0016 lea rax, [r14+0x40]
;; @001a lea r11, [0x98]
;; @0021 mov [rbx+8], r11
;; @0025 mov [rbx+0x10], rbx
;; @0029 mov [rbx+0x18], rax
;; @002d add rbx, 0x20
;; @0031 jmp qword ptr [rax+0x10]
;; @0034 lea rbx, [rbx]
;; ; 0x1d end
;; @003b mov rsi, [rbx-0x18]
;; @003f mov r11, [rbx-0x10]
;; @0043 sub rbx, 0x20
;; @0047 movsd [rbx], xmm0
;; @004b jmp qword ptr [rsi-8]
;; ; pool
;; ; 0x1b call 0
;; @0090 0000000000000034 ; native code returns to @0034
;; @0098 0000000000000070 ; the interpreter returns by @0070
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000008 ; preamble: frame of 8 bytes
;; @00b0 0000000000000054 ; address of @0054: entry from the interpreter
