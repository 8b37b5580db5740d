//! From the error of a call to why the cell has failed.

use std::sync::atomic::Ordering;

use upshift::{Error, FrameInfo, LimitExceeded, OutOfMemory, Trap, WasmBacktrace};
use upshift_cells::session::{Cause, CodePlace};

use crate::imports::{CellFailure, OutputFull};
use crate::limits::Signals;
use crate::world::World;

/// Why a call has failed.
pub(crate) fn cause(error: &Error, signals: &Signals) -> Cause {
    if let Some(CellFailure { failure, instance, position, a, b, message }) = error.downcast_ref() {
        let (failure, instance, position) = (*failure, *instance, *position);
        return Cause::Failed { failure, instance, position, a: *a, b: *b, message: message.clone() };
    }
    if error.is::<OutputFull>() {
        return Cause::Output;
    }
    if error.is::<LimitExceeded>() || error.is::<OutOfMemory>() {
        return Cause::Memory;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Cause::Recursion,
        Some(Trap::GcHeapOutOfMemory) => Cause::Memory,
        Some(Trap::OutOfFuel) => Cause::Fuel,
        Some(Trap::Interrupt) if signals.cancelled.load(Ordering::SeqCst) => Cause::Cancelled,
        Some(Trap::Interrupt) => Cause::Time,
        _ => Cause::Internal(format!("the compiled cell went wrong: {}", error.root_cause())),
    }
}

/// The functions of cells that were active, innermost first.
pub(crate) fn frames(error: &Error, world: &World) -> Vec<CodePlace> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let place = |frame: &FrameInfo| {
        let instance = world.instance_of(frame.module())?;
        let offset = frame.module_offset().and_then(|offset| u32::try_from(offset).ok());
        Some(CodePlace { instance, function: frame.func_index(), offset })
    };
    backtrace.frames().iter().chain(backtrace.outermost_frames()).filter_map(place).collect()
}
