//! Branch hints: which way a module's producer expects conditional branches to go (branch hinting proposal).
//!
//! ```text
//! custom section `metadata.code.branch_hint` ─ first question ─▶ BranchHints: per function, by the offset of the `if` or `br_if`
//! ```
//!
//! Hints affect the speed of code, never its results, so nothing about them is an error: a section that is malformed,
//! follows the code section or occurs twice counts as absent, as the proposal says. A hint that is not at a branch is simply
//! never looked up.

use std::ops::Range;

use upshift_core::index::FuncIndex;
use wasmparser::{BinaryReader, BranchHintSectionReader};

use crate::module::ModuleInfo;

const SECTION: &[u8] = b"metadata.code.branch_hint";

/// What is expected of one conditional branch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BranchHint {
    /// Offset of the operator in the module.
    pub offset: u32,
    /// Whether the condition is expected to hold.
    pub likely: bool,
}

/// The hints of a module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BranchHints {
    /// Functions that have hints, in ascending order, each with its part of `hints`.
    funcs: Vec<(FuncIndex, Range<u32>)>,
    /// Within a function in ascending order.
    hints: Vec<BranchHint>,
}

impl BranchHints {
    /// Reads the hints of a module.
    pub(crate) fn read(module: &ModuleInfo) -> BranchHints {
        let mut sections = module.customs.iter().filter(|(name, _)| module.slice(name) == SECTION);
        let (Some((_, contents)), None) = (sections.next(), sections.next()) else {
            return BranchHints::default();
        };
        if module.bodies.first().is_some_and(|body| body.start < contents.start) {
            return BranchHints::default();
        }
        BranchHints::parse(module, contents).unwrap_or_default()
    }

    /// The hints of a section, unless it is malformed.
    fn parse(module: &ModuleInfo, contents: &Range<u32>) -> Option<BranchHints> {
        let reader = BinaryReader::new(module.slice(contents), u64::from(contents.start));
        let mut found = BranchHints::default();
        for function in BranchHintSectionReader::new(reader).ok()? {
            let function = function.ok()?;
            let func = FuncIndex(function.func);
            if func.index() >= module.funcs.len() || found.funcs.last().is_some_and(|(last, _)| *last >= func)
            {
                return None;
            }
            let body = module.body(func)?;
            let start = found.hints.len();
            for hint in function.hints {
                let hint = hint.ok()?;
                let offset = body.start.checked_add(hint.func_offset).filter(|&offset| offset < body.end)?;
                if found.hints[start..].last().is_some_and(|last| last.offset >= offset) {
                    return None;
                }
                found.hints.push(BranchHint { offset, likely: hint.taken });
            }
            found.funcs.push((func, start as u32..found.hints.len() as u32));
        }
        Some(found)
    }

    /// The functions that have hints, in ascending order, with what [`BranchHints::of`] returns for them.
    pub fn iter(&self) -> impl Iterator<Item = (FuncIndex, &[BranchHint])> {
        self.funcs.iter().map(|&(func, _)| (func, self.of(func)))
    }

    /// The hints of a function, by ascending offset.
    #[must_use]
    pub fn of(&self, func: FuncIndex) -> &[BranchHint] {
        match self.funcs.binary_search_by_key(&func, |(func, _)| *func) {
            Ok(found) => {
                let Range { start, end } = self.funcs[found].1;
                &self.hints[start as usize..end as usize]
            }
            Err(_) => &[],
        }
    }

    /// What is expected of the branch at an offset of the module.
    #[must_use]
    pub fn at(&self, func: FuncIndex, offset: u32) -> Option<bool> {
        let hints = self.of(func);
        let found = hints.binary_search_by_key(&offset, |hint| hint.offset).ok()?;
        Some(hints[found].likely)
    }

    /// How many hints there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hints.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hints.is_empty()
    }
}
