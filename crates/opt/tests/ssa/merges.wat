(module
  (func $choose (param i32 i32 i32) (result i32)
    (if (result i32) (local.get 0) (then (local.get 1)) (else (local.get 2))))
  (func $one-side (param $c i32) (param $x i32) (result i32)
    (local $y i32)
    (local.set $y (i32.const 7))
    (if (local.get $c)
      (then
        (local.set $x (i32.add (local.get $x) (local.get $y)))
        (local.set $y (i32.const 8))))
    (i32.mul (local.get $x) (i32.const 2)))
  (func $same (param $c i32) (param $x i32) (result i32)
    (local $y i32)
    (block $out
      (local.set $y (i32.add (local.get $x) (i32.const 1)))
      (br_if $out (local.get $c))
      (local.set $x (i32.const 3)))
    (i32.add (local.get $x) (local.get $y)))
  (func $carried (param $c i32) (result i32 i32)
    (block $out (result i32 i32)
      (i32.const 1) (local.get $c)
      (br_if $out (local.get $c))
      (i32.add (i32.const 5))))
  (func $early (param $c i32) (result i32)
    (block $out
      (br_if $out (i32.eqz (local.get $c)))
      (return (i32.const 1)))
    (i32.const 2))
  (func $kept (param $c i32) (param $x i64) (result i64)
    (i64.add (local.get $x) (i64.const 1))
    (block $out (result i64)
      (i64.const 5)
      (br_if $out (local.get $c))
      (drop)
      (i64.clz (local.get $x)))
    (i64.sub))
  (func $table (param $i i32) (param $x i32) (result i32)
    (block $a (block $b (block $c
      (br_table $a $b $a $c $b (local.get $i)))
      (local.set $x (i32.const 10))
      (br $a))
      (local.set $x (i32.const 20)))
    (local.get $x))
  (func $table-with-values (param $i i32) (result i32)
    (i32.add (i32.const 1)
      (block $a (result i32)
        (i32.add (i32.const 2)
          (block $b (result i32)
            (i32.const 3)
            (br_table $a $b $a (local.get $i)))))))
  (func $constant-condition (param $x i32) (result i32)
    (block $out
      (br_if $out (i32.const 1))
      (unreachable))
    (if (result i32) (i32.const 0) (then (local.get $x)) (else (i32.const 4))))
)

;; $choose
;;   func func0 (i32, i32, i32) -> (i32)
;;   frame 7 params 3 results 1 locals 6 homes 6
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = arg 1
;;     v2: i32 = arg 2
;;     jump b1
;;   b1:
;;     branch v0, b2, b3
;;   b2:
;;     jump b4(v1)
;;   b3:
;;     jump b4(v2)
;;   b4(v3: i32):
;;     return v3

;; $one-side
;;   func func1 (i32, i32) -> (i32)
;;   frame 8 params 2 results 1 locals 5 homes 6
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = arg 1
;;     v2: i32 = const 0x7
;;     v4: i32 = const 0x8
;;     v6: i32 = const 0x2
;;     jump b1
;;   b1:
;;     branch v0, b2, b3(v1)
;;   b2:
;;     v3: i32 = i32.add v1, v2
;;     jump b3(v3)
;;   b3(v5: i32):
;;     v7: i32 = i32.mul v5, v6
;;     return v7

;; $same
;;   func func2 (i32, i32) -> (i32)
;;   frame 8 params 2 results 1 locals 5 homes 6
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = arg 1
;;     v2: i32 = const 0x1
;;     v4: i32 = const 0x3
;;     jump b1
;;   b1:
;;     v3: i32 = i32.add v1, v2
;;     branch v0, b3(v1), b2
;;   b2:
;;     jump b3(v4)
;;   b3(v5: i32):
;;     v6: i32 = i32.add v5, v3
;;     return v6

;; $carried
;;   func func3 (i32) -> (i32, i32)
;;   frame 7 params 1 results 2 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x1
;;     v2: i32 = const 0x5
;;     jump b1
;;   b1:
;;     branch v0, b2, b3
;;   b2:
;;     jump b4(v0)
;;   b3:
;;     v3: i32 = i32.add v0, v2
;;     jump b4(v3)
;;   b4(v4: i32):
;;     return v1, v4

;; $early
;;   func func4 (i32) -> (i32)
;;   frame 6 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x0
;;     v3: i32 = const 0x1
;;     v4: i32 = const 0x2
;;     jump b1
;;   b1:
;;     v2: i32 = i32.eq v0, v1
;;     branch v2, b3, b2
;;   b2:
;;     return v3
;;   b3:
;;     return v4

;; $kept
;;   func func5 (i32, i64) -> (i64)
;;   frame 8 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i64 = arg 1
;;     v2: i64 = const 0x1
;;     v4: i64 = const 0x5
;;     jump b1
;;   b1:
;;     v3: i64 = i64.add v1, v2
;;     branch v0, b2, b3
;;   b2:
;;     jump b4(v4)
;;   b3:
;;     v5: i64 = i64.clz v1
;;     jump b4(v5)
;;   b4(v6: i64):
;;     v7: i64 = i64.sub v3, v6
;;     return v7

;; $table
;;   func func6 (i32, i32) -> (i32)
;;   frame 6 params 2 results 1 locals 5 homes 5
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = arg 1
;;     v2: i32 = const 0xa
;;     v3: i32 = const 0x14
;;     jump b1
;;   b1:
;;     table v0 [0 1 0 2 1] b4(v1), b3, b2
;;   b2:
;;     jump b4(v2)
;;   b3:
;;     jump b4(v3)
;;   b4(v4: i32):
;;     return v4

;; $table-with-values
;;   func func7 (i32) -> (i32)
;;   frame 8 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x3
;;     v2: i32 = const 0x2
;;     v5: i32 = const 0x1
;;     jump b1
;;   b1:
;;     table v0 [0 1 0] b2, b3
;;   b2:
;;     jump b4(v1)
;;   b3:
;;     v3: i32 = i32.add v2, v1
;;     jump b4(v3)
;;   b4(v4: i32):
;;     v6: i32 = i32.add v5, v4
;;     return v6

;; $constant-condition
;;   func func8 (i32) -> (i32)
;;   frame 5 params 1 results 1 locals 4 homes 4
;;   b0:
;;     v0: i32 = arg 0
;;     v1: i32 = const 0x4
;;     jump b1
;;   b1:
;;     return v1
