//! What slots held at each moment of the walk, in memory that is proportional to how often they were written.
//!
//! ```text
//! write(slot) ─▶ log: slot, content, the entry before of the same slot           time = length of the log
//! merge(since) ─▶ scopes: what was written since then was written on one of several paths that meet here
//! find(entry of the slot, time) ─▶ nothing yet │ an entry │ a merge whose incoming edges have to be asked
//! ```
//!
//! **Edges are moments.** A branch notes the time, and nothing of what is in slots: whoever wants to know what a slot held on the path
//! from there asks for that time. So a function with many locals and many branches takes no more memory than the sum of both.
//!
//! **Scopes.** Blocks nest, so the parts of the log that merges end nest too: of two scopes one contains the other, or they are
//! apart. What was written in a scope that has ended is not simply there behind it. Behind a scope in which a slot was not written
//! it holds what it held before. The scopes that no other one contains form a stack; each scope links to the one below it at its end,
//! and to one far below, so the one that contains an entry is found in logarithmic time, for any time since.

use upshift_translate::backend::Slot;

use super::super::Value;

/// No entry, no scope.
const NONE: u32 = u32::MAX;

/// What a slot was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    /// A value.
    Value(Value),
    /// What the head of a loop has as its parameter, once somebody asks.
    Head(LabelId),
    /// What it held at an earlier time.
    As(Time),
}

/// The number of a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LabelId(pub(super) u32);

/// A moment of the walk: entries of the log with lower numbers are in the past.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Time(pub(super) u32);

/// The number of an entry of the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct EntryId(u32);

/// What is known of a slot at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// It was not written before.
    Nothing,
    /// What this entry says.
    Entry(EntryId),
    /// What the paths that meet at the label say: one of them wrote it.
    Merge(LabelId, EntryId),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The slot; [`NOTE`](Entry::NOTE) marks what says again what is known.
    slot: u32,
    /// The kind in the upper two bits.
    content: u32,
    /// The entry before of the same slot, one further back, and how many there are.
    before: u32,
    far: u32,
    depth: u32,
}

impl Entry {
    const NOTE: u32 = 1 << 31;
    const HEAD: u32 = 1 << 30;
    const AS: u32 = 2 << 30;
    const KIND: u32 = 3 << 30;

    fn slot(self) -> u32 {
        self.slot & !Entry::NOTE
    }

    fn is_note(self) -> bool {
        self.slot & Entry::NOTE != 0
    }
}

fn pack(content: Content) -> u32 {
    let number = match content {
        Content::Value(Value(number)) | Content::Head(LabelId(number)) | Content::As(Time(number)) => number,
    };
    // No body is long enough for so many of anything.
    debug_assert!(number & Entry::KIND == 0);
    match content {
        Content::Value(value) => value.0,
        Content::Head(label) => label.0 | Entry::HEAD,
        Content::As(time) => time.0 | Entry::AS,
    }
}

#[derive(Clone, Copy, Debug)]
struct Scope {
    since: u32,
    /// The entry that its merge is.
    end: u32,
    label: LabelId,
    /// The scope below on the stack, a scope further below, and how many there are below.
    below: u32,
    far: u32,
    depth: u32,
}

/// The second link of a new element of a list, above one with a depth and a second link: with these links any element is
/// found in logarithmic time (Myers, "An applicative random-access stack").
fn far(below: u32, (depth, far): (u32, u32), element: impl Fn(u32) -> Option<(u32, u32)>) -> u32 {
    match element(far) {
        Some((middle, end)) if depth - middle == middle - element(end).map_or(0, |(depth, _)| depth) => end,
        _ => below,
    }
}

/// The log and its scopes.
#[derive(Debug, Default)]
pub(super) struct History {
    log: Vec<Entry>,
    /// The last entry of each slot.
    last: Vec<u32>,
    scopes: Vec<Scope>,
    /// No scope that has ended contains entries from here on.
    straight: u32,
}

impl History {
    /// Makes room for this many more slots, and returns the number of the first.
    pub(super) fn add_slots(&mut self, count: u32) -> u32 {
        let first = self.last.len() as u32;
        self.last.resize(self.last.len() + count as usize, NONE);
        first
    }

    /// The present.
    pub(super) fn now(&self) -> Time {
        Time(self.log.len() as u32)
    }

    /// Gives a slot something new.
    #[inline]
    pub(super) fn write(&mut self, slot: Slot, content: Content) {
        self.push(slot.0, slot, pack(content));
    }

    /// Notes what is known of a slot already, so that it is found at once.
    pub(super) fn note(&mut self, slot: Slot, value: Value) {
        self.push(slot.0 | Entry::NOTE, slot, value.0);
    }

    #[inline]
    fn push(&mut self, marked: u32, slot: Slot, content: u32) {
        if self.last.len() <= slot.0 as usize {
            self.last.resize(slot.0 as usize + 1, NONE);
        }
        let mut before = self.last[slot.0 as usize];
        if marked & Entry::NOTE != 0
            && let Some(last) = self.log.get(before as usize)
            && last.is_note()
        {
            // So that there are never many notes to go through.
            before = last.before;
        }
        let (far, depth) = match self.log.get(before as usize) {
            None => (NONE, 0),
            Some(entry) => {
                let above = |at: u32| self.log.get(at as usize).map(|entry| (entry.depth, entry.far));
                (far(before, (entry.depth, entry.far), above), entry.depth + 1)
            }
        };
        self.last[slot.0 as usize] = self.log.len() as u32;
        self.log.push(Entry { slot: marked, content, before, far, depth });
    }

    /// What the entry says.
    pub(super) fn content(&self, EntryId(at): EntryId) -> Content {
        let content = self.log[at as usize].content;
        match content & Entry::KIND {
            Entry::HEAD => Content::Head(LabelId(content & !Entry::KIND)),
            Entry::AS => Content::As(Time(content & !Entry::KIND)),
            _ => Content::Value(Value(content)),
        }
    }

    /// Says in an entry which value it stands for.
    pub(super) fn set_value(&mut self, EntryId(at): EntryId, value: Value) {
        self.log[at as usize].content = value.0;
    }

    /// Whether a slot was given something since.
    pub(super) fn is_written_since(&self, slot: Slot, since: Time) -> bool {
        self.last.get(slot.0 as usize).is_some_and(|&at| at != NONE && at >= since.0)
    }

    /// Brings all slots back to what they held at an earlier time; between `from` and that time they held the same. No label
    /// was bound since `from`.
    pub(super) fn restore(&mut self, from: Time, time: Time) {
        for at in from.0..self.log.len() as u32 {
            let entry = self.log[at as usize];
            let slot = Slot(entry.slot());
            let restored = self.last.get(slot.0 as usize).is_none_or(|&last| {
                last >= from.0 && self.log[last as usize].content == pack(Content::As(time))
            });
            if !entry.is_note() && !restored {
                self.write(slot, Content::As(time));
            }
        }
    }

    /// Several paths meet at a label, none of which began before `since`.
    pub(super) fn merge(&mut self, label: LabelId, since: Time) {
        let mut below = self.scopes.len().checked_sub(1).map_or(NONE, |top| top as u32);
        while below != NONE && self.scopes[below as usize].since >= since.0 {
            below = self.scopes[below as usize].below;
        }
        let (far, depth) = match self.scopes.get(below as usize) {
            None => (NONE, 0),
            Some(scope) => {
                let above = |at: u32| self.scopes.get(at as usize).map(|scope| (scope.depth, scope.far));
                (far(below, (scope.depth, scope.far), above), scope.depth + 1)
            }
        };
        let end = self.log.len() as u32;
        self.scopes.push(Scope { since: since.0, end, label, below, far, depth });
        // The merge is an entry itself, so times before and behind it differ.
        self.log.push(Entry { slot: Entry::NOTE, content: 0, before: NONE, far: NONE, depth: 0 });
        self.straight = end + 1;
    }

    /// The last entry of a slot.
    pub(super) fn latest(&self, slot: Slot) -> EntryId {
        EntryId(self.last.get(slot.0 as usize).copied().unwrap_or(NONE))
    }

    /// The last entry before a time of the slot that an entry is of.
    fn before(&self, EntryId(mut at): EntryId, time: Time) -> u32 {
        while at != NONE && at >= time.0 {
            let entry = self.log[at as usize];
            at = if entry.far != NONE && entry.far >= time.0 { entry.far } else { entry.before };
        }
        at
    }

    /// What is known at a time of the slot that an entry is of; no entry of it that lies between the two says anything else.
    pub(super) fn find(&self, entry: EntryId, time: Time) -> Found {
        let mut at = self.before(entry, time);
        loop {
            if at == NONE {
                return Found::Nothing;
            }
            if at >= self.straight {
                return Found::Entry(EntryId(at));
            }
            let Some(label) = self.scope_of(at, time) else { return Found::Entry(EntryId(at)) };
            let entry = self.log[at as usize];
            if !entry.is_note() {
                return Found::Merge(label, EntryId(at));
            }
            // What was known inside of the scope; whether it was written there, entries before tell.
            at = entry.before;
        }
    }

    /// Whether the slot that an entry is of holds the same from one time to a later one; for entries as in [`find`](Self::find).
    pub(super) fn holds_between(&self, entry: EntryId, from: Time, to: Time) -> bool {
        // What is found for a time lies in scopes that have ended; these grow with time, so nothing else is found in between.
        debug_assert!(from <= to);
        self.before(entry, from) == self.before(entry, to) && self.find(entry, from) == self.find(entry, to)
    }

    /// The largest scope that contains an entry and has ended at a time.
    fn scope_of(&self, entry: u32, time: Time) -> Option<LabelId> {
        let ended = self.scopes.partition_point(|scope| scope.end < time.0);
        let mut at = ended.checked_sub(1)? as u32;
        while at != NONE {
            let scope = self.scopes[at as usize];
            if scope.since <= entry {
                return (entry < scope.end).then_some(scope.label);
            }
            at = match self.scopes.get(scope.far as usize) {
                Some(far) if far.since > entry => scope.far,
                _ => scope.below,
            };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use upshift_translate::backend::Slot;

    use super::super::super::Value;
    use super::{Content, Found, History, LabelId, Time};

    const X: Slot = Slot(0);
    const Y: Slot = Slot(1);

    fn write(history: &mut History, slot: Slot, value: u32) -> Time {
        history.write(slot, Content::Value(Value(value)));
        history.now()
    }

    /// What a slot holds: nothing, a value, or the number of a merge plus 100.
    fn held(history: &mut History, slot: Slot, time: Time) -> Option<u32> {
        match history.find(history.latest(slot), time) {
            Found::Nothing => None,
            Found::Merge(label, _) => Some(label.0 + 100),
            Found::Entry(entry) => match history.content(entry) {
                Content::Value(value) => Some(value.0),
                Content::As(time) => held(history, slot, time),
                Content::Head(label) => Some(label.0 + 200),
            },
        }
    }

    #[test]
    fn what_was_written_in_a_scope_comes_from_its_merge() {
        let mut history = History::default();
        let start = write(&mut history, X, 1);
        let inside = write(&mut history, Y, 2);
        let end = history.now();
        history.merge(LabelId(0), start);
        let behind = history.now();
        assert_eq!(held(&mut history, X, behind), Some(1));
        assert_eq!(held(&mut history, Y, behind), Some(100));
        assert_eq!(held(&mut history, Y, start), None);
        assert_eq!(held(&mut history, Y, inside), Some(2));
        assert_eq!(held(&mut history, Y, end), Some(2));
        // A note is found first, but says nothing of what was written in the scope around it.
        history.note(Y, Value(7));
        let noted = history.now();
        assert_eq!(held(&mut history, Y, noted), Some(7));
        history.merge(LabelId(1), behind);
        let later = history.now();
        assert_eq!(held(&mut history, Y, later), Some(100));
        history.merge(LabelId(2), Time(0));
        let last = history.now();
        assert_eq!((held(&mut history, X, last), held(&mut history, Y, last)), (Some(102), Some(102)));
        // The past is what it was.
        assert_eq!((held(&mut history, Y, behind), held(&mut history, Y, noted)), (Some(100), Some(7)));
    }

    #[test]
    fn slots_are_brought_back() {
        let mut history = History::default();
        let before = write(&mut history, X, 1);
        write(&mut history, X, 2);
        write(&mut history, Y, 3);
        let branch = history.now();
        history.restore(before, before);
        let restored = history.now();
        assert_eq!(held(&mut history, X, branch), Some(2));
        assert_eq!((held(&mut history, X, restored), held(&mut history, Y, restored)), (Some(1), None));
        // Once is enough.
        history.restore(before, before);
        assert_eq!(history.now(), restored);
    }

    /// Against a model that looks through all scopes: nested and neighbouring ones, at all times.
    #[test]
    fn scopes_are_found_as_by_looking_at_all_of_them() {
        let mut history = History::default();
        let (mut open, mut scopes, mut writes) = (vec![Time(0)], Vec::new(), Vec::new());
        let mut random = 12345u32;
        let mut held = 0;
        for step in 0..2000u32 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match random >> 29 {
                0 | 1 => open.push(history.now()),
                2 | 3 if open.len() > 1 => {
                    let since = open.pop().unwrap();
                    history.merge(LabelId(step), since);
                    scopes.push((since.0, history.now().0 - 1, step));
                }
                4 => {
                    // Another merge of a block that goes on.
                    let since = *open.last().unwrap();
                    history.merge(LabelId(step), since);
                    scopes.push((since.0, history.now().0 - 1, step));
                }
                _ => {
                    writes.push(history.now().0);
                    write(&mut history, X, step);
                }
            }
            let now = history.now().0;
            for time in (0..now).step_by(37).chain([now]) {
                let last = writes.iter().rev().find(|&&at| at < time);
                let around = last.and_then(|&at| {
                    let mut ended = scopes.iter().filter(|&&(_, end, _)| end < time);
                    ended.rfind(|&&(since, end, _)| since <= at && at < end)
                });
                let found = match history.find(history.latest(X), Time(time)) {
                    Found::Merge(label, _) => Some(label.0),
                    Found::Entry(_) | Found::Nothing => None,
                };
                assert_eq!(found, around.map(|scope| scope.2), "step {step}, time {time}");
            }
            // What is found at both ends is found in between.
            if step % 50 == 0 {
                for from in (0..now).step_by(7) {
                    let to = (from + 2).min(now);
                    let find = |time| history.find(history.latest(X), Time(time));
                    if history.holds_between(history.latest(X), Time(from), Time(to)) {
                        held += 1;
                        assert!((from..=to).all(|time| find(time) == find(from)), "{from}..={to}");
                    }
                }
            }
        }
        assert!(held > 100, "{held}");
    }
}
