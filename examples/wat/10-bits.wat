;; 10. Bits
;;
;; Besides and, or, xor and shifts there are instructions that count bits: `clz` the zeros above the
;; highest one, `ctz` those below the lowest one, `popcnt` the ones. `rotl` and `rotr` shift in a circle,
;; so that no bit is lost. Processors do each of them in one step, where a loop would take thirty.
;;
;; run: upshift run --invoke log2 examples/wat/10-bits.wat 1000
;; expect: 9
;; run: upshift run --invoke is_power_of_2 examples/wat/10-bits.wat 1024
;; expect: 1
;; run: upshift run --invoke is_power_of_2 examples/wat/10-bits.wat 1023
;; expect: 0
;; run: upshift run --invoke odd_part examples/wat/10-bits.wat 1000
;; expect: 125
;; run: upshift run --invoke differing examples/wat/10-bits.wat 0xff00 0x0ff0
;; expect: 8
;; run: upshift run --invoke rotate_byte examples/wat/10-bits.wat 0x12345678
;; expect: 878082066

(module
  ;; The number of the highest bit that is set. `i32.clz` of 0 is 32, so the logarithm of 0 is -1 here.
  (func $log2 (export "log2") (param $n i32) (result i32)
    (i32.sub (i32.const 31) (i32.clz (local.get $n))))

  (func $is_power_of_2 (export "is_power_of_2") (param $n i32) (result i32)
    (i32.eq (i32.popcnt (local.get $n)) (i32.const 1)))

  ;; Divides by 2 as often as that goes: 1000 = 125 * 2 * 2 * 2.
  (func $odd_part (export "odd_part") (param $n i32) (result i32)
    (i32.shr_u (local.get $n) (i32.ctz (local.get $n))))

  ;; In how many bits two numbers differ: `xor` sets exactly these.
  (func $differing (export "differing") (param $a i32) (param $b i32) (result i32)
    (i32.popcnt (i32.xor (local.get $a) (local.get $b))))

  ;; The highest byte comes back at the low end: the result above is 0x34567812.
  (func $rotate_byte (export "rotate_byte") (param $n i32) (result i32)
    (i32.rotl (local.get $n) (i32.const 8)))
)
