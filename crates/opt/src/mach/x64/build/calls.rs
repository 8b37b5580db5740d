//! Entries, calls, returns, and instructions of the interpreter.
//!
//! In: arguments and what is called. Out: instructions that bring arguments to their registers or slots, and a
//! [`CallSite`] or an [`EmbedSite`] for emission. References that live over a call are its operands: the collector changes them.

use regalloc2::{Operand, PReg, VReg};
use upshift_asm::x64::{Gpr, Xmm};

use super::Address;
use crate::mach::sites::{CallSite, Elements, EmbedSite, Found, Landing, Words};
use crate::mach::x64::inst::{Fault, Inst, LoadOp};
use crate::mach::x64::regs::{ARGS, FLOAT_ARGS, float, int};
use crate::mach::{Builder, MBlock};
use crate::ssa::Ty;

/// A call, as lowering knows it.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is called.
    pub callee: Callee,
    /// The types of the arguments.
    pub params: &'a [Ty],
    /// The arguments.
    pub args: &'a [VReg],
    /// The types of the results.
    pub results: &'a [Ty],
    /// References that are live after it.
    pub live: &'a [VReg],
    /// Whether the callee, if it is one of this instance, never replaces itself by a tail call.
    pub keeps_header: bool,
    /// How the interpreter calls; only own functions need none. The arguments begin at the slot, and what leads to the callee is in
    /// the slot behind them.
    pub words: Option<Words>,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    /// A function of the module, by the offset of its record.
    Own(i32),
    /// The running function.
    Itself(i32),
    /// An import, by the offset at which the context has the address of its record.
    Import(i32),
    /// An element of a table, as in [`Found::Element`], with its index, which is zero-extended.
    Element {
        /// The offset at which the context has the address of the table's record.
        table: i32,
        /// The number of the expected type in the engine.
        ty: u32,
        /// The index.
        index: VReg,
        /// What is certain of the table.
        known: Elements,
    },
    /// A reference.
    Reference(VReg),
}

/// Instructions of the interpreter, as lowering knows them.
#[derive(Debug)]
pub struct Embed<'a> {
    /// What comes to the slots from the first one on, in order.
    pub args: &'a [(VReg, Ty)],
    /// The types of what they leave in the slots from the first one on.
    pub results: &'a [Ty],
    /// References that are live after them.
    pub live: &'a [VReg],
    /// Whether they access memory 0 or call.
    pub memory: bool,
    /// The instructions.
    pub words: Words,
}

/// # Functions
impl Builder<Inst> {
    /// The parameters of the function: in the entry block, before all else. Unused ones cost nothing.
    pub fn entry(&mut self, params: &[Ty]) -> Vec<VReg> {
        let places = places(params);
        let vregs: Vec<VReg> = params.iter().map(|&ty| self.vreg(ty)).collect();
        for (&vreg, place) in vregs.iter().zip(&places) {
            if let Place::Register(preg) = *place {
                self.operand(Operand::reg_fixed_def(vreg, preg));
            }
        }
        self.push(Inst::Entry);
        let fp = slots(params) as i32 + 3;
        for ((&vreg, &place), &ty) in vregs.iter().zip(&places).zip(params) {
            if let Place::Slot(slot) = place {
                self.operand_load(vreg, slot_load(ty), Address::frame(slot as i32 - fp));
            }
        }
        vregs
    }

    fn operand_load(&mut self, vreg: VReg, op: LoadOp, address: Address) {
        let memory = self.memory(address, Fault::NONE);
        self.operand(Operand::reg_def(vreg));
        self.push(Inst::Load(op, memory));
    }

    /// Calls; the results. `steps` are for exceptions as in [`invoke`](Self::invoke), though none is caught.
    pub fn call(&mut self, call: Call<'_>, steps: u32) -> Vec<VReg> {
        let results: Vec<Ty> = call.results.to_vec();
        let (number, first) = self.call_site(call, Vec::new(), steps, true);
        self.push(Inst::Call(number));
        self.results(&results, first)
    }

    /// Calls; what it throws leads to the landings. Ends the block. [`load_results`](Self::load_results) is what comes first at
    /// `normal`.
    pub fn invoke(&mut self, call: Call<'_>, normal: MBlock, landings: Vec<Landing>, steps: u32) {
        if landings.is_empty() {
            // What has one successor must not end with what changes registers: moves for the edge come in front of it.
            let (number, _) = self.call_site(call, landings, steps, false);
            self.push(Inst::Call(number));
            return self.jump(normal, &[]);
        }
        let mut edges: Vec<(MBlock, &[VReg])> = vec![(normal, &[])];
        edges.extend(landings.iter().map(|landing| (landing.block, &[][..])));
        let (number, _) = self.call_site(call, landings, steps, false);
        self.terminate(Inst::Invoke(number), &edges);
    }

    /// The results of the call that led here, which was the end of its block.
    pub fn load_results(&mut self, results: &[Ty]) -> Vec<VReg> {
        self.results(results, None)
    }

    fn results(&mut self, results: &[Ty], first: Option<VReg>) -> Vec<VReg> {
        let mut slot = 0;
        let mut vregs = Vec::with_capacity(results.len());
        for &ty in results {
            vregs.push(match first {
                Some(first) if slot == 0 => first,
                _ => self.load(slot_load(ty), Address::out(slot), Fault::NONE),
            });
            slot += ty.slots();
        }
        self.func.out_slots = self.func.out_slots.max(slot);
        vregs
    }

    /// All of a value to a slot of the area for arguments.
    pub fn store_out(&mut self, slot: u32, value: VReg, ty: Ty) {
        self.any(value);
        self.func.out_slots = self.func.out_slots.max(slot + ty.slots());
        self.push(Inst::StoreOut { slot, vector: ty == Ty::V128 });
    }

    /// Stores and adds operands. Returns the number of the call, and its first result if it has one in a register.
    fn call_site(
        &mut self,
        call: Call<'_>,
        landings: Vec<Landing>,
        steps: u32,
        result: bool,
    ) -> (u32, Option<VReg>) {
        let Call { callee, params, args, results, live, keeps_header, words } = call;
        let native = !matches!(callee, Callee::Import(_));
        let places = if native { places(params) } else { in_slots(params) };
        self.arguments(args, params, &places);
        let found = self.callee_operand(callee);
        for &reference in live {
            self.late_any(reference);
        }
        let first = match results {
            [ty] if result && *ty != Ty::V128 => {
                let vreg = self.vreg(*ty);
                let preg = if ty.is_float() { float(Xmm::XMM0) } else { int(Gpr::RAX) };
                self.operand(Operand::reg_fixed_def(vreg, preg));
                Some(vreg)
            }
            _ => None,
        };
        // The callee's header and what leads to it lie behind the arguments.
        let needed = (slots(params) + 3).max(slots(results));
        self.func.out_slots = self.func.out_slots.max(needed);
        self.func.calls.push(CallSite {
            found,
            params: params.into(),
            results: results.into(),
            keeps_header,
            stores_result: !result && matches!(results, [Ty::I32 | Ty::I64 | Ty::Ref]),
            words,
            landings,
            steps,
            live: live.len() as u32,
        });
        (self.func.calls.len() as u32 - 1, first)
    }

    /// Stores arguments to their slots, then adds those in registers as operands of the call.
    fn arguments(&mut self, args: &[VReg], params: &[Ty], places: &[Place]) {
        for ((&arg, &ty), &place) in args.iter().zip(params).zip(places) {
            if let Place::Slot(slot) = place {
                self.store_out(slot, arg, ty);
            }
        }
        for (&arg, &place) in args.iter().zip(places) {
            if let Place::Register(preg) = place {
                self.operand(Operand::reg_fixed_use(arg, preg));
            }
        }
    }

    fn callee_operand(&mut self, callee: Callee) -> Found {
        match callee {
            Callee::Own(record) => Found::Own(record),
            Callee::Itself(record) => Found::Itself(record),
            Callee::Import(record) => Found::Elsewhere(record),
            Callee::Element { table, ty, index, known } => {
                self.operand(Operand::reg_fixed_use(index, int(Gpr::R11)));
                Found::Element { table, ty, known }
            }
            Callee::Reference(reference) => {
                self.operand(Operand::reg_fixed_use(reference, int(Gpr::R11)));
                Found::Reference
            }
        }
    }

    /// Calls instead of the running function. Ends the block.
    pub fn tail_call(&mut self, call: Call<'_>) {
        let Call { callee, params, args, results, words, .. } = call;
        let native = !matches!(callee, Callee::Import(_));
        let places = if native { tail_places(params) } else { in_slots(params) };
        self.arguments(args, params, &places);
        let found = self.callee_operand(callee);
        self.func.out_slots = self.func.out_slots.max(slots(params) + 3);
        self.func.calls.push(CallSite {
            found,
            params: params.into(),
            results: results.into(),
            keeps_header: false,
            stores_result: false,
            words,
            landings: Vec::new(),
            steps: 0,
            live: 0,
        });
        let number = self.func.calls.len() as u32 - 1;
        self.terminate(Inst::TailCall(number), &[]);
    }

    /// Returns values.
    pub fn ret(&mut self, values: &[(VReg, Ty)]) {
        let types: Vec<Ty> = values.iter().map(|&(_, ty)| ty).collect();
        match *values {
            [] => {}
            [(value, Ty::V128)] => self.u(value),
            [(value, ty)] => {
                let preg = if ty.is_float() { float(Xmm::XMM0) } else { int(Gpr::RAX) };
                self.operand(Operand::reg_fixed_use(value, preg));
            }
            _ => {
                // Where they go may be where others are: all are brought out of the way.
                let mut slot = 0;
                for &(value, ty) in values {
                    self.store_out(slot, value, ty);
                    slot += ty.slots();
                }
            }
        }
        self.func.returns.push(types);
        let number = self.func.returns.len() as u32 - 1;
        self.terminate(Inst::Return { number, value: values.len() == 1 }, &[]);
    }
}

/// # Instructions of the interpreter
impl Builder<Inst> {
    /// Runs them; what they leave.
    pub fn embed(&mut self, embed: Embed<'_>) -> Vec<VReg> {
        let results = embed.results.to_vec();
        let number = self.embed_site(embed, Vec::new(), 0);
        self.push(Inst::Embed(number));
        self.results(&results, None)
    }

    /// Runs them. Control does not go on behind them, but what they throw may lead to landings. Ends the block.
    pub fn embed_last(&mut self, embed: Embed<'_>, landings: Vec<Landing>, steps: u32) {
        let edges: Vec<(MBlock, &[VReg])> = landings.iter().map(|landing| (landing.block, &[][..])).collect();
        let number = self.embed_site(embed, landings, steps);
        let inst = if edges.is_empty() { Inst::EmbedLast(number) } else { Inst::EmbedInvoke(number) };
        self.terminate(inst, &edges);
    }

    /// Runs them where that is seldom needed: in a cold block, which it ends. All registers stay, but for references, which the
    /// collector may change; another cold block is being filled behind it.
    pub fn safepoint(&mut self, embed: Embed<'_>) -> Vec<VReg> {
        let results = embed.results.to_vec();
        let number = self.embed_site(embed, Vec::new(), 0);
        self.func.has_safepoints = true;
        let next = self.cold_block();
        self.terminate(Inst::Safepoint(number), &[(next, &[])]);
        self.switch_to(next);
        self.results(&results, None)
    }

    fn embed_site(&mut self, embed: Embed<'_>, landings: Vec<Landing>, steps: u32) -> u32 {
        let Embed { args, live, memory, words, .. } = embed;
        let mut references = Vec::new();
        let mut slot = 0;
        for &(value, ty) in args {
            self.store_out(slot, value, ty);
            if ty == Ty::Ref {
                references.push(slot);
            }
            slot += ty.slots();
        }
        for &reference in live {
            self.late_any(reference);
        }
        self.func.embeds.push(EmbedSite { words, memory, references, landings, steps });
        self.func.embeds.len() as u32 - 1
    }
}

/// Where an argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In a register.
    Register(PReg),
    /// In its slot, from the first one of all arguments.
    Slot(u32),
}

/// Where arguments of these types are.
pub(crate) fn places(params: &[Ty]) -> Vec<Place> {
    let (mut ints, mut floats) = (ARGS.iter(), FLOAT_ARGS.iter());
    let mut slot = 0;
    let place = |&ty: &Ty| {
        let register = if ty.is_float() {
            floats.next().map(|&register| float(register))
        } else {
            ints.next().map(|&register| int(register))
        };
        let place = register.map_or(Place::Slot(slot), Place::Register);
        slot += ty.slots();
        place
    };
    params.iter().map(place).collect()
}

/// How many slots of arguments a tail call moves one by one while others are in registers.
pub(crate) const MOST_TAIL_SLOTS: u32 = 8;

/// Where the arguments of a tail call are, but for one of an import: as in calls, unless so many are in slots that it takes the registers
/// to move them.
pub(crate) fn tail_places(params: &[Ty]) -> Vec<Place> {
    let places = places(params);
    let left = params.iter().zip(&places).filter(|(_, place)| matches!(place, Place::Slot(_)));
    let moved: u32 = left.map(|(ty, _)| ty.slots()).sum();
    if moved > MOST_TAIL_SLOTS { in_slots(params) } else { places }
}

fn in_slots(params: &[Ty]) -> Vec<Place> {
    let mut slot = 0;
    let place = |ty: &Ty| {
        let place = Place::Slot(slot);
        slot += ty.slots();
        place
    };
    params.iter().map(place).collect()
}

/// How many slots values of these types take.
pub(crate) fn slots(types: &[Ty]) -> u32 {
    types.iter().map(|ty| ty.slots()).sum()
}

/// How all of a slot is loaded.
pub(super) fn slot_load(ty: Ty) -> LoadOp {
    match ty {
        Ty::I32 => LoadOp::W32,
        Ty::I64 | Ty::Ref => LoadOp::W64,
        Ty::F32 => LoadOp::F32,
        Ty::F64 => LoadOp::F64,
        Ty::V128 => LoadOp::V128,
    }
}
