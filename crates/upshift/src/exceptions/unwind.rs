//! From what was thrown to whoever catches it.
//!
//! ```text
//! point where code was left ─▶ frame ─ its code, position ─▶ Handlers ─ clause ─▶ values to its slots, landing noted
//!                                └─ header ─▶ caller's frame ─▶ … ─▶ entry from the host: not caught in this activation
//! ```
//!
//! Only frames of the running activation are searched. Below it are frames of the host, which learn of the exception as an
//! error; if they return it, the search goes on with [`rethrow_from_host`]. Traps and other errors never come here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use anyhow::{Error, Result};
use upshift_core::Trap;
use upshift_core::fuel::{CLAUSES_PER_FRAME, CLAUSES_PER_UNIT, SLOTS_PER_UNIT};
use upshift_core::index::TagIndex;
use upshift_core::vm::{ExitPoint, Landing, Status, VmCtx};
use upshift_ir::handlers::Handlers;

use super::exception::Exception;
use crate::builtins::{stop, stop_with};
use crate::frames::{Frame, Frames};
use crate::gc::{Rooted, exception_size};
use crate::instance::InstanceData;
use crate::pace::look;
use crate::store::{Pending, StoreState};
use crate::vm::work::{Work, count};

/// After how many clauses a search pays for them and looks at the epoch.
const CLAUSES_PER_LOOK: u64 = 1 << 14;

/// An exception on its way to a handler.
struct Thrown<'a> {
    /// The number of its tag in the store.
    tag: u32,
    payload: Payload<'a>,
}

/// Where the values of an exception are.
#[derive(Clone, Copy)]
enum Payload<'a> {
    /// In slots of the frame that throws.
    Slots(*const u64),
    /// In an object, which something could refer to already.
    Object(u32),
    /// In an error of the host.
    Host(&'a Exception),
}

impl Thrown<'_> {
    /// Does something in which the host may be asked, and objects may move: an exception that is one is held meanwhile.
    ///
    /// # Safety
    /// `store` must be the root address of a live store to which no reference is alive.
    unsafe fn hold<R>(&mut self, store: NonNull<StoreState>, run: impl FnOnce() -> Result<R>) -> Result<R> {
        // SAFETY: the caller's promise; the reference to the store is not used while `run` does.
        unsafe {
            let Payload::Object(object) = &mut self.payload else { return run() };
            if !(*store.as_ptr()).code.interruption {
                return run();
            }
            let roots = (*store.as_ptr()).gc.roots.len();
            let held = Rooted::new(&*store.as_ptr(), *object);
            let result = run();
            let state = &mut *store.as_ptr();
            if let Some(held) = held {
                *object = held.get(state)?;
            }
            state.gc.roots.truncate(roots);
            result
        }
    }
}

/// A clause that fits.
struct Catch {
    landing: Landing,
    /// Where the values go.
    payload: Option<*mut u64>,
    /// Where a reference goes.
    reference: Option<*mut u64>,
}

/// A place whose handlers have nothing for the exception.
#[derive(Clone, Copy)]
struct Miss {
    pc: usize,
    ctx: *mut VmCtx,
    /// How many clauses and handlers there are.
    clauses: u64,
}

/// The places that a search has come by in vain: deep stacks consist of few, and what one has, the next has too.
#[derive(Default)]
struct Misses {
    /// Empty while the search is short.
    known: Vec<Option<Miss>>,
    count: u32,
}

impl Misses {
    /// How many places are kept, each where its address leads.
    const KEPT: usize = 256;
    /// After how many misses it is worth keeping any.
    const FIRST: u32 = 16;

    /// Which one a place would replace.
    fn index(pc: usize) -> usize {
        // Fibonacci hashing: instructions are words, so the lowest bits are all the same.
        ((pc as u64 >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % Self::KEPT
    }

    #[inline]
    fn find(&self, point: &ExitPoint) -> Option<u64> {
        let miss = (*self.known.get(Self::index(point.pc))?)?;
        (miss.pc == point.pc && miss.ctx == point.ctx).then_some(miss.clauses)
    }

    fn keep(&mut self, point: &ExitPoint, clauses: u64) {
        self.count += 1;
        if self.known.is_empty() {
            if self.count < Self::FIRST {
                return;
            }
            self.known = vec![None; Self::KEPT];
        }
        self.known[Self::index(point.pc)] = Some(Miss { pc: point.pc, ctx: point.ctx, clauses });
    }
}

/// A search for a handler.
struct Search {
    store: NonNull<StoreState>,
    /// The number of the exception's tag in the store.
    tag: u32,
    /// Clauses and frames, counted as clauses, that are not yet paid for. They are those of the program, all around each place,
    /// whether they are looked at, known to have nothing that fits, or not in the code of this tier.
    owed: u64,
    misses: Misses,
}

impl Search {
    /// The handler in the frames from `point` down to the end of the activation, if there is one.
    ///
    /// # Errors
    /// When there is not enough fuel, or the program is to stop.
    ///
    /// # Safety
    /// `point` and the frames below it must be live, and no reference to the store may be alive. References to objects must be
    /// where the collector finds them.
    unsafe fn run(&mut self, point: ExitPoint) -> Result<Option<Catch>> {
        // SAFETY: the caller's promise. What is taken from the store ends before a look at the epoch; instances and code live as
        // long as the store.
        unsafe {
            look(self.store)?;
            for frame in Frames::new(point, std::ptr::null()) {
                self.owed += CLAUSES_PER_FRAME;
                if let Some(handlers) = frame.code.handlers() {
                    let caught = self.look_into(&frame, handlers);
                    if caught.is_some() {
                        self.pay(false)?;
                        return Ok(caught);
                    }
                }
                if self.owed >= CLAUSES_PER_LOOK {
                    self.pay(true)?;
                }
            }
            self.pay(false)?;
        }
        Ok(None)
    }

    /// The clause of a frame's handlers that fits, if there is one.
    fn look_into(&mut self, frame: &Frame<'_>, handlers: &Handlers) -> Option<Catch> {
        if let Some(clauses) = self.misses.find(&frame.point) {
            self.owed += clauses;
            return None;
        }
        let is_tag = |own: TagIndex| frame.instance.tags[own.index()].index() == self.tag;
        let (found, clauses) = handlers.find(frame.position, is_tag);
        let clauses = u64::from(clauses);
        count(Work::Clauses, clauses);
        self.owed += clauses;
        let Some(clause) = found else {
            self.misses.keep(&frame.point, clauses);
            return None;
        };
        let ip = frame.code.landing(clause.target);
        Some(Catch {
            landing: Landing { ip, fp: frame.point.fp, ctx: frame.point.ctx, sp: 0 },
            payload: clause.tag.map(|_| frame.slot(clause.payload)),
            reference: clause.reference.map(|slot| frame.slot(slot)),
        })
    }

    /// Pays for whole units of what is owed, and looks at the epoch if there are more frames to search.
    ///
    /// # Errors
    /// When there is not enough fuel, or the program is to stop.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn pay(&mut self, more: bool) -> Result<()> {
        // SAFETY: the caller's promise; the reference ends with the statement.
        unsafe { (*self.store.as_ptr()).charge(self.owed / CLAUSES_PER_UNIT)? };
        self.owed %= CLAUSES_PER_UNIT;
        // SAFETY: the caller's promise.
        if more { unsafe { look(self.store) } } else { Ok(()) }
    }
}

/// Hands something to a handler in the frames from the exit down; returns whether there is one. The error may be a trap.
///
/// # Safety
/// As for [`Search::run`]; the store's code runs; the exception's values are of its tag's type, in the store.
unsafe fn deliver(store: NonNull<StoreState>, thrown: &mut Thrown<'_>) -> Result<bool> {
    // SAFETY: the caller's promise. The landing's slots lie in its frame, which verified code says; the values may lie in the
    // same frame.
    unsafe {
        let mut search = Search { store, tag: thrown.tag, owed: 0, misses: Misses::default() };
        let exit = (*StoreState::ctx_of(store)).exit;
        let catch = thrown.hold(store, || search.run(exit))?;
        let state = &mut *store.as_ptr();
        let Some(catch) = catch else { return Ok(false) };
        let wanted = catch.reference.is_some() && !matches!(thrown.payload, Payload::Object(_));
        if wanted {
            state.charge_bytes(exception_size(state.tags[thrown.tag as usize].slots).into())?;
            state.room_for_exception(thrown.tag)?;
        }
        let slots = state.tags[thrown.tag as usize].slots;
        // A `throw` has paid for its values.
        if catch.payload.is_some() && !matches!(thrown.payload, Payload::Slots(_)) {
            state.charge(slots as u64 / SLOTS_PER_UNIT)?;
        }
        let owned;
        let values = match thrown.payload {
            Payload::Slots(values) => values,
            Payload::Object(object) => state.exception_parts(object).1,
            Payload::Host(exception) => {
                owned = exception.to_slots(state)?;
                owned.as_ptr()
            }
        };
        let object = match thrown.payload {
            Payload::Object(object) => Some(object),
            _ if wanted => Some(state.new_exception(thrown.tag, std::slice::from_raw_parts(values, slots))),
            _ => None,
        };
        if let Some(payload) = catch.payload {
            std::ptr::copy(values, payload, slots);
        }
        if let (Some(slot), Some(object)) = (catch.reference, object) {
            *slot = u64::from(object);
        }
        state.ctx_mut().landing = catch.landing;
        Ok(true)
    }
}

/// Throws from the instruction that has noted itself as the exit.
///
/// # Safety
/// As for [`deliver`]; `instance` is the one that throws.
unsafe fn raise(store: NonNull<StoreState>, mut thrown: Thrown<'_>, instance: &InstanceData) -> Status {
    // SAFETY: the caller's promise.
    let error = unsafe {
        // Limiters and destructors of the host may run.
        match catch_unwind(AssertUnwindSafe(|| deliver(store, &mut thrown))) {
            Err(panic) => return stop(store, Pending::Panic(panic)),
            Ok(Ok(true)) => return Status::LANDING,
            Ok(Ok(false)) => {
                let known = instance.tags.iter().position(|own| own.index() == thrown.tag);
                let origin = known.map(|tag| (instance.module.clone(), TagIndex::new(tag)));
                let state = &*store.as_ptr();
                let values = match thrown.payload {
                    Payload::Slots(values) => values,
                    Payload::Object(object) => state.exception_parts(object).1,
                    Payload::Host(_) => unreachable!("code throws from slots or by reference"),
                };
                Error::new(Exception::from_slots(state, thrown.tag, values, origin))
            }
            Ok(Err(error)) => return stop_with(store, error),
        }
    };
    stop(store, Pending::Error(error))
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
        let thrown = Thrown { tag: instance.tags[tag.index()].index(), payload: Payload::Slots(payload) };
        raise(store, thrown, instance)
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
        let thrown = Thrown { tag, payload: Payload::Object(slot as u32) };
        raise(store, thrown, instance.as_ref())
    }
}

/// A host function has failed: if with an exception, wasm code may catch it.
///
/// # Safety
/// The store's exit is where the host function was called, whose frames are live; no reference to the store is alive.
pub(crate) unsafe fn rethrow_from_host(store: NonNull<StoreState>, error: Error) -> Status {
    // SAFETY: the caller's promise; references to the store end with each statement, and `to_slots` checks the values.
    unsafe {
        let id = (*store.as_ptr()).id;
        let exception = error.downcast_ref::<Exception>().filter(|own| own.tag().store_id() == id);
        let caught = |exception: &Exception| -> Result<bool> {
            exception.check(&*store.as_ptr())?;
            let mut thrown = Thrown { tag: exception.tag().index(), payload: Payload::Host(exception) };
            deliver(store, &mut thrown)
        };
        // Limiters and destructors of the host may run.
        match catch_unwind(AssertUnwindSafe(|| exception.map(caught))) {
            Err(panic) => stop(store, Pending::Panic(panic)),
            Ok(Some(Ok(true))) => Status::LANDING,
            Ok(Some(Ok(false)) | None) => stop(store, Pending::Error(error)),
            Ok(Some(Err(error))) => stop(store, Pending::Error(error)),
        }
    }
}
