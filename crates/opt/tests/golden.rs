//! What the compiler makes of WebAssembly: each `golden/*.wat` holds a module and, in comments below it, the machine code of its
//! functions.
//!
//! ```text
//! (module …)  ─ parse ─ compile ─ text::print_with, iced-x86 ─▶ text  ═?═  the comment lines at the end of the file
//! ```
//!
//! The code is for a processor with all extensions, or with none where the first line of a file says `;; options: baseline`.
//! `UPSHIFT_BLESS=1` writes the comments anew: read the difference then, line by line, since nothing here checks that the new code
//! means the same.

#[path = "../../baseline/tests/common/disassembly.rs"]
mod disassembly;
#[path = "../../ir/tests/common/files.rs"]
mod files;

use std::path::Path;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::{PassSet, text};
use upshift_translate::{CodeOptions, Features, ModuleInfo};

use crate::files::module;

/// What the first line of a file asks for: `;; options:` and some of `fuel`, `interruption`, `check` for memories without guard
/// pages, `jump` for the other form of returns, `baseline` for a processor without extensions, and `inline` for functions that have
/// code of others in the place of calls.
fn options(wat: &str, module: &ModuleInfo) -> (CodeOptions, Target, PassSet) {
    let mut options = CodeOptions::default();
    let mut off = PassSet::of("inline");
    let mut memories = MemoryMode::Guard;
    let mut target = Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        memories: [].into(),
        counts: false,
        twins: None,
        choices: false,
    };
    for word in files::options(wat) {
        match word {
            "fuel" => options.fuel = true,
            "interruption" => options.interruption = true,
            "check" => memories = MemoryMode::Check,
            "jump" => target.returns = Returns::Jump,
            "baseline" => target.features = CpuFeatures::BASELINE,
            "inline" => off = PassSet::default(),
            word => panic!("there is no option {word}"),
        }
    }
    target.memories = module.memories.iter().map(|_| memories).collect();
    (options, target, off)
}

/// The comments that belong below a module.
fn expectation(wat: &str) -> String {
    let module = module(wat, &Features::default());
    let (options, target, off) = options(wat, &module);
    disassembly::comments(&module, |func| {
        text::print_with(&module, func, options, &target, off, &mut disassembly::disassemble)
            .unwrap_or_else(|error| panic!("{func:?}: {error}"))
    })
}

#[test]
fn code_is_what_the_files_say() {
    files::compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), expectation);
}
