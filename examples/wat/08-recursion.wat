;; 8. Recursion
;;
;; A function can call itself. Each call has locals of its own, so the halves of a problem do not get in
;; each other's way. Calls that wait for others need room, and the room is limited: a recursion without
;; end is not a crash but a trap, which stops the program with a message and exit code 134.
;;
;; run: upshift run --invoke power examples/wat/08-recursion.wat 3 13
;; expect: 1594323
;; run: upshift run --invoke power examples/wat/08-recursion.wat -2 63
;; expect: -9223372036854775808
;; run: upshift run --invoke forever examples/wat/08-recursion.wat
;; expect-error: call stack exhausted
;; exit: 134

(module
  ;; The power of a number to an exponent that is not negative. It squares the power to half of the
  ;; exponent, so an exponent of 63 takes seven calls, where factor by factor it would take 63 rounds.
  (func $power (export "power") (param $base i64) (param $exponent i32) (result i64)
    (local $root i64)
    ;; What ends the recursion comes first.
    (if (i32.eqz (local.get $exponent))
      (then (return (i64.const 1))))

    (local.set $root
      (call $power (local.get $base) (i32.shr_u (local.get $exponent) (i32.const 1))))
    ;; An odd exponent lost one factor when it was halved.
    (i64.mul
      (i64.mul (local.get $root) (local.get $root))
      (if (result i64) (i32.and (local.get $exponent) (i32.const 1))
        (then (local.get $base))
        (else (i64.const 1)))))

  ;; The addition after the call is why each call has to wait. Lesson 26 shows calls that do not.
  (func $forever (export "forever") (result i32)
    (i32.add (call $forever) (i32.const 1)))
)
