;; 21. Functions as values
;;
;; `ref.func` makes a reference to a function, which can be passed on like a number. Its type says what kind
;; of function that is, so `call_ref` needs no table and has nothing to compare: a module that passes on a
;; wrong one does not load. A `(ref null …)` may also refer to nothing, and calling that traps.
;;
;; run: upshift run --invoke doubled examples/wat/21-call-ref.wat 10 3
;; expect: 3072
;; run: upshift run --invoke squared examples/wat/21-call-ref.wat 4 3
;; expect: 43046721
;; run: upshift run --invoke missing examples/wat/21-call-ref.wat
;; expect-error: null reference
;; exit: 134

(module
  (type $function (func (param i64) (result i64)))

  (func $double (param $n i64) (result i64)
    (i64.shl (local.get $n) (i64.const 1)))
  (func $square (param $n i64) (result i64)
    (i64.mul (local.get $n) (local.get $n)))

  ;; Functions of which code takes references are declared, so that an engine knows all others are only
  ;; ever called by name.
  (elem declare func $double $square)

  ;; Applies a function to a number, to the result, and so on. A function that takes functions can be written
  ;; once for all of them.
  (func $repeat (param $function (ref $function)) (param $times i32) (param $n i64) (result i64)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $times)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (local.set $n (call_ref $function (local.get $n) (local.get $function)))
        (br $next)))
    (local.get $n))

  ;; 3 doubled ten times, and 3 squared four times: 3 to the power of 16.
  (func (export "doubled") (param $times i32) (param $n i64) (result i64)
    (call $repeat (ref.func $double) (local.get $times) (local.get $n)))
  (func (export "squared") (param $times i32) (param $n i64) (result i64)
    (call $repeat (ref.func $square) (local.get $times) (local.get $n)))

  ;; A null reference does not pass as a `(ref $function)`, but `call_ref` itself takes one.
  (func (export "missing") (result i64)
    (call_ref $function (i64.const 1) (ref.null $function)))
)
