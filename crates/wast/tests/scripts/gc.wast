;; References that the collector has to find, where a script of the specification does not look.

;; A parameter of a loop is of the loop's type, whatever it was in front of it.
(module
  (type $s (struct (field i32)))
  (func $make (param i32) (result (ref $s)) (struct.new $s (local.get 0)))
  (func (export "loop") (result i32) (local $n i32)
    (ref.i31 (i32.const 1))
    (loop $again (param anyref) (result i32)
      (drop (call $make (i32.const 5)))
      (drop (call $make (i32.const 6)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (if (param anyref) (result anyref) (i32.eq (local.get $n) (i32.const 1))
        (then (drop) (call $make (i32.const 77)) (br $again)))
      (ref.cast (ref $s)) (struct.get $s 0))))
(assert_return (invoke "loop") (i32.const 77))
