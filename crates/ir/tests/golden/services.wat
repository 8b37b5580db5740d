;; What the runtime does has its operands in consecutive slots, like a call, and clears the accumulators.
(module
  (memory 1)
  (memory $wide i64 1)
  (table $t 4 externref)
  (table $u 4 funcref)
  (data $d "hello")
  (elem $e func $grow)

  (func $grow (param $n i32) (result i32) (i32.add (memory.grow (local.get $n)) (i32.const 1)))
  (func $grow_wide (result i64) (memory.grow $wide (i64.const 0x1_0000_0000)))
  (func $bulk (param $p i32) (param $n i32)
    (memory.fill (local.get $p) (i32.const 0) (local.get $n))
    (memory.copy (local.get $p) (i32.const 8) (local.get $n))
    (memory.init $d (local.get $p) (i32.const 0) (i32.const 5))
    (data.drop $d))
  (func $copy_between (param $p i64) (memory.copy $wide 0 (local.get $p) (i32.const 1) (i32.const 2)))
  (func $tables (param $i i32) (param $x externref) (result i32)
    (table.set $t (local.get $i) (local.get $x))
    (drop (table.get $t (i32.const 1)))
    (drop (table.grow $t (local.get $x) (i32.const 2)))
    (table.fill $t (i32.const 0) (ref.null extern) (i32.const 4))
    (table.copy $u $u (i32.const 0) (i32.const 1) (i32.const 2))
    (table.init $u $e (i32.const 0) (i32.const 0) (i32.const 1))
    (elem.drop $e)
    (table.size $t)))

;; $grow
;;   frame 2 params 1 results 1
;;   @0    copy s0, s-4
;;   @2    builtin memory.grow, s0, 0, 0
;;   @5    i32.add s0, s0, 1
;;   @8    return s-4, acc

;; $grow_wide
;;   frame 1 results 1
;;   @0    const64 s0, 0x100000000
;;   @3    builtin memory.grow, s0, 1, 0
;;   @6    return s-3, s0

;; $bulk
;;   frame 3 params 2
;;   @0    copy s0, s-5
;;   @2    const s1, 0
;;   @4    copy s2, s-4
;;   @6    builtin memory.fill, s0, 0, 0
;;   @9    copy s0, s-5
;;   @11   const s1, 8
;;   @13   copy s2, s-4
;;   @15   builtin memory.copy, s0, 0, 0
;;   @18   copy s0, s-5
;;   @20   const s1, 0
;;   @22   const s2, 5
;;   @24   builtin memory.init, s0, 0, 0
;;   @27   builtin data.drop, s0, 0, 0
;;   @30   return

;; $copy_between
;;   frame 3 params 1
;;   @0    copy s0, s-4
;;   @2    const s1, 1
;;   @4    const s2, 2
;;   @6    builtin memory.copy, s0, 1, 0
;;   @9    return

;; $tables
;;   frame 3 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    copy s1, s-4
;;   @4    builtin table.set, s0, 0, 0
;;   @7    const s0, 1
;;   @9    builtin table.get, s0, 0, 0
;;   @12   copy s0, s-4
;;   @14   const s1, 2
;;   @16   builtin table.grow, s0, 0, 0
;;   @19   const s0, 0
;;   @21   const s1, 0
;;   @23   const s2, 4
;;   @25   builtin table.fill, s0, 0, 0
;;   @28   const s0, 0
;;   @30   const s1, 1
;;   @32   const s2, 2
;;   @34   builtin table.copy, s0, 1, 1
;;   @37   const s0, 0
;;   @39   const s1, 0
;;   @41   const s2, 1
;;   @43   builtin table.init, s0, 1, 0
;;   @46   builtin elem.drop, s0, 0, 0
;;   @49   builtin table.size, s0, 0, 0
;;   @52   return s-5, s0
;;   references: s-4
;;   references from @4: s1
;;   references from @9:
;;   references from @16: s0
;;   references from @25: s1
;;   references from @34:
