//! A look at the next operators: what becomes of the result of the one that is being walked.
//!
//! Only bytes are looked at: what cannot be told from a few of them is left untold.

use super::Walker;
use crate::backend::{Backend, Next};

impl<B: Backend> Walker<'_, '_, B> {
    /// Tells the backend what the next operator does with the result, once the operands are popped.
    #[inline]
    pub(super) fn announce(&mut self) {
        // Where NaNs are made canonical, something comes between.
        if self.backend.wants_survey() && !self.options.canonical_nans {
            let code = self.module.slice(&(self.offset..self.body_end));
            if let Some(next) = behind_operator(code).and_then(|rest| self.next_use(rest)) {
                self.backend.next(next);
            }
        }
    }

    fn next_use(&self, code: &[u8]) -> Option<Next> {
        match *code {
            // i32.add
            [0x6a, ..] => Some(Next::Add),
            // if, br_if, select; the same behind i32.eqz or i64.eqz
            [0x04 | 0x0d | 0x1b, ..] | [0x45 | 0x50, 0x04 | 0x0d | 0x1b, ..] => Some(Next::Test),
            _ => {
                let local = local_of_result(code)?;
                (!self.stack.has_alias(local)).then(|| Next::Local(self.stack.local(local).0))
            }
        }
    }
}

/// The local that the operand on top is for, or what few operators make of it that read nothing else but constants and other locals.
fn local_of_result(mut code: &[u8]) -> Option<u32> {
    /// How many operators are looked at.
    const MOST: usize = 2;
    let mut read = [None; MOST];
    for operand in &mut read {
        let (local, rest) = match *code {
            // local.set, local.tee
            [0x21 | 0x22, ref index @ ..] => {
                let (local, _) = small_index(index)?;
                return (!read.contains(&Some(local))).then_some(local);
            }
            // local.get
            [0x20, ref index @ ..] => {
                let (local, rest) = small_index(index)?;
                (Some(local), rest)
            }
            // i32.const, i64.const
            [0x41 | 0x42, ref number @ ..] => {
                let more = number.iter().take_while(|&&byte| byte >= 0x80).count();
                (None, number.get(more + 1..)?)
            }
            _ => return None,
        };
        *operand = local;
        code = match *rest {
            // Arithmetic, logic, shifts and rotations of integers, but no divisions, which need registers of their own
            [0x6a..=0x6c | 0x71..=0x78 | 0x7c..=0x7e | 0x83..=0x8a, ref rest @ ..] => rest,
            _ => return None,
        };
    }
    match *code {
        [0x21 | 0x22, ref index @ ..] => {
            let (local, _) = small_index(index)?;
            (!read.contains(&Some(local))).then_some(local)
        }
        _ => None,
    }
}

/// An index of at most two bytes, and what is behind it.
fn small_index(code: &[u8]) -> Option<(u32, &[u8])> {
    match *code {
        [low @ ..0x80, ref rest @ ..] => Some((low.into(), rest)),
        [low, high @ ..0x80, ref rest @ ..] => Some((u32::from(low & 0x7f) | u32::from(high) << 7, rest)),
        _ => None,
    }
}

/// What comes behind the first operator, if that is one of those without a prefix that compute or load.
fn behind_operator(code: &[u8]) -> Option<&[u8]> {
    match *code {
        // `select`; comparisons, arithmetic, conversions
        [0x1b | 0x45..=0xc4, ref rest @ ..] => Some(rest),
        // Loads from memory 0: the alignment, and an offset
        [0x28..=0x35, ..0x40, ref rest @ ..] => {
            let more = rest.iter().take_while(|&&byte| byte >= 0x80).count();
            rest.get(more + 1..)
        }
        _ => None,
    }
}
