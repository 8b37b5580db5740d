;; A library: there is nothing to run.
(module
  (func (export "_initialize"))
  (func (export "double") (param i32) (result i32) (i32.add (local.get 0) (local.get 0))))
