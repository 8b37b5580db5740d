;; Bulk instructions, each repeated: how many nanoseconds the shortest of some rounds took. `upshift-bench bulk` says what
;; is copied where; the addresses are from the first page's end on, which belongs to the clock.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 2112)
  (global $touched (mut i32) (i32.const 0))

  (func $now (result i64)
    (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 0)))
    (i64.load (i32.const 0)))

  ;; So that no page is touched for the first time while the clock runs.
  (func $touch
    (if (i32.eqz (global.get $touched))
      (then
        (memory.fill (i32.const 65536) (i32.const 1) (i32.const 138346496))
        (global.set $touched (i32.const 1)))))

  (func (export "copy")
    (param $to i32) (param $from i32) (param $len i32) (param $times i32) (param $rounds i32) (result i64)
    (local $left i32) (local $best i64) (local $time i64)
    (call $touch)
    (local.set $best (i64.const 0x7fffffffffffffff))
    (loop $round
      (local.set $left (local.get $times))
      (local.set $time (call $now))
      (loop $again
        (memory.copy (local.get $to) (local.get $from) (local.get $len))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (local.set $time (i64.sub (call $now) (local.get $time)))
      (if (i64.lt_u (local.get $time) (local.get $best))
        (then (local.set $best (local.get $time))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $best))

  (func (export "fill") (param $to i32) (param $len i32) (param $times i32) (param $rounds i32) (result i64)
    (local $left i32) (local $best i64) (local $time i64)
    (call $touch)
    (local.set $best (i64.const 0x7fffffffffffffff))
    (loop $round
      (local.set $left (local.get $times))
      (local.set $time (call $now))
      (loop $again
        (memory.fill (local.get $to) (i32.const 7) (local.get $len))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (local.set $time (i64.sub (call $now) (local.get $time)))
      (if (i64.lt_u (local.get $time) (local.get $best))
        (then (local.set $best (local.get $time))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $best))
)
