;; The smallest program that says something: one call of WASI's `fd_write`.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $iovs i32) (param $iovs_len i32) (param $written i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)
  ;; The one iovec: where the text starts and how long it is.
  (data (i32.const 0) "\10\00\00\00\12\00\00\00")
  (data (i32.const 16) "Hello from Upshift")

  (func (export "_start")
    ;; The line end is stored here rather than in the data, to have a store in the program.
    (i32.store8 (i32.const 34) (i32.const 10))
    (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
    ;; The count of written bytes goes to address 8. An error becomes the exit code.
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
      (then (call $proc_exit (i32.const 1))))
    (if (i32.ne (i32.load (i32.const 8)) (i32.const 19))
      (then (call $proc_exit (i32.const 2)))))
)
