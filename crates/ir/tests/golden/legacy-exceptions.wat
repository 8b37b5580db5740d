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
;;   frame 4
;;   @0    return 1

;; $catch
;;   frame 7
;;   @0    copy s4, s0
;;   @2    call 1, s4, 64, 0
;;   @5    const s4, 1
;;   @7    return 1, s4
;;   @9    i32.add s5, s5, s0
;;   @11   copy s4, s5
;;   @13   return 1, s4
;;   @15   const s5, 0
;;   @17   call 1, s5, 64, 0
;;   @20   throw_ref s4
;;   @22   return 1, s4
;;   references:
;;   references from @17: s4
;;   from @0: handler 0
;;   from @9: no handler
;;   handler 0: catch_ref 0 s5 s4 @9, catch_all_ref s4 @15

;; $delegate
;;   frame 6
;;   @0    copy s4, s0
;;   @2    call 1, s4, 64, 0
;;   @5    br @7
;;   @7    return 1
;;   @9    return 1
;;   from @0: handler 2
;;   from @5: handler 1
;;   from @7: handler 0
;;   from @9: no handler
;;   handler 0: catch_ref 0 s5 s4 @9
;;   handler 1: catch_all_ref s4 @7, outer 0
;;   handler 2: outer 0
