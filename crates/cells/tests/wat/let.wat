;; let x = 42
(module
  (type (;0;) (func))
  (global (;0;) (mut i64) i64.const 0)
  (export "run" (func 0))
  (export "$x" (global 0))
  (func (;0;) (type 0)
    i64.const 42
    global.set 0
  )
)
