//! Memories and tables that grow up to their limits and are asked for more.

use upshift::{Config, Engine, Instance, Module, Store, Val};

/// What `memory.grow` or `table.grow` answers, as a signed number.
fn grow(store: &mut Store<()>, instance: Instance, delta: i64) -> i64 {
    let grow = instance.get_func(&mut *store, "grow").unwrap();
    let wide = grow.ty(&*store).param(0) == Some(upshift::ValType::I64);
    let arg = if wide { Val::I64(delta) } else { Val::I32(delta as i32) };
    let mut results = [Val::I32(0)];
    grow.call(&mut *store, &[arg], &mut results).unwrap();
    results[0].i64().unwrap_or_else(|| results[0].unwrap_i32().into())
}

fn instance(store: &mut Store<()>, wat: &str) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, &[]).unwrap()
}

fn engines() -> [Engine; 2] {
    [8 << 30, 0].map(|reservation| {
        let mut config = Config::new();
        config.memory_reservation(reservation);
        Engine::new(&config).unwrap()
    })
}

/// Steps: by how much to grow, and the answer.
fn check(memory: &str, steps: &[(i64, i64)], cases: &mut usize) {
    let index = if memory.contains("i64") { "i64" } else { "i32" };
    let wat = format!(
        r#"(module (memory {memory})
            (func (export "grow") (param {index}) (result {index}) (memory.grow (local.get 0))))"#
    );
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store, &wat);
        for &(delta, answer) in steps {
            assert_eq!(grow(&mut store, instance, delta), answer, "memory {memory} by {delta}");
            *cases += 1;
        }
    }
}

#[test]
fn memories_grow_up_to_their_limit() {
    let mut cases = 0;
    check(
        "1 3",
        &[(1, 1), (2, -1), (1, 2), (1, -1), (0, 3), (-1, -1), (i64::from(i32::MIN), -1)],
        &mut cases,
    );
    check("0 0", &[(0, 0), (1, -1), (65_536, -1)], &mut cases);
    check("1", &[(65_536, -1), (-1, -1), (0, 1), (3, 1), (65_533, -1), (0, 4)], &mut cases);
    check(
        "i64 1",
        &[(1 << 48, -1), (i64::MAX, -1), (-1, -1), (i64::MIN, -1), (1 << 47, -1), (1, 1)],
        &mut cases,
    );
    check("i64 1 5", &[(1 << 32, -1), ((1 << 32) + 1, -1), (4, 1), (1, -1), (0, 5)], &mut cases);
    // The most that there may be: the system may refuse it.
    let wat = r#"(module (memory (export "m") 0)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store, wat);
        let answer = grow(&mut store, instance, 65_536);
        assert!(answer == 0 || answer == -1);
        let size = instance.get_memory(&mut store, "m").unwrap().size(&store);
        assert_eq!(size, if answer == 0 { 65_536 } else { 0 });
        cases += 1;
    }
    println!("memory growth: {cases} cases");
}

#[test]
fn step_by_step_to_the_end() {
    // One page at a time, with a store to each page's last byte and beyond it.
    let wat = r#"(module (memory 0 300)
        (func (export "run") (result i32) (local $pages i32)
            (block $full (loop $more
                (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
                (local.set $pages (i32.add (local.get $pages) (i32.const 1)))
                (i32.store8 (i32.sub (i32.shl (local.get $pages) (i32.const 16)) (i32.const 1)) (i32.const 1))
                (br $more)))
            (local.get $pages))
        (func (export "beyond") (i32.store8 (i32.shl (memory.size) (i32.const 16)) (i32.const 1))))"#;
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store, wat);
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), 300);
        let beyond = instance.get_typed_func::<(), ()>(&mut store, "beyond").unwrap();
        assert!(beyond.call(&mut store, ()).is_err());
    }
    println!("memory growth by single pages: 600 cases");
}

#[test]
fn bulk_operations_with_huge_operands() {
    let mut cases = 0;
    for (index, huge) in [("i32", [-1i64, i64::from(i32::MIN), 0x1_0000]), ("i64", [-1, i64::MIN, 1 << 32])] {
        let wat = format!(
            r#"(module (memory {index} 1) (table {index} 10 funcref) (data $d "abc") (elem $e func $f) (func $f)
                (func (export "fill") (param {index} {index})
                    (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
                (func (export "copy to") (param {index} {index})
                    (memory.copy (local.get 0) ({index}.const 0) (local.get 1)))
                (func (export "copy from") (param {index} {index})
                    (memory.copy ({index}.const 0) (local.get 0) (local.get 1)))
                (func (export "init") (param {index} {index})
                    (memory.init $d (local.get 0) (i32.const 0) {len}))
                (func (export "table fill") (param {index} {index})
                    (table.fill (local.get 0) (ref.null func) (local.get 1)))
                (func (export "table copy") (param {index} {index})
                    (table.copy (local.get 0) ({index}.const 0) (local.get 1)))
                (func (export "table init") (param {index} {index})
                    (table.init $e (local.get 0) (i32.const 0) {len})))"#,
            len = if index == "i64" { "(i32.wrap_i64 (local.get 1))" } else { "(local.get 1)" },
        );
        let mut store = Store::new(&Engine::default(), ());
        let instance = instance(&mut store, &wat);
        let names = ["fill", "copy to", "copy from", "init", "table fill", "table copy", "table init"];
        for name in names {
            let func = instance.get_func(&mut store, name).unwrap();
            let value = |v: i64| if index == "i64" { Val::I64(v) } else { Val::I32(v as i32) };
            let mut call = |at, len| {
                cases += 1;
                func.call(&mut store, &[value(at), value(len)], &mut [])
            };
            for huge in huge {
                // A length that has no low half is none for the operations whose length is narrow.
                let (at, far) = (call(huge, 1), call(huge, 0));
                assert!(at.is_err(), "{name} at {huge}");
                let allowed = huge == 0x1_0000 && !name.contains("table");
                assert_eq!(far.is_ok(), allowed, "{name} of nothing at {huge}");
                if huge as i32 != 0 {
                    assert!(call(1, huge).is_err(), "{name} of {huge}");
                    assert!(call(huge, huge).is_err(), "{name} of {huge} at {huge}");
                }
            }
            assert!(call(0, 1).is_ok() && call(0, 0).is_ok(), "{name}");
        }
    }
    println!("bulk operations: {cases} cases");
}

#[test]
fn tables_grow_up_to_their_limit() {
    let mut cases = 0;
    let steps: &[(&str, &[(i64, i64)])] = &[
        ("1 3 funcref", &[(1, 1), (2, -1), (1, 2), (1, -1), (0, 3), (-1, -1)]),
        ("0 0 externref", &[(0, 0), (1, -1)]),
        ("i64 1 funcref", &[(i64::MAX, -1), (-1, -1), (i64::MIN, -1), (1 << 32, -1), (5, 1), (0, 6)]),
        ("0 funcref", &[(-1, -1), (i64::from(i32::MIN), -1), (1000, 0), (-1000, -1), (0, 1000)]),
    ];
    for (table, steps) in steps {
        let index = if table.contains("i64") { "i64" } else { "i32" };
        let null = if table.contains("extern") { "extern" } else { "func" };
        let wat = format!(
            r#"(module (table {table})
                (func (export "grow") (param {index}) (result {index})
                    (table.grow (ref.null {null}) (local.get 0))))"#
        );
        let mut store = Store::new(&Engine::default(), ());
        let instance = instance(&mut store, &wat);
        for &(delta, answer) in *steps {
            assert_eq!(grow(&mut store, instance, delta), answer, "table {table} by {delta}");
            cases += 1;
        }
    }
    println!("table growth: {cases} cases");
}
