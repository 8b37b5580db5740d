//! The type of an operand in 64 bits, with what the walker asks of each: how many slots, and whether the collector traces it.
//!
//! A [`ValType`] is three words of half that size, which are costly to copy and to look at for each operator.

use upshift_core::types::{HeapType, RefType, TypeId, TypeKind, ValType};

use super::frequent::Number;

/// A type, packed: `id << 32 | kind << 24 | heap << 16 | flags << 8 | what`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StackType(u64);

const V128: u64 = 4;
const REF: u64 = 5;

const TWO_SLOTS: u64 = 1 << 8;
const TRACED: u64 = 1 << 9;
const NULLABLE: u64 = 1 << 10;

const HEAP_SHIFT: u32 = 16;
const KIND_SHIFT: u32 = 24;
const ID_SHIFT: u32 = 32;

/// The heap types without a number, by theirs; one more stands for all that have one.
const HEAPS: [HeapType; 12] = [
    HeapType::Func,
    HeapType::NoFunc,
    HeapType::Extern,
    HeapType::NoExtern,
    HeapType::Exn,
    HeapType::NoExn,
    HeapType::Any,
    HeapType::Eq,
    HeapType::I31,
    HeapType::Struct,
    HeapType::Array,
    HeapType::None,
];

impl StackType {
    /// A type of numbers.
    #[inline(always)]
    pub(super) const fn number(ty: Number) -> StackType {
        StackType(ty as u64)
    }

    /// Whether it is a type of numbers.
    pub(super) const fn is_number(self) -> bool {
        self.0 < V128
    }

    /// Packs a type.
    #[inline]
    pub(super) fn new(ty: ValType) -> StackType {
        match ty {
            ValType::I32 => StackType::number(Number::I32),
            ValType::I64 => StackType::number(Number::I64),
            ValType::F32 => StackType::number(Number::F32),
            ValType::F64 => StackType::number(Number::F64),
            ValType::V128 => StackType(V128 | TWO_SLOTS),
            ValType::Ref(ty) => StackType::reference(ty),
        }
    }

    #[cold]
    fn reference(ty: RefType) -> StackType {
        let traced = if ty.is_traced() { TRACED } else { 0 };
        let nullable = if ty.nullable { NULLABLE } else { 0 };
        let heap = match ty.heap {
            HeapType::Concrete(kind, id) => {
                (HEAPS.len() as u64) << HEAP_SHIFT | (kind as u64) << KIND_SHIFT | u64::from(id.0) << ID_SHIFT
            }
            other => (HEAPS.iter().position(|&heap| heap == other).unwrap_or(0) as u64) << HEAP_SHIFT,
        };
        StackType(REF | traced | nullable | heap)
    }

    /// Unpacks it.
    #[inline]
    pub(super) fn val_type(self) -> ValType {
        match self.0 & 0xff {
            0 => ValType::I32,
            1 => ValType::I64,
            2 => ValType::F32,
            3 => ValType::F64,
            V128 => ValType::V128,
            _ => ValType::Ref(self.ref_type()),
        }
    }

    #[cold]
    fn ref_type(self) -> RefType {
        let heap = HEAPS.get((self.0 >> HEAP_SHIFT) as usize & 0xff).copied().unwrap_or_else(|| {
            let kind = match (self.0 >> KIND_SHIFT) as u8 {
                0 => TypeKind::Func,
                1 => TypeKind::Struct,
                _ => TypeKind::Array,
            };
            HeapType::Concrete(kind, TypeId((self.0 >> ID_SHIFT) as u32))
        });
        RefType { nullable: self.0 & NULLABLE != 0, heap }
    }

    /// How many slots a value takes.
    #[inline(always)]
    pub(super) fn slots(self) -> u32 {
        1 + u32::from(self.0 & TWO_SLOTS != 0)
    }

    /// Whether the collector has to look at values.
    #[inline(always)]
    pub(super) fn is_traced(self) -> bool {
        self.0 & TRACED != 0
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::types::{HeapType, RefType, TypeId, TypeKind, ValType};

    use super::{HEAPS, StackType};

    #[test]
    fn each_type_comes_back() {
        let kinds = [TypeKind::Func, TypeKind::Struct, TypeKind::Array];
        let defined = kinds.map(|kind| HeapType::Concrete(kind, TypeId(u32::MAX)));
        let references = HEAPS
            .into_iter()
            .chain(defined)
            .flat_map(|heap| [true, false].map(|nullable| ValType::Ref(RefType { nullable, heap })));
        let others = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];
        for ty in references.chain(others) {
            let packed = StackType::new(ty);
            assert_eq!(packed.val_type(), ty);
            assert_eq!((packed.slots(), packed.is_traced()), (ty.slots(), ty.is_traced()), "{ty:?}");
        }
    }
}
