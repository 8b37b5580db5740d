//! The thread that optimizes functions while programs run on, and the queue in front of it.
//!
//! ```text
//! store's thread ─ request ─▶ queue, bounded: worthiest first ─▶ thread, begun at the first request ─▶ NativeSet::made_by_optimizer
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

/// How much a function has run when it is requested, and what compiling it costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Worth {
    /// The steps that led to its first request.
    pub(crate) earned: u32,
    /// Those since its last one.
    pub(crate) more: u32,
    pub(crate) body_bytes: usize,
}

/// As many bytes of a body as a compilation takes for what it does in any case.
const FIXED_COST: u64 = 100;

/// A function that waits.
struct Waiting {
    key: Key,
    /// The steps in it so far: each request adds those since the one before.
    heat: u64,
    /// In bytes of bodies.
    cost: u64,
    job: Job,
}

impl Waiting {
    fn worth(&self) -> u64 {
        worth_of(self.heat, self.cost)
    }
}

/// What compiling a function is likely to gain, for what it costs: a program that has spent much in it is taken to spend as much again.
fn worth_of(heat: u64, cost: u64) -> u64 {
    heat.saturating_mul(1 << 10) / cost
}

#[derive(Default)]
struct Queue {
    /// How many may wait. What is worth less than all of them is not taken.
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

    /// Wants a function compiled, by what `job` makes. If it waits already, this one only makes it worthier.
    pub(crate) fn request(&self, key: Key, worth: Worth, job: impl FnOnce() -> Job) -> Requested {
        // Another thread of the host's may have been in there when this process was forked.
        let Ok(mut queue) = self.shared.queue.try_lock() else { return Requested::Later };
        let here = forks::lineage();
        if queue.begun.as_ref().is_none_or(|&(lineage, _)| lineage != here) {
            // What a thread of the parent's compiled is compiled there.
            queue.running = None;
            let Some(thread) = begin(&self.shared) else { return Requested::Never };
            queue.begun = Some((here, thread));
        }
        let requested = queue.add(key, worth, job);
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
    fn add(&mut self, key: Key, worth: Worth, job: impl FnOnce() -> Job) -> Requested {
        if self.running == Some(key) {
            return Requested::Waits;
        }
        if let Some(known) = self.waiting.iter_mut().find(|waiting| waiting.key == key) {
            known.heat = known.heat.saturating_add(worth.more.into());
            return Requested::Waits;
        }
        let cost = (worth.body_bytes as u64).saturating_add(FIXED_COST);
        let heat = worth.earned.into();
        if self.waiting.len() >= self.most {
            let least = (0..self.waiting.len()).min_by_key(|&at| self.waiting[at].worth());
            let least = least.filter(|&at| self.waiting[at].worth() < worth_of(heat, cost));
            let Some(least) = least else { return Requested::Later };
            self.waiting.swap_remove(least);
        }
        self.waiting.push(Waiting { key, heat, cost, job: job() });
        Requested::Waits
    }

    /// The worthiest by what is known now, and of equals the one that waits longest.
    fn take(&mut self) -> Option<Waiting> {
        let worthiest =
            (0..self.waiting.len()).max_by_key(|&at| (self.waiting[at].worth(), usize::MAX - at))?;
        Some(self.waiting.remove(worthiest))
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

    use super::{Key, Optimizer, Requested, Worth};

    const MOST: usize = 256;

    fn optimizer() -> Optimizer {
        Optimizer::new(MOST)
    }

    fn key(own: usize) -> Key {
        Key { set: 1, own }
    }

    fn worth(earned: u32) -> Worth {
        Worth { earned, more: earned, body_bytes: 0 }
    }

    /// A thread that is at work until the barrier is met a second time.
    fn busy(optimizer: &Optimizer) -> Arc<Barrier> {
        let barrier = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&barrier);
        let job = move || {
            inside.wait();
            inside.wait();
        };
        assert_eq!(optimizer.request(key(usize::MAX), worth(0), || Box::new(job)), Requested::Waits);
        barrier.wait();
        barrier
    }

    #[test]
    fn the_worthiest_comes_first_and_each_once() {
        let (optimizer, order) = (optimizer(), Arc::new(Mutex::new(Vec::new())));
        let barrier = busy(&optimizer);
        let request = |own: usize, heat: u32| {
            let order = Arc::clone(&order);
            optimizer.request(key(own), worth(heat), || Box::new(move || order.lock().unwrap().push(own)))
        };
        for (own, heat) in [(1, 10), (2, 30), (3, 20), (4, 30), (1, 10), (3, 40)] {
            assert_eq!(request(own, heat), Requested::Waits);
        }
        // What is being compiled is not compiled again.
        assert_eq!(
            optimizer.request(key(usize::MAX), worth(99), || unreachable!("it runs")),
            Requested::Waits
        );
        barrier.wait();
        optimizer.finish();
        assert_eq!(*order.lock().unwrap(), [3, 2, 4, 1]);
    }

    #[test]
    fn what_costs_less_comes_first_until_the_other_has_run_as_much_more() {
        let (optimizer, order) = (optimizer(), Arc::new(Mutex::new(Vec::new())));
        let barrier = busy(&optimizer);
        let request = |own: usize, earned: u32, body_bytes: usize, more: u32| {
            let order = Arc::clone(&order);
            let worth = Worth { earned, more, body_bytes };
            optimizer.request(key(own), worth, || Box::new(move || order.lock().unwrap().push(own)))
        };
        // As hot, ten times as large; hotter, but not by as much; the same until it comes again.
        for (own, earned, bytes) in [(1, 1000, 9900), (2, 1000, 900), (3, 5000, 9900), (4, 1000, 9900)] {
            assert_eq!(request(own, earned, bytes, 0), Requested::Waits);
        }
        for _ in 0..10 {
            assert_eq!(request(4, 1000, 9900, 1000), Requested::Waits);
        }
        barrier.wait();
        optimizer.finish();
        assert_eq!(*order.lock().unwrap(), [4, 2, 3, 1]);
    }

    #[test]
    fn it_is_bounded() {
        let (optimizer, order) = (optimizer(), Arc::new(Mutex::new(Vec::new())));
        let barrier = busy(&optimizer);
        let request = |own: usize, heat: u32| {
            let order = Arc::clone(&order);
            optimizer.request(key(own), worth(heat), || Box::new(move || order.lock().unwrap().push(own)))
        };
        for own in 0..MOST {
            assert_eq!(request(own, 100 + own as u32), Requested::Waits);
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
            optimizer.request(key(own), worth(0), || Box::new(job));
            optimizer.finish();
        }
        assert_eq!(*order.lock().unwrap(), [1, 3, 5]);
    }

    #[test]
    fn what_waits_is_dropped_with_the_engine() {
        let (optimizer, (sender, receiver)) = (optimizer(), channel::<()>());
        let barrier = busy(&optimizer);
        optimizer.request(key(0), worth(1), || Box::new(move || sender.send(()).unwrap()));
        drop(optimizer);
        // The sender went with the job, before the thread was free.
        assert!(receiver.recv().is_err());
        barrier.wait();
    }
}
