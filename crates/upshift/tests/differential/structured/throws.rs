//! The same body in another form: branches become exceptions, which handlers in the place of the labels catch.
//!
//! ```text
//! block … br 0 … end   ─▶   block (try_table (catch $tag 0) … throw $tag … end) end
//! ```
//!
//! Each label has a tag of its own, so what is thrown passes all handlers in between. Some exceptions are thrown by a
//! function that is called for it, some are caught with a reference that is dropped. wasmi knows no exceptions; it runs the
//! form with branches, and both have to do the same.

use wasm_encoder::{BlockType, Catch, CodeSection, Function, FunctionSection, Instruction as I, TagKind};
use wasm_encoder::{TagSection, TagType};

use super::Shape;
use super::ops::Ty;
use crate::rng::Rng;

/// The exceptions of a module.
pub(super) struct Throws {
    rng: Rng,
    /// What each tag carries.
    tags: Vec<Vec<Ty>>,
}

/// What is between a start and an `end` of the first form.
struct Open {
    /// How many blocks of the second form are around its label.
    level: u32,
    /// What stands for the `end`.
    ends: Vec<I<'static>>,
    tag: Option<u32>,
}

impl Throws {
    pub(super) fn new(seed: u64) -> Throws {
        Throws { rng: Rng::new(seed), tags: Vec::new() }
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
        let tag = self.tags.len() as u32;
        self.tags.push(types);
        let (params, results) = shape.signature(ty);
        // The type of a block with a reference behind its results has to be a function type of its own.
        if forward && params.is_empty() && results.is_empty() && self.rng.chance(50) {
            out.push(I::Block(BlockType::Result(wasm_encoder::ValType::EXNREF)));
            out.push(I::TryTable(ty, vec![Catch::OneRef { tag, label: 0 }].into()));
            *level += 2;
            return Open {
                level: label,
                ends: vec![I::End, I::Br(1), I::End, I::Drop, I::End],
                tag: Some(tag),
            };
        }
        let mut catches = vec![Catch::One { tag, label: 0 }];
        if self.rng.chance(20) {
            // The first clause that fits counts.
            catches.push(Catch::One { tag, label: 0 });
        }
        out.push(I::TryTable(ty, catches.into()));
        *level += 1;
        Open { level: label, ends: vec![I::End, I::End], tag: Some(tag) }
    }

    /// A branch, or an exception that leads to the same place.
    fn leave(&mut self, target: &Open, shape: &Shape, branch: I<'static>, out: &mut Vec<I<'static>>) {
        match target.tag {
            Some(tag) if self.rng.chance(40) => out.push(I::Throw(tag)),
            Some(tag) if self.rng.chance(80) => {
                out.extend([I::Call(shape.funcs.len() as u32 + tag), I::Unreachable]);
            }
            _ => out.push(branch),
        }
    }

    /// Adds the tags, and for each a function that throws it, behind all other functions.
    pub(super) fn finish(
        &self,
        shape: &mut Shape,
        funcs: &mut FunctionSection,
        code: &mut CodeSection,
    ) -> TagSection {
        let mut section = TagSection::new();
        for (tag, types) in (0..).zip(&self.tags) {
            let func_type_idx = shape.type_index(types, &[]);
            section.tag(TagType { kind: TagKind::Exception, func_type_idx });
            funcs.function(func_type_idx);
            let mut body = Function::new([]);
            for param in 0..types.len() as u32 {
                body.instruction(&I::LocalGet(param));
            }
            code.function(body.instruction(&I::Throw(tag)).instruction(&I::End));
        }
        section
    }
}
