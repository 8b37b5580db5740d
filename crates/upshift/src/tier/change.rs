//! When a function goes to another tier: at its first call, and when calls and turns of loops have counted its record down.
//!
//! ```text
//! first call ──▶ first_call ─▶ code of the tier that the engine begins with
//! counter < 0 ─▶ hot (interpreter), switch (native code) ─▶ code of a higher tier, made or found ─┬▶ the record, for calls to come
//!                                                                                                └▶ the landing, where the running
//!                                                                                                   frame goes on in it
//! ```
//!
//! What one instance had compiled, others find when they ask, and what another thread compiles meanwhile is found when a counter has
//! run out again: each record changes only while its own store's code runs.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use upshift_core::index::{FuncIndex, TableIndex};
use upshift_core::vm::{Entry, FuncRec, Landing, Status, VmCtx};
use upshift_ir::FuncCode;
use upshift_opt::Reason;

use anyhow::Result;

use crate::instance::InstanceData;
use crate::module::{Module, WeakModule};
use crate::store::StoreState;
use crate::tier::osr::Seek;
use crate::tier::pays::Verdict;
use crate::tier::place::{Place, fits, function_of};
use crate::tier::random;
use crate::tier::state::look_after;
use crate::trace;
use crate::vm::code::NoNativeCode;
use crate::vm::code_object::CodeObject;
use crate::vm::forks;
use crate::vm::native::{Cause, NativeFunc, NativeSet, Optimizing, Restored, Verdict as Compiled};
use crate::vm::optimizer::{Key, Requested, Worth};
use crate::vm::signals;
use crate::vm::tier::{Optimization, Tier, Tiering, Trigger};

/// A frame that may go on in other code.
#[derive(Clone, Copy)]
pub(super) struct Running<'a> {
    pub(super) ctx: *mut VmCtx,
    pub(super) fp: *mut u64,
    pub(super) func: &'a FuncRec,
    pub(super) instance: &'a InstanceData,
    /// Where it stands.
    pub(super) place: Place,
    /// What executes it.
    pub(super) tier: Tier,
}

impl Running<'_> {
    pub(super) fn index(&self) -> FuncIndex {
        FuncIndex(self.func.index)
    }

    /// Why it is compiled now, after so many arrivals.
    fn cause(&self, arrivals: u32) -> Cause {
        let trigger = if let Place::Loop(_) = self.place { Trigger::Loop } else { Trigger::Calls };
        Cause { trigger, arrivals, wait: Duration::ZERO }
    }
}

/// Lets calls of a function reach native code.
pub(super) fn install(state: &StoreState, func: &FuncRec, code: &NativeFunc) {
    // Another thread may have made the code.
    signals::prepare_thread();
    func.code.set(code.entry());
    func.native.set(code.native_entry());
    // Whatever it was leads to the native entry, unless it belongs to optimized code, which only random decisions leave again.
    match code.reg_entry() {
        Some(entry) => func.reg_entry.set(entry),
        None if state.tier.tiering.asks() => func.reg_entry.set(state.tier.start().reg_entry),
        None => {}
    }
}

/// Lets calls of a function reach the interpreter.
pub(super) fn interpret(state: &StoreState, func: &FuncRec, code: &FuncCode) {
    let Entry { native, reg_entry, .. } = state.tier.start();
    func.code.set(code.entry());
    func.native.set(native);
    func.reg_entry.set(reg_entry);
}

/// Gives a function code at its first call.
///
/// # Errors
/// When it cannot be translated.
pub(crate) fn first_call(state: &mut StoreState, instance: &InstanceData, func: &FuncRec) -> Result<()> {
    let index = FuncIndex(func.index);
    let cause = Cause { trigger: Trigger::FirstCall, arrivals: 0, wait: Duration::ZERO };
    let restored = restore(state, instance, index);
    let wanted = match restored {
        Restored::Nothing => state.tier.at_once(body_bytes(instance, index)),
        Restored::Whole => None,
        // Code of one pass is what leads to it.
        Restored::Loops => Some(Tier::Baseline),
    };
    let code = match (wanted, state.tier.tiering) {
        (Some(tier), _) => native_code(state, instance, index, tier, cause),
        (None, Tiering::WhenHot(_)) => known(instance, index),
        (None, _) => None,
    };
    let Some(code) = code else {
        func.code.set(trace::translated(&instance.module, index)?.entry());
        state.enter_tier(Tier::Interpreter);
        return Ok(());
    };
    install(state, func, code);
    trace::installed(&instance.module, index, code.compilation.tier);
    state.enter_tier(code.compilation.tier);
    if restored != Restored::Nothing {
        state.tier.has_begun();
    }
    match restored {
        Restored::Loops => look_after(&func.counter, 0),
        _ if code.compilation.tier == Tier::Baseline => count_to_optimized(state, instance, func),
        _ => {}
    }
    Ok(())
}

/// Brings back what earlier runs have made of a function, if functions move up when they are hot.
fn restore(state: &mut StoreState, instance: &InstanceData, func: FuncIndex) -> Restored {
    if state.tier.optimizes().is_none() || !instance.module.has_stored(func) {
        return Restored::Nothing;
    }
    let begin = Instant::now();
    let restored = instance.native_set().and_then(|set| set.restore(instance.module.info(), func));
    if let Ok(Restored::Whole) = restored
        && let Some(verdict) =
            instance.known_native_set().and_then(|set| set.optimized(instance.module.own(func), None))
    {
        trace::optimized(&instance.module, func, None, begin, verdict);
    }
    restored.unwrap_or_else(|reason| {
        state.engine.note_no_native_code(reason);
        Restored::Nothing
    })
}

/// The counter of a function has run out in a handler of the interpreter. Its frame is at `fp`; `ip` is where it goes on, which may be
/// in native code.
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
    let (place, tier) = Place::of(instance, func, ip);
    let running = Running { ctx, fp, func, instance, place, tier };
    match state.tier.tiering {
        Tiering::Never | Tiering::AtFirstCall(_) => Ok(Status::OK),
        Tiering::AtRandom(_) => random::change(state, running),
        Tiering::WhenHot(_) if tier == Tier::Interpreter && !state.tier.skips_baseline() => {
            to_baseline(state, running)
        }
        Tiering::WhenHot(_) if tier == Tier::Optimizing => Ok(Status::OK),
        Tiering::WhenHot(_) => Ok(to_optimized(state, running)),
    }
}

/// Native code made in one pass asks where to go on, at the start of a function or at the head of a loop, because it has counted the
/// function down or for tests; the third word at `ip` says where.
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
    let Some(instance) = instance else { return Ok(Status::OK) };
    let (place, tier) = (Place::from_number(number), Tier::Baseline);
    let running = Running { ctx, fp, func, instance, place, tier };
    if state.tier.tiering.asks() {
        return random::asked(state, running);
    }
    func.counter.set(FuncRec::COUNTER_START);
    Ok(to_optimized(state, running))
}

/// Leads an interpreted function to native code, if that pays.
fn to_baseline(state: &mut StoreState, running: Running<'_>) -> Result<Status> {
    let Running { func, instance, place, .. } = running;
    let index = running.index();
    let arrivals = match state.tier.arrived(func, body_bytes(instance, index)) {
        Verdict::Compile(arrivals) => arrivals,
        // What others have compiled costs nothing.
        Verdict::Wait(arrivals) if known(instance, index).is_none() => {
            look_after(&func.counter, arrivals);
            return Ok(Status::OK);
        }
        Verdict::Wait(_) => 0,
    };
    let cause = running.cause(arrivals);
    let whole = known(instance, index);
    let Some(whole) = whole.or_else(|| native_code(state, instance, index, Tier::Baseline, cause)) else {
        return Ok(Status::OK);
    };
    install(state, func, whole);
    trace::installed(&instance.module, index, whole.compilation.tier);
    note_targets(instance, index);
    count_to_optimized(state, instance, func);
    // In a loop optimized code may have no way in, or not yet.
    let from_here = place.loop_number().and_then(|number| optimized(instance, index, Some(number)));
    let code = match from_here {
        Some(code) => Some(code),
        None if place.loop_number().is_some() => native_code(state, instance, index, Tier::Baseline, cause),
        None => Some(whole),
    };
    Ok(code.map_or(Status::OK, |code| land(state, running, CodeObject::Native(code))))
}

/// Leads a function to optimized code if there is some, and has it made if there is none.
fn to_optimized(state: &mut StoreState, running: Running<'_>) -> Status {
    let Running { func, instance, place, .. } = running;
    let index = running.index();
    let Some(after) = state.tier.optimized_after(body_bytes(instance, index)) else { return Status::OK };
    let set = match instance.native_set() {
        Ok(set) => set,
        Err(reason) => {
            state.engine.note_no_native_code(reason);
            return Status::OK;
        }
    };
    let own = instance.module.own(index);
    let whole = set.optimized(own, None);
    let from_loop = place.loop_number();
    let from_here = if from_loop.is_some() { set.optimized(own, from_loop) } else { whole };
    let mut is_new = false;
    if let Some(Ok(code)) = whole {
        is_new = func.code.get() != code.entry();
        install(state, func, code);
        if is_new {
            trace::installed(&instance.module, index, Tier::Optimizing);
        }
    }
    let record = std::ptr::from_ref(func).addr();
    let next = match (from_here, from_loop) {
        // Nobody knows whether the function is called again, so code of all of it comes after the code that follows from the loop. If
        // the loop is hot again in a lower tier, it was called again.
        (Some(Ok(_)), Some(_)) if state.tier.osr().enter(record) && whole.is_none() => Next::Request(None),
        (Some(Ok(_)), _) => Next::Nothing,
        (Some(Err(_)), _) => Next::after_refusal(whole),
        (None, None) => Next::Request(None),
        // What runs now may soon be over.
        (None, Some(_)) if is_new => Next::Nothing,
        (None, Some(number)) => {
            match state.tier.osr().seek(record, number, set.optimized_loops(own), after) {
                Seek::On => Next::Seek,
                Seek::Found(number) => match set.optimized(own, Some(number)) {
                    Some(Err(_)) => Next::after_refusal(whole),
                    _ => Next::Request(Some(number)),
                },
            }
        }
    };
    let left = match next {
        Next::Never => u32::MAX,
        Next::Nothing => after,
        Next::Seek => 0,
        Next::Request(wanted) => match request(state, running, wanted, after) {
            Requested::Never => after,
            _ if matches!(set.optimized(own, wanted), Some(Ok(_))) => 0,
            Requested::Waits | Requested::Later => state.tier.look_after(after),
        },
    };
    look_after(&func.counter, left);
    let Some(code) = optimized(instance, index, from_loop) else { return Status::OK };
    if code.is_whole() {
        state.tier.osr().forget(record);
    } else if from_here.is_none() {
        state.tier.osr().enter(record);
    }
    land(state, running, CodeObject::Native(code))
}

/// What a function whose counter has run out does besides going on in optimized code.
enum Next {
    /// The compiler refuses the function.
    Never,
    Nothing,
    /// Has it made, of all or of what follows from a loop on.
    Request(Option<u32>),
    /// Looks at the head of a loop that comes next.
    Seek,
}

impl Next {
    /// When the compiler refuses what is wanted: what it refuses to make from a loop on, it may make as a whole.
    fn after_refusal(whole: Option<&Compiled>) -> Next {
        if whole.is_none() { Next::Request(None) } else { Next::Never }
    }
}

/// Has a function optimized, or what follows from a loop of it on, now or soon.
fn request(state: &StoreState, running: Running<'_>, from_loop: Option<u32>, arrivals: u32) -> Requested {
    let Running { instance, .. } = running;
    let (index, cause) = (running.index(), running.cause(arrivals));
    let (Some(up), Some(set)) = (state.tier.optimizes(), instance.native.get()) else {
        return Requested::Never;
    };
    note_targets(instance, index);
    if up.optimization == Optimization::AtOnce {
        if let Err(reason) = optimize(set, &instance.module, index, from_loop, cause) {
            state.engine.note_no_native_code(reason);
            return Requested::Never;
        }
        return Requested::Waits;
    }
    let key = Key { set: Arc::as_ptr(set).addr(), own: instance.module.own(index) };
    let worth = Worth {
        earned: arrivals,
        more: state.tier.look_after(arrivals),
        body_bytes: body_bytes(instance, index),
    };
    // What the compiler asks for is found now: the first to ask has others wait, which the thread must not while the process forks.
    let _ = instance.module.info().fixed_table(TableIndex(0));
    state.engine.optimizer().request(key, worth, || {
        trace::queued(&instance.module, index, from_loop, arrivals);
        let (set, module, since) = (Arc::downgrade(set), instance.module.downgrade(), Instant::now());
        Box::new(move || {
            optimize_aside(&set, &module, index, from_loop, Cause { wait: since.elapsed(), ..cause })
        })
    })
}

/// Optimizes a function, or what follows from a loop of it on, on the thread for that: it is in no lock while the process is forked.
fn optimize_aside(
    set: &Weak<NativeSet>,
    module: &WeakModule,
    func: FuncIndex,
    from_loop: Option<u32>,
    cause: Cause,
) {
    // What nobody has any longer is not compiled.
    let both = forks::aside(|| {
        let (set, module) = (set.upgrade()?, module.upgrade()?);
        set.optimized(module.own(func), from_loop).is_none().then_some((set, module))
    });
    let Some((set, module)) = both else { return };
    let options = module.engine().config().code;
    let begin = Instant::now();
    let made = set.made_by_optimizer(module.info(), func, from_loop, options);
    forks::aside(|| match publish(&set, &module, made, cause) {
        Ok(verdict) => trace::optimized(&module, func, from_loop, begin, verdict),
        Err(reason) => module.engine().note_no_native_code(reason),
    });
    module.store_code_now_and_then(&set);
    forks::aside(move || {
        // Others may have let go of them meanwhile: then they are taken apart here.
        drop((set, module));
    });
}

/// Goes on in other code, if it has a place to go on at and the frame has room.
pub(super) fn land(state: &mut StoreState, running: Running<'_>, code: CodeObject<'_>) -> Status {
    let Running { ctx, fp, instance, place, tier: from, .. } = running;
    let fits = fits(ctx, fp, code.frame_slots());
    let Some(ip) = place.in_other(code).filter(|_| fits) else { return Status::OK };
    let to = match code {
        CodeObject::Interpreter(_) => Tier::Interpreter,
        CodeObject::Native(code) => {
            // Another thread may have made it, and nothing else of the function.
            signals::prepare_thread();
            code.compilation.tier
        }
    };
    state.enter_tier(to);
    trace::replaced(&instance.module, running.index(), [from, to], place.loop_number());
    state.ctx_mut().landing = Landing { ip, fp, ctx, sp: 0 };
    Status::LANDING
}

/// Has a function that gets code of one pass looked at when it has earned optimized code.
fn count_to_optimized(state: &StoreState, instance: &InstanceData, func: &FuncRec) {
    if let Some(after) = state.tier.optimized_after(body_bytes(instance, FuncIndex(func.index))) {
        look_after(&func.counter, after);
    }
}

/// Keeps for the optimizing compiler what calls of a function have called, as far as the interpreter has noted it: native code does not.
fn note_targets(instance: &InstanceData, func: FuncIndex) {
    let Some(set) = instance.known_native_set() else { return };
    instance.targets_of(func).for_each(|(site, target)| set.targets().note(site, target));
}

/// Bytes of the body of a function.
fn body_bytes(instance: &InstanceData, func: FuncIndex) -> usize {
    instance.module.info().body(func).map_or(0, |body| body.len())
}

/// The best native code of a function, if there is any.
fn known(instance: &InstanceData, func: FuncIndex) -> Option<&NativeFunc> {
    instance.known_native_set()?.best(instance.module.own(func))
}

/// Optimized code of a function, or of what follows from a loop of it on, if there is any.
fn optimized(instance: &InstanceData, func: FuncIndex, from_loop: Option<u32>) -> Option<&NativeFunc> {
    let set = instance.known_native_set()?;
    set.optimized(instance.module.own(func), from_loop)?.as_ref().ok()
}

/// Optimizes a function, or what follows from a loop of it on, if that has not been done.
pub(super) fn optimize<'a>(
    set: &'a NativeSet,
    module: &Module,
    func: FuncIndex,
    from_loop: Option<u32>,
    cause: Cause,
) -> Result<&'a Compiled, NoNativeCode> {
    if set.optimized(module.own(func), from_loop).is_none() {
        set.restore(module.info(), func)?;
    }
    if let Some(verdict) = set.optimized(module.own(func), from_loop) {
        return Ok(verdict);
    }
    let begin = Instant::now();
    let made = set.made_by_optimizer(module.info(), func, from_loop, module.engine().config().code);
    let verdict = publish(set, module, made, cause)?;
    trace::optimized(module, func, from_loop, begin, verdict);
    // Programs go on without the code, but where the compiler is tested nobody should miss it.
    debug_assert!(!matches!(verdict, Err(refusal) if refusal.reason == Reason::Internal), "{verdict:?}");
    Ok(verdict)
}

/// Publishes what the optimizing compiler has made, and counts what it refuses.
fn publish<'a>(
    set: &'a NativeSet,
    module: &Module,
    made: Optimizing,
    cause: Cause,
) -> Result<&'a Compiled, NoNativeCode> {
    let verdict = set.publish_optimized(module.info(), made, cause)?;
    if let Err(refusal) = verdict {
        module.engine().note_refusal(refusal.reason);
    }
    Ok(verdict)
}

/// Native code of a function for a tier, or the one below if that refuses it, which is made if there is none.
pub(super) fn native_code<'a>(
    state: &StoreState,
    instance: &'a InstanceData,
    func: FuncIndex,
    tier: Tier,
    cause: Cause,
) -> Option<&'a NativeFunc> {
    let options = instance.module.engine().config().code;
    let info = instance.module.info();
    let make = || -> Result<Option<&NativeFunc>, NoNativeCode> {
        if tier == Tier::Interpreter || state.engine.is_refused_native_code() {
            return Ok(None);
        }
        let set = instance.native_set()?;
        if tier == Tier::Optimizing
            && let Ok(code) = optimize(set, &instance.module, func, None, cause)?
        {
            return Ok(Some(code));
        }
        let make = || set.compile(info, func, options, cause);
        trace::compiled(&instance.module, set, func, make).map(Some)
    };
    // The interpreter can do without.
    make().map_err(|reason| state.engine.note_no_native_code(reason)).ok().flatten()
}

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use std::time::{Duration, Instant};

    use upshift_opt::Reason;

    use crate::vm::native::fault::MARK;
    use crate::vm::tier::{Optimization, Tier};
    use crate::{Config, Engine, Instance, Module, Store};

    /// Where the compiler has a fault, the program runs on without its code, and all else is optimized as before.
    #[test]
    fn a_fault_of_the_compiler_costs_only_its_code() {
        let mut config = Config::new();
        config.tier_up_after(1).optimize_after(2).optimization(Optimization::Background);
        let engine = Engine::new(&config).unwrap();
        for mark in [MARK, "none", MARK, "none"] {
            let text = format!(
                r#"(module (@custom "test" "{mark}")
                    (func (export "f") (param $n i32) (result i32) (local $sum i32)
                        (loop $l
                            (local.set $sum (i32.add (local.get $sum) (i32.const 3)))
                            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                        (local.get $sum)))"#
            );
            let module = Module::new(&engine, text).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let func = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
            let begin = Instant::now();
            let refusal = loop {
                assert_eq!(func.call(&mut store, 40).unwrap(), 120);
                let refusal = module.refusal(0);
                if refusal.is_some() || module.tier(0) == Some(Tier::Optimizing) {
                    break refusal;
                }
                assert!(begin.elapsed() < Duration::from_secs(300), "nothing was optimized");
            };
            assert_eq!(func.call(&mut store, 50).unwrap(), 150);
            assert_eq!(refusal.is_some(), mark == MARK);
            if let Some(refusal) = refusal {
                assert_eq!((refusal.reason, &*refusal.detail), (Reason::Internal, MARK));
                assert_eq!(refusal.offset, module.info().bodies[0].start);
                assert_eq!(module.tier(0), Some(Tier::Baseline));
            }
        }
        assert!(engine.refusals().all(|(reason, _)| reason == Reason::Internal));
    }
}
