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
;;   frame 11
;;   @0    i64.add128 s7, s8, s0, s1, s2, s3
;;   @3    return.span 4, s7, 2

;; $increment
;;   frame 9
;;   @0    const s7, 1
;;   @2    const s8, 0
;;   @4    i64.add128 s5, s6, s0, s1, s7, s8
;;   @7    copy s1, s6
;;   @9    copy s0, s5
;;   @11   return 2, s1

;; $difference
;;   frame 9
;;   @0    const s6, 0
;;   @2    const s8, 0
;;   @4    i64.sub128 s5, s6, s0, s6, s1, s8
;;   @7    i64.xor s5, acc, s5
;;   @9    return 2, acc

;; $high_of_product
;;   frame 8
;;   @0    zero.span s5, 1
;;   @3    i64.mul_wide_u s6, s7, s0, s1
;;   @6    copy s5, s7
;;   @8    return 2, acc

;; $carry
;;   frame 10
;;   @0    i64.mul_wide_s s6, s7, s0, s1
;;   @3    const s9, 0
;;   @5    i64.add128 s6, s7, s6, s7, s2, s9
;;   @8    return.span 3, s6, 2
