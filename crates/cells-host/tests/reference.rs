//! All examples of `docs/cells.md` do what the comments beside them say.

mod claims;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use claims::{Cell, difference};
use upshift_cells_host::{Host, Options};

/// The cells of all examples, each a notebook.
fn examples(document: &str) -> Vec<Vec<Cell>> {
    let mut examples = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        if line != "```cells" {
            continue;
        }
        let mut cells = Vec::new();
        let mut cell = Cell::default();
        for (number, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
            if cell.push(number + 1, line) && !line.starts_with(' ') {
                cells.push(std::mem::take(&mut cell));
            }
        }
        if !cell.source.is_empty() {
            cells.push(cell);
        }
        examples.push(cells);
    }
    examples
}

#[test]
fn examples_do_what_is_claimed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cells.md");
    let examples = examples(&fs::read_to_string(path).expect("docs/cells.md"));
    assert!(examples.iter().map(Vec::len).sum::<usize>() > 100, "the examples are not found");
    let mut differences = String::new();
    let mut host = Host::new(Options::default()).expect("a host");
    for cells in &examples {
        host.reset().expect("an empty session");
        for (number, cell) in cells.iter().enumerate() {
            let outcome = host.execute(&number.to_string(), &cell.source);
            if let Some(difference) = difference(cell, &outcome) {
                writeln!(differences, "docs/cells.md:{}: {difference}\n{}", cell.line, cell.source)
                    .expect("text");
            }
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}
