//! `boa`: an engine of JavaScript, written in Rust, runs the same script as `quickjs`.

use std::process::ExitCode;

use boa_engine::{Context, Source};

const SCRIPT: &str = include_str!("../../scripts/market.js");

fn work(script: &str) -> Vec<u8> {
    let mut context = Context::default();
    let result = context.eval(Source::from_bytes(script)).expect("the script runs");
    let result = result.as_string().expect("the script gives a string");
    result.to_std_string().expect("the script gives Unicode").into_bytes()
}

fn main() -> ExitCode {
    upshift_bench_real::run(0xaf0a_ca18_f47b_5b4e, || SCRIPT, work)
}
