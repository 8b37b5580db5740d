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
mod blocks;
mod branches;
mod calls;
mod control;
mod exceptions;
mod fuel;
mod gc;
mod memory;
mod nans;
mod operators;
mod pure;
mod references;
mod stack;
mod variables;

use std::fmt;
use std::sync::Arc;

use upshift_core::index::FuncIndex;
use upshift_core::types::{FuncType, ValType};
use upshift_core::vm::frame;
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

use self::control::{Control, Kind, Signature};
use self::exceptions::CatchReturn;
use self::stack::{MAX_FRAME_SLOTS, OperandStack, Spill};
use crate::backend::{Backend, Catches, Charge, CodeOptions, Frame, Label, Operand, SCRATCH_SLOTS, Slot};
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
}

fn copy<B: Backend>(backend: &mut B, spill: Spill) {
    backend.copy(spill.home, spill.value, spill.ty);
}
