//! Calls, and what exceptions lead to.

use std::sync::Arc;

use regalloc2::VReg;
use upshift_core::fuel::CLAUSES_PER_FRAME;
use upshift_core::index::{TableIndex, TagIndex, TypeIndex};
use upshift_core::types::FuncType;
use upshift_ir::build::Builder as Instructions;
use upshift_translate::backend::{self, Backend, Operand, Slot};

use super::Lowering;
use super::memory::slot_load;
use crate::mach::x64::{Address, Call, Callee as Found, Embed, Fault};
use crate::mach::{self, Elements, Words};
use crate::ssa::{self, Block, List, Op, Pos, Terminator, Ty, Value};

/// Where exceptions leave what a handler wants of them: at the start of the frame, for all handlers of the function.
#[derive(Clone, Copy, Debug)]
pub(super) struct CaughtArea {
    /// The first slot of the values.
    payload: Slot,
    /// The slot of the reference.
    reference: Slot,
}

/// What leads to an exception's block.
#[derive(Clone, Copy, Debug)]
pub(super) struct CaughtIn {
    block: Block,
    tag: Option<TagIndex>,
}

/// The types of values that a function type names.
fn types(of: &[upshift_core::types::ValType]) -> Vec<Ty> {
    of.iter().map(|&ty| Ty::of(ty)).collect()
}

fn slots(types: &[Ty]) -> u32 {
    types.iter().map(|ty| ty.slots()).sum()
}

impl Lowering<'_> {
    fn func_type(&self, ty: TypeIndex) -> Arc<FuncType> {
        self.module.types[ty.index()].func().clone()
    }

    /// The types of the values of an exception with a tag.
    fn payload(&self, tag: TagIndex) -> Vec<Ty> {
        types(self.func_type(self.module.tags[tag.index()]).params())
    }

    /// Sets slots of the frame aside for exceptions, if there are handlers, and looks up which blocks these are.
    pub(super) fn find_handlers(&mut self) {
        let func = self.func;
        let mut most = None;
        for &block in &func.layout {
            if let Terminator::Invoke { call, .. } = func.block(block).term {
                self.sunk[call.index()] = true;
            }
            for landing in func.block(block).term.landings() {
                let slots = landing.tag.map_or(0, |tag| slots(&self.payload(tag)));
                most = most.max(Some(slots));
                self.caught_in.push(CaughtIn { block: landing.block, tag: landing.tag });
            }
        }
        self.caught_in.sort_by_key(|caught| caught.block);
        if let Some(most) = most {
            let payload = self.out.area(most.max(1));
            let reference = self.out.area(1);
            self.caught = Some(CaughtArea { payload, reference });
        }
    }

    fn landings(&self, landings: &[ssa::Landing]) -> Vec<mach::Landing> {
        let Some(CaughtArea { payload, reference }) = self.caught else { return Vec::new() };
        let landing = |landing: &ssa::Landing| mach::Landing {
            tag: landing.tag,
            payload,
            reference: landing.reference.then_some(reference),
            block: self.blocks[landing.block.index()],
        };
        landings.iter().map(landing).collect()
    }

    /// A value of the exception that led to a block, or the reference to it.
    pub(super) fn lower_caught(&mut self, inst: Value, block: Block, number: Option<u32>) {
        let Some(CaughtArea { payload, reference }) = self.caught else {
            unreachable!("a block that exceptions lead to has a way to it")
        };
        let at = self.caught_in.partition_point(|caught| caught.block < block);
        let tag = self.caught_in.get(at).filter(|caught| caught.block == block).and_then(|caught| caught.tag);
        let slot = match (number, tag) {
            (Some(number), Some(tag)) => Slot(payload.0 + slots(&self.payload(tag)[..number as usize])),
            _ => reference,
        };
        let slot = self.out.fp_slot(slot);
        let made = self.out.load_slot(slot, self.func.ty(inst));
        self.bind(inst, made);
    }

    /// A call that goes on behind it.
    pub(super) fn lower_call(&mut self, inst: Value, callee: ssa::Callee) {
        let args = self.func.value(inst).args;
        let wanted = std::mem::take(&mut self.results);
        let live = self.live_registers();
        let steps = self.inlined_steps(self.func.value(inst).pos);
        let made = self.with_call(callee, args, &live, false, |this, call| this.out.call(call, steps));
        for (number, value) in wanted {
            self.bind(value, made[number as usize]);
        }
    }

    /// The result of a call or a wide operation: for what stands in front of it, or in the slots of a call that led to this block.
    pub(super) fn lower_result(&mut self, inst: Value, number: u32) {
        let source = self.arg(inst, 0);
        let Op::Call(callee) = self.func.op(source) else { return self.results.push((number, inst)) };
        if !self.sunk[source.index()] {
            return self.results.push((number, inst));
        }
        let results = types(self.func_type(callee.ty()).results());
        let address = Address::out(slots(&results[..number as usize]));
        let made = self.out.load(slot_load(results[number as usize]), address, Fault::NONE);
        self.bind(inst, made);
    }

    /// What a search for a handler pays for besides, because functions are active that have no frame of their own.
    fn inlined_steps(&self, pos: Pos) -> u32 {
        // Most often nothing is paid for.
        if !self.is_metered {
            return 0;
        }
        let frames = self.func.chain(pos).count().saturating_sub(1);
        frames as u32 * CLAUSES_PER_FRAME as u32
    }

    pub(super) fn lower_invoke(&mut self, call: Value, normal: Block, landings: &[ssa::Landing], steps: u32) {
        let Op::Call(callee) = self.func.op(call) else { unreachable!("an invocation is one of a call") };
        self.position = self.spot(self.func.value(call).pos);
        self.out.set_position(self.position);
        let args = self.func.value(call).args;
        let live = self.live_registers();
        let normal = self.blocks[normal.index()];
        let landings = self.landings(landings);
        self.with_call(callee, args, &live, false, |this, call| {
            this.out.invoke(call, normal, landings, steps);
        });
    }

    pub(super) fn lower_tail_call(&mut self, callee: ssa::Callee, args: List) {
        self.with_call(callee, args, &[], true, |this, call| this.out.tail_call(call));
    }

    /// Hands a call to `emit`.
    fn with_call<T>(
        &mut self,
        callee: ssa::Callee,
        args: List,
        live: &[VReg],
        tail: bool,
        emit: impl FnOnce(&mut Self, Call<'_>) -> T,
    ) -> T {
        let func = self.func;
        let ty = self.func_type(callee.ty());
        let (params, results) = (types(ty.params()), types(ty.results()));
        let args = func.list(args);
        let (operand, args) = if callee.has_operand() { (Some(args[0]), &args[1..]) } else { (None, args) };
        let args: Vec<VReg> = args.iter().map(|&arg| self.reg(arg)).collect();
        let operand = operand.map(|operand| self.reg(operand));
        let (found, words) = self.callee(callee, operand, ty, tail);
        // Not known of imports, for which it does not matter.
        let keeps_header = !self.module.operators.have_tail_calls;
        let (params, args, results) = (&params[..], &args[..], &results[..]);
        let call = Call { callee: found, params, args, results, live, keeps_header, words };
        emit(self, call)
    }

    /// What is called, and how the interpreter does it: with what leads to the callee behind the arguments.
    fn callee(
        &self,
        callee: ssa::Callee,
        operand: Option<VReg>,
        ty: Arc<FuncType>,
        tail: bool,
    ) -> (Found, Option<Words>) {
        let behind = ty.param_slots();
        let words = |target: backend::Callee, site: u32| {
            let make = move |builder: &mut Instructions<'_>, base: Slot| {
                let home = Operand::Temp(Slot(base.0 + behind));
                let callee = match target {
                    backend::Callee::Indirect { table, ty, .. } => {
                        backend::Callee::Indirect { table, ty, index: home }
                    }
                    backend::Callee::Ref { ty, .. } => backend::Callee::Ref { ty, function: home },
                    direct => direct,
                };
                builder.call(&backend::Call { callee, ty: &ty, base, tail, site });
            };
            Some(Words::new(make))
        };
        let none = Operand::Temp(Slot(0));
        match (callee, operand) {
            (ssa::Callee::Direct { func, .. }, _) => {
                let words = || words(backend::Callee::Direct(func), 0);
                match func.0.checked_sub(self.module.imported_funcs) {
                    None => {
                        let record = self.layout.imported_func(func.0) as i32;
                        (Found::Import(record), if tail { words() } else { None })
                    }
                    Some(own) => {
                        let record = self.layout.func(own) as i32;
                        let found =
                            if func == self.func.index { Found::Itself(record) } else { Found::Own(record) };
                        (found, if tail { words() } else { None })
                    }
                }
            }
            (ssa::Callee::Indirect { table, ty: expected, site }, Some(index)) => {
                let id = self.module.types[expected.index()].id.0;
                let place = self.layout.table(table.0) as i32;
                let target = backend::Callee::Indirect { table, ty: expected, index: none };
                let known = self.elements(table, id);
                (Found::Element { table: place, ty: id, index, known }, words(target, site))
            }
            (ssa::Callee::Ref { ty: expected, site }, Some(reference)) => {
                let target = backend::Callee::Ref { ty: expected, function: none };
                (Found::Reference(reference), words(target, site))
            }
            _ => unreachable!("a callee that is found at run time is an operand"),
        }
    }

    /// What is certain of a table, and of a type as that of its elements.
    fn elements(&self, table: TableIndex, ty: u32) -> Elements {
        self.module.fixed_table(table).map_or(Elements::default(), |fixed| Elements {
            len: u32::try_from(fixed.len).ok(),
            are_own: fixed.is_own,
            are_typed: fixed.ty.is_some_and(|known| known.0 == ty),
        })
    }

    pub(super) fn lower_throw(
        &mut self,
        (tag, args): (TagIndex, List),
        landings: &[ssa::Landing],
        steps: u32,
        pos: Pos,
    ) {
        let func = self.func;
        let steps = steps + self.inlined_steps(pos);
        let args: Vec<(VReg, Ty)> =
            func.list(args).iter().map(|&arg| (self.reg(arg), func.ty(arg))).collect();
        self.throw(&args, landings, steps, move |builder, base| builder.throw(tag, base));
    }

    pub(super) fn lower_throw_ref(
        &mut self,
        exception: Value,
        landings: &[ssa::Landing],
        steps: u32,
        pos: Pos,
    ) {
        let steps = steps + self.inlined_steps(pos);
        let args = [(self.reg(exception), self.func.ty(exception))];
        self.throw(&args, landings, steps, |builder, base| builder.throw_ref(Operand::Temp(base)));
    }

    fn throw(
        &mut self,
        args: &[(VReg, Ty)],
        landings: &[ssa::Landing],
        steps: u32,
        words: impl Fn(&mut Instructions<'_>, Slot) + Send + 'static,
    ) {
        let live = self.live_registers();
        let landings = self.landings(landings);
        let embed = Embed { args, results: &[], live: &live, memory: true, words: Words::new(words) };
        self.out.embed_last(embed, landings, steps);
        self.embedded += 1;
    }
}
