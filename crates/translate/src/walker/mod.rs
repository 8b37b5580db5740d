//! The one place that matches WebAssembly operators: from a function body to calls of a [`Backend`].
//!
//! ```text
//! body ─ frequent ─▶ by its byte (run) ┐
//!              └───▶ as a value (operators) ┴▶ operands from the stack model ─▶ Backend::binary(op, dst, lhs, rhs) …
//! ```
//!
//! In: a valid module and the index of one of its functions. Out: an equivalent sequence of backend calls. The walker owns the
//! operand stack (`stack`), the control stack (`control`) and the numbers of loops; all tiers therefore agree on slots, labels and loops.
//!
//! At every block entry, pending aliases of locals are copied to their homes, and so are the parameters of loops and
//! conditionals: there is one frame state per label, in all tiers. Constants below a block stay constants, which all tiers
//! know.
//!
//! When fuel is metered, each straight-line run of operators is charged for in advance: at the entry, at loop heads and
//! after every branch, label and call. All tiers therefore count the same and stop at the same operator.

mod ahead;
mod atomics;
mod blocks;
mod branches;
mod calls;
pub(crate) mod code;
mod control;
mod exceptions;
pub(crate) mod frequent;
mod fuel;
mod gc;
mod memory;
mod nans;
mod operators;
mod pure;
mod references;
mod run;
pub(crate) mod stack;
mod stack_type;
mod variables;

use std::fmt;

use upshift_core::index::FuncIndex;
use upshift_core::types::{FuncType, ValType};
use upshift_core::vm::frame;
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

use self::branches::BranchTargets;
use self::code::Body;
use self::control::{Control, Kind, Signature};
use self::exceptions::{CatchReturn, OpenClause, OpenHandler};
use self::stack::{MAX_FRAME_SLOTS, OperandStack, Spill};
use crate::backend::{Backend, Charge, CodeOptions, Frame, Label, Operand, SCRATCH_SLOTS, SHORT_SLOTS, Slot};
use crate::features::Feature;
use crate::survey::Surveys;
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

/// What walks use from one function to the next, so that they need not allocate it each time.
#[derive(Default)]
pub struct WalkBuffers {
    stack: OperandStack,
    control: Vec<Control>,
    catch_returns: Vec<CatchReturn>,
    open_handlers: Vec<OpenHandler>,
    open_clauses: Vec<OpenClause>,
    targets: BranchTargets,
    surveys: Surveys,
}

impl WalkBuffers {
    /// Gives up what only very large functions need.
    fn trim(&mut self) {
        const MOST: usize = 1 << 14;
        if self.stack.capacity() > MOST || self.control.capacity() > MOST || self.targets.capacity() > MOST {
            *self = WalkBuffers::default();
        }
        self.surveys.trim(MOST);
    }
}

impl fmt::Debug for WalkBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalkBuffers").finish_non_exhaustive()
    }
}

/// Walks one function and feeds the backend. The `options` say what the code does besides the program's own work.
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
    backend: &mut B,
) -> Result<(), TranslateError> {
    walk_with(&mut WalkBuffers::default(), module, func, options, backend)
}

/// Like [`walk`], with buffers that are used again and again.
///
/// # Errors
/// As [`walk`].
///
/// # Panics
/// As [`walk`].
pub fn walk_with<B: Backend>(
    buffers: &mut WalkBuffers,
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    backend: &mut B,
) -> Result<(), TranslateError> {
    let range = module.body(func).expect("only own functions have a body");
    let reader = BinaryReader::new(module.slice(&range), u64::from(range.start));
    let body = FunctionBody::new(reader);
    let padded = Body::new(&module.bytes, &range);
    let ty = module.func_type(func).func();
    let mut walker = Walker::new(module, &padded, ty, options, backend, buffers);
    walker.body_end = range.end;
    walker.next_site = module.call_sites.first(func);
    let begin = walker.declare(func, &body)?;
    let mut code = padded.code_from(begin);
    if let Err(refusal) = walker.run(&mut code) {
        return Err(TranslateError { offset: code.offset() as usize, ..*refusal });
    }
    buffers.trim();
    Ok(())
}

/// What translating an operator returns.
type Step = Result<(), Refusal>;

/// Why an operator is not supported; its offset is filled in later. One pointer, so that steps return in a register.
type Refusal = Box<TranslateError>;

#[cold]
fn refusal(reason: impl Into<String>) -> Refusal {
    Box::new(TranslateError { offset: 0, reason: reason.into() })
}

struct Walker<'m, 'b, B> {
    module: &'m ModuleInfo,
    body: &'m Body<'m>,
    backend: &'b mut B,
    ty: &'m FuncType,
    stack: &'b mut OperandStack,
    control: &'b mut Vec<Control>,
    /// Whether control reaches the current operator.
    reachable: bool,
    loops: u32,
    /// The number of the next call site that finds its function at run time.
    next_site: u32,
    /// How many handlers of exceptions there were so far.
    handlers: u32,
    /// Where clauses lead that catch for the function's caller.
    catch_returns: &'b mut Vec<CatchReturn>,
    /// The handlers around the current operator, the innermost last, and their clauses.
    open_handlers: &'b mut Vec<OpenHandler>,
    open_clauses: &'b mut Vec<OpenClause>,
    targets: &'b mut BranchTargets,
    surveys: &'b mut Surveys,
    options: CodeOptions,
    /// The charge for the current run of operators, and what it amounts to so far.
    run: Option<(Charge, u32)>,
    /// How many bytes the structs have that the operators so far make.
    made: u64,
    /// Whether there was a place in the code where the collector has to know something.
    references_seen: bool,
    /// What is behind the current operator, if that is one of vectors.
    behind: &'m [u8],
    /// Where the current operator lies in the module, if it is a loop or was read as a value.
    offset: u32,
    /// Where the function ends in the module.
    body_end: u32,
    /// Whether the frame has scratch slots.
    has_scratch: bool,
}

/// The type of a value, with canonical ids for defined types.
fn val_type(module: &ModuleInfo, ty: wasmparser::ValType) -> Result<ValType, Refusal> {
    convert::val_type(ty, |index| module.types[index as usize].named()).map_err(unsupported)
}

#[cold]
fn unsupported(feature: Feature) -> Refusal {
    refusal(format!("its types need the feature {}", feature.name()))
}

/// The reason for an error that validation excludes.
#[cold]
fn malformed(error: BinaryReaderError) -> Refusal {
    refusal(error.message())
}

#[cold]
fn too_large() -> Refusal {
    refusal(format!("its values need more than the {MAX_FRAME_SLOTS} slots that a frame can have"))
}

/// An upper bound of the slots that the operands of a body with so many bytes take: an operator that pushes anything takes two
/// bytes, or follows one that does and has pushed nothing. Some operators push one value more for a moment.
fn most_operand_slots(bytes: u32, most_pushed: u32) -> u64 {
    u64::from(bytes / 2 + 8) * u64::from(most_pushed)
}

impl<'m, 'b, B: Backend> Walker<'m, 'b, B> {
    fn new(
        module: &'m ModuleInfo,
        body: &'m Body<'m>,
        ty: &'m FuncType,
        options: CodeOptions,
        backend: &'b mut B,
        buffers: &'b mut WalkBuffers,
    ) -> Self {
        buffers.stack.clear();
        buffers.control.clear();
        buffers.catch_returns.clear();
        buffers.open_handlers.clear();
        buffers.open_clauses.clear();
        buffers.surveys.clear();
        Walker {
            module,
            body,
            backend,
            ty,
            stack: &mut buffers.stack,
            control: &mut buffers.control,
            reachable: true,
            loops: 0,
            next_site: 0,
            handlers: 0,
            catch_returns: &mut buffers.catch_returns,
            open_handlers: &mut buffers.open_handlers,
            open_clauses: &mut buffers.open_clauses,
            targets: &mut buffers.targets,
            surveys: &mut buffers.surveys,
            options,
            run: None,
            made: 0,
            references_seen: false,
            behind: &[],
            offset: 0,
            body_end: 0,
            has_scratch: false,
        }
    }

    /// Lays out the frame and opens the function's own block; returns where the operators begin in the module.
    fn declare(&mut self, func: FuncIndex, body: &FunctionBody<'_>) -> Result<u32, TranslateError> {
        let mut params = 0;
        for &param in self.ty.params() {
            params = self.stack.declare_locals(1, param, params);
        }
        let mut locals = params + frame::HEADER_SLOTS;
        let mut homes = locals;
        let mut groups = body.get_locals_reader()?;
        for _ in 0..groups.get_count() {
            let (count, group_ty) = groups.read()?;
            let group_ty = val_type(self.module, group_ty)
                .map_err(|refusal| TranslateError { offset: body.range().start as usize, ..*refusal })?;
            homes = self.stack.declare_locals(count, group_ty, homes);
        }
        let start = body.range().start as u32;
        let most = u64::from(homes) + most_operand_slots(self.body_end - start, self.module.most_pushed);
        self.has_scratch = most > u64::from(SHORT_SLOTS);
        let scratch = self.has_scratch.then_some(locals);
        if self.has_scratch {
            self.stack.shift_locals(Slot(locals), SCRATCH_SLOTS);
            locals += SCRATCH_SLOTS;
            homes += SCRATCH_SLOTS;
        }
        self.stack.set_first_home(homes);
        let frame = Frame { params, results: self.ty.result_slots(), locals, homes, scratch };
        self.backend.begin(&frame, self.stack.local_runs());
        self.backend.position(start);
        self.check_interrupt();
        let entry = fuel::of_slots(u64::from(homes - locals));
        if self.options.fuel && entry > 0 {
            self.add_charge(entry);
        }
        self.control.push(Control {
            kind: Kind::Func,
            signature: Signature::Func(self.module.funcs[func.index()]),
            height: 0,
            label: None,
            base: Slot(homes),
            handler: None,
            carried: self.ty.results().len() as u32,
        });
        Ok(groups.original_position() as u32)
    }

    /// Translates an operator that control reaches, and charges for it.
    #[inline(never)]
    fn step(&mut self, operator: Operator<'_>) -> Step {
        if self.options.fuel {
            self.charge(&operator);
        }
        self.operator(operator)
    }

    /// Looks at how many slots the values take.
    fn check_size(&self) -> Step {
        if self.stack.is_too_large() { Err(too_large()) } else { Ok(()) }
    }

    /// Control can come from elsewhere to this point, and finds the operands as they are now.
    fn bind(&mut self, label: Label) {
        self.end_run();
        self.backend.bind(label, self.stack.live());
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

    #[inline(always)]
    fn pop(&mut self) -> Operand {
        self.stack.pop_operand()
    }

    #[inline(always)]
    fn pop2(&mut self) -> (Operand, Operand) {
        self.stack.pop_two_operands()
    }

    /// Copies aliases to their homes.
    fn flush(&mut self) {
        let Walker { stack, backend, .. } = self;
        stack.spill_all_aliases(|spill| copy(*backend, spill));
    }

    /// Copies the topmost operands to their homes; returns the home of the first.
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
