//! Threads that wait at an address of a shared memory until another one wakes them.
//!
//! ```text
//! wait   ─▶ lock, look at the value, queue ─▶ sleep ─▶ woken, timed out or given up
//! notify ─▶ lock, take the first ones of the queue ─▶ wake them
//! ```
//!
//! The value is looked at with the lock held, and notifying takes it too, so no wake-up between the look and the sleep is
//! lost. Threads are woken in the order in which they came.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a wait at a [`SharedMemory`](crate::SharedMemory) ended.
///
/// ```
/// use upshift::{Engine, MemoryType, SharedMemory, WaitResult};
///
/// let memory = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 1))?;
/// assert_eq!(memory.atomic_wait32(0, 1, None)?, WaitResult::Mismatch);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum WaitResult {
    /// Another thread has woken this one.
    Ok = 0,
    /// The value was not the expected one, so there was no wait.
    Mismatch = 1,
    /// The time was over.
    TimedOut = 2,
}

/// The waiting threads of one memory.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    queues: Mutex<Queues>,
}

/// By address; a queue without threads is not there.
type Queues = HashMap<u64, VecDeque<Arc<Waiter>>>;

/// A thread that waits.
#[derive(Debug, Default)]
struct Waiter {
    signal: Condvar,
    /// Set by who takes it out of the queue to wake it; used with the lock held.
    woken: AtomicBool,
}

impl Waiter {
    fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Relaxed)
    }
}

impl Parking {
    /// Nothing panics while the lock is held, so there is nothing to be found broken.
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at an address if the value there is the expected one, at most until the deadline. With `poll` the thread
    /// wakes at least that often and asks whether to give up, which is what an error says.
    pub(crate) fn wait<E>(
        &self,
        address: u64,
        is_expected: impl FnOnce() -> bool,
        deadline: Option<Instant>,
        poll: Option<Duration>,
        mut go_on: impl FnMut() -> Result<(), E>,
    ) -> Result<WaitResult, E> {
        let waiter = Arc::new(Waiter::default());
        let mut queues = self.lock();
        if !is_expected() {
            return Ok(WaitResult::Mismatch);
        }
        queues.entry(address).or_default().push_back(Arc::clone(&waiter));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            queues = match [left, poll].into_iter().flatten().min() {
                Some(most) => waiter
                    .signal
                    .wait_timeout(queues, most)
                    .map_or_else(|error| error.into_inner().0, |(queues, _)| queues),
                None => waiter.signal.wait(queues).unwrap_or_else(PoisonError::into_inner),
            };
            if waiter.is_woken() {
                return Ok(WaitResult::Ok);
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                leave(&mut queues, address, &waiter);
                return Ok(WaitResult::TimedOut);
            }
            if poll.is_some() {
                drop(queues);
                let leaves = Leave { parking: self, address, waiter: &waiter };
                go_on()?;
                std::mem::forget(leaves);
                queues = self.lock();
                if waiter.is_woken() {
                    return Ok(WaitResult::Ok);
                }
            }
        }
    }

    /// Wakes at most `count` threads that wait at an address; returns how many.
    pub(crate) fn notify(&self, address: u64, count: u32) -> u32 {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&address) else { return 0 };
        let count = (count as usize).min(queue.len());
        for waiter in queue.drain(..count) {
            waiter.woken.store(true, Ordering::Relaxed);
            waiter.signal.notify_one();
        }
        if queue.is_empty() {
            queues.remove(&address);
        }
        count as u32
    }
}

/// Takes a thread out of its queue that gives up or whose host panics.
struct Leave<'a> {
    parking: &'a Parking,
    address: u64,
    waiter: &'a Arc<Waiter>,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        leave(&mut self.parking.lock(), self.address, self.waiter);
    }
}

fn leave(queues: &mut Queues, address: u64, waiter: &Arc<Waiter>) {
    if let Some(queue) = queues.get_mut(&address) {
        queue.retain(|other| !Arc::ptr_eq(other, waiter));
        if queue.is_empty() {
            queues.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Parking, WaitResult};

    impl Parking {
        fn waiting(&self, address: u64) -> usize {
            self.lock().get(&address).map_or(0, |queue| queue.len())
        }

        /// Waits until so many threads wait at an address.
        fn until_waiting(&self, address: u64, count: usize) {
            while self.waiting(address) != count {
                thread::yield_now();
            }
        }

        fn wait_for(&self, address: u64, deadline: Option<Instant>) -> WaitResult {
            let Ok(result) = self.wait(address, || true, deadline, None, || Ok::<(), Infallible>(()));
            result
        }
    }

    #[test]
    fn the_first_to_come_is_the_first_to_be_woken() {
        for _ in 0..1000 {
            let parking = &Parking::default();
            let (woken, order) = mpsc::channel();
            thread::scope(|scope| {
                for number in 0..4 {
                    let woken = woken.clone();
                    scope.spawn(move || {
                        assert_eq!(parking.wait_for(8, None), WaitResult::Ok);
                        woken.send(number).unwrap();
                    });
                    parking.until_waiting(8, number + 1);
                }
                assert_eq!(parking.notify(16, u32::MAX), 0, "another address");
                assert_eq!(parking.notify(8, 0), 0);
                for number in 0..2 {
                    assert_eq!(parking.notify(8, 1), 1);
                    assert_eq!(order.recv().unwrap(), number);
                }
                assert_eq!(parking.notify(8, u32::MAX), 2);
                let mut last = [order.recv().unwrap(), order.recv().unwrap()];
                last.sort_unstable();
                assert_eq!(last, [2, 3]);
            });
            assert!(parking.lock().is_empty());
        }
    }

    #[test]
    fn who_stops_waiting_is_not_woken() {
        let parking = Parking::default();
        assert_eq!(parking.wait_for(0, Some(Instant::now())), WaitResult::TimedOut);
        let mut looks = 0;
        let stopped = parking.wait(
            0,
            || true,
            None,
            Some(Duration::from_micros(1)),
            || {
                looks += 1;
                if looks < 3 { Ok(()) } else { Err("enough") }
            },
        );
        assert_eq!((stopped, looks), (Err("enough"), 3));
        let panicked = std::panic::catch_unwind(|| {
            parking.wait(
                0,
                || true,
                None,
                Some(Duration::from_micros(1)),
                || -> Result<(), ()> { panic!("as the host may") },
            )
        });
        assert!(panicked.is_err());
        let Ok(result) = parking.wait(0, || false, None, None, || Ok::<(), Infallible>(()));
        assert_eq!(result, WaitResult::Mismatch);
        assert_eq!(parking.notify(0, u32::MAX), 0);
    }
}
