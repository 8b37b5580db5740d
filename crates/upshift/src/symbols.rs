//! From positions in a module to places in its source, by the module's debug information (DWARF 4 and 5, section 6.2, "Line
//! Number Information").
//!
//! ```text
//! offsets in the module ─▶ addresses in the code section ─ one pass over `.debug_line` ─▶ file, line, column
//! ```
//!
//! It is read when somebody asks. Modules may lie in it, so nothing is followed: the line programs are read one after the
//! other, once, which takes time and memory in proportion to the section. What cannot be read is left out.

use gimli::{
    DebugLine, DebugLineOffset, Dwarf, EndianSlice, LineProgramHeader, LineRow, LittleEndian, Reader,
    ReaderOffset, SectionId,
};
use upshift_translate::ModuleInfo;

/// Sections larger than this are not read.
const MAX_SECTION: usize = 64 << 20;
/// Tables of file names larger than this are not read: they become a hundred times as large in memory.
const MAX_TABLES: u64 = 1 << 20;
/// Longer paths are no paths.
const MAX_PATH: usize = 4096;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// A place in the source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceLocation {
    file: String,
    line: u32,
    column: Option<u32>,
}

impl SourceLocation {
    /// The file, as the compiler was given it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column, counted from 1.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.column
    }
}

/// The places of positions in a module, in the same order.
pub(crate) fn locate(info: &ModuleInfo, offsets: &[Option<usize>]) -> Vec<Option<SourceLocation>> {
    let mut found = vec![None; offsets.len()];
    let lines = section(info, SectionId::DebugLine.name());
    if lines.is_empty() {
        return found;
    }
    let load = |id: SectionId| Ok::<_, gimli::Error>(section(info, id.name()));
    let Ok(dwarf) = Dwarf::load(load) else { return found };
    let addresses: Vec<Option<u64>> = offsets
        .iter()
        .map(|offset| (*offset)?.checked_sub(info.code_start as usize).map(|address| address as u64))
        .collect();
    let mut at = 0;
    while let Some((length, tables)) = extent(lines, at) {
        if tables <= MAX_TABLES {
            // A broken program says nothing about the next one.
            let _ = search(&dwarf, &dwarf.debug_line, at, &addresses, &mut found);
        }
        at += length;
        if found.iter().zip(&addresses).all(|(found, address)| found.is_some() || address.is_none()) {
            break;
        }
    }
    found
}

/// How many bytes the line program at a position takes, and how many of them its tables.
fn extent(lines: Slice<'_>, at: usize) -> Option<(usize, u64)> {
    let mut input = lines;
    input.skip(at).ok()?;
    let (length, format) = input.read_initial_length().ok()?;
    let start = lines.len() - input.len();
    let version = input.read_u16().ok()?;
    if version >= 5 {
        // Sizes of addresses and segment selectors.
        input.read_u16().ok()?;
    }
    let tables = input.read_offset(format).ok()?;
    let end = start.checked_add(length).filter(|&end| end <= lines.len() && length > 0)?;
    Some((end - at, tables.into_u64()))
}

/// Runs a line program, and notes the places of the addresses that it covers.
fn search(
    dwarf: &Dwarf<Slice<'_>>,
    lines: &DebugLine<Slice<'_>>,
    at: usize,
    addresses: &[Option<u64>],
    found: &mut [Option<SourceLocation>],
) -> gimli::Result<()> {
    let mut rows = lines.program(DebugLineOffset(at), 4, None, None)?.rows();
    let mut previous: Option<LineRow> = None;
    // Linkers leave functions that were thrown away at address 0, where no function is: a number comes first.
    let mut thrown_away = false;
    while let Some((header, row)) = rows.next_row()? {
        match previous {
            Some(previous) if !thrown_away => {
                let covered = previous.address()..row.address();
                for (found, address) in found.iter_mut().zip(addresses) {
                    if found.is_none() && address.is_some_and(|address| covered.contains(&address)) {
                        *found = location(dwarf, header, &previous);
                    }
                }
            }
            Some(_) => {}
            None => thrown_away = row.address() == 0,
        }
        previous = (!row.end_sequence()).then_some(*row);
    }
    Ok(())
}

fn location(
    dwarf: &Dwarf<Slice<'_>>,
    header: &LineProgramHeader<Slice<'_>>,
    row: &LineRow,
) -> Option<SourceLocation> {
    let file = row.file(header)?;
    let text = |attribute| {
        let text = dwarf.attr_line_string(attribute).ok()?;
        let text = text.slice();
        (text.len() <= MAX_PATH).then(|| String::from_utf8_lossy(text).into_owned())
    };
    let name = text(file.path_name())?;
    let directory = file.directory(header).and_then(text).filter(|_| !name.starts_with('/'));
    let file = match directory {
        Some(directory) if !directory.is_empty() => format!("{directory}/{name}"),
        _ => name,
    };
    let line = u32::try_from(row.line()?.get()).ok()?;
    let column = match row.column() {
        gimli::ColumnType::LeftEdge => None,
        gimli::ColumnType::Column(column) => u32::try_from(column.get()).ok(),
    };
    Some(SourceLocation { file, line, column })
}

/// The contents of a custom section; empty if there is none, or it is too large.
fn section<'a>(info: &'a ModuleInfo, name: &str) -> Slice<'a> {
    let found = info.customs.iter().find(|(at, _)| info.slice(at) == name.as_bytes());
    let contents = found.map_or(&[][..], |(_, contents)| info.slice(contents));
    EndianSlice::new(if contents.len() <= MAX_SECTION { contents } else { &[] }, LittleEndian)
}
