//! Which instructions access memory without a check, so that a fault there is a trap: [`Fault`].

use serde::{Deserialize, Serialize};
use upshift_asm::x64::Gpr;

/// An instruction that accesses a memory without a check, in four bytes: whoever handles its fault can tell which address it was.
///
/// ```
/// use upshift_asm::x64::Gpr;
/// use upshift_codegen::Fault;
///
/// let fault = Fault::new(0x123456, 3, Some(Gpr::RCX));
/// assert_eq!((fault.offset(), fault.memory(), fault.address()), (0x123456, 3, Some(Gpr::RCX.number())));
/// assert_eq!(Fault::new(0, 0, None).address(), None);
/// assert_eq!(Fault::new(9, Fault::OBJECT, None).memory(), Fault::OBJECT);
/// let fault = Fault::by_pointer(9, 0, Gpr::RCX);
/// assert_eq!((fault.address(), fault.pointer()), (None, Some(Gpr::RCX.number())));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Fault(u32);

impl Fault {
    /// Bits of the offset, the highest ones; then come those of the register.
    const OFFSET_BITS: u32 = 24;
    const MEMORY_BITS: u32 = 3;
    /// Of the numbers that name a register: 0 is none, then come those that have addresses, and from here on those with pointers.
    const POINTERS: u32 = 17;

    /// Behind the offsets of such instructions: further on in a function's code, all accesses are checked.
    pub const END: u32 = 1 << Fault::OFFSET_BITS;

    /// How many memories of a module such instructions access: those of the others are checked.
    pub const MEMORIES: u32 = (1 << Fault::MEMORY_BITS) - 1;

    /// What stands for a memory where the instruction accesses an object, whose reference may be null.
    pub const OBJECT: u32 = Fault::MEMORIES;

    /// The access to a memory, or to an [object](Self::OBJECT), by the instruction at an offset. A register has the address, to which the instruction adds the offset of
    /// the access; if none has it, the access is always inside the memory.
    ///
    /// # Panics
    /// When there is no room for the offset or the memory.
    #[must_use]
    pub fn new(offset: u32, memory: u32, address: Option<Gpr>) -> Fault {
        assert!(offset < Fault::END && memory <= Fault::OBJECT, "such accesses are checked");
        let register = address.map_or(0, |register| u32::from(register.number()) + 1);
        Fault(offset << (32 - Fault::OFFSET_BITS) | register << Fault::MEMORY_BITS | memory)
    }

    /// The same where a register has the sum of the address and the memory's base.
    ///
    /// # Panics
    /// When there is no room for the offset or the memory, or the register is the last one.
    #[must_use]
    pub fn by_pointer(offset: u32, memory: u32, pointer: Gpr) -> Fault {
        assert!(pointer.number() < 15, "there is no room for its number");
        let register = Fault::POINTERS + u32::from(pointer.number());
        Fault(Fault::new(offset, memory, None).0 | register << Fault::MEMORY_BITS)
    }

    /// Where the instruction is in the code.
    #[must_use]
    pub const fn offset(self) -> u32 {
        self.0 >> (32 - Fault::OFFSET_BITS)
    }

    /// The number of the memory, or what stands for [objects](Self::OBJECT).
    #[must_use]
    pub const fn memory(self) -> u32 {
        self.0 & ((1 << Fault::MEMORY_BITS) - 1)
    }

    /// The number of the register that has the address.
    #[must_use]
    pub const fn address(self) -> Option<u8> {
        match self.register() {
            number @ 1..Fault::POINTERS => Some(number as u8 - 1),
            _ => None,
        }
    }

    /// The number of the register that has the sum of the address and the memory's base.
    #[must_use]
    pub const fn pointer(self) -> Option<u8> {
        match self.register().checked_sub(Fault::POINTERS) {
            Some(number) => Some(number as u8),
            None => None,
        }
    }

    const fn register(self) -> u32 {
        self.0 >> Fault::MEMORY_BITS & 31
    }

    /// The access of the instruction at an offset, in a table in ascending order.
    #[must_use]
    pub fn find(faults: &[Fault], offset: u32) -> Option<Fault> {
        let at = faults.binary_search_by_key(&offset, |fault| fault.offset()).ok()?;
        faults.get(at).copied()
    }
}
