;; What all cells of a session share, instantiated once: texts, the builder that text forms are written to, numbers as text, failures,
;; and the bytes of checkpoints. Cells import what they need (runtime.rs has the table); `host.rs` says what the host provides.
;;
;; Texts are arrays of bytes in UTF-8 that nobody changes once they are made. Positions in these files are bytes unless a comment says
;; characters. `$i $p` at the end of parameters are instance and position in the source, for failures.

(type $text (array (mut i8)))
(type $texts (array (mut (ref null $text))))
(type $text_list (struct (field $mark (mut i32)) (field $len (mut i32)) (field $data (mut (ref $texts)))))
(type $ints (array (mut i64)))
(type $int_list (struct (field (mut i32)) (field (mut i32)) (field (mut (ref $ints)))))

(import "host" "print" (func $host_print (param i32 i32)))
(import "host" "value" (func $host_value (param i32 i32)))
(import "host" "message" (func $host_message (param i32 i32)))
(import "host" "fail" (func $host_fail (param i32 i32 i32 i64 i64)))
(import "host" "float_text" (func $host_float_text (param f64 i32) (result i32)))
(import "host" "float_fixed" (func $host_float_fixed (param f64 i32 i32) (result i32)))
(import "host" "parse_float" (func $host_parse_float (param i32 i32) (result f64)))
(import "host" "case" (func $host_case (param i32 i32 i32 i32) (result i32)))
(import "host" "math" (func $host_math (param i32 f64 f64) (result f64)))
(import "host" "random" (func $host_random (result f64)))
(import "host" "write" (func $host_write (param i32 i32)))
(import "host" "read" (func $host_read (param i32 i32) (result i32)))

;; All bytes between host and cells go through this page: pieces of texts at its beginning (16 KB at most), what the host answers
;; behind them. A checkpoint that is read or written uses all of it.
(memory (export "memory") 1 1)
(global $piece i32 (i32.const 16384))
(global $page i32 (i32.const 65536))

(data $messages
  "the number is not that of a character"  ;; 0, 37
  "a base is from 2 to 36"                 ;; 37, 22
  "the exponent is negative"               ;; 59, 24
  "the text is empty"                      ;; 83, 17
  "a number of decimals is from 0 to 100"  ;; 100, 37
)

;; ---- Failures

(func $fail (export "fail") (param $kind i32) (param $i i32) (param $p i32) (param $a i64) (param $b i64)
  (global.set $used (i32.const 0))
  (global.set $sink (i32.const 0))
  (call $host_fail (local.get $kind) (local.get $i) (local.get $p) (local.get $a) (local.get $b))
  unreachable)

;; Fails with one of the messages above.
(func $fail_with (param $at i32) (param $len i32) (param $i i32) (param $p i32)
  (memory.init $messages (i32.const 0) (local.get $at) (local.get $len))
  (call $host_message (i32.const 0) (local.get $len))
  (call $fail (i32.const 0) (local.get $i) (local.get $p) (i64.const 0) (i64.const 0)))

;; With at most one piece of the message.
(func $panic (export "panic") (param $message (ref null $text)) (param $i i32) (param $p i32)
  (local $len i32)
  (local.set $len (call $cut (local.get $message) (i32.const 0) (array.len (local.get $message))))
  (call $pieces (i32.const 3) (local.get $message) (local.get $len))
  (if (i32.ne (local.get $len) (array.len (local.get $message)))
    (then
      (i32.store (i32.const 0) (i32.const 0xa680e2))
      (call $host_message (i32.const 0) (i32.const 3))))
  (call $fail (i32.const 0) (local.get $i) (local.get $p) (i64.const 0) (i64.const 0)))

(func $too_long (param $i i32) (param $p i32)
  (call $fail (i32.const 10) (local.get $i) (local.get $p) (i64.const 0) (i64.const 0)))

;; ---- Int

;; The product, for operands of which one does not fit in 32 bits.
(func $multiply (export "multiply") (param $x i64) (param $y i64) (param $i i32) (param $p i32) (result i64)
  (local $r i64)
  (if (i64.eqz (local.get $x)) (then (return (i64.const 0))))
  (local.set $r (i64.mul (local.get $x) (local.get $y)))
  (if (i32.and (i64.eq (local.get $x) (i64.const -1)) (i64.eq (local.get $y) (i64.const 0x8000000000000000)))
    (then (call $fail (i32.const 1) (local.get $i) (local.get $p) (i64.const 0) (i64.const 0))))
  ;; x is not zero; MIN / -1 cannot come here, as r = MIN with x = -1 only if y = MIN.
  (if (i64.ne (i64.div_s (local.get $r) (local.get $x)) (local.get $y))
    (then (call $fail (i32.const 1) (local.get $i) (local.get $p) (i64.const 0) (i64.const 0))))
  (local.get $r))

;; By squaring; the last square, which nobody needs, is not made, as it might overflow.
(func $int_pow (export "int_pow") (param $x i64) (param $n i64) (param $i i32) (param $p i32) (result i64)
  (local $r i64) (local $s i64)
  (if (i64.lt_s (local.get $n) (i64.const 0)) (then (call $fail_with (i32.const 59) (i32.const 24) (local.get $i) (local.get $p))))
  (local.set $r (i64.const 1))
  (loop $next
    (if (i64.eqz (local.get $n)) (then (return (local.get $r))))
    (if (i64.ne (i64.and (local.get $n) (i64.const 1)) (i64.const 0))
      (then (local.set $r (call $multiply (local.get $r) (local.get $x) (local.get $i) (local.get $p)))))
    (local.set $n (i64.shr_u (local.get $n) (i64.const 1)))
    (if (i64.eqz (local.get $n)) (then (return (local.get $r))))
    (local.set $x (call $multiply (local.get $x) (local.get $x) (local.get $i) (local.get $p)))
    (br $next))
  unreachable)
