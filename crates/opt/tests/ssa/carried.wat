(module
  ;; The branch writes the home of the first operand of the addition, which is wanted where it is not taken.
  (func $over-an-operand (param $c i32) (param $x i64) (result i64)
    (block $out (result i64)
      (i64.add
        (i64.clz (local.get $x))
        (block (result i64) (i64.popcnt (local.get $x)) (br_if $out (local.get $c))))))
  ;; So does each case of a table.
  (func $tables (param $c i32) (param $x i64) (result i64)
    (block $a (result i64)
      (i64.add
        (i64.clz (local.get $x))
        (block $b (result i64)
          (i64.popcnt (local.get $x))
          (br_table $a $b (local.get $c))))))
  ;; The value of a local from before it was set.
  (func $old-value (param $c i32) (param $x i64) (result i64)
    (i64.sub (local.get $x) (block (result i64) (local.set $x (i64.const 3)) (local.get $x))))
  ;; Two results, exchanged on the way back.
  (func $exchanged (param $c i32) (result i32 i32)
    (i32.const 1) (i32.const 2)
    (loop $again (param i32 i32) (result i32 i32)
      (block (param i32 i32) (result i32 i32) (call $swap))
      (br_if $again (local.tee $c (i32.sub (local.get $c) (i32.const 1))))))
  (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
  ;; Without an else, the parameters are the results.
  (func $no-else (param $c i32) (param $x i32) (result i32)
    (local.get $x)
    (if (param i32) (result i32) (local.get $c) (then (i32.clz)))))

;; $over-an-operand
;;   func func0 (i32, i64) -> (i64)
;;   frame 8 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i64 = arg 1
;;     jump b1
;;   b1:
;;     v2: i64 = i64.clz v1
;;     v3: i64 = i64.popcnt v1
;;     branch v0, b2, b3
;;   b2:
;;     jump b4(v3)
;;   b3:
;;     v4: i64 = i64.add v2, v3
;;     jump b4(v4)
;;   b4(v5: i64):
;;     return v5

;; $tables
;;   func func1 (i32, i64) -> (i64)
;;   frame 8 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i64 = arg 1
;;     jump b1
;;   b1:
;;     v2: i64 = i64.clz v1
;;     v3: i64 = i64.popcnt v1
;;     table v0 [0 1] b2, b3
;;   b2:
;;     jump b4(v3)
;;   b3:
;;     v4: i64 = i64.add v2, v3
;;     jump b4(v4)
;;   b4(v5: i64):
;;     return v5

;; $old-value
;;   func func2 (i32, i64) -> (i64)
;;   frame 7 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i64 = arg 1
;;     v2: i64 = const 0x3
;;     jump b1
;;   b1:
;;     v3: i64 = i64.sub v1, v2
;;     return v3

;; $exchanged
;;   func func3 (i32) -> (i32, i32)
;;   frame 8 params 1 results 2 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x1
;;     v2: i32 = const 0x2
;;     jump b1
;;   b1:
;;     jump b2(v2, v1, v0)
;;   b2(v3: i32, v4: i32, v8: i32):
;;     v5 = call func4 type2 v4, v3
;;     v6: i32 = result 0 v5
;;     v7: i32 = result 1 v5
;;     v9: i32 = i32.sub v8, v1
;;     branch v9, b2(v7, v6, v9), b3
;;   b3:
;;     return v6, v7

;; $swap
;;   func func4 (i32, i32) -> (i32, i32)
;;   frame 7 params 2 results 2 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = arg 1
;;     jump b1
;;   b1:
;;     return v1, v0

;; $no-else
;;   func func5 (i32, i32) -> (i32)
;;   frame 7 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = arg 1
;;     jump b1
;;   b1:
;;     branch v0, b2, b3(v1)
;;   b2:
;;     v2: i32 = i32.clz v1
;;     jump b3(v2)
;;   b3(v3: i32):
;;     return v3
