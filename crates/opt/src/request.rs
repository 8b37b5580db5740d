//! What goes into the compiler besides the function, and what comes out besides code.
//!
//! ```text
//! Request: whole function or from a loop on, who gets dumps ─▶ compile ─▶ OptCode with its Stats, or a Refusal
//! ```

use std::fmt;

/// What is wanted of the compiler.
#[derive(Default)]
pub struct Request<'a> {
    /// The number of a loop, if the code is to begin at its head with the frame of another tier; else it is the whole function.
    pub osr: Option<u32>,
    /// Who gets the text of what is between the steps.
    pub dump: Option<&'a mut dyn Dump>,
}

/// What a text shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stage {
    /// SSA, as it was built and after each pass.
    Ssa,
    /// Machine instructions, with virtual registers and with those that were allocated.
    Mach,
    /// Machine code.
    Asm,
}

/// Gets texts of what is between the steps of the compiler.
pub trait Dump {
    /// A step, by its name, has ended; what there is now is printed by `text` if somebody wants that.
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String);
}

/// A set of passes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PassSet(pub u32);

impl PassSet {
    /// The names of all passes, by the numbers of their bits.
    pub const NAMES: &'static [&'static str] = &["fold", "gvn", "loads", "dce", "licm", "ion"];

    /// The names of those in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (0..).zip(PassSet::NAMES).filter(move |&(bit, _)| self.0 >> bit & 1 != 0).map(|(_, &name)| name)
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// Why a function is not compiled. It is no error: the tier below runs it.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All reasons.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The reason in a few words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Reason::$name => $text,)*
                }
            }
        }
    };
}

refusals! {
    /// An operator has no form in this tier.
    Operator "operator without a form";
    /// The code would be larger than an object may be, or its frame larger than any stack.
    TooLarge "too large";
    /// The walker met something that no tier knows, which validation excludes.
    Translation "translation failed";
    /// There is no compiler for this processor.
    Processor "no compiler for this processor";
}

/// A function that is not compiled, and why.
///
/// ```
/// use upshift_opt::{Reason, Refusal};
///
/// let refusal = Refusal { reason: Reason::Operator, offset: 0x4c, detail: "v128.const".into() };
/// assert_eq!(refusal.to_string(), "operator without a form: v128.const at 0x4c");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The offset in the module of the operator that it is about, or of the body.
    pub offset: u32,
    /// What it is about, if there is more to say than the reason.
    pub detail: Box<str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.name())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        write!(f, " at {:#x}", self.offset)
    }
}

impl std::error::Error for Refusal {}
