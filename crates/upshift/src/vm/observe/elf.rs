//! An ELF file for one function whose code is in memory already: its name, its place, and how to leave its frame.
//!
//! ```text
//! header │ .eh_frame │ .symtab │ .strtab │ .shstrtab │ section headers
//! ```
//!
//! `.text` has an address and no bytes. One rule holds at each instruction: the native stack pointer never changes in native code, so
//! the return address is where it points, and nothing is known of other registers.

/// How many bytes a file header, a section header and a symbol have.
const HEADER: usize = 64;
const SECTION: usize = 64;
const SYMBOL: u64 = 24;

/// The names of the sections, in their order behind the null one, each with a zero behind it.
const NAMES: &[u8] = b"\0.text\0.eh_frame\0.symtab\0.strtab\0.shstrtab\0";
const TEXT: u16 = 1;
const STRTAB: u32 = 4;
const SHSTRTAB: u16 = 5;
const SECTIONS: u16 = 6;

/// Types and flags of sections.
const NULL: u32 = 0;
const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRINGS: u32 = 3;
const NOBITS: u32 = 8;
const ALLOC_EXECINSTR: u64 = 6;

/// A section header, but for its name.
struct Section {
    kind: u32,
    flags: u64,
    address: u64,
    offset: usize,
    len: u64,
    link: u32,
    info: u32,
    align: u64,
    entry: u64,
}

/// The file for a function's code.
pub(super) fn file(name: &str, address: usize, len: usize) -> Vec<u8> {
    let (address, len) = (address as u64, len as u64);
    let mut out = vec![0; HEADER];
    let eh_frame = put(&mut out, &frames(address, len));
    let symtab = put(&mut out, &symbols(address, len));
    let strings = [b"\0", name.as_bytes(), b"\0"].concat();
    let strtab = put(&mut out, &strings);
    let shstrtab = put(&mut out, NAMES);
    out.resize(out.len().next_multiple_of(8), 0);
    let sections = out.len();

    let plain = |kind, offset, len: usize| Section {
        kind,
        flags: 0,
        address: 0,
        offset,
        len: len as u64,
        link: 0,
        info: 0,
        align: 8,
        entry: 0,
    };
    let rows = [
        plain(NULL, 0, 0),
        Section { flags: ALLOC_EXECINSTR, address, len, align: 16, ..plain(NOBITS, HEADER, 0) },
        plain(PROGBITS, eh_frame, symtab - eh_frame),
        // The first symbol that is not local has the number 1.
        Section { link: STRTAB, info: 1, entry: SYMBOL, ..plain(SYMTAB, symtab, strtab - symtab) },
        plain(STRINGS, strtab, strings.len()),
        plain(STRINGS, shstrtab, NAMES.len()),
    ];
    let mut name_at = 0;
    for row in rows {
        row.write(name_at as u32, &mut out);
        // Behind the null section's empty name comes the first one with characters.
        name_at += NAMES[name_at..].iter().position(|&byte| byte == 0).unwrap_or(0) + 1;
    }
    write_header(&mut out, sections as u64);
    out
}

/// Puts bytes at a multiple of 8 and returns where.
fn put(out: &mut Vec<u8>, bytes: &[u8]) -> usize {
    out.resize(out.len().next_multiple_of(8), 0);
    let at = out.len();
    out.extend(bytes);
    at
}

fn write_header(out: &mut [u8], sections: u64) {
    let mut header = Vec::with_capacity(HEADER);
    // 64 bits, little-endian, version 1.
    header.extend(b"\x7fELF\x02\x01\x01");
    header.resize(16, 0);
    // An executable file, so that symbols have addresses; for x86-64; version 1.
    header.extend([2_u16, 62].map(u16::to_le_bytes).concat());
    header.extend(1_u32.to_le_bytes());
    // No entry, no program headers.
    header.extend([0, 0, sections].map(u64::to_le_bytes).concat());
    header.extend(0_u32.to_le_bytes());
    let sizes = [HEADER as u16, 0, 0, SECTION as u16, SECTIONS, SHSTRTAB];
    header.extend(sizes.map(u16::to_le_bytes).concat());
    out[..HEADER].copy_from_slice(&header);
}

impl Section {
    fn write(&self, name: u32, out: &mut Vec<u8>) {
        out.extend([name, self.kind].map(u32::to_le_bytes).concat());
        out.extend([self.flags, self.address, self.offset as u64, self.len].map(u64::to_le_bytes).concat());
        out.extend([self.link, self.info].map(u32::to_le_bytes).concat());
        out.extend([self.align, self.entry].map(u64::to_le_bytes).concat());
    }
}

/// The null symbol and the function, whose name is the first one.
fn symbols(address: u64, len: u64) -> Vec<u8> {
    const GLOBAL_FUNC: u8 = 0x12;
    let mut out = vec![0; SYMBOL as usize];
    out.extend(1_u32.to_le_bytes());
    out.extend([GLOBAL_FUNC, 0]);
    out.extend(TEXT.to_le_bytes());
    out.extend([address, len].map(u64::to_le_bytes).concat());
    out
}

/// `.eh_frame`: how to leave the frame, by one rule (DWARF 5, "Call Frame Information", and the Linux Standard Base on pointers).
fn frames(address: u64, len: u64) -> Vec<u8> {
    const RSP: u8 = 7;
    const RETURN_ADDRESS: u8 = 16;
    const DEF_CFA: u8 = 0x0C;
    const OFFSET: u8 = 0x80;
    const ABSOLUTE: u8 = 0;
    /// -8 as a signed number in groups of 7 bits.
    const MINUS_8: u8 = 0x78;

    let mut out = Vec::new();
    let common = [
        &[0; 4][..],
        // Version, augmentation, factors of code and data, the column of the return address.
        &[1],
        b"zR\0",
        &[1, MINUS_8, RETURN_ADDRESS],
        // One byte of augmentation: addresses are absolute.
        &[1, ABSOLUTE],
        // The frame ends 8 bytes above the stack pointer, and the return address lies below that end.
        &[DEF_CFA, RSP, 8, OFFSET | RETURN_ADDRESS, 1],
    ];
    entry(&mut out, &common.concat());
    // How far the common part is from this field.
    let distance = out.len() as u32 + 4;
    let own = [&distance.to_le_bytes()[..], &address.to_le_bytes(), &len.to_le_bytes(), &[0]];
    entry(&mut out, &own.concat());
    out.extend([0; 4]);
    out
}

/// An entry behind its length, filled with instructions that do nothing.
fn entry(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = (bytes.len() + 4).next_multiple_of(8) - 4;
    out.extend((len as u32).to_le_bytes());
    out.extend(bytes);
    out.resize(out.len() + len - bytes.len(), 0);
}
