//! What is counted is the program's, to the unit, whatever tier runs it: what a search for a handler costs, how often the epoch is looked
//! at.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Config, Engine, Instance, Module, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};

use crate::ways::Way;

/// Runs `run` of a module and returns how much fuel it took.
fn fuel(way: Way, wat: &str) -> u64 {
    const ENOUGH: u64 = 1 << 40;
    let engine = Engine::new(way.config().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(ENOUGH).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let before = store.get_fuel().unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
    before - store.get_fuel().unwrap()
}

/// A module whose `run` calls `$f` 100 times and catches what it throws.
fn catching(f: &str) -> String {
    format!(
        r#"(module (tag $t) (tag $u)
            (func $throw (throw $t))
            (func $f {f})
            (func (export "run") (local $i i32)
                (loop $more
                    (block $caught (try_table (catch $t $caught) (call $f)))
                    (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))))"#
    )
}

/// Blocks with handlers, and what is in the innermost one. A `block` and a `try_table` cost nothing but where something is thrown.
fn nested(count: usize, clauses: &str, inside: &str) -> String {
    let open = format!("(block $out (try_table {clauses} ").repeat(count);
    format!("{open}{inside}{}", "))".repeat(count))
}

/// A search for a handler costs a unit for 64 blocks and clauses that the program has around the places that the exception passes.
#[test]
fn a_search_for_a_handler_costs_what_the_program_has_around_it() {
    let twice = "(catch $u $out) (catch $u $out)";
    // What is around the place that throws, and how many blocks and clauses these are.
    let cases = [
        ("blocks without clauses, and a call", nested(640, "", "(call $throw)"), 640),
        ("blocks without clauses, and a throw", nested(640, "", "(throw $t)"), 640),
        ("clauses that repeat others", nested(640, twice, "(call $throw)"), 640 * 3),
        (
            "clauses behind one that catches all",
            nested(640, "(catch_all $out) (catch $u $out)", "(call $throw)"),
            640 * 3,
        ),
        ("clauses for other tags, and a throw", nested(640, twice, "(throw $t)"), 640 * 3),
        (
            "a block that catches inside of others that do not",
            nested(639, twice, "(block $in (try_table (catch $u $in) (catch $t $in) (call $throw)))"),
            640 * 3,
        ),
        (
            "blocks without clauses inside of clauses inside of blocks without clauses",
            nested(64, "", &nested(64, "(catch $u $out)", &nested(64, "", "(call $throw)"))),
            64 * 4,
        ),
    ];
    for (name, around, steps) in cases {
        // The same without the blocks; where one of them catches, the exception does not pass `run`.
        let inside = if around.contains("(throw $t)") { "(throw $t)" } else { "(call $throw)" };
        let is_caught = around.contains("catch_all") || around.contains("$in ");
        let bare = if is_caught { nested(1, "(catch $t $out)", inside) } else { inside.to_string() };
        for way in Way::all() {
            let [with, without] = [&around, &bare].map(|f| fuel(way, &catching(f)));
            // The bare one catches with a block and a clause, 100 times a thirty-second of a unit, which are rounded down each time.
            assert_eq!(with - without, 100 * steps / 64, "{name}, {way:?}");
        }
    }
}

/// Runs `run` of a module and returns how often the epoch was looked at.
fn looks(config: &mut Config, limits: StoreLimits, wat: &str) -> u64 {
    let engine = Engine::new(config.epoch_interruption(true)).unwrap();
    let mut store = Store::new(&engine, (limits, 0));
    store.limiter(|data| &mut data.0);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().1 += 1;
        Ok(UpdateDeadline::Continue(0))
    });
    let module = Module::new(&engine, wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
    store.data().1
}

/// Tiers keep objects for different times, so they collect at different times; nobody can tell.
#[test]
fn looks_at_the_epoch_do_not_depend_on_the_collector() {
    // Each turn keeps the last one's objects in a local that is not wanted any more.
    let wat = r#"(module (type $s (struct (field i64) (field i64)))
        (func (export "run") (local $i i32) (local $dead (ref null $s))
            (loop $more
                (local.set $dead (struct.new $s (i64.const 1) (i64.const 2)))
                (drop (struct.get $s 0 (struct.new $s (struct.get $s 1 (local.get $dead)) (i64.const 2))))
                (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20000))))))"#;
    for way in Way::all() {
        for (heap, stress) in [(1 << 16, false), (1 << 20, false), (1 << 26, false), (1 << 20, true)] {
            let limits = StoreLimitsBuilder::new().gc_heap_size(heap).build();
            let looks = looks(way.config().gc_stress(stress), limits, wat);
            assert_eq!(looks, 1 + 20_000, "{way:?}, {heap} bytes, stress {stress}");
        }
    }
}

/// Where no loop and no call comes between, each struct has a look of its own from the first mebibyte on.
#[test]
fn many_large_structs_in_a_row_are_interrupted() {
    // 16 KB each: 65 of them are a mebibyte.
    let fields = "(field v128) ".repeat(1000);
    let structs = "(drop (struct.new_default $s)) ".repeat(100);
    let wat = format!("(module (type $s (struct {fields})) (func (export \"run\") {structs}))");
    for way in Way::all() {
        let looks = looks(&mut way.config(), StoreLimitsBuilder::new().build(), &wat);
        assert_eq!(looks, 1 + 35, "{way:?}");
    }
}

/// Long operations look once for each mebibyte, and arrays once more that are made.
#[test]
fn long_operations_are_interrupted_in_the_middle() {
    let cases = [
        ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x2000000))", 32),
        ("(memory.copy (i32.const 1) (i32.const 0) (i32.const 0x1ffffff))", 32),
        ("(memory.copy (i32.const 0) (i32.const 5) (i32.const 0x100001))", 2),
        ("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0))", 0),
        ("(table.fill (i32.const 0) (ref.null func) (i32.const 300000))", 3),
        ("(array.fill $a (global.get $g) (i32.const 0) (i64.const 1) (i32.const 300000))", 3),
        ("(drop (array.new_default $a (i32.const 0)))", 1),
        ("(drop (array.new_default $a (i32.const 1000)))", 2),
    ];
    for (operation, expected) in cases {
        let wat = format!(
            "(module (memory 512) (table 300000 funcref) (type $a (array (mut i64)))
                (global $g (ref $a) (array.new_default $a (i32.const 300000)))
                (func (export \"run\") {operation}))"
        );
        for way in Way::all() {
            let looks = looks(&mut way.config(), StoreLimitsBuilder::new().build(), &wat);
            assert_eq!(looks, 1 + expected, "{operation}, {way:?}");
        }
    }
}
