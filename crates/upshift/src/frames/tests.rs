use std::process::{Command, Output};

use upshift_core::index::FuncIndex;
use upshift_core::vm::{FuncRec, frame};

use crate::{AsContextMut, Caller, Engine, Func, Instance, Module, Store, WasmBacktrace};

/// Tells a child process of the tests what to break.
const BREAK: &str = "UPSHIFT_TEST_BREAK";

/// A host function that breaks what its caller left, then has it looked at.
fn broken(mut caller: Caller<'_, ()>, what: &str) {
    {
        let mut context = caller.as_context_mut();
        let exit = &mut context.state().ctx.exit;
        match what {
            "pc" => exit.pc = 64,
            "pc behind" => exit.pc += 1 << 20,
            "stub" => exit.pc = upshift_interp::stubs::host_call().addr() + 8,
            "function" => {
                // SAFETY: the header of a live frame has the record of its function; the next one has no code.
                unsafe {
                    let func = exit.fp.offset(frame::FUNC).cast::<*const FuncRec>();
                    *func = (*func).add(1);
                }
            }
            other => panic!("nobody breaks {other}"),
        }
    }
    if what == "function" {
        // The collector must not go by a frame that it cannot read.
        drop(caller.as_context_mut().gc());
    } else {
        drop(WasmBacktrace::capture(&caller));
    }
}

/// Runs the test below in a process of its own, where something is broken.
fn child(what: &str) -> Output {
    let program = std::env::current_exe().expect("the test has a program");
    let mut child = Command::new(program);
    child.args(["--exact", "frames::tests::an_unknown_pc_ends_the_process", "--nocapture"]).env(BREAK, what);
    child.output().expect("the program runs again")
}

#[test]
fn an_unknown_pc_ends_the_process() {
    if let Ok(what) = std::env::var(BREAK) {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let host = Func::wrap(&mut store, move |caller: Caller<'_, ()>| broken(caller, &what));
        let text = r#"(module
            (import "" "" (func $host))
            (func (export "run") (local $a (ref null array))
                (local.set $a (array.new_default $bytes (i32.const 8)))
                (call $host))
            (func)
            (type $bytes (array (mut i8))))"#;
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let _ = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ());
        return;
    }
    for what in ["pc", "pc behind", "stub", "function"] {
        let output = child(what);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("upshift: internal error: no code is known at pc 0x"), "{what}: {text}");
        assert!(text.contains("Please report this."), "{what}: {text}");
        assert!(!output.status.success(), "{what}");
        #[cfg(unix)]
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{what}");
    }
}

#[test]
fn what_cannot_be_translated_has_the_backtrace_of_its_callers() {
    let engine = Engine::default();
    let text = r#"(module
        (func $bad (param i64 i32) (result i64) (local.get 0))
        (func $calls (param i64) (call $bad (local.get 0) (i32.const 1)) drop)
        (func (export "run") (call $calls (i64.const 1)))
        (func (export "direct") (result i64) (return_call $bad (i64.const 1) (i32.const 1)))
        (export "bad" (func $bad)))"#;
    let mut module = Module::new(&engine, text).unwrap();
    module.cut_body(FuncIndex(0));
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    assert!(format!("{error:#}").contains("unexpected"), "{error:#}");
    let names = |error: &crate::Error| {
        let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], |backtrace| backtrace.frames());
        frames.iter().map(|frame| frame.func_name().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&error), ["calls", "run"]);
    let frame = &error.downcast_ref::<WasmBacktrace>().unwrap().frames()[0];
    // The locals, `local.get 0`, `i32.const 1`.
    assert_eq!(frame.func_offset(), Some(1 + 2 + 2));

    // Nobody calls it: there are no frames.
    let bad = instance.get_typed_func::<(i64, i32), i64>(&mut store, "bad").unwrap();
    assert_eq!(names(&bad.call(&mut store, (1, 2)).unwrap_err()), [""; 0]);
    let direct = instance.get_typed_func::<(), i64>(&mut store, "direct").unwrap();
    assert_eq!(names(&direct.call(&mut store, ()).unwrap_err()), [""; 0]);
    // In another instance, through a host function.
    let back = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| run.call(&mut caller, ()));
    let outer = r#"(module (import "" "" (func $back)) (func $outer (export "outer") (call $back)))"#;
    let outer = Instance::new(&mut store, &Module::new(&engine, outer).unwrap(), &[back.into()]).unwrap();
    let outer = outer.get_typed_func::<(), ()>(&mut store, "outer").unwrap();
    assert_eq!(names(&outer.call(&mut store, ()).unwrap_err()), ["calls", "run", "outer"]);
}
