;; options: canonical-nans
;; Arithmetic is followed by an operator that settles the bits of a NaN; what only moves bits is not. A product and a sum stay two
;; instructions.
(module
  (func $scalar (param $a f64) (param $b f64) (result f64)
    (f64.neg (f64.add (local.get $a) (f64.mul (local.get $a) (local.get $b)))))
  (func $vector (param $a v128) (param $b v128) (result v128)
    (f32x4.pmin (f32x4.add (local.get $a) (local.get $b)) (local.get $b)))
  (func $local (param $a f32)
    (local.set $a (f32.sqrt (local.get $a)))))

;; $scalar
;;   frame 3 params 2 results 1
;;   @0    f64.mul s1, s-5, s-4
;;   @2    f64.canonical_nan s1, s1
;;   @4    f64.add s0, acc, s-5
;;   @6    f64.canonical_nan s0, s0
;;   @8    f64.neg s0, acc
;;   @10   return.f64 s-5, acc

;; $vector
;;   frame 4 params 4 results 2
;;   @0    f32x4.add v0, v-7, v-5
;;   @2    f32x4.canonical_nan v0, v0
;;   @4    f32x4.pmin v0, v0, v-5
;;   @6    return.span s-7, s0, 2

;; $local
;;   frame 1 params 1
;;   @0    f32.sqrt s0, s-4
;;   @2    f32.canonical_nan s-4, s0
;;   @4    return
