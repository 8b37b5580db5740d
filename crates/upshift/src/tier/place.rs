//! Where a function stands when its tier may change, and where other code of it goes on there.
//!
//! ```text
//! ip ─ registry ─▶ Place: start, loop, elsewhere ─ code of another tier ─▶ the word to go on with
//! ```

use upshift_core::index::FuncIndex;
use upshift_core::vm::{FuncRec, VmCtx, frame};
use upshift_ir::FuncCode;
use upshift_ir::decode::decode;

use crate::instance::InstanceData;
use crate::vm::code::{CodeKind, Stub, kind_of};
use crate::vm::code_object::CodeObject;
use crate::vm::tier::Tier;

/// Where a function goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// At its start.
    Start,
    /// At the head of the loop of this number.
    Loop(u32),
    /// Anywhere else: where an exception was caught.
    Elsewhere,
}

impl Place {
    /// Where the handlers of the interpreter have counted a function down, and the tier that goes on there.
    pub(super) fn of(instance: &InstanceData, func: &FuncRec, ip: *const u64) -> (Place, Tier) {
        let index = FuncIndex(func.index);
        // SAFETY: the code of a running function belongs to its store.
        match unsafe { kind_of(ip.addr()) } {
            CodeKind::Native(kind) => {
                let set = instance.native.get();
                let code = set.and_then(|set| set.at(instance.module.own(index), kind, ip.addr()));
                let Some(code) = code else { return (Place::Elsewhere, Tier::Baseline) };
                let start = std::ptr::eq(code.arrival(), ip) && code.is_whole();
                (if start { Place::Start } else { Place::Elsewhere }, code.compilation.tier)
            }
            CodeKind::Stub(Stub::Translate) => (Place::Start, Tier::Interpreter),
            CodeKind::Interpreter => {
                let code = instance.module.translated(index);
                let place = code.and_then(|code| Some(Place::in_code(code, code.word_at(ip.addr())?)));
                (place.unwrap_or(Place::Elsewhere), Tier::Interpreter)
            }
            CodeKind::Stub(_) | CodeKind::Nothing => (Place::Elsewhere, Tier::Interpreter),
        }
    }

    /// What native code says of where it asks.
    pub(super) fn from_number(number: u32) -> Place {
        if number == upshift_baseline::START { Place::Start } else { Place::Loop(number) }
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

    /// The loop that optimized code for here begins at.
    pub(super) fn loop_number(self) -> Option<u32> {
        match self {
            Place::Loop(number) => Some(number),
            Place::Start | Place::Elsewhere => None,
        }
    }

    /// The word to go on with here in other code of the function, which begins here if it was optimized.
    pub(super) fn in_other(self, code: CodeObject<'_>) -> Option<*const u64> {
        match (self, code) {
            (Place::Elsewhere, _) => None,
            (Place::Start, CodeObject::Interpreter(code)) => Some(code.entry().wrapping_add(1)),
            (Place::Start, CodeObject::Native(code)) => code.is_whole().then(|| code.arrival()),
            (Place::Loop(number), CodeObject::Interpreter(code)) => {
                Some(code.entry().wrapping_add(code.loop_head(number)?))
            }
            (Place::Loop(number), CodeObject::Native(code)) if code.is_whole() => code.loop_entry(number),
            (Place::Loop(_), CodeObject::Native(code)) => Some(code.arrival()),
        }
    }
}

/// The function that a frame belongs to, and its instance; a function of the host has none.
///
/// # Safety
/// The frame is live.
pub(super) unsafe fn function_of<'a>(fp: *mut u64) -> (&'a FuncRec, Option<&'a InstanceData>) {
    // SAFETY: each frame has a header with the record of its function, whose context and instance live as long as its store.
    unsafe {
        let func: &FuncRec = &**fp.offset(frame::FUNC).cast::<*const FuncRec>();
        (func, (*func.vmctx).instance.cast::<InstanceData>().as_ref())
    }
}

/// Whether a frame of so many slots at `fp` ends where frames have to: those of a function's codes have different sizes.
pub(super) fn fits(ctx: *mut VmCtx, fp: *mut u64, slots: usize) -> bool {
    // SAFETY: the context of running code lives.
    let limit = unsafe { (*ctx).stack_limit };
    fp.addr() + slots * size_of::<u64>() <= limit.addr()
}
