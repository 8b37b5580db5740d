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
;;   frame 7
;;   @0    copy s5, s0
;;   @2    br_if_i32.eq s1, 0, @7
;;   @5    const s0, 100
;;   @7    i32.sub s5, s5, s0
;;   @9    return 2, acc

;; $aliases_of_one_local
;;   frame 9
;;   @0    copy s7, s0
;;   @2    copy s5, s0
;;   @4    copy s0, s1
;;   @6    i32.sub s6, s1, s7
;;   @8    i32.sub s5, s5, acc
;;   @10   i32.mul s5, acc, s0
;;   @12   return 2, acc

;; $tee
;;   frame 6
;;   @0    i32.add s0, s0, 3
;;   @3    i32.mul s4, acc, s0
;;   @5    return 1, acc

;; $teed_condition
;;   frame 6
;;   @0    i32.lt_u s0, s0, 8
;;   @3    br_if_i32.eq acc, 0, @7
;;   @5    return 1, 5
;;   @7    return 1, s0

;; $swap
;;   frame 7
;;   @0    copy s5, s0
;;   @2    copy s0, s1
;;   @4    copy s1, s5
;;   @6    i64.sub s5, s0, acc
;;   @8    return 2, acc

;; $set_to_itself
;;   frame 5
;;   @0    return 1

;; $constant_below
;;   frame 7
;;   @0    zero.span s3, 2
;;   @3    const s4, 4
;;   @5    i32.sub s5, 9, s4
;;   @8    return 0, acc
