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

;; ; function 1 `fib`: 28 bytes of wasm, 352 of code, 40 of pool, 16 spilled, 0 embedded instructions
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
;; @002c ja 0x122
;; @0032 mov [rbx+0x18], rdi
;; @0036 xor r10d, r10d
;; @0039 mov [rbx+0x10], r10
;; @003d mov rcx, rdi
;; @0040 cmp ecx, 2
;; @0043 jl 0x107
;; @0049 mov r10, [rbx+0x10]
;; @004d lea r12d, [rcx-1]
;; @0051 xor r11d, r11d
;; @0054 nop [rax+rax]
;; @005d nop [rax+rax]
;; @0066 nop [rax+rax]
;; @006f nop [rax+rax]
;; @0078 nop [rax+rax]
;; @0080 cmp r12d, 2
;; @0084 jge short 0xA2
;; @0086 lea eax, [r11+r12]
;; @008a add ecx, 0xFFFFFFFE
;; @008d mov [rbx+0x18], rcx
;; @0091 add r10d, eax
;; @0094 mov [rbx+0x10], r10
;; @0098 cmp ecx, 2
;; @009b jge short 0x49
;; @009d jmp 0x107
;; @00a2 mov [rbx], r11
;; @00a5 mov [rbx+0x10], r10
;; @00a9 mov [rbx+0x18], rcx
;; @00ad lea edi, [r12-1]
;; @00b2 mov [rbx+8], r12
;; @00b6 cmp edi, 2
;; @00b9 jl 0xED
;; ; 0x45 call 1 in func1 < 0x45 call 1
;; @00bf lea rax, [r14+0x70]
;; @00c3 lea r11, [0x168]
;; @00ca mov [rbx+0x28], r11
;; @00ce mov [rbx+0x30], rbx
;; @00d2 mov [rbx+0x38], rax
;; @00d6 add rbx, 0x40
;; @00da call 0x20
;; @00df lea rbx, [rbx-0x20]
;; @00e6 mov rdi, rax
;; @00e9 mov r12, [rbx+8]
;; @00ed add r12d, 0xFFFFFFFE
;; @00f1 mov r10, [rbx]
;; @00f4 add r10d, edi
;; @00f7 mov r11, r10
;; @00fa mov r10, [rbx+0x10]
;; @00fe mov rcx, [rbx+0x18]
;; @0102 jmp 0x80
;; @0107 mov r10, [rbx+0x10]
;; @010b lea eax, [r10+rcx]
;; @010f mov rsi, [rbx-0x18]
;; @0113 mov r11, [rbx-0x10]
;; @0117 sub rbx, 0x20
;; @011b mov [rbx], rax
;; @011e push qword ptr [rsi-8]
;; @0121 ret
;; ; 0x0 
;; @0122 jmp qword ptr [0x170]
;; @0128 mov rbx, rdx
;; @012b mov r14, rdi
;; @012e mov r15, rcx
;; @0131 mov eax, r9d
;; @0134 mov rcx, [rsi-8]
;; @0138 add rcx, 7
;; @013c jmp rcx
;; ; entry from the interpreter
;; @013e mov rbx, rdx
;; @0141 mov r14, rdi
;; @0144 mov r15, rcx
;; @0147 mov rax, [r14]
;; @014a mov byte ptr [rax+0xAE], 1
;; @0151 mov edi, [rbx-0x20]
;; @0154 jmp 0x32
;; ; pool
;; @0160 00000000000000df ; address of @00df
;; @0168 0000000000000128 ; address of @0128
;; @0170 0000000000000000 ; address of the stub Overflow
;; @0178 0000000000000040 ; preamble: frame of 64 bytes
;; @0180 000000000000013e ; address of @013e
