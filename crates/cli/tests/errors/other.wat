;; Another `add` than that of math.wat.
(module (func (export "add") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1))))
