//! The memory that bombs take, in proportion to their bytes.

use upshift::{Config, Engine, Instance, Linker, Module, ModuleLimitExceeded, Store};
use upshift_core::index::FuncIndex;
use upshift_ir::build::Builder;
use upshift_translate::{CodeOptions, walk};

use crate::allocator::{alone, peak_of};
use crate::bombs::{Bomb, FUNCTIONS, SECTIONS};

/// The size of a bomb in bytes.
const BYTES: usize = 1 << 20;

/// What a bomb may take for each of its bytes. Code that looks at fuel and epochs takes most: a call of two bytes becomes
/// five words, in a vector that is moved when it grows.
const PER_BYTE: usize = 64;

/// What it may take besides.
const BESIDES: usize = 4 << 20;

/// What it may take for each type that it defines, of which the number is limited.
const PER_TYPE: usize = 1500;

fn engine() -> Engine {
    Engine::new(Config::new().consume_fuel(true).epoch_interruption(true)).unwrap()
}

#[test]
fn each_bomb_takes_memory_in_proportion_to_its_bytes() {
    alone(|| {
        let mut problems = Vec::new();
        for bomb in SECTIONS.iter().chain(FUNCTIONS) {
            load(bomb, &mut problems);
        }
        assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    });
}

fn load(bomb: &Bomb, problems: &mut Vec<String>) {
    let bytes = (bomb.build)(BYTES);
    let engine = engine();
    let start = std::time::Instant::now();
    let (module, parsing) = peak_of(|| Module::from_binary(&engine, &bytes));
    let took = start.elapsed();
    let mut steps = vec![("parse", parsing)];
    let types = module.as_ref().map_or(0, |module| module.info().types.len());
    let allowed = PER_BYTE * bytes.len() + PER_TYPE * types + BESIDES;
    let verdict = match module {
        Ok(module) => {
            steps.push(("instantiate", peak_of(|| instantiate(&engine, &module)).1));
            steps.push(("translate", peak_of(|| translate(&module)).1));
            "loaded".to_string()
        }
        Err(error) => match error.downcast_ref::<ModuleLimitExceeded>() {
            Some(exceeded) => format!("refused: {}", exceeded.limit.name()),
            None => format!("refused: {error:#}"),
        },
    };
    let factors: Vec<String> =
        steps.iter().map(|(step, peak)| format!("{step} {:.1}", *peak as f64 / bytes.len() as f64)).collect();
    println!("{:<60} {:>8} bytes, {}, {took:.1?}, {verdict}", bomb.name, bytes.len(), factors.join(", "));
    for (step, peak) in steps {
        if peak > allowed {
            problems.push(format!("{}: {peak} bytes to {step} {} bytes", bomb.name, bytes.len()));
        }
    }
}

fn instantiate(engine: &Engine, module: &Module) {
    let mut store = Store::new(engine, ());
    if module.imports().len() == 0 {
        let _ = Instance::new(&mut store, module, &[]);
    } else {
        // Nothing is there to import.
        assert!(Linker::new(engine).instantiate(&mut store, module).is_err());
    }
}

/// Translates all functions and keeps their code, as the first calls would. Nothing is verified, which takes memory of its
/// own in builds with assertions.
fn translate(module: &Module) {
    let options = CodeOptions { fuel: true, interruption: true, canonical_nans: false };
    let codes: Vec<_> = module
        .func_bodies()
        .map(|func| {
            let (info, func) = (module.info(), FuncIndex(func));
            let mut builder = Builder::new(info, func, false);
            walk(info, func, options, &mut builder).unwrap();
            builder.finish()
        })
        .collect();
    drop(codes);
}
