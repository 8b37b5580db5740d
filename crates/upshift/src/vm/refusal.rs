//! Why a function stays in the interpreter although it was to be compiled, and how much code a module may have.
//!
//! ```text
//! function to compile ─ CodeBudget ─▶ room for its code
//!                          └ too much ─▶ CodeRefusal, remembered, shown by `--stats`, `analyze` and `--dump asm`
//! ```
//!
//! All programs of a process share the range of native code. Compilers make code in proportion to a function's bytes, but some code is
//! written to become many times as long as other: the budget of each module keeps that from filling the range.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use upshift_translate::ModuleInfo;

/// Defines the reasons: name, what is said of the function.
macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident $name:literal $text:literal;)*) => {
        /// Why a function stays in the interpreter although it was to be compiled, see [`Module::code_refusal`](crate::Module::code_refusal).
        /// It runs all the same.
        ///
        /// ```
        /// use upshift::CodeRefusal;
        ///
        /// assert_eq!(CodeRefusal::Budget.name(), "code-budget");
        /// assert_eq!(CodeRefusal::ALL.len(), 2);
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum CodeRefusal {
            $($(#[$doc])* $variant,)*
        }

        impl CodeRefusal {
            /// All of them.
            pub const ALL: [CodeRefusal; [$($name),*].len()] = [$(CodeRefusal::$variant),*];

            /// The reason in a word.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(CodeRefusal::$variant => $name,)*
                }
            }

            const fn text(self) -> &'static str {
                match self {
                    $(CodeRefusal::$variant => $text,)*
                }
            }
        }
    };
}

refusals! {
    /// The native code of its module would have more than 24 bytes for each byte of the module's functions, of which each counts 32
    /// more, and more than 256 KiB.
    Budget "code-budget" "the native code of its module would have more than 24 bytes for each byte of the module's functions";
    /// Its native code would have more than 2 GiB.
    TooLarge "too-large" "its native code would have more than 2 GiB";
}

impl fmt::Display for CodeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.text())
    }
}

/// The most bytes of code of all tiers for a byte of a module's functions. Compilers' output takes 3 or 4 in each tier; where it works
/// on objects much, 8.
const FOR_A_BYTE: usize = 24;

/// As how many bytes more a function counts: what an empty one takes for its entries and ways in and out.
const FOR_A_FUNCTION: usize = 32;

/// How much native code a module may have in all.
#[derive(Debug)]
pub(crate) struct CodeBudget {
    left: AtomicUsize,
}

impl CodeBudget {
    /// What small modules have, too.
    pub(crate) const FLOOR: usize = 256 << 10;

    /// The budget of a module.
    pub(crate) fn of_module(info: &ModuleInfo) -> CodeBudget {
        CodeBudget::of_bodies(info.bodies.iter().map(|body| body.len() + FOR_A_FUNCTION).sum())
    }

    /// The budget of a module whose functions have so many bytes.
    fn of_bodies(bytes: usize) -> CodeBudget {
        CodeBudget { left: AtomicUsize::new(bytes.saturating_mul(FOR_A_BYTE).max(CodeBudget::FLOOR)) }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes so many bytes, all of them or none.
    ///
    /// # Errors
    /// When there are not so many.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), CodeRefusal> {
        let less = |left: usize| left.checked_sub(bytes);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Ok(()),
            Err(_) => Err(CodeRefusal::Budget),
        }
    }

    /// Gives back what was taken for code that there is no room for.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeBudget, CodeRefusal, FOR_A_BYTE};

    #[test]
    fn what_is_taken_is_there() {
        const FLOOR: usize = CodeBudget::FLOOR;
        let small = CodeBudget::of_bodies(10);
        assert_eq!(small.left(), FLOOR);
        let budget = CodeBudget::of_bodies(FLOOR);
        assert_eq!(budget.take(FOR_A_BYTE * FLOOR - 1), Ok(()));
        assert_eq!(budget.take(2), Err(CodeRefusal::Budget));
        assert_eq!((budget.left(), budget.take(1)), (1, Ok(())));
        budget.give_back(5);
        assert_eq!((budget.left(), budget.take(6)), (5, Err(CodeRefusal::Budget)));
        // No number of bytes is too large.
        assert_eq!(CodeBudget::of_bodies(usize::MAX).left(), usize::MAX);
    }
}
