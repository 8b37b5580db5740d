;; Shifts, rotations and divisions by numbers that are not constant.
(module
  (func $run (export "shifts") (param $i i32) (result i64)
    (local $a i32) (local $b i64)
    (local.set $a (i32.const 1))
    (local.set $b (i64.const 1))
    (loop $again
      (local.set $a (i32.xor
        (i32.rotl (local.get $a) (local.get $i))
        (i32.rotr (local.get $i) (local.get $a))))
      (local.set $a (i32.add (local.get $a)
        (i32.xor
          (i32.xor
            (i32.shl (local.get $a) (local.get $i))
            (i32.shr_s (local.get $a) (local.get $a)))
          (i32.shr_u (local.get $i) (local.get $a)))))
      (local.set $a (i32.add (local.get $a)
        (i32.add
          (i32.div_u (local.get $i) (i32.or (local.get $a) (i32.const 1)))
          (i32.rem_u (local.get $i) (i32.or (local.get $a) (i32.const 1))))))
      (local.set $b (i64.xor
        (i64.rotl (local.get $b) (i64.extend_i32_u (local.get $a)))
        (i64.rotr (i64.extend_i32_u (local.get $i)) (local.get $b))))
      (local.set $b (i64.add (local.get $b)
        (i64.xor
          (i64.xor
            (i64.shl (local.get $b) (i64.extend_i32_u (local.get $a)))
            (i64.shr_s (local.get $b) (local.get $b)))
          (i64.shr_u (local.get $b) (i64.extend_i32_u (local.get $i))))))
      (local.set $b (i64.add (local.get $b)
        (i64.add
          (i64.div_s (local.get $b) (i64.extend_i32_u (local.get $i)))
          (i64.rem_u (local.get $b) (i64.or (i64.extend_i32_u (local.get $a)) (i64.const 1))))))
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $again (local.get $i)))
    (i64.xor (local.get $b) (i64.extend_i32_u (local.get $a))))

  (func (export "_start")
    (if (i64.ne (call $run (i32.const 10000000)) (i64.const -3026663034155290027)) (then unreachable)))
)
