;; Ten thousand calls from the host that each make 63609 calls: Takeuchi's function.
(module
  (func $tak (export "tak") (param $x i32) (param $y i32) (param $z i32) (result i32)
    (if (result i32) (i32.ge_s (local.get $y) (local.get $x))
      (then (local.get $z))
      (else
        (call $tak
          (call $tak (i32.sub (local.get $x) (i32.const 1)) (local.get $y) (local.get $z))
          (call $tak (i32.sub (local.get $y) (i32.const 1)) (local.get $z) (local.get $x))
          (call $tak (i32.sub (local.get $z) (i32.const 1)) (local.get $x) (local.get $y))))))

  ;; The calls that a host makes, for runtimes that only have a command line.
  (func (export "_start")
    (local $i i32)
    (loop $again
      (if (i32.ne (call $tak (i32.const 18) (i32.const 12) (i32.const 6)) (i32.const 7)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 10_000)))))
)
