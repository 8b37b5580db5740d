//! Redundant loads: reads once what does not change in between, and forwards what was stored to later loads. Stores of what is there already
//! vanish, too.
//!
//! ```text
//! versions    which classes of state may have changed between a block's dominator and the block
//!     │  block after block, each before those that it dominates; each class has a version, a new one where it may change
//!     ▼
//! [access]    place that is read or written ─ known in this version? ┬ yes ─▶ the value, converted as the access does it
//!                                                                    └ no ──▶ the access stays, and is known from here on
//! ```
//!
//! Requires SSA, numbered by [`gvn`](super::gvn): equal places have the same address values. Preserves it and the order of effects. A load
//! vanishes under an access to the same bytes that dominates it, so it would not trap; a store makes a new version of its class, in
//! which what certainly lies elsewhere is known still. Memories that other threads can change are left alone.

mod access;
mod carried;

use crate::ssa::dom::Dominators;
use crate::ssa::effects::Effect;
use crate::ssa::loops::Loops;
use crate::ssa::{Block, Func, Op, Pos, Ty, Value};

use super::aliases::Aliases;
use super::table::Table;
use super::versions::{ALL, Changes, Classes};

use self::access::{Access, Conversion, Form, Place};
use self::carried::Carrying;

/// How many places are looked at again when something is stored: what lies elsewhere for certain stays known.
const RECENT: usize = 8;

/// Removes loads and stores. Returns how many, and how many of them are parameters of loops now.
pub fn run(func: &mut Func, dominators: &Dominators, loops: &Loops, aliases: Aliases<'_>) -> (u32, u32) {
    let classes = Classes::new(func, aliases);
    if classes.loads < 2 && !classes.has_stores {
        return (0, 0);
    }
    let changes = Changes::new(func, dominators, loops, &classes);
    let classes_have_stores = classes.has_stores;
    let mut walk = Walk {
        classes,
        replaced: (0..func.values.len() as u32).map(Value).collect(),
        versions: [0; 64],
        last_version: 0,
        undo: Vec::new(),
        known: Vec::new(),
        table: Table::with_capacity(64),
        recent: Vec::new(),
        removed: 0,
        carrying: (classes_have_stores && !loops.is_empty()).then(|| Carrying::new(func, dominators, loops)),
    };
    // The blocks around the current one in the tree, with how much was to be undone when they began.
    let mut open: Vec<(Block, usize)> = Vec::new();
    for &block in dominators.preorder() {
        while let Some(&(around, undo)) = open.last() {
            if dominators.dominates(around, block) {
                break;
            }
            walk.undo(undo);
            open.pop();
        }
        open.push((block, walk.undo.len()));
        let before = walk.versions;
        walk.change(changes.before(block));
        if let Some(carrying) = &mut walk.carrying {
            carrying.begin(func, block, &before, &walk.versions);
        }
        walk.block(func, dominators, block);
        walk.latch(func, dominators, block);
    }
    let carried = walk.carrying.take().map_or(0, |carrying| carrying.finish(func, &mut walk.replaced));
    func.replace_uses(&mut walk.replaced);
    (walk.removed + carried, carried)
}

/// A place whose content is known.
#[derive(Clone, Copy)]
struct Known {
    place: Place,
    version: u32,
    /// What was read or written.
    value: Value,
    form: Form,
    /// Where the access is.
    block: Block,
}

struct Walk<'a> {
    classes: Classes,
    replaced: Vec<Value>,
    /// The version of each class.
    versions: [u32; 64],
    last_version: u32,
    /// Classes and the versions that they had.
    undo: Vec<(u8, u32)>,
    known: Vec<Known>,
    /// Numbers in `known`.
    table: Table,
    /// The last accesses, as numbers in `known`.
    recent: Vec<u32>,
    removed: u32,
    /// Loops and what they could carry, if there are any that store something.
    carrying: Option<Carrying<'a>>,
}

impl Walk<'_> {
    /// New versions for some classes.
    fn change(&mut self, classes: u64) {
        let mut classes = classes & self.classes.used;
        while classes != 0 {
            let class = classes.trailing_zeros() as u8;
            classes &= classes - 1;
            self.undo.push((class, self.versions[usize::from(class)]));
            self.last_version += 1;
            self.versions[usize::from(class)] = self.last_version;
        }
    }

    fn undo(&mut self, to: usize) {
        for (class, version) in self.undo.drain(to..).rev() {
            self.versions[usize::from(class)] = version;
        }
    }

    fn block(&mut self, func: &mut Func, dominators: &Dominators, block: Block) {
        let insts = std::mem::take(&mut func.block_mut(block).insts);
        let mut kept = Vec::with_capacity(insts.len());
        for inst in insts {
            for arg in func.args_mut(inst) {
                *arg = self.replaced[arg.index()];
            }
            match func.op(inst).effect() {
                Effect::Load(..) => {
                    if let Some(access) = Access::of(func, inst)
                        && let Some(class) = self.classes.of_load(func, inst)
                        && self.load(func, dominators, block, inst, access, class, &mut kept)
                    {
                        continue;
                    }
                }
                Effect::Store(..) if self.store(func, dominators, block, inst) => continue,
                Effect::Call => self.change(ALL),
                _ => {}
            }
            kept.push(inst);
        }
        func.block_mut(block).insts = kept;
    }

    /// The version of a class: what never changes has one.
    fn version(&self, class: Option<u8>) -> u32 {
        class.map_or(0, |class| self.versions[usize::from(class)])
    }

    /// Whether a load is not needed, because what it reads is known.
    #[expect(clippy::too_many_arguments, reason = "they are the state of one step of the walk")]
    fn load(
        &mut self,
        func: &mut Func,
        dominators: &Dominators,
        block: Block,
        inst: Value,
        access: Access,
        class: Option<u8>,
        kept: &mut Vec<Value>,
    ) -> bool {
        let version = self.version(class);
        if let Some(known) = self.find(dominators, block, access.place, version)
            && let Some(conversion) = known.form.read_as(access.form, func.ty(known.value), func.ty(inst))
        {
            self.removed += 1;
            return self.convert(func, inst, known.value, conversion, kept);
        }
        if let Some(carrying) = &self.carrying
            && let Some(class) = class
            && let Some((before, front)) = carrying.front(func, block, &access, class, version)
            && let Some(first) =
                self.find_as(func, dominators, front, before, (access.place, access.form, inst))
            && let Some(carrying) = &mut self.carrying
        {
            carrying.add(block, inst, &access, class, first);
        }
        self.note(Known { place: access.place, version, value: inst, form: access.form, block });
        false
    }

    /// A block ends: what do the loops that it leads back to find in the places that they could carry?
    fn latch(&mut self, func: &Func, dominators: &Dominators, block: Block) {
        let Some(carrying) = &self.carrying else { return };
        for (number, first_version) in carrying.of_latch(func, block) {
            let Some(carrying) = &self.carrying else { return };
            let candidate = &carrying.candidates[number];
            let (place, form, inst) = (candidate.place, candidate.form, candidate.inst());
            let version = self.version(Some(candidate.class));
            let value = match version == first_version {
                true => Some(None),
                false => self.find_as(func, dominators, block, version, (place, form, inst)).map(Some),
            };
            if let (Some(value), Some(carrying)) = (value, &mut self.carrying) {
                carrying.note(number, block, value);
            }
        }
    }

    /// The value that a load has at the end of a block without any conversion, if its place is known.
    fn find_as(
        &self,
        func: &Func,
        dominators: &Dominators,
        block: Block,
        version: u32,
        (place, form, inst): (Place, Form, Value),
    ) -> Option<Value> {
        let known = self.find(dominators, block, place, version)?;
        let conversion = known.form.read_as(form, func.ty(known.value), func.ty(inst))?;
        (conversion == Conversion::None).then_some(known.value)
    }

    /// Makes a load a conversion of a known value. Returns whether even that is not needed.
    fn convert(
        &mut self,
        func: &mut Func,
        inst: Value,
        value: Value,
        conversion: Conversion,
        kept: &mut Vec<Value>,
    ) -> bool {
        match conversion {
            Conversion::None => {
                self.replaced[inst.index()] = value;
                return true;
            }
            Conversion::Unary(op) => func.change(inst, Op::Unary(op), &[value]),
            Conversion::Two(first, ty, then) => {
                let between = func.add_value(Op::Unary(first), Some(ty), &[value], func.value(inst).pos);
                self.replaced.push(between);
                kept.push(between);
                func.change(inst, Op::Unary(then), &[between]);
            }
            Conversion::Mask(op, bits) => {
                let mask = func.add_value(Op::Const(bits), Some(Ty::of(op.result())), &[], Pos::NONE);
                self.replaced.push(mask);
                kept.push(mask);
                func.change(inst, Op::Binary(op), &[value, mask]);
            }
        }
        false
    }

    /// Whether a store is not needed, because what it writes is there.
    fn store(&mut self, func: &Func, dominators: &Dominators, block: Block, inst: Value) -> bool {
        let Some(class) = self.classes.of_store(func, inst) else { return false };
        let before = self.versions[usize::from(class)];
        let access = Access::of(func, inst);
        if let Some(Access { place, form, stored: Some(value) }) = access
            && let Some(known) = self.find(dominators, block, place, before)
            && known.value == value
            && known.form.has_bytes_of(form)
        {
            self.removed += 1;
            return true;
        }
        self.change(1 << class);
        let version = self.versions[usize::from(class)];
        let Some(access) = access else { return false };
        for at in 0..self.recent.len() {
            let known = self.known[self.recent[at] as usize];
            if known.version == before
                && known.place.is_apart(&access.place, func)
                && dominators.dominates(known.block, block)
            {
                self.note(Known { version, block, ..known });
            }
        }
        if let Some(value) = access.stored {
            self.note(Known { place: access.place, version, value, form: access.form, block });
        }
        false
    }

    fn find(&self, dominators: &Dominators, block: Block, place: Place, version: u32) -> Option<Known> {
        let at = self.entry(place, version).get(&self.table)?;
        let known = self.known[at.index()];
        dominators.dominates(known.block, block).then_some(known)
    }

    fn entry(&self, place: Place, version: u32) -> super::table::Place {
        let hash = super::table::hash(&(place, version), &[]);
        self.table.place(hash, |at| {
            let known = &self.known[at.index()];
            known.version == version && known.place == place
        })
    }

    fn note(&mut self, known: Known) {
        let entry = self.entry(known.place, known.version);
        let number = self.known.len() as u32;
        self.known.push(known);
        self.table.set(entry, Value(number));
        if known.place.may_be_apart() {
            match self.recent.len() {
                RECENT => self.recent[number as usize % RECENT] = number,
                _ => self.recent.push(number),
            }
        }
    }
}

#[cfg(test)]
mod tests;
