//! A case: a program and calls, what is run of it, and what differs.

use std::fmt::Write as _;

use upshift::{Engine, ExternType, Module};

use crate::generate;
use crate::observe::{Call, Group, Outcome, Setup, Step, Way, observe};
use crate::program::Program;
use crate::reduce::{reduce, size};
use crate::rng::Rng;
use crate::value::Value;

/// A program, the calls of its functions and the ways in which they are made.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) program: Program,
    pub(crate) calls: Vec<Call>,
    pub(crate) groups: Vec<Group>,
    pub(crate) ways: Vec<Way>,
    pub(crate) canonical: bool,
    pub(crate) level: u8,
    pub(crate) jumps: bool,
    /// Whether all calls have fuel and deadlines enough, so that groups can be compared.
    ample: bool,
}

/// What the ways other than the interpreter get instead of the program; for tests of the comparison itself.
pub(crate) type Change<'a> = &'a dyn Fn(&Program) -> Program;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) runs: usize,
    pub(crate) calls: usize,
    pub(crate) errors: usize,
    pub(crate) exhausted: usize,
}

impl Case {
    /// The case of a generator state.
    ///
    /// # Panics
    /// When the generator has made a program that is not valid.
    pub(crate) fn new(rng: &mut Rng) -> Case {
        let (program, canonical) = generate::program(rng);
        let modules = program.encode().expect("all labels are there");
        let engine = Engine::default();
        let mut calls = Vec::new();
        let ample = rng.chance(75);
        for bytes in &modules {
            let module = Module::from_binary(&engine, bytes).unwrap_or_else(|error| {
                let text = wasmprinter::print_bytes(bytes).unwrap_or_else(|error| error.to_string());
                panic!("the program is not valid: {error:#}\n{text}");
            });
            for export in module.exports() {
                let ExternType::Func(ty) = export.ty() else { continue };
                for _ in 0..3 {
                    let args =
                        ty.params().map(|ty| Value::random(rng, &ty).expect("no type is without null"));
                    let (args, export) = (args.collect(), export.name().to_string());
                    let scarce = |rng: &mut Rng, most| if ample { 1 << 40 } else { rng.below(most) as u64 };
                    calls.push(Call { export, args, fuel: scarce(rng, 3000), deadlines: scarce(rng, 100) });
                }
            }
        }
        // What uses up the stack is the last function.
        let mixed = calls.len().saturating_sub(3);
        for at in 1..mixed {
            calls.swap(at, rng.below(at + 1));
        }
        let groups = vec![Group::ALL[rng.below(2)], *rng.pick(&Group::ALL)];
        let (ways, level) = (Way::others(rng), *rng.pick(&[1, 2, 3, 3]));
        let jumps = rng.chance(25);
        Case { program, calls, groups, ways, canonical, level, jumps, ample }
    }

    /// The first difference, if there is any; `change` is for tests of this function.
    pub(crate) fn difference(&self, change: Option<Change<'_>>, counts: &mut Counts) -> Option<String> {
        let modules = self.program.encode()?;
        let changed = change.map(|change| change(&self.program).encode());
        let others = match &changed {
            Some(Some(changed)) => changed,
            Some(None) => return None,
            None => &modules,
        };
        let setup = |group, way| Setup {
            group,
            way,
            canonical: self.canonical,
            level: self.level,
            jumps: self.jumps,
        };
        let mut first: Option<(Setup, Vec<Step>)> = None;
        for &group in &self.groups {
            let reference = setup(group, Way::Interpreter);
            let expected = observe(&modules, &self.calls, reference);
            count(&expected, counts);
            for &way in &self.ways {
                let found = observe(others, &self.calls, setup(group, way));
                counts.runs += 1;
                if let Some(what) = self.compare(&expected, &found) {
                    return Some(format!("{reference}, then {}:\n{what}", setup(group, way)));
                }
            }
            match &first {
                None => first = Some((reference, expected)),
                Some((before, steps)) if self.ample || !(group.is_metered() || before.group.is_metered()) => {
                    let without = |steps: &[Step]| -> Vec<Step> {
                        steps
                            .iter()
                            .map(|step| Step { fuel: None, deadlines: (0, 0), ..step.clone() })
                            .collect()
                    };
                    if let Some(what) = self.compare(&without(steps), &without(&expected)) {
                        return Some(format!("{before}, then {reference}:\n{what}"));
                    }
                }
                Some(_) => {}
            }
        }
        None
    }

    fn compare(&self, expected: &[Step], found: &[Step]) -> Option<String> {
        let at = (0..expected.len().max(found.len())).find(|&at| expected.get(at) != found.get(at))?;
        let (Some(a), Some(b)) = (expected.get(at), found.get(at)) else {
            return Some(format!("{} and {} calls were made", expected.len(), found.len()));
        };
        let mut text = String::new();
        let call = self.calls.get(at);
        let _ = writeln!(text, "call {at}: {call:x?}");
        let mut differs = |what: &str, a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| {
            let (a, b) = (format!("{a:x?}"), format!("{b:x?}"));
            if a != b {
                let _ = writeln!(text, "{what}:\n  {a}\n  {b}");
            }
        };
        differs("outcome", &a.outcome, &b.outcome);
        differs("memories (size, digest)", &a.memories, &b.memories);
        differs("globals", &a.globals, &b.globals);
        differs("tables", &a.tables, &b.tables);
        differs("fuel", &a.fuel, &b.fuel);
        differs("deadlines (passed, places)", &a.deadlines, &b.deadlines);
        Some(text)
    }

    /// A smaller case that still differs, and what differs in it.
    pub(crate) fn reduced(&self, questions: usize, differs: &mut dyn FnMut(&Case) -> bool) -> Case {
        let mut best = self.clone();
        // Fewer groups, ways and calls first: each makes the rest faster.
        fn shorten<T: Clone>(
            best: &mut Case,
            list: fn(&mut Case) -> &mut Vec<T>,
            differs: &mut dyn FnMut(&Case) -> bool,
        ) {
            let mut at = 0;
            while at < list(best).len() {
                let mut candidate = best.clone();
                list(&mut candidate).remove(at);
                if !list(&mut candidate).is_empty() && differs(&candidate) {
                    *best = candidate;
                } else {
                    at += 1;
                }
            }
        }
        shorten(&mut best, |case| &mut case.groups, differs);
        shorten(&mut best, |case| &mut case.ways, differs);
        shorten(&mut best, |case| &mut case.calls, differs);
        let with = |program: &Program, best: &Case| Case { program: program.clone(), ..best.clone() };
        let program = reduce(best.program.clone(), questions, &mut |program| {
            is_valid(program) && differs(&with(program, &best))
        });
        best.program = program;
        shorten(&mut best, |case| &mut case.calls, differs);
        best
    }

    /// The modules as text, and the calls.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(";; {} nodes\n", size(&self.program));
        for call in &self.calls {
            let _ = writeln!(text, ";; {call:x?}");
        }
        for bytes in self.program.encode().unwrap_or_default() {
            text += &wasmprinter::print_bytes(&bytes).unwrap_or_else(|error| error.to_string());
        }
        text
    }
}

fn is_valid(program: &Program) -> bool {
    let engine = Engine::default();
    let valid = |bytes: &Vec<u8>| Module::from_binary(&engine, bytes).is_ok();
    program.encode().is_some_and(|modules| modules.iter().all(valid))
}

fn count(steps: &[Step], counts: &mut Counts) {
    counts.runs += 1;
    counts.calls += steps.len();
    counts.errors += steps.iter().filter(|step| matches!(step.outcome, Outcome::Error { .. })).count();
    counts.exhausted += steps.iter().filter(|step| matches!(step.outcome, Outcome::Exhausted(_))).count();
}
