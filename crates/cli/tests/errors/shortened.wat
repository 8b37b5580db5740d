;; What Emscripten makes of a program when it is to be small: no name is longer than it has to be.
(module
  (import "a" "a" (func (param i32 i32)))
  (import "a" "b" (func (result i32)))
  (memory (export "c") 1)
  (func (export "d")))
