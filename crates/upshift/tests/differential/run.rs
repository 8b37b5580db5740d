//! Makes modules one after the other, and compares what the engines do with each, on all threads.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};
use std::time::Instant;

use crate::compare::{Counters, Engines, Modules, Other, Plan, count, watch_panics};
use crate::rng::Rng;

/// A generator: the modules for a state and a number; `None` when there is nothing to compare.
pub(crate) type Make<'a> = &'a (dyn Fn(&mut Rng, u64) -> Option<Modules> + Sync);

/// After so many differences a run ends.
const ENOUGH: usize = 5;

/// Which modules to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// The generator's name, with which the names of saved modules begin.
    pub(crate) name: &'a str,
    pub(crate) seed: u64,
    /// The number of the first module; with `modules` 1, just this one runs.
    pub(crate) first: u64,
    pub(crate) modules: u64,
    /// Whether modules are saved before they run.
    pub(crate) trace: bool,
    /// The directory for modules that are saved.
    pub(crate) failures: &'a Path,
    /// When to begin no further module.
    pub(crate) until: Option<Instant>,
}

impl Job<'_> {
    /// Runs them; answers what was done, and the differences that were found.
    pub(crate) fn run(&self, other: Other, make: Make<'_>, plan: Plan) -> (Counters, Vec<String>) {
        static WATCH: Once = Once::new();
        WATCH.call_once(|| watch_panics(other));
        let next = AtomicU64::new(self.first);
        let counters = Counters::default();
        let failures = Mutex::new(Vec::new());
        let work = || self.work(&next, Engines::new(other), make, plan, &counters, &failures);
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                // Deep recursion takes native stack in neither engine, but translation of deep nesting might.
                std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work).expect("a thread");
            }
        });
        (counters, failures.into_inner().expect("nobody panics who holds it"))
    }

    /// What each thread does until all modules have been taken.
    fn work(
        &self,
        next: &AtomicU64,
        mut engines: Engines,
        make: Make<'_>,
        plan: Plan,
        counters: &Counters,
        failures: &Mutex<Vec<String>>,
    ) {
        let failures = || failures.lock().expect("nobody panics who holds it");
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let over = self.until.is_some_and(|until| Instant::now() >= until);
            if index >= self.first + self.modules || over || failures().len() >= ENOUGH {
                return;
            }
            let mut rng = Rng::of_item(self.seed, index);
            let Some(modules) = make(&mut rng, index) else {
                count(&counters.skipped, 1);
                continue;
            };
            if self.trace {
                // A crash leaves no message: this tells which module it was.
                eprintln!("{}: module {index}", self.name);
                self.save(index, &modules, &engines.history);
            }
            if let Err(what) = engines.compare(&modules, plan, &mut rng, counters) {
                let path = self.save(index, &modules, &engines.history);
                failures().push(format!("seed {}, module {index}, {path}\n{what}", self.seed));
            }
        }
    }

    /// Writes modules and what was done with them into files; answers the name of the first one.
    fn save(&self, index: u64, modules: &Modules, history: &[String]) -> String {
        let path = format!("{}/{}-{}-{index}.wasm", self.failures.display(), self.name, self.seed);
        let write = |path: &str, bytes: &[u8]| {
            std::fs::write(path, bytes).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
        };
        for (i, bytes) in modules.upshift.iter().enumerate() {
            write(&if i == 0 { path.clone() } else { format!("{path}.{i}") }, bytes);
        }
        write(&format!("{path}.calls"), history.join("\n").as_bytes());
        path
    }
}
