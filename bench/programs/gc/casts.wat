;; Questions for the type of a reference: an array of structs of four types and of small integers, in random order, is
;; asked in the three ways there are.
(module
  (rec
    (type $shape (sub (struct (field $side i32))))
    (type $square (sub $shape (struct (field $side i32))))
    (type $box (sub $shape (struct (field $side i32) (field $height i32))))
    (type $cube (sub final $box (struct (field $side i32) (field $height i32) (field $depth i32)))))
  (type $things (array (mut eqref)))

  ;; One of the five kinds by a random number, with a side from 1 to 8.
  (func $make (param $random i32) (result eqref)
    (local $side i32)
    (local.set $side (i32.add (i32.and (local.get $random) (i32.const 7)) (i32.const 1)))
    (block $small
      (block $cube
        (block $box
          (block $square
            (block $shape
              (br_table $shape $square $box $cube $small
                (i32.rem_u (i32.shr_u (local.get $random) (i32.const 3)) (i32.const 5))))
            (return (struct.new $shape (local.get $side))))
          (return (struct.new $square (local.get $side))))
        (return (struct.new $box (local.get $side) (i32.const 2))))
      (return (struct.new $cube (local.get $side) (i32.const 2) (i32.const 3))))
    (ref.i31 (local.get $side)))

  (func $fill (param $count i32) (result (ref $things))
    (local $things (ref $things)) (local $random i32) (local $i i32)
    (local.set $things (array.new_default $things (local.get $count)))
    (local.set $random (i32.const 1))
    (loop $next
      (local.set $random (i32.xor (local.get $random) (i32.shl (local.get $random) (i32.const 13))))
      (local.set $random (i32.xor (local.get $random) (i32.shr_u (local.get $random) (i32.const 17))))
      (local.set $random (i32.xor (local.get $random) (i32.shl (local.get $random) (i32.const 5))))
      (array.set $things (local.get $things) (local.get $i) (call $make (local.get $random)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
    (local.get $things))

  ;; ref.test and ref.cast: the sides of all that is a shape, and a hundred times more of those that are a box.
  (func $by_test (param $thing eqref) (result i32)
    (if (i32.eqz (ref.test (ref $shape) (local.get $thing))) (then (return (i32.const 0))))
    (if (result i32) (ref.test (ref $box) (local.get $thing))
      (then (i32.mul (struct.get $box $side (ref.cast (ref $box) (local.get $thing))) (i32.const 100)))
      (else (struct.get $shape $side (ref.cast (ref $shape) (local.get $thing))))))

  ;; br_on_cast: the volume of a cube, the surface of a box without its lids, the side of any other shape, the number.
  (func $by_branch (param $thing eqref) (result i32)
    (local $shape (ref $shape)) (local $box (ref $box)) (local $cube (ref $cube))
    (block $is_small (result (ref i31))
      (block $is_shape (result (ref $shape))
        (block $is_box (result (ref $box))
          (block $is_cube (result (ref $cube))
            (br_on_cast $is_small eqref (ref i31)
              (br_on_cast $is_shape eqref (ref $shape)
                (br_on_cast $is_box eqref (ref $box)
                  (br_on_cast $is_cube eqref (ref $cube) (local.get $thing)))))
            (unreachable))
          (local.set $cube)
          (return
            (i32.mul
              (struct.get $cube $side (local.get $cube))
              (i32.mul
                (struct.get $cube $height (local.get $cube))
                (struct.get $cube $depth (local.get $cube))))))
        (local.set $box)
        (return
          (i32.shl
            (i32.mul (struct.get $box $side (local.get $box)) (struct.get $box $height (local.get $box)))
            (i32.const 2))))
      (local.set $shape)
      (return (struct.get $shape $side (local.get $shape))))
    (i31.get_u))

  (func $casts (export "casts") (param $count i32) (param $rounds i32) (result i32)
    (local $things (ref $things)) (local $i i32) (local $sum i32)
    (local.set $things (call $fill (local.get $count)))
    (loop $round
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $sum
          (i32.add
            (i32.mul (local.get $sum) (i32.const 31))
            (i32.add
              (call $by_test (array.get $things (local.get $things) (local.get $i)))
              (call $by_branch (array.get $things (local.get $things) (local.get $i))))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  (func (export "_start")
    (if (i32.ne (call $casts (i32.const 10_000) (i32.const 100)) (i32.const 1618024344)) (then unreachable)))
)
