(module
  (tag $e (param i32))
  (tag $two (param i64 v128))

  (func $may-throw (param i32))

  ;; Entering and leaving costs nothing: the code is that of two blocks.
  (func $catch (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (call $may-throw (local.get 0)))
      (i32.const 100)))

  ;; Clauses that want a reference, handlers inside of others, and a loop as a place to go on.
  (func $nested (param i32) (result i32 exnref)
    (loop $again
      (try_table (catch_all $again)
        (block $ref (result i32 exnref)
          (try_table (catch_ref $e $ref) (call $may-throw (local.get 0)))
          (return (i32.const 0) (ref.null exn)))
        (return)))
    (unreachable))

  ;; A clause that leaves the function leads to a return behind everything else.
  (func $leave (param i32) (result i64 v128)
    (try_table (catch $two 0) (call $may-throw (local.get 0)))
    (throw $two (i64.const 1) (v128.const i64x2 2 3)))

  (func $again (param exnref)
    (throw_ref (local.get 0)))

  ;; The comparison inside and the branch outside are still one instruction.
  (func $edge (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (i32.lt_s (local.get 0) (i32.const 5)))
      (if (result i32) (then (throw $e (i32.const 50))) (else (i32.const 60))))))

;; $may-throw
;;   frame 4
;;   @0    return 1

;; $catch
;;   frame 5
;;   @0    copy s4, s0
;;   @2    call 1, s4, 64, 0
;;   @5    const s4, 100
;;   @7    return 1, s4
;;   from @0: handler 0
;;   from @5: no handler
;;   handler 0: catch 0 s4 @7

;; $nested
;;   frame 6
;;   @0    copy s4, s0
;;   @2    call 1, s4, 64, 0
;;   @5    const s4, 0
;;   @7    const s5, 0
;;   @9    return.span 1, s4, 2
;;   @12   return.span 1, s4, 2
;;   from @0: handler 1
;;   from @5: handler 0
;;   from @15: no handler
;;   handler 0: catch_all @0
;;   handler 1: catch_ref 0 s4 s5 @12, outer 0

;; $leave
;;   frame 7
;;   @0    copy s4, s0
;;   @2    call 1, s4, 64, 0
;;   @5    const.v128 v5, 0x2, 0x3
;;   @9    const s4, 1
;;   @11   throw s4, 1
;;   @14   return.span 1, s4, 3
;;   from @0: handler 0
;;   from @5: no handler
;;   handler 0: catch 1 s4 @14

;; $again
;;   frame 5
;;   @0    throw_ref s0
;;   references: s0

;; $edge
;;   frame 6
;;   @0    br_if_i32.ge_s s0, 5, @8
;;   @3    const s4, 50
;;   @5    throw s4, 0
;;   @8    const s4, 60
;;   @10   return 1, s4
;;   handler 0: catch 0 s4 @10
