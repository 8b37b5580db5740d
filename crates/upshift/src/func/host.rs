//! Host functions: closures that read their arguments from slots and leave their results there.
//!
//! A [`HostFunc`] belongs to no store: a linker makes it once, and each store that needs it gets its own `FuncRec`. The
//! type of the host's data is inside the closure; whoever puts a function into a store sees to it that it is the store's.

use std::fmt;
use std::ptr::NonNull;

use anyhow::Result;
use upshift_core::TypeId;
use upshift_core::types as core;

use crate::engine::Engine;
use crate::instance::InstanceData;
use crate::store::StoreState;
use crate::types::FuncType;

/// A call of a host function, as the interpreter makes it.
#[derive(Clone, Copy)]
pub(crate) struct HostCall {
    /// The root address of the store, which nobody else uses during the call.
    pub(crate) store: NonNull<StoreState>,
    /// The calling instance.
    pub(crate) instance: Option<NonNull<InstanceData>>,
    /// Arguments, and room for the results.
    pub(crate) slots: *mut u64,
}

/// Runs a call: reads the arguments, leaves the results.
type Run = dyn Fn(HostCall) -> Result<()> + Send + Sync;

/// A host function that belongs to no store yet.
pub struct HostFunc {
    ty: FuncType,
    run: Box<Run>,
}

impl HostFunc {
    /// A host function of a type; `run` must read arguments and leave results of this type, and see the right kind of
    /// data in the stores that the function is put into.
    ///
    /// # Errors
    /// When the engine has no number left for the type.
    pub(super) fn new(
        engine: &Engine,
        ty: core::FuncType,
        run: impl Fn(HostCall) -> Result<()> + Send + Sync + 'static,
    ) -> Result<HostFunc> {
        let ty = FuncType::from_handle(engine, engine.types().intern_func(ty)?);
        Ok(HostFunc::of_type(ty, run))
    }

    /// The same with a type that has its number.
    pub(super) fn of_type(
        ty: FuncType,
        run: impl Fn(HostCall) -> Result<()> + Send + Sync + 'static,
    ) -> HostFunc {
        HostFunc { ty, run: Box::new(run) }
    }

    pub(crate) fn ty(&self) -> TypeId {
        self.ty.id()
    }

    pub(crate) fn func_type(&self) -> &FuncType {
        &self.ty
    }

    /// # Safety
    /// The slots must hold arguments of the function's type and have room for the results, and the store's data must be
    /// of the type that the function was made for.
    #[inline]
    pub(crate) unsafe fn run(&self, call: HostCall) -> Result<()> {
        (self.run)(call)
    }
}

impl fmt::Debug for HostFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFunc({})", self.ty)
    }
}
