;; Arrays of numbers and of references: made, filled, copied, written and read element by element.
(module
  (type $numbers (array (mut i32)))
  (type $box (struct (field $value i32)))
  (type $boxes (array (mut (ref null $box))))

  ;; The sum of 0, 1, … and of twice the last number, in a copy and behind a filled part.
  (func $of_numbers (param $count i32) (result i32)
    (local $from (ref $numbers)) (local $to (ref $numbers)) (local $i i32) (local $sum i32)
    (local.set $from (array.new_default $numbers (local.get $count)))
    (loop $next
      (array.set $numbers (local.get $from) (local.get $i) (local.get $i))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
    (local.set $to (array.new $numbers (i32.const 7) (i32.add (local.get $count) (i32.const 2))))
    (array.copy $numbers $numbers (local.get $to) (i32.const 2) (local.get $from) (i32.const 0) (local.get $count))
    (array.fill $numbers (local.get $to) (i32.const 0) (i32.sub (local.get $count) (i32.const 1)) (i32.const 2))
    (local.set $i (i32.const 0))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (array.get $numbers (local.get $to) (local.get $i))))
      (br_if $next
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $to)))))
    (local.get $sum))

  ;; The same with a box for each number.
  (func $of_boxes (param $count i32) (result i32)
    (local $from (ref $boxes)) (local $to (ref $boxes)) (local $i i32) (local $sum i32)
    (local.set $from (array.new_default $boxes (local.get $count)))
    (loop $next
      (array.set $boxes (local.get $from) (local.get $i) (struct.new $box (local.get $i)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
    (local.set $to (array.new_default $boxes (i32.add (local.get $count) (i32.const 2))))
    (array.copy $boxes $boxes (local.get $to) (i32.const 2) (local.get $from) (i32.const 0) (local.get $count))
    (array.fill $boxes
      (local.get $to)
      (i32.const 0)
      (array.get $boxes (local.get $from) (i32.sub (local.get $count) (i32.const 1)))
      (i32.const 2))
    (local.set $i (i32.const 0))
    (loop $next
      (local.set $sum
        (i32.add
          (local.get $sum)
          (struct.get $box $value (array.get $boxes (local.get $to) (local.get $i)))))
      (br_if $next
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $to)))))
    (local.get $sum))

  (func $arrays (export "arrays") (param $count i32) (param $rounds i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (call $of_numbers (local.get $count))))
      (local.set $sum (i32.add (local.get $sum) (call $of_boxes (local.get $count))))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  ;; A round adds up the numbers below ten thousand and the last of them twice, in both kinds: 200 * 2 * (49_995_000 +
  ;; 2 * 9_999), which is this number modulo 2^32.
  (func (export "_start")
    (if (i32.ne (call $arrays (i32.const 10_000) (i32.const 200)) (i32.const -1468837280)) (then unreachable)))
)
