;; ---- Checkpoints: bytes are gathered in the page and go to the host when it is full; the other way round for reading.

(global $at (mut i32) (i32.const 0))
(global $filled (mut i32) (i32.const 0))
;; The greatest mark that an object has ever been given: objects with a greater one are those that this checkpoint has met.
(global $mark (export "mark") (mut i32) (i32.const 0))

(func $corrupt (export "corrupt")
  (call $fail (i32.const 13) (i32.const -1) (i32.const 0) (i64.const 0) (i64.const 0)))

(func (export "start")
  (global.set $at (i32.const 0))
  (global.set $filled (i32.const 0)))

(func $send (export "send")
  (if (global.get $at) (then (call $host_write (i32.const 0) (global.get $at))))
  (global.set $at (i32.const 0)))

(func $write_byte (param $b i32)
  (if (i32.eq (global.get $at) (global.get $page)) (then (call $send)))
  (i32.store8 (global.get $at) (local.get $b))
  (global.set $at (i32.add (global.get $at) (i32.const 1))))

;; Seven bits in each byte, the lowest first; all but the last have the eighth bit.
(func $write_number (export "write_number") (param $x i64)
  (loop $next
    (if (i64.gt_u (local.get $x) (i64.const 127))
      (then
        (call $write_byte (i32.or (i32.const 0x80) (i32.wrap_i64 (local.get $x))))
        (local.set $x (i64.shr_u (local.get $x) (i64.const 7)))
        (br $next))))
  (call $write_byte (i32.wrap_i64 (local.get $x))))

;; Numbers near zero are short, whatever their sign.
(func (export "write_int") (param $x i64)
  (call $write_number (i64.xor (i64.shl (local.get $x) (i64.const 1)) (i64.shr_s (local.get $x) (i64.const 63)))))

(func $write_fixed (param $x i64) (param $n i32)
  (loop $next
    (call $write_byte (i32.wrap_i64 (local.get $x)))
    (local.set $x (i64.shr_u (local.get $x) (i64.const 8)))
    (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

(func (export "write_word") (param $x i32) (call $write_fixed (i64.extend_i32_u (local.get $x)) (i32.const 4)))
(func (export "write_float") (param $x f64) (call $write_fixed (i64.reinterpret_f64 (local.get $x)) (i32.const 8)))

(func (export "write_text") (param $s (ref null $text))
  (local $k i32)
  (call $write_number (i64.extend_i32_u (array.len (local.get $s))))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $k) (array.len (local.get $s))))
      (call $write_byte (array.get_u $text (local.get $s) (local.get $k)))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $next))))

(func $read_byte (result i32)
  (local $b i32)
  (if (i32.eq (global.get $at) (global.get $filled))
    (then
      (global.set $at (i32.const 0))
      (global.set $filled (call $host_read (i32.const 0) (global.get $page)))
      (if (i32.gt_u (i32.sub (global.get $filled) (i32.const 1)) (i32.sub (global.get $page) (i32.const 1)))
        (then
          (global.set $filled (i32.const 0))
          (call $corrupt)))))
  (local.set $b (i32.load8_u (global.get $at)))
  (global.set $at (i32.add (global.get $at) (i32.const 1)))
  (local.get $b))

(func $read_number (export "read_number") (result i64)
  (local $x i64) (local $b i64) (local $shift i64)
  (loop $next
    (local.set $b (i64.extend_i32_u (call $read_byte)))
    (if (i64.gt_u (local.get $shift) (i64.const 63)) (then (call $corrupt)))
    (local.set $x (i64.or (local.get $x) (i64.shl (i64.and (local.get $b) (i64.const 127)) (local.get $shift))))
    (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
    (br_if $next (i64.gt_u (local.get $b) (i64.const 127))))
  (local.get $x))

;; A number below a bound.
(func $read_below (export "read_below") (param $bound i32) (result i32)
  (local $x i64)
  (local.set $x (call $read_number))
  (if (i64.ge_u (local.get $x) (i64.extend_i32_u (local.get $bound))) (then (call $corrupt)))
  (i32.wrap_i64 (local.get $x)))

(func (export "read_int") (result i64)
  (local $x i64)
  (local.set $x (call $read_number))
  (i64.xor (i64.shr_u (local.get $x) (i64.const 1)) (i64.sub (i64.const 0) (i64.and (local.get $x) (i64.const 1)))))

(func $read_fixed (param $n i64) (result i64)
  (local $x i64) (local $shift i64)
  (loop $next
    (local.set $x (i64.or (local.get $x) (i64.shl (i64.extend_i32_u (call $read_byte)) (local.get $shift))))
    (br_if $next (i64.lt_u (local.tee $shift (i64.add (local.get $shift) (i64.const 8))) (local.get $n))))
  (local.get $x))

(func (export "read_word") (result i32) (i32.wrap_i64 (call $read_fixed (i64.const 32))))
(func (export "read_float") (result f64) (f64.reinterpret_i64 (call $read_fixed (i64.const 64))))

;; A length is believed only as far as bytes come; and they have to be UTF-8, on which everything above relies.
(func (export "read_text") (result (ref null $text))
  (local $n i32) (local $start i32) (local $s (ref null $text))
  (local.set $n (call $read_below (i32.const 0x40000001)))
  (local.set $start (call $begin))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $n)))
      (call $put_byte (call $read_byte))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
  (local.set $s (call $end (local.get $start)))
  (call $check (local.get $s))
  (local.get $s))

(func $check (param $s (ref null $text))
  (local $at i32) (local $k i32) (local $w i32) (local $c i32) (local $n i32)
  (local.set $n (array.len (local.get $s)))
  (block $bad
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $n)) (then (return)))
      (local.set $c (array.get_u $text (local.get $s) (local.get $at)))
      (if (i32.lt_u (local.get $c) (i32.const 0x80))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))
      (br_if $bad (i32.gt_u (i32.sub (local.get $c) (i32.const 0xc2)) (i32.const 0x32)))
      (local.set $w (call $width (local.get $c)))
      (br_if $bad (i32.gt_u (i32.add (local.get $at) (local.get $w)) (local.get $n)))
      (local.set $k (i32.const 1))
      (loop $tail
        (br_if $bad
          (i32.ne
            (i32.and (array.get_u $text (local.get $s) (i32.add (local.get $at) (local.get $k))) (i32.const 0xc0))
            (i32.const 0x80)))
        (br_if $tail (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $w))))
      ;; Neither longer than needed, nor a surrogate, nor above the last.
      (local.set $c (call $decode (local.get $s) (local.get $at)))
      (br_if $bad
        (i32.and (i32.eq (local.get $w) (i32.const 3))
          (i32.or (i32.lt_u (local.get $c) (i32.const 0x800))
            (i32.eq (i32.and (local.get $c) (i32.const -2048)) (i32.const 0xd800)))))
      (br_if $bad
        (i32.and (i32.eq (local.get $w) (i32.const 4))
          (i32.gt_u (i32.sub (local.get $c) (i32.const 0x10000)) (i32.const 0xfffff))))
      (local.set $at (i32.add (local.get $at) (local.get $w)))
      (br $next)))
  (call $corrupt))
