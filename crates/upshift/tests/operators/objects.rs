//! Structs, arrays and tests of types.

use std::fmt::Write;

use upshift::Val;

use crate::engines::{Call, Nans, Traps, compare, compare_with};

fn call(name: &str, args: &[i32]) -> Call {
    Call { name: name.into(), args: args.iter().map(|&arg| Val::I32(arg)).collect() }
}

fn agree(module: &str, calls: &[Call]) {
    compare(module, calls, Traps::Text, |_| Nans::Exact);
}

/// Types of fields: the storage, the type of values, what reads it, a value.
const FIELDS: [(&str, &str, &str, &str); 10] = [
    ("i8", "i32", "get_s", "(i32.const 0x1c3)"),
    ("i8", "i32", "get_u", "(i32.const 0x1c3)"),
    ("i16", "i32", "get_s", "(i32.const 0x1c3b5)"),
    ("i16", "i32", "get_u", "(i32.const 0x1c3b5)"),
    ("i32", "i32", "get", "(i32.const 0x81c3b5f7)"),
    ("i64", "i64", "get", "(i64.const 0x81c3b5f79a3b5c7d)"),
    ("f32", "f32", "get", "(f32.const -1.25)"),
    ("f64", "f64", "get", "(f64.const 3.5e300)"),
    ("v128", "v128", "get", "(v128.const i64x2 0x0123456789abcdef 0x81c3b5f79a3b5c7d)"),
    ("(ref null any)", "(ref null any)", "get", "(ref.i31 (i32.const 77))"),
];

/// What was read, as something that a host can look at.
fn shown(ty: &'static str, read: String) -> String {
    if ty == result(ty) { read } else { format!("(i31.get_s (ref.cast (ref i31) {read}))") }
}

/// The type that [`shown`] makes.
fn result(ty: &'static str) -> &'static str {
    if ty.starts_with('(') { "i32" } else { ty }
}

#[test]
fn fields() {
    let (mut module, mut calls) = ("(module\n".to_string(), Vec::new());
    for (at, (storage, ty, get, value)) in FIELDS.iter().enumerate() {
        let (ty, result) = (*ty, result(ty));
        let read = |object: &str| shown(ty, format!("(struct.{get} $s{at} 1 {object})"));
        writeln!(
            module,
            "(type $s{at} (struct (field (mut i16)) (field (mut {storage})) (field (mut i64))))
             (func $make{at} (param $null i32) (result (ref null $s{at}))
               (if (result (ref null $s{at})) (local.get $null)
                 (then (ref.null $s{at})) (else (struct.new_default $s{at}))))
             (func (export \"set {at}\") (param $null i32) (result {result} i64 i32)
               (local $object (ref null $s{at}))
               (local.set $object (call $make{at} (local.get $null)))
               (struct.set $s{at} 1 (local.get $object) {value})
               {read} (struct.get $s{at} 2 (local.get $object)) (struct.get_u $s{at} 0 (local.get $object)))
             (func (export \"get {at}\") (param $null i32) (result {result}) {made})",
            read = read("(local.get $object)"),
            // What was never set is zero; a cast of null traps.
            made = read(&format!("(call $make{at} (local.get $null))")),
        )
        .expect("strings do not fail");
        for null in [0, 1] {
            calls.extend([call(&format!("set {at}"), &[null]), call(&format!("get {at}"), &[null])]);
        }
    }
    agree(&(module + ")"), &calls);
}

#[test]
fn elements() {
    let (mut module, mut calls) = ("(module\n".to_string(), Vec::new());
    for (at, (storage, ty, get, value)) in FIELDS.iter().enumerate() {
        let (ty, result) = (*ty, result(ty));
        let read = |object: &str, index: &str| shown(ty, format!("(array.{get} $a{at} {object} {index})"));
        writeln!(
            module,
            "(type $a{at} (array (mut {storage})))
             (func $make{at} (param $len i32) (result (ref null $a{at}))
               (if (result (ref null $a{at})) (i32.lt_s (local.get $len) (i32.const 0))
                 (then (ref.null $a{at})) (else (array.new_default $a{at} (local.get $len)))))
             (func (export \"set {at}\") (param $len i32) (param $index i32) (result {result} i32)
               (local $array (ref null $a{at}))
               (local.set $array (call $make{at} (local.get $len)))
               (array.set $a{at} (local.get $array) (local.get $index) {value})
               {read} (array.len (local.get $array)))
             (func (export \"get {at}\") (param $len i32) (param $index i32) (result {result}) {made})
             (func (export \"last {at}\") (param $len i32) (result {result}) {last})
             (func (export \"len {at}\") (param $len i32) (result i32) (array.len (call $make{at} (local.get $len))))",
            read = read("(local.get $array)", "(local.get $index)"),
            made = read(&format!("(call $make{at} (local.get $len))"), "(local.get $index)"),
            last = read(&format!("(call $make{at} (local.get $len))"), "(i32.const 5)"),
        )
        .expect("strings do not fail");
        for len in [-1, 0, 1, 5, 6, 7] {
            calls.extend([call(&format!("len {at}"), &[len]), call(&format!("last {at}"), &[len])]);
            for index in [0, 1, 4, 5, 6, 7, -1, i32::MIN, i32::MAX, 0x2000_0000] {
                calls.push(call(&format!("set {at}"), &[len, index]));
                calls.push(call(&format!("get {at}"), &[len, index]));
            }
        }
    }
    agree(&(module + ")"), &calls);
}

/// Arrays that are made, filled and copied as a whole; of what was there, one element is looked at.
#[test]
fn whole_arrays() {
    let (mut module, mut calls) = ("(module\n".to_string(), Vec::new());
    for (at, (storage, ty, get, value)) in FIELDS.iter().enumerate() {
        let (ty, result) = (*ty, result(ty));
        let read = |array: &str, index: &str| {
            shown(ty, format!("(array.{get} $a{at} (local.get ${array}) {index})"))
        };
        let fixed = |n: usize| format!("(array.new_fixed $a{at} {n}{})", format!(" {value}").repeat(n));
        writeln!(
            module,
            "(type $a{at} (array (mut {storage})))
             (func (export \"new {at}\") (param $len i32) (param $index i32) (result {result} i32)
               (local $a (ref null $a{at}))
               (local.set $a (array.new $a{at} {value} (local.get $len)))
               {read} (array.len (local.get $a)))
             (func (export \"fixed {at}\") (param $len i32) (param $index i32) (result {result} i32)
               (local $a (ref null $a{at}))
               (if (i32.eqz (local.get $len)) (then (local.set $a {none})))
               (if (i32.eq (local.get $len) (i32.const 1)) (then (local.set $a {one})))
               (if (i32.eq (local.get $len) (i32.const 15)) (then (local.set $a {some})))
               (if (i32.eq (local.get $len) (i32.const 40)) (then (local.set $a {many})))
               {read} (array.len (local.get $a)))
             (func $make{at} (param $len i32) (result (ref null $a{at}))
               (if (result (ref null $a{at})) (i32.lt_s (local.get $len) (i32.const 0))
                 (then (ref.null $a{at})) (else (array.new_default $a{at} (local.get $len)))))
             (func (export \"fill {at}\") (param $len i32) (param $from i32) (param $count i32) (param $index i32)
               (result {result} i32)
               (local $a (ref null $a{at}))
               (local.set $a (call $make{at} (local.get $len)))
               (array.fill $a{at} (local.get $a) (local.get $from) {value} (local.get $count))
               {read} (array.len (local.get $a)))
             (func (export \"copy {at}\") (param $len i32) (param $to i32) (param $from i32) (param $count i32)
               (param $index i32) (result {result} i32)
               (local $a (ref null $a{at})) (local $b (ref null $a{at}))
               (local.set $a (call $make{at} (local.get $len)))
               (if (i32.ne (local.get $count) (i32.const 2))
                 (then (local.set $b (array.new $a{at} {value} (i32.const 9)))))
               (if (i32.eq (local.get $count) (i32.const 3))
                 (then (local.set $b (local.get $a))
                   (if (i32.gt_s (local.get $len) (i32.const 6))
                     (then (array.set $a{at} (local.get $a) (i32.const 6) {value})))))
               (array.copy $a{at} $a{at} (local.get $a) (local.get $to) (local.get $b) (local.get $from) (local.get $count))
               {read} (array.len (local.get $a)))",
            read = read("a", "(local.get $index)"),
            none = fixed(0),
            one = fixed(1),
            some = fixed(15),
            many = fixed(40),
        )
        .expect("strings do not fail");
        for len in [0, 1, 2, 3, 15, 40, 63, 64, 65, 300, 1100, -1, i32::MIN, i32::MAX] {
            for index in [0, 1, len.wrapping_sub(1), len] {
                calls.push(call(&format!("new {at}"), &[len, index]));
                calls.push(call(&format!("fixed {at}"), &[len, index]));
            }
        }
        for len in [-1, 0, 1, 9, 70] {
            for (from, count) in
                [(0, 0), (0, 1), (0, 9), (3, 6), (1, 64), (5, 65), (9, 0), (10, 0), (1, -1), (-1, 1)]
            {
                for index in [0, from, from + count - 1, from + count] {
                    calls.push(call(&format!("fill {at}"), &[len, from, count, index]));
                }
            }
            for (to, from, count) in [
                (0, 0, 0),
                (0, 0, 9),
                (2, 1, 8),
                (1, 1, 9),
                (5, 4, 3),
                (4, 5, 3),
                (0, 0, 2),
                (1, 9, 0),
                (0, -1, 1),
                (-1, 0, 3),
            ] {
                for index in [to, to + 1, to + count] {
                    calls.push(call(&format!("copy {at}"), &[len, to, from, count, index]));
                }
            }
        }
    }
    agree(&(module + ")"), &calls);
}

/// References to functions are of the type that was declared, and of its supertypes.
#[test]
fn tests_of_types_of_functions() {
    let types = "(type $f (sub (func))) (type $g (sub $f (func))) (type $h (sub final $g (func))) (type $i (sub $f (func)))
        (type $d (sub final (func (param i32))))";
    let functions: String = ["f", "g", "h", "i", "d"]
        .map(|ty| format!("(func ${ty} (type ${ty})) (elem declare func ${ty})"))
        .join("\n");
    let made: String = (0..)
        .zip([
            "(ref.null func)",
            "(ref.func $f)",
            "(ref.func $g)",
            "(ref.func $h)",
            "(ref.func $i)",
            "(ref.func $d)",
        ])
        .map(|(at, made)| format!("(if (i32.eq (local.get $which) (i32.const {at})) (then (return {made})))"))
        .collect();
    let mut module = format!(
        "(module {types} {functions} (func $make (param $which i32) (result funcref) {made} unreachable)"
    );
    let mut calls = Vec::new();
    for (at, heap) in ["func", "nofunc", "$f", "$g", "$h", "$i", "$d"].iter().enumerate() {
        for null in ["", "null "] {
            let (name, ty) = (format!("{null}{at}"), format!("(ref {null}{heap})"));
            writeln!(
                module,
                "(func (export \"test {name}\") (param $which i32) (result i32) (ref.test {ty} (call $make (local.get $which))))
                 (func (export \"cast {name}\") (param $which i32) (result i32)
                   (ref.is_null (ref.cast {ty} (call $make (local.get $which)))))
                 (func (export \"branch {name}\") (param $which i32) (result i32)
                   (drop (block $is (result {ty})
                     (return (ref.is_null (br_on_cast $is funcref {ty} (call $make (local.get $which)))))))
                   (i32.const 7))"
            )
            .expect("strings do not fail");
            for which in 0..6 {
                calls
                    .extend(["test", "cast", "branch"].map(|what| call(&format!("{what} {name}"), &[which])));
            }
        }
    }
    agree(&(module + ")"), &calls);
}

/// Types that are tested, with what is a supertype of what.
const TYPES: &str = "
    (type $top (sub (struct (field i32))))
    (type $middle (sub $top (struct (field i32) (field i64))))
    (type $leaf (sub final $middle (struct (field i32) (field i64) (field f64))))
    (type $other (sub $top (struct (field i32) (field f32))))
    (type $alone (struct (field v128)))
    (type $bytes (array (mut i8)))
    (type $t1 (sub (struct))) (type $t2 (sub $t1 (struct))) (type $t3 (sub $t2 (struct))) (type $t4 (sub $t3 (struct)))
    (type $t5 (sub $t4 (struct))) (type $t6 (sub $t5 (struct))) (type $t7 (sub $t6 (struct))) (type $t8 (sub $t7 (struct)))
    (type $t9 (sub $t8 (struct))) (type $t10 (sub $t9 (struct)))";

const MADE: [&str; 13] = [
    "(ref.null any)",
    "(ref.i31 (i32.const 0))",
    "(ref.i31 (i32.const -1))",
    "(any.convert_extern (local.get $host))",
    "(struct.new_default $top)",
    "(struct.new_default $middle)",
    "(struct.new_default $leaf)",
    "(struct.new_default $other)",
    "(struct.new_default $alone)",
    "(array.new_default $bytes (i32.const 3))",
    "(struct.new_default $t8)",
    "(struct.new_default $t9)",
    "(struct.new_default $t10)",
];

const HEAPS: [&str; 17] = [
    "any", "eq", "i31", "struct", "array", "none", "$top", "$middle", "$leaf", "$other", "$alone", "$bytes",
    "$t1", "$t7", "$t8", "$t9", "$t10",
];

#[test]
fn tests_of_types() {
    let made: String = MADE
        .iter()
        .enumerate()
        .map(|(at, made)| {
            format!("(if (i32.eq (local.get $which) (i32.const {at})) (then (return {made})))\n")
        })
        .collect();
    let mut module = format!(
        "(module {TYPES} (func $make (param $which i32) (param $host externref) (result anyref) {made} unreachable)\n"
    );
    let mut calls = Vec::new();
    for heap in HEAPS {
        for to in [format!("(ref {heap})"), format!("(ref null {heap})")] {
            let make = "(call $make (local.get 0) (local.get 1))";
            writeln!(
                module,
                "(func (export \"test {to}\") (param i32 externref) (result i32) (ref.test {to} {make}))
                 (func (export \"if {to}\") (param i32 externref) (result i32)
                   (if (result i32) (ref.test {to} {make}) (then (i32.const 11)) (else (i32.const 22))))
                 (func (export \"local {to}\") (param i32 externref) (result i32 i32) (local $found anyref)
                   (local.set $found {make})
                   (ref.test {to} (local.get $found)) (ref.is_null (local.get $found)))
                 (func (export \"cast {to}\") (param i32 externref) (result i32) (ref.is_null (ref.cast {to} {make})))
                 (func (export \"on {to}\") (param i32 externref) (result i32)
                   (block $passes (result {to}) (br_on_cast $passes anyref {to} {make}) (drop) (return (i32.const 22)))
                   (drop) (i32.const 11))
                 (func (export \"fail {to}\") (param i32 externref) (result i32)
                   (block $fails (result anyref) (br_on_cast_fail $fails anyref {to} {make}) (drop) (return (i32.const 11)))
                   (drop) (i32.const 22))"
            )
            .expect("strings do not fail");
            for kind in ["test", "if", "local", "cast", "on", "fail"] {
                for which in 0..MADE.len() {
                    let args = vec![Val::I32(which as i32), Val::ExternRef(None)];
                    calls.push(Call { name: format!("{kind} {to}"), args });
                }
            }
        }
    }
    agree(&(module + ")"), &calls);
}

/// Structs of fields of all types, made in a loop that fills the heap, so that some are made where there is no room at first; the
/// operands are in registers, in slots, and references that are moved.
#[test]
fn structs_are_made_where_the_heap_is_full() {
    let module = "(module
        (type $cell (struct (field i32) (field (ref null $cell))))
        (type $all (struct (field i8) (field i16) (field i32) (field i64) (field f32) (field f64) (field v128) (field (ref null $cell))
                           (field (mut i8)) (field funcref)))
        (func $nothing)
        (elem declare func $nothing)
        (func (export \"cells\") (param $count i32) (result i32 i32) (local $list (ref null $cell)) (local $sum i32) (local $at i32)
            (loop $again
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                ;; Each tenth lives on, with those before it.
                (if (i32.eqz (i32.rem_u (local.get $at) (i32.const 10)))
                    (then (local.set $list (struct.new $cell (local.get $at) (local.get $list))))
                    (else (drop (struct.new $cell (i32.mul (local.get $at) (i32.const 3)) (local.get $list)))))
                (br_if $again (i32.lt_u (local.get $at) (local.get $count))))
            (local.set $at (i32.const 0))
            (block $end (loop $again
                (br_if $end (ref.is_null (local.get $list)))
                (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (struct.get $cell 0 (local.get $list))))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (local.set $list (struct.get $cell 1 (local.get $list)))
                (br $again)))
            (local.get $sum) (local.get $at))
        (func $make (param $seed i32) (param $cell (ref null $cell)) (result (ref $all))
            (local.get $seed) (i32.mul (local.get $seed) (i32.const 7)) (i32.const -9) (i64.extend_i32_s (local.get $seed))
            (f32.convert_i32_s (local.get $seed)) (f64.convert_i32_s (local.get $seed)) (i32x4.splat (local.get $seed))
            (struct.new $cell (local.get $seed) (local.get $cell)) (i32.const 200) (ref.func $nothing) (struct.new $all))
        (func (export \"all\") (param $count i32) (result i32 i32 i32 i64 f32 f64 v128 i32 i32 i32)
            (local $made (ref null $all)) (local $before (ref null $all)) (local $at i32)
            (loop $again
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (local.set $before (local.get $made))
                (local.set $made (call $make (local.get $at) (if (result (ref null $cell)) (ref.is_null (local.get $before))
                    (then (ref.null $cell)) (else (struct.new_default $cell)))))
                (br_if $again (i32.lt_u (local.get $at) (local.get $count))))
            (struct.get_s $all 0 (local.get $made)) (struct.get_u $all 1 (local.get $before)) (struct.get $all 2 (local.get $made))
            (struct.get $all 3 (local.get $made)) (struct.get $all 4 (local.get $before)) (struct.get $all 5 (local.get $made))
            (struct.get $all 6 (local.get $made)) (struct.get $cell 0 (struct.get $all 7 (local.get $made)))
            (struct.get_u $all 8 (local.get $made)) (ref.is_null (struct.get $all 9 (local.get $made)))))";
    let calls = [call("cells", &[1]), call("cells", &[200_000]), call("all", &[2]), call("all", &[50_000])];
    for stress in [false, true] {
        // Each object is one for which the heap has no room.
        let calls = if stress {
            [call("cells", &[1]), call("cells", &[300]), call("all", &[2]), call("all", &[200])]
        } else {
            calls.clone()
        };
        compare_with(
            module,
            &calls,
            Traps::Text,
            |_| Nans::Exact,
            |config| {
                config.gc_stress(stress);
            },
        );
    }
}
