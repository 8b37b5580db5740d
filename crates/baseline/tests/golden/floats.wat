(module
  (func $mix (param f64 f32) (result f64)
    (f64.add (f64.mul (local.get 0) (f64.const 0.5)) (f64.promote_f32 (f32.neg (local.get 1)))))
  (func $to_int (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
)

;; ; function 0 `mix`: 19 bytes of wasm, 128 of code, 48 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+0x10]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x4A
;; ;   behind the main line
;; @004a jmp qword ptr [0x88]
;; ;   entry from the interpreter
;; @0050 mov rbx, rdx
;; @0053 mov r14, rdi
;; @0056 mov r15, rcx
;; @0059 mov rax, [r14]
;; @005c mov byte ptr [rax+0xAD], 1
;; @0063 jmp short 0x67
;; ;   entry with arguments in slots
;; @0065 pop r11
;; @0067 movsd xmm0, [rbx-0x28]
;; @006c movss xmm1, [rbx-0x20]
;; @0071 jmp short 2
;; ; 0x20 local.get 0
;; ; 0x22 f64.const 0.5
;; ; 0x2b f64.mul
;; @0013 movaps xmm2, xmm0
;; @0016 mulsd xmm2, [0x80]
;; ; 0x2c local.get 1
;; ; 0x2e f32.neg
;; @001e movaps xmm3, xmm1
;; @0021 xorps xmm3, [0x90]
;; ; 0x2f f64.promote_f32
;; @0028 xorps xmm4, xmm4
;; @002b cvtss2sd xmm4, xmm3
;; ; 0x30 f64.add
;; @002f addsd xmm2, xmm4
;; ; 0x31 end
;; @0033 movaps xmm0, xmm2
;; @0036 mov rsi, [rbx-0x18]
;; @003a mov r11, [rbx-0x10]
;; @003e sub rbx, 0x28
;; @0042 movsd [rbx], xmm0
;; @0046 push qword ptr [rsi-8]
;; @0049 ret
;; ; pool
;; @0080 3fe0000000000000 ; constant 4602678819172646912
;; @0088 0000000000000000 ; address of the stub Overflow
;; @0090 0000000080000000 ; constant 2147483648
;; @0098 0000000000000000 ; constant 0
;; @00a0 0000000000000010 ; preamble: frame of 16 bytes
;; @00a8 0000000000000050 ; address of @0050: entry from the interpreter

;; ; function 1 `to_int`: 5 bytes of wasm, 176 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 pop r11
;; @0002 lea r11, [rbx+8]
;; @0009 cmp r11, [r14+0x18]
;; @000d ja 0x7F
;; ;   behind the main line
;; @007f jmp qword ptr [0xB8]
;; ;   entry from the interpreter
;; @0085 mov rbx, rdx
;; @0088 mov r14, rdi
;; @008b mov r15, rcx
;; @008e mov rax, [r14]
;; @0091 mov byte ptr [rax+0xAD], 1
;; @0098 jmp short 0x9C
;; ;   entry with arguments in slots
;; @009a pop r11
;; @009c movsd xmm0, [rbx-0x20]
;; @00a1 jmp 2
;; ; 0x34 local.get 0
;; ; 0x36 i32.trunc_f64_s
;; @0013 cvttsd2si esi, xmm0
;; @0017 cmp esi, 1
;; @001a jo 0x32
;; ;   behind the main line
;; @0032 cvttsd2si rsi, xmm0
;; @0037 cmp rsi, 0xFFFFFFFF80000000
;; @003e jne short 0x44
;; @0040 mov esi, esi
;; @0042 jmp short 0x20
;; @0044 ucomisd xmm0, xmm0
;; @0048 jp 0x74
;; @004e movmskpd esi, xmm0
;; @0052 test esi, 1
;; @0058 jne 0x69
;; @005e mov edi, 6
;; @0063 call qword ptr [0xB0]
;; @0069 mov edi, 6
;; @006e call qword ptr [0xB0]
;; @0074 mov edi, 8
;; @0079 call qword ptr [0xB0]
;; ; 0x37 end
;; @0020 mov eax, esi
;; @0022 mov rsi, [rbx-0x18]
;; @0026 mov r11, [rbx-0x10]
;; @002a add rbx, 0xFFFFFFFFFFFFFFE0
;; @002e push qword ptr [rsi-8]
;; @0031 ret
;; ; pool
;; @00b0 0000000000000000 ; address of the stub Trap
;; @00b8 0000000000000000 ; address of the stub Overflow
;; @00c0 0000000000000008 ; preamble: frame of 8 bytes
;; @00c8 0000000000000085 ; address of @0085: entry from the interpreter
