//! Compiled cells by their source, as many as fit into a number of bytes; the ones used longest ago give way.
//!
//! An artifact serves wherever the names that it has looked up stand for things of the same kinds and types, so a source may have several.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::ordered::Ordered;
use crate::artifact::Artifact;
use crate::environment::Environment;

/// An artifact and what it was compiled from.
struct Entry {
    source: Rc<str>,
    artifact: Rc<Artifact>,
    bytes: usize,
}

/// The cache. Entries have the time of their last use as their number.
pub(super) struct Cache {
    entries: Ordered<Entry>,
    by_source: FxHashMap<Rc<str>, Vec<u32>>,
    bytes: usize,
    most: usize,
    now: u32,
}

impl Cache {
    /// An empty one for so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { entries: Ordered::default(), by_source: FxHashMap::default(), bytes: 0, most, now: 0 }
    }

    /// Begins to count anew before the times of use have no numbers left.
    fn tick(&mut self) {
        if self.now == u32::MAX - 1 {
            self.clear();
            self.now = 0;
        }
    }

    /// What compiling `source` here would give.
    pub(super) fn get(&mut self, source: &str, environment: &Environment) -> Option<(Rc<str>, Rc<Artifact>)> {
        self.tick();
        let numbers = self.by_source.get_mut(source)?;
        let fits = |number: u32| {
            self.entries.get(number).is_some_and(|entry| {
                let mut uses = entry.artifact.uses.iter();
                uses.all(|(name, kind)| environment.get(name).map(|symbol| symbol.kind) == *kind)
            })
        };
        let number = numbers.iter_mut().find(|number| fits(**number))?;
        let entry = self.entries.remove(*number)?;
        let found = (Rc::clone(&entry.source), Rc::clone(&entry.artifact));
        *number = self.now + 1;
        self.now += 1;
        self.entries.insert(self.now, entry);
        Some(found)
    }

    /// Keeps what `source` was compiled to, if it is not too large.
    pub(super) fn put(&mut self, source: &Rc<str>, artifact: &Rc<Artifact>) {
        self.tick();
        let bytes = size(source, artifact);
        if bytes > self.most {
            return;
        }
        self.now += 1;
        self.by_source.entry(Rc::clone(source)).or_default().push(self.now);
        self.entries
            .insert(self.now, Entry { source: Rc::clone(source), artifact: Rc::clone(artifact), bytes });
        self.bytes += bytes;
        while self.bytes > self.most
            && let Some((number, entry)) = self.entries.pop_first()
        {
            self.bytes -= entry.bytes;
            if let Some(numbers) = self.by_source.get_mut(&entry.source) {
                numbers.retain(|&other| other != number);
                if numbers.is_empty() {
                    self.by_source.remove(&entry.source);
                }
            }
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.entries = Ordered::default();
        self.by_source.clear();
        self.bytes = 0;
    }
}

/// About how many bytes an entry takes.
fn size(source: &str, artifact: &Artifact) -> usize {
    let lists =
        artifact.uses.len() + artifact.imports.len() + artifact.definitions.len() + artifact.functions.len();
    source.len()
        + artifact.wasm.len()
        + 8 * artifact.positions.len()
        + 64 * (lists + artifact.lambdas.len())
        + 512
}
