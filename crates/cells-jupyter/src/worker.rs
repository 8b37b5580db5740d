//! The thread on which the engine lives: jobs come in their order, each is answered.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use crate::engine::{Engine, Interrupt, Started};
use crate::error::Error;

/// Compilers and their passes go down into nested programs, and cells may recurse: address space, which costs nothing until it is used.
const STACK: usize = 64 << 20;

type Job = Box<dyn FnOnce(&mut dyn Engine) + Send>;

/// The thread of an engine. It ends, after the job that it is at, when this is dropped.
pub(crate) struct Worker {
    jobs: mpsc::Sender<Job>,
    interrupt: Arc<dyn Interrupt>,
}

impl Worker {
    /// Starts the thread and, on it, the engine.
    pub(crate) async fn start(
        start: impl FnOnce() -> Result<Started, String> + Send + 'static,
    ) -> Result<Self, Error> {
        let (jobs, receiver) = mpsc::channel::<Job>();
        let (ready, started) = oneshot::channel();
        thread::Builder::new()
            .name("cells".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let mut engine = match start() {
                    Ok(Started { engine, interrupt }) => {
                        // If nobody waits for it any more, the loop below ends at once.
                        let _ = ready.send(Ok(interrupt));
                        engine
                    }
                    Err(message) => {
                        let _ = ready.send(Err(message));
                        return;
                    }
                };
                for job in receiver {
                    job(&mut *engine);
                }
            })
            .map_err(|error| Error::Engine(error.to_string()))?;
        match started.await {
            Ok(Ok(interrupt)) => Ok(Self { jobs, interrupt }),
            Ok(Err(message)) => Err(Error::Engine(message)),
            Err(_) => Err(Error::Engine("its thread has ended".to_owned())),
        }
    }

    /// Does `job` after those that were given before; None if the thread has ended.
    pub(crate) async fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Engine) -> R + Send + 'static,
    ) -> Option<R> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |engine| {
            // Nobody waits for it where the kernel has been shut down.
            let _ = answer.send(job(engine));
        });
        self.jobs.send(job).ok()?;
        answered.await.ok()
    }

    /// What interrupts the engine.
    pub(crate) fn interrupt(&self) -> &Arc<dyn Interrupt> {
        &self.interrupt
    }
}
