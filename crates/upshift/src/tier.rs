//! Which tiers functions have code of, and which ones a call went through.
//!
//! ```text
//! call of the host ─▶ invoke ─ notes each tier that is entered ─▶ StoreState::entered ─▶ Store::last_call_tiers
//! Module, Func, FrameInfo ─ which tier there is code of ──────────▶ Tier
//! ```

use upshift_core::index::FuncIndex;
use upshift_opt::Refusal;

use crate::backtrace::FrameInfo;
use crate::context::AsContext;
use crate::func::{Func, tier_of};
use crate::module::Module;
use crate::store::Store;
use crate::vm::refusal::CodeRefusal;
use crate::vm::tier::{Compilation, Entered, Tier, TierPath};

impl<T: 'static> Store<T> {
    /// The tiers that executed the last call of the host that has ended, whatever way; `None` if there was none, or if
    /// it was that of a host function that called nothing.
    ///
    /// Calls that host functions make are part of the call that they are in.
    #[must_use]
    pub fn last_call_tiers(&self) -> Option<TierPath> {
        let entered = Entered::of(self.as_context().state().ctx().entered);
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
        if !self.func_bodies().contains(&func) {
            return None;
        }
        let interpreted = || self.translated(FuncIndex(func)).map(|_| Tier::Interpreter);
        self.compilation(func).map(|compilation| compilation.tier).or_else(interpreted)
    }

    /// Why a function stays in the interpreter although it was to be compiled; `None` if there is no such reason, or it was not to be
    /// compiled so far. If instances differ in what keeps accesses within their memories, this is about one of its codes.
    ///
    /// ```
    /// use upshift::{Engine, Module};
    ///
    /// let module = Module::new(&Engine::default(), "(module (func))")?;
    /// assert_eq!(module.code_refusal(0), None);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn code_refusal(&self, func: u32) -> Option<CodeRefusal> {
        if !self.func_bodies().contains(&func) {
            return None;
        }
        self.native().code_refusal(self.own(FuncIndex(func)))
    }

    /// How native code of a function was made; `None` if it has none. If instances differ in what keeps accesses within their
    /// memories, it has several codes, and this is about one of them.
    ///
    /// ```
    /// use upshift::{Config, Engine, Instance, Module, Store, Tier, Tiers, Trigger};
    ///
    /// let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Baseline)));
    /// # let Ok(engine) = engine else { return Ok(()) };
    /// let module = Module::new(&engine, r#"(module (func (export "run")))"#)?;
    /// assert!(module.compilation(0).is_none());
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    /// let compilation = module.compilation(0).expect("it was called");
    /// assert_eq!((compilation.tier, compilation.trigger), (Tier::Baseline, Trigger::FirstCall));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn compilation(&self, func: u32) -> Option<Compilation> {
        if !self.func_bodies().contains(&func) {
            return None;
        }
        self.native().find(self.own(FuncIndex(func)))
    }

    /// How all native code of a function was made that it has now: in each tier, and from loops on; the best first.
    ///
    /// ```
    /// use upshift::{Engine, Module};
    ///
    /// let module = Module::new(&Engine::default(), "(module (func))")?;
    /// assert!(module.compilations(0).is_empty());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn compilations(&self, func: u32) -> Vec<Compilation> {
        if !self.func_bodies().contains(&func) {
            return Vec::new();
        }
        self.native().all(self.own(FuncIndex(func)))
    }

    /// Why the optimizing compiler has left a function to the tier below; `None` if it has not, or was not asked.
    ///
    /// ```
    /// use upshift::{Engine, Module};
    ///
    /// let module = Module::new(&Engine::default(), "(module (func))")?;
    /// assert_eq!(module.refusal(0), None);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn refusal(&self, func: u32) -> Option<Refusal> {
        if !self.func_bodies().contains(&func) {
            return None;
        }
        self.native().refusal(self.own(FuncIndex(func)))
    }
}

impl FrameInfo {
    /// The tier that executes the frame.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.code_tier()
    }
}

mod change;
#[cfg(test)]
mod counter;
mod osr;
mod pays;
mod place;
mod random;
#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod refused;
mod registers;
mod state;

pub(crate) use change::{first_call, hot, switch};
pub(crate) use registers::spread;
pub(crate) use state::TierState;
