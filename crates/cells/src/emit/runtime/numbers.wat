;; ---- Numbers and texts

(func (export "int_to_base") (param $x i64) (param $base i64) (param $i i32) (param $p i32) (result (ref null $text))
  (local $start i32)
  (if (i64.gt_u (i64.sub (local.get $base) (i64.const 2)) (i64.const 34))
    (then (call $fail_with (i32.const 37) (i32.const 22) (local.get $i) (local.get $p))))
  (local.set $start (call $begin))
  (call $put_base (local.get $x) (local.get $base))
  (call $end (local.get $start)))

(func (export "float_fixed") (param $x f64) (param $digits i64) (param $i i32) (param $p i32) (result (ref null $text))
  (local $start i32)
  (if (i64.gt_u (local.get $digits) (i64.const 100))
    (then (call $fail_with (i32.const 100) (i32.const 37) (local.get $i) (local.get $p))))
  (local.set $start (call $begin))
  (call $put_memory (global.get $piece)
    (call $host_float_fixed (local.get $x) (i32.wrap_i64 (local.get $digits)) (global.get $piece)))
  (call $end (local.get $start)))

;; The number that a text is, and whether it is one: digits, with a sign or without.
(func $parse_int (param $s (ref null $text)) (result i64 i32)
  (local $n i32) (local $k i32) (local $d i64) (local $r i64) (local $negative i32)
  (local.set $n (array.len (local.get $s)))
  (if (local.get $n)
    (then
      (local.set $d (i64.extend_i32_u (array.get_u $text (local.get $s) (i32.const 0))))
      (local.set $negative (i64.eq (local.get $d) (i64.const 45)))
      (local.set $k (i32.or (local.get $negative) (i64.eq (local.get $d) (i64.const 43))))))
  (if (i32.eq (local.get $k) (local.get $n)) (then (return (i64.const 0) (i32.const 0))))
  ;; Gathered below zero, where the least Int is.
  (loop $next
    (local.set $d (i64.sub (i64.extend_i32_u (array.get_u $text (local.get $s) (local.get $k))) (i64.const 48)))
    (if (i64.gt_u (local.get $d) (i64.const 9)) (then (return (i64.const 0) (i32.const 0))))
    (if (i64.lt_s (local.get $r) (i64.const -922337203685477580)) (then (return (i64.const 0) (i32.const 0))))
    (local.set $r (i64.mul (local.get $r) (i64.const 10)))
    (if (i64.lt_s (local.get $r) (i64.add (i64.const 0x8000000000000000) (local.get $d))) (then (return (i64.const 0) (i32.const 0))))
    (local.set $r (i64.sub (local.get $r) (local.get $d)))
    (br_if $next (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n))))
  (if (local.get $negative) (then (return (local.get $r) (i32.const 1))))
  (i64.sub (i64.const 0) (local.get $r))
  (i64.ne (local.get $r) (i64.const 0x8000000000000000)))

(func (export "is_int") (param $s (ref null $text)) (result i32)
  (local $ok i32)
  (call $parse_int (local.get $s))
  local.set $ok
  drop
  (local.get $ok))

(func (export "to_int") (param $s (ref null $text)) (param $i i32) (param $p i32) (result i64)
  (local $ok i32) (local $x i64)
  (call $parse_int (local.get $s))
  local.set $ok
  local.set $x
  (if (i32.eqz (local.get $ok)) (then (call $not_a_number (local.get $s) (local.get $i) (local.get $p))))
  (local.get $x))

;; The text, quoted and shortened, is the message.
(func $not_a_number (param $s (ref null $text)) (param $i i32) (param $p i32)
  (local $start i32)
  (local.set $start (call $begin))
  (if (i32.gt_u (array.len (local.get $s)) (i32.const 400))
    (then
      (local.set $s (call $sub (local.get $s) (i32.const 0) (call $seek (local.get $s) (i32.const 100))))
      (call $put_quoted (local.get $s))
      (call $put_short (i64.const 0xa680e2)))
    (else (call $put_quoted (local.get $s))))
  (local.set $s (call $end (local.get $start)))
  (call $pieces (i32.const 3) (local.get $s) (array.len (local.get $s)))
  (call $fail (i32.const 7) (local.get $i) (local.get $p) (i64.const 0) (i64.const 0)))

(func $parse_float (param $s (ref null $text)) (result f64)
  ;; Longer texts than fit into a piece are no numbers that anybody means.
  (if (i32.gt_u (array.len (local.get $s)) (global.get $piece)) (then (return (f64.const nan:0x8000000000001))))
  (call $to_memory (local.get $s) (i32.const 0) (array.len (local.get $s)))
  (call $host_parse_float (i32.const 0) (array.len (local.get $s))))

(func $is_none (param $x f64) (result i32) (i64.eq (i64.reinterpret_f64 (local.get $x)) (i64.const 0x7ff8000000000001)))

(func (export "is_float") (param $s (ref null $text)) (result i32)
  (i32.eqz (call $is_none (call $parse_float (local.get $s)))))

(func (export "to_float") (param $s (ref null $text)) (param $i i32) (param $p i32) (result f64)
  (local $x f64)
  (local.set $x (call $parse_float (local.get $s)))
  (if (call $is_none (local.get $x)) (then (call $not_a_number (local.get $s) (local.get $i) (local.get $p))))
  (local.get $x))

(func (export "math") (param $function i32) (param $x f64) (param $y f64) (result f64)
  (call $host_math (local.get $function) (local.get $x) (local.get $y)))

(func (export "random") (result f64) (call $host_random))
