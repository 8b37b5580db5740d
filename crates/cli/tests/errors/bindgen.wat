;; What wasm-bindgen makes: its script offers the imports.
(module
  (import "wbg" "__wbg_log_1d3ae0273d8f4f8a" (func (param i32 i32)))
  (import "wbg" "__wbindgen_throw" (func (param i32 i32))))
