(module
  (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))
  (func $wide (param i64) (result i64) (i64.xor (local.get 0) (i64.const 0x123456789abcdef)))
)

;; ; function 0 `add`: 7 bytes of wasm, 80 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x30
;; ;   behind the main line
;; @0030 jmp qword ptr [0x50]
;; ;   entry from the interpreter
;; @0036 mov rbx, rdx
;; @0039 mov r14, rdi
;; @003c mov r15, rcx
;; @003f mov rax, [r14]
;; @0042 mov byte ptr [rax+0xAD], 1
;; @0049 jmp short 0x15
;; ; 0x1f local.get 0
;; ; 0x21 i32.const 5
;; ; 0x23 i32.add
;; @0015 mov esi, [rbx-0x20]
;; @0018 lea edi, [rsi+5]
;; ; 0x24 end
;; @001b mov eax, edi
;; @001d mov rsi, [rbx-0x18]
;; @0021 mov r11, [rbx-0x10]
;; @0025 sub rbx, 0x20
;; @0029 mov [rbx], rax
;; @002c push qword ptr [rsi-8]
;; @002f ret
;; ; pool
;; @0050 0000000000000000 ; address of the stub Overflow
;; @0058 0000000000000010 ; preamble: frame of 16 bytes
;; @0060 0000000000000036 ; address of @0036: entry from the interpreter

;; ; function 1 `wide`: 15 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x3C
;; ;   behind the main line
;; @003c jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0042 mov rbx, rdx
;; @0045 mov r14, rdi
;; @0048 mov r15, rcx
;; @004b mov rax, [r14]
;; @004e mov byte ptr [rax+0xAD], 1
;; @0055 jmp short 0x15
;; ; 0x27 local.get 0
;; ; 0x29 i64.const 81985529216486895
;; ; 0x33 i64.xor
;; @0015 mov rsi, [rbx-0x20]
;; @0019 mov rdi, 0x123456789ABCDEF
;; @0023 xor rsi, rdi
;; ; 0x34 end
;; @0026 mov rax, rsi
;; @0029 mov rsi, [rbx-0x18]
;; @002d mov r11, [rbx-0x10]
;; @0031 sub rbx, 0x20
;; @0035 mov [rbx], rax
;; @0038 push qword ptr [rsi-8]
;; @003b ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 0000000000000042 ; address of @0042: entry from the interpreter
