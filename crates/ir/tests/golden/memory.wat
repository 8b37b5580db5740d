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
;;   frame 1 params 1 results 1
;;   @0    load32_u s0, s-4, 65535
;;   @2    return s-4, acc

;; $big_offset
;;   frame 1 params 1 results 1
;;   @0    load32_u.mem s0, s-4, 0, 0x10000
;;   @3    return s-4, acc

;; $accumulator
;;   frame 2 params 1 results 1
;;   @0    load32_u.sum s0, s-4, 4, 4294967292
;;   @3    return s-4, acc

;; $chase
;;   frame 1 params 1 results 1
;;   @0    load32_u s0, s-4, 4
;;   @2    load32_u s0, acc, 8
;;   @4    return s-4, acc

;; $constant
;;   frame 1 results 1
;;   @0    load32_u.at s0, 1040
;;   @2    return s-3, acc

;; $constant_beyond
;;   frame 1 results 1
;;   @0    const s0, 4294967295
;;   @2    load32_u s0, acc, 1
;;   @4    return s-3, acc

;; $second
;;   frame 1 params 1 results 1
;;   @0    load64.mem s0, s-4, 1, 0x8
;;   @3    return s-4, acc

;; $wide
;;   frame 1 params 1 results 1
;;   @0    load.f64.mem s0, s-4, 2, 0x100000000
;;   @3    return.f64 s-4, acc

;; $bytes
;;   frame 1 params 1 results 1
;;   @0    load8_s.i32 s0, s-4, 0
;;   @2    load8_u s0, s-4, 0
;;   @4    load16_s.i32 s0, s-4, 0
;;   @6    load16_u s0, s-4, 0
;;   @8    load8_s.i64 s0, s-4, 0
;;   @10   load8_u s0, s-4, 0
;;   @12   load16_u s0, s-4, 0
;;   @14   load32_s.i64 s0, s-4, 0
;;   @16   load32_u s0, s-4, 0
;;   @18   load16_s.i64 s0, s-4, 0
;;   @20   return s-4, acc

;; $floats
;;   frame 1 params 1 results 1
;;   @0    load.f64 s0, s-4, 0
;;   @2    load.f32 s0, s-4, 4
;;   @4    return.f32 s-4, acc

;; $stores
;;   frame 2 params 3
;;   @0    store32 s-6, s-5, 4
;;   @2    store64 s-6, s-4, 8
;;   @4    store8 s-6, s-5, 0
;;   @6    store16.mem s-6, s-5, 0, 0x10000
;;   @9    return

;; $store_accumulator
;;   frame 3 params 2
;;   @0    i32.add s1, s-4, 1
;;   @3    store32 s-5, acc, 4
;;   @5    i32.add s0, s-5, 1
;;   @8    store32 acc, s-4, 8
;;   @10   return

;; $store_float
;;   frame 3 params 2
;;   @0    f64.add s1, s-4, s-4
;;   @2    store64 s-5, s1, 0
;;   @4    return

;; $store_constant
;;   frame 2 params 1
;;   @0    store32 s-4, -1, 0
;;   @2    const s1, 32768
;;   @4    store32 s-4, acc, 0
;;   @6    store8 s-4, -1, 0
;;   @8    store32 s-4, -1, 0
;;   @10   store64 s-4, 0, 0
;;   @12   return

;; $store_at
;;   frame 2 params 1
;;   @0    store32.at s-4, 1028
;;   @2    const s1, 7
;;   @4    store32.at s1, 1028
;;   @6    return

;; $store_itself
;;   frame 3 params 1 homes 1
;;   @0    zero.span s0, 1
;;   @3    i32.add s0, s-4, 1
;;   @6    store32 s0, s0, 0
;;   @8    return

;; $store_others
;;   frame 2 params 3
;;   @0    store64.mem s-6, s-4, 1, 0x8
;;   @3    const s1, 1
;;   @5    store8.mem s-5, s1, 2, 0x0
;;   @8    return

;; $size
;;   frame 1 results 1
;;   @0    memory.size s0, 0, 16
;;   @2    return s-3, acc

;; $size_wide
;;   frame 1 results 1
;;   @0    memory.size s0, 2, 16
;;   @2    return s-3, acc
