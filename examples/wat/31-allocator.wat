;; 31. An allocator
;;
;; WebAssembly gives a program memory and no `malloc`: handing it out in pieces is the program's own work. The
;; simplest way is a pointer to where the free part begins, which moves on with each piece: a bump allocator.
;; It cannot take single pieces back, only all of them at once, by putting the pointer back.
;;
;; The results are the sum of a linked list of the numbers from 1 to the argument, and the pages that the
;; memory has then: a node takes 8 bytes, so 100000 of them take 13 pages. With `twice` the second list takes
;; the place of the first.
;;
;; run: upshift run --invoke sum examples/wat/31-allocator.wat 100000
;; expect: 5000050000
;; expect: 13
;; run: upshift run --invoke twice examples/wat/31-allocator.wat 100000
;; expect: 5000050000
;; expect: 13

(module
  (memory 1)
  ;; Nothing is given out at address 0, so that 0 can mean "nothing".
  (global $start i32 (i32.const 8))
  (global $free (mut i32) (global.get $start))

  ;; So many bytes, less than 2 GiB, at an address that is a multiple of 8; or 0 if there are no more.
  (func $allocate (param $bytes i32) (result i32)
    (local $piece i32)
    (local $missing i32)
    (local.set $piece (global.get $free))
    (global.set $free
      (i32.add
        (local.get $piece)
        (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8))))
    (local.set $missing
      (i32.sub (global.get $free) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        ;; Whole pages, rounded up.
        (if (i32.eq
              (memory.grow
                (i32.shr_u (i32.add (local.get $missing) (i32.const 0xffff)) (i32.const 16)))
              (i32.const -1))
          (then
            (global.set $free (local.get $piece))
            (return (i32.const 0))))))
    (local.get $piece))

  ;; A node of a list is a number and, four bytes on, the address of the next node.
  (func $node (param $value i32) (param $next i32) (result i32)
    (local $node i32)
    (if (i32.eqz (local.tee $node (call $allocate (i32.const 8)))) (then (unreachable)))
    (i32.store (local.get $node) (local.get $value))
    (i32.store offset=4 (local.get $node) (local.get $next))
    (local.get $node))

  (func $sum (export "sum") (param $n i32) (result i64 i32)
    (local $list i32)
    (local $sum i64)
    (loop $next
      (local.set $list (call $node (local.get $n) (local.get $list)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.load32_u (local.get $list))))
      (br_if $next (local.tee $list (i32.load offset=4 (local.get $list)))))
    (local.get $sum)
    (memory.size))

  (func (export "twice") (param $n i32) (result i64 i32)
    (call $sum (local.get $n))
    (drop)
    (drop)
    (global.set $free (global.get $start))
    (call $sum (local.get $n)))
)
