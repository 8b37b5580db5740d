;; Is text, but its function has no result.
(module (func (result i32)))
