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
;;   frame 0 params 1
;;   @0    return

;; $catch
;;   frame 1 params 1 results 1
;;   @0    copy s0, s-4
;;   @2    call 1, s4, 64, 0
;;   @6    const s0, 100
;;   @8    return s-4, s0
;;   from @0: handler 0
;;   from @6: no handler
;;   handler 0: catch 0 s0 @8

;; $nested
;;   frame 2 params 1 results 2
;;   @0    copy s0, s-4
;;   @2    call 1, s4, 64, 0
;;   @6    const s0, 0
;;   @8    const s1, 0
;;   @10   return.span s-4, s0, 2
;;   @13   return.span s-4, s0, 2
;;   from @0: handler 1
;;   from @6: handler 0
;;   from @16: no handler
;;   handler 0: catch_all @0
;;   handler 1: catch_ref 0 s0 s1 @13, outer 0
;;   loops: @0

;; $leave
;;   frame 3 params 1 results 3
;;   @0    copy s0, s-4
;;   @2    call 1, s4, 64, 0
;;   @6    const.v128 v1, 0x2, 0x3
;;   @10   const s0, 1
;;   @12   throw s0, 1
;;   @15   return.span s-4, s0, 3
;;   from @0: handler 0
;;   from @6: no handler
;;   handler 0: catch 1 s0 @15

;; $again
;;   frame 1 params 1
;;   @0    throw_ref s-4
;;   references: s-4

;; $edge
;;   frame 2 params 1 results 1
;;   @0    br_if_i32.ge_s s-4, 5, @8
;;   @3    const s0, 50
;;   @5    throw s0, 0
;;   @8    const s0, 60
;;   @10   return s-4, s0
;;   handler 0: catch 0 s0 @10
