//! The list of instructions in `docs/instructions.md` is that of the table: names that macros put together can be found there.
//!
//! ```text
//! instruction table, handlers' sources ─▶ a section per handler ═?═ docs/instructions.md
//! ```
//!
//! `UPSHIFT_BLESS=1` writes the file anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use upshift_ir::{Field, Op};

/// The handler types of all instructions, in the order of the opcodes.
fn handler_types() -> Vec<String> {
    macro_rules! types {
        ($($name:ident $text:tt [$($field:tt)*] $handler:ty;)*) => {
            [$(stringify!($handler)),*]
        };
    }
    let types = upshift_ir::for_each_instr!(types);
    types.map(|ty| ty.split_whitespace().collect::<String>().replace(',', ", ")).into()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// How the table writes a field.
fn letter(field: Field) -> &'static str {
    match field {
        Field::Dst => "d",
        Field::Src => "s",
        Field::DstV => "dv",
        Field::SrcV => "sv",
        Field::WideDst => "D",
        Field::WideSrc => "S",
        Field::WideSrcV => "SV",
        Field::Imm16 => "i",
        Field::Imm32 => "I",
        Field::Imm64 => "J",
        Field::Num16 => "n",
        Field::Num32 => "U",
        Field::Target => "T",
        Field::Acc => "A",
        Field::Targets => "L",
    }
}

/// Where each handler is defined and what its documentation says, by name.
fn handlers() -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    let dir = root().join("crates/interp/src/handlers");
    for file in fs::read_dir(dir).expect("the crate has handlers") {
        let path = file.expect("the directory can be read").path();
        let source = fs::read_to_string(&path).expect("sources are text");
        let mut doc = Vec::new();
        for line in source.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("///") {
                doc.push(text.trim());
                continue;
            }
            // `pub(crate) struct Name<…>`, or `Name |r| {` in the macro for instructions without forms.
            let name = line.strip_prefix("pub(crate) struct ").or_else(|| Some(line.split_once(" |r| {")?.0));
            if let Some(name) = name.filter(|_| !doc.is_empty()) {
                let name = name.split(['<', '(', ';', ' ']).next().unwrap_or_default();
                let file = path.file_name().expect("it is a file").to_string_lossy().into_owned();
                found.insert(name.to_owned(), (file, doc.join(" ")));
            }
            doc.clear();
        }
    }
    found
}

fn list() -> String {
    let handlers = handlers();
    // By handler, in the order in which the table names them first.
    let mut sections: Vec<(String, String)> = Vec::new();
    for (&op, ty) in Op::ALL.iter().zip(handler_types()) {
        let handler = ty.split('<').next().unwrap_or_default().trim().to_owned();
        let fields: Vec<_> = op.fields().iter().map(|&field| letter(field)).collect();
        let row = format!("| `{op:?}` | `{}` | {} | `{ty}` |\n", op.text(), fields.join(" "));
        match sections.iter_mut().find(|(name, _)| *name == handler) {
            Some((_, rows)) => rows.push_str(&row),
            None => sections.push((handler, row)),
        }
    }
    let mut text = format!(
        "# Instructions\n\n\
         The {} instructions of the register IR, with the names that macros put together from the rows of \
         `crates/ir/src/table.rs`, which explains\nfields, forms and fused instructions. A test writes this page: \
         `UPSHIFT_BLESS=1 cargo test -p upshift-ir --test instructions`.\n\n\
         Each section is one handler. What its operator computes, for those that have one as their first parameter, is a row of \
         `crates/core/src/ops/table.rs`\nor of its neighbours for memories, atomics and vectors.\n",
        Op::ALL.len()
    );
    for (handler, rows) in sections {
        let (file, doc) =
            handlers.get(&handler).unwrap_or_else(|| panic!("{handler} is in no file of handlers"));
        let _ = write!(
            text,
            "\n## {handler}\n\n`crates/interp/src/handlers/{file}`: {doc}\n\n\
             | variant | mnemonic | fields | handler |\n|---|---|---|---|\n{rows}"
        );
    }
    text
}

#[test]
fn the_list_is_that_of_the_table() {
    let path = root().join("docs/instructions.md");
    let expected = list();
    if std::env::var_os("UPSHIFT_BLESS").is_some() {
        fs::write(&path, &expected).expect("the list can be written");
        return;
    }
    let written = fs::read_to_string(&path).expect("the repository has the list");
    let differs = written.lines().zip(expected.lines()).find(|(written, expected)| written != expected);
    assert!(
        written == expected,
        "docs/instructions.md is not that of the table, first in {differs:?}: `UPSHIFT_BLESS=1 cargo test -p upshift-ir \
         --test instructions` writes it"
    );
}

/// Names can be found: each is there once, in a row of its own.
#[test]
fn each_instruction_has_a_row() {
    let list = list();
    for op in Op::ALL {
        assert_eq!(list.matches(&format!("\n| `{op:?}` |")).count(), 1, "{op:?}");
    }
    assert_eq!(handler_types().len(), Op::ALL.len());
}
