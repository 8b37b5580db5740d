//! The shell channel: requests of clients, one after the other.
//!
//! ```text
//! request ─▶ busy ─▶ a job of the engine ─▶ what clients see (iopub) ─▶ reply ─▶ idle
//!                         │ fails, and the request says to stop then
//!                         └▶ what else has come by now: no execution, `aborted`
//! ```

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{
    CodeMirrorMode, CommClose, CommInfoReply, CompleteReply, CompleteRequest, ExecuteInput, ExecuteReply,
    ExecuteRequest, ExecuteResult, ExecutionCount, ExecutionState, ExpressionResult, HelpLink, HistoryReply,
    InspectReply, InspectRequest, IsCompleteReply, JupyterMessage, JupyterMessageContent, KernelInfoReply,
    LanguageInfo, Media, MediaType, ReplyError, ReplyStatus,
};
use jupyter_zmq_client::RouterSendConnection;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::control::{Running, shut_down};
use crate::engine::{Completeness, Failure, Outcome};
use crate::iopub::Publisher;
use crate::kernel::complain;
use crate::render::{ename, markdown_as_text, stale_note, traceback, value_as_html};
use crate::text::{byte_offset, character_position};
use crate::worker::Worker;

/// How long the reply to a cell that has failed waits for what the client has already sent, so that it is not executed. A client that
/// reads the reply and then goes on is not concerned.
const GRACE: Duration = Duration::from_millis(20);

/// Serves the shell channel.
pub(crate) struct Shell {
    replies: RouterSendConnection,
    publisher: Publisher,
    worker: Arc<Worker>,
    running: Running,
    stop: mpsc::Sender<()>,
    /// The number of the last execution that counts.
    count: usize,
    /// How many executions did not count.
    quiet: usize,
    /// Under which number each cell was executed last.
    executed: HashMap<String, usize>,
    /// The cells of which the user knows that they are stale.
    stale: Vec<String>,
}

impl Shell {
    pub(crate) fn new(
        replies: RouterSendConnection,
        publisher: Publisher,
        worker: Arc<Worker>,
        running: Running,
        stop: mpsc::Sender<()>,
    ) -> Self {
        let (executed, stale) = (HashMap::new(), Vec::new());
        Self { replies, publisher, worker, running, stop, count: 0, quiet: 0, executed, stale }
    }

    /// Answers what comes from `requests`, until nothing can any more.
    pub(crate) async fn serve(mut self, mut requests: mpsc::UnboundedReceiver<JupyterMessage>) {
        while let Some(message) = requests.recv().await {
            let mut aborted = VecDeque::new();
            self.answer(message, &mut requests, &mut aborted).await;
            while let Some(message) = aborted.pop_front() {
                if let JupyterMessageContent::ExecuteRequest(_) = message.content {
                    self.abort(&message).await;
                } else {
                    self.answer(message, &mut requests, &mut aborted).await;
                }
            }
        }
    }

    /// Answers one message. If it is an execution that fails, what has come since moves to `aborted`.
    async fn answer(
        &mut self,
        message: JupyterMessage,
        requests: &mut mpsc::UnboundedReceiver<JupyterMessage>,
        aborted: &mut VecDeque<JupyterMessage>,
    ) {
        let message = Arc::new(message);
        self.publisher.status(ExecutionState::Busy, &message).await;
        let mut metadata = json!({});
        let reply: Option<JupyterMessageContent> = match &message.content {
            JupyterMessageContent::ExecuteRequest(request) => {
                let (reply, performance) = self.execute(request.clone(), &message).await;
                if !performance.is_null() {
                    // With the reply, as what stands with a result is saved in notebooks, which would differ after each run.
                    metadata = json!({ "performance": performance });
                }
                if request.stop_on_error && reply.status == ReplyStatus::Error {
                    sleep(GRACE).await;
                    while let Ok(message) = requests.try_recv() {
                        aborted.push_back(message);
                    }
                }
                Some(reply.into())
            }
            JupyterMessageContent::CompleteRequest(request) => {
                Some(self.complete(request.clone()).await.into())
            }
            JupyterMessageContent::InspectRequest(request) => {
                Some(self.inspect(request.clone()).await.into())
            }
            JupyterMessageContent::IsCompleteRequest(request) => {
                Some(self.is_complete(request.code.clone()).await.into())
            }
            JupyterMessageContent::KernelInfoRequest(_) => Some(kernel_info().into()),
            JupyterMessageContent::HistoryRequest(_) => Some(HistoryReply::default().into()),
            JupyterMessageContent::CommInfoRequest(_) => Some(CommInfoReply::default().into()),
            JupyterMessageContent::CommOpen(request) => {
                // There is nothing at this end.
                let close = CommClose { comm_id: request.comm_id.clone(), data: Map::new() };
                self.publisher.send(close, &message).await;
                None
            }
            JupyterMessageContent::CommMsg(_) | JupyterMessageContent::CommClose(_) => None,
            JupyterMessageContent::ShutdownRequest(request) => {
                // Older clients send it here.
                let reply = shut_down(request.restart, &message, &self.publisher).await;
                self.reply(reply, metadata, &message).await;
                self.publisher.status(ExecutionState::Idle, &message).await;
                // Full only if that has been said before.
                let _ = self.stop.try_send(());
                return;
            }
            _ => {
                eprintln!("the request {} is not known on the channel shell", message.header.msg_type);
                None
            }
        };
        if let Some(reply) = reply {
            self.reply(reply, metadata, &message).await;
        }
        self.publisher.status(ExecutionState::Idle, &message).await;
    }

    async fn reply(&mut self, content: JupyterMessageContent, metadata: Value, message: &JupyterMessage) {
        let reply = JupyterMessage::new(content, Some(message)).with_metadata(metadata);
        if let Err(error) = self.replies.send(reply).await {
            complain("shell", &error).await;
        }
    }

    /// Says of an execution that it does not take place.
    async fn abort(&mut self, message: &JupyterMessage) {
        self.publisher.status(ExecutionState::Busy, message).await;
        let reply = ExecuteReply {
            status: ReplyStatus::Aborted,
            execution_count: ExecutionCount::new(self.count),
            user_expressions: Some(HashMap::new()),
            ..ExecuteReply::default()
        };
        self.reply(reply.into(), json!({}), message).await;
        self.publisher.status(ExecutionState::Idle, message).await;
    }

    /// Runs a cell and tells all clients what came of it; the reply, and how long it took.
    async fn execute(
        &mut self,
        request: ExecuteRequest,
        message: &Arc<JupyterMessage>,
    ) -> (ExecuteReply, Value) {
        let ExecuteRequest { code, silent, store_history, user_expressions, .. } = request;
        let counts = store_history && !silent;
        self.count += usize::from(counts);
        self.quiet += usize::from(!counts);
        let cell = cell_id(&message.metadata).unwrap_or_else(|| {
            if counts { self.count.to_string() } else { format!("silent {}", self.quiet) }
        });
        if counts {
            self.executed.insert(cell.clone(), self.count);
        }
        let count = ExecutionCount::new(self.count);
        if !silent {
            let input = ExecuteInput { code: code.clone(), execution_count: count };
            self.publisher.send(input, message).await;
        }
        let mut outcome = self.run(cell, code, (!silent).then(|| message.clone())).await;
        if !silent {
            self.tell(&outcome, count, message).await;
        }
        let mut reply = ExecuteReply {
            execution_count: count,
            user_expressions: Some(HashMap::new()),
            ..ExecuteReply::default()
        };
        match outcome.failure.take() {
            Some(failure) => {
                reply.status = ReplyStatus::Error;
                reply.error = Some(Box::new(self.error(&failure)));
            }
            None => {
                for (name, source) in user_expressions.unwrap_or_default() {
                    let outcome = self.run(format!("expression {name}"), source, None).await;
                    let result = self.expression(&outcome);
                    reply.user_expressions.get_or_insert_default().insert(name, result);
                }
            }
        }
        (reply, outcome.performance)
    }

    /// Has the engine run a cell, which prints to the clients of `message` if that is given.
    async fn run(&self, cell: String, source: String, message: Option<Arc<JupyterMessage>>) -> Outcome {
        let publisher = self.publisher.clone();
        let print = move |text: &str| {
            if let Some(message) = &message {
                publisher.print(text, message);
            }
        };
        self.worker.interrupt().clear();
        self.running.set(true);
        let outcome = self.worker.call(move |engine| engine.execute(&cell, &source, Box::new(print))).await;
        self.running.set(false);
        outcome.unwrap_or_else(|| {
            let message = "the thread that runs cells has ended: restart the kernel".to_owned();
            let failure = Failure { kind: "internal".to_owned(), rendered: message.clone(), message };
            Outcome { failure: Some(failure), ..Outcome::default() }
        })
    }

    /// Tells all clients what came of a cell, but for what it printed.
    async fn tell(&mut self, outcome: &Outcome, count: ExecutionCount, message: &Arc<JupyterMessage>) {
        for warning in &outcome.warnings {
            self.publisher.warn(format!("{}\n", warning.trim_end()), message).await;
        }
        if let Some(failure) = &outcome.failure {
            let ReplyError { ename, evalue, traceback } = self.error(failure);
            self.publisher.send(jupyter_protocol::ErrorOutput { ename, evalue, traceback }, message).await;
            return;
        }
        if let Some(value) = &outcome.value {
            let mut result = ExecuteResult::new(count, media(value, outcome.ty.as_deref()));
            result.transient = Some(jupyter_protocol::Transient::default());
            result.metadata = result_metadata(outcome);
            self.publisher.send(result, message).await;
        }
        let fresh: Vec<_> = outcome.stale.iter().filter(|cell| !self.stale.contains(cell)).collect();
        if let Some(note) = stale_note(&fresh, &self.executed) {
            self.publisher.warn(note, message).await;
        }
        self.stale.clone_from(&outcome.stale);
    }

    fn error(&self, failure: &Failure) -> ReplyError {
        ReplyError {
            ename: ename(&failure.kind).to_owned(),
            evalue: failure.message.clone(),
            traceback: traceback(failure, &self.executed),
        }
    }

    fn expression(&self, outcome: &Outcome) -> ExpressionResult {
        match &outcome.failure {
            Some(failure) => {
                let ReplyError { ename, evalue, traceback } = self.error(failure);
                ExpressionResult::Error { ename, evalue, traceback }
            }
            None => ExpressionResult::Ok {
                data: media(outcome.value.as_deref().unwrap_or("()"), outcome.ty.as_deref()),
                metadata: result_metadata(outcome),
            },
        }
    }

    async fn complete(&self, CompleteRequest { code, cursor_pos }: CompleteRequest) -> CompleteReply {
        let (source, offset) = (code.clone(), byte_offset(&code, cursor_pos));
        let completion =
            self.worker.call(move |engine| engine.complete(&source, offset)).await.unwrap_or_default();
        let cursor_start = character_position(&code, completion.start);
        let cursor_end = character_position(&code, completion.end.max(completion.start));
        // What JupyterLab shows beside a name.
        let types: Vec<_> = completion
            .items
            .iter()
            .map(|item| {
                json!({
                    "start": cursor_start, "end": cursor_end,
                    "text": item.label, "type": item.kind, "signature": item.detail,
                })
            })
            .collect();
        CompleteReply {
            matches: completion.items.into_iter().map(|item| item.label).collect(),
            cursor_start,
            cursor_end,
            metadata: Map::from_iter([("_jupyter_types_experimental".to_owned(), Value::from(types))]),
            ..CompleteReply::default()
        }
    }

    async fn inspect(&self, InspectRequest { code, cursor_pos, .. }: InspectRequest) -> InspectReply {
        let offset = byte_offset(&code, cursor_pos);
        match self.worker.call(move |engine| engine.inspect(&code, offset)).await.flatten() {
            Some(inspection) => InspectReply {
                found: true,
                data: Media::new(vec![
                    MediaType::Plain(markdown_as_text(&inspection.markdown)),
                    MediaType::Markdown(inspection.markdown),
                ]),
                ..InspectReply::default()
            },
            None => InspectReply::default(),
        }
    }

    async fn is_complete(&self, code: String) -> IsCompleteReply {
        match self.worker.call(move |engine| engine.is_complete(&code)).await {
            Some(Completeness::Complete) => IsCompleteReply::complete(),
            Some(Completeness::Incomplete { indent }) => IsCompleteReply::incomplete(indent),
            Some(Completeness::Invalid) => IsCompleteReply::invalid(),
            None => IsCompleteReply::unknown(),
        }
    }
}

/// The identity that a front end has given to a cell: running the cell again replaces what it defined.
fn cell_id(metadata: &Value) -> Option<String> {
    metadata.get("cellId").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
}

/// A value for all kinds of clients: where there is markup, its type stands beside it.
fn media(value: &str, ty: Option<&str>) -> Media {
    let plain = MediaType::Plain(value.to_owned());
    match ty {
        Some(ty) => Media::new(vec![plain, MediaType::Html(value_as_html(value, ty))]),
        None => Media::new(vec![plain]),
    }
}

fn result_metadata(outcome: &Outcome) -> Map<String, Value> {
    let mut metadata = Map::new();
    if let Some(ty) = &outcome.ty {
        metadata.insert("type".to_owned(), ty.clone().into());
    }
    metadata
}

/// What this kernel is.
pub(crate) fn kernel_info() -> KernelInfoReply {
    let version = env!("CARGO_PKG_VERSION");
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.3".to_owned(),
        implementation: "upshift-cells".to_owned(),
        implementation_version: version.to_owned(),
        language_info: LanguageInfo {
            name: "cells".to_owned(),
            version: version.to_owned(),
            mimetype: Some("text/x-upshift-cells".to_owned()),
            file_extension: Some(".cells".to_owned()),
            // The closest of those that front ends know.
            pygments_lexer: Some("rust".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("rust".to_owned())),
            nbconvert_exporter: None,
        },
        banner: format!("Upshift cells {version}: each cell is compiled to WebAssembly"),
        help_links: Vec::<HelpLink>::new(),
        debugger: false,
        error: None,
    }
}
