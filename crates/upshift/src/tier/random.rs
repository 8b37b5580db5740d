//! Functions that change their tier at random, for tests: at calls, at turns of loops, up and down.

use std::time::Duration;

use anyhow::Result;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{FuncRec, Status};

use crate::instance::InstanceData;
use crate::store::StoreState;
use crate::tier::change::{Running, install, interpret, land, native_code, optimize};
use crate::tier::place::Place;
use crate::trace;
use crate::vm::code_object::CodeObject;
use crate::vm::native::Cause;
use crate::vm::tier::{Tier, Trigger};

/// The counter of a function has run out; it has a new start.
pub(super) fn change(state: &mut StoreState, running: Running<'_>) -> Result<Status> {
    let Running { func, instance, place, .. } = running;
    func.counter.set(state.tier.counter());
    demote(state)?;
    let (tier, here, calls) = (state.tier.any_tier(), state.tier.chance(2), state.tier.chance(2));
    if !(here || calls) {
        return Ok(Status::OK);
    }
    let trigger = if let Place::Loop(_) = place { Trigger::Loop } else { Trigger::Calls };
    let cause = Cause { trigger, arrivals: 0, wait: Duration::ZERO };
    let code = code_for(state, instance, running.index(), tier, cause)?;
    if calls {
        lead_to(state, func, code);
    }
    if !here {
        return Ok(Status::OK);
    }
    let from_here = match place.loop_number() {
        Some(number) if tier == Tier::Optimizing => {
            let set = instance.native_set();
            let verdict =
                set.and_then(|set| optimize(set, &instance.module, running.index(), Some(number), cause));
            verdict.ok().and_then(|verdict| verdict.as_ref().ok())
        }
        _ => None,
    };
    Ok(land(state, running, from_here.map_or(code, CodeObject::Native)))
}

/// Native code asks where to go on.
pub(super) fn asked(state: &mut StoreState, running: Running<'_>) -> Result<Status> {
    if running.func.counter.get() < 0 {
        running.func.counter.set(state.tier.counter());
    }
    if state.tier.chance(1) { change(state, running) } else { Ok(Status::OK) }
}

/// Code of a tier, or of the one below if that has none.
fn code_for<'a>(
    state: &StoreState,
    instance: &'a InstanceData,
    func: FuncIndex,
    tier: Tier,
    cause: Cause,
) -> Result<CodeObject<'a>> {
    Ok(match native_code(state, instance, func, tier, cause) {
        Some(code) => CodeObject::Native(code),
        None => CodeObject::Interpreter(trace::translated(&instance.module, func)?),
    })
}

/// Lets calls of a function reach its code.
fn lead_to(state: &mut StoreState, func: &FuncRec, code: CodeObject<'_>) {
    match code {
        CodeObject::Interpreter(code) => interpret(state, func, code),
        CodeObject::Native(code) => {
            install(state, func, code);
            if code.compilation.tier == Tier::Optimizing {
                state.tier.optimized.push(std::ptr::from_ref(func).expose_provenance());
            }
        }
    }
}

/// Leads calls of a function that is optimized to a lower tier: that code never asks.
fn demote(state: &mut StoreState) -> Result<()> {
    if !state.tier.chance(1) {
        return Ok(());
    }
    let Some(func) = state.tier.take_optimized() else { return Ok(()) };
    // SAFETY: it is the address of a record of this store, which lives, and so does its instance.
    let (func, instance) = unsafe {
        let func = &*std::ptr::with_exposed_provenance::<FuncRec>(func);
        (func, &*(*func.vmctx).instance.cast::<InstanceData>())
    };
    let tier = if state.tier.chance(2) { Tier::Baseline } else { Tier::Interpreter };
    let cause = Cause { trigger: Trigger::Calls, arrivals: 0, wait: Duration::ZERO };
    let code = code_for(state, instance, FuncIndex(func.index), tier, cause)?;
    lead_to(state, func, code);
    Ok(())
}
