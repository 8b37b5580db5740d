//! Function bodies: statements and expressions of a given type, by chance, until a budget is used up.

use wasm_encoder::{BlockType, Function, Ieee32, Ieee64, Instruction as I, MemArg, MemArgTarget};

use super::ops::{Access, Care, LOADS, STORES, Ty};
use super::throws::Throws;
use super::{PAGES, Shape};
use crate::rng::Rng;

/// The target of branches.
#[derive(Clone)]
struct Label {
    /// What a branch carries.
    types: Vec<Ty>,
    back: Back,
}

/// Whether a branch goes back, and what keeps it from doing so for ever.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    No,
    /// The loop has its one branch already.
    Closed,
    /// Each branch has to count this local down.
    Counter(u32),
}

struct Body<'a> {
    rng: &'a mut Rng,
    shape: &'a mut Shape,
    code: Vec<I<'static>>,
    params: usize,
    locals: Vec<Ty>,
    /// Locals that statements may change.
    user: Vec<(u32, Ty)>,
    labels: Vec<Label>,
    results: Vec<Ty>,
    /// How many more pieces of code may be made.
    budget: i32,
    depth: u32,
}

/// The body of function number `func`, with exceptions instead of branches if there are any.
pub(super) fn function(
    rng: &mut Rng,
    shape: &mut Shape,
    func: usize,
    throws: Option<&mut Throws>,
) -> Function {
    let (params, results) = shape.types[shape.funcs[func] as usize].clone();
    let budget = 20 + rng.below(200) as i32;
    let mut body = Body {
        rng,
        code: Vec::new(),
        params: params.len(),
        user: (0..).zip(params.iter().copied()).collect(),
        locals: params,
        labels: vec![Label { types: results.clone(), back: Back::No }],
        results: results.clone(),
        budget,
        depth: 0,
        shape,
    };
    body.declare_locals();
    body.take_fuel();
    let statements = 1 + body.rng.below(12);
    body.statements(statements);
    body.exprs(&results);
    body.code.push(I::End);
    let mut runs: Vec<(u32, wasm_encoder::ValType)> = Vec::new();
    for ty in &body.locals[body.params..] {
        match runs.last_mut() {
            Some((count, last)) if *last == ty.val_type() => *count += 1,
            _ => runs.push((1, ty.val_type())),
        }
    }
    let mut function = Function::new(runs);
    let Body { code, shape, .. } = body;
    let code = match throws {
        Some(throws) => throws.rewrite(shape, &results, code),
        None => code,
    };
    for instruction in &code {
        function.instruction(instruction);
    }
    function
}

impl Body<'_> {
    fn declare_locals(&mut self) {
        let (filler, len) = self.shape.filler;
        self.locals.extend(std::iter::repeat_n(filler, len));
        for ty in Ty::ALL {
            if self.shape.palette.contains(&ty) {
                for _ in 0..1 + self.rng.below(3) {
                    let local = self.fresh(ty);
                    self.user.push((local, ty));
                }
            }
        }
    }

    /// A local that nobody else uses.
    fn fresh(&mut self, ty: Ty) -> u32 {
        self.locals.push(ty);
        self.locals.len() as u32 - 1
    }

    fn emit(&mut self, instructions: impl IntoIterator<Item = I<'static>>) {
        self.code.extend(instructions);
    }

    /// Without fuel the function returns something at once: a trap would end the whole call.
    fn take_fuel(&mut self) {
        self.emit([I::GlobalGet(0), I::I32Eqz, I::If(BlockType::Empty)]);
        for ty in self.results.clone() {
            self.constant(ty);
        }
        self.emit([I::Return, I::End]);
        self.emit([I::GlobalGet(0), I::I32Const(1), I::I32Sub, I::GlobalSet(0)]);
    }

    fn spent(&self) -> bool {
        self.budget <= 0 || self.depth > 8
    }

    fn some_type(&mut self) -> Ty {
        *self.rng.pick(&self.shape.palette)
    }

    fn some_types(&mut self, most: usize) -> Vec<Ty> {
        (0..self.rng.below(most + 1)).map(|_| self.some_type()).collect()
    }

    /// A local of the type that statements may change.
    fn some_local(&mut self, ty: Ty) -> Option<u32> {
        let locals: Vec<u32> = self.user.iter().filter(|local| local.1 == ty).map(|local| local.0).collect();
        if locals.is_empty() { None } else { Some(*self.rng.pick(&locals)) }
    }

    fn some_global(&mut self, ty: Ty) -> Option<u32> {
        let globals = self.shape.globals.iter().enumerate().skip(1);
        globals.filter(|global| *global.1 == ty).map(|global| global.0 as u32).next()
    }

    // Statements.

    fn statements(&mut self, count: usize) {
        for _ in 0..count {
            self.statement();
        }
    }

    /// Something that leaves the stack as it was.
    fn statement(&mut self) {
        if self.spent() {
            return;
        }
        self.budget -= 1;
        self.depth += 1;
        match self.rng.below(100) {
            0..25 => {
                let ty = self.some_type();
                self.expr(ty);
                self.consume(&[ty]);
            }
            25..37 => {
                // Several values at once, which go to locals in another order than they came from some.
                let types = self.some_types(4);
                self.exprs(&types);
                self.consume(&types);
            }
            37..50 => self.store(),
            50..70 => {
                let (params, results) = (self.some_types(2), self.some_types(2));
                self.structure(&params, &results);
                self.consume(&results);
            }
            70..82 => self.branch_if(),
            82..86 => self.branch_table(),
            86..91 => self.leave(),
            91..95 => {
                let func = self.rng.below(self.shape.funcs.len());
                let results = self.call(func);
                self.consume(&results);
            }
            95..98 => {
                let ty = self.some_type();
                self.expr(ty);
                if let Some(local) = self.some_local(ty) {
                    self.emit([I::LocalTee(local)]);
                }
                self.consume(&[ty]);
            }
            _ => self.bulk(),
        }
        self.depth -= 1;
    }

    /// Takes values of these types from the stack.
    fn consume(&mut self, types: &[Ty]) {
        for &ty in types.iter().rev() {
            let to = self.rng.below(100);
            let instruction = match (self.some_local(ty), self.some_global(ty)) {
                (Some(local), _) if to < 75 => I::LocalSet(local),
                (_, Some(global)) if to < 85 => I::GlobalSet(global),
                _ => I::Drop,
            };
            self.emit([instruction]);
        }
    }

    fn store(&mut self) {
        if self.shape.palette.contains(&Ty::V128) && self.rng.chance(10) {
            let memarg = self.address(0);
            self.expr(Ty::V128);
            let memarg = MemArg { align: 0, ..memarg };
            let (lane, size) = (self.rng.below(2) as u8, self.rng.below(4));
            self.emit([match size {
                0 => I::V128Store8Lane { memarg, lane },
                1 => I::V128Store16Lane { memarg, lane },
                2 => I::V128Store32Lane { memarg, lane },
                _ => I::V128Store64Lane { memarg, lane },
            }]);
            return;
        }
        let Some(access) = self.some_access(STORES, None) else { return };
        let memarg = self.address(access.log2);
        self.maybe_statement(8);
        self.expr(access.ty);
        self.canonical(access.ty);
        self.emit([(access.make)(memarg)]);
    }

    fn some_access(&mut self, from: &'static [Access], ty: Option<Ty>) -> Option<&'static Access> {
        let known = |a: &&Access| ty.map_or(self.shape.palette.contains(&a.ty), |ty| a.ty == ty);
        let fitting: Vec<&'static Access> = from.iter().filter(known).collect();
        if fitting.is_empty() { None } else { Some(*self.rng.pick(&fitting)) }
    }

    /// Pushes an address; answers the rest of the access.
    fn address(&mut self, log2: u32) -> MemArg {
        let memory = self.rng.below(self.shape.memories.len());
        let wide = self.shape.memories[memory];
        let size = PAGES.0 << 16;
        let offsets: &[u64] = &[0, 0, 0, 1, 8, 100, 0x7fff, 0x8000, 0xfff0, 0xffff, 0x1_0000, 0x1_0001];
        let mut offset = *self.rng.pick(offsets);
        match self.rng.below(400) {
            0..120 => self.const_address(wide, |rng| rng.below(0xffe0) as u64),
            120 => self.const_address(wide, |rng| size - 20 + rng.below(24) as u64),
            121 => {
                offset = *self.rng.pick(&[0, 0x7fff_ffff, 0xffff_fff0, 0xffff_ffff]);
                self.const_address(wide, |rng| rng.interesting());
            }
            122 => self.expr(if wide { Ty::I64 } else { Ty::I32 }),
            _ => {
                let mask = *self.rng.pick(&[0xff, 0x7ff8, 0xffe0]);
                self.expr(if wide { Ty::I64 } else { Ty::I32 });
                self.emit(if wide {
                    [I::I64Const(mask), I::I64And]
                } else {
                    [I::I32Const(mask as i32), I::I32And]
                });
            }
        }
        let align = self.rng.below(log2 as usize + 1) as u32;
        MemArg { offset, align, target: MemArgTarget::Memory(memory as u32), ordering: None }
    }

    fn const_address(&mut self, wide: bool, value: impl FnOnce(&mut Rng) -> u64) {
        let value = value(self.rng);
        self.emit([if wide { I::I64Const(value as i64) } else { I::I32Const(value as i32) }]);
    }

    fn bulk(&mut self) {
        let memories = self.shape.memories.clone();
        let (to, from) = (self.rng.below(memories.len()), self.rng.below(memories.len()));
        let near = |rng: &mut Rng| 1000 + rng.below(40) as u64;
        let len = |rng: &mut Rng| rng.below(30) as u64;
        match self.rng.below(5) {
            0 | 1 => {
                self.const_address(memories[to], near);
                self.const_address(memories[from], near);
                self.const_address(memories[to] && memories[from], len);
                self.emit([I::MemoryCopy { src_mem: from as u32, dst_mem: to as u32 }]);
            }
            2 => {
                self.const_address(memories[to], near);
                self.expr(Ty::I32);
                self.const_address(memories[to], len);
                self.emit([I::MemoryFill(to as u32)]);
            }
            more => {
                if more == 3 {
                    self.emit([I::MemorySize(to as u32)]);
                } else {
                    self.const_address(memories[to], |rng| rng.below(2) as u64);
                    self.emit([I::MemoryGrow(to as u32)]);
                }
                self.consume(&[if memories[to] { Ty::I64 } else { Ty::I32 }]);
            }
        }
    }

    // Branches.

    fn depth_of(&self, label: usize) -> u32 {
        (self.labels.len() - 1 - label) as u32
    }

    /// Labels that a branch may go to.
    fn open_labels(&self) -> Vec<usize> {
        (0..self.labels.len()).filter(|&label| self.labels[label].back != Back::Closed).collect()
    }

    /// Pushes whether a loop goes on.
    fn count_down(&mut self, counter: u32) {
        self.emit([I::LocalGet(counter), I::I32Const(1), I::I32Sub, I::LocalTee(counter)]);
        self.emit([I::I32Const(0), I::I32GtS]);
    }

    fn branch_if(&mut self) {
        let labels = self.open_labels();
        let label = *self.rng.pick(&labels);
        let Label { types, back } = self.labels[label].clone();
        self.exprs(&types);
        match back {
            Back::Counter(counter) => {
                self.count_down(counter);
                if self.rng.chance(30) {
                    self.condition();
                    self.emit([I::I32And]);
                }
            }
            _ => self.condition(),
        }
        let depth = self.depth_of(label);
        self.emit([I::BrIf(depth)]);
        self.consume(&types);
    }

    fn branch_table(&mut self) {
        self.emit([I::Block(BlockType::Empty)]);
        self.labels.push(Label { types: Vec::new(), back: Back::No });
        let labels = self.open_labels();
        let first = *self.rng.pick(&labels);
        let types = self.labels[first].types.clone();
        let alike: Vec<usize> = labels.into_iter().filter(|&l| self.labels[l].types == types).collect();
        let plain: Vec<usize> = alike.iter().copied().filter(|&l| self.labels[l].back == Back::No).collect();
        self.exprs(&types);
        let (targets, default) = match self.labels[first].back {
            Back::Counter(counter) => {
                self.count_down(counter);
                let out = if plain.is_empty() { None } else { Some(*self.rng.pick(&plain)) };
                match out {
                    Some(out) => (vec![out, first], out),
                    None => {
                        // There is no other way, so the loop ends here.
                        self.emit([I::Unreachable]);
                        (vec![first], first)
                    }
                }
            }
            _ => {
                self.expr(Ty::I32);
                if self.rng.chance(80) {
                    self.emit([I::I32Const(7), I::I32And]);
                }
                let targets = (0..self.rng.below(6)).map(|_| *self.rng.pick(&plain)).collect();
                (targets, *self.rng.pick(&plain))
            }
        };
        let targets: Vec<u32> = targets.into_iter().map(|label| self.depth_of(label)).collect();
        let default = self.depth_of(default);
        self.emit([I::BrTable(targets.into(), default)]);
        self.dead_code();
        self.labels.pop();
        self.emit([I::End]);
    }

    /// What no control reaches has to be skipped correctly.
    fn dead_code(&mut self) {
        if self.rng.chance(20) {
            self.statement();
        }
    }

    /// Leaves the function or a block on a condition.
    fn leave(&mut self) {
        self.condition();
        self.emit([I::If(BlockType::Empty)]);
        self.labels.push(Label { types: Vec::new(), back: Back::No });
        match self.rng.below(10) {
            0..3 => {
                let results = self.results.clone();
                self.exprs(&results);
                self.emit([I::Return]);
            }
            3..6 => {
                let plain: Vec<usize> =
                    (0..self.labels.len()).filter(|&l| self.labels[l].back == Back::No).collect();
                let label = *self.rng.pick(&plain);
                let types = self.labels[label].types.clone();
                self.exprs(&types);
                let depth = self.depth_of(label);
                self.emit([I::Br(depth)]);
            }
            6 if self.rng.chance(20) => self.emit([I::Unreachable]),
            _ => self.tail_call(),
        }
        self.dead_code();
        self.labels.pop();
        self.emit([I::End]);
    }

    fn tail_call(&mut self) {
        let funcs: Vec<usize> = (0..self.shape.funcs.len())
            .filter(|&f| self.shape.types[self.shape.funcs[f] as usize].1 == self.results)
            .collect();
        let func = *self.rng.pick(&funcs);
        let ty = self.shape.funcs[func];
        let params = self.shape.types[ty as usize].0.clone();
        self.exprs(&params);
        match self.some_entry(ty) {
            Some(entry) if self.rng.chance(40) => {
                let entry = I::I32Const(entry as i32);
                self.emit([entry, I::ReturnCallIndirect { type_index: ty, table_index: 0 }]);
            }
            _ => self.emit([I::ReturnCall(func as u32)]),
        }
    }

    // Structures.

    fn block_type(&mut self, params: &[Ty], results: &[Ty]) -> BlockType {
        self.shape.block_type(params, results)
    }

    /// A block, loop or conditional.
    fn structure(&mut self, params: &[Ty], results: &[Ty]) {
        self.budget -= 1;
        self.depth += 1;
        match self.rng.below(10) {
            0..4 => {
                self.exprs(params);
                let ty = self.block_type(params, results);
                self.emit([I::Block(ty)]);
                self.arm(params, results);
                self.emit([I::End]);
            }
            4..8 => self.conditional(params, results),
            _ => self.looping(params, results),
        }
        self.depth -= 1;
    }

    /// What is between the start and the end of a structure that branches leave.
    fn arm(&mut self, params: &[Ty], results: &[Ty]) {
        self.labels.push(Label { types: results.to_vec(), back: Back::No });
        self.turn(params, results);
        self.labels.pop();
    }

    /// Makes results of what is on the stack.
    fn turn(&mut self, from: &[Ty], to: &[Ty]) {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let kept = self.rng.below(common + 1);
        self.consume(&from[kept..]);
        let statements = self.rng.below(4);
        self.statements(statements);
        self.exprs(&to[kept..]);
    }

    fn conditional(&mut self, params: &[Ty], results: &[Ty]) {
        self.exprs(params);
        self.condition();
        let ty = self.block_type(params, results);
        self.emit([I::If(ty)]);
        self.arm(params, results);
        if params != results || self.rng.chance(60) {
            self.emit([I::Else]);
            self.arm(params, results);
        }
        self.emit([I::End]);
    }

    fn looping(&mut self, params: &[Ty], results: &[Ty]) {
        let counter = self.fresh(Ty::I32);
        let rounds = 1 + self.rng.below(4) as i32;
        self.emit([I::I32Const(rounds), I::LocalSet(counter)]);
        self.exprs(params);
        let ty = self.block_type(params, results);
        self.emit([I::Loop(ty)]);
        let open = self.rng.chance(50);
        let back = if open { Back::Counter(counter) } else { Back::Closed };
        self.labels.push(Label { types: params.to_vec(), back });
        self.turn(params, params);
        if open {
            self.count_down(counter);
        } else {
            // The only branch back: what would count on for ever if it came by again after zero.
            self.emit([I::LocalGet(counter), I::I32Const(1), I::I32Sub]);
            match self.rng.below(4) {
                0 => self.emit([I::LocalTee(counter)]),
                1 => self.emit([I::LocalSet(counter), I::LocalGet(counter)]),
                2 => self.emit([I::LocalTee(counter), I::I32Eqz, I::I32Eqz]),
                _ => self.emit([I::LocalTee(counter), I::I32Const(0), I::I32Ne]),
            }
        }
        self.emit([I::BrIf(0)]);
        self.turn(params, results);
        self.labels.pop();
        self.emit([I::End]);
    }

    /// An entry of the table with a function of the type.
    fn some_entry(&mut self, ty: u32) -> Option<usize> {
        let entries = self.shape.table.iter().enumerate().filter(|entry| *entry.1 == Some(ty));
        let entries: Vec<usize> = entries.map(|entry| entry.0).collect();
        if entries.is_empty() { None } else { Some(*self.rng.pick(&entries)) }
    }

    /// Calls a function; answers what it leaves on the stack.
    fn call(&mut self, func: usize) -> Vec<Ty> {
        let ty = self.shape.funcs[func];
        let (params, results) = self.shape.types[ty as usize].clone();
        self.exprs(&params);
        match self.some_entry(ty) {
            Some(entry) if self.rng.chance(40) => {
                if self.rng.chance(4) {
                    self.expr(Ty::I32);
                    self.emit([I::I32Const(7), I::I32And]);
                } else {
                    self.emit([I::I32Const(entry as i32)]);
                }
                self.emit([I::CallIndirect { type_index: ty, table_index: 0 }]);
            }
            _ => self.emit([I::Call(func as u32)]),
        }
        results
    }

    // Expressions.

    fn maybe_statement(&mut self, percent: usize) {
        if self.rng.chance(percent) {
            self.statement();
        }
    }

    /// Pushes values of these types.
    fn exprs(&mut self, types: &[Ty]) {
        let mut rest = types;
        while !rest.is_empty() {
            let some = 1 + self.rng.below(rest.len());
            if some > 1 && !self.spent() && self.rng.chance(25) {
                let params = self.some_types(2);
                self.structure(&params, &rest[..some]);
                rest = &rest[some..];
            } else {
                self.expr(rest[0]);
                rest = &rest[1..];
            }
            self.maybe_statement(6);
        }
    }

    /// Pushes a value of the type.
    fn expr(&mut self, ty: Ty) {
        self.budget -= 1;
        if self.spent() {
            return self.leaf(ty);
        }
        self.depth += 1;
        match self.rng.below(100) {
            0..30 => self.leaf(ty),
            30..68 => self.operator(ty),
            68..74 => self.load(ty),
            74..82 => {
                self.expr(ty);
                self.maybe_statement(6);
                self.expr(ty);
                self.condition();
                let typed = self.rng.chance(20);
                self.emit([if typed { I::TypedSelect(ty.val_type()) } else { I::Select }]);
            }
            82..90 => {
                let params = self.some_types(2);
                self.structure(&params, &[ty]);
            }
            90..93 => {
                let funcs: Vec<usize> = (0..self.shape.funcs.len())
                    .filter(|&f| self.shape.types[self.shape.funcs[f] as usize].1 == [ty])
                    .collect();
                match funcs.is_empty() {
                    true => self.leaf(ty),
                    false => {
                        let func = *self.rng.pick(&funcs);
                        self.call(func);
                    }
                }
            }
            _ => {
                self.expr(ty);
                if let Some(local) = self.some_local(ty) {
                    self.emit([I::LocalTee(local)]);
                }
            }
        }
        self.depth -= 1;
    }

    fn leaf(&mut self, ty: Ty) {
        match (self.rng.below(100), self.some_local(ty), self.some_global(ty)) {
            (0..70, Some(local), _) => self.emit([I::LocalGet(local)]),
            (70..76, _, Some(global)) => self.emit([I::GlobalGet(global)]),
            _ => self.constant(ty),
        }
    }

    fn constant(&mut self, ty: Ty) {
        let edges: &[i64] = &[
            0,
            1,
            -1,
            2,
            0x7fff,
            0x8000,
            -0x8000,
            -0x8001,
            0xffff,
            0x7fff_ffff,
            -0x8000_0000,
            0x8000_0000,
            0xffff_ffff,
            0x1_0000_0000,
            i64::MAX,
            i64::MIN,
        ];
        let bits = if self.rng.chance(60) { *self.rng.pick(edges) } else { self.rng.interesting() as i64 };
        let floats: &[f64] = &[
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            3.25,
            1e10,
            -1e30,
            1e-40,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            2_147_483_648.0,
            -9.3e18,
        ];
        let float = *self.rng.pick(floats);
        let more = self.rng.interesting();
        self.emit([match ty {
            Ty::I32 => I::I32Const(bits as i32),
            Ty::I64 => I::I64Const(bits),
            Ty::F32 => I::F32Const(Ieee32::from(float as f32)),
            Ty::F64 => I::F64Const(Ieee64::from(float)),
            Ty::V128 => I::V128Const(i128::from(bits) << 64 | i128::from(more)),
        }]);
    }

    fn operator(&mut self, ty: Ty) {
        let specs = &self.shape.specs;
        let fitting: Vec<usize> = (0..specs.len()).filter(|&spec| specs[spec].result == ty).collect();
        let spec = *self.rng.pick(&fitting);
        let spec = &self.shape.specs[spec];
        let (op, operands, care) = (spec.op.clone(), spec.operands.clone(), spec.care);
        for (i, &operand) in operands.iter().enumerate() {
            if i > 0 {
                self.maybe_statement(8);
                if self.rng.chance(25) {
                    self.constant(operand);
                    continue;
                }
            }
            self.expr(operand);
        }
        match care {
            Care::Divisor if self.rng.chance(98) => {
                self.emit(match ty {
                    Ty::I32 => [I::I32Const(1), I::I32Or],
                    _ => [I::I64Const(1), I::I64Or],
                });
            }
            Care::BitsOfLast => self.canonical(operands[operands.len() - 1]),
            _ => {}
        }
        self.emit([op]);
        match care {
            Care::NanF32x4 => self.canonical_lanes(I::F32x4Eq, 0x7fc0_0000_7fc0_0000_7fc0_0000_7fc0_0000),
            Care::NanF64x2 => self.canonical_lanes(I::F64x2Eq, 0x7ff8_0000_0000_0000_7ff8_0000_0000_0000),
            _ => {}
        }
    }

    fn load(&mut self, ty: Ty) {
        if ty == Ty::V128 && self.rng.chance(15) {
            let memarg = self.address(0);
            self.expr(Ty::V128);
            let memarg = MemArg { align: 0, ..memarg };
            let (lane, size) = (self.rng.below(2) as u8, self.rng.below(4));
            return self.emit([match size {
                0 => I::V128Load8Lane { memarg, lane },
                1 => I::V128Load16Lane { memarg, lane },
                2 => I::V128Load32Lane { memarg, lane },
                _ => I::V128Load64Lane { memarg, lane },
            }]);
        }
        let access = self.some_access(LOADS, Some(ty)).expect("all types can be loaded");
        let memarg = self.address(access.log2);
        self.emit([(access.make)(memarg)]);
    }

    /// Pushes an `i32` as conditions usually look.
    fn condition(&mut self) {
        let compares = ["I32", "I64", "F32", "F64"];
        let is_compare = |op: &I<'_>| {
            let name = format!("{op:?}");
            compares.iter().any(|ty| name.starts_with(ty)) && !name.contains('x')
        };
        match self.rng.below(100) {
            0..60 if !self.spent() => {
                let specs = &self.shape.specs;
                let fitting: Vec<usize> = (0..specs.len())
                    .filter(|&s| specs[s].result == Ty::I32 && specs[s].operands.len() == 2)
                    .filter(|&s| specs[s].care == Care::Nothing && is_compare(&specs[s].op))
                    .collect();
                let spec = *self.rng.pick(&fitting);
                let spec = &self.shape.specs[spec];
                let (op, operands) = (spec.op.clone(), spec.operands.clone());
                self.expr(operands[0]);
                if self.rng.chance(40) {
                    self.constant(operands[1])
                } else {
                    self.expr(operands[1])
                }
                self.emit([op]);
                while self.rng.chance(25) {
                    self.emit([I::I32Eqz]);
                }
            }
            60..75 => {
                self.leaf(Ty::I32);
                self.emit([I::I32Eqz]);
            }
            _ => self.expr(Ty::I32),
        }
    }

    /// Replaces a NaN on top of the stack by the canonical one.
    fn canonical(&mut self, ty: Ty) {
        let (nan, eq) = match ty {
            Ty::F32 => (I::F32Const(Ieee32::from(f32::NAN)), I::F32Eq),
            Ty::F64 => (I::F64Const(Ieee64::from(f64::NAN)), I::F64Eq),
            _ => return,
        };
        let value = self.fresh(ty);
        self.emit([I::LocalTee(value), nan, I::LocalGet(value), I::LocalGet(value), eq, I::Select]);
    }

    fn canonical_lanes(&mut self, eq: I<'static>, nans: i128) {
        let value = self.fresh(Ty::V128);
        self.emit([I::LocalTee(value), I::V128Const(nans), I::LocalGet(value), I::LocalGet(value), eq]);
        self.emit([I::V128Bitselect]);
    }
}
