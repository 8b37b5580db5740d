;; options: jump
(module
  ;; A table of distances, and values that differ by the way.
  (func (param i32) (result i32)
    (block $a
      (block $b
        (block $c
          (block $d
            (block $e
              (br_table $a $b $c $d $e (local.get 0)))
            (return (i32.const 15)))
          (return (i32.const 14)))
        (return (i32.const 13)))
      (return (i32.const 12)))
    (i32.const 11)))

;; ; function 0: 40 bytes of wasm, 208 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d mov r9, rdi
;; @0010 cmp r9d, 4
;; @0014 jae 0x2B
;; @001a lea rdi, [0xBC]
;; @0021 movsxd r8, [rdi+r9*4]
;; @0025 add r8, rdi
;; @0028 jmp r8
;; @002b mov eax, 0xF
;; @0030 mov rsi, [rbx-0x18]
;; @0034 mov r11, [rbx-0x10]
;; @0038 sub rbx, 0x20
;; @003c mov [rbx], rax
;; @003f jmp qword ptr [rsi-8]
;; @0042 mov eax, 0xE
;; @0047 mov rsi, [rbx-0x18]
;; @004b mov r11, [rbx-0x10]
;; @004f sub rbx, 0x20
;; @0053 mov [rbx], rax
;; @0056 jmp qword ptr [rsi-8]
;; @0059 mov eax, 0xD
;; @005e mov rsi, [rbx-0x18]
;; @0062 mov r11, [rbx-0x10]
;; @0066 sub rbx, 0x20
;; @006a mov [rbx], rax
;; @006d jmp qword ptr [rsi-8]
;; @0070 mov eax, 0xC
;; @0075 mov rsi, [rbx-0x18]
;; @0079 mov r11, [rbx-0x10]
;; @007d sub rbx, 0x20
;; @0081 mov [rbx], rax
;; @0084 jmp qword ptr [rsi-8]
;; @0087 mov eax, 0xB
;; @008c mov rsi, [rbx-0x18]
;; @0090 mov r11, [rbx-0x10]
;; @0094 sub rbx, 0x20
;; @0098 mov [rbx], rax
;; @009b jmp qword ptr [rsi-8]
;; ; entry from the interpreter
;; @009e mov rbx, rdx
;; @00a1 mov r14, rdi
;; @00a4 mov r15, rcx
;; @00a7 mov rax, [r14]
;; @00aa mov byte ptr [rax+0xAE], 1
;; @00b1 mov edi, [rbx-0x20]
;; @00b4 jmp 0xD
;; @00bc ret far
;; @00bd (bad)
;; @00bf push qword ptr [rdi+rdi*8-0x620001]
;; @00c6 (bad)
;; @00c8 xchg bh, bh
;; @00ca (bad)
;; ; pool
;; @00d0 0000000000000000 ; preamble: frame of 0 bytes
;; @00d8 000000000000009e ; address of @009e
