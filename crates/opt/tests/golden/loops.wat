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

;; ; function 0: 35 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; ; entry with arguments in registers
;; @0010 add rsp, 8
;; @0014 xor eax, eax
;; @0016 nop [rax+rax]
;; @001f nop
;; ; 0x2d i32.load offset=8
;; @0020 add eax, [r15+rdi+8]
;; @0025 add edi, 4
;; @0028 add esi, 0xFFFFFFFF
;; @002b jne short 0x20
;; @002d mov rsi, [rbx-0x18]
;; @0031 mov r11, [rbx-0x10]
;; @0035 sub rbx, 0x28
;; @0039 mov [rbx], rax
;; @003c push qword ptr [rsi-8]
;; @003f ret
;; ; entry from the interpreter
;; ; 0x0 
;; @0040 mov rbx, rdx
;; @0043 mov r14, rdi
;; @0046 mov r15, rcx
;; @0049 mov rax, [r14]
;; @004c mov byte ptr [rax+0xAE], 1
;; @0053 mov edi, [rbx-0x28]
;; @0056 mov esi, [rbx-0x20]
;; @0059 jmp short 0x14
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 0000000000000040 ; address of @0040

;; ; function 1: 31 bytes of wasm, 96 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; ; entry with arguments in registers
;; @0010 add rsp, 8
;; @0014 jmp short 0x28
;; @0016 nop [rax+rax]
;; @001f nop
;; ; 0x58 i32.store8
;; @0020 mov byte ptr [r15+rdi], 1
;; @0025 add edi, 3
;; @0028 cmp edi, esi
;; @002a jb short 0x20
;; @002c mov rsi, [rbx-0x18]
;; @0030 mov r11, [rbx-0x10]
;; @0034 sub rbx, 0x28
;; @0038 push qword ptr [rsi-8]
;; @003b ret
;; ; entry from the interpreter
;; ; 0x0 
;; @003c mov rbx, rdx
;; @003f mov r14, rdi
;; @0042 mov r15, rcx
;; @0045 mov rax, [r14]
;; @0048 mov byte ptr [rax+0xAE], 1
;; @004f mov edi, [rbx-0x28]
;; @0052 mov esi, [rbx-0x20]
;; @0055 jmp short 0x14
;; ; pool
;; @0060 0000000000000000 ; preamble: frame of 0 bytes
;; @0068 000000000000003c ; address of @003c
