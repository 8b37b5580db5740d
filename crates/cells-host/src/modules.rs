//! Modules of compiled cells, for as long as someone has the compiled cell.

use std::rc::{Rc, Weak};

use rustc_hash::FxHashMap;
use upshift::{Engine, Module, Result};
use upshift_cells::artifact::Artifact;

/// The address of an artifact, and a cell.
type Key = (*const Artifact, Rc<str>);

/// The modules, by the address of the artifact and the cell: backtraces tell the module of a frame and not its instance, so cells with
/// the same source have modules of their own. The weak reference keeps the address from being used again.
#[derive(Default)]
pub(crate) struct Modules {
    modules: FxHashMap<Key, (Weak<Artifact>, Module)>,
    /// At how many modules those that nobody can ask for any more are thrown away.
    clean_at: usize,
}

impl Modules {
    /// The module of a cell that was compiled to this artifact.
    pub(crate) fn get(&mut self, engine: &Engine, artifact: &Rc<Artifact>, cell: &Rc<str>) -> Result<Module> {
        let key = (Rc::as_ptr(artifact), Rc::clone(cell));
        if let Some((_, module)) = self.modules.get(&key) {
            return Ok(module.clone());
        }
        let module = Module::from_binary(engine, &artifact.wasm[..])?;
        if self.modules.len() >= self.clean_at {
            self.modules.retain(|_, (artifact, _)| artifact.strong_count() > 0);
            self.clean_at = 2 * self.modules.len() + 64;
        }
        self.modules.insert(key, (Rc::downgrade(artifact), module.clone()));
        Ok(module)
    }
}
