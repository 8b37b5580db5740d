//! How long translation takes: `cargo run --release -p upshift-ir --example translate_time -- FILE…`
//!
//! For each file the best of many runs over all its functions, with the speed in MB of function bodies per second, and
//! how many bytes of code come out per byte that goes in.

use std::error::Error;
use std::time::{Duration, Instant};

use upshift_core::index::FuncIndex;
use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
        let size: usize = module.bodies.iter().map(|body| (body.end - body.start) as usize).sum();
        let mut best = Duration::MAX;
        let mut words = 0;
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(2) {
            let run = Instant::now();
            words = 0;
            for own in 0..module.bodies.len() as u32 {
                let code = upshift_ir::compile(
                    &module,
                    FuncIndex(module.imported_funcs + own),
                    CodeOptions::default(),
                )?;
                words += code.words().len();
            }
            best = best.min(run.elapsed());
        }
        let speed = size as f64 / best.as_secs_f64() / 1e6;
        let growth = (words * size_of::<u64>()) as f64 / size as f64;
        println!(
            "{path}: {size} bytes of bodies in {best:.1?}, {speed:.0} MB/s, {growth:.1} bytes of code per byte"
        );
    }
    Ok(())
}
