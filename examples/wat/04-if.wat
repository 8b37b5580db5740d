;; 4. Comparison and if
;;
;; `if` takes an integer from the stack: any value but zero means yes. Like everything that nests in
;; WebAssembly it may have a result, which both of its arms then have to leave behind.
;; `select` chooses between two values that are there already.
;;
;; run: upshift run --invoke sign examples/wat/04-if.wat -7
;; expect: -1
;; run: upshift run --invoke sign examples/wat/04-if.wat 0
;; expect: 0
;; run: upshift run --invoke distance examples/wat/04-if.wat 3 10
;; expect: 7
;; run: upshift run --invoke max examples/wat/04-if.wat 3 10
;; expect: 10

(module
  ;; An `if` with a result is an expression: the second one is the value of the first one's `else`.
  (func $sign (export "sign") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 0))
      (then (i32.const -1))
      (else
        (if (result i32) (local.get $n)
          (then (i32.const 1))
          (else (i32.const 0))))))

  ;; Without a result the `else` may be left out.
  (func $distance (export "distance") (param $a i32) (param $b i32) (result i32)
    (local $difference i32)
    (local.set $difference (i32.sub (local.get $a) (local.get $b)))
    (if (i32.lt_s (local.get $difference) (i32.const 0))
      (then
        ;; There is no instruction that negates an integer: it is taken from zero.
        (local.set $difference (i32.sub (i32.const 0) (local.get $difference)))))
    (local.get $difference))

  ;; `select` gives its first operand if the third is not zero, else the second. Both were computed
  ;; by then, so it suits values that are cheap and safe to have.
  (func $max (export "max") (param $a i32) (param $b i32) (result i32)
    (select
      (local.get $a)
      (local.get $b)
      (i32.gt_s (local.get $a) (local.get $b))))
)
