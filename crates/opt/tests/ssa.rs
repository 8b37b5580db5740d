//! What the builder makes of WebAssembly: each `ssa/*.wat` holds a module and, in comments below it, the SSA of its functions.
//!
//! ```text
//! (module …)  ─ parse ─ build, verify ─ print ─▶ text  ═?═  the comment lines at the end of the file
//! ```
//!
//! All SSA is also read back from its text. `UPSHIFT_BLESS=1` writes the comments anew: read the difference then, line by line,
//! since nothing here checks that the new code means the same.

#[path = "../../ir/tests/common/files.rs"]
mod files;

use std::fmt::Write;
use std::path::Path;

use upshift_core::index::FuncIndex;
use upshift_opt::ssa::{Func, build, parse, text, verify};
use upshift_translate::{CodeOptions, Features, ModuleInfo, WalkBuffers, names};

use crate::files::module;

/// What the first line of a file asks for: `;; options: fuel interruption canonical-nans osr`, or some of these; `osr` adds the bodies
/// for entry at each loop.
fn options(wat: &str) -> (CodeOptions, bool) {
    let (mut options, mut osr) = (CodeOptions::default(), false);
    for word in files::options(wat) {
        match word {
            "fuel" => options.fuel = true,
            "interruption" => options.interruption = true,
            "canonical-nans" => options.canonical_nans = true,
            "osr" => osr = true,
            other => panic!("there is no option {other}"),
        }
    }
    (options, osr)
}

/// The text of SSA, which was verified and survived the way through its text. Where things lie in the module is left out.
fn printed(module: &ModuleInfo, func: &Func) -> String {
    let name = func.index;
    verify::verify(func, Some(module)).unwrap_or_else(|error| panic!("{name}: {error}\n{func}"));
    let printed = text::print(func);
    let read = parse::parse(&printed).unwrap_or_else(|error| panic!("{name}: {error}\n{printed}"));
    assert_eq!(text::print(&read), printed, "{name} reads differently from its text");
    let lines = printed.lines().map(|line| line.split_once(';').map_or(line, |(code, _)| code).trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// The comments that belong below a module.
fn expectation(wat: &str) -> String {
    let module = module(wat, &Features::all());
    let (options, osr) = options(wat);
    let mut text = String::new();
    for own in 0..module.bodies.len() as u32 {
        let func = FuncIndex(module.imported_funcs + own);
        let name =
            names::function_name(&module, func).map_or_else(|| format!("func {}", func.0), str::to_owned);
        let build = |osr| build::build(&module, func, options, osr, &mut WalkBuffers::default());
        let whole = build(None).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut bodies = vec![whole];
        if osr {
            bodies.extend((0..).map_while(|number| build(Some(number)).ok()));
        }
        for body in bodies {
            write!(text, "\n;; ${name}\n").expect("writing to a String does not fail");
            for line in printed(&module, &body).lines() {
                writeln!(text, ";;   {line}").expect("writing to a String does not fail");
            }
        }
    }
    text
}

#[test]
fn ssa_is_what_the_files_say() {
    files::compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ssa"), expectation);
}
