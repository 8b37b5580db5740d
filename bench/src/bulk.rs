//! Copies and fills of memory in two builds of upshift, side by side: one linked with musl and one with glibc, say.
//!
//! ```text
//! kinds × lengths ─▶ `run --invoke copy programs/bulk/bulk.wat …` of both, in turns ─▶ shortest times ─▶ a line with the ratio
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::process::{self, End};
use crate::ratio::{mean, ratio};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The build to compare with
    #[arg(long, value_name = "PROGRAM")]
    base: PathBuf,

    /// The other build
    #[arg(long, value_name = "PROGRAM")]
    head: PathBuf,

    /// How many turns are taken; the shortest time counts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Only these lengths
    #[arg(long, value_name = "BYTES,...", value_delimiter = ',', default_value = LENGTHS)]
    lengths: Vec<u32>,
}

const LENGTHS: &str = "8,24,64,200,1000,4096,16384,65536,262144,1048576,4194304,16777216,67108864";

/// Where the bytes are that are copied to, fully aligned. Nothing that is copied is longer than the distance to the second place.
const PLACE: u32 = 1 << 16;
const OTHER: u32 = PLACE + (1 << 26) + (1 << 16);

/// A kind of copy by where it goes to and comes from, or a fill.
const KINDS: [(&str, u32, Option<u32>); 7] = [
    ("copy, both aligned", PLACE, Some(OTHER)),
    ("copy, target at 3", PLACE + 3, Some(OTHER)),
    ("copy, source at 5", PLACE, Some(OTHER + 517)),
    ("copy down by 1", PLACE, Some(PLACE + 1)),
    ("copy up by 1", PLACE + 1, Some(PLACE)),
    ("copy up by 4096", PLACE + 4096, Some(PLACE)),
    ("fill", PLACE, None),
];

/// After this a process is ended.
const LIMIT: Duration = Duration::from_secs(60);

/// Measures, and prints a line for each kind and length.
///
/// # Errors
/// If a build cannot be started, or fails.
pub(crate) fn bulk(root: &Path, options: &Options) -> Result<()> {
    let longest = options.lengths.iter().max().copied().unwrap_or(0);
    ensure!((1..=1 << 26).contains(&longest), "--lengths: from 1 to {}", 1 << 26);
    println!("{:<20} {:>9} {:>12} {:>12} {:>6}", "ns an instruction", "bytes", "base", "head", "ratio");
    let mut ratios = Vec::new();
    for (name, to, from) in KINDS {
        for &len in &options.lengths {
            let mut best = [f64::INFINITY; 2];
            for _ in 0..options.runs {
                for (program, best) in [&options.base, &options.head].into_iter().zip(&mut best) {
                    *best = best.min(time(root, program, to, from, len)?);
                }
            }
            let [base, head] = best;
            let shown = ratio(head, base).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            ratios.extend(ratio(head, base));
            println!("{name:<20} {len:>9} {base:>12.1} {head:>12.1} {shown:>6}");
        }
    }
    if let Some(mean) = mean(ratios) {
        println!("{:<20} {:>9} {:>12} {:>12} {:>6.2}", "mean", "", "", "", mean.ratio);
    }
    Ok(())
}

/// Nanoseconds for one instruction, by the shortest of some rounds in one process.
fn time(root: &Path, program: &Path, to: u32, from: Option<u32>, len: u32) -> Result<f64> {
    // Rounds of the length of a glance at the clock say nothing, and long ones are disturbed.
    let times = (400_000 / (len / 16 + 20)).max(1);
    let rounds = if len > 1 << 22 { 10 } else { 40 };
    let mut args = vec![to];
    args.extend(from);
    args.extend([len, times, rounds]);
    let mut command = Command::new(program);
    command.args(["run", "--invoke", if from.is_some() { "copy" } else { "fill" }]);
    command.arg(root.join("bench/programs/bulk/bulk.wat")).args(args.iter().map(u32::to_string));
    let finished = process::run(&mut command, None, LIMIT, &Arc::default())?;
    let errors = String::from_utf8_lossy(&finished.errors);
    ensure!(finished.end == End::Exited(0), "{}: {:?}: {errors}", program.display(), finished.end);
    let output = String::from_utf8_lossy(&finished.output);
    let total: f64 =
        output.trim().parse().with_context(|| format!("{} printed {output:?}", program.display()))?;
    Ok(total / f64::from(times))
}
