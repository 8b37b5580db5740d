//! The control channel: what has to be answered while a cell runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jupyter_protocol::{
    ExecutionState, InterruptReply, JupyterMessage, JupyterMessageContent, ReplyStatus, ShutdownReply,
};
use jupyter_zmq_client::KernelControlConnection;
use tokio::sync::mpsc;

use crate::engine::Interrupt;
use crate::iopub::Publisher;
use crate::kernel::complain;
use crate::shell::kernel_info;

/// Whether a cell runs. It changes only between two steps of the kernel's one thread, so who has asked may act on it.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<AtomicBool>);

impl Running {
    pub(crate) fn set(&self, running: bool) {
        self.0.store(running, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Serves the control channel.
pub(crate) struct Control {
    socket: KernelControlConnection,
    publisher: Publisher,
    interrupt: Arc<dyn Interrupt>,
    running: Running,
}

impl Control {
    pub(crate) fn new(
        socket: KernelControlConnection,
        publisher: Publisher,
        interrupt: Arc<dyn Interrupt>,
        running: Running,
    ) -> Self {
        Self { socket, publisher, interrupt, running }
    }

    /// Serves until a client shuts the kernel down, here or, where `stopped` tells of it, by the shell channel.
    pub(crate) async fn serve(mut self, mut stopped: mpsc::Receiver<()>) {
        loop {
            let message = tokio::select! {
                message = self.socket.read() => message,
                _ = stopped.recv() => return,
            };
            match message {
                Ok(message) => {
                    if self.answer(&message).await {
                        return;
                    }
                }
                Err(error) => complain("control", &error).await,
            }
        }
    }

    /// Answers one message; whether it is the last one.
    async fn answer(&mut self, message: &JupyterMessage) -> bool {
        self.publisher.status(ExecutionState::Busy, message).await;
        let mut last = false;
        let reply: Option<JupyterMessageContent> = match &message.content {
            JupyterMessageContent::InterruptRequest(_) => {
                self.stop_cell();
                Some(InterruptReply::new().into())
            }
            JupyterMessageContent::ShutdownRequest(request) => {
                self.stop_cell();
                last = true;
                Some(shut_down(request.restart, message, &self.publisher).await)
            }
            JupyterMessageContent::KernelInfoRequest(_) => Some(kernel_info().into()),
            _ => {
                eprintln!("the request {} is not known on the channel control", message.header.msg_type);
                None
            }
        };
        if let Some(reply) = reply
            && let Err(error) = self.socket.send(JupyterMessage::new(reply, Some(message))).await
        {
            complain("control", &error).await;
        }
        self.publisher.status(ExecutionState::Idle, message).await;
        last
    }

    fn stop_cell(&self) {
        if self.running.get() {
            self.interrupt.interrupt();
        }
    }
}

/// Tells all clients that the kernel ends because of `message`; the reply to who asked for it.
pub(crate) async fn shut_down(
    restart: bool,
    message: &JupyterMessage,
    publisher: &Publisher,
) -> JupyterMessageContent {
    let reply = ShutdownReply { restart, status: ReplyStatus::Ok, error: None };
    publisher.send(reply.clone(), message).await;
    reply.into()
}
