//! What the page asks for. Bodies are JSON, but for checkpoints; offsets are bytes in UTF-8. docs/cells-notebooks.md lists all of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::spawn_blocking;
use upshift_cells_cli::notebook::{Cell, CellKind};
use upshift_cells_host::benchmark::{self, Benchmark};
use upshift_cells_host::{Checked, Completions, Host, Inspection, Name, Outcome};

use crate::document::{Saved, Version};
use crate::files::{MAX_CHECKPOINT, MAX_NOTEBOOK};
use crate::server::results::Results;
use crate::server::{Refusal, Server};

type Result<T> = std::result::Result<T, Refusal>;
type Shared = State<Arc<Server>>;

/// The media type of results that come line by line.
const LINES: &str = "application/x-ndjson";

/// The most runs of each kind in a benchmark.
const MAX_RUNS: usize = 10_000;

/// The most bytes of a cell's ID.
const MAX_ID: usize = 256;

/// A body within the bounds.
pub(super) struct Raw(Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Raw> {
        Bytes::from_request(request, state)
            .await
            .map(Raw)
            .map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))
    }
}

/// A body that is JSON, whatever its media type is said to be.
pub(super) struct Asked<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Asked<T>> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        serde_json::from_slice(&bytes).map(Asked).map_err(|error| {
            Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not as expected: {error}"))
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Execute {
    cell: String,
    source: String,
}

/// Runs a cell, after those that were sent before. Its result comes as JSON, or, if the request accepts lines of JSON, behind what it
/// prints, piece by piece.
pub(super) async fn execute(
    State(server): Shared,
    headers: HeaderMap,
    Asked(Execute { cell, source }): Asked<Execute>,
) -> Result<Response> {
    check_cell(&cell)?;
    let keep = {
        let (server, cell) = (server.clone(), cell.clone());
        move |outcome: Outcome| {
            let result = json!(outcome);
            server.with_results(|results| results.insert(cell, result.clone()));
            result
        }
    };
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == LINES)) {
        let run = server.worker.run(cell, source, |_| {});
        return Ok(Json(server.worker.ask(move |host| keep(run(host))).await?).into_response());
    }
    let (lines, received) = unbounded_channel();
    let sink = {
        let lines = lines.clone();
        // Who does not listen any more may have it later, with the result of another run.
        move |text: &str| drop(lines.send(line(&json!({ "output": text }))))
    };
    let run = server.worker.run(cell, source, sink);
    server.worker.send(
        move |host| keep(run(host)),
        move |result| drop(lines.send(line(&json!({ "result": result })))),
    );
    let stream = unfold(received, async |mut received| {
        let line = received.recv().await?;
        Some((Ok::<_, Infallible>(line), received))
    });
    Ok(([(CONTENT_TYPE, LINES)], Body::from_stream(stream)).into_response())
}

fn line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}

fn check_cell(cell: &str) -> Result<()> {
    if cell.is_empty() || cell.len() > MAX_ID {
        let message = format!("a cell's ID has 1 to {MAX_ID} bytes");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    }
    Ok(())
}

/// Ends the cell that runs, and those that wait for it.
pub(super) async fn cancel(State(server): Shared) -> Json<Value> {
    server.worker.cancel();
    Json(json!({}))
}

/// Forgets all that cells have defined; what runs is ended. The answer has the fault that cells could not go on after, if there was one.
pub(super) async fn restart(State(server): Shared) -> Result<Json<Value>> {
    server.worker.cancel();
    // Together with the session, whether or not anybody still waits for the answer.
    let forget = {
        let server = server.clone();
        move || server.with_results(Results::clear)
    };
    let fault = server.worker.ask_restart(forget).await?;
    Ok(Json(fault.map_or_else(|| json!({}), |fault| json!({ "fault": fault }))))
}

#[derive(Deserialize)]
pub(super) struct Remove {
    cell: String,
}

/// Forgets a cell, with what it has defined.
pub(super) async fn remove(State(server): Shared, Asked(asked): Asked<Remove>) -> Result<Json<Value>> {
    let worker = server.worker.clone();
    let remove = move |host: &mut Host| {
        let stale = host.remove(&asked.cell);
        // Now, because a run that was sent before has kept its result by now.
        server.with_results(|results| results.remove(&asked.cell));
        stale
    };
    let stale = worker.ask(remove).await?;
    Ok(Json(json!({ "stale": stale })))
}

#[derive(Deserialize)]
pub(super) struct Source {
    source: String,
}

/// Tells what is wrong with a source.
pub(super) async fn check(State(server): Shared, Asked(asked): Asked<Source>) -> Result<Json<Checked>> {
    Ok(Json(server.worker.ask(move |host| host.check(&asked.source)).await?))
}

#[derive(Deserialize)]
pub(super) struct Place {
    source: String,
    offset: u32,
}

impl Place {
    /// The place, at the beginning of a character that is there.
    fn checked(self) -> Result<Place> {
        if usize::try_from(self.offset).is_ok_and(|offset| self.source.is_char_boundary(offset)) {
            return Ok(self);
        }
        Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "the offset is not where a character of the source begins or ends",
        ))
    }
}

/// Tells what may stand at a place.
pub(super) async fn complete(State(server): Shared, Asked(asked): Asked<Place>) -> Result<Json<Completions>> {
    let asked = asked.checked()?;
    Ok(Json(server.worker.ask(move |host| host.complete(&asked.source, asked.offset)).await?))
}

/// Tells what stands at a place.
pub(super) async fn inspect(
    State(server): Shared,
    Asked(asked): Asked<Place>,
) -> Result<Json<Option<Inspection>>> {
    let asked = asked.checked()?;
    Ok(Json(server.worker.ask(move |host| host.inspect(&asked.source, asked.offset)).await?))
}

/// Tells what has been defined.
pub(super) async fn names(State(server): Shared) -> Result<Json<Vec<Name>>> {
    Ok(Json(server.worker.ask(|host| host.names()).await?))
}

/// The notebook, as it is in the file, and the last results of this session.
pub(super) async fn load(State(server): Shared) -> Result<Json<Value>> {
    let notebook = server.with_document(|document| document.load());
    let (notebook, version) =
        notebook.map_err(|error| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}")))?;
    let cells: Vec<_> = notebook
        .cells()
        .iter()
        .map(|cell| json!({ "id": cell.id(), "kind": cell.kind().name(), "source": cell.source() }))
        .collect();
    let results = server.with_results(|results| results.json());
    Ok(Json(json!({
        "path": server.document_path(),
        "version": version.text(),
        "cells": cells,
        "results": results,
    })))
}

#[derive(Deserialize)]
pub(super) struct Save {
    cells: Vec<SavedCell>,
    /// The version of the file that was loaded, or that was saved last.
    version: Option<String>,
    /// Whether what others have written is to be lost.
    #[serde(default)]
    force: bool,
}

#[derive(Deserialize)]
struct SavedCell {
    id: String,
    kind: String,
    source: String,
}

/// Writes the notebook to the file, unless that is another than the page has loaded.
pub(super) async fn save(State(server): Shared, Asked(asked): Asked<Save>) -> Result<Json<Value>> {
    let wrong = |message: String| Refusal::new(StatusCode::BAD_REQUEST, message);
    let cell = |SavedCell { id, kind, source }| {
        let kind = CellKind::from_name(&kind)
            .ok_or_else(|| format!("`{kind}` is no kind of cell: expected `code` or `markdown`"))?;
        Cell::new(id, kind, &source)
    };
    let cells = asked.cells.into_iter().map(cell).collect::<std::result::Result<_, _>>().map_err(wrong)?;
    let notebook = server.with_document(|document| document.notebook(cells)).map_err(wrong)?;
    let base = match asked.version {
        _ if asked.force => None,
        Some(version) => Some(Version::told(version)),
        None => return Err(wrong("the version of the file that was loaded is missing".into())),
    };
    match server.with_document(|document| document.save(&notebook, base.as_ref()))? {
        Saved::Written(version) => {
            Ok(Json(json!({ "path": server.document_path(), "version": version.text() })))
        }
        Saved::TooLong => {
            let message = format!("a notebook has at most {} MiB", MAX_NOTEBOOK >> 20);
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
        Saved::ChangedMeanwhile => {
            let path = server.document_path();
            let message = format!("`{path}` has been changed by another program or page since it was loaded");
            Err(Refusal::new(StatusCode::CONFLICT, message))
        }
    }
}

/// Names and values, as bytes that `restore` takes.
pub(super) async fn checkpoint(State(server): Shared) -> Result<Response> {
    let bytes = server.worker.ask(|host| host.checkpoint()).await??;
    if bytes.len() as u64 > MAX_CHECKPOINT {
        let message = format!("a checkpoint has at most {} MiB", MAX_CHECKPOINT >> 20);
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Has names and values be those of a checkpoint; what runs is ended.
pub(super) async fn restore(State(server): Shared, Raw(bytes): Raw) -> Result<Json<Value>> {
    let worker = server.worker.clone();
    worker.cancel();
    let restore = move |host: &mut Host| {
        let restored = host.restore(&bytes);
        if restored.is_ok() {
            server.with_results(Results::clear);
        }
        restored
    };
    let restored = worker.ask(restore).await?;
    restored.map_err(|error| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}")))?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
pub(super) struct Runs {
    n: usize,
}

/// Tells how long cells of several kinds take. They run in a session of their own.
pub(super) async fn benchmark(
    State(server): Shared,
    Asked(Runs { n }): Asked<Runs>,
) -> Result<Json<Benchmark>> {
    if !(1..=MAX_RUNS).contains(&n) {
        let message = format!("a benchmark has 1 to {MAX_RUNS} runs");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    }
    if server.measures.swap(true, Ordering::SeqCst) {
        return Err(Refusal::new(StatusCode::CONFLICT, "a benchmark runs already"));
    }
    let measured = spawn_blocking(move || {
        let measured = benchmark::benchmark(n);
        server.measures.store(false, Ordering::SeqCst);
        measured
    });
    Ok(Json(measured.await.map_err(anyhow::Error::from)??))
}

/// What this server is, and what cells may take.
pub(super) async fn state(State(server): Shared) -> Json<Value> {
    let options = &server.options;
    Json(json!({
        "engine": "native",
        "version": env!("CARGO_PKG_VERSION"),
        "path": server.document_path(),
        "limits": {
            "fuel": options.fuel,
            "memory_bytes": options.memory,
            "time_ms": options.time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            "output_bytes": options.output,
        },
    }))
}
