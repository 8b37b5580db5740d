//! Modules that are made to take more memory and time than their size tells: each is loaded within a factor of its bytes, or
//! refused by a limit that the error names.
//!
//! | module | what |
//! |---|---|
//! | [`bombs`] | one module for each way to be expensive |
//! | [`memory`] | how much memory they take: parsed, instantiated, translated |
//! | [`size`] | how much memory well-meant modules take: little more than their bytes |
//! | [`limits`] | each limit at its value and one above, and how far real modules are from the limits |
//! | [`allocator`] | counts the bytes that are allocated |

mod allocator;
mod bombs;
mod limits;
mod memory;
mod size;
