;; 15. Text, and a program that prints
;;
;; A text is bytes in memory, as a rule in UTF-8; a function is told where it starts and how long it is. To
;; print, a module asks its host: it imports `fd_write` from WASI, the "system interface" of WebAssembly.
;; A module with an export `_start` is a program, and that is what `upshift` calls without `--invoke`.
;;
;; run: upshift run examples/wat/15-text.wat
;; expect: Hello, world!
;; expect: Grüße, 世界!

(module
  ;; Imports name a module and something in it; functions come with their type. Results that are not 0 are
  ;; error numbers.
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write
      (param $descriptor i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  ;; WASI reads the texts in the memory that is exported under this name.
  (memory (export "memory") 1)

  ;; Letters beyond ASCII take more than one byte: `ü` and `ß` two, each Chinese character three. The second
  ;; text has 11 characters and 17 bytes.
  (data (i32.const 16) "Hello, world!\n")
  (data (i32.const 30) "Grüße, 世界!\n")

  ;; `fd_write` takes a list of texts, so ours is a list of one: at address 0 stands where the text starts,
  ;; at 4 how long it is. How much was written comes back at 8.
  (func $print (param $text i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    ;; Descriptor 1 is the standard output, as everywhere on Unix.
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
      (then (call $proc_exit (i32.const 1)))))

  (func (export "_start")
    (call $print (i32.const 16) (i32.const 14))
    (call $print (i32.const 30) (i32.const 17)))
)
