//! From what was thrown to whoever catches it.
//!
//! ```text
//! point where code was left ─▶ frame ─┬▶ Places ─────────────────────────┬▶ clause ─▶ values to its slots, landing noted
//!                                │    └▶ its code, position ─▶ Handlers ─┘
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
use upshift_core::vm::{ExitPoint, Landing, PcKind, Status, VmCtx};
use upshift_interp::frame::caller_of;

use super::exception::Exception;
use super::places::{Key, Place};
use crate::builtins::{stop, stop_with};
use crate::frames::Frame;
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

/// A search for a handler.
struct Search {
    store: NonNull<StoreState>,
    /// The number of the exception's tag in the store.
    tag: u32,
    /// Clauses and frames, counted as clauses, that are not yet paid for. They are those of the program, all around each place,
    /// whether they are looked at, known to have nothing that fits, or not in the code of this tier.
    owed: u64,
    /// Where the clause that fits has the values.
    payload: Option<i32>,
    /// Where it has a reference.
    reference: Option<i32>,
}

impl Search {
    fn new(store: NonNull<StoreState>, tag: u32) -> Search {
        Search { store, tag, owed: 0, payload: None, reference: None }
    }

    /// Looks for a handler in the frames from the store's exit down to the end of the activation; returns whether there is one, which
    /// is then the store's landing.
    ///
    /// # Errors
    /// When there is not enough fuel, or the program is to stop.
    ///
    /// # Safety
    /// The exit and the frames below it must be live, and no reference to the store may be alive. References to objects must be
    /// where the collector finds them.
    unsafe fn run(&mut self) -> Result<bool> {
        // SAFETY: the caller's promise. References to the store end before a look at the epoch.
        unsafe {
            look(self.store)?;
            // Field by field: what was just written so is slow to read as a whole.
            let ExitPoint { pc, at, fp, ctx } = &(*StoreState::ctx_of(self.store)).exit;
            let (mut pc, mut at, mut fp, mut ctx) = (*pc, *at, *fp, *ctx);
            while pc != 0 {
                let point = ExitPoint { pc, at, fp, ctx };
                let key = Key::of(&point);
                let known = (*self.store.as_ptr()).places.find(key, self.tag);
                let place = known.unwrap_or_else(|| self.ask(pc, at, fp, ctx, key));
                count(Work::Frames, 1);
                self.owed += CLAUSES_PER_FRAME + u64::from(place.clauses);
                if !place.ip.is_null() {
                    let landing = Landing { ip: place.ip, fp, ctx, sp: 0 };
                    (*StoreState::ctx_of(self.store)).landing = landing;
                    (self.payload, self.reference) = (place.payload, place.reference);
                    self.pay(false)?;
                    return Ok(true);
                }
                if self.owed >= CLAUSES_PER_LOOK {
                    self.pay(true)?;
                }
                ExitPoint { pc, at, fp, ctx } = caller_of(fp, ctx);
            }
            self.pay(false)?;
        }
        Ok(false)
    }

    /// What a frame has for the exception, which is kept.
    ///
    /// # Safety
    /// As for [`run`](Self::run); the key is that of the frame. The result is valid until the next place is kept.
    #[cold]
    unsafe fn ask<'a>(&self, pc: usize, at: PcKind, fp: *mut u64, ctx: *mut VmCtx, key: Key) -> &'a Place {
        let point = ExitPoint { pc, at, fp, ctx };
        // SAFETY: the caller's promise; instances and code live as long as the store.
        unsafe {
            let found = Frame::at(point).and_then(|frame| Some((frame, frame.code.handlers()?)));
            let place = found.map_or(Place::empty(key), |(frame, handlers)| {
                let is_tag = |own: TagIndex| frame.instance.tags[own.index()].index() == self.tag;
                let (clause, clauses) = handlers.find(frame.position, is_tag);
                count(Work::Clauses, clauses.into());
                let fits = clause.map(|clause| (clause, frame.code.landing(clause.target)));
                Place::new(key, self.tag, clauses, fits)
            });
            (*self.store.as_ptr()).places.keep(place)
        }
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
        let mut search = Search::new(store, thrown.tag);
        if !thrown.hold(store, || search.run())? {
            return Ok(false);
        }
        let state = &mut *store.as_ptr();
        let Search { payload, reference, .. } = search;
        let fp = state.ctx().landing.fp;
        let slot = |slot: i32| fp.wrapping_offset(slot as isize);
        let wanted = reference.is_some() && !matches!(thrown.payload, Payload::Object(_));
        if wanted {
            state.charge_bytes(exception_size(state.tags[thrown.tag as usize].slots).into())?;
            state.room_for_exception(thrown.tag)?;
        }
        let slots = state.tags[thrown.tag as usize].slots;
        // A `throw` has paid for its values.
        if payload.is_some() && !matches!(thrown.payload, Payload::Slots(_)) {
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
        if let Some(payload) = payload {
            std::ptr::copy(values, slot(payload), slots);
        }
        if let (Some(reference), Some(object)) = (reference, object) {
            *slot(reference) = u64::from(object);
        }
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
