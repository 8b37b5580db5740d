(module
  (memory 1)
  (func $near (param i32) (result i32) (i32.load offset=8 (local.get 0)))
  (func $far (param i32 i64) (i64.store offset=0xfffffff0 (local.get 0) (local.get 1)))
)

;; ; function 0 `near`: 7 bytes of wasm, 80 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x32
;; ;   behind the main line
;; @0032 jmp qword ptr [0x50]
;; ;   entry from the interpreter
;; @0038 mov rbx, rdx
;; @003b mov r14, rdi
;; @003e mov r15, rcx
;; @0041 mov rax, [r14]
;; @0044 mov byte ptr [rax+0xAD], 1
;; @004b jmp short 0x15
;; ; 0x24 local.get 0
;; ; 0x26 i32.load offset=8
;; @0015 mov esi, [rbx-0x20]
;; @0018 mov edi, [r15+rsi+8]
;; ; 0x29 end
;; @001d mov eax, edi
;; @001f mov rsi, [rbx-0x18]
;; @0023 mov r11, [rbx-0x10]
;; @0027 sub rbx, 0x20
;; @002b mov [rbx], rax
;; @002e push qword ptr [rsi-8]
;; @0031 ret
;; ; pool
;; @0050 0000000000000000 ; address of the stub Overflow
;; @0058 0000000000000008 ; preamble: frame of 8 bytes
;; @0060 0000000000000038 ; address of @0038: entry from the interpreter

;; ; function 1 `far`: 13 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x38
;; ;   behind the main line
;; @0038 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @003e mov rbx, rdx
;; @0041 mov r14, rdi
;; @0044 mov r15, rcx
;; @0047 mov rax, [r14]
;; @004a mov byte ptr [rax+0xAD], 1
;; @0051 jmp short 0x15
;; ; 0x2c local.get 0
;; ; 0x2e local.get 1
;; ; 0x30 i64.store offset=4294967280
;; @0015 mov esi, [rbx-0x28]
;; @0018 mov edi, 0xFFFFFFF0
;; @001d add rdi, rsi
;; @0020 mov rax, [rbx-0x20]
;; @0024 mov [r15+rdi], rax
;; ; 0x37 end
;; @0028 mov rsi, [rbx-0x18]
;; @002c mov r11, [rbx-0x10]
;; @0030 sub rbx, 0x28
;; @0034 push qword ptr [rsi-8]
;; @0037 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 000000000000003e ; address of @003e: entry from the interpreter
