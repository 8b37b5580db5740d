//! Functions, of wasm or of the host, and the ways to call them.
//!
//! ```text
//! Func::wrap, Linker::func_wrap ─ wrap ─┐
//! Func::new,  Linker::func_new  ────────┴▶ HostFunc ─ per store ─▶ FuncRec ◀─ Func ─ typed ─▶ TypedFunc
//!                                                                    ▲          │                │
//!                                                 exports, ref.func ─┘          └──── call ◀─────┘
//! ```

/// Calls a macro with 0 to 16 names.
macro_rules! for_each_arity {
    ($m:ident) => {
        $m!();
        $m!(A);
        $m!(A B);
        $m!(A B C);
        $m!(A B C D);
        $m!(A B C D E);
        $m!(A B C D E G);
        $m!(A B C D E G H);
        $m!(A B C D E G H I);
        $m!(A B C D E G H I J);
        $m!(A B C D E G H I J K);
        $m!(A B C D E G H I J K L);
        $m!(A B C D E G H I J K L M);
        $m!(A B C D E G H I J K L M N);
        $m!(A B C D E G H I J K L M N O);
        $m!(A B C D E G H I J K L M N O P);
        $m!(A B C D E G H I J K L M N O P Q);
    };
}

mod call;
mod host;
mod typed;
mod wrap;

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use upshift_core::TypeId;
use upshift_core::types as core;
use upshift_core::vm::FuncRec;

use crate::caller::Caller;
use crate::context::{AsContext, AsContextMut};
use crate::store::{StoreId, StoreState};
use crate::types::FuncType;
use crate::val::Val;

pub use typed::{TypedFunc, WasmParams, WasmResults, WasmTy};
pub use wrap::{IntoFunc, WasmRet};

pub(crate) use call::{invoke, tier_of};
pub(crate) use host::{HostCall, HostFunc};

/// A function of a store, of wasm or of the host (wasm spec, "Execution / Runtime Structure / Function Instances").
///
/// ```
/// use upshift::{Engine, Func, Store, Val};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
/// let mut results = [Val::I32(0)];
/// add.call(&mut store, &[Val::I32(1), Val::I32(2)], &mut results)?;
/// assert_eq!(results[0].unwrap_i32(), 3);
/// let add = add.typed::<(i32, i32), i32>(&store)?;
/// assert_eq!(add.call(&mut store, (3, 4))?, 7);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Func {
    store: StoreId,
    rec: NonNull<FuncRec>,
}

// SAFETY: the address is used only together with the store that it belongs to, which the id proves.
unsafe impl Send for Func {}
// SAFETY: as above.
unsafe impl Sync for Func {}

impl Func {
    /// A host function from a closure; its parameters and results tell the type.
    ///
    /// The closure takes up to 16 [`WasmTy`] arguments, optionally after a [`Caller`], and returns nothing, a
    /// [`WasmTy`], a tuple of those, or a [`Result`] of these. An error stops the wasm code that made the call and is
    /// returned by the call that entered it.
    ///
    /// # Panics
    /// When the engine has two billion types already.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let mut store = store.as_context_mut();
        let func = Arc::new(func.into_host(store.engine()).expect("the engine has numbers for types"));
        Func::of_host(store.state(), &func)
    }

    /// A host function of a type that is known only at run time.
    ///
    /// The closure finds a zero or null of the right type in each result and must leave a value of the right type there. An
    /// error stops the wasm code that made the call, and so does a wrong value.
    ///
    /// # Panics
    /// When the type belongs to another engine.
    ///
    /// ```
    /// use upshift::{Engine, Func, FuncType, Store, Val, ValType};
    ///
    /// let engine = Engine::default();
    /// let mut store = Store::new(&engine, ());
    /// let ty = FuncType::new(&engine, [ValType::I32, ValType::I32], [ValType::I64]);
    /// let widening_add = Func::new(&mut store, ty, |_, params, results| {
    ///     let sum = params.iter().map(|value| i64::from(value.unwrap_i32())).sum();
    ///     results[0] = Val::I64(sum);
    ///     Ok(())
    /// });
    /// let widening_add = widening_add.typed::<(i32, i32), i64>(&store)?;
    /// assert_eq!(widening_add.call(&mut store, (i32::MAX, 1))?, 1 << 31);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        let func = Arc::new(HostFunc::with_values(ty, func));
        Func::of_host(store.as_context_mut().state(), &func)
    }

    pub(crate) fn of_host(state: &mut StoreState, func: &Arc<HostFunc>) -> Func {
        let rec = state.add_host_func(func);
        Func { store: state.id, rec }
    }

    /// # Safety
    /// `rec` must be a function of the store.
    pub(crate) unsafe fn from_rec(store: StoreId, rec: NonNull<FuncRec>) -> Func {
        Func { store, rec }
    }

    /// # Safety
    /// `slot` must be a reference to a function of the store, or null.
    pub(crate) unsafe fn from_slot(store: StoreId, slot: u64) -> Option<Func> {
        let rec = NonNull::new(std::ptr::with_exposed_provenance_mut(slot as usize))?;
        Some(Func { store, rec })
    }

    /// The bits of a reference to the function.
    pub(crate) fn to_slot(self) -> u64 {
        self.rec.as_ptr().expose_provenance() as u64
    }

    pub(crate) fn store_id(self) -> StoreId {
        self.store
    }

    /// The record, for use in the given store.
    ///
    /// # Panics
    /// When the function belongs to another store.
    pub(crate) fn rec(self, store: &StoreState) -> NonNull<FuncRec> {
        store.check(self.store);
        self.rec
    }

    pub(crate) fn type_id(self, store: &StoreState) -> TypeId {
        // SAFETY: `rec` checks that the function belongs to the store, which is alive.
        unsafe { (*self.rec(store).as_ptr()).ty }
    }

    pub(crate) fn core_type(self, store: &StoreState) -> &Arc<core::FuncType> {
        let rec = self.rec(store);
        // SAFETY: `rec` checks that the function belongs to the store.
        unsafe { store.func_type(rec) }
    }

    /// The type.
    ///
    /// # Panics
    /// When the function belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let store = store.as_context();
        let state = store.state();
        // The store keeps the types of its functions.
        FuncType::from_id(&state.engine, self.type_id(state))
    }

    /// Calls the function with arguments that are checked now.
    ///
    /// # Errors
    /// When number or types of the arguments or the number of results are wrong; and what the function ends with: a
    /// [`Trap`](crate::Trap), or an error that a host function returned. Context of both is a
    /// [`WasmBacktrace`](crate::WasmBacktrace).
    ///
    /// # Panics
    /// When the function belongs to another store; and with the panic of a host function that was called.
    pub fn call(&self, mut store: impl AsContextMut, params: &[Val], results: &mut [Val]) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let ty = NonNull::from(&**self.core_type(state));
        // SAFETY: the store keeps the type of each of its functions as long as it lives: in the host function or in the module
        // of the instance, of which it lets none go.
        let ty = unsafe { ty.as_ref() };
        check_args(state, ty, params, results.len())?;
        let (rec, root) = (self.rec, store.root());
        let slots = ty.param_slots().max(ty.result_slots());
        // SAFETY: the function belongs to the store, the arguments are of its type and in the store, and the contexts's
        // borrow lasts as long as the call.
        unsafe {
            invoke(
                root,
                rec,
                slots,
                |mut slot| {
                    for value in params {
                        value.write(&*root.as_ptr(), slot);
                        slot = slot.add(if matches!(value, Val::V128(_)) { 2 } else { 1 });
                    }
                },
                |mut slot| {
                    for (result, &ty) in results.iter_mut().zip(ty.results()) {
                        *result = Val::read(&*root.as_ptr(), ty, slot);
                        slot = slot.add(ty.slots() as usize);
                    }
                },
            )
        }
    }

    /// The function with its types checked once and for all.
    ///
    /// # Errors
    /// When `Params` and `Results` are not those of the function.
    ///
    /// # Panics
    /// When the function belongs to another store.
    pub fn typed<Params: WasmParams, Results: WasmResults>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<Params, Results>> {
        let store = store.as_context();
        let state = store.state();
        let ty = self.core_type(state);
        Params::check_params(&state.engine, ty.params()).context("type mismatch with parameters")?;
        Results::check_results(&state.engine, ty.results()).context("type mismatch with results")?;
        Ok(TypedFunc::new(*self))
    }
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Func({:p})", self.rec)
    }
}

fn check_args(store: &StoreState, ty: &core::FuncType, params: &[Val], results: usize) -> Result<()> {
    if params.len() != ty.params().len() {
        bail!("expected {} arguments, got {}", ty.params().len(), params.len());
    }
    if results != ty.results().len() {
        bail!("expected {} results, got {results}", ty.results().len());
    }
    for (i, (value, &ty)) in params.iter().zip(ty.params()).enumerate() {
        if let Err(error) = value.check(store, ty) {
            return Err(error.context(format!("argument {i}")));
        }
    }
    Ok(())
}
