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
;;   frame 3 params 1 results 1
;;   @0    load32_u.shared s1, s-4, 0, 0x0
;;   @3    store8.shared s-4, s1, 0, 0x3
;;   @6    const s1, 16
;;   @8    load.f64.shared s1, s1, 0, 0x0
;;   @11   const s0, 8
;;   @13   store64.shared s0, s1, 0, 0x0
;;   @16   v128.load.shared v1, s-4, 0, 0x0
;;   @19   v128.store.shared s-4, v1, 0, 0x0
;;   @22   load32_u.mem s0, s-4, 1, 0x0
;;   @25   return s-4, acc

;; $atomic
;;   frame 2 params 2 results 1
;;   @0    atomic.store32 s-5, s-4, 0, 0x4
;;   @3    atomic.fence
;;   @5    const s1, 1
;;   @7    atomic.add64 s0, s-5, s1, 0, 0x0
;;   @11   atomic.load16_u s1, s-5, 1, 0x2
;;   @14   i64.add s0, acc, s0
;;   @16   return s-5, acc

;; $cas
;;   frame 3 params 1 results 1
;;   @0    const s1, 0
;;   @2    const s2, 1
;;   @4    atomic.cmpxchg32_u s0, s-4, s1, s2, 0, 0x0
;;   @8    return s-4, acc

;; $wait
;;   frame 4 params 1 results 1
;;   @0    copy s0, s-4
;;   @2    const s1, 1
;;   @4    const s2, 8
;;   @6    builtin memory.atomic.notify, s0, 0, 0
;;   @9    copy s0, s-4
;;   @11   const s1, 0
;;   @13   const64 s2, 0xffffffffffffffff
;;   @16   const s3, 4
;;   @18   builtin memory.atomic.wait32, s0, 0, 0
;;   @21   return s-4, s0
