;; fun adder(n: Int) -> fun(Int) -> Int { |x| x + n }
(module
  (type (;0;) (func))
  (type (;1;) (func (param structref i64) (result i64)))
  (type (;2;) (sub (struct (field (mut i32)) (field i32) (field i32) (field (ref 1)))))
  (type (;3;) (sub final 2 (struct (field (mut i32)) (field i32) (field i32) (field (ref 1)) (field (mut i64)))))
  (type (;4;) (func (param i64) (result (ref null 2))))
  (type (;5;) (func (param i32 i32)))
  (type (;6;) (func (param i32 i32 i32 i64 i64)))
  (import "runtime" "fail" (func (;0;) (type 6) (param i32 i32 i32 i64 i64)))
  (import "session" "instance" (global (;0;) i32))
  (export "run" (func 1))
  (export "$adder" (func 2))
  (export "$0" (func 3))
  (func (;1;) (type 0))
  (func (;2;) (type 4) (param i64) (result (ref null 2))
    i32.const 0
    global.get 0
    i32.const 0
    ref.func 3
    local.get 0
    struct.new 3
  )
  (func (;3;) (type 1) (param structref i64) (result i64)
    (local (ref null 3) i64 i64)
    local.get 0
    ref.cast (ref null 3)
    local.tee 2
    struct.get 3 4
    local.set 3
    local.get 1
    local.get 3
    i64.add
    local.tee 4
    local.get 1
    i64.xor
    local.get 4
    local.get 3
    i64.xor
    i64.and
    i64.const 0
    i64.lt_s
    if ;; label = @1
      i32.const 1
      i32.const 43
      call 4
      unreachable
    end
    local.get 4
  )
  (func (;4;) (type 5) (param i32 i32)
    local.get 0
    global.get 0
    local.get 1
    i64.const 0
    i64.const 0
    call 0
  )
)
