//! The engine: settings and canonical types that modules and stores share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use upshift_core::TypeId;
use upshift_core::types::Subtyping;
use upshift_interp::Dispatch;
use upshift_translate::TypeRegistry;

use crate::config::Config;
use crate::gc::{Records, TypeRecords};

/// The largest value stack, in bytes; slots of a frame are addressed within it.
const MAX_WASM_STACK: u64 = 1 << 32;

/// What modules and stores share. Cheap to clone, usable from all threads.
///
/// ```
/// use upshift::{Engine, Module};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, "(module)")?;
/// assert!(Engine::same(module.engine(), &engine));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::with(Config::default())
    }
}

#[derive(Default)]
struct EngineInner {
    config: Config,
    types: TypeRegistry,
    records: TypeRecords,
    epoch: AtomicU64,
}

impl Engine {
    /// An engine with the given settings.
    ///
    /// # Errors
    /// When the settings ask for something that is not there or contradicts itself.
    pub fn new(config: &Config) -> Result<Engine> {
        if let Some(unsupported) = config.unsupported {
            return Err(unsupported.into());
        }
        ensure!(config.max_wasm_stack >= 4096, "`max_wasm_stack` must be 4096 bytes or more");
        ensure!(config.max_wasm_stack as u64 <= MAX_WASM_STACK, "`max_wasm_stack` must be 4 GiB or less");
        Ok(Engine::with(config.clone()))
    }

    fn with(mut config: Config) -> Engine {
        config.dispatch = config.dispatch.effective();
        Engine { inner: Arc::new(EngineInner { config, ..EngineInner::default() }) }
    }

    /// How the interpreter really goes from one instruction to the next: [`Dispatch::Loop`], whatever the settings say, if the
    /// other way is not safe in this build, see [`Dispatch::effective`].
    #[must_use]
    pub fn dispatch(&self) -> Dispatch {
        self.inner.config.dispatch
    }

    /// Whether both are the same engine. Modules and stores of different engines cannot be combined.
    #[must_use]
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    /// The settings, with what became of those that this build cannot follow.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Begins the next epoch. Programs whose deadline that is are interrupted soon, see
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline). May be called from any thread, also from a signal
    /// handler: it only adds to a number.
    pub fn increment_epoch(&self) {
        self.inner.epoch.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn epoch(&self) -> &AtomicU64 {
        &self.inner.epoch
    }

    pub(crate) fn types(&self) -> &TypeRegistry {
        &self.inner.types
    }

    /// The records of all types that there are now.
    pub(crate) fn type_records(&self) -> Records {
        self.inner.records.current(&self.inner.types)
    }
}

/// ```
/// use upshift::{Engine, HeapType, StructType, Subtyping};
///
/// let engine = Engine::default();
/// let parent = StructType::extensible(&engine, None, [])?;
/// let child = StructType::extensible(&engine, Some(&parent), [])?;
/// assert!(child.heap_type().matches(parent.heap_type(), &engine));
/// assert!(!parent.heap_type().matches(child.heap_type(), &engine));
/// # Ok::<(), upshift::Error>(())
/// ```
impl Subtyping for Engine {
    fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool {
        self.types().is_subtype(sub, sup)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", self.config()).finish_non_exhaustive()
    }
}
