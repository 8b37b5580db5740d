//! The code of one function while it is written: instructions, locals, labels, and what of it the module fills in at the end.
//!
//! Functions and globals are numbered last, when it is known which imports there are; until then a [`Symbol`] stands for each use,
//! and the bytes have nothing in its place.

use wasm_encoder::{BlockType, Encode, HeapType, InstructionSink, ValType};

use crate::emit::runtime::Runtime;

/// What an instruction refers to by an index that is not known yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Symbol {
    /// A function of the runtime.
    Runtime(Runtime),
    /// A function imported from another cell, counted among these.
    ImportedFunction(u32),
    /// A function of this module, counted among these.
    Function(u32),
    /// The global with the number of the instance.
    Instance,
    /// The runtime's global for marks.
    Mark,
    /// A global imported from another cell, counted among these.
    ImportedGlobal(u32),
    /// A global of this module, counted among these.
    Global(u32),
}

/// Where a branch goes: how many blocks were open around the block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label(u32);

/// The code of a function.
#[derive(Default)]
pub(crate) struct Code {
    /// Instructions without the indices of symbols.
    pub bytes: Vec<u8>,
    /// Where a symbol's index belongs.
    pub symbols: Vec<(u32, Symbol)>,
    /// From which byte on the code is for which position in the source.
    pub positions: Vec<(u32, u32)>,
    params: u32,
    locals: Vec<ValType>,
    free: Vec<(ValType, u32)>,
    depth: u32,
    /// The last [`Self::set`]: which local, where its instruction begins, and where it ends.
    last_set: (u32, usize, usize),
}

impl Code {
    /// Code of a function with that many parameters.
    pub(crate) fn new(params: u32) -> Self {
        Self { params, ..Self::default() }
    }

    /// Appends instructions.
    pub(crate) fn i(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// How many locals there are, parameters among them.
    pub(crate) fn local_count(&self) -> usize {
        self.params as usize + self.locals.len()
    }

    /// A new local.
    pub(crate) fn local(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        self.params + self.locals.len() as u32 - 1
    }

    /// A local for a while; its value is anything.
    pub(crate) fn temp(&mut self, ty: ValType) -> u32 {
        match self.free.iter().rposition(|free| free.0 == ty) {
            Some(place) => self.free.swap_remove(place).1,
            None => self.local(ty),
        }
    }

    /// Gives a local of [`Self::temp`] back.
    pub(crate) fn release(&mut self, local: u32) {
        if let Some(&ty) = local.checked_sub(self.params).and_then(|index| self.locals.get(index as usize)) {
            self.free.push((ty, local));
        }
    }

    /// Says that what follows is for byte `position` of the source.
    pub(crate) fn mark(&mut self, position: u32) {
        let at = self.bytes.len() as u32;
        match self.positions.last_mut() {
            Some(last) if last.1 == position => {}
            Some(last) if last.0 == at => last.1 = position,
            _ => self.positions.push((at, position)),
        }
    }

    fn symbol(&mut self, opcode: u8, symbol: Symbol) {
        self.bytes.push(opcode);
        self.symbols.push((self.bytes.len() as u32, symbol));
    }

    pub(crate) fn call(&mut self, symbol: Symbol) {
        self.symbol(0x10, symbol);
    }

    pub(crate) fn return_call(&mut self, symbol: Symbol) {
        self.symbol(0x12, symbol);
    }

    pub(crate) fn ref_func(&mut self, symbol: Symbol) {
        self.symbol(0xd2, symbol);
    }

    pub(crate) fn global_get(&mut self, symbol: Symbol) {
        self.symbol(0x23, symbol);
    }

    pub(crate) fn global_set(&mut self, symbol: Symbol) {
        self.symbol(0x24, symbol);
    }

    /// Puts a local onto the stack. Directly behind a [`Self::set`] of it, the two become one instruction.
    pub(crate) fn get(&mut self, local: u32) -> &mut Self {
        let (set, from, to) = self.last_set;
        if set == local && to == self.bytes.len() && to > 0 {
            self.bytes[from] = 0x22;
            self.last_set = (0, 0, 0);
        } else {
            self.i().local_get(local);
        }
        self
    }

    pub(crate) fn set(&mut self, local: u32) -> &mut Self {
        let from = self.bytes.len();
        self.i().local_set(local);
        self.last_set = (local, from, self.bytes.len());
        self
    }

    /// Opens a block, to whose end branches go.
    pub(crate) fn block(&mut self, ty: BlockType) -> Label {
        self.i().block(ty);
        self.open()
    }

    /// Opens a loop, to whose beginning branches go.
    pub(crate) fn repeat(&mut self) -> Label {
        self.i().loop_(BlockType::Empty);
        self.open()
    }

    /// Opens a branch that is taken if the number on the stack is not zero.
    pub(crate) fn if_(&mut self, ty: BlockType) -> Label {
        self.i().if_(ty);
        self.open()
    }

    fn open(&mut self) -> Label {
        self.depth += 1;
        Label(self.depth)
    }

    pub(crate) fn else_(&mut self) {
        self.i().else_();
    }

    /// Closes the innermost block.
    pub(crate) fn end(&mut self) {
        self.depth -= 1;
        self.i().end();
    }

    pub(crate) fn br(&mut self, label: Label) {
        let depth = self.depth - label.0;
        self.i().br(depth);
    }

    pub(crate) fn br_if(&mut self, label: Label) {
        let depth = self.depth - label.0;
        self.i().br_if(depth);
    }

    /// A branch by number: those outside of `labels` go to `default`.
    pub(crate) fn br_table(&mut self, labels: &[Label], default: Label) {
        let depth = self.depth;
        let labels: Vec<u32> = labels.iter().map(|label| depth - label.0).collect();
        self.i().br_table(labels, depth - default.0);
    }

    /// Casts a reference to the module's struct type `index`; null passes.
    pub(crate) fn cast(&mut self, index: u32) {
        self.i().ref_cast_nullable(HeapType::Concrete(index));
    }

    /// The locals as the module has them.
    pub(crate) fn encode_locals(&self, sink: &mut Vec<u8>) {
        let mut runs: Vec<(u32, ValType)> = Vec::new();
        for &ty in &self.locals {
            match runs.last_mut() {
                Some((count, last)) if *last == ty => *count += 1,
                _ => runs.push((1, ty)),
            }
        }
        runs.len().encode(sink);
        for (count, ty) in runs {
            count.encode(sink);
            ty.encode(sink);
        }
    }
}
