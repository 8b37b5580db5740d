(module
  ;; Each operation of an interpreter has its own jump to the next one.
  (memory 1)
  (func $run (param $at i32) (result i32)
    (local $sum i32)
    (loop $next
      (block $end
        (block $double
          (block $less
            (block $more
              (br_table $more $less $double $more $less $end (i32.load8_u (local.get $at))))
            (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next))
          (local.set $sum (i32.sub (local.get $sum) (i32.const 3)))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (br $next))
        (local.set $sum (i32.shl (local.get $sum) (i32.const 1)))
        (local.set $at (i32.load offset=4 (local.get $at)))
        (br $next))
      (return (local.get $sum)))
    (unreachable)))

;; ; function 0 `run`: 84 bytes of wasm, 288 of code, 16 of pool, 0 spilled, 0 embedded instructions
;; ; entry from native code
;; ; 0x0 
;; @0000 mov rax, [r14]
;; @0003 mov byte ptr [rax+0xAE], 1
;; @000a mov edi, [rbx-0x20]
;; @000d nop [rax+rax]
;; @0016 nop [rax+rax]
;; @001f nop
;; ; entry with arguments in registers
;; @0020 xor eax, eax
;; @0022 nop [rax+rax]
;; @002b nop [rax+rax]
;; @0034 nop [rax+rax]
;; @003d nop [rax]
;; ; 0x2c i32.load8_u
;; @0040 movzx r11d, byte ptr [r15+rdi]
;; @0045 cmp r11d, 5
;; @0049 jae 0xD3
;; @004f lea r13, [0x108]
;; @0056 movsxd rcx, [r13+r11*4]
;; @005b add rcx, r13
;; @005e jmp rcx
;; @0060 add eax, 1
;; @0063 add edi, 1
;; @0066 movzx r11d, byte ptr [r15+rdi]
;; @006b cmp r11d, 5
;; @006f jae 0xD3
;; @0075 lea r13, [0x108]
;; @007c movsxd rcx, [r13+r11*4]
;; @0081 add rcx, r13
;; @0084 jmp rcx
;; @0086 add eax, 0xFFFFFFFD
;; @0089 add edi, 2
;; @008c movzx r11d, byte ptr [r15+rdi]
;; @0091 cmp r11d, 5
;; @0095 jae 0xD3
;; @009b lea r13, [0x108]
;; @00a2 movsxd rcx, [r13+r11*4]
;; @00a7 add rcx, r13
;; @00aa jmp rcx
;; @00ac add eax, eax
;; ; 0x63 i32.load offset=4
;; @00ae mov edi, [r15+rdi+4]
;; ; 0x2c i32.load8_u
;; @00b3 movzx r11d, byte ptr [r15+rdi]
;; @00b8 cmp r11d, 5
;; @00bc jae 0xD3
;; @00c2 lea r13, [0x108]
;; @00c9 movsxd rcx, [r13+r11*4]
;; @00ce add rcx, r13
;; @00d1 jmp rcx
;; @00d3 mov rsi, [rbx-0x18]
;; @00d7 mov r11, [rbx-0x10]
;; @00db sub rbx, 0x20
;; @00df mov [rbx], rax
;; @00e2 ret
;; ; entry from the interpreter
;; ; 0x0 
;; @00e3 mov rbx, rdx
;; @00e6 mov r14, rdi
;; @00e9 mov r15, rcx
;; @00ec mov rax, [r14]
;; @00ef mov byte ptr [rax+0xAE], 1
;; @00f6 mov rsi, [rbx-0x18]
;; @00fa push qword ptr [rsi-8]
;; @00fd mov edi, [rbx-0x20]
;; @0100 jmp 0x20
;; @0108 pop rax
;; @0109 (bad)
;; @010b (bad)
;; @010d (bad)
;; @010f jmp qword ptr [rdi+rdi*8-0xA70001]
;; @0116 (bad)
;; @0118 jle short 0x119
;; @011a (bad)
;; ; pool
;; @0120 0000000000000000 ; preamble: frame of 0 bytes
;; @0128 00000000000000e3 ; address of @00e3
