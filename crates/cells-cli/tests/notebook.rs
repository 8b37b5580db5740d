//! The format of notebook files.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use serde_json::{Value, json};
use upshift_cells_cli::notebook::{Cell, CellKind, LineEnding, MAX_ID, Notebook};

/// ID, kind and source of each cell.
fn cells(text: &str) -> Vec<(String, CellKind, String)> {
    let notebook = Notebook::parse(text).unwrap();
    notebook.cells().iter().map(|c| (c.id().into(), c.kind(), c.source().into())).collect()
}

fn cell(id: &str, kind: CellKind, source: &str) -> (String, CellKind, String) {
    (id.into(), kind, source.into())
}

use CellKind::{Code, Markdown};

#[test]
fn cells_are_what_stands_between_marks() {
    let text = "%% markdown intro\n# Title\n\ntext\n%% code sum\nlet x = 1\n\n%% code last\nx";
    assert_eq!(
        cells(text),
        [
            cell("intro", Markdown, "# Title\n\ntext"),
            cell("sum", Code, "let x = 1\n"),
            cell("last", Code, "x")
        ]
    );
}

#[test]
fn a_file_without_marks_is_one_code_cell() {
    assert_eq!(cells("let x = 1\nx % 2\n"), [cell("cell-1", Code, "let x = 1\nx % 2")]);
    assert_eq!(cells(""), []);
    assert_eq!(cells("\n \n"), []);
    assert_eq!(cells("x\n%% code cell-1\ny"), [cell("cell-2", Code, "x"), cell("cell-1", Code, "y")]);
    assert_eq!(cells("\n\n%% code a\n"), [cell("a", Code, "")]);
}

#[test]
fn cells_without_an_id_are_given_one_that_is_free() {
    assert_eq!(
        cells("%% code\na\n%% markdown cell-2\nb\n%%\tcode\t\nc\n"),
        [cell("cell-1", Code, "a"), cell("cell-2", Markdown, "b"), cell("cell-3", Code, "c")]
    );
}

#[test]
fn lines_of_a_source_that_look_like_marks_are_escaped() {
    let source = "%% code x\n%%%\n % %%\n%%";
    let notebook =
        Notebook::new(vec![Cell::new("a", Markdown, source).unwrap()], LineEnding::Newline).unwrap();
    assert_eq!(notebook.to_string(), "%% markdown a\n%%% code x\n%%%%\n % %%\n%%%\n");
    assert_eq!(cells(&notebook.to_string()), [cell("a", Markdown, source)]);
}

#[test]
fn line_endings_of_the_file_are_kept_and_sources_have_newlines() {
    let text = "\u{feff}%% code a\r\nx\r\n\r\ny\r\n";
    let notebook = Notebook::parse(text).unwrap();
    assert_eq!(notebook.cells()[0].source(), "x\n\ny");
    assert_eq!(notebook.line_ending(), LineEnding::CarriageReturn);
    assert_eq!(notebook.to_string(), "%% code a\r\nx\r\n\r\ny\r\n");
    assert_eq!(Cell::new("a", Code, "x\ry\r\nz").unwrap().source(), "x\ny\nz");
    assert_eq!(cells("%% code a\rx\ry"), [cell("a", Code, "x\ny")]);
}

#[test]
fn errors_name_the_line() {
    let error = |text: &str| {
        let error = Notebook::parse(text).unwrap_err();
        (error.line, error.message)
    };
    for wrong in ["%% cod a", "%%code a", "%%", "%% ", "%% # a"] {
        let (line, message) = error(&format!("%% code b\n\n{wrong}\n"));
        assert!(
            line == 3 && message.contains("`%% code ID`") && message.contains("one `%` more"),
            "{message}"
        );
    }
    let (line, message) = error("%% code a\n%% markdown b c\n");
    assert!(line == 2 && message.contains("`%% markdown ID`"), "{message}");
    let (line, message) = error("%% code a\n1\n%% code b\n2\n%% markdown a\n");
    assert!(line == 5 && message.contains("line 1") && message.contains("`a`"), "{message}");
    let (line, message) = error("%% code a/b\n");
    assert!(line == 1 && message.contains("`a/b`"), "{message}");
    let long = "x".repeat(MAX_ID + 1);
    assert_eq!(error(&format!("%% code {long}")).0, 1);
    assert!(Cell::new(&long[1..], Code, "").is_ok() && Cell::new("", Code, "").is_err());

    let error = Notebook::from_bytes(b"%% code a\r\nx\r\n\xff\n").unwrap_err();
    assert!(error.to_string().starts_with("line 3: ") && error.message.contains("UTF-8"), "{error}");
    let cell = || Cell::new("a", Code, "").unwrap();
    let error = Notebook::new(vec![cell(), cell()], LineEnding::Newline).unwrap_err();
    assert_eq!(error, "cells 1 and 2 both have the ID `a`");
}

#[test]
fn the_line_of_each_source_is_known() {
    let (_, lines) = Notebook::from_bytes_located(b"x\n%% code a\n\n%% markdown b\n%% code c\n1").unwrap();
    assert_eq!(lines, [1, 3, 5, 6]);
}

/// The page reads and writes the same files, and is held to the same cases.
#[test]
fn the_cases_of_the_page_hold() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../web/test/page/cells-files.json")).unwrap();
    assert!(cases.len() > 10);
    for case in cases {
        let name = &case["name"];
        let parsed = Notebook::parse(case["text"].as_str().unwrap());
        if let Some(line) = case["error_line"].as_u64() {
            assert_eq!(parsed.unwrap_err().line as u64, line, "{name}");
            continue;
        }
        let notebook = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
        let cells: Vec<_> = notebook
            .cells()
            .iter()
            .map(|cell| json!({ "id": cell.id(), "kind": cell.kind().name(), "source": cell.source() }))
            .collect();
        assert_eq!(Value::from(cells), case["cells"], "{name}");
        assert_eq!(notebook.to_string(), case["written"].as_str().unwrap(), "{name}");
    }
}

/// Sources in which marks and ends of lines are frequent.
fn source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("%".to_owned()),
        Just("%% code a".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\u{feff}".to_owned()),
        any::<String>(),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        sources in vec((any::<bool>(), source()), 0..6),
        carriage_return in any::<bool>(),
    ) {
        let cells = sources.iter().enumerate().map(|(i, (is_code, source))| {
            Cell::new(format!("c{i}"), if *is_code { Code } else { Markdown }, source).unwrap()
        });
        let ending = if carriage_return { LineEnding::CarriageReturn } else { LineEnding::Newline };
        let notebook = Notebook::new(cells.collect(), ending).unwrap();
        let text = notebook.to_string();
        let read = Notebook::parse(&text).unwrap();
        prop_assert_eq!(read.cells(), notebook.cells());
        prop_assert_eq!(read.to_string(), text);
    }

    #[test]
    fn any_text_is_a_notebook_or_an_error_within_it(text in source()) {
        match Notebook::parse(&text) {
            Ok(notebook) => {
                let written = notebook.to_string();
                let read = Notebook::parse(&written).unwrap();
                prop_assert_eq!(read.cells(), notebook.cells());
                prop_assert_eq!(read.to_string(), written);
            }
            Err(error) => assert!(error.line >= 1 && error.line <= text.split(['\n', '\r']).count()),
        }
    }
}
