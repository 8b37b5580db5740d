(module
  (memory 1)
  ;; A loop that is tested at its end: the branch that decides is the way back.
  (func (param $at i32) (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=8 (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  ;; One that is tested at its head: the head comes behind the rest.
  (func (param $at i32) (param $end i32)
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 3)))
        (br $again)))))

;; ; function 0: 35 bytes of wasm, 128 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; @0010 nop [rax+rax]
;; @0019 nop [rax]
;; ; entry with arguments in registers
;; @0020 xor eax, eax
;; @0022 nop [rax+rax]
;; @002b nop [rax+rax]
;; @0034 nop [rax+rax]
;; @003d nop [rax]
;; ; 0x2d i32.load offset=8
;; @0040 add eax, [r15+rdi+8]
;; @0045 add edi, 4
;; @0048 add esi, 0xFFFFFFFF
;; @004b jne short 0x40
;; @004d mov rsi, [rbx-0x18]
;; @0051 mov r11, [rbx-0x10]
;; @0055 sub rbx, 0x28
;; @0059 mov [rbx], rax
;; @005c ret
;; ; entry from the interpreter
;; ; 0x0 
;; @005d mov rbx, rdx
;; @0060 mov r14, rdi
;; @0063 mov r15, rcx
;; @0066 mov rax, [r14]
;; @0069 mov byte ptr [rax+0xAE], 1
;; @0070 mov rsi, [rbx-0x18]
;; @0074 push qword ptr [rsi-8]
;; @0077 mov edi, [rbx-0x28]
;; @007a mov esi, [rbx-0x20]
;; @007d jmp short 0x20
;; ; pool
;; @0080 0000000000000000 ; preamble: frame of 0 bytes
;; @0088 000000000000005d ; address of @005d

;; ; function 1: 31 bytes of wasm, 128 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; @0010 nop [rax+rax]
;; @0019 nop [rax]
;; ; entry with arguments in registers
;; @0020 cmp edi, esi
;; @0022 jae short 0x4C
;; @0024 nop [rax+rax]
;; @002d nop [rax+rax]
;; @0036 nop [rax+rax]
;; @003f nop
;; ; 0x58 i32.store8
;; @0040 mov byte ptr [r15+rdi], 1
;; @0045 add edi, 3
;; @0048 cmp edi, esi
;; @004a jb short 0x40
;; @004c mov rsi, [rbx-0x18]
;; @0050 mov r11, [rbx-0x10]
;; @0054 sub rbx, 0x28
;; @0058 ret
;; ; entry from the interpreter
;; ; 0x0 
;; @0059 mov rbx, rdx
;; @005c mov r14, rdi
;; @005f mov r15, rcx
;; @0062 mov rax, [r14]
;; @0065 mov byte ptr [rax+0xAE], 1
;; @006c mov rsi, [rbx-0x18]
;; @0070 push qword ptr [rsi-8]
;; @0073 mov edi, [rbx-0x28]
;; @0076 mov esi, [rbx-0x20]
;; @0079 jmp short 0x20
;; ; pool
;; @0080 0000000000000000 ; preamble: frame of 0 bytes
;; @0088 0000000000000059 ; address of @0059
