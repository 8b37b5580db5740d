//! Runs one module in all engines and compares what can be seen of it.
//!
//! ```text
//! bytes ─ load ─▶ instantiate ─▶ each exported function, several times ─▶ results or trap ─▶ memories, globals, tables
//! ```

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use upshift::{ExternType, ValType};

use crate::engines::{Peer, Upshift};
use crate::rng::Rng;
use crate::value::{Outcome, Stop, Value};

/// The engine to compare with.
#[derive(Clone, Copy)]
pub(crate) struct Other {
    pub(crate) name: &'static str,
    /// Parts of the paths of its sources, by which its panics are known.
    pub(crate) sources: &'static [&'static str],
    pub(crate) make: fn() -> Box<dyn Peer>,
}

thread_local! {
    static LAST_PANIC_IN_OTHER: Cell<bool> = const { Cell::new(false) };
}

/// Makes panics of the other engine silent, and known as such.
pub(crate) fn watch_panics(other: Other) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_other = |path: &str| other.sources.iter().any(|part| path.contains(part));
        let in_other = panic.location().is_some_and(|location| is_other(location.file()));
        LAST_PANIC_IN_OTHER.set(in_other);
        if !in_other {
            report(panic);
        }
    }));
}

/// The engines, made once for each thread.
pub(crate) struct Engines {
    upshift: Vec<Upshift>,
    other: Box<dyn Peer>,
    kind: Other,
    /// What was done with the module so far, one line each.
    pub(crate) history: Vec<String>,
}

/// The modules to run together, in the form that each engine gets; what both forms do is the same.
///
/// Later modules import what the first one exports under the module name `first`; names of exports are unique.
pub(crate) struct Modules {
    pub(crate) upshift: Vec<Vec<u8>>,
    pub(crate) other: Vec<Vec<u8>>,
}

impl Modules {
    /// One form for both.
    pub(crate) fn both(bytes: Vec<Vec<u8>>) -> Modules {
        Modules { other: bytes.clone(), upshift: bytes }
    }
}

/// How to run a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How often each function is called.
    pub(crate) calls: usize,
    /// Whether NaNs of results and globals may differ in their bits.
    pub(crate) any_nan: bool,
    /// A global that bounds the running time, and what it is set to before each call.
    pub(crate) fuel: Option<(&'static str, u32)>,
    /// How many fresh instances are made when a call ends in `unreachable`, which may mean that the fuel is used up.
    pub(crate) renewals: usize,
}

macro_rules! counters {
    ($($name:ident: $text:literal,)*) => {
        /// What was done.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
            /// How often calls ended in which way.
            pub(crate) stops: Mutex<BTreeMap<&'static str, u64>>,
        }

        impl Counters {
            /// The counts with their names, for people.
            pub(crate) fn report(&self) -> String {
                let counts = [$(($text, self.$name.load(Ordering::Relaxed)),)*];
                let counts = counts.map(|(text, count)| format!("{text} {count}")).join(", ");
                let stops = self.stops.lock().expect("nobody panics who holds it");
                let stops: Vec<_> = stops.iter().map(|(name, count)| format!("{name} {count}")).collect();
                format!("{counts}; traps by kind: {}", stops.join(", "))
            }
        }
    };
}

counters! {
    modules: "modules",
    refused: "refused by the other engine",
    panics: "its panics",
    skipped: "not comparable",
    failed: "failed instantiations compared",
    instances: "instantiated",
    calls: "calls compared",
    traps: "of them traps",
    uncalled: "without arguments to call with",
    exhausted: "skipped for stack or room",
    bytes: "bytes of memory compared",
    globals: "globals compared",
    objects: "objects compared",
}

pub(crate) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

/// The exports of a module by kind.
#[derive(Default)]
struct Exports {
    funcs: Vec<(String, Vec<ValType>)>,
    memories: Vec<String>,
    globals: Vec<String>,
    tables: Vec<String>,
}

impl Engines {
    pub(crate) fn new(other: Other) -> Engines {
        Engines { upshift: Upshift::all(), other: (other.make)(), kind: other, history: Vec::new() }
    }

    /// Runs a module in all engines.
    ///
    /// # Errors
    /// When they disagree: what about.
    pub(crate) fn compare(
        &mut self,
        modules: &Modules,
        plan: Plan,
        rng: &mut Rng,
        counters: &Counters,
    ) -> Result<(), String> {
        match catch_unwind(AssertUnwindSafe(|| self.run(modules, plan, rng, counters))) {
            Ok(result) => result,
            // Some modules make wasmi's translation panic. Nothing of its state is used again.
            Err(_) if LAST_PANIC_IN_OTHER.get() => {
                count(&counters.panics, 1);
                self.other = (self.kind.make)();
                Ok(())
            }
            Err(panic) => resume_unwind(panic),
        }
    }

    fn run(
        &mut self,
        modules: &Modules,
        plan: Plan,
        rng: &mut Rng,
        counters: &Counters,
    ) -> Result<(), String> {
        count(&counters.modules, 1);
        self.history.clear();
        let refused = self.other.load(&modules.other);
        for upshift in &mut self.upshift {
            if let (Err(error), true) = (upshift.load(&modules.upshift), refused.is_ok()) {
                return Err(format!("upshift refuses the module: {error}"));
            }
        }
        if refused.is_err() {
            count(&counters.refused, 1);
            return Ok(());
        }
        let exports = self.exports();
        if !self.instantiate(counters)? {
            return Ok(());
        }
        self.same_state(&exports, plan, counters).map_err(|what| format!("after instantiation: {what}"))?;
        let mut renewals = plan.renewals;
        for (name, params) in &exports.funcs {
            for _ in 0..plan.calls {
                let args: Option<Vec<_>> = params.iter().map(|ty| Value::random(rng, ty)).collect();
                let Some(args) = args else {
                    count(&counters.uncalled, 1);
                    continue;
                };
                if let Some((fuel, amount)) = plan.fuel {
                    self.each(|peer| peer.set_global(fuel, Value::I32(amount)));
                }
                self.history.push(format!("{name} {args:?}"));
                let outcomes = self.each(|peer| peer.call(name, &args));
                if outcomes[0] == Err(Stop::Other) {
                    // wasmi translates at the first call, and has limits.
                    count(&counters.refused, 1);
                    return Ok(());
                }
                let exhausted = |stop: &Outcome| matches!(stop, Err(Stop::Stack | Stop::Room));
                let renew = if outcomes.iter().any(exhausted) {
                    count(&counters.exhausted, 1);
                    true
                } else {
                    let call = || format!("in `{name}` with {args:?}");
                    self.same_call(&exports, plan, &outcomes, counters)
                        .map_err(|what| format!("{what}\n{}", call()))?;
                    let unreachable = outcomes[0] == Err(Stop::Unreachable) && renewals > 0;
                    renewals -= usize::from(unreachable);
                    unreachable
                };
                if renew && !self.instantiate(counters)? {
                    return Err("a second instantiation fails".to_string());
                }
            }
        }
        Ok(())
    }

    /// What the other engine makes of it, and then each configuration of ours.
    fn each<R>(&mut self, mut act: impl FnMut(&mut dyn Peer) -> R) -> Vec<R> {
        let mut all = vec![act(&mut *self.other)];
        all.extend(self.upshift.iter_mut().map(|upshift| act(upshift)));
        all
    }

    fn exports(&self) -> Exports {
        let mut exports = Exports::default();
        for export in self.upshift[0].modules().iter().flat_map(upshift::Module::exports) {
            let name = export.name().to_string();
            match export.ty() {
                ExternType::Func(ty) => exports.funcs.push((name, ty.params().collect())),
                ExternType::Memory(_) => exports.memories.push(name),
                ExternType::Global(_) => exports.globals.push(name),
                ExternType::Table(_) => exports.tables.push(name),
                ExternType::Tag(_) => {}
            }
        }
        exports
    }

    /// Makes instances; answers whether there are any now.
    fn instantiate(&mut self, counters: &Counters) -> Result<bool, String> {
        self.history.push("new instance".to_string());
        let made = self.each(|peer| peer.instantiate());
        if made.iter().any(|result| matches!(result, Err(Stop::Stack | Stop::Room))) {
            count(&counters.exhausted, 1);
            return Ok(false);
        }
        // Where segments do not fit, wasmi's error is no trap.
        if made.iter().any(|result| result.is_ok() != made[0].is_ok()) {
            return Err(format!("instantiation: {made:?}"));
        }
        count(if made[0].is_ok() { &counters.instances } else { &counters.failed }, 1);
        Ok(made[0].is_ok())
    }

    fn same_call(
        &mut self,
        exports: &Exports,
        plan: Plan,
        outcomes: &[Outcome],
        counters: &Counters,
    ) -> Result<(), String> {
        let settled = |outcome: &Outcome| outcome.clone().map(|values| comparable(values, plan));
        let comparable: Vec<Outcome> = outcomes.iter().map(settled).collect();
        if comparable[1..].iter().any(|outcome| *outcome != comparable[0]) {
            let names = [self.kind.name].into_iter().chain(self.upshift.iter().map(|upshift| upshift.name));
            let lines = names.zip(comparable).map(|(name, outcome)| format!("{name}: {outcome:x?}"));
            return Err(lines.collect::<Vec<_>>().join("\n"));
        }
        self.same_places_and_fuel()?;
        count(&counters.calls, 1);
        match &outcomes[0] {
            Ok(values) => count(&counters.objects, values.iter().filter(|value| value.is_object()).count()),
            Err(stop) => {
                count(&counters.traps, 1);
                let mut stops = counters.stops.lock().expect("nobody panics who holds it");
                *stops.entry(stop.name()).or_default() += 1;
            }
        }
        self.same_state(exports, plan, counters).map_err(|what| format!("after the call: {what}"))
    }

    /// What no other engine says the same of: where ours stopped, in all configurations, and the fuel of those that count it.
    fn same_places_and_fuel(&self) -> Result<(), String> {
        let places = self.upshift.iter().map(|upshift| (upshift.name, upshift.stopped_at()));
        let fuel =
            self.upshift.iter().filter_map(|upshift| Some((upshift.name, upshift.fuel()?.to_string())));
        for (what, all) in [("place", places.collect::<Vec<_>>()), ("fuel", fuel.collect())] {
            if let Some((name, found)) = all.iter().find(|(_, found)| *found != all[0].1) {
                let (first, expected) = &all[0];
                return Err(format!("{what}\n{first}: {expected}\n{name}: {found}"));
            }
        }
        Ok(())
    }

    fn same_state(&mut self, exports: &Exports, plan: Plan, counters: &Counters) -> Result<(), String> {
        let Engines { upshift, other, .. } = self;
        for upshift in upshift {
            for name in &exports.memories {
                let (expected, found) = (other.memory(name), upshift.memory(name));
                count(&counters.bytes, expected.len());
                if expected != found {
                    let at = expected.iter().zip(&*found).position(|(a, b)| a != b);
                    let lens = (expected.len(), found.len());
                    return Err(format!("memory `{name}` differs, first at {at:x?}, lengths {lens:x?}"));
                }
            }
            for name in &exports.globals {
                let [expected, found] =
                    [other.global(name), upshift.global(name)].map(|value| comparable(vec![value], plan));
                count(&counters.globals, 1);
                count(&counters.objects, expected.iter().filter(|value| value.is_object()).count());
                if expected != found {
                    return Err(format!("global `{name}` is {found:x?} instead of {expected:x?}"));
                }
            }
            for name in &exports.tables {
                let (expected, found) = (other.table(name), upshift.table(name));
                count(&counters.objects, expected.iter().filter(|value| value.is_object()).count());
                if expected != found {
                    return Err(format!("table `{name}` is {found:x?} instead of {expected:x?}"));
                }
            }
        }
        Ok(())
    }
}

fn comparable(mut values: Vec<Value>, plan: Plan) -> Vec<Value> {
    if plan.any_nan {
        values.iter_mut().for_each(|value| *value = value.canonical());
    }
    values
}
