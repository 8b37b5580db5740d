//! A store with the instances of a session.
//!
//! ```text
//! runtime ◀── "runtime" ── module of a cell ── "cells" ──▶ instances of other cells, or what stands in for them
//! ```

use std::rc::Rc;

use rustc_hash::FxHashMap;
use upshift::{
    Engine, Error, Extern, Global, GlobalType, Instance, Linker, Module, Mutability, Result, Store,
    UpdateDeadline, Val, ValType,
};
use upshift_cells::environment::InstanceId;
use upshift_cells::session::{Restoration, Step};

use crate::imports::Data;
use crate::modules::Modules;

/// Fuel, and epochs until the deadline, for what the host does for itself.
const PLENTY: u64 = u64::MAX / 2;

/// What all worlds of a host have in common.
pub(crate) struct Ground {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Data>,
    pub(crate) runtime: Module,
    pub(crate) modules: Modules,
}

/// A store with the instances of a session.
pub(crate) struct World {
    pub(crate) store: Store<Data>,
    runtime: FxHashMap<String, Extern>,
    providers: FxHashMap<InstanceId, Provider>,
}

/// Where the exports of an instance are.
enum Provider {
    Instance(Instance, Module),
    /// By their names, without `$`.
    StandIn(Vec<(Rc<str>, Extern)>),
}

impl World {
    /// A store with the runtime. `deadline` decides what happens when an epoch has begun.
    pub(crate) fn new(
        ground: &Ground,
        data: Data,
        mut deadline: impl FnMut() -> UpdateDeadline + Send + Sync + 'static,
    ) -> Result<Self> {
        let mut store = Store::new(&ground.engine, data);
        store.limiter(Data::limiter);
        store.epoch_deadline_callback(move |_| Ok(deadline()));
        let mut world = Self { store, runtime: FxHashMap::default(), providers: FxHashMap::default() };
        world.unlimited();
        let runtime = ground.linker.instantiate(&mut world.store, &ground.runtime)?;
        let memory = runtime.get_memory(&mut world.store, "memory");
        world
            .store
            .data_mut()
            .set_memory(memory.ok_or_else(|| Error::msg("the runtime of cells has no memory"))?);
        let exports =
            runtime.exports(&mut world.store).map(|export| (export.name().to_string(), export.into_extern()));
        world.runtime = exports.collect();
        Ok(world)
    }

    /// Lets what runs next take whatever it needs, but for memory.
    pub(crate) fn unlimited(&mut self) {
        self.store.set_epoch_deadline(PLENTY);
        if self.store.engine().consumes_fuel() {
            // It fails only where fuel is not counted.
            let _ = self.store.set_fuel(PLENTY);
        }
    }

    /// Makes the instance of a cell, without running it.
    pub(crate) fn add(&mut self, ground: &mut Ground, step: &Step) -> Result<Instance> {
        let module = ground.modules.get(&ground.engine, &step.artifact, &step.cell)?;
        let find = |name: &str| {
            let at = step.artifact.imports.iter().position(|import| *import.name == *name)?;
            Some((*step.imports.get(at)?, name.to_string()))
        };
        let instance = self.instantiate(&module, find, Some(step.instance))?;
        self.providers.insert(step.instance, Provider::Instance(instance, module));
        Ok(instance)
    }

    /// Instantiates a module. `find` says of which instance its imports from `"cells"` are, and what they are called there.
    pub(crate) fn instantiate(
        &mut self,
        module: &Module,
        find: impl Fn(&str) -> Option<(InstanceId, String)>,
        number: Option<InstanceId>,
    ) -> Result<Instance> {
        let mut imports = Vec::with_capacity(module.imports().len());
        for import in module.imports() {
            let found = match (import.module(), import.name()) {
                ("runtime", name) => self.runtime.get(name).cloned(),
                ("session", "instance") => {
                    let ty = GlobalType::new(ValType::I32, Mutability::Const);
                    // A module for checkpoints is no cell's.
                    let number = number.map_or(u32::MAX, |InstanceId(number)| number);
                    Some(Global::new(&mut self.store, ty, Val::I32(number as i32))?.into())
                }
                ("cells", name) => find(name).and_then(|(instance, name)| self.export(instance, &name)),
                _ => None,
            };
            let missing = || {
                Error::msg(format!(
                    "a cell imports `{}` of {:?}, which there is not",
                    import.name(),
                    import.module()
                ))
            };
            imports.push(found.ok_or_else(missing)?);
        }
        Instance::new(&mut self.store, module, &imports)
    }

    fn export(&mut self, instance: InstanceId, name: &str) -> Option<Extern> {
        match self.providers.get(&instance)? {
            Provider::Instance(instance, _) => {
                let instance = *instance;
                instance.get_export(&mut self.store, &format!("${name}"))
            }
            Provider::StandIn(exports) => {
                exports.iter().find(|(export, _)| **export == *name).map(|(_, export)| export.clone())
            }
        }
    }

    /// Calls an export without parameters and results.
    pub(crate) fn call(&mut self, instance: Instance, name: &str) -> Result<()> {
        instance.get_typed_func::<(), ()>(&mut self.store, name)?.call(&mut self.store, ())
    }

    /// Forgets instances that nothing can reach. The store keeps them until it is dropped itself, so at least their values go.
    pub(crate) fn forget(&mut self, instances: &[InstanceId]) {
        for instance in instances {
            let globals: Vec<_> = match self.providers.remove(instance) {
                Some(Provider::Instance(instance, _)) => {
                    instance.exports(&mut self.store).filter_map(|export| export.into_global()).collect()
                }
                Some(Provider::StandIn(exports)) => {
                    exports.into_iter().filter_map(|(_, export)| export.into_global()).collect()
                }
                None => Vec::new(),
            };
            for global in globals {
                let ty = global.ty(&self.store);
                if ty.mutability() == Mutability::Var
                    && ty.content().is_ref()
                    && let Some(null) = Val::default_for_ty(ty.content())
                {
                    // A value of the type of a variable can be assigned.
                    let _ = global.set(&mut self.store, null);
                }
            }
        }
    }

    /// The newest instance of a module, if it is that of a cell.
    pub(crate) fn instance_of(&self, module: &Module) -> Option<InstanceId> {
        let instances = self.providers.iter().filter_map(|(&id, provider)| match provider {
            Provider::Instance(_, of) if Module::same(of, module) => Some(id),
            _ => None,
        });
        instances.max()
    }

    /// Brings instances back, and their values.
    pub(crate) fn restore(
        &mut self,
        ground: &mut Ground,
        restoration: &Restoration,
        data: Vec<u8>,
    ) -> Result<()> {
        self.unlimited();
        let stand_in = Module::from_binary(&ground.engine, &restoration.stand_in[..])?;
        let stand_in = self.instantiate(&stand_in, |_| None, None)?;
        for (at, (instance, name)) in restoration.provides.iter().enumerate() {
            let export = stand_in.get_export(&mut self.store, &format!("${at}"));
            let export = export.ok_or_else(|| Error::msg("a value of the checkpoint has no place"))?;
            match self.providers.entry(*instance).or_insert_with(|| Provider::StandIn(Vec::new())) {
                Provider::StandIn(exports) => exports.push((Rc::clone(name), export)),
                Provider::Instance(..) => return Err(Error::msg("a value of the checkpoint has two places")),
            }
        }
        for step in &restoration.steps {
            self.add(ground, step)?;
        }
        let load = Module::from_binary(&ground.engine, &restoration.load[..])?;
        let load = self.instantiate(&load, numbered(&restoration.imports), None)?;
        self.store.data_mut().to_read = (data, 0);
        self.store.data_mut().give_room(true);
        let result = self.call(load, "load");
        self.store.data_mut().give_room(false);
        self.store.data_mut().to_read = (Vec::new(), 0);
        result
    }

    /// Bytes of memories and objects.
    pub(crate) fn bytes(&self) -> u64 {
        let usage = self.store.usage();
        usage.memory_bytes + usage.gc_bytes
    }
}

/// Finds the imports of a module for checkpoints, whose names are their numbers in this list.
pub(crate) fn numbered(
    imports: &[(InstanceId, Rc<str>)],
) -> impl Fn(&str) -> Option<(InstanceId, String)> + '_ {
    |number| imports.get(number.parse::<usize>().ok()?).map(|(instance, name)| (*instance, name.to_string()))
}
