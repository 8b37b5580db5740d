//! Optimized code of a function as text, for people: machine code beside the operators that it comes from, and the words of the pool.
//!
//! ```text
//! ; function 0 `double`: 7 bytes of wasm, 30 of code, 16 of pool, 0 spilled, 0 embedded instructions
//! @0000 48 83 c4 08 8d 04 3f
//! ; 0x2d i32.load
//! @0007 8b 44 07 10
//! …
//! ; pool
//! @0030 0000000000000000 ; preamble
//! ```
//! Only calls, accesses and traps say where they come from; other code stands where the compiler has put it. The form is that of
//! `upshift_baseline::text` otherwise.

use std::fmt::Write;

use upshift_codegen::Target;
use upshift_codegen::text::{head, hex, word};
use upshift_core::index::FuncIndex;
use upshift_translate::{CodeOptions, ModuleInfo, listing};

use crate::code::{Inlined, OptCode, PassSet, Reason, Refusal, Request, Spot};

/// The code of a function, with its bytes in hexadecimal.
///
/// # Errors
/// As [`compile`](fn@crate::compile).
///
/// # Panics
/// When `func` is an import.
pub fn print(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
) -> Result<String, Refusal> {
    print_with(module, func, options, target, PassSet::default(), &mut hex)
}

/// The code of a function without some of the passes, with the lines that `disassemble` makes of instructions and their offset.
///
/// # Errors
/// As [`compile`](fn@crate::compile).
///
/// # Panics
/// When `func` is an import.
pub fn print_with(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
    off: PassSet,
    disassemble: &mut dyn FnMut(u32, &[u8]) -> String,
) -> Result<String, Refusal> {
    let code = crate::compile(module, func, options, target, Request { off, ..Request::default() })?;
    let mut operators = vec![Operators::of(module, func, None)?];
    for inlined in &code.inlined {
        if !operators.iter().any(|known| known.func == Some(inlined.func)) {
            operators.push(Operators::of(module, inlined.func, Some(inlined.func))?);
        }
    }
    let mut out =
        head(module, func, &code.code, &format!("{} spilled, ", code.stats.spills), code.stats.embedded);
    print_code(&code, &operators, disassemble, &mut out);
    if (code.code.pool as usize) < code.code.bytes.len() {
        out.push_str("; pool\n");
        print_pool(&code, &mut out);
    }
    Ok(out)
}

/// The operators of a function, by their offsets.
struct Operators {
    /// Which function that is, if not the one that the code is of.
    func: Option<FuncIndex>,
    listing: Vec<(u32, String)>,
}

impl Operators {
    fn of(module: &ModuleInfo, func: FuncIndex, other: Option<FuncIndex>) -> Result<Operators, Refusal> {
        let listing = listing(module, func).map_err(|error| Refusal {
            reason: Reason::Translation,
            offset: error.offset as u32,
            detail: error.reason.into(),
        })?;
        Ok(Operators { func: other, listing })
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a String does not fail");
}

fn print_code(
    code: &OptCode,
    operators: &[Operators],
    disassemble: &mut dyn FnMut(u32, &[u8]) -> String,
    out: &mut String,
) {
    let mut titles = titles(code);
    for &(position, spot) in &code.positions {
        titles.push((position, place(spot, code, operators)));
    }
    // Titles of the same place stay in their order.
    titles.sort_by_key(|&(at, _)| at);
    let mut start = 0;
    for (at, title) in titles.iter().map(|(at, title)| (*at, Some(title))).chain([(code.code.pool, None)]) {
        if at > start {
            out.push_str(&disassemble(start, &code.code.bytes[start as usize..at as usize]));
            start = at;
        }
        if let Some(title) = title {
            line(out, format_args!("; {title}"));
        }
    }
}

/// The operator at a place. Behind that of another function are the function and the calls that led there.
fn place(spot: Spot, code: &OptCode, operators: &[Operators]) -> String {
    let text = |func: Option<FuncIndex>, offset: u32| {
        let of = operators.iter().find(|of| of.func == func)?;
        let at = of.listing.binary_search_by_key(&offset, |&(at, _)| at).ok()?;
        Some(of.listing[at].1.as_str())
    };
    let mut title = String::new();
    for inlined in spot.chain(&code.inlined) {
        let separator = if title.is_empty() { "" } else { " < " };
        let Inlined { func, offset, .. } = *inlined;
        let text = text(Some(func), offset).unwrap_or("");
        write!(title, "{separator}{offset:#x} {text} in {func}").expect("writing to a String does not fail");
    }
    if !title.is_empty() {
        title.push_str(" < ");
    }
    let offset = spot.offset(&code.inlined);
    write!(title, "{offset:#x} {}", text(None, offset).unwrap_or(""))
        .expect("writing to a String does not fail");
    title
}

/// The entries of the code.
fn titles(code: &OptCode) -> Vec<(u32, String)> {
    let arrival = code.code.word(code.entry + 8) as u32;
    if code.reg_entry == 0 {
        return vec![(arrival, "entry at the head of the loop".into())];
    }
    vec![
        (code.native_entry, "entry from native code".into()),
        (code.reg_entry, "entry with arguments in registers".into()),
        (arrival, "entry from the interpreter".into()),
    ]
}

fn print_pool(code: &OptCode, out: &mut String) {
    let (end, relocs) = (code.code.bytes.len() as u32 / 8 * 8, &code.code.relocs);
    for at in (code.code.pool..end).step_by(8) {
        let value = code.code.word(at);
        let reloc = relocs.binary_search_by_key(&at, |reloc| reloc.at).ok().map(|found| relocs[found].kind);
        let meaning = match reloc {
            None if code.entry == at => format!("preamble: frame of {value} bytes"),
            kind => word(value, kind, |at| format!("address of @{at:04x}")),
        };
        line(out, format_args!("@{at:04x} {value:016x} ; {meaning}"));
    }
}
