//! Whole processes of upshift with other thresholds of its tiers: which values are near the best, layer by layer.
//!
//! ```text
//! --set NAME=N,N … ─ grid ─▶ a row for each combination, the defaults first ─┐
//! --flags, as they are ─▶ a row more                                         ├─▶ each program in all of them, in turns ─▶ shortest times
//! programs of the suite, --program NAME=WORDS ─▶ columns by layers ──────────┘       └─▶ means, held against the best of the layer
//! ```

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use upshift::Thresholds;

use crate::measure::{interruption, milliseconds};
use crate::peers;
use crate::process::{self, End, Finished};
use crate::ratio::{mean, ratio};
use crate::suite::{self, Layer};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A threshold and the values to try, in all combinations with those of others: see `upshift analyze --tiering`
    #[arg(long = "set", value_name = "NAME=N,...")]
    sets: Vec<Values>,

    /// One row more: upshift with these flags instead
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true)]
    flags: Vec<String>,

    /// Only programs with NAME in their name; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Only programs of this layer; may be repeated. The layer `host` is left out
    #[arg(long, value_enum)]
    layer: Vec<Layer>,

    /// One program more, in the column `own`: what stands behind `upshift run` and its thresholds; may be repeated
    #[arg(long, value_name = "NAME=WORDS")]
    program: Vec<Own>,

    /// None of the suite
    #[arg(long)]
    own_only: bool,

    /// How often each is run; the shortest time counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Also the times of each program, in milliseconds
    #[arg(long)]
    times: bool,

    /// After how many seconds a process is ended
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

/// What to try for one threshold.
#[derive(Clone, Debug)]
struct Values {
    settings: Vec<String>,
}

impl FromStr for Values {
    type Err = String;

    fn from_str(text: &str) -> Result<Values, String> {
        let (name, values) = text.split_once('=').ok_or("expected NAME=N,...")?;
        let settings: Vec<String> = values.split(',').map(|value| format!("{name}={value}")).collect();
        settings
            .iter()
            .try_for_each(|one| one.parse::<Thresholds>().map(drop).map_err(|error| error.to_string()))?;
        Ok(Values { settings })
    }
}

/// A program of the command line.
#[derive(Clone, Debug)]
struct Own {
    name: String,
    words: Vec<String>,
}

impl FromStr for Own {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Own, &'static str> {
        let (name, words) = text.split_once('=').ok_or("no `=` in it")?;
        let words: Vec<String> = words.split_whitespace().map(String::from).collect();
        if name.is_empty() || words.is_empty() {
            Err("a name and words are needed")
        } else {
            Ok(Own { name: name.into(), words })
        }
    }
}

/// What is run: the words behind the flags of a row.
struct Case {
    name: String,
    column: &'static str,
    words: Vec<OsString>,
    stdin: Option<&'static str>,
}

/// The flags of a row.
struct Setting {
    title: String,
    flags: Vec<String>,
}

/// The shortest times of a case in one row, in milliseconds.
#[derive(Clone, Copy)]
struct Best {
    wall: f64,
    cpu: f64,
}

const NOTHING: Best = Best { wall: f64::INFINITY, cpu: f64::INFINITY };

/// Measures, and prints the table.
///
/// # Errors
/// If nothing is to be measured, or upshift fails or prints something else in one of the rows.
pub(crate) fn sweep(root: &Path, options: &Options) -> Result<()> {
    let upshift = peers::upshift_executable(root)?;
    let settings = settings(options);
    let cases = cases(root, options)?;
    let interrupted = interruption()?;
    let mut all: Vec<Vec<Best>> = Vec::new();
    for case in &cases {
        let best = measured(root, &upshift, options, &settings, case, &interrupted)?;
        if interrupted.load(Ordering::Relaxed) {
            eprintln!("interrupted: {} of {} programs were measured", all.len(), cases.len());
            break;
        }
        all.push(best);
        eprint!("{:<40}\r", format!("{}/{} {}", all.len(), cases.len(), case.name));
    }
    eprint!("{:<40}\r", "");
    let cases = &cases[..all.len()];
    if options.times {
        print!("{}", times(&settings, cases, &all));
    }
    print!("{}", means(&settings, cases, &all));
    Ok(())
}

/// The rows: the defaults, the grid, and the flags that are given.
fn settings(options: &Options) -> Vec<Setting> {
    let mut grid = vec![Vec::<&str>::new()];
    for Values { settings } in &options.sets {
        grid = grid
            .iter()
            .flat_map(|row| settings.iter().map(|one| row.iter().copied().chain([one.as_str()]).collect()))
            .collect();
    }
    let mut rows = vec![Setting { title: "default".into(), flags: Vec::new() }];
    rows.extend(grid.into_iter().filter(|row| !row.is_empty()).map(|row| {
        let text = row.join(",");
        Setting { flags: vec!["--tiering".into(), text.clone()], title: text }
    }));
    rows.extend(options.flags.iter().map(|flags| Setting {
        title: flags.clone(),
        flags: flags.split_whitespace().map(String::from).collect(),
    }));
    rows
}

fn cases(root: &Path, options: &Options) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let programs = if options.own_only { Vec::new() } else { suite::chosen(&options.only, &options.layer)? };
    for program in programs.into_iter().filter(|program| program.layer != Layer::Host) {
        let module = root.join(program.module);
        if !module.is_file() {
            eprintln!("skip {}: {} is not built", program.name, program.module);
            continue;
        }
        let words =
            [module.into_os_string()].into_iter().chain(program.args.iter().map(OsString::from)).collect();
        cases.push(Case {
            name: program.name.into(),
            column: program.layer.name(),
            words,
            stdin: program.stdin,
        });
    }
    cases.extend(options.program.iter().map(|own| Case {
        name: own.name.clone(),
        column: "own",
        words: own.words.iter().map(OsString::from).collect(),
        stdin: None,
    }));
    ensure!(!cases.is_empty(), "there is nothing to measure");
    Ok(cases)
}

/// Runs a case in all rows, in turns.
fn measured(
    root: &Path,
    upshift: &OsString,
    options: &Options,
    settings: &[Setting],
    case: &Case,
    interrupted: &Arc<AtomicBool>,
) -> Result<Vec<Best>> {
    let mut best = vec![NOTHING; settings.len()];
    let mut expected: Option<(End, Vec<u8>)> = None;
    // The first round brings the files into memory.
    for round in 0..=options.runs {
        for (setting, best) in settings.iter().zip(&mut best) {
            let mut command = Command::new(upshift);
            command.arg("run").args(&setting.flags).args(&case.words);
            let stdin = case.stdin.map(|path| File::open(root.join(path)).context(path)).transpose()?;
            let Finished { time, cpu, end, output, errors, .. } =
                process::run(&mut command, stdin, Duration::from_secs(options.timeout), interrupted)?;
            if interrupted.load(Ordering::Relaxed) {
                return Ok(vec![NOTHING; settings.len()]);
            }
            let (name, title) = (&case.name, &setting.title);
            let told = || String::from_utf8_lossy(&errors).lines().next().unwrap_or_default().to_owned();
            ensure!(matches!(end, End::Exited(_)), "{name} with {title}: {end:?}, {}", told());
            let (wanted, printed) = expected.get_or_insert_with(|| (end, output.clone()));
            ensure!(*wanted == end, "{name} with {title}: {end:?} instead of {wanted:?}, {}", told());
            ensure!(*printed == output, "{name} with {title}: it printed something else");
            if round > 0 {
                best.wall = best.wall.min(milliseconds(time));
                best.cpu = best.cpu.min(milliseconds(cpu));
            }
        }
    }
    Ok(best)
}

/// How wide the titles of rows are.
fn width(settings: &[Setting]) -> usize {
    settings.iter().map(|setting| setting.title.len()).max().unwrap_or(0).max(7)
}

/// The times, a program a line.
fn times(settings: &[Setting], cases: &[Case], all: &[Vec<Best>]) -> String {
    let mut text = format!("{:<16}", "ms");
    for setting in settings {
        let title = &setting.title;
        text += &format!(" {title:>width$}", width = title.len().max(9));
    }
    text.push('\n');
    for (case, best) in cases.iter().zip(all) {
        text += &format!("{:<16}", case.name);
        for (setting, best) in settings.iter().zip(best) {
            text += &format!(" {:>width$.2}", best.wall, width = setting.title.len().max(9));
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

/// For each row the mean of each layer's times, relative to the best row of the layer, and the same of the processor's time in all.
fn means(settings: &[Setting], cases: &[Case], all: &[Vec<Best>]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    for case in cases {
        if !columns.contains(&case.column) {
            columns.push(case.column);
        }
    }
    let relative = |row: usize, column: Option<&str>, time: fn(&Best) -> f64| {
        let measured =
            cases.iter().zip(all).filter(|(case, _)| column.is_none_or(|column| case.column == column));
        mean(measured.filter_map(|(_, best)| ratio(time(&best[row]), time(&best[0]))))
            .map_or(f64::NAN, |mean| mean.ratio)
    };
    let wall = |best: &Best| best.wall;
    let mut table: Vec<(String, Vec<f64>)> = columns
        .iter()
        .map(|&column| {
            let column_of = (0..settings.len()).map(|row| relative(row, Some(column), wall)).collect();
            (column.to_owned(), column_of)
        })
        .collect();
    table.push(("all".into(), (0..settings.len()).map(|row| relative(row, None, wall)).collect()));
    table.push(("cpu".into(), (0..settings.len()).map(|row| relative(row, None, |best| best.cpu)).collect()));
    let width = width(settings);
    let mut text = format!("{:<width$}", "of best");
    for (name, _) in &table {
        text += &format!(" {name:>9}");
    }
    text.push('\n');
    for (row, setting) in settings.iter().enumerate() {
        text += &format!("{:<width$}", setting.title);
        for (_, column) in &table {
            let best = column.iter().copied().fold(f64::INFINITY, f64::min);
            // A star: more than five in a hundred behind the best.
            let (of_best, star) = (column[row] / best, if column[row] > best * 1.05 { "*" } else { " " });
            text += &format!(" {of_best:>8.3}{star}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Best, Case, Options, Own, Setting, Values, means, settings};

    #[test]
    fn values_make_a_grid_behind_the_defaults() {
        let options = Options {
            sets: vec!["start=1,2".parse().unwrap(), "optimize=3,4".parse().unwrap()],
            flags: vec!["--jit off".into()],
            only: Vec::new(),
            layer: Vec::new(),
            program: Vec::new(),
            own_only: false,
            runs: 1,
            times: false,
            timeout: 1,
        };
        let rows = settings(&options);
        let titles: Vec<_> = rows.iter().map(|row| row.title.as_str()).collect();
        let grid = ["start=1,optimize=3", "start=1,optimize=4", "start=2,optimize=3", "start=2,optimize=4"];
        assert_eq!(titles, [&["default"], &grid[..], &["--jit off"]].concat());
        assert_eq!((rows[0].flags.len(), rows[1].flags.len(), rows[5].flags.len()), (0, 2, 2));
        assert!("legs=4".parse::<Values>().is_err_and(|error| error.contains("`start`")));
        assert!(
            "x".parse::<Own>().is_err() && "x=a.wasm 1".parse::<Own>().is_ok_and(|own| own.words.len() == 2)
        );
    }

    #[test]
    fn rows_are_held_against_the_best_of_each_layer() {
        let row = |title: &str| Setting { title: title.into(), flags: Vec::new() };
        let case = |column| Case { name: "x".into(), column, words: Vec::new(), stdin: None };
        let time = |wall| Best { wall, cpu: 1.0 };
        let all = [vec![time(2.0), time(1.0)], vec![time(3.0), time(3.03)]];
        let text = means(&[row("default"), row("other")], &[case("micro"), case("real")], &all);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["of", "best", "micro", "real", "all", "cpu"]);
        assert_eq!(lines[1], ["default", "2.000*", "1.000", "1.407*", "1.000"]);
        assert_eq!(lines[2], ["other", "1.000", "1.010", "1.000", "1.000"]);
    }
}
