;; 12. Between floats and integers
;;
;; Every integer has a float near it, but not every float has an integer. `trunc` cuts off what is behind
;; the point and traps if the result does not fit; `trunc_sat` takes the nearest integer that there is
;; instead, and 0 for NaN. `reinterpret` converts nothing: it shows the bits of the one as the other.
;;
;; run: upshift run --invoke trunc examples/wat/12-conversions.wat -1.9
;; expect: -1
;; run: upshift run --invoke trunc examples/wat/12-conversions.wat 3e9
;; expect-error: integer overflow
;; exit: 134
;; run: upshift run --invoke trunc examples/wat/12-conversions.wat nan
;; expect-error: invalid conversion to integer
;; exit: 134
;; run: upshift run --invoke trunc_sat examples/wat/12-conversions.wat 3e9
;; expect: 2147483647
;; run: upshift run --invoke trunc_sat examples/wat/12-conversions.wat nan
;; expect: 0
;; run: upshift run --invoke percent examples/wat/12-conversions.wat 1 3
;; expect: 33
;; run: upshift run --invoke narrow examples/wat/12-conversions.wat 16777217
;; expect: 16777216
;; run: upshift run --invoke bits examples/wat/12-conversions.wat 1
;; expect: 1065353216

(module
  (func (export "trunc") (param $n f64) (result i32)
    (i32.trunc_f64_s (local.get $n)))

  (func (export "trunc_sat") (param $n f64) (result i32)
    (i32.trunc_sat_f64_s (local.get $n)))

  ;; Integers become floats by `convert`; an `f64` holds every `i32` without loss.
  (func (export "percent") (param $part i32) (param $whole i32) (result i32)
    (i32.trunc_sat_f64_s
      (f64.nearest
        (f64.mul
          (f64.const 100)
          (f64.div
            (f64.convert_i32_s (local.get $part))
            (f64.convert_i32_s (local.get $whole)))))))

  ;; `demote` and `promote` go between the two floats. An `f32` has 24 bits for its digits, so this one is
  ;; rounded to the even neighbour: 2 to the power of 24.
  (func (export "narrow") (param $n f64) (result f64)
    (f64.promote_f32 (f32.demote_f64 (local.get $n))))

  ;; 1.0 is a sign of 0, an exponent of 127 and no further digits: 127 << 23.
  (func (export "bits") (param $n f32) (result i32)
    (i32.reinterpret_f32 (local.get $n)))
)
