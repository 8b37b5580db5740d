;; Indirect calls in loops: map, filter and reduce over an array, each with a function from a table.
(module
  (type $unary (func (param i32) (result i32)))
  (type $binary (func (param i32 i32) (result i32)))
  (table funcref (elem $scramble $is_kept $add))
  (memory (export "memory") 2)

  (func $scramble (param $x i32) (result i32)
    (i32.xor
      (i32.mul (local.get $x) (i32.const 0x9e3779b1))
      (i32.shr_u (local.get $x) (i32.const 15))))

  (func $is_kept (param $x i32) (result i32)
    (i32.ne (i32.and (local.get $x) (i32.const 3)) (i32.const 0)))

  (func $add (param $sum i32) (param $x i32) (result i32)
    (i32.add (i32.rotl (local.get $sum) (i32.const 1)) (local.get $x)))

  ;; array[i] = f(array[i])
  (func $map (param $start i32) (param $end i32) (param $f i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $start) (local.get $end)))
        (i32.store (local.get $start) (call_indirect (type $unary) (i32.load (local.get $start)) (local.get $f)))
        (local.set $start (i32.add (local.get $start) (i32.const 4)))
        (br $next))))

  ;; Copies what $f keeps to $to, and returns where the copies end.
  (func $filter (param $start i32) (param $end i32) (param $to i32) (param $f i32) (result i32)
    (local $x i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $start) (local.get $end)))
        (local.set $x (i32.load (local.get $start)))
        (if (call_indirect (type $unary) (local.get $x) (local.get $f))
          (then
            (i32.store (local.get $to) (local.get $x))
            (local.set $to (i32.add (local.get $to) (i32.const 4)))))
        (local.set $start (i32.add (local.get $start) (i32.const 4)))
        (br $next)))
    (local.get $to))

  (func $reduce (param $start i32) (param $end i32) (param $sum i32) (param $f i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $start) (local.get $end)))
        (local.set $sum
          (call_indirect (type $binary) (local.get $sum) (i32.load (local.get $start)) (local.get $f)))
        (local.set $start (i32.add (local.get $start) (i32.const 4)))
        (br $next)))
    (local.get $sum))

  ;; $count numbers are at address 0, and those that are kept behind them.
  (func $mfr (export "mfr") (param $count i32) (param $rounds i32) (result i32)
    (local $end i32) (local $at i32) (local $sum i32)
    (local.set $end (i32.shl (local.get $count) (i32.const 2)))
    (loop $fill
      (i32.store (local.get $at) (local.get $at))
      (br_if $fill (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
    (loop $round
      (call $map (i32.const 0) (local.get $end) (i32.const 0))
      (local.set $at (call $filter (i32.const 0) (local.get $end) (local.get $end) (i32.const 1)))
      (local.set $sum (call $reduce (local.get $end) (local.get $at) (local.get $sum) (i32.const 2)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  (func (export "_start")
    (if (i32.ne (call $mfr (i32.const 10000) (i32.const 200)) (i32.const -1175476010)) (then unreachable)))
)
