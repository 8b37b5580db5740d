;; A part of a component.
(module
  (import "wasi:cli/environment@0.2.0" "get-arguments" (func (param i32)))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func (result i32))))
