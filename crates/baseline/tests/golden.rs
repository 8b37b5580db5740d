//! What the compiler makes of WebAssembly: each `golden/*.wat` holds a module and, in comments below it, the machine code of its
//! functions.
//!
//! ```text
//! (module …)  ─ parse ─ compile ─ text::print_with, iced-x86 ─▶ text  ═?═  the comment lines at the end of the file
//! ```
//!
//! The code is for a processor that is the same everywhere: SSE2 and what a file asks for. `UPSHIFT_BLESS=1` writes the comments
//! anew: read the difference then, line by line, since nothing here checks that the new code means the same.

#[path = "common/disassembly.rs"]
mod disassembly;
#[path = "../../ir/tests/common/files.rs"]
mod files;

use std::path::Path;

use upshift_asm::x64::{CpuFeature, CpuFeatures};
use upshift_baseline::text;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_translate::{CodeOptions, Features, ModuleInfo};

use crate::files::module;

/// What the first line of a file asks for: `;; options:` and some of `fuel`, `interruption`, `canonical-nans`, of the extensions of
/// the instruction set, `check` for memories without guard pages, and `jump` for the other form of returns.
fn options(wat: &str, module: &ModuleInfo) -> (CodeOptions, Target) {
    let mut options = CodeOptions::default();
    let mut memories = MemoryMode::Guard;
    let mut target = Target {
        features: CpuFeatures::BASELINE,
        returns: Returns::Paired,
        memories: [].into(),
        choices: false,
        counts: false,
        twins: None,
    };
    for word in files::options(wat) {
        match word {
            "fuel" => options.fuel = true,
            "interruption" => options.interruption = true,
            "canonical-nans" => options.canonical_nans = true,
            "check" => memories = MemoryMode::Check,
            "jump" => target.returns = Returns::Jump,
            word => {
                let named = |feature: &&CpuFeature| format!("{feature:?}").eq_ignore_ascii_case(word);
                let feature = CpuFeature::ALL.iter().find(named);
                target.features =
                    target.features.with(*feature.unwrap_or_else(|| panic!("there is no option {word}")));
            }
        }
    }
    target.memories = module.memories.iter().map(|_| memories).collect();
    (options, target)
}

/// The comments that belong below a module.
fn expectation(wat: &str) -> String {
    let module = module(wat, &Features::default());
    let (options, target) = options(wat, &module);
    disassembly::comments(&module, |func| {
        let text = text::print_with(&module, func, options, &target, &mut disassembly::disassemble)
            .unwrap_or_else(|error| panic!("{func:?}: {error}"));
        assert!(!text.contains("(bad)"), "there are bytes that are no instruction:\n{text}");
        text
    })
}

#[test]
fn code_is_what_the_files_say() {
    files::compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), expectation);
}

/// The text of a module's first function.
fn code_of(wat: &str) -> String {
    let module = module(wat, &Features::default());
    let (options, target) = options(wat, &module);
    text::print(&module, FuncIndex(module.imported_funcs), options, &target).expect("it can be compiled")
}

/// All bytes of the code stand in the text once, in whatever order.
#[test]
fn each_byte_of_code_is_there_once() {
    let wat = r#"(module (memory 1) (tag $t) (table 1 funcref)
        (func $f (param i32 i32) (result i32)
            (loop $again
                (br_if $again (local.tee 0 (i32.div_s (local.get 0) (local.get 1)))))
            (block $caught (try_table (catch_all $caught) (drop (call $f (i32.const 1) (i32.const 2)))))
            (drop (call_indirect (param i32 i32) (result i32) (i32.const 1) (i32.const 2) (i32.const 0)))
            (block $a (block $b (br_table $a $b $a (i32.load (local.get 0)))))
            (i32.trunc_f64_s (f64.const 2.5)))
    )"#;
    let module = module(wat, &Features::default());
    let (options, target) = options(wat, &module);
    let code =
        upshift_baseline::compile(&module, FuncIndex(0), options, &target).expect("it can be compiled").code;
    let (mut bytes, mut words) = (vec![None; code.pool as usize], 0);
    let text = code_of(wat);
    let (machine, pool) = text.split_once("; pool\n").expect("there is a pool");
    for line in machine.lines().filter_map(|line| line.strip_prefix('@')) {
        let mut parts = line.split(' ');
        let at = usize::from_str_radix(parts.next().expect("an offset"), 16).expect("in hexadecimal");
        for (n, byte) in parts.enumerate() {
            let before = bytes[at + n].replace(u8::from_str_radix(byte, 16).expect("a byte"));
            assert_eq!(before, None, "byte {} is there twice", at + n);
        }
    }
    let bytes: Option<Vec<u8>> = bytes.into_iter().collect();
    assert_eq!(bytes.as_deref(), Some(code.code()));
    for line in pool.lines().filter_map(|line| line.strip_prefix('@')) {
        let mut parts = line.split(' ');
        let at = u32::from_str_radix(parts.next().expect("an offset"), 16).expect("in hexadecimal");
        assert_eq!(at, code.pool + 8 * words);
        let value = u64::from_str_radix(parts.next().expect("a word"), 16).expect("in hexadecimal");
        assert_eq!(value, code.word(at));
        words += 1;
    }
    assert_eq!(code.pool as usize + 8 * words as usize, code.bytes.len());
    for what in [
        "preamble",
        "entry from the interpreter",
        "loop 0, from",
        "exceptions arrive",
        "stub Trap",
        "stub Overflow",
    ] {
        assert!(text.contains(what), "{what} is not said in:\n{text}");
    }
}
