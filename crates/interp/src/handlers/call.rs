//! Calls: within an instance, into others, to the host, to the runtime's services.
//!
//! A callee's frame begins at its arguments, which are the caller's topmost operands, so a call within an instance writes the
//! header and goes on. A call into another instance leaves a restore record below the arguments, which brings back the
//! caller's context; a tail call out of an instance makes such a record only if the caller did not already come through one.
//!
//! What is thrown is caught by the runtime, which knows frames and handlers; here control only goes on where it says.

use std::marker::PhantomData;

use upshift_core::cast;
use upshift_core::vm::{Builtin as Service, BuiltinOp, ExitPoint, FuncRec, Status, TableRecord, frame};
use upshift_core::{Trap, TypeId};
use upshift_ir::Op;

use super::operand::{high, low};
use super::{Exec, exec};
use crate::regs::{Flow, Regs};
use crate::stubs;

/// Goes on at the start of a function's code. Its header is written; the accumulator tells the runtime's stubs which
/// function they stand for.
///
/// # Safety
/// `func` is live, `r.fp` is at its arguments.
#[inline(always)]
unsafe fn start(r: &mut Regs, func: *const FuncRec) -> Flow {
    // SAFETY: promised by the caller; `code` points to a preamble and instructions.
    unsafe {
        if !fits(r, func, r.fp) {
            return Flow::Trap(Trap::StackOverflow);
        }
        r.int = func as u64;
        r.ip = (*func).code.add(1);
        Flow::Next
    }
}

/// Calls a function of the running instance with arguments at `base`; the next instruction is `words` words away.
///
/// # Safety
/// As for [`Exec::exec`]; `func` is live.
#[inline(always)]
unsafe fn call(r: &mut Regs, func: *const FuncRec, params: usize, base: *mut u64, words: usize) -> Flow {
    // SAFETY: the stack has room for a header behind any frame.
    unsafe {
        // The arguments lie in the caller's frame, so the difference is not negative.
        let room = (*r.store()).stack_limit as usize - base as usize;
        let code = (*func).code;
        if *code as usize > room {
            return Flow::Trap(Trap::StackOverflow);
        }
        let header = base.add(params);
        *header.add(frame::RETURN_IP as usize) = r.ip.add(words) as u64;
        *header.add(frame::CALLER_FP as usize) = r.fp as u64;
        *header.add(frame::FUNC as usize) = func as u64;
        r.int = func as u64;
        r.fp = base;
        r.ip = code.add(1);
        Flow::Next
    }
}

/// Replaces the running function, which has `own_params` parameter slots, by another of the same instance.
///
/// # Safety
/// As for [`Exec::exec`]; `func` is live.
#[inline(always)]
unsafe fn tail_call(
    r: &mut Regs,
    func: *const FuncRec,
    params: usize,
    base: *mut u64,
    own_params: usize,
) -> Flow {
    // SAFETY: the header is read before arguments may overwrite it; arguments move down.
    unsafe {
        if !fits(r, func, r.fp) {
            return Flow::Trap(Trap::StackOverflow);
        }
        let old = r.slot(own_params);
        let (ip, fp) = (*old.add(frame::RETURN_IP as usize), *old.add(frame::CALLER_FP as usize));
        move_down(base, r.fp, params);
        write_header(r.slot(params), ip, fp, func);
        start(r, func)
    }
}

#[inline(always)]
unsafe fn write_header(header: *mut u64, ip: u64, fp: u64, func: *const FuncRec) {
    // SAFETY: the caller points to a header.
    unsafe {
        *header.add(frame::RETURN_IP as usize) = ip;
        *header.add(frame::CALLER_FP as usize) = fp;
        *header.add(frame::FUNC as usize) = func as u64;
    }
}

/// Copies slots downwards. A loop, because a call would need a frame.
#[inline(always)]
unsafe fn move_down(mut from: *const u64, mut to: *mut u64, slots: usize) {
    // SAFETY: the caller points to that many slots.
    unsafe {
        for _ in 0..slots {
            to.write_volatile(*from);
            (from, to) = (from.add(1), to.add(1));
        }
    }
}

/// Copies slots upwards.
#[inline(always)]
unsafe fn move_up(from: *const u64, to: *mut u64, slots: usize) {
    // SAFETY: the caller points to that many slots.
    unsafe {
        for slot in (0..slots).rev() {
            to.add(slot).write_volatile(*from.add(slot));
        }
    }
}

/// Whether the frame of a function can begin at `base`. A trap belongs to the caller, so tail calls ask before they take
/// its frame apart.
#[inline(always)]
unsafe fn fits(r: &Regs, func: *const FuncRec, base: *const u64) -> bool {
    // SAFETY: `func` is live; `code` points to a preamble, which is the frame's size in bytes.
    unsafe { base as usize + *(*func).code as usize <= (*r.store()).stack_limit as usize }
}

/// Enters another instance: the running context changes, and memory 0 with it. Host functions learn from the exit whose
/// context it was.
#[inline(always)]
unsafe fn switch(r: &mut Regs, func: *const FuncRec) -> Flow {
    // SAFETY: `func` is live, its context too; the store is the same.
    unsafe {
        let flow = start(r, func);
        if flow == Flow::Next {
            (*r.store()).exit.ctx = r.ctx;
            r.ctx = (*func).vmctx;
            r.reload_memory();
        }
        flow
    }
}

/// Calls a function of any instance or the host.
#[inline(always)]
unsafe fn call_any(r: &mut Regs, func: *const FuncRec, params: usize, base: *mut u64, words: usize) -> Flow {
    // SAFETY: as for `call`; the stack has room for a restore record, the most parameters and a header behind any frame.
    unsafe {
        if (*func).vmctx == r.ctx {
            return call(r, func, params, base, words);
        }
        let callee = base.add(frame::RESTORE_SLOTS as usize);
        move_up(base, callee, params);
        let caller = r.fp;
        *base.add(frame::RESTORE_IP as usize) = r.ip.add(words) as u64;
        *base.add(frame::RESTORE_FP as usize) = caller as u64;
        *base.add(frame::RESTORE_CTX as usize) = r.ctx as u64;
        *base.add(frame::RESTORE_RESULTS as usize) = u64::from((*func).result_slots);
        write_header(callee.add(params), stubs::restore() as u64, base as u64, func);
        r.fp = callee;
        let flow = switch(r, func);
        if flow != Flow::Next {
            // The trap belongs to the caller's frame.
            r.fp = caller;
        }
        flow
    }
}

/// Replaces the running function by one of any instance or the host.
#[inline(always)]
unsafe fn tail_call_any(
    r: &mut Regs,
    func: *const FuncRec,
    params: usize,
    base: *mut u64,
    own_params: usize,
) -> Flow {
    // SAFETY: as for `tail_call` and `call_any`.
    unsafe {
        if (*func).vmctx == r.ctx {
            return tail_call(r, func, params, base, own_params);
        }
        if !fits(r, func, r.slot(frame::RESTORE_SLOTS as usize)) {
            return Flow::Trap(Trap::StackOverflow);
        }
        let old = r.slot(own_params);
        let (ip, fp) = (*old.add(frame::RETURN_IP as usize), *old.add(frame::CALLER_FP as usize));
        if ip == stubs::restore() as u64 {
            move_down(base, r.fp, params);
            write_header(r.slot(params), ip, fp, func);
            return switch(r, func);
        }
        let record = r.fp;
        let callee = record.add(frame::RESTORE_SLOTS as usize);
        // Arguments lie behind the old header, so far up that the record fits below them; they may move either way.
        if (base as usize) < callee as usize {
            move_up(base, callee, params);
        } else {
            move_down(base, callee, params);
        }
        *record.add(frame::RESTORE_IP as usize) = ip;
        *record.add(frame::RESTORE_FP as usize) = fp;
        *record.add(frame::RESTORE_CTX as usize) = r.ctx as u64;
        *record.add(frame::RESTORE_RESULTS as usize) = u64::from((*func).result_slots);
        write_header(callee.add(params), stubs::restore() as u64, record as u64, func);
        r.fp = callee;
        switch(r, func)
    }
}

/// The function at an index of a table, if it is there and of the type.
#[inline(always)]
unsafe fn table_function<E: Expected>(r: &Regs) -> Result<*const FuncRec, Trap> {
    // SAFETY: the state is that of verified code; table records live as long as the store, and tables of functions hold
    // function references.
    unsafe {
        let (more, ty) = (r.word(2), r.word(3));
        let index: u64 = r.read(low(more));
        let TableRecord { base, len } = &**(*r.ctx).tables.add(high(more));
        if index >= *len as u64 {
            return Err(Trap::TableOutOfBounds);
        }
        let func = *base.add(index as usize) as *const FuncRec;
        if func.is_null() {
            return Err(Trap::IndirectCallToNull);
        }
        if (*func).ty.0 != ty as u32 && !E::matches(r, (*func).ty, ty) {
            return Err(Trap::BadSignature);
        }
        Ok(func)
    }
}

#[inline(always)]
unsafe fn own_func(r: &Regs, offset: usize) -> *const FuncRec {
    // SAFETY: the builder took the offset from the layout of the instance's context.
    unsafe { r.ctx.cast::<FuncRec>().byte_add(offset) }
}

#[inline(always)]
unsafe fn imported_func(r: &Regs, import: usize) -> *const FuncRec {
    // SAFETY: the builder took the number of an import of the module.
    unsafe { *(*r.ctx).imported_funcs.add(import) }
}

/// The value of a `Result`, or the instruction ends with its trap.
macro_rules! check {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(trap) => return Flow::Trap(trap),
        }
    };
}

exec! {
    /// Calls an own function.
    Call |r| {
        let func = own_func(r, low(r.word(2)));
        call(r, func, r.a(), r.slot(r.high()), const { Op::Call.words() })
    }
    /// Calls an imported function.
    CallImport |r| {
        let func = imported_func(r, low(r.word(2)));
        call_any(r, func, r.a(), r.slot(r.high()), const { Op::CallImport.words() })
    }
    /// Calls a function by reference.
    CallRef |r| {
        let func = *r.slot(low(r.word(2))) as *const FuncRec;
        if func.is_null() {
            return Flow::Trap(Trap::NullReference);
        }
        call_any(r, func, r.a(), r.slot(r.high()), const { Op::CallRef.words() })
    }
    /// Tail calls an own function.
    ReturnCall |r| {
        let func = own_func(r, low(r.word(2)));
        tail_call(r, func, r.a(), r.slot(r.high()), low(r.word(3)))
    }
    /// Tail calls an imported function.
    ReturnCallImport |r| {
        let func = imported_func(r, low(r.word(2)));
        tail_call_any(r, func, r.a(), r.slot(r.high()), high(r.word(2)))
    }
    /// Tail calls a function by reference.
    ReturnCallRef |r| {
        let func = *r.slot(low(r.word(2))) as *const FuncRec;
        if func.is_null() {
            return Flow::Trap(Trap::NullReference);
        }
        tail_call_any(r, func, r.a(), r.slot(r.high()), high(r.word(2)))
    }
    /// Throws an exception.
    Throw |r| {
        let payload = r.slot(r.high());
        note_exit(r, payload);
        let status = ((*(*r.store()).builtins).throw)(r.ctx, payload, low(r.word(2)) as u32);
        land(r, status)
    }
    /// Throws the exception of a reference.
    ThrowRef |r| {
        let slot = r.slot(r.high());
        note_exit(r, slot.add(1));
        let status = ((*(*r.store()).builtins).throw_ref)(r.ctx, *slot);
        land(r, status)
    }
    /// A service of the runtime.
    Builtin |r| {
        let args = r.slot(r.high());
        let more = r.word(2);
        let service = service(r, r.a());
        note_exit(r, args);
        let status = service(r.ctx, args, more as u32, (more >> 32) as u32);
        if status != Status::OK {
            return stop(status);
        }
        r.reload_memory();
        r.next(3)
    }
    /// Stands for a function that has no code yet.
    Translate |r| {
        let func = r.int as *mut FuncRec;
        let status = ((*(*r.store()).builtins).translate)(func);
        if status != Status::OK {
            return stop(status);
        }
        let flow = start(r, func);
        if flow != Flow::Next {
            // The trap is reported with the header, because the stub stands for functions of any type.
            r.fp = r.slot((*func).param_slots as usize);
        }
        flow
    }
    /// The code of host functions.
    HostCall |r| {
        let func = r.int as *const FuncRec;
        let (params, results) = ((*func).param_slots as usize, (*func).result_slots as usize);
        let header = r.slot(params);
        let (ip, fp) = (*header.add(frame::RETURN_IP as usize), *header.add(frame::CALLER_FP as usize));
        let top = r.slot((params + frame::HEADER_SLOTS as usize).max(results));
        let store = r.store();
        // Whoever switched to the host's context has left its own, which is what the host function sees.
        let ctx = (*store).exit.ctx;
        (*store).exit = ExitPoint { ip: r.ip, fp: header, ctx };
        (*store).stack_top = top;
        let status = ((*(*store).builtins).host_call)(func, r.fp);
        if status != Status::OK {
            return land(r, status);
        }
        r.result_to_accs(r.fp);
        r.ip = ip as *const u64;
        r.fp = fp as *mut u64;
        Flow::Next
    }
}

/// The type that an indirect call expects.
pub(crate) trait Expected {
    /// The parameter slots of the caller, from a tail call's fields.
    ///
    /// # Safety
    /// The instruction is a tail call.
    unsafe fn own_params(r: &Regs) -> usize;

    /// Whether a function's type, which is another one, will do; `word` holds the expected one.
    ///
    /// # Safety
    /// As for [`Exec::exec`].
    unsafe fn matches(r: &Regs, ty: TypeId, word: u64) -> bool;
}

/// A type without subtypes.
pub(crate) struct Final;

impl Expected for Final {
    #[inline(always)]
    unsafe fn own_params(r: &Regs) -> usize {
        // SAFETY: a tail call with such a type has the field.
        unsafe { high(r.word(3)) }
    }

    #[inline(always)]
    unsafe fn matches(_: &Regs, _: TypeId, _: u64) -> bool {
        false
    }
}

/// A type that may have subtypes.
pub(crate) struct Open;

impl Expected for Open {
    #[inline(always)]
    unsafe fn own_params(r: &Regs) -> usize {
        // SAFETY: a tail call with such a type has the field.
        unsafe { low(r.word(4)) }
    }

    #[inline(always)]
    unsafe fn matches(r: &Regs, ty: TypeId, word: u64) -> bool {
        // SAFETY: the context lives.
        unsafe { cast::is_subtype(r.ctx, ty, TypeId(low(word) as u32), high(word) as u32) }
    }
}

/// Calls a function of a table.
pub(crate) struct CallIndirect<E>(PhantomData<E>);

impl<E: Expected> Exec for CallIndirect<E> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: the state is that of verified code at an instruction of this kind.
        unsafe {
            let func = check!(table_function::<E>(r));
            call_any(r, func, r.a(), r.slot(r.high()), const { Op::CallIndirect.words() })
        }
    }
}

/// Tail calls a function of a table.
pub(crate) struct ReturnCallIndirect<E>(PhantomData<E>);

impl<E: Expected> Exec for ReturnCallIndirect<E> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: as in `CallIndirect`.
        unsafe {
            let func = check!(table_function::<E>(r));
            tail_call_any(r, func, r.a(), r.slot(r.high()), E::own_params(r))
        }
    }
}

/// The function that does a service.
#[inline(always)]
unsafe fn service(r: &Regs, number: usize) -> Service {
    // SAFETY: the verifier has checked the number.
    unsafe { (*(*r.store()).builtins).get(BuiltinOp::ALL[number]) }
}

/// Notes where the code was left, for the runtime.
#[inline(always)]
pub(super) unsafe fn note_exit(r: &Regs, top: *mut u64) {
    // SAFETY: the store's context lives.
    unsafe {
        let store = r.store();
        (*store).exit = ExitPoint { ip: r.ip, fp: r.fp, ctx: r.ctx };
        (*store).stack_top = top;
    }
}

/// Goes on where an exception was caught, or stops.
///
/// # Safety
/// The store's context lives, and with [`Status::CAUGHT`] its landing is a place in verified code, in a live frame.
#[inline(always)]
unsafe fn land(r: &mut Regs, status: Status) -> Flow {
    if status != Status::CAUGHT {
        return stop(status);
    }
    // SAFETY: promised by the caller. The landing is a label, where no accumulator is in use.
    unsafe {
        let ExitPoint { ip, fp, ctx } = (*r.store()).landing;
        (r.ip, r.fp, r.ctx) = (ip, fp, ctx);
        r.reload_memory();
        Flow::Next
    }
}

/// What a status of the runtime means here.
#[inline(always)]
pub(super) fn stop(status: Status) -> Flow {
    match status.as_trap() {
        Some(trap) => Flow::Trap(trap),
        None => Flow::Done(status),
    }
}
