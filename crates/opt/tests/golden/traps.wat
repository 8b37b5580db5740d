(module
  (memory 1)
  ;; Traps lie behind all other code.
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i32) (if (local.get 0) (then unreachable)))
  (func (param $a (ref null array)) (result i32) (array.len (local.get $a))))

;; ; function 0: 7 bytes of wasm, 176 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x28]
;; @000d mov esi, [rbx-0x20]
;; @0010 nop [rax+rax]
;; @0019 nop [rax]
;; ; entry with arguments in registers
;; @0020 test esi, esi
;; @0022 je 0x62
;; @0028 cmp esi, 0xFFFFFFFF
;; @002b je 0x47
;; @0031 mov rax, rdi
;; @0034 cdq
;; @0035 idiv esi
;; @0037 mov rsi, [rbx-0x18]
;; @003b mov r11, [rbx-0x10]
;; @003f sub rbx, 0x28
;; @0043 mov [rbx], rax
;; @0046 ret
;; @0047 mov rax, rdi
;; @004a neg eax
;; @004c jo 0x71
;; @0052 mov rsi, [rbx-0x18]
;; @0056 mov r11, [rbx-0x10]
;; @005a sub rbx, 0x28
;; @005e mov [rbx], rax
;; @0061 ret
;; ; 0x2e i32.div_s
;; @0062 add rsp, 8
;; @0066 mov edi, 7
;; @006b call qword ptr [0xB0]
;; @0071 add rsp, 8
;; @0075 mov edi, 6
;; @007a call qword ptr [0xB0]
;; ; entry from the interpreter
;; ; 0x0 
;; @0080 mov rbx, rdx
;; @0083 mov r14, rdi
;; @0086 mov r15, rcx
;; @0089 mov rax, [r14]
;; @008c mov byte ptr [rax+0xAE], 1
;; @0093 mov rsi, [rbx-0x18]
;; @0097 push qword ptr [rsi-8]
;; @009a mov edi, [rbx-0x28]
;; @009d mov esi, [rbx-0x20]
;; @00a0 jmp 0x20
;; ; pool
;; @00b0 0000000000000000 ; address of the stub Trap
;; @00b8 0000000000000000 ; preamble: frame of 0 bytes
;; @00c0 0000000000000080 ; address of @0080

;; ; function 1: 8 bytes of wasm, 112 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 test edi, edi
;; @0022 jne 0x35
;; @0028 mov rsi, [rbx-0x18]
;; @002c mov r11, [rbx-0x10]
;; @0030 sub rbx, 0x20
;; @0034 ret
;; ; 0x36 unreachable
;; @0035 add rsp, 8
;; @0039 mov edi, 0
;; @003e call qword ptr [0x70]
;; ; entry from the interpreter
;; ; 0x0 
;; @0044 mov rbx, rdx
;; @0047 mov r14, rdi
;; @004a mov r15, rcx
;; @004d mov rax, [r14]
;; @0050 mov byte ptr [rax+0xAE], 1
;; @0057 mov rsi, [rbx-0x18]
;; @005b push qword ptr [rsi-8]
;; @005e mov edi, [rbx-0x20]
;; @0061 jmp short 0x20
;; ; pool
;; @0070 0000000000000000 ; address of the stub Trap
;; @0078 0000000000000000 ; preamble: frame of 0 bytes
;; @0080 0000000000000044 ; address of @0044

;; ; function 2: 6 bytes of wasm, 112 of code, 24 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov rdi, [rbx-0x20]
;; @000e nop [rax+rax]
;; @0017 nop [rax+rax]
;; ; entry with arguments in registers
;; @0020 test rdi, rdi
;; @0023 je 0x41
;; @0029 mov rbp, [r14+0x30]
;; @002d mov eax, [rbp+rdi+4]
;; @0031 mov rsi, [rbx-0x18]
;; @0035 mov r11, [rbx-0x10]
;; @0039 sub rbx, 0x20
;; @003d mov [rbx], rax
;; @0040 ret
;; ; 0x3d array.len
;; @0041 add rsp, 8
;; @0045 mov edi, 5
;; @004a call qword ptr [0x70]
;; ; entry from the interpreter
;; ; 0x0 
;; @0050 mov rbx, rdx
;; @0053 mov r14, rdi
;; @0056 mov r15, rcx
;; @0059 mov rax, [r14]
;; @005c mov byte ptr [rax+0xAE], 1
;; @0063 mov rsi, [rbx-0x18]
;; @0067 push qword ptr [rsi-8]
;; @006a mov rdi, [rbx-0x20]
;; @006e jmp short 0x20
;; ; pool
;; @0070 0000000000000000 ; address of the stub Trap
;; @0078 0000000000000000 ; preamble: frame of 0 bytes
;; @0080 0000000000000050 ; address of @0050
