;; 17. Many bytes at once
;;
;; `memory.fill` sets a range of bytes to one value, `memory.copy` copies a range to another, correctly even
;; if they overlap. `memory.init` copies from a passive data segment: one without an address, which lies
;; aside until the program asks for it. `data.drop` gives the segment up; using it afterwards traps.
;;
;; run: upshift run examples/wat/17-bulk.wat
;; expect: ==========
;; expect: = memory =
;; expect: ==========
;; run: upshift run --invoke twice examples/wat/17-bulk.wat
;; expect: ==========
;; expect: = memory =
;; expect: ==========
;; expect-error: out of bounds memory access
;; exit: 134

(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)

  ;; Where the text starts and how long it is, for `fd_write`: three lines of 11 bytes at address 64.
  (data (i32.const 0) "\40\00\00\00" "\21\00\00\00")
  ;; No address, but a name: a passive segment.
  (data $word " memory ")

  (func $banner (export "_start")
    ;; The first line: where to, with what, how many.
    (memory.fill (i32.const 64) (i32.const 61) (i32.const 10)) ;; 61 is `=`
    (i32.store8 (i32.const 74) (i32.const 10)) ;; 10 ends a line

    ;; The other two are like it: where to, where from, how many.
    (memory.copy (i32.const 75) (i32.const 64) (i32.const 11))
    (memory.copy (i32.const 86) (i32.const 75) (i32.const 11))

    ;; All of the word, from its byte 0 on, goes inside of the second line.
    (memory.init $word (i32.const 76) (i32.const 0) (i32.const 8))
    (data.drop $word)

    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; After its end the segment is like an empty one, so the second banner finds no word to copy.
  (func (export "twice")
    (call $banner)
    (call $banner))
)
