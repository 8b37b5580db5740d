;; Arguments lie in consecutive slots at the top of the operands; the results replace them.
(module
  (type $unary (func (param i32) (result i32)))
  (import "host" "log" (func $log (param i32)))
  (import "host" "pair" (func $pair (result i32 f64)))
  (table $t 4 funcref)
  (table $wide i64 4 funcref)

  (func $double (param $x i32) (result i32) (i32.add (local.get $x) (local.get $x)))
  (func $nothing)

  ;; The result is in the accumulator.
  (func $direct (param $x i32) (result i32)
    (i32.add (call $double (local.get $x)) (i32.const 1)))
  ;; An operand below the arguments keeps its place; the alias of a local need not be saved for a call.
  (func $below (param $x i32) (result i32)
    (i32.sub (local.get $x) (call $double (i32.mul (local.get $x) (i32.const 2)))))
  (func $no_arguments (call $nothing))
  (func $import (param $x i32) (call $log (local.get $x)))
  (func $two_results (result f64) (local $d f64)
    (call $pair)
    (local.set $d)
    (drop)
    (local.get $d))
  ;; The index is computed behind the arguments.
  (func $indirect (param $x i32) (param $i i32) (result i32)
    (call_indirect $t (type $unary) (local.get $x) (i32.add (local.get $i) (i32.const 1))))
  (func $indirect_constant (param $x i32) (result i32)
    (call_indirect $t (type $unary) (local.get $x) (i32.const 2)))
  (func $indirect_wide (param $x i32) (param $i i64) (result i32)
    (call_indirect $wide (type $unary) (local.get $x) (local.get $i)))
  (func $ref (param $x i32) (param $f (ref null $unary)) (result i32)
    (call_ref $unary (local.get $x) (local.get $f)))

  (func $tail (param $x i32) (param $y i32) (result i32)
    (return_call $double (i32.add (local.get $x) (local.get $y))))
  (func $tail_import (param $x i32) (return_call $log (local.get $x)))
  (func $tail_indirect (param $x i32) (param $i i32) (result i32)
    (return_call_indirect $t (type $unary) (local.get $x) (local.get $i)))
  (func $tail_ref (param $x i32) (param $f (ref null $unary)) (result i32)
    (return_call_ref $unary (local.get $x) (local.get $f)))

  (elem declare func $double $log)
  (func $ref_func (result funcref) (ref.func $double))
  (func $ref_import (result funcref) (ref.func $log))
  (func $is_null (param $f funcref) (result i32) (ref.is_null (local.get $f)))
  (func $non_null (param $f funcref) (result (ref func)) (ref.as_non_null (local.get $f))))

;; $double
;;   frame 2 params 1 results 1
;;   @0    i32.add s0, s-4, s-4
;;   @2    return s-4, acc

;; $nothing
;;   frame 0
;;   @0    return

;; $direct
;;   frame 2 params 1 results 1
;;   @0    copy s0, s-4
;;   @2    call 1, s4, 96, 2
;;   @6    i32.add s0, acc, 1
;;   @8    return s-4, acc

;; $below
;;   frame 3 params 1 results 1
;;   @0    i32.mul s1, s-4, 2
;;   @3    call 1, s5, 96, 2
;;   @7    i32.sub s0, s-4, acc
;;   @9    return s-4, acc

;; $no_arguments
;;   frame 0
;;   @0    call 0, s3, 144, 3
;;   @4    return

;; $import
;;   frame 1 params 1
;;   @0    copy s0, s-4
;;   @2    call.import 1, s4, 80, 0
;;   @6    return

;; $two_results
;;   frame 3 results 1 homes 1
;;   @0    zero.span s0, 1
;;   @3    call.import 0, s4, 88, 1
;;   @7    copy s0, s2
;;   @9    return.f64 s-3, s0

;; $indirect
;;   frame 3 params 2 results 1
;;   @0    i32.add s1, s-4, 1
;;   @3    copy s0, s-5
;;   @5    call_indirect 1, s4, s1, 64, 1, 1008
;;   @10   return s-5, acc

;; $indirect_constant
;;   frame 2 params 1 results 1
;;   @0    copy s0, s-4
;;   @2    const s1, 2
;;   @4    call_indirect 1, s4, s1, 64, 1, 1012
;;   @9    return s-4, acc

;; $indirect_wide
;;   frame 2 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    call_indirect 1, s4, s-4, 72, 1, 1016
;;   @7    return s-5, acc

;; $ref
;;   frame 2 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    call_ref 1, s4, s-4, 1020
;;   @6    return s-5, acc

;; $tail
;;   frame 2 params 2 results 1
;;   @0    i32.add s0, s-5, s-4
;;   @2    return_call 1, s4, 96, 2, 2, 1

;; $tail_import
;;   frame 1 params 1
;;   @0    copy s0, s-4
;;   @2    return_call.import 1, s4, 80, 0, 1, 0

;; $tail_indirect
;;   frame 2 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    return_call_indirect 1, s4, s-4, 64, 1, 1024, 2, 1

;; $tail_ref
;;   frame 2 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    return_call_ref 1, s4, s-4, 1028, 2, 1

;; $ref_func
;;   frame 1 results 1
;;   @0    ref.func s0, 96
;;   @2    return s-3, acc

;; $ref_import
;;   frame 1 results 1
;;   @0    ref.func.import s0, 80
;;   @2    return s-3, acc

;; $is_null
;;   frame 1 params 1 results 1
;;   @0    i64.eq s0, s-4, 0
;;   @3    return s-4, acc

;; $non_null
;;   frame 1 params 1 results 1
;;   @0    ref.as_non_null s-4
;;   @2    return s-4, s-4
