//! As `native_stack`, on the main thread, whose stack ends where the process's limit says. There is no harness here, which
//! would run tests on other threads.

use std::process::Command;

use upshift::{Caller, Config, Engine, Extern, Func, Instance, Module, Result, Store, Trap};

/// Set in the processes that have a limit.
const MARK: &str = "UPSHIFT_TEST_MAIN_STACK";

fn main() -> Result<()> {
    if std::env::var_os(MARK).is_some() {
        return calls_nest();
    }
    // In KiB; the last is more than is ever used.
    for limit in ["256", "512", "1024", "8192", "unlimited"] {
        let script = format!(r#"ulimit -s {limit} && exec "$0""#);
        let mut command = Command::new("sh");
        let output = command.arg("-c").arg(script).arg(std::env::current_exe()?).env(MARK, "1").output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("done"), "{limit} KiB: {output:?}");
    }
    println!("the main thread: ok");
    Ok(())
}

/// Guest and host call each other until there is no more room.
fn calls_nest() -> Result<()> {
    // No limit of its own where the stack has one; where it has none, the default.
    let endless = rustix::process::getrlimit(rustix::process::Resource::Stack).current.is_none();
    let mut config = Config::new();
    config.max_wasm_stack(256 << 20);
    if !endless {
        config.max_native_stack(1 << 40);
    }
    let engine = Engine::new(&config)?;
    let module =
        Module::new(&engine, r#"(module (import "host" "f" (func $f)) (func (export "run") (call $f)))"#)?;
    let mut store = Store::new(&engine, 0);
    let import = Func::wrap(&mut store, |mut caller: Caller<'_, u32>| -> Result<()> {
        *caller.data_mut() += 1;
        let run = caller.get_export("run").and_then(Extern::into_func).expect("it is exported");
        run.call(&mut caller, &[], &mut [])
    });
    let instance = Instance::new(&mut store, &module, &[import.into()])?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow), "{error:?}");
    println!("{} levels: done", store.data());
    Ok(())
}
