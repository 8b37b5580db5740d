//! Objects: how code and host use them, and what the collector keeps, moves and gives back.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/ways.rs"]
mod ways;

mod frames;
mod heap;
mod host;
mod limits;
mod types;

use upshift::{Config, Engine, Instance, Module, Store};

use crate::ways::Way;

/// Engines with each dispatch backend, and the same with a collection at every allocation. Programs can be interrupted.
fn engines() -> Vec<Engine> {
    let mut engines = Vec::new();
    for way in Way::all() {
        for stress in [false, true] {
            let mut config = Config::new();
            way.set(&mut config).gc_stress(stress).epoch_interruption(true).wasm_legacy_exceptions(true);
            engines.push(Engine::new(&config).unwrap());
        }
    }
    engines
}

fn store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX);
    store
}

fn instance(store: &mut Store<()>, wat: &str) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, &[]).unwrap()
}
