;; options: osr fuel interruption
(module
  (func $f (param i32))
  ;; The first loop is not part of the body for the second one.
  (func $phases (param $n i32) (result i32)
    (local $x i32)
    (loop $a
      (call $f (i32.const 1))
      (br_if $a (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const 7)
    (i32.clz (local.get $n))
    (loop $b
      (call $f (local.get $n))
      (br_if $b (local.tee $x (i32.add (local.get $x) (i32.const 1)))))
    (i32.add) (i32.add (local.get $x)))
  ;; What is between the heads is reached by way of the outer loop.
  (func $inner (param $n i32)
    (local $i i32) (local $kept i64)
    (loop $outer
      (local.set $i (local.get $n))
      (i64.extend_i32_u (local.get $n))
      (loop $inner
        (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $kept (i64.add (local.get $kept)))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $f (i32.wrap_i64 (local.get $kept))))
  ;; The outer loop does not go round.
  (func $once (param $n i32)
    (loop $outer
      (call $f (i32.const 1))
      (loop $inner
        (br_if $inner (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))

;; $f
;;   func func0 (i32) -> ()
;;   frame 4 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     v1 = interrupt
;;     return

;; $phases
;;   func func1 (i32) -> (i32)
;;   frame 9 params 1 results 1 locals 4 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v5: i32 = const 0x1
;;     v18: i32 = const 0x0
;;     v20: i32 = const 0x7
;;     jump b1
;;   b1:
;;     v1 = interrupt
;;     v2 = charge 1
;;     jump b2(v0)
;;   b2(v8: i32):
;;     v3 = interrupt
;;     v4 = charge 2
;;     v6 = call func0 type0 v5
;;     v7 = charge 5
;;     v9: i32 = i32.sub v8, v5
;;     branch v9, b2(v9), b3
;;   b3:
;;     v10 = charge 4
;;     v11: i32 = i32.clz v9
;;     jump b4(v18)
;;   b4(v16: i32):
;;     v12 = interrupt
;;     v13 = charge 2
;;     v14 = call func0 type0 v9
;;     v15 = charge 5
;;     v17: i32 = i32.add v16, v5
;;     branch v17, b4(v17), b5
;;   b5:
;;     v19 = charge 3
;;     v21: i32 = i32.add v20, v11
;;     v22: i32 = i32.add v21, v17
;;     return v22

;; $phases
;;   func func1 (i32) -> (i32) osr 0
;;   frame 9 params 1 results 1 locals 4 homes 5
;;   b0:
;;     v2: i32 = const 0x1
;;     v7: i32 = slot 0
;;     v16: i32 = slot 4
;;     v18: i32 = const 0x7
;;     jump b1(v7)
;;   b1(v5: i32):
;;     v0 = interrupt
;;     v1 = charge 2
;;     v3 = call func0 type0 v2
;;     v4 = charge 5
;;     v6: i32 = i32.sub v5, v2
;;     branch v6, b1(v6), b2
;;   b2:
;;     v8 = charge 4
;;     v9: i32 = i32.clz v6
;;     jump b3(v16)
;;   b3(v14: i32):
;;     v10 = interrupt
;;     v11 = charge 2
;;     v12 = call func0 type0 v6
;;     v13 = charge 5
;;     v15: i32 = i32.add v14, v2
;;     branch v15, b3(v15), b4
;;   b4:
;;     v17 = charge 3
;;     v19: i32 = i32.add v18, v9
;;     v20: i32 = i32.add v19, v15
;;     return v20

;; $phases
;;   func func1 (i32) -> (i32) osr 1
;;   frame 9 params 1 results 1 locals 4 homes 5
;;   b0:
;;     v2: i32 = slot 0
;;     v6: i32 = const 0x1
;;     v8: i32 = slot 4
;;     v10: i32 = const 0x7
;;     v11: i32 = slot 6
;;     jump b1(v8)
;;   b1(v5: i32):
;;     v0 = interrupt
;;     v1 = charge 2
;;     v3 = call func0 type0 v2
;;     v4 = charge 5
;;     v7: i32 = i32.add v5, v6
;;     branch v7, b1(v7), b2
;;   b2:
;;     v9 = charge 3
;;     v12: i32 = i32.add v10, v11
;;     v13: i32 = i32.add v12, v7
;;     return v13

;; $inner
;;   func func2 (i32) -> ()
;;   frame 9 params 1 results 0 locals 4 homes 6
;;   b0:
;;     v0: i32 = arg 0
;;     v10: i32 = const 0x1
;;     v16: i64 = const 0x0
;;     jump b1
;;   b1:
;;     v1 = interrupt
;;     v2 = charge 1
;;     jump b2(v0, v16)
;;   b2(v5: i32, v13: i64):
;;     v3 = interrupt
;;     v4 = charge 5
;;     v6: i64 = i64.extend_i32_u v5
;;     jump b3(v5)
;;   b3(v9: i32):
;;     v7 = interrupt
;;     v8 = charge 5
;;     v11: i32 = i32.sub v9, v10
;;     branch v11, b3(v11), b4
;;   b4:
;;     v12 = charge 8
;;     v14: i64 = i64.add v6, v13
;;     v15: i32 = i32.sub v5, v10
;;     branch v15, b2(v15, v14), b5
;;   b5:
;;     v17 = charge 3
;;     v18: i32 = i32.wrap_i64 v14
;;     v19 = call func0 type0 v18
;;     return

;; $inner
;;   func func2 (i32) -> () osr 0
;;   frame 9 params 1 results 0 locals 4 homes 6
;;   b0:
;;     v7: i32 = const 0x1
;;     v13: i64 = slot 5
;;     v14: i32 = slot 0
;;     jump b1(v14, v13)
;;   b1(v2: i32, v10: i64):
;;     v0 = interrupt
;;     v1 = charge 5
;;     v3: i64 = i64.extend_i32_u v2
;;     jump b2(v2)
;;   b2(v6: i32):
;;     v4 = interrupt
;;     v5 = charge 5
;;     v8: i32 = i32.sub v6, v7
;;     branch v8, b2(v8), b3
;;   b3:
;;     v9 = charge 8
;;     v11: i64 = i64.add v3, v10
;;     v12: i32 = i32.sub v2, v7
;;     branch v12, b1(v12, v11), b4
;;   b4:
;;     v15 = charge 3
;;     v16: i32 = i32.wrap_i64 v11
;;     v17 = call func0 type0 v16
;;     return

;; $inner
;;   func func2 (i32) -> () osr 1
;;   frame 9 params 1 results 0 locals 4 homes 6
;;   b0:
;;     v8: i32 = const 0x1
;;     v10: i32 = slot 4
;;     v11: i64 = slot 6
;;     v15: i64 = slot 5
;;     v18: i32 = slot 0
;;     jump b2(v11, v10, v15, v18)
;;   b2(v4: i64, v7: i32, v13: i64, v17: i32):
;;     v5 = interrupt
;;     v6 = charge 5
;;     v9: i32 = i32.sub v7, v8
;;     branch v9, b2(v4, v9, v13, v17), b3
;;   b3:
;;     v12 = charge 8
;;     v16: i64 = i64.add v4, v13
;;     v19: i32 = i32.sub v17, v8
;;     branch v19, b1, b4
;;   b1:
;;     v0 = interrupt
;;     v1 = charge 5
;;     v3: i64 = i64.extend_i32_u v19
;;     jump b2(v3, v19, v16, v19)
;;   b4:
;;     v20 = charge 3
;;     v21: i32 = i32.wrap_i64 v16
;;     v22 = call func0 type0 v21
;;     return

;; $once
;;   func func3 (i32) -> ()
;;   frame 6 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v5: i32 = const 0x1
;;     jump b1
;;   b1:
;;     v1 = interrupt
;;     v2 = charge 1
;;     jump b2
;;   b2:
;;     v3 = interrupt
;;     v4 = charge 2
;;     v6 = call func0 type0 v5
;;     v7 = charge 1
;;     jump b3(v0)
;;   b3(v10: i32):
;;     v8 = interrupt
;;     v9 = charge 5
;;     v11: i32 = i32.sub v10, v5
;;     branch v11, b3(v11), b4
;;   b4:
;;     return

;; $once
;;   func func3 (i32) -> () osr 0
;;   frame 6 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v2: i32 = const 0x1
;;     v10: i32 = slot 0
;;     jump b1
;;   b1:
;;     v0 = interrupt
;;     v1 = charge 2
;;     v3 = call func0 type0 v2
;;     v4 = charge 1
;;     jump b2(v10)
;;   b2(v7: i32):
;;     v5 = interrupt
;;     v6 = charge 5
;;     v8: i32 = i32.sub v7, v2
;;     branch v8, b2(v8), b3
;;   b3:
;;     return

;; $once
;;   func func3 (i32) -> () osr 1
;;   frame 6 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v2: i32 = const 0x1
;;     v10: i32 = slot 0
;;     jump b2(v10)
;;   b2(v7: i32):
;;     v5 = interrupt
;;     v6 = charge 5
;;     v8: i32 = i32.sub v7, v2
;;     branch v8, b2(v8), b3
;;   b3:
;;     return
