(module
  (tag $t (param i32))
  (func $throws (throw $t (i32.const 1)))
  (func $catches (result i32)
    (block $caught (result i32)
      (try_table (catch $t $caught) (call $throws))
      (i32.const 0)))
)

;; ; function 0 `throws`: 6 bytes of wasm, 96 of code, 48 of pool, 1 embedded instruction
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x36
;; ;   behind the main line
;; @0036 jmp qword ptr [0x78]
;; ;   entry from the interpreter
;; @003c mov rbx, rdx
;; @003f mov r14, rdi
;; @0042 mov r15, rcx
;; @0045 mov rax, [r14]
;; @0048 mov byte ptr [rax+0xAD], 1
;; @004f jmp short 0x15
;; ; 0x25 i32.const 1
;; ; 0x27 throw 0
;; @0015 mov qword ptr [rbx], 1
;; @001c lea rsi, [0x60]
;; @0023 mov rdi, r14
;; @0026 mov rdx, rbx
;; @0029 mov r8, [r14+8]
;; @002d mov rcx, [r8]
;; @0030 mov r8, [r8+8]
;; @0034 jmp qword ptr [rsi]
;; ; 0x29 end
;; ; pool
;; ; 0x27 throw 0
;; @0060 0000000000000000 ; throw s0, 0
;; @0078 0000000000000000 ; address of the stub Overflow
;; @0080 0000000000000008 ; preamble: frame of 8 bytes
;; @0088 000000000000003c ; address of @003c: entry from the interpreter

;; ; function 1 `catches`: 16 bytes of wasm, 144 of code, 48 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x53
;; ;   behind the main line
;; @0053 jmp qword ptr [0xA0]
;; ;   entry from the interpreter
;; @0059 mov rbx, rdx
;; @005c mov r14, rdi
;; @005f mov r15, rcx
;; @0062 mov rax, [r14]
;; @0065 mov byte ptr [rax+0xAD], 1
;; @006c jmp short 0x15
;; ;   calls return from the interpreter
;; @007b mov rbx, rdx
;; @007e mov r14, rdi
;; @0081 mov r15, rcx
;; @0084 mov rcx, [rsi-8]
;; @0088 add rcx, 7
;; @008c jmp rcx
;; ; 0x2c block (result i32)
;; ; 0x2e try_table [One { tag: 0, label: 0 }]
;; ; 0x34 call 0
;; @0015 lea rax, [r14+0x40]
;; @0019 lea rcx, [0x98]
;; @0020 mov [rbx], rcx
;; @0023 mov [rbx+8], rbx
;; @0027 mov [rbx+0x10], rax
;; @002b add rbx, 0x18
;; @002f call qword ptr [rax+8]
;; @0032 lea rbx, [rbx]
;; ; 0x36 end
;; ; 0x37 i32.const 0
;; ; 0x39 end
;; @0039 mov esi, 0
;; ; 0x3a end
;; @003e mov eax, esi
;; @0040 mov rsi, [rbx-0x18]
;; @0044 mov r11, [rbx-0x10]
;; @0048 sub rbx, 0x18
;; @004c mov [rbx], rax
;; @004f push qword ptr [rsi-8]
;; @0052 ret
;; ;   exceptions arrive
;; @006e mov rbx, rdx
;; @0071 mov r14, rdi
;; @0074 mov r15, rcx
;; @0077 mov esi, [rbx]
;; @0079 jmp short 0x3E
;; ; pool
;; ; 0x34 call 0
;; @0090 0000000000000032 ; native code returns to @0032
;; @0098 000000000000007b ; the interpreter returns by @007b
;; @00a0 0000000000000000 ; address of the stub Overflow
;; @00a8 0000000000000008 ; preamble: frame of 8 bytes
;; @00b0 0000000000000059 ; address of @0059: entry from the interpreter
;; ; 0x3a end
;; @00b8 000000000000006e ; address of @006e: exceptions arrive
