//! The checker on the cells in `tests/check`: each file has cells, and what the checker makes of the last one.
//!
//! Cells are separated by lines `---`; behind the line `===` is the typed program, or the diagnostics as people see them. With
//! `UPSHIFT_BLESS=1` the files are written anew; read what has changed before it is committed.

use std::fs;
use std::path::Path;

use upshift_cells::check::{check, dump};
use upshift_cells::diagnostic::{Colors, render};
use upshift_cells::environment::{Environment, InstanceId, Symbol};
use upshift_cells::syntax::parse;
use upshift_cells::types::Types;

/// What the last of the cells becomes; those before have to be right.
fn outcome(cells: &str) -> String {
    let mut types = Types::new();
    let mut environment = Environment::default();
    let cells: Vec<&str> = cells.split("---\n").collect();
    let mut outcome = String::new();
    for (number, source) in cells.iter().enumerate() {
        let parsed = parse(source);
        assert!(parsed.diagnostics.is_empty(), "{source}: {:?}", parsed.diagnostics);
        let checked = check(&parsed.ast, source, &mut types, &environment);
        outcome.clear();
        if !checked.diagnostics.is_empty() {
            outcome =
                render(source, "cell", &checked.diagnostics, Colors::Plain).trim_end().to_owned() + "\n";
        }
        let Some(program) = checked.program else {
            assert!(number + 1 == cells.len(), "only the last cell may be wrong:\n{outcome}");
            break;
        };
        outcome += &dump(&program, &types);
        for definition in program.definitions {
            let symbol = Symbol { kind: definition.kind, instance: InstanceId(number as u32) };
            environment.define(definition.name, symbol);
        }
    }
    outcome
}

#[test]
fn cells_check_as_written_down() {
    let bless = std::env::var_os("UPSHIFT_BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30);
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let (cells, expected) = text.split_once("===\n").unwrap_or((&text, ""));
        let outcome = outcome(cells);
        if bless {
            fs::write(&file, format!("{cells}===\n{outcome}")).unwrap();
        } else if outcome != expected {
            wrong.push(format!("{}:\n{outcome}\ninstead of\n{expected}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
