(module
  (global $count (mut i64) (i64.const 0))
  (func $next (result i64)
    (global.set $count (i64.add (global.get $count) (i64.const 1)))
    (global.get $count))
)

;; ; function 0 `next`: 11 bytes of wasm, 96 of code, 24 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x37
;; ;   behind the main line
;; @0037 jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @003d mov rbx, rdx
;; @0040 mov r14, rdi
;; @0043 mov r15, rcx
;; @0046 mov rax, [r14]
;; @0049 mov byte ptr [rax+0xAD], 1
;; @0050 jmp short 0x15
;; ; 0x20 global.get 0
;; @0015 mov rsi, [r14+0x40]
;; ; 0x22 i64.const 1
;; ; 0x24 i64.add
;; @0019 lea rdi, [rsi+1]
;; ; 0x25 global.set 0
;; @001d mov [r14+0x40], rdi
;; ; 0x27 global.get 0
;; ; 0x29 end
;; @0021 mov rax, rdi
;; @0024 mov rsi, [rbx-0x18]
;; @0028 mov r11, [rbx-0x10]
;; @002c sub rbx, 0x18
;; @0030 mov [rbx], rax
;; @0033 push qword ptr [rsi-8]
;; @0036 ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 000000000000003d ; address of @003d: entry from the interpreter
