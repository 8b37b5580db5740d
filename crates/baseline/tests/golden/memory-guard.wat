(module
  (memory 1)
  (func $near (param i32) (result i32) (i32.load offset=8 (local.get 0)))
  (func $far (param i32 i64) (i64.store offset=0xfffffff0 (local.get 0) (local.get 1)))
)

;; ; function 0 `near`: 7 bytes of wasm, 80 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x2A
;; ;   behind the main line
;; @002a jmp qword ptr [0x50]
;; ;   entry from the interpreter
;; @0030 mov rbx, rdx
;; @0033 mov r14, rdi
;; @0036 mov r15, rcx
;; @0039 mov rax, [r14]
;; @003c mov byte ptr [rax+0xAD], 1
;; @0043 jmp short 0x47
;; ;   entry with arguments in slots
;; @0045 pop r11
;; @0047 mov edi, [rbx-0x20]
;; @004a jmp short 2
;; ; 0x24 local.get 0
;; ; 0x26 i32.load offset=8
;; @0013 mov esi, [r15+rdi+8]
;; ; 0x29 end
;; @0018 mov eax, esi
;; @001a mov rsi, [rbx-0x18]
;; @001e mov r11, [rbx-0x10]
;; @0022 add rbx, 0xFFFFFFFFFFFFFFE0
;; @0026 push qword ptr [rsi-8]
;; @0029 ret
;; ; pool
;; @0050 0000000000000000 ; address of the stub Overflow
;; @0058 0000000000000008 ; preamble: frame of 8 bytes
;; @0060 0000000000000030 ; address of @0030: entry from the interpreter

;; ; function 1 `far`: 13 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x2F
;; ;   behind the main line
;; @002f jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0035 mov rbx, rdx
;; @0038 mov r14, rdi
;; @003b mov r15, rcx
;; @003e mov rax, [r14]
;; @0041 mov byte ptr [rax+0xAD], 1
;; @0048 jmp short 0x4C
;; ;   entry with arguments in slots
;; @004a pop r11
;; @004c mov edi, [rbx-0x28]
;; @004f mov rsi, [rbx-0x20]
;; @0053 jmp short 2
;; ; 0x2c local.get 0
;; ; 0x2e local.get 1
;; ; 0x30 i64.store offset=4294967280
;; @0013 mov eax, 0xFFFFFFF0
;; @0018 add rax, rdi
;; @001b mov [r15+rax], rsi
;; ; 0x37 end
;; @001f mov rsi, [rbx-0x18]
;; @0023 mov r11, [rbx-0x10]
;; @0027 sub rbx, 0x28
;; @002b push qword ptr [rsi-8]
;; @002e ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 0000000000000035 ; address of @0035: entry from the interpreter
