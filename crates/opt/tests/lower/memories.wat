;; options: check fuel interruption
(module
  (memory $m 1) (memory $wide i64 1)
  (func $checked (param $p i32) (param $q i64) (result i64)
    (i64.add (i64.load offset=16 (local.get $p)) (i64.load $wide offset=8 (local.get $q))))
  (func $loops (param $n i32)
    (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))

;; $checked
;;   b0:
;;     Entry => v7=rdi v2=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W64, [context+40]) => v12
;;     Load(W64, [base+0]) v12 => v13
;;     Load(W64, [context+0]) => v14
;;     CmpLoad(S64, [base+8]) v13 v14
;;     Branch(If(Ae)) ─▶ b3 b2
;;   b2: from b1
;;     Jump ─▶ b5
;;   b3: cold from b1
;;     Safepoint(0) ─▶ b4
;;   b4: cold from b3
;;     Jump ─▶ b5
;;   b5: from b2 b4
;;     Load(W64, [context+0]) => v11
;;     AluStoreImm(Sub, S64, [base+16], 5) v11
;;     TrapIf(If(B), OutOfFuel, OutOfFuel)
;;     Lea(S64, [base+24]) v7 => v8
;;     Load(W64, [context+64]) => v9
;;     CmpLoad(S64, [base+8]) v8 v9
;;     TrapIf(If(A), MemoryOutOfBounds, Value) any:v7
;;     Load(W64, [base+0]) v9 => v10
;;     Load(W64, [base + index-8]) v10 v8 => v6
;;     Imm(16) => v1
;;     Alu(Add, S64) v1 any:v2 => v3=0
;;     TrapIf(If(B), MemoryOutOfBounds, Value) any:v2
;;     Load(W64, [context+72]) => v4
;;     CmpLoad(S64, [base+8]) v3 v4
;;     TrapIf(If(A), MemoryOutOfBounds, Value) any:v2
;;     Load(W64, [base+0]) v4 => v5
;;     AluLoad(Add, S64, [base + index-8]) v6 v5 v3 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $loops
;;   b0:
;;     Entry => v10=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W64, [context+40]) => v7
;;     Load(W64, [base+0]) v7 => v8
;;     Load(W64, [context+0]) => v9
;;     CmpLoad(S64, [base+8]) v8 v9
;;     Branch(If(Ae)) ─▶ b3 b2
;;   b2: from b1
;;     Jump ─▶ b5
;;   b3: cold from b1
;;     Safepoint(1) ─▶ b4
;;   b4: cold from b3
;;     Jump ─▶ b5
;;   b5: from b2 b4
;;     Load(W64, [context+0]) => v6
;;     AluStoreImm(Sub, S64, [base+16], 1) v6
;;     TrapIf(If(B), OutOfFuel, OutOfFuel)
;;     Jump ─▶ b6(v10)
;;   b6(v1): from b5 b11
;;     Load(W64, [context+40]) => v3
;;     Load(W64, [base+0]) v3 => v4
;;     Load(W64, [context+0]) => v5
;;     CmpLoad(S64, [base+8]) v4 v5
;;     Branch(If(Ae)) ─▶ b8 b7
;;   b7: from b6
;;     Jump ─▶ b10
;;   b8: cold from b6
;;     Safepoint(0) ─▶ b9
;;   b9: cold from b8
;;     Jump ─▶ b10
;;   b10: from b7 b9
;;     Load(W64, [context+0]) => v2
;;     AluStoreImm(Sub, S64, [base+16], 5) v2
;;     TrapIf(If(B), OutOfFuel, OutOfFuel)
;;     Lea(S32, [base-1]) v1 => v0
;;     CmpImm(S32, 0) any:v0
;;     Branch(If(Ne)) ─▶ b11 b12
;;   b11: from b10
;;     Jump ─▶ b6(v0)
;;   b12: from b10
;;     Return { number: 0, value: false }
