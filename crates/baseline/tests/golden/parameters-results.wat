(module
  (func $swap (param v128 i64) (result i64 v128 i64)
    (local.get 1) (local.get 0) (local.get 1))
)

;; ; function 0 `swap`: 8 bytes of wasm, 128 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x20]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x5C
;; ;   behind the main line
;; @005c jmp qword ptr [0x80]
;; ;   entry from the interpreter
;; @0062 mov rbx, rdx
;; @0065 mov r14, rdi
;; @0068 mov r15, rcx
;; @006b mov rax, [r14]
;; @006e mov byte ptr [rax+0xAD], 1
;; @0075 jmp short 0x15
;; ; 0x1c local.get 1
;; ; 0x1e local.get 0
;; ; 0x20 local.get 1
;; ; 0x22 end
;; @0015 mov rsi, [rbx-0x20]
;; @0019 movups xmm0, [rbx-0x30]
;; @001d mov rdi, rsi
;; @0020 mov [rbx], rsi
;; @0023 movups [rbx+8], xmm0
;; @0027 mov [rbx+0x18], rdi
;; @002b lea rcx, [rbx]
;; @002e mov rsi, [rbx-0x18]
;; @0032 mov r11, [rbx-0x10]
;; @0036 sub rbx, 0x30
;; @003a mov rax, [rcx]
;; @003d mov [rbx], rax
;; @0040 mov rax, [rcx+8]
;; @0044 mov [rbx+8], rax
;; @0048 mov rax, [rcx+0x10]
;; @004c mov [rbx+0x10], rax
;; @0050 mov rax, [rcx+0x18]
;; @0054 mov [rbx+0x18], rax
;; @0058 push qword ptr [rsi-8]
;; @005b ret
;; ; pool
;; @0080 0000000000000000 ; address of the stub Overflow
;; @0088 0000000000000020 ; preamble: frame of 32 bytes
;; @0090 0000000000000062 ; address of @0062: entry from the interpreter
