//! `upshift analyze`: how large functions are, and where a program spends its time.
//!
//! ```text
//! module ─ func_size ─▶ sizes ────────────┐
//!    └─ run, if there is something to run ─┴▶ Row for each function ─▶ table or JSON
//!          └ Sampler ─▶ Samples ──────────┘
//! ```

use std::cmp::Reverse;
use std::fmt::Write;
use std::time::Instant;

use anyhow::{Context, Result};
use upshift::{CodeRefusal, Compilation, Engine, FuncSize, Module, Tier, demangle};
use upshift_core::shown::Shown;
use upshift_wasi::{Input, Output};

use crate::flags::{Listing, Options};
use crate::invoke::Surplus;
use crate::json::Json;
use crate::measure::{check_exit, guest_json, guest_text};
use crate::program::{Program, Streams, entry, failed_to_run};
use crate::report::{print, visible};
use crate::sampling::{DEPTH, INTERVAL, Sampler, Samples};
use crate::series::{counted, time, whole};
use crate::{clock, invoke, load, show};

/// How many functions are shown unless somebody says otherwise.
const TOP: usize = 20;

/// Prints what is known of the functions of the file of the command line; runs it, if it can be run. `begin` is when the
/// process began.
///
/// # Errors
/// If it cannot be loaded; and if the program does not come to a good end, after what is known was printed.
pub(crate) fn analyze(options: &Options, begin: Instant) -> Result<()> {
    let file = &options.files[0];
    let mut config = options.config();
    if !options.is_static {
        config.epoch_interruption(true);
    }
    let engine = Engine::new(&config)?;
    clock::start(&engine, &options.limits, begin, failed_to_run(file))?;
    let program = Program::load(&engine, file, options)?;
    let runs = !options.is_static && (options.invoke.is_some() || program.has_entry());
    let (samples, outcome) = if runs { run(&program)? } else { (None, Ok(())) };
    // What was seen is told even if the guest has used up its time; that has as much time again.
    clock::begin(|| format!("failed to analyze `{}`", file.display()));
    let analysis = Analysis { options, module: &program.module, samples, rows: Vec::new() };
    let analysis = analysis.with_rows()?;
    match options.listing() {
        Listing::Json => print(&format!("{}\n", analysis.json()))?,
        Listing::Text => print(&visible(&analysis.text()?))?,
    }
    outcome
}

/// Runs a program while samples are taken. What it ends with comes second: that is no reason to know nothing.
fn run(program: &Program<'_>) -> Result<(Option<Samples>, Result<()>)> {
    let options = program.options;
    let input = options.input.as_deref().map(load::read).transpose()?.unwrap_or_default();
    let output = if options.guest_output { Output::inherit_stderr() } else { Output::discard() };
    let errors = Output::inherit_stderr();
    let mut store = program.store(Streams { input: Input::memory(input), output, errors })?;
    let mut linker = program.linker().map_err(|error| program.failed(error))?;
    let sampler = Sampler::begin(&mut store, &program.module)?;
    let outcome = program.instantiate(&mut linker, &mut store, &mut || ()).and_then(|instance| {
        if let Some(name) = &options.invoke {
            let args = &options.args;
            return invoke::call(&mut store, instance, &program.module, name, args, Surplus::OfGuest)
                .map(drop);
        }
        entry(&mut store, instance)?.map_or(Ok(()), |start| start.call(&mut store, ()))
    });
    clock::pause();
    let samples = sampler.finish();
    match check_exit(outcome).map_err(|error| program.failed(error)) {
        // Nothing has run.
        Err(error) if error.is::<crate::flags::Usage>() => Err(error),
        outcome => Ok((Some(samples), outcome)),
    }
}

struct Analysis<'a> {
    options: &'a Options,
    module: &'a Module,
    /// Nothing if the program was not run.
    samples: Option<Samples>,
    /// For each function with a body, in the order in which they are shown.
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    index: u32,
    /// As the module has it.
    name: Option<&'a str>,
    size: FuncSize,
    tier: Option<Tier>,
    /// How its native code was made, if it has any.
    compilation: Option<Compilation>,
    /// Why it has none although it was to have some.
    code_refusal: Option<CodeRefusal>,
    /// Why it was not optimized, if that was tried.
    refusal: Option<String>,
    innermost: u64,
    on_stack: u64,
}

impl Row<'_> {
    /// What a column about native code says.
    fn of_code(&self, text: impl FnOnce(&Compilation) -> String) -> String {
        self.compilation.as_ref().map_or_else(|| "-".into(), text)
    }

    /// What led to its native code, or why there is none.
    fn trigger(&self) -> String {
        match self.code_refusal {
            Some(refusal) if self.compilation.is_none() => refusal.name().into(),
            _ => self.of_code(|code| code.trigger.to_string()),
        }
    }
}

impl<'a> Analysis<'a> {
    fn with_rows(mut self) -> Result<Analysis<'a>> {
        let names = show::function_names(self.module.info());
        for index in self.module.func_bodies() {
            let size =
                self.module.func_size(index).with_context(|| format!("cannot translate function {index}"))?;
            let samples = self.samples.as_ref();
            let seen = samples.and_then(|samples| samples.functions.get(index as usize).copied());
            let seen = seen.unwrap_or_default();
            self.rows.push(Row {
                index,
                name: names[index as usize],
                size,
                tier: self.module.tier(index),
                compilation: self.module.compilation(index),
                code_refusal: self.module.code_refusal(index),
                refusal: self.module.refusal(index).map(|refusal| refusal.to_string()),
                innermost: seen.innermost,
                on_stack: seen.on_stack,
            });
        }
        self.rows.sort_by_key(|row| {
            (Reverse((row.innermost, row.on_stack, row.tier, row.size.ir_words)), row.index)
        });
        Ok(self)
    }

    fn text(&self) -> Result<String> {
        let mut text =
            format!("{}: {}", self.options.files[0].display(), counted(self.rows.len(), "function"));
        if let Some(samples) = &self.samples {
            let (taken, ticks) = (samples.taken, samples.ticks);
            let (run, tick) = (time(samples.time.as_nanos() as f64), time(INTERVAL.as_nanos() as f64));
            write!(
                text,
                "; {}, ran for {run}: {taken} samples, {ticks} ticks of {tick}",
                guest_text(self.options)
            )?;
        }
        text.push_str("\n\n");
        let most = self.options.top.unwrap_or(TOP);
        let columns = self.columns();
        let header: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
        let rows = self.rows.iter().take(most);
        let cells = rows.map(|row| columns.iter().map(|column| (column.cell)(self, row)).collect());
        let table: Vec<Vec<String>> = [header].into_iter().chain(cells).collect();
        text.push_str(&aligned(&table, columns.len() - 1));
        if self.rows.len() > most {
            writeln!(text, "and {} more; `--all` shows them", self.rows.len() - most)?;
        }
        if let Some(samples) = &self.samples {
            text.push_str(&remarks(samples));
        }
        Ok(text)
    }

    /// The columns of the table: those of a run only if there was one.
    fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        if self.samples.is_some() {
            columns.extend([
                Column { title: "self", cell: |all, row| all.share(row.innermost) },
                Column { title: "total", cell: |all, row| all.share(row.on_stack) },
                Column { title: "tier", cell: |_, row| row.tier.map_or("-", Tier::name).into() },
            ]);
        }
        if self.rows.iter().any(|row| row.compilation.is_some() || row.refusal.is_some()) {
            columns.extend([
                Column { title: "trigger", cell: |_, row| row.trigger() },
                Column { title: "after", cell: |_, row| row.of_code(|code| code.arrivals.to_string()) },
                Column {
                    title: "compile µs",
                    cell: |_, row| row.of_code(|code| code.time.as_micros().to_string()),
                },
                Column {
                    title: "code bytes",
                    cell: |_, row| row.of_code(|code| code.code_bytes.to_string()),
                },
                Column { title: "embedded", cell: |_, row| row.of_code(|code| code.embedded.to_string()) },
            ]);
        }
        let of_optimized = |code: &Compilation| code.tier == Tier::Optimizing;
        if self.rows.iter().any(|row| row.compilation.as_ref().is_some_and(of_optimized)) {
            columns.extend([
                Column {
                    title: "wait µs",
                    cell: |_, row| row.of_code(|code| code.wait.as_micros().to_string()),
                },
                Column { title: "spills", cell: |_, row| row.of_code(|code| code.spills.to_string()) },
                Column {
                    title: "passes off",
                    cell: |_, row| {
                        let off =
                            row.compilation.iter().flat_map(Compilation::passes_off).collect::<Vec<_>>();
                        if off.is_empty() { "-".into() } else { off.join(",") }
                    },
                },
            ]);
        }
        if self.rows.iter().any(|row| row.refusal.is_some()) {
            columns.push(Column {
                title: "not optimized",
                cell: |_, row| row.refusal.clone().unwrap_or_else(|| "-".into()),
            });
        }
        columns.extend([
            Column { title: "index", cell: |_, row| row.index.to_string() },
            Column { title: "params", cell: |_, row| row.size.params.to_string() },
            Column { title: "locals", cell: |_, row| row.size.locals.to_string() },
            Column { title: "operators", cell: |_, row| row.size.operators.to_string() },
            Column { title: "bytes", cell: |_, row| row.size.bytes.to_string() },
            Column { title: "loops", cell: |_, row| row.size.loops.to_string() },
            Column { title: "IR ops", cell: |_, row| row.size.ir_instructions.to_string() },
            Column { title: "IR words", cell: |_, row| row.size.ir_words.to_string() },
            Column { title: "name", cell: |_, row| row.name.map_or_else(|| "-".into(), readable) },
        ]);
        columns
    }

    /// A part of the samples, as text.
    fn share(&self, part: u64) -> String {
        match self.samples.as_ref().map_or(0, |samples| samples.taken) {
            0 => "-".into(),
            all => format!("{:.1} %", part as f64 / all as f64 * 100.0),
        }
    }

    fn json(&self) -> Json {
        let mut members = vec![("file", self.options.files[0].to_string_lossy().as_ref().into())];
        if let Some(samples) = &self.samples {
            members.extend(guest_json(self.options));
            members.push((
                "samples",
                Json::from([
                    ("taken", samples.taken.into()),
                    ("ticks", samples.ticks.into()),
                    ("elsewhere", samples.elsewhere.into()),
                    ("cut", samples.cut.into()),
                    ("interval_nanoseconds", whole(INTERVAL)),
                    ("time_nanoseconds", whole(samples.time)),
                ]),
            ));
        }
        members.push(("functions", Json::list(self.rows.iter().map(|row| self.row_json(row)))));
        Json::Object(members)
    }

    fn row_json(&self, row: &Row<'_>) -> Json {
        let mut members = vec![
            ("index", row.index.into()),
            ("name", row.name.into()),
            ("demangled", row.name.map(|name| demangle(name).into_owned()).into()),
            ("parameters", row.size.params.into()),
            ("locals", row.size.locals.into()),
            ("operators", row.size.operators.into()),
            ("ir_operations", row.size.ir_instructions.into()),
            ("ir_words", row.size.ir_words.into()),
            ("loops", row.size.loops.into()),
            ("bytes", row.size.bytes.into()),
        ];
        if self.samples.is_some() {
            members.push(("tier", row.tier.map(Tier::name).into()));
            if let Some(code) = &row.compilation {
                members.push((
                    "native_code",
                    Json::from([
                        ("trigger", code.trigger.to_string().into()),
                        ("after_calls_and_turns", code.arrivals.into()),
                        ("compile_nanoseconds", whole(code.time)),
                        ("bytes", code.code_bytes.into()),
                        ("embedded_instructions", code.embedded.into()),
                        ("wait_nanoseconds", whole(code.wait)),
                        ("spills", code.spills.into()),
                        ("passes_off", Json::list(code.passes_off().map(Json::from))),
                    ]),
                ));
            }
            if let Some(refusal) = row.code_refusal {
                members.push(("refused", refusal.name().into()));
            }
            if let Some(refusal) = &row.refusal {
                members.push(("not_optimized", refusal.as_str().into()));
            }
            members.push(("self_samples", row.innermost.into()));
            members.push(("total_samples", row.on_stack.into()));
        }
        Json::Object(members)
    }
}

/// A column of the table.
struct Column {
    title: &'static str,
    cell: fn(&Analysis<'_>, &Row<'_>) -> String,
}

/// The lines of a table; all columns but the `left` one have their ends below each other.
fn aligned(table: &[Vec<String>], left: usize) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=left).map(width).collect();
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == left { cell.clone() } else { format!("{cell:>width$}") }
        });
        text.push_str(&cells.collect::<Vec<_>>().join("  "));
        text.push('\n');
    }
    text
}

/// A name on one line that is not too long.
fn readable(name: &str) -> String {
    const MOST: usize = 80;
    Shown::up_to(&demangle(name), MOST).to_string()
}

/// What to know of samples before believing them.
fn remarks(samples: &Samples) -> String {
    /// With fewer, a share can be wrong by ten percent.
    const ENOUGH: u64 = 100;
    let mut text = String::new();
    if samples.elsewhere > 0 {
        text.push_str(&format!("{} samples are of functions of other modules\n", samples.elsewhere));
    }
    if samples.cut > 0 {
        let cut = samples.cut;
        text.push_str(&format!(
            "{cut} samples have stacks of more than {DEPTH} functions; `total` is of the innermost\n"
        ));
    }
    if samples.taken < ENOUGH {
        text.push_str("with so few samples the shares are rough: let it run longer\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{aligned, readable};

    #[test]
    fn tables_are_aligned() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = [row(["µ", "two", "name"]), row(["100", "2", "x"])];
        assert_eq!(aligned(&table, 2), "  µ  two  name\n100    2  x\n");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(readable("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(readable("a\nb"), "a\\nb");
        assert_eq!(readable(&"ü".repeat(81)).chars().filter(|&c| c == 'ü').count(), 80);
    }
}
