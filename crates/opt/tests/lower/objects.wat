(module
  (type $list (struct (field $head i32) (field $tail (ref null $list))))
  (type $other (sub (struct)))
  (type $array (array i64))
  (table $t 4 funcref)
  (type $f (func (param i32) (result i32)))
  (func $cons (param $x i32) (param $l (ref null $list)) (result (ref $list))
    (struct.new $list (local.get $x) (local.get $l)))
  (func $head (param $l (ref null $list)) (result i32)
    (struct.get $list $head (local.get $l)))
  (func $element (param $a (ref null $array)) (param $i i32) (result i64)
    (array.get $array (local.get $a) (local.get $i)))
  (func $is-list (param $x anyref) (result i32)
    (if (result i32) (ref.test (ref $list) (local.get $x)) (then (i32.const 1)) (else (i32.const 2))))
  ;; The list is wanted behind the call: the collector has to know of it.
  (func $calls (param $l (ref null $list)) (param $i i32) (result i32)
    (drop (call_indirect $t (type $f) (local.get $i) (local.get $i)))
    (struct.get $list $head (local.get $l))))

;; $cons
;;   b0:
;;     Entry => v5=rdi v6=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W64, [context+0]) => v1
;;     Load(W32, [base+144]) v1 => v2
;;     Load(W32, [base+148]) v1 => v3
;;     Alu(Sub, S32) v3 any:v2 => v4=0
;;     CmpImm(S32, 16) any:v4
;;     Branch(If(B)) ─▶ b2 b4
;;   b2: cold from b1
;;     StoreOut { slot: 0, vector: false } any:v5
;;     StoreOut { slot: 1, vector: false } any:v6
;;     Safepoint(0) ─▶ b3
;;   b3: cold from b2
;;     Load(W64, [out+0]) => v7
;;     Return { number: 0, value: true } v7=rax
;;   b4: from b1
;;     AluStoreImm(Add, S32, [base+144], 16) v1
;;     Load(W64, [context+48]) => v8
;;     Lea(S64, [base + index+0]) v8 v2 => v9
;;     StoreImm(S64, [base+0], 2) v9
;;     Store(W32, [base+8]) v5 v9
;;     Store(W32, [base+12]) v6 v9
;;     Return { number: 0, value: true } v2=rax

;; $head
;;   b0:
;;     Entry => v1=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     CmpImm(S64, 0) any:v1
;;     TrapIf(If(E), NullReference, None)
;;     Load(W64, [context+48]) => v2
;;     Load(W32, [base + index+8]) v2 v1 => v0
;;     Return { number: 0, value: true } v0=rax

;; $element
;;   b0:
;;     Entry => v1=rdi v4=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     CmpImm(S64, 0) any:v1
;;     TrapIf(If(E), NullReference, None)
;;     Load(W64, [context+48]) => v2
;;     Lea(S64, [base + index+0]) v2 v1 => v3
;;     CmpLoad(S32, [base+4]) v4 v3
;;     TrapIf(If(Ae), ArrayOutOfBounds, Element) any:v4 any:v3
;;     Load(W64, [base + index*8+8]) v3 v4 => v0
;;     Return { number: 0, value: true } v0=rax

;; $is-list
;;   b0:
;;     Entry => v4=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Imm(4294967293) => v3
;;     CmpImm(S64, 0) any:v4
;;     Branch(If(E)) ─▶ b2 b3
;;   b2: from b1
;;     Jump ─▶ b6(v3)
;;   b3: from b1
;;     Imm(4294967293) => v5
;;     TestImm(S32, 7) any:v4
;;     Branch(If(Ne)) ─▶ b4 b5
;;   b4: from b3
;;     Jump ─▶ b6(v5)
;;   b5: from b3
;;     Load(W64, [context+48]) => v6
;;     Load(W32, [base + index+0]) v6 v4 => v7
;;     Jump ─▶ b6(v7)
;;   b6(v8): from b2 b4 b5
;;     CmpImm(S32, 2) any:v8
;;     Branch(If(E)) ─▶ b7 b8
;;   b7: from b6
;;     Imm(1) => v2
;;     Return { number: 0, value: true } v2=rax
;;   b8: from b6
;;     Imm(2) => v1
;;     Return { number: 0, value: true } v1=rax

;; $calls
;;   b0:
;;     Entry => v1=rdi v3=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Call(0) v3=rdi v3=r11 late:any:v1 => v4=rax
;;     CmpImm(S64, 0) any:v1
;;     TrapIf(If(E), NullReference, None)
;;     Load(W64, [context+48]) => v2
;;     Load(W32, [base + index+8]) v2 v1 => v0
;;     Return { number: 0, value: true } v0=rax
