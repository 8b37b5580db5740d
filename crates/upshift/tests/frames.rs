//! What frames say: who calls a host function, where code was left, and that both are known whatever leads there: a tail call,
//! another instance, a function without code, a deadline.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{
    AsContext, Caller, Config, Engine, Error, Extern, Func, Instance, Linker, Module, Result, Store, Trap,
    UpdateDeadline, WasmBacktrace,
};

use crate::ways::{Way, nop, wide_body};

/// Configurations with each way to run code.
fn configs() -> Vec<Config> {
    Way::all().iter().map(|way| way.config()).collect()
}

/// The names of a backtrace's functions with their positions in the function.
fn places(backtrace: &WasmBacktrace) -> Vec<(String, usize)> {
    let place = |frame: &upshift::FrameInfo| {
        (frame.func_name().unwrap_or("?").to_string(), frame.func_offset().expect("there is a position"))
    };
    backtrace.frames().iter().map(place).collect()
}

fn names(backtrace: &WasmBacktrace) -> Vec<String> {
    places(backtrace).into_iter().map(|(name, _)| name).collect()
}

fn backtrace_of(error: &Error) -> &WasmBacktrace {
    error.downcast_ref().expect("there is a backtrace")
}

/// What a host function sees: the `who` of the instance that calls it, and the frames.
type Seen = Vec<(Option<i32>, Vec<String>)>;

fn look(mut caller: Caller<'_, Seen>) {
    let who = match caller.get_export("who") {
        Some(Extern::Global(who)) => who.get(&mut caller).i32(),
        _ => None,
    };
    let frames = names(&WasmBacktrace::capture(&caller));
    caller.data_mut().push((who, frames));
}

#[test]
fn host_functions_know_who_calls_them() -> Result<()> {
    for config in configs() {
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "look", look)?;
        let mut store = Store::new(&engine, Vec::new());
        let inner = Module::new(
            &engine,
            r#"(module
                (import "host" "look" (func $look))
                (global (export "who") i32 (i32.const 1))
                (table funcref (elem $look))
                (func (export "calls") (call $look))
                (func (export "indirect") (call_indirect (i32.const 0)))
                (func (export "jumps") (return_call $look))
                (func (export "hops") (return_call $jumps_inside))
                (func $jumps_inside (return_call $look)))"#,
        )?;
        linker.module(&mut store, "inner", &inner)?;
        let outer = Module::new(
            &engine,
            r#"(module
                (import "inner" "calls" (func $calls))
                (import "inner" "indirect" (func $indirect))
                (import "inner" "jumps" (func $jumps))
                (import "inner" "hops" (func $hops))
                (import "host" "look" (func $look))
                (global (export "who") i32 (i32.const 2))
                (func (export "run")
                    (call $calls) (call $indirect) (call $jumps) (call $hops) (call $look))
                (func (export "leap") (return_call $jumps)))"#,
        )?;
        let outer = linker.instantiate(&mut store, &outer)?;
        outer.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
        outer.get_typed_func::<(), ()>(&mut store, "leap")?.call(&mut store, ())?;
        let frames = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        // Who makes a tail call has no frame any more, but it is the one that calls.
        let expected = [
            (Some(1), frames(&["calls", "run"])),
            (Some(1), frames(&["indirect", "run"])),
            (Some(1), frames(&["run"])),
            (Some(1), frames(&["run"])),
            (Some(2), frames(&["run"])),
            (Some(1), frames(&[])),
        ];
        assert_eq!(store.data()[..], expected);

        // The host itself is no instance, whatever was called before.
        let direct = Func::wrap(&mut store, look);
        direct.typed::<(), ()>(&store)?.call(&mut store, ())?;
        assert_eq!(store.data().last(), Some(&(None, frames(&[]))));
    }
    Ok(())
}

#[test]
fn an_overflow_belongs_to_the_caller_whether_the_callee_has_code_or_not() -> Result<()> {
    for mut config in Way::all().into_iter().map(Way::config) {
        config.max_wasm_stack(16 << 10);
        let engine = Engine::new(&config)?;
        let (wide, nop) = (wide_body(2200), nop());
        let big = format!(
            "(module (global $g (mut i64) (i64.const 0)) (func $big (export \"big\") (param i32 i64 v128) {wide}) {nop})"
        );
        let mut store = Store::new(&engine, ());
        let big = Instance::new(&mut store, &Module::new(&engine, &big)?, &[])?;
        let big = big.get_func(&mut store, "big").expect("it is exported");
        let text = format!(
            r#"(module
                (import "" "big" (func $foreign (param i32 i64 v128)))
                (global $g (mut i64) (i64.const 0))
                (func $own (param i32 i64 v128) {})
                (func (export "own") (call $own (i32.const 1) (i64.const 2) (v128.const i64x2 3 4)))
                (func (export "foreign") (call $foreign (i32.const 1) (i64.const 2) (v128.const i64x2 3 4)))
                (func (export "tail") (return_call $own (i32.const 1) (i64.const 2) (v128.const i64x2 3 4)))
                (func (export "outer") (call $middle))
                (func $middle (call $foreign (i32.const 1) (i64.const 2) (v128.const i64x2 3 4)))
                {nop})"#,
            wide
        );
        let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[big.into()])?;
        for (export, frames) in
            [("own", vec!["own"]), ("foreign", vec!["foreign"]), ("outer", vec!["middle", "outer"])]
        {
            let run = instance.get_typed_func::<(), ()>(&mut store, export)?;
            // At the first call the callee has no code yet.
            let errors = [(); 3].map(|()| run.call(&mut store, ()).unwrap_err());
            for error in &errors {
                assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{export}");
                let places = places(backtrace_of(error));
                assert_eq!(places.iter().map(|place| &place.0).collect::<Vec<_>>(), frames, "{export}");
                // A call is the last operator before the end of the body: `end`, function index, opcode.
                let call_at = if export == "outer" { 1 } else { 1 + 2 + 2 + 18 };
                assert_eq!(places.last().map(|place| place.1), Some(call_at), "{export}");
            }
        }
        let tail = instance.get_typed_func::<(), ()>(&mut store, "tail")?;
        let error = tail.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    }
    Ok(())
}

#[test]
fn a_callback_sees_the_place_where_its_error_is() -> Result<()> {
    for mut config in configs() {
        config.epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let module = Module::new(
            &engine,
            r#"(module
                (func $spin (nop) (loop $l (nop) (br $l)))
                (func $calls (export "run") (call $spin)))"#,
        )?;
        let mut store = Store::new(&engine, Vec::new());
        let mut rounds = 0;
        store.epoch_deadline_callback(move |mut store| {
            let seen = places(&WasmBacktrace::capture(store.as_context()));
            store.data_mut().push(seen);
            rounds += 1;
            if rounds == 5 { Err(Error::msg("enough")) } else { Ok(UpdateDeadline::Continue(0)) }
        });
        let instance = Instance::new(&mut store, &module, &[])?;
        let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
        let seen = store.data();
        // At the entry of each function, then at each turn of the loop, which is the second operator behind the locals.
        assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 2, 2, 2]);
        assert!(seen[2..].iter().all(|places| *places == seen[2]));
        assert_eq!(
            seen[2],
            [("?".to_string(), 2), ("run".to_string(), 1)].map(|(name, at)| {
                (if name == "?" { "spin".to_string() } else { "calls".to_string() }, at)
            })
        );
        assert_eq!(places(backtrace_of(&error)), seen[4]);
    }
    Ok(())
}

#[test]
fn frames_of_the_host_lie_between_activations() -> Result<()> {
    for config in configs() {
        let engine = Engine::new(&config)?;
        let mut store = Store::new(&engine, ());
        // Calls back as long as there is something to count.
        let back = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
            if n == 0 {
                return Ok(WasmBacktrace::capture(&caller).frames().len() as i32);
            }
            let Some(Extern::Func(down)) = caller.get_export("down") else { panic!("it is exported") };
            down.typed::<i32, i32>(&caller)?.call(&mut caller, n - 1)
        });
        let module = Module::new(
            &engine,
            r#"(module
                (import "" "back" (func $back (param i32) (result i32)))
                (func (export "down") (param i32) (result i32) (call $again (local.get 0)))
                (func $again (param i32) (result i32) (call $back (local.get 0))))"#,
        )?;
        let instance = Instance::new(&mut store, &module, &[back.into()])?;
        let down = instance.get_typed_func::<i32, i32>(&mut store, "down")?;
        for depth in 0..5 {
            assert_eq!(down.call(&mut store, depth)?, 2 * (depth + 1));
        }
    }
    Ok(())
}

#[test]
fn parameters_are_operands_wherever_an_instruction_names_them() -> Result<()> {
    for config in configs() {
        let engine = Engine::new(&config)?;
        // Constants on the left, shifted indices, sums with products, selections: their last operand is named behind the others.
        let module = Module::new(
            &engine,
            r#"(module
                (func (export "i32") (param i32 i32) (result i32)
                    (i32.add (i32.mul (i32.sub (i32.const 10) (local.get 0)) (i32.const 100))
                        (i32.shl (i32.const 3) (local.get 1))))
                (func (export "i64") (param i64 i64) (result i64)
                    (i64.add (i64.mul (i64.sub (i64.const 0x1_0000_0000_0) (local.get 0)) (i64.const 1))
                        (i64.shr_s (i64.const -64) (local.get 1))))
                (func (export "f32") (param f32 f32) (result f32)
                    (f32.sub (f32.const 100) (f32.div (f32.const 12) (local.get 1))))
                (func (export "f64") (param f64 f64) (result f64)
                    (f64.add (local.get 0) (f64.mul (local.get 1) (local.get 1))))
                (func (export "select") (param i64 i64 i32) (result i64)
                    (select (local.get 0) (local.get 1) (local.get 2))))"#,
        )?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func::<(i32, i32), i32>(&mut store, "i32")?;
        assert_eq!(run.call(&mut store, (3, 2))?, 7 * 100 + 12);
        let run = instance.get_typed_func::<(i64, i64), i64>(&mut store, "i64")?;
        assert_eq!(run.call(&mut store, (5, 3))?, (1 << 36) - 5 - 8);
        let run = instance.get_typed_func::<(f32, f32), f32>(&mut store, "f32")?;
        assert_eq!(run.call(&mut store, (0.0, 4.0))?, 97.0);
        let run = instance.get_typed_func::<(f64, f64), f64>(&mut store, "f64")?;
        assert_eq!(run.call(&mut store, (1.0, 3.0))?, 10.0);
        let run = instance.get_typed_func::<(i64, i64, i32), i64>(&mut store, "select")?;
        assert_eq!((run.call(&mut store, (7, 8, 1))?, run.call(&mut store, (7, 8, 0))?), (7, 8));
    }
    Ok(())
}
