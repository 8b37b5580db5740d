//! Types of values, functions, tables, memories and globals (wasm spec, "Structure / Types").
//!
//! Defined types are named by a [`TypeId`]: equal types of different modules have the same id within one engine, so a
//! type check at run time is one compare of two `u32`.

use std::fmt;

/// A canonical type: equal ids are equal types, across all the modules of one engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct TypeId(pub u32);

/// What a reference may refer to.
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
    /// A function of one defined type.
    Concrete(TypeId),
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

    /// Whether values of this type are references to functions.
    #[must_use]
    pub fn is_func(self) -> bool {
        matches!(self.heap, HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_))
    }

    /// Whether values of this type are references to exceptions.
    #[must_use]
    pub fn is_exn(self) -> bool {
        matches!(self.heap, HeapType::Exn | HeapType::NoExn)
    }

    /// Whether each value of this type is also one of `other` (wasm spec, "Matching").
    ///
    /// Defined types are final as long as only functions can be defined, so two of them match if they are equal.
    #[must_use]
    pub fn matches(self, other: RefType) -> bool {
        (other.nullable || !self.nullable) && self.heap.matches(other.heap)
    }
}

impl HeapType {
    /// Whether each value of this type is also one of `other`.
    #[must_use]
    pub fn matches(self, other: HeapType) -> bool {
        use HeapType::{Concrete, Exn, Extern, Func, NoExn, NoExtern, NoFunc};
        self == other
            || matches!(
                (self, other),
                (NoFunc | Concrete(_), Func) | (NoFunc, Concrete(_)) | (NoExtern, Extern) | (NoExn, Exn)
            )
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

    /// How many 8-byte slots a value of this type takes: two for `v128`, one for everything else.
    #[inline]
    #[must_use]
    pub fn slots(self) -> u32 {
        if self == ValType::V128 { 2 } else { 1 }
    }

    /// Whether the type is a reference type.
    #[must_use]
    pub fn is_ref(self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// Whether each value of this type is also one of `other`.
    #[must_use]
    pub fn matches(self, other: ValType) -> bool {
        match (self, other) {
            (ValType::Ref(a), ValType::Ref(b)) => a.matches(b),
            (a, b) => a == b,
        }
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
            HeapType::Concrete(id) => write!(f, "type#{}", id.0),
        }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.nullable, self.heap) {
            (true, HeapType::Func) => f.write_str("funcref"),
            (true, HeapType::Extern) => f.write_str("externref"),
            (true, HeapType::NoFunc) => f.write_str("nullfuncref"),
            (true, HeapType::NoExtern) => f.write_str("nullexternref"),
            (true, HeapType::Exn) => f.write_str("exnref"),
            (true, HeapType::NoExn) => f.write_str("nullexnref"),
            (true, heap) => write!(f, "(ref null {heap})"),
            (false, heap) => write!(f, "(ref {heap})"),
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
    #[must_use]
    pub fn new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Self {
        let mut types: Vec<ValType> = params.into_iter().collect();
        let params = types.len();
        types.extend(results);
        let slots = |types: &[ValType]| types.iter().map(|t| t.slots()).sum();
        FuncType {
            params: params as u32,
            param_slots: slots(&types[..params]),
            result_slots: slots(&types[params..]),
            types: types.into(),
        }
    }

    /// The parameter types.
    #[must_use]
    pub fn params(&self) -> &[ValType] {
        &self.types[..self.params as usize]
    }

    /// The result types.
    #[must_use]
    pub fn results(&self) -> &[ValType] {
        &self.types[self.params as usize..]
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

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[ValType]| {
            f.write_str("(")?;
            for (i, t) in types.iter().enumerate() {
                write!(f, "{}{t}", if i == 0 { "" } else { ", " })?;
            }
            f.write_str(")")
        };
        list(f, self.params())?;
        f.write_str(" -> ")?;
        list(f, self.results())
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
    /// The most pages that a memory with such addresses and pages can have. Their number fits the type of addresses, so
    /// one of single bytes does not use the last address.
    #[must_use]
    pub fn addressable_pages(&self) -> u64 {
        match self.index {
            IndexType::I32 => ((1 << 32) >> self.page_size_log2).min(u64::from(u32::MAX)),
            IndexType::I64 => u64::MAX >> self.page_size_log2,
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
    use super::{FuncType, HeapType, RefType, TypeId, ValType};

    #[test]
    fn function_types_count_slots_and_print() {
        let ty = FuncType::new([ValType::I32, ValType::V128], [ValType::F64]);
        assert_eq!((ty.param_slots(), ty.result_slots()), (3, 1));
        assert_eq!(ty.to_string(), "(i32, v128) -> (f64)");
    }

    #[test]
    fn reference_subtyping() {
        let concrete = RefType { nullable: false, heap: HeapType::Concrete(TypeId(7)) };
        assert!(concrete.matches(RefType::FUNCREF));
        assert!(!RefType::FUNCREF.matches(concrete));
        assert!(!concrete.matches(RefType::EXTERNREF));
        let null = RefType { nullable: true, heap: HeapType::NoFunc };
        assert!(null.matches(RefType { nullable: true, heap: HeapType::Concrete(TypeId(7)) }));
        assert!(!null.matches(concrete));
        let null = RefType { nullable: true, heap: HeapType::NoExn };
        assert!(null.matches(RefType::EXNREF) && !RefType::EXNREF.matches(null));
        assert!(!null.matches(RefType::EXTERNREF) && null.is_exn() && !null.is_func());
    }
}
