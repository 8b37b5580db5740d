//! Native code of a module's functions, made when it is asked for and kept for all instances.
//!
//! ```text
//! NativeModule ─ modes of an instance's memories ─▶ NativeSet ─ function ─▶ NativeFunc: address, what lies beside the code
//!                                                       │ not there yet
//!                                                       └─ upshift_baseline::compile ─▶ CodeSet::publish
//! ```
//!
//! Code depends on the module, on the engine's options and on what keeps accesses within the memories, which may differ between
//! instances; those with the same modes share a set. A set goes with its module and its instances: frames belong to instances.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{fmt, mem};

use upshift_asm::x64::CpuFeatures;
use upshift_asm::{RelocKind, Stub};
use upshift_baseline::{BaselineCode, Target};
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_interp::native;
use upshift_ir::Op;
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;
use upshift_translate::{CodeOptions, ModuleInfo};

use crate::vm::code::{CodeSet, NativeKind, NoNativeCode};
use crate::vm::code_table::CodeTable;
use crate::vm::observe::{Observers, Registration};
use crate::vm::refusal::{CodeBudget, CodeRefusal};
use crate::vm::tier::{Compilation, Tier, Trigger};
use crate::vm::trap_sites::TrapSites;

/// Native code of one function.
pub(crate) struct NativeFunc {
    /// Where the code begins.
    address: usize,
    /// What lies beside it.
    code: BaselineCode,
    pub(crate) compilation: Compilation,
    /// What a debugger knows of it.
    _registration: Option<Registration>,
}

impl NativeFunc {
    /// What a [`FuncRec`](upshift_core::vm::FuncRec) holds as `code`.
    pub(crate) fn entry(&self) -> *const u64 {
        self.word(self.code.entry)
    }

    /// What a [`FuncRec`](upshift_core::vm::FuncRec) holds as `native`.
    pub(crate) fn native_entry(&self) -> *const u8 {
        std::ptr::with_exposed_provenance(self.address + self.code.native_entry as usize)
    }

    /// The word to go on with from the head of a loop of the interpreter's code, if anything reaches the loop.
    pub(crate) fn loop_entry(&self, number: u32) -> Option<*const u64> {
        self.code.loop_head(number).map(|offset| self.word(offset))
    }

    /// The word at an offset.
    pub(crate) fn word(&self, offset: u32) -> *const u64 {
        std::ptr::with_exposed_provenance(self.address + offset as usize)
    }

    /// Slots of the frame behind `fp`.
    pub(crate) fn frame_slots(&self) -> usize {
        self.code.frame_slots as usize
    }

    /// What catches exceptions, by positions.
    pub(crate) fn handlers(&self) -> Option<&Handlers> {
        Some(&self.code.handlers).filter(|handlers| !handlers.is_empty())
    }

    /// Which slots are references, by positions.
    pub(crate) fn references(&self) -> Option<&ReferenceMaps> {
        Some(&self.code.references).filter(|references| !references.is_empty())
    }

    /// The offset of an address in the code, if it is in there.
    pub(crate) fn offset_of(&self, pc: usize) -> Option<u32> {
        let offset = pc.wrapping_sub(self.address);
        (offset < self.compilation.code_bytes).then_some(offset as u32)
    }

    /// The position that a byte of the code belongs to: an offset in the main line.
    pub(crate) fn position(&self, offset: u32) -> u32 {
        self.code.position(offset)
    }

    /// The words from an offset to the end of the pool, if it is in the pool.
    pub(crate) fn pool_from(&self, offset: u32) -> Option<&[u64]> {
        if offset < self.code.code.pool || !offset.is_multiple_of(8) {
            return None;
        }
        let words = (self.compilation.code_bytes - offset as usize) / size_of::<u64>();
        // SAFETY: I-NATIVE: published code stays readable and unchanged as long as its set, which owns this.
        Some(unsafe { std::slice::from_raw_parts(self.word(offset), words) })
    }
}

/// Why a function is compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    pub(crate) trigger: Trigger,
    /// After how many calls and turns of loops, if they are counted.
    pub(crate) arrivals: u32,
}

/// Native code for instances whose memories have the same modes.
pub(crate) struct NativeSet {
    target: Target,
    /// Dropped before the code, for debuggers look at code that they know.
    funcs: CodeTable<NativeFunc>,
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
}

impl NativeSet {
    /// The code of a function, if it has been made; `own` counts without the imports.
    #[inline]
    pub(crate) fn get(&self, own: usize) -> Option<&NativeFunc> {
        self.funcs.get(own)
    }

    /// The code of a function, which is made if there is none. If several threads do that at once, the first one's counts.
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
        if let Some(code) = self.get(own) {
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
        let mut code = upshift_baseline::compile(info, func, options, &self.target)
            .map_err(|_| refuse(CodeRefusal::TooLarge))?;
        let _publishing = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = self.get(own) {
            return Ok(code);
        }
        let bytes = code.code.bytes.len();
        self.budget.take(bytes).map_err(refuse)?;
        let faults = mem::take(&mut code.faults);
        let address = self
            .code
            .publish(&code.code, NativeKind::Baseline, func.0, faults, address_of)
            .inspect_err(|_| self.budget.give_back(bytes))?;
        let compilation = Compilation {
            tier: Tier::Baseline,
            trigger: cause.trigger,
            arrivals: cause.arrivals,
            time: begin.elapsed(),
            code_bytes: bytes,
            embedded: code.embedded as usize,
        };
        let observers = self.observers.as_ref();
        let registration = observers.and_then(|told| told.published(info, func, address, code.code.code()));
        // They are published, and nobody reads this copy.
        (code.code.bytes, code.code.relocs, code.tables) = Default::default();
        let made = NativeFunc { address, code, compilation, _registration: registration };
        Ok(self.funcs.get_or_init(own, || Box::new(made)))
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

/// What all native code of an engine is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Which processors have to run it at least, see [`CpuFeatures::of_level`].
    pub(crate) level: u8,
    /// How it returns.
    pub(crate) returns: Returns,
    /// Whether it asks at loops where to go on, for tests.
    pub(crate) choices: bool,
}

/// What code is made for on this machine, for instances whose memories have these modes.
pub(crate) fn target(memories: &[MemoryMode], machine: Machine) -> Target {
    Target {
        features: CpuFeatures::detect().and(CpuFeatures::of_level(machine.level)),
        returns: machine.returns,
        memories: memories.into(),
        choices: machine.choices,
    }
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
            funcs: CodeTable::new(info.bodies.len()),
            code: CodeSet::create()?,
            observers: observers.cloned(),
            publishing: Mutex::default(),
            budget,
            refused: Mutex::default(),
            traps: TrapSites::default(),
        });
        sets.push(Arc::clone(&set));
        Ok(set)
    }

    /// The set for the modes of an instance's memories, if there is one.
    pub(crate) fn known(&self, memories: &[MemoryMode]) -> Option<Arc<NativeSet>> {
        self.sets().iter().find(|set| set.target.memories[..] == *memories).cloned()
    }

    /// Whether no instance has asked for native code.
    pub(crate) fn is_empty(&self) -> bool {
        self.sets().is_empty()
    }

    /// Of a function, what the first set has that has anything.
    pub(crate) fn find(&self, own: usize) -> Option<Compilation> {
        self.sets().iter().find_map(|set| Some(set.get(own)?.compilation))
    }

    /// Why a function has no code in the first set that has refused it.
    pub(crate) fn code_refusal(&self, own: usize) -> Option<CodeRefusal> {
        self.sets().iter().find_map(|set| set.code_refusal(own))
    }

    fn sets(&self) -> MutexGuard<'_, Vec<Arc<NativeSet>>> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for NativeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeSet").field("target", &self.target).finish_non_exhaustive()
    }
}

impl fmt::Debug for NativeFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeFunc").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The address that a word of native code holds.
fn address_of(kind: RelocKind) -> u64 {
    let address = match kind {
        RelocKind::Handler(number) => return native::handler_address(Op::ALL[usize::from(number)]),
        RelocKind::Stub(Stub::CallInterpreterPaired) => native::call_interpreter_paired(),
        RelocKind::Stub(Stub::CallInterpreterJump) => native::call_interpreter_jump(),
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
