(module
  (memory 1)
  ;; One flag decides, with the operands exchanged where that is needed.
  (func $compares (param $x f64) (param $p i32) (result i32)
    (if (i32.eqz (f64.lt (local.get $x) (f64.load (local.get $p)))) (then (return (i32.const 1))))
    (f64.eq (local.get $x) (f64.const 2)))
  (func $computes (param $x f32) (param $p i32) (result f32)
    (f32.mul (f32.add (local.get $x) (f32.load (local.get $p))) (f32.const 0.5)))
  (func $extremes (param $x f64) (param $y f64) (result f64)
    (f64.min (local.get $x) (local.get $y)))
  (func $converts (param $x f64) (result i32)
    (i32.trunc_f64_s (local.get $x))))

;; $compares
;;   b0:
;;     Entry => v1=xmm0 v5=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     Load(F64, [memory + index+0] of memory 0) v5 => v4
;;     Ucomi { double: true } v4 any:v1
;;     Branch(If(Be)) ─▶ b2 b3
;;   b2: from b1
;;     Imm(1) => v3
;;     Return { number: 1, value: true } v3=rax
;;   b3: from b1
;;     UcomiLoad { double: true, memory: [constant 0] } v1
;;     Set(Equal) => v0 early:v2
;;     Return { number: 0, value: true } v0=rax

;; $computes
;;   b0:
;;     Entry => v2=xmm0 v3=rdi
;;     Jump ─▶ b1
;;   b1: from b0
;;     XmmLoad { op: addss, vex: true, memory: [memory + index+0] of memory 0 } v2 v3 => v1
;;     XmmLoad { op: mulss, vex: true, memory: [constant 0] } v1 => v0
;;     Return { number: 0, value: true } v0=xmm0

;; $extremes
;;   b0:
;;     Entry => v1=xmm0 v2=xmm1
;;     Jump ─▶ b1
;;   b1: from b0
;;     Ucomi { double: true } v1 any:v2
;;     Branch(If(E)) ─▶ b3 b2
;;   b2: from b1
;;     Xmm { op: minsd, vex: true } v1 any:v2 => v3
;;     Return { number: 0, value: true } v3=xmm0
;;   b3: cold from b1
;;     Ucomi { double: true } v1 any:v2
;;     Branch(If(P)) ─▶ b4 b5
;;   b4: cold from b3
;;     Xmm { op: addsd, vex: true } v1 any:v2 => v4
;;     Return { number: 0, value: true } v4=xmm0
;;   b5: cold from b3
;;     Xmm { op: orps, vex: true } v1 any:v2 => v5
;;     Return { number: 0, value: true } v5=xmm0

;; $converts
;;   b0:
;;     Entry => v1=xmm0
;;     Jump ─▶ b1
;;   b1: from b0
;;     ToInt { double: true, size: S64 } any:v1 => v2
;;     Unary(Zx32, S32) any:v2 => v3
;;     Unary(Sx32, S64) any:v2 => v4
;;     Cmp(S64) v4 any:v2
;;     Branch(If(Ne)) ─▶ b2 b7(v3)
;;   b2: cold from b1
;;     Ucomi { double: true } v1 any:v1
;;     Branch(If(P)) ─▶ b6 b3
;;   b3: cold from b2
;;     XmmToInt(S64) any:v1 => v5
;;     CmpImm(S64, 0) any:v5
;;     Branch(If(S)) ─▶ b5 b4
;;   b4: cold from b3
;;     Trap(IntegerOverflow, None)
;;   b5: cold from b3
;;     Trap(IntegerOverflow, None)
;;   b6: cold from b2
;;     Trap(BadConversionToInteger, None)
;;   b7(v0): from b1
;;     Return { number: 0, value: true } v0=rax
