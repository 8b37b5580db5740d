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
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x9E
;; ;   behind the main line
;; @009e jmp qword ptr [0xE0]
;; ;   entry from the interpreter
;; @00a4 mov rbx, rdx
;; @00a7 mov r14, rdi
;; @00aa mov r15, rcx
;; @00ad mov rax, [r14]
;; @00b0 mov byte ptr [rax+0xAD], 1
;; @00b7 jmp 0x15
;; ; 0x1a local.get 0
;; ; 0x1c i32.const 7
;; ; 0x1e i32.lt_s
;; @0015 mov esi, [rbx-0x28]
;; @0018 cmp esi, 7
;; ; 0x1f if
;; ; 0x21 unreachable
;; @001b jl 0x88
;; ;   behind the main line
;; @0088 mov edi, 0
;; @008d call qword ptr [0xD0]
;; ; 0x22 end
;; ; 0x23 block
;; ; 0x25 local.get 1
;; ; 0x27 br_if 0
;; @0021 mov edi, [rbx-0x20]
;; @0024 test edi, edi
;; ; 0x29 unreachable
;; @0026 je 0x93
;; ;   behind the main line
;; @0093 mov edi, 0
;; @0098 call qword ptr [0xD0]
;; ; 0x2a end
;; ; 0x2b loop
;; @002c mov ebp, esi
;; ; 0x2d local.get 0
;; ; 0x2f if
;; @002e test ebp, ebp
;; @0030 je 0x41
;; ;   loop 0, from the interpreter
;; @00bc mov rbx, rdx
;; @00bf mov r14, rdi
;; @00c2 mov r15, rcx
;; @00c5 mov ebp, [rbx-0x28]
;; @00c8 jmp 0x2E
;; ; 0x31 unreachable
;; @0036 mov edi, 0
;; @003b call qword ptr [0xD0]
;; ; 0x32 end
;; ; 0x33 local.get 0
;; ; 0x35 i32.const 1
;; ; 0x37 i32.sub
;; @0041 sub ebp, 1
;; ; 0x38 local.tee 0
;; ; 0x3a br_if 0
;; @0044 test ebp, ebp
;; @0046 jne short 0x2E
;; ; 0x3c end
;; ; 0x3d f64.const 1.0
;; ; 0x46 local.get 0
;; ; 0x48 f64.convert_i32_s
;; @0048 xorps xmm0, xmm0
;; @004b cvtsi2sd xmm0, ebp
;; ; 0x49 f64.ne
;; @004f movsd xmm1, [0xD8]
;; @0057 ucomisd xmm1, xmm0
;; ; 0x4a if (result i32)
;; @005b jp short 0x63
;; @005d je 0x6E
;; ; 0x4c unreachable
;; @0063 mov edi, 0
;; @0068 call qword ptr [0xD0]
;; ; 0x4d else
;; ; 0x4e i32.const 3
;; ; 0x50 end
;; @006e mov esi, 3
;; ; 0x51 end
;; @0073 mov eax, esi
;; @0075 mov rsi, [rbx-0x18]
;; @0079 mov r11, [rbx-0x10]
;; @007d sub rbx, 0x28
;; @0081 mov [rbx], rax
;; @0084 push qword ptr [rsi-8]
;; @0087 ret
;; ; pool
;; @00d0 0000000000000000 ; address of the stub Trap
;; @00d8 3ff0000000000000 ; constant 4607182418800017408
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 0000000000000010 ; preamble: frame of 16 bytes
;; @00f0 00000000000000a4 ; address of @00a4: entry from the interpreter
;; ; 0x2f if
;; @00f8 00000000000000bc ; address of @00bc: loop 0, from the interpreter
