(module
  (func $pick (param i32) (result i32)
    (block $b (block $a (br_table $a $b $a (local.get 0))) (return (i32.const 10)))
    (i32.const 20))
)

;; ; function 0 `pick`: 20 bytes of wasm, 128 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x5C
;; ;   behind the main line
;; @005c jmp qword ptr [0x88]
;; ;   entry from the interpreter
;; @0062 mov rbx, rdx
;; @0065 mov r14, rdi
;; @0068 mov r15, rcx
;; @006b mov rax, [r14]
;; @006e mov byte ptr [rax+0xAD], 1
;; @0075 jmp short 0x79
;; ;   entry with arguments in slots
;; @0077 pop r11
;; @0079 mov edi, [rbx-0x20]
;; @007c jmp short 2
;; ; 0x19 block
;; ; 0x1b block
;; ; 0x1d local.get 0
;; ; 0x1f br_table 0 1 0
;; @0013 mov [rbx-0x20], rdi
;; @0017 mov esi, edi
;; @0019 cmp esi, 2
;; @001c jae 0x32
;; @0022 lea rax, [0x80]
;; @0029 movsxd rsi, [rax+rsi*4]
;; @002d add rax, rsi
;; @0030 jmp rax
;; ; 0x24 end
;; ; 0x25 i32.const 10
;; ; 0x27 return
;; @0032 mov eax, 0xA
;; @0037 mov rsi, [rbx-0x18]
;; @003b mov r11, [rbx-0x10]
;; @003f add rbx, 0xFFFFFFFFFFFFFFE0
;; @0043 push qword ptr [rsi-8]
;; @0046 ret
;; ; 0x28 end
;; ; 0x29 i32.const 20
;; ; 0x2b end
;; @0047 mov eax, 0x14
;; @004c mov rsi, [rbx-0x18]
;; @0050 mov r11, [rbx-0x10]
;; @0054 add rbx, 0xFFFFFFFFFFFFFFE0
;; @0058 push qword ptr [rsi-8]
;; @005b ret
;; ; pool
;; @0080 ffffffc7ffffffb2 ; table leads to @0032 and @0047
;; @0088 0000000000000000 ; address of the stub Overflow
;; @0090 0000000000000008 ; preamble: frame of 8 bytes
;; @0098 0000000000000062 ; address of @0062: entry from the interpreter
