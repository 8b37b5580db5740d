;; What LLVM, in an older and a newer version, makes of functions in C and Zig that multiply 64 by 64 bits in pieces.
(module
  (memory 1)
  (func $wymum32 (param i64 i64) (result i64) (local i64 i64 i64)
    local.get 1 i64.const 4294967295 i64.and local.tee 2 local.get 0 i64.const 32 i64.shr_u local.tee 3
    i64.mul local.tee 4 i64.const 32 i64.shr_u local.get 1 i64.const 32 i64.shr_u local.tee 1 local.get 3
    i64.mul i64.add local.get 1 local.get 0 i64.const 4294967295 i64.and local.tee 0 i64.mul local.tee 1
    i64.const 32 i64.shr_u i64.add local.get 4 i64.const 32 i64.shl local.tee 3 local.get 2 local.get 0
    i64.mul local.tee 0 i64.add local.tee 2 local.get 3 i64.lt_u i64.extend_i32_u i64.add local.get 4
    local.get 1 i64.add i64.const 32 i64.shl local.get 0 i64.add local.tee 0 local.get 2 i64.lt_u
    i64.extend_i32_u i64.add local.get 0 i64.xor)
  (func $xxhk (param i64) (result i64) (local i64 i64)
    local.get 0 i64.const 32 i64.shr_u local.tee 1 i64.const 2246822535 i64.mul local.tee 2 i64.const 32
    i64.shr_u local.get 1 i64.const 2654435761 i64.mul i64.add local.get 2 i64.const 4294967295 i64.and
    local.get 0 i64.const 4294967295 i64.and local.tee 0 i64.const 2654435761 i64.mul i64.add local.get 0
    i64.const 2246822535 i64.mul local.tee 0 i64.const 32 i64.shr_u i64.add local.tee 1 i64.const 32 i64.shr_u
    i64.add local.get 1 i64.const 32 i64.shl local.get 0 i64.const 4294967295 i64.and i64.or i64.xor)
  (func $carry (param i64 i64) (result i64) (local i64 i64 i64 i64)
    local.get 1 i64.const 32 i64.shr_u local.tee 2 local.get 0 i64.const 32 i64.shr_u local.tee 3 i64.mul
    local.tee 4 i64.const 4294967296 i64.add local.get 4 local.get 2 local.get 0 i64.const 4294967295 i64.and
    local.tee 5 i64.mul local.tee 2 local.get 1 i64.const 4294967295 i64.and local.tee 1 local.get 3 i64.mul
    i64.add local.tee 0 local.get 2 i64.lt_u select local.get 0 i64.const 32 i64.shr_u i64.add local.get 0
    i64.const 32 i64.shl local.get 1 local.get 5 i64.mul i64.const -1 i64.xor i64.gt_u i64.extend_i32_u
    i64.add)
  (func $ladder_written (param i64 i64 i32) (result i64) (local i64 i64 i64)
    local.get 2 local.get 1 i64.const 4294967295 i64.and local.tee 3 local.get 0 i64.const 4294967295 i64.and
    local.tee 4 i64.mul local.tee 5 i64.const 32 i64.shr_u local.get 3 local.get 0 i64.const 32 i64.shr_u
    local.tee 0 i64.mul i64.add local.tee 3 i64.const 32 i64.shr_u local.get 1 i64.const 32 i64.shr_u
    local.tee 1 local.get 0 i64.mul i64.add local.get 3 i64.const 4294967295 i64.and local.get 1 local.get 4
    i64.mul i64.add local.tee 0 i64.const 32 i64.shr_u i64.add i64.store local.get 0 i64.const 32 i64.shl
    local.get 5 i64.const 4294967295 i64.and i64.or)
  (func $multi3_written (param i32 i64 i64 i64 i64) (local i64 i64)
    local.get 0 local.get 3 i64.const 32 i64.shr_u local.tee 5 local.get 1 i64.const 32 i64.shr_u local.tee 6
    i64.mul local.get 3 local.get 2 i64.mul i64.add local.get 4 local.get 1 i64.mul i64.add local.get 3
    i64.const 4294967295 i64.and local.tee 3 local.get 1 i64.const 4294967295 i64.and local.tee 1 i64.mul
    local.tee 2 i64.const 32 i64.shr_u local.get 3 local.get 6 i64.mul i64.add local.tee 3 i64.const 32
    i64.shr_u i64.add local.get 3 i64.const 4294967295 i64.and local.get 5 local.get 1 i64.mul i64.add
    local.tee 1 i64.const 32 i64.shr_u i64.add i64.store offset=8 local.get 0 local.get 1 i64.const 32 i64.shl
    local.get 2 i64.const 4294967295 i64.and i64.or i64.store)
  (func $multi3 (param i32 i64 i64 i64 i64) (local i64)
    local.get 0 local.get 4 local.get 1 i64.mul local.get 2 local.get 3 i64.mul i64.add local.get 3
    i64.const 32 i64.shr_u local.tee 2 local.get 1 i64.const 32 i64.shr_u local.tee 4 i64.mul i64.add
    local.get 3 i64.const 4294967295 i64.and local.tee 3 local.get 1 i64.const 4294967295 i64.and local.tee 1
    i64.mul local.tee 5 i64.const 32 i64.shr_u local.get 3 local.get 4 i64.mul i64.add local.tee 3
    i64.const 32 i64.shr_u i64.add local.get 3 i64.const 4294967295 i64.and local.get 2 local.get 1 i64.mul
    i64.add local.tee 1 i64.const 32 i64.shr_u i64.add i64.store offset=8 local.get 0 local.get 1 i64.const 32
    i64.shl local.get 5 i64.const 4294967295 i64.and i64.or i64.store)
  (func $wymum32_older (param i64 i64) (result i64) (local i64 i64 i64 i64)
    local.get 1 i64.const 4294967295 i64.and local.tee 2 local.get 0 i64.const 32 i64.shr_u local.tee 3
    i64.mul local.tee 4 i64.const 32 i64.shr_u local.get 1 i64.const 32 i64.shr_u local.tee 5 local.get 3
    i64.mul i64.add local.get 5 local.get 0 i64.const 4294967295 i64.and local.tee 3 i64.mul i64.const 32
    i64.shr_u i64.add local.get 4 i64.const 32 i64.shl local.tee 4 local.get 2 local.get 3 i64.mul i64.add
    local.tee 2 local.get 4 i64.lt_u i64.extend_i32_u i64.add local.get 0 local.get 1 i64.mul local.tee 0
    local.get 2 i64.lt_u i64.extend_i32_u i64.add local.get 0 i64.xor)
  (func $xxh_older (param i64 i64) (result i64) (local i64 i64 i64)
    local.get 1 i64.const 4294967295 i64.and local.tee 2 local.get 0 i64.const 32 i64.shr_u local.tee 3
    i64.mul local.tee 4 i64.const 32 i64.shr_u local.get 1 i64.const 32 i64.shr_u local.tee 1 local.get 3
    i64.mul i64.add local.get 4 i64.const 4294967295 i64.and local.get 1 local.get 0 i64.const 4294967295
    i64.and local.tee 0 i64.mul i64.add local.get 2 local.get 0 i64.mul local.tee 0 i64.const 32 i64.shr_u
    i64.add local.tee 1 i64.const 32 i64.shr_u i64.add local.get 1 i64.const 32 i64.shl local.get 0
    i64.const 4294967295 i64.and i64.or i64.xor)
  (func $gomul_older (param i64 i64 i32) (result i64) (local i64 i64)
    local.get 2 local.get 1 local.get 0 i64.mul i64.store local.get 1 i64.const 4294967295 i64.and local.tee 3
    local.get 0 i64.const 4294967295 i64.and local.tee 4 i64.mul i64.const 32 i64.shr_u local.get 3
    local.get 0 i64.const 32 i64.shr_u local.tee 0 i64.mul i64.add local.tee 3 i64.const 32 i64.shr_u
    local.get 1 i64.const 32 i64.shr_u local.tee 1 local.get 0 i64.mul i64.add local.get 3
    i64.const 4294967295 i64.and local.get 1 local.get 4 i64.mul i64.add i64.const 32 i64.shr_u i64.add)
  (func $carry_older (param i64 i64) (result i64) (local i64 i64 i64 i64 i64 i64)
    local.get 1 i64.const 32 i64.shr_u local.tee 2 local.get 0 i64.const 4294967295 i64.and local.tee 3
    i64.mul local.tee 4 local.get 1 i64.const 4294967295 i64.and local.tee 5 local.get 0 i64.const 32
    i64.shr_u local.tee 6 i64.mul i64.add local.tee 7 i64.const 32 i64.shr_u local.get 1 local.get 0 i64.mul
    local.get 5 local.get 3 i64.mul i64.lt_u i64.extend_i32_u i64.add local.get 2 local.get 6 i64.mul
    local.tee 0 i64.const 4294967296 i64.add local.get 0 local.get 7 local.get 4 i64.lt_u select i64.add)
  (func $carry4_older (param i64 i64) (result i64) (local i64 i64 i64 i64)
    local.get 1 i64.const 32 i64.shr_u local.tee 2 local.get 0 i64.const 4294967295 i64.and local.tee 3
    i64.mul local.tee 4 local.get 1 i64.const 4294967295 i64.and local.tee 1 local.get 0 i64.const 32
    i64.shr_u local.tee 5 i64.mul i64.add local.tee 0 i64.const 32 i64.shr_u local.get 2 local.get 5 i64.mul
    i64.add local.get 0 local.get 4 i64.lt_u i64.extend_i32_u i64.const 32 i64.shl i64.add local.get 0
    i64.const 4294967295 i64.and local.get 1 local.get 3 i64.mul i64.const 32 i64.shr_u i64.add i64.const 32
    i64.shr_u i64.add)
)
