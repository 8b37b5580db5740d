;; 18. Globals
;;
;; A global is a variable of the whole module: it lives as long as the module's instance does, where a local
;; ends with its call. One that is `mut` can be changed, any other is a constant. Both can be exported, and
;; then others can read them, and change the mutable ones.
;;
;; Every run of `upshift` makes a new instance, which counts from the start. Lesson 22 uses this module.
;;
;; run: upshift run --invoke next examples/wat/18-globals.wat
;; expect: 10
;; run: upshift run --invoke three examples/wat/18-globals.wat
;; expect: 10
;; expect: 20
;; expect: 30

(module
  ;; A global has to have a value from the beginning.
  (global $count (export "count") (mut i32) (i32.const 0))
  (global $step (export "step") i32 (i32.const 10))

  ;; Counts on and says how far. `global.set $step` would not even load: the module is checked as a whole
  ;; before anything of it runs.
  (func $next (export "next") (result i32)
    (global.set $count (i32.add (global.get $count) (global.get $step)))
    (global.get $count))

  ;; The same call three times, with three different results.
  (func (export "three") (result i32 i32 i32)
    (call $next)
    (call $next)
    (call $next))
)
