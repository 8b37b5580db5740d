(module
  (tag $e (param i32)) (tag $f)
  (import "" "f" (func $f (param i32) (result i32)))
  (func $caught (param $x i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h)
        (local.set $x (call $f (local.get $x)))
        (local.set $x (i32.add (local.get $x) (call $f (local.get $x))))
        (local.get $x))
      (return))
    (i32.add (local.get $x)))
  (func $nested (param $x i32)
    (block $all
      (try_table (catch_all $all)
        (block $f
          (block $e (result i32)
            (try_table (catch $e $e) (catch $f $f)
              (throw $e (local.get $x)))
            (return))
          (drop)
          (drop (call $f (i32.const 1)))))
      (throw $f)))
  (func $thrown (param $x i32)
    (block $all
      (try_table (catch_all $all)
        (block $f
          (block $e (result i32 exnref)
            (try_table (catch_ref $e $e) (catch $f $f)
              (throw $e (local.get $x)))
            (return))
          (drop) (drop)))
      (throw $f)))
  (func $reference (param $x i32)
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (drop (call $f (local.get $x))))
      (return))
    (throw_ref))
  (func $not-caught (result i32)
    (try_table (nop))
    (call $f (i32.const 1)))
  (func $around-loop (param $x i32) (result i32)
    (loop $again
      (block $h
        (try_table (catch $f $again) (catch_all $h)
          (local.set $x (call $f (local.get $x))))
        (return (local.get $x))))
    (local.get $x))
  (func $nothing-thrown (param $x i32) (result i32)
    (block $h (try_table (catch_all $h) (return (local.get $x))))
    (i32.const 1)))

;; $caught
;;   func func1 (i32) -> (i32)
;;   frame 6 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     v1 = call func0 type2 v0
;;     invoke v1, b2, steps 2, catch tag0 b4
;;   b4:
;;     v6: i32 = caught 0
;;     jump b6(v6, v0)
;;   b2:
;;     v2: i32 = result 0 v1
;;     v3 = call func0 type2 v2
;;     invoke v3, b3, steps 2, catch tag0 b5
;;   b5:
;;     v7: i32 = caught 0
;;     jump b6(v7, v2)
;;   b3:
;;     v4: i32 = result 0 v3
;;     v5: i32 = i32.add v2, v4
;;     return v5
;;   b6(v8: i32, v9: i32):
;;     v10: i32 = i32.add v8, v9
;;     return v10

;; $nested
;;   func func2 (i32) -> ()
;;   frame 5 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x1
;;     jump b1
;;   b1:
;;     v2 = call func0 type2 v1
;;     invoke v2, b2, steps 2, catch_all b3
;;   b3:
;;     jump b4
;;   b2:
;;     v3: i32 = result 0 v2
;;     throw tag1
;;   b4:
;;     return

;; $thrown
;;   func func3 (i32) -> ()
;;   frame 6 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     throw tag0 v0, steps 5, catch_ref tag0 b2, catch tag1 b3, catch_all b6
;;   b2:
;;     v1: i32 = caught 0
;;     v2: ref = caught_ref
;;     jump b4
;;   b3:
;;     jump b5
;;   b6:
;;     jump b7
;;   b4:
;;     jump b5
;;   b5:
;;     throw tag1
;;   b7:
;;     return

;; $reference
;;   func func4 (i32) -> ()
;;   frame 5 params 1 results 0 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     v1 = call func0 type2 v0
;;     invoke v1, b2, steps 2, catch_all_ref b3
;;   b3:
;;     v3: ref = caught_ref
;;     jump b4
;;   b2:
;;     v2: i32 = result 0 v1
;;     return
;;   b4:
;;     throw_ref v3

;; $not-caught
;;   func func5 () -> (i32)
;;   frame 4 params 0 results 1 locals 3 homes 3
;;   b0:
;;     v0: i32 = const 0x1
;;     jump b1
;;   b1:
;;     v1 = call func0 type2 v0
;;     v2: i32 = result 0 v1
;;     return v2

;; $around-loop
;;   func func6 (i32) -> (i32)
;;   frame 5 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     jump b2
;;   b2:
;;     v2 = call func0 type2 v0
;;     invoke v2, b3, steps 3, catch tag1 b4, catch_all b5
;;   b4:
;;     jump b2
;;   b5:
;;     jump b6
;;   b3:
;;     v3: i32 = result 0 v2
;;     return v3
;;   b6:
;;     return v0

;; $nothing-thrown
;;   func func7 (i32) -> (i32)
;;   frame 5 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     jump b1
;;   b1:
;;     return v0
