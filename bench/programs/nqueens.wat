;; Recursion with a board in memory and branches that are hard to predict: queens that leave each other alone.
(module
  ;; board[row] is the column of the queen in that row.
  (memory (export "memory") 1)

  ;; 1 when a queen at ($row, $column) is not attacked from a row above.
  (func $safe (param $row i32) (param $column i32) (result i32)
    (local $above i32) (local $other i32)
    (loop $next (result i32)
      (if (result i32) (i32.ge_u (local.get $above) (local.get $row))
        (then (i32.const 1))
        (else
          (local.set $other (i32.load (i32.shl (local.get $above) (i32.const 2))))
          (if (result i32)
            (i32.or
              (i32.eq (local.get $other) (local.get $column))
              (i32.or
                (i32.eq
                  (i32.sub (local.get $row) (local.get $above))
                  (i32.sub (local.get $column) (local.get $other)))
                (i32.eq
                  (i32.sub (local.get $row) (local.get $above))
                  (i32.sub (local.get $other) (local.get $column)))))
            (then (i32.const 0))
            (else
              (local.set $above (i32.add (local.get $above) (i32.const 1)))
              (br $next)))))))

  (func $place (param $row i32) (param $size i32) (result i32)
    (local $column i32) (local $count i32)
    (if (i32.eq (local.get $row) (local.get $size)) (then (return (i32.const 1))))
    (loop $next
      (if (call $safe (local.get $row) (local.get $column))
        (then
          (i32.store (i32.shl (local.get $row) (i32.const 2)) (local.get $column))
          (local.set $count
            (i32.add
              (local.get $count)
              (call $place (i32.add (local.get $row) (i32.const 1)) (local.get $size))))))
      (local.set $column (i32.add (local.get $column) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $column) (local.get $size))))
    (local.get $count))

  (func $nqueens (export "nqueens") (param $size i32) (result i32)
    (call $place (i32.const 0) (local.get $size)))

  ;; Eight queens are placed in about a millisecond: fifty times, to be more than the start of the process.
  (func (export "_start")
    (local $round i32)
    (loop $again
      (if (i32.ne (call $nqueens (i32.const 8)) (i32.const 92)) (then unreachable))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 50)))))
)
