//! The walker's backend for tier 0: chooses instructions and writes code words.
//!
//! In: calls of [`Backend`], operands in slots or constant. Out: the words of a function.
//!
//! Peepholes work on the instruction written last, as long as no label was bound since:
//! * a value that was just made is taken from the accumulator (`Accumulators`),
//! * a result that goes to a local is written there at once (`Builder::set_local`),
//! * an instruction does the work of the one before it as well, if only it uses the result (`Made`).
//!
//! A jump back to a loop that begins with a test becomes the test (`LoopTest`); a jump to a return, a return.
//!
//! Slot numbers above 16 bits go through scratch slots with `copy.wide`, so that big functions run on the same instructions
//! as small ones.

use std::collections::HashMap;

use upshift_core::cast::{Cast, CastTarget};
use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::layout::StructLayout;
use upshift_core::types::{IndexType, ValType};
use upshift_core::value::V128;
use upshift_core::vm::{BuiltinOp, FieldPlace, INLINE_SUPERTYPES, Preamble, VmLayout};
use upshift_translate::ModuleInfo;
use upshift_translate::backend::{
    Backend, Call, Callee, Catches, Charge, Frame, Handler, Label, MemArg, Operand, ReferenceNode,
    References, Return, Slot,
};

use crate::code::FuncCode;
use crate::handlers::{self, Handlers, Region};
use crate::op::{
    Access, Field, Loc, Op, add_branch_form, atomic_form, binary_form, branch_form, element_get_form,
    element_set_form, encode, extract_lane_form, field_get_form, field_set_form, last_place, load_form,
    load_sum_form, replace_lane_form, store_form, ternary_form, unary_form, wide_form,
};
use crate::references::ReferenceMaps;

/// The accumulators and which slot each one mirrors.
#[derive(Clone, Copy, Debug, Default)]
struct Accumulators {
    int: Option<Slot>,
    f32: Option<Slot>,
    f64: Option<Slot>,
}

impl Accumulators {
    fn of(&mut self, ty: ValType) -> Option<&mut Option<Slot>> {
        match ty {
            ValType::I32 | ValType::I64 | ValType::Ref(_) => Some(&mut self.int),
            ValType::F32 => Some(&mut self.f32),
            ValType::F64 => Some(&mut self.f64),
            ValType::V128 => None,
        }
    }

    /// Whether the accumulator of the type holds what is in the slot.
    fn holds(&mut self, ty: ValType, slot: Slot) -> bool {
        self.of(ty).is_some_and(|held| *held == Some(slot))
    }

    /// A slot is overwritten by something else.
    fn forget(&mut self, slot: Slot) {
        for held in [&mut self.int, &mut self.f32, &mut self.f64] {
            if *held == Some(slot) {
                *held = None;
            }
        }
    }

    /// A value of the type was written to a slot and to the accumulator.
    fn wrote(&mut self, ty: ValType, slot: Slot) {
        self.forget(slot);
        match self.of(ty) {
            Some(held) => *held = Some(slot),
            None => self.forget(Slot(slot.0 + 1)),
        }
    }
}

/// What an instruction computes, as far as the next one may want to do it itself.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// A comparison, or with `negated` its negation.
    Compare { op: Binary, lhs: Operand, rhs: Operand, negated: bool },
    /// The sum of a slot and another operand.
    Add { op: Binary, lhs: Slot, rhs: Operand },
    /// A slot shifted left by a constant.
    Shl { value: Slot, by: u64 },
    /// A product of floats.
    Mul { op: Binary, lhs: Slot, rhs: Slot },
    /// Anything else.
    Other,
}

/// The instruction written last, while peepholes may change it.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// Its position in the words, with the copies and constants that it needs.
    start: usize,
    /// Position of its first word.
    head: usize,
    /// The slot that it writes, if that can still be changed.
    dst: Slot,
    ty: ValType,
    made: Made,
    /// The accumulators before it.
    before: Accumulators,
    /// The latch right before it.
    below: Option<Latch>,
}

/// The last instruction, if it adds a small constant to a local: a comparison of that local and a branch may join it.
#[derive(Clone, Copy, Debug)]
struct Latch {
    start: usize,
    local: Slot,
    ty: ValType,
    addend: i16,
    before: Accumulators,
}

/// A comparison and branch that stands at the head of a loop: a jump back to it may test at once instead.
#[derive(Clone, Copy, Debug)]
struct LoopTest {
    op: Binary,
    lhs: Operand,
    rhs: Operand,
    sense: bool,
    exit: Label,
    /// Position behind the branch.
    next: usize,
}

/// A branch target of 32 bits that is not known yet.
#[derive(Clone, Copy, Debug)]
struct Fixup {
    label: Label,
    /// Start of the branch instruction.
    start: u32,
    /// The word of the instruction that holds the target.
    word: u8,
    /// Its lowest bit.
    shift: u8,
}

/// A list of targets, each of which is a word that holds the number of a label until the function ends.
#[derive(Clone, Copy, Debug)]
struct TargetList {
    /// Start of the branch instruction.
    start: u32,
    first: u32,
    count: u32,
}

/// The place of a label that is not bound yet.
const UNBOUND: u32 = u32::MAX;

/// Builds the code of one function.
#[derive(Debug)]
pub struct Builder<'m> {
    module: &'m ModuleInfo,
    layout: VmLayout,
    frame: Frame,
    words: Vec<u64>,
    /// Where each label is bound.
    labels: Vec<u32>,
    fixups: Vec<Fixup>,
    target_lists: Vec<TargetList>,
    accumulators: Accumulators,
    last: Option<Last>,
    latch: Option<Latch>,
    /// Where the loop that was opened last begins.
    loop_at: Option<usize>,
    /// The loops that begin with a test, by position.
    loop_tests: HashMap<usize, LoopTest>,
    needs_scratch: bool,
    /// Where the handler of exceptions changes.
    regions: Vec<Region>,
    /// The handlers, with labels as targets until the function ends.
    handlers: Box<[handlers::Handler]>,
    /// From which words on which operands are references.
    reference_points: Vec<(u32, Option<u32>)>,
    references: ReferenceMaps,
    positions: Option<Vec<(u32, u32)>>,
}

impl<'m> Builder<'m> {
    /// A builder for a function of the module; with `positions` it notes where instructions come from.
    #[must_use]
    pub fn new(module: &'m ModuleInfo, func: FuncIndex, positions: bool) -> Builder<'m> {
        // Half a word per byte of the body is what most functions take.
        let size = module.body(func).map_or(0, |body| body.len());
        let mut words = Vec::with_capacity(size / 2 + 8);
        words.push(0);
        Builder {
            module,
            layout: module.vm_layout(),
            frame: Frame { params: 0, results: 0, locals: 0, homes: 0, scratch: None },
            words,
            labels: Vec::new(),
            fixups: Vec::new(),
            target_lists: Vec::new(),
            accumulators: Accumulators::default(),
            last: None,
            latch: None,
            loop_at: None,
            loop_tests: HashMap::new(),
            needs_scratch: false,
            regions: Vec::new(),
            handlers: Box::default(),
            reference_points: Vec::new(),
            references: ReferenceMaps::default(),
            positions: positions.then(Vec::new),
        }
    }

    /// Whether slots with large numbers appeared although the frame has no scratch slots: the code is unusable.
    #[must_use]
    pub fn needs_scratch(&self) -> bool {
        self.needs_scratch
    }

    /// The finished code.
    #[must_use]
    pub fn finish(self) -> FuncCode {
        let handlers = Handlers { regions: self.regions.into(), handlers: self.handlers };
        FuncCode::new(self.words.into(), handlers, self.references)
    }

    /// How many words the code takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.words.len()
    }

    /// The notes about positions.
    #[must_use]
    pub fn take_positions(self) -> Vec<(u32, u32)> {
        self.positions.unwrap_or_default()
    }

    // Writing words.

    /// Writes an instruction; `values` are its fields without accumulators and target lists. Answers where it starts.
    fn emit(&mut self, op: Op, values: &[u64]) -> usize {
        if values.iter().any(|&value| value > 0xffff) && self.needs_wide_slots(op, values) {
            return self.emit_wide(op, values);
        }
        self.last = None;
        self.latch = None;
        let start = self.words.len();
        encode(&mut self.words, op, values);
        start
    }

    #[cold]
    fn needs_wide_slots(&self, op: Op, values: &[u64]) -> bool {
        fields_with_values(op).zip(values).any(|(field, &value)| is_narrow_slot(field) && value > 0xffff)
    }

    /// Writes an instruction with slots above 16 bits: copies through the scratch slots before and after it.
    #[cold]
    fn emit_wide(&mut self, op: Op, values: &[u64]) -> usize {
        let Some(scratch) = self.frame.scratch else {
            self.needs_scratch = true;
            let cut: Vec<u64> = fields_with_values(op)
                .zip(values)
                .map(|(field, &value)| if is_narrow_slot(field) { value & 0xffff } else { value })
                .collect();
            return self.emit(op, &cut);
        };
        let mut narrow = values.to_vec();
        let mut next = u64::from(scratch);
        let mut after = Vec::new();
        for (field, value) in fields_with_values(op).zip(&mut narrow) {
            if !is_narrow_slot(field) || *value <= 0xffff {
                continue;
            }
            let slots = if matches!(field, Field::DstV | Field::SrcV) { 2 } else { 1 };
            for i in 0..slots {
                if matches!(field, Field::Src | Field::SrcV) {
                    self.emit(Op::CopyWide, &[next + i, *value + i]);
                } else {
                    after.push([*value + i, next + i]);
                }
            }
            *value = next;
            next += slots;
        }
        let start = self.emit(op, &narrow);
        for copy in after {
            self.emit(Op::CopyWide, &copy);
        }
        start
    }

    /// Writes an instruction that makes a value of a type; peepholes may change it as long as it is the last one.
    fn emit_value(&mut self, op: Op, ty: ValType, dst: Slot, values: &[u64]) {
        let (start, before, below) = (self.words.len(), self.accumulators, self.latch);
        let mut all = [0; 8];
        all[0] = u64::from(dst.0);
        all[1..=values.len()].copy_from_slice(values);
        let head = self.emit(op, &all[..=values.len()]);
        self.accumulators.wrote(ty, dst);
        if dst.0 <= 0xffff {
            self.last = Some(Last { start, head, dst, ty, made: Made::Other, before, below });
        }
    }

    /// Writes an instruction whose field number `target` is a branch target.
    fn emit_branch(&mut self, op: Op, values: &[u64], label: Label) {
        let mut all = [0; 8];
        all[..values.len()].copy_from_slice(values);
        let start = self.emit(op, &all[..=values.len()]);
        // The target is the last field.
        let (word, shift) = last_place(op);
        self.fixups.push(Fixup { label, start: start as u32, word: word as u8, shift: shift as u8 });
    }

    /// The word where a label is bound.
    ///
    /// # Panics
    /// When it never was.
    fn place_of(&self, label: u32) -> usize {
        let place = self.labels[label as usize];
        assert_ne!(place, UNBOUND, "the walker binds all labels that it uses");
        place as usize
    }

    // Operands.

    /// The slot of an operand; a constant is put into its home.
    fn slot(&mut self, operand: Operand) -> Slot {
        match operand {
            Operand::Temp(slot) | Operand::Local(slot) => slot,
            Operand::Const(bits, home) => {
                self.constant(home, bits);
                home
            }
        }
    }

    fn constant(&mut self, dst: Slot, bits: u64) {
        // The slot is the same for all types; a float constant is in the integer accumulator too, where nobody looks for it.
        if let Ok(bits) = u32::try_from(bits) {
            self.emit_value(Op::Const32, ValType::I64, dst, &[u64::from(bits)]);
        } else {
            self.emit_value(Op::Const64, ValType::I64, dst, &[bits]);
        }
    }

    /// Whether the operand is in the accumulator of its type.
    fn in_accumulator(&mut self, operand: Operand, ty: ValType) -> bool {
        operand.slot().is_some_and(|slot| self.accumulators.holds(ty, slot))
    }

    // Binary operators and comparisons.

    /// Picks the form for the operands: what is in an accumulator is taken from there, constants become immediates.
    /// Answers the opcode and the values of its operand fields.
    fn pick_binary(
        &mut self,
        op: Binary,
        lhs: Operand,
        rhs: Operand,
        form: impl Fn(Binary, Loc, Loc) -> Option<Op>,
    ) -> (Op, Vec2) {
        let [lhs_ty, rhs_ty] = *op.operands() else { unreachable!("binary operators have two operands") };
        let (mut op, mut lhs, mut rhs) = (op, lhs, rhs);
        // Constants go right, accumulators go left, where the operator has a mirror image.
        if let Some(swapped) = op.swapped()
            && !matches!(rhs, Operand::Const(..))
            && (matches!(lhs, Operand::Const(..))
                || (self.in_accumulator(rhs, rhs_ty) && !self.in_accumulator(lhs, lhs_ty)))
        {
            (op, lhs, rhs) = (swapped, rhs, lhs);
        }
        if let Operand::Const(bits, _) = rhs {
            if let Operand::Const(..) = lhs {
                lhs = Operand::Temp(self.slot(lhs));
            }
            let float = matches!(rhs_ty, ValType::F32 | ValType::F64);
            if self.in_accumulator(lhs, lhs_ty)
                && let Some(found) = form(op, Loc::Acc, Loc::Imm)
                && let Some(imm) = immediate(bits, rhs_ty, found)
            {
                return (found, Vec2::one(imm));
            }
            if let Some(found) = form(op, Loc::Slot, Loc::Imm)
                && let Some(imm) = if float { Some(bits) } else { immediate(bits, rhs_ty, found) }
            {
                let slot = self.slot(lhs);
                return (found, Vec2::two(u64::from(slot.0), imm));
            }
            rhs = Operand::Temp(self.slot(rhs));
            if let Some(swapped) = op.swapped() {
                (op, lhs, rhs) = (swapped, rhs, lhs);
            }
        }
        if let Operand::Const(bits, _) = lhs {
            if let Some(found) = form(op, Loc::Imm, Loc::Slot)
                && let Some(imm) = immediate(bits, lhs_ty, found)
            {
                let slot = self.slot(rhs);
                return (found, Vec2::two(imm, u64::from(slot.0)));
            }
            lhs = Operand::Temp(self.slot(lhs));
        }
        let (lhs_slot, rhs_slot) = (self.slot(lhs), self.slot(rhs));
        if self.accumulators.holds(lhs_ty, lhs_slot)
            && let Some(found) = form(op, Loc::Acc, Loc::Slot)
        {
            return (found, Vec2::one(u64::from(rhs_slot.0)));
        }
        if self.accumulators.holds(rhs_ty, rhs_slot)
            && let Some(found) = form(op, Loc::Slot, Loc::Acc)
        {
            return (found, Vec2::one(u64::from(lhs_slot.0)));
        }
        let found = form(op, Loc::Slot, Loc::Slot).expect("all operators have a form with slots");
        (found, Vec2::two(u64::from(lhs_slot.0), u64::from(rhs_slot.0)))
    }

    /// Notes what the instruction written last computes; `start` and the rest tell the state before all that it needed.
    fn note(&mut self, made: Made, start: usize, before: Accumulators, below: Option<Latch>) {
        if let Some(last) = &mut self.last {
            *last = Last { made, start, before, below, ..*last };
        }
    }

    /// What made the operand, if the last instruction did and nothing else can see the result.
    fn made(&self, operand: Operand) -> Made {
        match self.last {
            Some(last) if operand == Operand::Temp(last.dst) => last.made,
            _ => Made::Other,
        }
    }

    /// Removes the last instruction, whose work another one will do.
    fn take_last(&mut self) {
        let last = self.last.take().expect("only called when `made` found something");
        self.truncate(last.start);
        self.accumulators = last.before;
        self.latch = last.below;
    }

    fn truncate(&mut self, start: usize) {
        self.words.truncate(start);
        // Nothing that can throw is taken back, so it does not matter on which side its successor lies.
        for region in self.regions.iter_mut().rev().take_while(|region| region.start as usize > start) {
            region.start = start as u32;
        }
        if let Some(positions) = &mut self.positions {
            // What replaces the removed words comes from the newest of their operators: it is the one that can trap.
            let mut newest = None;
            while let Some((_, offset)) = positions.pop_if(|(word, _)| *word as usize > start) {
                newest = newest.or(Some(offset));
            }
            match (newest, positions.last_mut()) {
                (Some(offset), Some(last)) if last.0 as usize == start => last.1 = offset,
                (Some(offset), _) => positions.push((start as u32, offset)),
                (None, _) => {}
            }
        }
    }

    /// Fuses an addition of floats with the product that is one of its operands.
    fn fuse_product(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) -> bool {
        let (form, product_op, either) = match op {
            Binary::F32Add => (Op::F32MulAdd, Binary::F32Mul, true),
            Binary::F64Add => (Op::F64MulAdd, Binary::F64Mul, true),
            Binary::F32Sub => (Op::F32MulSub, Binary::F32Mul, false),
            Binary::F64Sub => (Op::F64MulSub, Binary::F64Mul, false),
            _ => return false,
        };
        for (product, other, allowed) in [(rhs, lhs, true), (lhs, rhs, either)] {
            if let Made::Mul { op: made, lhs: a, rhs: b } = self.made(product)
                && made == product_op
                && allowed
                && let Some(other) = other.slot()
            {
                self.take_last();
                self.emit_value(form, op.result(), dst, &[a, b, other].map(|slot| u64::from(slot.0)));
                return true;
            }
        }
        false
    }

    /// Fuses an addition with the shift that is one of its operands.
    fn fuse_shift(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) -> bool {
        for (shifted, other) in [(lhs, rhs), (rhs, lhs)] {
            if let Made::Shl { value, by } = self.made(shifted)
                && op == Binary::I32Add
                && let Some(other) = other.slot()
            {
                self.take_last();
                let values = [u64::from(other.0), u64::from(value.0), by];
                self.emit_value(Op::I32AddShl, ValType::I32, dst, &values);
                return true;
            }
        }
        false
    }

    /// What a binary operator computes, for the peepholes of the next instruction. Operands have to be in slots by now.
    fn describe(op: Binary, lhs: Operand, rhs: Operand) -> Made {
        if op.is_compare() {
            return Made::Compare { op, lhs, rhs, negated: false };
        }
        match (op, lhs.slot(), rhs.slot(), lhs, rhs) {
            (Binary::I32Add | Binary::I64Add, Some(lhs), _, _, _) => Made::Add { op, lhs, rhs },
            (Binary::I32Add | Binary::I64Add, None, Some(rhs), _, _) => Made::Add { op, lhs: rhs, rhs: lhs },
            (Binary::I32Shl, Some(value), None, _, Operand::Const(by, _)) => Made::Shl { value, by: by & 31 },
            (Binary::F32Mul | Binary::F64Mul, Some(lhs), Some(rhs), _, _) => Made::Mul { op, lhs, rhs },
            _ => Made::Other,
        }
    }

    // Objects.

    /// Whether the object in a slot is taken from the accumulator: because it is there, or because only that form has room
    /// for the offset.
    fn object_in_accumulator(&mut self, object: Slot, offset: u32) -> bool {
        if offset > 0xffff && !self.accumulators.holds(ValType::ANYREF, object) {
            self.emit_value(Op::Copy, ValType::I64, object, &[u64::from(object.0)]);
            self.last = None;
        }
        self.accumulators.holds(ValType::ANYREF, object)
    }

    // Memory.

    /// The offset, if the access can use the base and length that the interpreter keeps in registers.
    fn fast_offset(&self, arg: MemArg) -> Option<u64> {
        let memory = &self.module.memories[arg.memory.index()];
        let fast = arg.memory == MemoryIndex(0) && memory.index == IndexType::I32 && !memory.shared;
        fast.then_some(arg.offset)
    }

    /// How an access reaches the memory if it has to look for it.
    fn slow_access(&self, arg: MemArg) -> Access {
        if self.module.memories[arg.memory.index()].shared { Access::Shared } else { Access::Any }
    }

    fn own_global(&self, global: GlobalIndex) -> Option<u64> {
        let own = global.0.checked_sub(self.module.imported_globals)?;
        Some(self.layout.global(own) as u64)
    }

    fn own_func(&self, func: FuncIndex) -> Option<u64> {
        let own = func.0.checked_sub(self.module.imported_funcs)?;
        Some(self.layout.func(own) as u64)
    }

    /// After a call: a single scalar result is in its accumulator, everything else is gone.
    fn after_call(&mut self, call: &Call<'_>) {
        self.accumulators = Accumulators::default();
        if let [ty] = *call.ty.results()
            && ty != ValType::V128
        {
            self.accumulators.wrote(ty, call.base);
        }
    }
}

/// Up to two field values.
#[derive(Clone, Copy, Debug)]
struct Vec2 {
    values: [u64; 2],
    len: usize,
}

impl Vec2 {
    fn one(a: u64) -> Vec2 {
        Vec2 { values: [a, 0], len: 1 }
    }

    fn two(a: u64, b: u64) -> Vec2 {
        Vec2 { values: [a, b], len: 2 }
    }

    fn as_slice(&self) -> &[u64] {
        &self.values[..self.len]
    }
}

fn truncated(value: u64, bits: u32) -> u64 {
    value & (u64::MAX >> (64 - bits))
}

fn is_narrow_slot(field: Field) -> bool {
    matches!(field, Field::Dst | Field::Src | Field::DstV | Field::SrcV)
}

fn fields_with_values(op: Op) -> impl Iterator<Item = Field> {
    op.fields().iter().copied().filter(|field| field.bits() != 0)
}

/// The value of the immediate field for a constant of the type, if it fits.
fn immediate(bits: u64, ty: ValType, op: Op) -> Option<u64> {
    let signed = match ty {
        ValType::I32 => i64::from(bits as u32 as i32),
        _ => bits as i64,
    };
    let field = op.fields().iter().find(|f| matches!(f, Field::Imm16 | Field::Imm32 | Field::Imm64))?;
    let fits = match field {
        Field::Imm16 => i64::from(signed as i16) == signed,
        Field::Imm32 => i64::from(signed as i32) == signed,
        _ => true,
    };
    fits.then_some(if *field == Field::Imm64 { bits } else { signed as u64 })
}

impl Backend for Builder<'_> {
    fn begin(&mut self, frame: &Frame) {
        self.frame = *frame;
        if frame.homes > frame.locals {
            self.emit(Op::ZeroSpan, &[u64::from(frame.locals), u64::from(frame.homes - frame.locals)]);
        }
    }

    fn position(&mut self, offset: u32) {
        if let Some(positions) = &mut self.positions {
            let word = self.words.len() as u32;
            match positions.last_mut() {
                Some(last) if last.0 == word => last.1 = offset,
                _ => positions.push((word, offset)),
            }
        }
    }

    fn new_label(&mut self) -> Label {
        self.labels.push(UNBOUND);
        Label(self.labels.len() as u32 - 1)
    }

    fn bind(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.words.len() as u32;
        self.accumulators = Accumulators::default();
        self.last = None;
        self.latch = None;
    }

    fn loop_head(&mut self, _number: u32) {
        self.loop_at = Some(self.words.len());
    }

    fn charge(&mut self) -> Charge {
        Charge(self.emit(Op::Charge, &[0]) as u32)
    }

    fn set_charge(&mut self, charge: Charge, fuel: u32) {
        self.words[charge.0 as usize + 1] |= u64::from(fuel) << 32;
    }

    fn check_interrupt(&mut self, top: Slot) {
        self.emit(Op::CheckInterrupt, &[u64::from(top.0)]);
        self.accumulators = Accumulators::default();
    }

    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType) {
        match src {
            Operand::Const(bits, _) => self.constant(dst, bits),
            Operand::Temp(slot) | Operand::Local(slot) if ty == ValType::V128 => {
                self.emit_value(Op::CopyV128, ty, dst, &[u64::from(slot.0)]);
            }
            Operand::Temp(slot) | Operand::Local(slot) => {
                // The copy moves bits through the integer accumulator, whatever they mean.
                self.emit_value(Op::Copy, ValType::I64, dst, &[u64::from(slot.0)]);
            }
        }
    }

    fn set_local(&mut self, dst: Slot, src: Operand, ty: ValType) {
        if let Some(last) = self.last
            && src == Operand::Temp(last.dst)
            && dst.0 <= 0xffff
        {
            let word = &mut self.words[last.head + 1];
            *word = *word & !0xffff_0000 | u64::from(dst.0) << 16;
            self.accumulators.wrote(last.ty, dst);
            // It writes a local now, so it has to stay; only a branch on that local may still join it.
            self.last = None;
            self.latch = None;
            if let Made::Add { op, lhs, rhs: Operand::Const(bits, _) } = last.made
                && lhs == dst
                && let Some(addend) = small(bits, op.result())
            {
                self.latch = Some(Latch {
                    start: last.start,
                    local: dst,
                    ty: op.result(),
                    addend,
                    before: last.before,
                });
            }
            return;
        }
        self.copy(dst, src, ty);
    }

    fn copy_span(&mut self, dst: Slot, src: Slot, slots: u32) {
        // Spans are as long as the results of a block, which validation bounds to 1000 values.
        self.emit(Op::CopySpan, &[u64::from(slots), u64::from(dst.0), u64::from(src.0)]);
        for slot in dst.0..dst.0 + slots {
            self.accumulators.forget(Slot(slot));
        }
    }

    fn const_v128(&mut self, dst: Slot, value: V128) {
        let bits = value.as_u128();
        self.emit_value(Op::ConstV128, ValType::V128, dst, &[bits as u64, (bits >> 64) as u64]);
    }

    fn binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand) {
        let (mut start, mut before, mut below) = (self.words.len(), self.accumulators, self.latch);
        let mut made = Self::describe(op, lhs, rhs);
        // `i32.eqz` of a comparison is the inverse comparison; if there is none, a branch can still test the other way round.
        if let (Binary::I32Eq, Operand::Const(0, _)) = (op, rhs)
            && let Made::Compare { op, lhs, rhs, negated } = self.made(lhs)
        {
            if let Some(inverse) = op.inverse() {
                self.take_last();
                return self.binary(inverse, dst, lhs, rhs);
            }
            made = Made::Compare { op, lhs, rhs, negated: !negated };
            let last = self.last.expect("it made the operand");
            (start, before, below) = (last.start, last.before, last.below);
        }
        if self.fuse_product(op, dst, lhs, rhs) || self.fuse_shift(op, dst, lhs, rhs) {
            return;
        }
        let (form, values) = self.pick_binary(op, lhs, rhs, binary_form);
        self.emit_value(form, op.result(), dst, values.as_slice());
        self.note(made, start, before, below);
    }

    fn wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]) {
        let mut values = [0; 6];
        for (value, slot) in values.iter_mut().zip(dst) {
            *value = u64::from(slot.0);
        }
        for (value, &operand) in values[2..].iter_mut().zip(operands) {
            *value = u64::from(self.slot(operand).0);
        }
        self.emit(wide_form(op), &values[..2 + operands.len()]);
        // The upper half is written last.
        for slot in dst {
            self.accumulators.wrote(op.result(), slot);
        }
    }

    fn unary(&mut self, op: Unary, dst: Slot, value: Operand) {
        let ty = op.operands()[0];
        let slot = self.slot(value);
        if slot == dst && keeps_bits(op) {
            return;
        }
        match unary_form(op, Loc::Acc) {
            Some(form) if self.accumulators.holds(ty, slot) => self.emit_value(form, op.result(), dst, &[]),
            _ => {
                let form = unary_form(op, Loc::Slot).expect("all operators have a form with slots");
                self.emit_value(form, op.result(), dst, &[u64::from(slot.0)]);
            }
        }
    }

    fn ternary(&mut self, op: Ternary, dst: Slot, operands: [Operand; 3]) {
        let slots = operands.map(|operand| u64::from(self.slot(operand).0));
        self.emit_value(ternary_form(op), op.result(), dst, &slots);
    }

    fn extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand) {
        let vector = self.slot(vector);
        self.emit_value(extract_lane_form(op), op.result(), dst, &[u64::from(vector.0), u64::from(lane)]);
    }

    fn replace_lane(&mut self, op: ReplaceLane, lane: u8, dst: Slot, vector: Operand, value: Operand) {
        let vector = self.slot(vector);
        let value = self.slot(value);
        let values = [u64::from(vector.0), u64::from(value.0), u64::from(lane)];
        self.emit_value(replace_lane_form(op), ValType::V128, dst, &values);
    }

    fn shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand) {
        let a = self.slot(a);
        let b = self.slot(b);
        let lanes = u128::from_le_bytes(lanes);
        let values = [u64::from(a.0), u64::from(b.0), lanes as u64, (lanes >> 64) as u64];
        self.emit_value(Op::Shuffle, ValType::V128, dst, &values);
    }

    fn select(&mut self, ty: ValType, dst: Slot, condition: Operand, if_true: Operand, if_false: Operand) {
        let if_true = u64::from(self.slot(if_true).0);
        let if_false = u64::from(self.slot(if_false).0);
        let condition = self.slot(condition);
        if ty == ValType::V128 {
            let values = [if_true, if_false, u64::from(condition.0)];
            return self.emit_value(Op::SelectV128, ty, dst, &values);
        }
        // The chosen bits go through the integer accumulator, whatever they mean.
        if self.accumulators.holds(ValType::I32, condition) {
            self.emit_value(Op::SelectA, ValType::I64, dst, &[if_true, if_false]);
        } else {
            self.emit_value(Op::Select, ValType::I64, dst, &[if_true, if_false, u64::from(condition.0)]);
        }
    }

    fn load(&mut self, op: Load, arg: MemArg, dst: Slot, address: Operand) {
        let ty = load_type(op);
        if let Some(offset) = self.fast_offset(arg) {
            if let Operand::Const(base, _) = address
                && let Ok(address) = u32::try_from(base + offset)
                && let Some(form) = load_form(op, Access::Constant)
            {
                return self.emit_value(form, ty, dst, &[u64::from(address)]);
            }
            if let Made::Add { op: Binary::I32Add, lhs, rhs } = self.made(address)
                && let Some(form) = load_sum_form(op, if rhs.slot().is_some() { Loc::Slot } else { Loc::Imm })
            {
                self.take_last();
                let second = match rhs {
                    Operand::Temp(slot) | Operand::Local(slot) => u64::from(slot.0),
                    Operand::Const(bits, _) => bits as u32 as i32 as i64 as u64,
                };
                return self.emit_value(form, ty, dst, &[u64::from(lhs.0), second, offset]);
            }
            let slot = self.slot(address);
            if self.accumulators.holds(ValType::I32, slot)
                && let Some(form) = load_form(op, Access::Acc)
            {
                return self.emit_value(form, ty, dst, &[offset]);
            }
            if offset <= 0xffff {
                let form = load_form(op, Access::Slot).expect("all loads have this form");
                return self.emit_value(form, ty, dst, &[u64::from(slot.0), offset]);
            }
        }
        let slot = self.slot(address);
        let form = load_form(op, self.slow_access(arg)).expect("all loads have this form");
        self.emit_value(form, ty, dst, &[u64::from(slot.0), u64::from(arg.memory.0), arg.offset]);
    }

    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand) {
        if let Some(offset) = self.fast_offset(arg) {
            if let Operand::Const(base, _) = address
                && let Ok(address) = u32::try_from(base + offset)
                && store_form(op, Access::Constant, Loc::Slot).is_some()
            {
                let value = self.slot(value);
                let form = store_form(op, Access::Constant, Loc::Slot).expect("checked above");
                self.emit(form, &[u64::from(value.0), u64::from(address)]);
                return;
            }
            let address = self.slot(address);
            if let Operand::Const(bits, _) = value
                && offset <= 0xffff
                && let Some(form) = store_form(op, Access::Slot, Loc::Imm)
                && let Some(imm) = store_immediate(op, bits)
            {
                self.emit(form, &[u64::from(address.0), imm, offset]);
                return;
            }
            let value = self.slot(value);
            let address_in_acc = self.accumulators.holds(ValType::I32, address);
            // Scalars of all types are stored by their bits, and the integer accumulator holds integers only.
            let value_in_acc = self.accumulators.holds(ValType::I64, value);
            if let Some(form) = store_form(op, Access::Acc, Loc::Slot)
                && address_in_acc
                && address != value
            {
                self.emit(form, &[u64::from(value.0), offset]);
                return;
            }
            if let Some(form) = store_form(op, Access::Slot, Loc::Acc)
                && value_in_acc
                && address != value
            {
                self.emit(form, &[u64::from(address.0), offset]);
                return;
            }
            if offset <= 0xffff {
                let form = store_form(op, Access::Slot, Loc::Slot).expect("all stores have this form");
                self.emit(form, &[u64::from(address.0), u64::from(value.0), offset]);
                return;
            }
            let form = store_form(op, Access::Any, Loc::Slot).expect("all stores have this form");
            self.emit(form, &[u64::from(address.0), u64::from(value.0), u64::from(arg.memory.0), arg.offset]);
            return;
        }
        let address = self.slot(address);
        let value = self.slot(value);
        let form = store_form(op, self.slow_access(arg), Loc::Slot).expect("all stores have this form");
        self.emit(form, &[u64::from(address.0), u64::from(value.0), u64::from(arg.memory.0), arg.offset]);
    }

    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand) {
        let op = match bytes {
            1 => Op::V128Load8Lane,
            2 => Op::V128Load16Lane,
            4 => Op::V128Load32Lane,
            _ => Op::V128Load64Lane,
        };
        let address = self.slot(address);
        let vector = self.slot(vector);
        let memory = u64::from(arg.memory.0);
        let values = [u64::from(vector.0), u64::from(address.0), memory, arg.offset, u64::from(lane)];
        self.emit_value(op, ValType::V128, dst, &values);
    }

    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand) {
        let op = match bytes {
            1 => Op::V128Store8Lane,
            2 => Op::V128Store16Lane,
            4 => Op::V128Store32Lane,
            _ => Op::V128Store64Lane,
        };
        let address = self.slot(address);
        let vector = self.slot(vector);
        let memory = u64::from(arg.memory.0);
        self.emit(op, &[u64::from(address.0), u64::from(vector.0), memory, arg.offset, u64::from(lane)]);
    }

    fn atomic(&mut self, op: Atomic, arg: MemArg, dst: Slot, operands: &[Operand]) {
        // The operands, the memory and the offset; the result comes before them.
        let mut values = [0; 5];
        for (value, &operand) in values.iter_mut().zip(operands) {
            *value = u64::from(self.slot(operand).0);
        }
        values[operands.len()] = u64::from(arg.memory.0);
        values[operands.len() + 1] = arg.offset;
        let values = &values[..operands.len() + 2];
        if op.shape() == AtomicShape::Store {
            self.emit(atomic_form(op), values);
        } else {
            self.emit_value(atomic_form(op), ValType::I64, dst, values);
        }
    }

    fn fence(&mut self) {
        self.emit(Op::Fence, &[]);
    }

    fn memory_size(&mut self, memory: MemoryIndex, dst: Slot) {
        let page = u64::from(self.module.memories[memory.index()].page_size_log2);
        self.emit_value(Op::MemorySize, ValType::I64, dst, &[u64::from(memory.0), page]);
    }

    fn global_get(&mut self, global: GlobalIndex, dst: Slot) {
        let ty = self.module.globals[global.index()].content;
        let vector = ty == ValType::V128;
        let (op, place) = match self.own_global(global) {
            Some(offset) => (if vector { Op::GlobalGetV128 } else { Op::GlobalGet }, offset),
            None => (if vector { Op::GlobalGetImportV128 } else { Op::GlobalGetImport }, u64::from(global.0)),
        };
        // The bits of a scalar go through the integer accumulator.
        self.emit_value(op, if vector { ty } else { ValType::I64 }, dst, &[place]);
    }

    fn global_set(&mut self, global: GlobalIndex, value: Operand) {
        let ty = self.module.globals[global.index()].content;
        let vector = ty == ValType::V128;
        let value = u64::from(self.slot(value).0);
        let (op, place) = match self.own_global(global) {
            Some(offset) => (if vector { Op::GlobalSetV128 } else { Op::GlobalSet }, offset),
            None => (if vector { Op::GlobalSetImportV128 } else { Op::GlobalSetImport }, u64::from(global.0)),
        };
        self.emit(op, &[value, place]);
    }

    fn ref_func(&mut self, func: FuncIndex, dst: Slot) {
        match self.own_func(func) {
            Some(offset) => self.emit_value(Op::RefFunc, ValType::FUNCREF, dst, &[offset]),
            None => self.emit_value(Op::RefFuncImport, ValType::FUNCREF, dst, &[u64::from(func.0)]),
        }
    }

    fn ref_as_non_null(&mut self, value: Operand) {
        let slot = self.slot(value);
        self.emit(Op::RefAsNonNull, &[u64::from(slot.0)]);
    }

    fn builtin(&mut self, op: BuiltinOp, x: u32, y: u32, base: Slot) {
        self.emit(Op::Builtin, &[op as u64, u64::from(base.0), u64::from(x), u64::from(y)]);
        self.accumulators = Accumulators::default();
    }

    fn set_handler(&mut self, handler: Option<Handler>) {
        let handler = handler.map(|Handler(number)| number);
        self.regions.push(Region { start: self.words.len() as u32, handler });
    }

    fn handlers(&mut self, handlers: &[Catches]) {
        let clause = |catch: &upshift_translate::backend::Catch| handlers::Clause {
            tag: catch.tag,
            payload: catch.tag.map_or(0, |_| catch.payload.0),
            reference: catch.reference.map(|slot| slot.0),
            target: catch.target.0,
        };
        let handler = |catches: &Catches| handlers::Handler {
            clauses: catches.clauses.iter().map(clause).collect(),
            outer: catches.outer.map(|Handler(number)| number),
        };
        self.handlers = handlers.iter().map(handler).collect();
    }

    fn throw(&mut self, tag: TagIndex, payload: Slot) {
        self.emit(Op::Throw, &[u64::from(payload.0), u64::from(tag.0)]);
    }

    fn throw_ref(&mut self, exception: Operand) {
        let slot = self.slot(exception);
        self.emit(Op::ThrowRef, &[u64::from(slot.0)]);
    }

    fn safepoint(&mut self, operands: Option<References>) {
        let list = operands.map(|References(number)| number);
        let start = self.words.len() as u32;
        self.reference_points.pop_if(|&mut (at, _)| at == start);
        if self.reference_points.last().and_then(|&(_, list)| list) != list {
            self.reference_points.push((start, list));
        }
    }

    fn references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]) {
        let node = |node: &ReferenceNode| (node.slot.0, node.below.map(|References(number)| number));
        self.references = ReferenceMaps::new(locals.iter().map(|slot| slot.0))
            .with_lists(nodes.iter().map(node), std::mem::take(&mut self.reference_points));
    }

    fn struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>) {
        let ty = &self.module.types[ty.index()];
        let size = ty.ty.layout.as_ref().map_or(0, StructLayout::size);
        let (id, size) = (u64::from(ty.id.0), u64::from(size));
        match fields {
            Some(fields) => {
                let values = [u64::from(fields.0), id, size];
                match small_struct_form(&ty.ty.places) {
                    Some(form) => self.emit_value(form, ValType::ANYREF, dst, &values[..2]),
                    None => self.emit_value(Op::StructNew, ValType::ANYREF, dst, &values),
                }
            }
            None => self.emit_value(Op::StructNewDefault, ValType::ANYREF, dst, &[id, size]),
        }
    }

    fn field_load(&mut self, op: Load, offset: u32, dst: Slot, object: Operand) {
        let object = self.slot(object);
        let (form, values) = if self.object_in_accumulator(object, offset) {
            (field_get_form(op, Loc::Acc), Vec2::one(u64::from(offset)))
        } else {
            (field_get_form(op, Loc::Slot), Vec2::two(u64::from(object.0), u64::from(offset)))
        };
        let form = form.expect("the walker reads fields in these ways only");
        self.emit_value(form, load_type(op), dst, values.as_slice());
    }

    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand) {
        let value = u64::from(self.slot(value).0);
        let object = self.slot(object);
        if self.object_in_accumulator(object, offset) {
            self.emit(field_set_form(op, Loc::Acc), &[value, u64::from(offset)]);
        } else {
            self.emit(field_set_form(op, Loc::Slot), &[u64::from(object.0), value, u64::from(offset)]);
        }
    }

    fn element_load(&mut self, op: Load, dst: Slot, array: Operand, index: Operand) {
        let (array, index) = (self.slot(array), self.slot(index));
        let form = element_get_form(op).expect("the walker reads elements in these ways only");
        self.emit_value(form, load_type(op), dst, &[u64::from(array.0), u64::from(index.0)]);
    }

    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand) {
        let slots = [array, index, value].map(|operand| u64::from(self.slot(operand).0));
        self.emit(element_set_form(op), &slots);
    }

    fn array_len(&mut self, dst: Slot, array: Operand) {
        let array = self.slot(array);
        self.emit_value(Op::ArrayLen, ValType::I32, dst, &[u64::from(array.0)]);
    }

    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand) {
        if let Some(op) = null_test(cast) {
            return self.binary(op, dst, reference, Operand::Const(0, Slot(0)));
        }
        let form = [Op::RefTest, Op::RefTestExact, Op::RefTestObject][cast_form(cast)];
        let reference = self.slot(reference);
        let values = [u64::from(reference.0), u64::from(cast.to_bits()), u64::from(cast.ty.0)];
        self.emit_value(form, ValType::I32, dst, &values);
    }

    fn ref_cast(&mut self, cast: Cast, reference: Operand) {
        let form = [Op::RefCast, Op::RefCastExact, Op::RefCastObject][cast_form(cast)];
        let reference = self.slot(reference);
        self.emit(form, &[u64::from(reference.0), u64::from(cast.to_bits()), u64::from(cast.ty.0)]);
    }

    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label) {
        if let Some(op) = null_test(cast) {
            return self.branch_compare(op, reference, Operand::Const(0, Slot(0)), sense, target);
        }
        let forms = if sense {
            [Op::BrOnCast, Op::BrOnCastExact, Op::BrOnCastObject]
        } else {
            [Op::BrOnCastFail, Op::BrOnCastFailExact, Op::BrOnCastFailObject]
        };
        let form = forms[cast_form(cast)];
        let reference = u64::from(self.slot(reference).0);
        let values = [reference, u64::from(cast.to_bits()), u64::from(cast.ty.0)];
        self.emit_branch(form, &values, target);
    }

    fn unreachable(&mut self) {
        self.emit(Op::Unreachable, &[]);
    }

    fn jump(&mut self, target: Label) {
        // A loop that begins with its test is left from its end instead.
        let place = self.labels[target.0 as usize] as usize;
        if let Some(test) = self.loop_tests.get(&place).copied() {
            self.labels.push(test.next as u32);
            let again = Label(self.labels.len() as u32 - 1);
            self.branch_compare(test.op, test.lhs, test.rhs, !test.sense, again);
            return self.emit_branch(Op::Br, &[], test.exit);
        }
        self.emit_branch(Op::Br, &[], target);
    }

    fn branch_if(&mut self, condition: Operand, sense: bool, target: Label) {
        let (op, lhs, rhs, sense) = match self.made(condition) {
            Made::Compare { op, lhs, rhs, negated } => {
                self.take_last();
                (op, lhs, rhs, sense != negated)
            }
            // The second operand is immediate in any case, so its home is not used.
            _ => (Binary::I32Ne, condition, Operand::Const(0, Slot(0)), sense),
        };
        self.branch_compare(op, lhs, rhs, sense, target);
    }

    fn branch_if_null(&mut self, reference: Operand, sense: bool, target: Label) {
        self.branch_compare(Binary::I64Eq, reference, Operand::Const(0, Slot(0)), sense, target);
    }

    fn branch_table(&mut self, index: Operand, targets: &[Label]) {
        let index = self.slot(index);
        let start = self.emit(Op::BrTable, &[u64::from(index.0), targets.len() as u64 - 1]);
        let (start, first, count) = (start as u32, self.words.len() as u32, targets.len() as u32);
        self.target_lists.push(TargetList { start, first, count });
        self.words.extend(targets.iter().map(|label| u64::from(label.0)));
    }

    fn call(&mut self, call: &Call<'_>) {
        let (params, base) = (u64::from(call.ty.param_slots()), u64::from(call.base.0));
        let own = [u64::from(self.frame.params), u64::from(self.frame.results)];
        let mut values = [0; 8];
        let (op, len) = match call.callee {
            Callee::Direct(func) => match self.own_func(func) {
                Some(offset) => {
                    values[..4].copy_from_slice(&[params, base, offset, u64::from(func.0)]);
                    (if call.tail { Op::ReturnCall } else { Op::Call }, 4)
                }
                None => {
                    values[..3].copy_from_slice(&[params, base, u64::from(func.0)]);
                    (if call.tail { Op::ReturnCallImport } else { Op::CallImport }, 3)
                }
            },
            Callee::Indirect { table, ty, index } => {
                let ty_id = self.module.types[ty.index()].id.0;
                let expected = &self.module.types[ty.index()].ty;
                let index = self.slot(index);
                let table = u64::from(table.0);
                values[..5].copy_from_slice(&[params, base, u64::from(index.0), table, u64::from(ty_id)]);
                if expected.definition.is_final {
                    (if call.tail { Op::ReturnCallIndirect } else { Op::CallIndirect }, 5)
                } else {
                    values[5] = u64::from(expected.depth());
                    (if call.tail { Op::ReturnCallIndirectSub } else { Op::CallIndirectSub }, 6)
                }
            }
            Callee::Ref(reference) => {
                let reference = self.slot(reference);
                values[..3].copy_from_slice(&[params, base, u64::from(reference.0)]);
                (if call.tail { Op::ReturnCallRef } else { Op::CallRef }, 3)
            }
        };
        let len = if call.tail {
            values[len..len + 2].copy_from_slice(&own);
            len + 2
        } else {
            len
        };
        self.emit(op, &values[..len]);
        self.after_call(call);
    }

    fn ret(&mut self, values: Return) {
        let params = u64::from(self.frame.params);
        match values {
            Return::None => {
                self.emit(Op::Return, &[params]);
            }
            Return::One(Operand::Const(bits, _), ValType::I32 | ValType::I64) if fits_i32(bits) => {
                self.emit(Op::ReturnI, &[params, bits]);
            }
            Return::One(operand, ty) => {
                let slot = self.slot(operand);
                let in_accumulator = self.in_accumulator(Operand::Temp(slot), ty);
                let (with_slot, with_acc) = match ty {
                    ValType::F32 => (Op::ReturnF32S, Op::ReturnF32A),
                    ValType::F64 => (Op::ReturnF64S, Op::ReturnF64A),
                    ValType::V128 => {
                        self.emit(Op::ReturnSpan, &[params, u64::from(slot.0), 2]);
                        return;
                    }
                    _ => (Op::ReturnS, Op::ReturnA),
                };
                if in_accumulator {
                    self.emit(with_acc, &[params]);
                } else {
                    self.emit(with_slot, &[params, u64::from(slot.0)]);
                }
            }
            Return::Span(first, slots) => {
                self.emit(Op::ReturnSpan, &[params, u64::from(first.0), u64::from(slots)]);
            }
        }
    }

    fn end(&mut self, frame_slots: u32) {
        self.words[0] = Preamble { frame_slots }.to_word();
        for &Fixup { label, start, word, shift } in &self.fixups {
            let (to, start) = (self.place_of(label.0), start as usize);
            if Op::first_of(&self.words[start..]) == Some(Op::Br)
                && let Some(Op::Return | Op::ReturnS | Op::ReturnI | Op::ReturnF32S | Op::ReturnF64S) =
                    Op::first_of(&self.words[to..])
            {
                // A jump to a return returns at once: both take two words.
                self.words[start + 1] = self.words[to + 1];
                continue;
            }
            let distance = to as i64 - start as i64;
            self.words[start + usize::from(word)] |= truncated(distance as u64, 32) << shift;
        }
        for &TargetList { start, first, count } in &self.target_lists {
            for word in first as usize..(first + count) as usize {
                let to = self.place_of(self.words[word] as u32);
                self.words[word] = (to as i64 - i64::from(start)) as u64;
            }
        }
        self.fixups.clear();
        self.target_lists.clear();
        self.end_handlers();
    }
}

impl Builder<'_> {
    /// Brings regions and handlers into their final form.
    fn end_handlers(&mut self) {
        // Of several changes at one place the last one counts; one that changes nothing is none.
        let mut regions: Vec<Region> = Vec::with_capacity(self.regions.len());
        for &region in &self.regions {
            regions.pop_if(|last| last.start == region.start);
            if regions.last().and_then(|last| last.handler) != region.handler {
                regions.push(region);
            }
        }
        self.regions = regions;
        let mut handlers = std::mem::take(&mut self.handlers);
        for clause in handlers.iter_mut().flat_map(|handler| &mut handler.clauses) {
            clause.target = self.place_of(clause.target) as u32;
        }
        self.handlers = handlers;
    }

    /// A branch that is taken if the comparison answers `sense`.
    fn branch_compare(&mut self, op: Binary, lhs: Operand, rhs: Operand, sense: bool, target: Label) {
        if self.add_and_branch(op, lhs, rhs, sense, target) {
            return;
        }
        let start = self.words.len();
        let (form, values) = self.pick_binary(op, lhs, rhs, |op, lhs, rhs| branch_form(op, sense, lhs, rhs));
        let at_head = self.loop_at == Some(start) && self.words.len() == start;
        self.emit_branch(form, values.as_slice(), target);
        // Operands that other code has to make first cannot be tested again elsewhere.
        if at_head && !matches!((lhs, rhs), (Operand::Temp(_), _) | (_, Operand::Temp(_))) {
            let next = self.words.len();
            self.loop_tests.insert(start, LoopTest { op, lhs, rhs, sense, exit: target, next });
        }
    }

    /// The same, together with the addition to the compared local that was written last.
    fn add_and_branch(&mut self, op: Binary, lhs: Operand, rhs: Operand, sense: bool, target: Label) -> bool {
        let Some(latch) = self.latch else { return false };
        let local = Operand::Local(latch.local);
        let (op, rhs) = match op.swapped() {
            _ if lhs == local && rhs != local => (op, rhs),
            Some(swapped) if rhs == local && lhs != local => (swapped, lhs),
            _ => return false,
        };
        let (second, value) = match rhs {
            Operand::Temp(slot) | Operand::Local(slot) => (Loc::Slot, u64::from(slot.0)),
            Operand::Const(bits, _) => match small(bits, latch.ty) {
                Some(value) => (Loc::Imm, value as u64),
                None => return false,
            },
        };
        let Some(form) = add_branch_form(op, sense, second) else { return false };
        if op.operands()[0] != latch.ty || (second == Loc::Slot && value > 0xffff) {
            return false;
        }
        self.truncate(latch.start);
        self.accumulators = latch.before;
        self.emit_branch(form, &[u64::from(latch.local.0), latch.addend as u64, value], target);
        self.accumulators.wrote(latch.ty, latch.local);
        true
    }
}

/// How a struct is made whose fields are few and have 4 bytes each.
fn small_struct_form(fields: &[FieldPlace]) -> Option<Op> {
    if fields.iter().any(|field| field.bytes_log2 != 2) {
        return None;
    }
    match fields.len() {
        1 => Some(Op::StructNew32x1),
        2 => Some(Op::StructNew32x2),
        3 => Some(Op::StructNew32x3),
        4 => Some(Op::StructNew32x4),
        _ => None,
    }
}

/// The comparison with null that a test of a type amounts to, if it does.
fn null_test(cast: Cast) -> Option<Binary> {
    match (cast.target, cast.nullable) {
        (CastTarget::Nothing, true) => Some(Binary::I64Eq),
        (CastTarget::Anything, false) => Some(Binary::I64Ne),
        _ => None,
    }
}

/// Which of the forms of a test: for anything, for one type, for a type and its subtypes.
fn cast_form(cast: Cast) -> usize {
    match cast.target {
        CastTarget::Exact => 1,
        CastTarget::Object if (cast.depth as usize) < INLINE_SUPERTYPES => 2,
        _ => 0,
    }
}

/// Whether the operator gives the bits of a slot another type and nothing else: an `i32` is zero-extended already.
fn keeps_bits(op: Unary) -> bool {
    matches!(
        op,
        Unary::I64ExtendI32U
            | Unary::I32ReinterpretF32
            | Unary::I64ReinterpretF64
            | Unary::F32ReinterpretI32
            | Unary::F64ReinterpretI64
    )
}

/// The constant of an integer type as a signed number, if it has 16 bits.
fn small(bits: u64, ty: ValType) -> Option<i16> {
    let signed = if ty == ValType::I32 { i64::from(bits as u32 as i32) } else { bits as i64 };
    i16::try_from(signed).ok()
}

fn fits_i32(bits: u64) -> bool {
    // The slot of an `i32` has a zero high half, which a sign-extended immediate cannot make from a negative number.
    i64::try_from(bits).is_ok_and(|value| i32::try_from(value).is_ok())
}

/// The immediate for storing a constant: only the stored bytes have to be right.
fn store_immediate(op: Store, bits: u64) -> Option<u64> {
    let signed = match op {
        Store::Store8 => i64::from(bits as i8),
        Store::Store16 => i64::from(bits as i16),
        Store::Store32 => i64::from(bits as i32),
        Store::Store64 => bits as i64,
        Store::V128Store => return None,
    };
    (i64::from(signed as i16) == signed).then_some(signed as u64)
}

/// The type of a loaded value, as far as accumulators care.
fn load_type(op: Load) -> ValType {
    match op {
        Load::LoadF32 => ValType::F32,
        Load::LoadF64 => ValType::F64,
        Load::Load8U
        | Load::Load8S32
        | Load::Load8S64
        | Load::Load16U
        | Load::Load16S32
        | Load::Load16S64
        | Load::Load32U
        | Load::Load32S64
        | Load::Load64 => ValType::I64,
        _ => ValType::V128,
    }
}
