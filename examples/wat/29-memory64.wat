;; 29. Addresses of 64 bits
;;
;; A memory with `i32` addresses ends at 4 GiB, however much the machine has. One that is declared with `i64`
;; has no such end: addresses, sizes and lengths are then `i64`. Nothing else changes. An address is used
;; in full; a program for 32 bits would have to cut it, and could find the wrong byte without noticing.
;;
;; run: upshift run --invoke read examples/wat/29-memory64.wat 8
;; expect: 77
;; run: upshift run --invoke read examples/wat/29-memory64.wat 4294967304
;; expect-error: out of bounds memory access
;; exit: 134
;; run: upshift run --invoke read_cut examples/wat/29-memory64.wat 4294967304
;; expect: 33
;; run: upshift run --invoke grow examples/wat/29-memory64.wat 3
;; expect: 2
;; expect: 5

(module
  (memory $large i64 2)
  (data (memory $large) (i64.const 8) "\4d") ;; 77

  ;; A memory of each kind, to compare them.
  (memory $small 1)
  (data (memory $small) (i32.const 8) "\21") ;; 33

  ;; 4294967304 is 4 GiB and 8 bytes, far beyond the end of this memory.
  (func (export "read") (param $address i64) (result i32)
    (i32.load8_u $large (local.get $address)))

  ;; The lower 32 bits of that are 8. This is what a pointer becomes in a program that was compiled for
  ;; 32 bits, if it ever had more.
  (func (export "read_cut") (param $address i64) (result i32)
    (i32.load8_u $small (i32.wrap_i64 (local.get $address))))

  ;; The size before and after, still in pages of 64 KiB.
  (func (export "grow") (param $pages i64) (result i64 i64)
    (memory.grow $large (local.get $pages))
    (memory.size $large))
)
