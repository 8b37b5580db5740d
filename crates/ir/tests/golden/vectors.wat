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
;;   frame 4 params 4 results 2
;;   @0    i32x4.add v0, v-7, v-5
;;   @2    i32x4.add v0, v0, v-5
;;   @4    return.span s-7, s0, 2

;; $constant
;;   frame 4 params 2 results 2
;;   @0    const.v128 v2, 0x200000001, 0x400000003
;;   @4    v128.xor v0, v-5, v2
;;   @6    return.span s-5, s0, 2

;; $local
;;   frame 4 params 2 homes 2
;;   @0    zero.span s0, 2
;;   @3    v128.not v0, v-5
;;   @5    copy.v128 v-5, v0
;;   @7    return

;; $splat
;;   frame 2 params 1 results 2
;;   @0    i32.add s0, s-4, 1
;;   @3    i8x16.splat v0, s0
;;   @5    return.span s-4, s0, 2

;; $lanes
;;   frame 3 params 3 results 1
;;   @0    f64x2.replace_lane v-6, v-6, s-4, 1
;;   @3    i16x8.extract_lane_s s0, v-6, 7
;;   @5    i32.add s0, acc, 1
;;   @7    return s-6, acc

;; $shuffle
;;   frame 4 params 4 results 2
;;   @0    i8x16.shuffle v0, v-7, v-5, 0x706050403020100, 0x1f16151413121110
;;   @4    return.span s-7, s0, 2

;; $ternary
;;   frame 6 params 6 results 2
;;   @0    v128.bitselect v0, v-9, v-7, v-5
;;   @3    return.span s-9, s0, 2

;; $shift
;;   frame 3 params 3 results 2
;;   @0    i64x2.shl v0, v-6, s-4
;;   @2    return.span s-6, s0, 2

;; $test
;;   frame 2 params 2 results 1
;;   @0    v128.any_true s0, v-5
;;   @2    br_if_i32.eq acc, 0, @6
;;   @4    return s-5, 3
;;   @6    i8x16.bitmask s0, v-5
;;   @8    return s-5, acc

;; $memory
;;   frame 3 params 3
;;   @0    v128.load v1, s-6, 32
;;   @2    v128.store s-6, v1, 16
;;   @4    v128.load32_splat.mem v1, s-6, 1, 0x0
;;   @7    v128.store.mem s-6, v1, 1, 0x0
;;   @10   const s1, 64
;;   @12   v128.load v1, s1, 0
;;   @14   v128.store.mem s-6, v1, 0, 0x10000
;;   @17   return

;; $lane_memory
;;   frame 3 params 3 results 2
;;   @0    v128.store8_lane s-6, v-5, 0, 0x3, 15
;;   @4    v128.load64_lane v0, v-5, s-6, 0, 0x8, 1
;;   @9    return.span s-6, s0, 2

;; $call
;;   frame 4 params 4 results 2
;;   @0    copy.v128 v0, v-5
;;   @2    copy.v128 v2, v-7
;;   @4    call 4, s7, 80, 0
;;   @8    return.span s-7, s0, 2
