//! Calls that find their function at run time, and for most of their time the same one, which optimized code expects there: what they
//! call when it is another one is right all the same.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Engine, Instance, Linker, Module, Result, Store, Trap, TypedFunc};

use crate::ways::Way;

/// What a call gave, or its trap.
type Outcome = Result<i32, Trap>;

/// An instance, and its function `run`.
type Made = (Instance, TypedFunc<i32, i32>);

const NULL: Outcome = Err(Trap::IndirectCallToNull);
const SIGNATURE: Outcome = Err(Trap::BadSignature);
const OUTSIDE: Outcome = Err(Trap::TableOutOfBounds);

/// Functions that can be found, and tables of them: one that is exported, and one that never changes.
const FUNCTIONS: &str = r#"
    (type $t (func (param i32) (result i32)))
    (import "other" "f" (func $other (type $t)))
    (table $open (export "open") 7 funcref)
    (table $wide (export "wide") i64 7 funcref)
    (table $fixed 7 funcref)
    (elem (table $open) (i32.const 0) func $twice $square $other $none)
    (elem (table $wide) (i64.const 0) func $twice $square $other $none)
    (elem (table $fixed) (i32.const 0) func $twice $square $other $none)
    (elem declare func $twice $square $other)
    (func $twice (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
    (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
    (func $none)
    (func $pick (param i32) (result (ref null $t))
        (if (i32.eqz (local.get 0)) (then (return (ref.func $twice))))
        (if (i32.eq (local.get 0) (i32.const 1)) (then (return (ref.func $square))))
        (if (i32.eq (local.get 0) (i32.const 2)) (then (return (ref.func $other))))
        (ref.null $t))"#;

/// `run` sums what the call gives for 5, twice for each turn of a loop.
fn looped(call: &str) -> String {
    format!(
        r#"(func (export "run") (param $which i32) (result i32)
            (local $i i32) (local $sum i32) (local $r (ref null $t))
            (local.set $r (call $pick (local.get $which)))
            (loop $again
                (local.set $sum (i32.add (local.get $sum) {call}))
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20))))
            (local.get $sum))"#
    )
}

/// Instances of a module with these functions, in a store of their own.
fn instances<const N: usize>(way: Way, functions: &str) -> Result<(Store<()>, [Made; N])> {
    let engine = Engine::new(&way.config())?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let other =
        r#"(module (func (export "f") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1))))"#;
    let other = linker.instantiate(&mut store, &Module::new(&engine, other)?)?;
    linker.instance(&mut store, "other", other)?;
    let module = Module::new(&engine, format!("(module {FUNCTIONS} {functions})"))?;
    let mut make = || -> Result<Made> {
        let instance = linker.instantiate(&mut store, &module)?;
        Ok((instance, instance.get_typed_func(&mut store, "run")?))
    };
    let made: Vec<_> = (0..N).map(|_| make()).collect::<Result<_>>()?;
    Ok((store, made.try_into().map_err(|_| upshift::Error::msg("not as many"))?))
}

fn outcome(store: &mut Store<()>, run: &TypedFunc<i32, i32>, which: i32) -> Outcome {
    run.call(store, which).map_err(|error| *error.downcast_ref::<Trap>().expect("a trap"))
}

#[test]
fn others_are_called_after_the_expected_one() -> Result<()> {
    let null_reference = Err(Trap::NullReference);
    let index = "(local.get $which)";
    let wide = "(i64.extend_i32_u (local.get $which))";
    for way in Way::all() {
        for (call, last) in [
            (format!("(call_indirect $open (type $t) (i32.const 5) {index})"), [SIGNATURE, NULL, OUTSIDE]),
            (format!("(call_indirect $wide (type $t) (i32.const 5) {wide})"), [SIGNATURE, NULL, OUTSIDE]),
            (format!("(call_indirect $fixed (type $t) (i32.const 5) {index})"), [SIGNATURE, NULL, OUTSIDE]),
            ("(call_ref $t (i32.const 5) (local.get $r))".into(), [null_reference; 3]),
        ] {
            let expected = [Ok(200), Ok(500), Ok(80), last[0], last[1], last[2], last[2]];
            // The one that is called first is expected.
            for first in 0..3_i32 {
                let (mut store, [(_, run)]) = instances(way, &looped(&call))?;
                for _ in 0..12 {
                    assert_eq!(outcome(&mut store, &run, first), expected[first as usize], "{way:?} {call}");
                }
                for _ in 0..3 {
                    for (which, expected) in [0, 1, 2, 3, 4, 7, -1].into_iter().zip(expected) {
                        assert_eq!(outcome(&mut store, &run, which), expected, "{way:?} {call} {which}");
                    }
                }
            }
        }
    }
    Ok(())
}

/// Code is one for all instances, whatever their tables have.
#[test]
fn instances_have_tables_of_their_own() -> Result<()> {
    let functions = format!(
        r#"{} (func (export "set") (param i32 i32)
            (table.set $open (local.get 0) (table.get $open (local.get 1))))"#,
        looped("(call_indirect $open (type $t) (i32.const 5) (local.get $which))")
    );
    for way in Way::all() {
        let (mut store, [(_, first), (second_instance, second)]) = instances(way, &functions)?;
        let set = second_instance.get_typed_func::<(i32, i32), ()>(&mut store, "set")?;
        for _ in 0..12 {
            assert_eq!(outcome(&mut store, &first, 0), Ok(200), "{way:?}");
        }
        for _ in 0..3 {
            for (element, expected) in [(1, Ok(500)), (2, Ok(80)), (3, SIGNATURE), (4, NULL), (1, Ok(500))] {
                set.call(&mut store, (0, element))?;
                assert_eq!(outcome(&mut store, &second, 0), expected, "{way:?}");
                assert_eq!(outcome(&mut store, &first, 0), Ok(200), "{way:?}");
            }
        }
        // An element of another instance's table, which is this instance's function there.
        let (mut other_store, [(instance, run), (foreign, _)]) = instances(way, &functions)?;
        let [open, foreign] =
            [instance, foreign].map(|instance| instance.get_table(&mut other_store, "open").expect("it is"));
        let element = foreign.get(&mut other_store, 0).expect("it is there");
        for _ in 0..12 {
            assert_eq!(outcome(&mut other_store, &run, 0), Ok(200), "{way:?}");
        }
        open.set(&mut other_store, 0, element)?;
        for _ in 0..3 {
            assert_eq!(outcome(&mut other_store, &run, 0), Ok(200), "{way:?}");
        }
    }
    Ok(())
}

/// What the expected function throws is caught around the call, and so is what another one throws.
#[test]
fn exceptions_are_caught() -> Result<()> {
    let functions = r#"
        (tag $e (param i32))
        (table $own funcref (elem $throws $guarded $fine))
        (func $throws (type $t) (throw $e (i32.const 7)))
        (func $guarded (type $t)
            (if (i32.lt_s (local.get 0) (i32.const 6)) (then (return (i32.const 1))))
            (throw $e (i32.const 8)))
        (func $fine (type $t) (i32.const 2))
        (func (export "run") (param $which i32) (result i32) (local $i i32) (local $sum i32)
            (loop $again
                (local.set $sum (i32.add (local.get $sum)
                    (block $caught (result i32)
                        (try_table (result i32) (catch $e $caught)
                            (call_indirect $own (type $t) (local.get $i) (local.get $which))))))
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
            (local.get $sum))"#;
    for way in Way::all() {
        for first in 0..3_i32 {
            let (mut store, [(_, run)]) = instances(way, functions)?;
            let expected = [Ok(70), Ok(6 + 4 * 8), Ok(20)];
            for _ in 0..8 {
                assert_eq!(outcome(&mut store, &run, first), expected[first as usize], "{way:?}");
            }
            for which in [0, 1, 2, 0, 1, 2] {
                assert_eq!(outcome(&mut store, &run, which), expected[which as usize], "{way:?}");
            }
        }
    }
    Ok(())
}
