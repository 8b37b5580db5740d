//! Threads of scripts: `(thread $t (shared (module $m)) …)` runs its directives beside what follows, `(wait $t)` waits for it.
//!
//! A thread has a store of its own, so of the module that is shared with it only the shared memories are there: it imports them
//! under the name that it registers the module by.

use std::collections::HashMap;
use std::thread::{Builder, ScopedJoinHandle};

use upshift::{Error, Instance, Linker, SharedMemory, Store};
use wast::WastThread;

use crate::report::Report;
use crate::runner::{Runner, Setting};

/// The stack of a thread: the host's part of deep recursion needs some.
const STACK: usize = 16 << 20;

/// What a thread may use of an instance of another store.
pub(crate) struct Shared {
    /// The name of the instance, without `$`.
    pub(crate) name: String,
    memories: Vec<(String, SharedMemory)>,
}

impl Shared {
    /// What can be shared of an instance.
    pub(crate) fn of(store: &mut Store<()>, name: &str, instance: &Instance) -> Shared {
        let exports = instance.exports(&mut *store);
        let memories = exports.filter_map(|export| {
            let name = export.name().to_owned();
            Some((name, export.into_extern().into_shared_memory()?))
        });
        Shared { name: name.to_owned(), memories: memories.collect() }
    }

    /// Lets modules import it.
    pub(crate) fn define(
        &self,
        linker: &mut Linker<()>,
        store: &Store<()>,
        module: &str,
    ) -> Result<(), Error> {
        for (name, memory) in &self.memories {
            linker.define(store, module, name, memory.clone())?;
        }
        Ok(())
    }
}

/// The threads that run, each with the line where it was started.
#[derive(Default)]
pub(crate) struct Threads<'scope> {
    running: HashMap<String, (usize, ScopedJoinHandle<'scope, Result<Report, Error>>)>,
}

impl<'scope> Threads<'scope> {
    /// Starts a thread.
    pub(crate) fn start<'env>(
        &mut self,
        setting: Setting<'scope, 'env>,
        line: usize,
        thread: WastThread<'env>,
        shared: Option<Shared>,
    ) -> Result<(), String> {
        let name = thread.name.name().to_owned();
        if self.running.contains_key(&name) {
            return Err(format!("the thread ${name} is still running"));
        }
        let run = move || {
            let mut runner = Runner::of_thread(setting, shared)?;
            for directive in thread.directives {
                runner.run(directive);
            }
            Ok(runner.finish(""))
        };
        let started = Builder::new().stack_size(STACK).spawn_scoped(setting.scope, run);
        let handle = started.map_err(|error| format!("cannot start a thread: {error}"))?;
        self.running.insert(name, (line, handle));
        Ok(())
    }

    /// Waits for a thread; what came of it.
    pub(crate) fn join(&mut self, name: &str) -> Result<Report, String> {
        let (_, handle) = self.running.remove(name).ok_or_else(|| format!("no thread ${name} is running"))?;
        outcome(handle)
    }

    /// Waits for all threads.
    pub(crate) fn join_all(&mut self) -> Vec<(usize, Result<Report, String>)> {
        self.running.drain().map(|(_, (line, handle))| (line, outcome(handle))).collect()
    }
}

fn outcome(handle: ScopedJoinHandle<'_, Result<Report, Error>>) -> Result<Report, String> {
    match handle.join() {
        Ok(outcome) => outcome.map_err(|error| format!("{error:#}")),
        Err(_) => Err("the thread panicked".into()),
    }
}
