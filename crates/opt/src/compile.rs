//! The pipeline of the compiler, one step after the other.
//!
//! ```text
//! build ─ Func ─▶ passes ─ Func ─▶ lower ─ MFunc ─▶ allocate ─ registers ─▶ emit ─▶ OptCode
//! ```

use std::cell::Cell;

use upshift_asm::AsmError;
use upshift_codegen::Target;
use upshift_codegen::text::hex;
use upshift_core::index::FuncIndex;
use upshift_translate::{CodeOptions, ModuleInfo, WalkBuffers};

use crate::code::{Dump, OptCode, Reason, Refusal, Request, Stage};
use crate::lower::x64::lower;
use crate::mach::allocate::{QUICK_FROM, allocate};
use crate::mach::x64::emit::{self, Body, emit};
use crate::mach::x64::{Inst, environment, name};
use crate::mach::{self, MFunc, text};
use crate::passes;
use crate::ssa::Func;
use crate::ssa::build::{BuildError, build};
use crate::ssa::live;

/// How many values may live behind all blocks together: the allocator's time and memory grow with them.
const MOST_LIVE: usize = 1 << 24;

/// From this many of them on the quick algorithm allocates registers.
const QUICK_FROM_LIVE: usize = 1 << 20;

/// What is used from one function to the next.
struct Room {
    walk: WalkBuffers,
    mach: MFunc<Inst>,
    registers: regalloc2::Ctx,
    environment: regalloc2::MachineEnv,
    emit: emit::Room,
}

impl Default for Room {
    fn default() -> Room {
        Room {
            walk: WalkBuffers::default(),
            mach: MFunc::default(),
            registers: regalloc2::Ctx::default(),
            environment: environment(),
            emit: emit::Room::default(),
        }
    }
}

/// Does something with the room of this thread.
fn with_room<R>(work: impl FnOnce(&mut Room) -> R) -> R {
    thread_local! {
        static ROOM: Cell<Option<Box<Room>>> = const { Cell::new(None) };
    }
    // A panic loses it, so nobody gets one that is half in use.
    let mut room = ROOM.take().unwrap_or_default();
    let result = work(&mut room);
    ROOM.set(Some(room));
    result
}

/// Compiles a function of the module, or what follows from one of its loops on.
///
/// # Errors
/// When this tier leaves the function to the one below, and why.
///
/// # Panics
/// When `func` is an import.
pub fn compile(
    module: &ModuleInfo,
    func: FuncIndex,
    options: CodeOptions,
    target: &Target,
    mut request: Request<'_>,
) -> Result<OptCode, Refusal> {
    with_room(|room| {
        let refuse = |reason, detail: String| Refusal {
            reason,
            offset: module.body(func).map_or(0, |body| body.start),
            detail: detail.into(),
        };
        let mut dump = Dumps(request.dump.take());
        let mut ssa =
            build(module, func, options, request.osr, &mut room.walk).map_err(|error| match error {
                BuildError::Translate(error) => refuse(Reason::Translation, error.to_string()),
                BuildError::TooManyEdges => refuse(Reason::TooManyEdges, String::new()),
                BuildError::NoSuchLoop => refuse(Reason::NoSuchLoop, String::new()),
            })?;
        dump.ssa("build", &ssa);
        let passes_off = passes::run(&mut ssa, module, request.off, |name, ssa| dump.ssa(name, ssa));

        let live = live::behind_blocks(&ssa, MOST_LIVE);
        if live > MOST_LIVE {
            return Err(refuse(Reason::TooManyLive, String::new()));
        }
        let mach = lower(&ssa, module, target, std::mem::take(&mut room.mach))
            .ok_or_else(|| refuse(Reason::TooManyReferences, String::new()))?;
        dump.step(Stage::Mach, "lower", &|| text::print(&mach, None, name));
        let live = live.max(mach::live::behind_blocks(&mach, MOST_LIVE));
        if live > MOST_LIVE {
            room.keep(mach);
            return Err(refuse(Reason::TooManyLive, String::new()));
        }

        let quick = request.off.contains("ion") || mach.insts.len() >= QUICK_FROM || live >= QUICK_FROM_LIVE;
        let output = allocate(&mach, &room.environment, quick, &mut room.registers)
            .map_err(|error| refuse(Reason::TooLarge, error.to_string()))?;
        dump.step(Stage::Mach, "allocate", &|| text::print(&mach, Some(output), name));

        let body =
            Body { module, target, frame: ssa.frame, params: &ssa.params, is_loop: request.osr.is_some() };
        let code = emit(&mach, output, &body, &mut room.emit);
        let mut code = code.map_err(|error: AsmError| refuse(Reason::TooLarge, error.to_string()))?;
        code.stats.passes_off = if quick { passes_off.with("ion") } else { passes_off };
        dump.step(Stage::Asm, "emit", &|| hex(0, code.code.code()));
        room.keep(mach);
        Ok(code)
    })
}

impl Room {
    /// Keeps what the next function can use, unless only very large ones need so much.
    fn keep(&mut self, mach: MFunc<Inst>) {
        const MOST: usize = 1 << 16;
        if mach.insts.capacity() > MOST {
            *self = Room::default();
        } else {
            self.mach = mach;
        }
    }
}

/// Who gets the texts, if anything does.
struct Dumps<'a>(Option<&'a mut dyn Dump>);

impl Dumps<'_> {
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String) {
        if let Some(dump) = &mut self.0 {
            dump.step(stage, name, text);
        }
    }

    fn ssa(&mut self, name: &str, func: &Func) {
        self.step(Stage::Ssa, name, &|| func.to_string());
    }
}
