(module
  ;; A load that nobody else wants, a comparison and a shift become parts of other instructions.
  (memory 1)
  (func $folds (param $p i32) (param $x i32) (result i32)
    (if (i32.eqz (i32.lt_u (i32.load offset=8 (local.get $p)) (i32.const 7)))
      (then (return (i32.add (local.get $x) (i32.shl (local.get $p) (i32.const 2))))))
    (i32.sub (local.get $x) (i32.load (local.get $p))))
  ;; The store in between keeps the load where it is.
  (func $does-not-fold (param $p i32) (param $x i32) (result i32)
    (local $y i32)
    (local.set $y (i32.load (local.get $p)))
    (i32.store (local.get $x) (i32.const 1))
    (i32.add (local.get $x) (local.get $y)))
  ;; Memory is changed in place.
  (func $changes (param $p i32)
    (i32.store offset=4 (local.get $p) (i32.add (i32.load offset=4 (local.get $p)) (i32.const 1))))
  (func $bits (param $x i64) (param $y i64) (result i64)
    (i64.and (i64.rotl (local.get $x) (i64.const 7)) (i64.xor (local.get $y) (i64.const -1))))
  ;; Only the lower half was inverted: above are zeroes.
  (func $lower-half (param $x i64) (param $y i32) (result i64)
    (i64.and (local.get $x) (i64.extend_i32_u (i32.xor (local.get $y) (i32.const -1)))))
  (func $tests (param $x i32) (param $y i32) (result i32)
    (select (i32.const 5) (local.get $y) (i32.and (local.get $x) (i32.const 4))))
  ;; A byte is compared where it is.
  (func $bytes (param $x i32) (param $y i64) (result i32)
    (if (i32.eq (i32.and (local.get $x) (i32.const 255)) (i32.const 200)) (then (return (i32.const 1))))
    (i64.gt_u (i64.and (local.get $y) (i64.const 255)) (i64.const 9)))
  ;; As compilers put together what is in the other order in memory, and something that is not quite it.
  (func $reversed (param $x i32) (result i32)
    (i32.or
      (i32.rotr (i32.and (local.get $x) (i32.const 0xff00ff)) (i32.const 8))
      (i32.and (i32.rotr (local.get $x) (i32.const 24)) (i32.const 0xff00ff))))
  (func $reversed-with-shifts (param $x i64) (result i32)
    (i32.or
      (i32.or (i32.shl (i32.wrap_i64 (local.get $x)) (i32.const 24)) (i32.shr_u (i32.wrap_i64 (local.get $x)) (i32.const 24)))
      (i32.or
        (i32.and (i32.shl (i32.wrap_i64 (local.get $x)) (i32.const 8)) (i32.const 0xff0000))
        (i32.and (i32.shr_u (i32.wrap_i64 (local.get $x)) (i32.const 8)) (i32.const 0xff00)))))
  (func $not-reversed (param $x i32) (result i32)
    (i32.or
      (i32.rotr (i32.and (local.get $x) (i32.const 0xff00ff)) (i32.const 8))
      (i32.and (i32.rotr (local.get $x) (i32.const 16)) (i32.const 0xff00ff))))
  ;; Whether a constant divides something is no division.
  (func $multiple (param $x i32) (result i32)
    (i32.eqz (i32.rem_u (local.get $x) (i32.const 10))))
  (func $no-multiple (param $x i64) (result i32)
    (i64.ne (i64.rem_s (local.get $x) (i64.const -6)) (i64.const 0)))
  (func $divides (param $x i32) (param $y i32) (result i32)
    (i32.add (i32.div_u (local.get $x) (i32.const 10)) (i32.rem_s (local.get $x) (local.get $y)))))

;; $folds
;;   b0:
;;     Entry => v2=rdi v1=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     CmpLoadImm(S32, [memory + index+8] of memory 0, 7) v2
;;     Branch(If(Ae)) ─▶ b2 b3
;;   b2: from b1
;;     Lea(S32, [base + index*4+0]) v1 v2 => v3
;;     Return { number: 1, value: true } v3=rax
;;   b3: from b1
;;     AluLoad(Sub, S32, [memory + index+0] of memory 0) v1 v2 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $does-not-fold
;;   b0:
;;     Entry => v3=rdi v1=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(W32, [memory + index+0] of memory 0) v3 => v2
;;     StoreImm(S32, [memory + index+0] of memory 0, 1) v1
;;     Alu(Add, S32) v1 any:v2 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $changes
;;   b0:
;;     Entry => v0=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     AluStoreImm(Add, S32, [memory + index+4] of memory 0, 1) v0
;;     Return { number: 0, value: false }

;; $bits
;;   b0:
;;     Entry => v3=rdi v1=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Rorx(S64, 57) any:v3 => v2
;;     Andn(S64) v1 any:v2 => v0
;;     Return { number: 0, value: true } v0=rax

;; $lower-half
;;   b0:
;;     Entry => v1=rdi v3=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Not(S32) v3 => v2=0
;;     Alu(And, S64) v1 any:v2 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $tests
;;   b0:
;;     Entry => v2=rdi v3=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Imm(5) => v1
;;     TestImm(S32, 4) any:v2
;;     Select(If(Ne), S32) v3 any:v1 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $bytes
;;   b0:
;;     Entry => v3=rdi v1=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     CmpImm(S8, -56) any:v3
;;     Branch(If(E)) ─▶ b2 b3
;;   b2: from b1
;;     Imm(1) => v2
;;     Return { number: 1, value: true } v2=rax
;;   b3: from b1
;;     CmpImm(S8, 9) any:v1
;;     Set(If(A)) => v0
;;     Return { number: 0, value: true } v0=rax

;; $reversed
;;   b0:
;;     Entry => v1=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Bswap(S32) v1 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $reversed-with-shifts
;;   b0:
;;     Entry => v1=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Bswap(S32) v1 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $not-reversed
;;   b0:
;;     Entry => v4=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     AluImm(And, S32, 16711935) v4 => v5=0
;;     Rorx(S32, 8) any:v5 => v1
;;     Rorx(S32, 16) any:v4 => v3
;;     AluImm(And, S32, 16711935) v3 => v2=0
;;     Alu(Or, S32) v1 any:v2 => v0=0
;;     Return { number: 0, value: true } v0=rax

;; $multiple
;;   b0:
;;     Entry => v1=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     ImulImm(S32, -858993459) any:v1 => v2
;;     Rorx(S32, 1) any:v2 => v3
;;     CmpImm(S32, 429496729) any:v3
;;     Set(If(Be)) => v0
;;     Return { number: 0, value: true } v0=rax

;; $no-multiple
;;   b0:
;;     Entry => v3=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Imm(3074457345618258602) => v1
;;     Imm(12297829382473034411) => v2
;;     Imul(S64) v2 any:v3 => v4=0
;;     Imm(3074457345618258602) => v5
;;     Alu(Add, S64) v4 any:v5 => v6=0
;;     Rorx(S64, 1) any:v6 => v7
;;     Cmp(S64) v7 any:v1
;;     Set(If(A)) => v0
;;     Return { number: 0, value: true } v0=rax

;; $divides
;;   b0:
;;     Entry => v5=rdi v3=rsi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Imm(3435973837) => v8
;;     Imul(S64) v8 any:v5 => v9=0
;;     ShiftImm(Shr, S64, 35) v9 => v1=0
;;     CmpImm(S32, 0) any:v3
;;     TrapIf(If(E), IntegerDivisionByZero, None)
;;     CmpImm(S32, -1) any:v3
;;     Branch(If(E)) ─▶ b2 b3
;;   b2: cold from b1
;;     Imm(0) => v4
;;     Jump ─▶ b4(v4)
;;   b3: from b1
;;     Div { signed: true, size: S32 } v5=rax v3 => v6=rax early:v7=rdx
;;     Jump ─▶ b4(v7)
;;   b4(v2): from b2 b3
;;     Alu(Add, S32) v1 any:v2 => v0=0
;;     Return { number: 0, value: true } v0=rax
