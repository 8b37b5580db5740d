//! Calls of exports with arguments and results as text, for `--invoke` and `--batch`.
//!
//! Integers are decimal, signed or unsigned, or hexadecimal with `0x`; floats as Rust writes them, with `inf` and `nan`;
//! a vector is its 128 bits as one unsigned integer; of references there is only `null`.
//!
//! With `--invoke` the first words of the guest's arguments are those of the function. All of them are the guest's `argv`.

use std::ffi::OsStr;
use std::fmt::Write;

use anyhow::{Context, Result};
use upshift::{AsContextMut, Func, Instance, Module, Ref, RefType, V128, Val, ValType};
use upshift_core::shown::Shown;
use upshift_translate::module::ExternIndex;

use crate::flags::Usage;
use crate::nearest::nearest;
use crate::show;
use crate::types::Types;

/// What the words behind those that a function takes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Surplus {
    /// The guest's own: it finds all words in its `argv`.
    OfGuest,
    /// A mistake.
    Wrong,
}

/// A call that is ready to be made, as often as somebody likes.
pub(crate) struct Call {
    func: Func,
    params: Vec<Val>,
    results: Vec<Val>,
}

impl Call {
    /// A call of an export with arguments as they were written.
    ///
    /// # Errors
    /// A [`Usage`] if there is no such function or the arguments do not fit it.
    pub(crate) fn new(
        mut store: impl AsContextMut,
        instance: Instance,
        module: &Module,
        name: &str,
        args: &[impl AsRef<OsStr>],
        surplus: Surplus,
    ) -> Result<Call> {
        let func = instance.get_func(&mut store, name).ok_or_else(|| no_such_function(module, name))?;
        let ty = func.ty(&store);
        if args.len() < ty.params().len() || args.len() > ty.params().len() && surplus == Surplus::Wrong {
            let wanted = match ty.params().len() {
                0 => "no arguments".into(),
                1 => "1 argument".into(),
                count => format!("{count} arguments"),
            };
            let name = Shown::new(name);
            return Err(Usage(format!("`{name}` is {ty}: it takes {wanted}, not {}", args.len())).into());
        }
        let mut params = Vec::with_capacity(args.len());
        for (number, (ty, arg)) in (1..).zip(ty.params().zip(args)) {
            let arg = arg.as_ref();
            // What is not UTF-8 is no value of any type.
            params.push(parse(&ty, arg.to_str().unwrap_or_default()).map_err(|wrong| {
                let (arg, name) = (arg.to_string_lossy(), Shown::new(name));
                let what = match wrong {
                    NoValue::Form => format!("is no {ty}: expected {}", form(&ty)),
                    NoValue::Range => format!("does not fit {ty}: expected {}", range(&ty)),
                };
                Usage(format!("argument {number} of `{name}`, `{}`, {what}", Shown::new(&arg)))
            })?);
        }
        let results = ty.results().map(|_| Val::I32(0)).collect();
        Ok(Call { func, params, results })
    }

    /// Makes the call.
    ///
    /// # Errors
    /// Whatever it returns.
    pub(crate) fn make(&mut self, store: impl AsContextMut) -> Result<()> {
        self.func.call(store, &self.params, &mut self.results)
    }

    /// The results of the last call, as text.
    pub(crate) fn results(&self) -> Result<Vec<String>> {
        let text = |result| {
            let mut text = String::new();
            print(&mut text, result).context("cannot print a result")?;
            Ok(text)
        };
        self.results.iter().map(text).collect()
    }
}

/// Calls an export; its results as text.
///
/// # Errors
/// A [`Usage`] if there is no such function or the arguments do not fit it; else whatever the call returns.
pub(crate) fn call(
    mut store: impl AsContextMut,
    instance: Instance,
    module: &Module,
    name: &str,
    args: &[impl AsRef<OsStr>],
    surplus: Surplus,
) -> Result<Vec<String>> {
    let mut call = Call::new(&mut store, instance, module, name, args, surplus)?;
    call.make(store)?;
    call.results()
}

/// What is said of a name that is none of a function.
pub(crate) fn unknown(name: &str) -> String {
    format!("the module exports no function `{}`", Shown::new(name))
}

fn no_such_function(module: &Module, name: &str) -> Usage {
    let what = match module.get_export(name) {
        Some(other) => {
            let ty = Types::of(module.info()).describe(&other);
            format!("the module's export `{}` is a {ty}", Shown::new(name))
        }
        None => unknown(name),
    };
    let exports = module.info().exports.iter();
    let functions = exports.filter(|export| matches!(export.item, ExternIndex::Func(_)));
    let near = match nearest(name, functions.map(|export| &*export.name)) {
        Some(near) => format!(": {near}"),
        None => String::new(),
    };
    match show::functions(module).as_str() {
        "" => Usage(format!("{what}; it exports no functions")),
        list => Usage(format!("{what}{near}\nIts functions are:{list}")),
    }
}

/// What a value of a type looks like.
fn form(ty: &ValType) -> &'static str {
    match ty {
        ValType::I32 => "an integer of 32 bits, as in `-7`, `4294967295` or `0xff`",
        ValType::I64 => "an integer of 64 bits, as in `-7`, `18446744073709551615` or `0xff`",
        ValType::F32 | ValType::F64 => "a number, as in `0.5`, `1e9`, `inf` or `nan`",
        ValType::V128 => "128 bits as one integer, as in `0x100000000`",
        ValType::Ref(ty) if ty.is_nullable() => "`null`, the only reference that can be written",
        ValType::Ref(_) => "a reference, and those cannot be written",
    }
}

/// Why a text stands for no value of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NoValue {
    /// It is written in another way.
    Form,
    /// It is a number, but the type has none that is as large or as small.
    Range,
}

/// Which integers a type has.
fn range(ty: &ValType) -> &'static str {
    match ty {
        ValType::I32 => "-2147483648 to 2147483647, or without sign up to 4294967295",
        ValType::I64 => {
            "-9223372036854775808 to 9223372036854775807, or without sign up to 18446744073709551615"
        }
        _ => "0 to 340282366920938463463374607431768211455",
    }
}

/// The value that a text stands for, if it is one of the type.
fn parse(ty: &ValType, text: &str) -> Result<Val, NoValue> {
    Ok(match ty {
        ValType::I32 => Val::I32(integer(text)?.bits(32)? as i32),
        ValType::I64 => Val::I64(integer(text)?.bits(64)? as i64),
        ValType::F32 => Val::F32(text.parse::<f32>().map_err(|_| NoValue::Form)?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().map_err(|_| NoValue::Form)?.to_bits()),
        ValType::V128 => match integer(text)? {
            Integer { negative: false, magnitude: Some(bits) } => Val::V128(V128::from_u128(bits)),
            _ => return Err(NoValue::Range),
        },
        ValType::Ref(ty) => (text == "null").then(|| null(ty)).flatten().ok_or(NoValue::Form)?,
    })
}

/// The null of a type, if it has one.
fn null(ty: &RefType) -> Option<Val> {
    ty.is_nullable().then(|| Ref::null(ty.heap_type()).into())
}

/// An integer as it is written: a sign and digits.
struct Integer {
    negative: bool,
    /// None if it has more than 128 bits.
    magnitude: Option<u128>,
}

fn integer(text: &str) -> Result<Integer, NoValue> {
    let (negative, number) = match text.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match number.strip_prefix("0x") {
        Some(hex) => (16, hex),
        None => (10, number),
    };
    // What the standard library takes is more: a second sign is not one of ours.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(NoValue::Form);
    }
    Ok(Integer { negative, magnitude: u128::from_str_radix(digits, radix).ok() })
}

impl Integer {
    /// The bits of the integer, if it fits into so many, 64 at the most, signed or unsigned.
    fn bits(&self, bits: u32) -> Result<u64, NoValue> {
        let most = if self.negative { 1 << (bits - 1) } else { (1 << bits) - 1 };
        let magnitude = self.magnitude.filter(|&magnitude| magnitude <= most).ok_or(NoValue::Range)? as u64;
        Ok(if self.negative { magnitude.wrapping_neg() } else { magnitude })
    }
}

fn print(text: &mut String, value: &Val) -> std::fmt::Result {
    match value {
        Val::I32(value) => write!(text, "{value}"),
        Val::I64(value) => write!(text, "{value}"),
        Val::F32(bits) => write!(text, "{}", f32::from_bits(*bits)),
        Val::F64(bits) => write!(text, "{}", f64::from_bits(*bits)),
        Val::V128(value) => write!(text, "{}", value.as_u128()),
        Val::FuncRef(None) => text.write_str("<null funcref>"),
        Val::FuncRef(Some(_)) => text.write_str("<funcref>"),
        Val::ExternRef(None) => text.write_str("<null externref>"),
        Val::ExternRef(Some(_)) => text.write_str("<externref>"),
        Val::ExnRef(None) => text.write_str("<null exnref>"),
        Val::ExnRef(Some(_)) => text.write_str("<exnref>"),
        Val::AnyRef(None) => text.write_str("<null anyref>"),
        Val::AnyRef(Some(_)) => text.write_str("<anyref>"),
    }
}

#[cfg(test)]
mod tests {
    use upshift::{HeapType, RefType, Val, ValType};

    use super::{NoValue, parse, print};

    fn round_trip(ty: ValType, text: &str) -> Option<String> {
        let mut printed = String::new();
        print(&mut printed, &parse(&ty, text).ok()?).unwrap();
        Some(printed)
    }

    #[test]
    fn integers_are_signed_or_unsigned() {
        let i32 = |text| round_trip(ValType::I32, text);
        assert_eq!(i32("-2147483648").as_deref(), Some("-2147483648"));
        assert_eq!(i32("4294967295").as_deref(), Some("-1"));
        assert_eq!(i32("0xffffffff").as_deref(), Some("-1"));
        assert_eq!(i32("-0x10").as_deref(), Some("-16"));
        for bad in ["4294967296", "-2147483649", "", "x", "1.5", "--1", "+-1", "0x", "-", "1 "] {
            assert_eq!(i32(bad), None, "{bad}");
        }
        let i64 = |text| round_trip(ValType::I64, text);
        assert_eq!(i64("18446744073709551615").as_deref(), Some("-1"));
        assert_eq!(i64("-9223372036854775808").as_deref(), Some("-9223372036854775808"));
        assert_eq!(i64("18446744073709551616"), None);
        assert_eq!(i64("-9223372036854775809"), None);
    }

    #[test]
    fn floats() {
        let f32 = |text| round_trip(ValType::F32, text);
        assert_eq!(f32("0.1").as_deref(), Some("0.1"));
        assert_eq!(f32("-0").as_deref(), Some("-0"));
        assert_eq!(f32("1e40").as_deref(), Some("inf"));
        assert_eq!(f32("nan").as_deref(), Some("NaN"));
        assert_eq!(f32("one"), None);
        assert_eq!(round_trip(ValType::F64, "-inf").as_deref(), Some("-inf"));
        assert_eq!(round_trip(ValType::F64, "1e300").map(|text| text.len()), Some(301));
    }

    #[test]
    fn vectors_and_references() {
        assert_eq!(round_trip(ValType::V128, "0x100000000").as_deref(), Some("4294967296"));
        assert_eq!(round_trip(ValType::V128, "-1"), None);
        assert_eq!(round_trip(ValType::FUNCREF, "null").as_deref(), Some("<null funcref>"));
        assert_eq!(round_trip(ValType::EXTERNREF, "null").as_deref(), Some("<null externref>"));
        assert_eq!(round_trip(ValType::EXTERNREF, "0"), None);
        let never_null = ValType::Ref(RefType::new(false, HeapType::Func));
        assert!(parse(&never_null, "null").is_err());
    }

    #[test]
    fn narrow_integers_keep_their_bits() {
        assert!(matches!(parse(&ValType::I32, "2147483648"), Ok(Val::I32(i32::MIN))));
    }

    #[test]
    fn a_plus_is_a_sign() {
        for (ty, text, value) in [
            (ValType::I32, "+5", "5"),
            (ValType::I32, "+0x10", "16"),
            (ValType::I64, "+9223372036854775807", "9223372036854775807"),
            (ValType::F32, "+0.5", "0.5"),
            (ValType::F64, "+inf", "inf"),
            (ValType::V128, "+7", "7"),
        ] {
            assert_eq!(round_trip(ty, text).as_deref(), Some(value), "{text}");
        }
        for bad in ["+", "++5", "+-5", "-+5", "0x+5", "+0x"] {
            for ty in [ValType::I32, ValType::I64, ValType::V128] {
                assert_eq!(parse(&ty, bad).err(), Some(NoValue::Form), "{bad}");
            }
        }
    }

    /// A number that is too large is one all the same, however large it is.
    #[test]
    fn numbers_out_of_range_are_told_from_what_is_none() {
        let huge = "9".repeat(1000);
        let wrong = |ty: ValType, text: &str| parse(&ty, text).err();
        for text in ["4294967296", "-2147483649", "0x100000000", "-0x80000001", "18446744073709551616", &huge]
        {
            assert_eq!(wrong(ValType::I32, text), Some(NoValue::Range), "{text}");
        }
        for text in ["18446744073709551616", "-9223372036854775809", "0x10000000000000000", &huge] {
            assert_eq!(wrong(ValType::I64, text), Some(NoValue::Range), "{text}");
        }
        for text in ["-1", "340282366920938463463374607431768211456", &huge] {
            assert_eq!(wrong(ValType::V128, text), Some(NoValue::Range), "{text}");
        }
        for text in ["x", "", "1.5", "0xg", "1 000"] {
            assert_eq!(wrong(ValType::I32, text), Some(NoValue::Form), "{text}");
        }
    }
}
