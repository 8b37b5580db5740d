(module
  (func (param i32 i32 i64) (result i32)
    (if (i32.and (local.get 0) (i32.const 4)) (then (local.set 1 (i32.const 2))))
    (if (i32.eqz (i32.and (local.get 0) (local.get 1))) (then (return (i32.const 3))))
    (if (i64.eqz (i64.and (i64.const 0x100000000) (local.get 2))) (then (return (i32.const 4))))
    (loop $l
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (i32.and (local.get 0) (i32.const 255))))
    (select (local.get 0) (i32.const 7) (i32.and (local.get 1) (i32.const 1))))
)

;; ; function 0: 70 bytes of wasm, 224 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x20]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x9F
;; ;   behind the main line
;; @009f jmp qword ptr [0xE0]
;; ;   entry from the interpreter
;; @00a5 mov rbx, rdx
;; @00a8 mov r14, rdi
;; @00ab mov r15, rcx
;; @00ae mov rax, [r14]
;; @00b1 mov byte ptr [rax+0xAD], 1
;; @00b8 jmp short 0xBC
;; ;   entry with arguments in slots
;; @00ba pop r11
;; @00bc mov edi, [rbx-0x30]
;; @00bf mov esi, [rbx-0x28]
;; @00c2 mov rdx, [rbx-0x20]
;; @00c6 jmp 2
;; ; 0x1b local.get 0
;; ; 0x1d i32.const 4
;; ; 0x1f i32.and
;; @0013 test edi, 4
;; ; 0x20 if
;; @0019 je 0x26
;; ; 0x22 i32.const 2
;; ; 0x24 local.set 1
;; @001f mov eax, 2
;; ; 0x26 end
;; @0024 mov esi, eax
;; ; 0x27 local.get 0
;; ; 0x29 local.get 1
;; ; 0x2b i32.and
;; @0026 test edi, esi
;; ; 0x2c i32.eqz
;; ; 0x2d if
;; @0028 jne 0x43
;; ; 0x2f i32.const 3
;; ; 0x31 return
;; @002e mov eax, 3
;; @0033 mov rsi, [rbx-0x18]
;; @0037 mov r11, [rbx-0x10]
;; @003b add rbx, 0xFFFFFFFFFFFFFFD0
;; @003f push qword ptr [rsi-8]
;; @0042 ret
;; ; 0x32 end
;; ; 0x33 i64.const 4294967296
;; ; 0x39 local.get 2
;; ; 0x3b i64.and
;; @0043 mov rax, 0x100000000
;; @004d test rdx, rax
;; ; 0x3c i64.eqz
;; ; 0x3d if
;; @0050 jne 0x6B
;; ; 0x3f i32.const 4
;; ; 0x41 return
;; @0056 mov eax, 4
;; @005b mov rsi, [rbx-0x18]
;; @005f mov r11, [rbx-0x10]
;; @0063 add rbx, 0xFFFFFFFFFFFFFFD0
;; @0067 push qword ptr [rsi-8]
;; @006a ret
;; ; 0x42 end
;; ; 0x43 loop
;; @006b mov [rbx-0x20], rdx
;; @006f mov [rbx-0x28], rsi
;; ; 0x45 local.get 0
;; ; 0x47 i32.const 1
;; ; 0x49 i32.sub
;; @0073 sub edi, 1
;; ;   loop 0, from the interpreter
;; @00cb mov rbx, rdx
;; @00ce mov r14, rdi
;; @00d1 mov r15, rcx
;; @00d4 mov edi, [rbx-0x30]
;; @00d7 jmp short 0x73
;; ; 0x4a local.set 0
;; ; 0x4c local.get 0
;; ; 0x4e i32.const 255
;; ; 0x51 i32.and
;; @0076 test edi, 0xFF
;; ; 0x52 br_if 0
;; @007c jne short 0x73
;; ; 0x54 end
;; ; 0x55 local.get 0
;; ; 0x57 i32.const 7
;; ; 0x59 local.get 1
;; ; 0x5b i32.const 1
;; ; 0x5d i32.and
;; @007e mov esi, [rbx-0x28]
;; @0081 test esi, 1
;; ; 0x5e select
;; @0087 mov eax, 7
;; @008c cmovne eax, edi
;; ; 0x5f end
;; @008f mov rsi, [rbx-0x18]
;; @0093 mov r11, [rbx-0x10]
;; @0097 add rbx, 0xFFFFFFFFFFFFFFD0
;; @009b push qword ptr [rsi-8]
;; @009e ret
;; ; pool
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 0000000000000020 ; preamble: frame of 32 bytes
;; @00f0 00000000000000a5 ; address of @00a5: entry from the interpreter
;; ; 0x49 i32.sub
;; @00f8 00000000000000cb ; address of @00cb: loop 0, from the interpreter
