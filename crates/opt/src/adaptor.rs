//! Adaptors: what lets a call with arguments in registers reach code that has them in the slots of its parameters.
//!
//! ```text
//! types of parameters ─▶ Signature ─ slots_adaptor ─▶ NativeCode, for all functions of any store with such a signature
//! ```
//!
//! An adaptor stores each register into the slot of its parameter and goes on at the native entry of the function whose record is
//! in the header of the frame. It is position independent, names no function and cannot fault: the slots are in the reserve behind any frame.

mod x64;

use upshift_asm::NativeCode;
use upshift_core::types::ValType;
use upshift_core::vm::registers::{ArgParam, ArgPlace, arg_params};

/// What an adaptor depends on: which register goes to which slot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signature {
    /// Slots of all parameters.
    slots: u32,
    /// First slot, register, and whether the value takes two slots.
    registers: Box<[(u32, ArgPlace, bool)]>,
}

impl Signature {
    /// That of functions with parameters of these types.
    ///
    /// ```
    /// use upshift_core::ValType;
    /// use upshift_opt::adaptor::Signature;
    ///
    /// let of = |types: &[ValType]| Signature::of(types);
    /// assert_eq!(of(&[ValType::I32, ValType::F32]), of(&[ValType::I64, ValType::F64]));
    /// assert_ne!(of(&[ValType::I32, ValType::F32]), of(&[ValType::F32, ValType::I32]));
    /// ```
    #[must_use]
    pub fn of(types: &[ValType]) -> Signature {
        let of = |ArgParam { slot, ty, place }: ArgParam| (slot, place, ty.slots() == 2);
        let registers = arg_params(types).filter(|param| param.place != ArgPlace::Slot).map(of).collect();
        Signature { slots: types.iter().map(|ty| ty.slots()).sum(), registers }
    }
}

/// Makes the adaptor for a signature: what is entered as [`FuncRec::reg_entry`](upshift_core::vm::FuncRec::reg_entry), at its
/// first byte.
///
/// ```
/// use upshift_opt::adaptor::{Signature, slots_adaptor};
///
/// // Nothing is in a register, so nothing is stored.
/// assert!(slots_adaptor(&Signature::of(&[])).bytes.len() <= 16);
/// ```
///
/// # Panics
/// Never: the code is small, and refers to nothing outside of it.
#[must_use]
pub fn slots_adaptor(signature: &Signature) -> NativeCode {
    x64::slots_adaptor(signature)
}
