//! The seam between the walker and the tiers: one method per class of operation.
//!
//! The walker decides *which slots* and *in which order*; a backend decides *how*. All operands are described by
//! [`Operand`]: in a slot of the frame, or constant. A backend never sees wasm's operand stack.
//!
//! Contract of the walker:
//! * results go to the slot that the method names; they are valid there after the method returned;
//! * a [`Operand::Temp`] is used once and its slot is dead afterwards, so a backend may drop the instruction that made it;
//! * at each label that is bound, all values that live on are in their slots (locals and operand homes).

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::{FuncType, ValType};
use upshift_core::value::V128;
use upshift_core::vm::BuiltinOp;

/// A slot of the frame, counted from `fp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(pub u32);

/// A place in the code that branches lead to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label(pub u32);

/// Where an operand of an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// In its operand home; nothing else refers to it.
    Temp(Slot),
    /// In a local variable.
    Local(Slot),
    /// A constant with the bits of its slot; its operand home is free to be filled with it.
    Const(u64, Slot),
}

impl Operand {
    /// The slot that holds the operand, unless it is constant.
    #[must_use]
    pub fn slot(self) -> Option<Slot> {
        match self {
            Operand::Temp(slot) | Operand::Local(slot) => Some(slot),
            Operand::Const(..) => None,
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
    /// First of [`SCRATCH_SLOTS`] slots between header and locals, if the backend asked for them.
    pub scratch: Option<u32>,
}

/// How many scratch slots a backend gets that asks for them.
pub const SCRATCH_SLOTS: u32 = 8;

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
    Ref(Operand),
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
}

/// What a function returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Return {
    /// Nothing.
    None,
    /// One value.
    One(Operand, ValType),
    /// Several values in consecutive slots: the first slot and the number of slots.
    Span(Slot, u32),
}

/// What catches the exceptions of a part of the code, numbered in the order of appearance; an outer handler comes before
/// those inside of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Handler(pub u32);

/// The clauses of a [`Handler`], which are tried in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Catches {
    /// The clauses.
    pub clauses: Vec<Catch>,
    /// The handler to try when none of them fits; else the exception leaves the function.
    pub outer: Option<Handler>,
}

/// A clause of a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Catch {
    /// Exceptions of which tag it catches; all if there is none.
    pub tag: Option<TagIndex>,
    /// Where control goes on. As at all labels, nothing is in accumulators there.
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

/// A tier's code generator.
pub trait Backend {
    /// The function begins. Locals that are not parameters have to be set to zero.
    fn begin(&mut self, frame: &Frame);
    /// What follows comes from the operator at this offset of the module.
    fn position(&mut self, offset: u32);

    /// A label that is not yet bound.
    fn new_label(&mut self) -> Label;
    /// Control can come from elsewhere to this point.
    fn bind(&mut self, label: Label);
    /// The label bound last is the head of a loop; loops are numbered in the order of their appearance.
    fn loop_head(&mut self, number: u32);

    /// Takes fuel for the straight run of operators that begins here, or traps.
    fn charge(&mut self) -> Charge;
    /// The run has ended and costs this much.
    fn set_charge(&mut self, charge: Charge, fuel: u32);
    /// Interrupts the program if its time has come. The frame's slots from `top` on are free.
    fn check_interrupt(&mut self, top: Slot);

    /// Copies a value to a slot.
    fn copy(&mut self, dst: Slot, src: Operand, ty: ValType);
    /// Copies a value to a local variable.
    fn set_local(&mut self, dst: Slot, src: Operand, ty: ValType);
    /// Copies a run of slots to lower ones; the runs may overlap.
    fn copy_span(&mut self, dst: Slot, src: Slot, slots: u32);
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

    /// Loads a value.
    fn load(&mut self, op: Load, arg: MemArg, dst: Slot, address: Operand);
    /// Stores a value.
    fn store(&mut self, op: Store, arg: MemArg, address: Operand, value: Operand);
    /// Loads `bytes` bytes into a lane.
    fn load_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, dst: Slot, address: Operand, vector: Operand);
    /// Stores `bytes` bytes of a lane.
    fn store_lane(&mut self, bytes: u8, lane: u8, arg: MemArg, address: Operand, vector: Operand);
    /// An atomic access: the address, then the operands that the access has (see
    /// [`AtomicShape`](upshift_core::ops::atomic::AtomicShape)). A store leaves `dst` as it is.
    fn atomic(&mut self, op: Atomic, arg: MemArg, dst: Slot, operands: &[Operand]);
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
    /// Traps if the reference is null.
    fn ref_as_non_null(&mut self, value: Operand);
    /// A service of the runtime with operands in consecutive slots, where the results replace them.
    fn builtin(&mut self, op: BuiltinOp, x: u32, y: u32, base: Slot);

    /// Exceptions that come out of what follows go to the handler, or leave the function. Control that arrives by a branch
    /// changes nothing about that: what counts is where the code lies.
    fn set_handler(&mut self, handler: Option<Handler>);
    /// What all handlers do; comes once, after the code of the function, if it has handlers.
    fn handlers(&mut self, handlers: &[Catches]);
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
    /// Loads a field at an offset, or traps if the reference is null.
    fn field_load(&mut self, op: Load, offset: u32, dst: Slot, object: Operand);
    /// Stores to a field at an offset, or traps if the reference is null.
    fn field_store(&mut self, op: Store, offset: u32, object: Operand, value: Operand);
    /// Loads an element, or traps.
    fn element_load(&mut self, op: Load, dst: Slot, array: Operand, index: Operand);
    /// Stores to an element, or traps.
    fn element_store(&mut self, op: Store, array: Operand, index: Operand, value: Operand);
    /// The number of elements of an array, or traps if the reference is null.
    fn array_len(&mut self, dst: Slot, array: Operand);
    /// Whether a reference passes a test.
    fn ref_test(&mut self, cast: Cast, dst: Slot, reference: Operand);
    /// Traps if a reference does not pass a test.
    fn ref_cast(&mut self, cast: Cast, reference: Operand);
    /// Branches if a reference passes a test (`sense`) or not (`!sense`).
    fn branch_if_cast(&mut self, cast: Cast, reference: Operand, sense: bool, target: Label);

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
    /// Calls a function.
    fn call(&mut self, call: &Call<'_>);
    /// Returns from the function.
    fn ret(&mut self, values: Return);

    /// The function is complete; `frame_slots` is the size of its frame.
    fn end(&mut self, frame_slots: u32);
}
