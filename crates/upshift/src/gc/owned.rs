//! References that the host keeps for as long as it likes.

use std::fmt;

use anyhow::{Context, Result};

use super::roots::Owner;
use super::{AnyRef, ArrayRef, Rooted, StructRef};
use crate::context::AsContextMut;
use crate::exceptions::ExnRef;
use crate::externref::ExternRef;

/// A handle to something of a store: [`AnyRef`], [`StructRef`], [`ArrayRef`], [`ExnRef`] or [`ExternRef`].
///
/// ```
/// use upshift::{AsContextMut, ExternRef, GcRef, OwnedRooted, Result, Store};
///
/// /// Keeps anything that can be kept.
/// fn keep<R: GcRef>(store: impl AsContextMut, references: &[R]) -> Result<Vec<OwnedRooted<R>>> {
///     let mut store = store;
///     references.iter().map(|&reference| OwnedRooted::new(&mut store, reference)).collect()
/// }
/// let mut store: Store<()> = Store::default();
/// let one = ExternRef::new(&mut store, 1)?;
/// assert_eq!(keep(&mut store, &[one, one])?.len(), 2);
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// What it is made of is nobody else's business:
///
/// ```compile_fail
/// use upshift::GcRef;
///
/// fn convert<X: GcRef, Y: GcRef>(reference: X) -> Y {
///     Y::from_rooted(reference.rooted())
/// }
/// ```
pub trait GcRef: Copy + Send + Sync + fmt::Debug + sealed::Sealed + 'static {}

/// Other crates cannot implement [`GcRef`].
mod sealed {
    use super::Rooted;

    pub trait Sealed {
        #[doc(hidden)]
        fn rooted(self, key: Key) -> Handle;
        #[doc(hidden)]
        fn from_rooted(handle: Handle, key: Key) -> Self;
    }

    /// Lets nobody else call the methods, who could make one kind of reference of another by them.
    #[derive(Clone, Copy, Debug)]
    pub struct Key(pub(super) ());

    /// What the handles are, opaque to the world outside.
    #[derive(Clone, Copy, Debug)]
    pub struct Handle(pub(super) Rooted);
}

use sealed::{Handle, Key};

macro_rules! gc_refs {
    ($($ty:ident)*) => {$(
        impl GcRef for $ty {}

        impl sealed::Sealed for $ty {
            fn rooted(self, _: Key) -> Handle {
                Handle(self.0)
            }

            fn from_rooted(handle: Handle, _: Key) -> $ty {
                $ty(handle.0)
            }
        }
    )*};
}

gc_refs!(AnyRef StructRef ArrayRef ExnRef ExternRef);

/// A reference that lasts until this and all its clones are dropped, whatever functions and scopes end meanwhile; what it
/// refers to is not collected. Dropping needs no store, and may come after that of the store.
///
/// ```
/// use upshift::{ArrayRef, ArrayType, Engine, FieldType, Mutability, OwnedRooted, RootScope, StorageType, Store, Val};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let bytes = ArrayType::new(&engine, FieldType::new(Mutability::Var, StorageType::I8));
/// let kept = {
///     let mut scope = RootScope::new(&mut store);
///     let array = ArrayRef::new(&mut scope, &bytes, &Val::I32(7), 3)?;
///     OwnedRooted::new(&mut scope, array)?
/// };
/// assert_eq!(kept.get().len(&store)?, 3);
///
/// let array = kept.get();
/// drop(kept);
/// assert!(array.len(&store).unwrap_err().to_string().contains("stale"));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OwnedRooted<R> {
    reference: R,
    /// Held, never looked at.
    #[allow(dead_code, reason = "what refers to it is alive as long as it is")]
    owner: Owner,
}

impl<R: GcRef> OwnedRooted<R> {
    /// Keeps what a handle refers to.
    ///
    /// # Errors
    /// When the handle is stale or belongs to another store.
    pub fn new(mut store: impl AsContextMut, reference: R) -> Result<OwnedRooted<R>> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let owner = Owner::default();
        let bits = reference.rooted(Key(())).0.get(state)?;
        let rooted = Rooted::owned(state, bits, &owner).context("handles are not null")?;
        Ok(OwnedRooted { reference: R::from_rooted(Handle(rooted), Key(())), owner })
    }

    /// A handle that is valid as long as `self` and its clones are.
    #[must_use]
    pub fn get(&self) -> R {
        self.reference
    }

    /// A handle that does not depend on `self`: it is valid until the host function or scope ends that it is made in.
    ///
    /// # Errors
    /// When the reference belongs to another store.
    pub fn to_rooted(&self, mut store: impl AsContextMut) -> Result<R> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let bits = self.reference.rooted(Key(())).0.get(state)?;
        let rooted = Rooted::new(state, bits).context("handles are not null")?;
        Ok(R::from_rooted(Handle(rooted), Key(())))
    }
}
