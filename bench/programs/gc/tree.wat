;; A binary tree of structs: built from the leaves up, walked twice, and dropped.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree)) (field $value (mut i32))))

  (func $build (param $depth i32) (param $value i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new $tree (ref.null $tree) (ref.null $tree) (local.get $value)))
      (else
        (struct.new $tree
          (call $build
            (i32.sub (local.get $depth) (i32.const 1))
            (i32.shl (local.get $value) (i32.const 1)))
          (call $build
            (i32.sub (local.get $depth) (i32.const 1))
            (i32.add (i32.shl (local.get $value) (i32.const 1)) (i32.const 1)))
          (local.get $value)))))

  ;; The sum of all values, each of which is doubled.
  (func $walk (param $tree (ref null $tree)) (result i64)
    (local $value i32)
    (if (ref.is_null (local.get $tree)) (then (return (i64.const 0))))
    (local.set $value (struct.get $tree $value (local.get $tree)))
    (struct.set $tree $value (local.get $tree) (i32.shl (local.get $value) (i32.const 1)))
    (i64.add
      (i64.extend_i32_u (local.get $value))
      (i64.add
        (call $walk (struct.get $tree $left (local.get $tree)))
        (call $walk (struct.get $tree $right (local.get $tree))))))

  ;; A tree of that depth, whose nodes have the numbers from 1 on, line by line.
  (func $grow (export "tree") (param $depth i32) (result i64)
    (local $tree (ref $tree))
    (local.set $tree (call $build (local.get $depth) (i32.const 1)))
    (i64.add (call $walk (local.get $tree)) (call $walk (local.get $tree))))

  ;; The numbers below 2^19, and then twice as much: 3 * (2^19 - 1) * 2^18.
  (func (export "_start")
    (if (i64.ne (call $grow (i32.const 18)) (i64.const 412_316_073_984)) (then unreachable)))
)
