;; Has an instruction that there is not.
(module
    (func (export "f")
        i32.nonsense))
