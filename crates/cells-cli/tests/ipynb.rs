//! Notebooks of Jupyter.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use upshift_cells_cli::ipynb::{from_jupyter, to_jupyter};
use upshift_cells_cli::notebook::{Cell, CellKind, LineEnding, Notebook};

#[test]
fn a_notebook_has_the_form_that_jupyter_writes() {
    let notebook =
        Notebook::parse("%% markdown intro\n# é\n%% code sum.1\nlet x = 1\n\nx\n%% code none\n").unwrap();
    let text = to_jupyter(&notebook);
    assert!(text.starts_with("{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\",\n"), "{text}");
    assert!(text.ends_with(" \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["cells"],
        json!([
            {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": ["# é"]},
            {
                "cell_type": "code", "id": "sum-1", "metadata": {"upshift_cells_id": "sum.1"}, "execution_count": null,
                "outputs": [], "source": ["let x = 1\n", "\n", "x"],
            },
            {
                "cell_type": "code", "id": "none", "metadata": {}, "execution_count": null, "outputs": [], "source": [],
            },
        ])
    );
    assert_eq!(document["metadata"]["kernelspec"]["name"], "upshift-cells");
}

/// A notebook of one cell with these fields more.
fn with_cell(fields: Value) -> Result<Notebook, String> {
    let mut cell = json!({"cell_type": "code", "metadata": {}, "source": "x"});
    for (name, value) in fields.as_object().unwrap() {
        cell[name] = value.clone();
    }
    from_jupyter(json!({"nbformat": 4, "cells": [cell]}).to_string().as_bytes())
}

#[test]
fn what_jupyter_keeps_beside_sources_is_left_out() {
    let outputs = json!([{"output_type": "stream", "name": "stdout", "text": "1"}]);
    let notebook = with_cell(json!({
        "source": ["a\r\n", "b"], "outputs": outputs, "execution_count": 3, "id": "q", "attachments": {"a": 1},
    }));
    assert_eq!(notebook.unwrap().to_string(), "%% code q\na\nb\n");
    assert_eq!(with_cell(json!({"cell_type": "raw"})).unwrap().to_string(), "%% markdown cell\nx\n");
}

#[test]
fn ids_are_kept_or_made() {
    let cells: Vec<_> = ["a", "a", "", "b c", "cell", "x"]
        .iter()
        .map(|id| json!({"cell_type": "code", "id": id, "source": []}))
        .chain([
            json!({"cell_type": "code", "source": []}),
            json!({"cell_type": "code", "id": 1, "source": []}),
        ])
        .chain(
            ["a".repeat(64), "a".repeat(64)].map(|id| json!({"cell_type": "code", "id": id, "source": []})),
        )
        .collect();
    let text = json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).to_string();
    let notebook = from_jupyter(text.as_bytes()).unwrap();
    let ids: Vec<_> = notebook.cells().iter().map(Cell::id).collect();
    let (long, other) = ("a".repeat(64), "a".repeat(62) + "-2");
    assert_eq!(ids, ["a", "a-2", "cell", "cell-2", "cell-3", "x", "cell-4", "cell-5", &long, &other]);
}

#[test]
fn what_is_no_notebook_is_told() {
    let told = |text: &str| from_jupyter(text.as_bytes()).unwrap_err();
    assert!(told("").starts_with("this is not JSON"));
    assert!(told("[]").contains("no `nbformat`"));
    assert!(told("{\"nbformat\": 3}").contains("found format 3"));
    assert!(told("{\"nbformat\": 4}").contains("no `cells`"));
    let python =
        json!({"nbformat": 4, "cells": [], "metadata": {"language_info": {"name": "python"}}}).to_string();
    assert!(told(&python).contains("`python`"));
    assert!(
        with_cell(json!({"cell_type": "heading"}))
            .unwrap_err()
            .starts_with("cell 1: expected the `cell_type`")
    );
    for source in [json!(null), json!(1), json!(["a", 1]), json!({})] {
        assert!(with_cell(json!({ "source": source })).unwrap_err().contains("`source`"));
    }
}

fn notebooks() -> impl Strategy<Value = Notebook> {
    let id = "[a-b.-]{1,3}|[a.]{64}";
    let kind = prop_oneof![Just(CellKind::Code), Just(CellKind::Markdown)];
    vec((id, kind, any::<String>()), 0..6).prop_map(|cells| {
        let mut seen = std::collections::HashSet::new();
        let cells = cells.into_iter().filter(|(id, ..)| seen.insert(id.clone()));
        let cells = cells.map(|(id, kind, source)| Cell::new(id, kind, &source).unwrap());
        Notebook::new(cells.collect(), LineEnding::default()).unwrap()
    })
}

proptest! {
    #[test]
    fn there_and_back_changes_nothing(notebook in notebooks()) {
        let text = to_jupyter(&notebook);
        prop_assert_eq!(from_jupyter(text.as_bytes()).unwrap(), notebook);
        // What Jupyter demands of IDs.
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut seen = std::collections::HashSet::new();
        for cell in document["cells"].as_array().unwrap() {
            let id = cell["id"].as_str().unwrap();
            prop_assert!(id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            prop_assert!(seen.insert(id.to_owned()));
        }
    }

    #[test]
    fn any_text_is_a_notebook_or_none(text in any::<String>()) {
        let _ = from_jupyter(text.as_bytes());
    }
}
