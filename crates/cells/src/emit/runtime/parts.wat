;; ---- Texts in parts

(func $list (result (ref $text_list))
  (struct.new $text_list (i32.const 0) (i32.const 0) (array.new_default $texts (i32.const 8))))

(func $add (param $list (ref $text_list)) (param $s (ref null $text))
  (local $n i32) (local $new (ref $texts))
  (local.set $n (struct.get $text_list $len (local.get $list)))
  (if (i32.eq (local.get $n) (array.len (struct.get $text_list $data (local.get $list))))
    (then
      (local.set $new (array.new_default $texts (i32.shl (local.get $n) (i32.const 1))))
      (array.copy $texts $texts (local.get $new) (i32.const 0) (struct.get $text_list $data (local.get $list)) (i32.const 0) (local.get $n))
      (struct.set $text_list $data (local.get $list) (local.get $new))))
  (array.set $texts (struct.get $text_list $data (local.get $list)) (local.get $n) (local.get $s))
  (struct.set $text_list $len (local.get $list) (i32.add (local.get $n) (i32.const 1))))

(func $chars (export "chars") (param $s (ref null $text)) (result (ref null $text_list))
  (local $list (ref $text_list)) (local $at i32) (local $end i32)
  (local.set $list (call $list))
  (loop $next
    (if (i32.ge_u (local.get $at) (array.len (local.get $s))) (then (return (local.get $list))))
    (local.set $end (call $next (local.get $s) (local.get $at)))
    (call $add (local.get $list) (call $sub (local.get $s) (local.get $at) (local.get $end)))
    (local.set $at (local.get $end))
    (br $next))
  unreachable)

(func (export "bytes") (param $s (ref null $text)) (result (ref null $int_list))
  (local $data (ref $ints)) (local $n i32) (local $k i32)
  (local.set $n (array.len (local.get $s)))
  (local.set $data (array.new_default $ints (local.get $n)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $k) (local.get $n)))
      (array.set $ints (local.get $data) (local.get $k) (i64.extend_i32_u (array.get_u $text (local.get $s) (local.get $k))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $next)))
  (struct.new $int_list (i32.const 0) (local.get $n) (local.get $data)))

(func (export "split") (param $s (ref null $text)) (param $separator (ref null $text)) (result (ref null $text_list))
  (local $list (ref $text_list)) (local $from i32) (local $at i32)
  (if (i32.eqz (array.len (local.get $separator))) (then (return (call $chars (local.get $s)))))
  (local.set $list (call $list))
  (loop $next
    (local.set $at (call $find (local.get $s) (local.get $separator) (local.get $from)))
    (if (i32.ge_s (local.get $at) (i32.const 0))
      (then
        (call $add (local.get $list) (call $sub (local.get $s) (local.get $from) (local.get $at)))
        (local.set $from (i32.add (local.get $at) (array.len (local.get $separator))))
        (br $next))))
  (call $add (local.get $list) (call $sub (local.get $s) (local.get $from) (array.len (local.get $s))))
  (local.get $list))

;; Line feeds end lines, with a carriage return before them or not; behind the last there is no line.
(func (export "lines") (param $s (ref null $text)) (result (ref null $text_list))
  (local $list (ref $text_list)) (local $from i32) (local $at i32) (local $end i32) (local $n i32)
  (local.set $n (array.len (local.get $s)))
  (local.set $list (call $list))
  (loop $next
    (if (i32.ge_u (local.get $from) (local.get $n)) (then (return (local.get $list))))
    (local.set $at (call $find (local.get $s) (call $ascii (i32.const 10)) (local.get $from)))
    (if (i32.lt_s (local.get $at) (i32.const 0))
      (then
        (call $add (local.get $list) (call $sub (local.get $s) (local.get $from) (local.get $n)))
        (return (local.get $list))))
    (local.set $end (local.get $at))
    (if (i32.gt_u (local.get $end) (local.get $from))
      (then
        (if (i32.eq (array.get_u $text (local.get $s) (i32.sub (local.get $end) (i32.const 1))) (i32.const 13))
          (then (local.set $end (i32.sub (local.get $end) (i32.const 1)))))))
    (call $add (local.get $list) (call $sub (local.get $s) (local.get $from) (local.get $end)))
    (local.set $from (i32.add (local.get $at) (i32.const 1)))
    (br $next))
  unreachable)

;; Unicode's property White_Space.
(func $is_space (param $c i32) (result i32)
  (if (i32.lt_u (local.get $c) (i32.const 0x80))
    (then (return (i32.or (i32.eq (local.get $c) (i32.const 32)) (i32.lt_u (i32.sub (local.get $c) (i32.const 9)) (i32.const 5))))))
  (i32.or
    (i32.or
      (i32.or (i32.eq (local.get $c) (i32.const 0x85)) (i32.eq (local.get $c) (i32.const 0xa0)))
      (i32.or (i32.eq (local.get $c) (i32.const 0x1680)) (i32.eq (local.get $c) (i32.const 0x3000))))
    (i32.or
      (i32.or (i32.lt_u (i32.sub (local.get $c) (i32.const 0x2000)) (i32.const 11)) (i32.eq (local.get $c) (i32.const 0x205f)))
      (i32.or (i32.lt_u (i32.sub (local.get $c) (i32.const 0x2028)) (i32.const 2)) (i32.eq (local.get $c) (i32.const 0x202f))))))

(func (export "words") (param $s (ref null $text)) (result (ref null $text_list))
  (local $list (ref $text_list)) (local $from i32) (local $at i32) (local $n i32)
  (local.set $n (array.len (local.get $s)))
  (local.set $list (call $list))
  (local.set $from (i32.const -1))
  (loop $next
    (if (i32.lt_u (local.get $at) (local.get $n))
      (then
        (if (call $is_space (call $decode (local.get $s) (local.get $at)))
          (then
            (if (i32.ge_s (local.get $from) (i32.const 0))
              (then (call $add (local.get $list) (call $sub (local.get $s) (local.get $from) (local.get $at)))))
            (local.set $from (i32.const -1)))
          (else (if (i32.lt_s (local.get $from) (i32.const 0)) (then (local.set $from (local.get $at))))))
        (local.set $at (call $next (local.get $s) (local.get $at)))
        (br $next))))
  (if (i32.ge_s (local.get $from) (i32.const 0))
    (then (call $add (local.get $list) (call $sub (local.get $s) (local.get $from) (local.get $n)))))
  (local.get $list))

(func (export "trim") (param $s (ref null $text)) (result (ref null $text))
  (local $from i32) (local $to i32) (local $at i32)
  (local.set $from (i32.const -1))
  (loop $next
    (if (i32.lt_u (local.get $at) (array.len (local.get $s)))
      (then
        (if (call $is_space (call $decode (local.get $s) (local.get $at)))
          (then (local.set $at (call $next (local.get $s) (local.get $at))))
          (else
            (if (i32.lt_s (local.get $from) (i32.const 0)) (then (local.set $from (local.get $at))))
            (local.set $at (call $next (local.get $s) (local.get $at)))
            (local.set $to (local.get $at))))
        (br $next))))
  (call $sub (local.get $s) (select (local.get $from) (i32.const 0) (i32.ge_s (local.get $from) (i32.const 0))) (local.get $to)))

(func (export "replace") (param $s (ref null $text)) (param $part (ref null $text)) (param $by (ref null $text)) (result (ref null $text))
  (local $start i32) (local $from i32) (local $at i32) (local $n i32)
  (local.set $n (array.len (local.get $s)))
  (local.set $start (call $begin))
  (if (array.len (local.get $part))
    (then
      (loop $next
        (local.set $at (call $find (local.get $s) (local.get $part) (local.get $from)))
        (if (i32.ge_s (local.get $at) (i32.const 0))
          (then
            (call $put_range (local.get $s) (local.get $from) (local.get $at))
            (call $put (local.get $by))
            (local.set $from (i32.add (local.get $at) (array.len (local.get $part))))
            (br $next))))
      (call $put_range (local.get $s) (local.get $from) (local.get $n)))
    (else
      ;; Nothing stands before and behind each character.
      (call $put (local.get $by))
      (loop $each
        (if (i32.lt_u (local.get $from) (local.get $n))
          (then
            (local.set $at (call $next (local.get $s) (local.get $from)))
            (call $put_range (local.get $s) (local.get $from) (local.get $at))
            (call $put (local.get $by))
            (local.set $from (local.get $at))
            (br $each))))))
  (call $end (local.get $start)))

(func (export "repeat") (param $s (ref null $text)) (param $count i64) (param $i i32) (param $p i32) (result (ref null $text))
  (local $n i32) (local $total i64) (local $r (ref $text)) (local $at i32)
  (if (i64.lt_s (local.get $count) (i64.const 0))
    (then (call $fail (i32.const 6) (local.get $i) (local.get $p) (local.get $count) (i64.const 0))))
  (local.set $n (array.len (local.get $s)))
  (if (i32.eqz (local.get $n)) (then (return (local.get $s))))
  (if (i64.gt_s (local.get $count) (i64.const 0x40000000)) (then (call $too_long (local.get $i) (local.get $p))))
  (local.set $total (i64.mul (i64.extend_i32_u (local.get $n)) (local.get $count)))
  (if (i64.gt_s (local.get $total) (i64.const 0x40000000)) (then (call $too_long (local.get $i) (local.get $p))))
  (local.set $r (array.new_default $text (i32.wrap_i64 (local.get $total))))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (array.len (local.get $r))))
      (array.copy $text $text (local.get $r) (local.get $at) (local.get $s) (i32.const 0) (local.get $n))
      (local.set $at (i32.add (local.get $at) (local.get $n)))
      (br $next)))
  (local.get $r))

(func (export "reverse") (param $s (ref null $text)) (result (ref null $text))
  (local $r (ref $text)) (local $at i32) (local $to i32) (local $w i32)
  (local.set $to (array.len (local.get $s)))
  (local.set $r (array.new_default $text (local.get $to)))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $to)))
      (local.set $w (call $width (array.get_u $text (local.get $s) (local.get $at))))
      (local.set $to (i32.sub (local.get $to) (local.get $w)))
      (array.copy $text $text (local.get $r) (local.get $to) (local.get $s) (local.get $at) (local.get $w))
      (local.set $at (i32.add (local.get $at) (local.get $w)))
      (br $next)))
  (local.get $r))

;; With blanks in front (1) or behind (0).
(func (export "pad") (param $s (ref null $text)) (param $width i64) (param $left i32) (param $i i32) (param $p i32) (result (ref null $text))
  (local $n i32) (local $blanks i32) (local $r (ref $text))
  (if (i64.le_s (local.get $width) (i64.extend_i32_u (call $len (local.get $s)))) (then (return (local.get $s))))
  (if (i64.gt_s (local.get $width) (i64.const 0x40000000)) (then (call $too_long (local.get $i) (local.get $p))))
  (local.set $n (array.len (local.get $s)))
  (local.set $blanks (i32.sub (i32.wrap_i64 (local.get $width)) (call $len (local.get $s))))
  (if (i32.gt_u (i32.add (local.get $n) (local.get $blanks)) (i32.const 0x40000000)) (then (call $too_long (local.get $i) (local.get $p))))
  (local.set $r (array.new $text (i32.const 32) (i32.add (local.get $n) (local.get $blanks))))
  (array.copy $text $text
    (local.get $r) (select (local.get $blanks) (i32.const 0) (local.get $left))
    (local.get $s) (i32.const 0) (local.get $n))
  (local.get $r))

(func (export "join") (param $list (ref null $text_list)) (param $separator (ref null $text)) (result (ref null $text))
  (local $start i32) (local $k i32)
  (local.set $start (call $begin))
  (loop $next
    (if (i32.lt_u (local.get $k) (struct.get $text_list $len (local.get $list)))
      (then
        (if (local.get $k) (then (call $put (local.get $separator))))
        (call $put (array.get $texts (struct.get $text_list $data (local.get $list)) (local.get $k)))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $next))))
  (call $end (local.get $start)))

;; ASCII here, anything else by the host.
(func (export "case") (param $s (ref null $text)) (param $upper i32) (result (ref null $text))
  (local $r (ref $text)) (local $n i32) (local $k i32) (local $c i32) (local $first i32) (local $start i32) (local $len i32)
  (local.set $n (array.len (local.get $s)))
  (local.set $first (select (i32.const 97) (i32.const 65) (local.get $upper)))
  (local.set $r (array.new_default $text (local.get $n)))
  (block $other
    (loop $next
      (if (i32.ge_u (local.get $k) (local.get $n)) (then (return (local.get $r))))
      (local.set $c (array.get_u $text (local.get $s) (local.get $k)))
      (br_if $other (i32.ge_u (local.get $c) (i32.const 0x80)))
      (array.set $text (local.get $r) (local.get $k)
        (i32.xor (local.get $c)
          (i32.shl (i32.lt_u (i32.sub (local.get $c) (local.get $first)) (i32.const 26)) (i32.const 5))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $next)))
  (local.set $start (call $begin))
  (local.set $k (i32.const 0))
  (loop $piece
    (if (i32.lt_u (local.get $k) (local.get $n))
      (then
        (local.set $len (call $cut (local.get $s) (local.get $k) (local.get $n)))
        (call $to_memory (local.get $s) (local.get $k) (local.get $len))
        (call $put_memory (global.get $piece)
          (call $host_case (i32.const 0) (local.get $len) (local.get $upper) (global.get $piece)))
        (local.set $k (i32.add (local.get $k) (local.get $len)))
        (br $piece))))
  (call $end (local.get $start)))
