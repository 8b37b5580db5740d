//! What the builder makes of WebAssembly: each `golden/*.wat` holds a module and, in comments below it, the code of its
//! functions.
//!
//! ```text
//! (module …)  ─ parse ─ compile ─ print ─▶ text  ═?═  the comment lines at the end of the file
//! ```
//!
//! All code is also verified and read back from its text. `UPSHIFT_BLESS=1` writes the comments anew: read the difference
//! then, line by line, since nothing else checks that the new code means the same.

#[path = "common/files.rs"]
mod files;

use std::fmt::Write;
use std::path::Path;

use upshift_core::index::FuncIndex;
use upshift_ir::{compile, text, verify};
use upshift_translate::{CodeOptions, Features, ModuleInfo, names};

fn module(wat: &str) -> ModuleInfo {
    files::module(wat, &Features::default())
}

/// What the first line of a file asks for: `;; options: fuel interruption canonical-nans`, or some of these.
fn options(wat: &str) -> CodeOptions {
    let mut options = CodeOptions::default();
    for word in files::options(wat) {
        match word {
            "fuel" => options.fuel = true,
            "interruption" => options.interruption = true,
            "canonical-nans" => options.canonical_nans = true,
            other => panic!("there is no option {other}"),
        }
    }
    options
}

/// The text of a function's code, which was verified and survived the way through its text.
fn code(module: &ModuleInfo, func: FuncIndex, options: CodeOptions) -> String {
    let code = compile(module, func, options).expect("a valid function can be compiled");
    verify::verify(&code).unwrap_or_else(|error| panic!("{func:?}: {error}"));
    let printed = text::print(&code).expect("verified code can be printed");
    let read = text::parse(&printed).unwrap_or_else(|error| panic!("{func:?}: {error}\n{printed}"));
    assert_eq!(read, code, "{func:?} reads differently from its text:\n{printed}");
    printed
}

/// The comments that belong below a module.
fn expectation(module: &ModuleInfo, options: CodeOptions) -> String {
    let mut text = String::new();
    for own in 0..module.bodies.len() as u32 {
        let func = FuncIndex(module.imported_funcs + own);
        let name =
            names::function_name(module, func).map_or_else(|| format!("func {}", func.0), str::to_owned);
        write!(text, "\n;; ${name}\n").expect("writing to a String does not fail");
        for line in code(module, func, options).lines() {
            writeln!(text, ";;   {line}").expect("writing to a String does not fail");
        }
    }
    text
}

#[test]
fn code_is_what_the_files_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    files::compare(&directory, |wat| expectation(&module(wat), options(wat)));
}

/// The code of the only function of a module with this body and 33 002 locals: an `i64`, 33 000 vectors in two slots each,
/// an `i64`.
fn big_frame(signature: &str, body: &str) -> String {
    let locals = format!("i64 {} i64", "v128 ".repeat(33_000));
    let module = module(&format!("(module (func {signature} (local {locals}) {body}))"));
    // The positions of the words say nothing here.
    let lines = code(&module, FuncIndex(0), CodeOptions::default());
    let lines = lines.lines().map(|line| match line.strip_prefix('@') {
        Some(line) => line.split_once(' ').map_or("", |(_, instruction)| instruction.trim()),
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

// Slots are counted from behind the header, which has 3 and lies behind the parameters. First come 8 scratch slots, then the
// locals.

#[test]
fn slots_above_16_bits_are_copied_through_scratch_slots() {
    let code = big_frame(
        "(result i64)",
        "(local.set 33001 (i64.sub (local.get 33001) (local.get 0))) (local.get 33001)",
    );
    // Local 0 is slot 8, the vectors lie in 9 to 66008, the last local is slot 66009, the operands begin at 66010. There
    // are at most two of them. The result goes to where the first parameter would be, in front of the header.
    // Scratch slots serve the fields in their order, the result first. `copy.wide` leaves the accumulator as it is.
    let expected = "\
        frame 66012 results 1 homes 66010 scratch\n\
        zero.span s8, 66002\n\
        copy.wide s1, s66009\n\
        i64.sub s0, s1, s8\n\
        copy.wide s66010, s0\n\
        copy.wide s1, s66010\n\
        copy s0, s1\n\
        copy.wide s66009, s0\n\
        return s-3, acc";
    assert_eq!(code, expected);
}

#[test]
fn slots_near_the_header_need_no_scratch_slots() {
    let copy = |vectors: usize, from: usize, to: usize| {
        let locals = format!("{} i64 i64 i64", "v128 ".repeat(vectors));
        let module = module(&format!("(module (func (local {locals}) (local.set {to} (local.get {from}))))"));
        code(&module, FuncIndex(0), CodeOptions::default())
    };
    // A frame that is certainly small enough, with its header and whatever operands there could be.
    let near = copy(16_350, 16_350, 16_351);
    assert!(near.contains("copy s32701, s32700") && !near.contains("wide"), "{near}");
    let far = copy(16_383, 16_384, 16_385);
    assert!(far.contains(" scratch\n") && far.contains("copy.wide s1, s32775"), "{far}");
}

#[test]
fn big_frames_branch_and_call_with_wide_slots() {
    let code = big_frame(
        "(param i32) (result i32)",
        "(if (i32.lt_s (local.get 0) (i32.const 5)) (then (return (call 0 (i32.const 7))))) (i32.const 0)",
    );
    // The operands begin in slot 66010. What makes a value for it writes a scratch slot, which is copied there. Behind the
    // argument comes the header of the callee, then its frame.
    assert!(code.contains("i32.lt_s s0, s-4, 5\ncopy.wide s66010, s0\nbr_if_i32.eq acc, 0, @"), "{code}");
    assert!(code.contains("const s0, 7\ncopy.wide s66010, s0\ncall 1, s66014, "), "{code}");
}
