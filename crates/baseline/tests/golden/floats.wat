(module
  (func $mix (param f64 f32) (result f64)
    (f64.add (f64.mul (local.get 0) (f64.const 0.5)) (f64.promote_f32 (f32.neg (local.get 1)))))
  (func $to_int (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
)

;; ; function 0 `mix`: 19 bytes of wasm, 112 of code, 48 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x10]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x4D
;; ;   behind the main line
;; @004d jmp qword ptr [0x78]
;; ;   entry from the interpreter
;; @0053 mov rbx, rdx
;; @0056 mov r14, rdi
;; @0059 mov r15, rcx
;; @005c mov rax, [r14]
;; @005f mov byte ptr [rax+0xAD], 1
;; @0066 jmp short 0x15
;; ; 0x20 local.get 0
;; ; 0x22 f64.const 0.5
;; ; 0x2b f64.mul
;; @0015 movsd xmm0, [rbx-0x28]
;; @001a mulsd xmm0, [0x70]
;; ; 0x2c local.get 1
;; ; 0x2e f32.neg
;; @0022 movss xmm1, [rbx-0x20]
;; @0027 xorps xmm1, [0x80]
;; ; 0x2f f64.promote_f32
;; @002e xorps xmm2, xmm2
;; @0031 cvtss2sd xmm2, xmm1
;; ; 0x30 f64.add
;; @0035 addsd xmm0, xmm2
;; ; 0x31 end
;; @0039 mov rsi, [rbx-0x18]
;; @003d mov r11, [rbx-0x10]
;; @0041 sub rbx, 0x28
;; @0045 movsd [rbx], xmm0
;; @0049 push qword ptr [rsi-8]
;; @004c ret
;; ; pool
;; @0070 3fe0000000000000 ; constant 4602678819172646912
;; @0078 0000000000000000 ; address of the stub Overflow
;; @0080 0000000080000000 ; constant 2147483648
;; @0088 0000000000000000 ; constant 0
;; @0090 0000000000000010 ; preamble: frame of 16 bytes
;; @0098 0000000000000053 ; address of @0053: entry from the interpreter

;; ; function 1 `to_int`: 5 bytes of wasm, 160 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+8]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0x7D
;; ;   behind the main line
;; @007d jmp qword ptr [0xA8]
;; ;   entry from the interpreter
;; @0083 mov rbx, rdx
;; @0086 mov r14, rdi
;; @0089 mov r15, rcx
;; @008c mov rax, [r14]
;; @008f mov byte ptr [rax+0xAD], 1
;; @0096 jmp 0x15
;; ; 0x34 local.get 0
;; ; 0x36 i32.trunc_f64_s
;; @0015 movsd xmm0, [rbx-0x20]
;; @001a cvttsd2si rsi, xmm0
;; @001f movsxd rdi, esi
;; @0022 cmp rdi, rsi
;; @0025 jne 0x42
;; @002b mov esi, esi
;; ;   behind the main line
;; @0042 ucomisd xmm0, xmm0
;; @0046 jp 0x72
;; @004c movmskpd esi, xmm0
;; @0050 test esi, 1
;; @0056 jne 0x67
;; @005c mov edi, 6
;; @0061 call qword ptr [0xA0]
;; @0067 mov edi, 6
;; @006c call qword ptr [0xA0]
;; @0072 mov edi, 8
;; @0077 call qword ptr [0xA0]
;; ; 0x37 end
;; @002d mov eax, esi
;; @002f mov rsi, [rbx-0x18]
;; @0033 mov r11, [rbx-0x10]
;; @0037 sub rbx, 0x20
;; @003b mov [rbx], rax
;; @003e push qword ptr [rsi-8]
;; @0041 ret
;; ; pool
;; @00a0 0000000000000000 ; address of the stub Trap
;; @00a8 0000000000000000 ; address of the stub Overflow
;; @00b0 0000000000000008 ; preamble: frame of 8 bytes
;; @00b8 0000000000000083 ; address of @0083: entry from the interpreter
