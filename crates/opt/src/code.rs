//! What goes into the compiler besides the function, a [`Request`], and what comes out: [`OptCode`], or a [`Refusal`].
//!
//! A *position* is an offset in the code. What lies behind it, in the pool, belongs to positions: [`OptCode::owners`] tells which.

use std::fmt;

use serde::{Deserialize, Serialize};
use upshift_asm::NativeCode;
use upshift_codegen::{Fault, owner};
use upshift_core::index::FuncIndex;
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;

use crate::passes::inline::Callees;
use crate::report::Report;
use crate::targets::Targets;

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
    /// What is known of the module's functions as callees, if there is more than this one to compile with the same options. It changes
    /// how long compiling takes, and nothing else.
    pub callees: Option<&'a Callees>,
    /// What its calls, and those of functions whose code comes into it, have called. Code tests for it, so it is right whatever they
    /// call later.
    pub targets: Option<&'a Targets>,
    /// What gets the text after each step.
    pub dump: Option<&'a mut dyn Dump>,
    /// What is told of the code, if somebody wants to know.
    pub report: Option<&'a mut Report>,
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
    /// Positions of calls and of what may trap, ascending, and the places of their operators. A position belongs to the last one that
    /// is not behind it.
    pub positions: Box<[(u32, Spot)]>,
    /// The places in code of other functions, by number.
    pub inlined: Box<[Inlined]>,
    /// What it took.
    pub stats: Stats,
}

/// A place in the program: an operator of the function itself, or one of a function whose code stands in the place of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spot(u32);

/// An operator of a function whose code stands in the place of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inlined {
    /// The function.
    pub func: FuncIndex,
    /// The offset of the operator in the module's bytes.
    pub offset: u32,
    /// The place of the call.
    pub call: Spot,
}

impl Spot {
    /// No place of the program.
    pub const NONE: Spot = Spot(0);
    /// Set in numbers of [`Inlined`]; no module has so many bytes.
    const INLINED: u32 = 1 << 31;

    /// An operator of the function itself, by its offset in the module's bytes.
    #[must_use]
    pub fn own(offset: u32) -> Spot {
        debug_assert!(offset < Spot::INLINED);
        Spot(offset)
    }

    /// A place with a number in a table of others.
    #[must_use]
    pub fn inlined(number: u32) -> Spot {
        Spot(number | Spot::INLINED)
    }

    /// The number in the table, if it is not the function's own.
    #[must_use]
    pub fn number(self) -> Option<usize> {
        (self.0 & Spot::INLINED != 0).then_some((self.0 & !Spot::INLINED) as usize)
    }

    /// The places whose code stands in that of others, from the innermost one outwards; `table` has them by number.
    pub fn chain(self, table: &[Inlined]) -> impl Iterator<Item = &Inlined> {
        let find = |spot: Spot| table.get(spot.number()?);
        std::iter::successors(find(self), move |inlined| find(inlined.call))
    }

    /// The offset of the operator of the function itself that the place belongs to: that of a call, if code of another function stands
    /// there.
    ///
    /// ```
    /// use upshift_core::index::FuncIndex;
    /// use upshift_opt::{Inlined, Spot};
    ///
    /// let call = Spot::own(0x20);
    /// let outer = Inlined { func: FuncIndex(1), offset: 0x30, call };
    /// let table = [outer, Inlined { func: FuncIndex(2), offset: 0x40, call: Spot::inlined(0) }];
    /// let spot = Spot::inlined(1);
    /// assert_eq!(spot.chain(&table).map(|inlined| inlined.offset).collect::<Vec<_>>(), [0x40, 0x30]);
    /// assert_eq!((spot.offset(&table), call.offset(&table)), (0x20, 0x20));
    /// ```
    #[must_use]
    pub fn offset(self, table: &[Inlined]) -> u32 {
        self.chain(table).last().map_or(self, |outermost| outermost.call).0
    }
}

/// Figures of a compilation.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Stats {
    /// Machine instructions before registers were allocated.
    pub insts: u32,
    /// Values that had to go to the frame and come back.
    pub spills: u32,
    /// Instructions of the interpreter that the code runs.
    pub embedded: u32,
    /// Calls in whose place code of the callee stands.
    pub inlined: u32,
    /// Calls in front of which the guard of the callee stands.
    pub guarded: u32,
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
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct PassSet(pub u32);

impl PassSet {
    /// The names of all passes, by the numbers of their bits.
    pub const NAMES: &'static [&'static str] = &[
        "blocks",
        "fold",
        "gvn",
        "loads",
        "dce",
        "licm",
        "selects",
        "sink",
        "split",
        "wide",
        "ion",
        "inline",
        "thread",
        "defer",
        "conditions",
    ];

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
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
