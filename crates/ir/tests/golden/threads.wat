;; Accesses to a shared memory have forms of their own; atomic ones have one form, also in a memory that is not shared.
(module
  (memory $shared 1 2 shared)
  (memory $own 1)
  (func $plain (param $p i32) (result i32)
    (i32.store8 offset=3 (local.get $p) (i32.load (local.get $p)))
    (f64.store (i32.const 8) (f64.load (i32.const 16)))
    (v128.store (local.get $p) (v128.load (local.get $p)))
    (i32.load $own (local.get $p)))

  (func $atomic (param $p i32) (param $n i64) (result i64)
    (i64.atomic.store32 offset=4 (local.get $p) (local.get $n))
    (atomic.fence)
    (i64.add
      (i64.atomic.rmw.add (local.get $p) (i64.const 1))
      (i64.atomic.load16_u $own offset=2 (local.get $p))))

  (func $cas (param $p i32) (result i32)
    (i32.atomic.rmw.cmpxchg (local.get $p) (i32.const 0) (i32.const 1)))

  (func $wait (param $p i32) (result i32)
    (drop (memory.atomic.notify offset=8 (local.get $p) (i32.const 1)))
    (memory.atomic.wait32 offset=4 (local.get $p) (i32.const 0) (i64.const -1))))

;; $plain
;;   frame 7
;;   @0    load32_u.shared s5, s0, 0, 0x0
;;   @3    store8.shared s0, s5, 0, 0x3
;;   @6    const s5, 16
;;   @8    load.f64.shared s5, s5, 0, 0x0
;;   @11   const s4, 8
;;   @13   store64.shared s4, s5, 0, 0x0
;;   @16   v128.load.shared v5, s0, 0, 0x0
;;   @19   v128.store.shared s0, v5, 0, 0x0
;;   @22   load32_u.mem s4, s0, 1, 0x0
;;   @25   return 1, acc

;; $atomic
;;   frame 7
;;   @0    atomic.store32 s0, s1, 0, 0x4
;;   @3    atomic.fence
;;   @5    const s6, 1
;;   @7    atomic.add64 s5, s0, s6, 0, 0x0
;;   @11   atomic.load16_u s6, s0, 1, 0x2
;;   @14   i64.add s5, acc, s5
;;   @16   return 2, acc

;; $cas
;;   frame 7
;;   @0    const s5, 0
;;   @2    const s6, 1
;;   @4    atomic.cmpxchg32_u s4, s0, s5, s6, 0, 0x0
;;   @8    return 1, acc

;; $wait
;;   frame 8
;;   @0    copy s4, s0
;;   @2    const s5, 1
;;   @4    const s6, 8
;;   @6    builtin memory.atomic.notify, s4, 0, 0
;;   @9    copy s4, s0
;;   @11   const s5, 0
;;   @13   const64 s6, 0xffffffffffffffff
;;   @16   const s7, 4
;;   @18   builtin memory.atomic.wait32, s4, 0, 0
;;   @21   return 1, s4
