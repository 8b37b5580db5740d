//! All passes on whole programs: SSA is valid behind each of them, and each pays.
//!
//! ```text
//! examples/**.wasm, bench/programs/**.wasm ─ build, whole and from each loop on ─ passes ─ verify behind each
//! ```
//!
//! `UPSHIFT_PASSES=1 cargo test -p upshift-opt --test passes -- --nocapture` prints for each program how many instructions the passes
//! leave and how long each takes for a value.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use upshift_core::index::FuncIndex;
use upshift_opt::PassSet;
use upshift_opt::passes::aliases::Aliases;
use upshift_opt::passes::{
    self, blocks, conditions, dce, defer, gvn, licm, loads, params, selects, sink, split, stores, wide,
};
use upshift_opt::ssa::dom::Dominators;
use upshift_opt::ssa::loops::Loops;
use upshift_opt::ssa::{Func, Op, build, verify};
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, WalkBuffers};

/// The programs below a directory.
fn programs(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            found.push(path);
        }
    }
}

#[derive(Default)]
struct Sums {
    values: usize,
    before: usize,
    after: usize,
    loads: [usize; 2],
    times: BTreeMap<String, Duration>,
}

fn instructions(func: &Func, wanted: impl Fn(Op) -> bool) -> usize {
    let of_block = |&block: &_| func.block(block).insts.iter().filter(|&&inst| wanted(func.op(inst))).count();
    func.layout.iter().map(of_block).sum()
}

fn is_load(op: Op) -> bool {
    matches!(
        op,
        Op::Load { .. } | Op::GlobalGet(_) | Op::FieldLoad { .. } | Op::ElementLoad(_) | Op::ArrayLen
    )
}

fn is_computed(op: Op) -> bool {
    !matches!(op, Op::Const(_) | Op::Arg(_) | Op::SlotLoad(_) | Op::Result(_))
}

fn pass_over(func: &mut Func, module: &ModuleInfo, off: PassSet, sums: &mut Sums) {
    sums.values += func.values.len();
    sums.before += instructions(func, is_computed);
    sums.loads[0] += instructions(func, is_load);
    passes::run(func, module, off, |_, _| {});
    if let Err(error) = verify::verify(func, Some(module)) {
        panic!("{error}\n{func}");
    }
    sums.after += instructions(func, is_computed);
    sums.loads[1] += instructions(func, is_load);
}

/// Runs each pass once on a function and adds up the time, which that of the verifier would hide.
fn time(func: &mut Func, module: &ModuleInfo, sums: &mut Sums) {
    let aliases = Aliases::of(module);
    let mut timed = |name: &str, pass: &mut dyn FnMut(&mut Func)| {
        // The shortest time is the one that nothing else had a part in.
        let mut copies = [func.clone(), func.clone(), func.clone(), func.clone()];
        let times = copies.each_mut().map(|copy| {
            let begin = Instant::now();
            pass(copy);
            begin.elapsed()
        });
        *sums.times.entry(name.to_owned()).or_default() += times.into_iter().min().unwrap_or_default();
        let [copy, ..] = copies;
        *func = copy;
    };
    timed("blocks", &mut |func| _ = blocks::run(func));
    timed("params", &mut |func| _ = params::run(func));
    let mut dominators = None;
    timed("dom", &mut |func| dominators = Some(Dominators::new(func)));
    let Some(dominators) = dominators else { return };
    timed("gvn", &mut |func| _ = gvn::run(func, &dominators));
    let mut loops = None;
    timed("loops", &mut |func| loops = Some(Loops::new(func, &dominators, &func.predecessors())));
    let Some(loops) = loops else { return };
    timed("loads", &mut |func| _ = loads::run(func, &dominators, &loops, aliases));
    timed("stores", &mut |func| _ = stores::run(func, aliases));
    timed("wide", &mut |func| _ = wide::run(func, &dominators));
    timed("licm", &mut |func| _ = licm::run(func, &dominators, &loops, aliases));
    timed("selects", &mut |func| _ = selects::run(func));
    timed("dce", &mut |func| _ = dce::run(func));
    timed("conditions", &mut |func| _ = conditions::run(func));
    // Both with what they need to know.
    let mut with_loops = |name: &str, pass: fn(&mut Func, &Dominators, &Loops) -> u32| {
        timed(name, &mut |func| {
            let dominators = Dominators::new(func);
            let loops = Loops::new(func, &dominators, &func.predecessors());
            pass(func, &dominators, &loops);
        });
    };
    with_loops("sink", sink::run);
    with_loops("split", split::run);
    timed("defer", &mut |func| _ = defer::run(func));
}

#[test]
fn whole_programs_stay_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    programs(&root.join("examples"), &mut found);
    programs(&root.join("bench/programs"), &mut found);
    let shown = std::env::var_os("UPSHIFT_PASSES").is_some();
    let (mut before, mut after) = (0, 0);
    for path in found {
        let bytes = fs::read(&path).expect("it can be read");
        let Ok(module) =
            upshift_translate::parse(bytes.into(), &Features::default(), &TypeRegistry::default())
        else {
            continue;
        };
        let mut sums = Sums::default();
        let mut buffers = WalkBuffers::default();
        // Of large programs a part: all kinds of functions are among these.
        let step = if shown { 1 } else { 1 + module.bodies.len() / 200 };
        for own in (0..module.bodies.len() as u32).step_by(step) {
            let index = FuncIndex(module.imported_funcs + own);
            for osr in [None, Some(0), Some(1)] {
                let options = CodeOptions { fuel: own % 5 == 0, ..CodeOptions::default() };
                if shown && osr.is_some() {
                    continue;
                }
                // A function without that loop has no body for it.
                let Ok(mut func) = build::build(&module, index, options, osr, &mut buffers) else { continue };
                if shown {
                    time(&mut func.clone(), &module, &mut sums);
                }
                pass_over(&mut func, &module, PassSet::default(), &mut sums);
            }
        }
        (before, after) = (before + sums.before, after + sums.after);
        if shown {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let all: Duration = sums.times.values().sum();
            let per_value = |time: Duration| time.as_nanos() as usize / sums.values.max(1);
            let each: Vec<String> =
                sums.times.iter().map(|(name, &time)| format!("{name} {}", per_value(time))).collect();
            println!(
                "{name:20} {} values, {} -> {} instructions, {} -> {} loads, {} ns a value ({})",
                sums.values,
                sums.before,
                sums.after,
                sums.loads[0],
                sums.loads[1],
                per_value(all),
                each.join(", ")
            );
        }
    }
    // The passes do something: the programs come from compilers that had their own.
    assert!(after < before, "{before} instructions became {after}");
}
