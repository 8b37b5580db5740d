;; 19. Before the first call
;;
;; An instance is made in fixed steps: globals get their values, data segments are copied into the memory,
;; then the `start` function runs. Only after that can exports be called. The values are constant
;; expressions: constants, globals that come before, and their sums, differences and products.
;;
;; Here that prepares a CRC-32, the checksum of zip files. For the text "123456789" it has to be 0xCBF43926.
;;
;; run: upshift run --invoke checksum examples/wat/19-start.wat
;; expect: 3421780262

(module
  (memory 1)

  ;; A plan of the memory: each part begins where the one before it ends, whatever is changed in between.
  (global $text i32 (i32.const 16))
  (global $text_end i32 (i32.add (global.get $text) (i32.const 9)))
  (global $table i32 (i32.add (global.get $text_end) (i32.const 7)))
  (global $table_end i32 (i32.add (global.get $table) (i32.mul (i32.const 256) (i32.const 4))))
  (data (global.get $text) "123456789")

  ;; No constant expression can compute the table of the checksums of all bytes: that takes a function.
  (start $fill_table)
  (func $fill_table
    (local $byte i32)
    (local $at i32)
    (local.set $at (global.get $table))
    (loop $next
      (i32.store (local.get $at) (call $divide (local.get $byte)))
      (local.set $byte (i32.add (local.get $byte) (i32.const 1)))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 4)))
          (global.get $table_end)))))

  ;; The remainder of a division by a polynomial, bit by bit: to subtract is `xor` here.
  (func $divide (param $crc i32) (result i32)
    (local $bits i32)
    (local.set $bits (i32.const 8))
    (loop $next
      (local.set $crc
        (i32.xor
          (i32.shr_u (local.get $crc) (i32.const 1))
          (select
            (i32.const 0xEDB88320)
            (i32.const 0)
            (i32.and (local.get $crc) (i32.const 1)))))
      (br_if $next (local.tee $bits (i32.sub (local.get $bits) (i32.const 1)))))
    (local.get $crc))

  (func $checksum (export "checksum") (result i64)
    (local $crc i32)
    (local $at i32)
    (local.set $crc (i32.const -1))
    (local.set $at (global.get $text))
    (loop $next
      ;; With the table a byte takes one step instead of eight.
      (local.set $crc
        (i32.xor
          (i32.shr_u (local.get $crc) (i32.const 8))
          (i32.load
            (i32.add
              (global.get $table)
              (i32.shl
                (i32.and
                  (i32.xor (local.get $crc) (i32.load8_u (local.get $at)))
                  (i32.const 0xff))
                (i32.const 2))))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 1)))
          (global.get $text_end))))
    ;; Wide enough to be printed without a sign.
    (i64.extend_i32_u (i32.xor (local.get $crc) (i32.const -1))))
)
