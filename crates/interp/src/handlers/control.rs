//! Branches, returns, traps, fuel and interruption.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use upshift_core::Trap;
use upshift_core::vm::{Status, VmCtx, frame};

use super::call::{header, note_exit, stop};
use super::operand::{Distance, Source, low};
use super::{Exec, exec};
use crate::regs::{AccValue, Flow, Regs};

/// Traps.
pub(crate) struct Unreachable;

impl Exec for Unreachable {
    #[inline(always)]
    unsafe fn exec(_: &mut Regs) -> Flow {
        Flow::Trap(Trap::UnreachableCodeReached)
    }
}

/// A jump.
pub(crate) struct Br<D>(PhantomData<D>);

impl<D: Distance> Exec for Br<D> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe { D::take(r) }
    }
}

/// A jump to one of several targets.
pub(crate) struct BrTable;

impl Exec for BrTable {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the list has one target more than its
        // count, for the default.
        unsafe {
            let index: u32 = r.read(r.a());
            let distance = r.word(2 + (index as usize).min(r.high()));
            r.branch(distance as i64)
        }
    }
}

/// Leaves the running frame for the one below.
#[inline(always)]
fn leave(ip: u64, fp: u64, r: &mut Regs) -> Flow {
    r.ip = ip as *const u64;
    r.fp = fp as *mut u64;
    Flow::Next
}

/// Returns without a result.
pub(crate) struct Return;

impl Exec for Return {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let (ip, fp) = header(r);
            leave(ip, fp, r)
        }
    }
}

/// Returns a scalar, to the slot where the caller wants it.
pub(crate) struct ReturnValue<S, T>(PhantomData<(S, T)>);

impl<T: AccValue, S: Source<T>> Exec for ReturnValue<S, T> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            // The header comes last, so that few registers are in use at once, but before the result, which may lie over it.
            let value = S::get(r);
            let to = r.slot(r.a());
            let (ip, fp) = header(r);
            value.write(to);
            value.to_acc(r);
            leave(ip, fp, r)
        }
    }
}

/// Returns several slots.
pub(crate) struct ReturnSpan;

impl Exec for ReturnSpan {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind; the header is read before the results
        // may overwrite it.
        unsafe {
            let (ip, fp) = header(r);
            let (mut from, mut to) = (r.slot(r.high_slot()), r.slot(r.a()));
            for _ in 0..low(r.word(2)) {
                to.write_volatile(*from);
                (from, to) = (from.add(1), to.add(1));
            }
            leave(ip, fp, r)
        }
    }
}

/// Back to the host.
pub(crate) struct Exit;

impl Exec for Exit {
    #[inline(always)]
    unsafe fn exec(_: &mut Regs) -> Flow {
        Flow::Done(Status::OK)
    }
}

/// Back to the instance that called into this one: `fp` is at its restore record, the results lie behind it.
pub(crate) struct Restore;

impl Exec for Restore {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: only a call into another instance makes frames that return here, and it wrote the record.
        unsafe {
            let record = r.fp;
            let ip = *record.add(frame::RESTORE_IP as usize);
            let fp = *record.add(frame::RESTORE_FP as usize);
            r.ctx = *record.add(frame::RESTORE_CTX as usize) as *mut VmCtx;
            let results = *record.add(frame::RESTORE_RESULTS as usize);
            let (mut from, mut to) = (record.add(frame::RESTORE_SLOTS as usize), record);
            for _ in 0..results {
                to.write_volatile(*from);
                (from, to) = (from.add(1), to.add(1));
            }
            r.reload_memory();
            leave(ip, fp, r)
        }
    }
}

exec! {
    /// Takes fuel for a run of operators, or all that is left and traps.
    Charge |r| {
        let fuel = &mut (*r.store()).fuel;
        match fuel.checked_sub(r.high() as u64) {
            Some(left) => {
                *fuel = left;
                r.next(2)
            }
            None => {
                *fuel = 0;
                Flow::Trap(Trap::OutOfFuel)
            }
        }
    }
    /// Looks at the epoch.
    CheckInterrupt |r| {
        if (*(*r.ctx).epoch).load(Ordering::Relaxed) >= (*r.store()).epoch_deadline {
            return Flow::Interrupt;
        }
        r.next(2)
    }
}

/// Asks the runtime what to do in this epoch: go on behind the check, or stop.
///
/// # Safety
/// As for [`Exec::exec`], at a [`CheckInterrupt`].
pub(crate) unsafe fn interrupt(r: &mut Regs) -> Flow {
    // SAFETY: the context of running code lives; the check says where the frame's free slots begin.
    unsafe {
        note_exit(r, r.slot(r.high_slot()));
        let status = ((*(*r.ctx).builtins).interrupt)(r.ctx);
        if status != Status::OK {
            return stop(status);
        }
        r.reload_memory();
        r.next(2)
    }
}
