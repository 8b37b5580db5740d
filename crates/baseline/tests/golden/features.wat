;; options: popcnt lzcnt bmi1 bmi2 sse41 avx
(module
  (func $bits (param i64) (result i64)
    (i64.shl (i64.popcnt (local.get 0)) (i64.clz (local.get 0))))
  (func $floor (param f64) (result f64) (f64.floor (local.get 0)))
)

;; ; function 0 `bits`: 9 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x35
;; ;   behind the main line
;; @0035 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @003b mov rbx, rdx
;; @003e mov r14, rdi
;; @0041 mov r15, rcx
;; @0044 mov rax, [r14]
;; @0047 mov byte ptr [rax+0xAD], 1
;; @004e jmp short 0x52
;; ;   entry with arguments in slots
;; @0050 pop r11
;; @0052 mov rdi, [rbx-0x20]
;; @0056 jmp short 2
;; ; 0x1f local.get 0
;; ; 0x21 i64.popcnt
;; @0013 popcnt rsi, rdi
;; ; 0x22 local.get 0
;; ; 0x24 i64.clz
;; @0018 lzcnt rax, rdi
;; ; 0x25 i64.shl
;; @001d shlx r8, rsi, rax
;; ; 0x26 end
;; @0022 mov rax, r8
;; @0025 mov rsi, [rbx-0x18]
;; @0029 mov r11, [rbx-0x10]
;; @002d add rbx, 0xFFFFFFFFFFFFFFE0
;; @0031 push qword ptr [rsi-8]
;; @0034 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 000000000000003b ; address of @003b: entry from the interpreter

;; ; function 1 `floor`: 5 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x30
;; ;   behind the main line
;; @0030 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0036 mov rbx, rdx
;; @0039 mov r14, rdi
;; @003c mov r15, rcx
;; @003f mov rax, [r14]
;; @0042 mov byte ptr [rax+0xAD], 1
;; @0049 jmp short 0x4D
;; ;   entry with arguments in slots
;; @004b pop r11
;; @004d movsd xmm0, [rbx-0x20]
;; @0052 jmp short 2
;; ; 0x29 local.get 0
;; ; 0x2b f64.floor
;; @0013 vroundsd xmm1, xmm0, xmm0, 9
;; ; 0x2c end
;; @0019 movaps xmm0, xmm1
;; @001c mov rsi, [rbx-0x18]
;; @0020 mov r11, [rbx-0x10]
;; @0024 sub rbx, 0x20
;; @0028 movsd [rbx], xmm0
;; @002c push qword ptr [rsi-8]
;; @002f ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000008 ; preamble: frame of 8 bytes
;; @0070 0000000000000036 ; address of @0036: entry from the interpreter
