;; 25. Chance and time
;;
;; A program that computes only with what it is given does the same in every run. What is different each time
;; has to come from the host: `random_get` fills memory with bytes that nobody can foresee, `clock_time_get`
;; tells the time in nanoseconds. Try `--invoke roll` several times.
;;
;; Certain things can be said of chance all the same. Of 6000 rolls each face has 1000 in the mean, and fewer
;; than one run in a billion is so far off that `is_fair` says no.
;;
;; run: upshift run --invoke is_fair examples/wat/25-chance.wat
;; expect: 1
;; run: upshift run --invoke time_goes_on examples/wat/25-chance.wat
;; expect: 1

(module
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param $at i32) (param $length i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param $clock i32) (param $precision i64) (param $at i32) (result i32)))

  ;; 0: what the host answers. 64: how often each face came up, from face 1 on.
  (memory (export "memory") 1)

  ;; A number from 1 to 6. The 4 numbers above the last multiple of 6 below 2 to the power of 32 would make
  ;; some faces more likely than others, so they are thrown away and drawn again.
  (func $roll (export "roll") (result i32)
    (loop $again
      (drop (call $random_get (i32.const 0) (i32.const 4)))
      (br_if $again (i32.ge_u (i32.load (i32.const 0)) (i32.const 0xfffffffc))))
    (i32.add (i32.rem_u (i32.load (i32.const 0)) (i32.const 6)) (i32.const 1)))

  (func $is_fair (export "is_fair") (result i32)
    (local $rolls i32)
    (local $face i32)
    (loop $next
      (local.set $face (i32.shl (call $roll) (i32.const 2)))
      (i32.store offset=60 (local.get $face)
        (i32.add (i32.load offset=60 (local.get $face)) (i32.const 1)))
      (br_if $next
        (i32.lt_u
          (local.tee $rolls (i32.add (local.get $rolls) (i32.const 1)))
          (i32.const 6000))))

    ;; Each face has to come up between 800 and 1200 times. Read as unsigned, a difference below zero is
    ;; huge, so one comparison does for both bounds.
    (local.set $face (i32.const 24))
    (loop $next
      (if (i32.gt_u
            (i32.sub (i32.load offset=60 (local.get $face)) (i32.const 800))
            (i32.const 400))
        (then (return (i32.const 0))))
      (br_if $next (local.tee $face (i32.sub (local.get $face) (i32.const 4)))))
    (i32.const 1))

  ;; Clock 1 counts from some moment that is not told, but never goes back. Clock 0 is the time of day,
  ;; which somebody may set.
  (func $now (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
    (i64.load (i32.const 0)))

  (func (export "time_goes_on") (result i32)
    (i64.le_u (call $now) (call $now)))
)
