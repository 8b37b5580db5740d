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
;;   frame 6
;;   @0    i32.add s4, s0, 32767
;;   @3    return 1, acc

;; $negative
;;   frame 6
;;   @0    i32.add s4, s0, -1
;;   @3    return 1, acc

;; $large
;;   frame 6
;;   @0    i32.add s4, s0, 32768
;;   @3    return 1, acc

;; $large_accumulator
;;   frame 6
;;   @0    i32.mul s4, s0, s0
;;   @2    i32.add s4, acc, 2147483647
;;   @4    return 1, acc

;; $huge
;;   frame 6
;;   @0    i64.mul s4, s0, s0
;;   @2    const s5, 2147483648
;;   @4    i64.add s4, acc, s4
;;   @6    return 1, acc

;; $left_commutative
;;   frame 6
;;   @0    i32.mul s4, s0, 7
;;   @3    return 1, acc

;; $left_sub
;;   frame 6
;;   @0    i32.sub s4, 7, s0
;;   @3    return 1, acc

;; $left_sub_accumulator
;;   frame 7
;;   @0    i32.mul s5, s0, s0
;;   @2    i32.sub s4, 7, s5
;;   @5    return 1, acc

;; $left_shift
;;   frame 6
;;   @0    i64.shl s4, 1, s0
;;   @3    return 1, acc

;; $left_rotate
;;   frame 6
;;   @0    const s4, 1
;;   @2    i32.rotl s4, s4, s0
;;   @4    return 1, acc

;; $left_division
;;   frame 6
;;   @0    const s4, 100
;;   @2    i32.div_s s4, s4, s0
;;   @4    return 1, acc

;; $left_large
;;   frame 6
;;   @0    const64 s4, 0x100000000
;;   @3    i64.sub s4, acc, s0
;;   @5    return 1, acc

;; $both
;;   frame 5
;;   @0    const s3, 5
;;   @2    i32.sub s3, acc, 7
;;   @4    return 0, acc

;; $float
;;   frame 6
;;   @0    f64.sub s4, s0, 0x3fe0000000000000
;;   @3    return.f64 1, acc

;; $float_left
;;   frame 6
;;   @0    f64.div s4, 0x3ff0000000000000, s0
;;   @4    return.f64 1, acc

;; $float_accumulator
;;   frame 6
;;   @0    f32.add s4, s0, 0x40000000
;;   @3    f32.mul s4, acc, 0xc0000000
;;   @6    return.f32 1, acc

;; $float_min
;;   frame 6
;;   @0    const s5, 1073741824
;;   @2    f32.min s4, s0, s5
;;   @4    return.f32 1, acc

;; $return_small
;;   frame 4
;;   @0    return 0, 2147483647

;; $return_negative
;;   frame 4
;;   @0    const s3, 4294967295
;;   @2    return 0, acc

;; $return_negative_i64
;;   frame 4
;;   @0    const64 s3, 0xffffffffffffffff
;;   @3    return 0, acc

;; $return_i64
;;   frame 4
;;   @0    const s3, 2147483648
;;   @2    return 0, acc

;; $return_float
;;   frame 4
;;   @0    const64 s3, 0x3ff0000000000000
;;   @3    return.f64 0, s3
