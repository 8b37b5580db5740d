//! Random loops with more vectors, floats and integers in locals than there are registers: with branches out of them and back to their
//! heads before and after a local is set, choice by masks, and calls. The same in all tiers, on all levels of processors.

use std::fmt::Write;

use upshift::{Config, Engine, Instance, Module, Optimization, Store, Tier, Tiers};

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/rng.rs"]
mod rng;

use rng::Rng;

/// How many locals there are of each type.
const LOCALS: [(&str, usize); 5] = [("i32", 5), ("i64", 2), ("f32", 3), ("f64", 4), ("v128", 14)];

/// Where the locals end up in memory: each has room for a vector.
const ROOM: usize = 16 * 28;

/// A function that is being written.
struct Body {
    rng: Rng,
    text: String,
    /// The labels that are open: whether each is a loop's head.
    labels: Vec<bool>,
    calls: bool,
}

impl Body {
    fn local(&mut self, ty: &str) -> String {
        let (_, count) = LOCALS.iter().find(|(name, _)| *name == ty).expect("there are locals of the type");
        format!("${ty}_{}", self.rng.below(*count))
    }

    fn get(&mut self, ty: &str) -> String {
        format!("(local.get {})", self.local(ty))
    }

    /// An `i32`.
    fn integer(&mut self, depth: usize) -> String {
        let lane = self.rng.below(4);
        match self.rng.below(if depth == 0 { 2 } else { 8 }) {
            0 => self.get("i32"),
            1 => format!("(i32.const {})", self.rng.below(100)),
            2 => format!("(i32.add {} {})", self.integer(depth - 1), self.integer(depth - 1)),
            3 => format!("(i32x4.extract_lane {lane} {})", self.vector(depth - 1)),
            4 => format!("(v128.any_true {})", self.vector(depth - 1)),
            5 => format!("(i8x16.bitmask {})", self.vector(depth - 1)),
            6 => format!("(i32.trunc_sat_f64_s {})", self.double(depth - 1)),
            _ => format!("(f64.lt {} {})", self.double(depth - 1), self.double(depth - 1)),
        }
    }

    /// An `f64` that is no NaN.
    fn double(&mut self, depth: usize) -> String {
        match self.rng.below(if depth == 0 { 2 } else { 7 }) {
            0 => self.get("f64"),
            1 => format!("(f64.convert_i32_s {})", self.get("i32")),
            2 => format!(
                "(f64.sub (f64.min (f64.const 1e9) {}) (f64.min (f64.const 1e9) (f64.abs {})))",
                self.double(depth - 1),
                self.double(depth - 1)
            ),
            3 => format!("(f64.min {} {})", self.double(depth - 1), self.double(depth - 1)),
            4 => format!("(f64.floor {})", self.double(depth - 1)),
            5 => format!("(f64.promote_f32 {})", self.get("f32")),
            _ => format!(
                "(f64x2.extract_lane {} (f64x2.convert_low_i32x4_s {}))",
                self.rng.below(2),
                self.vector(depth - 1)
            ),
        }
    }

    fn mask(&mut self, depth: usize) -> String {
        let compare = self.rng.pick(&["i8x16.eq", "i16x8.lt_u", "i32x4.ge_s", "i64x2.gt_s", "f32x4.le"]);
        format!("({compare} {} {})", self.vector(depth), self.vector(depth))
    }

    /// A vector; what it is made of never depends on which NaN comes out.
    fn vector(&mut self, depth: usize) -> String {
        let lane = self.rng.below(4);
        match self.rng.below(if depth == 0 { 2 } else { 13 }) {
            0 | 1 => self.get("v128"),
            2 => format!("(i32x4.add {} {})", self.vector(depth - 1), self.vector(depth - 1)),
            3 => self.mask(depth - 1),
            4 => format!("(i32x4.splat {})", self.integer(depth - 1)),
            5 => {
                format!("(i32x4.replace_lane {lane} {} {})", self.vector(depth - 1), self.integer(depth - 1))
            }
            6 => format!("(i16x8.shr_u {} {})", self.vector(depth - 1), self.get("i32")),
            7 => format!("(f64x2.splat {})", self.get("f64")),
            8 => format!("(v128.load32_splat (i32.const {}))", 4 * self.rng.below(64)),
            9 => format!(
                "(i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 {} {})",
                self.vector(depth - 1),
                self.vector(depth - 1)
            ),
            10 => format!("(v128.const i64x2 {} {})", self.rng.next(), self.rng.next()),
            11 => format!(
                "(f32x4.add (f32x4.convert_i32x4_u {}) (f32x4.convert_i32x4_s {}))",
                self.vector(depth - 1),
                self.vector(depth - 1)
            ),
            _ => format!(
                "(v128.bitselect {} {} {})",
                self.vector(depth - 1),
                self.vector(depth - 1),
                if self.rng.chance(60) { self.mask(depth - 1) } else { self.get("v128") }
            ),
        }
    }

    fn set(&mut self) {
        let (ty, value) = match self.rng.below(8) {
            0 => ("i32", self.integer(2)),
            1 => ("i64", format!("(i64.extend_i32_s {})", self.integer(1))),
            2 => ("f64", self.double(2)),
            3 => ("f32", format!("(f32.convert_i32_s {})", self.integer(1))),
            _ => ("v128", self.vector(2)),
        };
        let local = self.local(ty);
        writeln!(self.text, "(local.set {local} {value})").expect("strings do not fail");
    }

    /// A branch to any label, to a head only while there are turns left.
    fn branch(&mut self) {
        let label = self.rng.below(self.labels.len());
        let condition = self.integer(1);
        let at = self.labels.len() - 1 - label;
        let text = if self.labels[label] {
            format!(
                "(br_if {at} (i32.and (i32.ne (i32.const 0) {condition})
                    (i32.gt_s (local.tee $turns (i32.sub (local.get $turns) (i32.const 1))) (i32.const 0))))"
            )
        } else {
            format!("(br_if {at} {condition})")
        };
        self.text += &text;
        self.text.push('\n');
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..3 + self.rng.below(8) {
            match self.rng.below(10) {
                0 | 1 if depth > 0 => {
                    let is_loop = self.rng.chance(70);
                    self.text += if is_loop { "(loop\n" } else { "(block\n" };
                    self.labels.push(is_loop);
                    self.statements(depth - 1);
                    self.branch();
                    self.labels.pop();
                    self.text += ")\n";
                }
                2 => self.branch(),
                3 if self.calls && self.rng.chance(30) => {
                    let [vector, integer] = [self.local("v128"), self.local("i64")];
                    let again = self.local("i64");
                    writeln!(
                        self.text,
                        "(call $swap (local.get {vector}) (local.get {integer}))
                         (local.set {again}) (local.set {vector}) (local.set {integer})"
                    )
                    .expect("strings do not fail");
                }
                _ => self.set(),
            }
        }
    }
}

/// A module with a function that leaves its locals in memory.
fn module(seed: u64) -> String {
    let mut body =
        Body { rng: Rng::new(seed), text: String::new(), labels: vec![false], calls: seed.is_multiple_of(3) };
    body.statements(3);
    let (mut locals, mut starts, mut stores) = (String::new(), String::new(), String::new());
    let mut at = 1024;
    for (ty, count) in LOCALS {
        for number in 0..count {
            write!(locals, "(local ${ty}_{number} {ty})").expect("strings do not fail");
            write!(starts, "(local.set ${ty}_{number} ({ty}.load (i32.const {})))", 8 * number)
                .expect("strings do not fail");
            write!(stores, "({ty}.store (i32.const {at}) (local.get ${ty}_{number}))")
                .expect("strings do not fail");
            at += 16;
        }
    }
    // Numbers in memory, none of which is NaN as a float.
    let bytes: String = (0..256).map(|at| format!("\\{:02x}", at * 37 % 64)).collect();
    format!(
        "(module (memory (export \"memory\") 1) (data (i32.const 0) \"{bytes}\")
            (func $swap (param v128 i64) (result i64 v128 i64)
                (i64.add (local.get 1) (i64.const 3)) (i64x2.add (local.get 0) (i64x2.splat (local.get 1)))
                (local.get 1))
            (func (export \"run\") (param $turns i32) {locals} {starts} (block\n{}) {stores}))",
        body.text
    )
}

fn run(config: &Config, wat: &str) -> Vec<u8> {
    let engine = Engine::new(config).expect("the configuration is valid");
    let module = Module::new(&engine, wat).unwrap_or_else(|error| panic!("{error:#}\n{wat}"));
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").expect("it is exported");
    let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
    let mut all = Vec::new();
    for turns in [0, 3, 100] {
        run.call(&mut store, turns).expect("nothing traps");
        all.extend(&memory.data(&store)[1024..1024 + ROOM]);
    }
    all
}

#[test]
fn loops_do_the_same_in_all_tiers() {
    let native = Tier::Baseline.is_available();
    for seed in 0..60 {
        let wat = module(seed);
        let mut config = Config::new();
        config.tiers(Tiers::Only(Tier::Interpreter));
        let expected = run(&config, &wat);
        let check = |name: &str, set: &dyn Fn(&mut Config)| {
            let mut config = Config::new();
            set(&mut config);
            assert!(run(&config, &wat) == expected, "{name}, seed {seed}\n{wat}");
        };
        if !native {
            continue;
        }
        for level in [1, 12, 2, 22, 3] {
            check(&format!("level {level}"), &|config| {
                config.tiers(Tiers::Only(Tier::Baseline)).processor_level(level);
            });
        }
        check("twins", &|config| {
            config.tiers(Tiers::Only(Tier::Baseline)).embedded_twins(seed + 1);
        });
        check("changes of tiers", &|config| {
            config.random_tiers(seed).optimization(Optimization::Never);
        });
        check("changes between all tiers", &|config| {
            config.random_tiers(seed).optimization(Optimization::AtOnce);
        });
    }
}
