;; Names that would begin a line of their own.
(module
  (import "env" "log\nerror: forged" (func))
  (func (export "ok\nerror: forged")))
