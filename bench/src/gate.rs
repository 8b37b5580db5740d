//! Whether this checkout is slower than another revision.
//!
//! A machine that does something else for a while makes single processes slower. So what counts is the time that they had
//! a processor, not the time they waited for one; the two revisions take turns; both the shortest and the median time
//! have to be longer; and what seems slower has to be so in a second measurement too, with twice as many turns.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use upshift_statistics::Summary;

use crate::measure::milliseconds;
use crate::process::{self, End};
use crate::suite::{self, Program};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The revision to compare with, as git names it
    #[arg(long, value_name = "REV")]
    base: String,

    /// How many percent slower is too slow
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    threshold: u32,

    /// How many turns are taken
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..))]
    runs: u32,
}

/// What a runtime does: calls, memory, dispatch, floats, a program with a library, and translation.
const CASES: [&str; 6] = ["fib", "sieve", "vm", "nbody", "minicsv", "inventory"];

/// After this a process is ended.
const LIMIT: Duration = Duration::from_secs(60);

/// Builds both, measures, and prints a line for each case.
///
/// # Errors
/// If a case is slower by more than the threshold, gives a wrong result, or something cannot be built or started.
pub(crate) fn gate(root: &Path, options: &Options) -> Result<()> {
    let commit = git(root, &["rev-parse", "--verify", "--quiet", &format!("{}^{{commit}}", options.base)])
        .with_context(|| format!("--base {}: git knows no such commit", options.base))?;
    // What is changed but not committed is a part of this checkout; without such changes, this prints nothing.
    let changed = git(root, &["stash", "create"])?;
    let head = if changed.is_empty() { git(root, &["rev-parse", "HEAD"])? } else { changed };
    let sides = build(root, [&commit, &head])?;
    if fs::read(&sides[0])? == fs::read(&sides[1])? {
        println!("both revisions give the same program");
    }
    println!("{:<12} {:>10} {:>10} {:>7}", "CPU, ms", "base", "head", "ratio");
    let (mut slower, mut compared) = (Vec::new(), 0);
    for program in CASES.map(program) {
        let program = program?;
        let Some(mut turns) = measure(root, program, &sides, options.runs)? else {
            println!("{:<12} the base cannot run it", program.name);
            continue;
        };
        compared += 1;
        let limit = 1.0 + f64::from(options.threshold) / 100.0;
        let mut verdict = "";
        if turns.ratio() > limit {
            let first = turns.ratio();
            turns = measure(root, program, &sides, options.runs * 2)?
                .context("the base failed the second time")?;
            verdict = if turns.ratio() > limit { "  slower, twice" } else { "  seemed slower once" };
            if turns.ratio() > limit {
                slower.push(format!("{} ({first:.2} and {:.2} times the base)", program.name, turns.ratio()));
            }
        }
        let [base, head] = turns.minimum();
        println!("{:<12} {base:>10.2} {head:>10.2} {:>7.3}{verdict}", program.name, turns.ratio());
    }
    ensure!(compared > 0, "the base runs none of the programs");
    ensure!(slower.is_empty(), "slower by more than {} %: {}", options.threshold, slower.join(", "));
    println!("nothing is slower by more than {} %", options.threshold);
    Ok(())
}

fn program(name: &str) -> Result<&'static Program> {
    suite::all().find(|program| program.name == name).with_context(|| format!("the suite has no {name}"))
}

/// The times of the base and the head.
struct Turns([Summary; 2]);

impl Turns {
    /// The smaller of the ratios of the shortest times and the medians, head to base: what disturbs some of the turns
    /// changes one of them.
    fn ratio(&self) -> f64 {
        let Turns([base, head]) = self;
        (head.min() / base.min()).min(head.median() / base.median())
    }

    fn minimum(&self) -> [f64; 2] {
        self.0.each_ref().map(Summary::min)
    }
}

/// Runs the program in turns; `None` if the base cannot run it.
fn measure(root: &Path, program: &Program, sides: &[OsString; 2], runs: u32) -> Result<Option<Turns>> {
    let mut times = [Vec::new(), Vec::new()];
    // The first turn is not counted.
    for turn in 0..=runs {
        for side in 0..2 {
            let mut command = Command::new(&sides[side]);
            command.arg("run").arg(root.join(program.module)).args(program.args);
            let stdin = program.stdin.map(|path| fs::File::open(root.join(path))).transpose()?;
            let finished = process::run(&mut command, stdin, LIMIT, &Arc::default())?;
            match (finished.end, side) {
                (End::Exited(0), _) if turn > 0 => times[side].push(milliseconds(finished.cpu)),
                (End::Exited(0), _) => {}
                (_, 0) => return Ok(None),
                (end, _) => bail!("{} fails: {end:?}", program.name),
            }
        }
    }
    let [base, head] = times.map(|times| Summary::new(&times));
    Ok(base.zip(head).map(|(base, head)| Turns([base, head])))
}

/// Builds revisions one after the other in one clone, which stays for the next time.
///
/// The place of the sources is a part of how code is laid out, which alone can make an interpreter a fifth slower. In one
/// place, the same sources give the same program.
fn build(root: &Path, revisions: [&str; 2]) -> Result<[OsString; 2]> {
    let dir = target()?.join("gate");
    let clone = dir.join("checkout");
    if !clone.join(".git").exists() {
        fs::create_dir_all(&dir)?;
        let from = root.to_string_lossy();
        git(&dir, &["clone", "--quiet", "--shared", "--no-checkout", &from, &clone.to_string_lossy()])?;
    }
    let executables = ["base", "head"].map(|side| dir.join(format!("{side}{}", env::consts::EXE_SUFFIX)));
    for (revision, executable) in revisions.iter().zip(&executables) {
        git(&clone, &["checkout", "--quiet", "--force", "--detach", revision])?;
        let target = dir.join("target");
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        // As it is shipped, in one unit of code.
        command.current_dir(&clone).args([
            "build",
            "--quiet",
            "--profile",
            "dist",
            "--package",
            "upshift-cli",
            "--no-default-features",
            "--features",
            "wat",
        ]);
        ensure!(
            command.arg("--target-dir").arg(&target).status()?.success(),
            "{revision} could not be built"
        );
        let built = target.join("dist").join(format!("upshift{}", env::consts::EXE_SUFFIX));
        fs::copy(&built, executable).with_context(|| format!("copying {}", built.display()))?;
    }
    Ok(executables.map(OsString::from))
}

/// The directory that cargo built this program in.
fn target() -> Result<PathBuf> {
    let executable = env::current_exe()?;
    let target =
        executable.parent().and_then(Path::parent).context("this program is in no target directory")?;
    Ok(target.to_path_buf())
}

fn git(dir: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(dir).args(args).output().context("running git")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git {} failed: {}", args[0], errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::{CASES, Turns, program};
    use upshift_statistics::Summary;

    fn ratio(base: &[f64], head: &[f64]) -> f64 {
        Turns([base, head].map(|times| Summary::new(times).expect("times"))).ratio()
    }

    #[test]
    fn only_what_is_slower_by_both_counts_is_slower() {
        let base = [10.0, 10.0, 10.1, 10.2, 10.1];
        assert!(ratio(&base, &[13.0, 13.1, 13.0, 13.2, 13.1]) > 1.25);
        // A machine that is busy for most of the head's turns, and one lucky turn of the base.
        assert!(ratio(&base, &[10.0, 14.0, 15.0, 14.0, 13.0]) < 1.05);
        assert!(ratio(&[8.0, 10.0, 10.0, 10.0, 10.0], &[10.0; 5]) < 1.05);
    }

    #[test]
    fn the_cases_are_in_the_suite() {
        for case in CASES {
            assert_eq!(program(case).expect(case).name, case);
        }
    }
}
