;; options: popcnt lzcnt bmi1 bmi2 sse41 avx
(module
  (func $bits (param i64) (result i64)
    (i64.shl (i64.popcnt (local.get 0)) (i64.clz (local.get 0))))
  (func $floor (param f64) (result f64) (f64.floor (local.get 0)))
)

;; ; function 0 `bits`: 9 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x3E
;; ;   behind the main line
;; @003e jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0044 mov rbx, rdx
;; @0047 mov r14, rdi
;; @004a mov r15, rcx
;; @004d mov rax, [r14]
;; @0050 mov byte ptr [rax+0xAD], 1
;; @0057 jmp short 0x15
;; ; 0x1f local.get 0
;; ; 0x21 i64.popcnt
;; @0015 mov rsi, [rbx-0x20]
;; @0019 popcnt rdi, rsi
;; ; 0x22 local.get 0
;; ; 0x24 i64.clz
;; @001e lzcnt rax, rsi
;; ; 0x25 i64.shl
;; @0023 shlx r8, rdi, rax
;; ; 0x26 end
;; @0028 mov rax, r8
;; @002b mov rsi, [rbx-0x18]
;; @002f mov r11, [rbx-0x10]
;; @0033 sub rbx, 0x20
;; @0037 mov [rbx], rax
;; @003a push qword ptr [rsi-8]
;; @003d ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 0000000000000044 ; address of @0044: entry from the interpreter

;; ; function 1 `floor`: 5 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x3A
;; ;   behind the main line
;; @003a jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0040 mov rbx, rdx
;; @0043 mov r14, rdi
;; @0046 mov r15, rcx
;; @0049 mov rax, [r14]
;; @004c mov byte ptr [rax+0xAD], 1
;; @0053 jmp short 0x15
;; ; 0x29 local.get 0
;; ; 0x2b f64.floor
;; @0015 movsd xmm0, [rbx-0x20]
;; @001a xorps xmm1, xmm1
;; @001d roundsd xmm1, xmm0, 9
;; ; 0x2c end
;; @0023 movaps xmm0, xmm1
;; @0026 mov rsi, [rbx-0x18]
;; @002a mov r11, [rbx-0x10]
;; @002e sub rbx, 0x20
;; @0032 movsd [rbx], xmm0
;; @0036 push qword ptr [rsi-8]
;; @0039 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000008 ; preamble: frame of 8 bytes
;; @0070 0000000000000040 ; address of @0040: entry from the interpreter
