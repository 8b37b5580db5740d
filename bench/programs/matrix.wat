;; Many values alive at once: the product of two square matrices of f64, in blocks of 4 by 4 whose sums are locals.
;; `$block` has 36 locals, 24 of them floating point: more than x86-64 has registers for.
(module
  (memory (export "memory") 38)

  ;; C[row+i][column+j] = the sum over k of A[row+i][k] * B[k][column+j], for i and j in 0..4. $a is the address of
  ;; A[row][0], $b that of B[0][column], $c that of C[row][column]; $size is the count of rows and of columns.
  (func $block (param $a i32) (param $b i32) (param $c i32) (param $size i32)
    (local $stride i32) (local $end i32)
    (local $a1 i32) (local $a2 i32) (local $a3 i32) (local $c1 i32) (local $c2 i32) (local $c3 i32)
    (local $x0 f64) (local $x1 f64) (local $x2 f64) (local $x3 f64)
    (local $y0 f64) (local $y1 f64) (local $y2 f64) (local $y3 f64)
    (local $s00 f64) (local $s01 f64) (local $s02 f64) (local $s03 f64)
    (local $s10 f64) (local $s11 f64) (local $s12 f64) (local $s13 f64)
    (local $s20 f64) (local $s21 f64) (local $s22 f64) (local $s23 f64)
    (local $s30 f64) (local $s31 f64) (local $s32 f64) (local $s33 f64)
    (local.set $stride (i32.shl (local.get $size) (i32.const 3)))
    (local.set $end (i32.add (local.get $a) (local.get $stride)))
    (local.set $a1 (i32.add (local.get $a) (local.get $stride)))
    (local.set $a2 (i32.add (local.get $a1) (local.get $stride)))
    (local.set $a3 (i32.add (local.get $a2) (local.get $stride)))
    (loop $k
      (local.set $x0 (f64.load (local.get $a)))
      (local.set $x1 (f64.load (local.get $a1)))
      (local.set $x2 (f64.load (local.get $a2)))
      (local.set $x3 (f64.load (local.get $a3)))
      (local.set $y0 (f64.load offset=0 (local.get $b)))
      (local.set $y1 (f64.load offset=8 (local.get $b)))
      (local.set $y2 (f64.load offset=16 (local.get $b)))
      (local.set $y3 (f64.load offset=24 (local.get $b)))
      (local.set $s00 (f64.add (local.get $s00) (f64.mul (local.get $x0) (local.get $y0))))
      (local.set $s01 (f64.add (local.get $s01) (f64.mul (local.get $x0) (local.get $y1))))
      (local.set $s02 (f64.add (local.get $s02) (f64.mul (local.get $x0) (local.get $y2))))
      (local.set $s03 (f64.add (local.get $s03) (f64.mul (local.get $x0) (local.get $y3))))
      (local.set $s10 (f64.add (local.get $s10) (f64.mul (local.get $x1) (local.get $y0))))
      (local.set $s11 (f64.add (local.get $s11) (f64.mul (local.get $x1) (local.get $y1))))
      (local.set $s12 (f64.add (local.get $s12) (f64.mul (local.get $x1) (local.get $y2))))
      (local.set $s13 (f64.add (local.get $s13) (f64.mul (local.get $x1) (local.get $y3))))
      (local.set $s20 (f64.add (local.get $s20) (f64.mul (local.get $x2) (local.get $y0))))
      (local.set $s21 (f64.add (local.get $s21) (f64.mul (local.get $x2) (local.get $y1))))
      (local.set $s22 (f64.add (local.get $s22) (f64.mul (local.get $x2) (local.get $y2))))
      (local.set $s23 (f64.add (local.get $s23) (f64.mul (local.get $x2) (local.get $y3))))
      (local.set $s30 (f64.add (local.get $s30) (f64.mul (local.get $x3) (local.get $y0))))
      (local.set $s31 (f64.add (local.get $s31) (f64.mul (local.get $x3) (local.get $y1))))
      (local.set $s32 (f64.add (local.get $s32) (f64.mul (local.get $x3) (local.get $y2))))
      (local.set $s33 (f64.add (local.get $s33) (f64.mul (local.get $x3) (local.get $y3))))
      (local.set $b (i32.add (local.get $b) (local.get $stride)))
      (local.set $a1 (i32.add (local.get $a1) (i32.const 8)))
      (local.set $a2 (i32.add (local.get $a2) (i32.const 8)))
      (local.set $a3 (i32.add (local.get $a3) (i32.const 8)))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (br_if $k (i32.lt_u (local.get $a) (local.get $end))))
    (local.set $c1 (i32.add (local.get $c) (local.get $stride)))
    (local.set $c2 (i32.add (local.get $c1) (local.get $stride)))
    (local.set $c3 (i32.add (local.get $c2) (local.get $stride)))
    (f64.store offset=0 (local.get $c) (local.get $s00))
    (f64.store offset=8 (local.get $c) (local.get $s01))
    (f64.store offset=16 (local.get $c) (local.get $s02))
    (f64.store offset=24 (local.get $c) (local.get $s03))
    (f64.store offset=0 (local.get $c1) (local.get $s10))
    (f64.store offset=8 (local.get $c1) (local.get $s11))
    (f64.store offset=16 (local.get $c1) (local.get $s12))
    (f64.store offset=24 (local.get $c1) (local.get $s13))
    (f64.store offset=0 (local.get $c2) (local.get $s20))
    (f64.store offset=8 (local.get $c2) (local.get $s21))
    (f64.store offset=16 (local.get $c2) (local.get $s22))
    (f64.store offset=24 (local.get $c2) (local.get $s23))
    (f64.store offset=0 (local.get $c3) (local.get $s30))
    (f64.store offset=8 (local.get $c3) (local.get $s31))
    (f64.store offset=16 (local.get $c3) (local.get $s32))
    (f64.store offset=24 (local.get $c3) (local.get $s33)))

  ;; Small whole numbers, so that every order of adding them gives the same sum.
  (func $fill (param $at i32) (param $count i32) (param $factor i32)
    (local $i i32)
    (loop $next
      (f64.store (local.get $at)
        (f64.convert_i32_s
          (i32.sub
            (i32.rem_u (i32.mul (local.get $i) (local.get $factor)) (i32.const 17))
            (i32.const 7))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count)))))

  ;; The sum of the product's elements, each times its number modulo 4. $size is a multiple of 4, at most 320.
  (func $matrix (export "matrix") (param $size i32) (result f64)
    (local $count i32) (local $b i32) (local $c i32) (local $row i32) (local $column i32) (local $sum f64)
    (local.set $count (i32.mul (local.get $size) (local.get $size)))
    (local.set $b (i32.shl (local.get $count) (i32.const 3)))
    (local.set $c (i32.shl (local.get $count) (i32.const 4)))
    (call $fill (i32.const 0) (local.get $count) (i32.const 5))
    (call $fill (local.get $b) (local.get $count) (i32.const 11))
    (loop $next_row
      (local.set $column (i32.const 0))
      (loop $next_column
        (call $block
          (i32.shl (i32.mul (local.get $row) (local.get $size)) (i32.const 3))
          (i32.add (local.get $b) (i32.shl (local.get $column) (i32.const 3)))
          (i32.add
            (local.get $c)
            (i32.shl
              (i32.add (i32.mul (local.get $row) (local.get $size)) (local.get $column))
              (i32.const 3)))
          (local.get $size))
        (local.set $column (i32.add (local.get $column) (i32.const 4)))
        (br_if $next_column (i32.lt_u (local.get $column) (local.get $size))))
      (local.set $row (i32.add (local.get $row) (i32.const 4)))
      (br_if $next_row (i32.lt_u (local.get $row) (local.get $size))))
    (local.set $column (i32.const 0))
    (loop $add
      (local.set $sum
        (f64.add
          (local.get $sum)
          (f64.mul
            (f64.load (i32.add (local.get $c) (i32.shl (local.get $column) (i32.const 3))))
            (f64.convert_i32_u (i32.and (local.get $column) (i32.const 3))))))
      (br_if $add
        (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 1))) (local.get $count))))
    (local.get $sum))

  (func (export "_start")
    (if (f64.ne (call $matrix (i32.const 320)) (f64.const 49171837)) (then unreachable)))
)
