//! Each limit lets through what it allows and refuses one more, by name; real modules stay far below the strict ones.

use std::path::{Path, PathBuf};

use upshift::{Config, Engine, Module, ModuleLimit, ModuleLimitExceeded, ModuleLimits};
use wasm_encoder::{CodeSection, Function, FunctionSection, Instruction, TypeSection};

use crate::allocator::alone;

/// A module with so many of what a limit counts.
type WithSoMany = fn(usize) -> String;

const COUNTED: &[(ModuleLimit, WithSoMany)] = &[
    (ModuleLimit::Types, |n| module(&"(type (func))".repeat(n))),
    (ModuleLimit::Types, |n| module(&format!("(rec {})", "(type (struct))".repeat(n)))),
    (ModuleLimit::TypeElements, |n| {
        module(&format!("(type (func (param {}) (result i32)))", "i64 ".repeat(n - 1)))
    }),
    (ModuleLimit::TypeElements, |n| module(&format!("(type (struct {}))", "(field i8)".repeat(n)))),
    (ModuleLimit::Imports, |n| module(&"(import \"\" \"\" (memory 1))".repeat(n))),
    (ModuleLimit::Exports, |n| module(&format!("(func {})", exports(n)))),
    (ModuleLimit::NameBytes, |n| module(&format!("(func (export \"{}\"))", "n".repeat(n)))),
    (ModuleLimit::NameBytes, |n| module(&format!("(import \"ab\" \"{}\" (func))", "n".repeat(n - 2)))),
    (ModuleLimit::Functions, |n| module(&format!("(import \"\" \"\" (func)) {}", "(func)".repeat(n - 1)))),
    // The number of groups of locals and the end take a byte each.
    (ModuleLimit::FunctionSize, |n| module(&format!("(func {})", "nop ".repeat(n - 2)))),
    (ModuleLimit::Locals, |n| module(&format!("(func (param i32) (local {}))", "i64 ".repeat(n - 1)))),
    (ModuleLimit::Operands, |n| {
        module(&format!("(func {} {})", "(i32.const 0)".repeat(n), "drop ".repeat(n)))
    }),
    (ModuleLimit::Operands, |n| {
        module(&format!("(func unreachable {} unreachable)", "(f64.const 0)".repeat(n)))
    }),
    (ModuleLimit::Nesting, |n| {
        module(&format!("(func {} {})", "block ".repeat(n - 1), "end ".repeat(n - 1)))
    }),
    (ModuleLimit::Globals, |n| {
        module(&format!("(import \"\" \"\" (global i32)) {}", "(global i32 (i32.const 0))".repeat(n - 1)))
    }),
    (ModuleLimit::ConstantOperators, |n| module(&"(global i32 (i32.const 0))".repeat(n))),
    (ModuleLimit::ConstantOperators, |n| {
        let adds = "(i32.const 1) i32.add ".repeat((n - 1) / 2);
        module(&format!(
            "(global i32 (i32.const 0) {adds}) {}",
            "(global i32 (i32.const 0))".repeat((n - 1) % 2)
        ))
    }),
    (ModuleLimit::Tables, |n| {
        module(&format!("(import \"\" \"\" (table 1 funcref)) {}", "(table 0 funcref)".repeat(n - 1)))
    }),
    (ModuleLimit::ElementItems, |n| {
        module(&format!("(table 2 funcref) (func $f) (elem func {})", "$f ".repeat(n)))
    }),
    (ModuleLimit::ElementItems, |n| module(&format!("(elem funcref {})", "(ref.null func)".repeat(n)))),
    (ModuleLimit::ElementSegments, |n| module(&"(elem func)".repeat(n))),
    (ModuleLimit::DataSegments, |n| module(&"(data \"\")".repeat(n))),
    (ModuleLimit::Memories, |n| {
        module(&format!("(import \"\" \"\" (memory 1)) {}", "(memory 0)".repeat(n - 1)))
    }),
    (ModuleLimit::CustomSections, |n| module(&"(@custom \"c\" \"\")".repeat(n))),
    (ModuleLimit::Tags, |n| module(&format!("(import \"\" \"\" (tag)) {}", "(tag)".repeat(n - 1)))),
];

fn module(fields: &str) -> String {
    format!("(module {fields})")
}

fn exports(count: usize) -> String {
    (0..count).map(|i| format!("(export \"{i}\")")).collect()
}

fn engine(limits: ModuleLimits) -> Engine {
    Engine::new(Config::new().module_limits(limits)).unwrap()
}

fn exceeded(engine: &Engine, bytes: &[u8]) -> ModuleLimitExceeded {
    let error = Module::from_binary(engine, bytes).expect_err("the limit is exceeded");
    let exceeded = *error.downcast_ref::<ModuleLimitExceeded>().unwrap_or_else(|| panic!("{error:#}"));
    let text = error.to_string();
    let parts = [exceeded.limit.name(), &exceeded.allowed.to_string(), &exceeded.wanted.to_string()];
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    exceeded
}

#[test]
fn as_many_as_allowed_and_no_more() {
    alone(|| {
        const ALLOWED: usize = 9;
        for &(limit, with) in COUNTED {
            let name = limit.name();
            let engine = engine(ModuleLimits::default().with(limit, ALLOWED as u64));
            let [fine, more] = [ALLOWED, ALLOWED + 1].map(|count| wat::parse_str(with(count)).unwrap());
            Module::from_binary(&engine, &fine).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            let exceeded = exceeded(&engine, &more);
            assert_eq!((exceeded.limit, exceeded.allowed, exceeded.wanted), (limit, 9, 10), "{name}");
            assert!(exceeded.offset < more.len() as u64, "{name}");
        }
        let counted = |limit: &&ModuleLimit| COUNTED.iter().any(|(counted, _)| counted == *limit);
        let others: Vec<&str> =
            ModuleLimit::ALL.iter().filter(|limit| !counted(limit)).map(|limit| limit.name()).collect();
        // These have tests of their own.
        assert_eq!(others, ["module-size", "work-per-byte", "text-size"]);
        println!("limits: {} cases", 2 * COUNTED.len());
    });
}

#[test]
fn the_size_of_a_module_is_known_before_it_is_read() {
    alone(|| {
        let empty = b"\0asm\x01\0\0\0";
        let engine = engine(ModuleLimits::default().with(ModuleLimit::ModuleSize, 8));
        assert!(Module::from_binary(&engine, empty).is_ok());
        let more = [empty, &[0, 1, 0][..]].concat();
        assert_eq!(exceeded(&engine, &more).limit, ModuleLimit::ModuleSize);
        // Text counts as it is.
        let error = Module::new(&engine, "(module  )").unwrap_err();
        let exceeded = error.downcast_ref::<ModuleLimitExceeded>().unwrap();
        assert_eq!((exceeded.limit, exceeded.wanted), (ModuleLimit::ModuleSize, 10));
        let engine = self::engine(ModuleLimits::default().with(ModuleLimit::TextSize, 9));
        assert!(Module::new(&engine, "(module )").is_ok() && Module::from_binary(&engine, &more).is_ok());
        let error = Module::new(&engine, "(module  )").unwrap_err();
        assert_eq!(error.downcast_ref::<ModuleLimitExceeded>().unwrap().limit, ModuleLimit::TextSize);
        let engine = self::engine(ModuleLimits::default().with(ModuleLimit::ModuleSize, 8));
        // A file that never ends is not read to its end.
        if cfg!(unix) {
            let error = Module::from_file(&engine, "/dev/zero").unwrap_err();
            let exceeded = error.downcast_ref::<ModuleLimitExceeded>().expect("the limit is the reason");
            assert_eq!((exceeded.limit, exceeded.wanted), (ModuleLimit::ModuleSize, 9));
        }
    });
}

/// A function without parameters and results that consists of the instructions, behind one that answers a thousand numbers.
fn beside_a_thousand(count: usize, instructions: &[Instruction<'_>]) -> Vec<u8> {
    let (mut types, mut funcs, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    types.ty().function([], [wasm_encoder::ValType::I32; 1000]);
    funcs.function(1).function(0);
    let mut thousand = Function::new([]);
    thousand.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
    let mut function = Function::new([]);
    for _ in 0..count {
        for instruction in instructions {
            function.instruction(instruction);
        }
    }
    function.instruction(&Instruction::End);
    code.function(&thousand).function(&function);
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&funcs).section(&code);
    module.finish()
}

#[test]
fn work_is_limited_by_bytes() {
    alone(|| {
        // A block, a call that weighs a thousand, a branch and an end: 7 bytes.
        let empty = wasm_encoder::BlockType::Empty;
        let dropped = [Instruction::Block(empty), Instruction::Call(0), Instruction::Br(0), Instruction::End];
        let default = engine(ModuleLimits::default());
        // Each seven bytes allow for 448, so 552 of each thousand are taken from what is free, a million.
        assert!(Module::from_binary(&default, beside_a_thousand(1800, &dropped)).is_ok());
        let exceeded = exceeded(&default, &beside_a_thousand(2000, &dropped));
        assert_eq!((exceeded.limit, exceeded.allowed), (ModuleLimit::WorkPerByte, 64));
        assert!((100..=200).contains(&exceeded.wanted), "{exceeded}");
        // Whoever wants to can have it.
        let patient = engine(ModuleLimits::default().with(ModuleLimit::WorkPerByte, 150));
        assert!(Module::from_binary(&patient, beside_a_thousand(20_000, &dropped)).is_ok());
    });
}

/// The modules that the project ships.
fn real_modules() -> Vec<PathBuf> {
    fn find(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).expect("the directory is there") {
            let path = entry.expect("the directory can be read").path();
            if path.is_dir() {
                find(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "wasm") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    find(&root.join("examples"), &mut files);
    find(&root.join("bench/programs"), &mut files);
    files.sort();
    assert!(files.len() >= 10, "the modules are not where they should be");
    files
}

/// Whether all modules can be loaded.
fn fit(modules: &[Vec<u8>], limits: ModuleLimits) -> bool {
    let engine = Engine::new(Config::new().module_limits(limits).wasm_legacy_exceptions(true)).unwrap();
    modules.iter().all(|bytes| Module::from_binary(&engine, bytes).is_ok())
}

/// Modules that compilers made are far below the strict limits: each limit could be a fourth of what it is.
#[test]
fn real_modules_are_far_below_the_strict_limits() {
    alone(|| {
        let modules: Vec<Vec<u8>> = real_modules().iter().map(|file| std::fs::read(file).unwrap()).collect();
        let strict = ModuleLimits::strict();
        let quarter = |limits: ModuleLimits, &limit: &ModuleLimit| limits.with(limit, strict.get(limit) / 4);
        assert!(fit(&modules, ModuleLimit::ALL.iter().fold(strict.clone(), quarter)));
        println!("real modules: {} cases", modules.len());
    });
}

#[test]
#[ignore = "tests nothing: prints how far real modules are from the limits, which takes a minute"]
fn table_of_real_modules() {
    alone(|| {
        let modules: Vec<Vec<u8>> = real_modules().iter().map(|file| std::fs::read(file).unwrap()).collect();
        let strict = ModuleLimits::strict();
        println!("| limit | strict | strict / 2^n that all {} modules keep to |", modules.len());
        for &limit in ModuleLimit::ALL {
            let mut least = strict.get(limit);
            while least > 1 && fit(&modules, strict.clone().with(limit, least / 2)) {
                least /= 2;
            }
            println!("| `{}` | {} | {least} |", limit.name(), strict.get(limit));
        }
    });
}
