(module $payment
  (tag $declined (param i32 f64))
  (func $charge (param i32)
    (throw $declined (local.get 0) (f64.const 19.5)))
  (func (export "pay") (param i32)
    (block $other
      (try_table (catch_all $other)
        (nop)))
    (call $charge (local.get 0))))
