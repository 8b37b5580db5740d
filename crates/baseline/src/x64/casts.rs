//! Tests of types: a comparison of what a reference leads to with what passes.
//!
//! ```text
//! null, integer, value of the host ─ a number that says whether it passes ─┐
//! object ─ header ─ type word, or a supertype of the type, or its kind ────┴▶ comparison, whose flags are the result
//! ```
//! The number in the register is chosen so that one comparison behind all ways decides.

use std::mem::offset_of;

use upshift_asm::x64::{Cond, Gpr, Mem, Scale, Size};
use upshift_core::cast::{Cast, CastTarget};
use upshift_core::types::TypeKind;
use upshift_core::vm::{Display, INLINE_SUPERTYPES, ObjectHeader, StoreCtx, TypeRecord, VmCtx};
use upshift_translate::backend::Operand;

use super::{CTX, Test};
use crate::cache::Kind;
use crate::compiler::Compiler;

/// The lowest bits of references that are not functions.
const KIND_BITS: i32 = 7;
/// These of values of the host.
const HOST: i32 = 2;

/// What of an object is compared.
#[derive(Clone, Copy)]
enum Compared {
    /// Its type.
    Type,
    /// The supertype of its type that has so many supertypes.
    Supertype(u32),
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
        let (found, store) = (self.alloc_gpr(), self.alloc_gpr());
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
        self.load_compared(compared, found, store, reference);
        self.asm.bind(decided);
        self.asm.cmp_imm(Size::S32, found, expected as i32);
        Some((Test::Is(Cond::E), reference))
    }

    /// Loads what is compared of an object.
    fn load_compared(&mut self, compared: Compared, found: Gpr, store: Gpr, object: Gpr) {
        const { assert!(offset_of!(ObjectHeader, type_word) == 0 && size_of::<Display>() == 32) };
        self.asm.mov(Size::S64, found, Mem::base(CTX, offset_of!(VmCtx, gc_base) as i32));
        self.asm.mov(Size::S32, found, Mem::index(found, object, Scale::X1, 0));
        let array = match compared {
            Compared::Type => return,
            Compared::Supertype(_) => {
                // The word is twice the number of the type.
                self.asm.shl_imm(Size::S64, found, 4);
                offset_of!(StoreCtx, displays)
            }
            Compared::Kind => {
                self.asm.shr_imm(Size::S32, found, 1);
                self.asm.imul_imm(Size::S64, found, found, size_of::<TypeRecord>() as i32);
                offset_of!(StoreCtx, types)
            }
        };
        self.asm.mov(Size::S64, store, Mem::base(CTX, offset_of!(VmCtx, store) as i32));
        self.asm.add(Size::S64, found, Mem::base(store, array as i32));
        match compared {
            Compared::Supertype(depth) => self.asm.mov(Size::S32, found, Mem::base(found, 4 * depth as i32)),
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
