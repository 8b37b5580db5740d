;; options: inline
(module
  ;; A tail call of itself jumps to where the function begins.
  (func $gcd (param $a i32) (param $b i32) (result i32)
    (if (i32.eqz (local.get $b)) (then (return (local.get $a))))
    (return_call $gcd (local.get $b) (i32.rem_u (local.get $a) (local.get $b))))

  ;; The second call is a round of a loop that sums up. The first one has the loop in its place, with a call in it that is done only if
  ;; it does not return at once.
  (func $fib (param $n i32) (result i32)
    (if (i32.lt_s (local.get $n) (i32.const 2)) (then (return (local.get $n))))
    (i32.add
      (call $fib (i32.sub (local.get $n) (i32.const 1)))
      (call $fib (i32.sub (local.get $n) (i32.const 2)))))
)

;; ; function 0 `gcd`: 20 bytes of wasm, 160 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; @0010 nop [rax+rax]
;; @0019 nop [rax]
;; ; entry with arguments in registers
;; @0020 mov rax, rdi
;; @0023 test esi, esi
;; @0025 je 0x56
;; @002b nop [rax+rax]
;; @0034 nop [rax+rax]
;; @003d nop [rax]
;; @0040 test esi, esi
;; @0042 je 0x66
;; @0048 xor edx, edx
;; @004a div esi
;; @004c mov rax, rsi
;; @004f mov rsi, rdx
;; @0052 test esi, esi
;; @0054 jne short 0x40
;; @0056 mov rsi, [rbx-0x18]
;; @005a mov r11, [rbx-0x10]
;; @005e sub rbx, 0x28
;; @0062 mov [rbx], rax
;; @0065 ret
;; ; 0x2f i32.rem_u
;; @0066 add rsp, 8
;; @006a mov edi, 7
;; @006f call qword ptr [0xA0]
;; ; entry from the interpreter
;; ; 0x0 
;; @0075 mov rbx, rdx
;; @0078 mov r14, rdi
;; @007b mov r15, rcx
;; @007e mov rax, [r14]
;; @0081 mov byte ptr [rax+0xAE], 1
;; @0088 mov rsi, [rbx-0x18]
;; @008c push qword ptr [rsi-8]
;; @008f mov edi, [rbx-0x28]
;; @0092 mov esi, [rbx-0x20]
;; @0095 jmp short 0x20
;; ; pool
;; @00a0 0000000000000000 ; address of the stub Trap
;; @00a8 0000000000000000 ; preamble: frame of 0 bytes
;; @00b0 0000000000000075 ; address of @0075

;; ; function 1 `fib`: 28 bytes of wasm, 320 of code, 40 of pool, 16 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 add rsp, 8
;; @0024 lea r11, [rbx+0x40]
;; @0028 cmp r11, [r14+0x18]
;; @002c ja 0x103
;; @0032 mov [rbx+0x18], rdi
;; @0036 xor r10d, r10d
;; @0039 mov [rbx+0x10], r10
;; @003d mov rcx, rdi
;; @0040 cmp ecx, 2
;; @0043 jl 0xE8
;; @0049 mov r10, [rbx+0x10]
;; @004d lea r12d, [rcx-1]
;; @0051 xor r11d, r11d
;; @0054 nop [rax+rax]
;; @005d nop [rax]
;; @0060 cmp r12d, 2
;; @0064 jge short 0x83
;; @0066 lea eax, [r11+r12]
;; @006a add ecx, 0xFFFFFFFE
;; @006d mov [rbx+0x18], rcx
;; @0071 add r10d, eax
;; @0074 mov [rbx+0x10], r10
;; @0078 cmp ecx, 2
;; @007b jl 0xE8
;; @0081 jmp short 0x49
;; @0083 mov [rbx], r11
;; @0086 mov [rbx+0x10], r10
;; @008a mov [rbx+0x18], rcx
;; @008e lea edi, [r12-1]
;; @0093 mov [rbx+8], r12
;; @0097 cmp edi, 2
;; @009a jl 0xCE
;; ; 0x45 call 1 in func1 < 0x45 call 1
;; @00a0 lea rax, [r14+0x70]
;; @00a4 lea r11, [0x148]
;; @00ab mov [rbx+0x28], r11
;; @00af mov [rbx+0x30], rbx
;; @00b3 mov [rbx+0x38], rax
;; @00b7 add rbx, 0x40
;; @00bb call 0x20
;; @00c0 lea rbx, [rbx-0x20]
;; @00c7 mov rdi, rax
;; @00ca mov r12, [rbx+8]
;; @00ce add r12d, 0xFFFFFFFE
;; @00d2 mov r10, [rbx]
;; @00d5 add r10d, edi
;; @00d8 mov r11, r10
;; @00db mov r10, [rbx+0x10]
;; @00df mov rcx, [rbx+0x18]
;; @00e3 jmp 0x60
;; @00e8 mov r10, [rbx+0x10]
;; @00ec lea eax, [r10+rcx]
;; @00f0 mov rsi, [rbx-0x18]
;; @00f4 mov r11, [rbx-0x10]
;; @00f8 sub rbx, 0x20
;; @00fc mov [rbx], rax
;; @00ff push qword ptr [rsi-8]
;; @0102 ret
;; ; 0x0 
;; @0103 jmp qword ptr [0x150]
;; @0109 mov rbx, rdx
;; @010c mov r14, rdi
;; @010f mov r15, rcx
;; @0112 mov eax, r9d
;; @0115 mov rcx, [rsi-8]
;; @0119 add rcx, 7
;; @011d jmp rcx
;; ; entry from the interpreter
;; @011f mov rbx, rdx
;; @0122 mov r14, rdi
;; @0125 mov r15, rcx
;; @0128 mov rax, [r14]
;; @012b mov byte ptr [rax+0xAE], 1
;; @0132 mov edi, [rbx-0x20]
;; @0135 jmp 0x32
;; ; pool
;; @0140 00000000000000c0 ; address of @00c0
;; @0148 0000000000000109 ; address of @0109
;; @0150 0000000000000000 ; address of the stub Overflow
;; @0158 0000000000000040 ; preamble: frame of 64 bytes
;; @0160 000000000000011f ; address of @011f
