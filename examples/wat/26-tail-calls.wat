;; 26. Tail calls
;;
;; Where a call is the last thing that a function does, nothing of the function is needed any more.
;; `return_call` gives its room to the called one, so that ten million calls need no more than one: functions
;; that call each other become a loop. With plain calls each waits for the next, until the room is used up.
;;
;; run: upshift run --invoke is_even examples/wat/26-tail-calls.wat 10000000
;; expect: 1
;; run: upshift run --invoke is_even examples/wat/26-tail-calls.wat 77
;; expect: 0
;; run: upshift run --invoke is_even_by_calls examples/wat/26-tail-calls.wat 76
;; expect: 1
;; run: upshift run --invoke is_even_by_calls examples/wat/26-tail-calls.wat 10000000
;; expect-error: call stack exhausted
;; exit: 134

(module
  ;; A machine with two states, each a function: a number is even if the one below it is odd. (Nobody would
  ;; find out like this; parsers and interpreters have just this shape, with more states.)
  (func $is_even (export "is_even") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
    (return_call $is_odd (i32.sub (local.get $n) (i32.const 1))))

  (func $is_odd (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (return_call $is_even (i32.sub (local.get $n) (i32.const 1))))

  ;; The same with plain calls. They stand last as well, but WebAssembly promises nothing for them.
  (func $is_even_by_calls (export "is_even_by_calls") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
    (call $is_odd_by_calls (i32.sub (local.get $n) (i32.const 1))))

  (func $is_odd_by_calls (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (call $is_even_by_calls (i32.sub (local.get $n) (i32.const 1))))
)
