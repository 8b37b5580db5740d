;; Fails when it is called for the third time.
(module
    (global $calls (mut i32) (i32.const 0))
    (func (export "third")
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (i32.eq (global.get $calls) (i32.const 3)) (then unreachable))))
