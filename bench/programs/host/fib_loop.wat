;; A million calls from the host of a short loop: Fibonacci's numbers, one after the other.
(module
  (func $fib_loop (export "fib_loop") (param $n i32) (result i32)
    (local $this i32) (local $next i32) (local $sum i32)
    (local.set $next (i32.const 1))
    (block $done
      (loop $step
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $this) (local.get $next)))
        (local.set $this (local.get $next))
        (local.set $next (local.get $sum))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $step)))
    (local.get $this))

  ;; The calls that a host makes, for runtimes that only have a command line.
  (func (export "_start")
    (local $i i32)
    (loop $again
      (if (i32.ne (call $fib_loop (i32.const 25)) (i32.const 75025)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1_000_000)))))
)
