//! Runs programs and takes their times.
//!
//! Runtimes take turns, run by run (A B C A B C …): when the machine becomes slower for a while, it does so for all of
//! them. What comes out is a [`Row`] a program, with a [`Figures`] for each runtime that ran it.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::programs::Program;
use crate::runtimes::Runtime;

/// One program, and what each runtime made of it, in the order of the runtimes.
pub(crate) struct Row {
    pub(crate) program: &'static Program,
    /// `None` for a runtime that cannot run the program.
    pub(crate) figures: Vec<Option<Figures>>,
}

/// What was measured of one program in one runtime.
pub(crate) struct Figures {
    /// From the shortest to the longest; at least one.
    times: Vec<Duration>,
    /// The most memory of any run, in bytes; where the system tells it.
    pub(crate) peak: Option<u64>,
}

impl Figures {
    fn new(mut runs: Vec<Run>) -> Option<Self> {
        runs.sort_by_key(|run| run.time);
        let peak = runs.iter().map(|run| run.peak).max().flatten();
        (!runs.is_empty()).then(|| Figures { times: runs.iter().map(|run| run.time).collect(), peak })
    }

    /// The shortest time, in milliseconds.
    pub(crate) fn min(&self) -> f64 {
        milliseconds(self.times[0])
    }

    /// The time in the middle, in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.times.len() / 2;
        match self.times.len() % 2 {
            1 => milliseconds(self.times[middle]),
            _ => (milliseconds(self.times[middle - 1]) + milliseconds(self.times[middle])) / 2.0,
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Runs every program in every runtime `runs` times.
pub(crate) fn all(
    root: &Path,
    programs: &[&'static Program],
    runtimes: &[Runtime],
    runs: u32,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &program in programs {
        show_progress(program.name);
        rows.push(row(root, program, runtimes, runs)?);
    }
    show_progress("");
    Ok(rows)
}

/// Keeps the name of the program in the last line of a terminal.
fn show_progress(name: &str) {
    if io::stderr().is_terminal() {
        eprint!("{name:<12}\r");
    }
}

fn row(root: &Path, program: &'static Program, runtimes: &[Runtime], runs: u32) -> Result<Row> {
    // The first run of each is not counted. It brings the files into memory, and tells who can take part.
    let mut commands = Vec::new();
    for runtime in runtimes {
        let mut command = runtime.command(root, program);
        if let Some(candidate) = &mut command
            && !once(root, program, candidate)?.succeeded
        {
            println!("skip {} in {}: it fails", program.name, runtime.name);
            command = None;
        }
        commands.push(command);
    }
    let mut taken: Vec<Vec<Run>> = runtimes.iter().map(|_| Vec::new()).collect();
    for _ in 0..runs {
        for (command, taken) in commands.iter_mut().zip(&mut taken) {
            if let Some(command) = command {
                taken.push(once(root, program, command)?);
            }
        }
    }
    Ok(Row { program, figures: taken.into_iter().map(Figures::new).collect() })
}

/// One process, from before it was started to after it was gone.
struct Run {
    time: Duration,
    peak: Option<u64>,
    succeeded: bool,
}

fn once(root: &Path, program: &Program, command: &mut Command) -> Result<Run> {
    let stdin = match program.stdin {
        Some(path) => File::open(root.join(path)).with_context(|| path.to_string())?.into(),
        None => Stdio::null(),
    };
    command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("starting {}", command.get_program().display()))?;
    let (succeeded, peak) = wait(child)?;
    Ok(Run { time: start.elapsed(), peak, succeeded })
}

/// Waits for the process: whether it exited with 0, and the most memory it had.
#[cfg(unix)]
fn wait(child: Child) -> Result<(bool, Option<u64>)> {
    let pid = libc::pid_t::try_from(child.id())?;
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to live variables of the right types. The process is a child of this one that
        // nobody has waited for, and as `Child` does not wait when it is dropped, nobody will after this.
        if unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) } == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error).context("waiting for a process");
        }
    }
    // SAFETY: `rusage` is made of integers, for which the zeroes it started with are already valid.
    let usage = unsafe { usage.assume_init() };
    // Kilobytes, but bytes on macOS.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let peak = u64::try_from(usage.ru_maxrss)? * unit;
    Ok((libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, Some(peak)))
}

/// Waits for the process: whether it exited with 0. Its memory is not known here.
#[cfg(not(unix))]
fn wait(mut child: Child) -> Result<(bool, Option<u64>)> {
    Ok((child.wait()?.success(), None))
}

#[cfg(test)]
mod tests {
    use super::{Figures, Run};
    use std::time::Duration;

    fn figures(times: &[u64]) -> Figures {
        let run = |&time| Run { time: Duration::from_millis(time), peak: Some(time), succeeded: true };
        Figures::new(times.iter().map(run).collect()).expect("a run")
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(figures(&[3, 9, 1]).median(), 3.0);
        assert_eq!(figures(&[8, 2, 4, 100]).median(), 6.0);
        assert_eq!(figures(&[8, 2, 4, 100]).min(), 2.0);
        assert_eq!(figures(&[8, 2]).peak, Some(8));
        assert!(Figures::new(Vec::new()).is_none());
    }
}
