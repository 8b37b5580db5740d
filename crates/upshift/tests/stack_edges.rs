//! A call fits on the value stack exactly if its frame does: to the slot, in all forms of calls, whether the callee has code
//! already or not.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use upshift::{Config, Engine, Func, Instance, Module, Result, Store, Trap};

use crate::ways::{Way, nop, wide_body};

/// Slots of a frame's header, and of what a call into another instance leaves below the arguments.
const HEADER: usize = 3;
const RECORD: usize = 4;

/// Parameters of the callee, a vector among them, and its locals.
const PARAMS: usize = 4;
const LOCALS: usize = 600;

const CALLEE: &str = r#"(func $f (export "f") (param i32 v128 i64) (result i64) (local {locals})
    (i64.add (local.get 2) (i64.add (i64.extend_i32_s (local.get 0)) (i64x2.extract_lane 1 (local.get 1)))))"#;

const ARGUMENTS: &str = "(i32.const 1) (v128.const i64x2 10 20) (i64.const 300)";

const RELAY: &str = r#"(func (export "relay") (param (ref $t)) (result i64)
    (return_call_ref $t (i32.const 1) (v128.const i64x2 10 20) (i64.const 300) (local.get 0)))"#;

fn module(callee: &str) -> String {
    let call = |name: &str, how: &str| format!("(func (export \"{name}\") (result i64) {how})");
    let calls = [
        call("own", &format!("(call $f {ARGUMENTS})")),
        call("import", &format!("(call $other {ARGUMENTS})")),
        call("host", &format!("(call $host {ARGUMENTS})")),
        call("own by table", &format!("(call_indirect (type $t) {ARGUMENTS} (i32.const 0))")),
        call("import by table", &format!("(call_indirect (type $t) {ARGUMENTS} (i32.const 1))")),
        call("host by table", &format!("(call_indirect (type $t) {ARGUMENTS} (i32.const 2))")),
        call("own by reference", &format!("(call_ref $t {ARGUMENTS} (ref.func $f))")),
        call("import by reference", &format!("(call_ref $t {ARGUMENTS} (ref.func $other))")),
        call("own, tail", &format!("(return_call $f {ARGUMENTS})")),
        call("import, tail", &format!("(return_call $other {ARGUMENTS})")),
        call("host, tail", &format!("(return_call $host {ARGUMENTS})")),
        call("own by table, tail", &format!("(return_call_indirect (type $t) {ARGUMENTS} (i32.const 0))")),
        call("import by table, tail", &format!("(return_call_indirect (type $t) {ARGUMENTS} (i32.const 1))")),
        call("own by reference, tail", &format!("(return_call_ref $t {ARGUMENTS} (ref.func $f))")),
        call("import by reference, tail", &format!("(return_call_ref $t {ARGUMENTS} (ref.func $other))")),
        call("host by reference, tail", &format!("(return_call_ref $t {ARGUMENTS} (ref.func $host))")),
        // The other instance's function is replaced by one of this instance, its own, the host's.
        call("own, relayed", "(call $relay (ref.func $f))"),
        call("import, relayed", "(call $relay (ref.func $other))"),
        call("host, relayed", "(call $relay (ref.func $host))"),
    ];
    format!(
        r#"(module
            (type $t (func (param i32 v128 i64) (result i64)))
            (import "" "other" (func $other (type $t)))
            (import "" "host" (func $host (type $t)))
            (import "" "relay" (func $relay (param (ref $t)) (result i64)))
            (table funcref (elem $f $other $host))
            {callee} {})"#,
        calls.concat()
    )
}

/// How many slots a call takes that the host makes of an export without parameters.
fn wanted(export: &str) -> usize {
    let locals = if export.starts_with("host") { 0 } else { LOCALS };
    // The exported function is entered with its header and has its operands behind that; with a table, the index too.
    let index = usize::from(export.contains("by table") || export.contains("by reference"));
    // A function that came through a record needs no second one.
    let record = if export.starts_with("own") && !export.ends_with("relayed") { 0 } else { RECORD };
    let caller = HEADER + PARAMS + index;
    let below = if export.ends_with("tail") { 0 } else { HEADER };
    // The callee's sum has two operands on the stack below a vector.
    let operands = if locals > 0 { 4 } else { 0 };
    caller.max(below + record + PARAMS + HEADER + locals + operands)
}

/// Whether a call fits on a stack of so many slots, three times.
fn fits(way: Way, callee: &str, export: &str, slots: usize) -> Result<[bool; 3]> {
    let mut config = Config::new();
    let engine = Engine::new(way.set(&mut config).max_wasm_stack(8 * slots))?;
    let mut store = Store::new(&engine, ());
    let other = format!("(module (type $t (func (param i32 v128 i64) (result i64))) {RELAY} {callee})");
    let other = Instance::new(&mut store, &Module::new(&engine, other)?, &[])?;
    let [f, relay] = ["f", "relay"].map(|name| other.get_func(&mut store, name).expect("it is exported"));
    let host = Func::wrap(&mut store, |a: i32, b: upshift::V128, c: i64| {
        i64::from(a) + (b.as_u128() >> 64) as i64 + c
    });
    let module = Module::new(&engine, module(callee))?;
    let instance = Instance::new(&mut store, &module, &[f.into(), host.into(), relay.into()])?;
    let run = instance.get_typed_func::<(), i64>(&mut store, export)?;
    Ok([(); 3].map(|()| match run.call(&mut store, ()) {
        Ok(sum) => {
            assert_eq!(sum, 321, "{export}");
            true
        }
        Err(error) => {
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow), "{export}: {error:#}");
            false
        }
    }))
}

fn exports() -> Vec<String> {
    module("").split("(export \"").skip(1).map(|part| part.split('"').next().unwrap().to_string()).collect()
}

#[test]
fn a_call_takes_the_slots_of_its_frames() -> Result<()> {
    let callee = CALLEE.replace("{locals}", &"i64 ".repeat(LOCALS));
    for way in Way::with_whole_frames() {
        for export in exports() {
            for slots in 600..640 {
                let found = fits(way, &callee, &export, slots)?;
                let expected = slots >= wanted(&export);
                assert_eq!(found, [expected; 3], "{way:?}: {export} with {slots} slots");
            }
        }
    }
    Ok(())
}

/// How many slots frames of optimized code have is the compiler's to say. Here the callee needs some for values that wait for a call; from
/// some size on it fits, however often it is called.
#[test]
fn a_call_of_optimized_code_takes_some_slots() -> Result<()> {
    let callee = CALLEE.replace("(local {locals})", &wide_body(LOCALS));
    let callee = format!("(global $g (mut i64) (i64.const 0)) {} {callee}", nop());
    for way in Way::all().into_iter().filter(|way| !Way::with_whole_frames().contains(way)) {
        for export in exports() {
            let mut before = [false; 3];
            for slots in (512..=912).step_by(80) {
                let found = fits(way, &callee, &export, slots)?;
                if way == Way::Optimized {
                    assert!(
                        found == [found[0]; 3] && found >= before,
                        "{export} with {slots} slots: {found:?}"
                    );
                    before = found;
                }
                let callee_is_wide = !export.starts_with("host");
                assert!(
                    slots >= LOCALS || !callee_is_wide || !found.contains(&true),
                    "{export} with {slots} slots"
                );
                assert!(slots < 900 || found == [true; 3], "{way:?}: {export} with {slots} slots: {found:?}");
            }
        }
    }
    Ok(())
}
