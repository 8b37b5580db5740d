//! Values of scripts: arguments of calls, and the patterns that results have to match.
//!
//! ```text
//! (f32.const 1)  ─▶ Val      Val ─ matches ─▶ (f32.const nan:canonical), (either …), (ref.func), …
//! ```

use std::collections::HashMap;

use upshift::{AnyRef, ExternRef, Func, HeapType as Heap, Result, Store, V128, Val};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Const, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64, Index};
use wast::{WastArg, WastRet};

/// The host values of a script: `(ref.extern n)` is the same reference wherever it stands.
#[derive(Default)]
pub(crate) struct HostValues {
    refs: HashMap<u32, ExternRef>,
}

impl HostValues {
    fn get(&mut self, store: &mut Store<()>, number: u32) -> Result<ExternRef> {
        if let Some(&reference) = self.refs.get(&number) {
            return Ok(reference);
        }
        let reference = ExternRef::new(store, number)?;
        self.refs.insert(number, reference);
        Ok(reference)
    }
}

/// The value of an argument.
pub(crate) fn argument(
    arg: &WastArg<'_>,
    store: &mut Store<()>,
    hosts: &mut HostValues,
) -> Result<Val, String> {
    let WastArg::Core(arg) = arg else { return Err("components are not supported".into()) };
    Ok(match arg {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(vector(value)),
        WastArgCore::RefNull(heap) => match family(heap)? {
            Family::Func => Val::FuncRef(None),
            Family::Extern => Val::ExternRef(None),
            Family::Exn => Val::ExnRef(None),
            Family::Any => Val::AnyRef(None),
        },
        WastArgCore::RefExtern(number) => {
            Val::ExternRef(Some(hosts.get(store, *number).map_err(|error| error.to_string())?))
        }
        WastArgCore::RefHost(number) => {
            let value = hosts.get(store, *number).map_err(|error| error.to_string())?;
            Val::AnyRef(Some(AnyRef::from_extern(value)))
        }
    })
}

fn vector(value: &V128Const) -> V128 {
    V128(value.to_le_bytes())
}

/// References that null does not tell apart at run time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Func,
    Extern,
    Exn,
    Any,
}

fn family(heap: &HeapType<'_>) -> Result<Family, String> {
    match heap {
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Func | AbstractHeapType::NoFunc }
        // A value of a defined type is written with its abstract type, except for functions.
        | HeapType::Concrete(_) => Ok(Family::Func),
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern | AbstractHeapType::NoExtern } => {
            Ok(Family::Extern)
        }
        HeapType::Abstract { shared: false, ty: AbstractHeapType::Exn | AbstractHeapType::NoExn } => Ok(Family::Exn),
        HeapType::Abstract {
            shared: false,
            ty: AbstractHeapType::Any
                | AbstractHeapType::Eq
                | AbstractHeapType::I31
                | AbstractHeapType::Struct
                | AbstractHeapType::Array
                | AbstractHeapType::None,
        } => Ok(Family::Any),
        other => Err(format!("references of type {other:?} are not supported")),
    }
}

/// Finds the function that an index or a name of the module at hand stands for.
pub(crate) type FindFunc<'a> = &'a dyn Fn(&Index<'_>) -> Option<Func>;

/// Makes sure that a call's results match what is expected.
pub(crate) fn expect_results(
    results: &[Val],
    expected: &[WastRet<'_>],
    store: &Store<()>,
    func: FindFunc<'_>,
) -> Result<(), String> {
    if results.len() != expected.len() {
        return Err(format!("got {} results, expected {}", results.len(), expected.len()));
    }
    for (i, (result, expected)) in results.iter().zip(expected).enumerate() {
        let WastRet::Core(expected) = expected else { return Err("components are not supported".into()) };
        if !matches(result, expected, store, func)? {
            let expected = show_pattern(expected);
            return Err(format!("result {i} is {}, expected {expected}", show(result, store)));
        }
    }
    Ok(())
}

/// Whether a value matches a pattern; an error if the pattern is one of an unsupported feature.
fn matches(
    value: &Val,
    pattern: &WastRetCore<'_>,
    store: &Store<()>,
    func: FindFunc<'_>,
) -> Result<bool, String> {
    Ok(match (value, pattern) {
        (_, WastRetCore::Either(patterns)) => {
            let mut found = false;
            for pattern in patterns {
                found |= matches(value, pattern, store, func)?;
            }
            found
        }
        (Val::I32(a), WastRetCore::I32(b)) => a == b,
        (Val::I64(a), WastRetCore::I64(b)) => a == b,
        (&Val::F32(bits), WastRetCore::F32(pattern)) => matches_f32(bits, pattern),
        (&Val::F64(bits), WastRetCore::F64(pattern)) => matches_f64(bits, pattern),
        (Val::V128(vector), WastRetCore::V128(pattern)) => matches_vector(vector, pattern),
        (
            Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) | Val::AnyRef(None),
            WastRetCore::RefNull(None),
        ) => true,
        (Val::FuncRef(None), WastRetCore::RefNull(Some(heap))) => family(heap)? == Family::Func,
        (Val::ExternRef(None), WastRetCore::RefNull(Some(heap))) => family(heap)? == Family::Extern,
        (Val::ExnRef(None), WastRetCore::RefNull(Some(heap))) => family(heap)? == Family::Exn,
        (Val::AnyRef(None), WastRetCore::RefNull(Some(heap))) => family(heap)? == Family::Any,
        (Val::AnyRef(Some(reference)), WastRetCore::RefHost(number)) => {
            host_number(&reference.to_extern(), store) == Some(*number)
        }
        (Val::AnyRef(Some(reference)), pattern) => {
            let heap = reference.ty(store).map_err(|error| error.to_string())?;
            match pattern {
                WastRetCore::RefAny => true,
                WastRetCore::RefEq => heap != Heap::Any,
                WastRetCore::RefI31 => heap == Heap::I31,
                WastRetCore::RefStruct => matches!(heap, Heap::ConcreteStruct(_)),
                WastRetCore::RefArray => matches!(heap, Heap::ConcreteArray(_)),
                _ => false,
            }
        }
        (Val::FuncRef(func), WastRetCore::RefFunc(None)) => func.is_some(),
        (Val::FuncRef(found), WastRetCore::RefFunc(Some(index))) => {
            let wanted =
                func(index).ok_or_else(|| format!("the module has no function {}", show_index(index)))?;
            *found == Some(wanted)
        }
        (Val::ExternRef(reference), WastRetCore::RefExtern(None)) => reference.is_some(),
        (Val::ExternRef(Some(reference)), WastRetCore::RefExtern(Some(number))) => {
            host_number(reference, store) == Some(*number)
        }
        (_, WastRetCore::RefI31Shared) => {
            return Err("this pattern needs the feature `shared-everything-threads`".into());
        }
        _ => false,
    })
}

/// The number of a script's host value.
fn host_number(reference: &ExternRef, store: &Store<()>) -> Option<u32> {
    reference.data(store).ok()??.downcast_ref::<u32>().copied()
}

fn matches_f32(bits: u32, pattern: &NanPattern<F32>) -> bool {
    const QUIET_NAN: u32 = 0x7fc0_0000;
    match pattern {
        NanPattern::Value(value) => bits == value.bits,
        NanPattern::CanonicalNan => bits & !(1 << 31) == QUIET_NAN,
        NanPattern::ArithmeticNan => bits & QUIET_NAN == QUIET_NAN,
    }
}

fn matches_f64(bits: u64, pattern: &NanPattern<F64>) -> bool {
    const QUIET_NAN: u64 = 0x7ff8_0000_0000_0000;
    match pattern {
        NanPattern::Value(value) => bits == value.bits,
        NanPattern::CanonicalNan => bits & !(1 << 63) == QUIET_NAN,
        NanPattern::ArithmeticNan => bits & QUIET_NAN == QUIET_NAN,
    }
}

fn matches_vector(vector: &V128, pattern: &V128Pattern) -> bool {
    fn lanes<const N: usize>(vector: &V128) -> impl Iterator<Item = [u8; N]> {
        vector.0.as_chunks().0.iter().copied()
    }
    match pattern {
        V128Pattern::I8x16(expected) => lanes(vector).map(i8::from_le_bytes).eq(*expected),
        V128Pattern::I16x8(expected) => lanes(vector).map(i16::from_le_bytes).eq(*expected),
        V128Pattern::I32x4(expected) => lanes(vector).map(i32::from_le_bytes).eq(*expected),
        V128Pattern::I64x2(expected) => lanes(vector).map(i64::from_le_bytes).eq(*expected),
        V128Pattern::F32x4(expected) => lanes(vector)
            .map(u32::from_le_bytes)
            .zip(expected)
            .all(|(bits, pattern)| matches_f32(bits, pattern)),
        V128Pattern::F64x2(expected) => lanes(vector)
            .map(u64::from_le_bytes)
            .zip(expected)
            .all(|(bits, pattern)| matches_f64(bits, pattern)),
    }
}

/// A value as a script would write it; floats with their bits, since those are what is compared.
fn show(value: &Val, store: &Store<()>) -> String {
    match value {
        Val::I32(value) => format!("(i32.const {value})"),
        Val::I64(value) => format!("(i64.const {value})"),
        Val::F32(bits) => show_f32(*bits),
        Val::F64(bits) => show_f64(*bits),
        Val::V128(vector) => {
            let lanes =
                vector.0.as_chunks().0.iter().map(|lane| format!(" {:#010x}", u32::from_le_bytes(*lane)));
            format!("(v128.const i32x4{})", lanes.collect::<String>())
        }
        Val::FuncRef(None) => "(ref.null func)".into(),
        Val::FuncRef(Some(_)) => "(ref.func)".into(),
        Val::ExternRef(None) => "(ref.null extern)".into(),
        Val::ExternRef(Some(reference)) => match host_number(reference, store) {
            Some(number) => format!("(ref.extern {number})"),
            None => "(ref.extern)".into(),
        },
        Val::ExnRef(None) => "(ref.null exn)".into(),
        Val::ExnRef(Some(_)) => "(ref.exn)".into(),
        Val::AnyRef(None) => "(ref.null any)".into(),
        Val::AnyRef(Some(reference)) => match reference.ty(store) {
            Ok(heap) => format!("(ref.{heap})"),
            Err(error) => format!("({error})"),
        },
    }
}

fn show_f32(bits: u32) -> String {
    format!("(f32.const {:?} = {bits:#010x})", f32::from_bits(bits))
}

fn show_f64(bits: u64) -> String {
    format!("(f64.const {:?} = {bits:#018x})", f64::from_bits(bits))
}

fn show_index(index: &Index<'_>) -> String {
    match index {
        Index::Num(number, _) => number.to_string(),
        Index::Id(id) => format!("${}", id.name()),
    }
}

fn show_pattern(pattern: &WastRetCore<'_>) -> String {
    match pattern {
        WastRetCore::I32(value) => format!("(i32.const {value})"),
        WastRetCore::I64(value) => format!("(i64.const {value})"),
        WastRetCore::F32(NanPattern::Value(value)) => show_f32(value.bits),
        WastRetCore::F64(NanPattern::Value(value)) => show_f64(value.bits),
        WastRetCore::RefFunc(Some(index)) => format!("(ref.func {})", show_index(index)),
        WastRetCore::Either(patterns) => {
            let patterns: Vec<_> = patterns.iter().map(show_pattern).collect();
            format!("(either {})", patterns.join(" "))
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{matches_f32, matches_f64, matches_vector};
    use upshift::V128;
    use wast::core::{NanPattern, V128Pattern};
    use wast::token::F32;

    #[test]
    fn nan_patterns() {
        // The canonical NaN has only the top bit of its fraction set; arithmetic ones have at least that bit set.
        let canonical32 = |bits| matches_f32(bits, &NanPattern::CanonicalNan);
        let arithmetic32 = |bits| matches_f32(bits, &NanPattern::ArithmeticNan);
        assert!(canonical32(0x7fc0_0000) && canonical32(0xffc0_0000));
        assert!(!canonical32(0x7fc0_0001) && !canonical32(0x7f80_0000) && !canonical32(0x7fa0_0000));
        assert!(arithmetic32(0x7fc0_0000) && arithmetic32(0xffff_ffff));
        assert!(!arithmetic32(0x7fa0_0000) && !arithmetic32(0x7f80_0000) && !arithmetic32(0));
        let canonical64 = |bits| matches_f64(bits, &NanPattern::CanonicalNan);
        let arithmetic64 = |bits| matches_f64(bits, &NanPattern::ArithmeticNan);
        assert!(canonical64(0x7ff8_0000_0000_0000) && canonical64(0xfff8_0000_0000_0000));
        assert!(!canonical64(0x7ff8_0000_0000_0001) && !canonical64(0x7ff0_0000_0000_0000));
        assert!(arithmetic64(0xfff8_0000_0000_0001) && !arithmetic64(0x7ff4_0000_0000_0000));
    }

    #[test]
    fn vectors_are_compared_by_lanes() {
        let vector = V128::from_u128(0x7fc0_0001_0000_0000_ffff_fffe_0000_0001);
        assert!(matches_vector(&vector, &V128Pattern::I32x4([1, -2, 0, 0x7fc0_0001])));
        assert!(!matches_vector(&vector, &V128Pattern::I32x4([1, -2, 1, 0x7fc0_0001])));
        assert!(matches_vector(&vector, &V128Pattern::I16x8([1, 0, -2, -1, 0, 0, 1, 0x7fc0])));
        let value = |bits| NanPattern::Value(F32 { bits });
        let lanes = [value(1), value(0xffff_fffe), value(0), NanPattern::ArithmeticNan];
        assert!(matches_vector(&vector, &V128Pattern::F32x4(lanes)));
        let lanes = [value(1), value(0xffff_fffe), value(0), NanPattern::CanonicalNan];
        assert!(!matches_vector(&vector, &V128Pattern::F32x4(lanes)));
    }
}
