;; An addon of Node.
(module
  (import "env" "napi_create_double" (func (param i32 f64 i32) (result i32))))
