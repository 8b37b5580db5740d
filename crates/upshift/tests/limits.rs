//! Limits: stacks, memories, tables, address space.

use std::process::Command;

use upshift::{
    Config, Engine, Error, Func, Instance, Memory, MemoryType, Module, OutOfMemory, Ref, RefType,
    ResourceLimiter, Result, SharedMemory, Store, Table, TableType, Trap, TypedFunc,
};

fn instance(store: &mut Store<()>, wat: &str) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, &[]).unwrap()
}

/// Calls itself as often as its argument says.
const DEEP: &str = r#"(module
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 0))
            (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))))))"#;

fn deep(store: &mut Store<()>) -> TypedFunc<i32, i32> {
    instance(store, DEEP).get_typed_func(store, "deep").unwrap()
}

#[test]
fn recursion_ends_at_the_value_stack() {
    let mut store = Store::new(&Engine::default(), ());
    let func = deep(&mut store);
    assert_eq!(func.call(&mut store, 10_000).unwrap(), 10_000);
    let error = func.call(&mut store, -1).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    assert_eq!(func.call(&mut store, 10_000).unwrap(), 10_000);

    let mut config = Config::new();
    config.max_wasm_stack(64 << 10);
    let mut store = Store::new(&Engine::new(&config).unwrap(), ());
    let func = deep(&mut store);
    assert_eq!(func.call(&mut store, 100).unwrap(), 100);
    // A frame takes at least its header and its parameter.
    let error = func.call(&mut store, (64 << 10) / 32).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
}

#[test]
fn settings_are_checked() {
    let mut config = Config::new();
    assert!(Engine::new(config.max_wasm_stack(0)).is_err());
    let mut config = Config::new();
    assert!(Engine::new(config.wasm_stack_switching(true)).is_err());
    let mut config = Config::new();
    let engine = Engine::new(config.wasm_multi_value(false).wasm_stack_switching(false)).unwrap();
    assert!(Module::new(&engine, "(module (func (result i32 i32) unreachable))").is_err());
}

const GROW: &str = r#"(module
    (memory (export "m") 0)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "touch") (param i32) (result i32)
        (i32.store8 (local.get 0) (i32.const 7))
        (i32.add (i32.load8_u (local.get 0)) (memory.size))))"#;

/// Grows a memory from nothing in all layouts, and looks at its first, last and next byte each time.
fn grow_step_by_step(engine: &Engine) {
    let mut store = Store::new(engine, ());
    let instance = instance(&mut store, GROW);
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    let touch = instance.get_typed_func::<i32, i32>(&mut store, "touch").unwrap();
    assert!(memory.data(&store).is_empty() && touch.call(&mut store, 0).is_err());
    assert_eq!(grow.call(&mut store, 0).unwrap(), 0);
    let mut pages = 0;
    for delta in [1, 1, 3, 100, 1000] {
        assert_eq!(grow.call(&mut store, delta).unwrap(), pages);
        pages += delta;
        let len = pages << 16;
        assert_eq!(touch.call(&mut store, len - 1).unwrap(), 7 + pages);
        assert_eq!(touch.call(&mut store, 0).unwrap(), 7 + pages);
        assert!(touch.call(&mut store, len).is_err() && touch.call(&mut store, -1).is_err());
    }
    // Only what was touched has changed, wherever the memory lies now.
    let touched = memory.data(&store).iter().enumerate().filter(|&(_, &byte)| byte != 0);
    let touched: Vec<_> = touched.map(|(at, &byte)| (at >> 16, at & 0xffff, byte)).collect();
    let ends = [0, 1, 4, 104, 1104].map(|page| (page, 0xffff, 7));
    assert_eq!(touched, [&[(0, 0, 7)], &ends[..]].concat());
    assert_eq!(grow.call(&mut store, 65536).unwrap(), -1);
    assert_eq!(memory.size(&store), 1105);
}

#[test]
fn memories_grow_in_both_layouts() {
    grow_step_by_step(&Engine::default());
    let mut config = Config::new();
    grow_step_by_step(&Engine::new(config.memory_reservation(0)).unwrap());
}

/// All ones is how `memory.grow` says that it has failed, so no memory has so many pages.
#[test]
fn a_memory_of_single_bytes_leaves_the_number_for_failure_out() {
    let engine = Engine::new(Config::new().wasm_custom_page_sizes(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let wat = r#"(module
        (memory (export "m") 0 0xffffffff (pagesize 1))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "size") (result i32) (memory.size)))"#;
    let instance = instance(&mut store, wat);
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    let size = instance.get_typed_func::<(), i32>(&mut store, "size").unwrap();
    assert_eq!(grow.call(&mut store, -1).unwrap(), -1);
    assert_eq!(size.call(&mut store, ()).unwrap(), 0);
    // The system may refuse so much.
    if grow.call(&mut store, -2).unwrap() == 0 {
        assert_eq!(size.call(&mut store, ()).unwrap(), -2);
        assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
        assert_eq!(grow.call(&mut store, 0).unwrap(), -2);
    }
    let module = Module::new(&engine, "(module (memory 0xffffffff (pagesize 1)))").unwrap();
    assert!(Instance::new(&mut store, &module, &[]).is_err());
}

#[test]
fn wide_addresses_work_and_reach_far() {
    let mut store = Store::new(&Engine::default(), ());
    let wat = r#"(module
        (memory (export "m") i64 1)
        (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
        (func (export "load") (param i64) (result i32) (i32.load8_u (local.get 0))))"#;
    let instance = instance(&mut store, wat);
    let grow = instance.get_typed_func::<i64, i64>(&mut store, "grow").unwrap();
    let load = instance.get_typed_func::<i64, i32>(&mut store, "load").unwrap();
    assert_eq!(grow.call(&mut store, 1).unwrap(), 1);
    assert_eq!(load.call(&mut store, (2 << 16) - 1).unwrap(), 0);
    for bad in [2 << 16, 1 << 32, i64::MIN, -1] {
        let error = load.call(&mut store, bad).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    }
    // More than any machine has, and more than an address can hold.
    for much in [1 << 40, i64::MAX, -1] {
        assert_eq!(grow.call(&mut store, much).unwrap(), -1);
    }
    assert_eq!(grow.call(&mut store, 0).unwrap(), 2);
}

#[test]
fn whole_32_bit_address_space_can_be_used() {
    let mut store = Store::new(&Engine::default(), ());
    let instance = instance(&mut store, GROW);
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    let touch = instance.get_typed_func::<i32, i32>(&mut store, "touch").unwrap();
    // The system may refuse so much; then the answer is -1 and nothing else happens.
    if grow.call(&mut store, 65536).unwrap() == 0 {
        assert_eq!(touch.call(&mut store, -1).unwrap(), 7 + 65536);
        assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
    } else {
        assert!(touch.call(&mut store, 0).is_err());
    }
}

#[test]
fn tables_stop_at_a_cap() {
    let mut store = Store::new(&Engine::default(), ());
    let wat = r#"(module
        (table $t 0 funcref)
        (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"#;
    let instance = instance(&mut store, wat);
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, 10_000_001).unwrap(), -1);
    assert_eq!(grow.call(&mut store, -1).unwrap(), -1);
    assert_eq!(grow.call(&mut store, 1_000_000).unwrap(), 0);
    let huge = TableType::new(RefType::FUNCREF, u32::MAX, None);
    assert!(Table::new(&mut store, huge, Ref::Func(None)).is_err());
    let module = Module::new(store.engine(), "(module (table 10000001 funcref))").unwrap();
    assert!(Instance::new(&mut store, &module, &[]).is_err());
}

#[test]
fn many_instances_fit() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (func (export "f") (result i32) (i32.load8_u (i32.const 65535))))"#,
    )
    .unwrap();
    let mut store = Store::new(&engine, ());
    for _ in 0..10_000 {
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), 0);
    }
}

/// Runs in a process of its own, started by the test below.
#[test]
#[ignore = "needs a process with little address space"]
fn in_a_small_address_space() {
    let engine = Engine::default();
    grow_step_by_step(&engine);
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    memory.write(&mut store, 65535, &[9]).unwrap();
    // 4 GiB do not fit: that is an answer, not the end of the process.
    assert!(memory.grow(&mut store, 65535).is_err());
    assert_eq!((memory.size(&store), memory.data(&store)[65535]), (1, 9));
    let refused = |error: Error, bytes: u64, what: &str| {
        let refused = error.downcast_ref::<OutOfMemory>().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(refused.bytes(), bytes);
        let text = format!("{error:#}");
        assert!(text.contains(&format!("the system does not give {bytes} bytes for {what}")), "{text}");
        text
    };
    let says_why = |text: String| assert!(text.contains("Cannot allocate memory"), "{text}");
    says_why(refused(
        Memory::new(&mut store, MemoryType::new(65536, None)).unwrap_err(),
        4 << 30,
        "a memory",
    ));
    let module = Module::new(&engine, "(module (memory 65536))").unwrap();
    says_why(refused(Instance::new(&mut store, &module, &[]).unwrap_err(), 4 << 30, "a memory"));
    let shared = SharedMemory::new(&engine, MemoryType::shared(1, 65536)).unwrap_err();
    says_why(refused(shared, 4 << 30, "a shared memory"));
    let func = deep(&mut store);
    assert_eq!(func.call(&mut store, 1000).unwrap(), 1000);
    // A stack and tables that are too large for what is left.
    let large = Engine::new(Config::new().max_wasm_stack(4 << 30)).unwrap();
    let mut of_large = Store::new(&large, ());
    let module = Module::new(&large, "(module)").unwrap();
    let error = Instance::new(&mut of_large, &module, &[]).unwrap_err();
    says_why(refused(error, 4 << 30, "the stack of a store"));
    let host = Func::wrap(&mut of_large, || ());
    let error = host.call(&mut of_large, &[], &mut []).unwrap_err();
    says_why(refused(error, 4 << 30, "the stack of a store"));
    says_why(refused(of_large.prepare_stack().unwrap_err(), 4 << 30, "the stack of a store"));
    let ty = TableType::new(RefType::FUNCREF, 10_000_000, None);
    let tables = (0..50).map(|_| Table::new(&mut store, ty.clone(), Ref::Func(None)));
    let error = tables.filter_map(Result::err).next().expect("4 GB do not fit");
    refused(error, 80_000_000, "a table");
    assert_eq!(deep(&mut store).call(&mut store, 1000).unwrap(), 1000);
    println!("small address space: done");
}

#[test]
#[cfg(target_os = "linux")]
fn memories_do_without_reservation_when_address_space_is_scarce() {
    let exe = std::env::current_exe().unwrap();
    let script = r#"ulimit -v 2000000 && exec "$0" --exact in_a_small_address_space --ignored --nocapture"#;
    let output = Command::new("sh").arg("-c").arg(script).arg(exe).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("small address space: done"), "{output:?}");
}

mod limiter {
    //! Limits that the host sets.

    use upshift::{
        Engine, Error, Instance, LimitExceeded, Memory, MemoryType, Module, Ref, RefType, ResourceLimiter,
        Result, Store, StoreLimits, StoreLimitsBuilder, Table, TableType, WasmBacktrace,
    };

    const GROW: &str = r#"(module
        (memory 1 8) (table 1 funcref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))"#;

    fn store(limits: StoreLimits) -> Store<StoreLimits> {
        let mut store = Store::new(&Engine::default(), limits);
        store.limiter(|limits| limits);
        store
    }

    fn call<T: 'static>(store: &mut Store<T>, instance: Instance, name: &str, delta: i32) -> Result<i32> {
        instance.get_typed_func::<i32, i32>(&mut *store, name)?.call(store, delta)
    }

    fn instance<T: 'static>(store: &mut Store<T>, wat: &str) -> Result<Instance> {
        let module = Module::new(store.engine(), wat)?;
        Instance::new(store, &module, &[])
    }

    #[test]
    fn growth_above_a_limit_fails() {
        let mut store = store(StoreLimitsBuilder::new().memory_size(3 << 16).table_elements(5).build());
        let grow = instance(&mut store, GROW).unwrap();
        assert_eq!(call(&mut store, grow, "memory", 3).unwrap(), -1);
        assert_eq!(call(&mut store, grow, "memory", 2).unwrap(), 1);
        assert_eq!(call(&mut store, grow, "memory", 0).unwrap(), 3);
        assert_eq!(call(&mut store, grow, "table", 5).unwrap(), -1);
        assert_eq!(call(&mut store, grow, "table", 4).unwrap(), 1);
        assert!(instance(&mut store, "(module (memory 4))").unwrap_err().to_string().contains("limit"));
        assert!(instance(&mut store, "(module (table 6 funcref))").is_err());
        assert!(Memory::new(&mut store, MemoryType::new(4, None)).is_err());
        assert!(Table::new(&mut store, TableType::new(RefType::FUNCREF, 6, None), Ref::Func(None)).is_err());
    }

    #[test]
    fn or_stops_the_program_with_the_numbers() {
        let limits =
            StoreLimitsBuilder::new().memory_size(3 << 16).table_elements(5).trap_on_grow_failure(true);
        let mut store = store(limits.build());
        let grow = instance(&mut store, GROW).unwrap();
        let error = call(&mut store, grow, "memory", 3).unwrap_err();
        let expected = LimitExceeded::Memory { limit: 3 << 16, desired: 4 << 16 };
        assert_eq!(error.downcast_ref::<LimitExceeded>(), Some(&expected));
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        // No locals (1 byte), `local.get` (2): `memory.grow` is at 3.
        assert_eq!((frames[0].func_name(), frames[0].func_offset()), (Some("memory"), Some(3)));
        let error = call(&mut store, grow, "table", 5).unwrap_err();
        let expected = LimitExceeded::Table { limit: 5, desired: 6 };
        assert_eq!(error.downcast_ref::<LimitExceeded>(), Some(&expected));
        assert_eq!(call(&mut store, grow, "memory", 1).unwrap(), 1, "the store stays usable");
    }

    #[test]
    fn there_may_be_so_many_things() {
        let mut limited = store(StoreLimitsBuilder::new().instances(2).build());
        assert!(instance(&mut limited, "(module)").is_ok());
        assert!(instance(&mut limited, "(module)").is_ok());
        assert!(instance(&mut limited, "(module)").unwrap_err().to_string().contains("2 instances"));
        let mut limited = store(StoreLimitsBuilder::new().memories(1).tables(1).build());
        assert!(instance(&mut limited, GROW).is_ok());
        assert!(
            instance(&mut limited, "(module (memory 0))").unwrap_err().to_string().contains("1 memories")
        );
        assert!(
            instance(&mut limited, "(module (table 0 funcref))")
                .unwrap_err()
                .to_string()
                .contains("1 tables")
        );
    }

    #[test]
    fn a_limiter_is_not_asked_for_what_the_type_forbids() {
        let mut store = Store::new(&Engine::default(), Asked(Vec::new()));
        store.limiter(|asked| asked);
        let grow = instance(&mut store, GROW).unwrap();
        for _ in 0..10 {
            assert_eq!(call(&mut store, grow, "memory", 8).unwrap(), -1);
        }
        assert_eq!(store.data().0.len(), 1, "only for the minimum");
    }

    struct Asked(Vec<(usize, usize, Option<usize>)>);

    impl ResourceLimiter for Asked {
        fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
            self.0.push((current, desired, maximum));
            if desired == 0x30000 { Err(Error::msg("not three")) } else { Ok(true) }
        }

        fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
            assert!(desired < 100, "a limiter may panic");
            Ok(true)
        }
    }

    #[test]
    fn a_limiter_is_asked_in_bytes_and_may_fail_or_panic() {
        let mut store = Store::new(&Engine::default(), Asked(Vec::new()));
        store.limiter(|asked| asked);
        let grow = instance(&mut store, GROW).unwrap();
        assert_eq!(call(&mut store, grow, "memory", 1).unwrap(), 1);
        let error = call(&mut store, grow, "memory", 1).unwrap_err();
        assert!(format!("{error:#}").ends_with("not three"));
        let maximum = Some(0x80000);
        let asked = [(0, 0x10000, maximum), (0x10000, 0x20000, maximum), (0x20000, 0x30000, maximum)];
        assert_eq!(store.data().0, asked);
        let panic =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call(&mut store, grow, "table", 200)));
        assert!(panic.is_err());
        assert_eq!(call(&mut store, grow, "table", 1).unwrap(), 1, "the store stays usable");
        assert!(call(&mut store, grow, "memory", 1).is_err(), "and limited");
    }
}

/// What a host puts around a trap may not be dropped in peace.
#[test]
fn what_is_around_a_trap_may_panic() {
    struct Loud;
    impl std::fmt::Display for Loud {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("loud")
        }
    }
    impl Drop for Loud {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                std::panic::panic_any("dropped");
            }
        }
    }
    struct Host;
    impl ResourceLimiter for Host {
        fn memory_growing(&mut self, current: usize, _: usize, _: Option<usize>) -> Result<bool> {
            if current == 0 { Ok(true) } else { Err(Error::new(Trap::Interrupt).context(Loud)) }
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
            Ok(true)
        }
    }
    let engine = Engine::default();
    let text =
        r#"(module (memory 1) (func (export "f") (drop (memory.grow (i32.const 1)))) (func (export "g")))"#;
    let mut store = Store::new(&engine, Host);
    store.limiter(|host| host);
    let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
    let [f, g] = ["f", "g"].map(|name| instance.get_typed_func::<(), ()>(&mut store, name).unwrap());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f.call(&mut store, ())));
    assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&"dropped"));
    g.call(&mut store, ()).unwrap();
}
