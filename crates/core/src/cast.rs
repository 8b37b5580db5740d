//! Run-time tests of a reference's type, for `ref.test`, `ref.cast` and `br_on_cast` (wasm spec, "Reference
//! Instructions").
//!
//! ```text
//! reference ─ null? ─ integer or value of the host, by its lowest bits ─ object ─ header ─▶ type number ┬▶ Display: supertypes
//!                                                            function ─ FuncRec ─────────────┘          └▶ TypeRecord: kind
//! ```

use std::fmt;

use crate::types::{HeapType, RefType, TypeId, TypeKind};
use crate::vm::{Display, FuncRec, ObjectHeader, StoreCtx, TypeRecord, VmCtx, is_object};

/// What a reference has to refer to, if it is not null. It is of the same hierarchy already, as validation demands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum CastTarget {
    /// Nothing: only null will do.
    Nothing = 0,
    /// Anything.
    Anything = 1,
    /// An integer.
    I31 = 2,
    /// An integer or an object.
    Eq = 3,
    /// A struct.
    Struct = 4,
    /// An array.
    Array = 5,
    /// An object of just this type.
    Exact = 6,
    /// An object of this type or a subtype.
    Object = 7,
    /// A function of this type or a subtype.
    Func = 8,
}

impl CastTarget {
    const ALL: [CastTarget; 9] = [
        CastTarget::Nothing,
        CastTarget::Anything,
        CastTarget::I31,
        CastTarget::Eq,
        CastTarget::Struct,
        CastTarget::Array,
        CastTarget::Exact,
        CastTarget::Object,
        CastTarget::Func,
    ];
}

/// A test of a reference's type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cast {
    /// Whether null passes.
    pub nullable: bool,
    /// What else passes.
    pub target: CastTarget,
    /// The type, where the target names one.
    pub ty: TypeId,
    /// How many supertypes that type has.
    pub depth: u32,
}

impl Cast {
    /// The bit of [`to_bits`](Self::to_bits) that lets null pass.
    pub const NULLABLE: u16 = 1 << 7;

    /// Where the depth begins in [`to_bits`](Self::to_bits).
    pub const DEPTH_SHIFT: u32 = 8;

    /// The test for a type; `defined` returns whether a defined type is final, and how many supertypes it has.
    pub fn new(to: RefType, defined: impl Fn(TypeId) -> (bool, u32)) -> Cast {
        let (target, ty) = match to.heap {
            HeapType::Func | HeapType::Extern | HeapType::Exn | HeapType::Any => (CastTarget::Anything, None),
            HeapType::NoFunc | HeapType::NoExtern | HeapType::NoExn | HeapType::None => {
                (CastTarget::Nothing, None)
            }
            HeapType::I31 => (CastTarget::I31, None),
            HeapType::Eq => (CastTarget::Eq, None),
            HeapType::Struct => (CastTarget::Struct, None),
            HeapType::Array => (CastTarget::Array, None),
            HeapType::Concrete(TypeKind::Func, ty) => (CastTarget::Func, Some(ty)),
            HeapType::Concrete(_, ty) if defined(ty).0 => (CastTarget::Exact, Some(ty)),
            HeapType::Concrete(_, ty) => (CastTarget::Object, Some(ty)),
        };
        let depth = ty.map_or(0, |ty| defined(ty).1);
        Cast { nullable: to.nullable, target, ty: ty.unwrap_or(TypeId(0)), depth }
    }

    /// All but the type as 16 bits: target, whether null passes, depth, which validation bounds to 63.
    #[must_use]
    pub fn to_bits(self) -> u16 {
        let nullable = if self.nullable { Cast::NULLABLE } else { 0 };
        self.target as u16 | nullable | (self.depth as u16) << Cast::DEPTH_SHIFT
    }

    /// What [`to_bits`](Self::to_bits) made; none for other numbers.
    // Inlined always: a result in memory would keep the handlers of the tail-call backend from ending in a jump.
    #[inline(always)]
    #[must_use]
    pub fn from_bits(bits: u16, ty: TypeId) -> Option<Cast> {
        let target = *CastTarget::ALL.get(usize::from(bits & (Cast::NULLABLE - 1)))?;
        let depth = u32::from(bits >> Cast::DEPTH_SHIFT);
        Some(Cast { nullable: bits & Cast::NULLABLE != 0, target, ty, depth })
    }

    /// Whether a reference passes.
    ///
    /// # Safety
    /// `ctx` must be a live context; the reference must be valid in its store and of the target's hierarchy.
    #[inline(always)]
    #[must_use]
    pub unsafe fn passes(self, ctx: *const VmCtx, reference: u64) -> bool {
        if reference == 0 {
            return self.nullable;
        }
        let (object, integer) = (is_object(reference as u32), reference & 1 != 0);
        // SAFETY: the caller's promise; what is looked at is an object or a function where the target demands one.
        unsafe {
            match self.target {
                CastTarget::Nothing => false,
                CastTarget::Anything => true,
                CastTarget::I31 => integer,
                CastTarget::Eq => integer || object,
                CastTarget::Struct => object && (*record_of(ctx, reference)).kind == TypeKind::Struct,
                CastTarget::Array => object && (*record_of(ctx, reference)).kind == TypeKind::Array,
                CastTarget::Exact => {
                    object && header(ctx, reference).type_word == ObjectHeader::word_of(self.ty)
                }
                CastTarget::Object => {
                    let store: *const StoreCtx = (*ctx).store;
                    object
                        && has_supertype(
                            ((*store).displays, (*store).types),
                            header(ctx, reference).type_id(),
                            (self.ty, self.depth),
                        )
                }
                CastTarget::Func => is_subtype(ctx, (*(reference as *const FuncRec)).ty, self.ty, self.depth),
            }
        }
    }
}

/// The type in brackets that the cast is to, with canonical numbers.
impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let null = if self.nullable { "null " } else { "" };
        match self.target {
            CastTarget::Nothing => write!(f, "(ref {null}none)"),
            CastTarget::Anything => write!(f, "(ref {null}any)"),
            CastTarget::I31 => write!(f, "(ref {null}i31)"),
            CastTarget::Eq => write!(f, "(ref {null}eq)"),
            CastTarget::Struct => write!(f, "(ref {null}struct)"),
            CastTarget::Array => write!(f, "(ref {null}array)"),
            CastTarget::Exact | CastTarget::Object | CastTarget::Func => {
                write!(f, "(ref {null}type#{})", self.ty.0)
            }
        }
    }
}

/// The header of an object.
///
/// # Safety
/// `ctx` must be a live context and the reference that of an object in its store.
#[inline(always)]
#[must_use]
pub unsafe fn header(ctx: *const VmCtx, reference: u64) -> ObjectHeader {
    // SAFETY: the caller's promise.
    unsafe { (*ctx).gc_base.wrapping_add(reference as usize).cast::<ObjectHeader>().read() }
}

/// The record of an object's type. Exceptions have none, but they are never cast.
///
/// # Safety
/// As for [`header`]; the object is a struct or an array.
#[inline(always)]
#[must_use]
pub unsafe fn record_of(ctx: *const VmCtx, reference: u64) -> *const TypeRecord {
    // SAFETY: the caller's promise; there is a record for the type of each object.
    unsafe { (*(*ctx).store).types.add(header(ctx, reference).type_id().0 as usize) }
}

/// The display of an object's type. Exceptions have none, but they are never cast.
///
/// # Safety
/// As for [`record_of`].
#[inline(always)]
#[must_use]
pub unsafe fn display_of(ctx: *const VmCtx, reference: u64) -> *const Display {
    // SAFETY: the caller's promise; there is a display for the type of each object.
    unsafe { (*(*ctx).store).displays.add(header(ctx, reference).type_id().0 as usize) }
}

/// Whether a type is another one, which has so many supertypes, or was declared as its subtype, by the arrays of a store.
///
/// # Safety
/// Both arrays must have an entry for `sub`, whose chain of supertypes must be alive.
#[inline(always)]
#[must_use]
pub unsafe fn has_supertype(
    (displays, types): (*const Display, *const TypeRecord),
    sub: TypeId,
    (ty, depth): (TypeId, u32),
) -> bool {
    // SAFETY: the caller's promise; the chain has depth and one entries.
    unsafe {
        let display: &Display = &*displays.add(sub.0 as usize);
        match display.0.get(depth as usize) {
            Some(&supertype) => supertype == ty.0,
            None => {
                let record = types.add(sub.0 as usize);
                depth <= (*record).depth && *(*record).supertypes.add(depth as usize) == ty
            }
        }
    }
}

/// Whether a type is another one, which has so many supertypes, or was declared as its subtype.
///
/// # Safety
/// `ctx` must be a live context.
#[inline(always)]
#[must_use]
pub unsafe fn is_subtype(ctx: *const VmCtx, sub: TypeId, ty: TypeId, depth: u32) -> bool {
    // SAFETY: the caller's promise; chains live as long as the records that refer to them. Types behind the records have no
    // supertypes, and neither do those whose records are zeroes.
    unsafe {
        let store: *const StoreCtx = (*ctx).store;
        sub == ty
            || sub.0 < (*store).type_count
                && has_supertype(((*store).displays, (*store).types), sub, (ty, depth))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cast, CastTarget};
    use crate::types::TypeId;

    #[test]
    fn bits_round_trip() {
        for target in CastTarget::ALL {
            for (nullable, depth) in [(false, 0), (true, 63), (true, 7)] {
                let cast = Cast { nullable, target, ty: TypeId(9), depth };
                assert_eq!(Cast::from_bits(cast.to_bits(), TypeId(9)), Some(cast));
            }
        }
        assert_eq!(Cast::from_bits(9, TypeId(0)), None);
    }
}
