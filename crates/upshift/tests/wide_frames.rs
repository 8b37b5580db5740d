//! Functions whose slots lie on both sides of the 16 bits that instructions have for them: the same function, behind more and
//! more locals that nobody uses, returns the same.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Config, Engine, Instance, Module, Result, Store};

use crate::ways::Way;

/// How many slots of unused locals there are: none, around the end of 16 bits, far behind it.
fn paddings() -> impl Iterator<Item = usize> {
    [0, 70_000].into_iter().chain(32_700..=32_775)
}

/// A function of most kinds of operators with its locals behind so many slots.
fn module(padding: usize) -> String {
    let padding = format!("{}{}", "v128 ".repeat(padding / 2), "i64 ".repeat(padding % 2));
    format!(
        r#"(module
            (type $s (struct (field (mut i32)) (field (mut (ref null $s)))))
            (type $wide (struct (field (mut v128)) (field (mut i64)) (field (mut i8))))
            (type $array (array (mut i32)))
            (type $to_int (func (param i32) (result i32)))
            (tag $t (param i32 v128 i64))
            (tag $r (param (ref null $s)))
            (tag $e)
            (memory 2)
            (table $table 1 funcref)
            (elem (table $table) (i32.const 0) func $inc)
            (global $g (mut v128) (v128.const i64x2 0 0))
            (elem declare func $inc)
            (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            (func $raise (param i32) (result i32)
                (throw $t (i32.add (local.get 0) (i32.const 1)) (v128.const i32x4 1 2 3 4) (i64.const 9)))
            (func $raise_ref (param (ref null $s)) (throw $r (local.get 0)))
            (func $many (param i32) (result i32 v128 f64 i64)
                (local.get 0) (v128.const i64x2 5 6) (f64.const 1.5) (i64.const -7))
            (func (export "run") (param $n i32) (result i64) (local {padding})
                (local $i i32) (local $sum i64) (local $f f32) (local $d f64) (local $v v128) (local $w v128)
                (local $s (ref null $s)) (local $o (ref null $s)) (local $a (ref null $array)) (local $x exnref)
                (local $l i64) (local $h i64) (local $wide (ref null $wide))
                ;; A loop with its test in front, and one behind.
                (block $out (loop $l
                    (br_if $out (i32.ge_s (local.get $i) (local.get $n)))
                    (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (local.get $i))))
                    (local.set $s (struct.new $s (local.get $i) (local.get $s)))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br $l)))
                (loop $l
                    (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                    (local.set $sum (i64.mul (local.get $sum) (i64.const 3)))
                    (br_if $l (local.get $i)))
                ;; Along the list, by null tests and casts.
                (local.set $o (local.get $s))
                (block $end (loop $l
                    (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (struct.get $s 0
                        (br_on_null $end (local.get $o))))))
                    (local.set $o (struct.get $s 1 (local.get $o)))
                    (br_if $l (i32.const 1))))
                (local.set $o (local.get $s))
                (drop (block $none (result (ref null $s))
                    (loop $l (result (ref null $s))
                        (drop (br_on_cast_fail $none (ref null $s) (ref $s) (local.get $o)))
                        (local.set $o (struct.get $s 1 (local.get $o)))
                        (br $l))))
                ;; Floats and vectors.
                (local.set $f (f32.mul (f32.convert_i32_s (local.get $n)) (f32.const 0.5)))
                (local.set $d (f64.add (f64.promote_f32 (local.get $f)) (f64.mul (f64.promote_f32 (local.get $f)) (f64.const 2))))
                (local.set $d (f64.sub (local.get $d) (f64.mul (local.get $d) (local.get $d))))
                (local.set $sum (i64.add (local.get $sum) (i64.trunc_f64_s (local.get $d))))
                (local.set $v (i32x4.splat (local.get $n)))
                (local.set $w (i32x4.add (local.get $v) (v128.const i32x4 1 2 3 4)))
                (local.set $v (v128.bitselect (local.get $v) (local.get $w) (i32x4.gt_s (local.get $w) (local.get $v))))
                (local.set $v (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 (local.get $v) (local.get $w)))
                (local.set $w (select (result v128) (local.get $w) (local.get $v) (local.get $i)))
                (local.set $w (i32x4.replace_lane 2 (local.get $w) (i32x4.extract_lane 1 (local.get $v))))
                (global.set $g (local.get $w))
                (local.set $sum (i64.add (local.get $sum) (i64x2.extract_lane 0 (i64x2.add (global.get $g) (local.get $v)))))
                ;; Memory.
                (v128.store offset=16 (local.get $n) (local.get $w))
                (i32.store offset=70000 align=1 (i32.add (local.get $n) (i32.const 5000)) (local.get $i))
                (i64.store offset=4 (local.get $i) (local.get $sum))
                (local.set $v (v128.load32_lane offset=4 1 (local.get $i) (local.get $v)))
                (v128.store8_lane offset=9 3 (local.get $n) (local.get $v))
                (local.set $sum (i64.xor (local.get $sum) (i64.load offset=16 (i32.add (local.get $n) (local.get $i)))))
                (local.set $sum (i64.xor (local.get $sum) (i64.load offset=4 (local.get $n))))
                (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
                    (i32.atomic.rmw.cmpxchg offset=8 (local.get $i) (local.get $i) (local.get $n)))))
                ;; Sums of 128 bits.
                (i64.add128 (local.get $sum) (local.get $l) (local.get $sum) (i64.const -1))
                (local.set $h) (local.set $l)
                (i64.mul_wide_u (local.get $l) (local.get $sum))
                (local.set $h (i64.add (local.get $h))) (local.set $l)
                (local.set $sum (i64.xor (i64.xor (local.get $sum) (local.get $l)) (local.get $h)))
                ;; Calls of all kinds.
                (local.set $i (call $inc (local.get $i)))
                (local.set $i (call_ref $to_int (local.get $i) (ref.func $inc)))
                (local.set $i (call_indirect $table (type $to_int) (local.get $i) (i32.eqz (local.get $n))))
                (call $many (local.get $i))
                (local.set $h) (local.set $d) (local.set $v) (local.set $i)
                (local.set $sum (i64.add (i64.add (local.get $sum) (local.get $h)) (i64x2.extract_lane 1 (local.get $v))))
                ;; Exceptions of both drafts.
                (block $caught (result i32 v128 i64 exnref)
                    (try_table (result i32) (catch_ref $t $caught) (call $raise (local.get $i)))
                    (local.get $v) (local.get $h) (local.get $x))
                (local.set $x) (local.set $h) (local.set $v) (local.set $i)
                (local.set $sum (i64.add (local.get $sum) (i64.add (local.get $h) (i64.extend_i32_s (local.get $i)))))
                (local.set $sum (i64.add (local.get $sum) (i64x2.extract_lane 1 (local.get $v))))
                (block $again (result i32 v128 i64)
                    (try_table (catch $t $again) (throw_ref (local.get $x)))
                    (unreachable))
                (local.set $h) (local.set $w) (local.set $i)
                (local.set $sum (i64.mul (local.get $sum) (i64.extend_i32_s (i32x4.extract_lane 3 (local.get $w)))))
                (local.set $a (array.new $array (local.get $i) (i32.const 3)))
                try
                    try
                        try
                            (drop (call $raise (i32.const 40)))
                        delegate 0
                    catch $t
                        (local.set $h) (local.set $v) (local.set $i)
                        (array.set $array (local.get $a) (i32.const 1) (local.get $i))
                        rethrow 0
                    end
                catch $e
                    unreachable
                catch_all
                    (local.set $sum (i64.add (local.get $sum) (i64.const 11)))
                end
                (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (array.get $array (local.get $a) (i32.const 1)))))
                ;; References that an exception carries, while objects are made.
                (local.set $o (block $ref (result (ref null $s))
                    (try_table (catch $r $ref) (call $raise_ref (struct.new $s (i32.const 77) (local.get $s))))
                    (unreachable)))
                (local.set $wide (struct.new $wide (local.get $w) (local.get $sum) (local.get $i)))
                (struct.set $wide 0 (local.get $wide) (i64x2.add (local.get $w) (struct.get $wide 0 (local.get $wide))))
                (local.set $sum (i64.add (local.get $sum) (i64.add
                    (i64.extend_i32_u (struct.get $s 0 (struct.get $s 1 (local.get $o))))
                    (i64x2.extract_lane 1 (struct.get $wide 0 (local.get $wide))))))
                ;; Clauses and tables that lead back.
                (local.set $i (i32.const 0))
                (loop $l
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (if (i32.lt_s (local.get $i) (local.get $n)) (then
                        (try_table (catch $e $l) (throw $e)))))
                (local.set $i (i32.add (local.get $i) (i32.const 100)))
                (loop $l
                    (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                    (block $done
                        (br_table $l $l $done $l (i32.add (i32.eqz (local.get $i)) (i32.eqz (local.get $i))))))
                (local.set $i (i32.const 9))
                (local.set $o (local.get $s))
                (loop $l
                    (local.set $o (struct.get $s 1 (ref.as_non_null (local.get $o))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $l (i32.eqz (ref.is_null (local.get $o)))))
                (i64.add (local.get $sum) (i64.extend_i32_s (i32.add (local.get $i) (i32.eqz (ref.test (ref $s) (local.get $o))))))))"#
    )
}

fn configs() -> Vec<Config> {
    let ways = Way::all().into_iter().flat_map(|way| [(way, false), (way, true)]);
    let config = |(way, careful): (Way, bool)| {
        let mut config = way.config();
        config.wasm_legacy_exceptions(true).wasm_wide_arithmetic(true);
        config.consume_fuel(careful).epoch_interruption(careful).gc_stress(careful);
        config
    };
    ways.map(config).collect()
}

#[test]
fn what_lies_in_front_of_locals_changes_nothing() -> Result<()> {
    for config in configs() {
        let engine = Engine::new(&config)?;
        let mut expected = None;
        for padding in paddings() {
            let module = Module::new(&engine, module(padding))?;
            let mut store = Store::new(&engine, ());
            if store.set_fuel(1_000_000).is_ok() {
                store.set_epoch_deadline(1 << 40);
            }
            let instance = Instance::new(&mut store, &module, &[])?;
            let run = instance.get_typed_func::<i32, i64>(&mut store, "run")?;
            let result = run.call(&mut store, 7)?;
            assert_eq!(*expected.get_or_insert(result), result, "{padding} slots");
        }
    }
    Ok(())
}
