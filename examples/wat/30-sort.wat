;; 30. Quicksort
;;
;; From here on the lessons are small programs. This one sorts six numbers in memory, by Hoare's algorithm:
;; take some element, bring all smaller ones before all larger ones, then sort these two parts the same way.
;; Two loops, a recursion and addresses are all it takes.
;;
;; run: upshift run --invoke sort examples/wat/30-sort.wat 31 -4 15 9 -26 5
;; expect: -26
;; expect: -4
;; expect: 5
;; expect: 9
;; expect: 15
;; expect: 31

(module
  (memory 1)

  ;; Sorts the `i32` from the address `$first` to the address `$last`, both included.
  (func $quicksort (param $first i32) (param $last i32)
    (local $low i32)
    (local $high i32)
    (local $pivot i32)
    (local $swapped i32)
    ;; One element is sorted. `$last` may even lie before `$first`, so this compares as signed.
    (if (i32.ge_s (local.get $first) (local.get $last)) (then (return)))

    ;; The element in the middle: with it, a list that is sorted already is the best case, not the worst.
    (local.set $pivot
      (i32.load
        (i32.and
          (i32.shr_u (i32.add (local.get $first) (local.get $last)) (i32.const 1))
          (i32.const -4))))
    (local.set $low (local.get $first))
    (local.set $high (local.get $last))
    (loop $partition
      ;; From both ends to the middle, over all that is on its right side already. The pivot, or an
      ;; element that was swapped, stops each of them before it can leave the list.
      (loop $up
        (if (i32.lt_s (i32.load (local.get $low)) (local.get $pivot))
          (then
            (local.set $low (i32.add (local.get $low) (i32.const 4)))
            (br $up))))
      (loop $down
        (if (i32.gt_s (i32.load (local.get $high)) (local.get $pivot))
          (then
            (local.set $high (i32.sub (local.get $high) (i32.const 4)))
            (br $down))))
      (if (i32.le_s (local.get $low) (local.get $high))
        (then
          (local.set $swapped (i32.load (local.get $low)))
          (i32.store (local.get $low) (i32.load (local.get $high)))
          (i32.store (local.get $high) (local.get $swapped))
          (local.set $low (i32.add (local.get $low) (i32.const 4)))
          (local.set $high (i32.sub (local.get $high) (i32.const 4)))))
      (br_if $partition (i32.le_s (local.get $low) (local.get $high))))

    (call $quicksort (local.get $first) (local.get $high))
    (call $quicksort (local.get $low) (local.get $last)))

  (func (export "sort")
    (param $a i32) (param $b i32) (param $c i32) (param $d i32) (param $e i32) (param $f i32)
    (result i32 i32 i32 i32 i32 i32)
    (i32.store (i32.const 0) (local.get $a))
    (i32.store (i32.const 4) (local.get $b))
    (i32.store (i32.const 8) (local.get $c))
    (i32.store (i32.const 12) (local.get $d))
    (i32.store (i32.const 16) (local.get $e))
    (i32.store (i32.const 20) (local.get $f))
    (call $quicksort (i32.const 0) (i32.const 20))
    (i32.load (i32.const 0))
    (i32.load (i32.const 4))
    (i32.load (i32.const 8))
    (i32.load (i32.const 12))
    (i32.load (i32.const 16))
    (i32.load (i32.const 20)))
)
