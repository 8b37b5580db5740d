//! From SSA to machine instructions with virtual registers.
