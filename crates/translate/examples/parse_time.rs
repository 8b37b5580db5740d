//! How long parsing takes: `cargo run --release -p upshift-translate --example parse_time -- FILE…`
//!
//! For each file the best of many runs, with the speed in MB of module per second. `taskset -c 0` shows the speed on
//! one processor.

use std::error::Error;
use std::time::{Duration, Instant};

use upshift_translate::{Features, ModuleBytes, TypeRegistry, parse};

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let bytes = ModuleBytes::from(std::fs::read(&path)?);
        let mut best = Duration::MAX;
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(2) {
            let (features, registry) = (Features::default(), TypeRegistry::default());
            let run = Instant::now();
            parse(bytes.clone(), &features, &registry)?;
            best = best.min(run.elapsed());
        }
        let speed = bytes.len() as f64 / best.as_secs_f64() / 1e6;
        println!("{path}: {} bytes in {best:.1?}, {speed:.0} MB/s", bytes.len());
    }
    Ok(())
}
