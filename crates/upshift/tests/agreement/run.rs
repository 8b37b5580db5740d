//! Makes cases one after the other on all threads, and writes those that differ, reduced, into files.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::case::{Case, Counts};
use crate::observe::NATIVE;
use crate::rng::Rng;

/// After so many differences a run ends.
const ENOUGH: usize = 5;

/// How often a case is run to make it smaller, and how long that may take.
const QUESTIONS: usize = 3000;
const PATIENCE: Duration = Duration::from_secs(100);

/// Which cases to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) seed: u64,
    pub(crate) first: u64,
    pub(crate) cases: u64,
    /// Whether each runs in a process of its own.
    pub(crate) isolate: bool,
    /// The directory for cases that differ.
    pub(crate) failures: &'a Path,
    /// When to begin no further case.
    pub(crate) until: Option<Instant>,
}

impl Job<'_> {
    /// Runs them; a line about what was done, and the differences.
    pub(crate) fn run(&self) -> (String, Vec<String>) {
        let next = AtomicU64::new(self.first);
        let (counts, failures) = (Mutex::new((0, Counts::default())), Mutex::new(Vec::new()));
        let start = Instant::now();
        let work = || {
            let mut own = Counts::default();
            let mut cases = 0;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let over = self.until.is_some_and(|until| Instant::now() >= until);
                let found = failures.lock().expect("nobody panics who holds it").len();
                if index >= self.first.saturating_add(self.cases) || over || found >= ENOUGH {
                    break;
                }
                let case = Case::new(&mut Rng::of_item(self.seed, index));
                cases += 1;
                if let Some(what) = self.difference(&case, &mut own) {
                    let text = self.failure(index, &case, &what);
                    failures.lock().expect("nobody panics who holds it").push(text);
                }
            }
            let mut all = counts.lock().expect("nobody panics who holds it");
            all.0 += cases;
            all.1.runs += own.runs;
            all.1.calls += own.calls;
            all.1.errors += own.errors;
            all.1.exhausted += own.exhausted;
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, work).expect("a thread");
            }
        });
        let (cases, Counts { runs, calls, errors, exhausted }) =
            counts.into_inner().expect("nobody panics who holds it");
        let [native, embedded, bytes] = NATIVE.each_ref().map(|sum| sum.load(Ordering::Relaxed));
        let report = format!(
            "{cases} programs, {runs} runs, {calls} calls of the interpreter ({errors} errors, {exhausted} without stack or room), \
             {native} functions in native code ({bytes} bytes, {embedded} embedded instructions), {:.0} programs a second",
            f64::from(cases) / start.elapsed().as_secs_f64()
        );
        (report, failures.into_inner().expect("nobody panics who holds it"))
    }

    fn difference(&self, case: &Case, counts: &mut Counts) -> Option<String> {
        #[cfg(unix)]
        if self.isolate {
            let work = || {
                // What is counted there is what this case adds.
                NATIVE.iter().for_each(|sum| sum.store(0, Ordering::Relaxed));
                let mut counts = Counts::default();
                let text = case.difference(None, &mut counts);
                let Counts { runs, calls, errors, exhausted } = counts;
                let [native, embedded, bytes] = NATIVE.each_ref().map(|sum| sum.load(Ordering::Relaxed));
                (text, [runs as u64, calls as u64, errors as u64, exhausted as u64, native, embedded, bytes])
            };
            let (text, numbers) = crate::isolate::isolated(work);
            let [runs, calls, errors, exhausted, native @ ..] = numbers;
            *counts = Counts {
                runs: counts.runs + runs as usize,
                calls: counts.calls + calls as usize,
                errors: counts.errors + errors as usize,
                exhausted: counts.exhausted + exhausted as usize,
            };
            NATIVE.iter().zip(native).for_each(|(sum, n)| _ = sum.fetch_add(n, Ordering::Relaxed));
            return text;
        }
        case.difference(None, counts)
    }

    /// Makes the case smaller, writes it, and says what differs.
    fn failure(&self, index: u64, case: &Case, what: &str) -> String {
        let end = Instant::now() + PATIENCE;
        let small = case.reduced(QUESTIONS, &mut |case| {
            Instant::now() < end && self.difference(case, &mut Counts::default()).is_some()
        });
        let path = self.failures.join(format!("agreement-{}-{index}.wat", self.seed));
        let mut text = format!("seed {}, program {index}, {}\n{what}", self.seed, path.display());
        if let Some(what) = self.difference(&small, &mut Counts::default()) {
            let _ = write!(text, "\nreduced: {what}");
        }
        let (small, whole) = (small.text(), case.text());
        for (path, text) in [(path.clone(), small), (path.with_extension("whole.wat"), whole)] {
            std::fs::write(&path, text)
                .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        }
        text
    }
}
