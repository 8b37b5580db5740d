//! Objects, which lie where their references say, relative to the base in the context, and tests of their types.
//!
//! A reference is compared with null and an index with the length in the object's header; both may be relied on then, because
//! validation knows the type of the object.

use std::mem::offset_of;

use regalloc2::{RegClass, VReg};
use upshift_asm::x64::{Alu, Cond, Scale, Shift, Size};
use upshift_core::Trap;
use upshift_core::cast::{Cast, CastTarget};
use upshift_core::index::{FuncIndex, TypeIndex};
use upshift_core::ops::memory::Store;
use upshift_core::types::TypeKind;
use upshift_core::types::layout::{HEADER_BYTES, StructLayout};
use upshift_core::vm::{Display, INLINE_SUPERTYPES, ObjectHeader, StoreCtx, TypeRecord, VmCtx};
use upshift_translate::backend::Backend;

use super::Lowering;
use super::operands::Place;
use crate::mach::x64::{Address, Detail, Fault, LoadOp, StoreOp, Test};
use crate::passes::facts;
use crate::ssa::{Ty, Value};

/// The most bytes of a struct that is made by instructions.
const LARGEST: u32 = 256;
/// The most fields.
const MOST_FIELDS: usize = 16;

/// Where the length of an array is.
const LEN: i32 = offset_of!(ObjectHeader, len) as i32;

/// The lowest bits of references that are not functions.
const KIND_BITS: i32 = 7;
/// These of values of the host.
const HOST: i32 = 2;

/// What of an object is compared.
#[derive(Clone, Copy)]
enum Compared {
    /// Its type.
    Type,
    /// The supertype of its type that has this many supertypes.
    Supertype(u32),
    /// What it consists of.
    Kind,
}

impl Lowering<'_> {
    /// A register with what references are relative to.
    fn gc_base(&mut self) -> VReg {
        self.load_context(offset_of!(VmCtx, gc_base))
    }

    /// A register with the reference that an instruction has as its first operand, which is not null, or there was a trap.
    fn not_null(&mut self, inst: Value) -> VReg {
        let reference = self.arg(inst, 0);
        let is_certain = self.non_null.is_certain(inst)
            || facts::is_non_null(self.func, self.func.origin(self.resolve(reference)));
        let reference = self.reg(reference);
        if !is_certain {
            self.out.cmp_imm(Size::S64, reference, 0);
            self.out.trap_if(Test::If(Cond::E), Trap::NullReference, Detail::None, &[]);
        }
        reference
    }

    /// The place of the field that an instruction accesses.
    pub(super) fn field(&mut self, access: Value, offset: u32) -> Place {
        let object = self.not_null(access);
        let base = self.gc_base();
        let address = match i32::try_from(offset) {
            Ok(offset) => Address::register(base, offset).index(object, Scale::X1),
            Err(_) => {
                let offset = self.out.imm(offset.into());
                let at = self.out.alu(Alu::Add, Size::S64, offset, object);
                Address::register(base, 0).index(at, Scale::X1)
            }
        };
        Place::sound(address)
    }

    pub(super) fn lower_field_store(&mut self, inst: Value, op: Store, offset: u32) {
        let value = self.stored(op, self.arg(inst, 1));
        let place = self.field(inst, offset);
        self.store_at(place, value);
    }

    /// The place of the element of so many bytes that an instruction accesses.
    pub(super) fn element(&mut self, access: Value, bytes: u32) -> Place {
        let array = self.not_null(access);
        let index = self.reg(self.arg(access, 1));
        let base = self.gc_base();
        let object = self.out.lea(Size::S64, Address::register(base, 0).index(array, Scale::X1));
        self.out.cmp_load(Size::S32, index, Address::register(object, LEN), Fault::NONE);
        self.out.trap_if(Test::If(Cond::Ae), Trap::ArrayOutOfBounds, Detail::Element, &[index, object]);
        let first = Address::register(object, HEADER_BYTES as i32);
        let address = match bytes {
            1 => first.index(index, Scale::X1),
            2 => first.index(index, Scale::X2),
            4 => first.index(index, Scale::X4),
            8 => first.index(index, Scale::X8),
            _ => {
                let at = self.out.shift_imm(Shift::Shl, Size::S64, index, 4);
                first.index(at, Scale::X1)
            }
        };
        Place::sound(address)
    }

    pub(super) fn lower_element_store(&mut self, inst: Value, op: Store) {
        let value = self.stored(op, self.arg(inst, 2));
        let place = self.element(inst, op.bytes());
        self.store_at(place, value);
    }

    pub(super) fn lower_array_len(&mut self, inst: Value) {
        let array = self.not_null(inst);
        let base = self.gc_base();
        let len = Address::register(base, LEN).index(array, Scale::X1);
        let made = self.out.load(LoadOp::W32, len, Fault::NONE);
        self.bind(inst, made);
    }

    pub(super) fn lower_non_null(&mut self, inst: Value) {
        self.not_null(inst);
    }

    pub(super) fn lower_ref_func(&mut self, inst: Value, func: FuncIndex) {
        let made = match func.0.checked_sub(self.module.imported_funcs) {
            Some(own) => {
                let record = Address::context(self.layout.func(own) as i32);
                self.out.lea(Size::S64, record)
            }
            None => self.load_context(self.layout.imported_func(func.0)),
        };
        self.bind(inst, made);
    }

    /// Traps if a reference does not pass a test.
    pub(super) fn lower_ref_cast(&mut self, inst: Value, cast: Cast) {
        if !has_test(cast) {
            return self.embed(inst);
        }
        let reference = self.arg(inst, 0);
        let test = self.cast_test(cast, reference);
        let reference = self.reg(reference);
        self.out.trap_if(test.not(), Trap::CastFailure, Detail::Value, &[reference]);
    }

    /// Sets the flags by a test of a reference, for which there are instructions.
    pub(super) fn cast_test(&mut self, cast: Cast, reference: Value) -> Test {
        let (compared, expected) = match cast.target {
            CastTarget::Exact => (Compared::Type, ObjectHeader::word_of(cast.ty)),
            CastTarget::Object => (Compared::Supertype(cast.depth), cast.ty.0),
            CastTarget::Struct => (Compared::Kind, TypeKind::Struct as u32),
            CastTarget::Array => (Compared::Kind, TypeKind::Array as u32),
            CastTarget::I31 => return self.is_integer(cast.nullable, reference),
            CastTarget::Eq => return self.is_not_of_host(cast.nullable, reference),
            CastTarget::Nothing => return self.compare_null(reference),
            _ => return self.compare_null(reference).not(),
        };
        let reference = self.reg(reference);
        let (some, object, decided) = (self.out.block(), self.out.block(), self.out.block());
        // That is the number of no object, unless null passes.
        let other = u64::from(!expected);
        let for_null = self.out.imm(if cast.nullable { expected.into() } else { other });
        self.out.cmp_imm(Size::S64, reference, 0);
        self.out.branch(Test::If(Cond::E), (decided, &[for_null]), (some, &[]));
        self.out.switch_to(some);
        let other = self.out.imm(other);
        self.out.test_imm(Size::S32, reference, KIND_BITS);
        self.out.branch(Test::If(Cond::Ne), (decided, &[other]), (object, &[]));
        self.out.switch_to(object);
        let found = self.load_compared(compared, reference);
        self.out.jump(decided, &[found]);
        let found = self.out.vreg_of(RegClass::Int);
        self.out.set_params(decided, &[found]);
        self.out.switch_to(decided);
        self.out.cmp_imm(Size::S32, found, expected as i32);
        Test::If(Cond::E)
    }

    /// Loads what is compared of an object.
    fn load_compared(&mut self, compared: Compared, object: VReg) -> VReg {
        const { assert!(offset_of!(ObjectHeader, type_word) == 0 && size_of::<Display>() == 32) };
        let base = self.gc_base();
        let word = Address::register(base, 0).index(object, Scale::X1);
        let word = self.out.load(LoadOp::W32, word, Fault::NONE);
        let (at, array) = match compared {
            Compared::Type => return word,
            // The word is twice the number of the type.
            Compared::Supertype(_) => {
                let at = self.out.shift_imm(Shift::Shl, Size::S64, word, 4);
                (at, offset_of!(StoreCtx, displays))
            }
            Compared::Kind => {
                let number = self.out.shift_imm(Shift::Shr, Size::S32, word, 1);
                let at = self.out.imul_imm(Size::S64, number, size_of::<TypeRecord>() as i32);
                (at, offset_of!(StoreCtx, types))
            }
        };
        let store = self.store_context();
        let array = self.out.load(LoadOp::W64, Address::register(store, array as i32), Fault::NONE);
        let (op, disp) = match compared {
            Compared::Supertype(depth) => (LoadOp::W32, 4 * depth as i32),
            _ => (LoadOp::Zx8, offset_of!(TypeRecord, kind) as i32),
        };
        self.out.load(op, Address::register(array, disp).index(at, Scale::X1), Fault::NONE)
    }

    /// Whether a reference is an integer: then its lowest bit is set.
    fn is_integer(&mut self, nullable: bool, reference: Value) -> Test {
        let reference = self.reg(reference);
        if !nullable {
            self.out.test_imm(Size::S32, reference, 1);
            return Test::If(Cond::Ne);
        }
        let one = self.out.imm(1);
        self.out.cmp_imm(Size::S64, reference, 0);
        let found = self.out.select(Test::If(Cond::E), Ty::I32, one, reference);
        self.out.test_imm(Size::S32, found, 1);
        Test::If(Cond::Ne)
    }

    /// Whether a reference is an integer or an object: there is nothing else but values of the host.
    fn is_not_of_host(&mut self, nullable: bool, reference: Value) -> Test {
        let reference = self.reg(reference);
        let bits = self.out.alu_imm(Alu::And, Size::S32, reference, KIND_BITS);
        let bits = if nullable {
            bits
        } else {
            let host = self.out.imm(HOST as u64);
            self.out.cmp_imm(Size::S64, reference, 0);
            self.out.select(Test::If(Cond::E), Ty::I32, host, bits)
        };
        self.out.cmp_imm(Size::S32, bits, HOST);
        Test::If(Cond::Ne)
    }

    /// Makes a struct; where the heap has no room, the interpreter does.
    pub(super) fn lower_struct_new(&mut self, inst: Value, ty: TypeIndex, default: bool) {
        let module = self.module;
        let defined = &module.types[ty.index()];
        let size = defined.ty.layout.as_ref().map_or(0, StructLayout::size);
        if size > LARGEST || defined.ty.places.len() > MOST_FIELDS {
            return self.embed(inst);
        }
        let func = self.func;
        let fields: Vec<(VReg, Ty)> =
            func.args(inst).iter().map(|&arg| (self.reg(arg), func.ty(arg))).collect();
        let (full, fits, over) = (self.out.cold_block(), self.out.block(), self.out.block());
        let store = self.store_context();
        let bump = Address::register(store, offset_of!(StoreCtx, gc_bump) as i32);
        let limit = Address::register(store, offset_of!(StoreCtx, gc_limit) as i32);
        let reference = self.out.load(LoadOp::W32, bump, Fault::NONE);
        let limit = self.out.load(LoadOp::W32, limit, Fault::NONE);
        let room = self.out.alu(Alu::Sub, Size::S32, limit, reference);
        self.out.cmp_imm(Size::S32, room, size as i32);
        self.out.branch(Test::If(Cond::B), (full, &[]), (fits, &[]));
        self.out.switch_to(full);
        let made = self.safepoint(&fields, &[Ty::Ref], move |builder, base| {
            builder.struct_new(ty, base, (!default).then_some(base));
        });
        self.out.jump(over, &made);
        self.out.switch_to(fits);
        self.out.alu_store_imm(Alu::Add, Size::S32, bump, Fault::NONE, size as i32);
        let base = self.gc_base();
        let object = self.out.lea(Size::S64, Address::register(base, 0).index(reference, Scale::X1));
        let word = ObjectHeader::word_of(defined.id);
        // Both halves of the header; the length is 0.
        match i32::try_from(word) {
            Ok(word) => self.out.store_imm(Size::S64, Address::register(object, 0), Fault::NONE, word),
            Err(_) => {
                let word = self.out.imm(word.into());
                self.out.store(StoreOp::W64, Address::register(object, 0), Fault::NONE, word);
            }
        }
        if default {
            for at in (HEADER_BYTES..size).step_by(8) {
                self.out.store_imm(Size::S64, Address::register(object, at as i32), Fault::NONE, 0);
            }
        }
        for (&(value, ty), place) in fields.iter().zip(&*defined.ty.places) {
            let store = match (ty, place.bytes_log2) {
                (Ty::F32, _) => StoreOp::F32,
                (Ty::F64, _) => StoreOp::F64,
                (Ty::V128, _) => StoreOp::V128,
                (_, 0) => StoreOp::W8,
                (_, 1) => StoreOp::W16,
                (_, 2) => StoreOp::W32,
                _ => StoreOp::W64,
            };
            self.out.store(store, Address::register(object, place.offset as i32), Fault::NONE, value);
        }
        self.out.jump(over, &[reference]);
        let result = self.out.vreg(Ty::Ref);
        self.out.set_params(over, &[result]);
        self.out.switch_to(over);
        self.bind(inst, result);
    }
}

/// Whether there are instructions for a test.
pub(super) fn has_test(cast: Cast) -> bool {
    match cast.target {
        CastTarget::Object => (cast.depth as usize) < INLINE_SUPERTYPES,
        CastTarget::Nothing => cast.nullable,
        CastTarget::Anything => !cast.nullable,
        CastTarget::Func => false,
        _ => true,
    }
}
