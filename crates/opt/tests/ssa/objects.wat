(module
  (type $pair (struct (field $a (mut i32)) (field $b (mut (ref null $pair))) (field $v v128) (field $c i8)))
  (type $array (array (mut i64)))
  (type $callback (func (param i32) (result anyref)))
  (func $make (param $x i32) (result anyref)
    (struct.new $pair (local.get $x) (ref.null $pair) (v128.const i64x2 1 2) (i32.const 3)))
  (func $walk (param $p (ref null $pair)) (result i32)
    (local $sum i32)
    (block $done
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (struct.get $pair $a (br_on_null $done (local.get $p)))))
        (local.set $p (struct.get $pair $b (local.get $p)))
        (br $again)))
    (local.get $sum))
  (func $cast (param $x anyref) (result i32)
    (block $pair (result (ref $pair))
      (br_on_cast $pair anyref (ref $pair) (local.get $x))
      (drop)
      (return (i31.get_s (ref.cast (ref i31) (local.get $x)))))
    (struct.get_s $pair $c))
  (func $arrays (param $n i32) (result i64)
    (local $a (ref null $array))
    (local.set $a (array.new $array (i64.const 5) (local.get $n)))
    (array.set $array (local.get $a) (i32.const 1) (i64.const 6))
    (i64.add (array.get $array (local.get $a) (i32.const 0))
      (i64.extend_i32_u (array.len (local.get $a)))))
  (func $i31 (param $x i32) (param $y anyref) (result anyref)
    (select (result anyref) (ref.i31 (local.get $x)) (local.get $y) (ref.eq (ref.i31 (i32.const 1)) (ref.null eq))))
  (func $calls (param $f (ref null $callback)) (result anyref)
    (call_ref $callback (i32.const 1) (local.get $f)))
  (func $tail (param $f (ref null $callback)) (result anyref)
    (return_call_ref $callback (i32.const 1) (local.get $f))))

;; $make
;;   func func0 (i32) -> (ref)
;;   frame 9 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: v128 = v128.const 0x20000000000000001
;;     v2: ref = const 0x0
;;     v3: i32 = const 0x3
;;     jump b1
;;   b1:
;;     v4: ref = struct.new type0 v0, v2, v1, v3
;;     return v4

;; $walk
;;   func func1 (ref) -> (i32)
;;   frame 7 params 1 results 1 locals 4 homes 5
;;   b0:
;;     v0: ref = arg 0
;;     v7: i32 = const 0x0
;;     jump b1
;;   b1:
;;     jump b2(v0, v7)
;;   b2(v1: ref, v4: i32):
;;     v2: i32 = ref.is_null v1
;;     branch v2, b4, b3
;;   b3:
;;     v3: i32 = field.load32_u 24 v1
;;     v5: i32 = i32.add v4, v3
;;     v6: ref = field.load32_u 28 v1
;;     jump b2(v6, v5)
;;   b4:
;;     return v4

;; $cast
;;   func func2 (ref) -> (i32)
;;   frame 6 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: ref = arg 0
;;     jump b1
;;   b1:
;;     v1: i32 = ref.test 0x6 1 v0
;;     branch v1, b2, b3
;;   b2:
;;     jump b4
;;   b3:
;;     v2 = ref.cast 0x2 0 v0
;;     v3: i32 = i31.get_s v0
;;     return v3
;;   b4:
;;     v4: i32 = field.load8_s.i32 32 v0
;;     return v4

;; $arrays
;;   func func3 (i32) -> (i64)
;;   frame 8 params 1 results 1 locals 4 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i64 = const 0x5
;;     v3: i32 = const 0x1
;;     v4: i64 = const 0x6
;;     v6: i32 = const 0x0
;;     jump b1
;;   b1:
;;     v2: ref = array.new 1 0 v1, v0
;;     v5 = element.store64 v2, v3, v4
;;     v7: i64 = element.load64 v2, v6
;;     v8: i32 = array.len v2
;;     v9: i64 = i64.extend_i32_u v8
;;     v10: i64 = i64.add v7, v9
;;     return v10

;; $i31
;;   func func4 (i32, ref) -> (ref)
;;   frame 9 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: ref = arg 1
;;     v3: i32 = const 0x1
;;     v5: ref = const 0x0
;;     jump b1
;;   b1:
;;     v2: ref = ref.i31 v0
;;     v4: ref = ref.i31 v3
;;     v6: i32 = ref.eq v4, v5
;;     v7: ref = select v6, v2, v1
;;     return v7

;; $calls
;;   func func5 (i64) -> (ref)
;;   frame 6 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i64 = arg 0
;;     v1: i32 = const 0x1
;;     jump b1
;;   b1:
;;     v2 = call_ref type2 0 v0, v1
;;     v3: ref = result 0 v2
;;     return v3

;; $tail
;;   func func6 (i64) -> (ref)
;;   frame 6 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i64 = arg 0
;;     v1: i32 = const 0x1
;;     jump b1
;;   b1:
;;     tail_call_ref type2 1 v0, v1
