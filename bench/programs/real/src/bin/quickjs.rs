//! `quickjs`: an engine of JavaScript, written in C, runs a script.

use std::process::ExitCode;

use rquickjs::{CatchResultExt, Context, Runtime};

const SCRIPT: &str = include_str!("../../scripts/market.js");

fn work(script: &str) -> Vec<u8> {
    let runtime = Runtime::new().expect("memory for an engine");
    let context = Context::full(&runtime).expect("memory for a context");
    let result = context
        .with(|scope| scope.eval::<String, _>(script).catch(&scope).map_err(|error| error.to_string()));
    result.expect("the script runs").into_bytes()
}

fn main() -> ExitCode {
    upshift_bench_real::run(0xaf0a_ca18_f47b_5b4e, || SCRIPT, work)
}
