;; 24. Reading a file
;;
;; A guest has no files of its own accord. `--dir` hands it a directory, already open, as descriptor 3: behind
;; the streams 0, 1 and 2. Files are opened by a path that starts there and cannot lead out of it. Without the
;; directory there is nothing to ask for: error number 8, "bad descriptor", which becomes the exit code here.
;;
;; run: upshift run --dir examples/data examples/wat/24-file.wat
;; expect: Alma,Bert,10.00,loan
;; expect: Bert,Cora,4.50,lunch
;; expect: Cora,Alma,0.05,stamp
;; run: upshift run examples/wat/24-file.wat
;; exit: 8

(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open
      (param $directory i32) (param $lookup i32) (param $path i32) (param $path_length i32) (param $how i32)
      (param $rights i64) (param $inherited_rights i64) (param $flags i32) (param $opened i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read
      (param $descriptor i32) (param $vectors i32) (param $count i32) (param $read i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write
      (param $descriptor i32) (param $vectors i32) (param $count i32) (param $written i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param $code i32)))

  ;; 0: where the bytes are and how many, for reading and writing alike. 8: how many there were.
  ;; 12: the descriptor of the file. 1024: room for 16 bytes, which is little, to have more than one round.
  (memory (export "memory") 1)
  (data (i32.const 32) "bookings-clean.csv")
  (data (i32.const 0) "\00\04\00\00")

  (func (export "_start")
    ;; 2 is the right to read, the only one that is wanted.
    (call $check
      (call $path_open
        (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 18) (i32.const 0)
        (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 12)))

    (block $end
      (loop $next
        (i32.store (i32.const 4) (i32.const 16))
        (call $check (call $fd_read (i32.load (i32.const 12)) (i32.const 0) (i32.const 1) (i32.const 8)))
        ;; Fewer bytes than asked for are no fault, none at all mean the end.
        (br_if $end (i32.eqz (i32.load (i32.const 8))))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br $next))))

  (func $check (param $error i32)
    (if (local.get $error) (then (call $proc_exit (local.get $error)))))
)
