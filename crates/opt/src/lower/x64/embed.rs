//! What has no instructions here: the interpreter's, in the middle of the function.
//!
//! Operands go to consecutive slots of the area for arguments, results come from its start.

use regalloc2::VReg;
use upshift_core::ops::atomic::AtomicShape;
use upshift_core::types::ValType;
use upshift_core::vm::BuiltinOp;
use upshift_ir::build::Builder as Instructions;
use upshift_translate::backend::{Backend, MemArg, Operand, Operands, Service, Slot};

use super::Lowering;
use crate::lower::references::MOST;
use crate::mach::Words;
use crate::mach::x64::Embed;
use crate::ssa::{Op, Ty, Value};

/// The operand in a slot behind the first one.
fn at(base: Slot, slots: u32) -> Operand {
    Operand::Temp(Slot(base.0 + slots))
}

/// Makes the instruction for a service whose operands are in slots.
fn service(
    op: BuiltinOp,
    x: u32,
    y: u32,
    result: Option<ValType>,
) -> impl Fn(&mut Instructions<'_>, Slot) + Send + 'static {
    move |builder, base| {
        builder.builtin(&Service { op, x, y, base, operands: Operands::NONE, result });
    }
}

impl Lowering<'_> {
    /// Lets the interpreter do an instruction, which has one result or none.
    pub(super) fn embed_inst(
        &mut self,
        inst: Value,
        memory: bool,
        words: impl Fn(&mut Instructions<'_>, Slot) + Send + 'static,
    ) {
        let func = self.func;
        let args: Vec<(VReg, Ty)> =
            func.args(inst).iter().map(|&arg| (self.reg(arg), func.ty(arg))).collect();
        let results: Vec<Ty> = func.value(inst).ty.into_iter().collect();
        let live = if func.op(inst).is_safepoint() { self.live_registers() } else { Vec::new() };
        let embed = Embed { args: &args, results: &results, live: &live, memory, words: Words::new(words) };
        let made = self.out.embed(embed);
        self.embedded += 1;
        if let [made] = made[..] {
            self.bind(inst, made);
        }
    }

    /// A type of the program that values of an instruction's type may have.
    fn val_type(&self, inst: Value) -> ValType {
        match self.func.value(inst).ty {
            Some(Ty::I32) => ValType::I32,
            Some(Ty::F32) => ValType::F32,
            Some(Ty::F64) => ValType::F64,
            Some(Ty::V128) => ValType::V128,
            Some(Ty::I64 | Ty::Ref) | None => ValType::I64,
        }
    }

    /// The registers of references that are live after the running instruction.
    pub(super) fn live_registers(&mut self) -> Vec<VReg> {
        self.over_calls += self.live.len() - self.dead;
        if self.over_calls > MOST {
            // The function is refused in the end.
            return Vec::new();
        }
        let live = std::mem::take(&mut self.live);
        let mut registers = Vec::with_capacity(live.len() - self.dead);
        for &value in &live {
            if self.is_live[value.index()] {
                registers.push(self.reg(value));
            }
        }
        self.live = live;
        registers
    }

    /// Lets the interpreter do something seldom, in a cold block; the registers keep what they have.
    pub(super) fn safepoint(
        &mut self,
        args: &[(VReg, Ty)],
        results: &[Ty],
        words: impl Fn(&mut Instructions<'_>, Slot) + Send + 'static,
    ) -> Vec<VReg> {
        let live = self.live_registers();
        self.out.safepoint(Embed { args, results, live: &live, memory: false, words: Words::new(words) })
    }

    /// Lets the interpreter do a service of which it is known that it ends in a trap. Ends the block.
    pub(super) fn embed_trap(&mut self, inst: Value, args: &[VReg]) {
        let Op::Service { op, x, y } = self.func.op(inst) else { unreachable!("only services do that") };
        let typed: Vec<(VReg, Ty)> =
            args.iter().zip(self.func.args(inst)).map(|(&reg, &arg)| (reg, self.func.ty(arg))).collect();
        let words = Words::new(service(op, x, y, None));
        self.out.embed_last(
            Embed { args: &typed, results: &[], live: &[], memory: false, words },
            Vec::new(),
            0,
        );
        self.embedded += 1;
    }

    /// Lets the interpreter do whatever an instruction is.
    pub(super) fn embed(&mut self, inst: Value) {
        let func = self.func;
        let slots = |at: usize| func.args(inst)[..at].iter().map(|&arg| func.ty(arg).slots()).sum::<u32>();
        match func.op(inst) {
            Op::Unary(op) => self.embed_inst(inst, false, move |b, base| b.unary(op, base, at(base, 0))),
            Op::Binary(op) => {
                let second = slots(1);
                self.embed_inst(inst, false, move |b, base| {
                    b.binary(op, base, at(base, 0), at(base, second));
                });
            }
            Op::Ternary(op) => self.embed_inst(inst, false, move |b, base| {
                b.ternary(op, base, [at(base, 0), at(base, 2), at(base, 4)]);
            }),
            Op::ExtractLane(op, lane) => self.embed_inst(inst, false, move |b, base| {
                b.extract_lane(op, lane, base, at(base, 0));
            }),
            Op::ReplaceLane(op, lane) => self.embed_inst(inst, false, move |b, base| {
                b.replace_lane(op, lane, base, at(base, 0), at(base, 2));
            }),
            Op::Shuffle(lanes) => {
                let lanes = func.vectors[lanes.0 as usize].0;
                self.embed_inst(inst, false, move |b, base| {
                    b.shuffle(lanes, base, at(base, 0), at(base, 2));
                });
            }
            Op::Load { op, memory, offset } => {
                let (arg, ty) = (MemArg { memory, offset }, self.val_type(inst));
                self.embed_inst(inst, true, move |b, base| b.load(op, ty, arg, base, at(base, 0)));
            }
            Op::Store { op, memory, offset } => {
                let arg = MemArg { memory, offset };
                self.embed_inst(inst, true, move |b, base| b.store(op, arg, at(base, 0), at(base, 1)));
            }
            Op::LoadLane { bytes, lane, memory, offset } => {
                let arg = MemArg { memory, offset };
                self.embed_inst(inst, true, move |b, base| {
                    b.load_lane(bytes, lane, arg, base, at(base, 0), at(base, 1));
                });
            }
            Op::StoreLane { bytes, lane, memory, offset } => {
                let arg = MemArg { memory, offset };
                self.embed_inst(inst, true, move |b, base| {
                    b.store_lane(bytes, lane, arg, at(base, 0), at(base, 1));
                });
            }
            Op::Atomic { op, memory, offset } => {
                let (arg, ty) = (MemArg { memory, offset }, self.val_type(inst));
                self.embed_inst(inst, true, move |b, base| {
                    let operands = [at(base, 0), at(base, 1), at(base, 2)];
                    let count = match op.shape() {
                        AtomicShape::Load => 1,
                        AtomicShape::Store | AtomicShape::ReadModifyWrite => 2,
                        AtomicShape::CompareExchange => 3,
                    };
                    b.atomic(op, ty, arg, base, &operands[..count]);
                });
            }
            Op::RefTest(cast) => {
                self.embed_inst(inst, false, move |b, base| b.ref_test(cast, base, at(base, 0)));
            }
            Op::RefCast(cast) => self.embed_inst(inst, false, move |b, base| b.ref_cast(cast, at(base, 0))),
            Op::StructNew { ty, default } => self.embed_inst(inst, false, move |b, base| {
                b.struct_new(ty, base, (!default).then_some(base));
            }),
            Op::Service { op, x, y } => {
                let result = func.value(inst).ty.map(|_| ValType::I64);
                self.embed_inst(inst, false, service(op, x, y, result));
            }
            op => unreachable!("{op:?} has instructions"),
        }
    }
}
