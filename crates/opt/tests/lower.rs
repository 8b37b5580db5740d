//! What lowering makes of WebAssembly: each `lower/*.wat` holds a module and, in comments below it, the machine instructions of its
//! functions before registers are allocated.
//!
//! ```text
//! (module …)  ─ build ─ lower ─ print ─▶ text  ═?═  the comment lines at the end of the file
//! ```
//!
//! `UPSHIFT_BLESS=1` writes the comments anew: read the difference then, line by line, since nothing here checks that the new
//! instructions mean the same. What they compute, the tests that run programs check.
//!
//! A first line `;; options: fuel interruption check level-1` or with some of these asks for more than a processor that has everything
//! and memories with guard pages.

#[path = "../../ir/tests/common/files.rs"]
mod files;

use std::fmt::Write;
use std::path::Path;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::lower::x64::lower;
use upshift_opt::mach::x64::name;
use upshift_opt::mach::{MFunc, text};
use upshift_opt::ssa::build::build;
use upshift_translate::{CodeOptions, Features, ModuleInfo, WalkBuffers, names};

use crate::files::module;

/// What the first line of a file asks for.
fn options(wat: &str, module: &ModuleInfo) -> (CodeOptions, Target) {
    let mut options = CodeOptions::default();
    let mut target = Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        memories: module.memories.iter().map(|_| MemoryMode::Guard).collect(),
        choices: false,
        counts: false,
        twins: None,
    };
    for word in files::options(wat) {
        match word {
            "fuel" => options.fuel = true,
            "interruption" => options.interruption = true,
            "check" => target.memories.fill(MemoryMode::Check),
            "level-1" => target.features = CpuFeatures::of_level(1),
            other => panic!("there is no option {other}"),
        }
    }
    (options, target)
}

/// The comments that belong below a module.
fn expectation(wat: &str) -> String {
    let module = module(wat, &Features::default());
    let (options, target) = options(wat, &module);
    let mut text = String::new();
    for own in 0..module.bodies.len() as u32 {
        let func = FuncIndex(module.imported_funcs + own);
        let title =
            names::function_name(&module, func).map_or_else(|| format!("func {}", func.0), str::to_owned);
        let ssa = build(&module, func, options, None, &mut WalkBuffers::default())
            .unwrap_or_else(|error| panic!("{title}: {error}"));
        let lowered =
            lower(&ssa, &module, &target, MFunc::default()).expect("few references live over few calls");
        write!(text, "\n;; ${title}\n").expect("writing to a String does not fail");
        for line in text::print(&lowered, None, name).lines() {
            writeln!(text, ";;   {line}").expect("writing to a String does not fail");
        }
    }
    text
}

#[test]
fn machine_instructions_are_what_the_files_say() {
    files::compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lower"), expectation);
}
