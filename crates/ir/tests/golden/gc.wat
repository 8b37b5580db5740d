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
;;   frame 2 params 1 results 1
;;   @0    struct.new_default s0, 2, 32           ; type#2
;;   @3    const s1, 0
;;   @5    struct.new32x2 s0, s0, 1               ; type#1
;;   @8    return s-4, acc
;;   references:
;;   references from @5: s1 s0

;; $walk
;;   frame 2 params 1 results 1
;;   @0    br_if_i64.ne s-4, 0, @7
;;   @3    const s0, 0
;;   @5    return s-4, s0
;;   @7    struct.get32 s0, s-4, 8
;;   @9    call 1, s4, 112, 1
;;   @13   struct.get32 s1, s-4, 12
;;   @15   call 1, s5, 112, 1
;;   @19   i32.add s0, acc, s0
;;   @21   return s-4, s0
;;   references: s-4

;; $chain
;;   frame 1 params 1 results 1
;;   @0    struct.get32 s0, s-4, 8
;;   @2    struct.get32 s0, acc, 12
;;   @4    struct.get32 s0, acc, 8
;;   @6    return s-4, acc

;; $set
;;   frame 2 params 1
;;   @0    struct.get32 s1, s-4, 8
;;   @2    struct.set32 s-4, s1, 12
;;   @4    return

;; $packed
;;   frame 2 params 1 results 2
;;   @0    struct.get8_s s0, s-4, 24
;;   @2    struct.get.f64 s1, s-4, 16
;;   @4    return.span s-4, s0, 2

;; $sum
;;   frame 2 params 2 results 1
;;   @0    array.get8_u s0, s-5, s-4
;;   @2    array.len s1, s-5
;;   @4    i32.add s0, acc, s0
;;   @6    return s-5, acc

;; $fill
;;   frame 4 params 1 results 1 homes 1
;;   @0    zero.span s0, 1
;;   @3    const s1, 1
;;   @5    call 1, s5, 64, 0
;;   @9    copy s2, s-4
;;   @11   builtin array.new, s1, 4, 0            ; type#4
;;   @14   copy s0, s1
;;   @16   const s3, 2
;;   @18   call 1, s7, 64, 0
;;   @22   const s2, 0
;;   @24   array.set32 s0, s2, s3
;;   @26   ref.as_non_null s0
;;   @28   return s-4, s0
;;   references: s0
;;   references from @11: s1
;;   references from @18:

;; $cast
;;   frame 2 params 1 results 1
;;   @0    br_on_cast_fail.exact s-4, 262, 2, @7  ; (ref type#2)
;;   @3    copy s0, s-4
;;   @5    return s-4, 2
;;   @7    br_on_cast.object s-4, 7, 1, @14       ; (ref type#1)
;;   @10   copy s0, s-4
;;   @12   br @21
;;   @14   ref.test s0, s-4, 2, 0                 ; (ref i31)
;;   @17   return s-4, acc
;;   @19   return s-4, 2
;;   @21   ref.cast s0, 130, 0                    ; (ref null i31)
;;   @24   i31.get_s s0, s0
;;   @26   return s-4, acc

;; $held
;;   frame 3 params 1 results 1
;;   @0    struct.new_default s0, 1, 16           ; type#1
;;   @3    const s1, 3
;;   @5    call 1, s5, 64, 0
;;   @9    copy s2, s-4
;;   @11   call 3, s6, 496, 9
;;   @15   return s-4, acc
;;   references: s-4
;;   references from @5: s0
;;   references from @11:

;; $pair
;;   frame 1 params 3 results 1
;;   @0    return s-6, s-6
