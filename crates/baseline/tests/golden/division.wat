(module
  (func $div (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $rem_by_constant (param i64) (result i64) (i64.rem_u (local.get 0) (i64.const 10)))
)

;; ; function 0 `div`: 7 bytes of wasm, 128 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x5E
;; ;   behind the main line
;; @005e jmp qword ptr [0x88]
;; ;   entry from the interpreter
;; @0064 mov rbx, rdx
;; @0067 mov r14, rdi
;; @006a mov r15, rcx
;; @006d mov rax, [r14]
;; @0070 mov byte ptr [rax+0xAD], 1
;; @0077 jmp short 0x15
;; ; 0x20 local.get 0
;; ; 0x22 local.get 1
;; ; 0x24 i32.div_s
;; @0015 mov esi, [rbx-0x20]
;; @0018 mov eax, [rbx-0x28]
;; @001b test esi, esi
;; @001d je 0x48
;; @0023 cmp esi, 0xFFFFFFFF
;; @0026 jne short 0x32
;; @0028 neg eax
;; @002a jo 0x53
;; @0030 jmp short 0x35
;; @0032 cdq
;; @0033 idiv esi
;; ;   behind the main line
;; @0048 mov edi, 7
;; @004d call qword ptr [0x80]
;; ;   behind the main line
;; @0053 mov edi, 6
;; @0058 call qword ptr [0x80]
;; ; 0x25 end
;; @0035 mov rsi, [rbx-0x18]
;; @0039 mov r11, [rbx-0x10]
;; @003d sub rbx, 0x28
;; @0041 mov [rbx], rax
;; @0044 push qword ptr [rsi-8]
;; @0047 ret
;; ; pool
;; @0080 0000000000000000 ; address of the stub Trap
;; @0088 0000000000000000 ; address of the stub Overflow
;; @0090 0000000000000010 ; preamble: frame of 16 bytes
;; @0098 0000000000000064 ; address of @0064: entry from the interpreter

;; ; function 1 `rem_by_constant`: 7 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x39
;; ;   behind the main line
;; @0039 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @003f mov rbx, rdx
;; @0042 mov r14, rdi
;; @0045 mov r15, rcx
;; @0048 mov rax, [r14]
;; @004b mov byte ptr [rax+0xAD], 1
;; @0052 jmp short 0x15
;; ; 0x28 local.get 0
;; ; 0x2a i64.const 10
;; ; 0x2c i64.rem_u
;; @0015 mov esi, 0xA
;; @001a mov rax, [rbx-0x20]
;; @001e xor edx, edx
;; @0020 div rsi
;; ; 0x2d end
;; @0023 mov rax, rdx
;; @0026 mov rsi, [rbx-0x18]
;; @002a mov r11, [rbx-0x10]
;; @002e sub rbx, 0x20
;; @0032 mov [rbx], rax
;; @0035 push qword ptr [rsi-8]
;; @0038 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 000000000000003f ; address of @003f: entry from the interpreter
