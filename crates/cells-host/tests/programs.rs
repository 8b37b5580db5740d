//! The notebooks of `examples/cells` give what the comments in their cells say.

mod claims;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use claims::{Cell, difference};
use upshift_cells_host::{Host, Options};

/// The code cells of a notebook, with their names.
fn code_cells(text: &str) -> Vec<(String, Cell)> {
    let mut cells: Vec<(String, Cell)> = Vec::new();
    let mut code = false;
    for (number, line) in text.lines().enumerate() {
        if let Some(head) = line.strip_prefix("%% ") {
            let name = head.strip_prefix("code ");
            code = name.is_some();
            cells.extend(name.map(|name| (name.to_string(), Cell::default())));
        } else if code && let Some((_, cell)) = cells.last_mut() {
            cell.push(number + 1, line);
        }
    }
    cells
}

#[test]
fn notebooks_give_what_they_claim() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/cells");
    let mut differences = String::new();
    let mut notebooks = 0;
    let mut host = Host::new(Options::default()).expect("a host");
    for entry in fs::read_dir(folder).expect("examples/cells") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "cells") {
            continue;
        }
        notebooks += 1;
        host.reset().expect("an empty session");
        let cells = code_cells(&fs::read_to_string(&path).expect("a notebook"));
        assert!(cells.iter().any(|(_, cell)| cell.claims()), "{} claims nothing", path.display());
        for (name, cell) in &cells {
            let outcome = host.execute(name, &cell.source);
            if let Some(difference) = difference(cell, &outcome) {
                writeln!(differences, "{}:{}: {difference}", path.display(), cell.line).expect("text");
            }
        }
    }
    assert!(notebooks >= 12, "only {notebooks} notebooks");
    assert!(differences.is_empty(), "\n{differences}");
}
