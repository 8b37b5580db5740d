//! The same body in another form: branches become exceptions, which handlers in the place of the labels catch.
//!
//! ```text
//! block … br 0 … end   ─▶   block (try_table (catch $tag 0) … throw $tag … end) end
//! ```
//!
//! Each label has a tag of its own, so what is thrown passes all handlers in between. Some exceptions are thrown by a
//! function that is called for it, some are caught with a reference that is dropped. wasmi knows no exceptions; it runs the
//! form with branches, and both have to do the same.
//!
//! A second module imports the tags of the first one, each twice: what is thrown by one name may be caught by the other.

use wasm_encoder::{BlockType, Catch, CodeSection, EntityType, ExportKind, Function, Instruction as I};
use wasm_encoder::{TagKind, TagSection, TagType};

use super::ops::Ty;
use super::{Sections, Shape};
use crate::rng::Rng;

/// The exceptions of a module.
pub(super) struct Throws {
    rng: Rng,
    /// What each tag carries; the imported ones come first.
    tags: Vec<Vec<Ty>>,
    /// Which tags are imported by this name and by that of the next number, and are no label's yet.
    pairs: Vec<u32>,
    imported: u32,
}

/// What is between a start and an `end` of the first form.
struct Open {
    /// How many blocks of the second form are around its label.
    level: u32,
    /// What stands for the `end`.
    ends: Vec<I<'static>>,
    tag: Option<Names>,
}

/// The numbers of a tag: two if it is imported.
#[derive(Clone, Copy)]
struct Names {
    first: u32,
    count: u32,
}

impl Names {
    fn any(self, rng: &mut Rng) -> u32 {
        self.first + rng.below(self.count as usize) as u32
    }
}

impl Throws {
    /// For a module that imports the given tags, if it imports anything.
    pub(super) fn new(seed: u64, imported: &[Vec<Ty>]) -> Throws {
        let tags: Vec<Vec<Ty>> = imported.iter().flat_map(|types| [types.clone(), types.clone()]).collect();
        let imported = tags.len() as u32;
        Throws { rng: Rng::new(seed), tags, pairs: (0..imported).step_by(2).collect(), imported }
    }

    /// An imported tag that carries these types and is no label's.
    fn pair(&self, types: &[Ty]) -> Option<usize> {
        self.pairs.iter().position(|&first| self.tags[first as usize] == types)
    }

    /// The second form of a function's body.
    pub(super) fn rewrite(
        &mut self,
        shape: &mut Shape,
        results: &[Ty],
        code: Vec<I<'static>>,
    ) -> Vec<I<'static>> {
        let mut out = Vec::new();
        // The function's own block, then what it is opened with.
        let whole = shape.block_type(&[], results);
        let mut level = 1;
        let mut open = vec![self.open(0, whole, results.to_vec(), true, &mut level, shape, &mut out)];
        for instruction in code {
            let at = |open: &[Open], depth: u32| open.len() - 1 - depth as usize;
            let depth = |open: &[Open], target: usize, level: u32| level - 1 - open[target].level;
            match instruction {
                I::Block(ty) | I::Loop(ty) => {
                    let is_loop = matches!(instruction, I::Loop(_));
                    let (params, results) = shape.signature(ty);
                    let label = level;
                    level += 1;
                    out.push(instruction);
                    let types = if is_loop { params } else { results };
                    open.push(self.open(label, ty, types, !is_loop, &mut level, shape, &mut out));
                }
                I::If(_) => {
                    open.push(Open { level, ends: vec![I::End], tag: None });
                    level += 1;
                    out.push(instruction);
                }
                I::End => {
                    let block = open.pop().expect("the body is well formed");
                    level = block.level;
                    out.extend(block.ends);
                }
                I::Br(to) => {
                    let target = at(&open, to);
                    self.leave(&open[target], shape, I::Br(depth(&open, target, level)), &mut out);
                }
                I::Return => self.leave(&open[0], shape, I::Return, &mut out),
                I::BrIf(to) => out.push(I::BrIf(depth(&open, at(&open, to), level))),
                I::BrTable(targets, default) => {
                    let targets: Vec<u32> =
                        targets.iter().map(|&to| depth(&open, at(&open, to), level)).collect();
                    out.push(I::BrTable(targets.into(), depth(&open, at(&open, default), level)));
                }
                other => out.push(other),
            }
        }
        out
    }

    /// Puts a handler around what follows, perhaps; `types` is what the label carries.
    #[expect(clippy::too_many_arguments, reason = "the state of one loop")]
    fn open(
        &mut self,
        label: u32,
        ty: BlockType,
        types: Vec<Ty>,
        forward: bool,
        level: &mut u32,
        shape: &mut Shape,
        out: &mut Vec<I<'static>>,
    ) -> Open {
        if self.rng.chance(30) {
            return Open { level: label, ends: vec![I::End], tag: None };
        }
        let pair = self.pair(&types).filter(|_| self.rng.chance(80));
        let names = pair.map(|at| Names { first: self.pairs.remove(at), count: 2 });
        let names = names.unwrap_or_else(|| {
            self.tags.push(types.clone());
            Names { first: self.tags.len() as u32 - 1, count: 1 }
        });
        let tag = names.any(&mut self.rng);
        let (params, results) = shape.signature(ty);
        // The type of a block with a reference behind its results has to be a function type of its own.
        if forward && params.is_empty() && results.is_empty() && self.rng.chance(50) {
            out.push(I::Block(BlockType::Result(wasm_encoder::ValType::EXNREF)));
            out.push(I::TryTable(ty, vec![Catch::OneRef { tag, label: 0 }].into()));
            *level += 2;
            return Open {
                level: label,
                ends: vec![I::End, I::Br(1), I::End, I::Drop, I::End],
                tag: Some(names),
            };
        }
        let mut catches = vec![Catch::One { tag, label: 0 }];
        if self.rng.chance(20) {
            // The first clause that fits counts.
            catches.push(Catch::One { tag, label: 0 });
        }
        if let Some(at) = self.pair(&types).filter(|_| self.rng.chance(30)) {
            // Nobody throws this one here.
            catches.insert(0, Catch::One { tag: self.pairs[at], label: 0 });
        }
        out.push(I::TryTable(ty, catches.into()));
        *level += 1;
        Open { level: label, ends: vec![I::End, I::End], tag: Some(names) }
    }

    /// A branch, or an exception that leads to the same place.
    fn leave(&mut self, target: &Open, shape: &Shape, branch: I<'static>, out: &mut Vec<I<'static>>) {
        match target.tag {
            Some(names) if self.rng.chance(40) => out.push(I::Throw(names.any(&mut self.rng))),
            Some(names) if self.rng.chance(80) => {
                let tag = names.any(&mut self.rng);
                out.extend([I::Call(shape.funcs.len() as u32 + tag), I::Unreachable]);
            }
            _ => out.push(branch),
        }
    }

    /// Adds the tags, and for each a function that throws it, behind all other functions.
    pub(super) fn finish(
        &self,
        shape: &mut Shape,
        sections: &mut Sections,
        code: &mut CodeSection,
    ) -> TagSection {
        let mut section = TagSection::new();
        for (tag, types) in (0..).zip(&self.tags) {
            let func_type_idx = shape.type_index(types, &[]);
            let ty = TagType { kind: TagKind::Exception, func_type_idx };
            if tag < self.imported {
                sections.imports.import("first", &format!("e{}", tag / 2), EntityType::Tag(ty));
            } else {
                section.tag(ty);
            }
            if shape.imported == 0 {
                sections.exports.export(&format!("e{tag}"), ExportKind::Tag, tag);
            }
            sections.funcs.function(func_type_idx);
            let mut body = Function::new([]);
            for param in 0..types.len() as u32 {
                body.instruction(&I::LocalGet(param));
            }
            code.function(body.instruction(&I::Throw(tag)).instruction(&I::End));
        }
        section
    }

    /// What the tags carry.
    pub(super) fn tags(self) -> Vec<Vec<Ty>> {
        self.tags
    }
}
