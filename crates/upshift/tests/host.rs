//! Host functions that call back, fail, panic, or never come to an end; and handles in the wrong store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use upshift::{
    Caller, Config, Engine, Error, Extern, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType,
    Module, Mutability, Ref, RefType, Result, Store, Table, TableType, Trap, TypedFunc, Val, ValType,
    WasmBacktrace,
};

#[derive(Debug, PartialEq)]
struct Exit(i32);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit with {}", self.0)
    }
}

impl std::error::Error for Exit {}

/// A module that calls its import with its argument, and the function to do so.
fn relay<T>(store: &mut Store<T>, import: Func) -> TypedFunc<i32, i32> {
    let module = Module::new(
        store.engine(),
        r#"(module $relay
            (import "host" "f" (func $f (param i32) (result i32)))
            (func $inner (param i32) (result i32) (call $f (local.get 0)))
            (func $outer (export "run") (param i32) (result i32)
                (i32.add (call $inner (local.get 0)) (i32.const 1))))"#,
    )
    .unwrap();
    let instance = Instance::new(&mut *store, &module, &[import.into()]).unwrap();
    instance.get_typed_func(&mut *store, "run").unwrap()
}

fn call_export(caller: &mut Caller<'_, impl Sized>, name: &str, arg: i32) -> Result<i32> {
    let func = caller.get_export(name).and_then(Extern::into_func).expect("it is exported");
    func.typed::<i32, i32>(&*caller)?.call(caller, arg)
}

fn names(error: &Error) -> Vec<String> {
    let backtrace = error.downcast_ref::<WasmBacktrace>().expect("there is a backtrace");
    backtrace.frames().iter().map(|frame| frame.func_name().unwrap().to_owned()).collect()
}

#[test]
fn host_and_wasm_call_each_other() {
    let mut store = Store::new(&Engine::default(), 0);
    let down = Func::wrap(&mut store, |mut caller: Caller<'_, i32>, n: i32| -> Result<i32> {
        *caller.data_mut() += 1;
        if n == 0 { Ok(100) } else { call_export(&mut caller, "run", n - 1) }
    });
    let run = relay(&mut store, down);
    assert_eq!(run.call(&mut store, 30).unwrap(), 131);
    assert_eq!(*store.data(), 31);
    // A host function may call several times, and what lies below must be as it was.
    let twice = Func::wrap(&mut store, |mut caller: Caller<'_, i32>, n: i32| -> Result<i32> {
        if n == 0 {
            return Ok(0);
        }
        Ok(call_export(&mut caller, "run", n - 1)? + call_export(&mut caller, "run", n - 1)?)
    });
    let run = relay(&mut store, twice);
    // f(0) = 0 + 1, f(n) = 2 f(n - 1) + 1
    assert_eq!(run.call(&mut store, 8).unwrap(), (1 << 9) - 1);
}

#[test]
fn an_error_of_the_host_leaves_by_the_call_that_entered() {
    let mut store = Store::new(&Engine::default(), ());
    let fail = Func::wrap(&mut store, |n: i32| -> Result<i32> { Err(Exit(n).into()) });
    let run = relay(&mut store, fail);
    let error = run.call(&mut store, 3).unwrap_err();
    assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(3)));
    assert_eq!(error.root_cause().to_string(), "exit with 3");
    assert_eq!(names(&error), ["inner", "outer"]);
    assert!(error.to_string().starts_with("error while executing at wasm backtrace:"), "{error}");
    assert!(error.to_string().contains("relay!inner"), "{error}");
    // Without wasm in between there is nothing to show.
    let mut result = [Val::I32(0)];
    let error = fail.call(&mut store, &[Val::I32(4)], &mut result).unwrap_err();
    assert_eq!(error.downcast::<Exit>().unwrap(), Exit(4));
}

#[test]
fn errors_pass_through_all_levels_with_one_backtrace() {
    let mut store = Store::new(&Engine::default(), ());
    let down = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
        if n == 0 {
            return Err(Exit(9).into());
        }
        call_export(&mut caller, "run", n - 1)
    });
    let run = relay(&mut store, down);
    let error = run.call(&mut store, 2).unwrap_err();
    assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(9)));
    assert_eq!(names(&error), ["inner", "outer", "inner", "outer", "inner", "outer"]);
    assert_eq!(error.chain().filter(|cause| cause.to_string().contains("backtrace")).count(), 1);
}

#[test]
fn a_trap_in_a_nested_call_can_be_handled() {
    let mut store = Store::new(&Engine::default(), ());
    let wat = r#"(module
        (import "" "attempt" (func $attempt (param i32) (result i32)))
        (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 100) (local.get 0)))
        (func $deep (export "deep") (param i32) (result i32)
            (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
        (func (export "run") (param i32) (result i32)
            (i32.add (i32.const 1000) (call $attempt (local.get 0)))))"#;
    let attempt = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
        let name = if n == -2 { "deep" } else { "divide" };
        match call_export(&mut caller, name, n) {
            Ok(value) => Ok(value),
            Err(error) => match error.downcast_ref::<Trap>() {
                Some(Trap::IntegerDivisionByZero) => Ok(-1),
                Some(Trap::StackOverflow) => Ok(-2),
                _ => Err(error),
            },
        }
    });
    let module = Module::new(store.engine(), wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[attempt.into()]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for _ in 0..3 {
        assert_eq!(run.call(&mut store, 5).unwrap(), 1020);
        assert_eq!(run.call(&mut store, 0).unwrap(), 999);
        assert_eq!(run.call(&mut store, -2).unwrap(), 998);
    }
}

#[test]
fn traps_name_the_functions_and_operators() {
    let engine = Engine::default();
    let wat = r#"(module
        (func $div (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
        (func (export "run") (param i32) (result i32) (call $div (local.get 0))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, 1).unwrap(), 1);
    let error = run.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
    assert_eq!(error.root_cause().to_string(), "wasm trap: integer divide by zero");
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let [div, run] = backtrace.frames() else { panic!("{backtrace}") };
    assert_eq!((div.func_index(), div.func_name()), (0, Some("div")));
    assert_eq!((run.func_index(), run.func_name()), (1, Some("run")));
    // Behind the count of locals: i32.const 1, local.get 0, then i32.div_u.
    assert_eq!(div.func_offset(), Some(5));
    // Behind the count of locals: local.get 0, then call.
    assert_eq!(run.func_offset(), Some(3));
    let code = div.module_offset().unwrap();
    assert_eq!(wat::parse_str(wat).unwrap()[code], 0x6e, "the offset is that of i32.div_u");
}

#[test]
fn backtraces_cross_instances_and_stay_short() {
    let mut store = Store::new(&Engine::default(), ());
    let inner = relay_to_unreachable(&mut store);
    let run = relay(&mut store, inner);
    let error = run.call(&mut store, 0).unwrap_err();
    assert_eq!(names(&error), ["bottom", "inner", "outer"]);

    let module =
        Module::new(store.engine(), r#"(module (func $deep (export "deep") (call $deep) (call $deep)))"#)
            .unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let deep = instance.get_typed_func::<(), ()>(&mut store, "deep").unwrap();
    let error = deep.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    assert_eq!(names(&error), vec!["deep"; 20]);
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    assert!(backtrace.is_elided() && backtrace.outermost_frames().len() == 5);
    let text = error.to_string();
    assert_eq!(text.matches("deep").count(), 2, "the innermost frame and the outermost one: {text}");
    let skipped = backtrace.skipped_frames();
    assert!(skipped > 10_000 && text.contains(&format!("\n       … {skipped} more frames\n")), "{text}");
}

#[test]
fn frames_that_do_not_fit_belong_to_the_caller() {
    let mut config = Config::new();
    config.max_wasm_stack(4096);
    let engine = Engine::new(&config).unwrap();
    let locals = "i64 ".repeat(600);
    // The arguments look like addresses, so that a walk that takes them for a header does not go unseen.
    let wat = format!(
        r#"(module
            (func $big (export "big") (param i64 i64 i64 i64) (local {locals}))
            (func $call (export "call")
                (call $big (i64.const 8) (i64.const 8) (i64.const 8) (i64.const 8)))
            (func $tail (param i64 i64 i64 i64 i64)
                (return_call $big (i64.const 8) (i64.const 8) (i64.const 8) (i64.const 8)))
            (func $tail_tail (export "tail") (local i64)
                (call $tail (i64.const 8) (i64.const 8) (i64.const 8) (i64.const 8) (i64.const 8))))"#
    );
    let module = Module::new(&engine, wat).unwrap();
    let crossing = r#"(module
        (import "" "" (func $big (param i64 i64 i64 i64)))
        (func $leave (return_call $big (i64.const 8) (i64.const 8) (i64.const 8) (i64.const 8)))
        (func $cross (export "cross") call $leave))"#;
    let crossing = Module::new(&engine, crossing).unwrap();
    // Each order, because the first call finds no code yet.
    for order in [["call", "tail", "cross"], ["tail", "cross", "call"], ["cross", "call", "tail"]] {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let big = instance.get_func(&mut store, "big").unwrap();
        let crossing = Instance::new(&mut store, &crossing, &[big.into()]).unwrap();
        for name in order.into_iter().chain(order) {
            let instance = if name == "cross" { crossing } else { instance };
            let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
            let error = func.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
            // Before there is code, the tail call itself succeeds and its caller's frame is gone.
            let expected: &[&[&str]] = match name {
                "call" => &[&["call"]],
                "tail" => &[&["tail", "tail_tail"], &["tail_tail"]],
                _ => &[&["leave", "cross"], &["cross"]],
            };
            assert!(expected.iter().any(|names_of| names(&error) == *names_of), "{name}: {error}");
        }
        let error = big.call(&mut store, &[Val::I64(8); 4], &mut []).unwrap_err();
        assert!(error.is::<Trap>() && !error.is::<WasmBacktrace>());
    }
}

fn relay_to_unreachable(store: &mut Store<()>) -> Func {
    let wat = r#"(module (func $bottom (export "f") (param i32) (result i32) unreachable))"#;
    let module = Module::new(store.engine(), wat).unwrap();
    let instance = Instance::new(&mut *store, &module, &[]).unwrap();
    instance.get_func(&mut *store, "f").unwrap()
}

#[test]
fn host_functions_see_the_active_functions() {
    let mut store = Store::new(&Engine::default(), Vec::new());
    let look = Func::wrap(&mut store, |mut caller: Caller<'_, Vec<String>>, n: i32| -> Result<i32> {
        if n > 0 {
            return call_export(&mut caller, "run", n - 1);
        }
        let backtrace = WasmBacktrace::capture(&caller);
        let names = backtrace.frames().iter().map(|frame| frame.func_name().unwrap().to_owned());
        *caller.data_mut() = names.collect();
        Ok(0)
    });
    let run = relay(&mut store, look);
    run.call(&mut store, 1).unwrap();
    assert_eq!(*store.data(), ["inner", "outer", "inner", "outer"]);
    assert!(WasmBacktrace::capture(&store).frames().is_empty());
    look.typed::<i32, i32>(&store).unwrap().call(&mut store, 0).unwrap();
    assert!(store.data().is_empty(), "the host called the host");
}

#[test]
fn a_panic_of_the_host_goes_through_and_leaves_the_store_usable() {
    let mut store = Store::new(&Engine::default(), ());
    let down = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
        match n {
            0 => std::panic::panic_any("at the bottom"),
            10 => Ok(0),
            _ => call_export(&mut caller, "run", n - 1),
        }
    });
    let run = relay(&mut store, down);
    for depth in [0, 1, 5] {
        let panic = catch_unwind(AssertUnwindSafe(|| run.call(&mut store, depth))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"at the bottom"));
        assert_eq!(run.call(&mut store, 10).unwrap(), 1);
        assert!(WasmBacktrace::capture(&store).frames().is_empty());
    }
}

#[test]
fn endless_recursion_through_the_host_traps() {
    let mut store = Store::new(&Engine::default(), 0u64);
    let again = Func::wrap(&mut store, |mut caller: Caller<'_, u64>, n: i32| -> Result<i32> {
        *caller.data_mut() += 1;
        call_export(&mut caller, "run", n)
    });
    let run = relay(&mut store, again);
    for _ in 0..2 {
        let error = run.call(&mut store, 0).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
        assert!(names(&error).starts_with(&["inner".to_owned(), "outer".to_owned()]), "{error}");
        assert!(*store.data() > 20, "only {} levels", store.data());
    }
    // Host functions that call each other without wasm are no different.
    let mut store = Store::new(&Engine::default(), None::<Func>);
    let again = Func::wrap(&mut store, |mut caller: Caller<'_, Option<Func>>| -> Result<()> {
        let func = caller.data().expect("it is set").typed::<(), ()>(&caller)?;
        func.call(&mut caller, ())
    });
    *store.data_mut() = Some(again);
    let error = again.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
}

#[test]
fn recursion_through_the_host_also_ends_when_the_value_stack_does() {
    let mut config = Config::new();
    config.max_wasm_stack(16 << 10);
    let mut store = Store::new(&Engine::new(&config).unwrap(), ());
    let again =
        Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| call_export(&mut caller, "run", n));
    let run = relay(&mut store, again);
    let error = run.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    let error = run.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
}

#[test]
fn a_host_function_may_instantiate_and_grow_while_it_is_called() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    let inner =
        Module::new(&engine, r#"(module (func (export "f") (param i32) (result i32) (local.get 0)))"#);
    let inner = inner.unwrap();
    linker
        .func_wrap("host", "f", move |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
            let mut sum = 0;
            for i in 0..n {
                let instance = Instance::new(&mut caller, &inner, &[])?;
                let f = instance.get_typed_func::<i32, i32>(&mut caller, "f")?;
                sum += f.call(&mut caller, i)?;
            }
            let memory = caller.get_export("m").and_then(Extern::into_memory).expect("it is exported");
            memory.grow(&mut caller, 3)?;
            memory.write(&mut caller, 3 << 16, &[sum as u8])?;
            Ok(sum)
        })
        .unwrap();
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "f" (func $f (param i32) (result i32)))
            (memory (export "m") 1)
            (func (export "run") (param i32) (result i32 i32)
                (call $f (local.get 0))
                (i32.load8_u (i32.const 0x30000))))"#,
    )
    .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<i32, (i32, i32)>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, 20).unwrap(), (190, 190));
}

fn panics(f: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("the handle belongs to another store");
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap();
    assert!(text.contains("wrong store"), "{text}");
}

#[test]
fn handles_of_another_store_are_refused() {
    let engine = Engine::default();
    let (mut store, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let func = Func::wrap(&mut other, || 1);
    let typed = func.typed::<(), i32>(&other).unwrap();
    let memory = Memory::new(&mut other, MemoryType::new(1, None)).unwrap();
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    let table = Table::new(&mut other, ty.clone(), Ref::Func(None)).unwrap();
    let global = GlobalType::new(ValType::FUNCREF, Mutability::Var);
    let own_global = Global::new(&mut store, global.clone(), Val::FuncRef(None)).unwrap();
    let own_table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    let other_global = Global::new(&mut other, global.clone(), Val::FuncRef(None)).unwrap();
    let module = Module::new(&engine, r#"(module (func (export "f")))"#).unwrap();
    let instance = Instance::new(&mut other, &module, &[]).unwrap();

    panics(|| drop(func.call(&mut store, &[], &mut [Val::I32(0)])));
    panics(|| drop(typed.call(&mut store, ())));
    panics(|| drop(func.ty(&store)));
    panics(|| assert!(memory.data(&store).is_empty()));
    panics(|| drop(memory.grow(&mut store, 1)));
    panics(|| assert!(table.get(&store, 0).is_some()));
    panics(|| assert!(other_global.get(&store).i32().is_none()));
    panics(|| assert!(instance.get_export(&mut store, "f").is_some()));
    panics(|| drop(Linker::new(&engine).define(&store, "m", "f", func)));

    // As values they are errors: a value may come from anywhere.
    assert!(own_global.set(&mut store, func.into()).is_err());
    assert!(own_table.set(&mut store, 0, func.into()).is_err());
    assert!(Global::new(&mut store, global, func.into()).is_err());
    let take = Func::wrap(&mut store, |_: Option<Func>| {});
    assert!(take.call(&mut store, &[func.into()], &mut []).is_err());
    assert!(take.typed::<Option<Func>, ()>(&store).unwrap().call(&mut store, Some(func)).is_err());
    let give = Func::wrap(&mut store, move || func);
    assert!(give.typed::<(), Func>(&store).unwrap().call(&mut store, ()).is_err());
}

#[test]
fn engines_are_not_mixed() {
    let (engine, other) = (Engine::default(), Engine::default());
    let module = Module::new(&other, "(module)").unwrap();
    let mut store = Store::new(&engine, ());
    assert!(Instance::new(&mut store, &module, &[]).is_err());
}

#[test]
fn a_host_function_may_call_back_from_another_thread() {
    let mut store = Store::new(&Engine::default(), ());
    let down = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
        if n == 0 {
            return Ok(100);
        }
        std::thread::scope(|scope| {
            scope.spawn(|| call_export(&mut caller, "run", n - 1)).join().expect("it does not panic")
        })
    });
    let run = relay(&mut store, down);
    assert_eq!(run.call(&mut store, 3).unwrap(), 104);
}

#[test]
fn the_position_of_a_trap_is_that_of_its_own_operator() {
    // The addition and the load become one instruction.
    let module = Module::new(
        &Engine::default(),
        r#"(module (memory 1) (func (export "run") (param i32) (result i32)
            (i32.load (i32.add (local.get 0) (local.get 0)))))"#,
    )
    .unwrap();
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let error = run.call(&mut store, 0x0800_0000).unwrap_err();
    let frame = &error.downcast_ref::<WasmBacktrace>().unwrap().frames()[0];
    // No groups of locals (1 byte), two `local.get` (2 each), the addition (1): the load begins at 6.
    assert_eq!(frame.func_offset(), Some(6));
}
