;; 27. Many numbers at once
;;
;; A `v128` is 128 bits: sixteen bytes, or eight `i16`, or four `f32`, as the instruction sees it. One
;; instruction then works on all of them, which are called lanes: "single instruction, multiple data". The
;; sum of products of two arrays takes two rounds here where it takes sixteen number by number.
;;
;; 1*16 + 2*15 + … + 16*1 is 816 both ways.
;;
;; run: upshift run --invoke product examples/wat/27-simd.wat
;; expect: 816
;; run: upshift run --invoke product_one_by_one examples/wat/27-simd.wat
;; expect: 816

(module
  (memory 1)
  ;; Sixteen `i16` from 1 up to 16 at address 0, and the same backwards at 32.
  (data (i32.const 0) "\01\00\02\00\03\00\04\00\05\00\06\00\07\00\08\00")
  (data (i32.const 16) "\09\00\0a\00\0b\00\0c\00\0d\00\0e\00\0f\00\10\00")
  (data (i32.const 32) "\10\00\0f\00\0e\00\0d\00\0c\00\0b\00\0a\00\09\00")
  (data (i32.const 48) "\08\00\07\00\06\00\05\00\04\00\03\00\02\00\01\00")

  (func (export "product") (result i32)
    (local $at i32)
    (local $sums v128)
    (loop $next
      ;; Multiplies eight lanes with eight and adds neighbours: four lanes, now of 32 bits. Each lane keeps
      ;; a sum of its own; they do not have to know of each other before the end.
      (local.set $sums
        (i32x4.add
          (local.get $sums)
          (i32x4.dot_i16x8_s
            (v128.load (local.get $at))
            (v128.load offset=32 (local.get $at)))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16)))
          (i32.const 32))))

    (i32.add
      (i32.add
        (i32x4.extract_lane 0 (local.get $sums))
        (i32x4.extract_lane 1 (local.get $sums)))
      (i32.add
        (i32x4.extract_lane 2 (local.get $sums))
        (i32x4.extract_lane 3 (local.get $sums)))))

  (func (export "product_one_by_one") (result i32)
    (local $at i32)
    (local $sum i32)
    (loop $next
      (local.set $sum
        (i32.add
          (local.get $sum)
          (i32.mul
            (i32.load16_s (local.get $at))
            (i32.load16_s offset=32 (local.get $at)))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 2)))
          (i32.const 32))))
    (local.get $sum))
)
