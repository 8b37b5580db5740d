;; A hundred calls from the host: the sieve of Eratosthenes over a page of memory.
(module
  (memory (export "memory") 1)

  ;; The count of primes below $limit, which is at most the memory's size in bytes.
  (func $sieve (export "sieve") (param $limit i32) (result i32)
    (local $n i32) (local $multiple i32) (local $count i32)
    (memory.fill (i32.const 0) (i32.const 0) (local.get $limit))
    (local.set $n (i32.const 2))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $limit)))
        (if (i32.eqz (i32.load8_u (local.get $n)))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (local.set $multiple (i32.shl (local.get $n) (i32.const 1)))
            (block $marked
              (loop $mark
                (br_if $marked (i32.ge_u (local.get $multiple) (local.get $limit)))
                (i32.store8 (local.get $multiple) (i32.const 1))
                (local.set $multiple (i32.add (local.get $multiple) (local.get $n)))
                (br $mark)))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $count))

  ;; The calls that a host makes, for runtimes that only have a command line.
  (func (export "_start")
    (local $i i32)
    (loop $again
      (if (i32.ne (call $sieve (i32.const 65536)) (i32.const 6542)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100)))))
)
