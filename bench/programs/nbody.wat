;; Floating point with its operands in memory: bodies that pull at each other, in the plane.
(module
  ;; A body is five f64: x, y, the speeds along them, the mass.
  (memory (export "memory") 1)

  ;; Changes the speeds of two bodies by the pull between them during $dt.
  (func $pull (param $a i32) (param $b i32) (param $dt f64)
    (local $dx f64) (local $dy f64) (local $square f64) (local $force f64) (local $mass f64)
    (local.set $dx (f64.sub (f64.load offset=0 (local.get $b)) (f64.load offset=0 (local.get $a))))
    (local.set $dy (f64.sub (f64.load offset=8 (local.get $b)) (f64.load offset=8 (local.get $a))))
    (local.set $square
      (f64.add
        (f64.mul (local.get $dx) (local.get $dx))
        (f64.mul (local.get $dy) (local.get $dy))))
    (local.set $force
      (f64.div (local.get $dt) (f64.mul (local.get $square) (f64.sqrt (local.get $square)))))
    (local.set $mass (f64.mul (f64.load offset=32 (local.get $b)) (local.get $force)))
    (f64.store offset=16 (local.get $a)
      (f64.add (f64.load offset=16 (local.get $a)) (f64.mul (local.get $dx) (local.get $mass))))
    (f64.store offset=24 (local.get $a)
      (f64.add (f64.load offset=24 (local.get $a)) (f64.mul (local.get $dy) (local.get $mass))))
    (local.set $mass (f64.mul (f64.load offset=32 (local.get $a)) (local.get $force)))
    (f64.store offset=16 (local.get $b)
      (f64.sub (f64.load offset=16 (local.get $b)) (f64.mul (local.get $dx) (local.get $mass))))
    (f64.store offset=24 (local.get $b)
      (f64.sub (f64.load offset=24 (local.get $b)) (f64.mul (local.get $dy) (local.get $mass)))))

  (func $move (param $body i32) (param $dt f64)
    (f64.store offset=0 (local.get $body)
      (f64.add
        (f64.load offset=0 (local.get $body))
        (f64.mul (f64.load offset=16 (local.get $body)) (local.get $dt))))
    (f64.store offset=8 (local.get $body)
      (f64.add
        (f64.load offset=8 (local.get $body))
        (f64.mul (f64.load offset=24 (local.get $body)) (local.get $dt)))))

  (func $place (param $body i32) (param $x f64) (param $speed f64) (param $mass f64)
    (f64.store offset=0 (local.get $body) (local.get $x))
    (f64.store offset=8 (local.get $body) (f64.const 0))
    (f64.store offset=16 (local.get $body) (f64.const 0))
    (f64.store offset=24 (local.get $body) (local.get $speed))
    (f64.store offset=32 (local.get $body) (local.get $mass)))

  ;; Where a planet is along x after $steps around a sun, nearly on a circle.
  (func $nbody (export "nbody") (param $steps i32) (result f64)
    (call $place (i32.const 0) (f64.const 0) (f64.const 0) (f64.const 1000))
    (call $place (i32.const 40) (f64.const 10) (f64.const 10) (f64.const 1))
    (loop $step
      (call $pull (i32.const 0) (i32.const 40) (f64.const 0.001))
      (call $move (i32.const 0) (f64.const 0.001))
      (call $move (i32.const 40) (f64.const 0.001))
      (br_if $step (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))
    (f64.load (i32.const 40)))

  (func (export "_start")
    (if (f64.ne (call $nbody (i32.const 1000000)) (f64.const -9.81968077887476)) (then unreachable)))
)
