;; 6. Loops
;;
;; `br` to a `block` goes to its end; `br` to a `loop` goes back to its start. That is the only
;; difference. A loop does not repeat by itself: without a branch back it is left at its end.
;; With these two, every loop of other languages can be written.
;;
;; run: upshift run --invoke digits examples/wat/06-loop.wat 90210
;; expect: 5
;; run: upshift run --invoke digits examples/wat/06-loop.wat 0
;; expect: 1
;; run: upshift run --invoke collatz examples/wat/06-loop.wat 27
;; expect: 111
;; run: upshift run --invoke collatz examples/wat/06-loop.wat 1
;; expect: 0

(module
  ;; Counts decimal digits. The condition comes at the end, so the body runs at least once: a do-while
  ;; loop, the shortest of all.
  (func $digits (export "digits") (param $n i32) (result i32)
    (local $count i32)
    (loop $next
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $next (local.get $n)))
    (local.get $count))

  ;; Counts how often a number is halved, or tripled plus one if it is odd, until it is 1 (or was 0).
  ;; Nobody has proved that this ends for every number.
  (func $collatz (export "collatz") (param $n i64) (result i32)
    (local $steps i32)
    ;; A while loop is both: the block to leave it by, the loop to repeat it by.
    (block $done
      (loop $next
        (br_if $done (i64.le_u (local.get $n) (i64.const 1)))
        (local.set $n
          (if (result i64) (i64.eqz (i64.and (local.get $n) (i64.const 1)))
            (then (i64.shr_u (local.get $n) (i64.const 1)))
            (else (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (br $next)))
    (local.get $steps))
)
