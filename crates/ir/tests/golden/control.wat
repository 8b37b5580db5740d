;; Branches with values, tables, loops, both arms of conditionals, and code that is never reached.
(module
  (func $effect)

  ;; The value is in its home, which is where the block's result belongs: no copy.
  (func $br_value (param $x i32) (result i32)
    (block (result i32) (br 0 (i32.mul (local.get $x) (local.get $x)))))
  ;; The values below are dropped: the carried one moves down.
  (func $br_over_values (param $x i32) (result i32)
    (block (result i32)
      (i32.add (local.get $x) (i32.const 1))
      (i32.add (local.get $x) (i32.const 2))
      (br 0 (i32.add (local.get $x) (i32.const 3)))))

  ;; A conditional branch with a value: in place it needs nothing, else the copy is on the taken path only.
  (func $br_if_in_place (param $x i32) (result i32)
    (block (result i32)
      (i32.mul (local.get $x) (local.get $x))
      (br_if 0 (local.get $x))
      (i32.add (i32.const 1))))
  (func $br_if_copy (param $x i32) (result i32)
    (block (result i32)
      (br_if 0 (local.get $x) (i32.gt_s (local.get $x) (i32.const 3)))
      (drop)
      (i32.const 9)))
  ;; To the function's own block: a return.
  (func $br_if_return (param $x i32) (result i32)
    (br_if 0 (i32.const 4) (local.get $x))
    (i32.add (i32.const 1)))

  (func $table (param $x i32) (result i32)
    (block
      (block
        (block (br_table 0 1 0 2 (local.get $x)))
        (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30))
  ;; Targets that need the value in different places have stubs, one each.
  (func $table_values (param $x i32) (result i32)
    (block $outer (result i32)
      (i32.add (local.get $x) (i32.const 1))
      (block $inner (result i32)
        (br_table $inner $outer $inner 2 (i32.const 7) (local.get $x)))
      (i32.sub)))

  ;; A loop's parameter has another value each time, so it is in its home and carried there.
  (func $loop (param $n i32) (result i32)
    (i32.const 1)
    (loop $again (param i32) (result i32)
      (i32.mul (local.get $n))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $loop_count (param $n i32)
    (loop $again
      (call $effect)
      (br_if $again (i32.ne (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
  (func $loop_while (param $n i32) (param $i i32)
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again))))

  (func $if_else (param $x i32) (result i32)
    (if (result i32) (local.get $x)
      (then (i32.add (local.get $x) (i32.const 1)))
      (else (i32.const 5))))
  ;; Without `else`, the parameter is the result.
  (func $if_param (param $x i32) (result i32)
    (local.get $x)
    (if (param i32) (result i32) (i32.eqz (local.get $x))
      (then (i32.add (i32.const 7)))))

  ;; Several values: in consecutive homes, in order.
  (func $pair (param $x i32) (param $y i64) (result i64 i32) (local.get $y) (local.get $x))
  (func $block_pair (param $x i32) (result i32 i32)
    (block (result i32 i32)
      (i32.const 1)
      (local.get $x)
      (br_if 0 (local.get $x))
      (i32.add)
      (i32.const 3)))
  (func $span_moves (param $x i32) (result i32 i32)
    (block (result i32 i32)
      (i32.add (local.get $x) (i32.const 1))
      (i32.add (local.get $x) (i32.const 2))
      (i32.add (local.get $x) (i32.const 3))
      (br 0)))

  ;; What follows a branch up to the block's end is not there, and neither are the blocks in it.
  (func $unreachable_code (param $x i32) (result i32)
    (block
      (br 0)
      (block (loop (br 0)))
      (if (i32.const 1) (then (call $effect)) (else (call $effect))))
    (return (local.get $x))
    (drop (i32.add (i32.const 1) (i32.const 2)))
    (i32.const 3))
  (func $trap (result i32) (unreachable) (i32.add))
  ;; One arm does not come back.
  (func $if_trap (param $x i32) (result i32)
    (if (result i32) (local.get $x) (then (unreachable)) (else (i32.const 2))))
  (func $forever (loop (br 0)))

  (func $on_null (param $f funcref) (result i32)
    (block
      (drop (br_on_null 0 (local.get $f)))
      (return (i32.const 1)))
    (i32.const 0))
  (func $on_non_null (param $f funcref) (result funcref)
    (block (result (ref func))
      (br_on_non_null 0 (local.get $f))
      (return (ref.null func)))))

;; $effect
;;   frame 0
;;   @0    return

;; $br_value
;;   frame 2 params 1 results 1
;;   @0    i32.mul s0, s-4, s-4
;;   @2    return s-4, s0
;;   @4    return s-4, s0

;; $br_over_values
;;   frame 4 params 1 results 1
;;   @0    i32.add s0, s-4, 1
;;   @3    i32.add s1, s-4, 2
;;   @6    i32.add s2, s-4, 3
;;   @9    copy s0, s2
;;   @11   return s-4, s0
;;   @13   return s-4, s0

;; $br_if_in_place
;;   frame 2 params 1 results 1
;;   @0    i32.mul s0, s-4, s-4
;;   @2    br_if_i32.ne s-4, 0, @7
;;   @5    i32.add s0, acc, 1
;;   @7    return s-4, s0

;; $br_if_copy
;;   frame 3 params 1 results 1
;;   @0    br_if_i32.le_s s-4, 3, @7
;;   @3    copy s0, s-4
;;   @5    return s-4, s0
;;   @7    const s0, 9
;;   @9    return s-4, s0

;; $br_if_return
;;   frame 2 params 1 results 1
;;   @0    br_if_i32.eq s-4, 0, @5
;;   @3    return s-4, 4
;;   @5    const s0, 4
;;   @7    i32.add s0, acc, 1
;;   @9    return s-4, acc

;; $table
;;   frame 1 params 1 results 1
;;   @0    br_table s-4, 3, @6 @8 @6 @10
;;   @6    return s-4, 10
;;   @8    return s-4, 20
;;   @10   return s-4, 30

;; $table_values
;;   frame 3 params 1 results 1
;;   @0    i32.add s0, s-4, 1
;;   @3    const s1, 7
;;   @5    br_table s-4, 3, @17 @11 @17 @15
;;   @11   copy s0, s1
;;   @13   return s-4, s0
;;   @15   return s-4, s1
;;   @17   i32.sub s0, s0, s1
;;   @19   return s-4, s0

;; $loop
;;   frame 3 params 1 results 1
;;   @0    const s0, 1
;;   @2    i32.mul s0, s0, s-4
;;   @4    i32.sub s-4, s-4, 1
;;   @7    loop_if_i32.ne acc, 0, @2
;;   @9    return s-4, s0
;;   loops: @2

;; $loop_count
;;   frame 2 params 1
;;   @0    call 0, s3, 64, 0
;;   @4    i32.sub s-4, s-4, 1
;;   @7    loop_if_i32.ne acc, 0, @0
;;   @9    return
;;   loops: @0

;; $loop_while
;;   frame 2 params 2
;;   @0    br_if_i32.ge_u s-4, s-5, @8
;;   @3    add_loop_if_i32.lt_u s-4, 1, s-5, @3
;;   @6    return
;;   @8    return
;;   loops: @0

;; $if_else
;;   frame 2 params 1 results 1
;;   @0    br_if_i32.eq s-4, 0, @8
;;   @3    i32.add s0, s-4, 1
;;   @6    return s-4, s0
;;   @8    const s0, 5
;;   @10   return s-4, s0

;; $if_param
;;   frame 3 params 1 results 1
;;   @0    i32.eq s1, s-4, 0
;;   @3    copy s0, s-4
;;   @5    br_if_i32.eq s1, 0, @10
;;   @8    i32.add s0, acc, 7
;;   @10   return s-4, s0

;; $pair
;;   frame 2 params 2 results 2
;;   @0    copy s0, s-4
;;   @2    copy s1, s-5
;;   @4    return.span s-5, s0, 2

;; $block_pair
;;   frame 3 params 1 results 2
;;   @0    const s0, 1
;;   @2    copy s1, s-4
;;   @4    br_if_i32.eq s-4, 0, @9
;;   @7    br @13
;;   @9    i32.add s0, s0, s1
;;   @11   const s1, 3
;;   @13   return.span s-4, s0, 2

;; $span_moves
;;   frame 4 params 1 results 2
;;   @0    i32.add s0, s-4, 1
;;   @3    i32.add s1, s-4, 2
;;   @6    i32.add s2, s-4, 3
;;   @9    copy.span 2, s0, s1
;;   @12   br @14
;;   @14   return.span s-4, s0, 2

;; $unreachable_code
;;   frame 1 params 1 results 1
;;   @0    return s-4, s-4
;;   @2    return s-4, s-4

;; $trap
;;   frame 0 results 1
;;   @0    unreachable

;; $if_trap
;;   frame 1 params 1 results 1
;;   @0    br_if_i32.eq s-4, 0, @5
;;   @3    unreachable
;;   @5    const s0, 2
;;   @7    return s-4, acc

;; $forever
;;   frame 0
;;   @0    loop @0
;;   loops: @0

;; $on_null
;;   frame 1 params 1 results 1
;;   @0    br_if_i64.eq s-4, 0, @5
;;   @3    return s-4, 1
;;   @5    return s-4, 0

;; $on_non_null
;;   frame 1 params 1 results 1
;;   @0    br_if_i64.eq s-4, 0, @7
;;   @3    copy s0, s-4
;;   @5    return s-4, s0
;;   @7    const s0, 0
;;   @9    return s-4, acc
;;   @11   return s-4, s0
