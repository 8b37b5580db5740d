//! Values, traps and outcomes in a form that all engines' ones are brought to before they are compared.

use upshift::{
    AnyRef, AsContext, AsContextMut, ExternRef, HeapType, I31, StoreContext, Trap, V128, Val, ValType,
};

use crate::rng::Rng;

/// A value without ties to an engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
    /// Whether there is a function.
    Func(bool),
    /// What a reference of the host refers to, unless it is null.
    Extern(Option<Object>),
    /// What a reference to a value of the guest refers to, unless it is null.
    Any(Option<Object>),
    /// Whether there is an exception.
    Exn(bool),
}

/// What a reference refers to, as far as it is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Object {
    /// The host's number.
    Host(u32),
    I31(u32),
    /// With a number made of its fields.
    Struct(u64),
    /// With its length and a number made of its first elements.
    Array(u32, u64),
}

/// How many references are followed from one that is looked at.
pub(crate) const DEPTH: u32 = 3;

/// How many elements of an array are looked at.
pub(crate) const ELEMENTS: u32 = 8;

impl Object {
    fn bits(self) -> u64 {
        match self {
            Object::Host(v) => 1 << 32 | u64::from(v),
            Object::I31(v) => 2 << 32 | u64::from(v),
            Object::Struct(fields) => fields ^ 3,
            Object::Array(len, elements) => elements ^ u64::from(len) << 32 ^ 4,
        }
    }
}

const F32_NAN: u32 = 0x7fc0_0000;
const F64_NAN: u64 = 0x7ff8_0000_0000_0000;

impl Value {
    /// A value of a type. NaNs are canonical, references to functions and exceptions are null; so there is none when the type
    /// has no null.
    pub(crate) fn random(rng: &mut Rng, ty: &ValType) -> Option<Value> {
        let bits = rng.interesting();
        Some(match ty {
            ValType::I32 => Value::I32(bits as u32),
            ValType::I64 => Value::I64(bits),
            ValType::F32 if rng.chance(60) => Value::F32(small_float(rng).to_bits()),
            ValType::F64 if rng.chance(60) => Value::F64(f64::from(small_float(rng)).to_bits()),
            ValType::F32 => Value::F32(bits as u32).canonical(),
            ValType::F64 => Value::F64(bits).canonical(),
            ValType::V128 => Value::V128(u128::from(bits) << 64 | u128::from(rng.interesting())),
            ValType::Ref(ty) => {
                let object = match ty.heap_type() {
                    HeapType::Extern => Some(Object::Host(bits as u32)),
                    HeapType::Any | HeapType::Eq | HeapType::I31 => {
                        Some(Object::I31(bits as u32 & 0x7fff_ffff))
                    }
                    _ => None,
                };
                let object = object.filter(|_| rng.chance(70) || !ty.is_nullable());
                if object.is_none() && !ty.is_nullable() {
                    return None;
                }
                match ty.heap_type().top() {
                    HeapType::Extern => Value::Extern(object),
                    HeapType::Exn => Value::Exn(false),
                    HeapType::Func => Value::Func(false),
                    _ => Value::Any(object),
                }
            }
        })
    }

    /// The value with the canonical NaN instead of any NaN.
    pub(crate) fn canonical(self) -> Value {
        match self {
            Value::F32(bits) if f32::from_bits(bits).is_nan() => Value::F32(F32_NAN),
            Value::F64(bits) if f64::from_bits(bits).is_nan() => Value::F64(F64_NAN),
            other => other,
        }
    }

    /// The bits, as far as they are the same in both engines.
    pub(crate) fn hash(self, hash: u64) -> u64 {
        let bits = match self.canonical() {
            Value::I32(v) | Value::F32(v) => u64::from(v),
            Value::I64(v) | Value::F64(v) => v,
            Value::V128(v) => (v >> 64) as u64 ^ v as u64,
            Value::Func(v) | Value::Exn(v) => u64::from(v),
            Value::Extern(v) | Value::Any(v) => v.map_or(0, Object::bits),
        };
        Rng::of_item(hash, bits).next()
    }

    pub(crate) fn to_upshift(self, store: impl AsContextMut) -> Val {
        match self {
            Value::I32(v) => Val::I32(v as i32),
            Value::I64(v) => Val::I64(v as i64),
            Value::F32(v) => Val::F32(v),
            Value::F64(v) => Val::F64(v),
            Value::V128(v) => Val::V128(V128::from(v)),
            Value::Func(_) => Val::FuncRef(None),
            Value::Exn(_) => Val::ExnRef(None),
            Value::Extern(None) => Val::ExternRef(None),
            Value::Extern(Some(Object::Host(v))) => {
                Val::ExternRef(Some(ExternRef::new(store, v).expect("there is room for it")))
            }
            Value::Any(None) => Val::AnyRef(None),
            Value::Any(Some(Object::I31(v))) => {
                Val::AnyRef(Some(AnyRef::from_i31(store, I31::wrapping_i32(v as i32))))
            }
            Value::Extern(_) | Value::Any(_) => unreachable!("no such arguments are made"),
        }
    }

    pub(crate) fn of_upshift(store: impl AsContext, val: &Val) -> Value {
        of_upshift(store.as_context(), val, DEPTH)
    }

    /// Whether it is a reference to a struct or an array.
    pub(crate) fn is_object(self) -> bool {
        matches!(self, Value::Any(Some(Object::Struct(_) | Object::Array(..))))
    }

    /// A number made of values.
    pub(crate) fn digest(values: impl IntoIterator<Item = Value>) -> u64 {
        values.into_iter().fold(0, |hash, value| value.hash(hash))
    }
}

fn of_upshift<T>(store: StoreContext<'_, T>, val: &Val, depth: u32) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v as u32),
        Val::I64(v) => Value::I64(*v as u64),
        Val::F32(v) => Value::F32(*v),
        Val::F64(v) => Value::F64(*v),
        Val::V128(v) => Value::V128((*v).into()),
        Val::FuncRef(v) => Value::Func(v.is_some()),
        Val::ExternRef(v) => Value::Extern(v.map(|v| object(store, AnyRef::from_extern(v), depth))),
        Val::ExnRef(v) => Value::Exn(v.is_some()),
        Val::AnyRef(v) => Value::Any(v.map(|v| object(store, v, depth))),
    }
}

/// What a reference refers to.
fn object<T>(store: StoreContext<'_, T>, any: AnyRef, depth: u32) -> Object {
    const HERE: &str = "the reference is of this store";
    let digest =
        |values: Vec<Val>| Value::digest(values.iter().map(|value| of_upshift(store, value, depth - 1)));
    match any.ty(store).expect(HERE) {
        HeapType::I31 => {
            let integer = any.as_i31(store).expect(HERE);
            Object::I31(integer.expect("it is an integer").get_u32())
        }
        HeapType::ConcreteStruct(_) if depth == 0 => Object::Struct(0),
        HeapType::ConcreteStruct(_) => {
            let object = any.as_struct(store).expect(HERE).expect("it is a struct");
            Object::Struct(digest(object.fields(store).expect(HERE)))
        }
        HeapType::ConcreteArray(_) => {
            let array = any.as_array(store).expect(HERE).expect("it is an array");
            let len = array.len(store).expect(HERE);
            let first = if depth == 0 { 0 } else { len.min(ELEMENTS) };
            let elements = (0..first).map(|index| array.get(store, index).expect(HERE));
            Object::Array(len, digest(elements.collect()))
        }
        _ => {
            let data = any.to_extern().data(store).expect(HERE);
            Object::Host(*data.expect("it has a value").downcast_ref().expect("all values are numbers"))
        }
    }
}

fn small_float(rng: &mut Rng) -> f32 {
    (rng.below(4000) as f32 - 2000.0) / *rng.pick(&[1.0, 2.0, 4.0, 3.0, 0.001])
}

/// How a call ended without results. The engines do not divide all traps alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    Unreachable,
    Memory,
    Table,
    NullElement,
    Type,
    DivideByZero,
    Overflow,
    Conversion,
    Stack,
    /// An array was accessed out of its bounds.
    Array,
    Cast,
    /// There is no room for what is to be allocated; engines have different limits.
    Room,
    /// An exception that nobody caught.
    Thrown {
        /// The first name under which its tag is exported, if it is.
        tag: Option<String>,
        values: Vec<Value>,
    },
    /// Something that is no trap of WebAssembly.
    Other,
}

impl Stop {
    /// What to call it when such ends are counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Stop::Unreachable => "unreachable",
            Stop::Memory => "memory",
            Stop::Table => "table",
            Stop::NullElement => "null",
            Stop::Type => "type of an indirect call",
            Stop::DivideByZero => "division by zero",
            Stop::Overflow => "integer overflow",
            Stop::Conversion => "conversion",
            Stop::Stack => "stack",
            Stop::Array => "array",
            Stop::Cast => "cast",
            Stop::Room => "room",
            Stop::Thrown { .. } => "exception",
            Stop::Other => "other",
        }
    }

    pub(crate) fn of_upshift(error: &upshift::Error) -> Stop {
        match error.downcast_ref::<Trap>() {
            Some(Trap::UnreachableCodeReached) => Stop::Unreachable,
            Some(Trap::MemoryOutOfBounds) => Stop::Memory,
            Some(Trap::TableOutOfBounds) => Stop::Table,
            Some(Trap::IndirectCallToNull | Trap::NullReference) => Stop::NullElement,
            Some(Trap::BadSignature) => Stop::Type,
            Some(Trap::IntegerDivisionByZero) => Stop::DivideByZero,
            Some(Trap::IntegerOverflow) => Stop::Overflow,
            Some(Trap::BadConversionToInteger) => Stop::Conversion,
            Some(Trap::StackOverflow) => Stop::Stack,
            Some(Trap::ArrayOutOfBounds) => Stop::Array,
            Some(Trap::CastFailure) => Stop::Cast,
            Some(Trap::GcHeapOutOfMemory) => Stop::Room,
            _ => Stop::Other,
        }
    }
}

/// What a call answers.
pub(crate) type Outcome = Result<Vec<Value>, Stop>;
