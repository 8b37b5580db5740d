;; ---- Texts

(func (export "concat") (param $a (ref null $text)) (param $b (ref null $text)) (param $i i32) (param $p i32) (result (ref null $text))
  (local $n i32) (local $m i32) (local $r (ref $text))
  (local.set $n (array.len (local.get $a)))
  (local.set $m (array.len (local.get $b)))
  (if (i32.gt_u (i32.add (local.get $n) (local.get $m)) (i32.const 0x40000000)) (then (call $too_long (local.get $i) (local.get $p))))
  (local.set $r (array.new_default $text (i32.add (local.get $n) (local.get $m))))
  (array.copy $text $text (local.get $r) (i32.const 0) (local.get $a) (i32.const 0) (local.get $n))
  (array.copy $text $text (local.get $r) (local.get $n) (local.get $b) (i32.const 0) (local.get $m))
  (local.get $r))

;; Bytes from..to as a text of their own.
(func $sub (param $s (ref null $text)) (param $from i32) (param $to i32) (result (ref null $text))
  (local $n i32) (local $r (ref $text)) (local $c i32)
  (local.set $n (i32.sub (local.get $to) (local.get $from)))
  (if (i32.eq (local.get $n) (i32.const 1))
    (then
      (local.set $c (array.get_u $text (local.get $s) (local.get $from)))
      (return (call $ascii (local.get $c)))))
  (local.set $r (array.new_default $text (local.get $n)))
  (array.copy $text $text (local.get $r) (i32.const 0) (local.get $s) (local.get $from) (local.get $n))
  (local.get $r))

;; The texts of one ASCII character are made once.
(global $letters (ref $texts) (array.new_default $texts (i32.const 128)))
(func $ascii (param $c i32) (result (ref null $text))
  (local $s (ref null $text))
  (local.set $s (array.get $texts (global.get $letters) (local.get $c)))
  (if (ref.is_null (local.get $s))
    (then
      (local.set $s (array.new $text (local.get $c) (i32.const 1)))
      (array.set $texts (global.get $letters) (local.get $c) (local.get $s))))
  (local.get $s))

(func (export "equal") (param $a (ref null $text)) (param $b (ref null $text)) (result i32)
  (if (ref.eq (local.get $a) (local.get $b)) (then (return (i32.const 1))))
  (if (i32.ne (array.len (local.get $a)) (array.len (local.get $b))) (then (return (i32.const 0))))
  (call $at (local.get $a) (i32.const 0) (local.get $b)))

;; Whether `part` stands at byte `at` of `s`, which has room for it.
(func $at (param $s (ref null $text)) (param $at i32) (param $part (ref null $text)) (result i32)
  (local $k i32) (local $n i32)
  (local.set $n (array.len (local.get $part)))
  (loop $next
    (if (i32.ge_u (local.get $k) (local.get $n)) (then (return (i32.const 1))))
    (if (i32.ne
          (array.get_u $text (local.get $s) (i32.add (local.get $at) (local.get $k)))
          (array.get_u $text (local.get $part) (local.get $k)))
      (then (return (i32.const 0))))
    (local.set $k (i32.add (local.get $k) (i32.const 1)))
    (br $next))
  unreachable)

;; -1, 0, 1. The order of bytes in UTF-8 is that of code points.
(func (export "compare") (param $a (ref null $text)) (param $b (ref null $text)) (result i32)
  (local $k i32) (local $n i32) (local $x i32) (local $y i32) (local $la i32) (local $lb i32)
  (local.set $la (array.len (local.get $a)))
  (local.set $lb (array.len (local.get $b)))
  (local.set $n (select (local.get $la) (local.get $lb) (i32.lt_u (local.get $la) (local.get $lb))))
  (block $end
    (loop $next
      (br_if $end (i32.ge_u (local.get $k) (local.get $n)))
      (local.set $x (array.get_u $text (local.get $a) (local.get $k)))
      (local.set $y (array.get_u $text (local.get $b) (local.get $k)))
      (if (i32.ne (local.get $x) (local.get $y))
        (then (return (select (i32.const -1) (i32.const 1) (i32.lt_u (local.get $x) (local.get $y))))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $next)))
  (i32.sub (i32.gt_u (local.get $la) (local.get $lb)) (i32.lt_u (local.get $la) (local.get $lb))))

;; Where `part` stands first at or behind byte `from`, or -1.
(func $find (param $s (ref null $text)) (param $part (ref null $text)) (param $from i32) (result i32)
  (local $last i32) (local $n i32) (local $first i32)
  (local.set $n (array.len (local.get $part)))
  (local.set $last (i32.sub (array.len (local.get $s)) (local.get $n)))
  (if (i32.eqz (local.get $n))
    (then (return (select (local.get $from) (i32.const -1) (i32.le_s (local.get $from) (local.get $last))))))
  (local.set $first (array.get_u $text (local.get $part) (i32.const 0)))
  (loop $next
    (if (i32.gt_s (local.get $from) (local.get $last)) (then (return (i32.const -1))))
    (if (i32.eq (array.get_u $text (local.get $s) (local.get $from)) (local.get $first))
      (then
        (if (call $at (local.get $s) (local.get $from) (local.get $part)) (then (return (local.get $from))))))
    (local.set $from (i32.add (local.get $from) (i32.const 1)))
    (br $next))
  unreachable)

(func (export "contains") (param $s (ref null $text)) (param $part (ref null $text)) (result i32)
  (i32.ge_s (call $find (local.get $s) (local.get $part) (i32.const 0)) (i32.const 0)))

;; In characters.
(func (export "find") (param $s (ref null $text)) (param $part (ref null $text)) (result i64)
  (local $at i32)
  (local.set $at (call $find (local.get $s) (local.get $part) (i32.const 0)))
  (if (i32.lt_s (local.get $at) (i32.const 0)) (then (return (i64.const -1))))
  (i64.extend_i32_u (call $count (local.get $s) (i32.const 0) (local.get $at))))

(func (export "starts_with") (param $s (ref null $text)) (param $part (ref null $text)) (result i32)
  (if (i32.lt_u (array.len (local.get $s)) (array.len (local.get $part))) (then (return (i32.const 0))))
  (call $at (local.get $s) (i32.const 0) (local.get $part)))

(func (export "ends_with") (param $s (ref null $text)) (param $part (ref null $text)) (result i32)
  (local $at i32)
  (local.set $at (i32.sub (array.len (local.get $s)) (array.len (local.get $part))))
  (if (i32.lt_s (local.get $at) (i32.const 0)) (then (return (i32.const 0))))
  (call $at (local.get $s) (local.get $at) (local.get $part)))

;; How many characters begin in from..to.
(func $count (param $s (ref null $text)) (param $from i32) (param $to i32) (result i32)
  (local $n i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
      (local.set $n
        (i32.add (local.get $n)
          (i32.ne (i32.and (array.get_u $text (local.get $s) (local.get $from)) (i32.const 0xc0)) (i32.const 0x80))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br $next)))
  (local.get $n))

;; The text whose length was asked for last, so that loops up to `s.len()` take time in proportion.
(global $measured (mut (ref null $text)) (ref.null $text))
(global $measure (mut i32) (i32.const 0))
(func $len (param $s (ref null $text)) (result i32)
  (if (i32.eqz (ref.eq (local.get $s) (global.get $measured)))
    (then
      (global.set $measure (call $count (local.get $s) (i32.const 0) (array.len (local.get $s))))
      (global.set $measured (local.get $s))))
  (global.get $measure))
(func (export "len") (param $s (ref null $text)) (result i64) (i64.extend_i32_u (call $len (local.get $s))))

;; How many bytes a character has, by its first.
(func $width (param $byte i32) (result i32)
  (if (i32.lt_u (local.get $byte) (i32.const 0x80)) (then (return (i32.const 1))))
  (if (i32.lt_u (local.get $byte) (i32.const 0xe0)) (then (return (i32.const 2))))
  (i32.sub (i32.const 4) (i32.lt_u (local.get $byte) (i32.const 0xf0))))

(func $next (param $s (ref null $text)) (param $at i32) (result i32)
  (i32.add (local.get $at) (call $width (array.get_u $text (local.get $s) (local.get $at)))))

;; The byte where character `n` begins, at most the length: where one was looked for last it is not far to the next.
(global $sought (mut (ref null $text)) (ref.null $text))
(global $sought_char (mut i32) (i32.const 0))
(global $sought_byte (mut i32) (i32.const 0))
(func $seek (param $s (ref null $text)) (param $n i32) (result i32)
  (local $c i32) (local $b i32)
  (if (ref.eq (local.get $s) (global.get $sought))
    (then
      (if (i32.ge_u (local.get $n) (global.get $sought_char))
        (then
          (local.set $c (global.get $sought_char))
          (local.set $b (global.get $sought_byte))))))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $c) (local.get $n)))
      (local.set $b (call $next (local.get $s) (local.get $b)))
      (local.set $c (i32.add (local.get $c) (i32.const 1)))
      (br $next)))
  (global.set $sought (local.get $s))
  (global.set $sought_char (local.get $c))
  (global.set $sought_byte (local.get $b))
  (local.get $b))

(func (export "char_at") (param $s (ref null $text)) (param $n i64) (param $i i32) (param $p i32) (result (ref null $text))
  (local $len i32) (local $at i32)
  (local.set $len (call $len (local.get $s)))
  (if (i64.ge_u (local.get $n) (i64.extend_i32_u (local.get $len)))
    (then (call $fail (i32.const 3) (local.get $i) (local.get $p) (local.get $n) (i64.extend_i32_u (local.get $len)))))
  (call $sub (local.get $s)
    (local.tee $at (call $seek (local.get $s) (i32.wrap_i64 (local.get $n))))
    (call $next (local.get $s) (local.get $at))))

;; For loops: the character that begins at a byte; `next` of its length says where the one behind begins.
(func (export "char") (param $s (ref null $text)) (param $at i32) (result (ref null $text))
  (call $sub (local.get $s) (local.get $at) (call $next (local.get $s) (local.get $at))))

(func (export "slice") (param $s (ref null $text)) (param $from i64) (param $to i64) (param $i i32) (param $p i32) (result (ref null $text))
  (if (i32.or (i64.gt_u (local.get $from) (local.get $to)) (i64.gt_u (local.get $to) (i64.extend_i32_u (call $len (local.get $s)))))
    (then (call $fail (i32.const 4) (local.get $i) (local.get $p) (local.get $from) (local.get $to))))
  (call $sub (local.get $s)
    (call $seek (local.get $s) (i32.wrap_i64 (local.get $from)))
    (call $seek (local.get $s) (i32.wrap_i64 (local.get $to)))))

;; The number of the character at a byte.
(func $decode (param $s (ref null $text)) (param $at i32) (result i32)
  (local $c i32) (local $n i32)
  (local.set $c (array.get_u $text (local.get $s) (local.get $at)))
  (local.set $n (call $width (local.get $c)))
  (if (i32.eq (local.get $n) (i32.const 1)) (then (return (local.get $c))))
  (local.set $c (i32.and (local.get $c) (i32.shr_u (i32.const 0x7f) (local.get $n))))
  (loop $next
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $c
      (i32.or (i32.shl (local.get $c) (i32.const 6)) (i32.and (array.get_u $text (local.get $s) (local.get $at)) (i32.const 0x3f))))
    (br_if $next (i32.gt_u (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 1))))
  (local.get $c))

(func (export "code") (param $s (ref null $text)) (param $i i32) (param $p i32) (result i64)
  (if (i32.eqz (array.len (local.get $s))) (then (call $fail_with (i32.const 83) (i32.const 17) (local.get $i) (local.get $p))))
  (i64.extend_i32_u (call $decode (local.get $s) (i32.const 0))))

(func (export "int_to_char") (param $x i64) (param $i i32) (param $p i32) (result (ref null $text))
  (local $c i32) (local $start i32)
  (if (i32.or
        (i64.gt_u (local.get $x) (i64.const 0x10ffff))
        (i64.eq (i64.and (local.get $x) (i64.const -2048)) (i64.const 0xd800)))
    (then (call $fail_with (i32.const 0) (i32.const 37) (local.get $i) (local.get $p))))
  (local.set $c (i32.wrap_i64 (local.get $x)))
  (if (i32.lt_u (local.get $c) (i32.const 0x80)) (then (return (call $ascii (local.get $c)))))
  (local.set $start (call $begin))
  (if (i32.lt_u (local.get $c) (i32.const 0x800))
    (then (call $put_byte (i32.or (i32.const 0xc0) (i32.shr_u (local.get $c) (i32.const 6)))))
    (else
      (if (i32.lt_u (local.get $c) (i32.const 0x10000))
        (then (call $put_byte (i32.or (i32.const 0xe0) (i32.shr_u (local.get $c) (i32.const 12)))))
        (else
          (call $put_byte (i32.or (i32.const 0xf0) (i32.shr_u (local.get $c) (i32.const 18))))
          (call $put_byte (call $tail (i32.shr_u (local.get $c) (i32.const 12))))))
      (call $put_byte (call $tail (i32.shr_u (local.get $c) (i32.const 6))))))
  (call $put_byte (call $tail (local.get $c)))
  (call $end (local.get $start)))

(func $tail (param $bits i32) (result i32) (i32.or (i32.const 0x80) (i32.and (local.get $bits) (i32.const 0x3f))))
