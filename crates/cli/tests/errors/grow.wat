;; Wants much.
(module
    (memory 1)
    (table 1 funcref)
    (func (export "memory") (result i32) (memory.grow (i32.const 99)))
    (func (export "table") (result i32) (table.grow (ref.null func) (i32.const 99))))
