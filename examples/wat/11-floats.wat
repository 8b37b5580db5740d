;; 11. Floats
;;
;; `f32` and `f64` are the binary floating-point numbers of IEEE 754, so they round as in every other
;; language. Their arithmetic never traps: where there is no number to give, the result is an infinity or
;; NaN, "not a number". Arithmetic with a NaN gives NaN again, and it equals nothing, not even itself.
;;
;; run: upshift run --invoke hypotenuse examples/wat/11-floats.wat 3 4
;; expect: 5
;; run: upshift run --invoke add examples/wat/11-floats.wat 0.1 0.2
;; expect: 0.30000000000000004
;; run: upshift run --invoke divide examples/wat/11-floats.wat 1 -0
;; expect: -inf
;; run: upshift run --invoke divide examples/wat/11-floats.wat 0 0
;; expect: NaN
;; run: upshift run --invoke is_nan examples/wat/11-floats.wat nan
;; expect: 1
;; run: upshift run --invoke smaller examples/wat/11-floats.wat nan 1
;; expect: NaN
;; run: upshift run --invoke round examples/wat/11-floats.wat 2.5
;; expect: 2

(module
  ;; Square roots are an instruction; sine or logarithm are not, a program brings them along.
  (func (export "hypotenuse") (param $a f64) (param $b f64) (result f64)
    (f64.sqrt
      (f64.add
        (f64.mul (local.get $a) (local.get $a))
        (f64.mul (local.get $b) (local.get $b)))))

  ;; Neither 0.1 nor 0.2 has a finite binary form; the sum shows it.
  (func (export "add") (param $a f64) (param $b f64) (result f64)
    (f64.add (local.get $a) (local.get $b)))

  ;; Zero has a sign, which tells from which side it was reached.
  (func (export "divide") (param $a f64) (param $b f64) (result f64)
    (f64.div (local.get $a) (local.get $b)))

  (func (export "is_nan") (param $n f64) (result i32)
    (f64.ne (local.get $n) (local.get $n)))

  ;; `f64.lt` with a `select` would lose a NaN, as all comparisons with it are false. `f64.min` does not.
  (func (export "smaller") (param $a f64) (param $b f64) (result f64)
    (f64.min (local.get $a) (local.get $b)))

  ;; Halves go to the even neighbour, so that many roundings do not add up in one direction.
  (func (export "round") (param $n f64) (result f64)
    (f64.nearest (local.get $n)))
)
