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
;;   frame 3 params 3 results 1
;;   @0    select s0, s-6, s-5, s-4
;;   @3    return s-6, acc

;; $accumulator
;;   frame 4 params 3 results 1
;;   @0    i32.and s2, s-4, 1
;;   @3    select s0, s-6, s-5, acc
;;   @5    return s-6, acc

;; $constants
;;   frame 3 params 1 results 1
;;   @0    const s0, 10
;;   @2    const s1, 20
;;   @4    select s0, s0, s1, s-4
;;   @7    return s-4, acc

;; $float
;;   frame 4 params 2 results 1
;;   @0    const s3, 0
;;   @2    f64.gt s2, s-5, s3
;;   @4    const64 s1, 0x3ff0000000000000
;;   @7    select s0, s-5, s1, s2
;;   @10   f64.add s0, s0, s-5
;;   @12   return.f64 s-5, acc

;; $reference
;;   frame 3 params 2 results 1
;;   @0    const s1, 0
;;   @2    select s0, s-5, s1, s-4
;;   @5    return s-5, acc

;; $vector
;;   frame 5 params 5 results 2
;;   @0    select.v128 v0, v-8, v-6, s-4
;;   @3    return.span s-8, s0, 2
