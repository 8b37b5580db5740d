(module
  (memory $m 1) (memory $n 1) (memory $wide i64 1)
  (func $copy (param $to i32) (param $from i32) (param $len i32)
    (memory.copy (local.get $to) (local.get $from) (local.get $len)))
  (func $between (param $to i32) (param $from i32) (param $len i32)
    (memory.copy $m $n (local.get $to) (local.get $from) (local.get $len)))
  (func $fill (param $at i32) (param $byte i32) (param $len i32) (result i32)
    (memory.fill (local.get $at) (local.get $byte) (local.get $len))
    (local.get $at))
  (func $wide (param $at i64) (param $byte i32) (param $len i64)
    (memory.fill $wide (local.get $at) (local.get $byte) (local.get $len))))

;; $copy
;;   b0:
;;     Entry => v5=rdi v1=rsi v2=rdx
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W64, [context+64]) => v0
;;     Lea(S64, [base + index+0]) v1 v2 => v3
;;     CmpLoad(S64, [base+8]) v3 v0
;;     Branch(If(A)) ─▶ b2 b3
;;   b2: cold from b1
;;     Jump ─▶ b6
;;   b3: from b1
;;     AluLoad(Add, S64, [base+0]) v1 v0 => v4=0
;;     Lea(S64, [base + index+0]) v5 v2 => v6
;;     CmpLoad(S64, [base+8]) v6 v0
;;     Branch(If(A)) ─▶ b4 b5
;;   b4: cold from b3
;;     Jump ─▶ b6
;;   b5: from b3
;;     AluLoad(Add, S64, [base+0]) v5 v0 => v7=0
;;     Bulk(CopyBytes) v7=rdi v4=rsi v2=rdx
;;     Jump ─▶ b7
;;   b6: cold from b2 b4
;;     StoreOut { slot: 0, vector: false } any:v5
;;     StoreOut { slot: 1, vector: false } any:v1
;;     StoreOut { slot: 2, vector: false } any:v2
;;     EmbedLast(0)
;;   b7: from b5
;;     Return { number: 0, value: false }

;; $between
;;   b0:
;;     Entry => v6=rdi v1=rsi v2=rdx
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W64, [context+72]) => v0
;;     Lea(S64, [base + index+0]) v1 v2 => v3
;;     CmpLoad(S64, [base+8]) v3 v0
;;     Branch(If(A)) ─▶ b2 b3
;;   b2: cold from b1
;;     Jump ─▶ b6
;;   b3: from b1
;;     AluLoad(Add, S64, [base+0]) v1 v0 => v4=0
;;     Load(W64, [context+64]) => v5
;;     Lea(S64, [base + index+0]) v6 v2 => v7
;;     CmpLoad(S64, [base+8]) v7 v5
;;     Branch(If(A)) ─▶ b4 b5
;;   b4: cold from b3
;;     Jump ─▶ b6
;;   b5: from b3
;;     AluLoad(Add, S64, [base+0]) v6 v5 => v8=0
;;     Bulk(CopyBytes) v8=rdi v4=rsi v2=rdx
;;     Jump ─▶ b7
;;   b6: cold from b2 b4
;;     StoreOut { slot: 0, vector: false } any:v6
;;     StoreOut { slot: 1, vector: false } any:v1
;;     StoreOut { slot: 2, vector: false } any:v2
;;     EmbedLast(0)
;;   b7: from b5
;;     Return { number: 0, value: false }

;; $fill
;;   b0:
;;     Entry => v0=rdi v5=rsi v2=rdx
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W64, [context+64]) => v1
;;     Lea(S64, [base + index+0]) v0 v2 => v3
;;     CmpLoad(S64, [base+8]) v3 v1
;;     Branch(If(A)) ─▶ b3 b2
;;   b2: from b1
;;     AluLoad(Add, S64, [base+0]) v0 v1 => v4=0
;;     Bulk(FillBytes) v4=rdi v5=rsi v2=rdx
;;     Jump ─▶ b4
;;   b3: cold from b1
;;     StoreOut { slot: 0, vector: false } any:v0
;;     StoreOut { slot: 1, vector: false } any:v5
;;     StoreOut { slot: 2, vector: false } any:v2
;;     EmbedLast(0)
;;   b4: from b2
;;     Return { number: 0, value: true } v0

;; $wide
;;   b0:
;;     Entry => v0=rdi v1=rsi v2=rdx
;;     Jump ─▶ b1
;;   b1: from b0
;;     StoreOut { slot: 0, vector: false } any:v0
;;     StoreOut { slot: 1, vector: false } any:v1
;;     StoreOut { slot: 2, vector: false } any:v2
;;     Embed(0)
;;     Return { number: 0, value: false }
