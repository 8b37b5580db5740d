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
use upshift::{Engine, FuncSize, Module, Tier, demangle};
use upshift_wasi::{Input, Output};

use crate::compiled::{self, Compiled};
use crate::flags::{Listing, Options};
use crate::invoke::Surplus;
use crate::json::Json;
use crate::measure::{check_exit, guest_json, guest_text};
use crate::program::{Program, Streams, entry, failed_to_run};
use crate::report::{print, visible};
use crate::sampling::{DEPTH, INTERVAL, Sampler, Samples};
use crate::series::{counted, time, whole};
use crate::show::{self, aligned, readable};
use crate::tiering::{self, MovesUp};
use crate::{clock, invoke, load};

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
    compiled: Compiled,
    innermost: u64,
    on_stack: u64,
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
            let compiled = Compiled::of(self.module, index);
            self.rows.push(Row {
                index,
                name: names[index as usize],
                size,
                tier: compiled.tier(self.module.tier(index)),
                compiled,
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
        if self.options.shows_tiering {
            writeln!(text, "{}", tiering::text(self.module.engine()))?;
        }
        let most = self.options.top.unwrap_or(TOP);
        let columns = self.columns();
        let header: Vec<String> = columns.iter().map(|column| column.title.to_owned()).collect();
        let rows = self.rows.iter().take(most);
        let cells = rows.map(|row| columns.iter().map(|column| column.text(self, row)).collect());
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
                Column { title: "self", cell: Cell::Row(|all, row| all.share(row.innermost)) },
                Column { title: "total", cell: Cell::Row(|all, row| all.share(row.on_stack)) },
                Column { title: "tier", cell: Cell::Row(|_, row| row.tier.map_or("-", Tier::name).into()) },
            ]);
        }
        if self.options.shows_tiering {
            columns.extend([
                Column { title: "bytes", cell: Cell::Row(|_, row| row.size.bytes.to_string()) },
                Column {
                    title: "tier 1 after",
                    cell: Cell::Row(|all, row| all.moves_up(row).baseline.to_string()),
                },
                Column {
                    title: "tier 2 after",
                    cell: Cell::Row(|all, row| {
                        all.moves_up(row).optimized.map_or("-".into(), |after| after.to_string())
                    }),
                },
            ]);
        }
        let of_code = compiled::columns(self.rows.iter().map(|row| &row.compiled));
        columns.extend(of_code.into_iter().map(|(title, cell)| Column { title, cell: Cell::Code(cell) }));
        columns.push(Column { title: "index", cell: Cell::Row(|_, row| row.index.to_string()) });
        let sizes = [
            Column { title: "params", cell: Cell::Row(|_, row| row.size.params.to_string()) },
            Column { title: "locals", cell: Cell::Row(|_, row| row.size.locals.to_string()) },
            Column { title: "operators", cell: Cell::Row(|_, row| row.size.operators.to_string()) },
            Column { title: "bytes", cell: Cell::Row(|_, row| row.size.bytes.to_string()) },
            Column { title: "loops", cell: Cell::Row(|_, row| row.size.loops.to_string()) },
            Column { title: "IR ops", cell: Cell::Row(|_, row| row.size.ir_instructions.to_string()) },
            Column { title: "IR words", cell: Cell::Row(|_, row| row.size.ir_words.to_string()) },
        ];
        if !self.options.shows_tiering {
            columns.extend(sizes);
        }
        let name = |_: &Analysis<'_>, row: &Row<'_>| row.name.map_or_else(|| "-".into(), readable);
        columns.push(Column { title: "name", cell: Cell::Row(name) });
        columns
    }

    fn moves_up(&self, row: &Row<'_>) -> MovesUp {
        MovesUp::of(self.module.engine(), row.size.bytes)
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
        if self.options.shows_tiering {
            members.extend(tiering::json(self.module.engine()));
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
        if self.options.shows_tiering {
            let MovesUp { baseline, optimized } = self.moves_up(row);
            members.push(("baseline_after", baseline.into()));
            members.push(("optimized_after", optimized.into()));
        }
        if self.samples.is_some() {
            members.push(("tier", row.tier.map(Tier::name).into()));
            members.extend(row.compiled.json());
            members.push(("self_samples", row.innermost.into()));
            members.push(("total_samples", row.on_stack.into()));
        }
        Json::Object(members)
    }
}

/// A column of the table.
struct Column {
    title: &'static str,
    cell: Cell,
}

/// What a column says of a function.
enum Cell {
    Row(fn(&Analysis<'_>, &Row<'_>) -> String),
    Code(fn(&Compiled) -> String),
}

impl Column {
    fn text(&self, all: &Analysis<'_>, row: &Row<'_>) -> String {
        match self.cell {
            Cell::Row(cell) => cell(all, row),
            Cell::Code(cell) => cell(&row.compiled),
        }
    }
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
    if samples.taken == 0 {
        text.push_str(match samples.ticks {
            0 => "no sample was taken: the program was over before the first one was due\n",
            _ => "no sample was taken: the program came to no loop head and no call after one was due\n",
        });
    } else if samples.taken < ENOUGH {
        text.push_str("with so few samples the shares are rough: let it run longer\n");
    }
    text
}
