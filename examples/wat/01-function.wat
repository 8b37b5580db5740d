;; 1. A function
;;
;; A WebAssembly module is a list of definitions, written as nested lists in parentheses.
;; This one defines functions that take two 32-bit integers and return their sum.
;; What a module exports can be called from outside, here by `--invoke` with the name and the arguments.
;;
;; run: upshift run --invoke add examples/wat/01-function.wat 2 40
;; expect: 42
;; run: upshift run --invoke add_flat examples/wat/01-function.wat -5 3
;; expect: -2

(module
  ;; "add" is the name for the outside, `$add` the one for use inside the module. Names with a `$` are
  ;; for us readers: in the binary form everything has a number instead.
  (func $add (export "add") (param $a i32) (param $b i32) (result i32)
    ;; No `return` is needed: what the last instruction leaves behind is the result.
    (i32.add (local.get $a) (local.get $b)))

  ;; The same once more, in the order in which it is executed. Instructions put values on a stack and
  ;; take them from there: two are put, `i32.add` takes both and puts their sum. The nested form above
  ;; is only another way to write this, and the one that most lessons use.
  (func $add_flat (export "add_flat") (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.add)
)
