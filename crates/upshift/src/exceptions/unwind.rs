//! From what was thrown to whoever catches it.
//!
//! ```text
//! point where code was left ─▶ frame ─ word of its code ─▶ Handlers ─ clause ─▶ values to its slots, landing noted
//!                                └─ header ─▶ caller's frame ─▶ … ─▶ entry from the host: not caught in this activation
//! ```
//!
//! Only frames of the running activation are searched. Below it are frames of the host, which learn of the exception as an
//! error; if they return it, the search goes on with [`rethrow_from_host`]. Traps and other errors never come here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use anyhow::{Error, Result};
use upshift_core::Trap;
use upshift_core::index::TagIndex;
use upshift_core::vm::{ExitPoint, Status};

use super::exception::Exception;
use crate::builtins::{stop, stop_inside};
use crate::frames::caller_of;
use crate::gc::Left;
use crate::instance::InstanceData;
use crate::store::{Pending, StoreState};

/// How many handlers and clauses are looked at for a unit of fuel, as many as bytes or elements of a bulk operation. Frames
/// are paid for by their calls.
const STEPS_PER_FUEL: u64 = 64;

/// Something on its way to a handler.
struct Flight<'a> {
    /// The number of its tag in the store.
    tag: u32,
    cargo: Cargo<'a>,
}

/// Where the values of an exception are.
#[derive(Clone, Copy)]
enum Cargo<'a> {
    /// In slots of the frame that throws.
    Slots(*const u64),
    /// In an object, which something could refer to already.
    Object(u32),
    /// In an error of the host.
    Host(&'a Exception),
}

/// A clause that fits, and its frame.
struct Landing {
    point: ExitPoint,
    /// Where the values go.
    payload: Option<*mut u64>,
    /// Where a reference goes.
    reference: Option<*mut u64>,
}

/// The handler for a tag in the frames from `point` down; `exact` tells whether its `ip` is the instruction itself or the one
/// behind it. What was looked at is added to `steps`.
///
/// # Safety
/// `point` and the frames below it must be live.
unsafe fn find(mut point: ExitPoint, mut exact: bool, tag: u32, steps: &mut u64) -> Option<Landing> {
    while !point.ip.is_null() {
        let ip = if exact { point.ip } else { point.ip.wrapping_sub(1) };
        exact = false;
        // SAFETY: a frame's context is that of a live instance of wasm, which never changes.
        let instance = unsafe { &*(*point.ctx).instance.cast::<InstanceData>() };
        let module = &instance.module;
        let (func, word) = module.func_at(ip)?;
        let code = module.translated(func)?;
        let is_tag = |own: TagIndex| instance.tags[own.index()].index() == tag;
        if let Some(clause) = code.handlers().and_then(|handlers| handlers.find(word, is_tag, steps)) {
            let slot = |slot: u32| point.fp.wrapping_add(slot as usize);
            return Some(Landing {
                point: ExitPoint { ip: code.entry().wrapping_add(clause.target as usize), ..point },
                payload: clause.tag.map(|_| slot(clause.payload)),
                reference: clause.reference.map(slot),
            });
        }
        let params = module.info().func_type(func).func().param_slots();
        // SAFETY: a function's header lies behind its parameters.
        point = unsafe { caller_of(point.fp.wrapping_add(params as usize), point.ctx) };
    }
    None
}

/// Hands something to a handler in the frames from `point` down; answers whether there is one. The error may be a trap.
///
/// # Safety
/// As for [`find`]; the store's code runs and no reference to it is alive; the flight's values are of its tag's type, in the
/// store.
unsafe fn deliver(
    store: NonNull<StoreState>,
    flight: &Flight<'_>,
    (point, left): (ExitPoint, Left),
) -> Result<bool> {
    // SAFETY: the caller's promise. The landing's slots lie in its frame, which verified code says; the values may lie in the
    // same frame.
    unsafe {
        let mut steps = 0;
        let landing = find(point, left == Left::At, flight.tag, &mut steps);
        let state = &mut *store.as_ptr();
        if state.engine.config().code.fuel {
            let left = state.ctx.fuel.checked_sub(steps / STEPS_PER_FUEL);
            state.ctx.fuel = left.unwrap_or(0);
            left.ok_or(Trap::OutOfFuel)?;
        }
        let Some(landing) = landing else { return Ok(false) };
        let wanted = landing.reference.is_some() && !matches!(flight.cargo, Cargo::Object(_));
        if wanted {
            state.room_for_exception(flight.tag, left)?;
        }
        let slots = state.tags[flight.tag as usize].slots;
        let owned;
        let values = match flight.cargo {
            Cargo::Slots(values) => values,
            Cargo::Object(object) => state.exception_parts(object).1,
            Cargo::Host(exception) => {
                owned = exception.to_slots(state)?;
                owned.as_ptr()
            }
        };
        let object = match flight.cargo {
            Cargo::Object(object) => Some(object),
            _ if wanted => Some(state.new_exception(flight.tag, std::slice::from_raw_parts(values, slots))),
            _ => None,
        };
        if let Some(payload) = landing.payload {
            std::ptr::copy(values, payload, slots);
        }
        if let (Some(slot), Some(object)) = (landing.reference, object) {
            *slot = u64::from(object);
        }
        state.ctx.landing = landing.point;
        Ok(true)
    }
}

/// Throws from the instruction that has noted itself as the exit.
///
/// # Safety
/// As for [`deliver`]; `instance` is the one that throws.
unsafe fn raise(store: NonNull<StoreState>, flight: &Flight<'_>, instance: &InstanceData) -> Status {
    // SAFETY: the caller's promise.
    let error = unsafe {
        let exit = (*store.as_ptr()).ctx.exit;
        // Limiters and destructors of the host may run.
        match catch_unwind(AssertUnwindSafe(|| deliver(store, flight, (exit, Left::At)))) {
            Err(panic) => return stop_inside(store, Pending::Panic(panic)),
            Ok(Ok(true)) => return Status::CAUGHT,
            Ok(Ok(false)) => {
                let known = instance.tags.iter().position(|own| own.index() == flight.tag);
                let origin = known.map(|tag| (instance.module.clone(), TagIndex::new(tag)));
                let state = &*store.as_ptr();
                let values = match flight.cargo {
                    Cargo::Slots(values) => values,
                    Cargo::Object(object) => state.exception_parts(object).1,
                    Cargo::Host(_) => unreachable!("code throws from slots or by reference"),
                };
                Error::new(Exception::from_slots(state, flight.tag, values, origin))
            }
            Ok(Err(error)) => match error.downcast::<Trap>() {
                Ok(trap) => return Status::trap(trap),
                Err(error) => error,
            },
        }
    };
    stop_inside(store, Pending::Error(error))
}

/// `throw`
///
/// # Safety
/// The instance is one of the store, whose code runs; no reference to the store is alive; the values of the tag lie at
/// `payload`.
pub(crate) unsafe fn throw(
    store: NonNull<StoreState>,
    instance: NonNull<InstanceData>,
    payload: *const u64,
    tag: TagIndex,
) -> Status {
    // SAFETY: the caller's promise; instances live as long as their store.
    unsafe {
        let instance = instance.as_ref();
        let flight = Flight { tag: instance.tags[tag.index()].index(), cargo: Cargo::Slots(payload) };
        raise(store, &flight, instance)
    }
}

/// `throw_ref`
///
/// # Safety
/// As for [`throw`]; the slot holds a reference to an exception of the store, or null.
pub(crate) unsafe fn throw_ref(
    store: NonNull<StoreState>,
    instance: NonNull<InstanceData>,
    slot: u64,
) -> Status {
    // SAFETY: the caller's promise. The exception is not freed meanwhile, because none is made.
    unsafe {
        if slot == 0 {
            return Status::trap(Trap::NullReference);
        }
        let (tag, _) = (*store.as_ptr()).exception_parts(slot as u32);
        let flight = Flight { tag, cargo: Cargo::Object(slot as u32) };
        raise(store, &flight, instance.as_ref())
    }
}

/// A host function has failed: if with an exception, wasm code may catch it.
///
/// # Safety
/// The store's exit is where the host function was called, whose frames are live; no reference to the store is alive.
pub(crate) unsafe fn rethrow_from_host(store: NonNull<StoreState>, error: Error) -> Status {
    // SAFETY: the caller's promise; references to the store end with each statement, and `to_slots` checks the values.
    unsafe {
        let (id, exit) = ((*store.as_ptr()).id, (*store.as_ptr()).ctx.exit);
        let exception = error.downcast_ref::<Exception>().filter(|own| own.tag().store_id() == id);
        let caught = |exception: &Exception| -> Result<bool> {
            exception.check(&*store.as_ptr())?;
            let flight = Flight { tag: exception.tag().index(), cargo: Cargo::Host(exception) };
            deliver(store, &flight, (exit, Left::Before))
        };
        // Limiters and destructors of the host may run.
        match catch_unwind(AssertUnwindSafe(|| exception.map(caught))) {
            Err(panic) => stop(store, Pending::Panic(panic)),
            Ok(Some(Ok(true))) => Status::CAUGHT,
            Ok(Some(Ok(false)) | None) => stop(store, Pending::Error(error)),
            Ok(Some(Err(error))) => stop(store, Pending::Error(error)),
        }
    }
}
