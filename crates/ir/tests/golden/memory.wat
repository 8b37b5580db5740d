;; Loads and stores of memory 0, whose base is in a register, and of the others.
(module
  (memory 1)
  (memory $second 1)
  (memory $wide i64 1)

  (func $slot (param $p i32) (result i32) (i32.load offset=65535 (local.get $p)))
  (func $big_offset (param $p i32) (result i32) (i32.load offset=65536 (local.get $p)))
  (func $accumulator (param $p i32) (result i32)
    (i32.load offset=0xffff_fffc (i32.add (local.get $p) (i32.const 4))))
  ;; Pointer chasing.
  (func $chase (param $p i32) (result i32) (i32.load offset=8 (i32.load offset=4 (local.get $p))))
  (func $constant (result i32) (i32.load offset=16 (i32.const 1024)))
  ;; The sum of the address and the offset does not wrap: this has to trap.
  (func $constant_beyond (result i32) (i32.load offset=1 (i32.const -1)))

  (func $second (param $p i32) (result i64) (i64.load $second offset=8 (local.get $p)))
  (func $wide (param $p i64) (result f64) (f64.load $wide offset=0x1_0000_0000 (local.get $p)))

  ;; Signs and widths. An unsigned load is the same for i32 and i64.
  (func $bytes (param $p i32) (result i64)
    (drop (i32.load8_s (local.get $p)))
    (drop (i32.load8_u (local.get $p)))
    (drop (i32.load16_s (local.get $p)))
    (drop (i32.load16_u (local.get $p)))
    (drop (i64.load8_s (local.get $p)))
    (drop (i64.load8_u (local.get $p)))
    (drop (i64.load16_u (local.get $p)))
    (drop (i64.load32_s (local.get $p)))
    (drop (i64.load32_u (local.get $p)))
    (i64.load16_s (local.get $p)))

  (func $floats (param $p i32) (result f32)
    (drop (f64.load (local.get $p)))
    (f32.load offset=4 (local.get $p)))

  (func $stores (param $p i32) (param $x i32) (param $y f64)
    (i32.store offset=4 (local.get $p) (local.get $x))
    (f64.store offset=8 (local.get $p) (local.get $y))
    (i32.store8 (local.get $p) (local.get $x))
    (i32.store16 offset=0x10000 (local.get $p) (local.get $x)))
  (func $store_accumulator (param $p i32) (param $x i32)
    (i32.store offset=4 (local.get $p) (i32.add (local.get $x) (i32.const 1)))
    (i32.store offset=8 (i32.add (local.get $p) (i32.const 1)) (local.get $x)))
  ;; A float is not in the integer accumulator, so it is stored from its slot.
  (func $store_float (param $p i32) (param $y f64)
    (f64.store (local.get $p) (f64.add (local.get $y) (local.get $y))))
  ;; Immediates have 16 bits; of a byte only the lowest count.
  (func $store_constant (param $p i32)
    (i32.store (local.get $p) (i32.const -1))
    (i32.store (local.get $p) (i32.const 32768))
    (i32.store8 (local.get $p) (i32.const 511))
    (i64.store32 (local.get $p) (i64.const 0xffff_ffff))
    (f64.store (local.get $p) (f64.const 0)))
  (func $store_at (param $x i32)
    (i32.store offset=4 (i32.const 1024) (local.get $x))
    (i32.store offset=4 (i32.const 1024) (i32.const 7)))
  ;; Address and value are the same.
  (func $store_itself (param $p i32) (local $q i32)
    (local.set $q (i32.add (local.get $p) (i32.const 1)))
    (i32.store (local.get $q) (local.get $q)))
  (func $store_others (param $p i32) (param $q i64) (param $x i64)
    (i64.store $second offset=8 (local.get $p) (local.get $x))
    (i64.store8 $wide (local.get $q) (i64.const 1)))

  (func $size (result i32) (memory.size))
  (func $size_wide (result i64) (memory.size $wide)))

;; $slot
;;   frame 5
;;   @0    load32_u s4, s0, 65535
;;   @2    return 1, acc

;; $big_offset
;;   frame 5
;;   @0    load32_u.mem s4, s0, 0, 0x10000
;;   @3    return 1, acc

;; $accumulator
;;   frame 6
;;   @0    load32_u.sum s4, s0, 4, 4294967292
;;   @3    return 1, acc

;; $chase
;;   frame 5
;;   @0    load32_u s4, s0, 4
;;   @2    load32_u s4, acc, 8
;;   @4    return 1, acc

;; $constant
;;   frame 4
;;   @0    load32_u.at s3, 1040
;;   @2    return 0, acc

;; $constant_beyond
;;   frame 4
;;   @0    const s3, 4294967295
;;   @2    load32_u s3, acc, 1
;;   @4    return 0, acc

;; $second
;;   frame 5
;;   @0    load64.mem s4, s0, 1, 0x8
;;   @3    return 1, acc

;; $wide
;;   frame 5
;;   @0    load.f64.mem s4, s0, 2, 0x100000000
;;   @3    return.f64 1, acc

;; $bytes
;;   frame 5
;;   @0    load8_s.i32 s4, s0, 0
;;   @2    load8_u s4, s0, 0
;;   @4    load16_s.i32 s4, s0, 0
;;   @6    load16_u s4, s0, 0
;;   @8    load8_s.i64 s4, s0, 0
;;   @10   load8_u s4, s0, 0
;;   @12   load16_u s4, s0, 0
;;   @14   load32_s.i64 s4, s0, 0
;;   @16   load32_u s4, s0, 0
;;   @18   load16_s.i64 s4, s0, 0
;;   @20   return 1, acc

;; $floats
;;   frame 5
;;   @0    load.f64 s4, s0, 0
;;   @2    load.f32 s4, s0, 4
;;   @4    return.f32 1, acc

;; $stores
;;   frame 8
;;   @0    store32 s0, s1, 4
;;   @2    store64 s0, s2, 8
;;   @4    store8 s0, s1, 0
;;   @6    store16.mem s0, s1, 0, 0x10000
;;   @9    return 3

;; $store_accumulator
;;   frame 8
;;   @0    i32.add s6, s1, 1
;;   @3    store32 s0, acc, 4
;;   @5    i32.add s5, s0, 1
;;   @8    store32 acc, s1, 8
;;   @10   return 2

;; $store_float
;;   frame 8
;;   @0    f64.add s6, s1, s1
;;   @2    store64 s0, s6, 0
;;   @4    return 2

;; $store_constant
;;   frame 6
;;   @0    store32 s0, -1, 0
;;   @2    const s5, 32768
;;   @4    store32 s0, acc, 0
;;   @6    store8 s0, -1, 0
;;   @8    store32 s0, -1, 0
;;   @10   store64 s0, 0, 0
;;   @12   return 1

;; $store_at
;;   frame 6
;;   @0    store32.at s0, 1028
;;   @2    const s5, 7
;;   @4    store32.at s5, 1028
;;   @6    return 1

;; $store_itself
;;   frame 7
;;   @0    zero.span s4, 1
;;   @3    i32.add s4, s0, 1
;;   @6    store32 s4, s4, 0
;;   @8    return 1

;; $store_others
;;   frame 8
;;   @0    store64.mem s0, s2, 1, 0x8
;;   @3    const s7, 1
;;   @5    store8.mem s1, s7, 2, 0x0
;;   @8    return 3

;; $size
;;   frame 4
;;   @0    memory.size s3, 0, 16
;;   @2    return 0, acc

;; $size_wide
;;   frame 4
;;   @0    memory.size s3, 2, 16
;;   @2    return 0, acc
