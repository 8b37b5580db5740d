//! Machine code as text in golden files, which both compilers have.
//!
//! In: code of one function, or its text with [`disassemble`]'s lines in it. Out: comment lines. No address or number in them depends
//! on where the code lies or on the interpreter's instruction table.

use std::fmt::Write;

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, Mnemonic};
use upshift_core::index::FuncIndex;
use upshift_translate::ModuleInfo;

/// A line for each instruction, and `(bad)` for bytes that are none, as tables of branches. Distances in the object appear as the places
/// that they lead to.
pub(crate) fn disassemble(at: u32, bytes: &[u8]) -> String {
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

/// The comments that belong below a module: the text that `print` makes of each of its functions.
pub(crate) fn comments(module: &ModuleInfo, mut print: impl FnMut(FuncIndex) -> String) -> String {
    let mut text = String::new();
    for own in 0..module.bodies.len() as u32 {
        let code = print(FuncIndex(module.imported_funcs + own));
        text.push('\n');
        // Further words of embedded instructions have their numbers, which change with the instruction table.
        for line in code.lines().filter(|line| !line.ends_with("; …")) {
            // `;` begins what is not machine code, and a comment of the format has two.
            writeln!(text, ";; {line}").expect("writing to a String does not fail");
        }
    }
    text
}
