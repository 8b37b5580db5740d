//! `upshift bench`: how long a program takes, again and again, which tier each time ran in, and what the compilers made.

use std::cmp::Reverse;
use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use upshift::{Engine, Module, Tier};

use crate::clock;
use crate::compiled::{self, Compiled};
use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::measure::{Plan, Runner, guest_json, iteration_text};
use crate::program::{Program, failed_to_run};
use crate::report::{self, print, visible};
use crate::series::{Series, clock_cost, counted, percent, time, whole};
use crate::show;

/// Runs the file of the command line again and again, and prints what that took. `process` is when the process began.
///
/// # Errors
/// If it cannot be loaded, or does not come to a good end each time.
pub(crate) fn bench(options: &Options, process: Instant) -> Result<()> {
    let (engine, file) = (Engine::new(&options.config())?, &options.files[0]);
    clock::start(&engine, &options.limits, process, failed_to_run(file))?;
    let begin = Instant::now();
    let program = Program::load(&engine, file, options)?;
    let load = begin.elapsed();
    let mut runner = Runner::new(&program, false)?;
    let mut series = Series::default();
    let (mut results, mut differing) = (None, None);
    let plan = Plan::begin(options);
    while plan.wants_more(series.len()) {
        series.push(runner.iterate()?);
        let these = runner.results()?;
        match (&results, &these) {
            (None, _) => results = these,
            (Some(first), Some(these)) if first != these && differing.is_none() => {
                differing = Some((series.len(), these.clone()));
            }
            _ => {}
        }
    }
    clock::begin(|| failed_to_run(file));
    let measured = Measured {
        options,
        functions: functions(&program.module),
        load,
        instantiation: runner.instantiation(),
        time: plan.elapsed(),
        series,
        results,
        differing,
    };
    match options.listing() {
        Listing::Json => print(&format!("{}\n", measured.json()))?,
        Listing::Text => print(&visible(&measured.text()?))?,
    }
    if let (Some(first), Some((number, these))) = (&measured.results, &measured.differing) {
        let (first, these) = (first.join(" "), these.join(" "));
        report::tell(
            "warning",
            &anyhow!(
                "the results are not the same each time: {first} at first, {these} in iteration {number}"
            ),
        );
    }
    Ok(())
}

struct Measured<'o> {
    options: &'o Options,
    /// Those that a compiler has seen, what took longest first.
    functions: Vec<Function>,
    load: Duration,
    /// How long it took to make the one instance, if there was one.
    instantiation: Option<Duration>,
    /// How long all of it took.
    time: Duration,
    series: Series,
    /// Those of the first iteration.
    results: Option<Vec<String>>,
    /// Number and results of the first iteration that had others.
    differing: Option<(usize, Vec<String>)>,
}

impl Measured<'_> {
    fn text(&self) -> Result<String> {
        let (series, warmup) = (&self.series, self.series.warmup());
        let nanoseconds = |time: Duration| time.as_nanos() as f64;
        let mut text = format!("{}: {}\n", self.options.files[0].display(), iteration_text(self.options));
        let load = time(nanoseconds(self.load));
        writeln!(
            text,
            "load          {load:<10} to read, decode and validate; functions are translated when first called"
        )?;
        if let Some(instantiation) = self.instantiation {
            writeln!(text, "instantiate   {}", time(nanoseconds(instantiation)))?;
        }
        writeln!(text, "iterations    {} in {}", series.len(), time(nanoseconds(self.time)))?;
        writeln!(text, "first (cold)  {}", time(series.first()))?;
        let rest = series.len() - warmup.iterations;
        let warm = match (warmup.iterations, warmup.steady) {
            (0, true) => "none".into(),
            (count, true) => {
                format!("{}; what follows is about the other {rest}", counted(count, "iteration"))
            }
            (_, false) => {
                format!("no end to be seen: more iterations may tell; what follows is about the last {rest}")
            }
        };
        writeln!(text, "warm-up       {warm}")?;
        if let Some(summary) = series.summary() {
            let interval = summary.interval();
            writeln!(text, "min           {}", time(summary.min()))?;
            writeln!(
                text,
                "median        {:<10} between {} and {} ({})",
                time(summary.median()),
                time(interval.low),
                time(interval.high),
                percent(interval.coverage)
            )?;
            writeln!(
                text,
                "mean          {} ± {}",
                time(summary.mean()),
                time(summary.standard_deviation())
            )?;
            let clock = clock_cost();
            if summary.median() < 50.0 * clock {
                writeln!(text, "clock         {:<10} of each iteration, to look at it", time(clock))?;
            }
        }
        writeln!(text, "outliers      {}", outliers(series))?;
        if let Some(results) = self.results.as_ref().filter(|results| !results.is_empty()) {
            writeln!(text, "results       {}", results.join(" "))?;
        }
        write!(text, "\n{}", series.tiers_text())?;
        text.push_str(&functions_text(&self.functions));
        Ok(text)
    }

    fn json(&self) -> Json {
        let mut members = vec![("file", self.options.files[0].to_string_lossy().as_ref().into())];
        members.extend(guest_json(self.options));
        members.push(("fresh_instances", self.options.invoke.is_none().into()));
        members.push(("load_nanoseconds", whole(self.load)));
        members.push(("instantiation_nanoseconds", self.instantiation.map(whole).into()));
        members.extend(self.series.json());
        members.push(("functions", Json::list(self.functions.iter().map(Function::json))));
        members.push(("results", self.results.clone().map(Json::list).into()));
        members.push(("results_differ", self.differing.is_some().into()));
        Json::Object(members)
    }
}

/// A function that a compiler has seen.
struct Function {
    index: u32,
    name: Option<String>,
    tier: Option<Tier>,
    compiled: Compiled,
}

impl Function {
    fn json(&self) -> Json {
        let mut members = vec![
            ("index", self.index.into()),
            ("name", self.name.as_deref().into()),
            ("tier", self.tier.map(Tier::name).into()),
        ];
        members.extend(self.compiled.json());
        Json::Object(members)
    }
}

/// The functions of a module that a compiler has seen, what took longest first.
fn functions(module: &Module) -> Vec<Function> {
    let names = show::function_names(module.info());
    let all = module.func_bodies().map(|index| {
        let compiled = Compiled::of(module, index);
        let (name, tier) = (names[index as usize].map(str::to_owned), compiled.tier(module.tier(index)));
        Function { index, name, tier, compiled }
    });
    let mut functions: Vec<Function> = all.filter(|function| function.compiled.is_some()).collect();
    functions.sort_by_key(|function| (Reverse(function.compiled.cost()), function.index));
    functions
}

/// What became of them, as a table, if there are any.
fn functions_text(functions: &[Function]) -> String {
    const MOST: usize = 10;
    if functions.is_empty() {
        return String::new();
    }
    let columns = compiled::columns(functions.iter().map(|function| &function.compiled));
    let mut header = vec!["tier".to_owned()];
    header.extend(columns.iter().map(|(title, _)| (*title).to_owned()));
    header.extend(["index", "name"].map(str::to_owned));
    let rows = functions.iter().take(MOST).map(|function| {
        let mut row = vec![function.tier.map_or("-", Tier::name).to_owned()];
        row.extend(columns.iter().map(|(_, cell)| cell(&function.compiled)));
        row.push(function.index.to_string());
        row.push(function.name.as_deref().map_or_else(|| "-".into(), show::readable));
        row
    });
    let table: Vec<Vec<String>> = [header].into_iter().chain(rows).collect();
    let mut text = format!("\n{}", show::aligned(&table, table[0].len() - 1));
    if let Some(rest) = functions.len().checked_sub(MOST + 1) {
        text.push_str(&format!("and {} more; `analyze` shows them\n", rest + 1));
    }
    text
}

/// The iterations that are far from the others, furthest first.
fn outliers(series: &Series) -> String {
    const MOST: usize = 5;
    let Some(median) = series.summary().map(|summary| summary.median()) else { return "none".into() };
    let distance = |number: usize| (series.time_of(number) - median).abs();
    let mut numbers = series.outliers();
    numbers.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
    if numbers.is_empty() {
        return "none".into();
    }
    let one = |&number: &usize| format!("{number} ({})", time(series.time_of(number)));
    let mut text = numbers.iter().take(MOST).map(one).collect::<Vec<_>>().join(", ");
    if numbers.len() > MOST {
        text.push_str(&format!(", and {} more", numbers.len() - MOST));
    }
    format!("{}: {text}", counted(numbers.len(), "iteration"))
}
