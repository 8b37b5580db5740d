//! When a function goes to another tier: at its first call, and when calls and turns of loops have counted its record down.
//!
//! ```text
//! first call ──▶ arrive ──▶ code of the tier that the engine begins with
//! counter < 0 ─▶ hot ─────▶ native code, made or found ─┬▶ the record, for calls to come
//!                                                       └▶ the landing, where the running frame goes on in it
//! ```
//!
//! What one instance had compiled, others find when they ask: each record changes only while its own store's code runs.

use upshift_core::index::FuncIndex;
use upshift_core::vm::{FuncRec, Landing, Returns, Status, VmCtx, frame};
use upshift_interp::native;
use upshift_ir::FuncCode;
use upshift_ir::decode::decode;

use anyhow::Result;

use crate::instance::InstanceData;
use crate::store::StoreState;
use crate::tier::pays::{Arrivals, FIRST, Verdict};
use crate::vm::code::{CodeKind, NoNativeCode, Stub, kind_of};
use crate::vm::native::{Cause, NativeFunc};
use crate::vm::signals;
use crate::vm::tier::{Dice, Tier, Tiering, Trigger};

/// The most calls and turns between two random decisions.
const RANDOM_ARRIVALS: u32 = 12;

/// What a store remembers about the tiers of its functions.
#[derive(Clone, Debug)]
pub(crate) struct TierState {
    tiering: Tiering,
    dice: Dice,
    returns: Returns,
    arrivals: Arrivals,
}

impl TierState {
    pub(crate) fn new(tiering: Tiering, returns: Returns) -> TierState {
        let seed = if let Tiering::AtRandom(seed) = tiering { seed } else { 0 };
        TierState { tiering, dice: Dice::new(seed), returns, arrivals: Arrivals::default() }
    }

    /// Whether there may be native code.
    #[inline]
    pub(crate) fn has_native_code(&self) -> bool {
        self.tiering != Tiering::Never
    }

    /// Whether functions have native code from their first call.
    pub(crate) fn is_at_first_call(&self) -> bool {
        self.tiering == Tiering::AtFirstCall
    }

    /// How many arrivals at a function there may be before it is looked at.
    pub(crate) fn counter(&mut self) -> i32 {
        match self.tiering {
            Tiering::Never | Tiering::AtFirstCall => FuncRec::COUNTER_START,
            Tiering::WhenHot(arrivals) => {
                i32::try_from(arrivals.unwrap_or(FIRST)).unwrap_or(FuncRec::COUNTER_START)
            }
            Tiering::AtRandom(_) => self.dice.below(RANDOM_ARRIVALS) as i32,
        }
    }

    /// What to do with a function with so many bytes whose counter has run out.
    fn arrived(&mut self, func: &FuncRec, body_bytes: usize) -> Verdict {
        match self.tiering {
            Tiering::WhenHot(None) => self.arrivals.arrived(std::ptr::from_ref(func).addr(), body_bytes),
            Tiering::WhenHot(Some(arrivals)) => Verdict::Compile(arrivals),
            Tiering::Never | Tiering::AtFirstCall | Tiering::AtRandom(_) => Verdict::Compile(0),
        }
    }

    /// Whether a function with so many bytes is compiled at its first call.
    fn at_once(&mut self, body_bytes: usize) -> bool {
        match self.tiering {
            Tiering::AtFirstCall => true,
            Tiering::WhenHot(None) => self.arrivals.at_once(body_bytes),
            Tiering::AtRandom(_) => self.chance(2),
            Tiering::Never | Tiering::WhenHot(Some(_)) => false,
        }
    }

    /// Whether the first call of a function may lead to another code than the interpreter's.
    pub(crate) fn asks_at_first_call(&self) -> bool {
        matches!(self.tiering, Tiering::AtFirstCall | Tiering::AtRandom(_))
    }

    /// What native code calls to reach a function that has none.
    pub(crate) fn adaptor(&self) -> *const u8 {
        if self.tiering == Tiering::Never {
            return std::ptr::null();
        }
        native::call_interpreter(self.returns)
    }

    /// Whether something happens that happens so many times of four, if functions change their tier at random.
    fn chance(&mut self, of_four: u32) -> bool {
        matches!(self.tiering, Tiering::AtRandom(_)) && self.dice.below(4) < of_four
    }
}

/// Lets calls of a function reach native code.
fn install(func: &FuncRec, code: &NativeFunc) {
    // Another thread may have made the code.
    signals::prepare_thread();
    func.code.set(code.entry());
    func.native.set(code.native_entry());
}

/// Gives a function code at its first call.
///
/// # Errors
/// When it cannot be translated.
pub(crate) fn first_call(state: &mut StoreState, instance: &InstanceData, func: &FuncRec) -> Result<()> {
    let index = FuncIndex(func.index);
    if !state.engine.is_refused_native_code() && state.tier.at_once(body_bytes(instance, index)) {
        match compile(instance, index, Cause { trigger: Trigger::FirstCall, arrivals: 0 }) {
            Ok(code) => {
                install(func, code);
                state.enter_tier(Tier::Baseline);
                return Ok(());
            }
            // The interpreter can do without.
            Err(reason) => state.engine.note_no_native_code(reason),
        }
    } else if let Tiering::WhenHot(_) = state.tier.tiering
        && let Some(code) = known(instance, index)
    {
        install(func, code);
        state.enter_tier(Tier::Baseline);
        return Ok(());
    }
    func.code.set(instance.module.code(index)?.entry());
    state.enter_tier(Tier::Interpreter);
    Ok(())
}

/// The counter of a function has run out, whose frame is at `fp`; `ip` is where it goes on.
///
/// # Errors
/// When it cannot be translated.
///
/// # Safety
/// The frame is live, and the state that of the running store.
pub(crate) unsafe fn hot(
    state: &mut StoreState,
    ctx: *mut VmCtx,
    ip: *const u64,
    fp: *mut u64,
) -> Result<Status> {
    // SAFETY: the caller's promise.
    let (func, instance) = unsafe { function_of(fp) };
    func.counter.set(FuncRec::COUNTER_START);
    // A function of the host has only its stub, and the counter runs out after 2^31 arrivals where nothing else is wanted.
    let Some(instance) = instance.filter(|_| state.tier.has_native_code()) else { return Ok(Status::OK) };
    if matches!(state.tier.tiering, Tiering::AtRandom(_)) {
        func.counter.set(state.tier.counter());
    }
    let place = Place::of(instance, func, ip);
    if place == Place::NativeStart {
        return back_to_interpreter(state, instance, func, ctx, fp);
    }
    let random = matches!(state.tier.tiering, Tiering::AtRandom(_));
    let (here, calls) = if random { (state.tier.chance(2), state.tier.chance(2)) } else { (true, true) };
    if !(here || calls) || place == Place::Native {
        return Ok(Status::OK);
    }
    let index = FuncIndex(func.index);
    if state.engine.is_refused_native_code() && known(instance, index).is_none() {
        return Ok(Status::OK);
    }
    let arrivals = match state.tier.arrived(func, body_bytes(instance, index)) {
        Verdict::Compile(arrivals) => arrivals,
        // What others have compiled costs nothing.
        Verdict::Wait(arrivals) if known(instance, index).is_none() => {
            func.counter.set(i32::try_from(arrivals).unwrap_or(FuncRec::COUNTER_START));
            return Ok(Status::OK);
        }
        Verdict::Wait(_) => 0,
    };
    let trigger = if let Place::Loop(_) = place { Trigger::Loop } else { Trigger::Calls };
    let code = match compile(instance, index, Cause { trigger, arrivals }) {
        Ok(code) => code,
        Err(reason) => {
            state.engine.note_no_native_code(reason);
            return Ok(Status::OK);
        }
    };
    if calls {
        install(func, code);
    }
    let entry = match place {
        Place::Start => Some(code.entry().wrapping_add(1)),
        Place::Loop(number) => code.loop_entry(number),
        Place::NativeStart | Place::Native | Place::Elsewhere => None,
    };
    let fits = fits(ctx, fp, code.frame_slots());
    let Some(ip) = entry.filter(|_| here && fits) else { return Ok(Status::OK) };
    state.enter_tier(Tier::Baseline);
    state.ctx_mut().landing = Landing { ip, fp, ctx, sp: 0 };
    Ok(Status::LANDING)
}

/// Native code of the function whose frame is at `fp` asks at the head of a loop whether to go on in the interpreter; the third word
/// at `ip` is the loop's number.
///
/// # Errors
/// When the function cannot be translated.
///
/// # Safety
/// The frame is live, and the state that of the running store; the words are those of its code.
pub(crate) unsafe fn switch(
    state: &mut StoreState,
    ctx: *mut VmCtx,
    ip: *const u64,
    fp: *mut u64,
) -> Result<Status> {
    // SAFETY: the caller's promise.
    let (func, instance, number) = unsafe {
        let (func, instance) = function_of(fp);
        (func, instance, *ip.add(2) as u32)
    };
    let Some(instance) = instance.filter(|_| state.tier.chance(1)) else { return Ok(Status::OK) };
    let code = instance.module.code(FuncIndex(func.index))?;
    let fits = fits(ctx, fp, code.preamble().frame_slots as usize);
    let Some(head) = code.loop_head(number).filter(|_| fits) else { return Ok(Status::OK) };
    if state.tier.chance(2) {
        func.code.set(code.entry());
        func.native.set(state.tier.adaptor());
    }
    state.enter_tier(Tier::Interpreter);
    state.ctx_mut().landing = Landing { ip: code.entry().wrapping_add(head), fp, ctx, sp: 0 };
    Ok(Status::LANDING)
}

/// The function that a frame belongs to, and its instance; a function of the host has none.
///
/// # Safety
/// The frame is live.
unsafe fn function_of<'a>(fp: *mut u64) -> (&'a FuncRec, Option<&'a InstanceData>) {
    // SAFETY: each frame has a header with the record of its function, whose context and instance live as long as its store.
    unsafe {
        let func: &FuncRec = &**fp.offset(frame::FUNC).cast::<*const FuncRec>();
        (func, (*func.vmctx).instance.cast::<InstanceData>().as_ref())
    }
}

/// Lets a function that is about to begin in native code run in the interpreter instead, if functions change their tier at random.
fn back_to_interpreter(
    state: &mut StoreState,
    instance: &InstanceData,
    func: &FuncRec,
    ctx: *mut VmCtx,
    fp: *mut u64,
) -> Result<Status> {
    if !state.tier.chance(2) {
        return Ok(Status::OK);
    }
    let code = instance.module.code(FuncIndex(func.index))?;
    func.code.set(code.entry());
    func.native.set(state.tier.adaptor());
    if !fits(ctx, fp, code.preamble().frame_slots as usize) {
        return Ok(Status::OK);
    }
    state.enter_tier(Tier::Interpreter);
    state.ctx_mut().landing = Landing { ip: code.entry().wrapping_add(1), fp, ctx, sp: 0 };
    Ok(Status::LANDING)
}

/// Bytes of the body of a function.
fn body_bytes(instance: &InstanceData, func: FuncIndex) -> usize {
    instance.module.info().body(func).map_or(0, |body| body.len())
}

/// Native code of a function, if there is any.
fn known(instance: &InstanceData, func: FuncIndex) -> Option<&NativeFunc> {
    instance.known_native_set()?.get(instance.module.own(func))
}

/// Native code of a function, which is made if there is none.
fn compile(instance: &InstanceData, func: FuncIndex, cause: Cause) -> Result<&NativeFunc, NoNativeCode> {
    let options = instance.module.engine().config().code;
    instance.native_set()?.compile(instance.module.info(), func, options, cause)
}

/// Whether a frame of so many slots at `fp` ends where frames have to: those of a function's codes have different sizes.
fn fits(ctx: *mut VmCtx, fp: *mut u64, slots: usize) -> bool {
    // SAFETY: the context of running code lives.
    let limit = unsafe { (*ctx).stack_limit };
    fp.addr() + slots * size_of::<u64>() <= limit.addr()
}

/// Where a function goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// At its start, in the interpreter.
    Start,
    /// At the head of the loop of this number, in the interpreter.
    Loop(u32),
    /// At its start, in native code.
    NativeStart,
    /// Anywhere else in native code.
    Native,
    /// Where an exception was caught.
    Elsewhere,
}

impl Place {
    fn of(instance: &InstanceData, func: &FuncRec, ip: *const u64) -> Place {
        // SAFETY: the code of a running function belongs to its store.
        match unsafe { kind_of(ip.addr()) } {
            CodeKind::Native(_) => {
                let set = instance.native.get();
                let code = set.and_then(|set| set.get(instance.module.own(FuncIndex(func.index))));
                let start = code.is_some_and(|code| std::ptr::eq(code.entry().wrapping_add(1), ip));
                if start { Place::NativeStart } else { Place::Native }
            }
            CodeKind::Stub(Stub::Translate) => Place::Start,
            CodeKind::Interpreter => {
                let code = instance.module.translated(FuncIndex(func.index));
                code.and_then(|code| Some(Place::in_code(code, code.word_at(ip.addr())?)))
                    .unwrap_or(Place::Elsewhere)
            }
            CodeKind::Stub(_) | CodeKind::Nothing => Place::Elsewhere,
        }
    }

    fn in_code(code: &FuncCode, word: usize) -> Place {
        let loop_where = |is_here: &dyn Fn(usize) -> bool| {
            (0..code.loop_count() as u32).find(|&number| code.loop_head(number).is_some_and(is_here))
        };
        // What leads back to a head with a test may have made the test itself, and go on behind it. To test again does nothing
        // else. But if the head of another loop lies there, control may come from inside that loop, where the test has no place.
        let behind = |head: usize| {
            decode(code.words(), head).is_ok_and(|test| !test.targets.is_empty() && head + test.len == word)
        };
        match loop_where(&|head| head == word).or_else(|| loop_where(&behind)) {
            Some(number) => Place::Loop(number),
            None if word == 1 => Place::Start,
            None => Place::Elsewhere,
        }
    }
}
