//! The operators of a function as text, for listings of code.
//!
//! In: a function of a module. Out: for each operator where it is in the module, and its name and immediates much as in the text
//! format: `i32.const 3`, `i64.load offset=8`, `br_table 0 1`. Names come from `wasmparser`'s own list of operators.

use std::fmt::{self, Display, Write};

use upshift_core::index::FuncIndex;
use wasmparser::{
    BinaryReader, BlockType, BrTable, FunctionBody, HeapType, Ieee32, Ieee64, MemArg, Operator, Ordering,
    RefType, ResumeTable, TryTable, V128, ValType,
};

use crate::module::ModuleInfo;
use crate::walker::TranslateError;

/// How long the immediates of one operator may get.
const MOST: usize = 200;

/// For each operator of a function its offset in the module and its text, in one line.
///
/// # Errors
/// When the body is malformed, which validation excludes.
///
/// # Panics
/// When `func` is an import.
///
/// # Examples
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_translate::{Features, TypeRegistry, listing, parse};
///
/// let text = "(module (memory 1) (func (param i32) (result i32) (i32.load8_u offset=3 (local.get 0))))";
/// let module = parse(wat::parse_str(text)?.into(), &Features::default(), &TypeRegistry::default())?;
/// let texts: Vec<_> = listing(&module, FuncIndex(0))?.into_iter().map(|(_, text)| text).collect();
/// assert_eq!(texts, ["local.get 0", "i32.load8_u offset=3", "end"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn listing(module: &ModuleInfo, func: FuncIndex) -> Result<Vec<(u32, String)>, TranslateError> {
    let body = module.body(func).expect("only own functions have a body");
    let body = FunctionBody::new(BinaryReader::new(module.slice(&body), u64::from(body.start)));
    let mut reader = body.get_operators_reader()?;
    let mut lines = Vec::new();
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        lines.push((offset as u32, text(&operator)));
    }
    Ok(lines)
}

macro_rules! text_of {
    ($(@$proposal:ident $op:ident $({ $($field:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// The text of an operator.
        fn text(operator: &Operator<'_>) -> String {
            let (name, immediates): (&str, &[&dyn Immediate]) = match operator {
                $(Operator::$op $({ $($field),* })? => (stringify!($visit), &[$($($field),*)?]),)*
                _ => ("visit_unknown", &[]),
            };
            let mut text = name_of(name);
            for immediate in immediates {
                let mut part = String::new();
                immediate.write(&mut part).expect("writing to a String does not fail");
                if !part.is_empty() {
                    text.push(' ');
                    text.push_str(&part);
                }
            }
            upshift_core::shown::bounded(text, MOST)
        }
    };
}
wasmparser::for_each_operator!(text_of);

/// What names of instructions have in front of their dot.
const SPACES: &[&str] = &[
    "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2", "local",
    "global", "memory", "table", "elem", "data", "ref", "struct", "array", "i31", "any", "extern", "atomic",
    "cont",
];

/// What follows such a dot and has one behind it as well.
const INNER: &[&str] = &["atomic", "rmw", "rmw8", "rmw16", "rmw32"];

/// The name of an operator in the text format, for that of `wasmparser`'s method.
fn name_of(visit: &str) -> String {
    let mut rest = visit.strip_prefix("visit_").unwrap_or(visit);
    let mut name = String::new();
    let mut spaces = SPACES;
    while let Some((space, behind)) = rest.split_once('_')
        && spaces.contains(&space)
    {
        name.push_str(space);
        name.push('.');
        (rest, spaces) = (behind, INNER);
    }
    // What the binary format tells apart and the text does not.
    name + match rest {
        "typed_select" | "typed_select_multi" => "select",
        "cast_non_null" | "cast_nullable" => "cast",
        "test_non_null" | "test_nullable" => "test",
        rest => rest,
    }
}

/// What an operator has besides its name.
trait Immediate {
    fn write(&self, out: &mut String) -> fmt::Result;
}

macro_rules! immediates {
    ($($ty:ty: |$value:ident, $out:ident| $write:expr;)*) => {
        $(impl Immediate for $ty {
            fn write(&self, $out: &mut String) -> fmt::Result {
                let $value = self;
                $write
            }
        })*
    };
}

immediates! {
    u8: |value, out| write!(out, "{value}");
    u32: |value, out| write!(out, "{value}");
    i32: |value, out| write!(out, "{value}");
    i64: |value, out| write!(out, "{value}");
    Ieee32: |value, out| float(out, f32::from_bits(value.bits()).into(), value.bits().into());
    Ieee64: |value, out| float(out, f64::from_bits(value.bits()), value.bits());
    V128: |value, out| write!(out, "{:#034x}", u128::from_le_bytes(*value.bytes()));
    [u8; 16]: |lanes, out| spaced(out, lanes);
    MemArg: |arg, out| {
        // The largest alignment is the one that nobody writes.
        let align = (arg.align != arg.max_align).then(|| format!("align={}", 1u64 << arg.align.min(63)));
        let offset = (arg.offset != 0).then(|| format!("offset={}", arg.offset));
        let memory = match arg.target {
            wasmparser::MemArgTarget::Memory(0) => None,
            wasmparser::MemArgTarget::Memory(number) => Some(number.to_string()),
            ref other => Some(format!("{other:?}")),
        };
        spaced(out, memory.into_iter().chain(offset).chain(align))
    };
    BlockType: |ty, out| match ty {
        BlockType::Empty => Ok(()),
        BlockType::Type(ty) => write!(out, "(result {ty})"),
        BlockType::FuncType(number) => write!(out, "(type {number})"),
    };
    ValType: |ty, out| write!(out, "{ty}");
    Vec<ValType>: |types, out| spaced(out, types);
    RefType: |ty, out| write!(out, "{ty}");
    HeapType: |ty, out| write!(out, "{ty:?}");
    BrTable<'_>: |table, out| {
        let listed = table.targets().filter_map(Result::ok);
        spaced(out, listed.chain([table.default()]).take(MOST))
    };
    TryTable: |table, out| {
        table.ty.write(out)?;
        write!(out, "{}{:?}", if out.is_empty() { "" } else { " " }, table.catches)
    };
    ResumeTable: |table, out| write!(out, "{:?}", table.handlers);
    Ordering: |ordering, out| write!(out, "{}", if *ordering == Ordering::SeqCst { "" } else { "acq_rel" });
}

/// A float, and its bits where it is no number.
fn float(out: &mut String, value: f64, bits: u64) -> fmt::Result {
    if value.is_nan() { write!(out, "nan:{bits:#x}") } else { write!(out, "{value:?}") }
}

fn spaced(out: &mut String, items: impl IntoIterator<Item = impl Display>) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        write!(out, "{}{item}", if i == 0 { "" } else { " " })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn names_are_those_of_the_text_format() {
        let names = [
            ("visit_i32_add", "i32.add"),
            ("visit_local_get", "local.get"),
            ("visit_call_indirect", "call_indirect"),
            ("visit_return_call_ref", "return_call_ref"),
            ("visit_br_on_cast_fail", "br_on_cast_fail"),
            ("visit_i64_trunc_sat_f64_s", "i64.trunc_sat_f64_s"),
            ("visit_i64_atomic_rmw8_add_u", "i64.atomic.rmw8.add_u"),
            ("visit_i32_atomic_load8_u", "i32.atomic.load8_u"),
            ("visit_memory_atomic_notify", "memory.atomic.notify"),
            ("visit_atomic_fence", "atomic.fence"),
            ("visit_i8x16_extract_lane_s", "i8x16.extract_lane_s"),
            ("visit_ref_cast_nullable", "ref.cast"),
            ("visit_ref_i31", "ref.i31"),
            ("visit_any_convert_extern", "any.convert_extern"),
            ("visit_array_new_fixed", "array.new_fixed"),
            ("visit_typed_select", "select"),
            ("visit_throw_ref", "throw_ref"),
            ("visit_try_table", "try_table"),
        ];
        for (visit, name) in names {
            assert_eq!(name_of(visit), name);
        }
    }
}
