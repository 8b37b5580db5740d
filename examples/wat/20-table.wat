;; 20. Tables
;;
;; A table is an array of references to functions, and `call_indirect` calls the one at an index: the function
;; pointers of C and the methods of other languages become this. The program never sees an address. What the
;; table has at the index is checked at each call: there has to be a function, of just the type expected.
;;
;; run: upshift run --invoke calculate examples/wat/20-table.wat 0 20 3
;; expect: 23
;; run: upshift run --invoke calculate examples/wat/20-table.wat 2 20 3
;; expect: 60
;; run: upshift run --invoke calculate examples/wat/20-table.wat 3 20 3
;; expect-error: indirect call type mismatch
;; exit: 134
;; run: upshift run --invoke calculate examples/wat/20-table.wat 4 20 3
;; expect-error: uninitialized element
;; exit: 134
;; run: upshift run --invoke calculate examples/wat/20-table.wat 5 20 3
;; expect-error: out of bounds table access
;; exit: 134

(module
  ;; What the caller expects: two arguments, one result. Any function that fits it is of this type.
  (type $binary (func (param i32 i32) (result i32)))

  (func $add (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b)))
  (func $subtract (param $a i32) (param $b i32) (result i32)
    (i32.sub (local.get $a) (local.get $b)))
  (func $multiply (param $a i32) (param $b i32) (result i32)
    (i32.mul (local.get $a) (local.get $b)))
  (func $negate (param $a i32) (result i32)
    (i32.sub (i32.const 0) (local.get $a)))

  ;; Five places, of which an element segment fills the first four. The last one is null.
  (table $operators 5 funcref)
  (elem (i32.const 0) func $add $subtract $multiply $negate)

  ;; The arguments come first, then the index. `$negate` is in the table as well, but has another type.
  (func $calculate (export "calculate") (param $operator i32) (param $a i32) (param $b i32) (result i32)
    (call_indirect $operators (type $binary)
      (local.get $a)
      (local.get $b)
      (local.get $operator)))
)
