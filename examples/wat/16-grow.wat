;; 16. A memory that grows
;;
;; A memory has a size that it starts with and may have one that it never exceeds, both in pages of 64 KiB.
;; `memory.grow` adds pages, all zero, and answers the size before, or -1 if that is too much. It never
;; traps, so a program can go on without. A memory cannot be made smaller.
;;
;; The results are what `memory.grow` answered and the size after it.
;;
;; run: upshift run --invoke grow examples/wat/16-grow.wat 2
;; expect: 1
;; expect: 3
;; run: upshift run --invoke grow examples/wat/16-grow.wat 4
;; expect: -1
;; expect: 1
;; run: upshift run --invoke reserve examples/wat/16-grow.wat 150000
;; expect: 196608
;; run: upshift run --invoke reserve examples/wat/16-grow.wat 300000
;; expect-error: unreachable
;; exit: 134

(module
  ;; One page now, four at most.
  (memory 1 4)

  (func $grow (export "grow") (param $pages i32) (result i32 i32)
    (memory.grow (local.get $pages))
    (memory.size))

  ;; What a program does in practice: makes sure that the memory has so many bytes, and says how many there
  ;; are then.
  (func $reserve (export "reserve") (param $bytes i32) (result i32)
    (local $wanted i32)
    ;; Bytes to pages, rounded up.
    (local.set $wanted
      (i32.shr_u (i32.add (local.get $bytes) (i32.const 0xffff)) (i32.const 16)))
    (if (i32.gt_u (local.get $wanted) (memory.size))
      (then
        (if (i32.eq
              (memory.grow (i32.sub (local.get $wanted) (memory.size)))
              (i32.const -1))
          ;; There is no more. This program has no use for less.
          (then (unreachable)))))
    (i32.shl (memory.size) (i32.const 16)))
)
