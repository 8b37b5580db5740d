;; 14. Memory
;;
;; A memory is one long array of bytes. `i32.load` reads four of them, `i32.store` writes four, the least
;; significant one first; `load8_u` reads a single one. An address is just a number, so an array is a place
;; where it starts and a rule for where its elements are. Data segments are what a memory starts with.
;;
;; run: upshift run --invoke element examples/wat/14-memory.wat 2
;; expect: 400
;; run: upshift run --invoke sum examples/wat/14-memory.wat
;; expect: 913
;; run: upshift run --invoke after_doubling examples/wat/14-memory.wat
;; expect: 1826
;; run: upshift run --invoke byte_at examples/wat/14-memory.wat 24
;; expect: 144

(module
  ;; Sizes are counted in pages of 64 KiB; one is the least that can be had.
  (memory 1)

  ;; An array of five numbers at address 16. 400 is 0x0190: the byte 0x90 is stored first, at address 24.
  (data (i32.const 16)
    "\03\00\00\00" ;; 3
    "\01\00\00\00" ;; 1
    "\90\01\00\00" ;; 400
    "\f4\01\00\00" ;; 500
    "\09\00\00\00") ;; 9

  (func $element (export "element") (param $index i32) (result i32)
    ;; `offset` is added to the address: element 0 lies at 16, and each takes four bytes.
    (i32.load offset=16 (i32.mul (local.get $index) (i32.const 4))))

  (func $sum (export "sum") (result i32)
    (local $sum i32)
    (local $at i32)
    (local.set $at (i32.const 16))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
      ;; `local.tee` sets a local and leaves the value for the comparison.
      (br_if $next
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 36))))
    (local.get $sum))

  (func $double (param $at i32)
    (i32.store (local.get $at) (i32.shl (i32.load (local.get $at)) (i32.const 1))))

  (func $after_doubling (export "after_doubling") (result i32)
    (call $double (i32.const 16))
    (call $double (i32.const 20))
    (call $double (i32.const 24))
    (call $double (i32.const 28))
    (call $double (i32.const 32))
    (call $sum))

  (func $byte_at (export "byte_at") (param $address i32) (result i32)
    (i32.load8_u (local.get $address)))
)
