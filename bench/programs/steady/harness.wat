;; Runs a program that imports nothing as the steady protocol wants it: `wasm-merge` joins this command with a program,
;; whose `_start` does the work once and traps when its result is wrong.
;;
;; Without arguments the work is done once. With `--steady MS` it is done at least three times and until that many
;; milliseconds have passed, and each time a line `iteration NANOSECONDS` is printed; all else exits with 2.
;;
;; The memory is the program's, as not every runtime takes two. What is used here lies in pages added behind it before
;; the program runs, so the program must not grow its memory, nor use what it did not declare. build.sh turns the
;; import into a definition for a program without a memory.
(module
  (import "program" "_start" (func $program))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "program" "memory" (memory $memory 1))
  (export "memory" (memory $memory))

  ;; Where the added pages begin: 16 bytes for results, 16 for a vector to write, 64 for a line, then the arguments.
  (global $base (mut i32) (i32.const 0))

  (func $fail
    (call $proc_exit (i32.const 2))
    unreachable)

  (func $check (param $errno i32)
    (if (local.get $errno) (then (call $fail))))

  ;; Bytes that begin at a page of their own; the end of the memory when there are no more.
  (func $add_pages (param $bytes i32) (result i32)
    (local $before i32)
    (local.set $before
      (memory.grow (i32.add (i32.shr_u (local.get $bytes) (i32.const 16)) (i32.const 1))))
    (if (i32.eq (local.get $before) (i32.const -1)) (then (call $fail)))
    (i32.shl (local.get $before) (i32.const 16)))

  (func $now (result i64)
    (call $check (call $clock_time_get (i32.const 1) (i64.const 1) (global.get $base)))
    (i64.load (global.get $base)))

  ;; The milliseconds behind `--steady`; -1 when there are no arguments.
  (func $milliseconds (result i64)
    (local $count i32) (local $pointers i32) (local $at i32) (local $number i64) (local $digit i32)
    (call $check (call $args_sizes_get (global.get $base) (i32.add (global.get $base) (i32.const 4))))
    (local.set $count (i32.load (global.get $base)))
    (if (i32.le_u (local.get $count) (i32.const 1)) (then (return (i64.const -1))))
    (if (i32.ne (local.get $count) (i32.const 3)) (then (call $fail)))
    (local.set $pointers (call $add_pages (i32.add (i32.load offset=4 (global.get $base)) (i32.const 12))))
    (call $check (call $args_get (local.get $pointers) (i32.add (local.get $pointers) (i32.const 12))))
    (local.set $at (i32.load offset=4 (local.get $pointers)))
    ;; "--steady", its end, and nothing else.
    (if (i64.ne (i64.load (local.get $at)) (i64.const 0x7964616574732d2d)) (then (call $fail)))
    (if (i32.load8_u offset=8 (local.get $at)) (then (call $fail)))
    (local.set $at (i32.load offset=8 (local.get $pointers)))
    (loop $next
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (call $fail)))
      (local.set $number
        (i64.add (i64.mul (local.get $number) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.load8_u (local.get $at))))
    (local.get $number))

  ;; The line is built from its end: a line feed, the digits, the word.
  (func $print (param $nanoseconds i64)
    (local $end i32) (local $at i32)
    (local.set $end (i32.add (global.get $base) (i32.const 96)))
    (local.set $at (i32.sub (local.get $end) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.const 10))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.wrap_i64 (i64.rem_u (local.get $nanoseconds) (i64.const 10))) (i32.const 48)))
      (local.set $nanoseconds (i64.div_u (local.get $nanoseconds) (i64.const 10)))
      (br_if $next (i64.ne (local.get $nanoseconds) (i64.const 0))))
    ;; "iteratio" and "n ".
    (local.set $at (i32.sub (local.get $at) (i32.const 10)))
    (i64.store (local.get $at) (i64.const 0x6f69746172657469))
    (i32.store16 offset=8 (local.get $at) (i32.const 0x206e))
    (i32.store offset=16 (global.get $base) (local.get $at))
    (i32.store offset=20 (global.get $base) (i32.sub (local.get $end) (local.get $at)))
    (call $check
      (call $fd_write
        (i32.const 1)
        (i32.add (global.get $base) (i32.const 16))
        (i32.const 1)
        (i32.add (global.get $base) (i32.const 24)))))

  (func (export "_start")
    (local $room i64) (local $first i64) (local $before i64) (local $after i64) (local $done i32)
    (global.set $base (call $add_pages (i32.const 96)))
    (local.set $room (call $milliseconds))
    (if (i64.lt_s (local.get $room) (i64.const 0)) (then (call $program) (return)))
    (local.set $first (call $now))
    (loop $next
      (local.set $before (call $now))
      (call $program)
      (local.set $after (call $now))
      (call $print (i64.sub (local.get $after) (local.get $before)))
      (local.set $done (i32.add (local.get $done) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $done) (i32.const 3)))
      (br_if $next
        (i64.lt_u
          (i64.sub (local.get $after) (local.get $first))
          (i64.mul (local.get $room) (i64.const 1000000)))))))
