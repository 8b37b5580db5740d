;; Locals are read in place. Before a local changes, what is still on the operand stack of its old value goes home.
(module
  ;; The old value of $x is an operand below the `if`, and only one arm changes $x: it has to be saved on both paths.
  (func $alias_below_if (param $x i32) (param $c i32) (result i32)
    local.get $x
    local.get $c
    if
      i32.const 100
      local.set $x
    end
    local.get $x
    i32.sub)

  ;; Two aliases of $x, one of $y: only those of $x are copied when $x changes.
  (func $aliases_of_one_local (param $x i32) (param $y i32) (result i32)
    local.get $x
    local.get $y
    local.get $x
    local.get $y
    local.set $x
    i32.sub
    i32.sub
    local.get $x
    i32.mul)

  ;; A result goes into the local at once; the teed value is read from there.
  (func $tee (param $x i32) (result i32)
    local.get $x
    i32.const 3
    i32.add
    local.tee $x
    local.get $x
    i32.mul)

  ;; The comparison is a local's value now and stays an instruction, although a branch tests it.
  (func $teed_condition (param $x i32) (result i32)
    local.get $x
    i32.const 8
    i32.lt_u
    local.tee $x
    if
      i32.const 5
      return
    end
    local.get $x)

  ;; Swapping two locals needs the old value of $x.
  (func $swap (param $x i64) (param $y i64) (result i64)
    local.get $x
    local.get $y
    local.set $x
    local.set $y
    local.get $x
    local.get $y
    i64.sub)

  ;; Setting a local to itself is nothing.
  (func $set_to_itself (param $x i32)
    local.get $x
    local.set $x)

  ;; A constant on the stack is not affected, and locals that are declared begin with zero.
  (func $constant_below (result i32) (local $x i32) (local $y i32)
    i32.const 9
    i32.const 4
    local.set $y
    local.get $y
    i32.sub))

;; $alias_below_if
;;   frame 2 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    br_if_i32.eq s-4, 0, @7
;;   @5    const s-5, 100
;;   @7    i32.sub s0, s0, s-5
;;   @9    return s-5, acc

;; $aliases_of_one_local
;;   frame 4 params 2 results 1
;;   @0    copy s2, s-5
;;   @2    copy s0, s-5
;;   @4    copy s-5, s-4
;;   @6    i32.sub s1, s-4, s2
;;   @8    i32.sub s0, s0, acc
;;   @10   i32.mul s0, acc, s-5
;;   @12   return s-5, acc

;; $tee
;;   frame 2 params 1 results 1
;;   @0    i32.add s-4, s-4, 3
;;   @3    i32.mul s0, acc, s-4
;;   @5    return s-4, acc

;; $teed_condition
;;   frame 2 params 1 results 1
;;   @0    i32.lt_u s-4, s-4, 8
;;   @3    br_if_i32.eq acc, 0, @7
;;   @5    return s-4, 5
;;   @7    return s-4, s-4

;; $swap
;;   frame 2 params 2 results 1
;;   @0    copy s0, s-5
;;   @2    copy s-5, s-4
;;   @4    copy s-4, s0
;;   @6    i64.sub s0, s-5, acc
;;   @8    return s-5, acc

;; $set_to_itself
;;   frame 1 params 1
;;   @0    return

;; $constant_below
;;   frame 4 results 1 homes 2
;;   @0    zero.span s0, 2
;;   @3    const s1, 4
;;   @5    i32.sub s2, 9, s1
;;   @8    return s-3, acc
