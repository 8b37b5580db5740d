//! From names and positions in a module to what the programmer wrote.
//!
//! ```text
//! name section ─ demangle ─▶ readable name
//! .debug_* custom sections ─ DWARF ─▶ file, line and column of a position, and the functions inlined there
//! ```
//!
//! Everything is read when somebody asks. Debug information is no part of validation: what cannot be read is left out.

use std::borrow::Cow;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use upshift_translate::ModuleInfo;

use crate::module::Module;

/// A function of the source program at a position of a wasm function, by the module's debug information (DWARF).
/// Comes from [`FrameInfo::symbols`](crate::FrameInfo::symbols).
///
/// ```
/// use upshift::{Engine, Instance, Module, Store, WasmBacktrace};
///
/// // A C++ program that divides by the parameter of `run`.
/// let engine = Engine::default();
/// let module = Module::from_file(&engine, "tests/fixtures/debug.wasm")?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let error = instance.get_typed_func::<i32, i32>(&mut store, "run")?.call(&mut store, 0).unwrap_err();
/// let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
/// let symbols = backtrace.frames()[0].symbols();
/// assert_eq!(symbols[0].name(), Some("shop::Shelf::divide(int, int)"));
/// assert_eq!(symbols[0].line(), Some(16));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameSymbol {
    name: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

impl FrameSymbol {
    /// The function's name, demangled.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The source file, as the compiler was given it.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, counted from 1.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.column
    }
}

/// The name as it was in the source, for the manglings of Rust and C++; Rust's hashes are left out.
pub(crate) fn demangle(name: &str) -> Cow<'_, str> {
    if let Ok(demangled) = rustc_demangle::try_demangle(name) {
        return format!("{demangled:#}").into();
    }
    if name.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::Symbol::new(name)
        && let Ok(demangled) = symbol.demangle()
    {
        return demangled.into();
    }
    name.into()
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The debug information of a module.
pub(crate) struct DebugInfo<'a> {
    context: Context<Slice<'a>>,
    code_start: u64,
}

impl<'a> DebugInfo<'a> {
    /// `None` if the module has none that can be read.
    pub(crate) fn of(module: &'a Module) -> Option<DebugInfo<'a>> {
        let info = module.info();
        let load = |id: SectionId| Ok::<_, addr2line::gimli::Error>(section(info, id.name()));
        if section(info, SectionId::DebugInfo.name()).is_empty() {
            return None;
        }
        let context = Context::from_dwarf(Dwarf::load(load).ok()?).ok()?;
        Some(DebugInfo { context, code_start: u64::from(info.code_start) })
    }

    /// The functions at a position of the module, the innermost inlined one first.
    pub(crate) fn symbols(&self, module_offset: usize) -> Vec<FrameSymbol> {
        let mut symbols = Vec::new();
        let Some(address) = (module_offset as u64).checked_sub(self.code_start) else { return symbols };
        let Ok(mut frames) = self.context.find_frames(address).skip_all_loads() else { return symbols };
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let location = frame.location.as_ref();
            symbols.push(FrameSymbol {
                name: name.map(|name| demangle(&name).into_owned()),
                file: location.and_then(|location| location.file).map(str::to_owned),
                line: location.and_then(|location| location.line).filter(|&line| line > 0),
                column: location.and_then(|location| location.column).filter(|&column| column > 0),
            });
        }
        symbols
    }
}

/// The contents of a custom section; empty if there is none.
fn section<'a>(info: &'a ModuleInfo, name: &str) -> Slice<'a> {
    let found = info.customs.iter().find(|(at, _)| info.slice(at) == name.as_bytes());
    EndianSlice::new(found.map_or(&[], |(_, contents)| info.slice(contents)), LittleEndian)
}

#[cfg(test)]
mod tests {
    use super::demangle;

    #[test]
    fn names_of_rust_and_cpp_are_readable() {
        assert_eq!(demangle("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(demangle("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
        assert_eq!(demangle("_ZN4Shop2atIlEEiT_"), "int Shop::at<long>(long)");
        for name in ["main", "_start", "_Znonsense", "_R", "", "ä"] {
            assert_eq!(demangle(name), name);
        }
    }
}
