//! Types of values, functions, tables, memories and globals (wasm spec, "Structure / Types").
//!
//! Defined types are named by a [`TypeId`]: equal types of different modules have the same id within one engine, so a
//! type check at run time is one compare of two `u32`. [`composite`] describes what a defined type consists of,
//! [`layout`] how its objects lie in memory.

pub mod composite;
pub mod layout;

use std::fmt;

use crate::shown;

/// A canonical type: equal ids are equal types, across all the modules of one engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct TypeId(pub u32);

impl TypeId {
    /// No type: memory that was set to zero names none.
    pub const NONE: TypeId = TypeId(0);
}

/// The most parameters of a function (WebAssembly JavaScript Interface, "Implementation-defined Limits").
pub const MAX_PARAMS: usize = 1000;

/// The most results of a function, from there too.
pub const MAX_RESULTS: usize = 1000;

/// The most fields of a struct, from there too.
pub const MAX_FIELDS: usize = 10_000;

/// A type with more of something than a type may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeTooLarge {
    /// So many parameters, more than [`MAX_PARAMS`].
    Params(usize),
    /// So many results, more than [`MAX_RESULTS`].
    Results(usize),
    /// So many fields, more than [`MAX_FIELDS`].
    Fields(usize),
}

impl fmt::Display for TypeTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (owner, most, what, count) = match *self {
            TypeTooLarge::Params(count) => ("function", MAX_PARAMS, "parameters", count),
            TypeTooLarge::Results(count) => ("function", MAX_RESULTS, "results", count),
            TypeTooLarge::Fields(count) => ("struct", MAX_FIELDS, "fields", count),
        };
        write!(f, "a {owner} has at most {most} {what}, not {count}")
    }
}

impl std::error::Error for TypeTooLarge {}

/// What kind of type a defined type is. Code compares the number in a type's record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum TypeKind {
    /// The type of functions.
    Func = 0,
    /// The type of structs.
    Struct = 1,
    /// The type of arrays.
    Array = 2,
}

/// Knows which defined types are subtypes of which others: the engine that they belong to does.
pub trait Subtyping {
    /// Whether `sub` is `sup` or was declared as one of its subtypes, directly or through others.
    fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool;
}

/// What a reference may refer to (wasm spec, "Structure / Types / Heap Types").
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HeapType {
    /// Any function.
    Func,
    /// No function: only null.
    NoFunc,
    /// Any host value.
    Extern,
    /// No host value: only null.
    NoExtern,
    /// Any exception.
    Exn,
    /// No exception: only null.
    NoExn,
    /// Any struct, array, small integer, or host value that became one of them.
    Any,
    /// Whatever can be compared: a struct, array or small integer.
    Eq,
    /// An integer of 31 bits.
    I31,
    /// Any struct.
    Struct,
    /// Any array.
    Array,
    /// Neither of them: only null.
    None,
    /// Something of a defined type.
    Concrete(TypeKind, TypeId),
}

/// A reference type: nullable or not, to something of a heap type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefType {
    /// Whether null is among the values.
    pub nullable: bool,
    /// What the reference refers to.
    pub heap: HeapType,
}

impl RefType {
    /// `funcref`, that is `(ref null func)`.
    pub const FUNCREF: RefType = RefType { nullable: true, heap: HeapType::Func };
    /// `externref`, that is `(ref null extern)`.
    pub const EXTERNREF: RefType = RefType { nullable: true, heap: HeapType::Extern };
    /// `exnref`, that is `(ref null exn)`.
    pub const EXNREF: RefType = RefType { nullable: true, heap: HeapType::Exn };

    /// `anyref`, that is `(ref null any)`.
    pub const ANYREF: RefType = RefType { nullable: true, heap: HeapType::Any };

    /// Whether values of this type are references to functions.
    #[must_use]
    pub fn is_func(self) -> bool {
        self.heap.top() == HeapType::Func
    }

    /// Whether values of this type are references to exceptions.
    #[must_use]
    pub fn is_exn(self) -> bool {
        self.heap.top() == HeapType::Exn
    }

    /// Whether the collector has to look at values of this type: they may refer to what lies in its heap.
    #[must_use]
    pub fn is_traced(self) -> bool {
        !self.is_func() && self.heap != HeapType::I31
    }

    /// Whether each value of this type is also one of `other` (wasm spec, "Matching").
    #[must_use]
    pub fn matches(self, other: RefType, types: &(impl Subtyping + ?Sized)) -> bool {
        (other.nullable || !self.nullable) && self.heap.matches(other.heap, types)
    }
}

impl HeapType {
    /// The type of which all values are that have something in common with those of this type: `func`, `extern`, `exn` or
    /// `any`.
    #[must_use]
    pub fn top(self) -> HeapType {
        use HeapType as H;
        match self {
            H::Func | H::NoFunc | H::Concrete(TypeKind::Func, _) => H::Func,
            H::Extern | H::NoExtern => H::Extern,
            H::Exn | H::NoExn => H::Exn,
            H::Any | H::Eq | H::I31 | H::Struct | H::Array | H::None | H::Concrete(..) => H::Any,
        }
    }

    /// The type without values below the same top.
    #[must_use]
    pub fn bottom(self) -> HeapType {
        match self.top() {
            HeapType::Func => HeapType::NoFunc,
            HeapType::Extern => HeapType::NoExtern,
            HeapType::Exn => HeapType::NoExn,
            _ => HeapType::None,
        }
    }

    /// Whether each value of this type is also one of `other`.
    #[must_use]
    pub fn matches(self, other: HeapType, types: &(impl Subtyping + ?Sized)) -> bool {
        use HeapType as H;
        if self == other || other == self.top() || self == other.bottom() {
            return true;
        }
        match (self, other) {
            (H::I31 | H::Struct | H::Array | H::Concrete(TypeKind::Struct | TypeKind::Array, _), H::Eq)
            | (H::Concrete(TypeKind::Struct, _), H::Struct)
            | (H::Concrete(TypeKind::Array, _), H::Array) => true,
            // The kind says how a value lies in its slot, so it has to agree whatever the numbers say.
            (H::Concrete(kind, sub), H::Concrete(other, sup)) => kind == other && types.is_subtype(sub, sup),
            _ => false,
        }
    }
}

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// A reference.
    Ref(RefType),
}

impl ValType {
    /// `funcref`.
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// `externref`.
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);
    /// `exnref`.
    pub const EXNREF: ValType = ValType::Ref(RefType::EXNREF);
    /// `anyref`.
    pub const ANYREF: ValType = ValType::Ref(RefType::ANYREF);

    /// How many 8-byte slots a value of this type takes: two for `v128`, one for everything else.
    #[inline]
    #[must_use]
    pub fn slots(self) -> u32 {
        if matches!(self, ValType::V128) { 2 } else { 1 }
    }

    /// Whether the type is a reference type.
    #[must_use]
    pub fn is_ref(self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// The reference type, if it is one.
    #[must_use]
    pub fn as_ref(self) -> Option<RefType> {
        if let ValType::Ref(ty) = self { Some(ty) } else { None }
    }

    /// Whether each value of this type is also one of `other`.
    #[must_use]
    pub fn matches(self, other: ValType, types: &(impl Subtyping + ?Sized)) -> bool {
        match (self, other) {
            (ValType::Ref(a), ValType::Ref(b)) => a.matches(b, types),
            (a, b) => a == b,
        }
    }

    /// Whether the collector has to look at values of this type.
    #[must_use]
    pub fn is_traced(self) -> bool {
        matches!(self, ValType::Ref(ty) if ty.is_traced())
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapType::Func => f.write_str("func"),
            HeapType::NoFunc => f.write_str("nofunc"),
            HeapType::Extern => f.write_str("extern"),
            HeapType::NoExtern => f.write_str("noextern"),
            HeapType::Exn => f.write_str("exn"),
            HeapType::NoExn => f.write_str("noexn"),
            HeapType::Any => f.write_str("any"),
            HeapType::Eq => f.write_str("eq"),
            HeapType::I31 => f.write_str("i31"),
            HeapType::Struct => f.write_str("struct"),
            HeapType::Array => f.write_str("array"),
            HeapType::None => f.write_str("none"),
            HeapType::Concrete(_, id) => write!(f, "type#{}", id.0),
        }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = match self.heap {
            HeapType::Func => "funcref",
            HeapType::Extern => "externref",
            HeapType::Exn => "exnref",
            HeapType::Any => "anyref",
            HeapType::Eq => "eqref",
            HeapType::I31 => "i31ref",
            HeapType::Struct => "structref",
            HeapType::Array => "arrayref",
            HeapType::NoFunc => "nullfuncref",
            HeapType::NoExtern => "nullexternref",
            HeapType::NoExn => "nullexnref",
            HeapType::None => "nullref",
            HeapType::Concrete(..) => "",
        };
        match (self.nullable, short) {
            (true, "") => write!(f, "(ref null {})", self.heap),
            (true, short) => f.write_str(short),
            (false, _) => write!(f, "(ref {})", self.heap),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::I32 => f.write_str("i32"),
            ValType::I64 => f.write_str("i64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::V128 => f.write_str("v128"),
            ValType::Ref(r) => r.fmt(f),
        }
    }
}

/// The type of a function: parameters to results.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FuncType {
    /// Parameters first, then results, in one allocation.
    types: Box<[ValType]>,
    params: u32,
    param_slots: u32,
    result_slots: u32,
}

impl FuncType {
    /// A function type from its parameter and result types.
    ///
    /// # Panics
    /// When there are more than a function may have; see [`try_new`](Self::try_new).
    #[must_use]
    pub fn new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Self {
        FuncType::try_new(params, results).expect("the types are within the limits")
    }

    /// A function type from its parameter and result types.
    ///
    /// # Errors
    /// When there are more than a function may have.
    ///
    /// ```
    /// use upshift_core::types::{FuncType, MAX_PARAMS, TypeTooLarge, ValType};
    ///
    /// assert!(FuncType::try_new(vec![ValType::V128; MAX_PARAMS], []).is_ok());
    /// let error = FuncType::try_new(vec![ValType::V128; MAX_PARAMS + 1], []).unwrap_err();
    /// assert_eq!(error, TypeTooLarge::Params(1001));
    /// ```
    pub fn try_new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Result<Self, TypeTooLarge> {
        let mut types: Vec<ValType> = params.into_iter().collect();
        let params = types.len();
        types.extend(results);
        let results = types.len() - params;
        if params > MAX_PARAMS {
            return Err(TypeTooLarge::Params(params));
        }
        if results > MAX_RESULTS {
            return Err(TypeTooLarge::Results(results));
        }
        // Two slots for each of so few values are far below 2^32.
        let slots = |types: &[ValType]| types.iter().map(|t| t.slots()).sum();
        Ok(FuncType {
            params: params as u32,
            param_slots: slots(&types[..params]),
            result_slots: slots(&types[params..]),
            types: types.into(),
        })
    }

    /// The parameter types.
    #[inline]
    #[must_use]
    pub fn params(&self) -> &[ValType] {
        &self.types[..self.params as usize]
    }

    /// The result types.
    #[inline]
    #[must_use]
    pub fn results(&self) -> &[ValType] {
        &self.types[self.params as usize..]
    }

    /// The parameter types, then the result types.
    #[must_use]
    pub fn params_and_results(&self) -> &[ValType] {
        &self.types
    }

    /// How many 8-byte slots the parameters take.
    #[inline]
    #[must_use]
    pub fn param_slots(&self) -> u32 {
        self.param_slots
    }

    /// How many 8-byte slots the results take.
    #[inline]
    #[must_use]
    pub fn result_slots(&self) -> u32 {
        self.result_slots
    }
}

/// Long lists of parameters and results are cut.
impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        shown::list(f, self.params())?;
        f.write_str(") -> (")?;
        shown::list(f, self.results())?;
        f.write_str(")")
    }
}

/// The type of a memory's addresses or a table's indices.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IndexType {
    /// 32-bit.
    I32,
    /// 64-bit (memory64, table64).
    I64,
}

impl IndexType {
    /// The value type of an index.
    #[must_use]
    pub fn val_type(self) -> ValType {
        match self {
            IndexType::I32 => ValType::I32,
            IndexType::I64 => ValType::I64,
        }
    }
}

/// The type of a linear memory; sizes in pages of `1 << page_size_log2` bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    /// Size at creation, in pages.
    pub minimum: u64,
    /// Largest size, in pages.
    pub maximum: Option<u64>,
    /// The type of addresses.
    pub index: IndexType,
    /// Whether several threads may use the memory at once.
    pub shared: bool,
    /// Binary logarithm of the page size; 16 unless the module chooses otherwise.
    pub page_size_log2: u8,
}

impl MemoryType {
    /// The most pages that a memory with such addresses and pages can have. Their number fits the type of addresses, and is
    /// not all ones, by which `memory.grow` says that it has failed: one of single bytes does not use the last two addresses.
    #[must_use]
    pub fn addressable_pages(&self) -> u64 {
        match self.index {
            IndexType::I32 => ((1 << 32) >> self.page_size_log2).min(u64::from(u32::MAX - 1)),
            IndexType::I64 => (u64::MAX >> self.page_size_log2).min(u64::MAX - 1),
        }
    }
}

/// The type of a table; sizes in elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    /// What the table holds.
    pub element: RefType,
    /// Size at creation.
    pub minimum: u64,
    /// Largest size.
    pub maximum: Option<u64>,
    /// The type of indices.
    pub index: IndexType,
}

/// The type of a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    /// What the global holds.
    pub content: ValType,
    /// Whether it can be set.
    pub mutable: bool,
}

#[cfg(test)]
mod tests {
    use super::{FuncType, HeapType, RefType, Subtyping, TypeId, TypeKind, ValType};

    /// Each defined type is a subtype of those with lower numbers.
    struct Chain;

    impl Subtyping for Chain {
        fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool {
            sub >= sup
        }
    }

    fn to(nullable: bool, heap: HeapType) -> RefType {
        RefType { nullable, heap }
    }

    #[test]
    fn function_types_count_slots_and_print() {
        let ty = FuncType::new([ValType::I32, ValType::V128], [ValType::F64]);
        assert_eq!((ty.param_slots(), ty.result_slots()), (3, 1));
        assert_eq!(ty.to_string(), "(i32, v128) -> (f64)");
        let wide = FuncType::new([ValType::I32; 1000], []);
        assert_eq!(wide.to_string(), format!("({}… 980 more) -> ()", "i32, ".repeat(20)));
    }

    #[test]
    fn reference_subtyping() {
        let concrete = to(false, HeapType::Concrete(TypeKind::Func, TypeId(7)));
        assert!(concrete.matches(RefType::FUNCREF, &Chain));
        assert!(!RefType::FUNCREF.matches(concrete, &Chain));
        assert!(!concrete.matches(RefType::EXTERNREF, &Chain));
        let null = to(true, HeapType::NoFunc);
        assert!(null.matches(to(true, concrete.heap), &Chain));
        assert!(!null.matches(concrete, &Chain));
        let null = to(true, HeapType::NoExn);
        assert!(null.matches(RefType::EXNREF, &Chain) && !RefType::EXNREF.matches(null, &Chain));
        assert!(!null.matches(RefType::EXTERNREF, &Chain) && null.is_exn() && !null.is_func());
    }

    #[test]
    fn subtyping_of_collected_objects() {
        use HeapType::{Any, Array, Concrete, Eq, Extern, Func, I31, None, Struct};
        let object = |id| Concrete(TypeKind::Struct, TypeId(id));
        let chain = [None, object(3), object(2), Struct, Eq, Any];
        for (i, sub) in chain.iter().enumerate() {
            for (j, sup) in chain.iter().enumerate() {
                assert_eq!(sub.matches(*sup, &Chain), i <= j, "{sub} {sup}");
            }
        }
        let array = Concrete(TypeKind::Array, TypeId(1));
        assert!(array.matches(Array, &Chain) && !array.matches(Struct, &Chain) && I31.matches(Eq, &Chain));
        assert!(!I31.matches(Struct, &Chain) && !Extern.matches(Any, &Chain) && !None.matches(Func, &Chain));
        // The numbers alone would say yes.
        assert!(!object(2).matches(Concrete(TypeKind::Array, TypeId(1)), &Chain));
        assert!(!Concrete(TypeKind::Func, TypeId(2)).matches(object(1), &Chain));
        assert!(I31.top() == Any && !to(true, I31).is_traced() && to(true, None).is_traced());
    }
}
