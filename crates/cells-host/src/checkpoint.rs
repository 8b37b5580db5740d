//! Checkpoints, and the move to a fresh store.
//!
//! A store keeps every instance until it is dropped, so a host leaves it when most of its instances may be dead: it saves what can be
//! reached, as for a checkpoint, and loads it into a fresh one. If that is not possible, everything stays where it is. A run with
//! closures keeps its values until a save has shown that no closure of it lies anywhere, so a host also does this when objects have
//! come to take much more than after the last move, and when there was no memory for a cell.

use upshift::Module;
use upshift_cells::session::{Session, pack, unpack};

use crate::host::{COMPACT_AT, Error, Host, TOOLS};
use crate::world::numbered;

/// With so many bytes of data more, one dead instance more is waited for.
const BYTES_PER_INSTANCE: usize = 64 << 10;

/// So many bytes more than after the last move are nothing to look into.
const MORE_BYTES: u64 = 16 << 20;

impl Host {
    /// All names and their values, as bytes that [`Host::restore`] takes, here or in a browser.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub fn checkpoint(&mut self) -> Result<Vec<u8>, Error> {
        let data = self.save()?;
        let bytes = pack(&self.session.header(), &data);
        self.compact_if_due();
        Ok(bytes)
    }

    /// Replaces all cells by those of a checkpoint.
    ///
    /// # Errors
    ///
    /// If it is damaged or of another version; then nothing has changed.
    pub fn restore(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let (header, data) = unpack(checkpoint).map_err(Error::msg)?;
        let (mut session, restoration) = Session::restore(header, TOOLS).map_err(Error::msg)?;
        let mut world = self.fresh_world()?;
        world.restore(&mut self.ground, &restoration, data.to_vec())?;
        // What nobody reaches has no values in the data.
        let dropped = session.saved(data).map_err(Error::msg)?;
        world.forget(&dropped);
        (self.session, self.world) = (session, world);
        self.compact_next(data.len());
        Ok(())
    }

    /// Runs `save`, and forgets what it has not reached.
    fn save(&mut self) -> Result<Vec<u8>, Error> {
        let checkpoint = self.session.checkpoint();
        self.world.unlimited();
        let module = Module::from_binary(&self.ground.engine, &checkpoint.wasm[..])?;
        let instance = self.world.instantiate(&module, numbered(&checkpoint.imports), None)?;
        self.world.store.data_mut().give_room(true);
        let result = self.world.call(instance, "save");
        self.world.store.data_mut().give_room(false);
        let data = std::mem::take(&mut self.world.store.data_mut().written);
        result?;
        let dropped = self.session.saved(&data).map_err(Error::msg)?;
        self.world.forget(&dropped);
        Ok(data)
    }

    /// Moves to a fresh store if most instances of this one may be dead, or if it has got much larger.
    pub(crate) fn compact_if_due(&mut self) {
        if !self.out_of_memory && !self.has_dead_instances() && !self.has_grown() {
            return;
        }
        if self.compact().is_err() && !self.out_of_memory {
            // For instance no memory for two stores at once. Later there may be.
            self.compact_at = 2 * self.store_instances() + COMPACT_AT;
            self.grow_from_here();
        }
    }

    /// Before a cell is run: what there was no memory for after the last one may be possible now.
    pub(crate) fn compact_if_out_of_memory(&mut self) {
        if self.out_of_memory {
            // Once only: if it fails again, the cell is run all the same.
            let _ = self.compact();
            self.out_of_memory = false;
        }
    }

    fn has_dead_instances(&mut self) -> bool {
        let instances = self.store_instances();
        if instances < self.compact_at {
            return false;
        }
        let needed = 2 * self.session.certain_instances() + 2;
        // As it looks at all instances, it does not do so again after the next cell.
        self.compact_at = self.compact_at.max(needed);
        instances >= needed
    }

    fn has_grown(&mut self) -> bool {
        let (from, to) = self.bytes;
        if self.memory_bytes() < to {
            return false;
        }
        // Most of it may be objects that nothing refers to any more, for which the collector is enough.
        self.world.store.gc().is_err() || self.memory_bytes() > from + (to - from) / 2
    }

    /// Moves to a fresh store. Nothing that can be reached is lost; if that cannot be, everything stays as it is.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub fn compact(&mut self) -> Result<(), Error> {
        let data = self.save()?;
        let restoration = self.session.compaction();
        let mut world = self.fresh_world()?;
        let length = data.len();
        world.restore(&mut self.ground, &restoration, data)?;
        self.world = world;
        self.compact_next(length);
        Ok(())
    }

    /// The store is new: says when to leave it, given how many bytes of data that has to move.
    pub(crate) fn compact_next(&mut self, data: usize) {
        self.out_of_memory = false;
        self.compact_at = 2 * self.live_instances() + COMPACT_AT + data / BYTES_PER_INSTANCE;
        self.grow_from_here();
    }

    /// Objects take what they take: says with how many bytes that is looked into.
    fn grow_from_here(&mut self) {
        let bytes = self.memory_bytes();
        let most = self.options.memory.map_or(u64::MAX, |most| bytes.max(most as u64));
        self.bytes = (bytes, (2 * bytes + MORE_BYTES).min(bytes + (most - bytes) / 2));
    }
}
