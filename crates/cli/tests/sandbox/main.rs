//! Hostile programs in a sandbox: whatever they try, each run ends within the stated time and memory.
//!
//! ```text
//! bombs ─▶ module in a directory ─▶ upshift --sandbox, in a process of its own ─▶ exit code, peak memory, time ─▶ table
//! ```
//!
//! Nobody writes to the standard input of these runs, and for some nobody reads the standard error. The table is printed with
//! `cargo test -p upshift-cli --test sandbox -- --nocapture`.

mod bombs;
#[path = "../support/dir.rs"]
mod dir;
mod process;

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use bombs::{Bomb, Errors};
use dir::Dir;
use process::{Ended, Run};

/// What `--sandbox` grants unless told otherwise is more than a test should take of a machine; the rule is the same.
const LIMITS: [&str; 5] = ["--sandbox", "--max-memory", "64MiB", "--timeout", "1s"];

/// The module's name, by which messages begin.
const FILE: &str = "bomb.wasm";

/// The memory that the flags above state.
const STATED: u64 = 64 << 20;

/// What the process may take beside it: the program itself, the module and what is made of it, stacks, its messages.
const BESIDE: u64 = 96 << 20;

/// The most that a message has.
const MOST_MESSAGE: u64 = 64 << 10;

/// A run that takes so long hangs. The stated time is far below: these machines may be busy.
const HANGS: Duration = Duration::from_secs(120);

#[test]
fn every_bomb_ends_within_the_stated_limits() {
    let dir = Dir::with(&[]);
    let mut broken = Vec::new();
    println!("{:<44} {:>9} {:>9} {:>8}  outcome", "bomb", "module", "peak", "time");
    for bomb in bombs::all() {
        let module = (bomb.module)();
        fs::write(dir.0.join(FILE), &module).unwrap();
        let bytes = module.len();
        drop(module);
        let run = explode(&dir, &bomb);
        println!(
            "{:<44} {:>6} kB {:>6} MB {:>6} ms  {}",
            bomb.name,
            bytes.div_ceil(1000),
            run.peak.div_ceil(1_000_000),
            run.time.as_millis(),
            outcome(&dir, &run),
        );
        broken.extend(promises_broken(&dir, &bomb, &run));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Runs a bomb in the sandbox.
fn explode(dir: &Dir, bomb: &Bomb) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
    command.args(LIMITS).args(bomb.flags).arg(FILE).args(bomb.args).current_dir(&dir.0);
    command.env("XDG_CONFIG_HOME", dir.0.join("config")).env("XDG_CACHE_HOME", "/dev/null");
    // Held open and never written to; the other end of an unread pipe is held open too.
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    match bomb.errors {
        Errors::Read => command.stderr(File::create(dir.0.join("errors")).unwrap()),
        Errors::Unread => {
            File::create(dir.0.join("errors")).unwrap();
            command.stderr(Stdio::piped())
        }
    };
    process::run(&mut command, HANGS)
}

/// The exit code and the beginning of the message.
fn outcome(dir: &Dir, run: &Run) -> String {
    let errors = fs::read(dir.0.join("errors")).unwrap();
    let errors = String::from_utf8_lossy(&errors[..errors.len().min(4096)]).into_owned();
    let causes: Vec<_> = errors.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    let message: String = causes.join(" / ").chars().take(160).collect();
    format!("{:?}: {message}", run.ended)
}

/// What a run did that a sandbox promises not to happen.
fn promises_broken(dir: &Dir, bomb: &Bomb, run: &Run) -> Vec<String> {
    let mut broken = Vec::new();
    let mut unless = |kept: bool, what: String| {
        if !kept {
            broken.push(format!("{}: {what}", bomb.name));
        }
    };
    // 0 is a program that found out that it cannot; 1 and 2 are errors of the module and the command line; 134 is a trap.
    let fine = matches!(run.ended, Ended::Code(0 | 1 | 2 | 134));
    unless(fine, format!("ended with {:?}", run.ended));
    unless(run.peak <= STATED + BESIDE, format!("took {} MB", run.peak / 1_000_000));
    let message = fs::metadata(dir.0.join("errors")).unwrap().len();
    unless(message <= MOST_MESSAGE || bomb.prints, format!("a message of {message} bytes"));
    // Nothing but what the test itself made.
    let mut names: Vec<_> = fs::read_dir(&dir.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    unless(names == [FILE, "errors"], format!("left {names:?}"));
    broken
}

#[test]
fn a_module_that_never_comes_is_waited_for_no_longer() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
    command.args(LIMITS).arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    assert_eq!(process::run(&mut command, HANGS).ended, Ended::Code(134));
}
