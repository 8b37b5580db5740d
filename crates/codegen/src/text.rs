//! Code as text, for people: the parts that look the same whichever compiler made it.

use std::fmt::Write;

use upshift_asm::{NativeCode, RelocKind};
use upshift_core::index::FuncIndex;
use upshift_core::shown::Shown;
use upshift_ir::Op;
use upshift_translate::{ModuleInfo, names};

/// How many bytes of code stand in a line.
const BYTES_IN_LINE: usize = 16;

/// Machine code in hexadecimal, each line behind the offset of its first byte. The first one is at offset `at`.
///
/// ```
/// use upshift_codegen::text::hex;
///
/// assert_eq!(hex(0x29, &[0x8b, 0x43, 0xe0]), "@0029 8b 43 e0\n");
/// ```
#[must_use]
pub fn hex(at: u32, bytes: &[u8]) -> String {
    let mut out = String::new();
    for (line, bytes) in bytes.chunks(BYTES_IN_LINE).enumerate() {
        write!(out, "@{:04x}", at as usize + line * BYTES_IN_LINE)
            .expect("writing to a String does not fail");
        for byte in bytes {
            write!(out, " {byte:02x}").expect("writing to a String does not fail");
        }
        out.push('\n');
    }
    out
}

/// The first line of a function's text: its number and name, how large it is in WebAssembly, as code and in the pool, then `rest` and
/// how many instructions of the interpreter it embeds.
#[must_use]
pub fn head(module: &ModuleInfo, func: FuncIndex, code: &NativeCode, rest: &str, embedded: u32) -> String {
    let name =
        names::function_name(module, func).map_or(String::new(), |name| format!(" `{}`", Shown::new(name)));
    let wasm = module.body(func).map_or(0, |body| body.end - body.start);
    let (machine, pool) = (code.pool, code.bytes.len() - code.pool as usize);
    let plural = if embedded == 1 { "" } else { "s" };
    format!(
        "; function {}{name}: {wasm} bytes of wasm, {machine} of code, {pool} of pool, {rest}{embedded} embedded \
         instruction{plural}\n",
        func.0,
    )
}

/// What a word of the pool is, by its relocation: an address, which `place` describes, or a constant.
#[must_use]
pub fn word(value: u64, kind: Option<RelocKind>, place: impl FnOnce(u32) -> String) -> String {
    match kind {
        Some(RelocKind::Base) => place(value as u32),
        Some(RelocKind::Stub(stub)) => format!("address of the stub {stub:?}"),
        Some(RelocKind::Handler(number)) => {
            let op = Op::ALL.get(usize::from(number));
            format!("handler of {}", op.map_or("nothing", |op| op.text()))
        }
        None => format!("constant {value}"),
    }
}
