//! What lies beside the code is in order, for functions with everything that has a place there.

use upshift_asm::x64::CpuFeatures;
use upshift_baseline::{BaselineCode, compile, positions};
use upshift_codegen::{Fault, Target};
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse};

fn module(wat: &str) -> ModuleInfo {
    let bytes = wat::parse_str(wat).unwrap();
    parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
}

fn target(mode: MemoryMode) -> Target {
    Target {
        features: CpuFeatures::BASELINE,
        returns: Returns::Paired,
        memories: [mode].into(),
        choices: false,
        counts: false,
        twins: None,
    }
}

/// A loop, a division, an access to memory, a call of an import, a handler and a table of branches.
const MANY: &str = r#"(module
    (import "" "f" (func $f (param i32) (result i32)))
    (tag $e (param i32))
    (memory 1)
    (func $g (param i32 i64) (result i32)
        (local i32)
        (loop $again
            (local.set 2 (i32.add (local.get 2) (i32.load offset=8 (local.get 0))))
            (br_if $again (i32.div_u (local.get 0) (local.get 2))))
        (block $caught (result i32)
            (try_table (result i32) (catch $e $caught)
                (call $f (local.get 2))))
        (block $b (block $a (br_table $a $b (local.get 0))) (throw $e (i32.const 5)))
        (drop)
        (call $g (local.get 2) (local.get 1))))"#;

fn many(mode: MemoryMode) -> (ModuleInfo, BaselineCode) {
    let module = module(MANY);
    let code = compile(&module, FuncIndex(1), CodeOptions::default(), &target(mode)).unwrap();
    (module, code)
}

#[test]
fn owners_ascend_and_lead_to_the_main_line() {
    for mode in [MemoryMode::Guard, MemoryMode::Check] {
        let (_, code) = many(mode);
        assert!(code.owners.is_sorted_by_key(|&(offset, _)| offset));
        assert!(code.owners.iter().all(|&(offset, position)| offset >= code.main && position < code.main));
        for reloc in &code.code.relocs {
            assert!(code.position(reloc.at) < code.main);
        }
    }
}

#[test]
fn loops_and_handlers_are_entered_through_words() {
    let (_, code) = many(MemoryMode::Guard);
    let word = code.loop_head(0).expect("the loop is reached");
    assert!(word >= code.code.pool && code.loop_head(1).is_none());
    // The word leads to a stub behind the main line.
    assert!((code.main..code.code.pool).contains(&(code.code.word(word) as u32)));
    let [handler] = &code.handlers.handlers[..] else { panic!("one handler") };
    let landing = handler.clauses[0].target;
    assert!(landing >= code.code.pool && landing != word);
}

#[test]
fn only_unchecked_accesses_may_fault() {
    let (_, guarded) = many(MemoryMode::Guard);
    let [fault] = guarded.faults[..] else { panic!("one access") };
    let at = fault.offset();
    let memory = |offset| guarded.fault(offset).map(|access| access.memory());
    assert_eq!((memory(at), memory(at + 1)), (Some(0), None));
    assert!(at < guarded.main);
    assert!(many(MemoryMode::Check).1.faults.is_empty());
}

/// Fields of null fault, but for those that lie further from it than anything that is set aside there.
#[test]
fn accesses_to_null_may_fault() {
    let wat = format!(
        "(module (type $s (struct (field i32) {})) (type $a (array i8)) (type $wide (struct {}))
            (func (param (ref null $s)) (result i32) (struct.get $s 0 (local.get 0)))
            (func (param (ref null $a)) (result i32) (array.get_u $a (local.get 0) (array.len (local.get 0))))
            (func (param (ref null $wide)) (result v128) (struct.get $wide 4999 (local.get 0))))",
        "(field i64)".repeat(3),
        "(field v128)".repeat(5000),
    );
    let module = module(&wat);
    let faults = [0, 1, 2].map(|func| {
        let target = target(MemoryMode::Guard);
        compile(&module, FuncIndex(func), CodeOptions::default(), &target).unwrap().faults
    });
    assert_eq!(faults.each_ref().map(|faults| faults.len()), [1, 2, 0]);
    assert!(
        faults.iter().flatten().all(|fault| fault.memory() == Fault::OBJECT && fault.address().is_none())
    );
}

/// A table of faults has no room for everything: what it lacks is checked.
#[test]
fn accesses_without_room_in_the_table_are_checked() {
    let of_memory = |memory: usize| {
        let wat = format!(
            "(module {} (func (param i32) (result i32) (i32.load {memory} (local.get 0))))",
            "(memory 1)".repeat(9)
        );
        let target = Target { memories: [MemoryMode::Guard; 9].into(), ..target(MemoryMode::Guard) };
        compile(&module(&wat), FuncIndex(0), CodeOptions::default(), &target).unwrap().faults
    };
    let [fault] = of_memory(6)[..] else { panic!("one access") };
    assert_eq!(fault.memory(), 6);
    assert!(of_memory(7).is_empty());
    // Each branch copies eight values, by more than 70 bytes, so that the last access lies behind 16 MiB.
    let accesses = |branches: usize| {
        let load = "(drop (i32.load (local.get 0)))";
        let wat = format!(
            "(module (memory 1) (func (param i32) {load} (block (result {0}) (i32.const 0) (call 1) {1} (br 0)) {2} {load})
                (func (result {0}) unreachable))",
            "i64 ".repeat(8),
            "(br_if 0 (local.get 0))".repeat(branches),
            "drop ".repeat(8),
        );
        let code =
            compile(&module(&wat), FuncIndex(0), CodeOptions::default(), &target(MemoryMode::Guard)).unwrap();
        (code.faults.len(), code.main)
    };
    assert_eq!(accesses(10).0, 2);
    let (faults, end) = accesses((Fault::END / 70) as usize);
    assert!(end > Fault::END && faults == 1, "{end} {faults}");
}

#[test]
fn positions_are_those_of_the_code() {
    let (module, code) = many(MemoryMode::Check);
    let again = positions(&module, FuncIndex(1), CodeOptions::default(), &target(MemoryMode::Check)).unwrap();
    assert!(again.is_sorted() && again.iter().all(|&(position, _)| position <= code.main));
    let body = module.body(FuncIndex(1)).unwrap();
    assert!(again.iter().all(|(_, offset)| body.contains(offset)));
    let twice = compile(&module, FuncIndex(1), CodeOptions::default(), &target(MemoryMode::Check)).unwrap();
    assert_eq!(twice.code, code.code);
}

/// Locals too far away for short displacements, and as many as a function can have.
#[test]
fn no_function_has_too_many_locals() {
    let module = module("(module (func (param i32) (result i32) (local i64) (local.get 0)))");
    let small = compile(&module, FuncIndex(0), CodeOptions::default(), &target(MemoryMode::Guard)).unwrap();
    let locals = "i64 ".repeat(50_000 - 2);
    let wat = format!(
        "(module (func (param i32) (result i64) (local {locals}) (local i64) (local.set 49999 (i64.const 7)) (local.get 49999)))"
    );
    let large = self::module(&wat);
    let large = compile(&large, FuncIndex(0), CodeOptions::default(), &target(MemoryMode::Guard)).unwrap();
    assert!(large.frame_slots >= 49_999 && small.frame_slots < 8);
    // Zeroing takes no instruction for each.
    assert!(large.main < 200, "{} bytes", large.main);
}
