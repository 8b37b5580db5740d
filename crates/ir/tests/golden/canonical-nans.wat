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
;;   frame 8
;;   @0    f64.mul s6, s0, s1
;;   @2    f64.canonical_nan s6, s6
;;   @4    f64.add s5, acc, s0
;;   @6    f64.canonical_nan s5, s5
;;   @8    f64.neg s5, acc
;;   @10   return.f64 2, acc

;; $vector
;;   frame 11
;;   @0    f32x4.add v7, v0, v2
;;   @2    f32x4.canonical_nan v7, v7
;;   @4    f32x4.pmin v7, v7, v2
;;   @6    return.span 4, s7, 2

;; $local
;;   frame 5
;;   @0    f32.sqrt s4, s0
;;   @2    f32.canonical_nan s0, s4
;;   @4    return 1
