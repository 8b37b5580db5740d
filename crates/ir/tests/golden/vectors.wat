;; A vector takes two slots, and there is no accumulator for it.
(module
  (memory 1)
  (memory $second 1)
  (func $sum (param $x v128) (param $y v128) (result v128)
    (i32x4.add (i32x4.add (local.get $x) (local.get $y)) (local.get $y)))
  (func $constant (param $x v128) (result v128)
    (v128.xor (local.get $x) (v128.const i32x4 1 2 3 4)))
  (func $local (param $x v128) (local $y v128)
    (local.set $y (v128.not (local.get $x)))
    (local.set $x (local.get $y)))
  (func $splat (param $x i32) (result v128) (i8x16.splat (i32.add (local.get $x) (i32.const 1))))
  (func $lanes (param $x v128) (param $f f64) (result i32)
    (local.set $x (f64x2.replace_lane 1 (local.get $x) (local.get $f)))
    (i32.add (i16x8.extract_lane_s 7 (local.get $x)) (i32.const 1)))
  (func $shuffle (param $x v128) (param $y v128) (result v128)
    (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 31 (local.get $x) (local.get $y)))
  (func $ternary (param $x v128) (param $y v128) (param $m v128) (result v128)
    (v128.bitselect (local.get $x) (local.get $y) (local.get $m)))
  (func $shift (param $x v128) (param $n i32) (result v128) (i64x2.shl (local.get $x) (local.get $n)))
  (func $test (param $x v128) (result i32)
    (if (v128.any_true (local.get $x)) (then (return (i32.const 3))))
    (i8x16.bitmask (local.get $x)))
  (func $memory (param $p i32) (param $x v128)
    (v128.store offset=16 (local.get $p) (v128.load offset=32 (local.get $p)))
    (v128.store $second (local.get $p) (v128.load32_splat $second (local.get $p)))
    (v128.store offset=65536 (local.get $p) (v128.load (i32.const 64))))
  (func $lane_memory (param $p i32) (param $x v128) (result v128)
    (v128.store8_lane offset=3 15 (local.get $p) (local.get $x))
    (v128.load64_lane offset=8 1 (local.get $p) (local.get $x)))
  ;; The argument's slots are 2 wide, and so is the result.
  (func $call (param $x v128) (param $y v128) (result v128)
    (call $sum (local.get $y) (local.get $x))))

;; $sum
;;   frame 11
;;   @0    i32x4.add v7, v0, v2
;;   @2    i32x4.add v7, v7, v2
;;   @4    return.span 4, s7, 2

;; $constant
;;   frame 9
;;   @0    const.v128 v7, 0x200000001, 0x400000003
;;   @4    v128.xor v5, v0, v7
;;   @6    return.span 2, s5, 2

;; $local
;;   frame 9
;;   @0    zero.span s5, 2
;;   @3    v128.not v5, v0
;;   @5    copy.v128 v0, v5
;;   @7    return 2

;; $splat
;;   frame 6
;;   @0    i32.add s4, s0, 1
;;   @3    i8x16.splat v4, s4
;;   @5    return.span 1, s4, 2

;; $lanes
;;   frame 9
;;   @0    f64x2.replace_lane v0, v0, s2, 1
;;   @3    i16x8.extract_lane_s s6, v0, 7
;;   @5    i32.add s6, acc, 1
;;   @7    return 3, acc

;; $shuffle
;;   frame 11
;;   @0    i8x16.shuffle v7, v0, v2, 0x706050403020100, 0x1f16151413121110
;;   @4    return.span 4, s7, 2

;; $ternary
;;   frame 15
;;   @0    v128.bitselect v9, v0, v2, v4
;;   @3    return.span 6, s9, 2

;; $shift
;;   frame 9
;;   @0    i64x2.shl v6, v0, s2
;;   @2    return.span 3, s6, 2

;; $test
;;   frame 7
;;   @0    v128.any_true s5, v0
;;   @2    br_if_i32.eq acc, 0, @6
;;   @4    return 2, 3
;;   @6    i8x16.bitmask s5, v0
;;   @8    return 2, acc

;; $memory
;;   frame 9
;;   @0    v128.load v7, s0, 32
;;   @2    v128.store s0, v7, 16
;;   @4    v128.load32_splat.mem v7, s0, 1, 0x0
;;   @7    v128.store.mem s0, v7, 1, 0x0
;;   @10   const s7, 64
;;   @12   v128.load v7, s7, 0
;;   @14   v128.store.mem s0, v7, 0, 0x10000
;;   @17   return 3

;; $lane_memory
;;   frame 9
;;   @0    v128.store8_lane s0, v1, 0, 0x3, 15
;;   @4    v128.load64_lane v6, v1, s0, 0, 0x8, 1
;;   @9    return.span 3, s6, 2

;; $call
;;   frame 11
;;   @0    copy.v128 v7, v2
;;   @2    copy.v128 v9, v0
;;   @4    call 4, s7, 80, 0
;;   @7    return.span 4, s7, 2
