;; Calls of a function of the host whose type is known only when the host runs: its values are in slices.
(module
  (import "host" "add_values" (func $add (param i32 i32) (result i32)))
  (func (export "call_values") (param $times i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (call $add (local.get $sum) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $sum) (local.get $times))))
    (local.get $sum))
)
