;; ---- The builder: text forms are written to its end. Interpolations nest like a stack: `begin` says where one starts and `end`
;; takes it off. With a sink (1 print, 2 value) what is written goes to the host from time to time; no code of users runs meanwhile.

(global $builder (mut (ref $text)) (array.new_default $text (i32.const 256)))
(global $used (mut i32) (i32.const 0))
(global $sink (mut i32) (i32.const 0))
;; How many elements and characters may still be shown; only values count them. Characters go below zero with the ellipsis.
(global $elements (mut i32) (i32.const 0))
(global $characters (mut i32) (i32.const 0))

;; Makes room for `n` bytes more.
(func $reserve (param $n i32)
  (local $need i32) (local $new (ref $text))
  (local.set $need (i32.add (global.get $used) (local.get $n)))
  (if (i32.le_u (local.get $need) (array.len (global.get $builder))) (then (return)))
  (if (i32.gt_u (local.get $need) (i32.const 0x40000000)) (then (call $too_long (i32.const -1) (i32.const 0))))
  (local.set $new (array.new_default $text (i32.add (local.get $need) (i32.shr_u (local.get $need) (i32.const 1)))))
  (array.copy $text $text (local.get $new) (i32.const 0) (global.get $builder) (i32.const 0) (global.get $used))
  (global.set $builder (local.get $new)))

(func $put_byte (param $byte i32)
  (call $reserve (i32.const 1))
  (array.set $text (global.get $builder) (global.get $used) (local.get $byte))
  (global.set $used (i32.add (global.get $used) (i32.const 1))))

;; Up to eight bytes, the first in the lowest bits; zero ends them.
(func $put_short (export "put_short") (param $bytes i64)
  (call $reserve (i32.const 8))
  (loop $next
    (array.set $text (global.get $builder) (global.get $used) (i32.wrap_i64 (local.get $bytes)))
    (global.set $used (i32.add (global.get $used) (i32.const 1)))
    (local.set $bytes (i64.shr_u (local.get $bytes) (i64.const 8)))
    (br_if $next (i64.ne (local.get $bytes) (i64.const 0))))
  (call $drain))

(func $put_range (param $s (ref null $text)) (param $from i32) (param $to i32)
  (local $n i32)
  (local.set $n (i32.sub (local.get $to) (local.get $from)))
  (call $reserve (local.get $n))
  (array.copy $text $text (global.get $builder) (global.get $used) (local.get $s) (local.get $from) (local.get $n))
  (global.set $used (i32.add (global.get $used) (local.get $n)))
  (call $drain))

(func $put (export "put") (param $s (ref null $text))
  (call $put_range (local.get $s) (i32.const 0) (array.len (local.get $s))))

;; As it is written in a program: with quotes and escapes.
(func $put_quoted (export "put_quoted") (param $s (ref null $text))
  (local $k i32) (local $from i32) (local $c i32) (local $n i32) (local $escape i64)
  (call $put_byte (i32.const 34))
  (local.set $n (array.len (local.get $s)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $k) (local.get $n)))
      (local.set $c (array.get_u $text (local.get $s) (local.get $k)))
      (local.set $escape (i64.const 0))
      (if (i32.eq (local.get $c) (i32.const 10)) (then (local.set $escape (i64.const 0x6e5c))))
      (if (i32.eq (local.get $c) (i32.const 9)) (then (local.set $escape (i64.const 0x745c))))
      (if (i32.eq (local.get $c) (i32.const 13)) (then (local.set $escape (i64.const 0x725c))))
      (if (i32.eqz (local.get $c)) (then (local.set $escape (i64.const 0x305c))))
      (if (i32.or
            (i32.or (i32.eq (local.get $c) (i32.const 34)) (i32.eq (local.get $c) (i32.const 92)))
            (i32.or (i32.eq (local.get $c) (i32.const 123)) (i32.eq (local.get $c) (i32.const 125))))
        (then (local.set $escape (i64.or (i64.const 0x5c) (i64.shl (i64.extend_i32_u (local.get $c)) (i64.const 8))))))
      ;; Other control characters: \u{1b}.
      (if (i32.and (i32.lt_u (local.get $c) (i32.const 32)) (i64.eqz (local.get $escape)))
        (then
          (local.set $escape
            (i64.or (i64.const 0x7d00007b755c)
              (i64.or
                (i64.shl (i64.extend_i32_u (call $digit (i32.shr_u (local.get $c) (i32.const 4)))) (i64.const 24))
                (i64.shl (i64.extend_i32_u (call $digit (i32.and (local.get $c) (i32.const 15)))) (i64.const 32)))))))
      (if (i64.ne (local.get $escape) (i64.const 0))
        (then
          (call $put_range (local.get $s) (local.get $from) (local.get $k))
          (call $put_short (local.get $escape))
          (local.set $from (i32.add (local.get $k) (i32.const 1)))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $next)))
  (call $put_range (local.get $s) (local.get $from) (local.get $n))
  (call $put_byte (i32.const 34)))

;; The digit for 0 to 35.
(func $digit (param $d i32) (result i32)
  (i32.add (local.get $d) (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $d) (i32.const 10)))))

;; In decimal: in steps of 32 bits as soon as what is left fits, which divide faster.
(func $put_int (export "put_int") (param $x i64)
  (local $at i32) (local $rest i64) (local $small i32) (local $next i32)
  (call $reserve (i32.const 20))
  (if (i64.lt_s (local.get $x) (i64.const 0))
    (then
      (array.set $text (global.get $builder) (global.get $used) (i32.const 45))
      (global.set $used (i32.add (global.get $used) (i32.const 1)))
      ;; As a number without sign, which the least Int is as well.
      (local.set $x (i64.sub (i64.const 0) (local.get $x)))))
  ;; How many digits there are: one more as long as ten to their number is not above.
  (local.set $at (i32.add (global.get $used) (i32.const 1)))
  (local.set $rest (i64.const 10))
  (block $counted
    (loop $count
      (br_if $counted (i64.lt_u (local.get $x) (local.get $rest)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      ;; Ten to the nineteenth is the last that fits, and no Int reaches ten to the twentieth.
      (br_if $counted (i64.eq (local.get $rest) (i64.const 0x8ac7230489e80000)))
      (local.set $rest (i64.mul (local.get $rest) (i64.const 10)))
      (br $count)))
  (global.set $used (local.get $at))
  (block $fits
    (loop $large
      (br_if $fits (i64.eqz (i64.shr_u (local.get $x) (i64.const 32))))
      (local.set $rest (i64.div_u (local.get $x) (i64.const 10)))
      (array.set $text (global.get $builder) (local.tee $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.sub (local.get $x) (i64.mul (local.get $rest) (i64.const 10))))))
      (local.set $x (local.get $rest))
      (br $large)))
  (local.set $small (i32.wrap_i64 (local.get $x)))
  (loop $digit
    (local.set $next (i32.div_u (local.get $small) (i32.const 10)))
    (array.set $text (global.get $builder) (local.tee $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.add (i32.const 48) (i32.sub (local.get $small) (i32.mul (local.get $next) (i32.const 10)))))
    (local.set $small (local.get $next))
    (br_if $digit (local.get $small))))

(func $put_base (param $x i64) (param $base i64)
  (local $rest i64) (local $at i32)
  (call $reserve (i32.const 65))
  (if (i64.lt_s (local.get $x) (i64.const 0))
    (then
      (call $put_byte (i32.const 45))
      ;; As a number without sign, which the least Int is as well.
      (local.set $x (i64.sub (i64.const 0) (local.get $x)))))
  (local.set $rest (local.get $x))
  (local.set $at (global.get $used))
  (loop $count
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $rest (i64.div_u (local.get $rest) (local.get $base)))
    (br_if $count (i64.ne (local.get $rest) (i64.const 0))))
  (global.set $used (local.get $at))
  (loop $next
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (local.set $rest (i64.div_u (local.get $x) (local.get $base)))
    (array.set $text (global.get $builder) (local.get $at)
      (call $digit (i32.wrap_i64 (i64.sub (local.get $x) (i64.mul (local.get $rest) (local.get $base))))))
    (local.set $x (local.get $rest))
    (br_if $next (i64.ne (local.get $x) (i64.const 0)))))

(func $put_float (export "put_float") (param $x f64)
  (call $put_memory (global.get $piece) (call $host_float_text (local.get $x) (global.get $piece))))

(func $put_memory (param $at i32) (param $n i32)
  (local $end i32)
  (call $reserve (local.get $n))
  (local.set $end (i32.add (local.get $at) (local.get $n)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (array.set $text (global.get $builder) (global.get $used) (i32.load8_u (local.get $at)))
      (global.set $used (i32.add (global.get $used) (i32.const 1)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))))

(func $put_bool (export "put_bool") (param $x i32)
  (call $put_short (select (i64.const 0x65757274) (i64.const 0x65736c6166) (local.get $x))))

(func $begin (export "begin") (result i32) (global.get $used))

;; What `end` does, for a text that nobody wants.
(func (export "drop") (param $start i32)
  (global.set $used (local.get $start))
  (if (i32.eqz (local.get $start)) (then (call $shrink))))

(func $end (export "end") (param $start i32) (result (ref null $text))
  (local $s (ref $text)) (local $n i32)
  (local.set $n (i32.sub (global.get $used) (local.get $start)))
  (local.set $s (array.new_default $text (local.get $n)))
  (array.copy $text $text (local.get $s) (i32.const 0) (global.get $builder) (local.get $start) (local.get $n))
  (global.set $used (local.get $start))
  (if (i32.eqz (local.get $start)) (then (call $shrink)))
  (local.get $s))

;; Begins to print (1) or to show a value (2).
(func (export "open") (param $sink i32)
  (global.set $base (global.get $used))
  (global.set $sink (local.get $sink))
  (global.set $elements (i32.const 1000))
  (global.set $characters (i32.const 10000)))

(func (export "close")
  (call $flush)
  (global.set $sink (i32.const 0)))

;; A cell that writes texts begins with this: one that trapped may have left something.
(func (export "forget")
  (global.set $used (i32.const 0))
  (global.set $sink (i32.const 0))
  ;; Nor are texts kept that only these know.
  (global.set $measured (ref.null $text))
  (global.set $sought (ref.null $text))
  (call $shrink))

;; A large builder is not kept.
(func $shrink
  (if (i32.gt_u (array.len (global.get $builder)) (i32.const 0x10000))
    (then (global.set $builder (array.new_default $text (i32.const 256))))))

;; Where in the builder what goes to the sink starts.
(global $base (mut i32) (i32.const 0))

;; Sends what has gathered to the sink, if that is much.
(func $drain
  (if (i32.eqz (global.get $sink)) (then (return)))
  (if (i32.gt_u (i32.sub (global.get $used) (global.get $base)) (i32.const 8192)) (then (call $flush))))

(func $flush
  (local $s (ref null $text))
  (if (i32.eq (global.get $used) (global.get $base)) (then (return)))
  (if (i32.eqz (global.get $base))
    (then
      (call $pieces (global.get $sink) (global.get $builder) (global.get $used))
      (global.set $used (i32.const 0)))
    (else
      (local.set $s (call $end (global.get $base)))
      (call $pieces (global.get $sink) (local.get $s) (array.len (local.get $s))))))

;; The first `n` bytes of `s` to the host, in pieces of whole characters.
(func $pieces (param $sink i32) (param $s (ref null $text)) (param $n i32)
  (local $at i32) (local $len i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $n)))
      (local.set $len (call $cut (local.get $s) (local.get $at) (local.get $n)))
      (if (i32.eq (local.get $sink) (i32.const 2))
        (then
          (local.set $len (call $afford (local.get $s) (local.get $at) (local.get $len)))
          (if (i32.eqz (local.get $len)) (then (return)))))
      (call $to_memory (local.get $s) (local.get $at) (local.get $len))
      (if (i32.eq (local.get $sink) (i32.const 1)) (then (call $host_print (i32.const 0) (local.get $len))))
      (if (i32.eq (local.get $sink) (i32.const 2)) (then (call $host_value (i32.const 0) (local.get $len))))
      (if (i32.eq (local.get $sink) (i32.const 3)) (then (call $host_message (i32.const 0) (local.get $len))))
      (local.set $at (i32.add (local.get $at) (local.get $len)))
      (br $next))))

;; How many bytes from `at` on make a piece: `n - at`, or less, up to the end of a character.
(func $cut (param $s (ref null $text)) (param $at i32) (param $n i32) (result i32)
  (local $end i32)
  (local.set $end (i32.add (local.get $at) (global.get $piece)))
  (if (i32.ge_u (local.get $end) (local.get $n)) (then (return (i32.sub (local.get $n) (local.get $at)))))
  (loop $back
    (if (i32.eq (i32.and (array.get_u $text (local.get $s) (local.get $end)) (i32.const 0xc0)) (i32.const 0x80))
      (then
        (local.set $end (i32.sub (local.get $end) (i32.const 1)))
        (br $back))))
  (i32.sub (local.get $end) (local.get $at)))

;; Of `len` bytes of a value those that may still be shown; the character that is too much becomes the ellipsis, once.
(func $afford (param $s (ref null $text)) (param $at i32) (param $len i32) (result i32)
  (local $k i32)
  (if (i32.lt_s (global.get $characters) (i32.const 0)) (then (return (i32.const 0))))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $k) (local.get $len)))
      (if (i32.ne (i32.and (array.get_u $text (local.get $s) (i32.add (local.get $at) (local.get $k))) (i32.const 0xc0)) (i32.const 0x80))
        (then
          (if (i32.eqz (global.get $characters))
            (then
              (call $to_memory (local.get $s) (local.get $at) (local.get $k))
              (i32.store16 (local.get $k) (i32.const 0x80e2))
              (i32.store8 offset=2 (local.get $k) (i32.const 0xa6))
              (call $host_value (i32.const 0) (i32.add (local.get $k) (i32.const 3)))
              (global.set $characters (i32.const -1))
              (return (i32.const 0))))
          (global.set $characters (i32.sub (global.get $characters) (i32.const 1)))))
      (local.set $k (i32.add (local.get $k) (i32.const 1)))
      (br $next)))
  (local.get $len))

;; Whether one more element may be written; if not, the ellipsis is. Only values are shortened.
(func (export "room") (result i32)
  (if (i32.ne (global.get $sink) (i32.const 2)) (then (return (i32.const 1))))
  (if (i32.and (i32.ne (global.get $elements) (i32.const 0)) (i32.gt_s (global.get $characters) (i32.const 0)))
    (then
      (global.set $elements (i32.sub (global.get $elements) (i32.const 1)))
      (return (i32.const 1))))
  (call $put_short (i64.const 0xa680e2))
  (i32.const 0))

(func $to_memory (param $s (ref null $text)) (param $at i32) (param $n i32)
  (local $to i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $to) (local.get $n)))
      (i32.store8 (local.get $to) (array.get_u $text (local.get $s) (i32.add (local.get $at) (local.get $to))))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br $next))))
