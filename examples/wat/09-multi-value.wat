;; 9. Many results
;;
;; A function may have any number of results; it leaves all of them on the stack, the last one on top.
;; The caller finds them there, as operands of whatever follows. This is where the flat form of code
;; reads best: values stay on the stack and need no names.
;;
;; run: upshift run --invoke divide examples/wat/09-multi-value.wat 17 5
;; expect: 3
;; expect: 2
;; run: upshift run --invoke clock examples/wat/09-multi-value.wat 7384
;; expect: 2
;; expect: 3
;; expect: 4
;; run: upshift run --invoke ratio examples/wat/09-multi-value.wat 84 36
;; expect: 7
;; expect: 3

(module
  ;; Quotient and remainder.
  (func $divide (export "divide") (param $a i32) (param $b i32) (result i32 i32)
    (i32.div_u (local.get $a) (local.get $b))
    (i32.rem_u (local.get $a) (local.get $b)))

  ;; Seconds as hours, minutes and seconds. The comments show the stack.
  (func $clock (export "clock") (param $seconds i32) (result i32 i32 i32)
    local.get $seconds
    i32.const 3600
    call $divide ;; hours, rest
    i32.const 60
    call $divide) ;; hours, minutes, seconds

  (func $gcd (param $a i32) (param $b i32) (result i32)
    ;; A loop may have parameters as well: each round takes two values and brings two for the next,
    ;; as in Euclid's words, the smaller number and what it leaves of the larger one.
    (local.get $a)
    (local.get $b)
    (loop $next (param i32 i32) (result i32)
      (local.set $b)
      (local.set $a)
      (if (result i32) (local.get $b)
        (then
          (br $next (local.get $b) (i32.rem_u (local.get $a) (local.get $b))))
        (else (local.get $a)))))

  ;; A fraction in lowest terms: 84/36 is 7/3.
  (func $ratio (export "ratio") (param $above i32) (param $below i32) (result i32 i32)
    (local $common i32)
    (local.set $common (call $gcd (local.get $above) (local.get $below)))
    (i32.div_u (local.get $above) (local.get $common))
    (i32.div_u (local.get $below) (local.get $common)))
)
