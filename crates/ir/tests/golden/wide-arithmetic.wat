;; Operators with results of 128 bits: two slots are written, the lower half first, and the upper half is in the accumulator.
(module
  (func $add (param $a i64) (param $b i64) (param $c i64) (param $d i64) (result i64 i64)
    (i64.add128 (local.get $a) (local.get $b) (local.get $c) (local.get $d)))

  (func $increment (param $low i64) (param $high i64) (result i64)
    (i64.add128 (local.get $low) (local.get $high) (i64.const 1) (i64.const 0))
    (local.set $high)
    (local.set $low)
    (local.get $high))

  (func $difference (param $a i64) (param $b i64) (result i64)
    (i64.sub128 (local.get $a) (i64.const 0) (local.get $b) (i64.const 0))
    (i64.xor))

  (func $high_of_product (param $a i64) (param $b i64) (result i64)
    (local $high i64)
    (i64.mul_wide_u (local.get $a) (local.get $b))
    (local.set $high)
    (drop)
    (local.get $high))

  (func $carry (param $a i64) (param $b i64) (param $carry i64) (result i64 i64)
    (i64.add128 (i64.mul_wide_s (local.get $a) (local.get $b)) (local.get $carry) (i64.const 0))))

;; $add
;;   frame 4 params 4 results 2
;;   @0    i64.add128 s0, s1, s-7, s-6, s-5, s-4
;;   @3    return.span s-7, s0, 2

;; $increment
;;   frame 4 params 2 results 1
;;   @0    const s2, 1
;;   @2    const s3, 0
;;   @4    i64.add128 s0, s1, s-5, s-4, s2, s3
;;   @7    copy s-4, s1
;;   @9    copy s-5, s0
;;   @11   return s-5, s-4

;; $difference
;;   frame 4 params 2 results 1
;;   @0    const s1, 0
;;   @2    const s3, 0
;;   @4    i64.sub128 s0, s1, s-5, s1, s-4, s3
;;   @7    i64.xor s0, acc, s0
;;   @9    return s-5, acc

;; $high_of_product
;;   frame 3 params 2 results 1 homes 1
;;   @0    zero.span s0, 1
;;   @3    i64.mul_wide_u s1, s2, s-5, s-4
;;   @6    copy s0, s2
;;   @8    return s-5, acc

;; $carry
;;   frame 4 params 3 results 2
;;   @0    i64.mul_wide_s s0, s1, s-6, s-5
;;   @3    const s3, 0
;;   @5    i64.add128 s0, s1, s0, s1, s-4, s3
;;   @8    return.span s-6, s0, 2
