;; options: fuel interruption
;; Each straight run of operators is paid for before its first one; `block`, `else`, `end`, `nop` and `drop` are free. The
;; epoch is looked at where a function begins and where a loop goes round.
(module
  (import "host" "f" (func $f))
  (memory 1)

  ;; 1 for the `loop`, 3 up to and with the conditional branch, 5 behind it, 1 for the last `local.get`.
  (func $loop (param $n i32) (result i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (nop)
    (local.get $n))

  ;; 2 for the condition and `if`; 1 for each arm; 2 behind the label.
  (func $arms (param $c i32) (result i32)
    (if (result i32) (local.get $c)
      (then (i32.const 1))
      (else (i32.const 2)))
    (i32.const 3)
    (i32.add))

  ;; A call ends a run: 1, then 2.
  (func $calls
    (call $f)
    (drop (i32.const 1))
    (call $f))

  ;; What a bulk operation costs besides depends on its length, and is taken by the service. 4 for the operators.
  (func $bulk (param $length i32)
    (memory.fill (i32.const 0) (i32.const 1) (local.get $length)))

  ;; Code that is not reached costs nothing.
  (func $dead (result i32)
    (return (i32.const 1))
    (i32.add (i32.const 1) (i32.const 2))))

;; $loop
;;   frame 2 params 1 results 1
;;   @0    check_interrupt s0
;;   @2    charge 1
;;   @4    check_interrupt s0
;;   @6    charge 3
;;   @8    br_if_i32.eq s-4, 0, @18
;;   @11   charge 5
;;   @13   i32.sub s-4, s-4, 1
;;   @16   loop @4
;;   @18   charge 1
;;   @20   return s-4, s-4
;;   loops: @4

;; $arms
;;   frame 2 params 1 results 1
;;   @0    check_interrupt s0
;;   @2    charge 2
;;   @4    br_if_i32.eq s-4, 0, @13
;;   @7    charge 1
;;   @9    const s0, 1
;;   @11   br @17
;;   @13   charge 1
;;   @15   const s0, 2
;;   @17   charge 2
;;   @19   i32.add s0, s0, 3
;;   @22   return s-4, acc

;; $calls
;;   frame 1
;;   @0    check_interrupt s0
;;   @2    charge 1
;;   @4    call.import 0, s3, 72, 0
;;   @8    charge 2
;;   @10   call.import 0, s3, 72, 0
;;   @14   return

;; $bulk
;;   frame 3 params 1
;;   @0    check_interrupt s0
;;   @2    charge 4
;;   @4    const s0, 0
;;   @6    const s1, 1
;;   @8    copy s2, s-4
;;   @10   builtin memory.fill, s0, 0, 0
;;   @13   return

;; $dead
;;   frame 1 results 1
;;   @0    check_interrupt s0
;;   @2    charge 2
;;   @4    return s-3, 1
