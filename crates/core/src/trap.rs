//! Every reason for which a program can trap, declared once.
//!
//! The table gives each trap its name, its text and whether the WebAssembly specification knows it. Code passes a trap
//! by its number (`Trap as u8`), so the order is part of the ABI between generated code and the runtime.

use std::fmt;

macro_rules! traps {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// Why a program was stopped (wasm spec, "Execution / Runtime Structure / Results").
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Trap {
            $($(#[$doc])* $name,)*
        }

        impl Trap {
            /// All traps, in the order of their numbers.
            #[doc(hidden)]
            pub const ALL: &'static [Trap] = &[$(Trap::$name,)*];

            /// The text without the prefix that `Display` puts before it.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self {
                    $(Trap::$name => $text,)*
                }
            }
        }
    };
}

traps! {
    /// The `unreachable` instruction was executed.
    UnreachableCodeReached "unreachable instruction executed";
    /// A load, a store or a bulk operation reached outside of its memory.
    MemoryOutOfBounds "out of bounds memory access";
    /// A table operation or an indirect call reached outside of its table.
    TableOutOfBounds "out of bounds table access";
    /// `call_indirect` found a null reference.
    IndirectCallToNull "uninitialized element";
    /// `call_indirect` found a function of another type.
    BadSignature "indirect call type mismatch";
    /// A null reference was used where an object is needed.
    NullReference "null reference";
    /// Signed division overflowed, or a float was too large for its integer.
    IntegerOverflow "integer overflow";
    /// Integer division or remainder by zero.
    IntegerDivisionByZero "integer divide by zero";
    /// A NaN was converted to an integer.
    BadConversionToInteger "invalid conversion to integer";
    /// Calls were nested deeper than the stack allows.
    StackOverflow "call stack exhausted";
    /// The program was interrupted from outside.
    Interrupt "interrupted";
    /// The fuel that the embedder gave is used up.
    OutOfFuel "all fuel consumed";
    /// An atomic access at an address that is no multiple of its size.
    HeapMisaligned "unaligned atomic";
    /// A wait at a memory that is not shared: nobody could end it.
    AtomicWaitNonSharedMemory "expected shared memory";
    /// An access outside of an array, or outside of the segment that it is initialised from.
    ArrayOutOfBounds "out of bounds array access";
    /// A reference is not of the type that it is cast to.
    CastFailure "cast failure";
    /// The objects that a program refers to, and the one that it wants, need more than the heap may have.
    GcHeapOutOfMemory "out of memory: the garbage-collected heap is full";
}

impl Trap {
    /// The trap with the given number, if there is one.
    #[doc(hidden)]
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Trap> {
        Trap::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm trap: {}", self.message())
    }
}

impl std::error::Error for Trap {}

#[cfg(test)]
mod tests {
    use super::Trap;

    #[test]
    fn numbers_round_trip() {
        for &trap in Trap::ALL {
            assert_eq!(Trap::from_u8(trap as u8), Some(trap));
        }
        assert_eq!(Trap::from_u8(Trap::ALL.len() as u8), None);
    }
}
