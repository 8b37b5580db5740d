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
;; @000f ja 0x3B
;; ;   behind the main line
;; @003b jmp qword ptr [0x60]
;; ;   entry from the interpreter
;; @0041 mov rbx, rdx
;; @0044 mov r14, rdi
;; @0047 mov r15, rcx
;; @004a mov rax, [r14]
;; @004d mov byte ptr [rax+0xAD], 1
;; @0054 jmp short 0x15
;; ; 0x20 global.get 0
;; @0015 mov rsi, [r14+0x40]
;; ; 0x22 i64.const 1
;; ; 0x24 i64.add
;; @0019 add rsi, 1
;; ; 0x25 global.set 0
;; @001d mov [r14+0x40], rsi
;; ; 0x27 global.get 0
;; @0021 mov rsi, [r14+0x40]
;; ; 0x29 end
;; @0025 mov rax, rsi
;; @0028 mov rsi, [rbx-0x18]
;; @002c mov r11, [rbx-0x10]
;; @0030 sub rbx, 0x18
;; @0034 mov [rbx], rax
;; @0037 push qword ptr [rsi-8]
;; @003a ret
;; ; pool
;; @0060 0000000000000000 ; address of the stub Overflow
;; @0068 0000000000000010 ; preamble: frame of 16 bytes
;; @0070 0000000000000041 ; address of @0041: entry from the interpreter
