//! The way into wasm code, for all calls of the host.
//!
//! ```text
//! arguments ─▶ value stack, above all live frames ─▶ interpreter ─┬─▶ results, read from where the arguments were
//!                                                                 ├─▶ trap ─▶ Error(Trap) with a backtrace
//!                                                                 └─▶ host ─▶ the waiting error, or the panic goes on
//! ```

use std::panic::resume_unwind;
use std::ptr::NonNull;

use anyhow::{Error, Result};
use upshift_core::Trap;
use upshift_core::vm::{FuncRec, Status, frame};

use crate::backtrace::WasmBacktrace;
use crate::store::{Pending, StoreState};
use crate::trap_detail::describe;
use crate::vm::code::{CodeKind, NativeKind, is_native, kind_of};
use crate::vm::native_stack;
use crate::vm::signals;
use crate::vm::tier::Tier;

/// Calls a function: `write` puts the arguments at the given slots, `read` takes the results from there. `slots` is the
/// larger of both sizes.
///
/// # Safety
/// `store` must be the root address of a live store that nobody uses during the call and to which no reference is alive
/// that is used later, `func` one of its functions, and `write` must write arguments of the function's type.
#[inline]
pub(crate) unsafe fn invoke<R>(
    store: NonNull<StoreState>,
    func: NonNull<FuncRec>,
    slots: u32,
    write: impl FnOnce(*mut u64),
    read: impl FnOnce(*const u64) -> R,
) -> Result<R> {
    let ctx = StoreState::ctx_of(store);
    // SAFETY: the store is alive and ours; no reference to it lives on into `enter`.
    unsafe {
        let (outer_limit, outer_thread) = ((*ctx).native_limit, (*store.as_ptr()).native_thread);
        let (args, dispatch) = prepare(&mut *store.as_ptr(), slots)?;
        write(args);
        note_tier(&mut *store.as_ptr(), func.as_ref(), outer_limit == 0);
        let status = upshift_interp::enter(dispatch, ctx, func.as_ptr(), args);
        (*ctx).stack_top = args;
        (*ctx).native_limit = outer_limit;
        (*store.as_ptr()).native_thread = outer_thread;
        if status == Status::OK { Ok(read(args)) } else { Err(failure(&mut *store.as_ptr(), status)) }
    }
}

/// Notes that a function is about to be entered; `outermost` if nothing is being executed, so that this begins a call of
/// the host.
#[inline]
fn note_tier(store: &mut StoreState, func: &FuncRec, outermost: bool) {
    if outermost {
        store.ctx_mut().entered = Default::default();
        // A program without native code leaves the thread as it is; one that gets some during the call prepares it then.
        if signals::is_installed() && store.tier.has_native_code() {
            signals::prepare_thread();
        }
    }
    // Native code notes itself, and who finds code at a first call notes what that is.
    let code = func.code.get();
    let of_host = func.vmctx == store.host_ctx.as_ptr();
    if !of_host && code != upshift_interp::stubs::translate() && !is_native(code.addr()) {
        store.enter_tier(Tier::Interpreter);
    }
}

/// The tier whose code a call of a function enters.
pub(crate) fn tier_of(store: &StoreState, func: &FuncRec) -> Option<Tier> {
    if func.vmctx == store.host_ctx.as_ptr() {
        return None;
    }
    let code = func.code.get();
    // SAFETY: the store has the function, and so its code.
    Some(match unsafe { kind_of(code.addr()) } {
        CodeKind::Native(NativeKind::Optimized) => Tier::Optimizing,
        CodeKind::Native(_) => Tier::Baseline,
        _ if code == upshift_interp::stubs::translate() => store.tier.first_tier(),
        _ => Tier::Interpreter,
    })
}

/// Where the arguments go, when both stacks have room.
fn prepare(store: &mut StoreState, slots: u32) -> Result<(*mut u64, upshift_interp::Dispatch)> {
    let limit = store.prepare_stack()?;
    if let Some(stack) = &mut store.stack {
        stack.touch();
    }
    let here = native_stack::stack_address();
    let thread = native_stack::thread_token();
    let (args, known) = (store.ctx().stack_top, store.ctx().native_limit);
    let room = limit.addr().saturating_sub(args.addr()) / size_of::<u64>();
    if room < (slots + frame::HEADER_SLOTS) as usize {
        return Err(Trap::StackOverflow.into());
    }
    // A host function may call back from another thread, whose stack is elsewhere.
    let limit = if known == 0 || store.native_thread != thread {
        native_stack::limit(here, store.engine.config().max_native_stack)
    } else {
        known
    };
    if here < limit {
        return Err(Trap::StackOverflow.into());
    }
    // It is not 0, which would mean that there is none.
    (store.ctx_mut().native_limit, store.native_thread) = (limit, thread);
    Ok((args, store.engine.dispatch()))
}

/// The error for a call that did not return; a host function's panic continues here.
#[cold]
fn failure(store: &mut StoreState, status: Status) -> Error {
    let error = match (status.as_trap(), store.pending.take()) {
        (Some(trap), _) => match describe(store, trap) {
            Some(detail) => Error::new(trap).context(detail),
            None => Error::new(trap),
        },
        (None, Some(Pending::Error(error))) => error,
        (None, Some(Pending::Panic(payload))) => resume_unwind(payload),
        (None, None) => unreachable!("the interpreter stops for the host only when the host has a reason"),
    };
    if error.downcast_ref::<WasmBacktrace>().is_some() {
        return error;
    }
    let backtrace = WasmBacktrace::of_stop(store);
    if backtrace.frames().is_empty() { error } else { error.context(backtrace) }
}
