;; One instruction for two operators where the second alone uses the result of the first, and where that must not be.
(module
  (memory 1)
  (func $effect)

  ;; A product and a sum: on either side, and both roundings stay.
  (func $product_right (param $a f64) (param $b f64) (param $c f64) (result f64)
    (f64.add (local.get $c) (f64.mul (local.get $a) (local.get $b))))
  (func $product_left (param $a f32) (param $b f32) (param $c f32) (result f32)
    (f32.add (f32.mul (local.get $a) (local.get $b)) (local.get $c)))
  ;; A difference is not commutative: only the subtrahend may be the product.
  (func $product_minus (param $a f64) (param $b f64) (param $c f64) (result f64)
    (f64.sub (f64.mul (local.get $a) (local.get $b)) (local.get $c)))
  (func $minus_product (param $a f32) (param $b f32) (param $c f32) (result f32)
    (f32.sub (local.get $c) (f32.mul (local.get $a) (local.get $b))))
  ;; The product goes to a local: it has to be made.
  (func $product_kept (param $a f64) (param $b f64) (result f64)
    (f64.add (local.get $b) (local.tee $a (f64.mul (local.get $a) (local.get $b)))))
  ;; Two products: the later one melts, and the earlier one is the other operand.
  (func $two_products (param $a f64) (param $b f64) (result f64)
    (f64.add (f64.mul (local.get $a) (local.get $a)) (f64.mul (local.get $b) (local.get $b))))

  ;; Shifts count modulo 32.
  (func $scaled (param $p i32) (param $i i32) (result i32)
    (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 34))))
  (func $scaled_left (param $p i32) (param $i i32) (result i32)
    (i32.add (i32.shl (local.get $i) (i32.const 3)) (local.get $p)))
  (func $scaled_wide (param $p i64) (param $i i64) (result i64)
    (i64.add (local.get $p) (i64.shl (local.get $i) (i64.const 3))))
  (func $scaled_minus (param $p i32) (param $i i32) (result i32)
    (i32.sub (local.get $p) (i32.shl (local.get $i) (i32.const 3))))

  ;; A sum as an address wraps at 32 bits, the offset that is added to it does not.
  (func $load_sum (param $p i32) (param $q i32) (result f64)
    (f64.load offset=8 (i32.add (local.get $p) (local.get $q))))
  (func $load_before (param $p i32) (result i32)
    (i32.load8_s offset=8 (i32.add (local.get $p) (i32.const -16))))
  (func $load_element (param $p i32) (param $i i32) (result i32)
    (i32.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))))
  (func $load_kept (param $p i32) (result i32)
    (i32.add (i32.load (local.tee $p (i32.add (local.get $p) (i32.const 4)))) (local.get $p)))

  ;; Counting: the addition, the comparison and the branch.
  (func $down (param $n i32)
    (loop $again
      (call $effect)
      (br_if $again (local.tee $n (i32.add (local.get $n) (i32.const -1))))))
  (func $up (param $n i64) (param $i i64)
    (loop $again
      (call $effect)
      (local.set $i (i64.add (local.get $i) (i64.const 2)))
      (br_if $again (i64.lt_s (local.get $i) (local.get $n)))))
  ;; The other operand comes first: n > i is i < n.
  (func $up_mirrored (param $n i32) (param $i i32)
    (loop $again
      (call $effect)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.gt_u (local.get $n) (local.get $i)))))
  ;; The largest unsigned number is the immediate -1.
  (func $to_the_end (param $i i32)
    (loop $again
      (call $effect)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const -1)))))
  ;; The test of an `if` skips its arm: the inverse.
  (func $count_if (param $i i32)
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (if (i32.eq (local.get $i) (i32.const 10)) (then (call $effect))))
  ;; The comparison looks at another local, or at nothing but this one, or at half of it.
  (func $count_other (param $i i32) (param $n i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $n) (i32.const 5)))))
  (func $count_itself (param $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $i) (local.get $i)))))
  (func $count_half (param $i i64)
    (loop $again
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $again (i32.wrap_i64 (local.get $i)))))
  ;; The old value is wanted, so the sum is not made in the local's place.
  (func $count_old (param $i i32) (result i32)
    (local.get $i)
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (drop (br_if 0 (i32.lt_s (local.get $i) (i32.const 5))))
    (local.get $i))

  ;; A loop that begins with its test ends with it: the way back tests whether to go on behind the first test.
  (func $while_float (param $x f64) (param $y f64)
    (block $done
      (loop $again
        (br_if $done (f64.lt (local.get $x) (local.get $y)))
        (call $effect)
        (br $again))
      (unreachable))
    (call $effect))
  ;; Leaving with a value: the copy is what stands behind the test, on the way out.
  (func $while_value (param $n i32) (result i32)
    (block $done (result i32)
      (loop $again
        (br_if $done (local.get $n) (i32.gt_u (local.get $n) (i32.const 9)))
        (drop)
        (local.set $n (i32.mul (local.get $n) (i32.const 3)))
        (br $again))
      (unreachable))
    (i32.sub (i32.const 1)))
  ;; The tested value is a parameter of the loop, made anew each time: the loop is not turned.
  (func $while_param (param $n i32)
    (block $done
      (local.get $n)
      (loop $again (param i32)
        (br_if $done (i32.eqz))
        (call $effect)
        (i32.sub (local.get $n) (i32.const 1))
        (br $again))))
  ;; A call stands before the test: the loop is not turned.
  (func $test_inside (param $n i32)
    (block $done
      (loop $again
        (call $effect)
        (br_if $done (local.get $n))
        (br $again)))))

;; $effect
;;   frame 0
;;   @0    return

;; $product_right
;;   frame 3 params 3 results 1
;;   @0    f64.mul_add s0, s-6, s-5, s-4
;;   @3    return.f64 s-6, acc

;; $product_left
;;   frame 2 params 3 results 1
;;   @0    f32.mul_add s0, s-6, s-5, s-4
;;   @3    return.f32 s-6, acc

;; $product_minus
;;   frame 2 params 3 results 1
;;   @0    f64.mul s0, s-6, s-5
;;   @2    f64.sub s0, acc, s-4
;;   @4    return.f64 s-6, acc

;; $minus_product
;;   frame 3 params 3 results 1
;;   @0    f32.mul_sub s0, s-6, s-5, s-4
;;   @3    return.f32 s-6, acc

;; $product_kept
;;   frame 3 params 2 results 1
;;   @0    f64.mul s-5, s-5, s-4
;;   @2    f64.add s0, acc, s-4
;;   @4    return.f64 s-5, acc

;; $two_products
;;   frame 3 params 2 results 1
;;   @0    f64.mul s0, s-5, s-5
;;   @2    f64.mul_add s0, s-4, s-4, s0
;;   @5    return.f64 s-5, acc

;; $scaled
;;   frame 3 params 2 results 1
;;   @0    i32.add_shl s0, s-5, s-4, 2
;;   @3    return s-5, acc

;; $scaled_left
;;   frame 2 params 2 results 1
;;   @0    i32.add_shl s0, s-5, s-4, 3
;;   @3    return s-5, acc

;; $scaled_wide
;;   frame 3 params 2 results 1
;;   @0    i64.shl s1, s-4, 3
;;   @3    i64.add s0, acc, s-5
;;   @5    return s-5, acc

;; $scaled_minus
;;   frame 3 params 2 results 1
;;   @0    i32.shl s1, s-4, 3
;;   @3    i32.sub s0, s-5, acc
;;   @5    return s-5, acc

;; $load_sum
;;   frame 2 params 2 results 1
;;   @0    load.f64.sum s0, s-5, s-4, 8
;;   @3    return.f64 s-5, acc

;; $load_before
;;   frame 2 params 1 results 1
;;   @0    load8_s.i32.sum s0, s-4, -16, 8
;;   @3    return s-4, acc

;; $load_element
;;   frame 3 params 2 results 1
;;   @0    i32.add_shl s0, s-5, s-4, 2
;;   @3    load32_u s0, acc, 0
;;   @5    return s-5, acc

;; $load_kept
;;   frame 2 params 1 results 1
;;   @0    i32.add s-4, s-4, 4
;;   @3    load32_u s0, acc, 0
;;   @5    i32.add s0, acc, s-4
;;   @7    return s-4, acc

;; $down
;;   frame 2 params 1
;;   @0    call 0, s3, 80, 0
;;   @4    add_loop_if_i32.ne s-4, -1, 0, @0
;;   @7    return
;;   loops: @0

;; $up
;;   frame 2 params 2
;;   @0    call 0, s3, 80, 0
;;   @4    add_loop_if_i64.lt_s s-4, 2, s-5, @0
;;   @7    return
;;   loops: @0

;; $up_mirrored
;;   frame 2 params 2
;;   @0    call 0, s3, 80, 0
;;   @4    add_loop_if_i32.lt_u s-4, 1, s-5, @0
;;   @7    return
;;   loops: @0

;; $to_the_end
;;   frame 2 params 1
;;   @0    call 0, s3, 80, 0
;;   @4    add_loop_if_i32.lt_u s-4, 1, -1, @0
;;   @7    return
;;   loops: @0

;; $count_if
;;   frame 2 params 1
;;   @0    add_br_if_i32.ne s-4, 1, 10, @7
;;   @3    call 0, s3, 80, 0
;;   @7    return

;; $count_other
;;   frame 2 params 2
;;   @0    i32.add s-5, s-5, 1
;;   @3    loop_if_i32.lt_s s-4, 5, @0
;;   @6    return
;;   loops: @0

;; $count_itself
;;   frame 2 params 1
;;   @0    i32.add s-4, s-4, 1
;;   @3    loop_if_i32.lt_s acc, s-4, @0
;;   @5    return
;;   loops: @0

;; $count_half
;;   frame 2 params 1
;;   @0    i64.add s-4, s-4, 1
;;   @3    i32.wrap_i64 s0, acc
;;   @5    loop_if_i32.ne acc, 0, @0
;;   @7    return
;;   loops: @0

;; $count_old
;;   frame 3 params 1 results 1
;;   @0    i32.add s1, s-4, 1
;;   @3    copy s0, s-4
;;   @5    copy s-4, s1
;;   @7    br_if_i32.ge_s acc, 5, @11
;;   @9    return s-4, s0
;;   @11   return s-4, s-4

;; $while_float
;;   frame 2 params 2
;;   @0    br_if_f64.lt s-5, s-4, @12
;;   @3    call 0, s3, 80, 0
;;   @7    loop_if_not_f64.lt s-5, s-4, @3
;;   @10   br @12
;;   @12   call 0, s3, 80, 0
;;   @16   return
;;   loops: @0

;; $while_value
;;   frame 3 params 1 results 1
;;   @0    br_if_i32.le_u s-4, 9, @7
;;   @3    copy s0, s-4
;;   @5    br @14
;;   @7    i32.mul s-4, s-4, 3
;;   @10   loop_if_i32.gt_u acc, 9, @3
;;   @12   loop @7
;;   @14   i32.sub s0, s0, 1
;;   @17   return s-4, acc
;;   loops: @0

;; $while_param
;;   frame 2 params 1
;;   @0    copy s0, s-4
;;   @2    br_if_i32.eq s0, 0, @14
;;   @5    call 0, s3, 80, 0
;;   @9    i32.sub s0, s-4, 1
;;   @12   loop @2
;;   @14   return
;;   loops: @2

;; $test_inside
;;   frame 1 params 1
;;   @0    call 0, s3, 80, 0
;;   @4    br_if_i32.ne s-4, 0, @9
;;   @7    loop @0
;;   @9    return
;;   loops: @0
