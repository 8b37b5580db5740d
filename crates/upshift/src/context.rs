//! Borrows of a store, and the traits by which everything that has one takes part.
//!
//! ```text
//! Store ─┬─ AsContext ────▶ StoreContext       shared: read data, sizes, types
//! Caller ┴─ AsContextMut ─▶ StoreContextMut    unique: call, grow, instantiate
//! ```
//!
//! A context is the store's raw address with a lifetime. It makes references only for single accesses, so none is alive
//! while wasm code runs.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::engine::Engine;
use crate::store::{Inner, StoreState};

/// A shared borrow of a [`Store`](crate::Store).
///
/// ```
/// use upshift::{AsContext, Engine, Store, StoreContext};
///
/// let store = Store::new(&Engine::default(), String::from("data"));
/// let context: StoreContext<'_, String> = store.as_context();
/// assert_eq!(context.data(), "data");
/// ```
pub struct StoreContext<'a, T: 'static> {
    inner: NonNull<Inner<T>>,
    borrows: PhantomData<&'a Inner<T>>,
}

/// A unique borrow of a [`Store`](crate::Store).
///
/// ```
/// use upshift::{AsContextMut, Engine, Store, StoreContextMut};
///
/// let mut store = Store::new(&Engine::default(), 1);
/// let mut context: StoreContextMut<'_, i32> = store.as_context_mut();
/// *context.data_mut() += 1;
/// assert_eq!(*store.data(), 2);
/// ```
pub struct StoreContextMut<'a, T: 'static> {
    inner: NonNull<Inner<T>>,
    borrows: PhantomData<&'a mut Inner<T>>,
}

// SAFETY: a context is a borrow of the store.
unsafe impl<T: Sync> Send for StoreContext<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for StoreContext<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for StoreContextMut<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for StoreContextMut<'_, T> {}

impl<T: 'static> Clone for StoreContext<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for StoreContext<'_, T> {}

impl<'a, T: 'static> StoreContext<'a, T> {
    /// Shared access to a store.
    ///
    /// # Safety
    /// `state` must be the root address of a store with data `T` that nobody changes for `'a`.
    pub(crate) unsafe fn from_root(state: NonNull<StoreState>) -> StoreContext<'a, T> {
        StoreContext { inner: state.cast(), borrows: PhantomData }
    }

    /// The host's data.
    #[must_use]
    pub fn data(&self) -> &'a T {
        // SAFETY: the store is borrowed for `'a`, and no call runs meanwhile.
        unsafe { &(*self.inner.as_ptr()).data }
    }

    /// The engine that the store belongs to.
    #[must_use]
    pub fn engine(&self) -> &'a Engine {
        &self.state().engine
    }

    pub(crate) fn state(&self) -> &'a StoreState {
        // SAFETY: as in `data`.
        unsafe { &(*self.inner.as_ptr()).state }
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    /// The context of a host call.
    ///
    /// # Safety
    /// `state` must be the root address of a store with data `T` that nobody else uses for `'a`.
    pub(crate) unsafe fn from_root(state: NonNull<StoreState>) -> StoreContextMut<'a, T> {
        StoreContextMut { inner: state.cast(), borrows: PhantomData }
    }

    /// The host's data.
    #[must_use]
    pub fn data(&self) -> &T {
        // SAFETY: the store is borrowed uniquely for `'a`, and no call runs while `self` is borrowed.
        unsafe { &(*self.inner.as_ptr()).data }
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        // SAFETY: as in `data`.
        unsafe { &mut (*self.inner.as_ptr()).data }
    }

    /// The engine that the store belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        // SAFETY: as in `data`.
        unsafe { &(*self.inner.as_ptr()).state.engine }
    }

    /// Collects the objects that nobody refers to any more, see [`Store::gc`](crate::Store::gc).
    ///
    /// # Errors
    /// As [`Store::gc`](crate::Store::gc).
    pub fn gc(&mut self) -> anyhow::Result<()> {
        self.state().collect_now()
    }

    pub(crate) fn state(&mut self) -> &mut StoreState {
        // SAFETY: as in `data`.
        unsafe { &mut (*self.inner.as_ptr()).state }
    }

    pub(crate) fn root(&mut self) -> NonNull<StoreState> {
        self.inner.cast()
    }

    /// State and data for as long as the store is borrowed.
    pub(crate) fn split(self) -> (&'a mut StoreState, &'a mut T) {
        // SAFETY: the borrow of the store goes over into the two references, which do not overlap.
        unsafe { (&mut (*self.inner.as_ptr()).state, &mut (*self.inner.as_ptr()).data) }
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for StoreContext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContext").field("data", self.data()).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for StoreContextMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContextMut").field("data", self.data()).finish_non_exhaustive()
    }
}

/// Everything that gives shared access to a store: [`Store`](crate::Store), contexts, [`Caller`](crate::Caller), and references to them.
///
/// ```
/// use upshift::{AsContext, Engine, Memory, Store};
///
/// /// Works with a store and inside of host functions alike.
/// fn bytes(store: impl AsContext, memories: &[Memory]) -> usize {
///     memories.iter().map(|memory| memory.data_size(&store)).sum()
/// }
/// assert_eq!(bytes(&Store::new(&Engine::default(), ()), &[]), 0);
/// ```
pub trait AsContext {
    /// The host's data.
    type Data: 'static;

    /// Borrows the store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Everything that gives unique access to a store.
///
/// A function that takes one lends it on as `&mut store`.
///
/// ```
/// use upshift::{AsContextMut, Engine, Memory, MemoryType, Result, Store};
///
/// fn two_memories(mut store: impl AsContextMut) -> Result<[Memory; 2]> {
///     let ty = MemoryType::new(1, None);
///     Ok([Memory::new(&mut store, ty.clone())?, Memory::new(&mut store, ty)?])
/// }
/// let mut store = Store::new(&Engine::default(), ());
/// let [first, second] = two_memories(&mut store)?;
/// assert_ne!(first, second);
/// # Ok::<(), upshift::Error>(())
/// ```
pub trait AsContextMut: AsContext {
    /// Borrows the store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

impl<T: 'static> AsContext for StoreContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        *self
    }
}

impl<T: 'static> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext { inner: self.inner, borrows: PhantomData }
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut { inner: self.inner, borrows: PhantomData }
    }
}

impl<C: AsContext> AsContext for &'_ C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &'_ mut C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &'_ mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

/// References to what gives access are converted to contexts.
macro_rules! contexts_from {
    ($(shared $source:ty;)* $(unique $unique:ty;)*) => {
        $(
            impl<'a, T: 'static> From<&'a $source> for StoreContext<'a, T> {
                fn from(source: &'a $source) -> StoreContext<'a, T> {
                    source.as_context()
                }
            }

            impl<'a, T: 'static> From<&'a mut $source> for StoreContext<'a, T> {
                fn from(source: &'a mut $source) -> StoreContext<'a, T> {
                    (&*source).into()
                }
            }
        )*
        $(
            impl<'a, T: 'static> From<&'a mut $unique> for StoreContextMut<'a, T> {
                fn from(source: &'a mut $unique) -> StoreContextMut<'a, T> {
                    source.as_context_mut()
                }
            }
        )*
    };
}

pub(crate) use contexts_from;

contexts_from! {
    shared StoreContextMut<'_, T>;
    unique StoreContextMut<'_, T>;
}

impl<'a, T: 'static> From<StoreContextMut<'a, T>> for StoreContext<'a, T> {
    fn from(source: StoreContextMut<'a, T>) -> StoreContext<'a, T> {
        StoreContext { inner: source.inner, borrows: PhantomData }
    }
}
