(module
  (func $lanes (param v128 v128) (result v128)
    (i32x4.mul (i8x16.swizzle (local.get 0) (local.get 1)) (local.get 1)))
)

;; ; function 0 `lanes`: 13 bytes of wasm, 112 of code, 72 of pool, 2 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x20]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x54
;; ;   behind the main line
;; @0054 jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @005a mov rbx, rdx
;; @005d mov r14, rdi
;; @0060 mov r15, rcx
;; @0063 mov rax, [r14]
;; @0066 mov byte ptr [rax+0xAD], 1
;; @006d jmp short 0x15
;; ; 0x1a local.get 0
;; ; 0x1c local.get 1
;; ; 0x1e i8x16.swizzle
;; @0015 lea rsi, [0x70]
;; @001c mov rdi, r14
;; @001f mov rdx, rbx
;; @0022 jmp qword ptr [rsi]
;; ; 0x20 local.get 1
;; ; 0x22 i32x4.mul
;; @0024 lea rsi, [0x88]
;; @002b mov rdi, r14
;; @002e mov rdx, rbx
;; @0031 jmp qword ptr [rsi]
;; ; 0x25 end
;; @0033 lea rcx, [rbx]
;; @0036 mov rsi, [rbx-0x18]
;; @003a mov r11, [rbx-0x10]
;; @003e sub rbx, 0x38
;; @0042 mov rax, [rcx]
;; @0045 mov [rbx], rax
;; @0048 mov rax, [rcx+8]
;; @004c mov [rbx+8], rax
;; @0050 push qword ptr [rsi-8]
;; @0053 ret
;; ; pool
;; ; 0x1e i8x16.swizzle
;; @0070 0000000000000000 ; i8x16.swizzle v0, v-7, v-5
;; @0080 0000000000000024 ; address of @0024
;; ; 0x22 i32x4.mul
;; @0088 0000000000000000 ; i32x4.mul v0, v0, v-5
;; @0098 0000000000000033 ; address of @0033
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000020 ; preamble: frame of 32 bytes
;; @00b0 000000000000005a ; address of @005a: entry from the interpreter
