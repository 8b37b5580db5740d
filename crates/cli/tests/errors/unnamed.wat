;; No function of it has a name but the one that is exported.
(module
  (func (param i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (call 0 (i32.sub (local.get 0) (i32.const 1)))
    nop)
  (func (export "deep") (param i32)
    (call 0 (local.get 0))
    nop))
