//! `upshift compare`: which of two builds of one program is faster.
//!
//! ```text
//! A ─ Runner ─┐   A B A B …, in one process
//!             ├─▶ Series of each ─ behind the warm-up of both ─▶ Comparison ─▶ verdict
//! B ─ Runner ─┘   same results, or an error
//! ```

use std::ffi::OsStr;
use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use upshift::{Engine, Module};
use upshift_statistics::{Comparison, Interval, Summary};

use crate::clock;
use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::measure::{Plan, Printed, Runner, guest_json, iteration_text};
use crate::program::{Program, failed_to_run};
use crate::report::{print, visible};
use crate::series::{Series, counted, interval_json, percent, time, whole};

/// Ratios that are closer to 1 say nothing about two programs: where their code and data happen to lie makes as much.
const ALIKE: f64 = 1.03;

/// Runs both files of the command line in turns, and prints which is faster. `begin` is when the process began.
///
/// # Errors
/// If one cannot be loaded or does not come to a good end each time, or if they compute different things.
pub(crate) fn compare(options: &Options, begin: Instant) -> Result<()> {
    let (engine, files) = (Engine::new(&options.config())?, &options.files);
    clock::start(&engine, &options.limits, begin, failed_to_run(&files[0]))?;
    let a = Program::load(&engine, &files[0], options)?;
    clock::begin(|| failed_to_run(&files[1]));
    let b = Program::load(&engine, &files[1], options)?;
    let [load_a, load_b] = loads([&a, &b])?;

    let (mut run_a, mut run_b) = (Runner::new(&a, true)?, Runner::new(&b, true)?);
    let (mut series_a, mut series_b) = (Series::default(), Series::default());
    let plan = Plan::begin(options);
    while plan.wants_more(series_a.len()) {
        series_a.push(run_a.iterate()?);
        series_b.push(run_b.iterate()?);
        check_results(series_a.len(), run_a.results()?, run_b.results()?)?;
        if series_a.len() == 1 {
            check_printed(run_a.printed(), run_b.printed())?;
        }
    }
    clock::begin(|| failed_to_run(&files[0]));
    let compared = Compared {
        options,
        time: plan.elapsed(),
        sides: [
            Side { file: a.file, load: load_a, instantiation: run_a.instantiation(), series: series_a },
            Side { file: b.file, load: load_b, instantiation: run_b.instantiation(), series: series_b },
        ],
    };
    match options.listing() {
        Listing::Json => print(&format!("{}\n", compared.json())),
        Listing::Text => print(&visible(&compared.text()?)),
    }
}

/// How long it takes to decode and validate each module: the least of three turns, as the first module of a process
/// takes longer than any other.
fn loads(programs: [&Program<'_>; 2]) -> Result<[Duration; 2]> {
    let mut least = [Duration::MAX; 2];
    for _ in 0..3 {
        for (least, program) in least.iter_mut().zip(programs) {
            clock::begin(|| failed_to_run(program.file));
            let begin = Instant::now();
            Module::from_binary(program.module.engine(), &program.module.info().bytes)?;
            *least = (*least).min(begin.elapsed());
        }
    }
    Ok(least)
}

/// Makes sure that both calls returned the same.
fn check_results(number: usize, a: Option<Vec<String>>, b: Option<Vec<String>>) -> Result<()> {
    if a != b {
        let text = |results: Option<Vec<String>>| match results.unwrap_or_default().join(" ") {
            none if none.is_empty() => "nothing".into(),
            results => results,
        };
        bail!(
            "A and B compute different things: in iteration {number} A returned {}, B {}",
            text(a),
            text(b)
        );
    }
    Ok(())
}

/// Makes sure that both programs printed the same.
fn check_printed(a: Option<Printed>, b: Option<Printed>) -> Result<()> {
    if a == b {
        return Ok(());
    }
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    let same = a.head.iter().zip(&b.head).take_while(|(a, b)| a == b).count();
    let line = 1 + a.head[..same].iter().filter(|&&byte| byte == b'\n').count();
    // Behind what is kept only the hashes tell.
    let place = match same == a.head.len() && same == b.head.len() {
        true => format!("far behind byte {same}"),
        false => format!("from byte {same} on, in line {line}"),
    };
    Err(anyhow!(
        "A and B compute different things: A printed {} bytes, B {}, and they differ {place}",
        a.bytes,
        b.bytes
    ))
}

struct Side<'o> {
    file: &'o OsStr,
    load: Duration,
    instantiation: Option<Duration>,
    series: Series,
}

struct Compared<'o> {
    options: &'o Options,
    /// How long all of it took.
    time: Duration,
    sides: [Side<'o>; 2],
}

impl Compared<'_> {
    /// How many pairs at the beginning do not count: as long as one of the two was not warm.
    fn skipped(&self) -> usize {
        self.sides.iter().map(|side| side.series.warmup().iterations).max().unwrap_or(0)
    }

    fn comparison(&self) -> Option<Comparison> {
        let [a, b] = [0, 1].map(|side| self.sides[side].series.times().split_off(self.skipped()));
        Comparison::new(&a, &b)
    }

    fn text(&self) -> Result<String> {
        let mut text = format!("{}\n\n", iteration_text(self.options));
        let names = self.sides.each_ref().map(|side| side.file.to_string_lossy().into_owned());
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(20);
        let mut row = |title: &str, cells: [String; 2]| {
            let line = format!("{title:<13} {:<width$}  {}", cells[0], cells[1]);
            writeln!(text, "{}", line.trim_end())
        };
        let nanoseconds = |time: Duration| time.as_nanos() as f64;
        row("", ["A".into(), "B".into()])?;
        row("file", names)?;
        row("load", self.sides.each_ref().map(|side| time(nanoseconds(side.load))))?;
        if self.options.invoke.is_some() {
            let instantiation = |side: &Side<'_>| side.instantiation.map_or(0.0, nanoseconds);
            row("instantiate", self.sides.each_ref().map(|side| time(instantiation(side))))?;
        }
        row(
            "warm-up",
            self.sides.each_ref().map(|side| match side.series.warmup() {
                warmup if !warmup.steady => "no end to be seen".into(),
                warmup if warmup.iterations == 0 => "none".into(),
                warmup => counted(warmup.iterations, "iteration"),
            }),
        )?;
        let figure = |figure: fn(&Summary) -> f64| {
            self.sides
                .each_ref()
                .map(|side| side.series.summary().map_or_else(String::new, |s| time(figure(&s))))
        };
        row("min", figure(Summary::min))?;
        row("median", figure(Summary::median))?;
        row("mean", figure(Summary::mean))?;
        row("± deviation", figure(Summary::standard_deviation))?;
        row("tier", self.sides.each_ref().map(|side| side.series.tiers_line()))?;
        let (pairs, all) = (self.sides[0].series.len(), time(nanoseconds(self.time)));
        writeln!(text, "\n{pairs} pairs in {all}, of which {} count", pairs - self.skipped())?;
        writeln!(text, "{}", self.comparison().map_or_else(String::new, |comparison| verdict(&comparison)))?;
        Ok(text)
    }

    fn json(&self) -> Json {
        let side = |side: &Side<'_>| {
            let mut members = vec![
                ("file", side.file.to_string_lossy().as_ref().into()),
                ("load_nanoseconds", whole(side.load)),
                ("instantiation_nanoseconds", side.instantiation.map(whole).into()),
            ];
            members.extend(side.series.json());
            Json::Object(members)
        };
        let comparison = |comparison: Comparison| {
            Json::from([
                ("pairs", comparison.pairs().into()),
                ("skipped", self.skipped().into()),
                ("ratio", comparison.ratio().into()),
                ("interval", interval_json(comparison.interval())),
                ("faster", faster(&comparison).into()),
            ])
        };
        let mut members = Vec::from(guest_json(self.options));
        members.push(("fresh_instances", self.options.invoke.is_none().into()));
        members.push(("a", side(&self.sides[0])));
        members.push(("b", side(&self.sides[1])));
        members.push(("comparison", self.comparison().map(comparison).into()));
        Json::Object(members)
    }
}

/// Which of both is faster, if that can be told.
fn faster(comparison: &Comparison) -> Option<&'static str> {
    let ratio = comparison.ratio();
    let alike = (1.0 / ALIKE..=ALIKE).contains(&ratio);
    (comparison.differs() && !alike).then_some(if ratio > 1.0 { "b" } else { "a" })
}

/// What came out, in a sentence.
fn verdict(comparison: &Comparison) -> String {
    let Interval { low, high, coverage } = comparison.interval();
    let (ratio, coverage) = (comparison.ratio(), percent(coverage));
    let (name, ratio, low, high) =
        if ratio < 1.0 { ("A", 1.0 / ratio, 1.0 / high, 1.0 / low) } else { ("B", ratio, low, high) };
    if faster(comparison).is_some() {
        return format!("{name} is {ratio:.2}× faster ({coverage}: {low:.2} to {high:.2})");
    }
    let reason = match comparison.differs() {
        true => "; so little may come from where code and data lie",
        false if comparison.pairs() < 6 => "; six pairs that count are the least that tell",
        false => "",
    };
    format!(
        "no difference that can be told: {name} is {ratio:.3}× faster ({coverage}: {low:.3} to {high:.3}){reason}"
    )
}
