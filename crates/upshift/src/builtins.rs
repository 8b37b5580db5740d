//! The services that wasm code calls: translation, room for objects, exceptions, memories, tables, segments,
//! arrays.
//!
//! Operands lie in consecutive slots, results replace them. A service returns a status: go on, trap, or stop
//! because the host has an error or a panic, which waits in the store. Nothing here unwinds: host code and translation
//! run behind `catch_unwind`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::time::Duration;

use anyhow::Error;
use upshift_core::index::{DataIndex, ElemIndex, MemoryIndex, TableIndex, TagIndex};
use upshift_core::vm::registers::ArgRegisters;
use upshift_core::vm::{Builtins, FuncRec, Status, VmCtx};
use upshift_core::{IndexType, Trap, TypeId};

use crate::exceptions;
use crate::gc::ArrayService;
use crate::instance::InstanceData;
use crate::instantiate::{
    check_memory_init, check_table_init, drop_data, drop_elem, memory_init, table_init,
};
use crate::memory::{Expected, LinearMemory, Memory};
use crate::pace::{Items, goes_on, in_parts};
use crate::store::{Pending, StoreState};
use crate::table::{Table, TableData};
use crate::tier::{self, first_call};
use crate::vm::work::{Work, count};

/// The services of every store.
pub(crate) static BUILTINS: Builtins = Builtins {
    translate,
    hot,
    switch,
    spread,
    interrupt,
    make_room,
    throw,
    throw_ref,
    memory_grow: builtin_memory_grow,
    memory_fill: builtin_memory_fill,
    memory_copy: builtin_memory_copy,
    memory_init: builtin_memory_init,
    memory_notify: builtin_memory_notify,
    memory_wait32: builtin_memory_wait32,
    memory_wait64: builtin_memory_wait64,
    data_drop: builtin_data_drop,
    table_get: builtin_table_get,
    table_set: builtin_table_set,
    table_size: builtin_table_size,
    table_grow: builtin_table_grow,
    table_fill: builtin_table_fill,
    table_copy: builtin_table_copy,
    table_init: builtin_table_init,
    elem_drop: builtin_elem_drop,
    array_new: builtin_array_new,
    array_new_default: builtin_array_new_default,
    array_new_fixed: builtin_array_new_fixed,
    array_new_data: builtin_array_new_data,
    array_new_elem: builtin_array_new_elem,
    array_fill: builtin_array_fill,
    array_copy: builtin_array_copy,
    array_init_data: builtin_array_init_data,
    array_init_elem: builtin_array_init_elem,
};

/// Keeps an error or panic for the call that entered.
pub(crate) fn stop(store: NonNull<StoreState>, pending: Pending) -> Status {
    // SAFETY: the store is alive while its code runs, and no reference to it is.
    unsafe { (*store.as_ptr()).pending = Some(pending) };
    Status::HOST
}

/// Makes sure that a function of the instance has code.
///
/// # Safety
/// `func` must be a wasm function of a live store whose exit is the function's caller.
unsafe extern "C" fn translate(func: *const FuncRec) -> Status {
    // SAFETY: a wasm function's context has an instance and a store, which live as long as it.
    unsafe {
        let ctx = (*func).vmctx;
        let store = StoreState::from_ctx((*ctx).store);
        let instance = &*(*ctx).instance.cast::<InstanceData>();
        let found = catch_unwind(AssertUnwindSafe(|| first_call(&mut *store.as_ptr(), instance, &*func)));
        match found {
            Ok(Ok(())) => Status::OK,
            Ok(Err(error)) => stop(store, Pending::Error(error)),
            Err(panic) => stop(store, Pending::Panic(panic)),
        }
    }
}

/// The counter of a function has run out.
///
/// # Safety
/// `fp` must be a live frame of the store of `ctx`, which goes on at `ip`.
unsafe extern "C" fn hot(ctx: *mut VmCtx, ip: *const u64, fp: *mut u64) -> Status {
    // SAFETY: the caller's promise.
    unsafe { change_tier(ctx, |state| tier::hot(state, ctx, ip, fp)) }
}

/// Native code asks at the head of a loop whether to go on elsewhere.
///
/// # Safety
/// `fp` must be a live frame of the store of `ctx`, whose native code has asked by the words at `ip`.
unsafe extern "C" fn switch(ctx: *mut VmCtx, ip: *const u64, fp: *mut u64) -> Status {
    // SAFETY: the caller's promise; the context has a store, and no reference to it is alive.
    unsafe { change_tier(ctx, |state| tier::switch(state, ctx, ip, fp)) }
}

/// A function was called with arguments in registers.
///
/// # Safety
/// `func` must be a function of a live store whose code is being executed, and `fp` its frame, in front of whose header are the slots
/// of its parameters.
unsafe extern "C" fn spread(func: *const FuncRec, registers: *const ArgRegisters, fp: *mut u64) {
    // SAFETY: the caller's promise; a function's context has a store, and no reference to it is alive.
    unsafe {
        let store = StoreState::from_ctx((*(*func).vmctx).store);
        tier::spread(&*store.as_ptr(), &*func, &*registers, fp);
    }
}

/// The status for a change of tiers.
///
/// # Safety
/// `ctx` must be the context of an instance whose code is being executed.
unsafe fn change_tier(
    ctx: *mut VmCtx,
    change: impl FnOnce(&mut StoreState) -> Result<Status, Error>,
) -> Status {
    // SAFETY: the context has a store, and no reference to it is alive.
    unsafe {
        let store = StoreState::from_ctx((*ctx).store);
        match catch_unwind(AssertUnwindSafe(|| change(&mut *store.as_ptr()))) {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => stop(store, Pending::Error(error)),
            Err(panic) => stop(store, Pending::Panic(panic)),
        }
    }
}

/// `throw`
///
/// # Safety
/// `ctx` must be the context of an instance whose code is being executed and has noted where it was left, and the values of
/// the tag must lie at `payload`.
unsafe extern "C" fn throw(ctx: *mut VmCtx, payload: *mut u64, tag: u32) -> Status {
    // SAFETY: the context has an instance and a store, and no reference to it is alive.
    unsafe {
        let store = StoreState::from_ctx((*ctx).store);
        let instance = NonNull::new_unchecked((*ctx).instance.cast::<InstanceData>());
        let throw = || exceptions::throw(store, instance, payload, TagIndex(tag));
        if !(*store.as_ptr()).code.interruption {
            // The host is not asked.
            return throw();
        }
        catch_unwind(AssertUnwindSafe(throw)).unwrap_or_else(|panic| stop(store, Pending::Panic(panic)))
    }
}

/// `throw_ref`
///
/// # Safety
/// As for [`throw`], and `exception` must be a reference to an exception of the store, or null.
unsafe extern "C" fn throw_ref(ctx: *mut VmCtx, exception: u64) -> Status {
    // SAFETY: as in `throw`.
    unsafe {
        let store = StoreState::from_ctx((*ctx).store);
        let instance = NonNull::new_unchecked((*ctx).instance.cast::<InstanceData>());
        catch_unwind(AssertUnwindSafe(|| exceptions::throw_ref(store, instance, exception)))
            .unwrap_or_else(|panic| stop(store, Pending::Panic(panic)))
    }
}

/// The epoch has reached the deadline.
///
/// # Safety
/// `ctx` must be the context of an instance whose code is being executed.
unsafe extern "C" fn interrupt(ctx: *mut VmCtx) -> Status {
    // SAFETY: the context has a store, and no reference to it is alive.
    unsafe {
        let store = StoreState::from_ctx((*ctx).store);
        match catch_unwind(AssertUnwindSafe(|| goes_on(store))) {
            Ok(Ok(true)) => Status::OK,
            Ok(Ok(false)) => Status::trap(Trap::Interrupt),
            Ok(Err(error)) => stop(store, Pending::Error(error)),
            Err(panic) => stop(store, Pending::Panic(panic)),
        }
    }
}

/// Room for an object.
///
/// # Safety
/// `ctx` must be the context of an instance whose code is being executed and has noted where it was left.
unsafe extern "C" fn make_room(ctx: *mut VmCtx, bytes: u32) -> Status {
    // SAFETY: the context has a store, and while the heap makes room nobody else uses it. References are where the collector
    // looks for them: the instruction begins again afterwards.
    unsafe {
        let mut store = StoreState::from_ctx((*ctx).store);
        let room = catch_unwind(AssertUnwindSafe(|| store.as_mut().make_room(bytes)));
        outcome(store, room)
    }
}

/// The status for the end of a service that may have a trap, another error or a panic.
fn outcome(store: NonNull<StoreState>, result: std::thread::Result<Result<(), Error>>) -> Status {
    match result {
        Ok(Ok(())) => Status::OK,
        Ok(Err(error)) => stop_with(store, error),
        Err(panic) => stop(store, Pending::Panic(panic)),
    }
}

/// The status for an error, which may be a trap.
pub(crate) fn stop_with(store: NonNull<StoreState>, error: Error) -> Status {
    let Some(&trap) = error.downcast_ref::<Trap>() else {
        return stop(store, Pending::Error(error));
    };
    // What the host has put around a trap has destructors, which may panic.
    match catch_unwind(AssertUnwindSafe(|| drop(error))) {
        Ok(()) => Status::trap(trap),
        Err(panic) => stop(store, Pending::Panic(panic)),
    }
}

/// How often a thread that waits looks whether its program is to be interrupted.
const INTERRUPTION_LATENCY: Duration = Duration::from_millis(5);

/// Why a wait did not come to its end.
enum Stopped {
    Trap(Trap),
    Error(Error),
}

impl From<Trap> for Stopped {
    fn from(trap: Trap) -> Stopped {
        Stopped::Trap(trap)
    }
}

/// Operands of a builtin and what it works on.
struct Call<'a> {
    state: &'a mut StoreState,
    instance: NonNull<InstanceData>,
    slots: *mut u64,
}

impl Call<'_> {
    fn operand(&self, n: usize) -> u64 {
        // SAFETY: code passes as many operands as the builtin has.
        unsafe { *self.slots.add(n) }
    }

    fn three(&self) -> (u64, u64, u64) {
        (self.operand(0), self.operand(1), self.operand(2))
    }

    fn result(&self, value: u64) {
        // SAFETY: a result replaces the first operand; for those without operands there is a slot for it.
        unsafe { *self.slots = value };
    }

    /// Does something that may take long or fail.
    fn attempt(mut self, work: impl FnOnce(&mut Self) -> Result<(), Error>) -> Status {
        let root = self.state.root();
        outcome(root, catch_unwind(AssertUnwindSafe(|| work(&mut self))))
    }

    /// Works on many items: `check` looks at the bounds of all of them, `work` at those of a part too, and works on it.
    #[inline(always)]
    fn in_parts(
        self,
        items: Items,
        check: impl FnOnce(&StoreState) -> Result<(), Trap>,
        mut work: impl FnMut(&mut StoreState, u64, u64) -> Result<(), Trap>,
    ) -> Status {
        if !self.state.is_metered() {
            return work(self.state, 0, items.len).into();
        }
        self.in_paid_parts(items, check, work)
    }

    /// Not a part of the other, which most programs call often.
    #[inline(never)]
    fn in_paid_parts(
        self,
        items: Items,
        check: impl FnOnce(&StoreState) -> Result<(), Trap>,
        work: impl FnMut(&mut StoreState, u64, u64) -> Result<(), Trap>,
    ) -> Status {
        let root = self.state.root();
        let done = catch_unwind(AssertUnwindSafe(|| {
            check(self.state)?;
            // SAFETY: the instruction has noted itself, and no other reference to the store is used from here on.
            unsafe { in_parts(root, items, work) }
        }));
        outcome(root, done)
    }

    /// Leaves the old size of something that was to grow, or -1 as wide as the index type.
    fn grown(&self, index: IndexType, old: Option<u64>) {
        let failed = if index == IndexType::I64 { u64::MAX } else { u64::from(u32::MAX) };
        self.result(old.unwrap_or(failed));
    }

    /// Works on arrays of a type.
    fn array(self, ty: u32, work: impl FnOnce(ArrayService<'_>) -> Result<(), Error>) -> Status {
        let root = self.state.root();
        let Call { state, instance, slots } = self;
        let service = ArrayService { state, instance, slots, ty: TypeId(ty) };
        outcome(root, catch_unwind(AssertUnwindSafe(|| work(service))))
    }

    fn memory_handle(&self, x: u32) -> Memory {
        // SAFETY: instances live as long as their store; handles do not change.
        unsafe { (&(*self.instance.as_ptr()).memories)[x as usize] }
    }

    fn table_handle(&self, x: u32) -> Table {
        // SAFETY: as above.
        unsafe { (&(*self.instance.as_ptr()).tables)[x as usize] }
    }

    fn memory(&mut self, x: u32) -> &mut LinearMemory {
        self.memory_handle(x).in_state_mut(self.state)
    }

    /// Wakes threads that wait at an address. At a memory that is not shared there are none.
    fn notify(&mut self, x: u32, address: u64, count: u32) -> Result<u32, Trap> {
        match self.memory(x).shared() {
            Some(memory) => memory.atomic_notify(address, count),
            None => self.memory(x).check_cell(address, 4).map(|()| 0),
        }
    }

    /// Waits until another thread wakes this one: address, expected value, timeout in nanoseconds, offset.
    fn wait(&mut self, x: u32, expected: Expected) -> Status {
        let timeout = u64::try_from(self.operand(2) as i64).ok().map(Duration::from_nanos);
        let Some(address) = self.operand(0).checked_add(self.operand(3)) else {
            return Status::trap(Trap::MemoryOutOfBounds);
        };
        let Some(memory) = self.memory(x).shared().cloned() else {
            let checked = self.memory(x).check_cell(address, expected.bytes());
            return Status::trap(checked.err().unwrap_or(Trap::AtomicWaitNonSharedMemory));
        };
        let root = self.state.root();
        // The time of a thread that waits can come too.
        let poll = self.state.engine.config().code.interruption.then_some(INTERRUPTION_LATENCY);
        let go_on = || {
            // SAFETY: the store is alive while its code runs, and no reference to it is used while the callback runs.
            let come = unsafe { (*root.as_ptr()).deadline_has_come() };
            // SAFETY: as above.
            match if come { unsafe { goes_on(root) } } else { Ok(true) } {
                Ok(true) => Ok(()),
                Ok(false) => Err(Stopped::Trap(Trap::Interrupt)),
                Err(error) => Err(Stopped::Error(error)),
            }
        };
        match catch_unwind(AssertUnwindSafe(|| memory.wait(address, expected, timeout, poll, go_on))) {
            Ok(Ok(result)) => {
                self.result(result as u64);
                Status::OK
            }
            Ok(Err(Stopped::Trap(trap))) => Status::trap(trap),
            Ok(Err(Stopped::Error(error))) => stop(root, Pending::Error(error)),
            Err(panic) => stop(root, Pending::Panic(panic)),
        }
    }

    fn table(&mut self, x: u32) -> &mut TableData {
        self.table_handle(x).in_state_mut(self.state)
    }
}

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident = |$call:ident, $x:ident, $y:ident| $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ctx` must be the context of an instance whose code is being executed, and `slots` must hold the operands.
        unsafe extern "C" fn $name(ctx: *mut VmCtx, slots: *mut u64, $x: u32, $y: u32) -> Status {
            // SAFETY: the context has an instance and a store, and while the builtin runs nobody else uses them.
            #[allow(unused_mut)]
            let mut $call = unsafe {
                let mut store = StoreState::from_ctx((*ctx).store);
                let instance = NonNull::new_unchecked((*ctx).instance.cast::<InstanceData>());
                Call { state: store.as_mut(), instance, slots }
            };
            let _ = ($x, $y);
            $body.into()
        }
    )*};
}

builtins! {
    /// `memory.grow`
    builtin_memory_grow = |call, x, y| call.attempt(|call| {
        let (delta, memory) = (call.operand(0), call.memory_handle(x));
        let index = memory.in_state(call.state).ty().index;
        let cost = memory.in_state(call.state).cost_of_growth(delta);
        call.state.charge(cost)?;
        let old = memory.grow_in_state(call.state, delta)?;
        call.grown(index, old);
        Ok(())
    });
    /// `memory.fill`
    builtin_memory_fill = |call, x, y| {
        let (dst, byte, len) = call.three();
        let memory = call.memory_handle(x);
        call.in_parts(
            Items::bytes(len),
            |state| memory.in_state(state).range(dst, len).map(|_| ()),
            |state, at, len| {
                let memory = memory.in_state_mut(state);
                memory.range(dst + at, len).map(|range| memory.fill(range, byte as u8))
            },
        )
    };
    /// `memory.copy`
    builtin_memory_copy = |call, x, y| {
        let (dst, src, len) = call.three();
        let (to, from) = (call.memory_handle(x), call.memory_handle(y));
        call.in_parts(
            Items::bytes(len).copied(dst, src),
            |state| {
                from.in_state(state).range(src, len)?;
                to.in_state(state).range(dst, len).map(|_| ())
            },
            |state, at, len| Memory::copy_within(state, (to, dst + at), (from, src + at), len),
        )
    };
    /// `memory.init`
    builtin_memory_init = |call, x, y| {
        let (dst, src, len) = call.three();
        let (instance, memory, segment) = (call.instance, MemoryIndex(x), DataIndex(y));
        call.in_parts(
            Items::bytes(len),
            |state| check_memory_init(state, instance, memory, segment, (dst, src, len)).map(|_| ()),
            |state, at, len| memory_init(state, instance, memory, segment, (dst + at, src + at, len)),
        )
    };
    /// `memory.atomic.notify`
    builtin_memory_notify = |call, x, y| {
        let address = call.operand(0).checked_add(call.operand(2)).ok_or(Trap::MemoryOutOfBounds);
        let count = call.operand(1) as u32;
        address.and_then(|address| call.notify(x, address, count)).map(|woken| call.result(woken.into()))
    };
    /// `memory.atomic.wait32`
    builtin_memory_wait32 = |call, x, y| {
        let expected = Expected::Bits32(call.operand(1) as u32);
        call.wait(x, expected)
    };
    /// `memory.atomic.wait64`
    builtin_memory_wait64 = |call, x, y| {
        let expected = Expected::Bits64(call.operand(1));
        call.wait(x, expected)
    };
    /// `data.drop`
    builtin_data_drop = |call, x, y| {
        drop_data(call.instance, DataIndex(x));
        Status::OK
    };
    /// `table.get`
    builtin_table_get = |call, x, y| {
        let index = call.operand(0);
        let element = call.table(x).range(index, 1).map(|range| call.table(x).elements()[range.start]);
        element.map(|element| call.result(element))
    };
    /// `table.set`
    builtin_table_set = |call, x, y| {
        let (index, value) = (call.operand(0), call.operand(1));
        let table = call.table(x);
        table.range(index, 1).map(|range| table.elements_mut()[range.start] = value)
    };
    /// `table.size`
    builtin_table_size = |call, x, y| {
        let size = call.table(x).elements().len() as u64;
        call.result(size);
        Status::OK
    };
    /// `table.grow`
    builtin_table_grow = |call, x, y| call.attempt(|call| {
        let (init, delta, table) = (call.operand(0), call.operand(1), call.table_handle(x));
        let index = table.in_state(call.state).ty().index;
        let old = table.grow_in_state(call.state, (delta, init), |state, bytes| {
            state.charge_bytes(bytes)?;
            count(Work::Bytes, bytes);
            Ok(())
        })?;
        call.grown(index, old);
        Ok(())
    });
    /// `table.fill`
    builtin_table_fill = |call, x, y| {
        let (index, _, len) = call.three();
        let (table, slots) = (call.table_handle(x), call.slots);
        call.in_parts(
            Items::slots(len),
            |state| table.in_state(state).range(index, len).map(|_| ()),
            |state, at, len| {
                // SAFETY: the operand is there, with the place that its object has now.
                let value = unsafe { *slots.add(1) };
                let table = table.in_state_mut(state);
                table.range(index + at, len).map(|range| table.elements_mut()[range].fill(value))
            },
        )
    };
    /// `table.copy`
    builtin_table_copy = |call, x, y| {
        let (dst, src, len) = call.three();
        let (to, from) = (call.table_handle(x), call.table_handle(y));
        call.in_parts(
            Items::slots(len).copied(dst, src),
            |state| {
                from.in_state(state).range(src, len)?;
                to.in_state(state).range(dst, len).map(|_| ())
            },
            |state, at, len| Table::copy_within(state, (to, dst + at), (from, src + at), len),
        )
    };
    /// `table.init`
    builtin_table_init = |call, x, y| {
        let (dst, src, len) = call.three();
        let (instance, table, segment) = (call.instance, TableIndex(x), ElemIndex(y));
        call.in_parts(
            Items::slots(len),
            |state| check_table_init(state, instance, table, segment, (dst, src, len)).map(|_| ()),
            |state, at, len| table_init(state, instance, table, segment, (dst + at, src + at, len)),
        )
    };
    /// `elem.drop`
    builtin_elem_drop = |call, x, y| {
        drop_elem(call.instance, ElemIndex(x));
        Status::OK
    };
    /// `array.new`
    builtin_array_new = |call, x, y| call.array(x, |service| service.new_filled());
    /// `array.new_default`
    builtin_array_new_default = |call, x, y| call.array(x, |service| service.new_default());
    /// `array.new_fixed`
    builtin_array_new_fixed = |call, x, y| call.array(x, |service| service.new_fixed(y));
    /// `array.new_data`
    builtin_array_new_data = |call, x, y| call.array(x, |service| service.new_data(y));
    /// `array.new_elem`
    builtin_array_new_elem = |call, x, y| call.array(x, |service| service.new_elem(y));
    /// `array.fill`
    builtin_array_fill = |call, x, y| call.array(x, |service| service.fill());
    /// `array.copy`
    builtin_array_copy = |call, x, y| call.array(x, |service| service.copy());
    /// `array.init_data`
    builtin_array_init_data = |call, x, y| call.array(x, |service| service.init_data(y));
    /// `array.init_elem`
    builtin_array_init_elem = |call, x, y| call.array(x, |service| service.init_elem(y));
}
