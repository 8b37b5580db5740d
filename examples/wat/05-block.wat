;; 5. Leaving a block
;;
;; WebAssembly has no jump to an arbitrary place. A `block` has a name, and `br` with that name goes to
;; its end, over everything that is left of it; `br_if` does so on a condition. From nested blocks one
;; can leave several at once. This is how early exits are written.
;;
;; The function says how many different lengths a triangle's sides have, or 0 if there is no such triangle.
;;
;; run: upshift run --invoke triangle examples/wat/05-block.wat 5 5 5
;; expect: 1
;; run: upshift run --invoke triangle examples/wat/05-block.wat 5 8 5
;; expect: 2
;; run: upshift run --invoke triangle examples/wat/05-block.wat 3 4 5
;; expect: 3
;; run: upshift run --invoke triangle examples/wat/05-block.wat 1 2 9
;; expect: 0

(module
  (func $triangle (export "triangle") (param $a i32) (param $b i32) (param $c i32) (result i32)
    ;; A block may have a result. Whoever branches to its end brings the value along.
    (block $answer (result i32)
      (block $impossible
        ;; Each side has to be shorter than the two others together.
        (br_if $impossible (i32.ge_s (local.get $a) (i32.add (local.get $b) (local.get $c))))
        (br_if $impossible (i32.ge_s (local.get $b) (i32.add (local.get $a) (local.get $c))))
        (br_if $impossible (i32.ge_s (local.get $c) (i32.add (local.get $a) (local.get $b))))

        (block $some_differ
          (br_if $some_differ (i32.ne (local.get $a) (local.get $b)))
          (br_if $some_differ (i32.ne (local.get $b) (local.get $c)))
          ;; This leaves all three blocks.
          (br $answer (i32.const 1)))

        ;; Here at least two sides differ: are there two that do not? An `if` can be left like a block.
        (if (i32.or
              (i32.eq (local.get $a) (local.get $b))
              (i32.or
                (i32.eq (local.get $b) (local.get $c))
                (i32.eq (local.get $c) (local.get $a))))
          (then (br $answer (i32.const 2))))
        (br $answer (i32.const 3)))

      ;; This is where `br $impossible` arrives. What follows is the value of the outer block.
      (i32.const 0)))
)
