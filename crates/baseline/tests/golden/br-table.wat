(module
  (func $pick (param i32) (result i32)
    (block $b (block $a (br_table $a $b $a (local.get 0))) (return (i32.const 10)))
    (i32.const 20))
)

;; ; function 0 `pick`: 20 bytes of wasm, 128 of code, 40 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x5B
;; ;   behind the main line
;; @005b jmp qword ptr [0x90]
;; ;   entry from the interpreter
;; @0061 mov rbx, rdx
;; @0064 mov r14, rdi
;; @0067 mov r15, rcx
;; @006a mov rax, [r14]
;; @006d mov byte ptr [rax+0xAD], 1
;; @0074 jmp short 0x15
;; ; 0x19 block
;; ; 0x1b block
;; ; 0x1d local.get 0
;; ; 0x1f br_table 0 1 0
;; @0015 mov esi, [rbx-0x20]
;; @0018 cmp esi, 2
;; @001b jae 0x2B
;; @0021 lea rdi, [0x80]
;; @0028 jmp qword ptr [rdi+rsi*8]
;; ; 0x24 end
;; ; 0x25 i32.const 10
;; ; 0x27 return
;; @002b mov eax, 0xA
;; @0030 mov rsi, [rbx-0x18]
;; @0034 mov r11, [rbx-0x10]
;; @0038 sub rbx, 0x20
;; @003c mov [rbx], rax
;; @003f push qword ptr [rsi-8]
;; @0042 ret
;; ; 0x28 end
;; ; 0x29 i32.const 20
;; ; 0x2b end
;; @0043 mov eax, 0x14
;; @0048 mov rsi, [rbx-0x18]
;; @004c mov r11, [rbx-0x10]
;; @0050 sub rbx, 0x20
;; @0054 mov [rbx], rax
;; @0057 push qword ptr [rsi-8]
;; @005a ret
;; ; pool
;; @0080 000000000000002b ; address of @002b
;; @0088 0000000000000043 ; address of @0043
;; @0090 0000000000000000 ; address of the stub Overflow
;; @0098 0000000000000008 ; preamble: frame of 8 bytes
;; @00a0 0000000000000061 ; address of @0061: entry from the interpreter
