//! The registers of the abstract machine and what a handler returns.
//!
//! Halves and quarters of code words are read in place, so the host has to be little-endian, like the guest.

use upshift_core::Trap;
use upshift_core::value::{Scalar, SlotValue};
use upshift_core::vm::{MemRecord, Status, StoreCtx, VmCtx};

#[cfg(target_endian = "big")]
compile_error!("the interpreter reads little-endian code words and memories in place");

/// The state that goes from handler to handler.
///
/// It fits into the registers in which the platform's C convention passes arguments: six integers and two floats.
#[derive(Clone, Copy, Debug)]
pub struct Regs {
    /// The running instance.
    pub ctx: *mut VmCtx,
    /// The current instruction.
    pub ip: *const u64,
    /// The current frame: the end of its header.
    pub fp: *mut u64,
    /// Base of memory 0.
    pub mem: *mut u8,
    /// Length of memory 0, or less: a memory never shrinks, and the path out of bounds looks again.
    pub len: usize,
    /// Accumulator of integers and references.
    pub int: u64,
    /// Accumulator of `f32`.
    pub f32: f32,
    /// Accumulator of `f64`.
    pub f64: f64,
}

/// How to go on after a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// With the instruction at `ip`.
    Next,
    /// Stop with a trap at `ip`.
    Trap(Trap),
    /// An access to memory 0 reached beyond the known length: look again, then retry or trap.
    Bounds,
    /// The epoch has reached the deadline: ask the runtime.
    Interrupt,
    /// An object of as many bytes as the integer accumulator says found no room: ask the runtime, then retry.
    Collect,
    /// The function in the integer accumulator, which the call at `ip` has found, belongs to another instance or to the host.
    Foreign,
    /// The function of the running frame was entered or repeated a loop so often that better code may be worth its price.
    Hot,
    /// Leave the interpreter.
    Done(Status),
}

/// A value that the accumulators can hold, or that has none.
pub(crate) trait AccValue: SlotValue {
    /// Puts the value into its accumulator.
    fn to_acc(self, r: &mut Regs);
}

/// A scalar that can be taken from its accumulator.
pub(crate) trait FromAcc: AccValue + Scalar {
    /// The value in the accumulator.
    fn from_acc(r: &Regs) -> Self;
}

/// An integer that the fused additions know.
pub(crate) trait Integer: AccValue {
    /// The wrapping sum.
    fn plus(self, addend: i16) -> Self;
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl Integer for $t {
            #[inline(always)]
            fn plus(self, addend: i16) -> $t {
                self.wrapping_add(addend as $t)
            }
        }
        impl AccValue for $t {
            #[inline(always)]
            fn to_acc(self, r: &mut Regs) {
                r.int = self.to_bits();
            }
        }
        impl FromAcc for $t {
            #[inline(always)]
            fn from_acc(r: &Regs) -> $t {
                <$t as Scalar>::from_bits(r.int)
            }
        }
    )*};
}

integers!(i32 u32 i64 u64);

macro_rules! floats {
    ($($t:ident)*) => {$(
        impl AccValue for $t {
            #[inline(always)]
            fn to_acc(self, r: &mut Regs) {
                r.$t = self;
            }
        }
        impl FromAcc for $t {
            #[inline(always)]
            fn from_acc(r: &Regs) -> $t {
                r.$t
            }
        }
    )*};
}

floats!(f32 f64);

impl AccValue for upshift_core::V128 {
    #[inline(always)]
    fn to_acc(self, _: &mut Regs) {}
}

/// Handlers read and write through these. They may, because of I-CODE, which says where an instruction's fields are, and
/// I-FRAME, by which the slots that they name lie in the frame.
impl Regs {
    /// The current instruction's word number `i`.
    ///
    /// # Safety
    /// The instruction has that many words (I-CODE).
    #[inline(always)]
    pub(crate) unsafe fn word(&self, i: usize) -> u64 {
        // SAFETY: promised by the caller.
        unsafe { *self.ip.add(i) }
    }

    /// The number of the opcode.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn opcode(&self) -> u16 {
        // SAFETY: promised by the caller.
        unsafe { *self.ip.cast::<u16>().add(4) }
    }

    /// Field `a` of word 1, signed: a slot or an immediate. Fields are read one by one: what is not in a register need not be
    /// kept in one.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn a(&self) -> isize {
        // SAFETY: promised by the caller.
        isize::from(unsafe { *self.ip.cast::<i16>().add(5) })
    }

    /// Field `b` of word 1, signed.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn b(&self) -> isize {
        // SAFETY: promised by the caller.
        isize::from(unsafe { *self.ip.cast::<i16>().add(6) })
    }

    /// Field `c` of word 1, signed.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn c(&self) -> isize {
        // SAFETY: promised by the caller.
        isize::from(unsafe { *self.ip.cast::<i16>().add(7) })
    }

    /// Field `a` of word 1 as a number.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn number_a(&self) -> usize {
        // SAFETY: promised by the caller.
        usize::from(unsafe { *self.ip.cast::<u16>().add(5) })
    }

    /// Field `b` of word 1 as a number.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn number_b(&self) -> usize {
        // SAFETY: promised by the caller.
        usize::from(unsafe { *self.ip.cast::<u16>().add(6) })
    }

    /// Field `c` of word 1 as a number.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn number_c(&self) -> usize {
        // SAFETY: promised by the caller.
        usize::from(unsafe { *self.ip.cast::<u16>().add(7) })
    }

    /// The slot in the upper half of word 1.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn high_slot(&self) -> isize {
        // SAFETY: promised by the caller.
        unsafe { *self.ip.cast::<i32>().add(3) as isize }
    }

    /// The upper half of word 1 as a number.
    ///
    /// # Safety
    /// `ip` is at an instruction (I-REGS).
    #[inline(always)]
    pub(crate) unsafe fn high(&self) -> usize {
        // SAFETY: promised by the caller.
        unsafe { *self.ip.cast::<u32>().add(3) as usize }
    }

    /// A half of the words behind word 1, from 0 on: what is not wanted of a word need not be kept in a register.
    ///
    /// # Safety
    /// `ip` is at an instruction with so many words (I-CODE).
    #[inline(always)]
    pub(crate) unsafe fn half(&self, i: usize) -> usize {
        // SAFETY: promised by the caller.
        unsafe { *self.ip.cast::<u32>().add(4 + i) as usize }
    }

    /// The address of a slot of the frame, counted from `fp`: parameters have negative numbers.
    #[inline(always)]
    pub(crate) fn slot(&self, slot: isize) -> *mut u64 {
        // I-CODE: slots lie in the frame; I-FRAME: the frame lies in the stack.
        self.fp.wrapping_offset(slot)
    }

    /// Reads a slot.
    ///
    /// # Safety
    /// The slot lies in the frame and holds a value of the type (I-CODE, I-FRAME).
    #[inline(always)]
    pub(crate) unsafe fn read<T: SlotValue>(&self, slot: isize) -> T {
        // SAFETY: promised by the caller.
        unsafe { T::read(self.slot(slot)) }
    }

    /// Writes a slot and the accumulator of the type.
    ///
    /// # Safety
    /// The slot lies in the frame (I-CODE, I-FRAME).
    #[inline(always)]
    pub(crate) unsafe fn write<T: AccValue>(&mut self, slot: isize, value: T) {
        // SAFETY: promised by the caller.
        unsafe { value.write(self.slot(slot)) };
        value.to_acc(self);
    }

    /// The store's context.
    #[inline(always)]
    pub(crate) fn store(&self) -> *mut StoreCtx {
        // SAFETY: I-REGS and I-STORE: `ctx` is a live context, and contexts do not move.
        unsafe { (*self.ctx).store }
    }

    /// Goes on `words` words further.
    #[inline(always)]
    pub(crate) fn next(&mut self, words: usize) -> Flow {
        self.ip = self.ip.wrapping_add(words);
        Flow::Next
    }

    /// Branches relative to the current instruction.
    #[inline(always)]
    pub(crate) fn branch(&mut self, distance: i64) -> Flow {
        self.ip = self.ip.wrapping_offset(distance as isize);
        Flow::Next
    }

    /// Loads base and length of memory 0 into the registers.
    ///
    /// # Safety
    /// `ctx` is a live context.
    #[inline(always)]
    pub(crate) unsafe fn reload_memory(&mut self) {
        // SAFETY: I-STORE: `mem0` of a live context points to a live record.
        let record: &MemRecord = unsafe { &*(*self.ctx).mem0 };
        (self.mem, self.len) = (record.base, record.len());
    }

    /// Puts a result whose type is not known here into all accumulators.
    ///
    /// # Safety
    /// Slot 0 from `at` is readable.
    #[inline(always)]
    pub(crate) unsafe fn result_to_accs(&mut self, at: *const u64) {
        // SAFETY: promised by the caller.
        let bits = unsafe { *at };
        self.int = bits;
        self.f32 = f32::from_bits(bits as u32);
        self.f64 = f64::from_bits(bits);
    }
}
