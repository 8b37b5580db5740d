//! Valid modules at the limits of what a module may hold. They run, and the answers are right.

use upshift::{
    Engine, Extern, Func, FuncType, Instance, Linker, Module, Store, Trap, V128, Val, ValType as Ty,
};
use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

use crate::effort::module_of;
use crate::engines;

fn add(function: &mut Function, instructions: &[I<'_>]) {
    for instruction in instructions {
        function.instruction(instruction);
    }
}

/// Calls the export `run` under each dispatch backend.
fn run(bytes: &[u8], args: &[Val], check: impl Fn(upshift::Result<Vec<Val>>)) {
    for engine in engines() {
        let module = Module::from_binary(&engine, bytes).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_func(&mut store, "run").unwrap();
        let mut results = vec![Val::I32(-1); func.ty(&store).results().len()];
        let result = func.call(&mut store, args, &mut results);
        check(result.map(|()| results));
    }
}

fn run_i32(bytes: &[u8], arg: i32) -> i32 {
    let answer = std::cell::Cell::new(None);
    run(bytes, &[Val::I32(arg)], |results| {
        let result = results.unwrap()[0].unwrap_i32();
        assert!(answer.get().is_none_or(|other| other == result), "the backends disagree");
        answer.set(Some(result));
    });
    answer.get().expect("there is an engine")
}

/// A type of locals, and how an `i32` on the stack becomes one and comes back.
type Form = (ValType, &'static [I<'static>], &'static [I<'static>]);

const FORMS: &[Form] = &[
    (ValType::I32, &[], &[]),
    (ValType::I64, &[I::I64ExtendI32U], &[I::I32WrapI64]),
    (ValType::F64, &[I::F64ConvertI32S], &[I::I32TruncF64S]),
    (ValType::V128, &[I::I32x4Splat], &[I::I32x4ExtractLane(3)]),
];

#[test]
fn fifty_thousand_locals() {
    // With the parameter, as many as a function may have.
    const LOCALS: u32 = 49_999;
    let mut cases = 0;
    for (ty, make, unmake) in FORMS {
        let mut function = Function::new([(LOCALS, *ty)]);
        // All locals are zero at first, and each keeps its own value. 32768 vectors end where 16 bits end.
        let used: Vec<u32> =
            (1..=LOCALS).filter(|i| i % 997 == 1 || i.abs_diff(32_764) < 8 || *i == LOCALS).collect();
        add(&mut function, &[I::I32Const(0)]);
        for &local in &used {
            add(&mut function, &[I::LocalGet(local)]);
            add(&mut function, unmake);
            add(&mut function, &[I::I32Add]);
        }
        for &local in &used {
            // param * local
            add(&mut function, &[I::LocalGet(0), I::I32Const(local as i32), I::I32Mul]);
            add(&mut function, make);
            add(&mut function, &[I::LocalSet(local)]);
        }
        // A copy from local to local, and a tee.
        add(&mut function, &[I::LocalGet(LOCALS), I::LocalTee(40_000), I::LocalSet(3)]);
        for &local in used.iter().rev().chain(&[40_000, 3]) {
            add(&mut function, &[I::LocalGet(local)]);
            add(&mut function, unmake);
            add(&mut function, &[I::I32Add]);
        }
        add(&mut function, &[I::End]);
        let bytes = module_of(&[ValType::I32], &[ValType::I32], &function);
        for arg in [1, 3, 1000] {
            let sum = used.iter().map(|&i| i as i32).sum::<i32>() + 2 * LOCALS as i32;
            assert_eq!(run_i32(&bytes, arg), sum.wrapping_mul(arg), "{ty:?}");
            cases += 1;
        }
    }
    println!("50 000 locals: {cases} cases");
}

#[test]
fn many_operands() {
    let mut cases = 0;
    for (ty, make, unmake) in FORMS {
        for count in [50_000, 70_000] {
            // Locals and computed values in turn, so that some operands are aliases and some are not; the function ends
            // with their sum modulo 2^32.
            let mut function = Function::new([(1, *ty)]);
            add(&mut function, &[I::LocalGet(0)]);
            add(&mut function, make);
            add(&mut function, &[I::LocalSet(1)]);
            for i in 0..count {
                if i % 2 == 0 {
                    add(&mut function, &[I::LocalGet(1)]);
                } else {
                    add(&mut function, &[I::LocalGet(0), I::I32Const(i), I::I32Add]);
                    add(&mut function, make);
                }
            }
            // The local changes only now.
            add(&mut function, &[I::I32Const(-1)]);
            add(&mut function, make);
            add(&mut function, &[I::LocalSet(1), I::I32Const(0), I::GlobalSet(0)]);
            for _ in 0..count {
                add(&mut function, unmake);
                add(&mut function, &[I::GlobalGet(0), I::I32Add, I::GlobalSet(0)]);
            }
            add(&mut function, &[I::GlobalGet(0), I::End]);
            let bytes = module_of(&[ValType::I32], &[ValType::I32], &function);
            let odd_sum = (0..count).filter(|i| i % 2 == 1).fold(0i32, i32::wrapping_add);
            assert_eq!(run_i32(&bytes, 5), (5 * count).wrapping_add(odd_sum), "{ty:?}, {count} operands");
            cases += 1;
        }
    }
    println!("operands: {cases} cases");
}

#[test]
fn deep_nesting() {
    let mut cases = 0;
    for depth in [10_000u32, 100_000] {
        let result = BlockType::Result(ValType::I32);
        // Each level adds one to what the level inside answers.
        let nested =
            |open: &dyn Fn(&mut Function), middle: &dyn Fn(&mut Function), close: &dyn Fn(&mut Function)| {
                let mut function = Function::new([]);
                (0..depth).for_each(|_| open(&mut function));
                middle(&mut function);
                (0..depth).for_each(|_| close(&mut function));
                add(&mut function, &[I::End]);
                module_of(&[ValType::I32], &[ValType::I32], &function)
            };
        let param = |f: &mut Function| add(f, &[I::LocalGet(0)]);
        let end_and_add = |f: &mut Function| add(f, &[I::End, I::I32Const(1), I::I32Add]);
        let blocks = nested(&|f| add(f, &[I::Block(result)]), &param, &end_and_add);
        assert_eq!(run_i32(&blocks, 7), 7 + depth as i32);
        let loops = nested(&|f| add(f, &[I::Loop(result)]), &param, &end_and_add);
        assert_eq!(run_i32(&loops, 7), 7 + depth as i32);
        let open = |f: &mut Function| add(f, &[I::LocalGet(0), I::If(result)]);
        let close = |f: &mut Function| {
            add(f, &[I::Else, I::I32Const(-5)]);
            end_and_add(f);
        };
        let ifs = nested(&open, &param, &close);
        assert_eq!(run_i32(&ifs, 7), 7 + depth as i32);
        // The outermost condition fails, so the others are not reached.
        assert_eq!(run_i32(&ifs, 0), -4);
        // A branch from the innermost block to the outermost one, and one to the function.
        for (target, answer) in [(depth - 1, 8), (depth, 7)] {
            let out = |f: &mut Function| add(f, &[I::LocalGet(0), I::Br(target)]);
            let branch = nested(&|f| add(f, &[I::Block(result)]), &out, &end_and_add);
            assert_eq!(run_i32(&branch, 7), answer);
        }
        cases += 6;
    }
    println!("nesting: {cases} cases");
}

#[test]
fn huge_branch_tables() {
    const TARGETS: usize = 100_000;
    // Target i of the table is block i % 3, and from there the function answers 10, 20 or 30; the default answers 40.
    let mut function = Function::new([]);
    for _ in 0..4 {
        add(&mut function, &[I::Block(BlockType::Empty)]);
    }
    let targets: Vec<u32> = (0..TARGETS as u32).map(|i| i % 3).collect();
    add(&mut function, &[I::LocalGet(0), I::BrTable(targets.into(), 3)]);
    for answer in [10, 20, 30] {
        add(&mut function, &[I::End, I::I32Const(answer), I::Return]);
    }
    add(&mut function, &[I::End, I::I32Const(40), I::End]);
    let bytes = module_of(&[ValType::I32], &[ValType::I32], &function);
    let mut cases = 0;
    for index in [0, 1, 2, 3, 32_767, 32_768, 65_535, 65_536, 99_998, 99_999, 100_000, i32::MAX, i32::MIN, -1]
    {
        let known = usize::try_from(index).is_ok_and(|index| index < TARGETS);
        let expected = if known { 10 * (index % 3 + 1) } else { 40 };
        assert_eq!(run_i32(&bytes, index), expected, "index {index}");
        cases += 1;
    }
    // The same with a value that each target takes, so that each distinct target needs code of its own.
    const DEEP: u32 = 5000;
    let mut function = Function::new([]);
    for _ in 0..DEEP {
        add(&mut function, &[I::I32Const(1), I::Block(BlockType::Result(ValType::I32))]);
    }
    let targets: Vec<u32> = (0..DEEP).collect();
    add(&mut function, &[I::I32Const(1000), I::LocalGet(0)]);
    add(&mut function, &[I::BrTable(targets.into(), DEEP)]);
    for _ in 0..DEEP {
        add(&mut function, &[I::End, I::I32Add]);
    }
    add(&mut function, &[I::End]);
    let bytes = module_of(&[ValType::I32], &[ValType::I32], &function);
    for index in [0, 1, 77, 4999, 5000, -1] {
        // A branch out of i blocks leaves the other blocks' ones to be added; out of all, none.
        let left = if (0..5000).contains(&index) { 5000 - index } else { 0 };
        assert_eq!(run_i32(&bytes, index), 1000 + left, "index {index}");
        cases += 1;
    }
    println!("branch tables: {cases} cases");
}

/// A module whose function `$rotate` has a thousand parameters and answers them rotated by one, with callers that reach
/// it in all ways.
fn thousand(ty: &str) -> String {
    let params = format!("(param {})", vec![ty; 1000].join(" "));
    let results = format!("(result {})", vec![ty; 1000].join(" "));
    let get = |order: &mut dyn Iterator<Item = usize>| {
        order.map(|i| format!("local.get {i}")).collect::<Vec<_>>().join(" ")
    };
    let straight = get(&mut (0..1000));
    let rotated = get(&mut (0..1000).map(|i| (i + 1) % 1000));
    format!(
        r#"(module
            (type $t (func {params} {results}))
            (import "other" "rotate" (func $imported (type $t)))
            (table funcref (elem $rotate $imported))
            (func $rotate (export "rotate") (type $t) {rotated})
            (func (export "direct") (type $t) (call $rotate {straight}))
            (func (export "indirect") (type $t) {straight} i32.const 0 call_indirect (type $t))
            (func (export "tail") (type $t) {straight} return_call $rotate)
            (func (export "tail indirect") (type $t) {straight} i32.const 1 return_call_indirect (type $t))
            (func (export "import") (type $t) {straight} call $imported)
            (func (export "import indirect") (type $t) {straight} i32.const 1 call_indirect (type $t))
            (func (export "tail import") (type $t) {straight} return_call $imported)
            (func (export "block") (type $t) {straight} (block (type $t) (br 0)))
            (func (export "block and rotate") (type $t)
                {straight} (block (type $t) (if (type $t) (i32.const 1) (then) (else unreachable)) call $rotate)))"#
    )
}

#[test]
fn a_thousand_parameters_and_results() {
    type Make = fn(u32) -> Val;
    let types: [(&str, Ty, Make); 3] = [
        ("i32", Ty::I32, |i| Val::I32(i as i32)),
        ("f64", Ty::F64, |i| Val::F64(f64::from(i).to_bits())),
        ("v128", Ty::V128, |i| Val::V128(V128::from(u128::from(i) << 64 | 5))),
    ];
    let bits = |val: &Val| match *val {
        Val::I32(v) => v as u128,
        Val::F64(v) => u128::from(v),
        Val::V128(v) => v.into(),
        ref other => panic!("unexpected {other:?}"),
    };
    let mut cases = 0;
    for (name, ty, make) in types {
        let wat = thousand(name);
        for engine in engines() {
            let module = Module::new(&engine, &wat).unwrap();
            let mut store = Store::new(&engine, ());
            let func_type = FuncType::new(&engine, vec![ty.clone(); 1000], vec![ty.clone(); 1000]);
            let host = Func::new(&mut store, func_type, |_, params: &[Val], results: &mut [Val]| {
                for (i, result) in results.iter_mut().enumerate() {
                    *result = params[(i + 1) % 1000];
                }
                Ok(())
            });
            // Once the host does it, once the other instance.
            let first = Instance::new(&mut store, &module, &[host.into()]).unwrap();
            let theirs = first.get_func(&mut store, "rotate").unwrap();
            let second = Instance::new(&mut store, &module, &[theirs.into()]).unwrap();
            let args: Vec<Val> = (0..1000).map(make).collect();
            for instance in [first, second] {
                let funcs: Vec<(String, Func)> = instance
                    .exports(&mut store)
                    .filter_map(|export| Some((export.name().to_string(), export.into_func()?)))
                    .collect();
                for (export, func) in funcs {
                    let mut results = vec![Val::I32(0); 1000];
                    func.call(&mut store, &args, &mut results).unwrap();
                    let shift = usize::from(export != "block");
                    for (i, result) in results.iter().enumerate() {
                        assert_eq!(
                            bits(result),
                            bits(&args[(i + shift) % 1000]),
                            "{name}, {export}, result {i}"
                        );
                    }
                    cases += 1;
                }
            }
        }
    }
    println!("a thousand parameters and results: {cases} cases");
}

#[test]
fn one_more_than_allowed_is_refused() {
    let engine = Engine::default();
    let list = |n: usize| vec!["i32"; n].join(" ");
    let cases = [
        format!("(module (func (param {})))", list(1001)),
        format!("(module (func (result {}) unreachable))", list(1001)),
        format!("(module (func (local {})))", list(50_001)),
        format!("(module {})", "(memory 0)".repeat(101)),
        "(module (memory 65537))".to_string(),
        "(module (memory i64 281474976710657))".to_string(),
    ];
    for wat in &cases {
        let error = Module::new(&engine, wat).unwrap_err();
        assert!(!format!("{error:#}").is_empty());
    }
    println!("too much: {} cases", cases.len());
}

#[test]
fn segments_outside_of_their_memory_or_table() {
    let engine = Engine::default();
    let cases = [
        ("(table 10 funcref) (elem (i32.const 10) func $f)", Trap::TableOutOfBounds),
        ("(table 10 funcref) (elem (i32.const 9) func $f $f)", Trap::TableOutOfBounds),
        ("(table 10 funcref) (elem (i32.const -1) func $f)", Trap::TableOutOfBounds),
        ("(table 0 funcref) (elem (i32.const 0) func $f)", Trap::TableOutOfBounds),
        ("(table i64 3 funcref) (elem (i64.const -1) func $f)", Trap::TableOutOfBounds),
        ("(table i64 3 funcref) (elem (i64.const 0x100000000) func $f)", Trap::TableOutOfBounds),
        ("(memory 1) (data (i32.const 65536) \"a\")", Trap::MemoryOutOfBounds),
        ("(memory 1) (data (i32.const 65535) \"ab\")", Trap::MemoryOutOfBounds),
        ("(memory 1) (data (i32.const -1) \"a\")", Trap::MemoryOutOfBounds),
        ("(memory 0) (data (i32.const 0) \"a\")", Trap::MemoryOutOfBounds),
        ("(memory i64 1) (data (i64.const -1) \"a\")", Trap::MemoryOutOfBounds),
        ("(memory i64 1) (data (i64.const 0x100000000) \"a\")", Trap::MemoryOutOfBounds),
        ("(memory i64 1) (data (i64.const 0x7fffffffffffffff) \"a\")", Trap::MemoryOutOfBounds),
    ];
    let mut store = Store::new(&engine, ());
    for (wat, trap) in cases {
        let module = Module::new(&engine, format!("(module {wat} (func $f))")).unwrap();
        let error = Instance::new(&mut store, &module, &[]).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&trap), "{wat}");
    }
    println!("segments: {} cases", cases.len());
}

#[test]
fn huge_tables() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut cases = 0;
    for (ty, size) in [("", 1_000_000u64), ("", 10_000_000), ("i64", 1_000_000)] {
        let index = if ty.is_empty() { "i32" } else { ty };
        let wat = format!(
            r#"(module
                (table {ty} {size} funcref)
                (type $t (func (result i32)))
                (func $f (result i32) (i32.const 9))
                (elem ({index}.const {last}) func $f)
                (func (export "run") (param {index}) (result i32) (call_indirect (type $t) (local.get 0))))"#,
            last = size - 1
        );
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut call = |at: u64| {
            let at = if ty.is_empty() { Val::I32(at as i32) } else { Val::I64(at as i64) };
            let mut results = [Val::I32(0)];
            let result = run.call(&mut store, &[at], &mut results);
            cases += 1;
            result.map(|()| results[0].unwrap_i32()).map_err(|error| *error.downcast_ref::<Trap>().unwrap())
        };
        assert_eq!(call(size - 1), Ok(9));
        assert_eq!(call(0), Err(Trap::IndirectCallToNull));
        assert_eq!(call(size), Err(Trap::TableOutOfBounds));
        assert_eq!(call(u64::MAX), Err(Trap::TableOutOfBounds));
    }
    for wat in ["(module (table 0xffffffff funcref))", "(module (table i64 0xffffffffffffffff externref))"] {
        // Either is an answer: that such a module is none, or that there is no such table.
        if let Ok(module) = Module::new(&engine, wat) {
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert!(!format!("{error:#}").is_empty());
        }
        cases += 1;
    }
    println!("huge tables: {cases} cases");
}

#[test]
fn many_small_things() {
    // As many functions, globals, exports and types as fit into a reasonable test, all of them used.
    const COUNT: usize = 50_000;
    let mut wat = String::from("(module");
    for i in 0..COUNT {
        wat.push_str(&format!("(global $g{i} (mut i32) (i32.const {i}))"));
        wat.push_str(&format!("(func $f{i} (export \"f{i}\") (result i32) global.get $g{i})"));
    }
    wat.push_str(&format!(
        "(func (export \"last\") (result i32) (i32.add (call $f{}) (call $f65)))",
        COUNT - 1
    ));
    wat.push_str("(func $over (export \"over\") (result i32) (call $over)))");
    let bytes = wat::parse_str(&wat).unwrap();
    for engine in engines() {
        let module = Module::from_binary(&engine, &bytes).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        linker.instance(&mut store, "all", instance).unwrap();
        let call = |store: &mut Store<()>, name: &str| {
            let func = linker.get(&mut *store, "all", name).and_then(Extern::into_func).unwrap();
            func.typed::<(), i32>(&*store).unwrap().call(store, ())
        };
        assert_eq!(call(&mut store, "last").unwrap(), COUNT as i32 - 1 + 65);
        assert_eq!(call(&mut store, "f40000").unwrap(), 40_000);
        // The backtrace names a function that is the last of many exports.
        let error = call(&mut store, "over").unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    }
    println!("many functions, globals and exports: {COUNT} each");
}
