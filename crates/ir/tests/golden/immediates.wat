;; Constants become immediates where they fit: 16 bits beside a slot, 32 bits beside the accumulator, 64 bits for floats.
(module
  (func $small (param $x i32) (result i32) (i32.add (local.get $x) (i32.const 32767)))
  (func $negative (param $x i32) (result i32) (i32.add (local.get $x) (i32.const -1)))
  ;; An operand in a slot has no room for this beside it, so it is a slot too.
  (func $large (param $x i32) (result i32) (i32.add (local.get $x) (i32.const 32768)))
  ;; An operand in the accumulator has.
  (func $large_accumulator (param $x i32) (result i32)
    (i32.add (i32.mul (local.get $x) (local.get $x)) (i32.const 0x7fff_ffff)))
  (func $huge (param $x i64) (result i64)
    (i64.add (i64.mul (local.get $x) (local.get $x)) (i64.const 0x8000_0000)))

  ;; On the left: a commutative operator changes sides, a subtraction has a form of its own.
  (func $left_commutative (param $x i32) (result i32) (i32.mul (i32.const 7) (local.get $x)))
  (func $left_sub (param $x i32) (result i32) (i32.sub (i32.const 7) (local.get $x)))
  (func $left_sub_accumulator (param $x i32) (result i32)
    (i32.sub (i32.const 7) (i32.mul (local.get $x) (local.get $x))))
  (func $left_shift (param $x i64) (result i64) (i64.shl (i64.const 1) (local.get $x)))
  (func $left_rotate (param $x i32) (result i32) (i32.rotl (i32.const 1) (local.get $x)))
  (func $left_division (param $x i32) (result i32) (i32.div_s (i32.const 100) (local.get $x)))
  (func $left_large (param $x i64) (result i64) (i64.sub (i64.const 0x1_0000_0000) (local.get $x)))

  ;; Both sides: the left one goes to its home.
  (func $both (result i32) (i32.sub (i32.const 5) (i32.const 7)))

  (func $float (param $x f64) (result f64) (f64.sub (local.get $x) (f64.const 0.5)))
  (func $float_left (param $x f64) (result f64) (f64.div (f64.const 1) (local.get $x)))
  (func $float_accumulator (param $x f32) (result f32)
    (f32.mul (f32.add (local.get $x) (f32.const 2)) (f32.const -2)))
  (func $float_min (param $x f32) (result f32) (f32.min (local.get $x) (f32.const 2)))

  ;; Returned constants: the high half of an i32's slot is zero, which a negative immediate cannot say.
  (func $return_small (result i32) (i32.const 2147483647))
  (func $return_negative (result i32) (i32.const -1))
  (func $return_negative_i64 (result i64) (i64.const -1))
  (func $return_i64 (result i64) (i64.const 0x8000_0000))
  (func $return_float (result f64) (f64.const 1)))

;; $small
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, 32767
;;   @3    return s-4, acc

;; $negative
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, -1
;;   @3    return s-4, acc

;; $large
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, 32768
;;   @3    return s-4, acc

;; $large_accumulator
;;   frame 2 params 1 results 1
;;   @0    i32.mul s0, s-4, s-4
;;   @2    i32.add s0, acc, 2147483647
;;   @4    return s-4, acc

;; $huge
;;   frame 2 params 1 results 1
;;   @0    i64.mul s0, s-4, s-4
;;   @2    const s1, 2147483648
;;   @4    i64.add s0, acc, s0
;;   @6    return s-4, acc

;; $left_commutative
;;   frame 2 params 1 results 1
;;   @0    i32.mul s0, s-4, 7
;;   @3    return s-4, acc

;; $left_sub
;;   frame 2 params 1 results 1
;;   @0    i32.sub s0, 7, s-4
;;   @3    return s-4, acc

;; $left_sub_accumulator
;;   frame 3 params 1 results 1
;;   @0    i32.mul s1, s-4, s-4
;;   @2    i32.sub s0, 7, s1
;;   @5    return s-4, acc

;; $left_shift
;;   frame 2 params 1 results 1
;;   @0    i64.shl s0, 1, s-4
;;   @3    return s-4, acc

;; $left_rotate
;;   frame 2 params 1 results 1
;;   @0    const s0, 1
;;   @2    i32.rotl s0, s0, s-4
;;   @4    return s-4, acc

;; $left_division
;;   frame 2 params 1 results 1
;;   @0    const s0, 100
;;   @2    i32.div_s s0, s0, s-4
;;   @4    return s-4, acc

;; $left_large
;;   frame 2 params 1 results 1
;;   @0    const64 s0, 0x100000000
;;   @3    i64.sub s0, acc, s-4
;;   @5    return s-4, acc

;; $both
;;   frame 2 results 1
;;   @0    const s0, 5
;;   @2    i32.sub s0, acc, 7
;;   @4    return s-3, acc

;; $float
;;   frame 2 params 1 results 1
;;   @0    f64.sub s0, s-4, 0x3fe0000000000000
;;   @3    return.f64 s-4, acc

;; $float_left
;;   frame 2 params 1 results 1
;;   @0    f64.div s0, 0x3ff0000000000000, s-4
;;   @4    return.f64 s-4, acc

;; $float_accumulator
;;   frame 2 params 1 results 1
;;   @0    f32.add s0, s-4, 0x40000000
;;   @3    f32.mul s0, acc, 0xc0000000
;;   @6    return.f32 s-4, acc

;; $float_min
;;   frame 2 params 1 results 1
;;   @0    const s1, 1073741824
;;   @2    f32.min s0, s-4, s1
;;   @4    return.f32 s-4, acc

;; $return_small
;;   frame 1 results 1
;;   @0    return s-3, 2147483647

;; $return_negative
;;   frame 1 results 1
;;   @0    const s0, 4294967295
;;   @2    return s-3, acc

;; $return_negative_i64
;;   frame 1 results 1
;;   @0    const64 s0, 0xffffffffffffffff
;;   @3    return s-3, acc

;; $return_i64
;;   frame 1 results 1
;;   @0    const s0, 2147483648
;;   @2    return s-3, acc

;; $return_float
;;   frame 1 results 1
;;   @0    const64 s0, 0x3ff0000000000000
;;   @3    return.f64 s-3, s0
