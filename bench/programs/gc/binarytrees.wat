;; Binary trees of many depths: some live long, most are dropped as soon as their nodes are counted. It is the program of
;; that name from the Computer Language Benchmarks Game, at depth 16.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))

  (func $build (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (local.get $depth)
      (then
        (struct.new $tree
          (call $build (i32.sub (local.get $depth) (i32.const 1)))
          (call $build (i32.sub (local.get $depth) (i32.const 1)))))
      (else (struct.new $tree (ref.null $tree) (ref.null $tree)))))

  (func $count (param $tree (ref $tree)) (result i32)
    (local $left (ref null $tree))
    (local.set $left (struct.get $tree $left (local.get $tree)))
    (if (ref.is_null (local.get $left)) (then (return (i32.const 1))))
    (i32.add (i32.const 1)
      (i32.add
        (call $count (ref.as_non_null (local.get $left)))
        (call $count (ref.as_non_null (struct.get $tree $right (local.get $tree)))))))

  ;; The nodes of all trees up to a depth: one of a depth more, one that lives as long as all others, and for every second
  ;; depth as many as together have about the same number of nodes.
  (func $trees (export "trees") (param $max i32) (result i64)
    (local $long (ref $tree)) (local $depth i32) (local $left i32) (local $sum i64)
    (local.set $sum (i64.extend_i32_u (call $count (call $build (i32.add (local.get $max) (i32.const 1))))))
    (local.set $long (call $build (local.get $max)))
    (local.set $depth (i32.const 4))
    (loop $depths
      (local.set $left
        (i32.shl (i32.const 1) (i32.add (i32.sub (local.get $max) (local.get $depth)) (i32.const 4))))
      (loop $next
        (local.set $sum
          (i64.add (local.get $sum) (i64.extend_i32_u (call $count (call $build (local.get $depth))))))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (local.set $depth (i32.add (local.get $depth) (i32.const 2)))
      (br_if $depths (i32.le_u (local.get $depth) (local.get $max))))
    (i64.add (local.get $sum) (i64.extend_i32_u (call $count (local.get $long)))))

  ;; For n = 16: 2^18 - 1, 2^17 - 1 and for each depth d of 4, 6, ... 16 the product of 2^(20 - d) and 2^(d + 1) - 1.
  (func (export "_start")
    (if (i64.ne (call $trees (i32.const 16)) (i64.const 14_985_902)) (then unreachable)))
)
