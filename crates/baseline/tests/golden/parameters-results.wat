(module
  (func $swap (param v128 i64) (result i64 v128 i64)
    (local.get 1) (local.get 0) (local.get 1))
)

;; ; function 0 `swap`: 8 bytes of wasm, 144 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x20]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x5A
;; ;   behind the main line
;; @005a jmp qword ptr [0x90]
;; ;   entry from the interpreter
;; @0060 mov rbx, rdx
;; @0063 mov r14, rdi
;; @0066 mov r15, rcx
;; @0069 mov rax, [r14]
;; @006c mov byte ptr [rax+0xAD], 1
;; @0073 jmp short 0x77
;; ;   entry with arguments in slots
;; @0075 pop r11
;; @0077 movups xmm0, [rbx-0x30]
;; @007b mov rdi, [rbx-0x20]
;; @007f jmp short 2
;; ; 0x1c local.get 1
;; ; 0x1e local.get 0
;; ; 0x20 local.get 1
;; ; 0x22 end
;; @0013 mov rsi, rdi
;; @0016 mov [rbx-0x20], rdi
;; @001a mov [rbx], rdi
;; @001d movups [rbx-0x30], xmm0
;; @0021 movups [rbx+8], xmm0
;; @0025 mov [rbx+0x18], rsi
;; @0029 lea rcx, [rbx]
;; @002c mov rsi, [rbx-0x18]
;; @0030 mov r11, [rbx-0x10]
;; @0034 sub rbx, 0x30
;; @0038 mov rax, [rcx]
;; @003b mov [rbx], rax
;; @003e mov rax, [rcx+8]
;; @0042 mov [rbx+8], rax
;; @0046 mov rax, [rcx+0x10]
;; @004a mov [rbx+0x10], rax
;; @004e mov rax, [rcx+0x18]
;; @0052 mov [rbx+0x18], rax
;; @0056 push qword ptr [rsi-8]
;; @0059 ret
;; ; pool
;; @0090 0000000000000000 ; address of the stub Overflow
;; @0098 0000000000000020 ; preamble: frame of 32 bytes
;; @00a0 0000000000000060 ; address of @0060: entry from the interpreter
