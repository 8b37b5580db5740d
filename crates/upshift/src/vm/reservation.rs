//! What a memory of mode guard sets aside, whatever its length: those who make memories, and those who look at faults, agree on it.

/// What an access with a 32-bit address and a 32-bit offset can reach.
pub(crate) const REACH: u64 = 8 << 30;

/// What the widest access takes behind its first byte, rounded up to any page size.
pub(crate) const GUARD: u64 = 64 << 10;
