//! The passes over SSA between building and lowering: one a file, each with its contract at its top.
//!
//! ```text
//! recursion ─ inline ─ blocks ─ params ─ gvn (with fold) ─ blocks ─ params ─ loads ─ stores ─ gvn ─ wide ─ licm ─ selects ─ dce ─ blocks ─ thread ─ conditions ─ sink ─ split ─ defer
//! ```
//!
//! [`run`] is that order, but for [`inline`](mod@inline), which needs more than the function, and for [`recursion`] in front of it. Each
//! pass takes time that grows with the function and little more, so all of them run on functions of any size that are met; past
//! [`MOST_VALUES`] `gvn`, `loads` and `licm` are left out.

pub mod aliases;
pub mod blocks;
pub mod conditions;
pub mod dce;
pub mod defer;
pub(crate) mod facts;
pub(crate) mod fold;
pub mod gvn;
pub mod inline;
pub(crate) mod ints;
pub mod licm;
pub mod loads;
pub mod params;
pub mod recursion;
pub mod selects;
pub mod sink;
pub mod split;
pub mod stores;
mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod thread;
mod versions;
pub mod wide;

use upshift_translate::ModuleInfo;

use self::aliases::Aliases;
use crate::code::PassSet;
use crate::ssa::Func;
use crate::ssa::dom::Dominators;
use crate::ssa::loops::Loops;

/// Values that a function may have for all passes to run on it.
pub const MOST_VALUES: usize = 1 << 20;

/// Runs all passes but those in `off`, in their order, and calls `step` with the name of each when it has run. Returns those that
/// did not run: those in `off`, and those that are left out because the function has more than [`MOST_VALUES`] values.
///
/// ```
/// use upshift_opt::{PassSet, passes};
/// use upshift_opt::ssa::parse::parse;
/// use upshift_translate::ModuleInfo;
///
/// let mut func = parse(
///     "func func0 (i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  v1: i32 = const 0x1\n  branch v1, b1, b2\n\
///      b1:\n  v2: i32 = i32.mul v0, v1\n  return v2\nb2:\n  return v1\n",
/// )?;
/// let mut names = Vec::new();
/// passes::run(&mut func, &ModuleInfo::default(), PassSet::of("licm"), |name, _| names.push(name.to_owned()));
/// assert_eq!(func.to_string(), "func func0 (i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  return v0\n");
/// assert!(names.contains(&"gvn".to_owned()) && !names.contains(&"licm".to_owned()));
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
///
/// # Panics
/// In builds with debug assertions, when SSA is not valid behind a pass.
pub fn run(func: &mut Func, module: &ModuleInfo, off: PassSet, mut step: impl FnMut(&str, &Func)) -> PassSet {
    let off = if func.values.len() > MOST_VALUES { off.with("gvn").with("loads").with("licm") } else { off };
    let aliases = Aliases::of(module);
    let mut done = |name: &str, func: &Func| {
        #[cfg(debug_assertions)]
        crate::ssa::verify::verify(func, Some(module))
            .unwrap_or_else(|error| panic!("SSA of {} is wrong behind {name}: {error}\n{func}", func.index));
        step(name, func);
    };

    if !off.contains("blocks") {
        simplify(func);
        done("blocks", func);
    }
    if off.contains("gvn") {
        if !off.contains("fold") {
            fold::run(func);
            done("fold", func);
        }
    } else {
        gvn::run(func, &Dominators::new(func));
        done("gvn", func);
    }
    if !off.contains("blocks") {
        simplify(func);
        done("blocks", func);
    }
    let dominators = Dominators::new(func);
    let loops = Loops::new(func, &dominators, &func.predecessors());
    if !off.contains("loads") {
        let (removed, carried) = loads::run(func, &dominators, &loops, aliases);
        stores::run(func, aliases);
        done("loads", func);
        if removed > 0 && !off.contains("gvn") {
            gvn::run(func, &dominators);
            // What a loop leaves in a place as it was is the same in all rounds.
            if carried > 0 && params::run(func) > 0 {
                gvn::run(func, &dominators);
            }
            done("gvn", func);
        }
    }
    if !off.contains("wide") && wide::run(func, &dominators) > 0 {
        // What is not needed any more shall not take room in front of loops.
        dce::run(func);
        done("wide", func);
    }
    if !off.contains("licm") {
        licm::run(func, &dominators, &loops, aliases);
        done("licm", func);
    }
    if !off.contains("selects") {
        if selects::run(func) > 0 {
            blocks::run(func);
        }
        done("selects", func);
    }
    if !off.contains("dce") {
        dce::run(func);
        done("dce", func);
    }
    if !off.contains("blocks") {
        simplify(func);
        done("blocks", func);
    }
    if !off.contains("thread") && thread::run(func) > 0 {
        simplify(func);
        done("thread", func);
    }
    if !off.contains("conditions") && conditions::run(func) > 0 {
        done("conditions", func);
    }
    if !off.contains("sink") || !off.contains("split") {
        let dominators = Dominators::new(func);
        let loops = Loops::new(func, &dominators, &func.predecessors());
        if !off.contains("sink") && sink::run(func, &dominators, &loops) > 0 {
            done("sink", func);
        }
        if !off.contains("split") && split::run(func, &dominators, &loops) > 0 {
            done("split", func);
        }
    }
    if !off.contains("defer") && defer::run(func) > 0 {
        done("defer", func);
    }
    off
}

/// Simplifies the control-flow graph, and again where that made more of it possible.
pub(crate) fn simplify(func: &mut Func) {
    blocks::run(func);
    if params::run(func) > 0 {
        blocks::run(func);
    }
}

/// Makes a function shorter whose products of 128 bits are computed in pieces, so that its length is that of what is left.
pub(crate) fn shorten(func: &mut Func) {
    if !wide::has_pieces(func) {
        return;
    }
    gvn::run(func, &Dominators::new(func));
    simplify(func);
    if wide::run(func, &Dominators::new(func)) > 0 {
        dce::run(func);
    }
}
