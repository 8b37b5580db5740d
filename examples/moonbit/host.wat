;; What MoonBit's programs import from the module `spectest`, made out of WASI: the other half of lisp.wasm.
;;
;;   print_char ─▶ UTF-8 in a buffer ─▶ fd_write, when a line ends and when the buffer is full
;;   read       ◀─ buffer ◀─ fd_read
;;   exit       ─▶ proc_exit
;;
;; Memory: 0 an iovec, 8 the count that WASI answers, 16 a lead surrogate, 20 the output's length, 24 the input's position,
;; 28 its length; the output from 1024, the input from 8192.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)

  (func $put (param $byte i32)
    (local $length i32)
    (i32.store8 offset=1024 (local.tee $length (i32.load (i32.const 20))) (local.get $byte))
    (i32.store (i32.const 20) (local.tee $length (i32.add (local.get $length) (i32.const 1))))
    (if (i32.or (i32.eq (local.get $byte) (i32.const 10)) (i32.eq (local.get $length) (i32.const 4096)))
      (then (call $flush))))

  ;; Writes what is in the buffer, in as many parts as it takes. Exit code 2 when the output takes no more.
  (func $flush
    (local $from i32)
    (local.set $from (i32.const 1024))
    (loop $more
      (i32.store (i32.const 0) (local.get $from))
      (i32.store (i32.const 4) (i32.load (i32.const 20)))
      (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
        (then (call $proc_exit (i32.const 2))))
      (local.set $from (i32.add (local.get $from) (i32.load (i32.const 8))))
      (i32.store (i32.const 20) (i32.sub (i32.load (i32.const 20)) (i32.load (i32.const 8))))
      (br_if $more (i32.load (i32.const 20)))))

  ;; A continuation byte: the six bits of $c from $shift on.
  (func $follow (param $c i32) (param $shift i32)
    (call $put (i32.or (i32.const 0x80)
      (i32.and (i32.shr_u (local.get $c) (local.get $shift)) (i32.const 0x3f)))))

  ;; Takes UTF-16, one unit a call, or code points.
  (func (export "print_char") (param $c i32)
    (if (i32.eq (i32.and (local.get $c) (i32.const 0xfffffc00)) (i32.const 0xd800))
      (then (i32.store (i32.const 16) (local.get $c)) (return)))
    (if (i32.eq (i32.and (local.get $c) (i32.const 0xfffffc00)) (i32.const 0xdc00))
      (then
        (local.set $c (i32.add (i32.const 0x10000) (i32.or
          (i32.shl (i32.and (i32.load (i32.const 16)) (i32.const 0x3ff)) (i32.const 10))
          (i32.and (local.get $c) (i32.const 0x3ff)))))))
    (if (i32.lt_u (local.get $c) (i32.const 0x80))
      (then (call $put (local.get $c)) (return)))
    (if (i32.lt_u (local.get $c) (i32.const 0x800))
      (then
        (call $put (i32.or (i32.const 0xc0) (i32.shr_u (local.get $c) (i32.const 6))))
        (call $follow (local.get $c) (i32.const 0))
        (return)))
    (if (i32.lt_u (local.get $c) (i32.const 0x10000))
      (then
        (call $put (i32.or (i32.const 0xe0) (i32.shr_u (local.get $c) (i32.const 12))))
        (call $follow (local.get $c) (i32.const 6))
        (call $follow (local.get $c) (i32.const 0))
        (return)))
    (call $put (i32.or (i32.const 0xf0) (i32.shr_u (local.get $c) (i32.const 18))))
    (call $follow (local.get $c) (i32.const 12))
    (call $follow (local.get $c) (i32.const 6))
    (call $follow (local.get $c) (i32.const 0)))

  (func (export "read") (result i32)
    (local $at i32)
    (if (i32.eq (i32.load (i32.const 24)) (i32.load (i32.const 28)))
      (then
        (i32.store (i32.const 24) (i32.const 0))
        (i32.store (i32.const 28) (i32.const 0))
        (i32.store (i32.const 0) (i32.const 8192))
        (i32.store (i32.const 4) (i32.const 32768))
        (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 28))
          (then (call $proc_exit (i32.const 2))))
        (if (i32.eqz (i32.load (i32.const 28)))
          (then (return (i32.const -1))))))
    (local.set $at (i32.load (i32.const 24)))
    (i32.store (i32.const 24) (i32.add (local.get $at) (i32.const 1)))
    (i32.load8_u offset=8192 (local.get $at)))

  (func (export "exit") (param $code i32)
    (call $proc_exit (local.get $code))))
