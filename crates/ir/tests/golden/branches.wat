;; A comparison melts into the branch that tests it, whichever way the test goes.
(module
  ;; `if` skips its arm when the condition does not hold: the inverse comparison.
  (func $if_less (param $x i32) (result i32)
    (if (i32.lt_s (local.get $x) (i32.const 10)) (then (return (i32.const 1))))
    (i32.const 2))

  (func $br_if_less (param $x i32) (param $y i32)
    (block (br_if 0 (i32.lt_s (local.get $x) (local.get $y))) (call $effect)))

  ;; `eqz` of a comparison turns it around; a second one turns it back.
  (func $not (param $x i32) (param $y i32)
    (block (br_if 0 (i32.eqz (i32.gt_u (local.get $x) (local.get $y)))) (call $effect)))
  (func $not_not (param $x i32) (param $y i32)
    (block (br_if 0 (i32.eqz (i32.eqz (i32.gt_u (local.get $x) (local.get $y))))) (call $effect)))

  ;; A test for zero, of both widths.
  (func $zero (param $x i32) (param $y i64)
    (block
      (br_if 0 (i32.eqz (local.get $x)))
      (br_if 0 (i64.eqz (local.get $y)))
      (call $effect)))

  ;; A condition that is no comparison is compared with zero.
  (func $plain (param $x i32)
    (block (br_if 0 (local.get $x)) (call $effect))
    (block (br_if 0 (i32.and (local.get $x) (i32.const 8))) (call $effect)))

  ;; Where an operand is NaN, neither a < b nor a >= b: floats need both senses, never the inverse operator.
  (func $float (param $x f64) (param $y f64)
    (block (br_if 0 (f64.lt (local.get $x) (local.get $y))) (call $effect))
    (if (f64.lt (local.get $x) (local.get $y)) (then (call $effect)))
    (block (br_if 0 (i32.eqz (f64.le (local.get $x) (local.get $y)))) (call $effect)))

  ;; A float constant has no immediate form in a comparison and goes to its home first.
  (func $float_constant (param $x f32)
    (block (br_if 0 (f32.gt (local.get $x) (f32.const 1.5))) (call $effect)))

  ;; A constant on the left goes to the right, with the mirror image of the comparison.
  (func $constant_left (param $x i32)
    (block (br_if 0 (i32.lt_s (i32.const 10) (local.get $x))) (call $effect)))

  ;; Immediates of branches have 16 bits.
  (func $large_constant (param $x i32)
    (block (br_if 0 (i32.eq (local.get $x) (i32.const 32767))) (call $effect))
    (block (br_if 0 (i32.eq (local.get $x) (i32.const 32768))) (call $effect))
    (block (br_if 0 (i32.eq (local.get $x) (i32.const -32768))) (call $effect)))

  ;; A comparison that is used as a number is an instruction of its own.
  (func $as_number (param $x i64) (result i32)
    (i32.add (i64.ge_u (local.get $x) (i64.const -1)) (i64.eqz (local.get $x))))

  ;; Between the comparison and the branch nothing may come; here it is a copy of the operand below.
  (func $copy_between (param $x i32) (result i32)
    local.get $x
    local.get $x
    i32.const 3
    i32.gt_s
    if
      call $effect
    end)

  (func $effect))

;; $if_less
;;   frame 2 params 1 results 1
;;   @0    br_if_i32.ge_s s-4, 10, @5
;;   @3    return s-4, 1
;;   @5    return s-4, 2

;; $br_if_less
;;   frame 2 params 2
;;   @0    br_if_i32.lt_s s-5, s-4, @7
;;   @3    call 0, s3, 640, 12
;;   @7    return

;; $not
;;   frame 2 params 2
;;   @0    br_if_i32.le_u s-5, s-4, @7
;;   @3    call 0, s3, 640, 12
;;   @7    return

;; $not_not
;;   frame 2 params 2
;;   @0    br_if_i32.gt_u s-5, s-4, @7
;;   @3    call 0, s3, 640, 12
;;   @7    return

;; $zero
;;   frame 2 params 2
;;   @0    br_if_i32.eq s-5, 0, @10
;;   @3    br_if_i64.eq s-4, 0, @10
;;   @6    call 0, s3, 640, 12
;;   @10   return

;; $plain
;;   frame 2 params 1
;;   @0    br_if_i32.ne s-4, 0, @7
;;   @3    call 0, s3, 640, 12
;;   @7    i32.and s0, s-4, 8
;;   @10   br_if_i32.ne acc, 0, @16
;;   @12   call 0, s3, 640, 12
;;   @16   return

;; $float
;;   frame 2 params 2
;;   @0    br_if_f64.lt s-5, s-4, @7
;;   @3    call 0, s3, 640, 12
;;   @7    br_if_not_f64.lt s-5, s-4, @14
;;   @10   call 0, s3, 640, 12
;;   @14   br_if_not_f64.le s-5, s-4, @21
;;   @17   call 0, s3, 640, 12
;;   @21   return

;; $float_constant
;;   frame 2 params 1
;;   @0    const s1, 1069547520
;;   @2    br_if_f32.gt s-4, s1, @9
;;   @5    call 0, s3, 640, 12
;;   @9    return

;; $constant_left
;;   frame 2 params 1
;;   @0    br_if_i32.gt_s s-4, 10, @7
;;   @3    call 0, s3, 640, 12
;;   @7    return

;; $large_constant
;;   frame 2 params 1
;;   @0    br_if_i32.eq s-4, 32767, @7
;;   @3    call 0, s3, 640, 12
;;   @7    br_if_i32.eq s-4, 32768, @14
;;   @10   call 0, s3, 640, 12
;;   @14   br_if_i32.eq s-4, -32768, @21
;;   @17   call 0, s3, 640, 12
;;   @21   return

;; $as_number
;;   frame 3 params 1 results 1
;;   @0    i64.ge_u s0, s-4, -1
;;   @3    i64.eq s1, s-4, 0
;;   @6    i32.add s0, acc, s0
;;   @8    return s-4, acc

;; $copy_between
;;   frame 3 params 1 results 1
;;   @0    i32.gt_s s1, s-4, 3
;;   @3    copy s0, s-4
;;   @5    br_if_i32.eq s1, 0, @12
;;   @8    call 0, s4, 640, 12
;;   @12   return s-4, s0

;; $effect
;;   frame 0
;;   @0    return
