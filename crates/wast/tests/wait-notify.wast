;; What a single thread sees of `memory.atomic.wait32`, `memory.atomic.wait64` and `memory.atomic.notify`.

(module
  (memory 1 2 shared)
  (func (export "init") (i64.store (i32.const 8) (i64.const 0x1_0000_0007)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "notify-offset") (param i32) (result i32)
    (memory.atomic.notify offset=0xffff_fffc (local.get 0) (i32.const 1)))
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait32-offset") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 offset=4 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1))))

(invoke "init")

;; Nobody waits.
(assert_return (invoke "notify" (i32.const 0) (i32.const 0)) (i32.const 0))
(assert_return (invoke "notify" (i32.const 8) (i32.const -1)) (i32.const 0))

;; Another value than the expected one: no wait, however long it would be.
(assert_return (invoke "wait32" (i32.const 8) (i32.const 8) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait32-offset" (i32.const 8) (i32.const 0) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait64" (i32.const 8) (i64.const 7) (i64.const -1)) (i32.const 1))

;; The expected value, and nobody who would wake the thread.
(assert_return (invoke "wait32" (i32.const 8) (i32.const 7) (i64.const 0)) (i32.const 2))
(assert_return (invoke "wait32" (i32.const 8) (i32.const 7) (i64.const 1000)) (i32.const 2))
(assert_return (invoke "wait32-offset" (i32.const 8) (i32.const 1) (i64.const 1000)) (i32.const 2))
(assert_return (invoke "wait64" (i32.const 8) (i64.const 0x1_0000_0007) (i64.const 1000)) (i32.const 2))

;; Addresses are multiples of the size, and in memory.
(assert_trap (invoke "notify" (i32.const 2) (i32.const 1)) "unaligned atomic")
(assert_trap (invoke "wait32" (i32.const 1) (i32.const 0) (i64.const 0)) "unaligned atomic")
(assert_trap (invoke "wait64" (i32.const 4) (i64.const 0) (i64.const 0)) "unaligned atomic")
(assert_trap (invoke "notify" (i32.const 0x1_0000) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "notify-offset" (i32.const 4)) "out of bounds memory access")
(assert_trap (invoke "wait32" (i32.const 0x1_0000) (i32.const 0) (i64.const 0)) "out of bounds memory access")
(assert_trap (invoke "wait32-offset" (i32.const 0xfffc) (i32.const 0) (i64.const 0)) "out of bounds memory access")
(assert_trap (invoke "wait64" (i32.const -8) (i64.const 0) (i64.const 0)) "out of bounds memory access")
(assert_return (invoke "grow") (i32.const 1))
(assert_return (invoke "wait32" (i32.const 0x1_fffc) (i32.const 0) (i64.const 0)) (i32.const 2))

;; At a memory that is not shared nobody can wait, and there is nobody to be woken.
(module
  (memory 1)
  (func (export "notify") (param i32) (result i32) (memory.atomic.notify (local.get 0) (i32.const 1)))
  (func (export "wait32") (param i32) (result i32)
    (memory.atomic.wait32 (local.get 0) (i32.const 1) (i64.const 0)))
  (func (export "wait64") (param i32) (result i32)
    (memory.atomic.wait64 (local.get 0) (i64.const 1) (i64.const 0))))

(assert_return (invoke "notify" (i32.const 0)) (i32.const 0))
(assert_trap (invoke "notify" (i32.const 3)) "unaligned atomic")
(assert_trap (invoke "notify" (i32.const 0x1_0000)) "out of bounds memory access")
(assert_trap (invoke "wait32" (i32.const 0)) "expected shared memory")
(assert_trap (invoke "wait64" (i32.const 8)) "expected shared memory")
(assert_trap (invoke "wait64" (i32.const 0x1_0000)) "out of bounds memory access")

;; A 64-bit memory, where the sum of address and offset may not fit.
(module
  (memory i64 1 1 shared)
  (func (export "notify") (param i64) (result i32)
    (memory.atomic.notify offset=0xffff_ffff_ffff_fff8 (local.get 0) (i32.const 1)))
  (func (export "wait32") (param i64) (result i32)
    (memory.atomic.wait32 offset=8 (local.get 0) (i32.const 0) (i64.const 0))))

(assert_trap (invoke "notify" (i64.const 8)) "out of bounds memory access")
(assert_trap (invoke "wait32" (i64.const -8)) "out of bounds memory access")
(assert_return (invoke "wait32" (i64.const 8)) (i32.const 2))
