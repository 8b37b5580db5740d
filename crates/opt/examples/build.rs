//! How long building SSA takes: for each module that is named, nanoseconds and bytes of SSA for each byte of its bodies.
//!
//! ```sh
//! cargo run --release -p upshift-opt --example build -- bench/programs/real/*.wasm
//! ```

use std::time::Instant;

use upshift_core::index::FuncIndex;
use upshift_opt::ssa::{Op, build};
use upshift_translate::null::Null;
use upshift_translate::{CodeOptions, Features, TypeRegistry, WalkBuffers, parse, walk_with};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::var("ROUNDS").map_or(Ok(5), |rounds| rounds.parse::<u32>())?;
    println!(
        "{:>9} {:>8} {:>8} {:>8} {:>8} {:>8}  module",
        "bytes", "walk ns", "ns", "values", "params", "blocks"
    );
    for path in std::env::args().skip(1) {
        let module = parse(wat::parse_file(&path)?.into(), &Features::all(), &TypeRegistry::default())?;
        let bytes: u32 = module.bodies.iter().map(|body| body.end - body.start).sum();
        let mut buffers = WalkBuffers::default();
        let funcs = || (0..module.bodies.len() as u32).map(|own| FuncIndex(module.imported_funcs + own));
        let (mut walk, mut best) = (u128::MAX, u128::MAX);
        let (mut values, mut params, mut blocks) = (0, 0, 0);
        for _ in 0..rounds {
            let start = Instant::now();
            for func in funcs() {
                walk_with(&mut buffers, &module, func, CodeOptions::default(), &mut Null::with_survey())?;
            }
            walk = walk.min(start.elapsed().as_nanos());
            (values, params, blocks) = (0, 0, 0);
            let start = Instant::now();
            for func in funcs() {
                let func = build::build(&module, func, CodeOptions::default(), None, &mut buffers)?;
                values += func.values.len();
                blocks += func.layout.len();
                params += func.values.iter().filter(|value| matches!(value.op, Op::Param(_))).count();
            }
            best = best.min(start.elapsed().as_nanos());
        }
        let per_byte = |sum: u128| sum as f64 / f64::from(bytes);
        let (values, params, blocks) =
            (per_byte(values as u128), per_byte(params as u128), per_byte(blocks as u128));
        let (walk, best) = (per_byte(walk), per_byte(best));
        println!("{bytes:>9} {walk:>8.2} {best:>8.2} {values:>8.3} {params:>8.3} {blocks:>8.3}  {path}");
    }
    Ok(())
}
