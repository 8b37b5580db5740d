(module
  ;; A state machine: the table is left for the state that it begins with, all others are jumped to.
  (func $run (param $state i32) (param $n i32) (result i32)
    (local $sum i32)
    (loop $next
      (block $end
        (block $odd
          (block $even
            (br_table $even $odd $end (local.get $state)))
          (local.set $sum (i32.add (local.get $sum) (local.get $n)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (local.set $state (i32.const 1))
          (br $next))
        (local.set $sum (i32.mul (local.get $sum) (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (if (local.get $n) (then (local.set $state (i32.const 0))) (else (local.set $state (i32.const 2))))
        (br $next))
      (return (local.get $sum)))
    (unreachable)))

;; ; function 0 `run`: 77 bytes of wasm, 176 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; @0010 nop [rax+rax]
;; @0019 nop [rax]
;; ; entry with arguments in registers
;; @0020 test edi, edi
;; @0022 je short 0x2B
;; @0024 cmp edi, 1
;; @0027 je short 0x32
;; @0029 jmp short 0x3C
;; @002b xor eax, eax
;; @002d jmp 0x60
;; @0032 xor eax, eax
;; @0034 mov r13, rsi
;; @0037 jmp 0x66
;; @003c xor eax, eax
;; @003e mov rsi, [rbx-0x18]
;; @0042 mov r11, [rbx-0x10]
;; @0046 sub rbx, 0x28
;; @004a mov [rbx], rax
;; @004d ret
;; @004e nop [rax+rax]
;; @0057 nop [rax+rax]
;; @0060 add eax, esi
;; @0062 lea r13d, [rsi-1]
;; @0066 imul eax, r13d
;; @006a lea esi, [r13-1]
;; @006e test esi, esi
;; @0070 jne short 0x60
;; @0072 mov rsi, [rbx-0x18]
;; @0076 mov r11, [rbx-0x10]
;; @007a sub rbx, 0x28
;; @007e mov [rbx], rax
;; @0081 ret
;; ; entry from the interpreter
;; @0082 mov rbx, rdx
;; @0085 mov r14, rdi
;; @0088 mov r15, rcx
;; @008b mov rax, [r14]
;; @008e mov byte ptr [rax+0xAE], 1
;; @0095 mov rsi, [rbx-0x18]
;; @0099 push qword ptr [rsi-8]
;; @009c mov edi, [rbx-0x28]
;; @009f mov esi, [rbx-0x20]
;; @00a2 jmp 0x20
;; ; pool
;; @00b0 0000000000000000 ; preamble: frame of 0 bytes
;; @00b8 0000000000000082 ; address of @0082
