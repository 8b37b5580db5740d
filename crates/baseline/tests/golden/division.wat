(module
  (func $div (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $rem_by_constant (param i64) (result i64) (i64.rem_u (local.get 0) (i64.const 10)))
)

;; ; function 0 `div`: 7 bytes of wasm, 128 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x55
;; ;   behind the main line
;; @0055 jmp qword ptr [0x88]
;; ;   entry from the interpreter
;; @005b mov rbx, rdx
;; @005e mov r14, rdi
;; @0061 mov r15, rcx
;; @0064 mov rax, [r14]
;; @0067 mov byte ptr [rax+0xAD], 1
;; @006e jmp short 0x72
;; ;   entry with arguments in slots
;; @0070 pop r11
;; @0072 mov edi, [rbx-0x28]
;; @0075 mov esi, [rbx-0x20]
;; @0078 jmp short 2
;; ; 0x20 local.get 0
;; ; 0x22 local.get 1
;; ; 0x24 i32.div_s
;; @0013 mov eax, edi
;; @0015 test esi, esi
;; @0017 je 0x3F
;; @001d cmp esi, 0xFFFFFFFF
;; @0020 jne short 0x2C
;; @0022 neg eax
;; @0024 jo 0x4A
;; @002a jmp short 0x2F
;; @002c cdq
;; @002d idiv esi
;; ;   behind the main line
;; @003f mov edi, 7
;; @0044 call qword ptr [0x80]
;; ;   behind the main line
;; @004a mov edi, 6
;; @004f call qword ptr [0x80]
;; ; 0x25 end
;; @002f mov rsi, [rbx-0x18]
;; @0033 mov r11, [rbx-0x10]
;; @0037 add rbx, 0xFFFFFFFFFFFFFFD8
;; @003b push qword ptr [rsi-8]
;; @003e ret
;; ; pool
;; @0080 0000000000000000 ; address of the stub Trap
;; @0088 0000000000000000 ; address of the stub Overflow
;; @0090 0000000000000010 ; preamble: frame of 16 bytes
;; @0098 000000000000005b ; address of @005b: entry from the interpreter

;; ; function 1 `rem_by_constant`: 7 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x33
;; ;   behind the main line
;; @0033 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0039 mov rbx, rdx
;; @003c mov r14, rdi
;; @003f mov r15, rcx
;; @0042 mov rax, [r14]
;; @0045 mov byte ptr [rax+0xAD], 1
;; @004c jmp short 0x50
;; ;   entry with arguments in slots
;; @004e pop r11
;; @0050 mov rdi, [rbx-0x20]
;; @0054 jmp short 2
;; ; 0x28 local.get 0
;; ; 0x2a i64.const 10
;; ; 0x2c i64.rem_u
;; @0013 mov esi, 0xA
;; @0018 mov rax, rdi
;; @001b xor edx, edx
;; @001d div rsi
;; ; 0x2d end
;; @0020 mov rax, rdx
;; @0023 mov rsi, [rbx-0x18]
;; @0027 mov r11, [rbx-0x10]
;; @002b add rbx, 0xFFFFFFFFFFFFFFE0
;; @002f push qword ptr [rsi-8]
;; @0032 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 0000000000000039 ; address of @0039: entry from the interpreter
