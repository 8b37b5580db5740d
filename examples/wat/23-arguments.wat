;; 23. Arguments and environment
;;
;; A program gets its arguments from WASI as texts that end with a zero byte, one behind the other, and a list
;; of where they start. Memory is the guest's business, so it asks first how much there will be. Variables of
;; the environment come in just the same way. A guest sees only those that `--env` gives it, never the host's.
;;
;; run: upshift run examples/wat/23-arguments.wat one two
;; expect: 23-arguments.wat
;; expect: one
;; expect: two
;; run: upshift run --env NAME=Ada --env YEAR=1843 examples/wat/23-arguments.wat
;; expect: 23-arguments.wat
;; expect: NAME=Ada
;; expect: YEAR=1843

(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param $count i32) (param $bytes i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args_get (param $starts i32) (param $texts i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param $count i32) (param $bytes i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param $starts i32) (param $texts i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))

  ;; 0: what `fd_write` is told, and its answer. 16 and 20: how many texts and how many bytes.
  ;; 1024: where the texts start. 8192: the texts, up to the end of the page.
  (memory (export "memory") 1)

  (func (export "_start")
    (call $check (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (call $check (call $args_get (i32.const 1024) (i32.const 8192)))
    (call $print_lines (i32.const 8192) (i32.load (i32.const 20)))

    (call $check (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (call $check (call $environ_get (i32.const 1024) (i32.const 8192)))
    (call $print_lines (i32.const 8192) (i32.load (i32.const 20))))

  ;; Stops on an error, and on more texts than the plan of the memory has room for.
  (func $check (param $error i32)
    (if (local.get $error) (then (unreachable)))
    (if (i32.gt_u (i32.load (i32.const 16)) (i32.const 1792)) (then (unreachable)))
    (if (i32.gt_u (i32.load (i32.const 20)) (i32.const 57344)) (then (unreachable))))

  ;; Makes each zero byte a line end, which turns the texts into lines to be printed in one go.
  (func $print_lines (param $text i32) (param $length i32)
    (local $at i32)
    (if (i32.eqz (local.get $length)) (then (return)))
    (local.set $at (local.get $text))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $at)))
        (then (i32.store8 (local.get $at) (i32.const 10))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 1)))
          (i32.add (local.get $text) (local.get $length)))))
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
)
