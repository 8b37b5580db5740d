//! Bodies of functions: statements and expressions of a type, by chance, until a budget is used up.

use wasm_encoder::{Instruction as I, ValType};

use super::Shape;
use super::values::{act, i32, op};
use crate::program::{Body, Func, Label, Node, WHOLE};
use crate::rng::Rng;

/// What makes a body.
pub(super) struct Maker<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) shape: &'a Shape,
    pub(super) func: usize,
    pub(super) locals: Vec<ValType>,
    /// Locals that anything may change.
    pub(super) user: Vec<u32>,
    /// Locals that may be read: counters of loops.
    pub(super) counters: Vec<u32>,
    /// Labels that may be branched to, with what they carry: forward ones.
    pub(super) labels: Vec<(Label, Vec<ValType>)>,
    next_label: Label,
    /// How many more nodes may be made.
    pub(super) budget: i64,
    pub(super) depth: usize,
    /// How many turns the innermost loop may have, so that those around it do not multiply to too many.
    pub(super) turns: usize,
}

/// The body of function number `func`.
pub(super) fn function(rng: &mut Rng, shape: &Shape, func: usize) -> Func {
    let (params, results) = shape.signature(shape.funcs[func]);
    let budget = shape.budget as i64 / 2 + rng.below(shape.budget) as i64;
    let mut maker = Maker {
        rng,
        shape,
        func,
        user: (0..params.len() as u32).collect(),
        locals: params.clone(),
        counters: Vec::new(),
        labels: vec![(WHOLE, results.clone())],
        next_label: 1,
        budget,
        depth: 0,
        turns: 300,
    };
    for _ in 0..shape.locals {
        let ty = *maker.rng.pick(&shape.palette);
        let local = maker.fresh(ty);
        maker.user.push(local);
    }
    let mut statements = maker.take_fuel(&results);
    while maker.budget > 0 {
        statements.push(maker.statement());
    }
    maker.budget = 10;
    if maker.rng.chance(70) {
        statements.extend(maker.mix_locals());
    }
    let values = maker.tail(&results);
    Func {
        ty: shape.funcs[func],
        locals: maker.locals.split_off(params.len()),
        body: Body { statements, values, ..Body::default() },
    }
}

impl Maker<'_> {
    /// A local that nobody else changes.
    pub(super) fn fresh(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        self.locals.len() as u32 - 1
    }

    pub(super) fn label(&mut self) -> Label {
        self.next_label += 1;
        self.next_label - 1
    }

    /// Without fuel the function returns something at once: a trap would end the whole call.
    fn take_fuel(&mut self, results: &[ValType]) -> Vec<Node> {
        let fuel = || op(I::GlobalGet(0), Vec::new(), ValType::I32);
        let values = results.iter().map(|&ty| self.constant(ty)).collect();
        let out = self.when(op(I::I32Eqz, vec![fuel()], ValType::I32), act(I::Return, values));
        vec![out, act(I::GlobalSet(0), vec![op(I::I32Sub, vec![fuel(), i32(1)], ValType::I32)])]
    }

    pub(super) fn spent(&self) -> bool {
        self.budget <= 0 || self.depth > 7
    }

    pub(super) fn some_type(&mut self) -> ValType {
        *self.rng.pick(&self.shape.palette)
    }

    pub(super) fn some_types(&mut self, most: usize) -> Vec<ValType> {
        (0..self.rng.below(most + 1)).map(|_| self.some_type()).collect()
    }

    /// A function, with its number in the module and its type: one of the host, one of the first module, or a later one.
    pub(super) fn some_callee(&mut self) -> (u32, u32) {
        let hosts = self.shape.host.len();
        // The first module does not know the second one.
        let known = if self.func < self.shape.first { self.shape.first } else { self.shape.funcs.len() };
        if self.rng.chance(20) {
            let host = self.rng.below(hosts);
            return (host as u32, self.shape.host[host]);
        }
        let func = self.rng.below(known);
        ((hosts + func) as u32, self.shape.funcs[func])
    }
}
