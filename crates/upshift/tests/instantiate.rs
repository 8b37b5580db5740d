//! Instantiation: what links and what does not, and what a failed initialisation leaves behind.

use upshift::{
    Config, Engine, Extern, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module,
    Mutability, Ref, RefType, Result, Store, Table, TableType, Trap, Val, ValType,
};

fn link(store: &mut Store<()>, wat: &str, imports: &[Extern]) -> Result<Instance> {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, imports)
}

#[track_caller]
fn refused(store: &mut Store<()>, import: &str, given: impl Into<Extern>) {
    let wat = format!(r#"(module (type (func)) (import "mod" "name" {import}))"#);
    let error = link(store, &wat, &[given.into()]).expect_err(import);
    assert_eq!(error.to_string(), "incompatible import type for `mod::name`", "{import}");
    assert!(error.chain().count() > 1, "the reason is missing: {error:?}");
}

#[track_caller]
fn accepted(store: &mut Store<()>, import: &str, given: impl Into<Extern>) {
    let wat = format!(r#"(module (import "mod" "name" {import}))"#);
    link(store, &wat, &[given.into()]).expect(import);
}

#[test]
fn what_nobody_offers_can_be_defaults() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (import "js" "known" (func $known (result i32)))
            (import "js" "f" (func $f (param i32) (result i32 f64 externref)))
            (import "js" "memory" (memory 2))
            (import "js" "shared" (memory 1 1 shared))
            (import "js" "table" (table 3 externref))
            (import "js" "g" (global $g (mut i64)))
            (import "js" "tag" (tag (param i32)))
            (func (export "known") (result i32) (call $known))
            (func (export "f") (result i32 f64 externref) (call $f (i32.const 1)))
            (func (export "g") (result i64) (global.get $g))
            (func (export "sizes") (result i32 i32 i32) (memory.size 0) (memory.size 1) (table.size 0)))"#,
    )
    .unwrap();
    let (mut linker, mut store) = (Linker::new(&engine), Store::new(&engine, ()));
    linker.func_wrap("js", "known", || 7).unwrap();
    linker.define_unknown_imports_as_default_values(&mut store, &module).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut call = |name, results: &mut [Val]| {
        let func = instance.get_func(&mut store, name).unwrap();
        func.call(&mut store, &[], results).unwrap();
    };
    let mut results = [Val::I32(1), Val::I32(1), Val::I32(1)];
    call("f", &mut results);
    assert!(matches!(results, [Val::I32(0), Val::F64(0), Val::ExternRef(None)]), "{results:?}");
    call("sizes", &mut results);
    assert!(matches!(results, [Val::I32(2), Val::I32(1), Val::I32(3)]), "{results:?}");
    call("known", &mut results[..1]);
    assert!(matches!(results[0], Val::I32(7)));
    call("g", &mut results[..1]);
    assert!(matches!(results[0], Val::I64(0)));

    for never_null in ["(func (result (ref func)))", "(global (ref extern))"] {
        let wat = format!(r#"(module (import "js" "x" {never_null}))"#);
        let module = Module::new(&engine, wat).unwrap();
        let error = linker.define_unknown_imports_as_default_values(&mut store, &module).unwrap_err();
        assert!(error.to_string().contains("`js::x` has no default"), "{error}");
    }
}

#[test]
fn a_module_that_needs_what_is_off_is_told_the_setting() {
    let mut config = Config::new();
    config.wasm_simd(false).wasm_legacy_exceptions(false);
    let engine = Engine::new(&config).unwrap();
    for (wat, setting) in [
        ("(module (func (param v128)))", "`Config::wasm_simd(true)`"),
        ("(module (func try end))", "`Config::wasm_legacy_exceptions(true)`"),
    ] {
        let error = Module::new(&engine, wat).unwrap_err();
        assert!(error.to_string().contains(setting), "{error}");
        // Where it is needed comes second.
        assert!(format!("{error:#}").contains("offset 0x"), "{error:#}");
        assert!(Module::new(&Engine::default(), wat).is_ok(), "all that is implemented is on");
    }
    // What no setting turns on promises none.
    let error = Module::new(&engine, "(module (type $f (func)) (type (cont $f)))").unwrap_err();
    assert!(!format!("{error:#}").contains("Config::"), "{error:#}");
}

#[test]
fn functions_match_by_equal_types() {
    let mut store = Store::new(&Engine::default(), ());
    let func = Func::wrap(&mut store, |_: i32, _: f64| 0i64);
    accepted(&mut store, "(func (param i32 f64) (result i64))", func);
    refused(&mut store, "(func (param i32 f32) (result i64))", func);
    refused(&mut store, "(func (param i32 f64))", func);
    refused(&mut store, "(func (param i32) (result i64))", func);
    refused(&mut store, "(global i32)", func);
    refused(&mut store, "(memory 1)", func);
    refused(&mut store, "(table 1 funcref)", func);
}

#[test]
fn globals_match_by_mutability_and_type() {
    let mut store = Store::new(&Engine::default(), ());
    let mut global = |content, mutability, value| {
        Global::new(&mut store, GlobalType::new(content, mutability), value).unwrap()
    };
    let constant = global(ValType::I32, Mutability::Const, Val::I32(0));
    let variable = global(ValType::I32, Mutability::Var, Val::I32(0));
    let null = ValType::Ref(RefType::new(true, upshift::HeapType::NoFunc));
    let null_constant = global(null.clone(), Mutability::Const, Val::FuncRef(None));
    let null_variable = global(null, Mutability::Var, Val::FuncRef(None));
    accepted(&mut store, "(global i32)", constant);
    accepted(&mut store, "(global (mut i32))", variable);
    refused(&mut store, "(global (mut i32))", constant);
    refused(&mut store, "(global i32)", variable);
    refused(&mut store, "(global i64)", constant);
    refused(&mut store, "(func)", constant);
    // A constant may be of a smaller type, a variable may not.
    accepted(&mut store, "(global funcref)", null_constant);
    refused(&mut store, "(global (mut funcref))", null_variable);
}

#[test]
fn memories_and_tables_match_by_limits() {
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(3))).unwrap();
    accepted(&mut store, "(memory 1 3)", memory);
    accepted(&mut store, "(memory 0)", memory);
    accepted(&mut store, "(memory 1 4)", memory);
    refused(&mut store, "(memory 2 3)", memory);
    refused(&mut store, "(memory 1 2)", memory);
    refused(&mut store, "(memory i64 1 3)", memory);
    // What counts is the size now, not at creation.
    memory.grow(&mut store, 1).unwrap();
    accepted(&mut store, "(memory 2 3)", memory);
    let unbounded = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    accepted(&mut store, "(memory 1)", unbounded);
    refused(&mut store, "(memory 1 65536)", unbounded);
    let long = Memory::new(&mut store, MemoryType::new64(1, None)).unwrap();
    accepted(&mut store, "(memory i64 1)", long);
    refused(&mut store, "(memory 1)", long);

    let ty = TableType::new(RefType::FUNCREF, 2, Some(4));
    let table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    accepted(&mut store, "(table 2 4 funcref)", table);
    accepted(&mut store, "(table 1 funcref)", table);
    refused(&mut store, "(table 3 funcref)", table);
    refused(&mut store, "(table 2 3 funcref)", table);
    refused(&mut store, "(table 2 4 externref)", table);
    refused(&mut store, "(table i64 2 4 funcref)", table);
    // A table is read and written, so its element type has to be the same.
    refused(&mut store, "(table 2 4 (ref null 0))", table);
    table.grow(&mut store, 1, Ref::Func(None)).unwrap();
    accepted(&mut store, "(table 3 4 funcref)", table);
}

#[test]
fn imports_have_to_be_there() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let wat = r#"(module (import "a" "b" (func)))"#;
    let error = link(&mut store, wat, &[]).unwrap_err();
    assert_eq!(error.to_string(), "expected 1 imports, found 0");
    let module = Module::new(&engine, wat).unwrap();
    let error = Linker::new(&engine).instantiate(&mut store, &module).unwrap_err();
    assert_eq!(error.to_string(), "unknown import: `a::b` has not been defined");
}

#[test]
fn active_segments_that_do_not_fit_trap_and_leave_the_earlier_ones() {
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let ty = TableType::new(RefType::FUNCREF, 4, None);
    let table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    let wat = r#"(module
        (import "" "t" (table 4 funcref))
        (import "" "m" (memory 1))
        (func $seven (result i32) (i32.const 7))
        (elem (i32.const 0) $seven)
        (data (i32.const 0) "written")
        (data (i32.const 65530) "too long")
        (data (i32.const 10) "not reached"))"#;
    let error = link(&mut store, wat, &[table.into(), memory.into()]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    assert_eq!(&memory.data(&store)[..8], b"written\0");
    assert_eq!(memory.data(&store)[65530..], [0; 6], "a segment is written as a whole or not at all");
    assert_eq!(memory.data(&store)[10], 0);
    // The function in the table belongs to an instance that never came to be, and works.
    let seven = *table.get(&store, 0).unwrap().as_func().unwrap().unwrap();
    assert_eq!(seven.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 7);

    let wat = r#"(module
        (import "" "t" (table 4 funcref))
        (import "" "m" (memory 1))
        (func $f)
        (elem (i32.const 1) $f)
        (elem (i32.const 3) $f $f)
        (data (i32.const 20) "not reached"))"#;
    let error = link(&mut store, wat, &[table.into(), memory.into()]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::TableOutOfBounds));
    assert!(!table.get(&store, 1).unwrap().is_null() && table.get(&store, 3).unwrap().is_null());
    assert_eq!(memory.data(&store)[20], 0);
}

#[test]
fn empty_segments_are_checked_too() {
    let mut store = Store::new(&Engine::default(), ());
    assert!(link(&mut store, r#"(module (memory 1) (data (i32.const 65536) ""))"#, &[]).is_ok());
    let error = link(&mut store, r#"(module (memory 1) (data (i32.const 65537) ""))"#, &[]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::MemoryOutOfBounds));
    assert!(link(&mut store, "(module (memory 0) (data (i32.const 0)))", &[]).is_ok());
    let error = link(&mut store, "(module (table 1 funcref) (elem (i32.const 2) func))", &[]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::TableOutOfBounds));
}

#[test]
fn a_start_function_runs_last_and_may_trap() {
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let wat = r#"(module
        (import "" "m" (memory 1))
        (data (i32.const 0) "\05")
        (func $start
            (i32.store8 (i32.const 1) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
            unreachable)
        (start $start))"#;
    let error = link(&mut store, wat, &[memory.into()]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert_eq!(memory.data(&store)[..2], [5, 6]);
    let called = Func::wrap(&mut store, || -> Result<()> { Err(Trap::Interrupt.into()) });
    let wat = r#"(module (import "" "" (func $f)) (start $f))"#;
    let error = link(&mut store, wat, &[called.into()]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
}

#[test]
fn segments_of_expressions_and_first_values_see_globals_and_functions() {
    let mut store = Store::new(&Engine::default(), ());
    let host = Func::wrap(&mut store, || 1);
    let ty = GlobalType::new(ValType::FUNCREF, Mutability::Const);
    let global = Global::new(&mut store, ty, host.into()).unwrap();
    let offset = GlobalType::new(ValType::I32, Mutability::Const);
    let offset = Global::new(&mut store, offset, Val::I32(2)).unwrap();
    let wat = r#"(module
        (type $f (func (result i32)))
        (import "" "g" (global $g funcref))
        (import "" "offset" (global $offset i32))
        (func $two (export "two") (type $f) (i32.const 2))
        (table $t (export "t") 6 funcref (ref.func $two))
        (elem (table $t) (offset (i32.add (global.get $offset) (i32.const 1))) funcref
            (global.get $g) (ref.null func) (ref.func $two))
        (elem $passive funcref (ref.func $two))
        (func (export "init") (param i32) (table.init $t $passive (local.get 0) (i32.const 0) (i32.const 1)))
        (func (export "drop") (elem.drop $passive)))"#;
    let instance = link(&mut store, wat, &[global.into(), offset.into()]).unwrap();
    let table = instance.get_table(&mut store, "t").unwrap();
    let two = instance.get_func(&mut store, "two").unwrap();
    let elements: Vec<Option<Func>> =
        (0..6).map(|i| table.get(&store, i).unwrap().as_func().unwrap().copied()).collect();
    assert_eq!(elements, [Some(two), Some(two), Some(two), Some(host), None, Some(two)]);

    let init = instance.get_typed_func::<i32, ()>(&mut store, "init").unwrap();
    init.call(&mut store, 4).unwrap();
    assert_eq!(table.get(&store, 4).unwrap().as_func(), Some(Some(&two)));
    instance.get_typed_func::<(), ()>(&mut store, "drop").unwrap().call(&mut store, ()).unwrap();
    let error = init.call(&mut store, 4).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::TableOutOfBounds));
}

#[test]
fn active_segments_are_dropped_and_passive_ones_stay() {
    let mut store = Store::new(&Engine::default(), ());
    let wat = r#"(module
        (memory (export "m") 1)
        (data $active (i32.const 0) "a")
        (data $passive "bcd")
        (func (export "active") (param i32) (memory.init $active (i32.const 9) (i32.const 0) (local.get 0)))
        (func (export "passive") (param i32 i32 i32)
            (memory.init $passive (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (data.drop $passive))
        (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
        (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2))))"#;
    let instance = link(&mut store, wat, &[]).unwrap();
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let active = instance.get_typed_func::<i32, ()>(&mut store, "active").unwrap();
    let mut three = |name: &str| instance.get_typed_func::<(i32, i32, i32), ()>(&mut store, name).unwrap();
    let (passive, copy, fill) = (three("passive"), three("copy"), three("fill"));
    active.call(&mut store, 0).unwrap();
    assert!(active.call(&mut store, 1).is_err());
    passive.call(&mut store, (10, 1, 2)).unwrap();
    assert_eq!(&memory.data(&store)[9..13], b"\0cd\0");
    assert!(passive.call(&mut store, (10, 2, 2)).is_err());
    assert!(passive.call(&mut store, (65535, 0, 2)).is_err());
    // Overlapping in both directions.
    copy.call(&mut store, (11, 10, 2)).unwrap();
    assert_eq!(&memory.data(&store)[10..13], b"ccd");
    copy.call(&mut store, (10, 11, 2)).unwrap();
    assert_eq!(&memory.data(&store)[10..13], b"cdd");
    assert!(copy.call(&mut store, (65535, 0, 2)).is_err());
    fill.call(&mut store, (65534, 0x1ff, 2)).unwrap();
    assert_eq!(memory.data(&store)[65533..], [0, 0xff, 0xff]);
    assert!(fill.call(&mut store, (65535, 0, 2)).is_err());
    instance.get_typed_func::<(), ()>(&mut store, "drop").unwrap().call(&mut store, ()).unwrap();
    assert!(passive.call(&mut store, (0, 0, 1)).is_err());
    passive.call(&mut store, (65536, 0, 0)).unwrap();
}

#[test]
fn imports_of_another_store_are_an_error() {
    let engine = Engine::default();
    let (mut here, mut there) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let func = Func::wrap(&mut there, || {});
    let error = link(&mut here, r#"(module (import "a" "b" (func)))"#, &[func.into()]).unwrap_err();
    assert!(error.to_string().starts_with("cross-`Store` instantiation is not supported"), "{error}");
}
