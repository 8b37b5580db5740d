//! Why the compiler leaves a function to the tier below, each reason declared once.

use std::fmt;

use upshift_translate::TranslateError;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// Why a function was not compiled. The tier below runs it.
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub enum Refusal {
            /// No tier can translate it.
            Translate(TranslateError),
            $($(#[$doc])* $name,)*
        }

        impl fmt::Display for Refusal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Refusal::Translate(error) => error.fmt(f),
                    $(Refusal::$name => f.write_str($text),)*
                }
            }
        }
    };
}

refusals! {
    /// There is so much that is different on so many ways through it that compiling it would take long and much memory.
    TooManyEdges "too many values on too many branches";
    /// Nothing reaches the loop where control should come in.
    NoSuchLoop "nothing reaches the loop";
}

impl std::error::Error for Refusal {}
