//! The thread that optimizes functions while programs run on, and the queue in front of it.
//!
//! ```text
//! store's thread ─ request ─▶ queue, bounded: hottest first ─▶ thread, begun at the first request ─▶ NativeSet::optimize
//!        ▲                                                                                              │
//!        └── looks into the set when a counter runs out ◀── publishes ──────────────────────────────────┘
//! ```
//!
//! Whoever requests never waits: not for the thread, and not for the queue. What was not taken is requested again when a counter has
//! run out the next time. A job holds nothing of a module until it runs, so modules go when their users do; what is done for one
//! that is gone meanwhile goes with it.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The most functions that wait. What is colder than all of them is not taken.
const MOST: usize = 256;

/// The stack of the thread.
const STACK: usize = 4 << 20;

/// Whose code is to be compiled: that of a function of a set, which is known by its address. From which loop on does not matter: one
/// way into optimized code is enough until it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) set: usize,
    pub(crate) own: usize,
}

/// What the thread does.
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
    waiting: Vec<Waiting>,
    /// What the thread compiles now.
    running: Option<Key>,
    begun: bool,
    /// Whether the thread waits for something to do.
    idle: bool,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
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
#[derive(Default)]
pub(crate) struct Optimizer {
    shared: Arc<Shared>,
}

impl Optimizer {
    /// Wants a function compiled, by what `job` makes. If it waits already, this one only makes it hotter.
    pub(crate) fn request(&self, key: Key, heat: u64, job: impl FnOnce() -> Job) -> Requested {
        // In a forked process it may be locked for good.
        let Ok(mut queue) = self.shared.queue.try_lock() else { return Requested::Later };
        if !queue.begun {
            if !begin(&self.shared) {
                return Requested::Never;
            }
            queue.begun = true;
        }
        let requested = queue.add(key, heat, job);
        let wakes = queue.idle && !queue.waiting.is_empty();
        drop(queue);
        // A thread that is at work looks for more by itself, and to wake one up is a call of the system.
        if wakes {
            self.shared.changed.notify_all();
        }
        requested
    }

    /// Waits until nothing waits any longer: for tests.
    #[cfg(test)]
    fn settle(&self) {
        let mut queue = self.shared.lock();
        while !queue.waiting.is_empty() || queue.running.is_some() {
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Optimizer {
    fn drop(&mut self) {
        let waiting = {
            let mut queue = self.shared.lock();
            queue.ended = true;
            std::mem::take(&mut queue.waiting)
        };
        self.shared.changed.notify_all();
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
        if self.waiting.len() == MOST {
            let coldest =
                (0..MOST).min_by_key(|&at| self.waiting[at].heat).filter(|&at| self.waiting[at].heat < heat);
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

    /// What the thread does.
    fn run(&self) {
        loop {
            let mut queue = self.lock();
            let job = loop {
                if queue.ended {
                    return;
                }
                if let Some(Waiting { key, job, .. }) = queue.take() {
                    queue.running = Some(key);
                    break job;
                }
                queue.idle = true;
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.idle = false;
            };
            drop(queue);
            job();
            self.lock().running = None;
            #[cfg(test)]
            self.changed.notify_all();
        }
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
fn begin(shared: &Arc<Shared>) -> bool {
    let shared = Arc::clone(shared);
    let builder = std::thread::Builder::new().name("upshift-opt".into()).stack_size(STACK);
    let run = move || {
        leave_signals();
        shared.run();
    };
    builder.spawn(run).is_ok()
}

/// Leaves signals of the process to the threads of the host, which expects them there.
#[cfg(unix)]
fn leave_signals() {
    // SAFETY: the set is initialized by the first call; only this thread's mask changes.
    unsafe {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(set.as_mut_ptr());
        // What tells of a fault of this thread has to end the process.
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT, libc::SIGTRAP] {
            libc::sigdelset(set.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
    }
}

#[cfg(not(unix))]
fn leave_signals() {}

impl fmt::Debug for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Optimizer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier, Mutex};

    use super::{Key, MOST, Optimizer, Requested};

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
        let (optimizer, order) = (Optimizer::default(), Arc::new(Mutex::new(Vec::new())));
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
        optimizer.settle();
        assert_eq!(*order.lock().unwrap(), [3, 2, 4, 1]);
    }

    #[test]
    fn it_is_bounded() {
        let (optimizer, order) = (Optimizer::default(), Arc::new(Mutex::new(Vec::new())));
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
        optimizer.settle();
        let mut order = order.lock().unwrap().clone();
        order.sort_unstable();
        let expected: Vec<_> = (1..MOST).chain([MOST + 1]).collect();
        assert_eq!(order, expected);
    }

    #[test]
    fn what_waits_is_dropped_with_the_engine() {
        let (optimizer, (sender, receiver)) = (Optimizer::default(), channel::<()>());
        let barrier = busy(&optimizer);
        optimizer.request(key(0), 1, || Box::new(move || sender.send(()).unwrap()));
        drop(optimizer);
        // The sender went with the job, before the thread was free.
        assert!(receiver.recv().is_err());
        barrier.wait();
    }
}
