(module
  (func $lanes (param v128 v128) (result v128)
    (i32x4.mul (i8x16.swizzle (local.get 0) (local.get 1)) (local.get 1)))
)

;; ; function 0 `lanes`: 13 bytes of wasm, 144 of code, 72 of pool, 2 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x20]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x5A
;; ;   behind the main line
;; @005a jmp qword ptr [0xC0]
;; ;   entry from the interpreter
;; @0060 mov rbx, rdx
;; @0063 mov r14, rdi
;; @0066 mov r15, rcx
;; @0069 mov rax, [r14]
;; @006c mov byte ptr [rax+0xAD], 1
;; @0073 jmp short 0x77
;; ;   entry with arguments in slots
;; @0075 pop r11
;; @0077 movups xmm0, [rbx-0x38]
;; @007b movups xmm1, [rbx-0x28]
;; @007f jmp short 2
;; ; 0x1a local.get 0
;; ; 0x1c local.get 1
;; ; 0x1e i8x16.swizzle
;; @0013 movups [rbx-0x38], xmm0
;; @0017 movups [rbx-0x28], xmm1
;; @001b lea rsi, [0x90]
;; @0022 mov rdi, r14
;; @0025 mov rdx, rbx
;; @0028 jmp qword ptr [rsi]
;; ; 0x20 local.get 1
;; ; 0x22 i32x4.mul
;; @002a lea rsi, [0xA8]
;; @0031 mov rdi, r14
;; @0034 mov rdx, rbx
;; @0037 jmp qword ptr [rsi]
;; ; 0x25 end
;; @0039 lea rcx, [rbx]
;; @003c mov rsi, [rbx-0x18]
;; @0040 mov r11, [rbx-0x10]
;; @0044 sub rbx, 0x38
;; @0048 mov rax, [rcx]
;; @004b mov [rbx], rax
;; @004e mov rax, [rcx+8]
;; @0052 mov [rbx+8], rax
;; @0056 push qword ptr [rsi-8]
;; @0059 ret
;; ; pool
;; ; 0x1e i8x16.swizzle
;; @0090 0000000000000000 ; i8x16.swizzle v0, v-7, v-5
;; @00a0 000000000000002a ; address of @002a
;; ; 0x22 i32x4.mul
;; @00a8 0000000000000000 ; i32x4.mul v0, v0, v-5
;; @00b8 0000000000000039 ; address of @0039
;; @00c0 0000000000000000 ; address of the stub Overflow
;; @00c8 0000000000000020 ; preamble: frame of 32 bytes
;; @00d0 0000000000000060 ; address of @0060: entry from the interpreter
