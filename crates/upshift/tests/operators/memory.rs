//! Accesses to memory: at constant and other addresses, with small and large offsets, within the bounds, at their end and behind it.

use std::fmt::Write;

use upshift::Val;
use upshift_core::V128;
use upshift_core::ops::atomic::{Atomic, AtomicShape};

use crate::engines::{Call, Nans, agree};

/// The size of the memory.
const LEN: i64 = 65536;

/// A memory with another byte at each address that is accessed, and a function that reads where stores go.
fn memory(declaration: &str) -> String {
    let bytes: String =
        (0..128).map(|at: u32| format!("\\{:02x}", at.wrapping_mul(0x35) & 0xff ^ 0x9a)).collect();
    let index = if declaration.contains("i64") { "i64" } else { "i32" };
    if declaration.starts_with('0') || declaration.starts_with("i64 0") {
        return format!(
            "(module (memory (export \"memory\") {declaration}) (data \"{bytes}\") (start $fill)\n\
             (func $fill (drop (memory.grow ({index}.const 1)))
               (memory.init 0 ({index}.const 0) (i32.const 0) (i32.const 128))
               (memory.init 0 ({index}.const {}) (i32.const 0) (i32.const 128)))\n",
            LEN - 128
        );
    }
    format!(
        "(module (memory (export \"memory\") {declaration})\n\
         (data ({index}.const 0) \"{bytes}\") (data ({index}.const {}) \"{bytes}\")\n",
        LEN - 128
    )
}

/// Addresses around a multiple of the size, and around both ends.
fn addresses(bytes: i64, offset: i64) -> Vec<i64> {
    let end = LEN - offset;
    let mut all = vec![
        0,
        1,
        4,
        8,
        16,
        24,
        end - bytes - 8,
        end - bytes - 1,
        end - bytes,
        end - bytes + 1,
        end,
        end + 1,
    ];
    all.extend([-1, -16, i64::from(i32::MIN), i64::from(u32::MAX)]);
    all
}

const OFFSETS: [i64; 5] = [0, 8, 13, 65528, 0xffff_fff8];

/// Functions with an access: its operands behind the address are those of the function.
struct Access<'a> {
    op: &'a str,
    /// What stands behind the offset.
    lane: String,
    bytes: u32,
    /// The types of operands behind the address.
    operands: &'a [&'a str],
    result: &'a str,
}

fn value(ty: &str, number: u64) -> Val {
    let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x0123_4567_89ab_cdef;
    match ty {
        "i32" => Val::I32(bits as i32),
        "i64" => Val::I64(bits as i64),
        "f32" => Val::F32(bits as u32 & 0x7f7f_ffff),
        "f64" => Val::F64(bits & 0x7fe0_ffff_ffff_ffff),
        _ => Val::V128(V128::from_u128(u128::from(bits) << 64 | u128::from(bits.rotate_left(17)))),
    }
}

fn functions(module: &mut String, wide: bool, access: &Access<'_>, calls: &mut Vec<Call>) {
    let index = if wide { "i64" } else { "i32" };
    let Access { op, lane, bytes, operands, result } = access;
    let params: String = operands.iter().map(|ty| format!(" {ty}")).collect();
    let gets: String = (1..=operands.len()).map(|at| format!(" (local.get {at})")).collect();
    let result = if result.is_empty() { String::new() } else { format!("(result {result})") };
    for offset in OFFSETS {
        let export = format!("{op}{lane} offset={offset}");
        let instruction = format!("{op} offset={offset}{lane}");
        writeln!(
            module,
            "(func (export \"{export}\") (param {index}{params}) {result} (local.get 0){gets} {instruction})"
        )
        .expect("strings do not fail");
        for (number, address) in addresses(i64::from(*bytes), offset).into_iter().enumerate() {
            let first = if wide { Val::I64(address) } else { Val::I32(address as i32) };
            let rest = operands.iter().enumerate().map(|(at, ty)| value(ty, (number + 7 * at) as u64));
            let args: Vec<Val> = std::iter::once(first).chain(rest).collect();
            calls.push(Call { name: export.clone(), args: args.clone() });
            // The same with a constant address.
            if offset < 16 {
                let constant = format!("{export} at {number}");
                let shown = if wide { address } else { i64::from(address as i32) };
                writeln!(
                    module,
                    "(func (export \"{constant}\") (param {index}{params}) {result} ({index}.const {shown}){gets} {instruction})"
                )
                .expect("strings do not fail");
                calls.push(Call { name: constant, args });
            }
        }
    }
}

fn test(declaration: &str, accesses: &[Access<'_>]) {
    for accesses in accesses.chunks(16) {
        let (mut module, mut calls) = (memory(declaration), Vec::new());
        for access in accesses {
            functions(&mut module, declaration.contains("i64"), access, &mut calls);
        }
        agree(&(module + ")"), &calls, |_| Nans::Exact);
    }
}

fn access<'a>(op: &'a str, bytes: u32, operands: &'a [&'a str], result: &'a str) -> Access<'a> {
    Access { op, lane: String::new(), bytes, operands, result }
}

fn loads_and_stores(declaration: &str) {
    let mut all = vec![
        access("i32.load8_s", 1, &[], "i32"),
        access("i32.load16_u", 2, &[], "i32"),
        access("i32.load", 4, &[], "i32"),
        access("i64.load8_s", 1, &[], "i64"),
        access("i64.load32_s", 4, &[], "i64"),
        access("i64.load32_u", 4, &[], "i64"),
        access("i64.load", 8, &[], "i64"),
        access("f32.load", 4, &[], "f32"),
        access("f64.load", 8, &[], "f64"),
        access("i32.store8", 1, &["i32"], ""),
        access("i64.store32", 4, &["i64"], ""),
        access("i64.store", 8, &["i64"], ""),
        access("f32.store", 4, &["f32"], ""),
        access("f64.store", 8, &["f64"], ""),
        access("v128.load", 16, &[], "v128"),
        access("v128.store", 16, &["v128"], ""),
    ];
    for op in ["8x8_s", "8x8_u", "16x4_s", "16x4_u", "32x2_s", "32x2_u", "64_splat", "64_zero"] {
        let op: &'static str = Box::leak(format!("v128.load{op}").into_boxed_str());
        all.push(access(op, 8, &[], "v128"));
    }
    all.push(access("v128.load8_splat", 1, &[], "v128"));
    all.push(access("v128.load16_splat", 2, &[], "v128"));
    all.push(access("v128.load32_splat", 4, &[], "v128"));
    all.push(access("v128.load32_zero", 4, &[], "v128"));
    for (bits, load, store) in [
        (8, "v128.load8_lane", "v128.store8_lane"),
        (16, "v128.load16_lane", "v128.store16_lane"),
        (32, "v128.load32_lane", "v128.store32_lane"),
        (64, "v128.load64_lane", "v128.store64_lane"),
    ] {
        for lane in 0..128 / bits {
            let lane = format!(" {lane}");
            all.push(Access { lane: lane.clone(), ..access(load, bits / 8, &["v128"], "v128") });
            all.push(Access { lane, ..access(store, bits / 8, &["v128"], "") });
        }
    }
    test(declaration, &all);
}

#[test]
fn loads_and_stores_of_32_bit_memories() {
    loads_and_stores("1 1");
}

#[test]
fn loads_and_stores_of_64_bit_memories() {
    loads_and_stores("i64 1 1");
}

/// Nothing is known of the length of such a memory when its accesses are compiled.
#[test]
fn loads_and_stores_of_memories_that_begin_empty() {
    for declaration in ["0 1", "i64 0 1"] {
        test(
            declaration,
            &[
                access("i32.load8_s", 1, &[], "i32"),
                access("i64.load", 8, &[], "i64"),
                access("i32.store8", 1, &["i32"], ""),
                access("f64.store", 8, &["f64"], ""),
                access("v128.store", 16, &["v128"], ""),
            ],
        );
    }
}

/// The operators of an atomic access, as the text format has them.
fn atomic_operators(op: Atomic) -> Vec<(String, &'static str)> {
    let bits = 8 * op.bytes();
    let name = op.text().trim_start_matches("atomic.");
    let name = name.trim_end_matches("_u").trim_end_matches(|digit: char| digit.is_ascii_digit());
    let types = if op.bytes() == 8 { &["i64"][..] } else { &["i32", "i64"] };
    let of_type = |ty: &&'static str| {
        let whole = *ty == format!("i{bits}");
        let (width, sign) = if whole { (String::new(), "") } else { (bits.to_string(), "_u") };
        let text = match op.shape() {
            AtomicShape::Load => format!("{ty}.atomic.load{width}{sign}"),
            AtomicShape::Store => format!("{ty}.atomic.store{width}"),
            _ => format!("{ty}.atomic.rmw{width}.{name}{sign}"),
        };
        (text, *ty)
    };
    types.iter().map(of_type).collect()
}

fn atomics(declaration: &str) {
    let operators: Vec<_> = Atomic::ALL
        .iter()
        .flat_map(|&op| atomic_operators(op).into_iter().map(move |found| (op, found)))
        .collect();
    let both = [["i32"; 2], ["i64"; 2]];
    let all = operators.iter().map(|(op, (text, ty))| {
        let operands = &both[usize::from(*ty == "i64")];
        match op.shape() {
            AtomicShape::Load => access(text, op.bytes(), &[], ty),
            AtomicShape::Store => access(text, op.bytes(), &operands[..1], ""),
            AtomicShape::ReadModifyWrite => access(text, op.bytes(), &operands[..1], ty),
            AtomicShape::CompareExchange => access(text, op.bytes(), &operands[..], ty),
        }
    });
    test(declaration, &all.collect::<Vec<_>>());
}

#[test]
fn atomic_accesses() {
    atomics("1 1");
}

#[test]
fn atomic_accesses_to_64_bit_memories() {
    atomics("i64 1 1");
}

/// What is compared is found, whatever it has in bits that the access does not have.
#[test]
fn compare_and_exchange_with_what_is_there() {
    let mut module = memory("1 1");
    let mut calls = Vec::new();
    for (op, bits) in [
        ("i32.atomic.rmw8.cmpxchg_u", 8),
        ("i32.atomic.rmw16.cmpxchg_u", 16),
        ("i32.atomic.rmw.cmpxchg", 32),
        ("i64.atomic.rmw8.cmpxchg_u", 8),
        ("i64.atomic.rmw16.cmpxchg_u", 16),
        ("i64.atomic.rmw32.cmpxchg_u", 32),
        ("i64.atomic.rmw.cmpxchg", 64),
    ] {
        let ty = &op[..3];
        writeln!(
            module,
            "(func (export \"{op}\") (param i32 {ty} {ty}) (result {ty} {ty})
               ({ty}.store (i32.const 64) ({ty}.const -1))
               ({ty}.store (local.get 0) (local.get 1))
               ({op} (local.get 0) (local.get 1) (local.get 2))
               ({ty}.load (local.get 0)))"
        )
        .expect("strings do not fail");
        for number in [
            0,
            1,
            0x7f,
            0x80,
            0xff,
            0x100,
            0xffff,
            0x1_0000,
            0xffff_ffff,
            0x1_0000_0000,
            u64::MAX,
            1 << (bits - 1),
        ] {
            let value =
                |number: u64| if ty == "i32" { Val::I32(number as i32) } else { Val::I64(number as i64) };
            calls.push(Call {
                name: op.into(),
                args: vec![Val::I32(64), value(number), value(0x1122_3344_5566_7788)],
            });
        }
    }
    agree(&(module + ")"), &calls, |_| Nans::Exact);
}
