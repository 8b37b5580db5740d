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

;; ; function 0: 40 bytes of wasm, 224 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 mov r9, rdi
;; @0023 cmp r9d, 4
;; @0027 jae 0x3E
;; @002d lea rdi, [0xCC]
;; @0034 movsxd r8, [rdi+r9*4]
;; @0038 add r8, rdi
;; @003b jmp r8
;; @003e mov eax, 0xF
;; @0043 mov rsi, [rbx-0x18]
;; @0047 mov r11, [rbx-0x10]
;; @004b sub rbx, 0x20
;; @004f mov [rbx], rax
;; @0052 jmp qword ptr [rsi-8]
;; @0055 mov eax, 0xE
;; @005a mov rsi, [rbx-0x18]
;; @005e mov r11, [rbx-0x10]
;; @0062 sub rbx, 0x20
;; @0066 mov [rbx], rax
;; @0069 jmp qword ptr [rsi-8]
;; @006c mov eax, 0xD
;; @0071 mov rsi, [rbx-0x18]
;; @0075 mov r11, [rbx-0x10]
;; @0079 sub rbx, 0x20
;; @007d mov [rbx], rax
;; @0080 jmp qword ptr [rsi-8]
;; @0083 mov eax, 0xC
;; @0088 mov rsi, [rbx-0x18]
;; @008c mov r11, [rbx-0x10]
;; @0090 sub rbx, 0x20
;; @0094 mov [rbx], rax
;; @0097 jmp qword ptr [rsi-8]
;; @009a mov eax, 0xB
;; @009f mov rsi, [rbx-0x18]
;; @00a3 mov r11, [rbx-0x10]
;; @00a7 sub rbx, 0x20
;; @00ab mov [rbx], rax
;; @00ae jmp qword ptr [rsi-8]
;; ; entry from the interpreter
;; @00b1 mov rbx, rdx
;; @00b4 mov r14, rdi
;; @00b7 mov r15, rcx
;; @00ba mov rax, [r14]
;; @00bd mov byte ptr [rax+0xAE], 1
;; @00c4 mov edi, [rbx-0x20]
;; @00c7 jmp 0x20
;; @00cc (bad)
;; @00ce (bad)
;; @00d0 mov bh, 0xFF
;; @00d2 (bad)
;; @00d4 mov al, [0xCCFFFFFF89FFFFFF]
;; ; pool
;; @00e0 0000000000000000 ; preamble: frame of 0 bytes
;; @00e8 00000000000000b1 ; address of @00b1
