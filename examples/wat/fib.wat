;; Fibonacci's numbers the slow way. `fib` for --invoke, and a `_start` that prints fib(30).
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $written i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "fib(30) = ")

  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  ;; Stores the digits backwards from address 64, the line end first, and the text before them:
  ;; one iovec, as `fd_write` may write no more than the first.
  (func $print (param $value i32)
    (local $at i32)
    (local.set $at (i32.const 63))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
      (br_if $digit (local.tee $value (i32.div_u (local.get $value) (i32.const 10)))))
    (local.set $at (i32.sub (local.get $at) (i32.const 10)))
    (memory.copy (local.get $at) (i32.const 16) (i32.const 10))
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (i32.sub (i32.const 64) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func (export "_start")
    (call $print (call $fib (i32.const 30))))
)
