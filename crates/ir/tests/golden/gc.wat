;; Objects: layout of fields, forms with the accumulator, tests of types, and what the collector has to know.
(module
  (type $node (sub (struct (field $left (mut (ref null $node))) (field $right (mut (ref null $node))))))
  (type $leaf (sub final $node (struct (field (mut (ref null $node))) (field (mut (ref null $node))) (field $b i8) (field $d f64))))
  (type $bytes (array (mut i8)))
  (type $nodes (array (mut (ref null $node))))
  (func $make (param i32) (result (ref $node))
    (struct.new $node (struct.new_default $leaf) (ref.null none)))
  (func $walk (param $n (ref null $node)) (result i32)
    (if (result i32) (ref.is_null (local.get $n))
      (then (i32.const 0))
      (else (i32.add
        (call $walk (struct.get $node $left (local.get $n)))
        (call $walk (struct.get $node $right (local.get $n)))))))
  (func $chain (param $n (ref $node)) (result (ref null $node))
    (struct.get $node $left (struct.get $node $right (struct.get $node $left (local.get $n)))))
  (func $set (param $n (ref $node)) (struct.set $node $right (local.get $n) (struct.get $node $left (local.get $n))))
  (func $packed (param $l (ref $leaf)) (result i32 f64)
    (struct.get_s $leaf $b (local.get $l)) (struct.get $leaf $d (local.get $l)))
  (func $sum (param $a (ref $bytes)) (param $i i32) (result i32)
    (i32.add (array.get_u $bytes (local.get $a) (local.get $i)) (array.len (local.get $a))))
  (func $fill (param $n i32) (result (ref $nodes))
    (local $a (ref null $nodes))
    (local.set $a (array.new $nodes (call $make (i32.const 1)) (local.get $n)))
    (array.set $nodes (local.get $a) (i32.const 0) (call $make (i32.const 2)))
    (ref.as_non_null (local.get $a)))
  (func $cast (param $x anyref) (result i32)
    (block $other (result anyref)
      (block $leaf (result (ref $leaf))
        (br_on_cast_fail $other anyref (ref $node)
          (br_on_cast $leaf anyref (ref $leaf) (local.get $x)))
        (drop)
        (return (ref.test (ref i31) (local.get $x))))
      (drop)
      (return (i32.const 2)))
    (i31.get_s (ref.cast (ref null i31))))
  (func $held (param $x anyref) (result (ref eq))
    (call $pair (struct.new_default $node) (call $make (i32.const 3)) (local.get $x)))
  (func $pair (param (ref eq) (ref eq) anyref) (result (ref eq)) (local.get 0)))

;; $make
;;   frame 6
;;   @0    struct.new_default s4, 2, 32           ; type#2
;;   @3    const s5, 0
;;   @5    struct.new32x2 s4, s4, 1               ; type#1
;;   @8    return 1, acc
;;   references:
;;   references from @5: s5 s4

;; $walk
;;   frame 6
;;   @0    br_if_i64.ne s0, 0, @7
;;   @3    const s4, 0
;;   @5    return 1, s4
;;   @7    struct.get32 s4, s0, 8
;;   @9    call 1, s4, 112, 1
;;   @12   struct.get32 s5, s0, 12
;;   @14   call 1, s5, 112, 1
;;   @17   i32.add s4, acc, s4
;;   @19   return 1, s4
;;   references: s0

;; $chain
;;   frame 5
;;   @0    struct.get32 s4, s0, 8
;;   @2    struct.get32 s4, acc, 12
;;   @4    struct.get32 s4, acc, 8
;;   @6    return 1, acc

;; $set
;;   frame 6
;;   @0    struct.get32 s5, s0, 8
;;   @2    struct.set32 s0, s5, 12
;;   @4    return 1

;; $packed
;;   frame 6
;;   @0    struct.get8_s s4, s0, 24
;;   @2    struct.get.f64 s5, s0, 16
;;   @4    return.span 1, s4, 2

;; $sum
;;   frame 7
;;   @0    array.get8_u s5, s0, s1
;;   @2    array.len s6, s0
;;   @4    i32.add s5, acc, s5
;;   @6    return 2, acc

;; $fill
;;   frame 8
;;   @0    zero.span s4, 1
;;   @3    const s5, 1
;;   @5    call 1, s5, 64, 0
;;   @8    copy s6, s0
;;   @10   builtin array.new, s5, 4, 0            ; type#4
;;   @13   copy s4, s5
;;   @15   const s7, 2
;;   @17   call 1, s7, 64, 0
;;   @20   const s6, 0
;;   @22   array.set32 s4, s6, s7
;;   @24   ref.as_non_null s4
;;   @26   return 1, s4
;;   references: s4
;;   references from @10: s5
;;   references from @17:

;; $cast
;;   frame 5
;;   @0    br_on_cast_fail.exact s0, 262, 2, @7   ; (ref type#2)
;;   @3    copy s4, s0
;;   @5    return 1, 2
;;   @7    br_on_cast.object s0, 7, 1, @14        ; (ref type#1)
;;   @10   copy s4, s0
;;   @12   br @21
;;   @14   ref.test s4, s0, 2, 0                  ; (ref i31)
;;   @17   return 1, acc
;;   @19   return 1, 2
;;   @21   ref.cast s4, 130, 0                    ; (ref null i31)
;;   @24   i31.get_s s4, s4
;;   @26   return 1, acc

;; $held
;;   frame 7
;;   @0    struct.new_default s4, 1, 16           ; type#1
;;   @3    const s5, 3
;;   @5    call 1, s5, 64, 0
;;   @8    copy s6, s0
;;   @10   call 3, s4, 496, 9
;;   @13   return 1, acc
;;   references: s0
;;   references from @5: s4
;;   references from @10:

;; $pair
;;   frame 7
;;   @0    return 3, s0
