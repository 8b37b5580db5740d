//! Notebooks of Jupyter (`.ipynb`, nbformat 4.5) as notebooks of cells, and back. Sources, kinds, order and IDs stay; what Jupyter keeps
//! beside them (outputs, attachments, metadata) does not.
//!
//! An ID of a cell may have points, one of Jupyter not: there, each is a `-`, and the metadata of the cell has the ID as it was. IDs
//! that Jupyter has and the format of cells cannot hold, or that come twice, are replaced.

use std::collections::HashSet;

use serde_json::ser::PrettyFormatter;
use serde_json::{Serializer, Value, json};

use crate::notebook::{Cell, CellKind, LineEnding, Notebook};

/// What a cell's metadata has where its ID cannot be one of Jupyter.
const ORIGINAL: &str = "upshift_cells_id";

/// The text of the file for Jupyter, formatted as Jupyter does it.
///
/// ```
/// use upshift_cells_cli::{ipynb, notebook::Notebook};
///
/// let notebook = Notebook::parse("%% markdown intro\n# Squares\n%% code sum\nlet x = 1\nx + 1\n")?;
/// let text = ipynb::to_jupyter(&notebook);
/// assert_eq!(ipynb::from_jupyter(text.as_bytes())?, notebook);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn to_jupyter(notebook: &Notebook) -> String {
    // What is a whole ID there is not made of another one.
    let mut taken: HashSet<String> =
        notebook.cells().iter().map(|cell| cell.id().to_owned()).filter(|id| !id.contains('.')).collect();
    let cells: Vec<_> = notebook.cells().iter().map(|cell| cell_to_jupyter(cell, &mut taken)).collect();
    let document = json!({
        "cells": cells,
        "metadata": {
            "kernelspec": { "display_name": "Upshift cells", "language": "cells", "name": "upshift-cells" },
            "language_info": { "file_extension": ".cells", "mimetype": "text/x-upshift-cells", "name": "cells" },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    serde::Serialize::serialize(&document, &mut serializer).expect("a JSON value can be written to memory");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn cell_to_jupyter(cell: &Cell, taken: &mut HashSet<String>) -> Value {
    let mut metadata = json!({});
    let mut id = cell.id().to_owned();
    if id.contains('.') {
        metadata[ORIGINAL] = id.clone().into();
        id = free(&id.replace('.', "-"), taken);
    }
    // As Jupyter does: each line is a text of its own, with the newline at its end.
    let source: Vec<_> = cell.source().split_inclusive('\n').collect();
    match cell.kind() {
        CellKind::Code => json!({
            "cell_type": "code", "execution_count": null, "id": id, "metadata": metadata, "outputs": [], "source": source,
        }),
        CellKind::Markdown => {
            json!({ "cell_type": "markdown", "id": id, "metadata": metadata, "source": source })
        }
    }
}

/// The notebook that a file of Jupyter holds. Raw cells become Markdown.
///
/// # Errors
///
/// If the bytes are no notebook of format 4, or it is one of another language.
pub fn from_jupyter(bytes: &[u8]) -> Result<Notebook, String> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("this is not JSON: {error}"))?;
    match document.get("nbformat").and_then(Value::as_u64) {
        Some(4) => {}
        Some(other) => return Err(format!("expected a notebook of format 4, found format {other}")),
        None => return Err("this is no notebook of Jupyter: it has no `nbformat`".to_owned()),
    }
    if let Some(language) = language(&document)
        && language != "cells"
    {
        return Err(format!("this is a notebook of the language `{language}`"));
    }
    let found = document.get("cells").and_then(Value::as_array).ok_or("the notebook has no `cells`")?;
    let mut taken: HashSet<String> = HashSet::new();
    let mut cells = Vec::new();
    for (i, cell) in found.iter().enumerate() {
        let fault = |message: &str| format!("cell {}: {message}", i + 1);
        let kind = match cell.get("cell_type").and_then(Value::as_str) {
            Some("code") => CellKind::Code,
            Some("markdown" | "raw") => CellKind::Markdown,
            _ => return Err(fault("expected the `cell_type` `code`, `markdown` or `raw`")),
        };
        let source = cell
            .get("source")
            .and_then(text)
            .ok_or_else(|| fault("expected a text or an array of texts as `source`"))?;
        let original = cell.get("metadata").and_then(|metadata| metadata.get(ORIGINAL));
        let id = original
            .or_else(|| cell.get("id"))
            .and_then(Value::as_str)
            .filter(|id| Cell::new(*id, kind, "").is_ok())
            .unwrap_or("cell");
        cells.push(Cell::new(free(id, &mut taken), kind, &source)?);
    }
    Notebook::new(cells, LineEnding::default())
}

/// The language that a notebook says it is of.
fn language(document: &Value) -> Option<&str> {
    let metadata = document.get("metadata")?;
    let of_kernel = metadata.get("kernelspec").and_then(|spec| spec.get("language"));
    let of_last_run = metadata.get("language_info").and_then(|info| info.get("name"));
    of_kernel.or(of_last_run)?.as_str()
}

/// A text, which may be an array of its lines.
fn text(source: &Value) -> Option<String> {
    match source {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// `id`, or if that is taken one that begins like it and is not; from now on it is taken.
fn free(id: &str, taken: &mut HashSet<String>) -> String {
    let mut number = 1;
    let mut free = id.to_owned();
    while taken.contains(&free) {
        number += 1;
        let suffix = format!("-{number}");
        // IDs are ASCII.
        free = format!("{}{suffix}", &id[..id.len().min(crate::notebook::MAX_ID - suffix.len())]);
    }
    taken.insert(free.clone());
    free
}
