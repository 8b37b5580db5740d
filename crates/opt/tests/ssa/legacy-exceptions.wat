(module
  (tag $e (param i32)) (tag $f)
  (func $f (param i32) (result i32) (local.get 0))
  (func $caught (param $x i32) (result i32)
    try (result i32)
      local.get $x call $f local.set $x
      local.get $x call $f
    catch $e
      local.get $x i32.add
    catch_all
      i32.const 7 call $f
    end)
  (func $delegate (param $x i32) (result i32)
    try $outer (result i32)
      try (result i32)
        try (result i32)
          local.get $x call $f
        delegate $outer
      catch_all
        i32.const 1
      end
    catch $f
      i32.const 2
    end)
  (func $rethrow (param $x i32)
    try $t
      local.get $x throw $e
    catch $e
      drop rethrow $t
    end)
  (func $nested (param $x i32)
    try
      try
        i32.const 1 call $f drop
      catch $e
        call $f drop
      end
    catch_all
    end))

;; $f
;;   func func0 (i32) -> (i32)
;;   frame 5 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     return v0

;; $caught
;;   func func1 (i32) -> (i32)
;;   frame 7 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v16: i32 = const 0x7
;;     jump b1
;;   b1:
;;     v1 = call func0 type2 v0
;;     invoke v1, b2, steps 3, catch_ref tag0 b4, catch_all_ref b7
;;   b4:
;;     v5: i32 = caught 0
;;     v6: ref = caught_ref
;;     jump b6(v5, v0)
;;   b7:
;;     v13: ref = caught_ref
;;     jump b9
;;   b2:
;;     v2: i32 = result 0 v1
;;     v3 = call func0 type2 v2
;;     invoke v3, b3, steps 3, catch_ref tag0 b5, catch_all_ref b8
;;   b5:
;;     v7: i32 = caught 0
;;     v8: ref = caught_ref
;;     jump b6(v7, v2)
;;   b8:
;;     v14: ref = caught_ref
;;     jump b9
;;   b3:
;;     v4: i32 = result 0 v3
;;     jump b10(v4)
;;   b6(v9: i32, v11: i32):
;;     v12: i32 = i32.add v9, v11
;;     jump b10(v12)
;;   b9:
;;     v17 = call func0 type2 v16
;;     v18: i32 = result 0 v17
;;     jump b10(v18)
;;   b10(v19: i32):
;;     return v19

;; $delegate
;;   func func2 (i32) -> (i32)
;;   frame 6 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v4: i32 = const 0x2
;;     jump b1
;;   b1:
;;     v1 = call func0 type2 v0
;;     invoke v1, b2, steps 3, catch_ref tag1 b3
;;   b3:
;;     v3: ref = caught_ref
;;     jump b4
;;   b2:
;;     v2: i32 = result 0 v1
;;     jump b5(v2)
;;   b4:
;;     jump b5(v4)
;;   b5(v5: i32):
;;     return v5

;; $rethrow
;;   func func3 (i32) -> ()
;;   frame 6 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     throw tag0 v0, steps 2, catch_ref tag0 b2
;;   b2:
;;     v1: i32 = caught 0
;;     v2: ref = caught_ref
;;     jump b3
;;   b3:
;;     throw_ref v2

;; $nested
;;   func func4 (i32) -> ()
;;   frame 6 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x1
;;     jump b1
;;   b1:
;;     v2 = call func0 type2 v1
;;     invoke v2, b2, steps 4, catch_ref tag0 b3, catch_all_ref b7
;;   b3:
;;     v4: i32 = caught 0
;;     v5: ref = caught_ref
;;     jump b4
;;   b7:
;;     v8: ref = caught_ref
;;     jump b9
;;   b2:
;;     v3: i32 = result 0 v2
;;     jump b6
;;   b4:
;;     v6 = call func0 type2 v4
;;     invoke v6, b5, steps 2, catch_all_ref b8
;;   b8:
;;     v9: ref = caught_ref
;;     jump b9
;;   b5:
;;     v7: i32 = result 0 v6
;;     jump b6
;;   b6:
;;     jump b10
;;   b9:
;;     jump b10
;;   b10:
;;     return
