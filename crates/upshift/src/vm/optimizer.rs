//! The thread that optimizes functions while programs run on, and the queue in front of it.
//!
//! ```text
//! store's thread ─ request ─▶ queue, bounded: hottest first ─▶ thread, begun at the first request ─▶ NativeSet::made_by_optimizer
//!        ▲                                                                                              │
//!        └── looks into the set when a counter runs out ◀── publishes ──────────────────────────────────┘
//! ```
//!
//! Whoever requests never waits: not for the thread, and not for the queue. What was not taken is requested again when a counter has
//! run out the next time. A job holds nothing of a module until it runs, so modules go when their users do; what is done for one
//! that is gone meanwhile goes with it. A job that panics is over, and the thread goes on with the next
//! one, where panics unwind; the static release ends.
//!
//! A process that is forked has the queue, but not the thread: it begins one of its own with its first request. The thread keeps out of
//! all locks while the process is forked, see [`forks`], so jobs have to do the same.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::vm::forks;

/// The stack of the thread.
const STACK: usize = 4 << 20;

/// Whose code is to be compiled: that of a function of a set, which is known by its address. From which loop on does not matter: one
/// way into optimized code is enough until it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) set: usize,
    pub(crate) own: usize,
}

/// What the thread does. Where it takes locks, or drops what takes some, it does that [aside](forks::aside).
type Job = Box<dyn FnOnce() + Send>;

/// A function that waits.
struct Waiting {
    key: Key,
    /// How much runs in it, summed over requests: the larger, the sooner.
    heat: u64,
    job: Job,
}

#[derive(Default)]
struct Queue {
    /// How many may wait. What is colder than all of them is not taken.
    most: usize,
    waiting: Vec<Waiting>,
    /// What the thread compiles now.
    running: Option<Key>,
    /// The thread, and the process that has it.
    begun: Option<(usize, Thread)>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    ended: AtomicBool,
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Requested {
    /// It waits, or is being compiled.
    Waits,
    /// There was no room, or somebody else had the queue: it may be requested again.
    Later,
    /// There is no thread for it.
    Never,
}

/// The queue of an engine. The thread ends when this is dropped, after what it is at.
pub(crate) struct Optimizer {
    shared: Arc<Shared>,
    /// The process that made it.
    lineage: usize,
}

impl Optimizer {
    /// One in front of which so many functions may wait.
    pub(crate) fn new(most: usize) -> Optimizer {
        let queue = Mutex::new(Queue { most, ..Queue::default() });
        Optimizer { shared: Arc::new(Shared { queue, ..Shared::default() }), lineage: forks::lineage() }
    }

    /// Wants a function compiled, by what `job` makes. If it waits already, this one only makes it hotter.
    pub(crate) fn request(&self, key: Key, heat: u64, job: impl FnOnce() -> Job) -> Requested {
        // Another thread of the host's may have been in there when this process was forked.
        let Ok(mut queue) = self.shared.queue.try_lock() else { return Requested::Later };
        let here = forks::lineage();
        if queue.begun.as_ref().is_none_or(|&(lineage, _)| lineage != here) {
            // What a thread of the parent's compiled is compiled there.
            queue.running = None;
            let Some(thread) = begin(&self.shared) else { return Requested::Never };
            queue.begun = Some((here, thread));
        }
        let requested = queue.add(key, heat, job);
        let thread = queue.begun.as_ref().map(|(_, thread)| thread.clone());
        drop(queue);
        thread.as_ref().inspect(|thread| thread.unpark());
        requested
    }

    /// Waits until all that was requested in this process is done: for tests.
    pub(crate) fn finish(&self) {
        let busy = |queue: &Queue| {
            let here = queue.begun.as_ref().is_some_and(|&(lineage, _)| lineage == forks::lineage());
            here && !(queue.waiting.is_empty() && queue.running.is_none())
        };
        while busy(&self.shared.lock()) {
            thread::sleep(Duration::from_micros(100));
        }
    }
}

impl Drop for Optimizer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        let Some(mut queue) = self.shared.lock_if_free(self.lineage) else { return };
        let (waiting, begun) = (std::mem::take(&mut queue.waiting), queue.begun.take());
        drop(queue);
        if let Some((lineage, thread)) = begun
            && lineage == forks::lineage()
        {
            thread.unpark();
        }
        drop(waiting);
    }
}

impl Queue {
    fn add(&mut self, key: Key, heat: u64, job: impl FnOnce() -> Job) -> Requested {
        if self.running == Some(key) {
            return Requested::Waits;
        }
        if let Some(known) = self.waiting.iter_mut().find(|waiting| waiting.key == key) {
            known.heat = known.heat.saturating_add(heat);
            return Requested::Waits;
        }
        if self.waiting.len() >= self.most {
            let coldest = (0..self.waiting.len()).min_by_key(|&at| self.waiting[at].heat);
            let coldest = coldest.filter(|&at| self.waiting[at].heat < heat);
            let Some(coldest) = coldest else { return Requested::Later };
            self.waiting.swap_remove(coldest);
        }
        self.waiting.push(Waiting { key, heat, job: job() });
        Requested::Waits
    }

    /// The hottest, and of equals the one that waits longest.
    fn take(&mut self) -> Option<Waiting> {
        let hottest = (0..self.waiting.len()).max_by_key(|&at| (self.waiting[at].heat, usize::MAX - at))?;
        Some(self.waiting.remove(hottest))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The queue, if it is not held for good: by another thread of the host's when this process was forked.
    fn lock_if_free(&self, made_in: usize) -> Option<MutexGuard<'_, Queue>> {
        if forks::lineage() == made_in {
            return Some(self.lock());
        }
        // Nobody holds it for as long as so many tries take.
        (0..1000).find_map(|_| {
            let queue = self.queue.try_lock().ok();
            if queue.is_none() {
                thread::yield_now();
            }
            queue
        })
    }

    /// What comes next, if there is anything.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        queue.running = None;
        let Waiting { key, job, .. } = queue.take()?;
        queue.running = Some(key);
        Some(job)
    }

    /// What the thread does.
    fn run(&self) {
        while !self.ended.load(Ordering::Acquire) {
            match forks::aside(|| self.next()) {
                // A panic is a fault of the compiler's: whoever waits for the function goes on without. It was printed.
                Some(job) => drop(catch_unwind(AssertUnwindSafe(job))),
                None => thread::park(),
            }
        }
        let left = forks::aside(|| std::mem::take(&mut self.lock().waiting));
        drop(left);
    }
}

/// Whether this thread may run on one processor only, and so may those that it begins: then a further one would only take time from
/// whoever requests something, who better does it without.
#[cfg(target_os = "linux")]
pub(crate) fn has_one_processor() -> bool {
    // SAFETY: all bits 0 are a set of no processors; the system writes no more than its size.
    unsafe {
        let mut set = std::mem::zeroed::<libc::cpu_set_t>();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set) == 0 && libc::CPU_COUNT(&set) == 1
    }
}

/// See above; elsewhere there is no native code.
#[cfg(not(target_os = "linux"))]
pub(crate) fn has_one_processor() -> bool {
    false
}

/// Begins the thread.
fn begin(shared: &Arc<Shared>) -> Option<Thread> {
    forks::observe();
    let shared = Arc::clone(shared);
    let builder = thread::Builder::new().name("upshift-opt".into()).stack_size(STACK);
    let spawned = without_signals(|| builder.spawn(move || shared.run()));
    Some(spawned.ok()?.thread().clone())
}

/// Blocks the signals of the process in a thread that begins meanwhile: they are for the threads of the host, which expects them
/// there.
#[cfg(unix)]
fn without_signals<R>(begin: impl FnOnce() -> R) -> R {
    use std::mem::MaybeUninit;
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the sets are initialized by the calls that get them first; only this thread's mask changes.
    unsafe {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(set.as_mut_ptr());
        // What tells of a fault of that thread has to end the process.
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT, libc::SIGTRAP] {
            libc::sigdelset(set.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr());
    }
    let begun = begin();
    // SAFETY: the mask of this thread is as it was before.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
    }
    begun
}

#[cfg(not(unix))]
fn without_signals<R>(begin: impl FnOnce() -> R) -> R {
    begin()
}

impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Optimizer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier, Mutex};

    use super::{Key, Optimizer, Requested};

    const MOST: usize = 256;

    fn optimizer() -> Optimizer {
        Optimizer::new(MOST)
    }

    fn key(own: usize) -> Key {
        Key { set: 1, own }
    }

    /// A thread that is at work until the barrier is met a second time.
    fn busy(optimizer: &Optimizer) -> Arc<Barrier> {
        let barrier = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&barrier);
        let job = move || {
            inside.wait();
            inside.wait();
        };
        assert_eq!(optimizer.request(key(usize::MAX), 0, || Box::new(job)), Requested::Waits);
        barrier.wait();
        barrier
    }

    #[test]
    fn the_hottest_comes_first_and_each_once() {
        let (optimizer, order) = (optimizer(), Arc::new(Mutex::new(Vec::new())));
        let barrier = busy(&optimizer);
        let request = |own: usize, heat: u64| {
            let order = Arc::clone(&order);
            optimizer.request(key(own), heat, || Box::new(move || order.lock().unwrap().push(own)))
        };
        for (own, heat) in [(1, 10), (2, 30), (3, 20), (4, 30), (1, 10), (3, 40)] {
            assert_eq!(request(own, heat), Requested::Waits);
        }
        // What is being compiled is not compiled again.
        assert_eq!(optimizer.request(key(usize::MAX), 99, || unreachable!("it runs")), Requested::Waits);
        barrier.wait();
        optimizer.finish();
        assert_eq!(*order.lock().unwrap(), [3, 2, 4, 1]);
    }

    #[test]
    fn it_is_bounded() {
        let (optimizer, order) = (optimizer(), Arc::new(Mutex::new(Vec::new())));
        let barrier = busy(&optimizer);
        let request = |own: usize, heat: u64| {
            let order = Arc::clone(&order);
            optimizer.request(key(own), heat, || Box::new(move || order.lock().unwrap().push(own)))
        };
        for own in 0..MOST {
            assert_eq!(request(own, 100 + own as u64), Requested::Waits);
        }
        assert_eq!(request(MOST, 100), Requested::Later);
        assert_eq!(request(MOST + 1, 101), Requested::Waits);
        barrier.wait();
        optimizer.finish();
        let mut order = order.lock().unwrap().clone();
        order.sort_unstable();
        let expected: Vec<_> = (1..MOST).chain([MOST + 1]).collect();
        assert_eq!(order, expected);
    }

    #[test]
    fn a_panic_ends_only_its_job() {
        let (optimizer, order) = (optimizer(), Arc::new(Mutex::new(Vec::new())));
        for own in 0..6 {
            let order = Arc::clone(&order);
            let job = move || {
                assert!(own % 2 == 1, "this job panics");
                order.lock().unwrap().push(own);
            };
            optimizer.request(key(own), 0, || Box::new(job));
            optimizer.finish();
        }
        assert_eq!(*order.lock().unwrap(), [1, 3, 5]);
    }

    #[test]
    fn what_waits_is_dropped_with_the_engine() {
        let (optimizer, (sender, receiver)) = (optimizer(), channel::<()>());
        let barrier = busy(&optimizer);
        optimizer.request(key(0), 1, || Box::new(move || sender.send(()).unwrap()));
        drop(optimizer);
        // The sender went with the job, before the thread was free.
        assert!(receiver.recv().is_err());
        barrier.wait();
    }
}
