;; A module's own globals lie in its context, imported ones behind a pointer there.
(module
  (import "host" "g" (global $imported (mut i32)))
  (import "host" "v" (global $imported_vector (mut v128)))
  (global $own (mut i32) (i32.const 1))
  (global $float (mut f64) (f64.const 1))
  (global $vector (mut v128) (v128.const i64x2 1 2))

  (func $increment (global.set $own (i32.add (global.get $own) (i32.const 1))))
  (func $increment_imported (global.set $imported (i32.add (global.get $imported) (i32.const 1))))
  ;; The bits went through the integer accumulator, so the float is read from its slot.
  (func $float (result f64) (f64.add (global.get $float) (f64.const 1)))
  (func $set_constant (global.set $own (i32.const 100000)) (global.set $float (f64.const 2)))
  (func $vectors
    (global.set $vector (global.get $imported_vector))
    (global.set $imported_vector (global.get $vector)))
  ;; The old value stays when the global changes.
  (func $old_value (result i32)
    (global.get $own)
    (global.set $own (i32.const 5))
    (global.get $own)
    (i32.sub)))

;; $increment
;;   frame 2
;;   @0    global.get s0, 64
;;   @2    i32.add s0, acc, 1
;;   @4    global.set s0, 64
;;   @6    return

;; $increment_imported
;;   frame 2
;;   @0    global.get.import s0, 0
;;   @2    i32.add s0, acc, 1
;;   @4    global.set.import s0, 0
;;   @6    return

;; $float
;;   frame 2 results 1
;;   @0    global.get s0, 80
;;   @2    f64.add s0, s0, 0x3ff0000000000000
;;   @5    return.f64 s-3, acc

;; $set_constant
;;   frame 1
;;   @0    const s0, 100000
;;   @2    global.set s0, 64
;;   @4    const64 s0, 0x4000000000000000
;;   @7    global.set s0, 80
;;   @9    return

;; $vectors
;;   frame 2
;;   @0    global.get.import.v128 v0, 1
;;   @2    global.set.v128 v0, 96
;;   @4    global.get.v128 v0, 96
;;   @6    global.set.import.v128 v0, 1
;;   @8    return

;; $old_value
;;   frame 2 results 1
;;   @0    global.get s0, 64
;;   @2    const s1, 5
;;   @4    global.set s1, 64
;;   @6    global.get s1, 64
;;   @8    i32.sub s0, s0, acc
;;   @10   return s-3, acc
