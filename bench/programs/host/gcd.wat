;; A million calls from the host that are over after three divisions: the greatest common divisor.
(module
  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    (local $rest i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $b)))
        (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $rest))
        (br $next)))
    (local.get $a))

  ;; The calls that a host makes, for runtimes that only have a command line.
  (func (export "_start")
    (local $i i32)
    (loop $again
      (if (i32.ne (call $gcd (i32.const 1_000_000) (i32.const 700_000)) (i32.const 100_000)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1_000_000)))))
)
