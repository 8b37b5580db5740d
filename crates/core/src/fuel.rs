//! What fuel pays for: units that the walker, the services of the runtime and host functions agree on.
//!
//! One unit pays for one operator, never for more than about a microsecond of work. Operations on many bytes cost one unit
//! per [`BYTES_PER_UNIT`].

/// How many bytes are moved, set or allocated for a unit of fuel.
pub const BYTES_PER_UNIT: u64 = 64;

/// How many slots are set or carried for a unit of fuel.
pub const SLOTS_PER_UNIT: u64 = 64;

/// After how many bytes that are moved, set or allocated the epoch is looked at.
pub const BYTES_PER_LOOK: u64 = 1 << 20;

/// How many blocks and clauses that catch exceptions there are around a place where one passes, for a unit of fuel.
pub const CLAUSES_PER_UNIT: u64 = 64;

/// As how many clauses a frame counts in which a handler is looked for.
pub const CLAUSES_PER_FRAME: u64 = 8;

/// How many slots of arguments and results a host function gets and leaves for a unit of fuel.
pub const HOST_SLOTS_PER_UNIT: u64 = 8;
