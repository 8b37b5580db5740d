;; A few calls from the host, each a long loop of additions, shifts and logic.
(module
  ;; How many of $count random numbers are not zero: all, which is known of xorshift but not seen by a compiler.
  (func $arith (export "arith") (param $count i32) (result i32)
    (local $i i32) (local $x i32) (local $found i32)
    (local.set $x (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
        (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
        (local.set $found (i32.add (local.get $found) (i32.ne (local.get $x) (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $found))

  ;; The calls that a host makes, for runtimes that only have a command line.
  (func (export "_start")
    (local $i i32)
    (loop $again
      (if (i32.ne (call $arith (i32.const 10_000_000)) (i32.const 10_000_000)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 5)))))
)
