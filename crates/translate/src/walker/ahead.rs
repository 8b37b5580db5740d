//! A look at the next operator: what becomes of the result of the one that is being walked.
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
            // local.set, local.tee
            [0x21 | 0x22, low, high, ..] => {
                let local = match (low, high) {
                    (..0x80, _) => u32::from(low),
                    (_, ..0x80) => u32::from(low & 0x7f) | u32::from(high) << 7,
                    _ => return None,
                };
                (!self.stack.has_alias(local)).then(|| Next::Local(self.stack.local(local).0))
            }
            // i32.add
            [0x6a, ..] => Some(Next::Add),
            _ => None,
        }
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
