;; fun sum(a: [Int]) -> Int {
;;     let mut s = 0
;;     for i in 0..a.len() {
;;         s += a[i] * 3
;;     }
;;     s
;; }
(module
  (type (;0;) (func))
  (type (;1;) (array (mut i64)))
  (type (;2;) (struct (field (mut i32)) (field (mut i32)) (field (mut (ref 1)))))
  (type (;3;) (func (param (ref null 2)) (result i64)))
  (type (;4;) (func (param i32 i32 i64 i64)))
  (type (;5;) (func (param i32 i32)))
  (type (;6;) (func (param i32 i32 i32 i64 i64)))
  (import "runtime" "fail" (func (;0;) (type 6) (param i32 i32 i32 i64 i64)))
  (import "session" "instance" (global (;0;) i32))
  (export "run" (func 1))
  (export "$sum" (func 2))
  (func (;1;) (type 0))
  (func (;2;) (type 3) (param (ref null 2)) (result i64)
    (local i64 i64 i64 i64 i64)
    i64.const 0
    local.set 1
    local.get 0
    struct.get 2 1
    i64.extend_i32_u
    local.set 2
    i64.const 0
    local.set 3
    block ;; label = @1
      local.get 3
      local.get 2
      i64.ge_s
      br_if 0 (;@1;)
      loop ;; label = @2
        block ;; label = @3
          local.get 3
          local.get 0
          struct.get 2 1
          i64.extend_i32_u
          i64.ge_u
          if ;; label = @4
            i32.const 3
            i32.const 84
            local.get 3
            local.get 0
            struct.get 2 1
            i64.extend_i32_u
            call 3
            unreachable
          end
          local.get 0
          struct.get 2 2
          local.get 3
          i32.wrap_i64
          array.get 1
          local.set 4
          local.get 4
          i64.const -3074457345618258602
          i64.sub
          i64.const 6148914691236517204
          i64.gt_u
          if ;; label = @4
            i32.const 1
            i32.const 84
            call 4
            unreachable
          end
          local.get 4
          i64.const 3
          i64.mul
          local.set 4
          local.get 1
          local.get 4
          i64.add
          local.tee 5
          local.get 1
          i64.xor
          local.get 5
          local.get 4
          i64.xor
          i64.and
          i64.const 0
          i64.lt_s
          if ;; label = @4
            i32.const 1
            i32.const 79
            call 4
            unreachable
          end
          local.get 5
          local.set 1
        end
        local.get 3
        i64.const 1
        i64.add
        local.tee 3
        local.get 2
        i64.lt_s
        br_if 0 (;@2;)
      end
    end
    local.get 1
  )
  (func (;3;) (type 4) (param i32 i32 i64 i64)
    local.get 0
    global.get 0
    local.get 1
    local.get 2
    local.get 3
    call 0
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
