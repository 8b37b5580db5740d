//! The code of a function as text, for people: machine code beside the operators that it does, and what the words of the pool are.
//!
//! ```text
//! ; function 0 `double`: 7 bytes of wasm, 52 of code, 16 of pool, 0 embedded instructions
//! ; entry
//! @0000 48 83 c4 08 48 8d 8b 00 00 00 00 49 3b 4e 10 77
//! ; 0x29 local.get 0
//! ; 0x2b i32.const 1
//! ; 0x2d i32.shl
//! @0012 8b 43 e0 d1 e0
//! …
//! ; pool
//! @0040 0000000000000000 ; frame of 0 bytes
//! @0048 0000000000000030 ; address of @0030: entry from the interpreter
//! ```
//! What is not machine code follows `;`. Cold paths and ways in from other tiers stand below the operator that they belong to. An
//! operator without code is done together with one behind it, or does nothing. Nothing here needs the processor that the code is
//! for.

use std::collections::BTreeMap;
use std::fmt::Write;

use upshift_asm::{Reloc, RelocKind};
use upshift_codegen::Target;
use upshift_codegen::text::{head, hex, word};
use upshift_core::index::FuncIndex;
use upshift_ir::decode::decode;
use upshift_ir::text;
use upshift_translate::{CodeOptions, ModuleInfo, TranslateError, listing};

use crate::{BaselineCode, compile, positions};

/// The code of a function, with its bytes in hexadecimal.
///
/// # Errors
/// As [`compile`].
///
/// # Panics
/// When `func` is an import.
pub fn print(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
) -> Result<String, TranslateError> {
    print_with(module, func, options, target, &mut hex)
}

/// The code of a function, with the lines that `disassemble` makes of instructions and their offset.
///
/// # Errors
/// As [`compile`].
///
/// # Panics
/// When `func` is an import.
pub fn print_with(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
    disassemble: &mut dyn FnMut(u32, &[u8]) -> String,
) -> Result<String, TranslateError> {
    let code = compile(module, func, options, target)?;
    let operators = listing(module, func)?;
    let mut out = head(module, func, &code.code, "", code.embedded);
    let positions = positions(module, func, options, target)?;
    let parts = Parts::new(&code, &operators, &positions);
    parts.print(&operators, disassemble, &mut out);
    if (code.code.pool as usize) < code.code.bytes.len() {
        out.push_str("; pool\n");
        Pool { code: &code, operators: &operators, positions: &positions, parts: &parts, at: code.code.pool }
            .print(&mut out);
    }
    Ok(out)
}

/// A stretch of code.
struct Part {
    start: u32,
    end: u32,
    title: Option<String>,
}

/// The code in stretches, by the operators that they belong to.
struct Parts<'a> {
    code: &'a BaselineCode,
    /// Before all operators.
    entry: Vec<Part>,
    of_operators: Vec<Vec<Part>>,
    /// What has a purpose of its own.
    titles: BTreeMap<u32, String>,
}

/// The number of the operator that a position belongs to.
fn operator_at(operators: &[(u32, String)], positions: &[(u32, u32)], position: u32) -> Option<usize> {
    let behind = positions.partition_point(|&(start, _)| start <= position);
    let (_, offset) = positions[behind.checked_sub(1)?];
    operators.binary_search_by_key(&offset, |&(at, _)| at).ok()
}

impl<'a> Parts<'a> {
    fn new(code: &'a BaselineCode, operators: &[(u32, String)], positions: &[(u32, u32)]) -> Parts<'a> {
        let titles = titles(code);
        let pool = code.code.pool;
        let mut starts: Vec<u32> = positions.iter().map(|&(start, _)| start).collect();
        starts.extend(code.owners.iter().map(|&(start, _)| start));
        starts.extend(titles.keys());
        starts.extend([0, code.main, pool]);
        starts.retain(|&start| start <= pool);
        starts.sort_unstable();
        starts.dedup();
        let mut parts = Parts { code, entry: Vec::new(), of_operators: Vec::new(), titles };
        parts.of_operators.resize_with(operators.len(), Vec::new);
        for pair in starts.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let title = parts.titles.get(&start).cloned();
            let title = title.or_else(|| (start >= code.main).then(|| "behind the main line".to_string()));
            let place = match operator_at(operators, positions, code.position(start)) {
                Some(operator) => &mut parts.of_operators[operator],
                None => &mut parts.entry,
            };
            place.push(Part { start, end, title });
        }
        parts
    }

    fn print(
        &self,
        operators: &[(u32, String)],
        disassemble: &mut dyn FnMut(u32, &[u8]) -> String,
        out: &mut String,
    ) {
        let mut print = |parts: &[Part], out: &mut String| {
            for Part { start, end, title } in parts {
                if let Some(title) = title {
                    writeln!(out, ";   {title}").expect("writing to a String does not fail");
                }
                out.push_str(&disassemble(*start, &self.code.code.bytes[*start as usize..*end as usize]));
            }
        };
        print(&self.entry, out);
        for ((offset, text), parts) in operators.iter().zip(&self.of_operators) {
            writeln!(out, "; {offset:#x} {text}").expect("writing to a String does not fail");
            print(parts, out);
        }
    }

    /// A place in the object, and what is there.
    fn place(&self, at: u32) -> String {
        match self.titles.get(&at) {
            Some(title) => format!("address of @{at:04x}: {title}"),
            None => format!("address of @{at:04x}"),
        }
    }
}

/// What begins where in the code, as far as words of the pool or the object say so.
fn titles(code: &BaselineCode) -> BTreeMap<u32, String> {
    let target = |word: u32| code.code.word(word) as u32;
    let mut titles = BTreeMap::new();
    titles.insert(code.native_entry, "entry with arguments in slots".to_string());
    titles.insert(code.reg_entry, "entry from native code".to_string());
    titles.insert(target(code.entry + 8), "entry from the interpreter".to_string());
    for (number, &word) in code.loops.iter().enumerate() {
        if word != 0 {
            titles.insert(target(word), format!("loop {number}, from the interpreter"));
        }
    }
    // A call's second word is a landing that calls share.
    for pair in code.code.relocs.windows(2).filter(|pair| is_call(code, pair)) {
        titles.insert(target(pair[1].at), "calls return from the interpreter".to_string());
    }
    for clause in code.handlers.handlers.iter().flat_map(|handler| &handler.clauses) {
        titles.insert(target(clause.target), "exceptions arrive".to_string());
    }
    titles
}

/// Whether two words are those that a call returns through: the first two of what belongs to a position, or the end of an
/// instruction of the interpreter that calls.
fn is_call(code: &BaselineCode, pair: &[Reloc]) -> bool {
    let [first, second] = pair else { return false };
    let places = first.kind == RelocKind::Base && second.kind == RelocKind::Base && second.at == first.at + 8;
    // Both lead to the landing of the call: one to its begin, the other to code that goes on there.
    let begins = |at: u32| code.owners.binary_search_by_key(&at, |&(start, _)| start).is_ok();
    places
        && (begins(first.at) || !begins(second.at))
        && code.code.word(second.at) >= code.main.into()
        && code.code.word(first.at) < code.main.into()
}

/// The words of the pool, one after the other.
struct Pool<'a> {
    code: &'a BaselineCode,
    operators: &'a [(u32, String)],
    positions: &'a [(u32, u32)],
    parts: &'a Parts<'a>,
    /// The next word.
    at: u32,
}

impl Pool<'_> {
    fn print(mut self, out: &mut String) {
        while (self.at as usize) < self.code.code.bytes.len() {
            if self.code.owners.binary_search_by_key(&self.at, |&(start, _)| start).is_ok() {
                let position = self.code.position(self.at);
                if let Some(operator) = operator_at(self.operators, self.positions, position) {
                    let (offset, text) = &self.operators[operator];
                    writeln!(out, "; {offset:#x} {text}").expect("writing to a String does not fail");
                }
                if self.kind() == Some(RelocKind::Base) && self.kind_behind() == Some(RelocKind::Base) {
                    self.call(out);
                    continue;
                }
            }
            if let Ok(table) = self.code.tables.binary_search_by_key(&self.at, |&(at, _)| at) {
                self.table(self.code.tables[table], out);
                continue;
            }
            match self.kind() {
                Some(RelocKind::Handler(_)) => self.embedded(out),
                _ => self.word(out, None),
            }
        }
    }

    fn kind_at(&self, at: u32) -> Option<RelocKind> {
        let relocs = &self.code.code.relocs;
        let found = relocs.binary_search_by_key(&at, |reloc| reloc.at).ok()?;
        Some(relocs[found].kind)
    }

    fn kind(&self) -> Option<RelocKind> {
        self.kind_at(self.at)
    }

    fn kind_behind(&self) -> Option<RelocKind> {
        self.kind_at(self.at + 8)
    }

    /// The next word, and what it is.
    fn word(&mut self, out: &mut String, what: Option<&str>) {
        let value = self.code.code.word(self.at);
        let meaning = match (what, self.kind()) {
            (Some(what), _) => what.to_string(),
            (None, None) if self.at == self.code.entry => format!("preamble: frame of {value} bytes"),
            (None, kind) => word(value, kind, |at| self.parts.place(at)),
        };
        writeln!(out, "@{:04x} {value:016x} ; {meaning}", self.at)
            .expect("writing to a String does not fail");
        self.at += 8;
    }

    /// A table of branches, two entries in each word.
    fn table(&mut self, (begin, entries): (u32, u32), out: &mut String) {
        let code = &self.code.code;
        let place = |entry: u32| {
            let word = code.word(begin + entry / 2 * 8);
            let distance = (word >> (entry % 2 * 32)) as u32;
            format!("@{:04x}", begin.wrapping_add(distance))
        };
        for first in (0..entries).step_by(2) {
            let places: Vec<String> = (first..entries.min(first + 2)).map(place).collect();
            self.word(out, Some(&format!("table leads to {}", places.join(" and "))));
        }
    }

    /// The two words that a call returns through.
    fn call(&mut self, out: &mut String) {
        let place = self.code.code.word(self.at) as u32;
        self.word(out, Some(&format!("native code returns to @{place:04x}")));
        if self.kind() == Some(RelocKind::Base) {
            let place = self.code.code.word(self.at) as u32;
            self.word(out, Some(&format!("the interpreter returns by @{place:04x}")));
        }
    }

    /// An instruction of the interpreter, and the word behind it if that says where to go on.
    fn embedded(&mut self, out: &mut String) {
        let bytes = &self.code.code.bytes[self.at as usize..];
        let words: Vec<u64> = bytes
            .chunks_exact(8)
            .take(MOST_WORDS)
            .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")))
            .collect();
        let Ok(instr) = decode(&words, 0) else { return self.word(out, None) };
        // The last word of a call says where native code returns to.
        let own = instr.len - usize::from(instr.op.returns_here());
        self.word(out, Some(&text::instruction(&instr)));
        for _ in 1..own {
            self.word(out, Some("…"));
        }
        if instr.op.returns_here() {
            self.call(out);
        }
    }
}

/// More words than any instruction without targets has.
const MOST_WORDS: usize = 32;
