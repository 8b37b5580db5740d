//! The benchmark programs print the same, whenever their functions go to which tier: after few arrivals or many, by their own thread or
//! beside it.
//!
//! `UPSHIFT_SOAK=1` runs all of them, which takes minutes, and otherwise a few; `UPSHIFT_SOAK_ROUNDS` says how often.

use std::path::{Path, PathBuf};

use upshift::{Config, Engine, Linker, Module, Optimization, Reason, Store, Tier, Tiers};
use upshift_wasi::{Exit, Input, MemoryOutput, WasiCtx, WasiCtxBuilder, add_imports_to_linker};

/// All modules of a directory and those below it.
fn modules(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            modules(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            found.push(path);
        }
    }
}

/// What a program prints and how it ends, and whether a function of it was optimized.
fn run(config: &Config, bytes: &[u8], name: &str) -> (String, bool) {
    let engine = Engine::new(config).unwrap();
    let module = Module::from_binary(&engine, bytes).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    add_imports_to_linker(&mut linker, [&module], |ctx| ctx).unwrap();
    let (output, errors) = (MemoryOutput::new(1 << 22), MemoryOutput::new(1 << 20));
    let mut builder = WasiCtxBuilder::new();
    builder.args(&[name]).stdin(Input::empty()).stdout(output.clone()).stderr(errors.clone());
    let mut store = Store::new(&engine, builder.build());
    let outcome = linker.instantiate(&mut store, &module).and_then(|instance| {
        match instance.get_typed_func::<(), ()>(&mut store, "_start") {
            Ok(start) => start.call(&mut store, ()),
            // A host has to call it.
            Err(_) => Ok(()),
        }
    });
    let end = match outcome {
        Ok(()) => "end".to_string(),
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(exit) => format!("{exit:?}"),
            None => format!("{error:#}"),
        },
    };
    engine.finish_optimizing();
    // What cannot be optimized has to say why, and a fault of the compiler is no reason.
    assert!(engine.refusals().all(|(reason, _)| reason != Reason::Internal), "{name}");
    let texts =
        [output.contents(), errors.contents()].map(|text| String::from_utf8_lossy(&text).into_owned());
    let optimized = (0..20_000).any(|func| module.tier(func) == Some(Tier::Optimizing));
    (format!("{}{}{end}", texts[0], texts[1]), optimized)
}

/// A way for functions to move up.
fn moving(to_baseline: u32, to_optimized: u32, optimization: Optimization, skip: bool) -> Config {
    let mut config = Config::new();
    config
        .tier_up_after(to_baseline)
        .optimize_after(to_optimized)
        .optimization(optimization)
        .skip_baseline(skip);
    config
}

#[test]
fn programs_do_the_same_whenever_they_are_optimized() {
    if !Tier::Optimizing.is_available() {
        return;
    }
    let (mut found, all) = (Vec::new(), std::env::var_os("UPSHIFT_SOAK").is_some());
    modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/programs"), &mut found);
    found.sort();
    let short = [
        "as/list.wasm",
        "as/strings.wasm",
        "c/vm.wasm",
        "shootout/minicsv.wasm",
        "simd/find.wasm",
        "gc/tree.wasm",
    ];
    found.retain(|path| {
        all || short.iter().any(|name| path.ends_with(name) && !path.to_string_lossy().contains("steady"))
    });
    assert!(found.len() >= short.len(), "{found:?}");
    let rounds = std::env::var("UPSHIFT_SOAK_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let (mut runs, mut optimized) = (0, 0);
    for path in &found {
        let (bytes, name) = (std::fs::read(path).unwrap(), path.file_stem().unwrap().to_str().unwrap());
        let mut interpreted = Config::new();
        interpreted.tiers(Tiers::Only(Tier::Interpreter));
        let (expected, _) = run(&interpreted, &bytes, name);
        for round in 0..rounds {
            let ways = [
                ("at once", moving(0, 0, Optimization::AtOnce, false)),
                ("at once, skipping", moving(1, 1 + round, Optimization::AtOnce, true)),
                ("background", moving(0, 0, Optimization::Background, false)),
                ("background, later", moving(30, 100 + 70 * round, Optimization::Background, false)),
                ("background, late", moving(1000, 3000, Optimization::Background, false)),
                ("background, skipping", moving(5, 50, Optimization::Background, true)),
            ];
            for (way, config) in ways {
                let (printed, any) = run(&config, &bytes, name);
                assert!(
                    printed == expected,
                    "{}, {way}: {printed}\n--- expected\n{expected}",
                    path.display()
                );
                (runs, optimized) = (runs + 1, optimized + usize::from(any));
            }
        }
    }
    println!("{} programs, {runs} runs, optimized code in {optimized}", found.len());
    assert!(optimized * 2 > runs, "{optimized} of {runs}");
}
