//! Native code of a module's functions, made when it is asked for and kept for all instances.
//!
//! ```text
//! NativeModule ─ modes of an instance's memories ─▶ NativeSet ─ function ─▶ NativeFunc: address, what lies beside the code
//!                                                       │ not there yet
//!                                                       ├─ upshift_baseline::compile ─┬▶ CodeSet::publish
//!                                                       └─ upshift_opt::compile ──────┘   or a refusal, which is kept
//! ```
//!
//! Optimized code may come from an earlier run, see [`cache`](crate::vm::cache), and is given to later ones.
//!
//! Code depends on the module, on the engine's options and on what keeps accesses within the memories, which may differ between
//! instances; those with the same modes share a set. A set goes with its module and its instances: frames belong to instances.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, mem, thread};

use upshift_asm::x64::CpuFeatures;
use upshift_asm::{NativeCode, RelocKind, Stub};
use upshift_baseline::BaselineCode;
use upshift_codegen::Target;
use upshift_core::index::{FuncIndex, TableIndex};
use upshift_core::vm::{MemoryMode, Returns};
use upshift_interp::native;
use upshift_ir::Op;
use upshift_opt::stored::encode;
use upshift_opt::{Callees, OptCode, PassSet, Reason, Refusal, Request, Targets};
use upshift_translate::{CodeOptions, ModuleInfo};

use crate::vm::cache::Stored;
use crate::vm::code::{CodeSet, Fault, NativeKind, NoNativeCode};
use crate::vm::code_table::CodeTable;
use crate::vm::observe::Observers;
use crate::vm::refusal::{CodeBudget, CodeRefusal};
use crate::vm::tier::{Compilation, Tier, Trigger};
use crate::vm::trap_sites::TrapSites;

mod func;
mod optimized;

use func::Beside;
pub(crate) use func::NativeFunc;
use optimized::Optimized;
pub(crate) use optimized::Verdict;

/// The stack of threads that compile, as the [optimizer](crate::vm::optimizer)'s.
const COMPILER_STACK: usize = 4 << 20;

/// Why a function is compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    pub(crate) trigger: Trigger,
    /// After how many calls and turns of loops, if they are counted.
    pub(crate) arrivals: u32,
    /// How long another thread had other things to do first.
    pub(crate) wait: Duration,
}

/// Native code for instances whose memories have the same modes.
pub(crate) struct NativeSet {
    target: Target,
    /// Whether optimized code is made without the passes that improve it.
    unimproved: bool,
    /// What one pass makes. Dropped before the code, for debuggers look at code that they know.
    baseline: CodeTable<NativeFunc>,
    /// What the optimizing compiler makes.
    optimized: CodeTable<Optimized>,
    /// What the optimizing compiler knows of functions that others call.
    callees: Callees,
    /// What calls in the module have called, in all instances that share the code.
    targets: Targets,
    code: CodeSet<'static>,
    /// Who is told of new code.
    observers: Option<Arc<Observers>>,
    /// Whoever publishes holds it, so that no function is published twice.
    publishing: Mutex<()>,
    /// What is left for code of the module, in all of its sets.
    budget: Arc<CodeBudget>,
    /// Functions that have no code and get none, counted without the imports.
    refused: Mutex<BTreeMap<usize, CodeRefusal>>,
    traps: TrapSites,
    kept: Kept,
}

/// What there is of optimized code beyond this process.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// What earlier runs have made.
    pub(crate) stored: Option<Arc<Stored>>,
    /// Whether later runs want what this one makes.
    pub(crate) keeps: bool,
}

/// What was brought back of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Restored {
    Nothing,
    /// Code of the whole function.
    Whole,
    /// Code of what follows from some of its loops on.
    Loops,
}

/// Code that is about to be published.
struct Made {
    code: NativeCode,
    kind: NativeKind,
    faults: Box<[Fault]>,
    beside: Beside,
    compilation: Compilation,
}

impl Made {
    /// What one pass has made.
    fn baseline(mut code: BaselineCode, cause: Cause, time: Duration) -> Made {
        let (faults, native) = (mem::take(&mut code.faults), mem::take(&mut code.code));
        let compilation = Compilation {
            code_bytes: native.bytes.len(),
            embedded: code.embedded as usize,
            ..cause.compilation(Tier::Baseline, time)
        };
        let beside = Beside::of_baseline(code, native.pool);
        Made { code: native, kind: NativeKind::Baseline, faults, beside, compilation }
    }

    /// What the optimizing compiler has made, of a whole function or from a loop on.
    fn optimized(mut code: OptCode, from_loop: Option<u32>, cause: Cause, time: Duration) -> Made {
        let (faults, native) = (mem::take(&mut code.faults), mem::take(&mut code.code));
        let compilation = Compilation {
            from_loop,
            code_bytes: native.bytes.len(),
            embedded: code.stats.embedded as usize,
            spills: code.stats.spills as usize,
            inlined: code.stats.inlined as usize,
            passes_off: code.stats.passes_off,
            ..cause.compilation(Tier::Optimizing, time)
        };
        let beside = Beside::of_optimized(code, native.pool, from_loop.is_none());
        Made { code: native, kind: NativeKind::Optimized, faults, beside, compilation }
    }
}

/// What the optimizing compiler has made of something, before it is published.
pub(crate) struct Optimizing {
    func: FuncIndex,
    from_loop: Option<u32>,
    /// Where the function's body begins in the module.
    offset: u32,
    code: Result<OptCode, Refusal>,
    time: Duration,
}

impl NativeSet {
    /// The code of a function that one pass has made, if it has; `own` counts without the imports.
    #[inline]
    pub(crate) fn baseline(&self, own: usize) -> Option<&NativeFunc> {
        self.baseline.get(own)
    }

    /// What the optimizing compiler has said to a function, or to what follows from a loop of it on, if it was asked.
    #[inline]
    pub(crate) fn optimized(&self, own: usize, from_loop: Option<u32>) -> Option<&Verdict> {
        self.optimized.get(own)?.get(from_loop)
    }

    /// From how many loops of a function on there is optimized code.
    pub(crate) fn optimized_loops(&self, own: usize) -> usize {
        self.optimized.get(own).map_or(0, Optimized::loops_with_code)
    }

    /// The best code of a whole function.
    pub(crate) fn best(&self, own: usize) -> Option<&NativeFunc> {
        let optimized = self.optimized(own, None).and_then(|verdict| verdict.as_ref().ok());
        optimized.or_else(|| self.baseline(own))
    }

    /// The code of a function that an address lies in.
    #[inline]
    pub(crate) fn at(&self, own: usize, kind: NativeKind, pc: usize) -> Option<&NativeFunc> {
        match kind {
            NativeKind::Optimized => self.optimized.get(own)?.at(pc),
            _ => self.baseline(own),
        }
    }

    /// Why a function is not optimized, if it was refused.
    pub(crate) fn refusal(&self, own: usize) -> Option<&Refusal> {
        self.optimized.get(own)?.refusal()
    }

    /// The code of a function in a single pass, which is made if there is none. If several threads do that at once, the first one's
    /// counts.
    ///
    /// # Errors
    /// When there is no memory for it, or the function is refused, which is remembered.
    pub(crate) fn compile(
        &self,
        info: &ModuleInfo,
        func: FuncIndex,
        options: CodeOptions,
        cause: Cause,
    ) -> Result<&NativeFunc, NoNativeCode> {
        let own = (func.0 - info.imported_funcs) as usize;
        if let Some(code) = self.baseline(own) {
            return Ok(code);
        }
        if let Some(refusal) = self.code_refusal(own) {
            return Err(NoNativeCode::Refused(refusal));
        }
        let refuse = |refusal| {
            self.refused().insert(own, refusal);
            NoNativeCode::Refused(refusal)
        };
        // No code is shorter than its function by much.
        if self.budget.left() < info.body(func).map_or(0, |body| body.len()) {
            return Err(refuse(CodeRefusal::Budget));
        }
        let begin = Instant::now();
        let code = upshift_baseline::compile(info, func, options, &self.target)
            .map_err(|_| refuse(CodeRefusal::TooLarge))?;
        let time = begin.elapsed();
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = self.baseline(own) {
            return Ok(code);
        }
        let bytes = code.code.bytes.len();
        self.budget.take(bytes).map_err(refuse)?;
        let made = self
            .publish(info, func, Made::baseline(code, cause, time))
            .inspect_err(|_| self.budget.give_back(bytes))?;
        Ok(self.baseline.get_or_init(own, || Box::new(made)))
    }

    /// What the optimizing compiler makes of a function, or of what follows from a loop of it on. Takes no lock.
    pub(crate) fn made_by_optimizer(
        &self,
        info: &ModuleInfo,
        func: FuncIndex,
        from_loop: Option<u32>,
        options: CodeOptions,
    ) -> Optimizing {
        let begin = Instant::now();
        let off = if self.unimproved { PassSet::all() } else { PassSet::default() };
        let compile = || {
            #[cfg(test)]
            fault::strike(info);
            let (callees, targets) = (Some(&self.callees), Some(&self.targets));
            let request = Request { osr: from_loop, off, callees, targets, ..Request::default() };
            upshift_opt::compile(info, func, options, &self.target, request)
        };
        let offset = info.body(func).map_or(0, |body| body.start);
        let code = whatever_happens(info, func, compile);
        Optimizing { func, from_loop, offset, code, time: begin.elapsed() }
    }

    /// Brings back what earlier runs have made of a function, if that has not been done.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn restore(&self, info: &ModuleInfo, func: FuncIndex) -> Result<Restored, NoNativeCode> {
        let Some(stored) = &self.kept.stored else { return Ok(Restored::Nothing) };
        let own = (func.0 - info.imported_funcs) as usize;
        let mut restored = Restored::Nothing;
        for item in stored.of(own) {
            let from_loop = item.from_loop;
            if self.optimized(own, from_loop).is_none() {
                let begin = Instant::now();
                let Some(code) = stored.read(item) else { continue };
                let offset = info.body(func).map_or(0, |body| body.start);
                let made = Optimizing { func, from_loop, offset, code, time: begin.elapsed() };
                let cause = Cause { trigger: Trigger::Cache, arrivals: 0, wait: Duration::ZERO };
                self.publish_optimized(info, made, cause)?;
            }
            restored = match (self.optimized(own, from_loop), from_loop) {
                (Some(Ok(_)), None) => Restored::Whole,
                (Some(Ok(_)), Some(_)) if restored == Restored::Nothing => Restored::Loops,
                _ => restored,
            };
        }
        Ok(restored)
    }

    /// What the optimizing compiler has made in this process of a function and of what follows from its loops on, for later runs.
    pub(crate) fn made_here(
        &self,
        own: usize,
    ) -> impl Iterator<Item = (Option<u32>, Result<OptCode, Refusal>)> {
        let verdicts = self.optimized.get(own).into_iter().flat_map(Optimized::verdicts);
        verdicts.filter(|_| self.kept.keeps).filter_map(|(from_loop, verdict)| match verdict {
            Ok(code) if code.compilation.trigger == Trigger::Cache => None,
            Ok(code) => Some((from_loop, Ok(code.unpublished()))),
            // These are not the function's own.
            Err(refusal) if matches!(refusal.reason, Reason::Budget | Reason::Internal) => None,
            Err(refusal) => Some((from_loop, Err(refusal.clone()))),
        })
    }

    /// What the code depends on that is not the same in each process, see [`text_of`].
    pub(crate) fn circumstances(&self, info: &ModuleInfo) -> String {
        text_of(info, &self.target.memories)
    }

    /// What calls in the module have called, for code to come.
    pub(crate) fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Publishes what the optimizing compiler has made. If several threads do that at once, the first one's counts.
    ///
    /// # Errors
    /// When there is no memory for it. What the compiler refuses is no error.
    pub(crate) fn publish_optimized(
        &self,
        info: &ModuleInfo,
        made: Optimizing,
        cause: Cause,
    ) -> Result<&Verdict, NoNativeCode> {
        let Optimizing { func, from_loop, offset, code, time } = made;
        let own = (func.0 - info.imported_funcs) as usize;
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let table = self.optimized.get_or_init(own, Box::default);
        if table.get(from_loop).is_none() {
            let verdict = match code {
                Ok(code) if self.budget.take(code.code.bytes.len()).is_err() => {
                    Err(Refusal { reason: Reason::Budget, offset, detail: "".into() })
                }
                Ok(code) => {
                    let bytes = code.code.bytes.len();
                    let made = self.publish(info, func, Made::optimized(code, from_loop, cause, time));
                    Ok(made.inspect_err(|_| self.budget.give_back(bytes))?)
                }
                Err(refusal) => Err(refusal),
            };
            table.set(from_loop, verdict);
        }
        Ok(table.get(from_loop).expect("it is there or was set above"))
    }

    /// Gives code its place. Callers exclude each other.
    fn publish(&self, info: &ModuleInfo, func: FuncIndex, made: Made) -> Result<NativeFunc, NoNativeCode> {
        let Made { mut code, kind, faults, beside, compilation } = made;
        let keeps = self.kept.keeps && kind == NativeKind::Optimized && compilation.trigger != Trigger::Cache;
        let relocs = if keeps { code.relocs[..].into() } else { Box::default() };
        let address = self.code.publish(&mut code, kind, func.0, faults, address_of)?;
        let observers = self.observers.as_ref();
        let registration = observers.and_then(|told| told.published(info, func, address, code.code()));
        Ok(NativeFunc { address, beside, compilation, relocs, _registration: registration })
    }

    /// Where the code has trapped.
    pub(crate) fn traps(&self) -> &TrapSites {
        &self.traps
    }

    /// Why a function has no code and gets none.
    fn code_refusal(&self, own: usize) -> Option<CodeRefusal> {
        self.refused().get(&own).copied()
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<usize, CodeRefusal>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The offsets in the module's bytes of the operators that positions come from.
    pub(crate) fn offsets(
        &self,
        info: &ModuleInfo,
        func: FuncIndex,
        options: CodeOptions,
    ) -> Vec<(u32, u32)> {
        upshift_baseline::positions(info, func, options, &self.target).unwrap_or_default()
    }
}

impl Cause {
    /// What there is to say of a compilation, but for its result.
    fn compilation(self, tier: Tier, time: Duration) -> Compilation {
        let Cause { trigger, arrivals, wait } = self;
        let none = PassSet::default();
        Compilation {
            tier,
            from_loop: None,
            trigger,
            arrivals,
            wait,
            time,
            code_bytes: 0,
            embedded: 0,
            spills: 0,
            inlined: 0,
            passes_off: none,
        }
    }
}

/// What all native code of an engine is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Which processors have to run it at least, see [`CpuFeatures::of_level`].
    pub(crate) level: u8,
    /// How it returns.
    pub(crate) returns: Returns,
    /// Whether it asks at loops where to go on, for tests.
    pub(crate) choices: bool,
    /// Whether code made in a single pass counts its calls and the turns of its loops.
    pub(crate) counts: bool,
    /// Whether optimized code is made without the passes that improve it.
    pub(crate) unimproved: bool,
    /// Which operators the interpreter runs in the middle of native code, for tests.
    pub(crate) twins: Option<u64>,
}

/// What code is made for on this machine, for instances whose memories have these modes.
pub(crate) fn target(memories: &[MemoryMode], machine: Machine) -> Target {
    Target {
        features: CpuFeatures::detect().and(CpuFeatures::of_level(machine.level)),
        returns: machine.returns,
        memories: memories.into(),
        choices: machine.choices,
        counts: machine.counts,
        twins: machine.twins,
    }
}

/// What the optimizing compiler makes of all functions of a module, as [`encode`] has it, by the threads that there are processors for.
pub(crate) fn optimize_all(info: &ModuleInfo, options: CodeOptions, target: &Target) -> Vec<Vec<u8>> {
    let (callees, next) = (Callees::default(), AtomicUsize::new(0));
    // What the compiler asks for is found by one.
    let _ = info.fixed_table(TableIndex(0));
    let some = || {
        let mut made = Vec::new();
        loop {
            let own = next.fetch_add(1, Ordering::Relaxed);
            if own >= info.bodies.len() {
                return made;
            }
            let func = FuncIndex(info.imported_funcs + own as u32);
            let request = Request { callees: Some(&callees), ..Request::default() };
            let compile = || upshift_opt::compile(info, func, options, target, request);
            made.push((own, encode(&whatever_happens(info, func, compile))));
        }
    };
    let others = thread::available_parallelism()
        .map_or(1, |count| count.get())
        .min(info.bodies.len())
        .saturating_sub(1);
    let mut made = thread::scope(|scope| {
        // A thread that cannot be had leaves its work to the others.
        let builder = || thread::Builder::new().stack_size(COMPILER_STACK);
        let threads: Vec<_> = (0..others).filter_map(|_| builder().spawn_scoped(scope, some).ok()).collect();
        let mut made = some();
        made.extend(
            threads
                .into_iter()
                .flat_map(|thread| thread.join().expect("faults of the compiler are refusals")),
        );
        made
    });
    made.sort_unstable_by_key(|&(own, _)| own);
    made.into_iter().map(|(_, made)| made).collect()
}

/// What the compiler makes of a function. Programs can do without what a fault of the compiler's is in the way of.
fn whatever_happens(
    info: &ModuleInfo,
    func: FuncIndex,
    compile: impl FnOnce() -> Result<OptCode, Refusal>,
) -> Result<OptCode, Refusal> {
    catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let offset = info.body(func).map_or(0, |body| body.start);
        Err(Refusal { reason: Reason::Internal, offset, detail: text.unwrap_or_default().into() })
    })
}

/// Native code of a module.
#[derive(Default)]
pub(crate) struct NativeModule {
    /// Most modules have one set, or none.
    sets: Mutex<Vec<Arc<NativeSet>>>,
}

impl NativeModule {
    /// The set for the modes of an instance's memories, which is made if there is none; `machine` is the same for all code of an
    /// engine.
    pub(crate) fn set(
        &self,
        info: &ModuleInfo,
        memories: &[MemoryMode],
        machine: Machine,
        observers: Option<&Arc<Observers>>,
        kept: Kept,
    ) -> Result<Arc<NativeSet>, NoNativeCode> {
        let mut sets = self.sets();
        if let Some(set) = sets.iter().find(|set| set.target.memories[..] == *memories) {
            return Ok(Arc::clone(set));
        }
        let budget = match sets.first() {
            Some(set) => Arc::clone(&set.budget),
            None => Arc::new(CodeBudget::of_module(info)),
        };
        let set = Arc::new(NativeSet {
            target: target(memories, machine),
            unimproved: machine.unimproved,
            baseline: CodeTable::new(info.bodies.len()),
            optimized: CodeTable::new(info.bodies.len()),
            callees: Callees::default(),
            targets: Targets::new(info.call_sites.total()),
            code: CodeSet::create()?,
            observers: observers.cloned(),
            publishing: Mutex::default(),
            budget,
            refused: Mutex::default(),
            traps: TrapSites::default(),
            kept: Kept {
                stored: kept.stored.filter(|stored| stored.is_for(&text_of(info, memories))),
                ..kept
            },
        });
        sets.push(Arc::clone(&set));
        Ok(set)
    }

    /// The set for the modes of an instance's memories, if there is one.
    pub(crate) fn known(&self, memories: &[MemoryMode]) -> Option<Arc<NativeSet>> {
        self.sets().iter().find(|set| set.target.memories[..] == *memories).cloned()
    }

    /// The first set, if there is one.
    pub(crate) fn first(&self) -> Option<Arc<NativeSet>> {
        self.sets().first().cloned()
    }

    /// Whether no instance has asked for native code.
    pub(crate) fn is_empty(&self) -> bool {
        self.sets().is_empty()
    }

    /// Of a function, the best that the first set has that has anything.
    pub(crate) fn find(&self, own: usize) -> Option<Compilation> {
        self.sets().iter().find_map(|set| Some(set.best(own)?.compilation))
    }

    /// All code of a function in the first set that has any, the best first.
    pub(crate) fn all(&self, own: usize) -> Vec<Compilation> {
        let of_set = |set: &Arc<NativeSet>| {
            let optimized = set.optimized.get(own).into_iter().flat_map(Optimized::all);
            let all = optimized.chain(set.baseline(own)).map(|code| code.compilation);
            Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
        };
        self.sets().iter().find_map(of_set).unwrap_or_default()
    }

    /// Why a function is not optimized, if it was refused.
    pub(crate) fn refusal(&self, own: usize) -> Option<Refusal> {
        self.sets().iter().find_map(|set| set.refusal(own).cloned())
    }

    /// Why a function has no code in the first set that has refused it.
    pub(crate) fn code_refusal(&self, own: usize) -> Option<CodeRefusal> {
        self.sets().iter().find_map(|set| set.code_refusal(own))
    }

    fn sets(&self) -> MutexGuard<'_, Vec<Arc<NativeSet>>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What code of a module depends on that is not the same in each process, as a text: what keeps accesses within memories, and the numbers
/// that the engine has given to the module's types, which code compares.
pub(crate) fn text_of(info: &ModuleInfo, memories: &[MemoryMode]) -> String {
    let types: Vec<u32> = info.types.iter().map(|ty| ty.id.0).collect();
    format!("{memories:?} {types:?}")
}

impl fmt::Debug for NativeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeSet").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The address that a word of native code holds.
fn address_of(kind: RelocKind) -> u64 {
    let address = match kind {
        RelocKind::Handler(number) => return native::handler_address(Op::ALL[usize::from(number)]),
        RelocKind::Stub(Stub::CallInterpreterPaired) => native::call_interpreter_paired(),
        RelocKind::Stub(Stub::CallInterpreterJump) => native::call_interpreter_jump(),
        RelocKind::Stub(Stub::CallForeignPaired) => native::call_foreign_paired(),
        RelocKind::Stub(Stub::CallForeignJump) => native::call_foreign_jump(),
        RelocKind::Stub(Stub::ReplaceForeignPaired) => native::replace_foreign_paired(),
        RelocKind::Stub(Stub::ReplaceForeignJump) => native::replace_foreign_jump(),
        RelocKind::Stub(Stub::ReturnToInterpreter) => native::return_to_interpreter(),
        RelocKind::Stub(Stub::Trap) => native::trap(),
        RelocKind::Stub(Stub::Overflow) => native::overflow(),
        RelocKind::Stub(Stub::Choose) => native::choose(),
        #[cfg(target_arch = "x86_64")]
        RelocKind::Stub(Stub::CopyBytes) => upshift_memops::COPY as usize,
        #[cfg(target_arch = "x86_64")]
        RelocKind::Stub(Stub::FillBytes) => upshift_memops::FILL as usize,
        #[cfg(not(target_arch = "x86_64"))]
        RelocKind::Stub(Stub::CopyBytes | Stub::FillBytes) => unreachable!("only code for x86-64 wants it"),
        RelocKind::Base => unreachable!("whoever publishes knows where the code lies"),
    };
    address as u64
}

/// A fault of the optimizing compiler's in modules that ask for it, for tests of what follows.
#[cfg(test)]
pub(crate) mod fault {
    use upshift_translate::ModuleInfo;

    /// What such a module has somewhere in its bytes.
    pub(crate) const MARK: &str = "the optimizing compiler panics here";

    pub(super) fn strike(info: &ModuleInfo) {
        let bytes: &[u8] = info.bytes.as_ref();
        assert!(!bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes()), "{MARK}");
    }
}
