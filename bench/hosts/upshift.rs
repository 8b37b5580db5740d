//! Calls an export of a module from Rust, in upshift:
//!
//! ```text
//! upshift-host FILE EXPORT EXPECTED TIMES ARG... [--steady MS]
//! ```
//!
//! The function takes and gives `i32`. It is called TIMES times, and each result is checked; the exit code is 1 when
//! one is wrong. With `--steady` all of this is repeated, at least three times and until MS milliseconds have passed,
//! and each time a line `iteration NANOSECONDS` is printed.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use upshift::{Engine, Instance, Module, Result, Store};

/// What the command line says.
struct Options {
    file: String,
    export: String,
    expected: i32,
    times: u32,
    args: Vec<i32>,
    steady: Option<Duration>,
}

impl Options {
    fn parse(mut words: Vec<String>) -> Result<Self> {
        let mut steady = None;
        if words.len() >= 2 && words[words.len() - 2] == "--steady" {
            steady = Some(Duration::from_millis(words[words.len() - 1].parse().context("--steady")?));
            words.truncate(words.len() - 2);
        }
        let [file, export, expected, times, args @ ..] = words.as_slice() else {
            bail!("usage: upshift-host FILE EXPORT EXPECTED TIMES ARG... [--steady MS]");
        };
        Ok(Self {
            file: file.clone(),
            export: export.clone(),
            expected: expected.parse().context("EXPECTED is an i32")?,
            times: times.parse().context("TIMES is a count")?,
            args: args.iter().map(|arg| arg.parse()).collect::<Result<_, _>>().context("an ARG is an i32")?,
            steady,
        })
    }
}

/// All calls once, or as often as `--steady` wants them.
fn run(options: &Options, mut call: impl FnMut() -> Result<i32>) -> Result<()> {
    let mut work = || -> Result<()> {
        for _ in 0..options.times {
            let result = call()?;
            ensure!(result == options.expected, "{} gave {result}, not {}", options.export, options.expected);
        }
        Ok(())
    };
    let Some(room) = options.steady else {
        work()?;
        println!("{} = {}, {} times", options.export, options.expected, options.times);
        return Ok(());
    };
    let first = Instant::now();
    let mut done = 0;
    while done < 3 || first.elapsed() < room {
        let before = Instant::now();
        work()?;
        println!("iteration {}", before.elapsed().as_nanos());
        done += 1;
    }
    Ok(())
}

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1).collect())?;
    let bytes = std::fs::read(&options.file).with_context(|| format!("cannot read {}", options.file))?;
    let engine = Engine::default();
    let module = Module::new(&engine, bytes)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    // The types are checked once, as a program would have it, and not at each call.
    match options.args[..] {
        [a] => {
            let function = instance.get_typed_func::<i32, i32>(&mut store, &options.export)?;
            run(&options, || function.call(&mut store, a))
        }
        [a, b] => {
            let function = instance.get_typed_func::<(i32, i32), i32>(&mut store, &options.export)?;
            run(&options, || function.call(&mut store, (a, b)))
        }
        [a, b, c] => {
            let function = instance.get_typed_func::<(i32, i32, i32), i32>(&mut store, &options.export)?;
            run(&options, || function.call(&mut store, (a, b, c)))
        }
        _ => bail!("a function of one to three arguments is needed, not of {}", options.args.len()),
    }
}
