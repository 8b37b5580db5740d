(module
  (tag $e (param i32))
  (func $may-throw (param i32))

  ;; The exception stays below its values for as long as the catch part is open.
  (func $catch (param i32) (result i32)
    try (result i32)
      (call $may-throw (local.get 0))
      (i32.const 1)
    catch $e
      (i32.add (local.get 0))
    catch_all
      (call $may-throw (i32.const 0))
      rethrow 0
    end)

  ;; The handler of a delegate has no clauses, only an outer handler.
  (func $delegate (param i32)
    try $t
      try
        try (call $may-throw (local.get 0)) delegate $t
      catch_all
      end
    catch $e
      drop
    end))

;; $may-throw
;;   frame 0 params 1
;;   @0    return

;; $catch
;;   frame 3 params 1 results 1
;;   @0    copy s0, s-4
;;   @2    call 1, s4, 64, 0
;;   @6    const s0, 1
;;   @8    return s-4, s0
;;   @10   i32.add s1, s1, s-4
;;   @12   copy s0, s1
;;   @14   return s-4, s0
;;   @16   const s1, 0
;;   @18   call 1, s5, 64, 0
;;   @22   throw_ref s0
;;   @24   return s-4, s0
;;   references:
;;   references from @18: s0
;;   from @0: handler 0
;;   from @10: no handler
;;   handler 0: catch_ref 0 s1 s0 @10, catch_all_ref s0 @16

;; $delegate
;;   frame 2 params 1
;;   @0    copy s0, s-4
;;   @2    call 1, s4, 64, 0
;;   @6    br @8
;;   @8    return
;;   @10   return
;;   from @0: handler 2
;;   from @6: handler 1
;;   from @8: handler 0
;;   from @10: no handler
;;   handler 0: catch_ref 0 s1 s0 @10
;;   handler 1: catch_all_ref s0 @8, outer 0
;;   handler 2: outer 0
