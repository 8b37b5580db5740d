;; options: osr
(module
  (func $sum (param $n i32) (result i32)
    (local $i i32) (local $sum i32) (local $unused i64)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $i)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
  (func $nested (param $n i32) (result i32)
    (local $i i32) (local $j i32) (local $sum i32)
    (block $done
      (loop $outer
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $j (i32.const 0))
        (loop $inner
          (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $i) (local.get $j))))
          (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $outer)))
    (local.get $sum))
  (func $parameter (param $n i32) (result i64)
    (i64.const 5)
    (loop $again (param i64) (result i64)
      (i64.mul (i64.const 3))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (i64.add (i64.const 1))))

;; $sum
;;   func func0 (i32) -> (i32)
;;   frame 9 params 1 results 1 locals 4 homes 7
;;   b0:
;;     v0: i32 = arg 0
;;     v4: i32 = const 0x1
;;     v7: i32 = const 0x0
;;     jump b1
;;   b1:
;;     jump b2(v7, v7)
;;   b2(v1: i32, v2: i32):
;;     v3: i32 = i32.add v1, v2
;;     v5: i32 = i32.add v2, v4
;;     v6: i32 = i32.lt_u v5, v0
;;     branch v6, b2(v3, v5), b3
;;   b3:
;;     return v3

;; $sum
;;   func func0 (i32) -> (i32) osr 0
;;   frame 9 params 1 results 1 locals 4 homes 7
;;   b0:
;;     v3: i32 = const 0x1
;;     v5: i32 = slot 0
;;     v7: i32 = slot 4
;;     v8: i32 = slot 5
;;     jump b1(v8, v7)
;;   b1(v0: i32, v1: i32):
;;     v2: i32 = i32.add v0, v1
;;     v4: i32 = i32.add v1, v3
;;     v6: i32 = i32.lt_u v4, v5
;;     branch v6, b1(v2, v4), b2
;;   b2:
;;     return v2

;; $nested
;;   func func1 (i32) -> (i32)
;;   frame 10 params 1 results 1 locals 4 homes 7
;;   b0:
;;     v0: i32 = arg 0
;;     v3: i32 = const 0x0
;;     v8: i32 = const 0x1
;;     jump b1
;;   b1:
;;     jump b2(v3, v3)
;;   b2(v1: i32, v11: i32):
;;     v2: i32 = i32.ge_u v1, v0
;;     branch v2, b6, b3
;;   b3:
;;     jump b4(v3, v11)
;;   b4(v4: i32, v6: i32):
;;     v5: i32 = i32.mul v1, v4
;;     v7: i32 = i32.add v6, v5
;;     v9: i32 = i32.add v4, v8
;;     v10: i32 = i32.lt_u v9, v0
;;     branch v10, b4(v9, v7), b5
;;   b5:
;;     v12: i32 = i32.add v1, v8
;;     jump b2(v12, v7)
;;   b6:
;;     return v11

;; $nested
;;   func func1 (i32) -> (i32) osr 0
;;   frame 10 params 1 results 1 locals 4 homes 7
;;   b0:
;;     v1: i32 = slot 0
;;     v3: i32 = const 0x0
;;     v8: i32 = const 0x1
;;     v13: i32 = slot 6
;;     v14: i32 = slot 4
;;     jump b1(v14, v13)
;;   b1(v0: i32, v11: i32):
;;     v2: i32 = i32.ge_u v0, v1
;;     branch v2, b5, b2
;;   b2:
;;     jump b3(v3, v11)
;;   b3(v4: i32, v6: i32):
;;     v5: i32 = i32.mul v0, v4
;;     v7: i32 = i32.add v6, v5
;;     v9: i32 = i32.add v4, v8
;;     v10: i32 = i32.lt_u v9, v1
;;     branch v10, b3(v9, v7), b4
;;   b4:
;;     v12: i32 = i32.add v0, v8
;;     jump b1(v12, v7)
;;   b5:
;;     return v11

;; $nested
;;   func func1 (i32) -> (i32) osr 1
;;   frame 10 params 1 results 1 locals 4 homes 7
;;   b0:
;;     v1: i32 = slot 0
;;     v3: i32 = const 0x0
;;     v9: i32 = const 0x1
;;     v13: i32 = slot 6
;;     v14: i32 = slot 5
;;     v15: i32 = slot 4
;;     jump b3(v15, v14, v13)
;;   b3(v4: i32, v5: i32, v7: i32):
;;     v6: i32 = i32.mul v4, v5
;;     v8: i32 = i32.add v7, v6
;;     v10: i32 = i32.add v5, v9
;;     v11: i32 = i32.lt_u v10, v1
;;     branch v11, b3(v4, v10, v8), b4
;;   b4:
;;     v16: i32 = i32.add v4, v9
;;     jump b1
;;   b1:
;;     v2: i32 = i32.ge_u v16, v1
;;     branch v2, b5, b2
;;   b2:
;;     jump b3(v16, v3, v8)
;;   b5:
;;     return v8

;; $parameter
;;   func func2 (i32) -> (i64)
;;   frame 7 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i64 = const 0x5
;;     v3: i64 = const 0x3
;;     v6: i32 = const 0x1
;;     v8: i64 = const 0x1
;;     jump b1
;;   b1:
;;     jump b2(v1, v0)
;;   b2(v2: i64, v5: i32):
;;     v4: i64 = i64.mul v2, v3
;;     v7: i32 = i32.sub v5, v6
;;     branch v7, b2(v4, v7), b3
;;   b3:
;;     v9: i64 = i64.add v4, v8
;;     return v9

;; $parameter
;;   func func2 (i32) -> (i64) osr 0
;;   frame 7 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v1: i64 = const 0x3
;;     v4: i32 = const 0x1
;;     v6: i32 = slot 0
;;     v7: i64 = slot 4
;;     v8: i64 = const 0x1
;;     jump b1(v7, v6)
;;   b1(v0: i64, v3: i32):
;;     v2: i64 = i64.mul v0, v1
;;     v5: i32 = i32.sub v3, v4
;;     branch v5, b1(v2, v5), b2
;;   b2:
;;     v9: i64 = i64.add v2, v8
;;     return v9
