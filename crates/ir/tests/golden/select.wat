;; `select` has its operands in slots; the condition may be in the accumulator.
(module
  (func $slots (param $x i32) (param $y i32) (param $c i32) (result i32)
    (select (local.get $x) (local.get $y) (local.get $c)))
  (func $accumulator (param $x i64) (param $y i64) (param $c i32) (result i64)
    (select (local.get $x) (local.get $y) (i32.and (local.get $c) (i32.const 1))))
  (func $constants (param $c i32) (result i32)
    (select (i32.const 10) (i32.const 20) (local.get $c)))
  (func $float (param $x f64) (param $c i32) (result f64)
    (f64.add (select (local.get $x) (f64.const 1) (f64.gt (local.get $x) (f64.const 0))) (local.get $x)))
  (func $reference (param $f funcref) (param $c i32) (result funcref)
    (select (result funcref) (local.get $f) (ref.null func) (local.get $c)))
  (func $vector (param $x v128) (param $y v128) (param $c i32) (result v128)
    (select (local.get $x) (local.get $y) (local.get $c))))

;; $slots
;;   frame 9
;;   @0    select s6, s0, s1, s2
;;   @3    return 3, acc

;; $accumulator
;;   frame 10
;;   @0    i32.and s8, s2, 1
;;   @3    select s6, s0, s1, acc
;;   @5    return 3, acc

;; $constants
;;   frame 7
;;   @0    const s4, 10
;;   @2    const s5, 20
;;   @4    select s4, s4, s5, s0
;;   @7    return 1, acc

;; $float
;;   frame 9
;;   @0    const s8, 0
;;   @2    f64.gt s7, s0, s8
;;   @4    const64 s6, 0x3ff0000000000000
;;   @7    select s5, s0, s6, s7
;;   @10   f64.add s5, s5, s0
;;   @12   return.f64 2, acc

;; $reference
;;   frame 8
;;   @0    const s6, 0
;;   @2    select s5, s0, s6, s1
;;   @5    return 2, acc

;; $vector
;;   frame 13
;;   @0    select.v128 v8, v0, v2, s4
;;   @3    return.span 5, s8, 2
