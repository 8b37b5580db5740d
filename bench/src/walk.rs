//! How long it takes to walk over all functions of a module, which no tier's translation can be quicker than, and how long to
//! translate them for each tier.
//!
//! ```text
//! module ─ parse ─▶ each function ─ walker ─▶ a backend that does nothing, with and without a survey of loops
//!                                        ├──▶ the interpreter's builder
//!                                        ├──▶ baseline code, put to its place ─▶ shortest times ─▶ a line each, and what it takes
//!                                        ├──▶ the same, as the runtime does it
//!                                        └──▶ SSA of the optimizing compiler, and all of its work, by its steps
//! ```

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use upshift::{Engine, Module};
use upshift_asm::RelocKind;
use upshift_asm::x64::CpuFeatures;
use upshift_baseline::BaselineCode;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::ssa::build::build;
use upshift_opt::{Callees, Dump, Request, Stage};
use upshift_translate::null::Null;
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, WalkBuffers, parse, walk_with};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The modules, in the binary format
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// How often each is walked; the shortest time counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Does only this pass, and does not say what code takes
    #[arg(long, value_name = "NAME", value_parser = PASSES.map(|(name, _)| name).into_iter().chain([PUBLISHED]).collect::<Vec<_>>())]
    pass: Option<String>,
}

/// What is done to one function.
type Pass = fn(&mut Bench<'_>, FuncIndex) -> Result<()>;

/// What the runtime does with all functions: baseline code that could be run.
const PUBLISHED: &str = "published";

const PASSES: [(&str, Pass); 6] = [
    ("walker", walker),
    ("walker, survey", survey),
    ("interpreter", interpreter),
    ("baseline", baseline),
    ("SSA", ssa),
    ("optimizing", optimizing),
];

/// What passes work on and with.
struct Bench<'m> {
    module: &'m ModuleInfo,
    target: &'m Target,
    buffers: WalkBuffers,
    /// What the optimizing compiler knows of functions that others call.
    callees: Callees,
    /// Where code is put, one function after the other, from the start again when it is full.
    place: Vec<u8>,
    used: usize,
}

/// How many bytes the place of code has: more than caches, as the code of a module.
const PLACE: usize = 32 << 20;

impl Bench<'_> {
    fn with(&mut self, null: &mut Null, func: FuncIndex) -> Result<()> {
        Ok(walk_with(&mut self.buffers, self.module, func, CodeOptions::default(), null)?)
    }

    fn compile(&self, func: FuncIndex) -> Result<BaselineCode> {
        Ok(upshift_baseline::compile(self.module, func, CodeOptions::default(), self.target)?)
    }

    /// Copies code to its place and writes the addresses in it, as publishing does.
    fn put(&mut self, code: &BaselineCode) {
        let (code, bytes) = (&code.code, &code.code.bytes);
        if self.place.len() < self.used + bytes.len() {
            self.used = 0;
            self.place.resize(bytes.len().max(PLACE), 0);
        }
        let place = &mut self.place[self.used..][..bytes.len()];
        place.copy_from_slice(bytes);
        for reloc in &code.relocs {
            let address = if reloc.kind == RelocKind::Base { code.word(reloc.at) } else { 0 };
            place[reloc.at as usize..][..8].copy_from_slice(&(address + self.used as u64).to_le_bytes());
        }
        self.used += bytes.len().next_multiple_of(16);
    }
}

fn walker(bench: &mut Bench<'_>, func: FuncIndex) -> Result<()> {
    bench.with(&mut Null::default(), func)
}

fn survey(bench: &mut Bench<'_>, func: FuncIndex) -> Result<()> {
    bench.with(&mut Null::with_survey(), func)
}

fn interpreter(bench: &mut Bench<'_>, func: FuncIndex) -> Result<()> {
    upshift_ir::compile(bench.module, func, CodeOptions::default())?;
    Ok(())
}

fn baseline(bench: &mut Bench<'_>, func: FuncIndex) -> Result<()> {
    let code = bench.compile(func)?;
    bench.put(&code);
    Ok(())
}

fn ssa(bench: &mut Bench<'_>, func: FuncIndex) -> Result<()> {
    // What is refused takes time all the same.
    let built = build(bench.module, func, CodeOptions::default(), None, &mut bench.buffers);
    std::hint::black_box(built.is_ok());
    Ok(())
}

fn optimizing(bench: &mut Bench<'_>, func: FuncIndex) -> Result<()> {
    let request = Request { callees: Some(&bench.callees), ..Request::default() };
    let compiled = upshift_opt::compile(bench.module, func, CodeOptions::default(), bench.target, request);
    std::hint::black_box(compiled.is_ok());
    Ok(())
}

/// Measures, and prints a line for each module and pass.
///
/// # Errors
/// If a module cannot be read, or is not valid.
pub(crate) fn walk(options: &Options) -> Result<()> {
    for path in &options.files {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())
            .with_context(|| path.display().to_string())?;
        let (functions, size) = (module.bodies.len(), module.bodies.iter().map(ExactSizeIterator::len).sum());
        crate::print(&format!("{}: {functions} functions, {size} bytes\n", path.display()))?;
        let target = Target {
            features: CpuFeatures::detect(),
            returns: Returns::Paired,
            choices: false,
            counts: false,
            twins: None,
            memories: vec![MemoryMode::Guard; module.memories.len()].into(),
        };
        let mut bench = Bench {
            module: &module,
            target: &target,
            buffers: WalkBuffers::default(),
            callees: Callees::default(),
            place: Vec::new(),
            used: 0,
        };
        for (name, pass) in
            PASSES.into_iter().filter(|(name, _)| options.pass.as_ref().is_none_or(|pass| pass == name))
        {
            let best = (0..options.runs)
                .map(|_| time(&mut bench, pass))
                .try_fold(Duration::MAX, |best, time| Ok::<_, anyhow::Error>(best.min(time?)))?;
            crate::print(&line(name, best, size, functions))?;
        }
        if options.pass.as_ref().is_none_or(|pass| pass == PUBLISHED) {
            let module = Module::from_file(&Engine::default(), path)?;
            let best = (0..options.runs)
                .map(|_| module.time_of_publishing())
                .try_fold(Duration::MAX, |best, time| Ok::<_, anyhow::Error>(best.min(time?)))?;
            crate::print(&line(PUBLISHED, best, size, functions))?;
        }
        if options.pass.is_none() {
            crate::print(&Taken::measure(&bench)?.line(size))?;
            crate::print(&Steps::measure(&bench).line())?;
        }
    }
    Ok(())
}

/// All functions of the module.
fn functions(module: &ModuleInfo) -> impl Iterator<Item = FuncIndex> {
    let imported = module.imported_funcs;
    (0..module.bodies.len() as u32).map(move |own| FuncIndex(imported + own))
}

fn time(bench: &mut Bench<'_>, pass: Pass) -> Result<Duration> {
    let begin = Instant::now();
    bench.callees = Callees::default();
    for func in functions(bench.module) {
        pass(bench, func)?;
    }
    Ok(begin.elapsed())
}

/// What baseline code takes, in bytes.
#[derive(Default)]
struct Taken {
    code: usize,
    pool: usize,
    /// Owners, faults and loops.
    tables: usize,
    /// Instructions of the interpreter in it.
    embedded: u64,
    /// The longest time that one function took.
    longest: Duration,
}

impl Taken {
    fn measure(bench: &Bench<'_>) -> Result<Taken> {
        let mut taken = Taken::default();
        for func in functions(bench.module) {
            let begin = Instant::now();
            let code = bench.compile(func)?;
            taken.longest = taken.longest.max(begin.elapsed());
            let pool = code.code.bytes.len() - code.code.pool as usize;
            taken.code += code.code.pool as usize;
            taken.pool += pool;
            taken.tables +=
                size_of_val(&*code.owners) + size_of_val(&*code.faults) + size_of_val(&*code.loops);
            taken.embedded += u64::from(code.embedded);
        }
        Ok(taken)
    }

    /// A line, for so many bytes of functions.
    fn line(&self, size: usize) -> String {
        let per_byte = |bytes: usize| bytes as f64 / size.max(1) as f64;
        format!(
            "  bytes for one: code {:.2}, pool {:.2}, tables {:.2}, all {:.2}; {} embedded instructions, longest function {:.1} ms\n",
            per_byte(self.code),
            per_byte(self.pool),
            per_byte(self.tables),
            per_byte(self.code + self.pool + self.tables),
            self.embedded,
            self.longest.as_secs_f64() * 1e3
        )
    }
}

/// How long each step of the optimizing compiler takes, by its name: a step lasts from the end of the one before it to its own.
struct Steps {
    times: Vec<(String, Duration)>,
    last: Instant,
}

impl Dump for Steps {
    fn step(&mut self, _: Stage, name: &str, _: &dyn Fn() -> String) {
        let taken = self.last.elapsed();
        match self.times.iter_mut().find(|(known, _)| known == name) {
            Some((_, time)) => *time += taken,
            None => self.times.push((name.to_owned(), taken)),
        }
        self.last = Instant::now();
    }
}

impl Steps {
    fn measure(bench: &Bench<'_>) -> Steps {
        let mut steps = Steps { times: Vec::new(), last: Instant::now() };
        let callees = Callees::default();
        for func in functions(bench.module) {
            steps.last = Instant::now();
            let request = Request { callees: Some(&callees), dump: Some(&mut steps), ..Request::default() };
            let compiled =
                upshift_opt::compile(bench.module, func, CodeOptions::default(), bench.target, request);
            std::hint::black_box(compiled.is_ok());
        }
        steps
    }

    fn line(&self) -> String {
        let all: Duration = self.times.iter().map(|&(_, time)| time).sum();
        let share = |time: Duration| 100.0 * time.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE);
        let shares: Vec<String> =
            self.times.iter().map(|(name, time)| format!("{name} {:.0} %", share(*time))).collect();
        format!("  optimizing by steps: {}\n", shares.join(", "))
    }
}

fn line(name: &str, time: Duration, size: usize, functions: usize) -> String {
    let seconds = time.as_secs_f64();
    let (speed, each) = (size as f64 / seconds / 1e6, seconds * 1e6 / functions.max(1) as f64);
    format!("  {name:<16} {:>9.1} ms {speed:>8.1} MB/s {each:>8.2} µs a function\n", seconds * 1e3)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Taken, line};

    #[test]
    fn a_line_has_speed_and_time() {
        let line = line("walker", Duration::from_millis(20), 3_000_000, 1000);
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["walker", "20.0", "ms", "150.0", "MB/s", "20.00", "µs", "a", "function"]
        );
    }

    #[test]
    fn a_line_has_what_a_byte_takes() {
        let taken =
            Taken { code: 300, pool: 50, tables: 25, embedded: 7, longest: Duration::from_micros(1500) };
        assert_eq!(
            taken.line(100).trim(),
            "bytes for one: code 3.00, pool 0.50, tables 0.25, all 3.75; 7 embedded instructions, longest function 1.5 ms"
        );
    }
}
