//! The end of building: what is not needed goes, what is left is written where it belongs.
//!
//! ```text
//! reached blocks ─▶ edges that count ─▶ trivial parameters ─▶ live parameters ─▶ arguments of targets
//! ```
//!
//! A parameter is trivial when all its arguments are one value, or itself. What it stands for may make others trivial: those that have it
//! as an argument are looked at again. As the graph is reducible, what is left is what has to be there.

use super::Builder;
use super::error::BuildError;
use super::labels::{LabelState, Param};
use crate::ssa::dom::Dominators;
use crate::ssa::{Block, Func, Terminator, Value};

impl Builder<'_> {
    pub(super) fn finish(mut self) -> Result<Func, BuildError> {
        if self.refused {
            let too_many_values = self.has_too_many_values();
            return Err(if too_many_values { BuildError::TooManyValues } else { BuildError::TooManyEdges });
        }
        if self.func.block(self.func.entry).term == Terminator::None {
            return Err(BuildError::NoSuchLoop);
        }
        self.note_steps();
        let reached = reached(&self.func);
        lay_out(&mut self.func, &reached);
        let mut params = Params::new(&self.labels, &self.args, &reached, self.func.values.len());
        params.remove_trivial();
        params.find_live(&self.func);
        params.write(&mut self.func);
        let Params { mut replaced, .. } = params;
        self.func.replace_uses(&mut replaced);
        Ok(self.func)
    }
}

/// Which blocks control comes to.
fn reached(func: &Func) -> Vec<bool> {
    let mut reached = vec![false; func.blocks.len()];
    let mut waiting = vec![func.entry];
    reached[func.entry.index()] = true;
    while let Some(block) = waiting.pop() {
        func.block(block).term.for_each_successor(|next| {
            if !std::mem::replace(&mut reached[next.index()], true) {
                waiting.push(next);
            }
        });
    }
    reached
}

/// Leaves out what is not reached, and puts landings behind what throws, and each block behind those that it is reached by
/// only. In a whole function the order of the program is that already.
fn lay_out(func: &mut Func, reached: &[bool]) {
    let mut layout = Vec::with_capacity(func.layout.len());
    for &block in func.layout.iter().filter(|block| reached[block.index()]) {
        layout.push(block);
        layout.extend(func.block(block).term.landings().iter().map(|landing| landing.block));
    }
    func.layout = layout;
    if func.osr.is_none() {
        return;
    }
    let dominators = Dominators::new(func);
    let mut placed = vec![false; func.blocks.len()];
    let mut waiting: Vec<Vec<Block>> = vec![Vec::new(); func.blocks.len()];
    let mut next = Vec::new();
    for block in std::mem::take(&mut func.layout) {
        match dominators.immediate(block).filter(|before| !placed[before.index()]) {
            Some(before) => waiting[before.index()].push(block),
            None => next.push(block),
        }
        while let Some(block) = next.pop() {
            placed[block.index()] = true;
            func.layout.push(block);
            next.extend(waiting[block.index()].drain(..).rev());
        }
    }
}

/// An edge that gives its block something.
#[derive(Clone, Copy, Debug)]
struct Source {
    block: Block,
    target: u32,
    /// Its number among the edges of its label.
    number: u32,
}

/// The parameters of a block.
#[derive(Debug)]
struct Group<'a> {
    block: Block,
    params: &'a [Param],
    /// Where its edges begin and end.
    sources: (usize, usize),
}

/// All parameters.
struct Params<'a> {
    args: &'a [Value],
    groups: Vec<Group<'a>>,
    sources: Vec<Source>,
    /// What each value is replaced by, itself if it stays.
    replaced: Vec<Value>,
    /// The group and the number in it of each value that is a parameter.
    places: Vec<Option<(u32, u32)>>,
    live: Vec<bool>,
}

impl<'a> Params<'a> {
    fn new(labels: &'a [LabelState], args: &'a [Value], reached: &[bool], values: usize) -> Params<'a> {
        let (mut groups, mut sources, mut places) = (Vec::new(), Vec::new(), vec![None; values]);
        for label in labels {
            let Some(block) = label.block.filter(|block| reached[block.index()]) else { continue };
            if label.params.is_empty() {
                continue;
            }
            let first = sources.len();
            for (number, edge) in label.edges.iter().enumerate() {
                if reached[edge.block.index()] {
                    sources.push(Source { block: edge.block, target: edge.target, number: number as u32 });
                }
            }
            for (number, param) in label.params.iter().enumerate() {
                places[param.value.index()] = Some((groups.len() as u32, number as u32));
            }
            groups.push(Group { block, params: &label.params, sources: (first, sources.len()) });
        }
        let replaced = (0..values as u32).map(Value).collect();
        Params { args, groups, sources, replaced, places, live: Vec::new() }
    }

    /// The arguments of a parameter, as they are now.
    fn args_of(&self, group: usize, number: usize) -> impl Iterator<Item = Value> {
        let Group { params, sources: (first, end), .. } = self.groups[group];
        let start = params[number].args;
        self.sources[first..end].iter().map(move |source| {
            let mut arg = self.args[start as usize + source.number as usize];
            while self.replaced[arg.index()] != arg {
                arg = self.replaced[arg.index()];
            }
            arg
        })
    }

    /// The one value that a parameter stands for.
    fn stands_for(&self, group: usize, number: usize) -> Option<Value> {
        let own = self.groups[group].params[number].value;
        let mut only = None;
        for arg in self.args_of(group, number).filter(|&arg| arg != own) {
            match only {
                None => only = Some(arg),
                Some(known) if known == arg => {}
                Some(_) => return None,
            }
        }
        only
    }

    fn remove_trivial(&mut self) {
        // Who has a parameter as an argument changes when others are replaced by it. What is left after many rounds is only
        // redundant.
        const ROUNDS: usize = 16;
        for _ in 0..ROUNDS {
            let users = self.users();
            let mut changed = false;
            for group in 0..self.groups.len() {
                for number in 0..self.groups[group].params.len() {
                    changed |= self.replace_from(group, number, &users);
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// Replaces a parameter if it is trivial, and those that become trivial by that. Returns whether there was one.
    fn replace_from(&mut self, group: usize, number: usize, users: &Users) -> bool {
        let mut waiting = vec![self.groups[group].params[number].value];
        let mut changed = false;
        while let Some(param) = waiting.pop() {
            let Some((group, number)) = self.places[param.index()] else { continue };
            if self.replaced[param.index()] != param {
                continue;
            }
            if let Some(value) = self.stands_for(group as usize, number as usize) {
                changed = true;
                self.replaced[param.index()] = value;
                waiting.extend(users.of(param));
                waiting.push(value);
            }
        }
        changed
    }

    /// Which parameters have which as arguments.
    fn users(&self) -> Users {
        let mut starts = vec![0u32; self.replaced.len() + 1];
        let mut pairs = Vec::new();
        for (at, group) in self.groups.iter().enumerate() {
            for (number, param) in group.params.iter().enumerate() {
                if self.replaced[param.value.index()] != param.value {
                    continue;
                }
                for arg in self.args_of(at, number) {
                    if arg != param.value && self.places[arg.index()].is_some() {
                        pairs.push((arg, param.value));
                        starts[arg.index() + 1] += 1;
                    }
                }
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut users = vec![Value(0); pairs.len()];
        for (arg, user) in pairs {
            let place = &mut next[arg.index()];
            users[*place as usize] = user;
            *place += 1;
        }
        Users { starts, users }
    }

    /// Finds the parameters that an instruction needs in the end.
    fn find_live(&mut self, func: &Func) {
        let mut live = vec![false; self.replaced.len()];
        let mut waiting = Vec::new();
        for &block in &func.layout {
            // Arguments of targets are not written yet.
            func.for_each_use(block, |value| {
                let mut value = value;
                while self.replaced[value.index()] != value {
                    value = self.replaced[value.index()];
                }
                if self.places[value.index()].is_some() && !std::mem::replace(&mut live[value.index()], true)
                {
                    waiting.push(value);
                }
            });
        }
        while let Some(param) = waiting.pop() {
            let Some((group, number)) = self.places[param.index()] else { continue };
            for arg in self.args_of(group as usize, number as usize) {
                if self.places[arg.index()].is_some() && !std::mem::replace(&mut live[arg.index()], true) {
                    waiting.push(arg);
                }
            }
        }
        self.live = live;
    }

    /// Writes the live parameters to their blocks, and what they are given to the targets.
    fn write(&self, func: &mut Func) {
        let mut list = Vec::new();
        for group in &self.groups {
            let is_kept = |param: &&Param| {
                let at = param.value.index();
                self.live[at] && self.replaced[at] == param.value
            };
            let kept: Vec<&Param> = group.params.iter().filter(is_kept).collect();
            for (number, param) in kept.iter().enumerate() {
                func.value_mut(param.value).op = crate::ssa::Op::Param(number as u32);
            }
            func.block_mut(group.block).params = kept.iter().map(|param| param.value).collect();
            for source in &self.sources[group.sources.0..group.sources.1] {
                list.clear();
                let args = kept.iter().map(|param| self.args[(param.args + source.number) as usize]);
                list.extend(args);
                let args = func.make_list(&list);
                if let Some(target) = func.block_mut(source.block).term.target_mut(source.target) {
                    target.args = args;
                }
            }
        }
    }
}

struct Users {
    starts: Vec<u32>,
    users: Vec<Value>,
}

impl Users {
    fn of(&self, value: Value) -> &[Value] {
        &self.users[self.starts[value.index()] as usize..self.starts[value.index() + 1] as usize]
    }
}
