//! Tiers: what executes functions, and which ones a call went through.
//!
//! ```text
//! call of the host ─▶ invoke ─ notes each tier that is entered ─▶ StoreState::entered ─▶ Store::last_call_tiers
//! Module, Func, FrameInfo ─ which tier there is code of ──────────▶ Tier
//! ```

use std::fmt;

use upshift_core::index::FuncIndex;
use upshift_core::vm::FuncRec;

use crate::backtrace::FrameInfo;
use crate::code_object::CodeObject;
use crate::context::AsContext;
use crate::func::Func;
use crate::module::Module;
use crate::store::{Store, StoreState};

/// What executes a function.
///
/// ```
/// use upshift::Tier;
///
/// assert_eq!(Tier::Interpreter.to_string(), "interpreter");
/// assert_eq!(Tier::ALL.map(Tier::number), [0, 1, 2]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
#[repr(u8)]
pub enum Tier {
    /// Tier 0, which runs the register IR.
    Interpreter = 0,
    /// Tier 1, machine code made in a single pass.
    Baseline = 1,
    /// Tier 2, optimized machine code.
    Optimizing = 2,
}

impl Tier {
    /// All tiers, the one that starts quickest first. Not every build has all of them, see
    /// [`is_available`](Self::is_available).
    pub const ALL: [Tier; 3] = [Tier::Interpreter, Tier::Baseline, Tier::Optimizing];

    /// The tier's number, counted from 0: the higher, the faster its code.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The tier in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Tier::Interpreter => "interpreter",
            Tier::Baseline => "baseline",
            Tier::Optimizing => "optimizing",
        }
    }

    /// Whether this build can execute code in the tier.
    ///
    /// ```
    /// use upshift::Tier;
    ///
    /// assert!(Tier::Interpreter.is_available());
    /// ```
    #[must_use]
    pub const fn is_available(self) -> bool {
        matches!(self, Tier::Interpreter)
    }
}

/// Which tiers functions run in: what [`Config::tiers`](crate::Config::tiers) takes.
///
/// ```
/// use upshift::{Config, Engine, Tier, Tiers};
///
/// let interpreted = Engine::new(Config::new().tiers(Tiers::Only(Tier::Interpreter)))?;
/// # drop(interpreted);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Tiers {
    /// Each function begins in the tier that starts quickest, and what is called often moves up.
    #[default]
    Auto,
    /// Each function runs in this tier from its first call.
    Only(Tier),
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The tiers that executed a call and what it called, in ascending order. There is at least one.
///
/// As text it is their names with arrows between them: a call of which some was executed in one tier and some in
/// another has both.
///
/// ```
/// use upshift::{Engine, Instance, Module, Store, Tier};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "run")))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
/// let tiers = store.last_call_tiers().expect("there was a call");
/// assert_eq!(tiers.iter().collect::<Vec<_>>(), [Tier::Interpreter]);
/// assert_eq!(tiers.to_string(), "interpreter");
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TierPath(Entered);

impl TierPath {
    /// The tiers, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Tier> {
        self.0.iter()
    }
}

impl fmt::Display for TierPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, tier) in self.iter().enumerate() {
            let arrow = if i == 0 { "" } else { "→" };
            write!(f, "{arrow}{}", tier.name())?;
        }
        Ok(())
    }
}

/// The set of tiers that were entered: a bit for each, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Entered(u8);

impl Entered {
    #[inline]
    fn enter(&mut self, tier: Tier) {
        self.0 |= 1 << tier.number();
    }

    fn iter(self) -> impl Iterator<Item = Tier> {
        Tier::ALL.into_iter().filter(move |tier| self.0 & 1 << tier.number() != 0)
    }
}

/// Notes that a function is about to be entered; `outermost` if nothing is being executed, so that this begins a call of
/// the host.
#[inline]
pub(crate) fn note_tier(store: &mut StoreState, func: &FuncRec, outermost: bool) {
    if outermost {
        store.entered = Entered::default();
    }
    if let Some(tier) = tier_of(store, func) {
        store.entered.enter(tier);
    }
}

/// The tier whose code a call of a function enters.
#[inline]
fn tier_of(store: &StoreState, func: &FuncRec) -> Option<Tier> {
    // `FuncRec::code`, by which functions are entered, is code of the interpreter.
    (func.vmctx != store.host_ctx.as_ptr()).then_some(Tier::Interpreter)
}

impl<T: 'static> Store<T> {
    /// The tiers that executed the last call of the host that has ended, whatever way; `None` if there was none, or if
    /// it was that of a host function that called nothing.
    ///
    /// Calls that host functions make are part of the call that they are in.
    #[must_use]
    pub fn last_call_tiers(&self) -> Option<TierPath> {
        let entered = self.as_context().state().entered;
        entered.iter().next().map(|_| TierPath(entered))
    }
}

impl Func {
    /// The tier that a call would be entered in now; `None` for functions of the host.
    ///
    /// ```
    /// use upshift::{Engine, Func, Store};
    ///
    /// let mut store = Store::new(&Engine::default(), ());
    /// let host = Func::wrap(&mut store, || ());
    /// assert_eq!(host.tier(&store), None);
    /// ```
    ///
    /// # Panics
    /// When the function belongs to another store.
    pub fn tier(&self, store: impl AsContext) -> Option<Tier> {
        let state = store.as_context().state();
        // SAFETY: `rec` checks that the function belongs to the store, which is alive.
        tier_of(state, unsafe { &*self.rec(state).as_ptr() })
    }
}

impl Module {
    /// The highest tier that there is code of for a function; `None` if it was not called so far, or has no body.
    ///
    /// ```
    /// use upshift::{Engine, Instance, Module, Store, Tier};
    ///
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, r#"(module (func (export "run")) (func))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    /// assert_eq!((module.tier(0), module.tier(1)), (Some(Tier::Interpreter), None));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn tier(&self, func: u32) -> Option<Tier> {
        let code = self.func_bodies().contains(&func).then(|| self.translated(FuncIndex(func)))?;
        code.map(|code| CodeObject::of(code).tier())
    }
}

impl FrameInfo {
    /// The tier that executes the frame.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.code_tier()
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::vm::FuncRec;
    use upshift_interp::Dispatch;

    use super::{Entered, Tier, TierPath};
    use crate::{AsContext, Config, Engine, Func, Instance, Module, Store, Val};

    /// Loops that go through their bodies as often as the parameter says, which is not 0, each with the back edges that it
    /// takes then, and functions that call `$callee` as often.
    const LOOPS: &str = r#"(module
        (tag $t)
        (type $callee (func))
        (table funcref (elem $callee))
        (func $callee (export "callee"))
        (func $tail (return_call $callee))
        (func (export "conditional") (param $n i32)
            (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "compared") (param $n i32)
            (loop
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if 0 (i32.gt_s (local.get $n) (i32.const 0)))))
        (func (export "floats") (param $n i32) (local $f f64)
            (loop
                (local.set $f (f64.add (local.get $f) (f64.const 1)))
                (br_if 0 (f64.lt (local.get $f) (f64.convert_i32_s (local.get $n))))))
        (func (export "other floats") (param $n i32) (local $f f64)
            (loop
                (local.set $f (f64.add (local.get $f) (f64.const 1)))
                (br_if 0 (i32.eqz (f64.ge (local.get $f) (f64.convert_i32_s (local.get $n)))))))
        (func (export "table") (param $n i32)
            (block $out
                (loop $again
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_table $out $again (local.get $n)))))
        (func (export "null") (param $n i32)
            (block $out
                (loop $again
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $out (i32.eqz (local.get $n)))
                    (br_on_null $again (ref.null func))
                    drop)))
        (func (export "cast") (param $n i32)
            (block $out
                (ref.i31 (i32.const 1))
                (loop $again (param (ref i31))
                    drop
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $out (i32.eqz (local.get $n)))
                    (ref.i31 (i32.const 2))
                    (br_on_cast $again (ref null any) (ref i31))
                    drop)))
        (func (export "thrown") (param $n i32)
            (block $out
                (loop $again
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $out (i32.eqz (local.get $n)))
                    (try_table (catch $t $again) (throw $t)))))
        (func (export "tested first") (param $n i32)
            (block $out
                (loop $again
                    (br_if $out (i32.eqz (local.get $n)))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br $again))))
        (func (export "direct") (param $n i32)
            (loop (call $callee) (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "indirect") (param $n i32)
            (loop
                (call_indirect (type $callee) (i32.const 0))
                (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "by reference") (param $n i32)
            (loop (call_ref $callee (ref.func $callee))
                (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "tail") (param $n i32)
            (loop (call $tail) (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

    fn left(store: &Store<()>, func: Func) -> i32 {
        // SAFETY: the record lives as long as its store, and no code runs.
        unsafe { (*func.rec(store.as_context().state()).as_ptr()).counter }
    }

    #[test]
    fn calls_and_back_edges_count() {
        for dispatch in [Dispatch::Loop, Dispatch::Tail] {
            let engine = Engine::new(Config::new().dispatch(dispatch)).unwrap();
            let module = Module::new(&engine, LOOPS).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let callee = instance.get_func(&mut store, "callee").unwrap();
            let mut called = 0;
            for export in module.exports().filter(|export| export.name() != "callee") {
                let name = export.name();
                let func = instance.get_func(&mut store, name).unwrap();
                for n in [1, 2, 5] {
                    let before = left(&store, func);
                    func.call(&mut store, &[Val::I32(n)], &mut []).unwrap();
                    // One call, and all iterations but the first. A loop that begins with its test is left from its end.
                    assert_eq!(before - left(&store, func), n, "{name} {n} {dispatch:?}");
                    if ["direct", "indirect", "by reference", "tail"].contains(&name) {
                        called += n;
                    }
                }
            }
            assert_eq!(left(&store, callee), FuncRec::COUNTER_START - called);
        }
    }

    #[test]
    fn a_counter_that_has_run_down_starts_again() {
        for dispatch in [Dispatch::Loop, Dispatch::Tail] {
            let engine = Engine::new(Config::new().dispatch(dispatch)).unwrap();
            let module = Module::new(&engine, LOOPS).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let callee = instance.get_func(&mut store, "callee").unwrap();
            for (name, counted) in [("direct", true), ("tail", true), ("conditional", false)] {
                let func = instance.get_func(&mut store, name).unwrap();
                // SAFETY: as in `left`; any number may be there.
                unsafe {
                    (*func.rec(store.as_context().state()).as_ptr()).counter = 2;
                    (*callee.rec(store.as_context().state()).as_ptr()).counter = 1;
                }
                // The call and two back edges, then the next one begins anew.
                func.call(&mut store, &[Val::I32(9)], &mut []).unwrap();
                assert_eq!(left(&store, func), FuncRec::COUNTER_START - 6, "{name} {dispatch:?}");
                let calls = if counted { FuncRec::COUNTER_START - 7 } else { 1 };
                assert_eq!(left(&store, callee), calls, "{name} {dispatch:?}");
            }
        }
    }

    #[test]
    fn a_path_ascends_whatever_was_entered_first() {
        let mut entered = Entered::default();
        assert_eq!(entered.iter().count(), 0);
        for tier in [Tier::Optimizing, Tier::Interpreter, Tier::Optimizing] {
            entered.enter(tier);
        }
        let path = TierPath(entered);
        assert_eq!(path.iter().collect::<Vec<_>>(), [Tier::Interpreter, Tier::Optimizing]);
        assert_eq!(path.to_string(), "interpreter→optimizing");
    }
}
