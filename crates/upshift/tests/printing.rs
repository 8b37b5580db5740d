//! Errors as an embedder logs them: whatever a guest's names, types and calls are, the text has a bound, and each of its names
//! stays on its line.

use std::fmt::Write;

use upshift::{
    Engine, Error, Exception, Extern, Func, Instance, Linker, Module, Result, Store, Trap, Val,
    WasmBacktrace, demangle,
};

/// More than any message needs, and far less than the attacks have made.
const MOST: usize = 32 << 10;

/// The whole error as `{:#}` and `{:?}` print it.
#[track_caller]
fn printed(error: &Error) -> String {
    let (line, report) = (format!("{error:#}"), format!("{error:?}"));
    for text in [&line, &report] {
        assert!(text.len() <= MOST, "{} bytes: {}…", text.len(), &text[..200]);
        let plays = |c: char| c.is_control() && c != '\n' || "\u{2028}\u{2029}\u{202e}\u{feff}".contains(c);
        assert!(!text.contains(plays), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{text}");
    }
    report
}

/// A name that begins a line, turns the direction, moves the cursor, and is very long.
fn hostile() -> String {
    let ugly = "ok\nforged\u{2028}forged\u{202e}\u{1b}[2J\u{feff}";
    format!("{ugly}{}", "x".repeat(1 << 20))
}

/// As a string of the text format.
fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            text.push(c)
        } else {
            write!(text, "\\u{{{:x}}}", u32::from(c)).unwrap()
        }
    }
    text + "\""
}

fn instance(store: &mut Store<()>, text: &str) -> (Module, Instance) {
    let module = Module::new(store.engine(), text).unwrap();
    let instance = Instance::new(store, &module, &[]).unwrap();
    (module, instance)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str) -> Error {
    let func = instance.get_func(&mut *store, name).unwrap();
    func.call(store, &[], &mut []).unwrap_err()
}

#[test]
fn a_trap_in_functions_with_hostile_names() {
    let mut store = Store::new(&Engine::default(), ());
    let name = quoted(&hostile());
    let text = format!(
        r#"(module $m (@custom "none" "")
            (func $deep (@name {name}) (param i32)
                (if (i32.eqz (local.get 0)) (then unreachable))
                (call $deep (i32.sub (local.get 0) (i32.const 1))) nop)
            (func (export "run") (call $deep (i32.const 50000))))"#
    );
    let (_, instance) = instance(&mut store, &text);
    let error = call(&mut store, instance, "run");
    let text = printed(&error);
    assert!(text.contains(r"ok\nforged\u{2028}forged\u{202e}\u{1b}[2J\u{feff}xxx"), "{text}");
    // All frames are accounted for: 50,001 of `$deep` and one of `run`.
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let (inner, outer) = (backtrace.frames().len(), backtrace.outermost_frames());
    assert_eq!(inner + backtrace.skipped_frames() + outer.len(), 50_002);
    assert_eq!(outer.last().unwrap().func_index(), 1);
    // Whoever wants the name gets all of it.
    assert_eq!(backtrace.frames()[0].func_name(), Some(&*hostile()));
}

#[test]
fn a_name_that_a_demangler_could_blow_up() {
    let mut store = Store::new(&Engine::default(), ());
    let bombs = [
        format!("_ZN50000{}{}Ev", "a".repeat(50_000), "C1".repeat(24_000)),
        format!("_RINvC1a1b{}E", "TB9_B9_E".repeat(10_000)),
    ];
    for bomb in bombs {
        let text = format!(r#"(module (func (@name "{bomb}") (export "run") unreachable))"#);
        let (_, instance) = instance(&mut store, &text);
        printed(&call(&mut store, instance, "run"));
        assert!(demangle(&bomb).len() <= bomb.len());
    }
}

#[test]
fn functions_without_names_have_numbers_and_come_once() {
    let mut store = Store::new(&Engine::default(), ());
    let text = r#"(module
        (func (param i32)
            (if (i32.eqz (local.get 0)) (then unreachable))
            (call 1 (i32.sub (local.get 0) (i32.const 1))) nop)
        (func (param i32) (call 0 (local.get 0)) nop)
        (func (export "run") (call 2)) )"#;
    let text = text.replace("(call 2)", "(call 0 (i32.const 9))");
    let (_, instance) = instance(&mut store, &text);
    let text = call(&mut store, instance, "run").to_string();
    assert!(!text.contains("unknown"), "{text}");
    let lines: Vec<&str> = text.lines().skip(1).collect();
    // Where it trapped; both functions, one calling the other 9 times; what has called the first.
    let wanted = ["func[0]", "func[1]", "func[0]", "… the same 2 frames 8 times more", " - run"];
    assert_eq!(lines.len(), wanted.len(), "{text}");
    for (line, wanted) in lines.iter().zip(wanted) {
        assert!(line.ends_with(wanted), "{line} has no {wanted}");
    }
    assert!(lines[0].contains(" 0: ") && lines[0].contains("0x") && lines[4].contains("19: "), "{text}");
}

#[test]
fn imports_that_nobody_offers_or_that_do_not_fit() {
    let mut store = Store::new(&Engine::default(), ());
    let name = quoted(&hostile()[..1 << 16]);
    let engine = store.engine().clone();
    let module =
        |ty: &str| Module::new(&engine, format!("(module (import {name} {name} (func {ty})))")).unwrap();
    let mut linker = Linker::new(&engine);
    printed(&linker.instantiate(&mut store, &module("")).unwrap_err());
    let func = Func::wrap(&mut store, || {});
    let many = "i32 ".repeat(1000);
    let wide = module(&format!("(param {many}) (result {many})"));
    let error = Instance::new(&mut store, &wide, &[Extern::Func(func)]).unwrap_err();
    let text = printed(&error);
    assert!(text.contains("… 980 more) -> ("), "{text}");
    linker.define_unknown_imports_as_traps(&wide).unwrap();
    let twice = hostile();
    linker.func_wrap(&twice, &twice, || {}).unwrap();
    printed(linker.func_wrap(&twice, &twice, || {}).err().as_ref().unwrap());
    let other = Store::new(&engine, ());
    drop(other);
    let (_, instance) = instance(&mut store, "(module)");
    printed(&instance.get_typed_func::<(), ()>(&mut store, &twice).unwrap_err());
}

#[test]
fn what_does_not_validate() {
    let engine = Engine::default();
    let name = quoted(&hostile()[..1 << 15]);
    let text = format!(r#"(module (func) (export {name} (func 0)) (export {name} (func 0)))"#);
    let bytes = wat::parse_str(text).unwrap();
    let text = printed(&Module::new(&engine, bytes).unwrap_err());
    assert!(text.contains(r"duplicate export name `ok\nforged"), "{text}");
    // Errors in text show a line of it, which may be all there is.
    let line = format!("(module \u{1b}[2J {} nonsense {}", " ".repeat(1 << 20), " ".repeat(1 << 20));
    let error = Module::new(&engine, line).unwrap_err();
    assert!(printed(&error).contains("-->"), "{error}");
    let error = Module::new(&engine, format!("(module (func {}))", "nonsense".repeat(1 << 17))).unwrap_err();
    printed(&error);
}

#[test]
fn exceptions_show_the_beginning_of_what_they_carry() {
    let mut store = Store::new(&Engine::default(), ());
    let text = format!(
        r#"(module (tag $t (@name {}) (param {})) (func (export "run") {} (throw $t)))"#,
        quoted(&hostile()),
        "f64 ".repeat(1000),
        "(f64.const -1e-300) ".repeat(1000),
    );
    let (_, instance) = instance(&mut store, &text);
    let error = call(&mut store, instance, "run");
    let text = printed(&error);
    assert!(text.contains("-1e-300, … 980 more"), "{text}");
    assert_eq!(error.downcast_ref::<Exception>().unwrap().values().len(), 1000);
}

#[test]
fn details_of_traps_name_types_by_their_beginning() {
    let mut store = Store::new(&Engine::default(), ());
    let name = quoted(&hostile()[..1 << 16]);
    let fields = "(field i64) ".repeat(2000);
    let text = format!(
        r#"(module (type $named (@name {name}) (struct (field i32))) (type (struct {fields}))
            (type $many (func (param {many})))
            (table 1 funcref) (elem (i32.const 0) $f) (func $f)
            (func (export "cast") (drop (ref.cast (ref $named) (struct.new_default 1))))
            (func (export "call") {args} (call_indirect (type $many) (i32.const 0))))"#,
        many = "i32 ".repeat(1000),
        args = "(i32.const 0) ".repeat(1000),
    );
    let (_, instance) = instance(&mut store, &text);
    let error = call(&mut store, instance, "cast");
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::CastFailure));
    let text = printed(&error);
    assert!(text.contains(r"expected `$ok\nforged") && text.contains("found `struct {i64, "), "{text}");
    let error = call(&mut store, instance, "call");
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::BadSignature));
    printed(&error);
}

#[test]
fn functions_as_text_have_one_line_for_their_name() -> Result<()> {
    let text = format!("(module (func (@name {}) nop))", quoted(&hostile()));
    let module = Module::new(&Engine::default(), text)?;
    let dump = module.dump_ir(0)?;
    assert!(dump.starts_with(r"; function 0 `ok\nforged\u{2028}forged") && dump.len() < 1000, "{dump}");
    assert!(dump.lines().nth(1).unwrap().starts_with("frame "), "{dump}");
    Ok(())
}

#[test]
fn a_frame_of_a_recursion_is_told_by_the_work_that_it_took() {
    // The host swallows errors of calls that lie on many others: no walk goes over these.
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("host", "try", |mut caller: upshift::Caller<'_, ()>| {
            let fail = caller.get_export("fail").and_then(Extern::into_func).unwrap();
            let error = fail.call(&mut caller, &[], &mut []).unwrap_err();
            let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
            assert!(backtrace.frames().len() == 20 && backtrace.is_elided());
            assert_eq!((backtrace.skipped_frames(), backtrace.outermost_frames().len()), (0, 0));
        })
        .unwrap();
    let text = r#"(module
        (import "host" "try" (func $try))
        (func (export "fail") unreachable)
        (func $deep (param i32)
            (if (i32.eqz (local.get 0)) (then (call $try) (return)))
            (call $deep (i32.sub (local.get 0) (i32.const 1))) nop)
        (func (export "run") (call $deep (i32.const 10000))))"#;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Module::new(&engine, text).unwrap()).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    run.call(&mut store, &[] as &[Val], &mut []).unwrap();
}
