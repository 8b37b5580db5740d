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
;;   frame 6
;;   @0    copy s4, s0
;;   @2    builtin memory.grow, s4, 0, 0
;;   @5    i32.add s4, s4, 1
;;   @8    return 1, acc

;; $grow_wide
;;   frame 4
;;   @0    const64 s3, 0x100000000
;;   @3    builtin memory.grow, s3, 1, 0
;;   @6    return 0, s3

;; $bulk
;;   frame 8
;;   @0    copy s5, s0
;;   @2    const s6, 0
;;   @4    copy s7, s1
;;   @6    builtin memory.fill, s5, 0, 0
;;   @9    copy s5, s0
;;   @11   const s6, 8
;;   @13   copy s7, s1
;;   @15   builtin memory.copy, s5, 0, 0
;;   @18   copy s5, s0
;;   @20   const s6, 0
;;   @22   const s7, 5
;;   @24   builtin memory.init, s5, 0, 0
;;   @27   builtin data.drop, s5, 0, 0
;;   @30   return 2

;; $copy_between
;;   frame 7
;;   @0    copy s4, s0
;;   @2    const s5, 1
;;   @4    const s6, 2
;;   @6    builtin memory.copy, s4, 1, 0
;;   @9    return 1

;; $tables
;;   frame 8
;;   @0    copy s5, s0
;;   @2    copy s6, s1
;;   @4    builtin table.set, s5, 0, 0
;;   @7    const s5, 1
;;   @9    builtin table.get, s5, 0, 0
;;   @12   copy s5, s1
;;   @14   const s6, 2
;;   @16   builtin table.grow, s5, 0, 0
;;   @19   const s5, 0
;;   @21   const s6, 0
;;   @23   const s7, 4
;;   @25   builtin table.fill, s5, 0, 0
;;   @28   const s5, 0
;;   @30   const s6, 1
;;   @32   const s7, 2
;;   @34   builtin table.copy, s5, 1, 1
;;   @37   const s5, 0
;;   @39   const s6, 0
;;   @41   const s7, 1
;;   @43   builtin table.init, s5, 1, 0
;;   @46   builtin elem.drop, s5, 0, 0
;;   @49   builtin table.size, s5, 0, 0
;;   @52   return 2, s5
;;   references: s1
;;   references from @4: s6
;;   references from @9:
;;   references from @16: s5
;;   references from @25: s6
;;   references from @34:
