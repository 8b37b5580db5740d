//! The numbers behind a trap: which address of how large a memory, which element of which table, which two types.
//!
//! ```text
//! StoreCtx::stopped ─▶ frame ─ its code ─▶ instruction ─▶ operands, still in their slots, or noted in native code ─▶ text
//! ```
//!
//! Nothing is noted before a trap happens: the instruction is decoded afterwards, and its operands are where they were. Native code
//! that traps itself has its operand in a register, which is noted on the way out; what it did is what the interpreter's
//! instruction of the same operator does. Programs may trap again and again at few places, so what is found there is kept.

use upshift_core::Trap;
use upshift_core::cast::{Cast, CastTarget};
use upshift_core::index::{DataIndex, FuncIndex};
use upshift_core::shown::Shown;
use upshift_core::types::TypeId;
use upshift_core::vm::{BuiltinOp, FuncRec, TableRecord, is_object};
use upshift_ir::decode::{Instr, cast_fields, decode};
use upshift_ir::op::{Base, MemoryAccess, memory_access};
use upshift_ir::{Op, code};
use upshift_translate::names;

use crate::frames::Frame;
use crate::instance::InstanceData;
use crate::module::Module;
use crate::store::StoreState;
use crate::vm::code_object::Origin;

/// What there is to say about the trap that has stopped the last activation, besides its name.
pub(crate) fn describe(state: &StoreState, trap: Trap) -> Option<String> {
    Site::find(state, trap)?.describe(trap)
}

/// The instruction that trapped.
struct Site<'a> {
    state: &'a StoreState,
    instance: &'a InstanceData,
    instr: Instr,
    frame: Frame<'a>,
    /// Whether operands are in their slots; else the address or the index is noted in the store's context, and no other is known.
    in_slots: bool,
}

impl<'a> Site<'a> {
    fn find(state: &'a StoreState, trap: Trap) -> Option<Site<'a>> {
        // SAFETY: frames are on the value stack until something new is called.
        let frame = unsafe { Frame::at(state.ctx().stopped) }?;
        let known = frame.code.instruction(frame.point.inside());
        let in_slots = known.is_some();
        let instr = known.or_else(|| same_operator(&frame, trap))?;
        Some(Site { state, instance: frame.instance, instr, frame, in_slots })
    }

    /// The value of a field of the instruction.
    fn field(&self, field: u8) -> u64 {
        self.instr.values.get(usize::from(field)).copied().unwrap_or(0)
    }

    /// The slot that a field names, or one behind it.
    fn slot(&self, field: u8, behind: usize) -> u64 {
        // SAFETY: the code is verified, so its slots are in the frame, which nobody has overwritten yet.
        unsafe { *self.frame.slot(self.field(field) as i32).add(behind) }
    }

    /// The address or the index that the instruction could not use, which is in a slot of the interpreter's.
    fn operand(&self, in_slot: impl FnOnce() -> u64) -> u64 {
        if self.in_slots { in_slot() } else { self.state.ctx().trap_operand }
    }

    fn describe(&self, trap: Trap) -> Option<String> {
        if let Some(access) = memory_access(self.instr.op) {
            return self.access(&access, trap);
        }
        match self.instr.op {
            Op::CallIndirect | Op::CallIndirectSub | Op::ReturnCallIndirect | Op::ReturnCallIndirectSub => {
                self.indirect_call(trap)
            }
            Op::RefCast | Op::RefCastExact | Op::RefCastObject => self.cast(trap),
            op if op.text().starts_with("array.") => self.element(trap),
            Op::Builtin if is_table_access(&self.instr) => self.table_access(trap),
            // What follows has more operands than one.
            _ if !self.in_slots => None,
            Op::Builtin => self.service(*BuiltinOp::ALL.get(self.field(0) as usize)?, trap),
            _ => None,
        }
    }

    /// A load or a store.
    fn access(&self, access: &MemoryAccess, trap: Trap) -> Option<String> {
        let memory = access.memory.map_or(0, |field| self.field(field));
        let offset = self.field(access.offset);
        let address = match access.base {
            Base::Zero => 0,
            Base::Acc => self.state.ctx().trap_operand,
            base => self.operand(|| match base {
                Base::Slot(slot) => self.slot(slot, 0),
                Base::Sum(a, b) => self.slot(a, 0).wrapping_add(self.slot(b, 0)) & u64::from(u32::MAX),
                Base::SumImm(a, b) => self.slot(a, 0).wrapping_add(self.field(b)) & u64::from(u32::MAX),
                Base::Zero | Base::Acc => unreachable!("these are not in slots"),
            }),
        };
        // In a 64-bit memory the sum may need one bit more.
        let sum = u128::from(address) + u128::from(offset);
        let parts = if offset == 0 || access.base == Base::Zero {
            String::new()
        } else {
            format!(" ({address:#x} + offset {offset:#x})")
        };
        let what = if access.store { "store" } else { "load" };
        match trap {
            Trap::MemoryOutOfBounds => Some(format!(
                "{what} of {} at address {sum:#x}{parts}, but {}",
                bytes(access.bytes.into()),
                self.memory(memory)
            )),
            Trap::HeapMisaligned => {
                Some(format!("address {sum:#x}{parts} is no multiple of {}", access.bytes))
            }
            _ => None,
        }
    }

    fn memory(&self, memory: u64) -> String {
        let len = self.instance.memories[memory as usize].in_state(self.state).len();
        format!("memory {memory} has {len:#x} bytes")
    }

    fn table(&self, table: u64) -> String {
        let len = self.instance.tables[table as usize].in_state(self.state).elements().len();
        format!("table {table} has {len} elements")
    }

    /// A call through a table.
    fn indirect_call(&self, trap: Trap) -> Option<String> {
        let table = u64::from(self.instance.layout.table_at(self.field(3) as usize));
        let ty = TypeId(self.field(4) as u32);
        let index = self.operand(|| self.slot(2, 0));
        match trap {
            Trap::TableOutOfBounds => Some(format!("call of element {index}, but {}", self.table(table))),
            Trap::IndirectCallToNull => Some(format!("element {index} of table {table} is null")),
            Trap::BadSignature => {
                // SAFETY: the call found an element there; it is a function of the store.
                let found = unsafe {
                    let TableRecord { base, .. } =
                        *self.instance.tables[table as usize].in_state(self.state).record();
                    &*(*base.add(index as usize) as *const FuncRec)
                };
                let name = |ty: TypeId| {
                    // The store keeps the types of its functions, a module those of its code.
                    let ty = self.state.engine.types().get(ty)?;
                    Some(ty.as_func()?.to_string())
                };
                Some(format!(
                    "element {index} of table {table} is a function of type `{}`, the call expects `{}`",
                    name(found.ty)?,
                    name(ty)?
                ))
            }
            _ => None,
        }
    }

    /// A cast.
    fn cast(&self, trap: Trap) -> Option<String> {
        let (bits, ty) = cast_fields(&self.instr)?;
        let cast = Cast::from_bits(bits, TypeId(ty)).filter(|_| trap == Trap::CastFailure)?;
        let wanted = match cast.target {
            CastTarget::Exact | CastTarget::Object | CastTarget::Func => self.type_name(cast.ty),
            CastTarget::Nothing if cast.nullable => "null".to_string(),
            CastTarget::Nothing => "what does not exist".to_string(),
            CastTarget::Anything => "anything but null".to_string(),
            CastTarget::I31 | CastTarget::Eq | CastTarget::Struct | CastTarget::Array => format!("`{cast}`"),
        };
        let reference = self.operand(|| self.slot(0, 0));
        let found = match (cast.target, reference as u32) {
            _ if reference == 0 => "null".to_string(),
            // SAFETY: the operand is a reference to a function of the store.
            (CastTarget::Func, _) => self.type_name(unsafe { &*(reference as *const FuncRec) }.ty),
            // It may be of any hierarchy, so nothing can be said of it.
            (CastTarget::Nothing | CastTarget::Anything, _) => "a reference".to_string(),
            (_, object) if is_object(object) => {
                // SAFETY: the operand is a reference to a struct or an array of the store.
                self.type_name(unsafe { self.state.object_header(object) }.type_id())
            }
            (_, integer) if integer & 1 != 0 => format!("the integer {}", integer as i32 >> 1),
            _ => "a value of the host".to_string(),
        };
        Some(format!("expected {wanted}, found {found}"))
    }

    /// What the module calls a type, or else what that consists of.
    fn type_name(&self, ty: TypeId) -> String {
        match names::canonical_type_name(self.instance.module.info(), ty) {
            Some(name) => format!("`${}`", Shown::new(name)),
            None => match self.state.engine.types().get(ty) {
                Some(ty) => format!("`{}`", ty.definition),
                None => format!("type#{}", ty.0),
            },
        }
    }

    /// A load or a store of an element; the array and the index follow the result, if there is one. Native code notes the index
    /// and, in the upper half, the length of the array.
    fn element(&self, trap: Trap) -> Option<String> {
        if !self.in_slots {
            let noted = self.state.ctx().trap_operand;
            let (index, len) = (noted as u32, noted >> 32);
            return (trap == Trap::ArrayOutOfBounds)
                .then(|| format!("element {index}, but the array has {len}"));
        }
        let first = u8::from(!self.instr.op.text().starts_with("array.set"));
        let array = self.slot(first, 0);
        if trap != Trap::ArrayOutOfBounds || array == 0 {
            return None;
        }
        // SAFETY: the operand is a reference to an array of the store.
        let len = unsafe { self.state.object_header(array as u32) }.len;
        Some(format!("element {}, but the array has {len}", self.slot(first + 1, 0) as u32))
    }

    /// `table.get` or `table.set`.
    fn table_access(&self, trap: Trap) -> Option<String> {
        let op = BuiltinOp::ALL.get(self.field(0) as usize)?;
        let index = self.operand(|| self.slot(1, 0));
        let text = || format!("{} of element {index}, but {}", op.text(), self.table(self.field(2)));
        (trap == Trap::TableOutOfBounds).then(text)
    }

    /// A service of the runtime: three operands in a row, two indices.
    fn service(&self, op: BuiltinOp, trap: Trap) -> Option<String> {
        if !matches!(trap, Trap::MemoryOutOfBounds | Trap::TableOutOfBounds)
            || op.text().starts_with("array.")
        {
            return None;
        }
        let (x, y) = (self.field(2), self.field(3));
        let (first, second, len) = (self.slot(1, 0), self.slot(1, 1), self.slot(1, 2));
        let name = op.text();
        Some(match op {
            BuiltinOp::MemoryFill => {
                format!("{name} of {} at {first:#x}, but {}", bytes(len), self.memory(x))
            }
            BuiltinOp::MemoryCopy => {
                let both = if x == y { String::new() } else { format!(", {}", self.memory(y)) };
                format!(
                    "{name} of {} from {second:#x} to {first:#x}, but {}{both}",
                    bytes(len),
                    self.memory(x)
                )
            }
            BuiltinOp::MemoryInit => format!(
                "{name} of {} from {second:#x} of data segment {y}, which has {:#x} bytes, to {first:#x}; {}",
                bytes(len),
                self.instance.data(DataIndex(y as u32)).len(),
                self.memory(x)
            ),
            BuiltinOp::TableFill => {
                format!("{name} of {len} elements from {first} on, but {}", self.table(x))
            }
            BuiltinOp::TableCopy => {
                let both = if x == y { String::new() } else { format!(", {}", self.table(y)) };
                format!("{name} of {len} elements from {second} to {first}, but {}{both}", self.table(x))
            }
            BuiltinOp::TableInit => {
                format!("{name} of {len} elements from {second} of segment {y} to {first}; {}", self.table(x))
            }
            _ => return None,
        })
    }
}

/// The instruction of the interpreter that may trap so at the operator that native code is at. Where a trap was before, it is known
/// already, for finding it takes as long as translating the function.
fn same_operator(frame: &Frame<'_>, trap: Trap) -> Option<Instr> {
    let find = || {
        let module = &frame.instance.module;
        let (func, offset) = match frame.inlined().next() {
            Some(innermost) => innermost,
            None => (frame.func, module.offsets_of(frame.func, &frame.origin())(frame.position)?),
        };
        find_instruction(module, func, offset, trap)
    };
    match frame.origin() {
        Origin::Interpreter => find(),
        // Codes of a function have positions of their own, but no address in common.
        Origin::Native { set, pc, .. } => set.traps().at(frame.func, pc, trap, find),
    }
}

/// The instruction of the interpreter that may trap so at the operator at an offset of the module.
fn find_instruction(module: &Module, func: FuncIndex, offset: u32, trap: Trap) -> Option<Instr> {
    let options = module.engine().config().code;
    let (code, positions) = code::compile_with_positions(module.info(), func, options).ok()?;
    let of_operator = (0..positions.len()).filter(|&at| positions[at].1 == offset);
    let mut instrs = of_operator.flat_map(|at| {
        let end = positions.get(at + 1).map_or(code.words().len(), |next| next.0 as usize);
        instructions(&code.words()[..end], positions[at].0 as usize)
    });
    instrs.find(|instr| may_trap(instr, trap))
}

/// The instructions from a word on.
fn instructions(words: &[u64], begin: usize) -> impl Iterator<Item = Instr> + '_ {
    let mut at = begin;
    std::iter::from_fn(move || {
        let instr = decode(words, at).ok()?;
        at += instr.len;
        Some(instr)
    })
}

/// Whether an instruction is `table.get` or `table.set`.
fn is_table_access(instr: &Instr) -> bool {
    let service = instr.values.first().and_then(|&number| BuiltinOp::ALL.get(number as usize));
    instr.op == Op::Builtin && matches!(service, Some(BuiltinOp::TableGet | BuiltinOp::TableSet))
}

/// Whether an instruction is of the kind that has such a trap.
fn may_trap(instr: &Instr, trap: Trap) -> bool {
    let op = instr.op;
    match trap {
        Trap::TableOutOfBounds if is_table_access(instr) => true,
        Trap::MemoryOutOfBounds | Trap::HeapMisaligned => memory_access(op).is_some(),
        Trap::ArrayOutOfBounds => op.text().starts_with("array.get") || op.text().starts_with("array.set"),
        Trap::CastFailure => matches!(op, Op::RefCast | Op::RefCastExact | Op::RefCastObject),
        _ => matches!(
            op,
            Op::CallIndirect | Op::CallIndirectSub | Op::ReturnCallIndirect | Op::ReturnCallIndirectSub
        ),
    }
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".into() } else { format!("{count} bytes") }
}
