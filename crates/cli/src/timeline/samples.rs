//! Samples of a run in the order in which they were taken: which function ran in which tier, and what processor time that took.
//!
//! ```text
//! thread ─ each millisecond ─▶ epoch ─ next loop head or call ─▶ callback ─ innermost frame, processor time ─▶ Samples
//! ```
//!
//! However long a run lasts, there are at most so many: when there is no room, every second one goes, its time is the next one's, and
//! from then on they are taken half as often.

use std::thread::{self, ThreadId};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use upshift::{FrameInfo, Module, Tier};

/// The most samples.
const MOST: usize = 1 << 15;

/// One sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sample {
    /// When it was taken; it stands for what came before.
    pub(super) at: Duration,
    /// The processor time of its thread since the sample before.
    pub(super) cpu: Duration,
    /// Which of the threads.
    pub(super) thread: usize,
    /// Which of the modules.
    pub(super) module: usize,
    /// The function's index in it.
    pub(super) func: u32,
    pub(super) tier: Tier,
}

/// A thread that samples were taken of.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    pub(super) id: ThreadId,
    /// When its first sample begins.
    pub(super) since: Duration,
    /// Its processor time at the last sample.
    cpu: Duration,
}

/// What was sampled.
#[derive(Default)]
pub(super) struct Samples {
    pub(super) threads: Vec<Sampled>,
    pub(super) modules: Vec<Module>,
    pub(super) list: Vec<Sample>,
    /// How many were taken, those that went for want of room among them.
    pub(super) taken: u64,
}

impl Samples {
    /// Processor time of this thread counts from now on.
    pub(super) fn begin(&mut self, at: Duration) {
        self.threads.push(Sampled { id: thread::current().id(), since: at, cpu: processor_time() });
    }

    /// Adds what this thread is at. Returns whether samples are to be taken half as often.
    pub(super) fn add(&mut self, at: Duration, frame: &FrameInfo) -> bool {
        let (id, now) = (thread::current().id(), processor_time());
        let known = self.threads.iter().position(|thread| thread.id == id);
        let thread = known.unwrap_or_else(|| {
            // It began to run when its processor time did.
            self.threads.push(Sampled { id, since: at.saturating_sub(now), cpu: Duration::ZERO });
            self.threads.len() - 1
        });
        let cpu = now.saturating_sub(std::mem::replace(&mut self.threads[thread].cpu, now));
        let known = self.modules.iter().position(|module| Module::same(module, frame.module()));
        let module = known.unwrap_or_else(|| {
            self.modules.push(frame.module().clone());
            self.modules.len() - 1
        });
        self.taken += 1;
        self.list.push(Sample { at, cpu, thread, module, func: frame.func_index(), tier: frame.tier() });
        let is_full = self.list.len() >= MOST;
        if is_full {
            let left = thin(&mut self.list, self.threads.len());
            self.threads.iter_mut().zip(left).for_each(|(thread, left)| thread.cpu -= left);
        }
        is_full
    }
}

/// Takes every second sample of each thread away and gives its time to the next one. Returns the time that is left of each thread whose
/// next one is still to come.
fn thin(list: &mut Vec<Sample>, threads: usize) -> Vec<Duration> {
    let mut gone: Vec<Option<Duration>> = vec![None; threads];
    list.retain_mut(|sample| match gone[sample.thread].take() {
        None => {
            gone[sample.thread] = Some(sample.cpu);
            false
        }
        Some(cpu) => {
            sample.cpu += cpu;
            true
        }
    });
    gone.into_iter().map(Option::unwrap_or_default).collect()
}

/// What this thread has used of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use upshift::Tier;

    use super::{Sample, thin};

    #[test]
    fn thinned_samples_keep_their_time() {
        let milliseconds = Duration::from_millis;
        let sample = |at: u64, thread: usize| Sample {
            at: milliseconds(at),
            cpu: milliseconds(1),
            thread,
            module: 0,
            func: at as u32,
            tier: Tier::Interpreter,
        };
        let mut list: Vec<_> = (0..9).map(|at| sample(at, usize::from(at >= 4 && at % 2 == 0))).collect();
        let cpu = |list: &[Sample]| list.iter().map(|sample| sample.cpu).sum::<Duration>();
        let later = thin(&mut list, 2);
        let left: Vec<_> = list.iter().map(|sample| (sample.func, sample.thread)).collect();
        assert_eq!(left, [(1, 0), (3, 0), (6, 1), (7, 0)]);
        assert_eq!((cpu(&list), later), (milliseconds(8), vec![Duration::ZERO, milliseconds(1)]));
    }
}
