;; Imports what WASI does not have, and what nobody offers.
(module
    (import "wasi_snapshot_preview1" "fd_wirte" (func (param i32 i32 i32 i32) (result i32)))
    (import "env" "log" (func (param i32)))
    (import "env" "table" (table 1 10 funcref)))
