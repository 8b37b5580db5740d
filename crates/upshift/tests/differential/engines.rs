//! The engines behind one face: instantiate a module, call its exports, look at its state.

use std::borrow::Cow;

use upshift::{
    Config, Dispatch, Engine, Exception, Extern, ExternType, Func, Global, Instance, Memory, Module,
    Optimization, WasmBacktrace,
};
use upshift::{Ref, Store, StoreLimits, StoreLimitsBuilder, Table, Tag, Tier, Tiers, Val, ValType};

use crate::rng::Rng;
use crate::value::{Outcome, Stop, Value};

/// One instance of the modules under test in one engine.
pub(crate) trait Peer {
    /// Parses the modules that the following calls are about.
    ///
    /// # Errors
    /// When the engine refuses one, its reason.
    fn load(&mut self, modules: &[Vec<u8>]) -> Result<(), String>;
    /// Makes a store and an instance in it.
    fn instantiate(&mut self) -> Result<(), Stop>;
    /// Calls an exported function.
    fn call(&mut self, export: &str, args: &[Value]) -> Outcome;
    /// The bytes of an exported memory.
    fn memory(&mut self, export: &str) -> Cow<'_, [u8]>;
    /// The value of an exported global.
    fn global(&mut self, export: &str) -> Value;
    /// Changes the value of an exported global.
    fn set_global(&mut self, export: &str, value: Value);
    /// The elements of an exported table.
    fn table(&mut self, export: &str) -> Vec<Value>;
}

/// What the imported function number `import` answers, in all engines.
pub(crate) fn host_results(import: usize, args: &[Value], results: &[ValType]) -> Vec<Value> {
    let hash = args.iter().fold(import as u64, |hash, arg| arg.hash(hash));
    let mut rng = Rng::new(hash);
    let value =
        |ty| Value::random(&mut rng, ty).expect("imports have only types that the host has values of");
    results.iter().map(value).collect()
}

/// Numbers of imports, counted by kind: not all engines list them in the same order.
#[derive(Default)]
pub(crate) struct Numbers {
    funcs: usize,
    globals: usize,
}

impl Numbers {
    pub(crate) fn func(&mut self) -> usize {
        self.funcs += 1;
        self.funcs
    }

    pub(crate) fn global(&mut self) -> usize {
        self.globals += 1;
        self.globals
    }
}

/// Whether an import comes from the first of several modules.
pub(crate) fn is_first(module: &str) -> bool {
    module == "first"
}

/// The value of the imported global number `import`.
pub(crate) fn host_global(import: usize, ty: &ValType) -> Value {
    let value = Value::random(&mut Rng::of_item(7, import as u64), ty);
    value.expect("imports have only types that the host has values of")
}

/// Room for the deepest recursion that the fuel of the modules allows with the largest frames.
const STACK: usize = 100 << 20;

/// Bytes that structs and arrays may take: one configuration copies all of them whenever it makes one.
const HEAP: usize = 1 << 20;

/// Upshift under one configuration.
pub(crate) struct Upshift {
    /// What the configuration is called.
    pub(crate) name: &'static str,
    engine: Engine,
    modules: Vec<Module>,
    store: Store<StoreLimits>,
    instances: Vec<Instance>,
    /// Functions and positions of the last call that ended with an error, innermost first, and how many there are besides.
    stopped_at: Option<(Vec<Place>, usize)>,
}

/// A function, and where in the module it was.
type Place = (u32, Option<usize>);

impl Upshift {
    /// The configurations that have to agree: both dispatch backends and all tiers, memories that move and memories that do not,
    /// code that is metered and whose objects move whenever one is made.
    pub(crate) fn all() -> Vec<Upshift> {
        let mut looping = Config::new();
        looping.wasm_legacy_exceptions(true).max_wasm_stack(STACK);
        let mut tail = looping.clone();
        looping.dispatch(Dispatch::Loop).memory_reservation(0);
        tail.dispatch(Dispatch::Tail);
        let mut metered = tail.clone();
        metered.consume_fuel(true).epoch_interruption(true).gc_stress(true);
        let (mut native, mut metered_native, mut random) = (tail.clone(), metered.clone(), metered.clone());
        native.tiers(Tiers::Only(Tier::Baseline));
        metered_native.tiers(Tiers::Only(Tier::Baseline));
        let (mut twins, mut metered_twins) = (native.clone(), metered_native.clone());
        twins.embedded_twins(0).memory_reservation(0);
        metered_twins.embedded_twins(1);
        random.random_tiers(1).embedded_twins(2);
        let (mut optimized, mut metered_optimized) = (tail.clone(), metered.clone());
        // A memory that moves costs fuel when it grows, so those that count it have none.
        optimized.tiers(Tiers::Only(Tier::Optimizing)).memory_reservation(0).ahead_of_time(true);
        metered_optimized.tiers(Tiers::Only(Tier::Optimizing));
        let (mut rising, mut random_of_all) = (metered.clone(), random.clone());
        rising.tier_up_after(2).optimize_after(2).optimization(Optimization::AtOnce);
        random_of_all.random_tiers(2).optimization(Optimization::AtOnce);
        tail.tiers(Tiers::Only(Tier::Interpreter));
        metered.tiers(Tiers::Only(Tier::Interpreter));
        let mut configs = vec![("loop", looping), ("tail", tail), ("metered", metered)];
        if Tier::Baseline.is_available() {
            configs.push(("native", native));
            configs.push(("metered native", metered_native));
            configs.push(("embedded twins", twins));
            configs.push(("some embedded twins, metered", metered_twins));
            configs.push(("random tiers", random));
            configs.push(("optimized", optimized));
            configs.push(("metered optimized", metered_optimized));
            configs.push(("rising", rising));
            configs.push(("random of all tiers", random_of_all));
        }
        let upshift = |(name, config): (&'static str, Config)| {
            let engine = Engine::new(&config).expect("all settings are possible");
            let (modules, instances) = (Vec::new(), Vec::new());
            Upshift { name, store: store(&engine), engine, modules, instances, stopped_at: None }
        };
        configs.into_iter().map(upshift).collect()
    }

    pub(crate) fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The fuel that is left, if the configuration counts it.
    pub(crate) fn fuel(&self) -> Option<u64> {
        self.store.get_fuel().ok()
    }

    /// Where the last call stopped, as text; nothing if it returned.
    pub(crate) fn stopped_at(&self) -> String {
        self.stopped_at.as_ref().map_or_else(String::new, |at| format!("{at:x?}"))
    }

    fn import(&mut self, number: usize, ty: ExternType) -> upshift::Result<Extern> {
        let store = &mut self.store;
        Ok(match ty {
            ExternType::Func(ty) => {
                let types: Vec<ValType> = ty.results().collect();
                Extern::Func(Func::new(store, ty, move |mut caller, args, results| {
                    let args: Vec<_> = args.iter().map(|arg| Value::of_upshift(&caller, arg)).collect();
                    for (result, value) in results.iter_mut().zip(host_results(number, &args, &types)) {
                        *result = value.to_upshift(&mut caller);
                    }
                    Ok(())
                }))
            }
            ExternType::Global(ty) => {
                let value = host_global(number, ty.content()).to_upshift(&mut *store);
                Extern::Global(Global::new(store, ty, value)?)
            }
            ExternType::Memory(ty) => Extern::Memory(Memory::new(store, ty)?),
            ExternType::Table(ty) => {
                let null = Ref::null(ty.element().heap_type());
                Extern::Table(Table::new(store, ty, null)?)
            }
            ExternType::Tag(ty) => Extern::Tag(Tag::new(store, &ty)?),
        })
    }

    /// How a call ended, with the values of an exception and the name of its tag.
    fn stop(&mut self, error: &upshift::Error) -> Stop {
        let Some(exception) = error.downcast_ref::<Exception>() else {
            return Stop::of_upshift(error);
        };
        let modules = self.modules.clone();
        let exports = modules.iter().flat_map(Module::exports);
        let mut tags = exports.filter(|export| matches!(export.ty(), ExternType::Tag(_)));
        let tag = tags.find(|tag| self.export(tag.name()).into_tag() == Some(exception.tag()));
        let values = exception.values().iter().map(|value| Value::of_upshift(&self.store, value));
        Stop::Thrown { tag: tag.map(|tag| tag.name().to_string()), values: values.collect() }
    }

    fn export(&mut self, name: &str) -> Extern {
        let mut instances = self.instances.iter();
        let export = instances.find_map(|instance| instance.get_export(&mut self.store, name));
        export.expect("the export exists")
    }
}

fn store(engine: &Engine) -> Store<StoreLimits> {
    let mut store = Store::new(engine, StoreLimitsBuilder::new().gc_heap_size(HEAP).build());
    store.limiter(|limits| limits);
    store
}

impl Peer for Upshift {
    fn load(&mut self, modules: &[Vec<u8>]) -> Result<(), String> {
        self.instances.clear();
        let modules = modules.iter().map(|bytes| Module::from_binary(&self.engine, bytes));
        self.modules = modules.collect::<Result<_, _>>().map_err(|error| format!("{error:#}"))?;
        Ok(())
    }

    fn instantiate(&mut self) -> Result<(), Stop> {
        self.store = store(&self.engine);
        // Not all configurations count fuel.
        let _ = self.store.set_fuel(u64::MAX);
        self.store.set_epoch_deadline(u64::MAX);
        self.instances.clear();
        for module in self.modules.clone() {
            let mut numbers = Numbers::default();
            let imports = module.imports().map(|import| match import.ty() {
                _ if is_first(import.module()) => Ok(self.export(import.name())),
                ty @ ExternType::Func(_) => self.import(numbers.func(), ty),
                ty @ ExternType::Global(_) => self.import(numbers.global(), ty),
                ty => self.import(0, ty),
            });
            let imports: Result<Vec<_>, _> = imports.collect();
            let instance = imports.and_then(|imports| Instance::new(&mut self.store, &module, &imports));
            self.instances.push(instance.map_err(|error| Stop::of_upshift(&error))?);
        }
        Ok(())
    }

    fn call(&mut self, export: &str, args: &[Value]) -> Outcome {
        let func = self.export(export).into_func().expect("it is a function");
        let args: Vec<_> = args.iter().map(|arg| arg.to_upshift(&mut self.store)).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        self.stopped_at = None;
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(|result| Value::of_upshift(&self.store, result)).collect()),
            Err(error) => {
                self.stopped_at = error.downcast_ref::<WasmBacktrace>().map(|backtrace| {
                    let frames = backtrace.frames().iter();
                    let places = frames.map(|frame| (frame.func_index(), frame.module_offset())).collect();
                    (places, backtrace.skipped_frames())
                });
                Err(self.stop(&error))
            }
        }
    }

    fn memory(&mut self, export: &str) -> Cow<'_, [u8]> {
        match self.export(export) {
            Extern::SharedMemory(memory) => {
                let mut bytes = vec![0; memory.data_size()];
                memory.read(0, &mut bytes).expect("it is in bounds");
                bytes.into()
            }
            memory => memory.into_memory().expect("it is a memory").data(&self.store).into(),
        }
    }

    fn global(&mut self, export: &str) -> Value {
        let global = self.export(export).into_global().expect("it is a global");
        Value::of_upshift(&self.store, &global.get(&self.store))
    }

    fn set_global(&mut self, export: &str, value: Value) {
        let global = self.export(export).into_global().expect("it is a global");
        let value = value.to_upshift(&mut self.store);
        global.set(&mut self.store, value).expect("it can be set");
    }

    fn table(&mut self, export: &str) -> Vec<Value> {
        let table = self.export(export).into_table().expect("it is a table");
        let get = |index| Val::from(table.get(&self.store, index).expect("the index is in bounds"));
        (0..table.size(&self.store)).map(|index| Value::of_upshift(&self.store, &get(index))).collect()
    }
}
