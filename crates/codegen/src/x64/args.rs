//! Which registers bring the arguments of calls, by the numbers of [`ArgPlace`](upshift_core::vm::registers::ArgPlace).

use upshift_asm::x64::{Gpr, Xmm};
use upshift_core::vm::registers::{FLOAT_ARGS, INT_ARGS};

/// Where the first integers and references among the arguments are, in order.
pub const ARGS: [Gpr; INT_ARGS] = [Gpr::RDI, Gpr::RSI, Gpr::RDX, Gpr::RCX, Gpr::R8, Gpr::R9, Gpr::R10];
/// Where the first floats and vectors among the arguments are, in order.
pub const FLOATS: [Xmm; FLOAT_ARGS] =
    [Xmm::XMM0, Xmm::XMM1, Xmm::XMM2, Xmm::XMM3, Xmm::XMM4, Xmm::XMM5, Xmm::XMM6, Xmm::XMM7];
