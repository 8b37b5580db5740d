//! Globals.

use anyhow::{Context, Result, ensure};
use upshift_core::types as core;
use upshift_core::vm::GlobalCell;

use crate::context::{AsContext, AsContextMut};
use crate::store::{StoreId, StoreState};
use crate::types::GlobalType;
use crate::val::Val;
use crate::vm::stable::Stable;

/// A global of a store (wasm spec, "Execution / Runtime Structure / Global Instances").
///
/// ```
/// use upshift::{Engine, Global, GlobalType, Mutability, Store, Val, ValType};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = GlobalType::new(ValType::I32, Mutability::Var);
/// let global = Global::new(&mut store, ty, Val::I32(1))?;
/// global.set(&mut store, Val::I32(2))?;
/// assert_eq!(global.get(&mut store).unwrap_i32(), 2);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Global {
    store: StoreId,
    index: u32,
}

/// A global as the store holds it.
pub(crate) struct GlobalData {
    ty: core::GlobalType,
    cell: Cell,
    /// The type as the host gave it, which keeps the defined type that it may name; that of an instance's global is kept by its
    /// module.
    _kept: Option<GlobalType>,
}

/// Where the value lies.
enum Cell {
    /// In the context of an instance, which lives as long as the store.
    Instance(*mut GlobalCell),
    /// On its own, for globals of the host.
    Host(Stable<GlobalCell>),
}

impl GlobalData {
    pub(crate) fn ty(&self) -> core::GlobalType {
        self.ty
    }

    pub(crate) fn cell(&self) -> *mut GlobalCell {
        match &self.cell {
            Cell::Instance(cell) => *cell,
            Cell::Host(cell) => cell.as_ptr(),
        }
    }
}

impl Global {
    /// A global of the host.
    ///
    /// # Errors
    /// When the value is not of the type, or belongs to another store; or when the type belongs to another engine.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let inner = ty.in_engine(&state.engine)?;
        value.check(state, inner.content).context("the value is not one of the global's type")?;
        let cell = Stable::new(GlobalCell::default());
        // SAFETY: a cell has two slots.
        unsafe { value.write(state, cell.as_ptr().cast()) };
        Ok(Global::add(state, GlobalData { ty: inner, cell: Cell::Host(cell), _kept: Some(ty) }))
    }

    /// A global that lies in an instance's context.
    pub(crate) fn of_instance(state: &mut StoreState, ty: core::GlobalType, cell: *mut GlobalCell) -> Global {
        Global::add(state, GlobalData { ty, cell: Cell::Instance(cell), _kept: None })
    }

    fn add(state: &mut StoreState, global: GlobalData) -> Global {
        state.globals.push(global);
        Global { store: state.id, index: (state.globals.len() - 1) as u32 }
    }

    /// The type.
    ///
    /// # Panics
    /// When the global belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        let store = store.as_context();
        let state = store.state();
        GlobalType::of_core(&state.engine, self.in_state(state).ty)
    }

    /// The value.
    ///
    /// # Panics
    /// When the global belongs to another store.
    pub fn get(&self, store: impl AsContext) -> Val {
        let store = store.as_context();
        let global = self.in_state(store.state());
        // SAFETY: cells live as long as their store and hold values of their type.
        unsafe { Val::read(store.state(), global.ty.content, global.cell().cast()) }
    }

    /// Sets the value.
    ///
    /// # Errors
    /// When the global is immutable, or the value is not of its type or belongs to another store.
    ///
    /// # Panics
    /// When the global belongs to another store.
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let mut store = store.as_context_mut();
        let state = &*store.state();
        let global = self.in_state(state);
        ensure!(global.ty.mutable, "immutable global cannot be set");
        value.check(state, global.ty.content).context("the value is not one of the global's type")?;
        // SAFETY: cells live as long as their store and have two slots.
        unsafe { value.write(state, global.cell().cast()) };
        Ok(())
    }

    pub(crate) fn in_state(self, state: &StoreState) -> &GlobalData {
        state.check(self.store);
        &state.globals[self.index as usize]
    }

    pub(crate) fn store_id(self) -> StoreId {
        self.store
    }
}
