//! What errors say besides the trap's name: numbers, types, and places in the source. The same whatever runs the code.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/rng.rs"]
mod rng;

use upshift::{Engine, Error, ExternRef, Instance, Linker, Module, Store, Trap, Val, WasmBacktrace};

use crate::ways::Way;

use crate::rng::Rng;

/// Calls the export `run` in each way to run code; the answer is the error, which has to be the same.
fn fails(wat: &str, args: &[Val]) -> Error {
    let errors = Way::all().into_iter().map(|way| {
        let engine = Engine::new(&way.config()).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = vec![Val::I32(0); run.ty(&store).results().len()];
        run.call(&mut store, args, &mut results).expect_err(wat)
    });
    let mut errors = errors.collect::<Vec<Error>>();
    let texts: Vec<String> = errors.iter().map(|error| format!("{error:#}")).collect();
    for (way, text) in Way::all().iter().zip(&texts) {
        assert_eq!(*text, texts[0], "{way:?}");
    }
    errors.swap_remove(0)
}

/// What the error says between the backtrace and the trap.
fn detail(error: &Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    assert!(error.is::<WasmBacktrace>() && error.is::<Trap>(), "{chain:?}");
    assert_eq!(chain.len(), 3, "{chain:?}");
    chain[1].clone()
}

#[track_caller]
fn says(module: &str, args: &[Val], expected: &str) {
    assert_eq!(detail(&fails(&format!("(module {module})"), args)), expected);
}

/// What is known of a place from its first trap does not hide what is different the next time.
#[test]
fn traps_at_the_same_place_tell_what_each_did() {
    const WAT: &str = r#"(module
        (memory 1)
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
        (func (export "atomic") (param i32) (result i32) (i32.atomic.load (local.get 0)))
        (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;
    for way in Way::all() {
        let engine = Engine::new(&way.config()).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut text = |name: &str, address: i32| {
            let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
            detail(&func.call(&mut store, address).unwrap_err())
        };
        for address in 0x10000..0x10100 {
            let expected = format!("load of 4 bytes at address {address:#x}, but memory 0 has 0x10000 bytes");
            assert_eq!(text("load", address), expected, "{way:?}");
        }
        // Two kinds of traps at one place.
        for turn in 0..3 {
            let odd = 4 * turn + 1;
            assert_eq!(text("atomic", odd), format!("address {odd:#x} is no multiple of 4"), "{way:?}");
            let expected = "load of 4 bytes at address 0x10000, but memory 0 has 0x10000 bytes";
            assert_eq!(text("atomic", 0x10000), expected, "{way:?}");
        }
        let grow = instance.get_typed_func::<(), i32>(&mut store, "grow").unwrap();
        grow.call(&mut store, ()).unwrap();
        let load = instance.get_typed_func::<i32, i32>(&mut store, "load").unwrap();
        let error = load.call(&mut store, 0x20000).unwrap_err();
        assert_eq!(detail(&error), "load of 4 bytes at address 0x20000, but memory 0 has 0x20000 bytes");
    }
}

#[test]
fn loads_and_stores_tell_address_and_size() {
    let at = |address: i32| [Val::I32(address)];
    let memory = "(memory 1)";
    // Plain, with an offset, with the address from the instruction before, with a sum, with a constant address.
    let load = |op: &str| format!("{memory} (func (export \"run\") (param i32) (drop ({op})))");
    says(
        &load("i32.load (local.get 0)"),
        &at(65534),
        "load of 4 bytes at address 0xfffe, but memory 0 has 0x10000 bytes",
    );
    says(
        &load("i64.load8_u offset=0x20000 (local.get 0)"),
        &at(-1),
        "load of 1 byte at address 0x10001ffff (0xffffffff + offset 0x20000), but memory 0 has 0x10000 bytes",
    );
    says(
        &load("f64.load offset=8 (i32.mul (local.get 0) (i32.const 2))"),
        &at(0x8000),
        "load of 8 bytes at address 0x10008 (0x10000 + offset 0x8), but memory 0 has 0x10000 bytes",
    );
    says(
        &load("i32.load16_s offset=1 (i32.add (local.get 0) (local.get 0))"),
        &at(0x7fff),
        "load of 2 bytes at address 0xffff (0xfffe + offset 0x1), but memory 0 has 0x10000 bytes",
    );
    says(
        &load("i32.load (i32.add (local.get 0) (i32.const -4))"),
        &at(0),
        "load of 4 bytes at address 0xfffffffc, but memory 0 has 0x10000 bytes",
    );
    says(
        &load("i32.load offset=0x10000 (i32.const 8)"),
        &at(0),
        "load of 4 bytes at address 0x10008, but memory 0 has 0x10000 bytes",
    );
    says(
        &load("v128.load (local.get 0)"),
        &at(0xfff1),
        "load of 16 bytes at address 0xfff1, but memory 0 has 0x10000 bytes",
    );
    let store = |op: &str| format!("{memory} (func (export \"run\") (param i32) ({op}))");
    says(
        &store("i64.store offset=16 (local.get 0) (i64.const 1)"),
        &at(0x10000),
        "store of 8 bytes at address 0x10010 (0x10000 + offset 0x10), but memory 0 has 0x10000 bytes",
    );
    // The value has to be brought to its place first.
    says(
        &store("i64.store offset=16 (local.get 0) (i64.const 0x123456789abcdef)"),
        &at(0x10000),
        "store of 8 bytes at address 0x10010 (0x10000 + offset 0x10), but memory 0 has 0x10000 bytes",
    );
    says(
        &store("i64.store32 offset=16 (local.get 0) (i64.const -3)"),
        &at(0x10000),
        "store of 4 bytes at address 0x10010 (0x10000 + offset 0x10), but memory 0 has 0x10000 bytes",
    );
    says(
        &store("i32.store8 (i32.shl (local.get 0) (i32.const 16)) (local.get 0)"),
        &at(3),
        "store of 1 byte at address 0x30000, but memory 0 has 0x10000 bytes",
    );
    says(
        &store("i32.store (local.get 0) (i32.popcnt (local.get 0))"),
        &at(-4),
        "store of 4 bytes at address 0xfffffffc, but memory 0 has 0x10000 bytes",
    );
    says(
        &store("v128.store16_lane 3 (local.get 0) (v128.const i64x2 0 0)"),
        &at(0xffff),
        "store of 2 bytes at address 0xffff, but memory 0 has 0x10000 bytes",
    );
}

/// Where a loop loads what it stored in the round before, code may have the sum of address and base in a register.
#[test]
fn variables_of_loops_tell_their_address() {
    let text = |offset: &str, before: &str| {
        format!(
            r#"(memory 1) (func (export "run") (param i32) (local i32)
                (loop $l
                    {before}
                    (i32.store {offset} (local.get 0)
                        (i32.mul (i32.add (i32.load {offset} (local.get 0)) (local.get 1)) (i32.const 3)))
                    (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 9)))))"#
        )
    };
    says(
        &text("offset=8", ""),
        &[Val::I32(0xfffc)],
        "load of 4 bytes at address 0x10004 (0xfffc + offset 0x8), but memory 0 has 0x10000 bytes",
    );
    // The fault is in the midst of the access.
    says(
        &text("", ""),
        &[Val::I32(0xfffe)],
        "load of 4 bytes at address 0xfffe, but memory 0 has 0x10000 bytes",
    );
    says(
        &text(
            "offset=0xfffffff0",
            "(if (i32.eq (local.get 1) (i32.const 5)) (then (local.set 0 (i32.const -1))))",
        ),
        &[Val::I32(-1)],
        "load of 4 bytes at address 0x1ffffffef (0xffffffff + offset 0xfffffff0), but memory 0 has 0x10000 bytes",
    );
    // Only the store is of four bytes.
    let text = r#"(memory 1) (func (export "run") (param i32)
        (loop $l
            (i32.store offset=4 (local.get 0) (i32.load8_u offset=4 (local.get 0)))
            (br $l)))"#;
    says(
        text,
        &[Val::I32(0xfff9)],
        "store of 4 bytes at address 0xfffd (0xfff9 + offset 0x4), but memory 0 has 0x10000 bytes",
    );
}

#[test]
fn other_memories_are_named() {
    says(
        r#"(memory 1) (memory $second i64 2)
           (func (export "run") (param i64) (drop (i32.load $second offset=2 (local.get 0))))"#,
        &[Val::I64(-1)],
        "load of 4 bytes at address 0x10000000000000001 (0xffffffffffffffff + offset 0x2), but memory 1 has 0x20000 bytes",
    );
}

#[test]
fn bulk_operations_tell_their_operands() {
    let run = |body: &str| {
        format!(
            r#"(memory 1) (memory $b 2) (table 10 funcref) (data $d "abc") (elem $e func 0 0)
               (func (export "run") {body})"#
        )
    };
    let numbers = "(i32.const 0x10) (i32.const 0x20) (i32.const 0x20000)";
    says(
        &run(&format!("(memory.fill {numbers})")),
        &[],
        "memory.fill of 131072 bytes at 0x10, but memory 0 has 0x10000 bytes",
    );
    says(
        &run(&format!("(memory.copy {numbers})")),
        &[],
        "memory.copy of 131072 bytes from 0x20 to 0x10, but memory 0 has 0x10000 bytes",
    );
    says(
        &run(&format!("(memory.copy 0 $b {numbers})")),
        &[],
        "memory.copy of 131072 bytes from 0x20 to 0x10, but memory 0 has 0x10000 bytes, memory 1 has 0x20000 bytes",
    );
    says(
        &run("(memory.init $d (i32.const 0) (i32.const 1) (i32.const 3))"),
        &[],
        "memory.init of 3 bytes from 0x1 of data segment 0, which has 0x3 bytes, to 0x0; memory 0 has 0x10000 bytes",
    );
    says(
        &run("(drop (table.get 0 (i32.const 10)))"),
        &[],
        "table.get of element 10, but table 0 has 10 elements",
    );
    says(
        &run("(table.set 0 (i32.const -1) (ref.null func))"),
        &[],
        "table.set of element 4294967295, but table 0 has 10 elements",
    );
    says(
        &run("(table.fill 0 (i32.const 8) (ref.null func) (i32.const 3))"),
        &[],
        "table.fill of 3 elements from 8 on, but table 0 has 10 elements",
    );
    says(
        &run("(table.init $e (i32.const 9) (i32.const 0) (i32.const 2))"),
        &[],
        "table.init of 2 elements from 0 of segment 0 to 9; table 0 has 10 elements",
    );
}

#[test]
fn calls_through_tables_tell_both_types() {
    let wat = |call: &str| {
        format!(
            r#"(table 3 funcref) (elem (i32.const 1) $double)
               (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
               (func (export "run") (param i32) (result i64)
                   ({call} (param i32 f64) (result i64) (i32.const 1) (f64.const 2) (local.get 0)))"#
        )
    };
    for call in ["call_indirect", "return_call_indirect"] {
        says(&wat(call), &[Val::I32(0)], "element 0 of table 0 is null");
        says(
            &wat(call),
            &[Val::I32(1)],
            "element 1 of table 0 is a function of type `(i32) -> (i32)`, the call expects `(i32, f64) -> (i64)`",
        );
        says(&wat(call), &[Val::I32(3)], "call of element 3, but table 0 has 3 elements");
    }
}

/// Each kind of cast, with what it says of each value that does not pass.
#[test]
fn casts_tell_what_was_expected_and_found() {
    let types = r#"
        (type $point (struct (field i32) (field (mut f64))))
        (type $shape (sub (struct (field i8))))
        (type $circle (sub $shape (struct (field i8) (field i64))))
        (type (struct (field i64)))
        (type $bytes (array (mut i8)))
        (type $f (func (result i32)))
        (type $open (sub (func (param f32))))
        (elem declare func $f $run)
        (func $f (type $f) (i32.const 1))"#;
    let cast = |to: &str, value: &str| {
        format!("{types} (func $run (export \"run\") (drop (ref.cast (ref {to}) {value})))")
    };
    let point = "(struct.new_default $point)";
    for (to, value, expected) in [
        // A type without subtypes, named and not.
        ("$point", "(ref.null none)", "expected `$point`, found null"),
        ("$point", "(ref.i31 (i32.const -5))", "expected `$point`, found the integer -5"),
        ("$point", "(struct.new_default $circle)", "expected `$point`, found `$circle`"),
        ("3", "(array.new_default $bytes (i32.const 3))", "expected `struct {i64}`, found `$bytes`"),
        ("null $bytes", "(struct.new_default 3)", "expected `$bytes`, found `struct {i64}`"),
        // One with subtypes.
        ("$shape", point, "expected `$shape`, found `$point`"),
        ("$circle", "(struct.new_default $shape)", "expected `$circle`, found `$shape`"),
        // No type of its own.
        ("i31", point, "expected `(ref i31)`, found `$point`"),
        ("null array", point, "expected `(ref null array)`, found `$point`"),
        ("struct", "(ref.i31 (i32.const 9))", "expected `(ref struct)`, found the integer 9"),
        ("none", point, "expected what does not exist, found a reference"),
        ("null none", point, "expected null, found a reference"),
        ("any", "(ref.null any)", "expected anything but null, found null"),
        // Other hierarchies: a function is no object, and not looked at as if it were one.
        ("$f", "(ref.func $run)", "expected `$f`, found `func () -> ()`"),
        ("$open", "(ref.func $f)", "expected `$open`, found `$f`"),
        ("null nofunc", "(ref.func $f)", "expected null, found a reference"),
        ("nofunc", "(ref.func $f)", "expected what does not exist, found a reference"),
        ("func", "(ref.null func)", "expected anything but null, found null"),
    ] {
        says(&cast(to, value), &[], expected);
    }
    for (to, expected) in
        [("any", "expected anything but null, found null"), ("eq", "expected `(ref eq)`, found null")]
    {
        says(&cast(to, "(any.convert_extern (ref.null extern))"), &[], expected);
    }
    let integer = "(extern.convert_any (ref.i31 (i32.const 1)))";
    says(&cast("null noextern", integer), &[], "expected null, found a reference");
}

#[test]
fn a_cast_of_a_value_of_the_host_says_so() {
    let engine = Engine::default();
    let wat = r#"(module (func (export "run") (param externref)
        (drop (ref.cast (ref i31) (any.convert_extern (local.get 0))))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_func(&mut store, "run").unwrap();
    let value = ExternRef::new(&mut store, "of the host").unwrap();
    let error = run.call(&mut store, &[value.into()], &mut []).unwrap_err();
    assert_eq!(detail(&error), "expected `(ref i31)`, found a value of the host");
}

#[test]
fn arrays_tell_their_length() {
    let array = |body: &str| {
        format!(
            r#"(type $bytes (array (mut i8))) (type $words (array (mut i64)))
               (func (export "run") (param i32) {body})"#
        )
    };
    let bytes = "(array.new_default $bytes (i32.const 3))";
    for (body, index, expected) in [
        (format!("(drop (array.get_u $bytes {bytes} (local.get 0)))"), 3, "element 3, but the array has 3"),
        (
            format!("(drop (array.get_s $bytes {bytes} (local.get 0)))"),
            -1,
            "element 4294967295, but the array has 3",
        ),
        (
            format!("(array.set $bytes {bytes} (local.get 0) (i32.const 7))"),
            9,
            "element 9, but the array has 3",
        ),
        (
            "(drop (array.get $words (array.new_default $words (i32.const 0)) (local.get 0)))".to_string(),
            0,
            "element 0, but the array has 0",
        ),
    ] {
        says(&array(&body), &[Val::I32(index)], expected);
    }
    // Null is not an array of no length.
    let null = array("(drop (array.get $words (ref.null $words) (local.get 0)))");
    let error = fails(&format!("(module {null})"), &[Val::I32(0)]);
    assert_eq!(error.downcast_ref(), Some(&Trap::NullReference));
    assert_eq!(error.chain().count(), 2, "{error:?}");
}

#[test]
fn segments_that_do_not_fit_are_named() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut fails = |wat: &str| {
        let module = Module::new(&engine, wat).unwrap();
        let error = Linker::new(&engine).instantiate(&mut store, &module).unwrap_err();
        assert!(error.is::<Trap>());
        error.to_string()
    };
    assert_eq!(
        fails(r#"(module (memory 1) (data "a") (data (i32.const 65535) "bc"))"#),
        "data segment 1 with 2 bytes cannot be copied to 0xffff: memory 0 has 0x10000 bytes"
    );
    assert_eq!(
        fails(r#"(module (table 4 funcref) (elem (i32.const 3) 0 0) (func))"#),
        "element segment 0 with 2 elements cannot be copied to 3: table 0 has 4 elements"
    );
}

#[test]
fn debug_information_leads_to_the_source() {
    let engine = Engine::default();
    let module = Module::new(&engine, include_bytes!("fixtures/debug.wasm")).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, 2).unwrap(), 3);
    let error = run.call(&mut store, 0).unwrap_err();
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let places = backtrace.frames().iter().map(|frame| {
        let source = frame.source().unwrap();
        format!("{}:{}:{}", source.file().trim_start_matches("./"), source.line(), source.column().unwrap())
    });
    // The division is inlined into `share`. The linker has demangled the names already.
    assert_eq!(places.collect::<Vec<_>>(), ["debug.cpp:16:23", "debug.cpp:23:18"]);
    let text = backtrace.to_string();
    let wanted =
        ["debug.wasm!int shop::Shelf::share<long>(long, int)\n", "debug.cpp:16:23\n", "debug.wasm!run\n"];
    assert!(wanted.iter().all(|wanted| text.contains(wanted)), "{text}");
}

#[test]
fn names_of_modules_cannot_play_with_the_terminal() {
    let name = format!("\u{1b}[2J\n\u{202e}{}", "x".repeat(10_000));
    let wat = format!("(module (func (export \"run\") unreachable) (@custom \"name\" \"{}\"))", {
        // One function name: number 0, a length of 3 LEB128 bytes.
        let length = name.len() as u32;
        let mut section = vec![1];
        let mut names = vec![1, 0, length as u8 | 0x80, (length >> 7) as u8 | 0x80, (length >> 14) as u8];
        names.extend(name.as_bytes());
        section.extend([
            names.len() as u8 | 0x80,
            (names.len() >> 7) as u8 | 0x80,
            (names.len() >> 14) as u8,
        ]);
        section.extend(names);
        section.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>()
    });
    let text = fails(&wat, &[]).to_string();
    assert!(text.contains(" - \\u{1b}[2J\\n\\u{202e}xxx"), "{text}");
    assert!(text.len() < 1000, "{}", text.len());
}

/// Debug information is not validated: whatever lies in it, an error can be printed, and soon.
#[test]
fn broken_debug_information_does_no_harm() {
    const CASES: u64 = 3000;
    let bytes = include_bytes!("fixtures/debug.wasm");
    let start = bytes.windows(6).position(|window| window == b".debug").unwrap();
    let engine = Engine::default();
    let mut printed = 0;
    for case in 0..CASES {
        let mut rng = Rng::of_item(1, case);
        let mut bytes = bytes.to_vec();
        for _ in 0..1 + rng.below(4) {
            let at = start + rng.below(bytes.len() - start);
            bytes[at] = rng.below(256) as u8;
        }
        // Sizes of sections are among what changes.
        let Ok(module) = Module::new(&engine, &bytes) else { continue };
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        let text = run.call(&mut store, 0).unwrap_err().to_string();
        assert!(text.len() < 20_000, "case {case}");
        printed += 1;
    }
    println!("{printed} of {CASES} modules were printed");
    assert!(printed > CASES / 2);
}

/// Accesses whose first inaccessible byte is not where they begin, and addresses that instructions have in other ways.
#[test]
fn addresses_are_those_that_operators_were_given() {
    let run =
        |memory: &str, op: &str| format!("{memory} (func (export \"run\") (param i32 i64) (local i32) {op})");
    let page = "(memory 1)";
    let cases = [
        // Across the end, with and without an offset, small and too large for an instruction.
        (
            page,
            "(drop (i64.load offset=3 (local.get 0)))",
            0xfff8,
            "load of 8 bytes at address 0xfffb (0xfff8 + offset 0x3)",
        ),
        (
            page,
            "(i64.store offset=3 (local.get 0) (local.get 1))",
            0xfff8,
            "store of 8 bytes at address 0xfffb (0xfff8 + offset 0x3)",
        ),
        (page, "(i32.store16 (local.get 0) (local.get 0))", 0xffff, "store of 2 bytes at address 0xffff"),
        (page, "(f64.store (local.get 0) (f64.const 1))", 0xfffc, "store of 8 bytes at address 0xfffc"),
        (
            page,
            "(v128.store (local.get 0) (v128.const i64x2 1 2))",
            0xfff8,
            "store of 16 bytes at address 0xfff8",
        ),
        (
            page,
            "(drop (i32.load offset=0xfffffffe (local.get 0)))",
            5,
            "load of 4 bytes at address 0x100000003 (0x5 + offset 0xfffffffe)",
        ),
        (
            page,
            "(i32.store offset=0x90000000 (local.get 0) (i32.const 1))",
            -2,
            "store of 4 bytes at address 0x18ffffffe (0xfffffffe + offset 0x90000000)",
        ),
        // Constants, which the interpreter adds up where it has room for the sum.
        (page, "(drop (i32.load offset=0xfffd (i32.const 0)))", 0, "load of 4 bytes at address 0xfffd"),
        (
            page,
            "(i32.store offset=0xffff (i32.const 0xffff) (i32.const 0))",
            0,
            "store of 4 bytes at address 0x1fffe",
        ),
        (
            page,
            "(drop (v128.load offset=0xfff0 (i32.const 4)))",
            0,
            "load of 16 bytes at address 0xfff4 (0x4 + offset 0xfff0)",
        ),
        (
            page,
            "(drop (i64.load offset=0xffffffff (i32.const -1)))",
            0,
            "load of 8 bytes at address 0x1fffffffe (0xffffffff + offset 0xffffffff)",
        ),
        (
            "(memory 0)",
            "(drop (i32.load offset=0x185b (local.get 2)))",
            0,
            "load of 4 bytes at address 0x185b (0x0 + offset 0x185b)",
        ),
    ];
    for (memory, op, address, expected) in cases {
        let len = if memory == page { "0x10000" } else { "0x0" };
        let expected = format!("{expected}, but memory 0 has {len} bytes");
        says(&run(memory, op), &[Val::I32(address), Val::I64(0)], &expected);
    }
    // Of another memory, of one with 64-bit addresses, of one whose pages have one byte: none of them has what memory 0 has.
    for (memory, address, expected) in [
        (
            "(memory 0) (memory $m 1)",
            "(local.get 0)",
            "0xffff (0xfffe + offset 0x1), but memory 1 has 0x10000",
        ),
        (
            "(memory 0) (memory $m 1)",
            "(i32.const 0xfffe)",
            "0xffff (0xfffe + offset 0x1), but memory 1 has 0x10000",
        ),
        ("(memory $m i64 1)", "(local.get 1)", "0xffff (0xfffe + offset 0x1), but memory 0 has 0x10000"),
        (
            "(memory $m i64 1)",
            "(i64.const -1)",
            "0x10000000000000000 (0xffffffffffffffff + offset 0x1), but memory 0 has 0x10000",
        ),
        ("(memory $m 1 1 shared)", "(local.get 0)", "0xffff (0xfffe + offset 0x1), but memory 0 has 0x10000"),
    ] {
        let args = [Val::I32(0xfffe), Val::I64(0xfffe)];
        for (what, op) in [
            ("load of 2 bytes", format!("(drop (i32.load16_u $m offset=1 {address}))")),
            ("store of 8 bytes", format!("(i64.store $m offset=1 {address} (local.get 1))")),
        ] {
            says(&run(memory, &op), &args, &format!("{what} at address {expected} bytes"));
        }
    }
}

#[test]
fn a_trap_behind_a_branch_is_where_the_program_has_it() {
    // Each number below 8 ends at a trap of its own, wherever its code is.
    let wat = r#"(module (func (export "run") (param $n i32) (local $i i32)
        (if (i32.eq (local.get $n) (i32.const 1)) (then unreachable))
        (block $b (br_if $b (i32.ne (local.get $n) (i32.const 2))) (unreachable))
        (if (i32.and (local.get $n) (i32.const 0x100)) (then unreachable))
        (if (i32.eq (local.get $n) (i32.const 3)) (then unreachable) (else (local.set $i (i32.const 5))))
        (loop $l
            (if (i32.eq (local.get $n) (i32.const 4)) (then unreachable))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 100))))
        (if (f64.eq (f64.convert_i32_s (local.get $n)) (f64.const 5)) (then unreachable))
        (block $h (if (i32.eq (local.get $n) (i32.const 6)) (then (try_table (catch_all $h) unreachable))))
        (block $x (block $y (br_if $y (i32.ge_s (local.get $n) (i32.const 8))) (br_if $x (i32.le_s (local.get $n) (i32.const 0)))
            (unreachable)))))"#;
    let bytes = wat::parse_str(wat).unwrap();
    for way in Way::all() {
        let engine = Engine::new(&way.config()).unwrap();
        let module = Module::new(&engine, &bytes).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        let mut found = Vec::new();
        for n in [1, 2, 0x100, 3, 4, 5, 6, 7] {
            let error = run.call(&mut store, n).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached), "{way:?}, {n}");
            let backtrace = error.downcast_ref::<WasmBacktrace>().expect("it stopped in wasm");
            let offset = backtrace.frames()[0].module_offset().expect("it is in a function of the module");
            assert_eq!(bytes[offset], 0, "{way:?}, {n}: the operator is `unreachable`");
            found.push(offset);
        }
        assert!(found.is_sorted_by(|a, b| a < b), "{way:?}: {found:?}");
        for n in [0, 8, 0x200] {
            run.call(&mut store, n).unwrap();
        }
    }
}
