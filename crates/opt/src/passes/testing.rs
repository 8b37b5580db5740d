//! For tests: programs of all shapes, and what they do.
//!
//! [`random`] makes a function, [`observe`] executes one and returns what the world sees of it: the state of memory and globals at each
//! call, each charge of fuel, each trap (with its place in the program) and at the end. A pass has to leave all of that as it is.

use upshift_core::Trap;
use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TypeIndex};
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, Unary, Wide};

use super::ints::Int;
use crate::ssa::dom::Dominators;
use crate::ssa::dom::tests::graph;
use crate::ssa::parse::parse;
use crate::ssa::verify::verify;
use crate::ssa::{Block, Callee, Func, Op, Pos, Position, Target, Terminator, Ty, Value};

/// The body of a function with a signature, as text, after a pass.
pub(crate) fn after(signature: &str, body: &str, pass: impl FnOnce(&mut Func)) -> String {
    let mut func = parse(&format!("func func0 {signature}\n{body}")).expect("it is SSA");
    pass(&mut func);
    func.to_string().split_once('\n').expect("a header").1.to_owned()
}

/// The same numbers each time, special ones often.
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    pub(crate) fn number(&mut self) -> u64 {
        const EDGES: [u64; 16] =
            [0, 1, 2, 3, 7, 8, 16, 31, 32, 63, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 1 << 63];
        let edge = EDGES[self.below(EDGES.len())];
        match self.below(4) {
            0 => edge,
            1 => edge.wrapping_neg(),
            2 => edge.wrapping_sub(1),
            _ => self.next() ^ self.next() << 30,
        }
    }
}

/// The bits of a value of a type.
pub(crate) fn bits_of(ty: Ty, bits: u64) -> u64 {
    if ty == Ty::I32 { bits & 0xffff_ffff } else { bits }
}

const MEMORY: usize = 64;
const GLOBALS: usize = 3;

struct Maker<'a> {
    random: &'a mut Random,
    func: Func,
    block: Block,
    /// What may be used here.
    values: Vec<Value>,
}

impl Maker<'_> {
    fn pos(&mut self) -> Pos {
        let at = self.func.positions.len() as u32;
        self.func.positions.push(Position { func: FuncIndex(0), offset: at, parent: Pos::NONE });
        Pos(at)
    }

    fn add(&mut self, op: Op, ty: Option<Ty>, args: &[Value]) -> Value {
        let pos = self.pos();
        let value = self.func.append(self.block, op, ty, args, pos);
        if ty.is_some() {
            self.values.push(value);
        }
        value
    }

    fn pick(&mut self, ty: Ty) -> Value {
        let fitting: Vec<Value> =
            self.values.iter().copied().filter(|&value| self.func.ty(value) == ty).collect();
        match self.random.below(4) {
            0 | 1 if !fitting.is_empty() => fitting[self.random.below(fitting.len())],
            2 if !fitting.is_empty() => fitting[fitting.len() - 1 - self.random.below(fitting.len().min(3))],
            _ => {
                let bits = bits_of(ty, self.random.number());
                self.add(Op::Const(bits), Some(ty), &[])
            }
        }
    }

    /// An address that is inside most of the time.
    fn address(&mut self) -> Value {
        match self.random.below(8) {
            0 => self.pick(Ty::I32),
            1..=3 => {
                let bits = self.random.below(6) as u64 * 4;
                self.add(Op::Const(bits), Some(Ty::I32), &[])
            }
            _ => {
                let value = self.pick(Ty::I32);
                let mask = self.add(Op::Const(0x1c), Some(Ty::I32), &[]);
                let masked = self.add(Op::Binary(Binary::I32And), Some(Ty::I32), &[value, mask]);
                if self.random.below(2) == 0 {
                    return masked;
                }
                let addend = (self.random.below(5) as u64 * 4).wrapping_sub(8) & 0xffff_ffff;
                let addend = self.add(Op::Const(addend), Some(Ty::I32), &[]);
                self.add(Op::Binary(Binary::I32Add), Some(Ty::I32), &[masked, addend])
            }
        }
    }

    fn instruction(&mut self) {
        let memory = MemoryIndex(0);
        let offset = self.random.below(4) as u64 * 2;
        match self.random.below(24) {
            0..=3 => {
                const LOADS: [(Load, Ty); 8] = [
                    (Load::Load8U, Ty::I32),
                    (Load::Load8S64, Ty::I64),
                    (Load::Load16S32, Ty::I32),
                    (Load::Load32U, Ty::I32),
                    (Load::Load32U, Ty::I64),
                    (Load::Load32S64, Ty::I64),
                    (Load::Load64, Ty::I64),
                    (Load::Load16U, Ty::I64),
                ];
                let (op, ty) = LOADS[self.random.below(LOADS.len())];
                let address = self.address();
                self.add(Op::Load { op, memory, offset }, Some(ty), &[address]);
            }
            4 | 5 => {
                const STORES: [(Store, Ty); 6] = [
                    (Store::Store8, Ty::I32),
                    (Store::Store16, Ty::I64),
                    (Store::Store32, Ty::I32),
                    (Store::Store32, Ty::I64),
                    (Store::Store64, Ty::I64),
                    (Store::Store32, Ty::I32),
                ];
                let (op, ty) = STORES[self.random.below(STORES.len())];
                let (address, value) = (self.address(), self.pick(ty));
                self.add(Op::Store { op, memory, offset }, None, &[address, value]);
            }
            6 | 7 => {
                let global = GlobalIndex(self.random.below(GLOBALS) as u32);
                self.add(Op::GlobalGet(global), Some(Ty::I32), &[]);
            }
            8 => {
                let global = GlobalIndex(self.random.below(GLOBALS) as u32);
                let value = self.pick(Ty::I32);
                self.add(Op::GlobalSet(global), None, &[value]);
            }
            9 => {
                let callee = Callee::Direct { func: FuncIndex(1), ty: TypeIndex(0) };
                let call = self.add(Op::Call(callee), None, &[]);
                self.add(Op::Result(0), Some(Ty::I32), &[call]);
            }
            10 => {
                let fuel = 1 + self.random.below(9) as u32;
                self.add(Op::Charge(fuel), None, &[]);
            }
            11 => {
                self.add(Op::MemorySize(memory), Some(Ty::I32), &[]);
            }
            12 => {
                let ty = if self.random.below(2) == 0 { Ty::I32 } else { Ty::I64 };
                let args = [self.pick(Ty::I32), self.pick(ty), self.pick(ty)];
                self.add(Op::Select, Some(ty), &args);
            }
            13 | 14 => {
                const UNARY: [Unary; 5] = [
                    Unary::I32WrapI64,
                    Unary::I64ExtendI32S,
                    Unary::I64ExtendI32U,
                    Unary::I32Extend8S,
                    Unary::I64Extend32S,
                ];
                let op = UNARY[self.random.below(UNARY.len())];
                let value = self.pick(Ty::of(op.operands()[0]));
                self.add(Op::Unary(op), Some(Ty::of(op.result())), &[value]);
            }
            _ => {
                let integers: Vec<Binary> =
                    Binary::ALL.iter().copied().filter(|&op| Int::of(op).is_some()).collect();
                let op = integers[self.random.below(integers.len())];
                let args = [self.pick(Ty::of(op.operands()[0])), self.pick(Ty::of(op.operands()[1]))];
                self.add(Op::Binary(op), Some(Ty::of(op.result())), &args);
            }
        }
    }
}

/// A function of two `i32` and an `i64`, valid SSA.
pub(crate) fn random(random: &mut Random) -> Func {
    let count = 1 + random.below(9) as u32;
    let edges: Vec<Vec<u32>> = (0..count)
        .map(|at| {
            // Mostly forward, so that many blocks are reached.
            let next = |random: &mut Random| match random.below(3) {
                0 => 1 + random.below(count as usize) as u32 % (count - 1),
                _ => (at + 1 + random.below(2) as u32).min(count - 1).max(1),
            };
            if count == 1 { Vec::new() } else { (0..random.below(4)).map(|_| next(random)).collect() }
        })
        .collect();
    let mut func = graph(&edges.iter().map(Vec::as_slice).collect::<Vec<_>>());
    func.params = vec![Ty::I32, Ty::I32, Ty::I64];
    func.results = vec![Ty::I32, Ty::I64];
    func.block_mut(Block(0)).insts.clear();
    for block in 1..count {
        for _ in 0..random.below(4) {
            let ty = if random.below(3) == 0 { Ty::I64 } else { Ty::I32 };
            func.add_param(Block(block), ty);
        }
    }
    let dominators = Dominators::new(&func);
    func.layout.retain(|&block| dominators.is_reachable(block));
    let mut maker = Maker { random, func, block: Block(0), values: Vec::new() };
    for &block in dominators.preorder() {
        maker.block = block;
        maker.values = Vec::new();
        let mut around = Some(block);
        while let Some(dominator) = around {
            let data = maker.func.block(dominator);
            let all = data.insts.iter().chain(&data.params).copied();
            let usable = all.filter(|&value| maker.func.value(value).ty.is_some());
            maker.values.splice(0..0, usable);
            around = dominators.immediate(dominator);
        }
        if block == Block(0) {
            for (number, ty) in maker.func.params.clone().into_iter().enumerate() {
                maker.add(Op::Arg(number as u32), Some(ty), &[]);
            }
        }
        // Blocks that do nothing are of use to some passes.
        let count = if maker.random.below(4) == 0 { 0 } else { maker.random.below(12) };
        for _ in 0..count {
            maker.instruction();
        }
        maker.end();
    }
    maker.func
}

impl Maker<'_> {
    /// Fills in what the end of the block needs.
    fn end(&mut self) {
        let mut term = self.func.block(self.block).term.clone();
        if let Terminator::Return(_) = term {
            let results = [self.pick(Ty::I32), self.pick(Ty::I64)];
            term = Terminator::Return(self.func.make_list(&results));
        }
        if let Some(operand) = term.operand_mut() {
            *operand = self.pick(Ty::I32);
        }
        let mut targets = Vec::new();
        term.for_each_target(|target| targets.push(target.block));
        let mut filled = targets.into_iter().map(|block| {
            let types: Vec<Ty> =
                self.func.block(block).params.iter().map(|&param| self.func.ty(param)).collect();
            let args: Vec<Value> = types.into_iter().map(|ty| self.pick(ty)).collect();
            Target { block, args: self.func.make_list(&args) }
        });
        term.for_each_target_mut(|target| *target = filled.next().expect("one for each"));
        drop(filled);
        self.func.block_mut(self.block).term = term;
    }
}

/// What the world sees.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Event {
    Call(State),
    Charge(u32, State),
    Trap(Trap, u32, State),
    Return(Vec<u64>, State),
    /// It ran long enough.
    Stopped,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct State {
    memory: [u8; MEMORY],
    globals: [u64; GLOBALS],
}

/// Executes a function.
pub(crate) fn observe(func: &Func, args: impl Into<Vec<u64>>) -> Vec<Event> {
    let mut run = Run {
        func,
        values: vec![0; func.values.len()],
        state: State { memory: std::array::from_fn(|at| (at as u8).wrapping_mul(37)), globals: [5, 6, 7] },
        events: Vec::new(),
        args: args.into(),
    };
    let mut block = func.entry;
    for _ in 0..300 {
        match run.block(block) {
            Some(next) => block = next,
            None => return run.events,
        }
    }
    run.events.push(Event::Stopped);
    run.events
}

/// Whether the world sees the same, as far as both ran.
pub(crate) fn same(a: &[Event], b: &[Event]) -> bool {
    let stopped = |events: &[Event]| events.last() == Some(&Event::Stopped);
    match (stopped(a), stopped(b)) {
        (false, false) => a == b,
        _ => a.iter().zip(b).all(|(x, y)| x == y || *x == Event::Stopped || *y == Event::Stopped),
    }
}

struct Run<'a> {
    func: &'a Func,
    values: Vec<u64>,
    state: State,
    events: Vec<Event>,
    args: Vec<u64>,
}

impl Run<'_> {
    fn of(&self, value: Value) -> u64 {
        self.values[value.index()]
    }

    fn trap(&mut self, trap: Trap, at: Value) {
        let place = self.func.position(self.func.value(at).pos).map_or(u32::MAX, |position| position.offset);
        self.events.push(Event::Trap(trap, place, self.state.clone()));
    }

    /// Executes a block. Returns where control goes on.
    fn block(&mut self, block: Block) -> Option<Block> {
        let func = self.func;
        for &inst in &func.block(block).insts {
            self.values[inst.index()] = self.instruction(inst)?;
        }
        let target = match &func.block(block).term {
            Terminator::Jump(target) => *target,
            Terminator::Branch { cond, then, otherwise } => {
                if self.of(*cond) as u32 != 0 {
                    *then
                } else {
                    *otherwise
                }
            }
            Terminator::Table { index, cases, targets } => {
                let case = (self.of(*index) as u32 as usize).min(cases.len() - 1);
                targets[cases[case] as usize]
            }
            Terminator::Return(list) => {
                let results = func.list(*list).iter().map(|&value| self.of(value)).collect();
                self.events.push(Event::Return(results, self.state.clone()));
                return None;
            }
            other => panic!("not executed: {other:?}"),
        };
        let given: Vec<u64> = func.list(target.args).iter().map(|&value| self.of(value)).collect();
        let params = &func.block(target.block).params;
        assert_eq!(given.len(), params.len());
        for (&param, bits) in params.iter().zip(given) {
            self.values[param.index()] = bits;
        }
        Some(target.block)
    }

    fn bytes(&mut self, inst: Value, offset: u64, count: usize) -> Option<usize> {
        let start = self.of(self.func.args(inst)[0]) as u32 as usize + offset as usize;
        if start + count > MEMORY {
            self.trap(Trap::MemoryOutOfBounds, inst);
            return None;
        }
        Some(start)
    }

    /// Executes an instruction; nothing is returned if it traps.
    fn instruction(&mut self, inst: Value) -> Option<u64> {
        let func = self.func;
        let args = func.args(inst);
        let of = |at: usize| self.values[args[at].index()];
        Some(match func.op(inst) {
            Op::Arg(number) => self.args[number as usize],
            Op::Const(bits) => bits,
            Op::Unary(op) => op.fold(of(0)).expect("none of these traps"),
            Op::Binary(op) => match op.fold(of(0), of(1)) {
                Some(bits) => bits,
                None => {
                    self.trap(Trap::IntegerDivisionByZero, inst);
                    return None;
                }
            },
            Op::Select => {
                if of(0) as u32 != 0 {
                    of(1)
                } else {
                    of(2)
                }
            }
            Op::Load { op, offset, .. } => {
                let count = match op {
                    Load::Load8U | Load::Load8S64 => 1,
                    Load::Load16S32 | Load::Load16U => 2,
                    Load::Load32U | Load::Load32S64 => 4,
                    _ => 8,
                };
                let start = self.bytes(inst, offset, count)?;
                let mut bytes = [0; 8];
                bytes[..count].copy_from_slice(&self.state.memory[start..start + count]);
                let bits = u64::from_le_bytes(bytes);
                match op {
                    Load::Load8S64 => bits as i8 as i64 as u64,
                    Load::Load16S32 => u64::from(bits as i16 as i32 as u32),
                    Load::Load32S64 => bits as i32 as i64 as u64,
                    _ => bits,
                }
            }
            Op::Store { op, offset, .. } => {
                let count = match op {
                    Store::Store8 => 1,
                    Store::Store16 => 2,
                    Store::Store32 => 4,
                    _ => 8,
                };
                let value = of(1);
                let start = self.bytes(inst, offset, count)?;
                self.state.memory[start..start + count].copy_from_slice(&value.to_le_bytes()[..count]);
                0
            }
            Op::GlobalGet(global) => self.state.globals[global.0 as usize],
            Op::GlobalSet(global) => {
                self.state.globals[global.0 as usize] = of(0);
                0
            }
            Op::MemorySize(_) => 1,
            Op::Call(_) => {
                self.events.push(Event::Call(self.state.clone()));
                // It changes a bit of everything.
                let count = self.events.len();
                self.state.memory[count * 11 % MEMORY] ^= 0x5a;
                self.state.globals[count % GLOBALS] ^= 1 << (count % 32);
                (count as u64).wrapping_mul(0x9e37_79b1) & 0xffff_ffff
            }
            Op::Wide(_) => 0,
            Op::Result(number) => match func.op(args[0]) {
                Op::Wide(op) => {
                    assert_eq!(op, Wide::I64MulWideU);
                    let [a, b] = [0, 1].map(|at| u128::from(self.of(func.args(args[0])[at])));
                    ((a * b) >> (64 * number)) as u64
                }
                _ => of(0),
            },
            Op::Charge(fuel) => {
                self.events.push(Event::Charge(fuel, self.state.clone()));
                0
            }
            other => panic!("not executed: {other:?}"),
        })
    }
}

/// Asserts that `pass` leaves what random programs do as it is. Returns how often it changed something.
pub(crate) fn check(seed: u64, programs: u32, mut pass: impl FnMut(&mut Func) -> u32) -> u32 {
    let mut numbers = Random(seed);
    let mut changes = 0;
    for _ in 0..programs {
        let before = random(&mut numbers);
        let mut after = before.clone();
        changes += pass(&mut after);
        if let Err(error) = verify(&after, None) {
            panic!("{error}\n{before}\n{after}");
        }
        for _ in 0..3 {
            let args =
                [bits_of(Ty::I32, numbers.number()), bits_of(Ty::I32, numbers.number()), numbers.number()];
            let (expected, got) = (observe(&before, args), observe(&after, args));
            assert!(same(&expected, &got), "{args:x?}\n{before}\n{after}\n{expected:?}\n{got:?}");
        }
    }
    changes
}
