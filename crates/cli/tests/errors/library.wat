;; A library of C that is linked with a program while that runs, as its section says.
(module
  (@custom "dylink.0" (before first) "\01\04\00\00\00\00")
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global i32))
  (import "env" "invoke_vi" (func (param i32 i32))))
