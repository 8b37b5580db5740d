//! Calls: within an instance, into others, to the host, to the runtime's services.
//!
//! A callee's frame begins with its arguments, which are the caller's topmost operands, so a call within an instance writes the
//! header above them and continues. A call into another instance leaves a restore record below the arguments, which restores
//! the caller's context; a tail call out of an instance makes such a record only if the caller was not itself called through
//! one.
//!
//! The runtime, which knows frames and exception handlers, catches exceptions; here control only continues where it says.

use std::marker::PhantomData;

use upshift_core::cast;
use upshift_core::vm::{
    Builtin as Service, BuiltinOp, CallTarget, ExitPoint, FuncRec, HostRec, Landing, Status, TableRecord,
    VmCtx, frame,
};
use upshift_core::{Trap, TypeId};
use upshift_ir::Op;

use super::operand::{high, low, low_slot};
use super::{Exec, counter, exec};
use crate::frame::caller_of;
use crate::regs::{Flow, Regs};
use crate::stubs;

/// Goes on at the start of the code of a function whose frame is at `fp`. Its header is written; the accumulator tells the
/// runtime's stubs which function they stand for.
///
/// # Safety
/// `func` is live, `r.fp` is its frame.
#[inline(always)]
unsafe fn start(r: &mut Regs, func: *const FuncRec) -> Flow {
    // SAFETY: promised by the caller; I-CODE: `code` points to a preamble and instructions.
    unsafe {
        if !fits(r, func, r.fp) {
            return Flow::Trap(Trap::StackOverflow);
        }
        r.int = func as u64;
        r.ip = (*func).code.get().add(1);
        Flow::Next
    }
}

/// Goes on in a function of the running instance that native code has called: its record is in the accumulator, its frame at `fp`
/// with the header written. If it has no room there, that is noted as the caller's.
///
/// # Safety
/// As promised, but for `ip` and memory 0 in `r`, which are not given.
#[cfg(native)]
#[inline(always)]
pub(crate) unsafe fn arrive(r: &mut Regs) -> Flow {
    // SAFETY: promised by the caller.
    unsafe {
        let func = r.int as *const FuncRec;
        match start(r, func) {
            Flow::Trap(trap) => {
                (*r.store()).exit = caller_of(r.fp, r.ctx);
                Flow::Done(Status::trap(trap))
            }
            _ => {
                r.reload_memory();
                counter::count(func)
            }
        }
    }
}

/// Calls a function of the running instance, whose frame will be at `callee`, behind its arguments and the header; the next
/// instruction is `words` words away.
///
/// # Safety
/// As for [`Exec::exec`]; `func` is live.
#[inline(always)]
unsafe fn call(r: &mut Regs, func: *const FuncRec, callee: *mut u64, words: usize) -> Flow {
    // SAFETY: I-RESERVE: there is room for a header above any frame; I-STORE: the record and its code live.
    unsafe {
        // Signed, because the frame may begin behind the limit already. The difference comes first: a sum would keep one
        // register more in use, which the handler does not have.
        let room = (*r.ctx).stack_limit as isize - callee as isize;
        let code = (*func).code.get();
        if *code as isize > room {
            return Flow::Trap(Trap::StackOverflow);
        }
        write_header(callee, r.ip.add(words) as u64, r.fp as u64, func);
        r.int = func as u64;
        r.fp = callee;
        r.ip = code.add(1);
        counter::count(func)
    }
}

/// The first of so many parameters of a frame.
#[inline(always)]
fn first_param(fp: *mut u64, params: usize) -> *mut u64 {
    fp.wrapping_sub(frame::HEADER_SLOTS as usize).wrapping_sub(params)
}

/// The frame of a function with so many parameters, the first of which is given.
#[inline(always)]
fn frame_behind(first: *mut u64, params: usize) -> *mut u64 {
    first.wrapping_add(params).wrapping_add(frame::HEADER_SLOTS as usize)
}

/// Replaces the running function, which has `own_params` parameter slots, by another of the same instance, whose frame would be
/// at `callee` if it was called.
///
/// # Safety
/// As for [`Exec::exec`]; `func` is live.
#[inline(always)]
unsafe fn tail_call(
    r: &mut Regs,
    func: *const FuncRec,
    params: usize,
    callee: *mut u64,
    own_params: usize,
) -> Flow {
    // SAFETY: I-FRAME: the header is read before arguments overwrite it; they move down, within the frame. I-RESERVE: the new
    // header has room.
    unsafe {
        let first = first_param(r.fp, own_params);
        let target = frame_behind(first, params);
        if !fits(r, func, target) {
            return Flow::Trap(Trap::StackOverflow);
        }
        let (ip, fp) = header(r);
        move_down(first_param(callee, params), first, params);
        write_header(target, ip, fp, func);
        r.fp = target;
        match start(r, func) {
            Flow::Next => counter::count(func),
            flow => flow,
        }
    }
}

/// Return address and frame of the caller.
///
/// # Safety
/// As for [`Exec::exec`]; the header must not have been overwritten.
#[inline(always)]
pub(super) unsafe fn header(r: &Regs) -> (u64, u64) {
    // SAFETY: I-FRAME.
    unsafe { (*r.slot(frame::RETURN_IP), *r.slot(frame::CALLER_FP)) }
}

#[inline(always)]
unsafe fn write_header(callee: *mut u64, ip: u64, fp: u64, func: *const FuncRec) {
    // SAFETY: the caller points to where a frame begins, with room for its header (I-RESERVE).
    unsafe {
        *callee.offset(frame::RETURN_IP) = ip;
        *callee.offset(frame::CALLER_FP) = fp;
        *callee.offset(frame::FUNC) = func as u64;
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

/// Whether a function can have its frame at `fp`. A trap belongs to the caller, so tail calls ask before they take its frame
/// apart.
#[inline(always)]
unsafe fn fits(r: &Regs, func: *const FuncRec, fp: *const u64) -> bool {
    // SAFETY: `func` is live; I-CODE: `code` points to a preamble, which is the frame's size in bytes.
    unsafe { fp as usize + *(*func).code.get() as usize <= (*r.ctx).stack_limit as usize }
}

/// Enters another instance: the running context changes, and memory 0 with it. The old one is left behind the new frame's
/// header, for host functions.
#[inline(always)]
unsafe fn switch(r: &mut Regs, func: *const FuncRec) -> Flow {
    // SAFETY: I-STORE: `func` and its context live, and the store is the same. I-RESERVE: there is room above the header.
    unsafe {
        match start(r, func) {
            Flow::Next => {
                *r.slot(frame::CALLER_CTX) = r.ctx as u64;
                r.ctx = (*func).vmctx;
                r.reload_memory();
                counter::count(func)
            }
            flow => flow,
        }
    }
}

/// Writes what brings the context back after a call into another instance.
///
/// # Safety
/// `func` is live, and at `record` is room.
#[inline(always)]
unsafe fn write_record(record: *mut u64, ip: u64, fp: u64, ctx: *mut VmCtx, func: *const FuncRec) {
    // SAFETY: promised by the caller.
    unsafe {
        *record.add(frame::RESTORE_IP as usize) = ip;
        *record.add(frame::RESTORE_FP as usize) = fp;
        *record.add(frame::RESTORE_CTX as usize) = ctx as u64;
        *record.add(frame::RESTORE_RESULTS as usize) = u64::from((*func).result_slots);
    }
}

/// Calls a function of any instance or the host, whose frame would be at `callee` if it was one of the running instance.
#[inline(always)]
unsafe fn call_any(
    r: &mut Regs,
    func: *const FuncRec,
    params: usize,
    callee: *mut u64,
    words: usize,
) -> Flow {
    // SAFETY: I-RESERVE: there is room for a restore record, the most parameters and a header above any frame. I-STORE: `func`
    // lives.
    unsafe {
        if (*func).vmctx == r.ctx {
            return call(r, func, callee, words);
        }
        let record = first_param(callee, params);
        let first = record.add(frame::RESTORE_SLOTS as usize);
        move_up(record, first, params);
        let caller = r.fp;
        write_record(record, r.ip.add(words) as u64, caller as u64, r.ctx, func);
        r.fp = frame_behind(first, params);
        write_header(r.fp, stubs::restore() as u64, record as u64, func);
        let flow = switch(r, func);
        if let Flow::Trap(_) = flow {
            // The trap belongs to the caller's frame.
            r.fp = caller;
        }
        flow
    }
}

/// Calls a function that was found at run time; `site` is the offset of the cell where that is noted. Functions that do not belong
/// to the instance are left to [`call_foreign`]: they need more registers than a handler has without saving some.
#[inline(always)]
unsafe fn call_found(r: &mut Regs, func: *const FuncRec, site: usize, words: usize) -> Flow {
    // SAFETY: I-CODE: the builder took the offset of the cell from the layout. I-STORE: `func` lives.
    unsafe {
        if (*func).vmctx != r.ctx {
            r.int = func as u64;
            return Flow::Foreign;
        }
        (*VmCtx::at::<CallTarget>(r.ctx, site)).note(CallTarget::own((*func).index));
        call(r, func, r.slot(r.high_slot()), words)
    }
}

/// Calls the function in the accumulator, which belongs to another instance or the host, for the call at `ip` that found it.
///
/// # Safety
/// As for [`Exec::exec`], after [`Flow::Foreign`].
// Inlined, because a call that the state's address is passed to would keep the caller from ending in a jump.
#[inline(always)]
pub(crate) unsafe fn call_foreign(r: &mut Regs) -> Flow {
    // SAFETY: I-CODE: the instruction is one of those that return `Flow::Foreign`. I-STORE: the function lives.
    unsafe {
        let (site, words) = match r.opcode() {
            op if op == Op::CallRef as u16 => (r.half(1), const { Op::CallRef.words() }),
            op if op == Op::CallIndirect as u16 => (r.half(3), const { Op::CallIndirect.words() }),
            _ => (r.half(4), const { Op::CallIndirectSub.words() }),
        };
        *VmCtx::at::<CallTarget>(r.ctx, site) = CallTarget::MANY;
        call_any(r, r.int as *const FuncRec, r.number_a(), r.slot(r.high_slot()), words)
    }
}

/// Notes what a tail call has found.
#[inline(always)]
unsafe fn note_found(r: &Regs, func: *const FuncRec, site: usize) {
    // SAFETY: as in `call_found`.
    unsafe {
        let is_own = (*func).vmctx == r.ctx;
        let target = if is_own { CallTarget::own((*func).index) } else { CallTarget::MANY };
        (*VmCtx::at::<CallTarget>(r.ctx, site)).note(target);
    }
}

/// Replaces the running function by one of any instance or the host.
#[inline(always)]
unsafe fn tail_call_any(
    r: &mut Regs,
    func: *const FuncRec,
    params: usize,
    callee: *mut u64,
    own_params: usize,
) -> Flow {
    // SAFETY: I-FRAME: the header is read before arguments or a record overwrite it. I-RESERVE: there is room for a restore
    // record, the most parameters and a header. I-STORE: `func` lives.
    unsafe {
        if (*func).vmctx == r.ctx {
            return tail_call(r, func, params, callee, own_params);
        }
        let own = first_param(r.fp, own_params);
        let (ip, fp) = header(r);
        // A function that came through a record leaves it to the next.
        let has_record = ip == stubs::restore() as u64;
        let record = if has_record { 0 } else { frame::RESTORE_SLOTS as usize };
        if !fits(r, func, frame_behind(own, params).add(record)) {
            return Flow::Trap(Trap::StackOverflow);
        }
        let args = first_param(callee, params);
        if has_record {
            move_down(args, own, params);
            r.fp = frame_behind(own, params);
            write_header(r.fp, ip, fp, func);
            return switch(r, func);
        }
        let first = own.add(frame::RESTORE_SLOTS as usize);
        // Arguments lie behind the old header, so far up that the record fits below them; they may move either way.
        if (args as usize) < first as usize {
            move_up(args, first, params);
        } else {
            move_down(args, first, params);
        }
        write_record(own, ip, fp, r.ctx, func);
        r.fp = frame_behind(first, params);
        write_header(r.fp, stubs::restore() as u64, own as u64, func);
        switch(r, func)
    }
}

/// The function at an index of a table, if it is there and of the type.
#[inline(always)]
unsafe fn table_function<E: Expected>(r: &Regs) -> Result<*const FuncRec, Trap> {
    // SAFETY: I-CODE: the fields name a table; I-STORE: its record and elements live, and tables of functions hold
    // function references.
    unsafe {
        let (more, ty) = (r.word(2), r.word(3));
        let index: u64 = r.read(low_slot(more));
        let TableRecord { base, len } = &**VmCtx::at::<*const TableRecord>(r.ctx, high(more));
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
    // SAFETY: I-CODE: the builder took the offset from the layout of the instance's context.
    unsafe { VmCtx::at(r.ctx, offset) }
}

#[inline(always)]
unsafe fn imported_func(r: &Regs, offset: usize) -> *const FuncRec {
    // SAFETY: I-CODE, as in `own_func`.
    unsafe { *VmCtx::at::<*const FuncRec>(r.ctx, offset) }
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
        call(r, func, r.slot(r.high_slot()), const { Op::Call.words() })
    }
    /// Calls an imported function.
    CallImport |r| {
        let func = imported_func(r, low(r.word(2)));
        call_any(r, func, r.number_a(), r.slot(r.high_slot()), const { Op::CallImport.words() })
    }
    /// Calls a function by reference.
    CallRef |r| {
        let func = *r.slot(low_slot(r.word(2))) as *const FuncRec;
        if func.is_null() {
            return Flow::Trap(Trap::NullReference);
        }
        call_found(r, func, r.half(1), const { Op::CallRef.words() })
    }
    /// Tail calls an own function.
    ReturnCall |r| {
        let func = own_func(r, low(r.word(2)));
        tail_call(r, func, r.number_a(), r.slot(r.high_slot()), low(r.word(3)))
    }
    /// Tail calls an imported function.
    ReturnCallImport |r| {
        let func = imported_func(r, low(r.word(2)));
        tail_call_any(r, func, r.number_a(), r.slot(r.high_slot()), low(r.word(3)))
    }
    /// Tail calls a function by reference.
    ReturnCallRef |r| {
        let func = *r.slot(low_slot(r.word(2))) as *const FuncRec;
        if func.is_null() {
            return Flow::Trap(Trap::NullReference);
        }
        note_found(r, func, r.half(1));
        tail_call_any(r, func, r.number_a(), r.slot(r.high_slot()), r.half(2))
    }
    /// Throws an exception.
    Throw |r| {
        let payload = r.slot(r.high_slot());
        note_exit(r, payload);
        let status = ((*(*r.ctx).builtins).throw)(r.ctx, payload, low(r.word(2)) as u32);
        land(r, status)
    }
    /// Throws the exception of a reference.
    ThrowRef |r| {
        let slot = r.slot(r.high_slot());
        note_exit(r, slot.add(1));
        let status = ((*(*r.ctx).builtins).throw_ref)(r.ctx, *slot);
        land(r, status)
    }
    /// A service of the runtime.
    Builtin |r| {
        let args = r.slot(r.high_slot());
        let more = r.word(2);
        let service = service(r, r.number_a());
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
        let func = r.int as *const FuncRec;
        // An error belongs to the caller: the function itself has not begun.
        (*r.store()).exit = caller_of(r.fp, r.ctx);
        let status = ((*(*r.ctx).builtins).translate)(func);
        if status != Status::OK {
            return stop(status);
        }
        start(r, func)
    }
    /// The code of host functions.
    HostCall |r| {
        let host = r.int as *const HostRec;
        let (ip, fp) = header(r);
        let args = r.fp.byte_sub((*host).args);
        let top = args.byte_add((*host).top);
        let store = r.store();
        // Backtraces begin at the caller: the host function itself is no frame of wasm.
        (*store).exit = caller_of(r.fp, r.ctx);
        (*store).stack_top = top;
        let caller = *r.slot(frame::CALLER_CTX) as *mut VmCtx;
        let status = ((*host).run)(host, args, caller);
        if status != Status::OK {
            return land(r, status);
        }
        r.result_to_accs(args);
        r.ip = ip as *const u64;
        r.fp = fp as *mut u64;
        Flow::Next
    }
}

/// The type that an indirect call expects.
pub(crate) trait Expected {
    /// Which half of the words behind word 1 holds the offset of the call site's cell; in tail calls, the caller's parameter slots
    /// follow.
    const SITE: usize;
    /// How many words the call has.
    const WORDS: usize;

    /// Whether a function's type, which is another one, will do; `word` holds the expected one.
    ///
    /// # Safety
    /// As for [`Exec::exec`].
    unsafe fn matches(r: &Regs, ty: TypeId, word: u64) -> bool;
}

/// A type without subtypes.
pub(crate) struct Final;

impl Expected for Final {
    const SITE: usize = 3;
    const WORDS: usize = Op::CallIndirect.words();

    #[inline(always)]
    unsafe fn matches(_: &Regs, _: TypeId, _: u64) -> bool {
        false
    }
}

/// A type that may have subtypes.
pub(crate) struct Open;

impl Expected for Open {
    const SITE: usize = 4;
    const WORDS: usize = Op::CallIndirectSub.words();

    #[inline(always)]
    unsafe fn matches(r: &Regs, ty: TypeId, word: u64) -> bool {
        // SAFETY: I-STORE.
        unsafe { cast::is_subtype(r.ctx, ty, TypeId(low(word) as u32), high(word) as u32) }
    }
}

/// Calls a function of a table.
pub(crate) struct CallIndirect<E>(PhantomData<E>);

impl<E: Expected> Exec for CallIndirect<E> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: I-CODE and I-REGS.
        unsafe {
            let func = check!(table_function::<E>(r));
            call_found(r, func, r.half(E::SITE), E::WORDS)
        }
    }
}

/// Tail calls a function of a table.
pub(crate) struct ReturnCallIndirect<E>(PhantomData<E>);

impl<E: Expected> Exec for ReturnCallIndirect<E> {
    #[inline(always)]
    unsafe fn exec(r: &mut Regs) -> Flow {
        // SAFETY: I-CODE and I-REGS.
        unsafe {
            let func = check!(table_function::<E>(r));
            note_found(r, func, r.half(E::SITE));
            tail_call_any(r, func, r.number_a(), r.slot(r.high_slot()), r.half(E::SITE + 1))
        }
    }
}

/// The function that does a service.
#[inline(always)]
unsafe fn service(r: &Regs, number: usize) -> Service {
    // SAFETY: I-CODE: the verifier has checked the number. I-STORE: the table of services lives.
    unsafe { (*(*r.ctx).builtins).get(BuiltinOp::ALL[number]) }
}

/// Notes where the code was left, for the runtime.
#[inline(always)]
pub(super) unsafe fn note_exit(r: &Regs, top: *mut u64) {
    // SAFETY: I-STORE.
    unsafe {
        let store = r.store();
        (*store).exit = ExitPoint::at(r.ip, r.fp, r.ctx);
        (*store).stack_top = top;
    }
}

/// Goes on where an exception was caught, or stops.
///
/// # Safety
/// The store's context lives, and with [`Status::LANDING`] its landing is a place in verified code, in a live frame.
#[inline(always)]
pub(crate) unsafe fn land(r: &mut Regs, status: Status) -> Flow {
    if status != Status::LANDING {
        return stop(status);
    }
    // SAFETY: promised by the caller. I-REGS holds at the landing, a label, where no accumulator is in use. Its frame lies on the
    // value stack, so the native stack is where it has to be.
    unsafe {
        go_to_landing(r);
        // The landing may be the head of a loop that only exceptions repeat.
        counter::count(counter::running(r))
    }
}

/// Goes to the landing that the runtime has noted.
///
/// # Safety
/// As for [`land`], with that status.
#[inline(always)]
pub(super) unsafe fn go_to_landing(r: &mut Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let Landing { ip, fp, ctx, .. } = (*r.store()).landing;
        (r.ip, r.fp, r.ctx) = (ip, fp, ctx);
        r.reload_memory();
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
