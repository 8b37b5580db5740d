;; options: jump
(module
  (func $direct (param f64) (result f64) (call $direct (local.get 0)))
)

;; ; function 0 `direct`: 6 bytes of wasm, 144 of code, 40 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 lea rcx, [rbx+8]
;; @0007 cmp rcx, [r14+0x18]
;; @000b ja 0x52
;; ;   behind the main line
;; @0052 jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @0058 mov rbx, rdx
;; @005b mov r14, rdi
;; @005e mov r15, rcx
;; @0061 mov rax, [r14]
;; @0064 mov byte ptr [rax+0xAD], 1
;; @006b jmp short 0x11
;; ;   calls return from the interpreter
;; @006d mov rbx, rdx
;; @0070 mov r14, rdi
;; @0073 mov r15, rcx
;; @0076 movaps xmm0, xmm1
;; @0079 mov rcx, [rsi-8]
;; @007d add rcx, 7
;; @0081 jmp rcx
;; ; 0x19 local.get 0
;; ; 0x1b call 0
;; @0011 movsd xmm0, [rbx-0x20]
;; @0016 movsd [rbx], xmm0
;; @001a lea rax, [r14+0x40]
;; @001e lea rcx, [0x98]
;; @0025 mov [rbx+8], rcx
;; @0029 mov [rbx+0x10], rbx
;; @002d mov [rbx+0x18], rax
;; @0031 add rbx, 0x20
;; @0035 jmp qword ptr [rax+8]
;; @0038 lea rbx, [rbx]
;; ; 0x1d end
;; @003f mov rsi, [rbx-0x18]
;; @0043 mov r11, [rbx-0x10]
;; @0047 sub rbx, 0x20
;; @004b movsd [rbx], xmm0
;; @004f jmp qword ptr [rsi-8]
;; ; pool
;; ; 0x1b call 0
;; @0090 0000000000000038 ; native code returns to @0038
;; @0098 000000000000006d ; the interpreter returns by @006d
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000008 ; preamble: frame of 8 bytes
;; @00b0 0000000000000058 ; address of @0058: entry from the interpreter
