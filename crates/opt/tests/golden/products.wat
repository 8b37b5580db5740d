;; options: inline
;; A product of 128 bits that another function makes from halves and stores: it is short once that is one multiplication, so its code
;; stands in the place of the call, and what it stores is not loaded again.
(module
  (memory 1)
  (func $product (param $to i32) (param $a i64) (param $ah i64) (param $b i64) (param $bh i64)
    (local $al i64) (local $bl i64) (local $at i64) (local $bt i64) (local $low i64) (local $sum i64)
    (local.set $low
      (i64.mul
        (local.tee $al (i64.and (local.get $a) (i64.const 0xffffffff)))
        (local.tee $bl (i64.and (local.get $b) (i64.const 0xffffffff)))))
    (local.set $sum
      (i64.add
        (i64.mul (local.tee $at (i64.shr_u (local.get $a) (i64.const 32))) (local.get $bl))
        (i64.shr_u (local.get $low) (i64.const 32))))
    (local.set $al
      (i64.add
        (i64.mul (local.tee $bt (i64.shr_u (local.get $b) (i64.const 32))) (local.get $al))
        (i64.and (local.get $sum) (i64.const 0xffffffff))))
    (i64.store offset=8 (local.get $to)
      (i64.add
        (i64.add
          (i64.add (i64.mul (local.get $at) (local.get $bt)) (i64.shr_u (local.get $sum) (i64.const 32)))
          (i64.shr_u (local.get $al) (i64.const 32)))
        (i64.add
          (i64.mul (local.get $a) (local.get $bh))
          (i64.mul (local.get $ah) (local.get $b)))))
    (i64.store (local.get $to)
      (i64.or
        (i64.shl (local.get $al) (i64.const 32))
        (i64.and (local.get $low) (i64.const 0xffffffff)))))
  (func (param i32 i64 i64) (result i64)
    (call $product (local.get 0) (local.get 1) (i64.const 0) (local.get 2) (i64.const 0))
    (i64.xor (i64.load (local.get 0)) (i64.load offset=8 (local.get 0)))))

;; ; function 0 `product`: 123 bytes of wasm, 128 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x40]
;; @000d mov rsi, [rbx-0x38]
;; @0011 mov rdx, [rbx-0x30]
;; @0015 mov rcx, [rbx-0x28]
;; @0019 mov r8, [rbx-0x20]
;; @001d nop [rax]
;; ; entry with arguments in registers
;; @0020 mov r12, rdx
;; @0023 mov rax, rsi
;; @0026 mul rcx
;; @0029 imul rsi, r8
;; @002d mov rbp, r12
;; @0030 imul rbp, rcx
;; @0034 add rsi, rbp
;; @0037 add rdx, rsi
;; ; 0x8c i64.store offset=8
;; @003a mov [r15+rdi+8], rdx
;; ; 0xa0 i64.store
;; @003f mov [r15+rdi], rax
;; @0043 mov rsi, [rbx-0x18]
;; @0047 mov r11, [rbx-0x10]
;; @004b sub rbx, 0x40
;; @004f ret
;; ; entry from the interpreter
;; ; 0x0 
;; @0050 mov rbx, rdx
;; @0053 mov r14, rdi
;; @0056 mov r15, rcx
;; @0059 mov rax, [r14]
;; @005c mov byte ptr [rax+0xAE], 1
;; @0063 mov rsi, [rbx-0x18]
;; @0067 push qword ptr [rsi-8]
;; @006a mov edi, [rbx-0x40]
;; @006d mov rsi, [rbx-0x38]
;; @0071 mov rdx, [rbx-0x30]
;; @0075 mov rcx, [rbx-0x28]
;; @0079 mov r8, [rbx-0x20]
;; @007d jmp short 0x20
;; ; pool
;; @0080 0000000000000000 ; preamble: frame of 0 bytes
;; @0088 0000000000000050 ; address of @0050

;; ; function 1: 25 bytes of wasm, 112 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x30]
;; @000d mov rsi, [rbx-0x28]
;; @0011 mov rdx, [rbx-0x20]
;; @0015 nop [rax+rax]
;; @001e xchg ax, ax
;; ; entry with arguments in registers
;; @0020 mov rax, rsi
;; @0023 mul rdx
;; ; 0x8c i64.store offset=8 in func0 < 0xb0 call 0
;; @0026 mov [r15+rdi+8], rdx
;; ; 0xa0 i64.store in func0 < 0xb0 call 0
;; @002b mov [r15+rdi], rax
;; @002f mov rdi, rax
;; @0032 mov rax, rdx
;; @0035 xor rax, rdi
;; @0038 mov rsi, [rbx-0x18]
;; @003c mov r11, [rbx-0x10]
;; @0040 sub rbx, 0x30
;; @0044 mov [rbx], rax
;; @0047 ret
;; ; entry from the interpreter
;; ; 0x0 
;; @0048 mov rbx, rdx
;; @004b mov r14, rdi
;; @004e mov r15, rcx
;; @0051 mov rax, [r14]
;; @0054 mov byte ptr [rax+0xAE], 1
;; @005b mov rsi, [rbx-0x18]
;; @005f push qword ptr [rsi-8]
;; @0062 mov edi, [rbx-0x30]
;; @0065 mov rsi, [rbx-0x28]
;; @0069 mov rdx, [rbx-0x20]
;; @006d jmp short 0x20
;; ; pool
;; @0070 0000000000000000 ; preamble: frame of 0 bytes
;; @0078 0000000000000048 ; address of @0048
