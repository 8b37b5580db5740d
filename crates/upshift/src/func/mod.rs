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
mod values;
mod wrap;

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use upshift_core::TypeId;
use upshift_core::types as core;
use upshift_core::vm::FuncRec;

use crate::context::AsContext;
use crate::store::{StoreId, StoreState};
use crate::types::FuncType;

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
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Func({:p})", self.rec)
    }
}
