(module
  (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))
  (func $wide (param i64) (result i64) (i64.xor (local.get 0) (i64.const 0x123456789abcdef)))
)

;; ; function 0 `add`: 7 bytes of wasm, 80 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x28
;; ;   behind the main line
;; @0028 jmp qword ptr [0x50]
;; ;   entry from the interpreter
;; @002e mov rbx, rdx
;; @0031 mov r14, rdi
;; @0034 mov r15, rcx
;; @0037 mov rax, [r14]
;; @003a mov byte ptr [rax+0xAD], 1
;; @0041 jmp short 0x45
;; ;   entry with arguments in slots
;; @0043 pop r11
;; @0045 mov edi, [rbx-0x20]
;; @0048 jmp short 2
;; ; 0x1f local.get 0
;; ; 0x21 i32.const 5
;; ; 0x23 i32.add
;; @0013 lea esi, [rdi+5]
;; ; 0x24 end
;; @0016 mov eax, esi
;; @0018 mov rsi, [rbx-0x18]
;; @001c mov r11, [rbx-0x10]
;; @0020 add rbx, 0xFFFFFFFFFFFFFFE0
;; @0024 push qword ptr [rsi-8]
;; @0027 ret
;; ; pool
;; @0050 0000000000000000 ; address of the stub Overflow
;; @0058 0000000000000010 ; preamble: frame of 16 bytes
;; @0060 000000000000002e ; address of @002e: entry from the interpreter

;; ; function 1 `wide`: 15 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x36
;; ;   behind the main line
;; @0036 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @003c mov rbx, rdx
;; @003f mov r14, rdi
;; @0042 mov r15, rcx
;; @0045 mov rax, [r14]
;; @0048 mov byte ptr [rax+0xAD], 1
;; @004f jmp short 0x53
;; ;   entry with arguments in slots
;; @0051 pop r11
;; @0053 mov rdi, [rbx-0x20]
;; @0057 jmp short 2
;; ; 0x27 local.get 0
;; ; 0x29 i64.const 81985529216486895
;; ; 0x33 i64.xor
;; @0013 mov rsi, rdi
;; @0016 mov rax, 0x123456789ABCDEF
;; @0020 xor rsi, rax
;; ; 0x34 end
;; @0023 mov rax, rsi
;; @0026 mov rsi, [rbx-0x18]
;; @002a mov r11, [rbx-0x10]
;; @002e add rbx, 0xFFFFFFFFFFFFFFE0
;; @0032 push qword ptr [rsi-8]
;; @0035 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 000000000000003c ; address of @003c: entry from the interpreter
