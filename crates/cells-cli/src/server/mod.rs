//! `notebook`: a server on this machine, with a page on which a notebook is written and run.
//!
//! ```text
//! browser ─ guard: host, token ─┬─ /, /assets/ ─▶ files of the page
//!                               └─ /api/ ───────▶ worker: one session │ document: one file
//! ```

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use upshift_cells_host::Options;

use crate::document::{Document, free_path};
use crate::files::{MAX_CHECKPOINT, MAX_NOTEBOOK};
use crate::flags;
use crate::print::{message, print, tell, visible};
use crate::server::guard::Token;
use crate::server::results::Results;
use crate::worker::Worker;

mod api;
mod assets;
mod guard;
mod results;

/// The most bytes of what is sent, but for notebooks and checkpoints.
const MAX_BODY: usize = 8 << 20;

/// With how many bytes of JSON one byte of a notebook file may be sent, at most.
const JSON_PER_BYTE: u64 = 8;

/// What a cell may take if nobody says.
const TIME: Duration = Duration::from_secs(60);

/// The exit code if a second interrupt does not let the server come to its end.
const INTERRUPTED: i32 = 130;

/// How long connections may stay open when the server ends.
const PATIENCE: Duration = Duration::from_secs(2);

/// What all requests share.
struct Server {
    token: Token,
    address: SocketAddr,
    worker: Worker,
    options: Options,
    document: Mutex<Document>,
    results: Mutex<Results>,
    /// Whether a benchmark runs.
    measures: AtomicBool,
    assets: Option<PathBuf>,
}

/// Serves until it is told to end.
///
/// # Errors
/// If the notebook cannot be read, or the address cannot be listened on.
pub(crate) fn serve(flags: &flags::Notebook) -> Result<()> {
    let mut document = Document::new(flags.file.clone().unwrap_or_else(free_path));
    // Better said now than on the page.
    document.load()?;
    let options = flags.limits.options(Some(TIME));
    let (worker, _thread) = Worker::start(options.clone())?;
    // Cells run on a thread of their own, so one is enough for all else.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = listen(flags.host, flags.port).await?;
        let address = listener.local_addr()?;
        let token = Token::new()?;
        let url = format!("http://{}/?token={}", reachable(address), token.text());
        let what = visible(&document.path().display().to_string());
        print(&format!("Notebook: {what}\nPage:     {url}\nCtrl-C ends the server.\n"))?;
        // Who has no browser here can still have one elsewhere.
        let opened = flags
            .open
            .then(|| open(&url))
            .and_then(|opened| opened.inspect_err(|error| tell(&message(error))).ok());

        let document = Mutex::new(document);
        let server = Server {
            token,
            address,
            worker: worker.clone(),
            options,
            document,
            results: Mutex::default(),
            measures: AtomicBool::new(false),
            assets: flags.assets.clone(),
        };
        let app = router(Arc::new(server));
        let (told, ends) = tokio::sync::oneshot::channel();
        let stop = {
            let worker = worker.clone();
            let mut interrupts = Interrupts::new()?;
            async move {
                interrupts.next().await;
                // What waits for a cell must not keep the server.
                worker.cancel();
                let _ = told.send(());
                tokio::spawn(async move {
                    interrupts.next().await;
                    std::process::exit(INTERRUPTED);
                });
            }
        };
        let serving = axum::serve(listener, app).with_graceful_shutdown(stop).into_future();
        let served = tokio::spawn(serving);
        let _ = ends.await;
        // A browser may keep its connection open; nothing more will come over it.
        let _ = timeout(PATIENCE, served).await;
        drop(opened);
        anyhow::Ok(())
    })?;
    // What is at work, such as a benchmark, ends with the process: nothing waits for it any more.
    runtime.shutdown_background();
    worker.cancel();
    Ok(())
}

/// All that can be asked for.
fn router(server: Arc<Server>) -> Router {
    let api = Router::new()
        .route("/execute", post(api::execute))
        .route("/cancel", post(api::cancel))
        .route("/restart", post(api::restart))
        .route("/remove", post(api::remove))
        .route("/check", post(api::check))
        .route("/complete", post(api::complete))
        .route("/inspect", post(api::inspect))
        .route("/names", get(api::names))
        .route("/notebook", get(api::load).put(api::save).layer(body_limit(MAX_NOTEBOOK * JSON_PER_BYTE)))
        .route("/checkpoint", post(api::checkpoint))
        .route("/restore", post(api::restore).layer(body_limit(MAX_CHECKPOINT)))
        .route("/benchmark", post(api::benchmark))
        .route("/state", get(api::state))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is no such thing to ask for"))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this is asked for with another method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(server.clone(), guard::authenticate));
    Router::new()
        .nest("/api", api)
        .fallback(page)
        .layer(middleware::from_fn_with_state(server.clone(), guard::guard))
        .with_state(server)
}

fn body_limit(bytes: u64) -> DefaultBodyLimit {
    DefaultBodyLimit::max(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// A file of the page. None of them is secret, so they need no token; but a wrong one is told at once.
async fn page(State(server): State<Arc<Server>>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "files are only read").into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path.is_empty()
        && let Some(given) = request.uri().query().and_then(token_of_query)
        && !server.token.is(given.as_bytes())
    {
        let message = "The token is not that of this server: take the address that it has printed.\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let folder = server.assets.as_deref();
    let asset = match path.strip_prefix("assets/") {
        Some(file) => assets::find(file, folder),
        None if path.is_empty() => assets::page(folder),
        None => None,
    };
    match asset {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "no-cache")];
            (headers, asset.bytes).into_response()
        }
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

fn token_of_query(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

async fn listen(host: IpAddr, port: u16) -> Result<TcpListener> {
    TcpListener::bind((host, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("port {port} is in use: give another with `--port`, or `--port 0` for any that is free")
        }
        _ => anyhow!("cannot listen on {}: {error}", SocketAddr::from((host, port))),
    })
}

/// An address under which a browser on this machine finds a server.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => ([0, 0, 0, 0, 0, 0, 0, 1], v6.port()).into(),
        address => address,
    }
}

/// Opens the page in a browser. Other users see with which words programs are called, so the browser is not given the address with the
/// token, but a file that leads there and that only this user can read. It has to stay until the browser has read it.
fn open(url: &str) -> Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("upshift-cells-").suffix(".html").tempfile()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file.path(), Permissions::from_mode(0o600))?;
    }
    write!(
        file,
        "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={url}\">\
         <title>Cells</title><a href=\"{url}\">The notebook</a>"
    )?;
    file.flush()?;
    open::that_detached(file.path()).context("cannot open a browser: take the address above")?;
    Ok(file)
}

/// What tells this process to end: Ctrl-C, or who ends programs.
struct Interrupts {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

impl Interrupts {
    fn new() -> Result<Interrupts> {
        Ok(Interrupts {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Why something is not done: a status, and `{"error": "..."}`.
struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, message: impl fmt::Display) -> Refusal {
        Refusal { status, message: message.to_string() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, axum::Json(json!({ "error": self.message }))).into_response()
    }
}

/// What fails is this side's, or the file's, not the request's.
impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
    }
}

impl Server {
    /// Does something with the document.
    fn with_document<T>(&self, act: impl FnOnce(&mut Document) -> T) -> T {
        act(&mut self.document.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something with the results.
    fn with_results<T>(&self, act: impl FnOnce(&mut Results) -> T) -> T {
        act(&mut self.results.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file's name, as it is shown.
    fn document_path(&self) -> String {
        self.with_document(|document| Path::display(document.path()).to_string())
    }
}
