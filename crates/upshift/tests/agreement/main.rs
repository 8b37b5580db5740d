//! Programs made by chance do the same in all tiers: results, memories, globals, tables, errors with all that they say, fuel.
//!
//! ```text
//! seed, number ─ generate ─▶ Case ─ observe, once for each way ─▶ steps ─ compare ─▶ counts, or a reduced case that differs
//! ```
//!
//! `UPSHIFT_FUZZ_MODULES` says how many programs there are, `UPSHIFT_FUZZ_SEED` which ones, `UPSHIFT_FUZZ_FIRST` the number to begin
//! with: with a number that a failure printed and one module, exactly that program runs. With `UPSHIFT_FUZZ_ISOLATE=1` each
//! program runs in a process of its own, so that crashes and endless loops are differences as well, and reduced like others. With
//! `UPSHIFT_FUZZ_TEXTS=0` only the kinds of traps are compared, not what else errors say.

mod case;
mod generate;
#[cfg(unix)]
mod isolate;
mod observe;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../differential/structured/ops.rs"]
mod ops;
mod program;
mod reduce;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/rng.rs"]
mod rng;
mod run;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../differential/value.rs"]
mod value;

use std::path::Path;

use wasm_encoder::Instruction as I;

use crate::case::{Case, Counts};
use crate::observe::{Group, Way};
use crate::program::{Body, Node, Program};
use crate::rng::Rng;
use crate::run::Job;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("the setting is a number"))
}

#[test]
fn all_tiers_do_the_same() {
    let job = Job {
        seed: setting("UPSHIFT_FUZZ_SEED", 1),
        first: setting("UPSHIFT_FUZZ_FIRST", 0),
        cases: setting("UPSHIFT_FUZZ_MODULES", 700),
        isolate: setting("UPSHIFT_FUZZ_ISOLATE", 0) != 0,
        failures: Path::new(env!("CARGO_TARGET_TMPDIR")),
        until: None,
    };
    let (report, failures) = job.run();
    println!("seed {}: {report}", job.seed);
    assert!(failures.is_empty(), "{} differences\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Turns each exclusive or into an inclusive one.
fn sabotage(program: &Program) -> Program {
    fn nodes(list: &mut [Node]) {
        for node in list {
            match node {
                Node::Op { op, args, .. } => {
                    if matches!(op, I::I32Xor) {
                        *op = I::I32Or;
                    }
                    nodes(args);
                }
                Node::Branch { args, .. } => nodes(args),
                Node::Block(block) => {
                    nodes(&mut block.args);
                    block.bodies.iter_mut().for_each(body);
                }
                Node::Rest(_) => {}
            }
        }
    }
    fn body(body: &mut Body) {
        nodes(&mut body.statements);
        nodes(&mut body.values);
    }
    let mut program = program.clone();
    program.funcs.iter_mut().for_each(|func| body(&mut func.body));
    program
}

#[test]
fn a_wrong_operator_is_found_and_the_case_becomes_small() {
    let difference = |case: &Case| case.difference(Some(&sabotage), &mut Counts::default());
    // Both ways are the interpreter's, so that nothing but the operator differs.
    let case = |index| {
        let mut case = Case::new(&mut Rng::of_item(3, index));
        (case.groups, case.ways) = (vec![Group::Plain], vec![Way::Loop]);
        case
    };
    let mut cases = (0..500).map(case);
    let found = cases.find(|case| difference(case).is_some()).expect("one of them has such an operator");
    let before = reduce::size(&found.program);
    let small = found.reduced(2000, &mut |case| difference(case).is_some());
    let text = small.text();
    assert!(difference(&small).is_some() && text.contains("i32.xor"), "{text}");
    // One call may leave what another one shows.
    assert!(small.calls.len() <= 2, "{text}");
    assert!(reduce::size(&small.program) * 2 < before, "{before} nodes became\n{text}");
}
