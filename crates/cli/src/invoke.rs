//! Calls of exports with arguments and results as text, for `--invoke` and `--batch`.
//!
//! Integers are decimal, signed or unsigned, or hexadecimal with `0x`; floats as Rust writes them, with `inf` and `nan`;
//! a vector is its 128 bits as one unsigned integer; of references there is only `null`.

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
    ) -> Result<Call> {
        let func = instance.get_func(&mut store, name).ok_or_else(|| no_such_function(module, name))?;
        let ty = func.ty(&store);
        if args.len() != ty.params().len() {
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
            let value = arg.to_str().and_then(|text| parse(ty, text));
            params.push(value.ok_or_else(|| {
                let (arg, form) = (arg.to_string_lossy(), form(ty));
                let (name, arg) = (Shown::new(name), Shown::new(&arg));
                Usage(format!("argument {number} of `{name}`, `{arg}`, is no {ty}: expected {form}"))
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
) -> Result<Vec<String>> {
    let mut call = Call::new(&mut store, instance, module, name, args)?;
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
fn form(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "an integer of 32 bits, as in `-7`, `4294967295` or `0xff`",
        ValType::I64 => "an integer of 64 bits, as in `-7`, `18446744073709551615` or `0xff`",
        ValType::F32 | ValType::F64 => "a number, as in `0.5`, `1e9`, `inf` or `nan`",
        ValType::V128 => "128 bits as one integer, as in `0x100000000`",
        ValType::Ref(ty) if ty.nullable => "`null`, the only reference that can be written",
        ValType::Ref(_) => "a reference, and those cannot be written",
    }
}

/// The value that a text stands for, if it is one of the type.
fn parse(ty: ValType, text: &str) -> Option<Val> {
    match ty {
        ValType::I32 => integer(text).and_then(|value| narrow(value, 32)).map(|bits| Val::I32(bits as i32)),
        ValType::I64 => integer(text).and_then(|value| narrow(value, 64)).map(|bits| Val::I64(bits as i64)),
        ValType::F32 => text.parse().ok().map(|value: f32| Val::F32(value.to_bits())),
        ValType::F64 => text.parse().ok().map(|value: f64| Val::F64(value.to_bits())),
        ValType::V128 => match text.strip_prefix("0x") {
            Some(hex) => u128::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
        .map(|bits| Val::V128(V128::from_u128(bits))),
        ValType::Ref(ty) => (text == "null").then(|| null(ty)).flatten(),
    }
}

/// The null of a type, if it has one.
fn null(ty: RefType) -> Option<Val> {
    ty.nullable.then(|| Ref::null(&ty.heap).into())
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    // A second sign is not one of ours.
    let value = value.ok().filter(|_| !digits.starts_with(['+', '-']) && !digits.starts_with("0x+"))?;
    Some(if negative { -i128::from(value) } else { value.into() })
}

/// The bits of an integer, if it fits into so many, signed or unsigned.
fn narrow(value: i128, bits: u32) -> Option<u64> {
    let fits = (-(1 << (bits - 1))..1 << bits).contains(&value);
    fits.then_some(value as u64)
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
    use upshift::{RefType, Val, ValType};

    use super::{parse, print};

    fn round_trip(ty: ValType, text: &str) -> Option<String> {
        let mut printed = String::new();
        print(&mut printed, &parse(ty, text)?).unwrap();
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
        let never_null = ValType::Ref(RefType { nullable: false, ..RefType::FUNCREF });
        assert!(parse(never_null, "null").is_none());
    }

    #[test]
    fn narrow_integers_keep_their_bits() {
        assert!(matches!(parse(ValType::I32, "2147483648"), Some(Val::I32(i32::MIN))));
    }
}
