//! The pipeline of the compiler, one step after the other.
//!
//! ```text
//! build ─ Func ─▶ recursion, inline, passes ─ Func ─▶ lower ─ MFunc ─▶ allocate ─ registers ─▶ emit ─▶ OptCode
//! ```
//! In: a function of a validated module, or one of its loops, and the target. Out: code that may lie at any address with its tables, or
//! the reason why there is none. In builds with debug assertions SSA is verified behind each pass, and the allocation is checked.
//!
//! **Size.** All steps take time and memory in proportion to the function, or have a bound. Past these bounds a function is not refused
//! at once: passes that keep tables of all values are left out from [`MOST_VALUES`](passes::MOST_VALUES) on, and registers are allocated
//! by the quick algorithm from [`QUICK_FROM`] instructions or 2²⁰ live values on ([`Stats::passes_off`](crate::Stats::passes_off) says
//! so). What is too much with code of other functions in it is tried again without. Only what is out of proportion is refused, by name: too many values on too many edges or over too many blocks, too many
//! references over too many calls ([`Reason`]).

use std::cell::Cell;

use regalloc2::RegAllocError;
use upshift_asm::AsmError;
use upshift_codegen::Target;
use upshift_codegen::text::hex;
use upshift_core::index::{FuncIndex, TableIndex, TypeIndex};
use upshift_translate::{CodeOptions, ModuleInfo, WalkBuffers};

use crate::code::{Dump, OptCode, PassSet, Reason, Refusal, Request, Stage};
use crate::lower::x64::lower;
use crate::mach::allocate::{QUICK_FROM, allocate};
use crate::mach::x64::emit::{self, Body, emit};
use crate::mach::x64::{Inst, environment, name};
use crate::mach::{self, MFunc, text};
use crate::passes::inline::{Callees, Expected, Site, Test, Verdict};
use crate::passes::{self, inline};
use crate::report::{CallReport, Report, figures};
use crate::ssa::build::{BuildError, build};
use crate::ssa::live;
use crate::ssa::{Callee, Func};
use crate::targets::Targets;

/// How many values may be live at the ends of all blocks together: the allocator's time and memory grow with them.
const MOST_LIVE: usize = 1 << 24;

/// From this many of them on, the quick algorithm allocates registers.
const QUICK_FROM_LIVE: usize = 1 << 20;

/// What is used from one function to the next.
struct Room {
    walk: WalkBuffers,
    mach: MFunc<Inst>,
    registers: regalloc2::Ctx,
    environment: regalloc2::MachineEnv,
    emit: emit::Room,
}

impl Default for Room {
    fn default() -> Room {
        Room {
            walk: WalkBuffers::default(),
            mach: MFunc::default(),
            registers: regalloc2::Ctx::default(),
            environment: environment(),
            emit: emit::Room::default(),
        }
    }
}

/// Calls `work` with the room of this thread.
fn with_room<R>(work: impl FnOnce(&mut Room) -> R) -> R {
    thread_local! {
        static ROOM: Cell<Option<Box<Room>>> = const { Cell::new(None) };
    }
    // A panic drops it: none is used again that is in an unknown state. Nor is it there for a compilation within another one.
    let mut room = ROOM.take().unwrap_or_default();
    let result = work(&mut room);
    ROOM.set(Some(room));
    result
}

/// Compiles a function of the module, or what follows from one of its loops on.
///
/// ```
/// use upshift_asm::x64::CpuFeatures;
/// use upshift_codegen::Target;
/// use upshift_core::index::FuncIndex;
/// use upshift_core::vm::Returns;
/// use upshift_opt::{Reason, Request, compile};
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
///
/// let text = "(module (func (param i32) (result i32) (i32.add (local.get 0) (local.get 0))))";
/// let module = parse(wat::parse_str(text)?.into(), &Features::default(), &TypeRegistry::default())?;
/// let (features, returns) = (CpuFeatures::BASELINE, Returns::Paired);
/// let target = Target { features, returns, memories: [].into(), choices: false, counts: false, twins: None };
/// let whole = compile(&module, FuncIndex(0), CodeOptions::default(), &target, Request::default())?;
/// assert!(whole.reg_entry > whole.native_entry);
///
/// // There is no loop to enter at.
/// let at_a_loop = Request { osr: Some(0), ..Request::default() };
/// let refusal = compile(&module, FuncIndex(0), CodeOptions::default(), &target, at_a_loop).map(|_| ());
/// assert_eq!(refusal.map_err(|refusal| refusal.reason), Err(Reason::NoSuchLoop));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When this tier leaves the function to the one below, and why.
///
/// # Panics
/// When `func` is an import.
pub fn compile(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
    request: Request<'_>,
) -> Result<OptCode, Refusal> {
    with_room(|room| {
        let Request { osr, off, callees, targets, dump, report } = request;
        let alone = Callees::default();
        let calls = (callees.unwrap_or(&alone), targets);
        let mut viewers = Viewers { dump, report };
        let mut code = room.compile(module, func, options, target, (osr, off, calls), &mut viewers);
        // Without what was inlined it may not be too much.
        let is_much = |Stop(reason, _): &Stop| {
            matches!(reason, Reason::TooLarge | Reason::TooManyReferences | Reason::TooManyLive)
        };
        if !off.contains("inline") && code.as_ref().is_err_and(is_much) {
            let off = off.with("inline");
            code = room.compile(module, func, options, target, (osr, off, calls), &mut viewers);
        }
        room.trim();
        code.map_err(|Stop(reason, detail)| Refusal {
            reason,
            offset: module.body(func).map_or(0, |body| body.start),
            detail: detail.into(),
        })
    })
}

impl Room {
    fn compile(
        &mut self,
        module: &ModuleInfo,
        func: FuncIndex,
        options: CodeOptions,
        target: &Target,
        (osr, off, known): (Option<u32>, PassSet, (&Callees, Option<&Targets>)),
        viewers: &mut Viewers<'_>,
    ) -> Result<OptCode, Stop> {
        let mut ssa = build(module, func, options, osr, &mut self.walk)?;
        viewers.ssa("build", &ssa);
        let calls = if off.contains("inline") {
            Vec::new()
        } else {
            self.inline(&mut ssa, module, options, known, viewers)
        };
        if let Some(report) = &mut viewers.report {
            report.calls = CallReport::all(&calls, &ssa);
        }
        let off = passes::run(&mut ssa, module, off, |name, ssa| viewers.ssa(name, ssa));

        let live_values = bounded(live::behind_blocks(&ssa, MOST_LIVE))?;
        self.mach = lower(&ssa, module, target, std::mem::take(&mut self.mach))
            .ok_or(Stop(Reason::TooManyReferences, String::new()))?;
        viewers.step(Stage::Mach, "lower", &|| text::print(&self.mach, None, name));

        let live_registers = bounded(mach::live::behind_blocks(&self.mach, MOST_LIVE))?;
        let quick = off.contains("ion")
            || self.mach.insts.len() >= QUICK_FROM
            || live_values.max(live_registers) >= QUICK_FROM_LIVE;
        let output = allocate(&self.mach, &self.environment, quick, &mut self.registers)?;
        viewers.step(Stage::Mach, "allocate", &|| text::print(&self.mach, Some(output), name));

        if let Some(report) = &mut viewers.report {
            (report.figures, report.loops) = figures(&self.mach, output);
            report.inlined = self.mach.inlined.as_slice().into();
        }

        let body = Body { module, target, frame: ssa.frame, params: &ssa.params, is_loop: osr.is_some() };
        let mut code = emit(&self.mach, output, &body, &mut self.emit)?;
        for site in &calls {
            code.stats.inlined += u32::from(matches!(site.verdict, Verdict::Inlined(_)));
            code.stats.guarded += u32::from(matches!(site.verdict, Verdict::Guarded(_)));
        }
        code.stats.passes_off = if quick { off.with("ion") } else { off };
        viewers.step(Stage::Asm, "emit", &|| hex(0, code.code.code()));
        Ok(code)
    }

    /// Puts code of callees into the function. Returns what has become of its calls.
    fn inline(
        &mut self,
        ssa: &mut Func,
        module: &ModuleInfo,
        options: CodeOptions,
        (callees, targets): (&Callees, Option<&Targets>),
        viewers: &mut Viewers<'_>,
    ) -> Vec<Site> {
        let bodies = &mut Bodies { module, options, targets, walk: &mut self.walk };
        passes::simplify(ssa);
        inline::devirtualize(ssa, bodies);
        if passes::recursion::run(ssa) {
            viewers.ssa("recursion", ssa);
        }
        let calls = inline::run(ssa, bodies, callees);
        #[cfg(debug_assertions)]
        crate::ssa::verify::verify(ssa, Some(module))
            .unwrap_or_else(|error| panic!("SSA of {} is wrong behind inline: {error}\n{ssa}", ssa.index));
        viewers.step(Stage::Ssa, "inline", &|| {
            calls.iter().map(|site| format!("; {site}\n")).chain([ssa.to_string()]).collect()
        });
        calls
    }

    /// Gives back what only very large functions need.
    fn trim(&mut self) {
        const MOST: usize = 1 << 16;
        if self.mach.insts.capacity() > MOST {
            *self = Room::default();
        }
    }
}

/// Makes SSA of functions that are called.
struct Bodies<'a> {
    module: &'a ModuleInfo,
    options: CodeOptions,
    targets: Option<&'a Targets>,
    walk: &'a mut WalkBuffers,
}

impl inline::Source for Bodies<'_> {
    fn bytes(&self, func: FuncIndex) -> Option<usize> {
        self.module.body(func).map(|body| body.len())
    }

    fn func(&mut self, func: FuncIndex) -> Option<Func> {
        let mut ssa = build(self.module, func, self.options, None, self.walk).ok()?;
        passes::simplify(&mut ssa);
        passes::shorten(&mut ssa);
        Some(ssa)
    }

    fn element(&self, table: TableIndex, ty: TypeIndex, index: u64) -> Option<FuncIndex> {
        let func = self.module.fixed_element(table, index)?;
        (self.module.func_type(func).id == self.module.types[ty.index()].id).then_some(func)
    }

    fn expected(&self, callee: Callee) -> Option<Expected> {
        let noted = |site| {
            let targets = self.targets?;
            targets.of(site).filter(|func| func.0 >= self.module.imported_funcs)
        };
        match callee {
            Callee::Direct { .. } => None,
            Callee::Ref { site, .. } => Some(Expected { func: noted(site)?, test: Test::Reference }),
            Callee::Indirect { table, ty, site } => {
                let (func, id) = (noted(site), self.module.types[ty.index()].id);
                // What would be called if it had the type has no part in what is expected.
                let func = func.filter(|&func| self.module.func_type(func).id == id);
                if self.module.fixed_table(table).is_none() {
                    return Some(Expected { func: func?, test: Test::Element(table) });
                }
                let index = match func {
                    Some(func) => match self.module.element_of(table, func) {
                        Some(index) => index,
                        None => return Some(Expected { func, test: Test::Element(table) }),
                    },
                    None if self.targets.is_some_and(|targets| targets.are_many(site)) => return None,
                    None => self.module.only_element(table, id)?,
                };
                Some(Expected { func: self.element(table, ty, index)?, test: Test::Index(index) })
            }
        }
    }
}

/// Why a function is not compiled, and about what.
struct Stop(Reason, String);

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Stop {
        match error {
            BuildError::Translate(error) => Stop(Reason::Translation, error.to_string()),
            BuildError::TooManyEdges => Stop(Reason::TooManyEdges, String::new()),
            BuildError::TooManyValues => Stop(Reason::TooManyValues, String::new()),
            BuildError::NoSuchLoop => Stop(Reason::NoSuchLoop, String::new()),
        }
    }
}

impl From<RegAllocError> for Stop {
    fn from(error: RegAllocError) -> Stop {
        Stop(Reason::TooLarge, error.to_string())
    }
}

impl From<AsmError> for Stop {
    fn from(error: AsmError) -> Stop {
        Stop(Reason::TooLarge, error.to_string())
    }
}

/// How much is live, unless it is too much.
fn bounded(live: usize) -> Result<usize, Stop> {
    if live > MOST_LIVE { Err(Stop(Reason::TooManyLive, String::new())) } else { Ok(live) }
}

/// Those who want to know what happens, if there are any.
struct Viewers<'a> {
    dump: Option<&'a mut dyn Dump>,
    report: Option<&'a mut Report>,
}

impl Viewers<'_> {
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String) {
        if let Some(dump) = &mut self.dump {
            dump.step(stage, name, text);
        }
    }

    fn ssa(&mut self, name: &str, func: &Func) {
        self.step(Stage::Ssa, name, &|| func.to_string());
    }
}
