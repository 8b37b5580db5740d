;; 28. Two memories
;;
;; A module may have several memories, and loads and stores name the one they mean. No address of the one
;; leads into another. So what the host writes can be kept apart from what it must never touch: it gets the
;; memory that is exported, and no mistake with a length can reach the counters in the other one.
;;
;; The program reads its input and says which letter is the most frequent, and how often it is there.
;; The results are numbers: 101 is an `e`.
;;
;; run: upshift run --invoke most_frequent examples/wat/28-two-memories.wat < examples/data/lighthouse.txt
;; expect: 101
;; expect: 76
;; run: upshift run --invoke most_frequent examples/wat/28-two-memories.wat < examples/data/empty.txt
;; expect: 97
;; expect: 0

(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))

  ;; Where to read to and how much, for `fd_read`; how much it was comes to address 8, the text to 16.
  (memory $exchange (export "memory") 1)
  (data (memory $exchange) (i32.const 0) "\10\00\00\00" "\00\04\00\00")
  ;; A counter for each of the 256 bytes that there are.
  (memory $counters 1)

  (func (export "most_frequent") (result i32 i32)
    (local $best i32)
    (local $byte i32)
    ;; Descriptor 0 is the standard input. The program takes an error for the end.
    (block $end
      (loop $next
        (br_if $end (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $end (i32.eqz (i32.load $exchange (i32.const 8))))
        (call $count_all (i32.load $exchange (i32.const 8)))
        (br $next)))

    ;; From `a` to `z`: of equals, the first one wins.
    (local.set $best (i32.const 97))
    (local.set $byte (i32.const 97))
    (loop $next
      (if (i32.gt_u (call $count_of (local.get $byte)) (call $count_of (local.get $best)))
        (then (local.set $best (local.get $byte))))
      (br_if $next
        (i32.le_u
          (local.tee $byte (i32.add (local.get $byte) (i32.const 1)))
          (i32.const 122))))
    (local.get $best)
    (call $count_of (local.get $best)))

  (func $count_of (param $byte i32) (result i32)
    (i32.load $counters (i32.shl (local.get $byte) (i32.const 2))))

  (func $count_all (param $length i32)
    (local $counter i32)
    (loop $next
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (local.set $counter
        (i32.shl (i32.load8_u $exchange offset=16 (local.get $length)) (i32.const 2)))
      (i32.store $counters (local.get $counter)
        (i32.add (i32.load $counters (local.get $counter)) (i32.const 1)))
      (br_if $next (local.get $length))))
)
