(module
  (func (param i32 i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 7)) (then unreachable))
    (block (br_if 0 (local.get 1)) (unreachable))
    (loop $l
      (if (local.get 0) (then unreachable))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (if (result i32) (f64.ne (f64.const 1) (f64.convert_i32_s (local.get 0)))
      (then unreachable)
      (else (i32.const 3))))
)

;; ; function 0: 57 bytes of wasm, 208 of code, 48 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x95
;; ;   behind the main line
;; @0095 jmp qword ptr [0xE0]
;; ;   entry from the interpreter
;; @009b mov rbx, rdx
;; @009e mov r14, rdi
;; @00a1 mov r15, rcx
;; @00a4 mov rax, [r14]
;; @00a7 mov byte ptr [rax+0xAD], 1
;; @00ae jmp short 0xB2
;; ;   entry with arguments in slots
;; @00b0 pop r11
;; @00b2 mov edi, [rbx-0x28]
;; @00b5 mov esi, [rbx-0x20]
;; @00b8 jmp 2
;; ; 0x1a local.get 0
;; ; 0x1c i32.const 7
;; ; 0x1e i32.lt_s
;; @0013 cmp edi, 7
;; ; 0x1f if
;; ; 0x21 unreachable
;; @0016 jl 0x7F
;; ;   behind the main line
;; @007f mov edi, 0
;; @0084 call qword ptr [0xD0]
;; ; 0x22 end
;; ; 0x23 block
;; ; 0x25 local.get 1
;; ; 0x27 br_if 0
;; @001c test esi, esi
;; ; 0x29 unreachable
;; @001e je 0x8A
;; ;   behind the main line
;; @008a mov edi, 0
;; @008f call qword ptr [0xD0]
;; ; 0x2a end
;; ; 0x2b loop
;; @0024 mov [rbx-0x20], rsi
;; ; 0x2d local.get 0
;; ; 0x2f if
;; @0028 test edi, edi
;; @002a je 0x3B
;; ;   loop 0, from the interpreter
;; @00bd mov rbx, rdx
;; @00c0 mov r14, rdi
;; @00c3 mov r15, rcx
;; @00c6 mov edi, [rbx-0x28]
;; @00c9 jmp 0x28
;; ; 0x31 unreachable
;; @0030 mov edi, 0
;; @0035 call qword ptr [0xD0]
;; ; 0x32 end
;; ; 0x33 local.get 0
;; ; 0x35 i32.const 1
;; ; 0x37 i32.sub
;; @003b sub edi, 1
;; ; 0x38 local.tee 0
;; ; 0x3a br_if 0
;; @003e test edi, edi
;; @0040 jne short 0x28
;; ; 0x3c end
;; ; 0x3d f64.const 1.0
;; ; 0x46 local.get 0
;; ; 0x48 f64.convert_i32_s
;; @0042 xorps xmm0, xmm0
;; @0045 cvtsi2sd xmm0, edi
;; ; 0x49 f64.ne
;; @0049 movsd xmm1, [0xD8]
;; @0051 ucomisd xmm1, xmm0
;; ; 0x4a if (result i32)
;; @0055 jp short 0x5D
;; @0057 je 0x68
;; ; 0x4c unreachable
;; @005d mov edi, 0
;; @0062 call qword ptr [0xD0]
;; ; 0x4d else
;; ; 0x4e i32.const 3
;; ; 0x50 end
;; @0068 mov esi, 3
;; ; 0x51 end
;; @006d mov eax, esi
;; @006f mov rsi, [rbx-0x18]
;; @0073 mov r11, [rbx-0x10]
;; @0077 add rbx, 0xFFFFFFFFFFFFFFD8
;; @007b push qword ptr [rsi-8]
;; @007e ret
;; ; pool
;; @00d0 0000000000000000 ; address of the stub Trap
;; @00d8 3ff0000000000000 ; constant 4607182418800017408
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 0000000000000010 ; preamble: frame of 16 bytes
;; @00f0 000000000000009b ; address of @009b: entry from the interpreter
;; ; 0x2f if
;; @00f8 00000000000000bd ; address of @00bd: loop 0, from the interpreter
