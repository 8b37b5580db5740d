//! What is read and written where, and how a value in one form is read in another.

use upshift_core::index::{GlobalIndex, MemoryIndex, TableIndex};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, Unary};
use upshift_core::vm::BuiltinOp;

use super::super::ints::{Int, Width};
use crate::ssa::{Func, Op, Ty, Value};

/// What a place is part of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Space {
    /// Bytes of a memory; the operand is the address.
    Memory(MemoryIndex),
    /// The field of an object.
    Field,
    /// An element of an array; the operands are the array and the index.
    Element,
    Global(GlobalIndex),
    MemorySize(MemoryIndex),
    /// The operand is the index.
    Table(TableIndex),
    TableSize(TableIndex),
    ArrayLen,
}

/// A place that is read or written. Equal places are the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Place {
    space: Space,
    operands: [Option<Value>; 2],
    offset: u64,
    bytes: u8,
    /// For loads that spread their bytes over a vector: which one.
    special: Option<Load>,
}

/// How bytes and a value correspond.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// The value is all of it.
    Whole,
    /// What the load makes of the bytes.
    Loaded(Load),
    /// The store makes the bytes of the value.
    Stored(Store),
}

/// A read or a write.
pub(super) struct Access {
    pub(super) place: Place,
    pub(super) form: Form,
    /// What is written.
    pub(super) stored: Option<Value>,
}

impl Access {
    /// What an instruction reads or writes, if that is a place.
    pub(super) fn of(func: &Func, inst: Value) -> Option<Access> {
        let args = func.args(inst);
        let whole = |space, operand: Option<Value>, stored| {
            let place = Place { space, operands: [operand, None], offset: 0, bytes: 0, special: None };
            Some(Access { place, form: Form::Whole, stored })
        };
        let load = |space, operands, offset, op: Load| {
            let place = Place { space, operands, offset, bytes: op.bytes() as u8, special: special(op) };
            Some(Access { place, form: Form::Loaded(op), stored: None })
        };
        let store = |space, operands, offset, op: Store, value| {
            let place = Place { space, operands, offset, bytes: op.bytes() as u8, special: None };
            Some(Access { place, form: Form::Stored(op), stored: Some(value) })
        };
        match func.op(inst) {
            Op::Load { op, memory, offset } => load(Space::Memory(memory), [Some(args[0]), None], offset, op),
            Op::Store { op, memory, offset } => {
                store(Space::Memory(memory), [Some(args[0]), None], offset, op, args[1])
            }
            Op::StoreLane { bytes, memory, offset, .. } => {
                let operands = [Some(args[0]), None];
                let place = Place { space: Space::Memory(memory), operands, offset, bytes, special: None };
                Some(Access { place, form: Form::Whole, stored: None })
            }
            Op::FieldLoad { op, offset } => load(Space::Field, [Some(args[0]), None], offset.into(), op),
            Op::FieldStore { op, offset } => {
                store(Space::Field, [Some(args[0]), None], offset.into(), op, args[1])
            }
            Op::ElementLoad(op) => load(Space::Element, [Some(args[0]), Some(args[1])], 0, op),
            Op::ElementStore(op) => store(Space::Element, [Some(args[0]), Some(args[1])], 0, op, args[2]),
            Op::GlobalGet(global) => whole(Space::Global(global), None, None),
            Op::GlobalSet(global) => whole(Space::Global(global), None, Some(args[0])),
            Op::MemorySize(memory) => whole(Space::MemorySize(memory), None, None),
            Op::ArrayLen => whole(Space::ArrayLen, Some(args[0]), None),
            Op::Service { op: BuiltinOp::TableGet, x, .. } => {
                whole(Space::Table(TableIndex(x)), Some(args[0]), None)
            }
            Op::Service { op: BuiltinOp::TableSet, x, .. } => {
                whole(Space::Table(TableIndex(x)), Some(args[0]), Some(args[1]))
            }
            Op::Service { op: BuiltinOp::TableSize, x, .. } => {
                whole(Space::TableSize(TableIndex(x)), None, None)
            }
            _ => None,
        }
    }
}

impl Place {
    /// The values that say which place it is.
    pub(super) fn operands(&self) -> impl Iterator<Item = Value> + use<> {
        self.operands.into_iter().flatten()
    }

    /// Whether [`is_apart`](Self::is_apart) is ever true.
    pub(super) fn may_be_apart(&self) -> bool {
        matches!(self.space, Space::Memory(_) | Space::Element | Space::Table(_) | Space::TableSize(_))
    }

    /// Whether two places of the same class have no byte in common, on every execution.
    pub(super) fn is_apart(&self, other: &Place, func: &Func) -> bool {
        match (self.space, other.space) {
            (Space::Memory(a), Space::Memory(b)) if a == b => {
                let (Some(x), Some(y)) = (self.operands[0], other.operands[0]) else { return false };
                bytes_are_apart(func, (x, self.offset, self.bytes), (y, other.offset, other.bytes))
            }
            // Elements of one array, or of one table.
            (Space::Element, Space::Element) if self.operands[0] == other.operands[0] => {
                differ(func, self.operands[1], other.operands[1])
            }
            (Space::Table(a), Space::Table(b)) if a == b => differ(func, self.operands[0], other.operands[0]),
            // Setting an element leaves the size; what changes the size is no store.
            (Space::TableSize(_), Space::Table(_)) => true,
            _ => false,
        }
    }
}

/// Whether two indices are different constants.
fn differ(func: &Func, a: Option<Value>, b: Option<Value>) -> bool {
    let constant = |value: Option<Value>| func.constant(value?);
    matches!((constant(a), constant(b)), (Some(a), Some(b)) if a != b)
}

/// An address as a value and a constant that is added to it, wrapping around, with the number of values that there are.
fn parts(func: &Func, address: Value) -> (Option<Value>, u64, i128) {
    let wrap = match func.ty(address) {
        Ty::I32 => 1i128 << 32,
        _ => 1i128 << 64,
    };
    if let Some(bits) = func.constant(address) {
        return (None, bits, wrap);
    }
    if let Op::Binary(op) = func.op(address)
        && let Some((Int::Add, Width::Narrow | Width::Wide)) = Int::of(op)
        && let &[base, addend] = func.args(address)
        && let Some(addend) = func.constant(addend)
    {
        return (Some(base), addend, wrap);
    }
    (Some(address), 0, wrap)
}

/// Whether two runs of bytes of one memory have none in common: address, offset and length.
fn bytes_are_apart(func: &Func, a: (Value, u64, u8), b: (Value, u64, u8)) -> bool {
    let ((base, addend, wrap), (other_base, other_addend, _)) = (parts(func, a.0), parts(func, b.0));
    if base != other_base {
        return false;
    }
    // One or the other sum may have wrapped around: then they are that much further apart. Two constants never do.
    let start = |addend: u64, offset: u64| i128::from(addend) + i128::from(offset);
    let distance = start(other_addend, b.1) - start(addend, a.1);
    let apart = |distance: i128| distance >= i128::from(a.2) || -distance >= i128::from(b.2);
    apart(distance) && (base.is_none() || apart(distance - wrap) && apart(distance + wrap))
}

/// How a value becomes another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Conversion {
    /// It is the same.
    None,
    /// By one operator.
    Unary(Unary),
    /// By two, with the type in between.
    Two(Unary, Ty, Unary),
    /// By an operator with a constant.
    Mask(Binary, u64),
}

impl Form {
    /// Whether a store makes the bytes of a value that are in its place, where it was accessed in this form, already.
    pub(super) fn has_bytes_of(self, store: Form) -> bool {
        // A load extends the bytes of its place, and these are its lowest ones.
        self == store || matches!((self, store), (Form::Loaded(_), Form::Stored(_)))
    }

    /// How what was accessed in this form, a value of a type, is read in another form, if that is possible.
    pub(super) fn read_as(self, other: Form, from: Ty, to: Ty) -> Option<Conversion> {
        if self == other && from == to && !matches!(self, Form::Stored(_)) {
            return Some(Conversion::None);
        }
        let Form::Loaded(load) = other else { return None };
        if load == Load::V128Load && from == Ty::V128 {
            return matches!(self, Form::Stored(Store::V128Store)).then_some(Conversion::None);
        }
        // The lowest bytes of the value are those in the place, whatever it was loaded or stored by.
        convert(load, from, to)
    }
}

/// How a load reads the lowest bytes of a value.
fn convert(load: Load, from: Ty, to: Ty) -> Option<Conversion> {
    use Conversion::{Mask, None as Same, Two, Unary as One};
    use Unary as U;
    Some(match (load, from, to) {
        (Load::Load8U, Ty::I32, Ty::I32) => Mask(Binary::I32And, 0xff),
        (Load::Load8U, Ty::I64, Ty::I64) => Mask(Binary::I64And, 0xff),
        (Load::Load16U, Ty::I32, Ty::I32) => Mask(Binary::I32And, 0xffff),
        (Load::Load16U, Ty::I64, Ty::I64) => Mask(Binary::I64And, 0xffff),
        (Load::Load8S32, Ty::I32, Ty::I32) => One(U::I32Extend8S),
        (Load::Load16S32, Ty::I32, Ty::I32) => One(U::I32Extend16S),
        (Load::Load8S64, Ty::I64, Ty::I64) => One(U::I64Extend8S),
        (Load::Load16S64, Ty::I64, Ty::I64) => One(U::I64Extend16S),
        (Load::Load32U, Ty::I32, Ty::I32) | (Load::Load32U, Ty::Ref, Ty::Ref) => Same,
        (Load::Load32U, Ty::I32, Ty::I64) => One(U::I64ExtendI32U),
        (Load::Load32U, Ty::I64, Ty::I32) => One(U::I32WrapI64),
        (Load::Load32U, Ty::I64, Ty::I64) => Two(U::I32WrapI64, Ty::I32, U::I64ExtendI32U),
        (Load::Load32U, Ty::F32, Ty::I32) => One(U::I32ReinterpretF32),
        (Load::Load32S64, Ty::I32, Ty::I64) => One(U::I64ExtendI32S),
        (Load::Load32S64, Ty::I64, Ty::I64) => One(U::I64Extend32S),
        (Load::Load64, Ty::I64, Ty::I64) => Same,
        (Load::Load64, Ty::F64, Ty::I64) => One(U::I64ReinterpretF64),
        (Load::LoadF32, Ty::F32, Ty::F32) => Same,
        (Load::LoadF32, Ty::I32, Ty::F32) => One(U::F32ReinterpretI32),
        (Load::LoadF64, Ty::F64, Ty::F64) => Same,
        (Load::LoadF64, Ty::I64, Ty::F64) => One(U::F64ReinterpretI64),
        _ => return None,
    })
}

/// Loads whose result is a vector that does not simply have the bytes.
fn special(op: Load) -> Option<Load> {
    match op {
        Load::Load8U
        | Load::Load8S32
        | Load::Load8S64
        | Load::Load16U
        | Load::Load16S32
        | Load::Load16S64
        | Load::Load32U
        | Load::Load32S64
        | Load::Load64
        | Load::LoadF32
        | Load::LoadF64
        | Load::V128Load => None,
        other => Some(other),
    }
}
