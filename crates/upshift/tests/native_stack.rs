//! Guest and host call each other until the native stack ends: a trap, on threads with stacks of all sizes.
//!
//! Each test runs in a process of its own, as an overflow would be the end of it.

use std::process::Command;
use std::thread;

use upshift::{
    Caller, Config, Engine, Error, Extern, Func, Instance, InstancePre, Linker, Module, Result, Store, Trap,
    UpdateDeadline,
};

const KIB: usize = 1 << 10;
/// Sizes of threads' stacks. The first is the least that the C library gives to some.
const STACKS: [usize; 6] = [128 * KIB, 256 * KIB, 512 * KIB, 1024 * KIB, 2048 * KIB, 8192 * KIB];
/// Set in the processes.
const MARK: &str = "UPSHIFT_TEST_NATIVE_STACK";

/// Runs a test of that name, on a thread for each size.
fn on_all_stacks(name: &str, test: fn() -> Result<()>) {
    if std::env::var_os(MARK).is_none() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let output = command.args(["--exact", name, "--nocapture"]).env(MARK, "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("all stacks: done"), "{:?}: {text}", output.status);
        return;
    }
    for size in STACKS {
        eprintln!("{size} bytes");
        let thread = thread::Builder::new().stack_size(size);
        thread.spawn(test).unwrap().join().unwrap().unwrap();
    }
    eprintln!("all stacks: done");
}

fn is_overflow(error: &Error) -> bool {
    error.downcast_ref() == Some(&Trap::StackOverflow)
}

/// An engine whose own limit is not what is met.
fn engine() -> Result<Engine> {
    Engine::new(Config::new().max_native_stack(1 << 40).max_wasm_stack(256 << 20).epoch_interruption(true))
}

fn store<T>(engine: &Engine, data: T) -> Store<T> {
    let mut store = Store::new(engine, data);
    store.set_epoch_deadline(1);
    store
}

/// Calls its import, which calls it.
const MUTUAL: &str = r#"(module
    (import "host" "f" (func $f (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $f (i32.add (local.get 0) (i32.const 1)))))"#;

fn call_back(caller: &mut Caller<'_, ()>, depth: i32) -> Result<i32> {
    let run = caller.get_export("run").and_then(Extern::into_func).expect("it is exported");
    run.typed::<i32, i32>(&*caller)?.call(caller, depth)
}

fn ends_in_overflow(import: impl FnOnce(&mut Store<()>) -> Func) -> Result<()> {
    let engine = engine()?;
    let mut store = store(&engine, ());
    let import = import(&mut store);
    let instance = Instance::new(&mut store, &Module::new(&engine, MUTUAL)?, &[import.into()])?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    for _ in 0..2 {
        let error = run.call(&mut store, 0).unwrap_err();
        assert!(is_overflow(&error), "{error:?}");
    }
    Ok(())
}

#[test]
fn typed_calls() {
    on_all_stacks("typed_calls", || {
        ends_in_overflow(|store| {
            Func::wrap(store, |mut caller: Caller<'_, ()>, depth: i32| call_back(&mut caller, depth))
        })
    });
}

#[test]
fn calls_with_values() {
    on_all_stacks("calls_with_values", || {
        ends_in_overflow(|store| {
            let ty = upshift::FuncType::new(store.engine(), [upshift::ValType::I32], [upshift::ValType::I32]);
            Func::new(store, ty, |mut caller: Caller<'_, ()>, params, results| {
                let run = caller.get_export("run").and_then(Extern::into_func).expect("it is exported");
                run.call(&mut caller, params, results)
            })
        })
    });
}

/// Each level translates a function of its own, with something of all that a function may have, at its first call.
#[test]
fn functions_that_are_translated_at_the_end() {
    on_all_stacks("functions_that_are_translated_at_the_end", || {
        const FUNCTIONS: i32 = 500;
        let funcs = (0..FUNCTIONS).map(|number| {
            format!(
                r#"(func (export "{number}") (param i32) (result i32)
                    (local v128 (ref null $pair))
                    (block $b (result i32)
                        (try_table (catch $tag $b)
                            (local.set 1 (i32x4.splat (local.get 0)))
                            (local.set 2 (struct.new $pair (local.get 0) (f64.convert_i32_s (local.get 0))))
                            (f64.store (i32.const 8) (struct.get $pair 1 (local.get 2)))
                            (block (br_table 0 0 (local.get 0)))
                            (br $b (call $f (i32.add (local.get 0) (i32.const 1)))))
                        unreachable))"#
            )
        });
        let text = format!(
            r#"(module (import "host" "f" (func $f (param i32) (result i32)))
                (memory 1) (type $pair (struct (field i32 f64))) (tag $tag (param i32)) {})"#,
            funcs.collect::<String>()
        );
        let engine = engine()?;
        let module = Module::new(&engine, text)?;
        let mut store = store(&engine, ());
        let import = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, depth: i32| -> Result<i32> {
            let next = caller.get_export(&(depth % FUNCTIONS).to_string()).and_then(Extern::into_func);
            next.expect("it is exported").typed::<i32, i32>(&caller)?.call(&mut caller, depth)
        });
        let instance = Instance::new(&mut store, &module, &[import.into()])?;
        let error = instance.get_typed_func::<i32, i32>(&mut store, "0")?.call(&mut store, 2).unwrap_err();
        assert!(is_overflow(&error), "{error:?}");
        Ok(())
    });
}

/// Nothing of wasm in between: host functions that call themselves through the store.
#[test]
fn host_functions_alone() {
    on_all_stacks("host_functions_alone", || {
        let engine = engine()?;
        let mut store = store(&engine, None::<Func>);
        let itself = Func::wrap(&mut store, |mut caller: Caller<'_, Option<Func>>| -> Result<()> {
            let itself = caller.data().expect("it was set");
            itself.call(&mut caller, &[], &mut [])
        });
        *store.data_mut() = Some(itself);
        assert!(is_overflow(&itself.call(&mut store, &[], &mut []).unwrap_err()));
        Ok(())
    });
}

/// A start function whose import instantiates the same module again.
#[test]
fn start_functions() {
    struct Itself(Option<InstancePre<Itself>>);

    on_all_stacks("start_functions", || {
        let engine = engine()?;
        let module = Module::new(&engine, r#"(module (import "" "" (func $f)) (start $f))"#)?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "", |mut caller: Caller<'_, Itself>| -> Result<()> {
            let itself = caller.data().0.clone().expect("it was set");
            itself.instantiate(&mut caller).map(drop)
        })?;
        let pre = linker.instantiate_pre(&module)?;
        let mut store = store(&engine, Itself(Some(pre.clone())));
        let error = pre.instantiate(&mut store).unwrap_err();
        assert!(is_overflow(&error), "{error:?}");
        Ok(())
    });
}

/// Each level has a store of its own, which knows nothing of those above.
#[test]
fn stores_in_stores() {
    on_all_stacks("stores_in_stores", || {
        fn deeper(engine: &Engine, module: &Module) -> Result<()> {
            let mut store = store(engine, ());
            let (inner, of_inner) = (engine.clone(), module.clone());
            let import = Func::wrap(&mut store, move |_: i32| -> Result<i32> {
                deeper(&inner, &of_inner)?;
                Ok(0)
            });
            let instance = Instance::new(&mut store, module, &[import.into()])?;
            instance.get_typed_func::<i32, i32>(&mut store, "run")?.call(&mut store, 0).map(drop)
        }
        // A stack for wasm takes address space, and there are thousands of them.
        let mut config = Config::new();
        let engine =
            Engine::new(config.max_native_stack(1 << 40).max_wasm_stack(64 * KIB).epoch_interruption(true))?;
        let error = deeper(&engine, &Module::new(&engine, MUTUAL)?).unwrap_err();
        assert!(is_overflow(&error), "{error:?}");
        Ok(())
    });
}

/// A callback for the end of an epoch that calls into the program again.
#[test]
fn callbacks_of_epochs() {
    on_all_stacks("callbacks_of_epochs", || {
        let engine = engine()?;
        let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
        let mut store = Store::new(&engine, None::<Func>);
        store.epoch_deadline_callback(|mut context| {
            let spin = context.data().expect("it was set");
            spin.call(&mut context, &[], &mut [])?;
            Ok(UpdateDeadline::Continue(1))
        });
        let instance = Instance::new(&mut store, &module, &[])?;
        let spin = instance.get_func(&mut store, "spin").unwrap();
        *store.data_mut() = Some(spin);
        // While the callback runs another deadline is a trap.
        let error = spin.call(&mut store, &[], &mut []).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
        Ok(())
    });
}

/// The host has used up most of the stack when it calls.
#[test]
fn a_first_call_without_room() {
    on_all_stacks("a_first_call_without_room", || {
        fn descend(store: &mut Store<()>, run: &upshift::TypedFunc<(), ()>, levels: &mut u32) -> Result<()> {
            let room = std::hint::black_box([0_u8; 4 * KIB]);
            run.call(&mut *store, ())?;
            *levels += 1;
            let outcome = descend(store, run, levels);
            std::hint::black_box(room);
            outcome
        }
        let engine = engine()?;
        let mut store = store(&engine, ());
        let module = Module::new(&engine, r#"(module (func (export "run")))"#)?;
        let instance = Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        let mut levels = 0;
        let error = descend(&mut store, &run, &mut levels).unwrap_err();
        assert!(is_overflow(&error) && levels > 0, "{levels}: {error:?}");
        // The store has forgotten of that stack.
        run.call(&mut store, ())
    });
}
