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
;;   frame 5
;;   @0    global.get s3, 80
;;   @2    i32.add s3, acc, 1
;;   @4    global.set s3, 80
;;   @6    return 0

;; $increment_imported
;;   frame 5
;;   @0    global.get.import s3, 64
;;   @2    i32.add s3, acc, 1
;;   @4    global.set.import s3, 64
;;   @6    return 0

;; $float
;;   frame 5
;;   @0    global.get s3, 96
;;   @2    f64.add s3, s3, 0x3ff0000000000000
;;   @5    return.f64 0, acc

;; $set_constant
;;   frame 4
;;   @0    const s3, 100000
;;   @2    global.set s3, 80
;;   @4    const64 s3, 0x4000000000000000
;;   @7    global.set s3, 96
;;   @9    return 0

;; $vectors
;;   frame 5
;;   @0    global.get.import.v128 v3, 72
;;   @2    global.set.v128 v3, 112
;;   @4    global.get.v128 v3, 112
;;   @6    global.set.import.v128 v3, 72
;;   @8    return 0

;; $old_value
;;   frame 5
;;   @0    global.get s3, 80
;;   @2    const s4, 5
;;   @4    global.set s4, 80
;;   @6    global.get s4, 80
;;   @8    i32.sub s3, s3, acc
;;   @10   return 0, acc
