//! Tests of types: a comparison of what a reference leads to with what passes.
//!
//! ```text
//! null, integer, value of the host ─ a number that says whether it passes ─┐
//! object ─ header ─ type word, or a supertype of the type, or its kind ────┴▶ comparison, whose flags are the result
//! ```
//! The number in the register is chosen so that one comparison behind all ways decides.

use std::mem::offset_of;

use upshift_asm::Label;
use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_core::cast::{Cast, CastTarget};
use upshift_core::types::TypeKind;
use upshift_core::vm::{Display, FuncRec, INLINE_SUPERTYPES, ObjectHeader, StoreCtx, TypeRecord, VmCtx};
use upshift_translate::backend::Operand;

use super::{CTX, Test};
use crate::cache::Kind;
use crate::cells::{OBJECTS_SLOT, STORE_SLOT};
use crate::compiler::Compiler;

/// The lowest bits of references that are not functions.
const KIND_BITS: i32 = 7;
/// These of values of the host.
const HOST: i32 = 2;
/// The number of no type, as displays have it.
const NO_TYPE: u32 = u32::MAX;

/// What of an object is compared.
#[derive(Clone, Copy)]
enum Compared {
    /// Its type.
    Type,
    /// The supertype of its type that has so many supertypes.
    Supertype(u32),
    /// The same where displays have no room for so many.
    Far(u32),
    /// What it consists of.
    Kind,
}

impl Compiler<'_> {
    /// Sets the flags by a test of a reference, if there are instructions for it. Returns what they have to be asked and where the
    /// reference is. The operation goes on.
    pub(crate) fn emit_cast_test(&mut self, cast: Cast, reference: Operand) -> Option<(Test, Gpr)> {
        let (compared, expected) = match cast.target {
            CastTarget::Exact => (Compared::Type, ObjectHeader::word_of(cast.ty)),
            CastTarget::Object if (cast.depth as usize) < INLINE_SUPERTYPES => {
                (Compared::Supertype(cast.depth), cast.ty.0)
            }
            CastTarget::Object => (Compared::Far(cast.depth), cast.ty.0),
            CastTarget::Func if (cast.depth as usize) < INLINE_SUPERTYPES => {
                return Some(self.is_function(cast, reference));
            }
            CastTarget::Struct => (Compared::Kind, TypeKind::Struct as u32),
            CastTarget::Array => (Compared::Kind, TypeKind::Array as u32),
            CastTarget::I31 => return Some(self.is_integer(cast.nullable, reference)),
            CastTarget::Eq => return Some(self.is_not_of_host(cast.nullable, reference)),
            CastTarget::Nothing if cast.nullable => return Some(self.test_null(Cond::E, reference)),
            CastTarget::Anything if !cast.nullable => return Some(self.test_null(Cond::Ne, reference)),
            _ => return None,
        };
        let reference = self.use_gpr(reference, Kind::Ref);
        // All registers come first: what makes room for them must not be skipped.
        let (base, found) = (self.use_cell(OBJECTS_SLOT), self.alloc_gpr());
        let store = match compared {
            Compared::Type => found,
            Compared::Far(_) => self.alloc_gpr(),
            Compared::Supertype(_) | Compared::Kind => self.use_cell(STORE_SLOT),
        };
        let decided = self.asm.label();
        // Neither is that of any object, unless null passes.
        let other = u64::from(!expected);
        self.asm.mov_imm(found, if cast.nullable { expected.into() } else { other });
        self.asm.test(Size::S64, reference, reference);
        self.asm.jcc_short(Cond::E, decided);
        if cast.nullable {
            self.asm.mov_imm(found, other);
        }
        self.asm.test_imm(Size::S32, reference, KIND_BITS);
        self.asm.jcc_short(Cond::Ne, decided);
        self.asm.mov(Size::S32, found, Mem::index(base, reference, Scale::X1, 0));
        self.load_compared(compared, found, store, decided);
        self.asm.bind(decided);
        self.asm.cmp_imm(Size::S32, found, expected as i32);
        Some((Test::Is(Cond::E), reference))
    }

    /// Whether a reference to a function is one of a type or a subtype. Types that the store does not know have no supertypes.
    fn is_function(&mut self, cast: Cast, reference: Operand) -> (Test, Gpr) {
        let reference = self.use_gpr(reference, Kind::Ref);
        let (store, found) = (self.use_cell(STORE_SLOT), self.alloc_gpr());
        let (decided, expected) = (self.asm.label(), cast.ty.0);
        self.asm.mov_imm(found, if cast.nullable { expected.into() } else { u64::from(!expected) });
        self.asm.test(Size::S64, reference, reference);
        self.asm.jcc_short(Cond::E, decided);
        self.asm.mov(Size::S32, found, Mem::base(reference, offset_of!(FuncRec, ty) as i32));
        self.asm.cmp_imm(Size::S32, found, expected as i32);
        self.asm.jcc_short(Cond::E, decided);
        // What stays there is not the type that is expected.
        self.asm.cmp(Size::S32, found, Mem::base(store, offset_of!(StoreCtx, type_count) as i32));
        self.asm.jcc_short(Cond::Ae, decided);
        self.asm.shl_imm(Size::S64, found, 5);
        self.asm.add(Size::S64, found, Mem::base(store, offset_of!(StoreCtx, displays) as i32));
        self.asm.mov(Size::S32, found, Mem::base(found, 4 * cast.depth as i32));
        self.asm.bind(decided);
        self.asm.cmp_imm(Size::S32, found, expected as i32);
        (Test::Is(Cond::E), reference)
    }

    /// From an object's type word to what is compared, or goes to `decided` with something that no type is called. A register has the address of
    /// the store's context, or is the operation's own where the supertype is far.
    fn load_compared(&mut self, compared: Compared, found: Gpr, store: Gpr, decided: Label) {
        const { assert!(offset_of!(ObjectHeader, type_word) == 0 && size_of::<Display>() == 32) };
        let array = match compared {
            Compared::Type => return,
            Compared::Supertype(_) => {
                // The word is twice the number of the type.
                self.asm.shl_imm(Size::S64, found, 4);
                offset_of!(StoreCtx, displays)
            }
            Compared::Far(_) | Compared::Kind => {
                self.asm.shr_imm(Size::S32, found, 1);
                self.asm.imul_imm(Size::S64, found, found, size_of::<TypeRecord>() as i32);
                offset_of!(StoreCtx, types)
            }
        };
        if let Compared::Far(_) = compared {
            self.asm.mov(Size::S64, store, Mem::base(CTX, offset_of!(VmCtx, store) as i32));
        }
        self.asm.add(Size::S64, found, Mem::base(store, array as i32));
        match compared {
            Compared::Supertype(depth) => {
                self.asm.mov(Size::S32, found, Mem::base(found, 4 * depth as i32));
            }
            Compared::Far(depth) => {
                self.asm.mov(Size::S64, store, found);
                // No type has the number that is left if there are too few.
                self.asm.mov_imm(found, NO_TYPE.into());
                self.asm.cmp_imm(
                    Size::S32,
                    Mem::base(store, offset_of!(TypeRecord, depth) as i32),
                    depth as i32,
                );
                self.asm.jcc_short(Cond::B, decided);
                self.asm.mov(Size::S64, found, Mem::base(store, offset_of!(TypeRecord, supertypes) as i32));
                self.asm.mov(Size::S32, found, Mem::base(found, 4 * depth as i32));
            }
            _ => {
                self.asm.movzx_8(Size::S32, found, Mem::base(found, offset_of!(TypeRecord, kind) as i32));
            }
        }
    }

    fn test_null(&mut self, cond: Cond, reference: Operand) -> (Test, Gpr) {
        let reference = self.use_gpr(reference, Kind::Ref);
        self.asm.test(Size::S64, reference, reference);
        (Test::Is(cond), reference)
    }

    /// Whether a reference is an integer: then its lowest bit is set.
    fn is_integer(&mut self, nullable: bool, reference: Operand) -> (Test, Gpr) {
        let reference = self.use_gpr(reference, Kind::Ref);
        if !nullable {
            self.asm.test_imm(Size::S32, reference, 1);
            return (Test::Is(Cond::Ne), reference);
        }
        let (found, decided) = (self.alloc_gpr(), self.asm.label());
        self.asm.mov_imm(found, 1);
        self.asm.test(Size::S64, reference, reference);
        self.asm.jcc_short(Cond::E, decided);
        self.asm.mov(Size::S32, found, reference);
        self.asm.bind(decided);
        self.asm.test_imm(Size::S32, found, 1);
        (Test::Is(Cond::Ne), reference)
    }

    /// Whether a reference is an integer or an object: there is nothing else but values of the host.
    fn is_not_of_host(&mut self, nullable: bool, reference: Operand) -> (Test, Gpr) {
        let reference = self.use_gpr(reference, Kind::Ref);
        let (found, decided) = (self.alloc_gpr(), self.asm.label());
        if !nullable {
            self.asm.mov_imm(found, HOST as u64);
            self.asm.test(Size::S64, reference, reference);
            self.asm.jcc_short(Cond::E, decided);
        }
        self.asm.mov(Size::S32, found, reference);
        self.asm.bind(decided);
        self.asm.and_imm(Size::S32, found, KIND_BITS);
        self.asm.cmp_imm(Size::S32, found, HOST);
        (Test::Is(Cond::Ne), reference)
    }
}
