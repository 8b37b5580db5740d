//! Copies and fills of memories, of lengths that the code knows and of others: within the bounds, where they overlap, up to the end and
//! behind it. What is partly out of bounds changes nothing.

use std::fmt::Write;

use upshift::Val;

use crate::engines::{Call, Nans, Traps, compare};

/// The size of both memories.
const LEN: i64 = 65536;

/// Known lengths: all that are done by a few accesses, and some more.
const LENGTHS: [i64; 20] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65];

fn index(declaration: &str) -> &'static str {
    if declaration.contains("i64") { "i64" } else { "i32" }
}

fn value(index: &str, address: i64) -> Val {
    if index == "i64" { Val::I64(address) } else { Val::I32(address as i32) }
}

/// Two memories that are filled when the module is instantiated, also if they begin empty, and a number made of their first and last bytes.
fn module(a: &str, b: &str) -> String {
    let (i, j) = (index(a), index(b));
    let bytes: String =
        (0..128).map(|at: u32| format!("\\{:02x}", at.wrapping_mul(0x35) & 0xff ^ 0x9a)).collect();
    let fill = |name: &str, index: &str| {
        format!(
            "(drop (memory.grow ${name} ({index}.const 1)))
             (memory.init ${name} $d ({index}.const 0) (i32.const 0) (i32.const 128))
             (memory.init ${name} $d ({index}.const {}) (i32.const 0) (i32.const 128))",
            LEN - 128
        )
    };
    let sum = |name: &str, index: &str| {
        let at = |start: i64| {
            format!(
                "(local.set 1 (i64.xor (i64.mul (local.get 1) (i64.const 0x100000001b3))
                (i64.load ${name} offset={start} ({}))))",
                if index == "i64" { "i64.extend_i32_u (local.get 0)" } else { "local.get 0" }
            )
        };
        at(0) + &at(LEN - 128)
    };
    format!(
        "(module (memory $a (export \"memory\") {a}) (memory $b {b}) (data $d \"{bytes}\")
           (func $start {} {}) (start $start)
           (func $sum (result i64) (local i32 i64)
             (loop {} {} (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const 128))))
             (local.get 1))
           (func (export \"sum\") (result i64) (call $sum))\n",
        fill("a", i),
        fill("b", j),
        sum("a", i),
        sum("b", j)
    )
}

/// Where bytes come from and go to, so many of them.
fn places(len: i64) -> Vec<(i64, i64)> {
    let end = LEN - len;
    let mut all = vec![(0, 8), (8, 0), (3, 3), (5, 9), (end, 0), (0, end), (end, end - 7), (end - 7, end)];
    all.extend([(end + 1, 0), (0, end + 1), (LEN, LEN), (LEN + 1, 0), (0, LEN + 1), (-1, 0), (0, -1)]);
    all.extend([(-len, 3), (3, -len), (i64::from(i32::MIN), 0), (0, i64::MIN)]);
    all
}

fn test(a: &str, b: &str) {
    let (mut module, mut calls) = (module(a, b), Vec::new());
    let (i, j) = (index(a), index(b));
    let least = if i == "i64" && j == "i64" { "i64" } else { "i32" };
    let sum = Call { name: "sum".into(), args: Vec::new() };
    let mut add = |export: String, params: String, body: String, sets: Vec<Vec<Val>>| {
        writeln!(module, "(func (export \"{export}\") (param {params}) (result i64) {body} (call $sum))")
            .expect("strings do not fail");
        for args in sets {
            calls.extend([Call { name: export.clone(), args }, sum.clone()]);
        }
    };
    let with = |args: &[Val], len: Val| args.iter().copied().chain([len]).collect::<Vec<_>>();
    let every = |of: &dyn Fn(i64, i64, i64) -> Vec<Val>| -> Vec<Vec<Val>> {
        LENGTHS
            .iter()
            .flat_map(|&len| places(len).into_iter().map(move |(to, from)| (to, from, len)))
            .map(|(to, from, len)| of(to, from, len))
            .collect()
    };
    for (name, other, from_index, len_index) in [("a", "b", j, least), ("a", "a", i, i), ("b", "a", i, least)]
    {
        let to_index = if name == "a" { i } else { j };
        let copy = format!("memory.copy ${name} ${other}");
        for len in LENGTHS {
            let sets =
                places(len).into_iter().map(|(to, from)| vec![value(to_index, to), value(from_index, from)]);
            let body = format!("({copy} (local.get 0) (local.get 1) ({len_index}.const {len}))");
            add(format!("{copy} {len}"), format!("{to_index} {from_index}"), body, sets.collect());
        }
        let body = format!("({copy} (local.get 0) (local.get 1) (local.get 2))");
        let mut sets = every(&|to, from, len| {
            with(&[value(to_index, to), value(from_index, from)], value(len_index, len))
        });
        sets.push(vec![value(to_index, 8), value(from_index, 8), value(len_index, -1)]);
        sets.push(vec![value(to_index, 8), value(from_index, 8), value(len_index, -8)]);
        add(copy, format!("{to_index} {from_index} {len_index}"), body, sets);
    }
    for len in LENGTHS {
        let sets =
            places(len).into_iter().map(|(to, byte)| vec![value(i, to), Val::I32(byte as i32 ^ 0x1ff)]);
        let body = format!("(memory.fill $a (local.get 0) (local.get 1) ({i}.const {len}))");
        add(format!("memory.fill {len}"), format!("{i} i32"), body, sets.collect());
    }
    let sets = every(&|to, byte, len| vec![value(i, to), Val::I32(byte as i32), value(i, len)]);
    let body = "(memory.fill $a (local.get 0) (local.get 1) (local.get 2))".to_string();
    add("memory.fill".into(), format!("{i} i32 {i}"), body, sets);
    compare(&(module + ")"), &calls, Traps::Text, |_| Nans::Exact);
}

#[test]
fn copies_and_fills_of_32_bit_memories() {
    test("1 1", "1 1");
}

#[test]
fn copies_and_fills_of_64_bit_memories() {
    test("i64 1 1", "i64 1 1");
}

#[test]
fn copies_between_memories_of_both_kinds() {
    test("1 1", "i64 1 1");
    test("i64 0 1", "0 1");
}

/// Elements of tables are copied and filled likewise: each of ten functions has a number, and nothing is 99.
#[test]
fn copies_and_fills_of_tables() {
    const SIZE: i64 = 20;
    let mut module = String::from(
        "(module (type $number (func (result i32))) (table $t 20 funcref) (table $u i64 20 funcref)
           (elem (table $t) (i32.const 0) func 0 1 2 3 4 5 6 7 8 9) (elem (table $u) (i64.const 9) func 9 8 7 6 5 4 3 2 1)\n",
    );
    let mut line = |text: String| writeln!(module, "{text}").expect("strings do not fail");
    for number in 0..10 {
        line(format!("(func (type $number) (i32.const {number}))"));
    }
    let element = |table: &str, index: &str| {
        format!(
            "(local.set 1 (i64.add (i64.mul (local.get 1) (i64.const 101))
               (i64.extend_i32_u (if (result i32) (ref.is_null (table.get {table} ({index})))
                 (then (i32.const 99)) (else (call_indirect {table} (type $number) ({index})))))))"
        )
    };
    line(format!(
        "(func $sum (result i64) (local i32 i64)
           (loop {} {} (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const {SIZE}))))
           (local.get 1))
         (func (export \"sum\") (result i64) (call $sum))",
        element("$t", "local.get 0"),
        element("$u", "i64.extend_i32_u (local.get 0)")
    ));
    let mut calls = Vec::new();
    let lengths = [0, 1, 2, 7, SIZE - 1, SIZE, SIZE + 1, -1];
    let starts = [0, 1, 3, 9, SIZE - 1, SIZE, SIZE + 1, -1, i64::from(i32::MIN)];
    for (to, from, to_index, from_index) in [
        ("$t", "$t", "i32", "i32"),
        ("$u", "$u", "i64", "i64"),
        ("$t", "$u", "i32", "i64"),
        ("$u", "$t", "i64", "i32"),
    ] {
        let len_index = if to_index == from_index { to_index } else { "i32" };
        let (copy, fill) = (format!("table.copy {to} {from}"), format!("table.fill {to} {from}"));
        line(format!(
            "(func (export \"{copy}\") (param {to_index} {from_index} {len_index}) (result i64)
               (table.copy {to} {from} (local.get 0) (local.get 1) (local.get 2)) (call $sum))
             (func (export \"{fill}\") (param {to_index} {from_index} {to_index}) (result i64)
               (table.fill {to} (local.get 0) (table.get {from} (local.get 1)) (local.get 2)) (call $sum))"
        ));
        for len in lengths {
            for (at, start) in starts.iter().map(|&start| (to_index, start)) {
                for other in [0, 2, 5, SIZE - 2, SIZE] {
                    let places = [value(at, start), value(from_index, other)];
                    let with = |len: Val| places.iter().copied().chain([len]).collect::<Vec<_>>();
                    let sum = Call { name: "sum".into(), args: Vec::new() };
                    calls.extend([
                        Call { name: copy.clone(), args: with(value(len_index, len)) },
                        sum.clone(),
                        Call { name: fill.clone(), args: with(value(to_index, len)) },
                        sum,
                    ]);
                }
            }
        }
    }
    compare(&(module + ")"), &calls, Traps::Text, |_| Nans::Exact);
}
