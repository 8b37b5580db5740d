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

use std::fmt::Write;
use std::fs;
use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, Mnemonic};
use similar::TextDiff;
use upshift_asm::x64::CpuFeatures;
use upshift_baseline::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::text;
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse};

fn module(wat: &str) -> ModuleInfo {
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"));
    parse(bytes.into(), &Features::default(), &TypeRegistry::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What the first line of a file asks for: `;; options:` and some of `fuel`, `interruption`, `check` for memories without guard
/// pages, `jump` for the other form of returns, and `baseline` for a processor without extensions.
fn options(wat: &str, module: &ModuleInfo) -> (CodeOptions, Target) {
    let mut options = CodeOptions::default();
    let mut memories = MemoryMode::Guard;
    let mut target = Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        memories: [].into(),
        counts: false,
        choices: false,
    };
    let line = wat.lines().next().and_then(|line| line.strip_prefix(";; options:"));
    for word in line.unwrap_or_default().split_whitespace() {
        match word {
            "fuel" => options.fuel = true,
            "interruption" => options.interruption = true,
            "check" => memories = MemoryMode::Check,
            "jump" => target.returns = Returns::Jump,
            "baseline" => target.features = CpuFeatures::BASELINE,
            word => panic!("there is no option {word}"),
        }
    }
    target.memories = module.memories.iter().map(|_| memories).collect();
    (options, target)
}

/// A line for each instruction. Distances in the object appear as the places that they lead to.
fn disassemble(at: u32, bytes: &[u8]) -> String {
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_rip_relative_addresses(false);
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_branch_leading_zeros(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_space_after_operand_separator(true);
    let mut decoder = Decoder::with_ip(64, bytes, at.into(), DecoderOptions::NONE);
    let (mut instruction, mut lines) = (Instruction::default(), String::new());
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        // What fills the room in front of the pool.
        if instruction.mnemonic() == Mnemonic::Int3 {
            continue;
        }
        let mut line = String::new();
        formatter.format(&instruction, &mut line);
        writeln!(lines, "@{:04x} {line}", instruction.ip()).expect("writing to a String does not fail");
    }
    lines
}

/// The comments that belong below a module.
fn expectation(wat: &str) -> String {
    let module = module(wat);
    let (options, target) = options(wat, &module);
    let mut text = String::new();
    for own in 0..module.bodies.len() as u32 {
        let func = FuncIndex(module.imported_funcs + own);
        let code = text::print_with(&module, func, options, &target, &mut disassemble)
            .unwrap_or_else(|error| panic!("{func:?}: {error}"));
        text.push('\n');
        // Further words of embedded instructions have their numbers, which change with the instruction table.
        for line in code.lines().filter(|line| !line.ends_with("; …")) {
            // `;` begins what is not machine code, and a comment of the format has two.
            writeln!(text, ";; {line}").expect("writing to a String does not fail");
        }
    }
    text
}

/// Splits a file into the module and the comments at its end.
fn split(file: &str) -> (&str, &str) {
    let mut end = file.len();
    for line in file.split_inclusive('\n').rev() {
        if !line.trim().is_empty() && !line.starts_with(";;") {
            break;
        }
        end -= line.len();
    }
    file.split_at(end)
}

#[test]
fn code_is_what_the_files_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("UPSHIFT_BLESS").is_some_and(|value| value == "1");
    let mut files: Vec<_> = fs::read_dir(&dir)
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    let mut differences = String::new();
    for path in files {
        let file = fs::read_to_string(&path).expect("the file can be read");
        let (wat, expected) = split(&file);
        let is = expectation(wat);
        if is == expected {
            continue;
        }
        if bless {
            fs::write(&path, format!("{wat}{is}")).expect("the file can be written");
            continue;
        }
        let diff = TextDiff::from_lines(expected, &is);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        differences += &diff.unified_diff().context_radius(4).header(&name, "code now").to_string();
    }
    assert!(differences.is_empty(), "UPSHIFT_BLESS=1 accepts this:\n{differences}");
}
