(module
  (global $count (mut i64) (i64.const 0))
  (func $next (result i64)
    (global.set $count (i64.add (global.get $count) (i64.const 1)))
    (global.get $count))
)

;; ; function 0 `next`: 11 bytes of wasm, 80 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x32
;; ;   behind the main line
;; @0032 jmp qword ptr [0x50]
;; ;   entry from the interpreter
;; @0038 mov rbx, rdx
;; @003b mov r14, rdi
;; @003e mov r15, rcx
;; @0041 mov rax, [r14]
;; @0044 mov byte ptr [rax+0xAD], 1
;; @004b jmp short 0x13
;; ; 0x20 global.get 0
;; @0013 mov rsi, [r14+0x40]
;; ; 0x22 i64.const 1
;; ; 0x24 i64.add
;; @0017 lea rdi, [rsi+1]
;; ; 0x25 global.set 0
;; @001b mov [r14+0x40], rdi
;; ; 0x27 global.get 0
;; ; 0x29 end
;; @001f mov rax, rdi
;; @0022 mov rsi, [rbx-0x18]
;; @0026 mov r11, [rbx-0x10]
;; @002a add rbx, 0xFFFFFFFFFFFFFFE8
;; @002e push qword ptr [rsi-8]
;; @0031 ret
;; ; pool
;; @0050 0000000000000000 ; address of the stub Overflow
;; @0058 0000000000000010 ; preamble: frame of 16 bytes
;; @0060 0000000000000038 ; address of @0038: entry from the interpreter
