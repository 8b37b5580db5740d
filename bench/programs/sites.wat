;; Calls from 512 places: their ends are not to be foreseen by where functions return from.
(module
  ;; A step of a generator of numbers, with a branch that depends on them.
  (func $f (param $x i32) (result i32)
    (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
    (if (i32.and (local.get $x) (i32.const 0x8000))
      (then (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 7))))))
    (local.get $x))

  (func $all (param $x i32) (result i32)
    local.get $x
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f
    call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f call $f)

  (func $run (export "sites") (param $times i32) (result i32)
    (local $x i32)
    (loop $again
      (local.set $x (call $all (local.get $x)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times)))
    (local.get $x))

  (func (export "_start")
    (if (i32.ne (call $run (i32.const 40000)) (i32.const 1238523695)) (then unreachable)))
)
