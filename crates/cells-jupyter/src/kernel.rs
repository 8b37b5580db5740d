//! The kernel's sockets and its end.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{ConnectionInfo, JupyterMessage};
use jupyter_zmq_client::{
    KernelHeartbeatConnection, KernelStdinConnection, RouterRecvConnection, RuntimeError,
    create_kernel_control_connection, create_kernel_heartbeat_connection, create_kernel_iopub_connection,
    create_kernel_shell_connection, create_kernel_stdin_connection,
};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::control::{Control, Running};
use crate::engine::Started;
use crate::error::Error;
use crate::iopub::{publish, publisher};
use crate::shell::Shell;
use crate::worker::Worker;

/// What was sent last is written by tasks of the sockets, which nobody can wait for.
const LINGER: Duration = Duration::from_millis(100);

/// Reads the file in which Jupyter says where the kernel has to listen.
///
/// # Errors
///
/// If it cannot be read, is none, or asks for signatures other than HMAC-SHA256.
pub fn read_connection(path: &Path) -> Result<ConnectionInfo, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let content = |message: String| Error::Content { path: path.to_owned(), message };
    let mut connection: ConnectionInfo =
        serde_json::from_str(&text).map_err(|error| content(format!("not a connection file: {error}")))?;
    if !connection.key.is_empty() && connection.signature_scheme != "hmac-sha256" {
        return Err(content(format!("the signature scheme {:?} is not known", connection.signature_scheme)));
    }
    if connection.ip == "*" {
        connection.ip = "0.0.0.0".to_owned();
    }
    Ok(connection)
}

/// Is a kernel, until a client shuts it down or the process that started it ends. `start` makes the engine, on the thread that it
/// stays on. A cell that still runs at the end is interrupted but not waited for: the process should end then.
///
/// # Errors
///
/// If a socket cannot be bound, or the engine cannot start.
///
/// # Panics
///
/// If called from asynchronous code of tokio.
pub fn run_with(
    connection: &ConnectionInfo,
    start: impl FnOnce() -> Result<Started, String> + Send + 'static,
) -> Result<(), Error> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Socket(RuntimeError::IoError(error)))?;
    runtime.block_on(serve(connection, start))
}

async fn serve(
    connection: &ConnectionInfo,
    start: impl FnOnce() -> Result<Started, String> + Send + 'static,
) -> Result<(), Error> {
    // Each process is a session of its own.
    let session = JupyterMessage::new(jupyter_protocol::KernelInfoRequest {}, None).header.session;
    let heartbeat = create_kernel_heartbeat_connection(connection).await.map_err(Error::Socket)?;
    let stdin = create_kernel_stdin_connection(connection, &session).await.map_err(Error::Socket)?;
    let iopub = create_kernel_iopub_connection(connection, &session).await.map_err(Error::Socket)?;
    let control = create_kernel_control_connection(connection, &session).await.map_err(Error::Socket)?;
    let shell = create_kernel_shell_connection(connection, &session).await.map_err(Error::Socket)?;
    let worker = Arc::new(Worker::start(start).await?);

    let running = Running::default();
    let (publisher, events) = publisher();
    let (replies, requests) = shell.split();
    let (queue, queued) = mpsc::unbounded_channel();
    let control = Control::new(control, publisher.clone(), worker.interrupt().clone(), running.clone());
    let (stop, stopped) = mpsc::channel(1);
    let shell = Shell::new(replies, publisher.clone(), worker, running.clone(), stop);
    tokio::select! {
        () = beat(heartbeat) => {}
        () = ignore(stdin) => {}
        () = publish(events, iopub) => {}
        () = receive(requests, queue) => {}
        () = shell.serve(queued) => {}
        () = async {
            control.serve(stopped).await;
            publisher.flush().await;
            sleep(LINGER).await;
        } => {}
        () = orphaned() => {}
    }
    Ok(())
}

/// Answers the client's question whether this process lives.
async fn beat(mut heartbeat: KernelHeartbeatConnection) {
    loop {
        if let Err(error) = heartbeat.single_heartbeat().await {
            complain("heartbeat", &error).await;
        }
    }
}

/// Cells read nothing, so what clients send there is not asked for.
async fn ignore(mut stdin: KernelStdinConnection) {
    loop {
        if let Err(error) = stdin.read().await {
            complain("stdin", &error).await;
        }
    }
}

/// Takes requests as they come, so that the shell knows what has come when a cell fails.
async fn receive(mut requests: RouterRecvConnection, queue: mpsc::UnboundedSender<JupyterMessage>) {
    loop {
        match requests.read().await {
            // Nobody takes them where the kernel is at its end.
            Ok(message) => drop(queue.send(message)),
            Err(error) => complain("shell", &error).await,
        }
    }
}

/// Says that a message could not be read. Where it is the socket that fails, this must not go on at full speed.
pub(crate) async fn complain(channel: &str, error: &RuntimeError) {
    eprintln!("a message on the channel {channel} is ignored: {error}");
    if matches!(error, RuntimeError::ZmqError(_) | RuntimeError::IoError(_)) {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for the end of the process that started this one, where that says it is Jupyter: a kernel must not outlive it.
async fn orphaned() {
    let parent = parent();
    if parent.is_none() || std::env::var_os("JPY_PARENT_PID").is_none() {
        std::future::pending::<()>().await;
    }
    while self::parent() == parent {
        sleep(Duration::from_secs(1)).await;
    }
    eprintln!("the process that started this kernel has ended");
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}
