(module
  (func $pick (param i32) (result i32)
    (block $b (block $a (br_table $a $b $a (local.get 0))) (return (i32.const 10)))
    (i32.const 20))
)

;; ; function 0 `pick`: 20 bytes of wasm, 128 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x61
;; ;   behind the main line
;; @0061 jmp qword ptr [0x88]
;; ;   entry from the interpreter
;; @0067 mov rbx, rdx
;; @006a mov r14, rdi
;; @006d mov r15, rcx
;; @0070 mov rax, [r14]
;; @0073 mov byte ptr [rax+0xAD], 1
;; @007a jmp short 0x15
;; ; 0x19 block
;; ; 0x1b block
;; ; 0x1d local.get 0
;; ; 0x1f br_table 0 1 0
;; @0015 mov esi, [rbx-0x20]
;; @0018 cmp esi, 2
;; @001b jae 0x31
;; @0021 lea rdi, [0x80]
;; @0028 movsxd rsi, [rdi+rsi*4]
;; @002c add rdi, rsi
;; @002f jmp rdi
;; ; 0x24 end
;; ; 0x25 i32.const 10
;; ; 0x27 return
;; @0031 mov eax, 0xA
;; @0036 mov rsi, [rbx-0x18]
;; @003a mov r11, [rbx-0x10]
;; @003e sub rbx, 0x20
;; @0042 mov [rbx], rax
;; @0045 push qword ptr [rsi-8]
;; @0048 ret
;; ; 0x28 end
;; ; 0x29 i32.const 20
;; ; 0x2b end
;; @0049 mov eax, 0x14
;; @004e mov rsi, [rbx-0x18]
;; @0052 mov r11, [rbx-0x10]
;; @0056 sub rbx, 0x20
;; @005a mov [rbx], rax
;; @005d push qword ptr [rsi-8]
;; @0060 ret
;; ; pool
;; @0080 ffffffc9ffffffb1 ; table leads to @0031 and @0049
;; @0088 0000000000000000 ; address of the stub Overflow
;; @0090 0000000000000008 ; preamble: frame of 8 bytes
;; @0098 0000000000000067 ; address of @0067: entry from the interpreter
