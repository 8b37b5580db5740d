;; Calls whose headers are there already: nothing replaces itself by a tail call.
(module
  (import "" "" (func $import))
  (type $unary (func (param i32) (result i32)))
  (table 4 funcref)
  (elem (i32.const 1) $leaf $once)

  ;; Returns by the address that the call left.
  (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))

  ;; The second call writes where it returns to, and the record of another function.
  (func $once (param i32) (result i32)
    (i32.add (call $leaf (local.get 0)) (call $once (local.get 0))))

  ;; All is written in front of the loop.
  (func (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call $leaf (local.get $sum)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; All but the record, which the table has: of a function of the module, or null.
  (func (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call_indirect (type $unary) (local.get $sum) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; The import overwrites what was there.
  (func (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (call $leaf (local.get $sum)))
      (call $import)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
