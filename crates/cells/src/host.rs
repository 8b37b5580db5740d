//! What a host provides and what it calls.
//!
//! # Modules
//!
//! A host instantiates [`RUNTIME`] once for each session (and for each fresh store), and then a module for each cell that is run.
//!
//! The runtime imports the functions of [`IMPORTS`] from `"host"`. It exports a memory `memory`, through which all bytes go between
//! host and cells, and functions that cells import from `"runtime"`; so a host passes all of the runtime's exports on.
//!
//! A cell's module imports
//! - from `"runtime"` what it needs of the runtime's exports,
//! - `"session" "instance"`, an immutable global of type `i32`: the number of the instance ([`crate::environment::InstanceId`]),
//! - from `"cells"` what it uses of other cells, by name: functions, and values as mutable globals. A [`crate::session::Step`] says
//!   of which instance each is.
//!
//! It exports `run` (no parameters, no results), which evaluates the cell, and everything that it defines by its name prefixed with `$`
//! (`$x`), so that no name of a program is one of these. The code of closures is exported as well, as `$0`, `$1`, …
//! ([`crate::artifact::Lambda`]). Instantiating it runs nothing.
//!
//! A module for checkpoints ([`crate::emit::checkpoint`]) imports the same way, but what it imports from `"cells"` is named `0`, `1`, …,
//! the places in the list that comes with it. It exports `save` and `load`, both without parameters and results.
//!
//! What WebAssembly itself finds (recursion too deep, memory, fuel) is a trap; [`crate::artifact::Artifact::positions`] says where that
//! is in the source.

/// The module that all cells of a session share, of `emit/runtime/*.wat`.
pub const RUNTIME: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/runtime.wasm"));

/// A function that a host provides, imported by the runtime from `"host"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostImport {
    /// Its name.
    pub name: &'static str,
    /// Its parameters and its result: `i` for `i32`, `l` for `i64`, `d` for `f64`.
    pub signature: (&'static str, &'static str),
    /// What it does.
    pub doc: &'static str,
}

macro_rules! host_imports {
    ($($name:literal ($params:literal) -> $result:literal : $doc:literal;)*) => {
        /// All functions that a host provides. `ptr, len` are bytes of the runtime's memory; texts are UTF-8, and a text may come in
        /// several pieces, each of whole characters.
        pub const IMPORTS: &[HostImport] =
            &[$(HostImport { name: $name, signature: ($params, $result), doc: $doc }),*];
    };
}

host_imports! {
    "print"("ii") -> "": "(ptr, len): a piece of what the cell prints.";
    "value"("ii") -> "": "(ptr, len): a piece of the text of the cell's value.";
    "message"("ii") -> "": "(ptr, len): a piece of the message that the next `fail` is about.";
    "fail"("iiill") -> "": "(kind, instance, position, a, b): the cell fails; see `Failure`. Does not return. Instance -1 if the runtime does not know the place: it is that of the innermost frame of a cell.";
    "float_text"("di") -> "i": "(x, ptr): writes the shortest text that reads as x (at most 32 bytes), returns its length.";
    "float_fixed"("dii") -> "i": "(x, digits, ptr): the same with `digits` (0 to 100) decimals, at most 450 bytes.";
    "parse_float"("ii") -> "d": "(ptr, len): the number that the text is, or NaN with the payload 1 (0x7ff8000000000001) if it is none.";
    "case"("iiii") -> "i": "(ptr, len, upper, to): writes the text in lower (0) or upper (1) case to `to`, returns its length, at most 3 × len.";
    "math"("idd") -> "d": "(function, x, y): a function of `Math`, by number; y is for those of two parameters.";
    "random"("") -> "d": "A number from 0 to 1, 1 excluded, by chance.";
    "write"("ii") -> "": "(ptr, len): the next bytes of a checkpoint that is being saved.";
    "read"("ii") -> "i": "(ptr, len): takes the next bytes of the checkpoint that is being loaded, returns how many.";
}

macro_rules! math {
    ($($number:literal $variant:ident $name:literal;)*) => {
        /// The functions of the import `math`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u32)]
        pub enum Math {
            $(#[doc = concat!("`", $name, "`.")] $variant = $number,)*
        }

        impl Math {
            /// All of them, by number, with the names that they have in the language.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$variant, $name)),*];
        }
    };
}

math! {
    0 Sin "sin"; 1 Cos "cos"; 2 Tan "tan"; 3 Asin "asin"; 4 Acos "acos"; 5 Atan "atan"; 6 Atan2 "atan2";
    7 Exp "exp"; 8 Ln "ln"; 9 Log2 "log2"; 10 Log10 "log10"; 11 Pow "pow"; 12 Remainder "%";
}

macro_rules! failures {
    ($($number:literal $variant:ident $text:literal;)*) => {
        /// Why a cell fails: the first parameter of the import `fail`, whose last two parameters the text refers to as `{a}` and `{b}`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u32)]
        pub enum Failure {
            $(#[doc = $text] $variant = $number,)*
        }

        impl Failure {
            /// All of them, by number, with the text for a user.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$variant, $text)),*];
        }
    };
}

failures! {
    0 Panic "{message}";
    1 Overflow "integer overflow: the result is outside the range of Int";
    2 DivisionByZero "division by zero";
    3 Index "index {a} is out of bounds: the length is {b}";
    4 Range "the range {a}..{b} is out of bounds";
    5 Empty "the array is empty";
    6 Negative "a count is negative: {a}";
    7 NotANumber "{message} is not a number";
    8 FloatToInt "the number is outside the range of Int";
    9 NoMatch "no arm of `match` fits";
    10 TooLong "the array or text would be longer than 2^30";
    11 Assertion "the assertion does not hold";
    12 Uninitialized "the value is used before it is defined";
    13 Corrupt "the checkpoint is damaged";
}
