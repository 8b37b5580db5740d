;; 22. Two modules
;;
;; What one module exports another can import: functions, globals, memories and tables alike. `--preload`
;; makes an instance of a file first and gives it the name to import from. The two then share what was
;; imported: it is the same variable, not a copy. Without the other module this one cannot be loaded.
;;
;; run: upshift run --preload counter=examples/wat/18-globals.wat --invoke shared examples/wat/22-link.wat
;; expect: 10
;; expect: 510
;; expect: 510
;; run: upshift run --invoke shared examples/wat/22-link.wat
;; expect-error: counter
;; exit: 1

(module
  ;; These are the exports of lesson 18. Whether their types fit is checked before anything runs.
  (import "counter" "next" (func $next (result i32)))
  (import "counter" "count" (global $count (mut i32)))
  (import "counter" "step" (global $step i32))

  (func (export "shared") (result i32 i32 i32)
    ;; The other module counts its own variable on: 0 + 10.
    (call $next)
    ;; Fifty steps that are not counted by the function.
    (global.set $count (i32.mul (global.get $step) (i32.const 50)))
    ;; The function sees that: 500 + 10.
    (call $next)
    ;; And its change is seen here.
    (global.get $count))
)
