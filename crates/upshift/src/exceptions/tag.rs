//! Tags: what kind of exception one is.

use std::sync::Arc;

use anyhow::{Result, ensure};
use upshift_core::TypeId;
use upshift_core::index::TagIndex;
use upshift_core::types as core;
use upshift_translate::registry::TypeHandle;

use crate::context::{AsContext, AsContextMut};
use crate::engine::Engine;
use crate::module::Module;
use crate::store::{StoreId, StoreState};
use crate::types::{FuncType, TagType};

/// A tag of a store (wasm spec, "Execution / Runtime Structure / Tag Instances"): what an [`Exception`](crate::Exception)
/// is thrown with and caught by.
///
/// Each tag is different from all others, whatever their types.
///
/// ```
/// use upshift::{Engine, FuncType, Instance, Module, Store, Tag, TagType, ValType};
///
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// let tag = Tag::new(&mut store, &ty)?;
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "host" "failure" (tag $failure (param i32)))
///         (export "same" (tag $failure))
///         (tag (export "other") (param i32)))"#,
/// )?;
/// let instance = Instance::new(&mut store, &module, &[tag.into()])?;
/// assert_eq!(instance.get_tag(&mut store, "same"), Some(tag));
/// assert_ne!(instance.get_tag(&mut store, "other"), Some(tag));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tag {
    store: StoreId,
    index: u32,
}

/// A tag as the store holds it.
pub(crate) struct TagData {
    ty: TypeHandle,
    /// How many slots the values of its exceptions take.
    pub(super) slots: usize,
    /// Which of them hold references that the collector has to know.
    traced: Box<[u32]>,
    /// The module that defines it; none for tags of the host.
    pub(super) origin: Option<(Module, TagIndex)>,
}

impl TagData {
    fn new(ty: &TypeHandle, origin: Option<(Module, TagIndex)>) -> TagData {
        let mut slot = 0;
        let mut traced = Vec::new();
        let func = ty.as_func().expect("the type of a tag is one of functions");
        for param in func.params() {
            if param.is_traced() {
                traced.push(slot);
            }
            slot += param.slots();
        }
        TagData { ty: ty.clone(), slots: func.param_slots() as usize, traced: traced.into(), origin }
    }

    pub(crate) fn ty(&self) -> TypeId {
        self.ty.id()
    }

    /// The function type whose parameters its exceptions carry.
    pub(crate) fn func(&self) -> &Arc<core::FuncType> {
        self.ty.as_func().expect("the type of a tag is one of functions")
    }

    /// Which slots of the values hold references that the collector has to know.
    pub(crate) fn traced(&self) -> &[u32] {
        &self.traced
    }
}

impl Tag {
    /// A tag of the host.
    ///
    /// # Errors
    /// When the type has results, which exceptions do not have, or belongs to another engine.
    pub fn new(mut store: impl AsContextMut, ty: &TagType) -> Result<Tag> {
        let mut store = store.as_context_mut();
        let state = store.state();
        ensure!(Engine::same(ty.ty().engine(), &state.engine), "the tag's type belongs to another engine");
        ensure!(ty.ty().results().len() == 0, "a tag's type has no results, this one is `{}`", ty.ty());
        Ok(Tag::add(state, TagData::new(ty.ty().handle(), None)))
    }

    /// A tag that a module defines.
    pub(crate) fn of_instance(state: &mut StoreState, module: &Module, tag: TagIndex) -> Tag {
        let ty = module.info().tag_type(tag);
        Tag::add(state, TagData::new(&ty.ty, Some((module.clone(), tag))))
    }

    fn add(state: &mut StoreState, tag: TagData) -> Tag {
        state.tags.push(tag);
        Tag { store: state.id, index: (state.tags.len() - 1) as u32 }
    }

    /// The tag of a number, which must be that of one of the store's tags.
    pub(super) fn nth(state: &StoreState, index: u32) -> Tag {
        Tag { store: state.id, index }
    }

    /// The number in the store.
    pub(crate) fn index(self) -> u32 {
        self.index
    }

    /// The type.
    ///
    /// # Panics
    /// When the tag belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> TagType {
        let store = store.as_context();
        let state = store.state();
        TagType::new(FuncType::from_handle(&state.engine, self.in_state(state).ty.clone()))
    }

    pub(crate) fn in_state(self, state: &StoreState) -> &TagData {
        state.check(self.store);
        &state.tags[self.index as usize]
    }

    pub(crate) fn store_id(self) -> StoreId {
        self.store
    }
}
