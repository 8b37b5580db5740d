//! Counts what the runtime does, for tests that compare it with what was paid. Outside of them nothing is counted.

/// Kinds of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// Bytes that services move, set or allocate.
    Bytes,
    /// Frames that are visited.
    Frames,
    /// Handlers and clauses that are compared with an exception.
    Clauses,
    /// Places of references that a collection visits.
    Roots,
    /// Bytes of objects that a collection copies.
    Copied,
}

#[cfg(test)]
thread_local!(static DONE: [std::cell::Cell<u64>; 5] = const { [const { std::cell::Cell::new(0) }; 5] });

/// Notes that something was done.
#[inline(always)]
pub(crate) fn count(work: Work, amount: u64) {
    #[cfg(test)]
    DONE.with(|done| done[work as usize].update(|before| before + amount));
    #[cfg(not(test))]
    let _ = (work, amount);
}

/// What this thread has done so far.
#[cfg(test)]
pub(crate) fn done(work: Work) -> u64 {
    DONE.with(|done| done[work as usize].get())
}
