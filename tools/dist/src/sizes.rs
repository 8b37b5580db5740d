//! The ledger of the static release: how many bytes of code and constants each crate has in it, and whether that grew.
//!
//! ```text
//! the linker's map ─ sections ─▶ crate of the symbol ─▶ bytes per crate ═?═ tools/dist/sizes.yaml ─▶ lines, or what grew
//! ```
//!
//! A generic function counts to the crate that its path begins with, wherever it was instantiated; constants without a name
//! are one line, as nothing tells whose they are. The map is written by the build itself, so the program that is measured is
//! the one that is handed out, without its symbols.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Result;

/// By how many percent a crate or the whole may grow before the ledger has to be written again.
const LEEWAY: u64 = 5;

/// What does not count: an update of a dependency or of the compiler moves small crates by that.
const NOISE: u64 = 2048;

/// The most bytes that the program's file may have.
pub(crate) const LIMIT: u64 = 4_080_000;

/// The same for `upshift-cells`.
pub(crate) const CELLS_LIMIT: u64 = 9_500_000;

/// Sections of the program that count, by how their names begin.
const COUNTED: [&str; 3] = [".text", ".rodata", ".data.rel.ro"];

/// The line of constants that have no name.
const CONSTANTS: &str = "(constants)";
/// The line of the C library.
const LIBC: &str = "(libc)";
/// The line of functions and tables with names that are no paths of Rust.
const OTHER: &str = "(other)";

/// Bytes per crate.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sizes(BTreeMap<String, u64>);

impl Sizes {
    /// Adds up what lld says in its map.
    ///
    /// # Errors
    /// If this is no such map.
    pub(crate) fn of_map(map: &str) -> Result<Sizes> {
        let mut lines = map.lines();
        let titles = lines.next().unwrap_or_default();
        let (Some(size), Some(out)) = (titles.find("Size"), titles.find("Out")) else {
            return Err("the linker's map does not begin as lld's do".into());
        };
        let mut sizes = Sizes::default();
        let mut counted = false;
        // The section that was read last, whose line is in front of those of its symbols.
        let mut pending: Option<(u64, &str)> = None;
        for line in lines {
            // Columns are aligned to the right, the last one is indented: output section, input section, symbol.
            let Some((numbers, what)) = line.split_at_checked(out) else { continue };
            let name = what.trim_start();
            match what.len() - name.len() {
                0 => {
                    sizes.add(pending.take(), None);
                    counted = COUNTED.iter().any(|section| name.starts_with(section));
                }
                8 if counted => {
                    sizes.add(pending.take(), None);
                    let column = numbers.get(size.saturating_sub(5)..size + 4).unwrap_or_default();
                    let bytes = u64::from_str_radix(column.trim(), 16).map_err(|error| {
                        format!("the linker's map has a line without a size: {error}: {line}")
                    })?;
                    pending = Some((bytes, name));
                }
                16 if counted => sizes.add(pending.take(), Some(name)),
                _ => {}
            }
        }
        sizes.add(pending, None);
        if sizes.total() == 0 {
            return Err("the linker's map names no code".into());
        }
        Ok(sizes)
    }

    /// Counts an input section, whose first symbol this is.
    fn add(&mut self, section: Option<(u64, &str)>, symbol: Option<&str>) {
        let Some((bytes, section)) = section else { return };
        *self.0.entry(owner(section, symbol)).or_default() += bytes;
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Reads what [`Sizes::to_yaml`] wrote.
    ///
    /// # Errors
    /// If a line is no name with a number.
    pub(crate) fn of_yaml(text: &str) -> Result<Sizes> {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let entries = lines.map(|line| {
            let (name, bytes) = line.split_once(": ").ok_or_else(|| format!("no `name: bytes`: {line}"))?;
            let bytes = bytes.parse().map_err(|error| format!("{error}: {line}"))?;
            Ok((name.trim_matches('"').to_owned(), bytes))
        });
        entries.collect::<Result<_>>().map(Sizes)
    }

    /// The ledger's text.
    pub(crate) fn to_yaml(&self, compiler: &str) -> String {
        let mut text = format!(
            "# Bytes of code and constants per crate in the static release: `UPSHIFT_BLESS=1 cargo dist sizes` writes this.\n\
             # By {compiler}.\n"
        );
        for (name, bytes) in &self.0 {
            let _ = match name.starts_with('(') {
                true => writeln!(text, "\"{name}\": {bytes}"),
                false => writeln!(text, "{name}: {bytes}"),
            };
        }
        text
    }

    /// What is there now beside what the ledger says: a line for each crate that changed much, and whether any grew too much.
    pub(crate) fn compare(&self, ledger: &Sizes) -> (String, bool) {
        let mut text = String::new();
        let mut grown = false;
        let names = self.0.keys().chain(ledger.0.keys().filter(|name| !self.0.contains_key(*name)));
        let bytes = |sizes: &Sizes, name| sizes.0.get(name).copied().unwrap_or(0);
        let rows = names.map(|name| (name.as_str(), bytes(ledger, name), bytes(self, name)));
        for (name, before, now) in rows.chain([("in all", ledger.total(), self.total())]) {
            let too_much = now > before + (before * LEEWAY / 100).max(NOISE);
            grown |= too_much;
            if too_much || before > now + (before * LEEWAY / 100).max(NOISE) {
                let verdict = if too_much { ": more than the ledger allows" } else { "" };
                let _ = writeln!(text, "{name}: {before} → {now} bytes{verdict}");
            }
        }
        let _ = writeln!(text, "{} bytes of code and constants in {} crates", self.total(), self.0.len());
        (text, grown)
    }
}

/// Which line of the ledger a section belongs to: by its name, which ends with that of the function or table that it was made
/// for, else by its first symbol.
fn owner(section: &str, symbol: Option<&str>) -> String {
    // `file:(section)`, where the file may be `archive(member)`.
    let (file, section) = section.rsplit_once(":(").unwrap_or(("", section));
    if ["libc.a", "crt1.o", "rcrt1.o", "crti.o", "crtn.o", "crtbegin", "crtend"]
        .iter()
        .any(|part| file.contains(part))
    {
        return LIBC.to_owned();
    }
    let names = ["._R", "._ZN"].iter().filter_map(|start| Some(&section[section.find(start)? + 1..]));
    let names = names.map(|name| name.trim_end_matches(')')).chain(symbol);
    if let Some(path) = names.filter_map(|name| rustc_demangle::try_demangle(name).ok()).next() {
        return krate(&format!("{path:#}")).to_owned();
    }
    if file.contains("compiler_builtins") {
        return "compiler_builtins".to_owned();
    }
    if section.starts_with(".text") || symbol.is_some() { OTHER.to_owned() } else { CONSTANTS.to_owned() }
}

/// The crate of a path. That of `<a::Type as b::Trait>::method` is `a`, or `b` where the type is of no crate.
fn krate(path: &str) -> &str {
    let Some(inner) = path.strip_prefix('<') else { return first(path).unwrap_or(OTHER) };
    let (ty, of_trait) = inner.split_once(" as ").unwrap_or((inner, ""));
    first(ty).or_else(|| first(of_trait)).unwrap_or("core")
}

/// The first name of a path behind what makes a reference, a pointer, a slice or the like of its type.
fn first(ty: &str) -> Option<&str> {
    let mut ty = ty;
    loop {
        let rest = ty.trim_start_matches(['<', '&', '*', '[', '(']);
        let rest = ["mut ", "const ", "dyn "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
        if rest.len() == ty.len() {
            break;
        }
        ty = rest;
    }
    let name = ty.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    (!name.is_empty() && ty[name.len()..].starts_with("::")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{CONSTANTS, LIBC, NOISE, OTHER, Sizes, krate};

    const MAP: &str = r"             VMA              LMA     Size Align Out     In      Symbol
               0                0      1a0    16 .rodata
               0                0      100    16         /x/upshift.o:(.rodata..Lanon.1.2)
             100              100       a0    16         /x/upshift.o:(.rodata._ZN12upshift_core3ops5TABLE17h0123456789abcdefE)
             100              100       a0     1                 _ZN12upshift_core3ops5TABLE17h0123456789abcdefE
             200              200       10     4         /x/upshift.o:(.rodata._ZN12upshift_core3ops4eval17h0123456789abcdefE)
            1000             1000      700    16 .text
            1000             1000      400    16         /x/upshift.o:(.text._ZN14upshift_interp4tail7handler17h0123456789abcdefE)
            1000             1000      400     1                 _ZN14upshift_interp4tail7handler17h0123456789abcdefE
            1400             1400      100    16         /x/upshift.o:(.text.copy)
            1400             1400       80     1                 copy
            1480             1480       80     1                 copy_more
            1500             1500      200    16         /lib/libc.a(memchr.lo):(.text.memchr)
            1500             1500      200     1                 memchr
            3000             3000       40     8 .bss
            3000             3000       40     8         /x/upshift.o:(.bss.x)
            3000             3000       40     1                 _ZN12upshift_core1x17h0123456789abcdefE
";

    fn sizes(entries: &[(&str, u64)]) -> Sizes {
        Sizes(entries.iter().map(|&(name, bytes)| (name.to_owned(), bytes)).collect())
    }

    #[test]
    fn a_section_counts_once_to_the_crate_of_its_symbol() {
        let expected = [
            (CONSTANTS, 0x100),
            (LIBC, 0x200),
            (OTHER, 0x100),
            ("upshift_core", 0xb0),
            ("upshift_interp", 0x400),
        ];
        assert_eq!(Sizes::of_map(MAP).unwrap(), sizes(&expected));
    }

    #[test]
    fn what_is_no_map_is_an_error() {
        assert!(Sizes::of_map("").is_err());
        assert!(Sizes::of_map("Memory map\n").is_err());
        assert!(Sizes::of_map(MAP.lines().next().unwrap()).is_err());
    }

    #[test]
    fn the_ledger_reads_as_it_was_written() {
        let sizes = Sizes::of_map(MAP).unwrap();
        assert_eq!(Sizes::of_yaml(&sizes.to_yaml("rustc")).unwrap(), sizes);
        assert!(Sizes::of_yaml("upshift_core 7\n").is_err());
        assert!(Sizes::of_yaml("upshift_core: many\n").is_err());
    }

    #[test]
    fn generic_code_counts_to_the_crate_of_its_path() {
        for (path, expected) in [
            ("upshift_interp::dispatch::tail::handler", "upshift_interp"),
            ("<alloc::vec::Vec<upshift::Val> as core::ops::drop::Drop>::drop", "alloc"),
            ("<&mut upshift_ir::build::Builder as upshift_translate::Backend>::copy", "upshift_ir"),
            ("<T as core::convert::Into<U>>::into", "core"),
            ("<&[u8] as std::io::Read>::read", "std"),
            ("<dyn core::any::Any>::is", "core"),
            ("<[T]>::sort", "core"),
        ] {
            assert_eq!(krate(path), expected, "{path}");
        }
    }

    #[test]
    fn growth_beyond_the_leeway_fails() {
        let ledger = sizes(&[("large", 1_000_000), ("small", 1000)]);
        let grown = |large, small| sizes(&[("large", large), ("small", small)]).compare(&ledger).1;
        assert!(
            !grown(1_000_000, 1000)
                && !grown(1_050_000, 1000)
                && !grown(1_000_000, 1000 + NOISE)
                && !grown(10, 10)
        );
        assert!(grown(1_050_001, 1000));
        assert!(grown(1_000_000, 1001 + NOISE));
        // A crate that the ledger does not know.
        assert!(sizes(&[("large", 900_000), ("new", 1 + NOISE)]).compare(&ledger).1);
        // No crate grows too much, but all of them together do.
        let many = |bytes| Sizes((0..100).map(|n| (format!("crate{n}"), bytes)).collect());
        assert!(many(1000 + NOISE).compare(&many(1000)).1);
    }
}
