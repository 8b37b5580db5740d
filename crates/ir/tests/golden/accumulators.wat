;; A value that was just made is taken from the accumulator of its type.
(module
  (func $chain (param $x i32) (param $y i32) (result i32)
    (i32.xor (i32.add (local.get $x) (local.get $y)) (local.get $y)))
  ;; From the right: a commutative operator changes sides, a subtraction has a form for it.
  (func $right_commutative (param $x i32) (param $y i32) (result i32)
    (i32.xor (local.get $y) (i32.add (local.get $x) (local.get $y))))
  (func $right_sub (param $x i64) (param $y i64) (result i64)
    (i64.sub (local.get $y) (i64.add (local.get $x) (local.get $y))))
  ;; A rotation has no form with accumulator and slot.
  (func $rotate (param $x i32) (param $y i32) (result i32)
    (i32.rotl (i32.add (local.get $x) (local.get $y)) (local.get $y)))

  ;; Integers and floats have accumulators of their own: the sum of floats between does not disturb that of integers.
  (func $two_kinds (param $x i32) (param $y f64) (result i32)
    (i32.add (local.get $x) (local.get $x))
    (drop (f64.add (local.get $y) (local.get $y)))
    (i32.add (i32.const 1)))

  ;; i32 and i64 share one, and their conversion takes from it and gives to it.
  (func $extend (param $x i32) (result i64)
    (i64.add (i64.extend_i32_s (i32.add (local.get $x) (i32.const 1))) (i64.const 2)))
  ;; The high half of an i32's slot is zero: unsigned extension is nothing. Narrowing has to clear it.
  (func $extend_unsigned (param $x i32) (result i64)
    (i64.extend_i32_u (i32.add (local.get $x) (i32.const 1))))
  (func $wrap (param $x i64) (result i32) (i32.wrap_i64 (i64.add (local.get $x) (i64.const 1))))
  (func $reinterpret (param $x f32) (result i32)
    (i32.reinterpret_f32 (f32.add (local.get $x) (local.get $x))))
  (func $reinterpret_local (param $x f64) (result i64) (i64.reinterpret_f64 (local.get $x)))

  ;; A local that was just set is in the accumulator as well.
  (func $local (param $x i32) (result i32)
    (local.set $x (i32.mul (local.get $x) (i32.const 3)))
    (i32.sub (local.get $x) (i32.const 1)))

  ;; Behind a label nothing is known.
  (func $label (param $x i32) (result i32)
    (block (result i32)
      (i32.add (local.get $x) (i32.const 1))
      (br_if 0 (local.get $x)))
    (i32.add (i32.const 2)))

  ;; Floats from the right, and returned.
  (func $float (param $x f64) (param $y f64) (result f64)
    (f64.sub (local.get $x) (f64.mul (local.get $x) (local.get $y)))))

;; $chain
;;   frame 2 params 2 results 1
;;   @0    i32.add s0, s-5, s-4
;;   @2    i32.xor s0, acc, s-4
;;   @4    return s-5, acc

;; $right_commutative
;;   frame 3 params 2 results 1
;;   @0    i32.add s1, s-5, s-4
;;   @2    i32.xor s0, acc, s-4
;;   @4    return s-5, acc

;; $right_sub
;;   frame 3 params 2 results 1
;;   @0    i64.add s1, s-5, s-4
;;   @2    i64.sub s0, s-4, acc
;;   @4    return s-5, acc

;; $rotate
;;   frame 2 params 2 results 1
;;   @0    i32.add s0, s-5, s-4
;;   @2    i32.rotl s0, s0, s-4
;;   @4    return s-5, acc

;; $two_kinds
;;   frame 3 params 2 results 1
;;   @0    i32.add s0, s-5, s-5
;;   @2    f64.add s1, s-4, s-4
;;   @4    i32.add s0, acc, 1
;;   @6    return s-5, acc

;; $extend
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, 1
;;   @3    i64.extend_i32_s s0, acc
;;   @5    i64.add s0, acc, 2
;;   @7    return s-4, acc

;; $extend_unsigned
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, 1
;;   @3    return s-4, acc

;; $wrap
;;   frame 2 params 1 results 1
;;   @0    i64.add s0, s-4, 1
;;   @3    i32.wrap_i64 s0, acc
;;   @5    return s-4, acc

;; $reinterpret
;;   frame 2 params 1 results 1
;;   @0    f32.add s0, s-4, s-4
;;   @2    return s-4, s0

;; $reinterpret_local
;;   frame 1 params 1 results 1
;;   @0    i64.reinterpret_f64 s0, s-4
;;   @2    return s-4, acc

;; $local
;;   frame 2 params 1 results 1
;;   @0    i32.mul s-4, s-4, 3
;;   @3    i32.sub s0, acc, 1
;;   @5    return s-4, acc

;; $label
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, 1
;;   @3    br_if_i32.ne s-4, 0, @6
;;   @6    i32.add s0, s0, 2
;;   @9    return s-4, acc

;; $float
;;   frame 3 params 2 results 1
;;   @0    f64.mul_sub s0, s-5, s-4, s-5
;;   @3    return.f64 s-5, acc
