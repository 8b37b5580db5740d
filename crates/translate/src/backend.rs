//! The seam between the walker and the tiers: one method per class of operation.
//!
//! The walker decides *which slots* and *in which order*; a backend decides *how*. Operands are described by
//! [`Operand`]: in a slot of the frame, or constant. A backend never sees wasm's operand stack or unreachable code.
//! [`CheckingBackend`](crate::checking::CheckingBackend) asserts this contract, in front of any backend.
//!
//! **Frame.** [`Frame`] and the [`LocalRun`]s come first, with [`begin`](Backend::begin). They depend on the function alone, not
//! on the backend or the options, so the frames of all tiers are the same.
//!
//! **Values.** A result goes to the slot that the method names, and is valid there once the method has returned.
//! * [`Operand::Temp`] is used once on each path: its slot is dead afterwards, so a backend may drop the instruction that made it,
//! * [`Operand::Kept`] is in its operand home too, but wanted again,
//! * [`Operand::Local`] is in a local variable, which keeps its value until the next [`set_local`](Backend::set_local),
//! * [`Operand::Const`] is a constant that is in no slot, unless an earlier use has filled its home.
//!
//! **Labels** are bound once. At [`bind`](Backend::bind), [`Live`] lists what is in operand homes, the same on all paths; besides
//! these only locals are live. Everything else is dead, whether it was used or not.
//!
//! **Structure.** [`open`](Backend::open) and [`close`](Backend::close) nest, around each block except the function's own. A block's
//! labels are bound between the two: a loop's head after `open`, the end and an `else` before `close`. A branch to a label
//! hands over what was assigned since its block was opened.
//!
//! **Loops.** `open` → `bind` → [`loop_head`](Backend::loop_head) → [`check_interrupt`](Backend::check_interrupt) →
//! [`charge`](Backend::charge) … [`loop_end`](Backend::loop_end) → `close`. `loop_head` immediately follows `bind`; code of
//! another tier may enter there, before the interrupt and the charge, so that nothing is counted twice. No accumulator
//! is live there.
//!
//! **Exceptions.** Handlers nest by [`open_handler`](Backend::open_handler) and [`close_handler`](Backend::close_handler). A clause
//! comes with [`catch`](Backend::catch) while its target is not yet bound, so the target knows this predecessor. The
//! exception is a loop, whose head is bound before any clause inside of it.
//!
//! **Safepoints.** [`safepoint`](Backend::safepoint) comes before each operation in which the collector may run. The last store to
//! each home that its list names was that of a reference.

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::{FuncType, ValType};
use upshift_core::value::V128;
use upshift_core::vm::BuiltinOp;

pub use crate::survey::{LocalUse, LoopSurvey};
pub use crate::walker::stack::Operands;

/// A slot of the frame, counted from `fp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(pub u32);

/// A place in the code that branches lead to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label(pub u32);

/// Where an operand of an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// In its operand home; nothing refers to it afterwards.
    Temp(Slot),
    /// In its operand home, where it is wanted again.
    Kept(Slot),
    /// In a local variable.
    Local(LocalIndex, Slot),
    /// A constant with the bits of its slot; its operand home is free to be filled with it.
    Const(u64, Slot),
}

impl Operand {
    /// The slot that holds the operand, unless it is constant.
    #[must_use]
    pub fn slot(self) -> Option<Slot> {
        match self {
            Operand::Temp(slot) | Operand::Kept(slot) | Operand::Local(_, slot) => Some(slot),
            Operand::Const(..) => None,
        }
    }

    /// The same operand, which is wanted again after this use.
    #[must_use]
    pub fn kept(self) -> Operand {
        match self {
            Operand::Temp(slot) => Operand::Kept(slot),
            other => other,
        }
    }
}

/// How the frame of a function is divided, see [`frame`](upshift_core::vm::frame).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Slots of the parameters; the header follows.
    pub params: u32,
    /// Slots that the results take, from slot 0.
    pub results: u32,
    /// First slot of the locals that are not parameters.
    pub locals: u32,
    /// First operand home.
    pub homes: u32,
    /// First of [`SCRATCH_SLOTS`] slots between header and locals, which backends may use as they like. A frame has them unless
    /// it is certain that no slot of it has a number above [`SHORT_SLOTS`].
    pub scratch: Option<u32>,
}

/// How many scratch slots a frame has, if any.
pub const SCRATCH_SLOTS: u32 = 8;

/// How many slots a frame can have without scratch slots: so many that 16 bits tell how far each is from the frame pointer,
/// on either side.
pub const SHORT_SLOTS: u32 = 1 << 15;

/// Locals that follow each other and have the same type; parameters are never in one run with others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalRun {
    /// The first local.
    pub first: LocalIndex,
    /// Its slot.
    pub slot: Slot,
    /// How many there are.
    pub count: u32,
    /// The type of each.
    pub ty: ValType,
}

/// What is in operand homes where control can come from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// The first free slot: nothing from here on is wanted.
    pub top: Slot,
    /// The operands below. Those that are constant or locals are not in their homes.
    pub operands: Operands<'a>,
}

/// A service of the runtime: its operands lie in consecutive slots, where the result replaces them.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// Which service; what it does to the rest of the state, [`BuiltinOp::effects`] says.
    pub op: BuiltinOp,
    /// The first index: of a memory, a table, a segment or a type of the module.
    pub x: u32,
    /// The second index, or a number of elements.
    pub y: u32,
    /// The home of the first operand, and of the result.
    pub base: Slot,
    /// The operands.
    pub operands: Operands<'a>,
    /// The type of the result, if there is one.
    pub result: Option<ValType>,
}

/// The memory and the offset of an access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemArg {
    /// Which memory.
    pub memory: MemoryIndex,
    /// Added to the address, without wrapping.
    pub offset: u64,
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// A function of the module.
    Direct(FuncIndex),
    /// The element of a table, which must have the type.
    Indirect {
        /// The table.
        table: TableIndex,
        /// The expected type.
        ty: TypeIndex,
        /// Position in the table.
        index: Operand,
    },
    /// A function reference.
    Ref {
        /// The type of the function.
        ty: TypeIndex,
        /// The reference.
        function: Operand,
    },
}

/// A call; arguments lie in consecutive slots, where the results replace them.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What is called.
    pub callee: Callee,
    /// Its type.
    pub ty: &'a FuncType,
    /// First argument.
    pub base: Slot,
    /// Whether the call replaces the running function.
    pub tail: bool,
    /// The number of the call site, by which its [cell](upshift_core::vm::VmLayout::call_site) is found; direct calls have none.
    pub site: u32,
}

/// What a function returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Return<'a> {
    /// Nothing.
    None,
    /// One value.
    One(Operand, ValType),
    /// Several values in consecutive slots: the first slot and their types, which are those of all results.
    Span(Slot, &'a [ValType]),
}

/// What catches the exceptions of a part of the code, numbered in the order of appearance; an outer handler comes before
/// those inside of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Handler(pub u32);

/// A clause of a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Catch {
    /// Exceptions of which tag it catches; all if there is none.
    pub tag: Option<TagIndex>,
    /// Where control goes on.
    pub target: Label,
    /// The first slot for the exception's values, if there is a tag.
    pub payload: Slot,
    /// The slot for a reference to the exception, if the clause wants one.
    pub reference: Option<Slot>,
}

/// Which operands the collector has to know at a place in the code: a list that ends at the bottom of the operand stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct References(pub u32);

/// An element of such lists, which share their ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReferenceNode {
    /// The slot of an operand.
    pub slot: Slot,
    /// The operands below.
    pub below: Option<References>,
}

/// What code does besides what the program says. All code of an engine is made with the same options, because callers and
/// callees count together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CodeOptions {
    /// Take fuel for each straight run of operators before it is executed.
    pub fuel: bool,
    /// Look at the epoch when a function is entered and when a loop goes round.
    pub interruption: bool,
    /// Replace NaNs by the canonical one wherever the specification leaves their bits open.
    pub canonical_nans: bool,
}

/// A place in the code that takes fuel; the amount is known when the run of operators ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge(pub u32);

/// What the next operators do with the result of an operator that computes or loads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// The local in this slot gets it, or what a few operators make of it that cannot trap. Nobody wants what the local has now but
    /// the operator itself.
    Local(Slot),
    /// Adds it to another `i32`, as the second operand.
    Add,
    /// A branch or a choice tests whether it is zero; nobody wants the value.
    Test,
}

/// A tier's code generator. The module's documentation has the contract.
pub trait Backend {
    /// The function begins. Locals that are not parameters have to be set to zero.
    fn begin(&mut self, frame: &Frame, locals: &[LocalRun]);
    /// Whether the walker has to look ahead for what [`loop_head`](Self::loop_head) tells of loops and [`next`](Self::next) of
    /// results.
    fn wants_survey(&self) -> bool {
        false
    }
    /// What follows comes from the operator at this offset of the module.
    fn position(&mut self, offset: u32);
    /// What becomes of the result of the operator whose call follows. Told only if the backend [wants](Self::wants_survey) to look
    /// ahead, and not of all operators.
    fn next(&mut self, _next: Next) {}

    /// A label that is not yet bound.
    fn new_label(&mut self) -> Label;
    /// Control can come from elsewhere to this point.
    fn bind(&mut self, label: Label, live: Live<'_>);
    /// The label bound last is the head of a loop; loops are numbered in the order of their appearance. The survey is there
    /// if the backend [wants](Self::wants_survey) it.
    fn loop_head(&mut self, number: u32, live: Live<'_>, survey: Option<&LoopSurvey<'_>>);
    /// The loop's last operator was walked.
    fn loop_end(&mut self, _number: u32) {}
    /// A block opens. What is in operand homes below `base`, where its parameters begin, it leaves as it is.
    fn open(&mut self, _base: Slot) {}
    /// The block that was opened last ends; its labels are bound.
    fn close(&mut self) {}

    /// Takes fuel for the straight run of operators that begins here, or traps.
    fn charge(&mut self) -> Charge;
    /// The run has ended and costs this much.
    fn set_charge(&mut self, charge: Charge, fuel: u32);
    /// Interrupts the program if its time has come. The frame's slots from `top` on are free.
    fn check_interrupt(&mut self, top: Slot);

    /// Copies a value to a slot.
    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType);
    /// Copies a value to the home of a result of a block, for the branch or the end that follows.
    fn carry(&mut self, dst: Slot, src: Operand, ty: ValType) {
        self.copy(dst, src, ty);
    }
    /// Copies a value to a local variable.
    fn set_local(&mut self, local: LocalIndex, dst: Slot, src: Operand, ty: ValType);
    /// Copies operands, which are in their homes, to lower consecutive slots; the runs may overlap.
    fn copy_span(&mut self, dst: Slot, src: Operands<'_>);
    /// An operand is not wanted any more.
    fn discard(&mut self, _operand: Operand) {}
    /// A vector constant.
    fn const_v128(&mut self, dst: Slot, value: V128);

    /// Binary operators.
    fn binary(&mut self, op: Binary, dst: Slot, lhs: Operand, rhs: Operand);
    /// Operators with a result of 128 bits: the slots of its lower and its upper half, and as many operands as
    /// [`Wide::operands`] has. The slots may be those of operands.
    fn wide(&mut self, op: Wide, dst: [Slot; 2], operands: &[Operand]);
    /// Unary operators.
    fn unary(&mut self, op: Unary, dst: Slot, value: Operand);
    /// Vector operators with three operands.
    fn ternary(&mut self, op: Ternary, dst: Slot, operands: [Operand; 3]);
    /// Takes a lane out of a vector.
    fn extract_lane(&mut self, op: ExtractLane, lane: u8, dst: Slot, vector: Operand);
    /// Puts a lane into a vector.
    fn replace_lane(&mut self, op: ReplaceLane, lane: u8, dst: Slot, vector: Operand, value: Operand);
    /// `i8x16.shuffle`.
    fn shuffle(&mut self, lanes: [u8; 16], dst: Slot, a: Operand, b: Operand);
    /// `if_true` if the condition is not zero, else `if_false`.
    fn select(&mut self, ty: ValType, dst: Slot, condition: Operand, if_true: Operand, if_false: Operand);

    /// Loads a value of a type.
    fn load(&mut self, op: Load, ty: ValType, arg: MemArg, dst: Slot, address: Operand);
    /// Stores a value.
    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand);
    /// Loads `bytes` bytes into a lane.
    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand);
    /// Stores `bytes` bytes of a lane.
    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand);
    /// An atomic access: the address, then the operands that the access has (see
    /// [`AtomicShape`](upshift_core::ops::atomic::AtomicShape)). The result is of the type; a store has none and leaves `dst` as
    /// it is.
    fn atomic(&mut self, op: Atomic, ty: ValType, arg: MemArg, dst: Slot, operands: &[Operand]);
    /// Orders what stands before it and behind it.
    fn fence(&mut self);
    /// The size of a memory in pages.
    fn memory_size(&mut self, memory: MemoryIndex, dst: Slot);

    /// The value of a global.
    fn global_get(&mut self, global: GlobalIndex, dst: Slot);
    /// Sets a global.
    fn global_set(&mut self, global: GlobalIndex, value: Operand);
    /// A reference to a function.
    fn ref_func(&mut self, func: FuncIndex, dst: Slot);
    /// Whether two references are the same.
    fn ref_eq(&mut self, dst: Slot, lhs: Operand, rhs: Operand);
    /// Whether a reference is null.
    fn ref_is_null(&mut self, dst: Slot, reference: Operand);
    /// Traps if the reference is null.
    fn ref_as_non_null(&mut self, value: Operand);
    /// Calls a service of the runtime.
    fn builtin(&mut self, service: &Service<'_>);

    /// Exceptions that come out of what follows go to the handler. Control that arrives by a branch changes nothing about
    /// that: what counts is where the code lies. Around it is `outer`, or nothing.
    fn open_handler(&mut self, handler: Handler, outer: Option<Handler>);
    /// A clause of a handler, which may be closed already. Clauses are tried in the order in which they come.
    fn catch(&mut self, handler: Handler, clause: &Catch);
    /// The handler that was opened last ends: what follows belongs to the one around it. When none of its clauses fits, `next`
    /// is tried, the one around it or a handler further out; without one, the exception leaves the function.
    fn close_handler(&mut self, handler: Handler, next: Option<Handler>);
    /// Throws an exception whose values lie in consecutive slots.
    fn throw(&mut self, tag: TagIndex, payload: Slot);
    /// Throws the exception of a reference, or traps if it is null.
    fn throw_ref(&mut self, exception: Operand);

    /// What comes next may make the collector run: these operands are references to what it may move, and so are the
    /// locals that [`references`](Self::references) names. Locals hold null until they are set.
    fn safepoint(&mut self, operands: Option<References>);
    /// The locals that are references to what the collector may move, and the elements of all lists of operands; comes once,
    /// after the code of the function, if it has any of them.
    fn references(&mut self, locals: &[Slot], nodes: &[ReferenceNode]);

    /// Makes a struct. The values of its fields lie in consecutive slots; without them all are zero or null.
    fn struct_new(&mut self, ty: TypeIndex, dst: Slot, fields: Option<Slot>);
    /// Loads a field at an offset, which becomes a value of a type, or traps if the reference is null.
    fn field_load(&mut self, op: Load, ty: ValType, offset: u32, dst: Slot, object: Operand);
    /// Stores to a field at an offset, or traps if the reference is null.
    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand);
    /// Loads an element, which becomes a value of a type, or traps.
    fn element_load(&mut self, op: Load, ty: ValType, dst: Slot, array: Operand, index: Operand);
    /// Stores to an element, or traps.
    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand);
    /// The number of elements of an array, or traps if the reference is null.
    fn array_len(&mut self, dst: Slot, array: Operand);
    /// Whether a reference passes a test.
    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand);
    /// Traps if a reference does not pass a test.
    fn ref_cast(&mut self, cast: Cast, reference: Operand);
    /// Branches if a reference passes a test (`sense`) or not (`!sense`). The slot `free` is one that nobody uses.
    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label, free: Slot);

    /// Traps.
    fn unreachable(&mut self);
    /// Branches.
    fn jump(&mut self, target: Label);
    /// Branches if the condition is not zero (`sense`) or zero (`!sense`).
    fn branch_if(&mut self, condition: Operand, sense: bool, target: Label);
    /// Branches if a reference is null (`sense`) or not (`!sense`).
    fn branch_if_null(&mut self, reference: Operand, sense: bool, target: Label);
    /// Branches to the target with the number `index`, the last one if there is none.
    fn branch_table(&mut self, index: Operand, targets: &[Label]);
    /// The next call is one of this type, no tail call, with arguments from a slot on. First those are copied to their homes that are
    /// not there.
    fn arguments(&mut self, _callee: Callee, _ty: &FuncType, _base: Slot) {}
    /// Calls a function.
    fn call(&mut self, call: &Call<'_>);
    /// Returns from the function.
    fn ret(&mut self, values: Return<'_>);

    /// The function is complete; `frame_slots` is the size of its frame.
    fn end(&mut self, frame_slots: u32);
}
