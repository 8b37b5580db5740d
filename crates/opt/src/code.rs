//! What goes into the compiler besides the function, a [`Request`], and what comes out: [`OptCode`], or a [`Refusal`].
//!
//! A *position* is an offset in the code. What lies behind it, in the pool, belongs to positions: [`OptCode::owners`] tells which.

use std::fmt;

use upshift_asm::NativeCode;
use upshift_codegen::{Fault, owner};
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;

/// What the compiler is asked for.
///
/// ```
/// use upshift_asm::x64::CpuFeatures;
/// use upshift_codegen::Target;
/// use upshift_core::index::FuncIndex;
/// use upshift_core::vm::Returns;
/// use upshift_opt::{Dump, PassSet, Request, Stage, compile};
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
///
/// #[derive(Default)]
/// struct Steps(Vec<String>);
/// impl Dump for Steps {
///     fn step(&mut self, _: Stage, name: &str, _: &dyn Fn() -> String) {
///         self.0.push(name.to_owned());
///     }
/// }
///
/// let module = parse(wat::parse_str("(module (func))")?.into(), &Features::default(), &TypeRegistry::default())?;
/// let (features, returns) = (CpuFeatures::BASELINE, Returns::Paired);
/// let target = Target { features, returns, memories: [].into(), choices: false, counts: false, twins: None };
/// let mut steps = Steps::default();
/// let request = Request { off: PassSet::all(), dump: Some(&mut steps), ..Request::default() };
/// compile(&module, FuncIndex(0), CodeOptions::default(), &target, request)?;
/// assert_eq!(steps.0, ["build", "lower", "allocate", "emit"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Request<'a> {
    /// The number of a loop, if the code is to begin at its head with the frame of another tier; else it is the whole function.
    pub osr: Option<u32>,
    /// Passes that are not to run: for tests, which compare.
    pub off: PassSet,
    /// What gets the text after each step.
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
    /// A step, by its name, has ended; what there is now is printed by `text` if something uses that.
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String);
}

/// The code of one function, or of one from a loop on, and what lies beside it.
#[derive(Clone, Debug)]
pub struct OptCode {
    /// The machine code and its pool, which may lie at any address.
    pub code: NativeCode,
    /// Slots from `fp` to the end of the frame.
    pub frame_slots: u32,
    /// Offset of the preamble word, behind which the word lies through which handlers come in: at the start, what a
    /// [`FuncRec`](upshift_core::vm::FuncRec) holds as `code`; in code from a loop on, at the loop's head.
    pub entry: u32,
    /// Offset of the code for callers with arguments in slots, what a `FuncRec` holds as `native`; 0 in code from a loop on.
    pub native_entry: u32,
    /// Offset of the code for callers with arguments in registers, what a `FuncRec` holds as `reg_entry`; 0 in code from a loop on.
    pub reg_entry: u32,
    /// What catches exceptions, by positions; the targets of clauses are offsets of words through which to come in.
    pub handlers: Handlers,
    /// Which slots are references, by positions.
    pub references: ReferenceMaps,
    /// The instructions that access memories without a check, ascending.
    pub faults: Box<[Fault]>,
    /// Which position words of the pool belong to: an offset from which on a position counts, ascending.
    pub owners: Box<[(u32, u32)]>,
    /// Positions of calls and of what may trap, ascending, and the offsets of their operators in the module's bytes. A position
    /// belongs to the last one that is not behind it.
    pub positions: Box<[(u32, u32)]>,
    /// What it took.
    pub stats: Stats,
}

/// Figures of a compilation.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Machine instructions before registers were allocated.
    pub insts: u32,
    /// Values that had to go to the frame and come back.
    pub spills: u32,
    /// Instructions of the interpreter that the code runs.
    pub embedded: u32,
    /// Passes that were left out because the function is so large, see [`Stats::passes_off`].
    pub passes_off: PassSet,
}

/// A set of passes, and of the allocator `ion`, without which the quick one is taken.
///
/// ```
/// use upshift_opt::PassSet;
///
/// let off = PassSet::of("gvn").with("licm");
/// assert!(off.contains("licm") && !off.contains("dce") && PassSet::of("no pass") == PassSet::default());
/// assert_eq!(off.names().collect::<Vec<_>>(), ["gvn", "licm"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PassSet(pub u32);

impl PassSet {
    /// The names of all passes, by the numbers of their bits.
    pub const NAMES: &'static [&'static str] =
        &["blocks", "fold", "gvn", "loads", "dce", "licm", "selects", "sink", "split", "wide", "ion"];

    /// The pass of that name alone; nothing if there is none.
    #[must_use]
    pub fn of(name: &str) -> PassSet {
        let bit = PassSet::NAMES.iter().position(|&known| known == name);
        PassSet(bit.map_or(0, |bit| 1 << bit))
    }

    /// All passes.
    #[must_use]
    pub fn all() -> PassSet {
        PassSet::NAMES.iter().fold(PassSet::default(), |set, name| set.with(name))
    }

    /// The set with one pass more.
    #[must_use]
    pub fn with(self, name: &str) -> PassSet {
        PassSet(self.0 | PassSet::of(name).0)
    }

    /// Whether a pass is in the set.
    #[must_use]
    pub fn contains(self, name: &str) -> bool {
        let one = PassSet::of(name).0;
        self.0 & one != 0
    }

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
    /// So much is different on so many paths through it that compiling it would take long and much memory.
    TooManyEdges "too many values on too many branches";
    /// Calls have so many results that there are many more values than the function's bytes account for.
    TooManyValues "too many values";
    /// So many references live over so many calls that compiling it would take long and much memory.
    TooManyReferences "too many references over too many calls";
    /// So many values live over so many blocks that compiling it would take long and much memory.
    TooManyLive "too many values over too many blocks";
    /// Nothing reaches the loop where control should come in.
    NoSuchLoop "nothing reaches the loop";
    /// The walker met something that no tier knows, which validation excludes.
    Translation "translation failed";
    /// The module has as much native code as it may have.
    Budget "code budget";
    /// The compiler has a fault, which should be reported: it has panicked. Where panics abort, as in the static release, the process
    /// ends instead.
    Internal "internal error";
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

impl OptCode {
    /// The position that an offset in the code or its pool belongs to.
    #[must_use]
    pub fn position(&self, offset: u32) -> u32 {
        if offset < self.code.pool {
            return offset;
        }
        owner(&self.owners, offset)
    }
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
