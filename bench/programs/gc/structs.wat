;; Small structs, allocated in a row: a list of a hundred thousand of them is built again and again, and the one before
;; becomes garbage only when the next one is complete.
(module
  (type $node (struct (field $value i32) (field $next (ref null $node))))
  (global $kept (mut (ref null $node)) (ref.null $node))

  (func $build (param $count i32) (result (ref null $node))
    (local $list (ref null $node))
    (loop $next
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (local.set $list (struct.new $node (local.get $count) (local.get $list)))
      (br_if $next (local.get $count)))
    (local.get $list))

  (func $sum (param $list (ref null $node)) (result i64)
    (local $sum i64) (local $node (ref $node))
    (block $end
      (loop $next
        (local.set $node (br_on_null $end (local.get $list)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (struct.get $node $value (local.get $node)))))
        (local.set $list (struct.get $node $next (local.get $node)))
        (br $next))
      (unreachable))
    (local.get $sum))

  ;; The sum of all values in $rounds lists of $count nodes.
  (func $structs (export "structs") (param $count i32) (param $rounds i32) (result i64)
    (local $sum i64)
    (loop $next
      (global.set $kept (call $build (local.get $count)))
      (local.set $sum (i64.add (local.get $sum) (call $sum (global.get $kept))))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $next (local.get $rounds)))
    (local.get $sum))

  ;; A hundred times the sum of the numbers below a hundred thousand.
  (func (export "_start")
    (if (i64.ne (call $structs (i32.const 100_000) (i32.const 100)) (i64.const 499_995_000_000)) (then unreachable)))
)
