//! The thread on which cells run. A session belongs to one thread; everything else asks this one.
//!
//! ```text
//! server, prompt ─ jobs ─▶ queue ─▶ thread with the Host ─▶ answers
//!        └─ cancel ─────────────────▶ the running cell ends, the cells that wait do not begin
//! ```
//!
//! A job that panics leaves a session of which nothing is known any more: it is dropped, and later jobs with it, until a restart.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use upshift_cells_host::{Canceller, Failure, FailureKind, Host, Options, Outcome};

/// The stack of the thread: the compiler recurses over what is nested in a source.
const STACK: usize = 16 << 20;

/// Why nothing is answered.
const NO_SESSION: &str = "a fault of this program has ended the session: restart it";

/// Something to be done on the thread.
type Job = Box<dyn FnOnce(&mut Host) + Send>;

/// Who waits for a restart.
type Restarted = Box<dyn FnOnce(Result<Option<String>>) + Send>;

/// What the thread is asked for.
enum Task {
    Job(Job),
    Restart(Restarted),
}

/// The way to the thread. Copies lead to the same one, which ends with the last of them.
#[derive(Clone)]
pub(crate) struct Worker {
    tasks: Sender<Task>,
    /// That of the session that is there.
    canceller: Arc<Mutex<Canceller>>,
    /// How often it was cancelled: a cell that was sent before the last time does not begin.
    cancelled: Arc<AtomicU64>,
}

impl Worker {
    /// Starts the thread with a session of its own.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(crate) fn start(options: Options) -> Result<(Worker, JoinHandle<()>)> {
        let (tasks, queue) = channel();
        let (made, host_is_made) = channel();
        let thread = thread::Builder::new().name("cells".into()).stack_size(STACK).spawn(move || {
            let host = match Host::new(options.clone()) {
                Ok(host) => host,
                Err(error) => {
                    let _ = made.send(Err(error));
                    return;
                }
            };
            let canceller = Arc::new(Mutex::new(host.canceller()));
            let _ = made.send(Ok(canceller.clone()));
            let mut cells = Cells { options, host: Ok(host), canceller };
            for task in queue {
                match task {
                    Task::Job(job) => drop(cells.attempt(job)),
                    Task::Restart(done) => done(cells.restart()),
                }
            }
        })?;
        let canceller = host_is_made.recv().context("the thread of cells has ended")??;
        Ok((Worker { tasks, canceller, cancelled: Arc::default() }, thread))
    }

    /// Has `job` done, after all that was sent before; `done` gets what it returns, on that thread.
    pub(crate) fn send<T>(
        &self,
        job: impl FnOnce(&mut Host) -> T + Send + 'static,
        done: impl FnOnce(T) + Send + 'static,
    ) {
        // The thread ends only with this sender.
        let _ = self.tasks.send(Task::Job(Box::new(move |host| done(job(host)))));
    }

    /// Has `job` done and waits for it.
    ///
    /// # Errors
    /// If there is no session, after a fault of this program.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Host) -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = channel();
        self.send(job, move |value| drop(answer.send(value)));
        answered.recv().context(NO_SESSION)
    }

    /// The same for who must not block.
    ///
    /// # Errors
    /// As [`Worker::call`].
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Host) -> T + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.send(job, move |value| drop(answer.send(value)));
        answered.await.context(NO_SESSION)
    }

    /// Begins with a session without cells, after all that was sent before; then `after` is done on the thread. Returns the fault after which
    /// there was no session, if so.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(crate) fn call_restart(&self) -> Result<Option<String>> {
        let (answer, answered) = channel();
        self.send_restart(move |restarted| drop(answer.send(restarted)));
        answered.recv().context(NO_SESSION)?
    }

    /// The same for who must not block.
    ///
    /// # Errors
    /// As [`Worker::call_restart`].
    pub(crate) async fn ask_restart(&self, after: impl FnOnce() + Send + 'static) -> Result<Option<String>> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.send_restart(move |restarted| {
            if restarted.is_ok() {
                after();
            }
            drop(answer.send(restarted));
        });
        answered.await.context(NO_SESSION)?
    }

    fn send_restart(&self, done: impl FnOnce(Result<Option<String>>) + Send + 'static) {
        let _ = self.tasks.send(Task::Restart(Box::new(done)));
    }

    /// A job that runs a cell, unless it is cancelled before. `sink` gets what the cell prints as soon as it does.
    pub(crate) fn run(
        &self,
        cell: String,
        source: String,
        sink: impl FnMut(&str) + Send + 'static,
    ) -> impl FnOnce(&mut Host) -> Outcome + Send + 'static {
        let cancelled = self.cancelled.clone();
        let sent = cancelled.load(Ordering::SeqCst);
        move |host| {
            // The host's flag was cleared before: who cancels after the count is read here sets the flag, which then ends the run.
            if cancelled.load(Ordering::SeqCst) != sent {
                return never_begun();
            }
            host.execute_with(&cell, &source, sink)
        }
    }

    /// Ends the cell that runs, and has those that wait not begin. Cells that are sent later run.
    pub(crate) fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::SeqCst);
        self.canceller.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

/// What the thread has.
struct Cells {
    options: Options,
    /// The session, or the fault after which there is none.
    host: Result<Host, String>,
    canceller: Arc<Mutex<Canceller>>,
}

impl Cells {
    /// Does something with the session, if there is one. After a panic there is none.
    fn attempt<T>(&mut self, act: impl FnOnce(&mut Host) -> T) -> Result<T, String> {
        let host = self.host.as_mut().map_err(|fault| fault.clone())?;
        // What was to be ended has ended.
        self.canceller.lock().unwrap_or_else(PoisonError::into_inner).clear();
        catch_unwind(AssertUnwindSafe(|| act(host))).map_err(|panic| {
            let fault = text_of(&*panic);
            let broken = std::mem::replace(&mut self.host, Err(fault.clone()));
            // It may well panic once more.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
            fault
        })
    }

    fn restart(&mut self) -> Result<Option<String>> {
        let fault = match self.attempt(Host::restart) {
            Ok(restarted) => return restarted.map(|()| None),
            Err(fault) => fault,
        };
        let host = Host::new(self.options.clone())?;
        *self.canceller.lock().unwrap_or_else(PoisonError::into_inner) = host.canceller();
        self.host = Ok(host);
        Ok(Some(fault))
    }
}

/// What was said with a panic.
fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a fault").to_owned()
}

/// What came of a cell that was cancelled while it waited.
fn never_begun() -> Outcome {
    let message = "the cell was cancelled before it began";
    let error = Failure {
        kind: FailureKind::Cancelled,
        message: message.into(),
        line: 0,
        column: 0,
        rendered: format!("cancelled: {message}\n"),
        diagnostics: Vec::new(),
        traceback: Vec::new(),
    };
    Outcome { error: Some(error), ..Outcome::default() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use upshift_cells_host::{FailureKind, Options};

    use super::Worker;

    #[test]
    fn a_restart_makes_a_session_after_a_panic() {
        let (worker, thread) = Worker::start(Options::default()).unwrap();
        assert!(worker.call(|_| panic!("broken")).is_err());
        let error = worker.call(|host| host.names().len()).unwrap_err();
        assert!(error.to_string().contains("restart"), "{error}");
        assert_eq!(worker.call_restart().unwrap().as_deref(), Some("broken"));
        let run = worker.run("a".into(), "6 * 7".into(), |_| {});
        assert_eq!(worker.call(run).unwrap().value.as_deref(), Some("42"));
        // Which can be cancelled as the first one could.
        let (begun, begins) = channel();
        let (answer, answers) = channel();
        let run = worker.run("b".into(), "print(1); loop { }".into(), move |_| begun.send(()).unwrap());
        worker.send(run, move |outcome| answer.send(outcome).unwrap());
        begins.recv().unwrap();
        worker.cancel();
        assert_eq!(answers.recv().unwrap().error.unwrap().kind, FailureKind::Cancelled);
        assert_eq!(worker.call_restart().unwrap(), None);
        drop(worker);
        thread.join().unwrap();
    }

    #[test]
    fn cells_that_wait_do_not_begin_after_a_cancel_and_later_ones_do() {
        let (worker, thread) = Worker::start(Options::default()).unwrap();
        let (go, wait) = channel::<()>();
        worker.send(move |_| wait.recv().unwrap(), drop);
        let (answer, answers) = channel();
        for source in ["let a = 1", "let b = 1"] {
            let answer = answer.clone();
            worker.send(worker.run(source.into(), source.into(), |_| {}), move |o| answer.send(o).unwrap());
        }
        worker.cancel();
        worker.send(worker.run("c".into(), "let c = 1".into(), |_| {}), move |o| answer.send(o).unwrap());
        go.send(()).unwrap();
        let kinds: Vec<_> = answers.iter().map(|outcome| outcome.error.map(|error| error.kind)).collect();
        assert_eq!(kinds, [Some(FailureKind::Cancelled), Some(FailureKind::Cancelled), None]);
        drop(worker);
        thread.join().unwrap();
    }
}
