//! What the hosts in Rust have in common: the command line, and the loop around the calls.
//!
//! ```text
//! HOST FILE EXPORT EXPECTED TIMES ARG... [--steady MS]
//! ```
//!
//! The function takes and gives `i32`. It is called TIMES times, and each result is checked; the exit code is 1 when
//! one is wrong. With `--steady` all of this is repeated, at least three times and until MS milliseconds have passed,
//! and each time a line `iteration NANOSECONDS` is printed.
//!
//! A module may import `host.add` and `host.add_values`, which add two `i32`. The type of the first one is known when the host
//! is compiled, that of the second only when it runs: it gets and leaves its values in slices.

use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail, ensure};

/// What the command line says.
pub(crate) struct Options {
    pub(crate) file: String,
    pub(crate) export: String,
    pub(crate) args: Vec<i32>,
    expected: i32,
    times: u32,
    steady: Option<Duration>,
}

impl Options {
    /// Reads what follows the program's name.
    pub(crate) fn parse(mut words: Vec<String>) -> Result<Options> {
        let mut steady = None;
        if words.len() >= 2 && words[words.len() - 2] == "--steady" {
            steady = Some(Duration::from_millis(words[words.len() - 1].parse().context("--steady")?));
            words.truncate(words.len() - 2);
        }
        let [file, export, expected, times, args @ ..] = words.as_slice() else {
            bail!("usage: FILE EXPORT EXPECTED TIMES ARG... [--steady MS]");
        };
        Ok(Options {
            file: file.clone(),
            export: export.clone(),
            expected: expected.parse().context("EXPECTED is an i32")?,
            times: times.parse().context("TIMES is a count")?,
            args: args.iter().map(|arg| arg.parse()).collect::<Result<_, _>>().context("an ARG is an i32")?,
            steady,
        })
    }

    /// The module.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        std::fs::read(&self.file).with_context(|| format!("cannot read {}", self.file))
    }

    /// All calls once, or as often as `--steady` wants them.
    pub(crate) fn run<E: Into<Error>>(&self, mut call: impl FnMut() -> Result<i32, E>) -> Result<()> {
        let mut work = || -> Result<()> {
            for _ in 0..self.times {
                let result = call().map_err(Into::into)?;
                ensure!(result == self.expected, "{} gave {result}, not {}", self.export, self.expected);
            }
            Ok(())
        };
        let Some(room) = self.steady else {
            work()?;
            println!("{} = {}, {} times", self.export, self.expected, self.times);
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
}

/// Calls a typed function of one to three arguments; the runtimes have the same names for what that takes.
macro_rules! call_typed {
    ($options:expr, $instance:expr, $store:expr) => {{
        let options = $options;
        // The types are checked once, as a program would have it, and not at each call.
        match options.args[..] {
            [a] => {
                let function = $instance.get_typed_func::<i32, i32>(&mut $store, &options.export)?;
                options.run(|| function.call(&mut $store, a))
            }
            [a, b] => {
                let function = $instance.get_typed_func::<(i32, i32), i32>(&mut $store, &options.export)?;
                options.run(|| function.call(&mut $store, (a, b)))
            }
            [a, b, c] => {
                let function =
                    $instance.get_typed_func::<(i32, i32, i32), i32>(&mut $store, &options.export)?;
                options.run(|| function.call(&mut $store, (a, b, c)))
            }
            _ => {
                anyhow::bail!("a function of one to three arguments is needed, not of {}", options.args.len())
            }
        }
    }};
}
pub(crate) use call_typed;
