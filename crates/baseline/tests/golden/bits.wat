(module
  (func (param i32 i32 i64) (result i32)
    (if (i32.and (local.get 0) (i32.const 4)) (then (local.set 1 (i32.const 2))))
    (if (i32.eqz (i32.and (local.get 0) (local.get 1))) (then (return (i32.const 3))))
    (if (i64.eqz (i64.and (i64.const 0x100000000) (local.get 2))) (then (return (i32.const 4))))
    (loop $l
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (i32.and (local.get 0) (i32.const 255))))
    (select (local.get 0) (i32.const 7) (i32.and (local.get 1) (i32.const 1))))
)

;; ; function 0: 70 bytes of wasm, 224 of code, 32 of pool, 0 embedded instructions
;; ;   entry from native code
;; @0000 add rsp, 8
;; @0004 lea rcx, [rbx+0x20]
;; @000b cmp rcx, [r14+0x18]
;; @000f ja 0xB2
;; ;   behind the main line
;; @00b2 jmp qword ptr [0xE0]
;; ;   entry from the interpreter
;; @00b8 mov rbx, rdx
;; @00bb mov r14, rdi
;; @00be mov r15, rcx
;; @00c1 mov rax, [r14]
;; @00c4 mov byte ptr [rax+0xAD], 1
;; @00cb jmp 0x15
;; ; 0x1b local.get 0
;; ; 0x1d i32.const 4
;; ; 0x1f i32.and
;; @0015 mov esi, [rbx-0x30]
;; @0018 test esi, 4
;; ; 0x20 if
;; @001e je 0x2D
;; ; 0x22 i32.const 2
;; ; 0x24 local.set 1
;; @0024 mov edi, 2
;; ; 0x26 end
;; @0029 mov [rbx-0x28], rdi
;; ; 0x27 local.get 0
;; ; 0x29 local.get 1
;; ; 0x2b i32.and
;; @002d mov edi, [rbx-0x28]
;; @0030 test esi, edi
;; ; 0x2c i32.eqz
;; ; 0x2d if
;; @0032 jne 0x50
;; ; 0x2f i32.const 3
;; ; 0x31 return
;; @0038 mov eax, 3
;; @003d mov rsi, [rbx-0x18]
;; @0041 mov r11, [rbx-0x10]
;; @0045 sub rbx, 0x30
;; @0049 mov [rbx], rax
;; @004c push qword ptr [rsi-8]
;; @004f ret
;; ; 0x32 end
;; ; 0x33 i64.const 4294967296
;; ; 0x39 local.get 2
;; ; 0x3b i64.and
;; @0050 mov rax, [rbx-0x20]
;; @0054 mov r8, 0x100000000
;; @005e test rax, r8
;; ; 0x3c i64.eqz
;; ; 0x3d if
;; @0061 jne 0x7F
;; ; 0x3f i32.const 4
;; ; 0x41 return
;; @0067 mov eax, 4
;; @006c mov rsi, [rbx-0x18]
;; @0070 mov r11, [rbx-0x10]
;; @0074 sub rbx, 0x30
;; @0078 mov [rbx], rax
;; @007b push qword ptr [rsi-8]
;; @007e ret
;; ; 0x42 end
;; ; 0x43 loop
;; @007f mov ebp, esi
;; ; 0x45 local.get 0
;; ; 0x47 i32.const 1
;; ; 0x49 i32.sub
;; @0081 sub ebp, 1
;; ;   loop 0, from the interpreter
;; @00d0 mov rbx, rdx
;; @00d3 mov r14, rdi
;; @00d6 mov r15, rcx
;; @00d9 mov ebp, [rbx-0x30]
;; @00dc jmp short 0x81
;; ; 0x4a local.set 0
;; ; 0x4c local.get 0
;; ; 0x4e i32.const 255
;; ; 0x51 i32.and
;; @0084 test ebp, 0xFF
;; ; 0x52 br_if 0
;; @008a jne short 0x81
;; ; 0x54 end
;; ; 0x55 local.get 0
;; ; 0x57 i32.const 7
;; ; 0x59 local.get 1
;; ; 0x5b i32.const 1
;; ; 0x5d i32.and
;; @008c mov esi, [rbx-0x28]
;; @008f test esi, 1
;; ; 0x5e select
;; @0095 mov edi, 7
;; @009a cmovne edi, ebp
;; ; 0x5f end
;; @009d mov eax, edi
;; @009f mov rsi, [rbx-0x18]
;; @00a3 mov r11, [rbx-0x10]
;; @00a7 sub rbx, 0x30
;; @00ab mov [rbx], rax
;; @00ae push qword ptr [rsi-8]
;; @00b1 ret
;; ; pool
;; @00e0 0000000000000000 ; address of the stub Overflow
;; @00e8 0000000000000020 ; preamble: frame of 32 bytes
;; @00f0 00000000000000b8 ; address of @00b8: entry from the interpreter
;; ; 0x49 i32.sub
;; @00f8 00000000000000d0 ; address of @00d0: loop 0, from the interpreter
