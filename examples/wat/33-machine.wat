;; 33. A machine in the machine
;;
;; An interpreter reads a number, does what it stands for, and goes on to the next: that is all. This one has
;; a stack of numbers and nine instructions, and its programs are bytes in data segments. `upshift` runs this
;; lesson in much the same way, for code is only bytes as well. You have seen all that it takes: go on!
;;
;; run: upshift run --invoke factorial examples/wat/33-machine.wat 20
;; expect: 2432902008176640000
;; run: upshift run --invoke sum_up_to examples/wat/33-machine.wat 100
;; expect: 5050
;; run: upshift run --invoke wrong_byte examples/wat/33-machine.wat
;; expect-error: unreachable
;; exit: 134

(module
  (memory 1)

  ;; 0 halt, 1 push the next byte, 2 drop, 3 swap, 4 over: push the second number again, 5 add, 6 subtract,
  ;; 7 multiply, 8 jump to where the next byte says if the top number, which stays, is not zero.
  (data (i32.const 0) ;; the stack:                                     n
    "\01\01\03" ;;         push 1, swap: the product and what is left   p n
    "\03\04\07\03" ;;   3: swap, over, multiply, swap                   p*n n
    "\01\01\06" ;;         push 1, subtract                             p*n n-1
    "\08\03\02\00") ;;     jump to 3, drop, halt                        p
  (data (i32.const 32) ;; the same with a sum that starts at 0
    "\01\00\03"
    "\03\04\05\03" ;;  35: swap, over, add, swap
    "\01\01\06"
    "\08\23\02\00") ;;     jump to 35, drop, halt
  (data (i32.const 64) "\ff")

  (func (export "factorial") (param $n i64) (result i64) (call $run (i32.const 0) (local.get $n)))
  (func (export "sum_up_to") (param $n i64) (result i64) (call $run (i32.const 32) (local.get $n)))
  (func (export "wrong_byte") (result i64) (call $run (i32.const 64) (i64.const 0)))

  ;; Where the next instruction is, and where the top of the stack is, which grows upwards.
  (global $at (mut i32) (i32.const 0))
  (global $top (mut i32) (i32.const 0))

  (func $fetch (result i32)
    (i32.load8_u (global.get $at))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))

  (func $push (param $n i64)
    (global.set $top (i32.add (global.get $top) (i32.const 8)))
    (i64.store (global.get $top) (local.get $n)))

  (func $pop (result i64)
    (i64.load (global.get $top))
    (global.set $top (i32.sub (global.get $top) (i32.const 8))))

  (func $run (param $program i32) (param $n i64) (result i64)
    (local $top_number i64)
    (local $target i32)
    (global.set $at (local.get $program))
    (global.set $top (i32.const 1024))
    (call $push (local.get $n))
    (loop $next
      ;; As in lesson 7, in the flat form: `end` is where a branch to its block arrives.
      block $wrong block $jump block $multiply block $subtract block $add
      block $over block $swap block $drop block $push block $halt
        (br_table $halt $push $drop $swap $over $add $subtract $multiply $jump $wrong (call $fetch))
      end $halt
        (return (call $pop))
      end $push
        (call $push (i64.extend_i32_u (call $fetch))) (br $next)
      end $drop
        (drop (call $pop)) (br $next)
      end $swap
        (local.set $top_number (call $pop)) (local.set $n (call $pop))
        (call $push (local.get $top_number)) (call $push (local.get $n)) (br $next)
      end $over
        (call $push (i64.load (i32.sub (global.get $top) (i32.const 8)))) (br $next)
      end $add
        (call $push (i64.add (call $pop) (call $pop))) (br $next)
      end $subtract ;; the number on the top from the one below it
        (local.set $n (call $pop)) (call $push (i64.sub (call $pop) (local.get $n))) (br $next)
      end $multiply
        (call $push (i64.mul (call $pop) (call $pop))) (br $next)
      end $jump
        (local.set $target (call $fetch))
        (br_if $next (i64.eqz (i64.load (global.get $top))))
        (global.set $at (local.get $target)) (br $next)
      end $wrong)
    (unreachable))
)
