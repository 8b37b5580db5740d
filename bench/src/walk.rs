//! How long it takes to walk over all functions of a module: what no tier's translation can be quicker than.
//!
//! ```text
//! module ─ parse ─▶ each function ─ walker ─▶ a backend that does nothing, with and without a survey of loops
//!                                        └──▶ the interpreter's builder      ─▶ shortest times ─▶ a line each
//! ```

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use upshift_core::index::FuncIndex;
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
}

/// What walks over one function.
type Pass = fn(&mut WalkBuffers, &ModuleInfo, FuncIndex) -> Result<()>;

const PASSES: [(&str, Pass); 3] =
    [("walker", walker), ("walker, survey", survey), ("interpreter", interpreter)];

fn with(null: &mut Null, buffers: &mut WalkBuffers, module: &ModuleInfo, func: FuncIndex) -> Result<()> {
    Ok(walk_with(buffers, module, func, CodeOptions::default(), null)?)
}

fn walker(buffers: &mut WalkBuffers, module: &ModuleInfo, func: FuncIndex) -> Result<()> {
    with(&mut Null::default(), buffers, module, func)
}

fn survey(buffers: &mut WalkBuffers, module: &ModuleInfo, func: FuncIndex) -> Result<()> {
    with(&mut Null::with_survey(), buffers, module, func)
}

fn interpreter(_: &mut WalkBuffers, module: &ModuleInfo, func: FuncIndex) -> Result<()> {
    upshift_ir::compile(module, func, CodeOptions::default())?;
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
        for (name, pass) in PASSES {
            let best = (0..options.runs)
                .map(|_| time(&module, pass))
                .try_fold(Duration::MAX, |best, time| Ok::<_, anyhow::Error>(best.min(time?)))?;
            crate::print(&line(name, best, size, functions))?;
        }
    }
    Ok(())
}

fn time(module: &ModuleInfo, pass: Pass) -> Result<Duration> {
    let mut buffers = WalkBuffers::default();
    let begin = Instant::now();
    for own in 0..module.bodies.len() as u32 {
        pass(&mut buffers, module, FuncIndex(module.imported_funcs + own))?;
    }
    Ok(begin.elapsed())
}

fn line(name: &str, time: Duration, size: usize, functions: usize) -> String {
    let seconds = time.as_secs_f64();
    let (speed, each) = (size as f64 / seconds / 1e6, seconds * 1e6 / functions.max(1) as f64);
    format!("  {name:<16} {:>9.1} ms {speed:>8.1} MB/s {each:>8.2} µs a function\n", seconds * 1e3)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::line;

    #[test]
    fn a_line_has_speed_and_time() {
        let line = line("walker", Duration::from_millis(20), 3_000_000, 1000);
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["walker", "20.0", "ms", "150.0", "MB/s", "20.00", "µs", "a", "function"]
        );
    }
}
