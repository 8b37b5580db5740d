;; The first draft of exceptions: try, catch, catch_all, delegate, rethrow.

(module $tags
  (tag (export "e0"))
  (tag (export "e1") (param i32))
  (tag (export "e2") (param i32 v128 f64)))
(register "tags")

(module
  (tag $e0 (import "tags" "e0"))
  (tag $e1 (import "tags" "e1") (param i32))
  (tag $e2 (import "tags" "e2") (param i32 v128 f64))
  (tag $own (param i32))
  (global $count (mut i32) (i32.const 0))

  (func $throw-if (param i32) (if (local.get 0) (then (throw $e1 (local.get 0)))))
  (func $count-up (global.set $count (i32.add (global.get $count) (i32.const 1))))
  (func (export "count") (result i32) (global.get $count))

  ;; What catches nothing.
  (func (export "empty") try end)
  (func (export "bare") (result i32) try (result i32) (i32.const 3) end)
  (func (export "bare-throw") try (throw $e0) end)

  (func (export "catch") (param i32) (result i32)
    try (result i32)
      (call $throw-if (local.get 0)) (i32.const 100)
      catch $e0 (i32.const 200)
      catch $e1 (i32.add (i32.const 1)) end)
  (func (export "catch_all") (param i32) (result i32)
    try (result i32)
      (call $throw-if (local.get 0)) (i32.const 100)
      catch $own (drop) (i32.const 1)
      catch_all (i32.const 2) end)
  (func (export "first") (result i32)
    try (result i32)
      (throw $e1 (i32.const 5))
      catch $e1
      catch $e1 (drop) (i32.const 9)
      catch_all (i32.const 10) end)
  (func (export "payload") (result f64 i64 i32) (local $f f64) (local $v v128) (local $i i32)
    try
      (throw $e2 (i32.const 1) (v128.const i64x2 2 3) (f64.const 4))
      catch $e2 (local.set $f) (local.set $v) (local.set $i) end
    (local.get $f) (i64x2.extract_lane 1 (local.get $v)) (local.get $i))

  ;; Operands below a try, and its parameters.
  (func (export "below") (param i32) (result i32)
    (local.get 0)
    (i32.mul (local.get 0) (i32.const 10))
    (local.set 0 (i32.const 1000))
    try (param i32) (result i32)
      (call $throw-if (i32.const 7)) (drop) (i32.const 0)
      catch $e1 end
    (i32.add) (i32.add (local.get 0)))

  ;; A catch part does not catch what it throws, the try around it does.
  (func (export "throw-in-catch") (result i32)
    try (result i32)

        try (result i32)
          (throw $e1 (i32.const 1))
          catch $e1 (drop) (throw $e1 (i32.const 2))
          catch_all (i32.const 3) end
      catch $e1 (i32.add (i32.const 40)) end)

  ;; rethrow, of the innermost and of an outer exception, with others in between.
  (func (export "rethrow") (param i32) (result i32)
    try (result i32)

        try (result i32)
          (throw $e1 (i32.const 11))
          catch_all
            (call $count-up)
            (if (local.get 0) (then (rethrow 1)))
            (i32.const 12) end
      catch $e1 (i32.add (i32.const 100)) end)
  (func (export "rethrow-outer") (result i32)
    try (result i32)

        try (result i32)
          (throw $e1 (i32.const 1))
          catch $e1
            (drop)
            try (result i32)
              (throw $e1 (i32.const 2))
              catch $e1 (drop) (rethrow 1) end end
      catch $e1 end)
  (func (export "rethrow-twice") (param i32) (result i32)
    try (result i32)

        try (result i32)
          (throw $e1 (local.get 0))
          catch $e1
            (drop)
            try (rethrow 1) catch $e1 (drop) end
            (rethrow 0) end
      catch $e1 end)

  ;; delegate: to a try, over a try, to a block inside of a try, to the caller, from a catch part.
  (func (export "delegate") (result i32)
    try $t (result i32)
      try (result i32) (throw $e1 (i32.const 21)) delegate $t
      catch $e1 end)
  (func (export "delegate-over") (result i32)
    try $outer (result i32)

        try (result i32)
          try (result i32) (throw $e1 (i32.const 22)) delegate $outer
          catch_all (i32.const -1) end
      catch $e1 end)
  (func (export "delegate-block") (result i32)
    try (result i32)

        (block $b (result i32)
          try (result i32)
            try (result i32) (throw $e1 (i32.const 23)) delegate $b
            catch_all (i32.const -1) end)
      catch $e1 end)
  (func $to-caller (result i32)
    try (result i32)
      try (result i32) (throw $e1 (i32.const 24)) delegate 1
      catch_all (i32.const -1) end)
  (func (export "delegate-caller") (result i32)
    try (result i32) (call $to-caller) catch $e1 end)
  (func (export "delegate-catch") (result i32)
    try (result i32)

        try $t (result i32)
          (throw $e0)
          catch $e0 try (result i32) (throw $e1 (i32.const 25)) delegate $t
          catch $e1 (drop) (i32.const -1) end
      catch $e1 end)
  (func (export "delegate-quiet") (result i32)
    try (result i32) try (result i32) (i32.const 26) delegate 0 catch_all (i32.const -1) end)

  ;; Branches out of both parts, and code that is never reached.
  (func (export "branch") (param i32) (result i32)
    (block $out (result i32)
      try (result i32)

          (br_if $out (i32.const 1) (i32.eq (local.get 0) (i32.const 1)))
          (drop)
          (throw $e1 (local.get 0))
        catch $e1 (br $out)
        catch_all (br $out (i32.const -1)) end
      (drop) (i32.const -2)))
  (func (export "unreached") (result i32)
    (block $out
      (br $out)
      try try  delegate 0 (throw $e0) catch $e0 (rethrow 0) catch_all end)
    (i32.const 31))
  (func (export "unreached-body") (result i32)
    try (result i32) (return (i32.const 32)) catch $e1 catch_all (i32.const -1) end)
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $again
      try
        (throw $e1 (local.get 0))
        catch $e1
          (local.set 1 (i32.add (local.get 1)))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $again (local.get 0)) end)
    (local.get 1))

  ;; Together with try_table.
  (func (export "both") (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e1 $h)
        try (result i32) (throw $e1 (i32.const 41)) catch_all (rethrow 0) end)))
  (func (export "both-delegate") (result i32)
    (block $h (result i32)
      (try_table $t (result i32) (catch $e1 $h)
        try (result i32)
          try (result i32) (throw $e1 (i32.const 42)) delegate $t
          catch_all (i32.const -1) end)))

  (func (export "traps") try (unreachable) catch_all end)
)

(invoke "empty")
(assert_return (invoke "bare") (i32.const 3))
(assert_exception (invoke "bare-throw"))
(assert_return (invoke "catch" (i32.const 0)) (i32.const 100))
(assert_return (invoke "catch" (i32.const 7)) (i32.const 8))
(assert_return (invoke "catch_all" (i32.const 0)) (i32.const 100))
(assert_return (invoke "catch_all" (i32.const 7)) (i32.const 2))
(assert_return (invoke "first") (i32.const 5))
(assert_return (invoke "payload") (f64.const 4) (i64.const 3) (i32.const 1))
(assert_return (invoke "below" (i32.const 3)) (i32.const 1010))
(assert_return (invoke "throw-in-catch") (i32.const 42))
(assert_return (invoke "rethrow" (i32.const 0)) (i32.const 12))
(assert_return (invoke "rethrow" (i32.const 1)) (i32.const 111))
(assert_return (invoke "count") (i32.const 2))
(assert_return (invoke "rethrow-outer") (i32.const 1))
(assert_return (invoke "rethrow-twice" (i32.const 13)) (i32.const 13))
(assert_return (invoke "delegate") (i32.const 21))
(assert_return (invoke "delegate-over") (i32.const 22))
(assert_return (invoke "delegate-block") (i32.const 23))
(assert_return (invoke "delegate-caller") (i32.const 24))
(assert_return (invoke "delegate-catch") (i32.const 25))
(assert_return (invoke "delegate-quiet") (i32.const 26))
(assert_return (invoke "branch" (i32.const 1)) (i32.const 1))
(assert_return (invoke "branch" (i32.const 5)) (i32.const 5))
(assert_return (invoke "unreached") (i32.const 31))
(assert_return (invoke "unreached-body") (i32.const 32))
(assert_return (invoke "loop" (i32.const 4)) (i32.const 10))
(assert_return (invoke "both") (i32.const 41))
(assert_return (invoke "both-delegate") (i32.const 42))
(assert_trap (invoke "traps") "unreachable")

(assert_invalid (module (func try  catch_all (rethrow 1) end)) "invalid rethrow label")
(assert_invalid (module (tag (param i32)) (func try  catch 0 end)) "type mismatch")
(assert_invalid (module (func try  delegate 1)) "unknown label")
