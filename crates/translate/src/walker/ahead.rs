//! A look at the next operators: what becomes of the result of the one that is being walked.
//!
//! Only bytes are looked at: what cannot be told from a few of them is left untold.

use super::Walker;
use crate::backend::{Backend, Next};

/// What an operator does with the operand on top, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Use {
    /// Nothing that anybody wants to know.
    Untold,
    /// Arithmetic, logic, shifts and rotations of integers, but no divisions, which need registers of their own
    Compute,
    /// `i32.add`, which computes, too.
    Add,
    /// `if`, `br_if`, `select`
    Test,
    /// `i32.eqz`, `i64.eqz`: what counts is the next one.
    IsZero,
    /// `local.set`, `local.tee`
    Set,
    /// `local.get`
    Get,
    /// `i32.const`, `i64.const`
    Const,
}

static USES: [Use; 256] = uses();

const fn uses() -> [Use; 256] {
    let mut uses = [Use::Untold; 256];
    let mut byte = 0;
    while byte < uses.len() {
        uses[byte] = match byte {
            0x04 | 0x0d | 0x1b => Use::Test,
            0x45 | 0x50 => Use::IsZero,
            0x21 | 0x22 => Use::Set,
            0x20 => Use::Get,
            0x41 | 0x42 => Use::Const,
            0x6a => Use::Add,
            0x6b..=0x6c | 0x71..=0x78 | 0x7c..=0x7e | 0x83..=0x8a => Use::Compute,
            _ => Use::Untold,
        };
        byte += 1;
    }
    uses
}

#[inline(always)]
fn use_of(byte: u8) -> Use {
    USES[usize::from(byte)]
}

impl<B: Backend> Walker<'_, '_, B> {
    /// Tells the backend what the operators behind the current one do with its result, once its operands are popped.
    #[inline(always)]
    pub(super) fn announce(&mut self, behind: &[u8]) {
        // Where NaNs are made canonical, something comes between.
        if self.backend.wants_survey()
            && !self.options.canonical_nans
            && let Some(&first) = behind.first()
            && use_of(first) > Use::Compute
            && let Some(next) = self.next_use(behind)
        {
            self.backend.next(next);
        }
    }

    /// The same behind an operator that was read as a value.
    pub(super) fn announce_behind(&mut self) {
        self.announce(self.behind);
    }

    #[inline(never)]
    fn next_use(&self, code: &[u8]) -> Option<Next> {
        let word = u64::from_le_bytes(*code.first_chunk()?);
        let byte = |at: u32| (word >> (8 * at)) as u8;
        match use_of(byte(0)) {
            Use::Untold | Use::Compute => None,
            Use::Add => Some(Next::Add),
            Use::Test => Some(Next::Test),
            Use::IsZero => (use_of(byte(1)) == Use::Test).then_some(Next::Test),
            Use::Set => {
                let (local, _) = small_index(&code[1..])?;
                self.stack.unaliased(local).map(Next::Local)
            }
            // Mostly what is read next has one byte, and something else takes both.
            Use::Get | Use::Const if byte(1) < 0x80 && !computes(byte(2)) => None,
            Use::Get | Use::Const => self.stack.unaliased(local_of_result(code)?).map(Next::Local),
        }
    }
}

fn computes(byte: u8) -> bool {
    matches!(use_of(byte), Use::Compute | Use::Add)
}

/// The local that the operand on top is for, or what few operators make of it that read nothing else but constants and other locals.
fn local_of_result(mut code: &[u8]) -> Option<u32> {
    /// How many operators are looked at.
    const MOST: usize = 2;
    /// No local has this number.
    const NONE: u32 = u32::MAX;
    let mut read = [NONE; MOST];
    for at in 0..=MOST {
        let (&first, rest) = code.split_first()?;
        let rest = match use_of(first) {
            Use::Set => {
                let (local, _) = small_index(rest)?;
                return (!read.contains(&local)).then_some(local);
            }
            Use::Get if at < MOST => {
                let (local, rest) = small_index(rest)?;
                read[at] = local;
                rest
            }
            Use::Const if at < MOST => {
                let more = rest.iter().take_while(|&&byte| byte >= 0x80).count();
                rest.get(more + 1..)?
            }
            _ => return None,
        };
        let (&operator, rest) = rest.split_first()?;
        if !computes(operator) {
            return None;
        }
        code = rest;
    }
    None
}

/// An index of at most two bytes, and what is behind it.
fn small_index(code: &[u8]) -> Option<(u32, &[u8])> {
    match *code {
        [low @ ..0x80, ref rest @ ..] => Some((low.into(), rest)),
        [low, high @ ..0x80, ref rest @ ..] => Some((u32::from(low & 0x7f) | u32::from(high) << 7, rest)),
        _ => None,
    }
}
