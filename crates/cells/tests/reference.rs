//! `docs/cells.md` lists all functions, methods and constants of the language, as the table of `builtins.rs` has them.
//!
//! `UPSHIFT_BLESS=1 cargo test -p upshift-cells --test reference` writes the list anew.

use std::fs;
use std::path::Path;

use upshift_cells::builtins::Builtin;

const BEGIN: &str = "<!-- builtins -->\n";
const END: &str = "<!-- end of builtins -->";

/// The heading under which a signature stands.
fn section(signature: &str) -> &'static str {
    let receiver = signature
        .split_once('(')
        .map_or(signature, |(front, _)| front)
        .rsplit_once('.')
        .map(|(receiver, _)| receiver);
    match receiver {
        None if signature.contains('(') => "Functions",
        None => "Constants",
        Some("Int") => "Int",
        Some("Float") => "Float",
        Some("String") => "String",
        Some(receiver) if receiver.starts_with('[') => "Arrays",
        Some(_) => "Values of several types",
    }
}

fn list() -> String {
    let mut text = String::new();
    let mut current = "";
    for &builtin in Builtin::ALL {
        let signature = builtin.signature();
        if section(signature) != current {
            current = section(signature);
            text += &format!("\n### {current}\n\n| | |\n|---|---|\n");
        }
        text += &format!("| `{signature}` | {} |\n", builtin.doc().replace('|', "\\|"));
    }
    text + "\n"
}

#[test]
fn all_builtins_are_listed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cells.md");
    let text = fs::read_to_string(&path).expect("docs/cells.md");
    let (before, rest) = text.split_once(BEGIN).expect("where the list begins");
    let (found, after) = rest.split_once(END).expect("where the list ends");
    let list = list();
    if found == list {
        return;
    }
    if std::env::var_os("UPSHIFT_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, format!("{before}{BEGIN}{list}{END}{after}")).expect("docs/cells.md can be written");
        return;
    }
    let missing: Vec<&str> = list.lines().filter(|line| !found.lines().any(|other| other == *line)).collect();
    panic!(
        "docs/cells.md does not list the builtins as they are, first {:?}: `UPSHIFT_BLESS=1 cargo test -p upshift-cells --test reference`",
        missing.first()
    );
}

/// Each has a section, and none comes twice, so that the list is in few tables.
#[test]
fn builtins_are_grouped() {
    let text = list();
    let mut headings: Vec<&str> = text.lines().filter(|line| line.starts_with("###")).collect();
    let count = headings.len();
    headings.sort_unstable();
    headings.dedup();
    assert_eq!(headings.len(), count, "builtins.rs lists a group in two places");
}
