//! What all clients get to see: status, results, errors and output, in the order in which they came about.
//!
//! A cell may print a million short pieces, and each message costs more than a piece: text is held back for a moment and goes out
//! together. The channel is bounded, so a cell that prints faster than that can be sent waits.

use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{ExecutionState, JupyterMessage, JupyterMessageContent, Status, Stdio, StreamContent};
use jupyter_zmq_client::KernelIoPubConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// How long text may be held back.
const DELAY: Duration = Duration::from_millis(10);

/// How much text is held back at most, in bytes.
const PIECE: usize = 64 << 10;

/// How many events wait at most.
const EVENTS: usize = 1 << 10;

enum Event {
    Message(Box<JupyterMessage>),
    Text { parent: Arc<JupyterMessage>, to: Stdio, text: String },
    Flush(oneshot::Sender<()>),
}

/// Where messages for all clients are left.
#[derive(Clone)]
pub(crate) struct Publisher {
    events: mpsc::Sender<Event>,
}

/// Makes a publisher, and what has to be given to [`publish`].
pub(crate) fn publisher() -> (Publisher, Events) {
    let (sender, receiver) = mpsc::channel(EVENTS);
    (Publisher { events: sender }, Events(receiver))
}

/// What has been left for all clients.
pub(crate) struct Events(mpsc::Receiver<Event>);

// Whatever is left after the kernel's end is not sent, so nothing is to be done where the channel is closed.
impl Publisher {
    /// Tells what came of `parent`.
    pub(crate) async fn send(&self, content: impl Into<JupyterMessageContent>, parent: &JupyterMessage) {
        let _ = self.events.send(Event::Message(Box::new(message(content, parent)))).await;
    }

    /// Tells that the kernel is at work for `parent`, or no longer.
    pub(crate) async fn status(&self, state: ExecutionState, parent: &JupyterMessage) {
        self.send(Status { execution_state: state }, parent).await;
    }

    /// Text for the standard error of `parent`.
    pub(crate) async fn warn(&self, text: String, parent: &Arc<JupyterMessage>) {
        let _ = self.events.send(Event::Text { parent: parent.clone(), to: Stdio::Stderr, text }).await;
    }

    /// Text that the engine's thread prints for `parent`; waits until it can be taken.
    pub(crate) fn print(&self, text: &str, parent: &Arc<JupyterMessage>) {
        let event = Event::Text { parent: parent.clone(), to: Stdio::Stdout, text: text.to_owned() };
        let _ = self.events.blocking_send(event);
    }

    /// Waits until everything that was left before has been sent.
    pub(crate) async fn flush(&self) {
        let (sent, flushed) = oneshot::channel();
        if self.events.send(Event::Flush(sent)).await.is_ok() {
            let _ = flushed.await;
        }
    }
}

/// Sends what is left, as long as there is a publisher.
pub(crate) async fn publish(mut events: Events, mut iopub: KernelIoPubConnection) {
    let mut held: Option<Held> = None;
    loop {
        let event = match &held {
            Some(text) => match timeout_at(text.until, events.0.recv()).await {
                Ok(event) => event,
                Err(_) => {
                    send_held(&mut held, &mut iopub).await;
                    continue;
                }
            },
            None => events.0.recv().await,
        };
        match event {
            Some(Event::Text { parent, to, text }) => {
                if !held.as_ref().is_some_and(|held| held.takes(&parent, &to)) {
                    send_held(&mut held, &mut iopub).await;
                }
                let until = Instant::now() + DELAY;
                let held_text = held.get_or_insert_with(|| Held { parent, to, text: String::new(), until });
                held_text.text.push_str(&text);
                if held_text.text.len() >= PIECE {
                    send_held(&mut held, &mut iopub).await;
                }
            }
            Some(Event::Message(message)) => {
                send_held(&mut held, &mut iopub).await;
                send(*message, &mut iopub).await;
            }
            Some(Event::Flush(sent)) => {
                send_held(&mut held, &mut iopub).await;
                let _ = sent.send(());
            }
            None => {
                send_held(&mut held, &mut iopub).await;
                return;
            }
        }
    }
}

/// Text that is held back.
struct Held {
    parent: Arc<JupyterMessage>,
    to: Stdio,
    text: String,
    until: Instant,
}

impl Held {
    fn takes(&self, parent: &Arc<JupyterMessage>, to: &Stdio) -> bool {
        Arc::ptr_eq(&self.parent, parent) && matches!(self.to, Stdio::Stdout) == matches!(to, Stdio::Stdout)
    }
}

async fn send_held(held: &mut Option<Held>, iopub: &mut KernelIoPubConnection) {
    if let Some(Held { parent, to, text, .. }) = held.take() {
        send(message(StreamContent { name: to, text }, &parent), iopub).await;
    }
}

async fn send(message: JupyterMessage, iopub: &mut KernelIoPubConnection) {
    if let Err(error) = iopub.send(message).await {
        eprintln!("cannot publish a message: {error}");
    }
}

/// A message about `parent`. Its first frame is the topic, where a reply has the client's identity.
fn message(content: impl Into<JupyterMessageContent>, parent: &JupyterMessage) -> JupyterMessage {
    let message = JupyterMessage::new(content, Some(parent));
    let topic = format!("kernel.{}", message.message_type());
    message.with_zmq_identities(vec![topic.into_bytes().into()])
}
