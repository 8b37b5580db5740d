;; 3. Signed and unsigned
;;
;; An `i32` is 32 bits and nothing more: it does not know whether it has a sign. The instruction decides.
;; Names that end in `_s` read the bits as signed, names in `_u` as unsigned. All bits set is -1 to the
;; one and 4294967295 to the other. Where both give the same bits, as in `i32.add`, there is no ending.
;;
;; run: upshift run --invoke half_s examples/wat/03-signs.wat -8
;; expect: -4
;; run: upshift run --invoke half_u examples/wat/03-signs.wat -8
;; expect: 2147483644
;; run: upshift run --invoke less_s examples/wat/03-signs.wat -1 1
;; expect: 1
;; run: upshift run --invoke less_u examples/wat/03-signs.wat -1 1
;; expect: 0
;; run: upshift run --invoke widen_s examples/wat/03-signs.wat -1
;; expect: -1
;; run: upshift run --invoke widen_u examples/wat/03-signs.wat -1
;; expect: 4294967295
;; run: upshift run --invoke low_byte examples/wat/03-signs.wat 200
;; expect: -56

(module
  (func (export "half_s") (param $n i32) (result i32)
    (i32.div_s (local.get $n) (i32.const 2)))
  ;; -8 has the bits of 4294967288.
  (func (export "half_u") (param $n i32) (result i32)
    (i32.div_u (local.get $n) (i32.const 2)))

  ;; Comparisons answer 1 for yes and 0 for no.
  (func (export "less_s") (param $a i32) (param $b i32) (result i32)
    (i32.lt_s (local.get $a) (local.get $b)))
  (func (export "less_u") (param $a i32) (param $b i32) (result i32)
    (i32.lt_u (local.get $a) (local.get $b)))

  ;; An `i64` has room for the values of both readings, so the new upper half has to be chosen: copies
  ;; of the sign bit, or zeros.
  (func (export "widen_s") (param $n i32) (result i64)
    (i64.extend_i32_s (local.get $n)))
  (func (export "widen_u") (param $n i32) (result i64)
    (i64.extend_i32_u (local.get $n)))

  ;; The lowest eight bits as a signed number: 200 is beyond 127, so it stands for 200 - 256. To read
  ;; them as unsigned, cut them out: (i32.and (local.get $n) (i32.const 0xff)).
  (func (export "low_byte") (param $n i32) (result i32)
    (i32.extend8_s (local.get $n)))
)
