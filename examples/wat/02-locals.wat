;; 2. Locals and arithmetic
;;
;; A local is a variable of one call. It starts as zero, `local.set` changes it, `local.get` reads it.
;; Parameters are locals too. This function finds the day of the week of a date, by a rule like Zeller's,
;; with nothing but integer arithmetic: division drops the remainder, `rem` keeps only that.
;;
;; The results count from Sunday, which is 0. The first landing on the moon was on a Sunday,
;; and the year 2000 began on a Saturday.
;;
;; run: upshift run --invoke weekday examples/wat/02-locals.wat 1969 7 20
;; expect: 0
;; run: upshift run --invoke weekday examples/wat/02-locals.wat 2000 1 1
;; expect: 6

(module
  (func $weekday (export "weekday") (param $year i32) (param $month i32) (param $day i32) (result i32)
    (local $early i32)

    ;; January and February count as months 11 and 12 of the year before, so that the day that leap
    ;; years add is the last of the year. `$early` is 1 for these two months and 0 for all others.
    (local.set $early
      (i32.div_s (i32.sub (i32.const 14) (local.get $month)) (i32.const 12)))
    (local.set $year (i32.sub (local.get $year) (local.get $early)))
    (local.set $month
      (i32.add
        (i32.sub (local.get $month) (i32.const 2))
        (i32.mul (local.get $early) (i32.const 12))))

    ;; A year moves all dates on by one weekday, a leap year by two. A month moves them by 31/12 of a
    ;; weekday in the mean; rounding that down only after the multiplication makes it exact.
    (i32.rem_s
      (i32.add
        (i32.add
          (local.get $day)
          (i32.div_s (i32.mul (local.get $month) (i32.const 31)) (i32.const 12)))
        (i32.add
          (i32.add (local.get $year) (i32.div_s (local.get $year) (i32.const 4)))
          (i32.sub
            (i32.div_s (local.get $year) (i32.const 400))
            (i32.div_s (local.get $year) (i32.const 100)))))
      (i32.const 7)))
)
