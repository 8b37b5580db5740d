//! The walker's model of the operand stack and of the locals.
//!
//! An operand is a constant, an alias of a local, or in its *home*: the slot that belongs to its position on the stack. Before
//! a local changes, its aliases are copied to their homes. The aliases of each local form a list, so this costs nothing where
//! there are none.

use upshift_core::index::LocalIndex;
use upshift_core::types::ValType;

use super::frequent::Number;
use super::stack_type::StackType;
use crate::backend::{Live, LocalRun, Operand, ReferenceNode, References, Slot};

/// The most slots of a frame, as many as the largest value stack has. One operator adds few to them, so slot numbers do not
/// come near the end of 32 bits before somebody looks at [`OperandStack::is_too_large`].
pub(crate) const MAX_FRAME_SLOTS: u32 = 1 << 29;

/// End of a list of aliases.
const NONE: u32 = u32::MAX;

/// A run of operands on the stack, from the bottom up.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a> {
    entries: &'a [Entry],
}

impl<'a> Operands<'a> {
    /// No operands.
    pub const NONE: Operands<'static> = Operands { entries: &[] };

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    /// The home of the first.
    #[must_use]
    pub fn first(self) -> Option<Slot> {
        Some(self.entries.first()?.home)
    }

    /// How many slots their homes take.
    #[must_use]
    pub fn slots(self) -> u32 {
        match self.entries {
            [first, .., last] => last.home.0 + last.ty.slots() - first.home.0,
            [one] => one.ty.slots(),
            [] => 0,
        }
    }

    /// The lowest `count` of them, or all if there are fewer.
    #[must_use]
    pub fn lowest(self, count: usize) -> Operands<'a> {
        Operands { entries: &self.entries[..count.min(self.entries.len())] }
    }

    /// The types of all.
    pub fn types(self) -> impl Iterator<Item = ValType> + 'a {
        self.entries.iter().map(|entry| entry.ty.val_type())
    }

    /// Home and type of those that are in their homes.
    pub fn in_homes(self) -> impl DoubleEndedIterator<Item = (Slot, ValType)> + 'a {
        self.entries.iter().filter(|entry| entry.is_home()).map(|entry| (entry.home, entry.ty.val_type()))
    }
}

/// A position of the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    /// Where its value is: a temporary in its home.
    operand: Operand,
    ty: StackType,
    home: Slot,
    /// If it is an alias of a local, the next lower position that is one of the same local.
    prev: u32,
}

impl Entry {
    /// A value that is in its home.
    #[inline(always)]
    fn home(ty: StackType, home: Slot) -> Entry {
        Entry { operand: Operand::Temp(home), ty, home, prev: NONE }
    }

    #[inline(always)]
    fn is_home(&self) -> bool {
        matches!(self.operand, Operand::Temp(_))
    }

    /// The local that it is an alias of.
    #[inline(always)]
    fn alias(&self) -> Option<u32> {
        match self.operand {
            Operand::Local(local, _) => Some(local.0),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Local {
    slot: Slot,
    ty: StackType,
    /// Topmost stack position that is an alias of this local.
    top_alias: u32,
}

/// A value that has to be copied to its home, as [`OperandStack`] reports it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spill {
    pub(crate) home: Slot,
    pub(crate) value: Operand,
    pub(crate) ty: ValType,
}

/// Operands and locals of the function that is being walked.
#[derive(Debug, Default)]
pub(crate) struct OperandStack {
    entries: Vec<Entry>,
    locals: Vec<Local>,
    first_home: u32,
    /// The home of the next operand.
    next_home: u32,
    /// One more than the highest home slot that was ever needed.
    max_slot: u32,
    /// Below this height nothing is an alias.
    no_alias_below: usize,
    /// Below this height the references up to each operand are known.
    listed: usize,
    /// The higher of these two.
    noted: usize,
    /// The references up to each operand, as far as they are known.
    references: Vec<Option<References>>,
    /// How many operands are of types that the collector traces.
    traced: usize,
    /// The locals of such types.
    traced_locals: Vec<Slot>,
    /// All locals.
    runs: Vec<LocalRun>,
    /// The elements of the lists of references.
    nodes: Vec<ReferenceNode>,
}

impl OperandStack {
    /// Forgets everything of the function before.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.locals.clear();
        self.traced_locals.clear();
        self.runs.clear();
        self.nodes.clear();
        (self.first_home, self.next_home, self.max_slot) = (0, 0, 0);
        (self.no_alias_below, self.listed, self.noted, self.traced) = (0, 0, 0, 0);
    }

    /// Sets the first home, once all locals are declared.
    pub(crate) fn set_first_home(&mut self, slot: u32) {
        self.first_home = slot;
        self.next_home = slot;
        self.max_slot = self.max_slot.max(slot);
    }

    /// Declares `count` locals of a type from a slot on; returns the slot behind them.
    pub(crate) fn declare_locals(&mut self, count: u32, ty: ValType, first: u32) -> u32 {
        let (slots, traced, packed) = (ty.slots(), ty.is_traced(), StackType::new(ty));
        match self.runs.last_mut() {
            Some(run) if run.ty == ty && run.slot.0 + run.count * slots == first => run.count += count,
            _ if count > 0 => self.runs.push(LocalRun {
                first: LocalIndex(self.locals.len() as u32),
                slot: Slot(first),
                count,
                ty,
            }),
            _ => {}
        }
        let at = |n: u32| Slot(first + n * slots);
        self.locals.extend((0..count).map(|n| Local { slot: at(n), ty: packed, top_alias: NONE }));
        if traced {
            self.traced_locals.extend((0..count).map(at));
        }
        first + count * slots
    }

    /// Moves the locals from a slot on to higher ones.
    #[cold]
    pub(crate) fn shift_locals(&mut self, from: Slot, by: u32) {
        let locals = self.locals.iter_mut().map(|local| &mut local.slot);
        let runs = self.runs.iter_mut().map(|run| &mut run.slot);
        for slot in locals.chain(runs).chain(&mut self.traced_locals) {
            if *slot >= from {
                slot.0 += by;
            }
        }
    }

    /// How many operands or locals there is room for.
    pub(crate) fn capacity(&self) -> usize {
        let references = self.nodes.capacity().max(self.references.capacity());
        self.entries.capacity().max(self.locals.capacity()).max(references)
    }

    /// All locals, parameters first.
    pub(crate) fn local_runs(&self) -> &[LocalRun] {
        &self.runs
    }

    /// Whether an operand is an alias of a local.
    pub(crate) fn has_alias(&self, local: u32) -> bool {
        self.locals[local as usize].top_alias != NONE
    }

    /// The slot of a local, if no operand is an alias of it.
    #[inline]
    pub(crate) fn unaliased(&self, local: u32) -> Option<Slot> {
        let local = &self.locals[local as usize];
        (local.top_alias == NONE).then_some(local.slot)
    }

    /// Slot and type of a local.
    #[inline]
    pub(crate) fn local(&self, local: u32) -> (Slot, ValType) {
        let local = &self.locals[local as usize];
        (local.slot, local.ty.val_type())
    }

    /// How many operands there are.
    pub(crate) fn height(&self) -> usize {
        self.entries.len()
    }

    /// Slots from `fp` to the end of the highest home.
    pub(crate) fn max_slot(&self) -> u32 {
        self.max_slot
    }

    /// What is in homes.
    pub(crate) fn live(&self) -> Live<'_> {
        Live { top: self.next_home(), operands: Operands { entries: &self.entries } }
    }

    /// The operands from a position up to another.
    pub(crate) fn operands(&self, positions: std::ops::Range<usize>) -> Operands<'_> {
        Operands { entries: &self.entries[positions] }
    }

    /// Leaves nothing on the stack, whose next operand has its home at a slot.
    pub(crate) fn begin_at(&mut self, slot: Slot) {
        self.truncate(0);
        self.set_first_home(slot.0);
    }

    /// Whether the frame has more slots than a frame can have.
    pub(crate) fn is_too_large(&self) -> bool {
        self.max_slot > MAX_FRAME_SLOTS
    }

    /// The home of the next operand.
    pub(crate) fn next_home(&self) -> Slot {
        Slot(self.next_home)
    }

    /// The home of the operand at a position, or of the next one.
    #[inline]
    pub(crate) fn home(&self, position: usize) -> Slot {
        self.entries.get(position).map_or_else(|| self.next_home(), |entry| entry.home)
    }

    /// The type of the operand at a position.
    #[inline]
    pub(crate) fn ty(&self, position: usize) -> ValType {
        self.entries[position].ty.val_type()
    }

    /// The home of an operand of a type that is about to be pushed.
    #[inline(always)]
    fn take_home(&mut self, ty: StackType) -> Slot {
        let home = self.next_home();
        if ty.is_number() {
            self.next_home += 1;
        } else {
            self.next_home += ty.slots();
            self.traced += usize::from(ty.is_traced());
        }
        if self.next_home > self.max_slot {
            self.max_slot = self.next_home;
        }
        home
    }

    #[inline(always)]
    fn push_in_home(&mut self, ty: StackType) -> Slot {
        let home = self.take_home(ty);
        self.entries.push(Entry::home(ty, home));
        home
    }

    /// Pushes a result; returns its home, where it has to be written.
    #[inline(always)]
    pub(crate) fn push_home(&mut self, ty: ValType) -> Slot {
        self.push_in_home(StackType::new(ty))
    }

    /// The home of an operand that is above a number with that home for a moment only.
    #[inline(always)]
    pub(crate) fn home_above(&mut self, number: Slot) -> Slot {
        let home = number.0 + 1;
        if home >= self.max_slot {
            self.max_slot = home + 1;
        }
        Slot(home)
    }

    /// Pushes a result that is a number; returns its home.
    #[inline(always)]
    pub(crate) fn push_number(&mut self, ty: Number) -> Slot {
        self.push_in_home(StackType::number(ty))
    }

    /// The value of a local as an operand that is used at once. It has no home.
    #[inline(always)]
    pub(crate) fn unpushed_local(&self, local: u32) -> Operand {
        Operand::Local(LocalIndex(local), self.locals[local as usize].slot)
    }

    /// The same where it would have had a home above that of another operand.
    #[inline(always)]
    pub(crate) fn unpushed_local_above(&mut self, local: u32) -> Operand {
        let home = self.next_home;
        if home >= self.max_slot {
            self.max_slot = home + 1;
        }
        self.unpushed_local(local)
    }

    /// A constant number as an operand that is used at once; its home is above those of the operands that were pushed.
    #[inline(always)]
    pub(crate) fn unpushed_const(&mut self, bits: u64) -> Operand {
        let home = self.next_home;
        if home >= self.max_slot {
            self.max_slot = home + 1;
        }
        Operand::Const(bits, Slot(home))
    }

    /// Pushes a constant number.
    #[inline(always)]
    pub(crate) fn push_number_const(&mut self, bits: u64, ty: Number) {
        self.push_const_of(bits, StackType::number(ty));
    }

    /// Pushes a constant.
    pub(crate) fn push_const(&mut self, bits: u64, ty: ValType) {
        self.push_const_of(bits, StackType::new(ty));
    }

    #[inline(always)]
    fn push_const_of(&mut self, bits: u64, ty: StackType) {
        let home = self.take_home(ty);
        self.entries.push(Entry { operand: Operand::Const(bits, home), ty, home, prev: NONE });
    }

    /// Pushes the value of a local.
    #[inline]
    pub(crate) fn push_local(&mut self, local: u32) {
        let position = self.entries.len() as u32;
        let aliased = &mut self.locals[local as usize];
        let prev = std::mem::replace(&mut aliased.top_alias, position);
        let (operand, ty) = (Operand::Local(LocalIndex(local), aliased.slot), aliased.ty);
        let home = self.take_home(ty);
        self.entries.push(Entry { operand, ty, home, prev });
    }

    /// Replaces the topmost operand, a number, by one that is a result; returns the operand, and the home of the result.
    #[inline(always)]
    pub(crate) fn replace_number(&mut self, ty: Number) -> (Operand, Slot) {
        let Some(top) = self.entries.last_mut() else { unreachable!("validation guarantees the operand") };
        debug_assert!(top.ty.is_number(), "validation guarantees the type");
        let (operand, prev, home) = (top.operand, top.prev, top.home);
        *top = Entry::home(StackType::number(ty), home);
        self.unlist(operand, prev);
        self.note_height(self.entries.len() - 1);
        (operand, home)
    }

    /// Replaces the two topmost operands, numbers, by one that is a result; returns the operands, the lower one first, and the home
    /// of the result.
    #[inline(always)]
    pub(crate) fn replace_two_numbers(&mut self, ty: Number) -> (Operand, Operand, Slot) {
        let [.., lower, upper] = &mut *self.entries else {
            unreachable!("validation guarantees the operands")
        };
        debug_assert!(lower.ty.is_number() && upper.ty.is_number(), "validation guarantees the types");
        let (second, second_prev) = (upper.operand, upper.prev);
        let (first, first_prev, home) = (lower.operand, lower.prev, lower.home);
        *lower = Entry::home(StackType::number(ty), home);
        self.next_home = upper.home.0;
        // From the top down, because that is the order of the alias lists.
        self.unlist(second, second_prev);
        self.unlist(first, first_prev);
        self.entries.pop();
        self.note_height(self.entries.len() - 1);
        (first, second, home)
    }

    /// Gives the topmost operands, which are in their homes, other types with as many slots.
    pub(crate) fn retype_top(&mut self, types: &[ValType]) {
        let first = self.entries.len() - types.len();
        for (entry, &ty) in self.entries[first..].iter_mut().zip(types) {
            self.traced -= usize::from(entry.ty.is_traced());
            self.traced += usize::from(ty.is_traced());
            entry.ty = StackType::new(ty);
        }
        self.listed = self.listed.min(first);
    }

    /// Pops the topmost operand.
    pub(crate) fn pop(&mut self) -> (Operand, ValType) {
        let ty = self.ty(self.height() - 1);
        (self.pop_operand(), ty)
    }

    /// Pops the topmost operand, whatever its type is.
    #[inline(always)]
    pub(crate) fn pop_operand(&mut self) -> Operand {
        let entry = self.entries.pop().expect("validation guarantees the operand");
        self.take(&entry);
        self.next_home = entry.home.0;
        self.note_height(self.entries.len());
        entry.operand
    }

    /// Pops the two topmost operands: the lower one comes first.
    #[inline(always)]
    pub(crate) fn pop_two_operands(&mut self) -> (Operand, Operand) {
        let Some(count) = self.entries.len().checked_sub(2) else {
            unreachable!("validation guarantees the operands")
        };
        let [lower, upper] = [self.entries[count], self.entries[count + 1]];
        // From the top down, because that is the order of the alias lists.
        self.take(&upper);
        self.take(&lower);
        self.next_home = lower.home.0;
        self.entries.truncate(count);
        self.note_height(count);
        (lower.operand, upper.operand)
    }

    /// Pops the two topmost operands, numbers: the lower one comes first.
    #[inline(always)]
    pub(crate) fn pop_two_numbers(&mut self) -> (Operand, Operand) {
        let [.., lower, upper] = &*self.entries else { unreachable!("validation guarantees the operands") };
        debug_assert!(lower.ty.is_number() && upper.ty.is_number(), "validation guarantees the types");
        let (first, first_prev, home) = (lower.operand, lower.prev, lower.home);
        let (second, second_prev) = (upper.operand, upper.prev);
        let count = self.entries.len() - 2;
        self.next_home = home.0;
        // From the top down, because that is the order of the alias lists.
        self.unlist(second, second_prev);
        self.unlist(first, first_prev);
        self.entries.truncate(count);
        self.note_height(count);
        (first, second)
    }

    /// An entry is being popped.
    #[inline(always)]
    fn take(&mut self, entry: &Entry) {
        if entry.ty.is_traced() {
            self.traced -= 1;
        }
        self.unlist(entry.operand, entry.prev);
    }

    /// If the topmost operand is an alias, the one before it is the topmost of its local.
    #[inline(always)]
    fn unlist(&mut self, operand: Operand, prev: u32) {
        if let Operand::Local(local, _) = operand {
            self.locals[local.index()].top_alias = prev;
        }
    }

    /// What is known of entries is not known of those that were popped: only so many are what they were.
    #[inline(always)]
    fn note_height(&mut self, height: usize) {
        if height < self.noted {
            self.forget(height);
        }
    }

    #[cold]
    fn forget(&mut self, height: usize) {
        self.noted = height;
        self.no_alias_below = self.no_alias_below.min(self.noted);
        self.listed = self.listed.min(self.noted);
    }

    /// Drops all operands from a height on.
    #[inline]
    pub(crate) fn truncate(&mut self, height: usize) {
        if height < self.entries.len() {
            self.drop_from(height);
        }
    }

    fn drop_from(&mut self, height: usize) {
        self.next_home = self.entries[height].home.0;
        for entry in self.entries[height..].iter().rev() {
            if let Some(local) = entry.alias() {
                self.locals[local as usize].top_alias = entry.prev;
            }
            self.traced -= usize::from(entry.ty.is_traced());
        }
        self.entries.truncate(height);
        self.note_height(height);
    }

    /// Pushes results.
    #[inline]
    pub(crate) fn push_homes(&mut self, types: &[ValType]) {
        if !types.is_empty() {
            self.push_some_homes(types);
        }
    }

    fn push_some_homes(&mut self, types: &[ValType]) {
        for &ty in types {
            self.push_home(ty);
        }
    }

    /// The operand at a position.
    #[inline]
    pub(crate) fn operand(&self, position: usize) -> Operand {
        self.entries[position].operand
    }

    /// Reports every alias of a local and marks it as being in its home: the local is about to change.
    #[inline]
    pub(crate) fn spill_aliases(&mut self, local: u32, mut spill: impl FnMut(Spill)) {
        let mut position = std::mem::replace(&mut self.locals[local as usize].top_alias, NONE);
        while position != NONE {
            let entry = &mut self.entries[position as usize];
            spill(Spill { home: entry.home, value: entry.operand, ty: entry.ty.val_type() });
            entry.operand = Operand::Temp(entry.home);
            self.listed = self.listed.min(position as usize);
            position = entry.prev;
        }
    }

    /// Reports all aliases and marks them as being in their homes.
    #[inline]
    pub(crate) fn spill_all_aliases(&mut self, spill: impl FnMut(Spill)) {
        if self.no_alias_below == self.entries.len() {
            return;
        }
        self.spill_from(self.no_alias_below, false, spill);
        self.no_alias_below = self.entries.len();
        self.noted = self.no_alias_below;
    }

    /// Reports aliases and constants among the topmost `count` operands and marks them as being in their homes.
    pub(crate) fn spill_top(&mut self, count: usize, spill: impl FnMut(Spill)) {
        self.spill_from(self.entries.len() - count, true, spill);
    }

    /// Reports aliases and constants among the topmost `count` operands and pops them all. Returns the home of the first.
    pub(crate) fn spill_and_pop(&mut self, count: usize, mut spill: impl FnMut(Spill)) -> Slot {
        let height = self.entries.len() - count;
        let first = self.home(height);
        let OperandStack { entries, locals, traced, .. } = self;
        for entry in &entries[height..] {
            if !entry.is_home() {
                unlist_from(locals, entry, height);
                spill(Spill { home: entry.home, value: entry.operand, ty: entry.ty.val_type() });
            }
            *traced -= usize::from(entry.ty.is_traced());
        }
        entries.truncate(height);
        self.next_home = first.0;
        self.note_height(height);
        first
    }

    fn spill_from(&mut self, from: usize, consts: bool, mut spill: impl FnMut(Spill)) {
        if from == self.entries.len() {
            return;
        }
        // From the bottom up, so that neighbours go to neighbouring homes in order.
        for (position, entry) in self.entries.iter_mut().enumerate().skip(from) {
            match entry.operand {
                Operand::Temp(_) => continue,
                Operand::Const(..) if !consts => continue,
                _ => unlist_from(&mut self.locals, entry, from),
            }
            spill(Spill { home: entry.home, value: entry.operand, ty: entry.ty.val_type() });
            entry.operand = Operand::Temp(entry.home);
            self.listed = self.listed.min(position);
        }
    }
}

/// All operands from a height on are no aliases any more, of which this is one: the lowest of those of a local tells which is the topmost
/// one below.
#[inline]
fn unlist_from(locals: &mut [Local], entry: &Entry, height: usize) {
    if let Some(local) = entry.alias()
        && (entry.prev == NONE || (entry.prev as usize) < height)
    {
        locals[local as usize].top_alias = entry.prev;
    }
}

// References that the collector has to know.
impl OperandStack {
    /// Whether any local or operand is of a type that the collector traces.
    pub(crate) fn has_traced(&self) -> bool {
        self.traced > 0 || !self.traced_locals.is_empty()
    }

    /// The operands in their homes that the collector has to know. Only what has changed since the last call is looked at.
    pub(crate) fn references(&mut self) -> Option<References> {
        if self.traced == 0 {
            return None;
        }
        self.references.truncate(self.listed);
        let mut below = self.references.last().copied().flatten();
        for entry in &self.entries[self.listed..] {
            // Aliases are known as locals; constants of these types are null.
            if entry.ty.is_traced() && entry.is_home() {
                self.nodes.push(ReferenceNode { slot: entry.home, below });
                below = Some(References(self.nodes.len() as u32 - 1));
            }
            self.references.push(below);
        }
        self.listed = self.entries.len();
        self.noted = self.listed;
        below
    }

    /// Whether an alias of a local lies so deep that the references above it would be listed again and again.
    #[inline]
    pub(crate) fn has_deep_alias(&self, local: u32) -> bool {
        const DEEP: usize = 64;
        let local = &self.locals[local as usize];
        local.ty.is_traced() && local.top_alias != NONE && {
            let mut lowest = local.top_alias;
            while self.entries[lowest as usize].prev != NONE {
                lowest = self.entries[lowest as usize].prev;
            }
            self.entries.len() - lowest as usize > DEEP
        }
    }

    /// The locals and the elements of lists that the collector has to know.
    pub(crate) fn all_references(&self) -> (&[Slot], &[ReferenceNode]) {
        (&self.traced_locals, &self.nodes)
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::index::LocalIndex;
    use upshift_core::types::ValType;

    use super::{MAX_FRAME_SLOTS, OperandStack};
    use crate::backend::{Operand, Slot};

    fn stack() -> OperandStack {
        let mut stack = OperandStack::default();
        let end = stack.declare_locals(2, ValType::I32, 0);
        stack.set_first_home(end);
        stack
    }

    #[test]
    fn only_aliases_of_the_changed_local_are_spilled() {
        let mut stack = stack();
        for local in [0, 1, 0] {
            stack.push_local(local);
        }
        let mut homes = Vec::new();
        stack.spill_aliases(0, |s| homes.push(s.home.0));
        assert_eq!(homes, [4, 2]);
        assert_eq!(stack.operand(1), Operand::Local(LocalIndex(1), Slot(1)));
        assert_eq!(stack.operand(0), Operand::Temp(Slot(2)));
        stack.spill_aliases(0, |_| panic!("nothing is left"));
    }

    #[test]
    fn constants_stay_until_asked_for() {
        let mut stack = stack();
        stack.push_const(7, ValType::I64);
        stack.push_local(1);
        let mut seen = 0;
        stack.spill_all_aliases(|_| seen += 1);
        assert_eq!((seen, stack.operand(0)), (1, Operand::Const(7, Slot(2))));
        stack.spill_top(2, |s| assert_eq!(s.home, Slot(2)));
        assert_eq!(stack.operand(0), Operand::Temp(Slot(2)));
    }

    #[test]
    fn popping_an_alias_leaves_the_lower_one_listed() {
        let mut stack = stack();
        stack.push_local(0);
        stack.push_local(0);
        stack.pop();
        let mut seen = 0;
        stack.spill_aliases(0, |_| seen += 1);
        assert_eq!(seen, 1);
    }

    #[test]
    fn references_are_listed_once() {
        let mut stack = OperandStack::default();
        let end = stack.declare_locals(1, ValType::ANYREF, 0);
        stack.set_first_home(end);
        assert!(stack.has_traced());
        stack.push_home(ValType::ANYREF);
        stack.push_local(0);
        stack.push_home(ValType::I32);
        stack.push_home(ValType::EXTERNREF);
        let slots = |stack: &mut OperandStack| {
            let mut slots = Vec::new();
            let mut next = stack.references();
            while let Some(references) = next {
                let node = stack.nodes[references.0 as usize];
                slots.push(node.slot.0);
                next = node.below;
            }
            slots
        };
        assert_eq!(slots(&mut stack), [4, 1]);
        assert_eq!(slots(&mut stack), [4, 1]);
        assert_eq!(stack.nodes.len(), 2);
        // The alias goes to its home, because the local changes.
        stack.spill_aliases(0, |_| ());
        assert_eq!(slots(&mut stack), [4, 2, 1]);
        stack.truncate(2);
        assert_eq!(slots(&mut stack), [2, 1]);
        stack.truncate(0);
        assert_eq!(stack.references(), None);
    }

    #[test]
    fn frames_are_bounded() {
        let mut stack = OperandStack::default();
        stack.set_first_home(MAX_FRAME_SLOTS - 3);
        stack.push_home(ValType::I32);
        stack.push_home(ValType::V128);
        assert!(!stack.is_too_large());
        stack.truncate(1);
        stack.push_home(ValType::I32);
        assert!(!stack.is_too_large());
        stack.push_home(ValType::V128);
        assert!(stack.is_too_large());
        // What was needed once is needed, whatever is popped.
        stack.truncate(0);
        assert!(stack.is_too_large());
    }

    #[test]
    fn vectors_take_two_slots() {
        let mut stack = stack();
        assert_eq!(stack.push_home(ValType::V128), Slot(2));
        assert_eq!(stack.push_home(ValType::I32), Slot(4));
        assert_eq!(stack.max_slot(), 5);
    }
}
