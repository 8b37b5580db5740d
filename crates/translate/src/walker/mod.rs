//! The one place that matches WebAssembly operators: from a function body to calls of a [`Backend`].
//!
//! ```text
//! body ─ OperatorsReader ─▶ operator ─▶ one arm ─▶ operands from the stack model ─▶ Backend::binary(op, dst, lhs, rhs) …
//! ```
//!
//! In: a module that validated and the index of one of its functions. Out: a sequence of backend calls that computes the
//! same. The walker owns the operand stack (`stack`), the control stack (`control`) and the numbers of loops; all tiers
//! therefore agree on slots, labels and loops.
//!
//! At every block entry, pending aliases of locals are copied to their homes, and the parameters of loops and conditionals
//! too: so there is one frame state per label, whichever tier arrives there. Constants below a block stay what they are,
//! known to all tiers.
//!
//! Where fuel is counted, each straight run of operators is charged for before its first one: at the entry, at loop heads and
//! behind every branch, label and call. All tiers therefore count the same and stop at the same operator.

mod atomics;
mod control;
mod exceptions;
mod fuel;
mod gc;
mod nans;
mod stack;

use std::fmt;
use std::sync::Arc;

use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
use upshift_core::ops::atomic::{Atomic, AtomicShape};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::shown::bounded;
use upshift_core::types::{FuncType, RefType, ValType};
use upshift_core::value::V128;
use upshift_core::vm::{BuiltinOp, frame};
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

use self::atomics::atomic_access;
use self::control::{Control, Kind, Signature};
use self::exceptions::CatchReturn;
use self::stack::{MAX_FRAME_SLOTS, OperandStack, Spill};
use crate::backend::{
    Backend, Call, Callee, Catches, Charge, CodeOptions, Frame, Label, MemArg, Operand, Return,
    SCRATCH_SLOTS, Slot,
};
use crate::features::Feature;
use crate::{ModuleInfo, convert};

/// Why a function could not be translated. A function that validated with the engine's features always can, unless it is
/// larger than any stack or any code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TranslateError {
    /// Offset in the module.
    pub offset: usize,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for TranslateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot translate the function at offset {:#x}: {}", self.offset, self.reason)
    }
}

impl std::error::Error for TranslateError {}

impl From<BinaryReaderError> for TranslateError {
    fn from(error: BinaryReaderError) -> Self {
        TranslateError { offset: error.offset() as usize, reason: error.message().to_string() }
    }
}

/// Walks one function and feeds the backend.
///
/// The `options` say what the code does besides the program's own work. With `scratch` the frame has [`SCRATCH_SLOTS`] slots with
/// small numbers for the backend's own use.
///
/// # Errors
/// When the body uses an operator that no tier knows, or is malformed, which validation excludes; and when it needs more slots
/// than the largest value stack has.
///
/// # Panics
/// When `func` is an import.
pub fn walk<B: Backend>(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    scratch: bool,
    backend: &mut B,
) -> Result<(), TranslateError> {
    let body = module.body(func).expect("only own functions have a body");
    let reader = BinaryReader::new(module.slice(&body), u64::from(body.start));
    let body = FunctionBody::new(reader);
    let ty = module.func_type(func).func().clone();
    let mut walker = Walker::new(module, ty, options, backend);
    walker.declare(&body, scratch)?;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        walker.backend.position(offset as u32);
        walker.step(operator).map_err(|reason| TranslateError { offset: offset as usize, reason })?;
        if walker.stack.is_too_large() {
            let reason =
                format!("its values need more than the {MAX_FRAME_SLOTS} slots that a frame can have");
            return Err(TranslateError { offset: offset as usize, reason });
        }
    }
    Ok(())
}

/// What an arm answers: `Err` names an operator that is not supported.
type Step = Result<(), String>;

struct Walker<'m, B> {
    module: &'m ModuleInfo,
    backend: &'m mut B,
    ty: Arc<FuncType>,
    stack: OperandStack,
    control: Vec<Control>,
    /// Whether control reaches the current operator.
    reachable: bool,
    /// Blocks opened since the code became unreachable.
    skipped: u32,
    loops: u32,
    /// The handlers of exceptions so far.
    handlers: Vec<Catches>,
    /// Where clauses lead that catch for the function's caller.
    catch_returns: Vec<CatchReturn>,
    options: CodeOptions,
    /// The charge for the current run of operators, and what it amounts to so far.
    run: Option<(Charge, u32)>,
    /// Whether there was a place in the code where the collector has to know something.
    references_seen: bool,
}

/// The type of a value, with canonical ids for defined types.
fn val_type(module: &ModuleInfo, ty: wasmparser::ValType) -> Result<ValType, String> {
    convert::val_type(ty, |index| module.types[index as usize].named()).map_err(unsupported)
}

/// The reason for an operator without an arm. Its name is only in builds with assertions: the names of all operators would be
/// 1 % of a release, for a message that validation keeps from appearing.
fn unanswered(operator: &Operator<'_>) -> String {
    if cfg!(debug_assertions) {
        format!("operator {} is not supported", bounded(format_args!("{operator:?}"), 100))
    } else {
        "this operator is not supported".into()
    }
}

fn unsupported(feature: Feature) -> String {
    format!("its types need the feature {}", feature.name())
}

impl<'m, B: Backend> Walker<'m, B> {
    fn new(module: &'m ModuleInfo, ty: Arc<FuncType>, options: CodeOptions, backend: &'m mut B) -> Self {
        Walker {
            module,
            backend,
            ty,
            stack: OperandStack::default(),
            control: Vec::new(),
            reachable: true,
            skipped: 0,
            loops: 0,
            handlers: Vec::new(),
            catch_returns: Vec::new(),
            options,
            run: None,
            references_seen: false,
        }
    }

    /// Lays out the frame and opens the function's own block.
    fn declare(&mut self, body: &FunctionBody<'_>, scratch: bool) -> Result<(), TranslateError> {
        let ty = self.ty.clone();
        let mut params = 0;
        for &param in ty.params() {
            params = self.stack.declare_locals(1, param, params);
        }
        let scratch = scratch.then_some(params + frame::HEADER_SLOTS);
        let locals = params + frame::HEADER_SLOTS + if scratch.is_some() { SCRATCH_SLOTS } else { 0 };
        let mut homes = locals;
        for group in body.get_locals_reader()? {
            let (count, group_ty) = group?;
            let group_ty = val_type(self.module, group_ty)
                .map_err(|reason| TranslateError { offset: body.range().start as usize, reason })?;
            homes = self.stack.declare_locals(count, group_ty, homes);
        }
        self.stack.set_first_home(homes);
        self.backend.begin(&Frame { params, results: ty.result_slots(), locals, homes, scratch });
        self.backend.position(body.range().start as u32);
        self.check_interrupt();
        let entry = fuel::of_slots(u64::from(homes - locals));
        if self.options.fuel && entry > 0 {
            self.add_charge(entry);
        }
        self.control.push(Control {
            kind: Kind::Func,
            signature: Signature::Func(ty),
            height: 0,
            label: None,
            base: Slot(homes),
            handler: None,
        });
        Ok(())
    }

    /// Translates one operator, and charges for it.
    fn step(&mut self, operator: Operator<'_>) -> Step {
        if self.options.fuel && self.reachable {
            self.charge(&operator);
        }
        self.operator(operator)
    }

    fn bind(&mut self, label: Label) {
        self.end_run();
        self.backend.bind(label);
    }

    /// What comes next may make the collector run, which has to know the operands that are still wanted.
    fn safepoint(&mut self) {
        if self.stack.has_traced() || self.references_seen {
            self.references_seen = true;
            let references = self.stack.references();
            self.backend.safepoint(references);
        }
    }

    fn check_interrupt(&mut self) {
        if self.options.interruption {
            self.safepoint();
            let top = self.stack.home(self.stack.height());
            self.backend.check_interrupt(top);
        }
    }

    // Operands.

    fn pop(&mut self) -> Operand {
        self.stack.pop().0
    }

    fn pop2(&mut self) -> (Operand, Operand) {
        let second = self.pop();
        (self.pop(), second)
    }

    /// Copies aliases to their homes.
    fn flush(&mut self) {
        let Walker { stack, backend, .. } = self;
        stack.spill_all_aliases(|spill| copy(*backend, spill));
    }

    /// Copies the topmost operands to their homes; answers the home of the first.
    fn flush_top(&mut self, count: usize) -> Slot {
        let Walker { stack, backend, .. } = self;
        stack.spill_top(count, |spill| copy(*backend, spill));
        stack.home(stack.height() - count)
    }

    fn push_const(&mut self, bits: u64, ty: ValType) -> Step {
        self.stack.push_const(bits, ty);
        Ok(())
    }

    // Pure operators.

    fn binary(&mut self, op: Binary) -> Step {
        let (lhs, rhs) = self.pop2();
        let dst = self.stack.push_home(op.result());
        self.backend.binary(op, dst, lhs, rhs);
        self.canonical(dst, nans::of_binary(op))
    }

    fn wide(&mut self, op: Wide) -> Step {
        // Only the first ones are there if the operator has fewer.
        let mut operands = [Operand::Const(0, Slot(0)); 4];
        let operands = &mut operands[..op.operands().len()];
        for operand in operands.iter_mut().rev() {
            *operand = self.pop();
        }
        let low = self.stack.push_home(op.result());
        let high = self.stack.push_home(op.result());
        self.backend.wide(op, [low, high], operands);
        Ok(())
    }

    fn unary(&mut self, op: Unary) -> Step {
        let value = self.pop();
        let dst = self.stack.push_home(op.result());
        self.backend.unary(op, dst, value);
        self.canonical(dst, nans::of_unary(op))
    }

    fn ternary(&mut self, op: Ternary) -> Step {
        let c = self.pop();
        let (a, b) = self.pop2();
        let dst = self.stack.push_home(op.result());
        self.backend.ternary(op, dst, [a, b, c]);
        self.canonical(dst, nans::of_ternary(op))
    }

    /// Lets another operator canonicalise the NaNs in a result, if that is wanted.
    fn canonical(&mut self, dst: Slot, op: Option<Unary>) -> Step {
        if self.options.canonical_nans
            && let Some(op) = op
        {
            self.backend.unary(op, dst, Operand::Temp(dst));
        }
        Ok(())
    }

    fn extract_lane(&mut self, op: ExtractLane, lane: u8) -> Step {
        let vector = self.pop();
        let dst = self.stack.push_home(op.result());
        self.backend.extract_lane(op, lane, dst, vector);
        Ok(())
    }

    fn replace_lane(&mut self, op: ReplaceLane, lane: u8) -> Step {
        let (vector, value) = self.pop2();
        let dst = self.stack.push_home(op.result());
        self.backend.replace_lane(op, lane, dst, vector, value);
        Ok(())
    }

    /// A comparison with zero; the backends know it as a binary comparison.
    fn is_zero(&mut self, op: Binary, ty: ValType) -> Step {
        self.stack.push_const(0, ty);
        self.binary(op)
    }

    fn shuffle(&mut self, lanes: [u8; 16]) -> Step {
        let (a, b) = self.pop2();
        let dst = self.stack.push_home(ValType::V128);
        self.backend.shuffle(lanes, dst, a, b);
        Ok(())
    }

    fn const_v128(&mut self, value: V128) -> Step {
        let dst = self.stack.push_home(ValType::V128);
        self.backend.const_v128(dst, value);
        Ok(())
    }

    /// `select`; the type has to be given for references, because neither operand need be of the type of the result.
    fn select(&mut self, ty: Option<wasmparser::ValType>) -> Step {
        let condition = self.pop();
        let (if_false, own) = self.stack.pop();
        let if_true = self.pop();
        let ty = ty.map_or(Ok(own), |ty| val_type(self.module, ty))?;
        let dst = self.stack.push_home(ty);
        self.backend.select(ty, dst, condition, if_true, if_false);
        Ok(())
    }

    // Variables.

    fn local_get(&mut self, local: u32) -> Step {
        self.stack.push_local(local);
        Ok(())
    }

    /// Sets a local; with `tee` its value stays on the stack, as an alias.
    fn local_set(&mut self, local: u32, tee: bool) -> Step {
        let value = self.pop();
        let (slot, ty) = self.stack.local(local);
        if value != Operand::Local(slot) {
            if self.stack.has_deep_alias(local) {
                self.flush();
            }
            let Walker { stack, backend, .. } = self;
            stack.spill_aliases(local, |spill| copy(*backend, spill));
            self.backend.set_local(slot, value, ty);
        }
        if tee {
            self.stack.push_local(local);
        }
        Ok(())
    }

    fn global_get(&mut self, global: u32) -> Step {
        let ty = self.module.globals[global as usize].content;
        let dst = self.stack.push_home(ty);
        self.backend.global_get(GlobalIndex(global), dst);
        Ok(())
    }

    fn global_set(&mut self, global: u32) -> Step {
        let value = self.pop();
        self.backend.global_set(GlobalIndex(global), value);
        Ok(())
    }

    // Memory.

    fn mem_arg(arg: wasmparser::MemArg) -> Result<MemArg, String> {
        match arg.target {
            wasmparser::MemArgTarget::Memory(memory) => {
                Ok(MemArg { memory: MemoryIndex(memory), offset: arg.offset })
            }
            wasmparser::MemArgTarget::Array(_) => Err("access to an array's payload is not supported".into()),
        }
    }

    fn load(&mut self, op: Load, ty: ValType, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let address = self.pop();
        let dst = self.stack.push_home(ty);
        self.backend.load(op, arg, dst, address);
        Ok(())
    }

    fn store(&mut self, op: Store, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let (address, value) = self.pop2();
        self.backend.store(op, arg, address, value);
        Ok(())
    }

    fn load_lane(&mut self, bytes: u8, lane: u8, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let (address, vector) = self.pop2();
        let dst = self.stack.push_home(ValType::V128);
        self.backend.load_lane(bytes, lane, arg, dst, address, vector);
        Ok(())
    }

    fn store_lane(&mut self, bytes: u8, lane: u8, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let (address, vector) = self.pop2();
        self.backend.store_lane(bytes, lane, arg, address, vector);
        Ok(())
    }

    fn atomic(&mut self, op: Atomic, ty: ValType, arg: wasmparser::MemArg) -> Step {
        let arg = Self::mem_arg(arg)?;
        let shape = op.shape();
        // Only those that the access has, from the left.
        let mut operands = [Operand::Const(0, Slot(0)); 3];
        let operands = &mut operands[..match shape {
            AtomicShape::Load => 1,
            AtomicShape::Store | AtomicShape::ReadModifyWrite => 2,
            AtomicShape::CompareExchange => 3,
        }];
        for operand in operands.iter_mut().rev() {
            *operand = self.pop();
        }
        // A store has no result, but the slot is there.
        let dst = if shape == AtomicShape::Store { self.stack.next_home() } else { self.stack.push_home(ty) };
        self.backend.atomic(op, arg, dst, operands);
        Ok(())
    }

    /// `memory.atomic.wait32` and its like: a service with the offset as one operand more.
    fn atomic_service(&mut self, op: BuiltinOp, arg: wasmparser::MemArg, operands: usize) -> Step {
        let arg = Self::mem_arg(arg)?;
        self.stack.push_const(arg.offset, ValType::I64);
        self.builtin(op, arg.memory.0, 0, operands + 1, Some(ValType::I32))
    }

    fn memory_size(&mut self, memory: u32) -> Step {
        let ty = self.module.memories[memory as usize].index.val_type();
        let dst = self.stack.push_home(ty);
        self.backend.memory_size(MemoryIndex(memory), dst);
        Ok(())
    }

    /// A service of the runtime with `operands` operands.
    fn builtin(&mut self, op: BuiltinOp, x: u32, y: u32, operands: usize, result: Option<ValType>) -> Step {
        let base = self.flush_top(operands);
        self.safepoint();
        self.stack.truncate(self.stack.height() - operands);
        if let Some(ty) = result {
            self.stack.push_home(ty);
        }
        // A service may have a result but no operands; its slot is the next home either way.
        self.backend.builtin(op, x, y, base);
        Ok(())
    }

    fn memory_index_type(&self, memory: u32) -> Option<ValType> {
        Some(self.module.memories[memory as usize].index.val_type())
    }

    fn table_index_type(&self, table: u32) -> Option<ValType> {
        Some(self.module.tables[table as usize].index.val_type())
    }

    // References.

    fn ref_func(&mut self, func: u32) -> Step {
        let dst = self.stack.push_home(ValType::FUNCREF);
        self.backend.ref_func(FuncIndex(func), dst);
        Ok(())
    }

    fn ref_as_non_null(&mut self) -> Step {
        let top = self.stack.height() - 1;
        self.backend.ref_as_non_null(self.stack.operand(top));
        // The operand was read without being popped; in its home it may still be read once.
        Ok(())
    }

    fn br_on_null(&mut self, depth: u32) -> Step {
        let (reference, ty) = self.stack.pop();
        self.conditional_branch(depth, |backend, sense, target| {
            backend.branch_if_null(reference, sense, target);
        });
        self.repush(reference, ty);
        Ok(())
    }

    fn br_on_non_null(&mut self, depth: u32) -> Step {
        // The reference is one of the values that the branch carries.
        let reference = self.stack.operand(self.stack.height() - 1);
        self.conditional_branch(depth, |backend, sense, target| {
            backend.branch_if_null(reference, !sense, target);
        });
        self.pop();
        Ok(())
    }

    /// Pushes an operand that was just popped; nothing has changed since.
    fn repush(&mut self, operand: Operand, ty: ValType) {
        match operand {
            Operand::Const(bits, _) => self.stack.push_const(bits, ty),
            Operand::Temp(_) => {
                self.stack.push_home(ty);
            }
            Operand::Local(_) => {
                let home = self.stack.push_home(ty);
                self.backend.copy(home, operand, ty);
            }
        }
    }

    // Control.

    fn open(&mut self, kind: Kind, signature: Signature, label: Option<Label>) {
        let height = self.stack.height() - signature.params().len();
        let base = self.stack.home(height);
        let handler = self.control.last().and_then(|control| control.handler);
        self.control.push(Control { kind, signature, height, label, base, handler });
    }

    fn signature(&self, ty: wasmparser::BlockType) -> Result<Signature, String> {
        Ok(match ty {
            wasmparser::BlockType::Empty => Signature::Empty,
            wasmparser::BlockType::Type(ty) => Signature::Result(val_type(self.module, ty)?),
            wasmparser::BlockType::FuncType(index) => {
                Signature::Func(self.module.types[index as usize].func().clone())
            }
        })
    }

    fn block(&mut self, ty: wasmparser::BlockType) -> Step {
        self.flush();
        let signature = self.signature(ty)?;
        self.open(Kind::Block, signature, None);
        Ok(())
    }

    fn loop_(&mut self, ty: wasmparser::BlockType) -> Step {
        self.flush();
        let signature = self.signature(ty)?;
        // A parameter has another value in each iteration, of which only the loop's type is known.
        self.flush_top(signature.params().len());
        self.stack.retype_top(signature.params());
        let label = self.backend.new_label();
        self.bind(label);
        self.backend.loop_head(self.loops);
        self.loops += 1;
        self.check_interrupt();
        self.open(Kind::Loop, signature, Some(label));
        Ok(())
    }

    fn if_(&mut self, ty: wasmparser::BlockType) -> Step {
        let condition = self.pop();
        self.flush();
        let signature = self.signature(ty)?;
        // Both arms start from the same state, so parameters have to be in their homes, not constant in one of them.
        self.flush_top(signature.params().len());
        let otherwise = self.backend.new_label();
        self.backend.branch_if(condition, false, otherwise);
        self.end_run();
        self.open(Kind::If { otherwise }, signature, None);
        Ok(())
    }

    /// Puts the values that fall out of a block's end into the places where branches put them.
    fn fall_through(&mut self) {
        let control = self.control.last().expect("the function's block is open");
        let count = control.signature.results().len();
        if control.kind == Kind::Func {
            let values = self.return_values(count);
            self.backend.ret(values);
        } else {
            let base = control.base;
            self.carry(count, base);
        }
    }

    /// Copies the topmost `count` operands to consecutive slots from `base` on, their own homes or below.
    fn carry(&mut self, count: usize, base: Slot) {
        let first = self.stack.height() - count;
        let mut dst = base.0;
        let mut position = first;
        while position < self.stack.height() {
            let ty = self.stack.ty(position);
            let operand = self.stack.operand(position);
            // Runs of operands that are in their homes move together.
            let mut slots = 0;
            while position < self.stack.height()
                && matches!(self.stack.operand(position), Operand::Temp(slot) if slot.0 != dst + slots)
            {
                slots += self.stack.ty(position).slots();
                position += 1;
            }
            if slots > ty.slots() {
                let src = operand.slot().expect("a run consists of operands in their homes");
                self.backend.copy_span(Slot(dst), src, slots);
                dst += slots;
                continue;
            }
            if slots == 0 {
                position += 1;
            }
            if operand != Operand::Temp(Slot(dst)) {
                self.backend.copy(Slot(dst), operand, ty);
            }
            dst += ty.slots();
        }
    }

    fn return_values(&mut self, count: usize) -> Return {
        match count {
            0 => Return::None,
            1 => {
                let top = self.stack.height() - 1;
                Return::One(self.stack.operand(top), self.stack.ty(top))
            }
            _ => {
                let first = self.flush_top(count);
                Return::Span(first, self.ty.result_slots())
            }
        }
    }

    fn else_(&mut self) -> Step {
        let index = self.control.len() - 1;
        let Kind::If { otherwise } = self.control[index].kind else {
            unreachable!("validation pairs else with if");
        };
        if self.reachable {
            self.fall_through();
            let end = self.label(index);
            self.backend.jump(end);
        }
        self.bind(otherwise);
        let control = &mut self.control[index];
        control.kind = Kind::Else;
        let signature = control.signature.clone();
        self.stack.truncate(control.height);
        for &param in signature.params() {
            self.stack.push_home(param);
        }
        self.reachable = true;
        Ok(())
    }

    fn end(&mut self) -> Step {
        if self.reachable {
            self.fall_through();
        }
        let control = self.control.pop().expect("validation pairs end with a block");
        let handler = self.control.last().and_then(|control| control.handler);
        if handler != control.handler {
            self.backend.set_handler(handler);
        }
        match control.kind {
            Kind::Func => {
                self.end_run();
                self.end_handlers();
                if self.references_seen {
                    let (locals, nodes) = self.stack.all_references();
                    self.backend.references(locals, nodes);
                }
                let frame = self.stack.max_slot().max(self.ty.result_slots());
                self.backend.end(frame);
                return Ok(());
            }
            // Without an else, control arrives here with the parameters as results.
            Kind::If { otherwise } => {
                self.bind(otherwise);
                self.reachable = true;
            }
            Kind::Block | Kind::Else | Kind::Loop | Kind::Try(_) | Kind::Catch(_) => {}
        }
        if control.kind != Kind::Loop
            && let Some(label) = control.label
        {
            self.bind(label);
            self.reachable = true;
        }
        self.stack.truncate(control.height);
        for &result in control.signature.results() {
            self.stack.push_home(result);
        }
        Ok(())
    }

    /// The label of an open block.
    fn label(&mut self, index: usize) -> Label {
        if let Some(label) = self.control[index].label {
            return label;
        }
        let label = self.backend.new_label();
        self.control[index].label = Some(label);
        label
    }

    fn target(&self, depth: u32) -> usize {
        self.control.len() - 1 - depth as usize
    }

    /// Whether a branch to the block has to do something besides jumping.
    fn branch_needs_code(&self, index: usize) -> bool {
        let control = &self.control[index];
        if control.kind == Kind::Func {
            return true;
        }
        let count = control.label_types().len();
        let first = self.stack.height() - count;
        let mut dst = control.base.0;
        (first..self.stack.height()).any(|position| {
            let in_place = self.stack.operand(position) == Operand::Temp(Slot(dst));
            dst += self.stack.ty(position).slots();
            !in_place
        })
    }

    /// Emits an unconditional branch.
    fn branch(&mut self, index: usize) {
        let control = &self.control[index];
        let count = control.label_types().len();
        if control.kind == Kind::Func {
            let values = self.return_values(count);
            self.backend.ret(values);
            return;
        }
        let base = control.base;
        self.carry(count, base);
        let label = self.label(index);
        self.backend.jump(label);
    }

    /// Emits a branch that is taken on a condition: `test(backend, sense, target)` emits the test.
    fn conditional_branch(&mut self, depth: u32, test: impl FnOnce(&mut B, bool, Label)) {
        let index = self.target(depth);
        if self.branch_needs_code(index) {
            if self.control[index].label_types().len() > 1 {
                // Several results leave from their homes. They go there on both paths, because what the model says after
                // the branch has to hold where it was not taken, too.
                self.flush_top(self.control[index].label_types().len());
            }
            let skip = self.backend.new_label();
            test(self.backend, false, skip);
            self.branch(index);
            self.backend.bind(skip);
        } else {
            let label = self.label(index);
            test(self.backend, true, label);
        }
        self.end_run();
    }

    fn br(&mut self, depth: u32) -> Step {
        let index = self.target(depth);
        self.branch(index);
        self.unreachable_from_here()
    }

    fn br_if(&mut self, depth: u32) -> Step {
        let condition = self.pop();
        self.conditional_branch(depth, |backend, sense, target| backend.branch_if(condition, sense, target));
        Ok(())
    }

    fn br_table(&mut self, table: &wasmparser::BrTable<'_>) -> Result<(), String> {
        let index = self.pop();
        let carried = self.control[self.target(table.default())].label_types().len();
        // The values leave from their homes, whichever target is taken. An index that is a temporary lies above them.
        self.flush_top(carried);
        // One piece of code per distinct target that needs any.
        let mut stubs: Vec<(u32, Label)> = Vec::new();
        let mut labels = Vec::with_capacity(table.len() as usize + 1);
        let mut seen = std::collections::HashMap::new();
        for depth in table.targets().chain(std::iter::once(Ok(table.default()))) {
            let depth = depth.map_err(|error| error.to_string())?;
            let label = *seen.entry(depth).or_insert_with(|| {
                let target = self.target(depth);
                if self.branch_needs_code(target) {
                    let label = self.backend.new_label();
                    stubs.push((depth, label));
                    label
                } else {
                    self.label(target)
                }
            });
            labels.push(label);
        }
        self.backend.branch_table(index, &labels);
        for (depth, label) in stubs {
            self.backend.bind(label);
            let target = self.target(depth);
            self.branch(target);
        }
        self.unreachable_from_here()
    }

    fn return_(&mut self) -> Step {
        self.branch(0);
        self.unreachable_from_here()
    }

    fn trap(&mut self) -> Step {
        self.backend.unreachable();
        self.unreachable_from_here()
    }

    fn unreachable_from_here(&mut self) -> Step {
        let control = self.control.last().expect("the function's block is open");
        self.stack.truncate(control.height);
        self.end_run();
        self.reachable = false;
        self.skipped = 0;
        Ok(())
    }

    // Calls.

    fn call(&mut self, callee: Callee, ty: &FuncType, tail: bool) -> Step {
        let base = self.flush_top(ty.params().len());
        self.stack.truncate(self.stack.height() - ty.params().len());
        if !tail {
            // The arguments belong to the callee.
            self.safepoint();
        }
        self.backend.call(&Call { callee, ty, base, tail });
        self.end_run();
        if tail {
            return self.unreachable_from_here();
        }
        for &result in ty.results() {
            self.stack.push_home(result);
        }
        Ok(())
    }

    fn call_direct(&mut self, func: u32, tail: bool) -> Step {
        let ty = self.module.func_type(FuncIndex(func)).func().clone();
        self.call(Callee::Direct(FuncIndex(func)), &ty, tail)
    }

    fn call_indirect(&mut self, ty: u32, table: u32, tail: bool) -> Step {
        let func = self.module.types[ty as usize].func().clone();
        let index = self.pop();
        self.call(Callee::Indirect { table: TableIndex(table), ty: TypeIndex(ty), index }, &func, tail)
    }

    fn call_ref(&mut self, ty: u32, tail: bool) -> Step {
        let func = self.module.types[ty as usize].func().clone();
        let reference = self.pop();
        self.call(Callee::Ref(reference), &func, tail)
    }

    /// Code that control does not reach is not translated; only its blocks are counted.
    fn skip(&mut self, operator: &Operator<'_>) -> Step {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                self.skipped += 1;
            }
            Operator::End | Operator::Delegate { .. } if self.skipped > 0 => self.skipped -= 1,
            Operator::End => return self.end(),
            Operator::Delegate { relative_depth } => return self.delegate(*relative_depth),
            Operator::Else if self.skipped == 0 => return self.else_(),
            Operator::Catch { tag_index } if self.skipped == 0 => return self.catch(Some(*tag_index)),
            Operator::CatchAll if self.skipped == 0 => return self.catch(None),
            _ => {}
        }
        Ok(())
    }
}

fn copy<B: Backend>(backend: &mut B, spill: Spill) {
    backend.copy(spill.home, spill.value, spill.ty);
}

macro_rules! define_operator {
    (
        int_compare { $($ic:ident $ic_text:literal ($ic_l:ident, $ic_r:ident) -> $ic_o:ident = $ic_f:expr,
                        inverse $ic_inverse:ident, swapped $ic_swapped:ident;)* }
        float_compare { $($fc:ident $fc_text:literal ($fc_l:ident, $fc_r:ident) -> $fc_o:ident = $fc_f:expr;)* }
        int_commutative { $($ico:ident $ico_text:literal ($ico_l:ident, $ico_r:ident) -> $ico_o:ident = $ico_f:expr;)* }
        int_arithmetic { $($ia:ident $ia_text:literal ($ia_l:ident, $ia_r:ident) -> $ia_o:ident = $ia_f:expr;)* }
        int_rotate { $($ir:ident $ir_text:literal ($ir_l:ident, $ir_r:ident) -> $ir_o:ident = $ir_f:expr;)* }
        int_division_trap { $($id:ident $id_text:literal ($id_l:ident, $id_r:ident) -> $id_o:ident = $id_f:expr;)* }
        wide_sum { $($ws:ident $ws_text:literal ($ws_l:ident, $ws_r:ident) -> $ws_o:ident = $ws_f:expr;)* }
        wide_product { $($wp:ident $wp_text:literal ($wp_l:ident, $wp_r:ident) -> $wp_o:ident = $wp_f:expr;)* }
        float_commutative { $($fco:ident $fco_text:literal ($fco_l:ident, $fco_r:ident) -> $fco_o:ident = $fco_f:expr;)* }
        float_arithmetic { $($fa:ident $fa_text:literal ($fa_l:ident, $fa_r:ident) -> $fa_o:ident = $fa_f:expr;)* }
        float_other { $($fo:ident $fo_text:literal ($fo_l:ident, $fo_r:ident) -> $fo_o:ident = $fo_f:expr;)* }
        unary_hot { $($uh:ident $uh_text:literal ($uh_i:ident) -> $uh_o:ident = $uh_f:expr;)* }
        unary { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* }
        unary_trap { $($ut:ident $ut_text:literal ($ut_i:ident) -> $ut_o:ident = $ut_f:expr;)* }
        simd_unary { $($su:ident $su_text:literal ($su_i:ident) -> $su_o:ident = $su_f:expr;)* }
        canonical_nan { $($cn:ident $cn_text:literal ($cn_i:ident) -> $cn_o:ident = $cn_f:expr;)* }
        simd_binary { $($sb:ident $sb_text:literal ($sb_l:ident, $sb_r:ident) -> $sb_o:ident = $sb_f:expr;)* }
        simd_ternary { $($st:ident $st_text:literal ($st_a:ident, $st_b:ident, $st_c:ident) -> $st_o:ident = $st_f:expr;)* }
        simd_extract_lane { $($sx:ident $sx_text:literal ($sx_i:ident) -> $sx_o:ident = $sx_f:expr;)* }
        simd_replace_lane { $($sr:ident $sr_text:literal ($sr_v:ident, $sr_i:ident) -> $sr_o:ident = $sr_f:expr;)* }
    ) => {
        impl<B: Backend> Walker<'_, B> {
            /// Translates one operator.
            fn operator(&mut self, operator: Operator<'_>) -> Step {
                use Operator as O;
                use ValType::{F32, F64, I32, I64, V128 as Vector};
                use BuiltinOp as Service;
                if !self.reachable {
                    return self.skip(&operator);
                }
                match operator {
                    // Pure operators have the same names in wasmparser and in the table.
                    $(O::$ic => self.binary(Binary::$ic),)*
                    $(O::$fc => self.binary(Binary::$fc),)*
                    $(O::$ico => self.binary(Binary::$ico),)*
                    $(O::$ia => self.binary(Binary::$ia),)*
                    $(O::$ir => self.binary(Binary::$ir),)*
                    $(O::$id => self.binary(Binary::$id),)*
                    $(O::$ws => self.wide(Wide::$ws),)*
                    $(O::$wp => self.wide(Wide::$wp),)*
                    $(O::$fco => self.binary(Binary::$fco),)*
                    $(O::$fa => self.binary(Binary::$fa),)*
                    $(O::$fo => self.binary(Binary::$fo),)*
                    $(O::$uh => self.unary(Unary::$uh),)*
                    $(O::$u => self.unary(Unary::$u),)*
                    $(O::$ut => self.unary(Unary::$ut),)*
                    $(O::$su => self.unary(Unary::$su),)*
                    $(O::$sb => self.binary(Binary::$sb),)*
                    $(O::$st => self.ternary(Ternary::$st),)*
                    $(O::$sx { lane } => self.extract_lane(ExtractLane::$sx, lane),)*
                    $(O::$sr { lane } => self.replace_lane(ReplaceLane::$sr, lane),)*
                    O::I32Eqz => self.is_zero(Binary::I32Eq, I32),
                    O::I64Eqz => self.is_zero(Binary::I64Eq, I64),
                    O::RefIsNull => self.is_zero(Binary::I64Eq, I64),

                    O::I32Const { value } => self.push_const(u64::from(value as u32), I32),
                    O::I64Const { value } => self.push_const(value as u64, I64),
                    O::F32Const { value } => self.push_const(u64::from(value.bits()), F32),
                    O::F64Const { value } => self.push_const(value.bits(), F64),
                    O::V128Const { value } => self.const_v128(V128(*value.bytes())),
                    O::I8x16Shuffle { lanes } => self.shuffle(lanes),

                    O::Nop => Ok(()),
                    O::Drop => {
                        self.pop();
                        Ok(())
                    }
                    O::Select => self.select(None),
                    O::TypedSelect { ty } => self.select(Some(ty)),
                    O::LocalGet { local_index } => self.local_get(local_index),
                    O::LocalSet { local_index } => self.local_set(local_index, false),
                    O::LocalTee { local_index } => self.local_set(local_index, true),
                    O::GlobalGet { global_index } => self.global_get(global_index),
                    O::GlobalSet { global_index } => self.global_set(global_index),

                    O::I32Load { memarg } => self.load(Load::Load32U, I32, memarg),
                    O::I64Load { memarg } => self.load(Load::Load64, I64, memarg),
                    O::F32Load { memarg } => self.load(Load::LoadF32, F32, memarg),
                    O::F64Load { memarg } => self.load(Load::LoadF64, F64, memarg),
                    O::I32Load8S { memarg } => self.load(Load::Load8S32, I32, memarg),
                    O::I32Load8U { memarg } => self.load(Load::Load8U, I32, memarg),
                    O::I32Load16S { memarg } => self.load(Load::Load16S32, I32, memarg),
                    O::I32Load16U { memarg } => self.load(Load::Load16U, I32, memarg),
                    O::I64Load8S { memarg } => self.load(Load::Load8S64, I64, memarg),
                    O::I64Load8U { memarg } => self.load(Load::Load8U, I64, memarg),
                    O::I64Load16S { memarg } => self.load(Load::Load16S64, I64, memarg),
                    O::I64Load16U { memarg } => self.load(Load::Load16U, I64, memarg),
                    O::I64Load32S { memarg } => self.load(Load::Load32S64, I64, memarg),
                    O::I64Load32U { memarg } => self.load(Load::Load32U, I64, memarg),
                    O::V128Load { memarg } => self.load(Load::V128Load, Vector, memarg),
                    O::V128Load8x8S { memarg } => self.load(Load::V128Load8x8S, Vector, memarg),
                    O::V128Load8x8U { memarg } => self.load(Load::V128Load8x8U, Vector, memarg),
                    O::V128Load16x4S { memarg } => self.load(Load::V128Load16x4S, Vector, memarg),
                    O::V128Load16x4U { memarg } => self.load(Load::V128Load16x4U, Vector, memarg),
                    O::V128Load32x2S { memarg } => self.load(Load::V128Load32x2S, Vector, memarg),
                    O::V128Load32x2U { memarg } => self.load(Load::V128Load32x2U, Vector, memarg),
                    O::V128Load8Splat { memarg } => self.load(Load::V128Load8Splat, Vector, memarg),
                    O::V128Load16Splat { memarg } => self.load(Load::V128Load16Splat, Vector, memarg),
                    O::V128Load32Splat { memarg } => self.load(Load::V128Load32Splat, Vector, memarg),
                    O::V128Load64Splat { memarg } => self.load(Load::V128Load64Splat, Vector, memarg),
                    O::V128Load32Zero { memarg } => self.load(Load::V128Load32Zero, Vector, memarg),
                    O::V128Load64Zero { memarg } => self.load(Load::V128Load64Zero, Vector, memarg),
                    O::V128Load8Lane { memarg, lane } => self.load_lane(1, lane, memarg),
                    O::V128Load16Lane { memarg, lane } => self.load_lane(2, lane, memarg),
                    O::V128Load32Lane { memarg, lane } => self.load_lane(4, lane, memarg),
                    O::V128Load64Lane { memarg, lane } => self.load_lane(8, lane, memarg),
                    O::I32Store { memarg } | O::F32Store { memarg } | O::I64Store32 { memarg } => {
                        self.store(Store::Store32, memarg)
                    }
                    O::I64Store { memarg } | O::F64Store { memarg } => self.store(Store::Store64, memarg),
                    O::I32Store8 { memarg } | O::I64Store8 { memarg } => self.store(Store::Store8, memarg),
                    O::I32Store16 { memarg } | O::I64Store16 { memarg } => self.store(Store::Store16, memarg),
                    O::V128Store { memarg } => self.store(Store::V128Store, memarg),
                    O::V128Store8Lane { memarg, lane } => self.store_lane(1, lane, memarg),
                    O::V128Store16Lane { memarg, lane } => self.store_lane(2, lane, memarg),
                    O::V128Store32Lane { memarg, lane } => self.store_lane(4, lane, memarg),
                    O::V128Store64Lane { memarg, lane } => self.store_lane(8, lane, memarg),
                    O::MemorySize { mem } => self.memory_size(mem),
                    O::MemoryGrow { mem } => {
                        self.builtin(Service::MemoryGrow, mem, 0, 1, self.memory_index_type(mem))
                    }
                    O::MemoryFill { mem } => self.builtin(Service::MemoryFill, mem, 0, 3, None),
                    O::MemoryCopy { dst_mem, src_mem } => self.builtin(Service::MemoryCopy, dst_mem, src_mem, 3, None),
                    O::MemoryInit { data_index, mem } => self.builtin(Service::MemoryInit, mem, data_index, 3, None),
                    O::DataDrop { data_index } => self.builtin(Service::DataDrop, data_index, 0, 0, None),

                    O::MemoryAtomicNotify { memarg } => self.atomic_service(Service::MemoryNotify, memarg, 2),
                    O::MemoryAtomicWait32 { memarg } => self.atomic_service(Service::MemoryWait32, memarg, 3),
                    O::MemoryAtomicWait64 { memarg } => self.atomic_service(Service::MemoryWait64, memarg, 3),
                    O::AtomicFence { .. } => {
                        self.backend.fence();
                        Ok(())
                    }

                    O::TableGet { table } => {
                        let element = self.module.tables[table as usize].element;
                        self.builtin(Service::TableGet, table, 0, 1, Some(ValType::Ref(element)))
                    }
                    O::TableSet { table } => self.builtin(Service::TableSet, table, 0, 2, None),
                    O::TableSize { table } => self.builtin(Service::TableSize, table, 0, 0, self.table_index_type(table)),
                    O::TableGrow { table } => self.builtin(Service::TableGrow, table, 0, 2, self.table_index_type(table)),
                    O::TableFill { table } => self.builtin(Service::TableFill, table, 0, 3, None),
                    O::TableCopy { dst_table, src_table } => {
                        self.builtin(Service::TableCopy, dst_table, src_table, 3, None)
                    }
                    O::TableInit { elem_index, table } => self.builtin(Service::TableInit, table, elem_index, 3, None),
                    O::ElemDrop { elem_index } => self.builtin(Service::ElemDrop, elem_index, 0, 0, None),

                    O::RefNull { hty } => {
                        let ty = RefType { nullable: true, heap: self.heap_type(hty)? };
                        self.push_const(0, ValType::Ref(ty))
                    }
                    O::RefFunc { function_index } => self.ref_func(function_index),
                    O::RefAsNonNull => self.ref_as_non_null(),
                    O::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
                    O::BrOnNonNull { relative_depth } => self.br_on_non_null(relative_depth),

                    O::Unreachable => self.trap(),
                    O::Block { blockty } => self.block(blockty),
                    O::Loop { blockty } => self.loop_(blockty),
                    O::If { blockty } => self.if_(blockty),
                    O::Else => self.else_(),
                    O::End => self.end(),
                    O::Br { relative_depth } => self.br(relative_depth),
                    O::BrIf { relative_depth } => self.br_if(relative_depth),
                    O::BrTable { targets } => self.br_table(&targets),
                    O::Return => self.return_(),
                    O::Call { function_index } => self.call_direct(function_index, false),
                    O::CallIndirect { type_index, table_index } => self.call_indirect(type_index, table_index, false),
                    O::CallRef { type_index } => self.call_ref(type_index, false),
                    O::ReturnCall { function_index } => self.call_direct(function_index, true),
                    O::ReturnCallIndirect { type_index, table_index } => {
                        self.call_indirect(type_index, table_index, true)
                    }
                    O::ReturnCallRef { type_index } => self.call_ref(type_index, true),

                    O::TryTable { try_table } => self.try_table(&try_table),
                    O::Throw { tag_index } => self.throw(tag_index),
                    O::ThrowRef => self.throw_ref(),
                    O::Try { blockty } => self.try_(blockty),
                    O::Catch { tag_index } => self.catch(Some(tag_index)),
                    O::CatchAll => self.catch(None),
                    O::Rethrow { relative_depth } => self.rethrow(relative_depth),
                    O::Delegate { relative_depth } => self.delegate(relative_depth),

                    O::RefEq => self.binary(Binary::I64Eq),
                    // References are the same bits on both sides.
                    O::AnyConvertExtern | O::ExternConvertAny => Ok(()),
                    O::StructNew { struct_type_index } => self.struct_new(struct_type_index),
                    O::StructNewDefault { struct_type_index } => self.struct_new_default(struct_type_index),
                    O::StructGet { struct_type_index, field_index } | O::StructGetU { struct_type_index, field_index } => {
                        self.struct_get(struct_type_index, field_index, false)
                    }
                    O::StructGetS { struct_type_index, field_index } => {
                        self.struct_get(struct_type_index, field_index, true)
                    }
                    O::StructSet { struct_type_index, field_index } => self.struct_set(struct_type_index, field_index),
                    O::ArrayNew { array_type_index } => self.array_new(Service::ArrayNew, array_type_index, 0, 2),
                    O::ArrayNewDefault { array_type_index } => {
                        self.array_new(Service::ArrayNewDefault, array_type_index, 0, 1)
                    }
                    O::ArrayNewFixed { array_type_index, array_size } => {
                        self.array_new(Service::ArrayNewFixed, array_type_index, array_size, array_size as usize)
                    }
                    O::ArrayNewData { array_type_index, array_data_index } => {
                        self.array_new(Service::ArrayNewData, array_type_index, array_data_index, 2)
                    }
                    O::ArrayNewElem { array_type_index, array_elem_index } => {
                        self.array_new(Service::ArrayNewElem, array_type_index, array_elem_index, 2)
                    }
                    O::ArrayGet { array_type_index } | O::ArrayGetU { array_type_index } => {
                        self.array_get(array_type_index, false)
                    }
                    O::ArrayGetS { array_type_index } => self.array_get(array_type_index, true),
                    O::ArraySet { array_type_index } => self.array_set(array_type_index),
                    O::ArrayLen => self.array_len(),
                    O::ArrayFill { array_type_index } => self.array_service(Service::ArrayFill, array_type_index, 0, 4),
                    O::ArrayCopy { array_type_index_dst, .. } => {
                        self.array_service(Service::ArrayCopy, array_type_index_dst, 0, 5)
                    }
                    O::ArrayInitData { array_type_index, array_data_index } => {
                        self.array_service(Service::ArrayInitData, array_type_index, array_data_index, 4)
                    }
                    O::ArrayInitElem { array_type_index, array_elem_index } => {
                        self.array_service(Service::ArrayInitElem, array_type_index, array_elem_index, 4)
                    }
                    O::RefTestNonNull { hty } => self.ref_test(hty, false),
                    O::RefTestNullable { hty } => self.ref_test(hty, true),
                    O::RefCastNonNull { hty } => self.ref_cast(hty, false),
                    O::RefCastNullable { hty } => self.ref_cast(hty, true),
                    O::BrOnCast { relative_depth, to_ref_type, .. } => self.br_on_cast(relative_depth, to_ref_type, true),
                    O::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                        self.br_on_cast(relative_depth, to_ref_type, false)
                    }

                    // Whatever else wasmparser knows or learns to read: validation with the engine's features rejects it
                    // before this point.
                    other => match atomic_access(&other) {
                        Some((op, ty, arg)) => self.atomic(op, ty, arg),
                        None => Err(unanswered(&other)),
                    },
                }
            }
        }
    };
}

upshift_core::for_each_pure_op!([define_operator]);
