//! Random programs that make, change, walk and drop graphs of structs, arrays, small integers and values of the host.
//!
//! ```text
//! seed ─▶ functions with parameters and locals of all types ─ statements ─ expressions of a type ─▶ text of a module
//! ```
//!
//! No expression traps: what may be null is replaced by a new object, and indices are cut to the least length. A program
//! ends, because calls and loops use up a global. `run` answers a number that depends on all that was made.

use std::fmt::Write;

use super::rng::Rng;

/// The types of values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ty {
    I32,
    Any,
    Node,
    Array,
    Extern,
    I31,
}

const TYPES: [Ty; 6] = [Ty::I32, Ty::Any, Ty::Node, Ty::Array, Ty::Extern, Ty::I31];

impl Ty {
    fn text(self) -> &'static str {
        match self {
            Ty::I32 => "i32",
            Ty::Any => "anyref",
            Ty::Node => "(ref null $node)",
            Ty::Array => "(ref null $array)",
            Ty::Extern => "externref",
            Ty::I31 => "i31ref",
        }
    }

    fn default(self) -> &'static str {
        match self {
            Ty::I32 => "(i32.const 0)",
            Ty::Any => "(ref.null any)",
            Ty::Node => "(ref.null $node)",
            Ty::Array => "(ref.null $array)",
            Ty::Extern => "(ref.null extern)",
            Ty::I31 => "(ref.null i31)",
        }
    }
}

struct Signature {
    params: Vec<Ty>,
    result: Ty,
}

/// What all programs have.
const PRELUDE: &str = r#"
    (rec
        (type $node (sub (struct (field $value (mut i32)) (field $next (mut (ref null $node))) (field $any (mut anyref)))))
        (type $leaf (sub $node (struct (field $value (mut i32)) (field $next (mut (ref null $node)))
            (field $any (mut anyref)) (field $extern (mut externref)) (field $byte (mut i8)) (field $wide (mut i64))))))
    (type $array (array (mut anyref)))
    (type $shorts (array (mut i16)))
    (type $step (func (param anyref) (result anyref)))
    (import "host" "mix" (func $mix (param anyref externref) (result anyref)))
    (import "host" "back" (func $back (param anyref) (result anyref)))
    (import "peer" "step" (func $peer-step (param anyref funcref) (result anyref)))
    (import "peer" "last" (func $peer-last (param anyref funcref) (result anyref)))
    (tag $one (param anyref i32))
    (tag $two (param externref (ref null $node)))
    (table $things 16 anyref)
    (table $nodes 4 64 (ref null $node))
    (global $any (mut anyref) (ref.null any))
    (global $node (mut (ref null $node)) (struct.new $node (i32.const 1) (ref.null $node) (ref.i31 (i32.const 2))))
    (global $extern (mut externref) (ref.null extern))
    (global $fuel (mut i32) (i32.const 0))
    (elem $segment anyref (struct.new $node (i32.const 11) (ref.null $node) (ref.i31 (i32.const 12)))
        (ref.i31 (i32.const 13)) (array.new $array (ref.i31 (i32.const 14)) (i32.const 5)) (ref.null any)
        (global.get $first))
    (global $first (ref $node) (struct.new $node (i32.const 21) (ref.null $node) (ref.null any)))
    (func $tick (result i32)
        (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))
        (i32.gt_s (global.get $fuel) (i32.const 0)))
    (func $mixed (param i32 i32) (result i32)
        (i32.add (i32.mul (i32.rotl (local.get 0) (i32.const 7)) (i32.const 31)) (local.get 1)))
    ;; A number that depends on what can be reached in a few steps.
    (func $sum (param $it anyref) (param $depth i32) (result i32)
        (local $node (ref null $node)) (local $array (ref null $array)) (local $i i32) (local $sum i32)
        (if (ref.is_null (local.get $it)) (then (return (i32.const 1))))
        (if (ref.test (ref i31) (local.get $it))
            (then (return (i31.get_s (ref.cast (ref i31) (local.get $it))))))
        (if (i32.eqz (local.get $depth)) (then (return (i32.const 2))))
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (if (ref.test (ref $node) (local.get $it))
            (then
                (local.set $node (ref.cast (ref $node) (local.get $it)))
                (local.set $sum (call $mixed (struct.get $node $value (local.get $node))
                    (call $sum (struct.get $node $next (local.get $node)) (local.get $depth))))
                (if (ref.test (ref $leaf) (local.get $it))
                    (then (local.set $sum (call $mixed (local.get $sum) (i32.add
                        (struct.get_s $leaf $byte (ref.cast (ref $leaf) (local.get $it)))
                        (i32.wrap_i64 (struct.get $leaf $wide (ref.cast (ref $leaf) (local.get $it)))))))
                        (local.set $sum (call $mixed (local.get $sum) (call $sum
                            (any.convert_extern (struct.get $leaf $extern (ref.cast (ref $leaf) (local.get $it))))
                            (local.get $depth))))))
                (return (call $mixed (local.get $sum)
                    (call $sum (struct.get $node $any (local.get $node)) (local.get $depth))))))
        (if (ref.test (ref $array) (local.get $it))
            (then
                (local.set $array (ref.cast (ref $array) (local.get $it)))
                (local.set $sum (array.len (local.get $array)))
                (loop $more
                    (local.set $sum (call $mixed (local.get $sum)
                        (call $sum (array.get $array (local.get $array) (local.get $i)) (local.get $depth))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $i) (array.len (local.get $array)))))
                (return (local.get $sum))))
        (if (ref.test (ref $shorts) (local.get $it))
            (then (return (array.get_s $shorts (ref.cast (ref $shorts) (local.get $it)) (i32.const 1)))))
        ;; A value of the host.
        (i32.const 3))"#;

/// Another instance: makes objects around what it gets, and calls back, in both ways.
pub(crate) const PEER: &str = r#"(module
    (type $array (array (mut anyref)))
    (type $step (func (param anyref) (result anyref)))
    (func $wrap (param $it anyref) (result (ref $array))
        (array.new_fixed $array 4 (ref.i31 (i32.const 4)) (local.get $it)
            (array.new $array (local.get $it) (i32.const 4)) (ref.null any)))
    (func (export "step") (param $it anyref) (param $func funcref) (result anyref) (local $mine anyref)
        (local.set $mine (call $wrap (local.get $it)))
        (local.get $mine)
        (call_ref $step (call $wrap (local.get $it)) (ref.cast (ref $step) (local.get $func)))
        (local.set $it)
        (drop)
        (array.new_fixed $array 4 (local.get $mine) (local.get $it) (local.get $mine) (ref.null any)))
    (func (export "last") (param $it anyref) (param $func funcref) (result anyref)
        (return_call_ref $step (call $wrap (local.get $it)) (ref.cast (ref $step) (local.get $func)))))"#;

/// How many functions there are.
const FUNCTIONS: usize = 6;

struct Maker<'a> {
    rng: &'a mut Rng,
    functions: Vec<Signature>,
    /// Names and types of the locals of the current function, parameters first.
    locals: Vec<(String, Ty)>,
    counters: usize,
    labels: usize,
    result: Ty,
}

/// The text of a program.
pub(crate) fn make(rng: &mut Rng) -> String {
    let functions = (0..FUNCTIONS).map(|_| Signature {
        params: (0..rng.below(5)).map(|_| *rng.pick(&TYPES)).collect(),
        result: *rng.pick(&TYPES),
    });
    let functions = functions.collect();
    let mut maker = Maker { rng, functions, locals: Vec::new(), counters: 0, labels: 0, result: Ty::I32 };
    let mut text = format!("(module {PRELUDE}\n");
    for n in 0..FUNCTIONS {
        text += &maker.function(n);
    }
    text += &maker.step();
    text += &maker.run();
    text.push(')');
    text
}

impl Maker<'_> {
    fn label(&mut self) -> String {
        self.labels += 1;
        format!("$l{}", self.labels)
    }

    fn pick_local(&mut self, ty: Ty) -> String {
        let fitting: Vec<usize> = (0..self.locals.len()).filter(|&i| self.locals[i].1 == ty).collect();
        self.locals[*self.rng.pick(&fitting)].0.clone()
    }

    /// Opens a function: parameters, and two locals of each type.
    fn open(&mut self, params: &[Ty], result: Ty) -> String {
        self.locals.clear();
        (self.counters, self.labels, self.result) = (0, 0, result);
        let mut text = String::new();
        for (i, &ty) in params.iter().enumerate() {
            let _ = write!(text, " (param $p{i} {})", ty.text());
            self.locals.push((format!("$p{i}"), ty));
        }
        let _ = write!(text, " (result {})", result.text());
        for (i, &ty) in TYPES.iter().enumerate() {
            for copy in ["a", "b"] {
                let _ = write!(text, " (local ${copy}{i} {})", ty.text());
                self.locals.push((format!("${copy}{i}"), ty));
            }
        }
        text
    }

    /// Closes it: counters of loops are locals too, which have to be declared before the code.
    fn close(&self, name: &str, head: &str, body: &str) -> String {
        let counters: String = (0..self.counters).map(|i| format!(" (local $c{i} i32)")).collect();
        format!("(func {name} {head}{counters} (local $e exnref)\n{body})\n")
    }

    fn function(&mut self, n: usize) -> String {
        let (params, result) = (self.functions[n].params.clone(), self.functions[n].result);
        let head = self.open(&params, result);
        let mut body = format!("(if (i32.eqz (call $tick)) (then (return {})))\n", result.default());
        for _ in 0..2 + self.rng.below(4) {
            body += &self.statement(3);
        }
        body += &if self.rng.chance(30) { self.tail_call(result) } else { self.expr(result, 3) };
        self.close(&format!("$f{n}"), &head, &body)
    }

    /// What host and peer call back.
    fn step(&mut self) -> String {
        let head = self.open(&[Ty::Any], Ty::Any);
        let statement = self.statement(2);
        let value = self.expr(Ty::Any, 2);
        let body = format!("(if (i32.eqz (call $tick)) (then (return (local.get $p0))))\n{statement}{value}");
        self.close("$step (export \"step\") (type $step)", &head, &body)
    }

    /// Some rounds of statements, each with all that is thrown caught, and what is left in globals and tables summed up.
    fn run(&mut self) -> String {
        let head = self.open(&[], Ty::I32) + " (local $s0 i32)";
        let mut body = String::new();
        for _ in 0..3 {
            let (done, caught) = (self.label(), self.label());
            let statements: String = (0..3).map(|_| self.statement(3)).collect();
            let _ = write!(
                body,
                "(global.set $fuel (i32.const 40))
                (block {done} (block {caught} (try_table (catch_all {caught}) {statements}) (br {done}))
                    (local.set $s0 (i32.add (local.get $s0) (i32.const 1))))
                (local.set $s0 (call $mixed (local.get $s0) (call $sum (global.get $any) (i32.const 5))))
                (local.set $s0 (call $mixed (local.get $s0) (call $sum (global.get $node) (i32.const 6))))
                (local.set $s0 (call $mixed (local.get $s0)
                    (call $sum (any.convert_extern (global.get $extern)) (i32.const 4))))"
            );
            for i in 0..16 {
                let _ = write!(
                    body,
                    "(local.set $s0 (call $mixed (local.get $s0)
                        (call $sum (table.get $things (i32.const {i})) (i32.const 4))))"
                );
            }
        }
        for (name, ty) in self.locals.clone() {
            if matches!(ty, Ty::Any | Ty::Node | Ty::Array) {
                let sum = format!("(call $sum (local.get {name}) (i32.const 4))");
                let _ = write!(body, "(local.set $s0 (call $mixed (local.get $s0) {sum}))");
            }
        }
        body += "(local.get $s0)";
        self.close("$run (export \"run\")", &head, &body)
    }

    fn statement(&mut self, depth: usize) -> String {
        let d = depth.saturating_sub(1);
        let choices = if depth == 0 { 7 } else { 14 };
        let text = match self.rng.below(choices) {
            0 | 1 => {
                let ty = *self.rng.pick(&TYPES);
                let (value, local) = (self.expr(ty, depth), self.pick_local(ty));
                format!("(local.set {local} {value})")
            }
            2 => format!("(global.set $any {})", self.expr(Ty::Any, d)),
            3 => format!("(global.set $node {})", self.expr(Ty::Node, d)),
            4 => format!("(global.set $extern {})", self.expr(Ty::Extern, d)),
            5 | 6 => format!("(table.set $things {} {})", self.index(15, d), self.expr(Ty::Any, d)),
            7 => {
                let (object, value) = (self.node(d), self.expr(Ty::Node, d));
                format!("(struct.set $node $next {object} {value})")
            }
            8 => {
                let (object, value) = (self.node(d), self.expr(Ty::Any, d));
                format!("(struct.set $node $any {object} {value})")
            }
            9 => {
                let (array, index, value) = (self.array(d), self.index(3, d), self.expr(Ty::Any, d));
                if self.rng.chance(50) {
                    format!("(array.set $array {array} {index} {value})")
                } else {
                    format!("(array.fill $array {array} {index} {value} (i32.const 1))")
                }
            }
            10 => {
                let (to, from) = (self.array(d), self.array(d));
                format!("(array.copy $array $array {to} (i32.const 1) {from} (i32.const 0) (i32.const 3))")
            }
            11 => {
                let (condition, yes, no) = (self.expr(Ty::I32, d), self.statement(d), self.statement(d));
                format!("(if {condition} (then {yes}) (else {no}))")
            }
            12 => self.loop_of_statements(d),
            _ => {
                let ty = *self.rng.pick(&TYPES);
                match self.rng.below(8) {
                    0 => format!("(throw $one {} {})", self.expr(Ty::Any, d), self.expr(Ty::I32, d)),
                    1 => format!("(throw $two {} {})", self.expr(Ty::Extern, d), self.expr(Ty::Node, d)),
                    2 => format!("(drop (table.grow $nodes {} (i32.const 1)))", self.expr(Ty::Node, d)),
                    3 => format!(
                        "(table.init $things $segment {} (i32.const 1) (i32.const 1))",
                        self.index(15, d)
                    ),
                    _ => format!("(drop {})", self.expr(ty, depth)),
                }
            }
        };
        // What is thrown on all ways would end each program early.
        if text.starts_with("(throw") {
            let condition = self.expr(Ty::I32, 1);
            return format!("(if {condition} (then {text}))\n");
        }
        text + "\n"
    }

    fn loop_of_statements(&mut self, d: usize) -> String {
        let (counter, again) = (self.counter(), self.label());
        let rounds = 2 + self.rng.below(3);
        let (a, b) = (self.statement(d), self.statement(d));
        format!(
            "(local.set {counter} (i32.const {rounds})) (loop {again} {a} {b} {})",
            self.go_on(&counter, &again)
        )
    }

    fn counter(&mut self) -> String {
        self.counters += 1;
        format!("$c{}", self.counters - 1)
    }

    fn go_on(&self, counter: &str, again: &str) -> String {
        format!(
            "(local.set {counter} (i32.sub (local.get {counter}) (i32.const 1)))
            (br_if {again} (i32.and (call $tick) (i32.gt_s (local.get {counter}) (i32.const 0))))"
        )
    }

    /// A number up to `most`, which is one less than a power of two.
    fn index(&mut self, most: u32, d: usize) -> String {
        if self.rng.chance(60) {
            return format!("(i32.const {})", self.rng.below(most as usize + 1));
        }
        format!("(i32.and {} (i32.const {most}))", self.expr(Ty::I32, d.saturating_sub(1)))
    }

    /// A struct that is not null.
    fn node(&mut self, d: usize) -> String {
        let (label, value, other) = (self.label(), self.expr(Ty::Node, d), self.new_node(0));
        format!("(block {label} (result (ref $node)) (br_on_non_null {label} {value}) {other})")
    }

    /// An array of at least four elements that is not null.
    fn array(&mut self, d: usize) -> String {
        let (label, value, other) = (self.label(), self.expr(Ty::Array, d), self.new_array(0));
        format!("(block {label} (result (ref $array)) (br_on_non_null {label} {value}) {other})")
    }

    fn new_node(&mut self, d: usize) -> String {
        let (value, next, any) = (self.expr(Ty::I32, d), self.expr(Ty::Node, d), self.expr(Ty::Any, d));
        match self.rng.below(5) {
            0 => "(struct.new_default $leaf)".into(),
            1 | 2 => format!("(struct.new $node {value} {next} {any})"),
            _ => {
                let (host, byte) = (self.expr(Ty::Extern, d), self.expr(Ty::I32, d));
                format!(
                    "(struct.new $leaf {value} {next} {any} {host} {byte} (i64.const {}))",
                    self.rng.below(99)
                )
            }
        }
    }

    fn new_array(&mut self, d: usize) -> String {
        match self.rng.below(5) {
            0 => format!("(array.new_default $array (i32.const {}))", 4 + self.rng.below(3)),
            1 => {
                format!("(array.new $array {} (i32.const {}))", self.expr(Ty::Any, d), 4 + self.rng.below(3))
            }
            2 => "(array.new_elem $array $segment (i32.const 0) (i32.const 5))".into(),
            _ => {
                let elements: Vec<String> = (0..4).map(|_| self.expr(Ty::Any, d)).collect();
                format!("(array.new_fixed $array 4 {})", elements.join(" "))
            }
        }
    }

    fn arguments(&mut self, params: &[Ty], d: usize) -> String {
        params.iter().map(|&ty| self.expr(ty, d) + " ").collect()
    }

    /// A call of a function with the result, if there is one.
    fn call(&mut self, ty: Ty, d: usize) -> Option<String> {
        let fitting: Vec<usize> = (0..FUNCTIONS).filter(|&n| self.functions[n].result == ty).collect();
        if fitting.is_empty() {
            return None;
        }
        let n = *self.rng.pick(&fitting);
        let params = self.functions[n].params.clone();
        Some(format!("(call $f{n} {})", self.arguments(&params, d)))
    }

    fn tail_call(&mut self, ty: Ty) -> String {
        if ty == Ty::Any && self.rng.chance(50) {
            let value = self.expr(Ty::Any, 2);
            return match self.rng.below(3) {
                0 => format!("(return_call $peer-last {value} (ref.func $step))"),
                1 => format!("(return_call $back {value})"),
                _ => format!("(return_call_ref $step {value} (ref.func $step))"),
            };
        }
        self.call(ty, 2).map_or_else(|| self.expr(ty, 2), |call| call.replacen("(call ", "(return_call ", 1))
    }

    /// An expression of a type.
    fn expr(&mut self, ty: Ty, depth: usize) -> String {
        if depth == 0 || self.rng.chance(20) {
            return self.leaf(ty);
        }
        let d = depth - 1;
        if self.rng.chance(25) {
            return self.control(ty, d);
        }
        if self.rng.chance(15)
            && let Some(call) = self.call(ty, d)
        {
            return call;
        }
        match ty {
            Ty::I32 => match self.rng.below(9) {
                0 => format!("(struct.get $node $value {})", self.node(d)),
                1 => format!("(array.len {})", self.array(d)),
                2 => format!("(ref.test (ref $leaf) {})", self.expr(Ty::Any, d)),
                3 => format!("(ref.test (ref null $array) {})", self.expr(Ty::Any, d)),
                4 => format!("(ref.is_null {})", self.expr(Ty::Extern, d)),
                5 => format!("(ref.eq {} {})", self.expr(Ty::Node, d), self.expr(Ty::Node, d)),
                6 => format!("(call $sum {} (i32.const 2))", self.expr(Ty::Any, d)),
                7 => {
                    let (label, value) = (self.label(), self.expr(Ty::I31, d));
                    format!(
                        "(i31.get_u (block {label} (result (ref i31)) (br_on_non_null {label} {value})
                            (ref.i31 (i32.const 77))))"
                    )
                }
                _ => format!("(i32.add {} {})", self.expr(Ty::I32, d), self.expr(Ty::I32, d)),
            },
            Ty::Any => match self.rng.below(13) {
                0 => self.expr(Ty::Node, d),
                1 => self.expr(Ty::Array, d),
                2 => self.expr(Ty::I31, d),
                3 => format!("(any.convert_extern {})", self.expr(Ty::Extern, d)),
                4 => format!("(struct.get $node $any {})", self.node(d)),
                5 | 6 => format!("(array.get $array {} {})", self.array(d), self.index(3, d)),
                7 => format!("(table.get $things {})", self.index(15, d)),
                8 => format!("(call $mix {} {})", self.expr(Ty::Any, d), self.expr(Ty::Extern, d)),
                9 => format!("(call $back {})", self.expr(Ty::Any, d)),
                10 => format!("(call $peer-step {} (ref.func $step))", self.expr(Ty::Any, d)),
                11 => format!("(array.new $shorts {} (i32.const 3))", self.expr(Ty::I32, d)),
                _ => format!("(call_ref $step {} (ref.func $step))", self.expr(Ty::Any, d)),
            },
            Ty::Node => match self.rng.below(6) {
                0 => format!("(struct.get $node $next {})", self.node(d)),
                1 => self.cast("(ref null $node)", ty, d),
                2 => self.cast("(ref null $leaf)", ty, d),
                3 => format!("(table.get $nodes {})", self.index(3, d)),
                _ => self.new_node(d),
            },
            Ty::Array if self.rng.chance(30) => self.cast("(ref null $array)", ty, d),
            Ty::Array => self.new_array(d),
            Ty::Extern => format!("(extern.convert_any {})", self.expr(Ty::Any, d)),
            Ty::I31 if self.rng.chance(30) => self.cast("(ref null i31)", ty, d),
            Ty::I31 => format!("(ref.i31 {})", self.expr(Ty::I32, d)),
        }
    }

    fn leaf(&mut self, ty: Ty) -> String {
        if self.rng.chance(60) {
            let local = self.pick_local(ty);
            return format!("(local.get {local})");
        }
        match ty {
            Ty::I32 => format!("(i32.const {})", self.rng.below(1000)),
            Ty::Any if self.rng.chance(50) => "(global.get $any)".into(),
            Ty::Any => format!("(ref.i31 (i32.const {}))", self.rng.below(1000)),
            Ty::Node if self.rng.chance(50) => "(global.get $node)".into(),
            Ty::Node => format!(
                "(struct.new $node (i32.const {}) (ref.null $node) (ref.null any))",
                self.rng.below(99)
            ),
            Ty::Array => "(array.new_default $array (i32.const 4))".into(),
            Ty::Extern => "(global.get $extern)".into(),
            Ty::I31 => format!("(ref.i31 (i32.const {}))", self.rng.below(1000)),
        }
    }

    /// What an expression is if it is of a type, or another expression.
    fn cast(&mut self, to: &str, ty: Ty, d: usize) -> String {
        let (label, value, other) = (self.label(), self.expr(Ty::Any, d), self.expr(ty, d.saturating_sub(1)));
        let result = ty.text();
        if self.rng.chance(50) {
            return format!(
                "(block {label} (result {result}) (drop (br_on_cast {label} anyref {to} {value})) {other})"
            );
        }
        let out = self.label();
        format!(
            "(block {out} (result {result}) (block {label} (result anyref)
                (br {out} (br_on_cast_fail {label} anyref {to} {value}))) (drop) {other})"
        )
    }

    /// An expression with blocks, branches or handlers.
    fn control(&mut self, ty: Ty, d: usize) -> String {
        let text = ty.text();
        match self.rng.below(7) {
            0 => {
                let (condition, yes, no) = (self.expr(Ty::I32, d), self.expr(ty, d), self.expr(ty, d));
                format!("(if (result {text}) {condition} (then {yes}) (else {no}))")
            }
            1 => {
                let (yes, no, condition) = (self.expr(ty, d), self.expr(ty, d), self.expr(Ty::I32, d));
                format!("(select (result {text}) {yes} {no} {condition})")
            }
            2 => {
                // A parameter goes round; what enters the loop may be of a narrower type.
                let (counter, again) = (self.counter(), self.label());
                let first = if ty == Ty::Any && self.rng.chance(50) { Ty::I31 } else { ty };
                let (first, statement) = (self.expr(first, d), self.statement(d));
                let (value, local) = (self.expr(ty, d), self.pick_local(ty));
                let again_or_not = self.go_on(&counter, &again);
                format!(
                    "(block (result {text}) (local.set {counter} (i32.const 3)) {first}
                        (loop {again} (param {text}) (result {text})
                            {statement} (local.set {local}) {value} {again_or_not}))"
                )
            }
            3 => {
                let (label, value, condition, other) =
                    (self.label(), self.expr(ty, d), self.expr(Ty::I32, d), self.expr(ty, d));
                format!("(block {label} (result {text}) (drop (br_if {label} {value} {condition})) {other})")
            }
            4 => {
                let local = self.pick_local(ty);
                let (value, statement) = (self.expr(ty, d), self.statement(d));
                // The value waits on the stack while its local changes.
                format!("(block (result {text}) (local.tee {local} {value}) {statement})")
            }
            5 => {
                let (out, caught) = (self.label(), self.label());
                let (value, other, any) = (self.expr(ty, d), self.expr(ty, d), self.pick_local(Ty::Any));
                format!(
                    "(block {out} (result {text})
                        (block {caught} (result anyref i32)
                            (br {out} (try_table (result {text}) (catch $one {caught}) {value})))
                        (drop) (local.set {any}) {other})"
                )
            }
            _ => {
                let (out, caught) = (self.label(), self.label());
                let (value, other, node) = (self.expr(ty, d), self.expr(ty, d), self.pick_local(Ty::Node));
                let condition = self.expr(Ty::I32, 1);
                format!(
                    "(block {out} (result {text})
                        (block {caught} (result externref (ref null $node) exnref)
                            (br {out} (try_table (result {text}) (catch_ref $two {caught}) {value})))
                        (local.set $e) (local.set {node}) (drop)
                        (if {condition} (then (throw_ref (local.get $e))))
                        {other})"
                )
            }
        }
    }
}
