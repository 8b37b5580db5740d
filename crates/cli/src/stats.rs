//! `--stats`: what a run took, told on the standard error when it is over.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use upshift::{CodeRefusal, Compilation, Module, Optimization, Store, Tier, Trigger};

use crate::flags::{Options, Stats};
use crate::patient::Patient;
use crate::program::Host;

/// Times of one run. Clones are of the same run.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    begin: Instant,
    first: Arc<OnceLock<Duration>>,
}

impl Times {
    /// `begin` is when the process began.
    pub(crate) fn new(begin: Instant) -> Times {
        Times { begin, first: Arc::default() }
    }

    /// When the process began.
    pub(crate) fn begin(&self) -> Instant {
        self.begin
    }

    /// When the guest's code was entered for the first time, counted from there.
    pub(crate) fn first(&self) -> Option<Duration> {
        self.first.get().copied()
    }

    /// Notes that the guest's code is entered, if it is for the first time.
    pub(crate) fn enter(&mut self) {
        self.first.get_or_init(|| self.begin.elapsed());
    }
}

/// What `--stats` asks for, as lines. Without a store it is a run that was ended while it was busy elsewhere: what only the
/// store knows is left out.
pub(crate) fn text(
    times: &Times,
    modules: &[Module],
    store: Option<(Stats, &Options, &Store<Host>)>,
) -> String {
    let sum = |count: fn(&Module) -> usize| modules.iter().map(count).sum::<usize>();
    let time = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1e3);
    let memory = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let unknown = || "unknown".to_owned();
    let mut lines = vec![
        ("time to first instruction", times.first().map_or_else(|| "none was executed".to_owned(), time)),
        ("time in all", time(times.begin.elapsed())),
        (
            "functions translated",
            format!("{} of {}", sum(Module::translated_functions), sum(|module| module.func_bodies().len())),
        ),
        ("functions compiled", compiled(modules)),
        ("peak memory of the process", peak_memory().map_or_else(unknown, memory)),
    ];
    let refused = refused(modules);
    if !refused.is_empty() {
        lines.push(("functions refused", refused));
    }
    if let Some(refused) = not_optimized(modules) {
        lines.insert(4, ("functions not optimized", refused));
    }
    if let Some(stored) = stored(modules) {
        lines.insert(4, ("code of earlier runs", stored));
    }
    if let Some((what, options, store)) = store {
        let usage = store.usage();
        lines.insert(lines.len() - 1, ("host calls", usage.host_calls.to_string()));
        lines.push(("peak memory of the guest", memory(usage.memory_bytes)));
        if usage.gc_bytes > 0 || usage.collections > 0 {
            let collections = usage.collections;
            lines.push((
                "heap of objects, at the end",
                format!("{}, {collections} collections", memory(usage.gc_bytes)),
            ));
        }
        if what == Stats::Count {
            let left = store.get_fuel().unwrap_or(0);
            lines.push(("fuel", (options.fuel() - left).to_string()));
        }
    }
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(text, "{name:<28} {value}");
    }
    text
}

/// What there is of native code, and why there is no more.
fn compiled(modules: &[Module]) -> String {
    let missing = modules.iter().find_map(|module| module.engine().no_native_code());
    let code = native_code(modules);
    missing.map_or(code.clone(), |reason| format!("{code}; {reason}"))
}

/// How many functions stay in the interpreter for which reasons.
fn refused(modules: &[Module]) -> String {
    let refusals = modules
        .iter()
        .flat_map(|module| module.func_bodies().filter_map(|func| module.code_refusal(func)))
        .collect::<Vec<_>>();
    let count = |reason: &CodeRefusal| refusals.iter().filter(|refusal| *refusal == reason).count();
    let counts = CodeRefusal::ALL.iter().map(|reason| (count(reason), reason.name()));
    let told = counts.filter(|&(count, _)| count > 0).map(|(count, name)| format!("{count} ({name})"));
    told.collect::<Vec<_>>().join(", ")
}

/// How much there was of earlier runs, and how much of it was used; nothing if no code is kept.
fn stored(modules: &[Module]) -> Option<String> {
    let found: Vec<usize> = modules.iter().filter_map(Module::stored_functions).collect();
    let all =
        modules.iter().flat_map(|module| module.func_bodies().flat_map(|func| module.compilations(func)));
    let used = all.filter(|code| code.trigger == Trigger::Cache).count();
    (!found.is_empty()).then(|| format!("{used} of {} functions and loops", found.iter().sum::<usize>()))
}

/// What there is of native code, by tiers.
fn native_code(modules: &[Module]) -> String {
    let of_module =
        |module: &Module| module.func_bodies().flat_map(|func| module.compilations(func)).collect::<Vec<_>>();
    let all: Vec<Compilation> = modules.iter().flat_map(of_module).collect();
    let of_tier = |tier: Tier| {
        let code: Vec<&Compilation> = all.iter().filter(|code| code.tier == tier).collect();
        (!code.is_empty()).then(|| told(tier, &code))
    };
    let tiers: Vec<String> = Tier::ALL.into_iter().filter_map(of_tier).collect();
    let is_wanted = modules.iter().any(|module| module.engine().optimization() != Optimization::Never);
    let is_there = all.iter().any(|code| code.tier == Tier::Optimizing);
    if tiers.is_empty() {
        "0".to_owned()
    } else if is_wanted && !is_there && not_optimized(modules).is_none() {
        format!("{}; none optimized: none was busy for long enough", tiers.join("; "))
    } else {
        tiers.join("; ")
    }
}

/// What there is of the code of a tier.
fn told(tier: Tier, code: &[&Compilation]) -> String {
    let time: Duration = code.iter().map(|code| code.time).sum();
    let sum = |of: fn(&Compilation) -> usize| code.iter().map(|code| of(code)).sum::<usize>();
    let milliseconds = time.as_secs_f64() * 1e3;
    let (count, bytes, embedded) = (code.len(), sum(|code| code.code_bytes), sum(|code| code.embedded));
    let mut text = format!(
        "{count} {tier}: {milliseconds:.3} ms, {bytes} bytes of code, {embedded} instructions interpreted in it"
    );
    if tier == Tier::Optimizing {
        let waited: Duration = code.iter().map(|code| code.wait).sum();
        let _ = write!(
            text,
            ", {} spilled values, {:.3} ms in the queue",
            sum(|code| code.spills),
            waited.as_secs_f64() * 1e3
        );
    }
    text
}

/// Which functions were not optimized although it was tried, by reasons.
fn not_optimized(modules: &[Module]) -> Option<String> {
    let mut reasons = BTreeMap::<&str, usize>::new();
    for module in modules {
        for refusal in module.func_bodies().filter_map(|func| module.refusal(func)) {
            *reasons.entry(refusal.reason.name()).or_default() += 1;
        }
    }
    let told: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} ({reason})")).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Tells what `--stats` asks for.
pub(crate) fn tell(text: &str) {
    // Who closed the standard error does not want to know.
    let _ = Patient(std::io::stderr()).write_all(text.as_bytes());
}

/// The most memory that this process has had, in bytes, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
