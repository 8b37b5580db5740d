;; 32. The sieve of Eratosthenes
;;
;; To find all primes below a number, write them all down, and strike out the multiples of each one that is
;; left when you come to it. The list is the memory, a byte for each number: 0 as long as it is not struck
;; out. New memory is zero, so nothing has to be prepared.
;;
;; There are 25 primes below 100 and 78498 below a million.
;;
;; run: upshift run --invoke primes examples/wat/32-sieve.wat 100
;; expect: 25
;; run: upshift run --invoke primes examples/wat/32-sieve.wat 1000000
;; expect: 78498
;; run: upshift run --invoke primes examples/wat/32-sieve.wat 2
;; expect: 0
;; run: upshift run --invoke primes examples/wat/32-sieve.wat 3
;; expect: 1

(module
  (memory 0)

  (func (export "primes") (param $limit i32) (result i32)
    (local $number i32)
    (local $count i32)
    ;; Above 2 to the power of 31 a step beyond the limit could come out as a small number.
    (if (i32.lt_s (local.get $limit) (i32.const 0)) (then (unreachable)))
    ;; One page for each 64 KiB, and one for the rest.
    (if (i32.eq
          (memory.grow (i32.add (i32.shr_u (local.get $limit) (i32.const 16)) (i32.const 1)))
          (i32.const -1))
      (then (unreachable)))

    (local.set $number (i32.const 2))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (local.get $limit)))
        (if (i32.eqz (i32.load8_u (local.get $number)))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (call $strike_out (local.get $number) (local.get $limit))))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next)))
    (local.get $count))

  (func $strike_out (param $prime i32) (param $limit i32)
    (local $multiple i32)
    ;; Multiples below the square have a smaller factor and are struck out by now. The square of a large
    ;; prime needs more than 32 bits, so it is compared before it is cut.
    (if (i64.ge_u
          (i64.mul
            (i64.extend_i32_u (local.get $prime))
            (i64.extend_i32_u (local.get $prime)))
          (i64.extend_i32_u (local.get $limit)))
      (then (return)))
    (local.set $multiple (i32.mul (local.get $prime) (local.get $prime)))
    (loop $next
      (i32.store8 (local.get $multiple) (i32.const 1))
      (br_if $next
        (i32.lt_u
          (local.tee $multiple (i32.add (local.get $multiple) (local.get $prime)))
          (local.get $limit)))))
)
