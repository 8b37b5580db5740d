;; 13. Traps
;;
;; An instruction that cannot do what it is asked for stops the program: it traps. No code of the guest can
;; catch that, so nothing goes on with a wrong value. The host gets an error: `upshift` prints the reason
;; and the functions that were being called to the standard error, and exits with 134.
;;
;; run: upshift run --invoke divide examples/wat/13-traps.wat 7 0
;; expect-error: wasm trap: integer divide by zero
;; exit: 134
;; run: upshift run --invoke divide examples/wat/13-traps.wat -2147483648 -1
;; expect-error: wasm trap: integer overflow
;; exit: 134
;; run: upshift run --invoke read examples/wat/13-traps.wat 65532
;; expect: 0
;; run: upshift run --invoke read examples/wat/13-traps.wat 65533
;; expect-error: wasm trap: out of bounds memory access
;; exit: 134
;; run: upshift run --invoke root examples/wat/13-traps.wat -1
;; expect-error: unreachable
;; exit: 134

(module
  ;; Division has two ways to go wrong. The second one: -2147483648 / -1 is one more than an `i32` can hold.
  (func (export "divide") (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))

  ;; This memory has 65536 bytes, so the last four begin at 65532. Each access is checked: a program cannot
  ;; reach anything of its host that way.
  (memory 1)
  (func (export "read") (param $address i32) (result i32)
    (i32.load (local.get $address)))

  ;; `unreachable` traps always. Programs use it where going on would make no sense, as other languages
  ;; use `abort`. Code behind it needs no result, because it is never reached.
  (func (export "root") (param $n f64) (result f64)
    (if (result f64) (f64.ge (local.get $n) (f64.const 0))
      (then (f64.sqrt (local.get $n)))
      (else (unreachable))))
)
