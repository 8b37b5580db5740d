(module
  (memory 1)
  ;; Traps lie behind all other code.
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i32) (if (local.get 0) (then unreachable)))
  (func (param $a (ref null array)) (result i32) (array.len (local.get $a))))

;; ; function 0: 7 bytes of wasm, 144 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; ; entry with arguments in registers
;; @0010 add rsp, 8
;; @0014 test esi, esi
;; @0016 je 0x5C
;; @001c cmp esi, 0xFFFFFFFF
;; @001f je 0x3E
;; @0025 mov rax, rdi
;; @0028 cdq
;; @0029 idiv esi
;; @002b mov rsi, [rbx-0x18]
;; @002f mov r11, [rbx-0x10]
;; @0033 sub rbx, 0x28
;; @0037 mov [rbx], rax
;; @003a push qword ptr [rsi-8]
;; @003d ret
;; @003e mov rax, rdi
;; @0041 neg eax
;; @0043 jo 0x67
;; @0049 mov rsi, [rbx-0x18]
;; @004d mov r11, [rbx-0x10]
;; @0051 sub rbx, 0x28
;; @0055 mov [rbx], rax
;; @0058 push qword ptr [rsi-8]
;; @005b ret
;; ; 0x2e i32.div_s
;; @005c mov edi, 7
;; @0061 call qword ptr [0x90]
;; @0067 mov edi, 6
;; @006c call qword ptr [0x90]
;; ; entry from the interpreter
;; ; 0x0 
;; @0072 mov rbx, rdx
;; @0075 mov r14, rdi
;; @0078 mov r15, rcx
;; @007b mov rax, [r14]
;; @007e mov byte ptr [rax+0xAE], 1
;; @0085 mov edi, [rbx-0x28]
;; @0088 mov esi, [rbx-0x20]
;; @008b jmp short 0x14
;; ; pool
;; @0090 0000000000000000 ; address of the stub Trap
;; @0098 0000000000000000 ; preamble: frame of 0 bytes
;; @00a0 0000000000000072 ; address of @0072

;; ; function 1: 8 bytes of wasm, 80 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000d add rsp, 8
;; @0011 test edi, edi
;; @0013 jne 0x29
;; @0019 mov rsi, [rbx-0x18]
;; @001d mov r11, [rbx-0x10]
;; @0021 sub rbx, 0x20
;; @0025 push qword ptr [rsi-8]
;; @0028 ret
;; ; 0x36 unreachable
;; @0029 mov edi, 0
;; @002e call qword ptr [0x50]
;; ; entry from the interpreter
;; ; 0x0 
;; @0034 mov rbx, rdx
;; @0037 mov r14, rdi
;; @003a mov r15, rcx
;; @003d mov rax, [r14]
;; @0040 mov byte ptr [rax+0xAE], 1
;; @0047 mov edi, [rbx-0x20]
;; @004a jmp short 0x11
;; ; pool
;; @0050 0000000000000000 ; address of the stub Trap
;; @0058 0000000000000000 ; preamble: frame of 0 bytes
;; @0060 0000000000000034 ; address of @0034

;; ; function 2: 6 bytes of wasm, 96 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov rdi, [rbx-0x20]
;; ; entry with arguments in registers
;; @000e add rsp, 8
;; @0012 test rdi, rdi
;; @0015 je 0x36
;; @001b mov rbp, [r14+0x30]
;; @001f mov eax, [rbp+rdi+4]
;; @0023 mov rsi, [rbx-0x18]
;; @0027 mov r11, [rbx-0x10]
;; @002b sub rbx, 0x20
;; @002f mov [rbx], rax
;; @0032 push qword ptr [rsi-8]
;; @0035 ret
;; ; 0x3d array.len
;; @0036 mov edi, 5
;; @003b call qword ptr [0x60]
;; ; entry from the interpreter
;; ; 0x0 
;; @0041 mov rbx, rdx
;; @0044 mov r14, rdi
;; @0047 mov r15, rcx
;; @004a mov rax, [r14]
;; @004d mov byte ptr [rax+0xAE], 1
;; @0054 mov rdi, [rbx-0x20]
;; @0058 jmp short 0x12
;; ; pool
;; @0060 0000000000000000 ; address of the stub Trap
;; @0068 0000000000000000 ; preamble: frame of 0 bytes
;; @0070 0000000000000041 ; address of @0041
