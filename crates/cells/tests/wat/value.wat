;; "{1 + 1} is even"
(module
  (type (;0;) (array (mut i8)))
  (type (;1;) (func))
  (type (;2;) (func (result i32)))
  (type (;3;) (func (param i64)))
  (type (;4;) (func (param i32) (result (ref null 0))))
  (type (;5;) (func (param i32)))
  (type (;6;) (func (param (ref null 0))))
  (import "runtime" "forget" (func (;0;) (type 1)))
  (import "runtime" "begin" (func (;1;) (type 2) (result i32)))
  (import "runtime" "put_int" (func (;2;) (type 3) (param i64)))
  (import "runtime" "put_short" (func (;3;) (type 3) (param i64)))
  (import "runtime" "end" (func (;4;) (type 4) (param i32) (result (ref null 0))))
  (import "runtime" "open" (func (;5;) (type 5) (param i32)))
  (import "runtime" "put_quoted" (func (;6;) (type 6) (param (ref null 0))))
  (import "runtime" "close" (func (;7;) (type 1)))
  (export "run" (func 8))
  (func (;8;) (type 1)
    (local i32 (ref null 0))
    call 0
    call 1
    local.set 0
    i64.const 2
    call 2
    i64.const 7954894493528058144
    call 3
    local.get 0
    call 4
    local.set 1
    i32.const 2
    call 5
    local.get 1
    call 6
    call 7
  )
)
