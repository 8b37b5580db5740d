//! What the programs share: [`run`], which calls a program's work once or for a while and checks each result, and the
//! generators of their inputs. Nothing is read from outside, so a module gives the same bytes in every runtime.

pub mod input;

use std::borrow::Borrow;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What `--steady` promises, however short its time.
const LEAST_ITERATIONS: usize = 3;

/// Prepares the input, does the work on it, and compares the [`digest`] of the output with `expected`.
///
/// Without arguments the work is done once. With `--steady MS` it is done again and again until that many milliseconds
/// have passed, at least three times, and `iteration NANOSECONDS` is printed for each. Only the work is timed, neither
/// the check nor the printing. Ends with 0, with 1 after a wrong result, and with 2 after arguments that it does not know.
pub fn run<I: Borrow<B>, B: ?Sized>(
    expected: u64,
    prepare: impl FnOnce() -> I,
    work: impl Fn(&B) -> Vec<u8>,
) -> ExitCode {
    let steady = match steady(std::env::args().skip(1)) {
        Ok(steady) => steady,
        Err(message) => {
            eprintln!("{message}\nusage: [--steady MS]");
            return ExitCode::from(2);
        }
    };
    let input = prepare();
    let mut times = Vec::new();
    let mut size;
    let first = Instant::now();
    loop {
        let start = Instant::now();
        let output = work(black_box(input.borrow()));
        times.push(start.elapsed());
        size = output.len();
        let digest = digest(&output);
        if digest != expected {
            println!("wrong: {size} bytes, digest {digest:#018x} instead of {expected:#018x}");
            return ExitCode::FAILURE;
        }
        match steady {
            Some(time) if first.elapsed() < time || times.len() < LEAST_ITERATIONS => {}
            _ => break,
        }
    }
    if steady.is_some() {
        for time in &times {
            println!("iteration {}", time.as_nanos());
        }
    }
    println!("{size} bytes, digest {expected:#018x}");
    ExitCode::SUCCESS
}

/// The time after `--steady`, where it is given.
fn steady(mut arguments: impl Iterator<Item = String>) -> Result<Option<Duration>, String> {
    let mut steady = None;
    while let Some(argument) = arguments.next() {
        if argument != "--steady" {
            return Err(format!("unknown argument {argument:?}"));
        }
        let time = arguments.next().ok_or("--steady needs a number of milliseconds")?;
        let time = time.parse().map_err(|_| format!("--steady: {time:?} is not a number of milliseconds"))?;
        steady = Some(Duration::from_millis(time));
    }
    Ok(steady)
}

/// 64-bit FNV-1a over words of eight bytes, the last one filled with zeros, and then the length.
pub fn digest(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x100_0000_01b3).rotate_left(23);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash =
        words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = mix(hash, u64::from_le_bytes(last));
    mix(hash, bytes.len() as u64)
}
