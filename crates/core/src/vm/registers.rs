//! Which register each parameter of a call comes in, where arguments are passed in registers, and what those are saved as.
//!
//! ```text
//! types of parameters ─ places ─▶ slot, register or none ─▶ callers, callees, the stubs between both
//! registers, stored by a stub ─▶ ArgRegisters ─ spread ─▶ slots of parameters
//! ```
//!
//! Every parameter has its slot in the callee's frame, whether a register brings it or not. The numbers of registers are those of
//! all architectures; which register has which number is up to each.

use crate::types::ValType;

/// How many registers bring integers and references.
pub const INT_ARGS: usize = 7;

/// How many registers bring floats and vectors.
pub const FLOAT_ARGS: usize = 8;

/// Where the value of a parameter comes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArgPlace {
    /// In the integer register of this number. An `i32` and a reference to an object are zero-extended.
    Int(u8),
    /// In the float register of this number. Behind an `f32` there are 32 bits of zero.
    Float(u8),
    /// In its slot, or both of them.
    Slot,
}

/// A parameter of a call with arguments in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArgParam {
    /// The first slot of the parameter, counted from that of the first parameter.
    pub slot: u32,
    /// Its type.
    pub ty: ValType,
    /// Where its value comes.
    pub place: ArgPlace,
}

/// The parameters of a function and where their values come, in order: the first integers and references, and the first floats
/// and vectors, in registers.
///
/// ```
/// use upshift_core::ValType;
/// use upshift_core::vm::registers::{ArgPlace, arg_params};
///
/// let params = arg_params(&[ValType::I32, ValType::V128, ValType::F64, ValType::I64]);
/// let places: Vec<_> = params.map(|param| (param.slot, param.place)).collect();
/// let expected = [ArgPlace::Int(0), ArgPlace::Float(0), ArgPlace::Float(1), ArgPlace::Int(1)];
/// assert_eq!(places, [0, 1, 3, 4].into_iter().zip(expected).collect::<Vec<_>>());
/// assert!(arg_params(&[ValType::I32; 8]).last().is_some_and(|last| last.place == ArgPlace::Slot));
/// ```
#[inline]
pub fn arg_params(types: &[ValType]) -> impl Iterator<Item = ArgParam> + '_ {
    let (mut slot, mut ints, mut floats) = (0, 0, 0);
    types.iter().map(move |&ty| {
        let float = matches!(ty, ValType::F32 | ValType::F64 | ValType::V128);
        let (next, most) = if float { (&mut floats, FLOAT_ARGS) } else { (&mut ints, INT_ARGS) };
        let number = *next;
        let place = match float {
            _ if number == most => ArgPlace::Slot,
            true => ArgPlace::Float(number as u8),
            false => ArgPlace::Int(number as u8),
        };
        if number < most {
            *next += 1;
        }
        let param = ArgParam { slot, ty, place };
        slot += ty.slots();
        param
    })
}

/// The registers that bring arguments, as a stub stores them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(16))]
pub struct ArgRegisters {
    /// Those of floats and vectors, by number, the low half first.
    pub floats: [[u64; 2]; FLOAT_ARGS],
    /// Those of integers and references, by number.
    pub ints: [u64; INT_ARGS],
    /// What the stub itself keeps meanwhile.
    pub kept: u64,
}

impl ArgRegisters {
    /// Writes what the registers bring into the slots of parameters of these types, the first of which is at `params`.
    ///
    /// # Safety
    /// The slots are those of the frame of a function with such parameters.
    pub unsafe fn spread(&self, types: &[ValType], params: *mut u64) {
        for ArgParam { slot, ty, place } in arg_params(types) {
            let values = match place {
                ArgPlace::Int(number) => [self.ints[usize::from(number)], 0],
                ArgPlace::Float(number) => self.floats[usize::from(number)],
                ArgPlace::Slot => continue,
            };
            for (n, value) in values.into_iter().take(ty.slots() as usize).enumerate() {
                // SAFETY: the caller's promise.
                unsafe { params.add(slot as usize + n).write(value) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ArgPlace, ArgRegisters, FLOAT_ARGS, INT_ARGS, arg_params};
    use crate::types::ValType;

    fn registers() -> ArgRegisters {
        ArgRegisters {
            floats: std::array::from_fn(|n| [100 + n as u64, 200 + n as u64]),
            ints: std::array::from_fn(|n| n as u64),
            kept: 0,
        }
    }

    #[test]
    fn registers_run_out_class_by_class() {
        let mut types = vec![ValType::I64; INT_ARGS + 1];
        types.extend([ValType::F64; FLOAT_ARGS + 2]);
        let places: Vec<_> = arg_params(&types).map(|param| param.place).collect();
        let expected = (0..INT_ARGS as u8).map(ArgPlace::Int).chain([ArgPlace::Slot]);
        let expected = expected.chain((0..FLOAT_ARGS as u8).map(ArgPlace::Float)).chain([ArgPlace::Slot; 2]);
        assert_eq!(places, expected.collect::<Vec<_>>());
    }

    #[test]
    fn only_what_registers_bring_is_written() {
        let mut types = vec![ValType::F32, ValType::I32, ValType::V128];
        types.extend([ValType::I64; INT_ARGS]);
        types.push(ValType::F64);
        const UNTOUCHED: u64 = u64::MAX;
        let mut slots = vec![UNTOUCHED; 4 + INT_ARGS + 1];
        // SAFETY: there are as many slots as the parameters have.
        unsafe { registers().spread(&types, slots.as_mut_ptr()) };
        let mut expected = vec![100, 0, 101, 201];
        expected.extend(1..INT_ARGS as u64);
        expected.extend([UNTOUCHED, 102]);
        assert_eq!(slots, expected);
    }
}
