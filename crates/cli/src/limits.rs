//! What a program may take, and what is said when it wants more.
//!
//! ```text
//! Options.limits ─┬─ fuel, stack ─────────▶ engine and store ─▶ Trap ──────┐
//!                 ├─ timeout ─▶ clock ─▶ epoch ──────────────▶ Trap ───────┼─ explain ─▶ error that names limit and flag
//!                 ├─ memory ─▶ MemoryBudget ─┐                             │
//!                 ├─ table, heap ────────────┴▶ Limiter ─▶ LimitHit        │
//!                 └─ instances, … ────────▶ check_counts ─▶ LimitHit ──────┘
//! ```

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use upshift::{
    LimitExceeded, MemoryBudget, MemoryShare, MemoryUse, Module, ModuleLimit, ModuleLimits, ResourceLimiter,
    StoreLimits, Trap,
};

/// The stack that the engine gives if nobody says otherwise; `Config::max_wasm_stack` documents it.
pub(crate) const DEFAULT_STACK: usize = 8 << 20;

/// How many elements a table may have if nobody says otherwise; `StoreLimitsBuilder::table_elements` documents it.
pub(crate) const DEFAULT_TABLE: usize = 10_000_000;

/// How many threads a guest may start if nobody says otherwise; `WasiThreadsBuilder::new` documents it.
pub(crate) const DEFAULT_THREADS: usize = 1000;

/// What a thread takes beside its stack for frames: native stack, and a copy of what it reads or writes.
const THREAD: usize = (256 << 10) + (1 << 20);

/// The most that something may grow to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Growth {
    pub(crate) most: usize,
    /// Whether growing above that stops the program, or only fails.
    pub(crate) stops: bool,
}

/// What flags say about limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) fuel: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    /// In bytes.
    pub(crate) stack: Option<usize>,
    /// In bytes, of all memories, tables, heaps and threads of a program together.
    pub(crate) total_memory: Option<usize>,
    /// In bytes, of each memory.
    pub(crate) memory: Option<Growth>,
    /// In bytes, of both halves of the heap of structs and arrays; that of a memory if nobody says.
    pub(crate) gc_heap: Option<usize>,
    /// In elements, of each table.
    pub(crate) table: Option<Growth>,
    pub(crate) instances: Option<usize>,
    pub(crate) memories: Option<usize>,
    pub(crate) tables: Option<usize>,
    /// That the guest starts.
    pub(crate) threads: Option<usize>,
    /// Of what a module may contain: values that were given.
    pub(crate) module: Vec<(ModuleLimit, u64)>,
    /// Whether the others are the strict ones.
    strict_modules: bool,
    /// Overrides what goes with the limits on memories and tables.
    pub(crate) growth_stops: Option<bool>,
}

impl Limits {
    /// Sets what nobody has set to what suits a program that is not trusted.
    ///
    /// Fuel does not see a program that waits, so there is a clock in any case. A clock makes runs differ; where they must
    /// not, fuel ends what computes, and the clock is so late that it only ends what hangs.
    pub(crate) fn fill_for_sandbox(&mut self, deterministic: bool) {
        let time = if deterministic {
            self.fuel.get_or_insert(10_000_000_000);
            Duration::from_secs(600)
        } else {
            Duration::from_secs(10)
        };
        self.timeout.get_or_insert(time);
        self.strict_modules = true;
        self.stack.get_or_insert(1 << 20);
        self.total_memory.get_or_insert(256 << 20);
        self.table.get_or_insert(Growth { most: 100_000, stops: true });
        self.instances.get_or_insert(16);
        self.memories.get_or_insert(16);
        self.tables.get_or_insert(16);
    }

    /// What a program may take in all, its threads too; none if there is no limit.
    pub(crate) fn budget(&self) -> Option<MemoryBudget> {
        self.total_memory.map(MemoryBudget::new)
    }

    /// Who decides about growth in a store of a program with a budget; nobody if there is no limit.
    pub(crate) fn limiter(&self, budget: Option<MemoryBudget>) -> Option<Limiter> {
        let growth = |growth: Option<Growth>| {
            growth.map(|growth| Growth { stops: self.growth_stops.unwrap_or(growth.stops), ..growth })
        };
        let (memory, table) = (growth(self.memory), growth(self.table));
        let gc_heap = self.heap();
        let limited = memory.is_some() || gc_heap.is_some() || table.is_some() || budget.is_some();
        let budget_stops = self.growth_stops.unwrap_or(true);
        limited.then_some(Limiter { memory, gc_heap, table, budget, budget_stops })
    }

    /// Takes what another thread of a program needs before it has taken anything: its stack, which may become as large as is
    /// allowed, and its instance.
    ///
    /// # Errors
    /// If the program has not as much left: then the thread is not started, which the guest is told.
    pub(crate) fn reserve_thread(
        &self,
        budget: Option<&MemoryBudget>,
        module: &Module,
    ) -> Result<Option<MemoryShare>> {
        let Some(budget) = budget else { return Ok(None) };
        let wanted = self.stack.unwrap_or(DEFAULT_STACK) + THREAD + instance_bytes(module);
        let share = budget.reserve(wanted);
        share.map(Some).with_context(|| format!("the program may not take {} for a thread", bytes(wanted)))
    }

    /// The most bytes of the heap of structs and arrays, but for what is left of all memory.
    fn heap(&self) -> Option<usize> {
        self.gc_heap.or(self.memory.map(|memory| memory.most))
    }

    /// The most bytes that the heap of structs and arrays can come to have.
    pub(crate) fn heap_in_all(&self) -> Option<usize> {
        self.heap().into_iter().chain(self.total_memory).min()
    }

    /// What a module may contain.
    pub(crate) fn modules(&self) -> ModuleLimits {
        let others = if self.strict_modules { ModuleLimits::strict() } else { ModuleLimits::default() };
        self.module.iter().fold(others, |limits, &(limit, value)| limits.with(limit, value))
    }

    /// How many threads may be started at once beside one instance; nothing if nobody says.
    pub(crate) fn threads(&self) -> Option<usize> {
        let instances = self.instances.map(|instances| instances.saturating_sub(1));
        self.threads.into_iter().chain(instances).min()
    }

    /// Makes sure that there will not be too many things. Each module is instantiated once, so they can be counted; with
    /// `threads`, which count for themselves, the shared memories that a module imports are made for it.
    ///
    /// # Errors
    /// A [`LimitHit`] if there would be.
    pub(crate) fn check_counts<'m>(
        &self,
        modules: impl IntoIterator<Item = &'m Module> + Clone,
        threads: bool,
    ) -> Result<(), LimitHit> {
        let sum = |count: fn(&Module) -> usize| modules.clone().into_iter().map(count).sum::<usize>();
        let counts = [
            ("instances", self.instances, sum(|_| 1)),
            ("memories", self.memories, sum(own_memories) + if threads { sum(shared_memories) } else { 0 }),
            ("tables", self.tables, sum(|m| own(m.info().tables.len(), m.info().imported_tables))),
        ];
        for (what, limit, wanted) in counts {
            if let Some(limit) = limit.filter(|&limit| wanted > limit) {
                return Err(LimitHit {
                    what: format!("{what} are limited to {limit}, but there would be {wanted}"),
                    flag: format!("--max-{what} N"),
                });
            }
        }
        Ok(())
    }
}

/// What an instance of a module takes for its functions, globals and segments, about; without memories and tables.
fn instance_bytes(module: &Module) -> usize {
    let info = module.info();
    let elements: usize = info.elems.iter().map(|segment| segment.items.len()).sum();
    info.vm_layout().size() + elements * size_of::<u64>()
}

fn own_memories(module: &Module) -> usize {
    own(module.info().memories.len(), module.info().imported_memories)
}

/// How many shared memories a module imports.
fn shared_memories(module: &Module) -> usize {
    let imported = module.info().memories.iter().take(module.info().imported_memories as usize);
    imported.filter(|memory| memory.shared).count()
}

/// How many things of an index space are not imported.
fn own(all: usize, imported: u32) -> usize {
    all - imported as usize
}

/// Decides about growth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limiter {
    memory: Option<Growth>,
    gc_heap: Option<usize>,
    table: Option<Growth>,
    budget: Option<MemoryBudget>,
    /// Whether the program ends when it wants more than the budget has.
    budget_stops: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        may_grow(self.memory, desired, |most| LimitHit {
            what: format!("a memory is limited to {}, but the program wants {}", bytes(most), bytes(desired)),
            flag: "-W max-memory-size=SIZE".into(),
        })
    }

    fn gc_heap_growing(&mut self, _: usize, desired: usize, least: usize) -> Result<usize> {
        let Some(most) = self.gc_heap else { return Ok(desired) };
        // Objects lie in one half; the other one is what they are copied to.
        if least > most / 2 {
            // There is no growth that only fails: without room the program stops in any case.
            let (most, both) = (bytes(most), bytes(least.saturating_mul(2)));
            let what = format!(
                "the heap of objects is limited to {most}, but the program wants {both}, half of them to copy objects to"
            );
            return Err(LimitHit { what, flag: "--max-gc-heap SIZE".into() }.into());
        }
        Ok(desired.min(most / 2))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if self.table.is_none() {
            return StoreLimits::default().table_growing(current, desired, maximum);
        }
        may_grow(self.table, desired, |most| LimitHit {
            what: format!("a table is limited to {most} elements, but the program wants {desired}"),
            flag: "--max-table-elements N".into(),
        })
    }

    fn memory_budget(&self) -> Option<MemoryBudget> {
        self.budget.clone()
    }

    fn budget_exceeded(&mut self, exceeded: LimitExceeded) -> Result<()> {
        let (what, is_heap) = match exceeded {
            LimitExceeded::Budget { limit, desired, what } => (
                format!(
                    "memory is limited to {} in all, but with {what} the program would take {}",
                    bytes(limit),
                    bytes(desired)
                ),
                what == MemoryUse::GcHeap,
            ),
            other => (other.to_string(), false),
        };
        let stops = self.budget_stops || is_heap;
        if stops { Err(LimitHit { what, flag: "--max-memory SIZE".into() }.into()) } else { Ok(()) }
    }
}

fn may_grow(growth: Option<Growth>, desired: usize, hit: impl FnOnce(usize) -> LimitHit) -> Result<bool> {
    match growth.filter(|growth| desired > growth.most) {
        Some(Growth { most, stops: true }) => Err(hit(most).into()),
        refused => Ok(refused.is_none()),
    }
}

/// A limit that stopped the program.
#[derive(Debug)]
pub(crate) struct LimitHit {
    what: String,
    flag: String,
}

impl fmt::Display for LimitHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; `{}` allows more", self.what, self.flag)
    }
}

impl std::error::Error for LimitHit {}

/// Puts the limit in front of a trap that comes from one.
pub(crate) fn explain(error: Error, limits: &Limits) -> Error {
    let (what, flag) = match error.downcast_ref() {
        Some(Trap::OutOfFuel) => {
            let fuel = limits.fuel.unwrap_or(u64::MAX);
            (format!("the program has used up its fuel, which was {fuel}"), "--fuel N")
        }
        Some(Trap::Interrupt) => {
            let time = limits.timeout.unwrap_or_default();
            (format!("the program has used up its time, which was {time:?}"), "--timeout DURATION")
        }
        Some(Trap::StackOverflow) => {
            let stack = bytes(limits.stack.unwrap_or(DEFAULT_STACK));
            (
                format!("calls are nested too deeply for the stack, which is limited to {stack}"),
                "--max-stack SIZE",
            )
        }
        _ => return error,
    };
    error.context(LimitHit { what, flag: flag.into() })
}

/// A number of bytes, in the largest unit that leaves no rest.
pub(crate) fn bytes(number: usize) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if number >> shift != 0 && number & ((1 << shift) - 1) == 0 {
            return format!("{} {unit}", number >> shift);
        }
    }
    format!("{number} bytes")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use upshift::{LimitExceeded, MemoryUse, ResourceLimiter};

    use super::{Growth, Limiter, Limits, bytes};

    #[test]
    fn sizes_are_exact() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1 << 10), "1 KiB");
        assert_eq!(bytes(3 << 20), "3 MiB");
        assert_eq!(bytes((1 << 30) + 1), "1073741825 bytes");
    }

    #[test]
    fn growth_stops_or_fails() {
        let growth = |stops| Some(Growth { most: 10, stops });
        let mut limiter =
            Limiter { memory: growth(true), gc_heap: Some(20), table: growth(false), ..Limiter::default() };
        assert!(limiter.memory_growing(0, 10, None).unwrap());
        assert!(limiter.memory_growing(0, 11, None).is_err());
        assert!(!limiter.table_growing(0, 11, None).unwrap());
        assert_eq!(limiter.gc_heap_growing(0, 9, 3).unwrap(), 9);
        assert_eq!(limiter.gc_heap_growing(0, 20, 3).unwrap(), 10);
        assert!(limiter.gc_heap_growing(0, 20, 11).is_err());
    }

    #[test]
    fn the_heap_is_limited_like_a_memory_unless_said() {
        let limits = |memory: Option<usize>, gc_heap| Limits {
            memory: memory.map(|most| Growth { most, stops: true }),
            gc_heap,
            ..Limits::default()
        };
        let heap = |limits: Limits| limits.limiter(None).and_then(|limiter| limiter.gc_heap);
        assert_eq!(heap(limits(None, None)), None);
        assert_eq!(heap(limits(Some(10), None)), Some(10));
        assert_eq!(heap(limits(Some(10), Some(20))), Some(20));
        assert_eq!(heap(limits(None, Some(20))), Some(20));
    }

    #[test]
    fn the_budget_ends_the_program_unless_growth_may_fail() {
        let exceeded = |what| LimitExceeded::Budget { limit: 10, desired: 20, what };
        let limiter = |growth_stops| {
            let limits = Limits { total_memory: Some(10), growth_stops, ..Limits::default() };
            limits.limiter(limits.budget()).unwrap()
        };
        assert_eq!(limiter(None).memory_budget().unwrap().limit(), 10);
        assert!(limiter(None).budget_exceeded(exceeded(MemoryUse::Memory)).is_err());
        assert!(limiter(Some(false)).budget_exceeded(exceeded(MemoryUse::Table)).is_ok());
        // An object has no way to fail.
        assert!(limiter(Some(false)).budget_exceeded(exceeded(MemoryUse::GcHeap)).is_err());
        assert!(Limits::default().limiter(None).is_none());
    }

    #[test]
    fn a_sandbox_has_a_clock_and_keeps_what_was_said() {
        let filled = |fuel, timeout, deterministic| {
            let mut limits = Limits { fuel, timeout, ..Limits::default() };
            limits.fill_for_sandbox(deterministic);
            (limits.fuel, limits.timeout)
        };
        let (second, ten) = (Some(Duration::from_secs(1)), Some(Duration::from_secs(10)));
        assert_eq!(filled(None, None, false), (None, ten));
        assert_eq!(filled(Some(1), None, false), (Some(1), ten));
        assert_eq!(filled(None, second, false), (None, second));
        let (fuel, late) = filled(None, None, true);
        assert!(fuel.is_some() && late > ten);
        assert_eq!(filled(Some(1), None, true), (Some(1), late));
        assert_eq!(filled(None, second, true), (fuel, second));
    }
}
