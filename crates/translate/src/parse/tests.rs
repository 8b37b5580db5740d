//! What the parser records of each section, and what it refuses, with which words.

use std::cell::RefCell;
use std::sync::Arc;

use super::{BodyCheck, parse, parse_valid, parse_with, parse_within};
use crate::error::{ParseError, ParseErrorKind};
use crate::features::{Feature, Features};
use crate::findings::Findings;
use crate::limits::{ModuleLimit, ModuleLimits};
use crate::module::{ConstOp, ElemItems, ExternIndex, ExternType, ModuleInfo, SegmentMode};
use crate::names::{function_name, module_name};
use crate::registry::TypeRegistry;
use upshift_core::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
use upshift_core::types::{
    FuncType, GlobalType, HeapType, IndexType, MemoryType, RefType, TableType, TypeId, TypeKind, ValType,
};
use upshift_core::value::V128;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's module is well-formed")
}

fn parse_bytes(bytes: &[u8]) -> Result<ModuleInfo, ParseError> {
    parse(bytes.into(), &Features::default(), &TypeRegistry::default())
}

fn parse_text(text: &str) -> ModuleInfo {
    parse_bytes(&wasm(text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn refusal(text: &str) -> ParseError {
    parse_bytes(&wasm(text)).expect_err("the test's module must be refused")
}

/// A module out of a section's id and contents.
fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", &[id, contents.len() as u8][..], contents].concat()
}

#[test]
fn the_empty_module() {
    let module = parse_text("(module)");
    assert_eq!(module.bytes.len(), 8);
    assert!(module.types.is_empty() && module.funcs.is_empty() && module.start.is_none());
}

#[test]
fn imports_come_first_in_each_index_space() {
    let module = parse_text(
        r#"(module
            (import "a" "f" (func (param i32) (result f64)))
            (import "a" "t" (table 1 2 externref))
            (import "b" "m" (memory i64 3))
            (import "b" "g" (global (mut v128)))
            (func (export "own"))
            (table (export "t") 4 funcref)
            (memory (export "m") 5 6)
            (global (export "g") i64 (i64.const 7)))"#,
    );
    let imports: Vec<_> = module.imports.iter().map(|i| (&*i.module, &*i.name, i.item)).collect();
    assert_eq!(
        imports,
        [
            ("a", "f", ExternIndex::Func(FuncIndex(0))),
            ("a", "t", ExternIndex::Table(TableIndex(0))),
            ("b", "m", ExternIndex::Memory(MemoryIndex(0))),
            ("b", "g", ExternIndex::Global(GlobalIndex(0))),
        ]
    );
    let counts =
        [module.imported_funcs, module.imported_tables, module.imported_memories, module.imported_globals];
    assert_eq!(counts, [1; 4]);
    assert_eq!(
        [module.funcs.len(), module.tables.len(), module.memories.len(), module.globals.len()],
        [2; 4]
    );
    assert_eq!([module.bodies.len(), module.table_inits.len(), module.global_inits.len()], [1; 3]);

    let ExternType::Func(_, ty) = module.import_type(&module.imports[0]) else { panic!("not a function") };
    assert_eq!(*ty, FuncType::new([ValType::I32], [ValType::F64]));
    let table = |element, minimum, maximum| {
        ExternType::Table(TableType { element, minimum, maximum, index: IndexType::I32 })
    };
    assert_eq!(module.import_type(&module.imports[1]), table(RefType::EXTERNREF, 1, Some(2)));
    let memory = |minimum, maximum, index| {
        ExternType::Memory(MemoryType { minimum, maximum, index, shared: false, page_size_log2: 16 })
    };
    assert_eq!(module.import_type(&module.imports[2]), memory(3, None, IndexType::I64));
    let global = |content, mutable| ExternType::Global(GlobalType { content, mutable });
    assert_eq!(module.import_type(&module.imports[3]), global(ValType::V128, true));

    let export = |name| module.extern_type(module.export(name).expect("the export is there"));
    assert_eq!(module.export("own"), Some(ExternIndex::Func(FuncIndex(1))));
    assert_eq!(module.export("none"), None);
    assert_eq!(export("t"), table(RefType::FUNCREF, 4, None));
    assert_eq!(export("m"), memory(5, Some(6), IndexType::I32));
    assert_eq!(export("g"), global(ValType::I64, false));
    assert_eq!(module.export_type(&module.exports[3]), export("g"));
}

#[test]
fn bodies_are_locals_and_operators() {
    let module = parse_text("(module (import \"\" \"\" (func)) (func (local i64 i64) nop) (start 1))");
    assert_eq!(module.body(FuncIndex(0)), None);
    let body = module.body(FuncIndex(1)).expect("the function is the module's own");
    // One run of two locals of type i64, nop, end.
    assert_eq!(module.slice(&body), [1, 2, 0x7e, 0x01, 0x0b]);
    assert_eq!(module.start, Some(FuncIndex(1)));
}

#[test]
fn constant_expressions() {
    let module = parse_text(
        r#"(module
            (import "" "i" (global i32))
            (import "" "l" (global i64))
            (func $f)
            (elem declare func $f)
            (global i32 (i32.const -1))
            (global i64 (i64.const -2))
            (global f32 (f32.const -0.0))
            (global f64 (f64.const nan:0x4000000000000))
            (global v128 (v128.const i64x2 1 2))
            (global externref (ref.null extern))
            (global funcref (ref.func $f))
            (global i32 (i32.mul (i32.add (global.get 0) (i32.const 2)) (i32.sub (i32.const 3) (i32.const 4))))
            (global i64 (i64.mul (i64.add (global.get 1) (i64.const 2)) (i64.sub (i64.const 3) (i64.const 4)))))"#,
    );
    use ConstOp::{
        F32, F64, GlobalGet, I32, I32Add, I32Mul, I32Sub, I64, I64Add, I64Mul, I64Sub, RefFunc, RefNull,
    };
    let inits: Vec<&[ConstOp]> = module.global_inits.iter().map(|init| &*init.ops).collect();
    let expected: [&[ConstOp]; 9] = [
        &[I32(-1)],
        &[I64(-2)],
        &[F32(0x8000_0000)],
        &[F64(0x7ff4_0000_0000_0000)],
        &[ConstOp::V128(V128::from_u128(1 | 2 << 64))],
        &[RefNull],
        &[RefFunc(FuncIndex(0))],
        &[GlobalGet(GlobalIndex(0)), I32(2), I32Add, I32(3), I32(4), I32Sub, I32Mul],
        &[GlobalGet(GlobalIndex(1)), I64(2), I64Add, I64(3), I64(4), I64Sub, I64Mul],
    ];
    assert_eq!(inits, expected);
}

#[test]
fn tables_may_start_with_a_value() {
    let module = parse_text("(module (func $f) (table 1 funcref) (table 2 (ref func) (ref.func $f)))");
    assert_eq!(module.table_inits[0], None);
    let init = module.table_inits[1].as_ref().expect("the second table has a value");
    assert_eq!(*init.ops, [ConstOp::RefFunc(FuncIndex(0))]);
    assert_eq!(module.tables[1].element, RefType { nullable: false, heap: HeapType::Func });
}

#[test]
fn element_segments() {
    let module = parse_text(
        r#"(module
            (table 9 funcref) (table $x i64 9 externref)
            (func $f) (func $g)
            (elem (i32.const 3) $g $f)
            (elem func $f)
            (elem declare func $g)
            (elem (table $x) (i64.const 4) externref (ref.null extern))
            (elem funcref (ref.func $g) (ref.null func)))"#,
    );
    let elem = |n| module.elem(ElemIndex(n));
    let active = |n| match &elem(n).mode {
        SegmentMode::Active(table, offset) => (*table, offset.ops.to_vec()),
        other => panic!("segment {n} is {other:?}"),
    };
    assert_eq!(active(0), (TableIndex(0), vec![ConstOp::I32(3)]));
    assert_eq!(elem(0).items, ElemItems::Funcs([FuncIndex(1), FuncIndex(0)].into()));
    assert_eq!(elem(0).ty, RefType { nullable: false, heap: HeapType::Func });
    assert_eq!(elem(1).mode, SegmentMode::Passive);
    assert_eq!(elem(2).mode, SegmentMode::Declared);
    assert_eq!(active(3), (TableIndex(1), vec![ConstOp::I64(4)]));
    assert_eq!((elem(3).ty, elem(3).items.len()), (RefType::EXTERNREF, 1));
    assert_eq!((&elem(4).mode, elem(4).ty), (&SegmentMode::Passive, RefType::FUNCREF));
    let ElemItems::Exprs(items) = &elem(4).items else { panic!("not expressions") };
    assert_eq!(*items[0].ops, [ConstOp::RefFunc(FuncIndex(1))]);
    assert_eq!(*items[1].ops, [ConstOp::RefNull]);
}

#[test]
fn data_segments() {
    let module = parse_text(
        r#"(module (memory 1) (memory $m i64 1)
            (data (i32.const 1) "first") (data "second") (data (memory $m) (i64.const 3) ""))"#,
    );
    assert_eq!(module.data(DataIndex(0)), b"first");
    assert_eq!(module.data(DataIndex(1)), b"second");
    assert_eq!(module.data(DataIndex(2)), b"");
    assert_eq!(module.datas[1].mode, SegmentMode::Passive);
    let SegmentMode::Active(memory, offset) = &module.datas[2].mode else { panic!("not active") };
    assert_eq!((*memory, &*offset.ops), (MemoryIndex(1), &[ConstOp::I64(3)][..]));
}

/// A module with a function whose body is `local.get 0`, `if`, `end` and so on, and the section of branch hints.
fn hinted(hints: &[u8], behind_the_code: bool) -> ModuleInfo {
    let custom = [&[25][..], b"metadata.code.branch_hint", hints].concat();
    let custom = [&[0, custom.len() as u8][..], &custom].concat();
    // One type with a parameter, one function, one body: no locals, local.get 0, if, end, local.get 0, if, end, end.
    let types = [&b"\0asm\x01\0\0\0"[..], &[1, 5, 1, 0x60, 1, 0x7f, 0], &[3, 2, 1, 0]].concat();
    let code = [10, 14, 1, 12, 0, 0x20, 0, 0x04, 0x40, 0x0b, 0x20, 0, 0x04, 0x40, 0x0b, 0x0b];
    let bytes = if behind_the_code { [&types[..], &code, &custom] } else { [&types[..], &custom, &code] };
    parse_bytes(&bytes.concat()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn branch_hints() {
    // Function 0 with two hints, each an offset in the body, its size, and whether the branch is likely.
    let module = hinted(&[1, 0, 2, 3, 1, 1, 8, 1, 0], false);
    let start = module.bodies[0].start;
    let hints = module.branch_hints();
    assert_eq!(hints.len(), 2);
    assert_eq!(module.bytes[start as usize + 3], 0x04, "the offset is that of the `if`");
    assert_eq!(hints.at(FuncIndex(0), start + 3), Some(true));
    assert_eq!(hints.at(FuncIndex(0), start + 8), Some(false));
    assert_eq!(hints.at(FuncIndex(0), start + 4), None);
    assert!(hints.of(FuncIndex(1)).is_empty());
}

#[test]
fn malformed_branch_hints_are_none() {
    for (what, hints) in [
        ("a function that is not there", &[1, 1, 1, 3, 1, 1][..]),
        ("an offset outside of the body", &[1, 0, 1, 100, 1, 1]),
        ("offsets in the wrong order", &[1, 0, 2, 8, 1, 1, 3, 1, 1]),
        ("a value that is neither 0 nor 1", &[1, 0, 1, 3, 1, 2]),
        ("another size", &[1, 0, 1, 3, 2, 1]),
        ("a function twice", &[2, 0, 1, 3, 1, 1, 0, 1, 8, 1, 1]),
        ("an end before its time", &[1, 0, 2, 3, 1, 1]),
        ("more than its counts say", &[1, 0, 1, 3, 1, 1, 0]),
    ] {
        assert!(hinted(hints, false).branch_hints().is_empty(), "{what}");
    }
    assert_eq!(hinted(&[1, 0, 1, 3, 1, 1], false).branch_hints().len(), 1);
    assert!(hinted(&[1, 0, 1, 3, 1, 1], true).branch_hints().is_empty(), "behind the code");
}

#[test]
fn imports_that_share_a_module_name() {
    // Names once for a list of names and types, then names and a type once for a list of names.
    let module = parse_text(
        r#"(module (import "a" (item "f" (func)) (item "g" (global i32)))
            (import "b" (item "x") (item "y") (memory 1)))"#,
    );
    let names: Vec<_> = module.imports.iter().map(|import| (&*import.module, &*import.name)).collect();
    assert_eq!(names, [("a", "f"), ("a", "g"), ("b", "x"), ("b", "y")]);
    assert_eq!(module.imports[3].item, ExternIndex::Memory(MemoryIndex(1)));
    let mut features = Features::default();
    features.set(Feature::CompactImports, false).unwrap();
    let error = parse(module.bytes, &features, &TypeRegistry::default()).unwrap_err();
    assert!(error.to_string().contains("compact-imports"), "{error}");
}

#[test]
fn custom_sections_and_names() {
    let module = parse_text(
        r#"(module $m (@custom "extra" "contents")
            (import "" "" (func $imported)) (func $own) (func) (func $last))"#,
    );
    let customs: Vec<_> = module.customs.iter().map(|(n, c)| (module.slice(n), module.slice(c))).collect();
    assert_eq!(customs[0], (&b"extra"[..], &b"contents"[..]));
    let name = |func| function_name(&module, FuncIndex(func));
    assert_eq!(name(0), Some("imported"));
    assert_eq!(name(1), Some("own"));
    assert_eq!(name(2), None);
    assert_eq!(name(3), Some("last"));
    assert_eq!(name(4), None);
    assert_eq!(module_name(&module), Some("m"));
}

#[test]
fn a_broken_name_section_names_what_comes_before_the_break() {
    let whole = wasm("(module (func $first) (func $second))");
    // The name section is the last one, its last name the last bytes; keep all sizes and break the encoding.
    let mut broken = whole.clone();
    let at = broken.len() - "second".len();
    broken[at] = 0xff;
    let module = parse_bytes(&broken).expect("custom sections are not validated");
    assert_eq!(function_name(&module, FuncIndex(0)), Some("first"));
    assert_eq!(function_name(&module, FuncIndex(1)), None);
    let module = parse_bytes(&section(0, b"\x04name\x01\xff")).expect("custom sections are not validated");
    assert_eq!(function_name(&module, FuncIndex(0)), None);
}

#[test]
fn equal_types_of_different_modules_have_one_id() {
    let registry = TypeRegistry::default();
    let modules = RefCell::new(Vec::new());
    let types = |text: &str| -> Vec<TypeId> {
        let module = parse(wasm(text).into(), &Features::default(), &registry).expect("the module is valid");
        let ids = module.types.iter().map(|ty| ty.id).collect();
        modules.borrow_mut().push(module);
        ids
    };
    let a = types("(module (type (func)) (type $f (func (param i32))) (type (func (param (ref $f)))))");
    // The same types in other places; two equal types of one module are one type as well.
    let b = types(
        "(module (type $f (func (param i32))) (type (func (param (ref $f)))) (type (func (param i32))))",
    );
    assert_eq!(b, [a[1], a[2], a[1]]);
    let host = FuncType::new([ValType::I32], []);
    assert_eq!(registry.intern_func(host.clone()).unwrap().id(), a[1]);
    assert_eq!(**registry.get(a[1]).unwrap().as_func().unwrap(), host);
    let to_f = concrete(a[1]);
    assert_eq!(func(&registry, a[2]).params(), [to_f]);
}

fn func(registry: &TypeRegistry, id: TypeId) -> Arc<FuncType> {
    Arc::clone(registry.get(id).unwrap().as_func().unwrap())
}

#[test]
fn modules_that_are_refused_leave_no_types() {
    let registry = TypeRegistry::default();
    let refused = |text: &str| {
        parse(wasm(text).into(), &Features::default(), &registry).expect_err("the module is invalid");
        assert!(registry.is_empty());
    };
    let types = "(type $a (func (param i32 i64))) (rec (type $s (struct (field (ref null $t)))) (type $t (array i8)))";
    // A body, a section behind the types, a type behind the types, and an end too early.
    refused(&format!("(module {types} (func (result i32)))"));
    refused(&format!("(module {types} (global i32 (i64.const 0)))"));
    refused(&format!("(module {types} (type (sub final $a (func (param i32)))))"));
    let mut bytes = wasm(&format!("(module {types} (func (export \"f\")))"));
    bytes.pop();
    parse(bytes.clone().into(), &Features::default(), &registry).expect_err("the module is cut off");
    assert!(registry.is_empty());
    bytes.push(0x0b);
    let module = parse(bytes.into(), &Features::default(), &registry).expect("the module is valid");
    assert_eq!((registry.len(), module.types.len()), (4, 4));
    drop(module);
    assert!(registry.is_empty());
}

/// A group of no types is valid. It must not be given a number, which would be that of another type.
#[test]
fn groups_of_no_types() {
    let registry = TypeRegistry::default();
    let text = format!("(module {})", "(rec) (type (func (param i32))) (rec) (type (struct))".repeat(200));
    let bytes = wasm(&text);
    let parse = || parse(bytes.clone().into(), &Features::default(), &registry).expect("the module is valid");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let module = parse();
                    assert_eq!(module.types.len(), 400);
                    let ids = [0, 1].map(|at| module.types[at].id);
                    assert!(
                        ids[0] != ids[1]
                            && module.types.iter().zip(ids.iter().cycle()).all(|(ty, id)| ty.id == *id)
                    );
                }
            });
        }
    });
    assert!(registry.is_empty());
}

#[test]
fn recursive_types_of_different_modules() {
    let registry = TypeRegistry::default();
    let features = Features::default();
    let modules = RefCell::new(Vec::new());
    let types = |text: &str| -> Vec<TypeId> {
        let module = parse(wasm(text).into(), &features, &registry).expect("the module is valid");
        let ids = module.types.iter().map(|ty| ty.id).collect();
        modules.borrow_mut().push(module);
        ids
    };
    let pair = "(rec (type $a (func (param (ref $b)))) (type $b (func (result (ref $a)))))";
    let first = types(&format!("(module {pair})"));
    let second = types(&format!("(module (type (func)) {pair})"));
    assert_eq!(second[1..], first);
    assert_ne!(first[0], first[1]);
    // The members in the other order, and one member alone, are other types.
    let swapped =
        types("(module (rec (type $b (func (result (ref $a)))) (type $a (func (param (ref $b))))))");
    assert!(swapped.iter().all(|id| !first.contains(id)));
    let alone = types("(module (rec (type $a (func (param (ref $a))))))");
    assert_eq!(func(&registry, alone[0]).params(), [concrete(alone[0])]);
    assert_eq!(func(&registry, first[0]).params(), [concrete(first[1])]);
    assert_eq!(func(&registry, first[1]).results(), [concrete(first[0])]);
}

fn concrete(id: TypeId) -> ValType {
    ValType::Ref(RefType { nullable: false, heap: HeapType::Concrete(TypeKind::Func, id) })
}

#[test]
fn collected_objects_can_be_refused() {
    let mut features = Features::default();
    features.set(Feature::Gc, false).expect("any feature can be forbidden");
    for text in [
        "(module (type (struct)))",
        "(module (type (array i8)))",
        "(module (type (sub (func))))",
        "(module (type $t (sub (func))) (type (sub final $t (func))))",
        "(module (global anyref (ref.null any)))",
        "(module (global i32 (i32.const 0)) (global (ref null i31) (ref.i31 (i32.const 0))))",
        "(module (table 1 eqref))",
        "(module (elem anyref))",
        "(module (import \"\" \"\" (func (param structref))))",
        "(module (func (local i31ref)))",
        "(module (func (param funcref) (drop (ref.test (ref func) (local.get 0)))))",
        "(module (func (drop (ref.i31 (i32.const 0)))))",
        "(module (func (block (result anyref) unreachable) drop))",
    ] {
        let _ = parse_text(text);
        let error = parse(wasm(text).into(), &features, &TypeRegistry::default()).unwrap_err();
        // What the decoder itself refuses has no feature but in its words.
        let named =
            error.feature() == Some(Feature::Gc) || error.reason().contains("gc proposal must be enabled");
        assert!(named, "{text}: {error}");
    }
}

#[test]
fn constants_that_make_objects() {
    let module = parse_text(
        r#"(module
            (type $pair (struct (field i32 anyref)))
            (type $bytes (array i8))
            (global $g i32 (i32.const 1))
            (global (ref $pair) (struct.new $pair (global.get $g) (ref.i31 (i32.const 2))))
            (global (ref $bytes) (array.new_fixed $bytes 2 (i32.const 3) (i32.const 4)))
            (global externref (extern.convert_any (array.new_default $bytes (i32.const 5)))))"#,
    );
    let get = ConstOp::GlobalGet(GlobalIndex(0));
    let (pair, bytes) = (TypeIndex(0), TypeIndex(1));
    assert_eq!(
        *module.global_inits[1].ops,
        [get, ConstOp::I32(2), ConstOp::RefI31, ConstOp::StructNew(pair)]
    );
    assert_eq!(module.global_inits[2].ops[2], ConstOp::ArrayNewFixed(bytes, 2));
    assert_eq!(*module.global_inits[3].ops, [ConstOp::I32(5), ConstOp::ArrayNewDefault(bytes)]);
}

#[test]
fn missing_features_are_named() {
    let error = refusal("(module (type $f (func)) (type (cont $f)))");
    assert_eq!((error.kind(), error.feature()), (ParseErrorKind::Unsupported, Some(Feature::StackSwitching)));
    assert!(error.to_string().ends_with("(feature `stack-switching` is not supported)"), "{error}");

    let mut features = Features::default();
    features.set(Feature::Simd, false).expect("any feature can be forbidden");
    let text = "(module (func (drop (v128.const i64x2 0 0))))";
    let error = parse(wasm(text).into(), &features, &TypeRegistry::default()).unwrap_err();
    assert_eq!(error.feature(), Some(Feature::Simd));
    assert!(error.to_string().ends_with("(feature `simd` is turned off)"), "{error}");
}

#[test]
fn every_feature_that_is_on_is_understood() {
    for text in [
        "(module (func (result i64 i64) (i64.extend32_s (i64.const 1)) (i64.trunc_sat_f32_s (f32.const 1))))",
        "(module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
        "(module (func $f (return_call $f)))",
        "(module (memory i64 1) (memory 1) (func (memory.copy 1 1 (i32.const 0) (i32.const 0) (i32.const 0))))",
        "(module (type $t (func)) (func (param (ref null $t)) (call_ref $t (ref.as_non_null (local.get 0)))))",
        "(module (table 1 externref) (func (param externref) (table.set (i32.const 0) (local.get 0))))",
        "(module (func (param (ref extern)) (result externref) (local.get 0)))",
        "(module (import \"\" \"\" (global (mut i32))))",
        "(module (memory 1 (pagesize 1)) (func (result i32) (memory.grow (i32.const 1))))",
        "(module (memory 1 1 shared) (func (result i32) (atomic.fence) (i32.atomic.load (i32.const 0))))",
        "(module (func (result i64 i64) (i64.mul_wide_s (i64.const 1) (i64.const 2))))",
    ] {
        let _ = parse_text(text);
    }
}

#[test]
fn messages_say_where_and_what() {
    let error = refusal("(module (func (result i32) i64.const 0))");
    assert_eq!(error.kind(), ParseErrorKind::Invalid);
    let text = error.to_string();
    assert!(text.starts_with("invalid module at offset 0x"), "{text}");
    assert!(text.ends_with(": type mismatch: expected i32, found i64"), "{text}");

    let error = parse_bytes(b"\0asm\x0d\0\x01\0").unwrap_err();
    assert_eq!(error.to_string(), "malformed module at offset 0x4: this is a component, not a core module");
    let error = parse_bytes(b"\0asm\x02\0\0\0").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ParseErrorKind::Malformed, 4));
    let error = parse_bytes(b"(module)").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ParseErrorKind::Malformed, 0));
}

#[test]
fn malformed_is_told_from_invalid() {
    // A type section with the unknown type form 0x11; a function of the unknown type 1.
    assert_eq!(parse_bytes(&section(1, &[1, 0x11])).unwrap_err().kind(), ParseErrorKind::Malformed);
    assert_eq!(parse_bytes(&section(3, &[1, 1])).unwrap_err().kind(), ParseErrorKind::Invalid);
    assert_eq!(parse_bytes(&section(14, &[])).unwrap_err().kind(), ParseErrorKind::Malformed);
    assert_eq!(refusal("(module (func) (start 7))").kind(), ParseErrorKind::Invalid);
    assert_eq!(refusal("(module (func drop))").kind(), ParseErrorKind::Invalid);

    let valid = wasm("(module (func nop nop))");
    let body = valid.len() - 4;
    assert_eq!(valid[body..], [0, 0x01, 0x01, 0x0b]);
    // No operator has this number, and a body needs an end.
    for (at, byte) in [(body + 1, 0x27), (body + 3, 0x01)] {
        let mut bytes = valid.clone();
        bytes[at] = byte;
        assert_eq!(parse_bytes(&bytes).unwrap_err().kind(), ParseErrorKind::Malformed, "{byte:#x}");
    }
}

#[test]
fn claimed_counts_are_not_believed() {
    // Each list section claims 2^30 items and holds none.
    for id in [1, 2, 3, 4, 5, 6, 7, 9, 11] {
        let error = parse_bytes(&section(id, &[0x80, 0x80, 0x80, 0x80, 0x04])).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Malformed, "section {id}: {error}");
        assert!(error.reason().ends_with("cannot hold 1073741824 items: unexpected end"), "{error}");
    }
    // A code section of 2^30 bodies without a function section; a body of 2^30 operands of br_table.
    assert!(parse_bytes(&section(10, &[0x80, 0x80, 0x80, 0x80, 0x04])).is_err());
    let mut bytes = wasm("(module (func))");
    let body = bytes.len() - 3;
    bytes.splice(body - 1.., [10, 1, 8, 0, 0x0e, 0x80, 0x80, 0x80, 0x80, 0x04, 0x0b]);
    assert!(parse_bytes(&bytes).is_err());
}

/// A module with something in each section.
fn everything() -> Vec<u8> {
    wasm(
        r#"(module $everything
            (type $t (func (param i32 i64) (result f32)))
            (import "m" "f" (func $f (param v128)))
            (import "m" "g" (global $g i32))
            (table 3 (ref null $t))
            (memory 1 2)
            (global (mut i32) (i32.add (global.get $g) (i32.const 1)))
            (export "a" (func $a)) (export "m" (memory 0))
            (start $s)
            (elem (i32.const 0) (ref null $t) (ref.func $a) (ref.null $t))
            (elem declare func $a)
            (func $a (type $t) (local f32 v128)
                (block $b (br_table $b $b (local.get 0)))
                (f32.add (local.get 2) (f32.convert_i64_s (local.get 1))))
            (func $s (call $f (v128.const i32x4 1 2 3 4)) (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0)))
            (data "bytes") (data (i32.const 5) "more"))"#,
    )
}

#[test]
fn a_truncated_module_is_refused_and_never_panics() {
    let bytes = everything();
    parse_bytes(&bytes).expect("the whole module is valid");
    let complete = (0..bytes.len()).filter(|&len| parse_bytes(&bytes[..len]).is_ok()).count();
    // A prefix is a module if it ends between two sections and does not promise functions without their code.
    assert_eq!(complete, 4, "header, types, imports, and all but the name section");
}

#[test]
fn a_changed_byte_never_panics() {
    let bytes = everything();
    for at in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff, 0x7f] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            if let Ok(module) = parse_bytes(&changed) {
                for func in 0..module.funcs.len() {
                    let _ = function_name(&module, FuncIndex::new(func));
                }
            }
        }
    }
}

/// A module with so many functions, of which the given ones are invalid.
fn with_invalid_funcs(count: usize, invalid: &[usize]) -> Vec<u8> {
    let func = |n| match invalid.contains(&n) {
        true => format!("(func (result i32) (i32.add (i32.const {n}) (f32.const 0)))"),
        false => format!("(func (result i32) (i32.mul (i32.const {n}) (i32.const 3)))"),
    };
    let funcs: String = (0..count).map(func).collect();
    wasm(&format!("(module {funcs})"))
}

/// Parses, with function bodies checked in that way.
fn parse_checking(bytes: &[u8], check: BodyCheck) -> Result<ModuleInfo, ParseError> {
    let (features, registry) = (Features::default(), TypeRegistry::default());
    parse_with(&ModuleLimits::default(), bytes, &features, &registry, check)
}

type Parse = fn(&[u8]) -> Result<ModuleInfo, ParseError>;

/// Parses with so many threads.
fn parse_by<const THREADS: usize>(bytes: &[u8]) -> Result<ModuleInfo, ParseError> {
    parse_checking(bytes, BodyCheck::Validate(|_| THREADS))
}

#[test]
fn a_module_that_is_known_to_be_valid_is_the_same_module() {
    let calls = "(module
        (import \"\" \"\" (func))
        (type $t (func))
        (table 2 funcref)
        (func (call_indirect (type $t) (i32.const 0)))
        (func)
        (func (param (ref $t)) (call_ref $t (local.get 0)) (call_indirect (type $t) (i32.const 1)))
        (func (return_call_indirect (type $t) (i32.const 1)))
        (func (table.set (i32.const 0) (ref.null func))))";
    let many = with_invalid_funcs(20_000, &[]);
    let (limits, features, registry) =
        (ModuleLimits::default(), Features::default(), TypeRegistry::default());
    for bytes in
        [wasm("(module)"), wasm("(module (import \"\" \"\" (func)))"), everything(), wasm(calls), many]
    {
        let validated = parse_within(&limits, bytes.clone().into(), &features, &registry).unwrap();
        let findings = Findings::from_bytes(&Findings::of(&validated).to_bytes()).unwrap();
        // SAFETY: the findings are of the same bytes, limits and features.
        let known = unsafe { parse_valid(&limits, bytes.into(), &features, &registry, findings) }.unwrap();
        // Types have the same ids, as both are of one registry.
        assert_eq!(format!("{known:?}"), format!("{validated:?}"));
        assert_eq!(*known.bytes, *validated.bytes);
        assert_eq!(format!("{:?}", known.branch_hints()), format!("{:?}", validated.branch_hints()));
    }
}

#[test]
fn only_bodies_are_taken_for_valid() {
    let known = |bytes: &[u8]| parse_checking(bytes, BodyCheck::Known(Findings::default()));
    // Nothing looks at it.
    assert!(known(&with_invalid_funcs(3, &[1])).is_ok());
    let elsewhere = "(module (func (export \"f\")) (memory 1) (data (i64.const 0) \"wrong offset type\"))";
    assert_eq!(known(&wasm(elsewhere)).unwrap_err(), refusal(elsewhere));
    let bytes = everything();
    for len in 0..bytes.len() {
        // All bodies are valid, so whatever is wrong lies elsewhere.
        assert_eq!(known(&bytes[..len]).err(), parse_bytes(&bytes[..len]).err(), "{len} bytes");
    }
}

#[test]
fn the_first_error_does_not_depend_on_the_number_of_threads() {
    const COUNT: usize = 20_000;
    let valid = with_invalid_funcs(COUNT, &[]);
    for parse in [parse_by::<1>, parse_by::<2>, parse_by::<7>] {
        assert_eq!(parse(&valid).expect("the module is valid").bodies.len(), COUNT);
    }
    for invalid in [&[0, 1, COUNT - 1][..], &[9_000, 9_001, 9_500, 12_000], &[COUNT - 1], &[4_000, 19_000]] {
        let bytes = with_invalid_funcs(COUNT, invalid);
        let expected = parse_by::<1>(&bytes).unwrap_err();
        assert_eq!(expected.kind(), ParseErrorKind::Invalid);
        for (threads, parse) in [(2, parse_by::<2> as Parse), (3, parse_by::<3>), (8, parse_by::<8>)] {
            assert_eq!(parse(&bytes).unwrap_err(), expected, "{threads} threads, {invalid:?}");
        }
    }
}

#[test]
fn too_much_work_is_found_at_the_same_function_by_any_number_of_threads() {
    // Each function takes a thousand operands, and its few bytes allow for some hundreds: the million that is free in all is
    // used up at about the one and a half thousandth.
    let module = |invalid: &[usize]| {
        let func = |n| match invalid.contains(&n) {
            true => "(func (f32.add (call $many)) unreachable)",
            false => "(func (call $many) unreachable)",
        };
        let results = "i32 ".repeat(1000);
        let funcs: String = (0..8000).map(func).collect();
        wasm(&format!("(module (func $many (result {results}) unreachable) {funcs})"))
    };
    for (invalid, kind) in [
        (&[][..], ParseErrorKind::TooLarge),
        (&[7999], ParseErrorKind::TooLarge),
        (&[1800, 4000], ParseErrorKind::TooLarge),
        (&[1400, 1401, 5000], ParseErrorKind::Invalid),
        (&[0], ParseErrorKind::Invalid),
    ] {
        let bytes = module(invalid);
        let expected = parse_by::<1>(&bytes).unwrap_err();
        assert_eq!(expected.kind(), kind, "{expected}");
        if let Some(exceeded) = expected.limit() {
            assert_eq!((exceeded.limit, exceeded.allowed), (ModuleLimit::WorkPerByte, 64));
            assert!(exceeded.wanted >= 200, "{expected}");
        }
        for (threads, parse) in [(2, parse_by::<2> as Parse), (3, parse_by::<3>), (8, parse_by::<8>)] {
            assert_eq!(parse(&bytes).unwrap_err(), expected, "{threads} threads, {invalid:?}");
        }
    }
}

#[test]
fn an_error_in_a_body_comes_before_one_behind_it() {
    let data = "(memory 1) (data (i64.const 0) \"wrong offset type\")";
    let error = refusal(&format!("(module (func (result i32) f32.const 0) {data})"));
    assert!(error.reason().contains("expected i32, found f32"), "{error}");
    let error = refusal(&format!("(module (func (result f32) f32.const 0) {data})"));
    assert!(error.reason().contains("expected i32, found i64"), "{error}");
    // The second body is cut off, the first one is invalid.
    let bytes = with_invalid_funcs(2, &[0]);
    let error = parse_bytes(&bytes[..bytes.len() - 3]).unwrap_err();
    assert_eq!(error.kind(), ParseErrorKind::Invalid);
}
