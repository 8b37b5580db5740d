//! Runs a case one way and notes all that can be seen of it.
//!
//! ```text
//! Case + Setup ─▶ engine, store, instances ─▶ each call ─▶ Step: outcome, memories, globals, table, fuel, deadlines
//! ```

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use upshift::{
    Caller, Config, Dispatch, Engine, Error, Exception, Extern, ExternType, Func, Instance, Module,
    Optimization, Reason, Store, StoreLimits, StoreLimitsBuilder, Tier, Tiers, Trap, UpdateDeadline, Val,
    ValType, WasmBacktrace,
};

use crate::rng::Rng;
use crate::value::Value;

/// Options of the code that all tiers have to make the same of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Group {
    Plain,
    /// Fuel is counted, and may be used up.
    Fuel,
    /// A callback is called at each turn and function, and may end the call.
    Epochs,
    /// Memories have no guard pages, and move.
    Checked,
    /// Objects move whenever one is made.
    Stress,
    /// What is free of the stack is full of bits.
    Poisoned,
    /// All of it together.
    Everything,
}

impl Group {
    pub(crate) const ALL: [Group; 7] = [
        Group::Plain,
        Group::Fuel,
        Group::Epochs,
        Group::Checked,
        Group::Stress,
        Group::Poisoned,
        Group::Everything,
    ];

    fn is(self, other: Group) -> bool {
        self == other || self == Group::Everything
    }

    /// Whether what is seen may depend on the budgets of the calls.
    pub(crate) fn is_metered(self) -> bool {
        matches!(self, Group::Fuel | Group::Epochs | Group::Everything)
    }
}

/// What executes the functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Way {
    Interpreter,
    Loop,
    Baseline,
    /// The same with operators that the interpreter does, picked by this number.
    Twins(u64),
    /// Functions move up after so many arrivals.
    Soon(u32),
    /// All functions are optimized at their first call.
    Optimized,
    /// The same without the passes that improve code.
    Unimproved,
    /// In optimized code that was made ahead of time, and was bytes between.
    Ahead,
    /// Functions move up through all tiers, after so many arrivals in each.
    Rising(u32),
    /// The same, but another thread optimizes, and is done whenever it is.
    Background(u32),
    /// Functions change their tier at random.
    Random(u64),
    /// Functions change between all tiers at random.
    RandomOfAll(u64),
}

impl Way {
    /// Those that have to agree with the interpreter.
    pub(crate) fn others(rng: &mut Rng) -> Vec<Way> {
        if !Tier::Baseline.is_available() {
            return vec![Way::Loop];
        }
        let mut ways = vec![Way::Baseline, Way::Soon(rng.below(4) as u32), Way::Random(rng.next())];
        ways.push(Way::Twins(rng.next()));
        let arrivals = rng.below(4) as u32;
        ways.extend([
            Way::Optimized,
            Way::Ahead,
            Way::Unimproved,
            Way::Rising(arrivals),
            Way::Background(arrivals),
            Way::RandomOfAll(rng.next()),
        ]);
        if rng.chance(10) {
            ways.push(Way::Loop);
        }
        if let Ok(only) = std::env::var("UPSHIFT_FUZZ_WAY") {
            ways.retain(|way| format!("{way:?}").starts_with(&only));
        }
        ways
    }
}

/// How a case is run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Setup {
    pub(crate) group: Group,
    pub(crate) way: Way,
    pub(crate) canonical: bool,
    /// What native code may use of the processor.
    pub(crate) level: u8,
    /// Whether native code calls and returns by jumps.
    pub(crate) jumps: bool,
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setup { group, way, canonical, level, jumps } = self;
        let (jumps, canonical) =
            (if *jumps { ", jumps" } else { "" }, if *canonical { ", canonical NaNs" } else { "" });
        write!(f, "{way:?}, {group:?}, level {level}{jumps}{canonical}")
    }
}

impl Setup {
    fn engine(self) -> Engine {
        let Setup { group, way, canonical, level, jumps } = self;
        let mut config = Config::new();
        config.max_wasm_stack(4 << 20).canonical_nans(canonical);
        config.processor_level(level).jump_returns(jumps);
        config.consume_fuel(group.is(Group::Fuel)).epoch_interruption(group.is(Group::Epochs));
        config.gc_stress(group.is(Group::Stress));
        if group.is(Group::Checked) {
            config.memory_reservation(0);
        }
        match way {
            Way::Interpreter => config.tiers(Tiers::Only(Tier::Interpreter)),
            Way::Loop => config.dispatch(Dispatch::Loop),
            Way::Baseline => config.tiers(Tiers::Only(Tier::Baseline)),
            Way::Twins(seed) => config.tiers(Tiers::Only(Tier::Baseline)).embedded_twins(seed),
            Way::Soon(arrivals) => config.tier_up_after(arrivals).optimization(Optimization::Never),
            Way::Optimized => config.tiers(Tiers::Only(Tier::Optimizing)),
            Way::Ahead => config.ahead_of_time(true),
            Way::Unimproved => config.tiers(Tiers::Only(Tier::Optimizing)).unimproved(true),
            Way::Rising(arrivals) => {
                config.tier_up_after(arrivals).optimize_after(arrivals).optimization(Optimization::AtOnce)
            }
            Way::Background(arrivals) => {
                config.tier_up_after(arrivals).optimize_after(arrivals).optimization(Optimization::Background)
            }
            Way::Random(seed) => config.random_tiers(seed).optimization(Optimization::Never),
            Way::RandomOfAll(seed) => config.random_tiers(seed).optimization(Optimization::AtOnce),
        };
        Engine::new(&config).expect("all settings are possible")
    }
}

/// A call of a function that a module exports.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) export: String,
    pub(crate) args: Vec<Value>,
    pub(crate) fuel: u64,
    /// How many deadlines pass before the call is interrupted.
    pub(crate) deadlines: u64,
}

/// What a call ended with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Values(Vec<Value>),
    /// There was no more stack, or no more room for objects: where depends on the tier.
    Exhausted(Trap),
    Error {
        /// All that it says, the backtrace with functions and positions among it.
        text: String,
        /// Functions and positions, innermost first, and how many there are between and behind them.
        frames: Vec<(u32, Option<usize>)>,
        skipped: usize,
        /// The values of an exception.
        thrown: Vec<Value>,
    },
    Panic(String),
}

/// All that can be seen after a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) outcome: Outcome,
    /// Sizes of memories, and numbers made of their bytes.
    pub(crate) memories: Vec<(usize, u64)>,
    pub(crate) globals: Vec<Value>,
    /// What is in the tables.
    pub(crate) tables: Vec<Vec<Value>>,
    pub(crate) fuel: Option<u64>,
    /// How many deadlines passed, and a number made of where.
    pub(crate) deadlines: (u64, u64),
}

/// What the host keeps in a store.
struct Data {
    limits: StoreLimits,
    passed: u64,
    most: u64,
    places: u64,
    canonical: bool,
}

impl Data {
    fn visible(&self, value: Value) -> Value {
        if self.canonical { value } else { value.canonical() }
    }
}

/// Of so many deadlines the place is looked at, which takes a translation of the function.
const PLACES: u64 = 20;

/// How many functions got native code; how many instructions of the interpreter it runs, and how many bytes it has.
pub(crate) static NATIVE: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Runs the calls one after the other; what was seen after each, up to the first one that leaves nothing to compare.
pub(crate) fn observe(modules: &[Vec<u8>], calls: &[Call], setup: Setup) -> Vec<Step> {
    let run = || {
        let mut run = match Run::new(modules, setup) {
            Ok(run) => run,
            Err(error) => return vec![Step::of_text(format!("{error:?}"))],
        };
        let mut steps = Vec::new();
        for (number, call) in calls.iter().enumerate() {
            // Half of the calls run while code is published, and the others find what there is to find.
            if let (Way::Background(_), 1) = (setup.way, number % 2) {
                run.store.engine().finish_optimizing();
            }
            let step = run.step(call, setup);
            let over = matches!(step.outcome, Outcome::Exhausted(_));
            steps.push(step);
            if over {
                break;
            }
        }
        run.count_native();
        let fault = run.store.engine().refusals().find(|(reason, _)| *reason == Reason::Internal);
        assert!(fault.is_none(), "the compiler has a fault");
        steps
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        let mut step = Step::of_text(String::new());
        step.outcome = Outcome::Panic(text.unwrap_or_default());
        vec![step]
    })
}

impl Step {
    fn of_text(text: String) -> Step {
        let outcome = Outcome::Error { text, frames: Vec::new(), skipped: 0, thrown: Vec::new() };
        Step {
            outcome,
            memories: Vec::new(),
            globals: Vec::new(),
            tables: Vec::new(),
            fuel: None,
            deadlines: (0, 0),
        }
    }
}

/// The instances of a case.
struct Run {
    store: Store<Data>,
    instances: Vec<Instance>,
}

impl Run {
    fn new(modules: &[Vec<u8>], setup: Setup) -> Result<Run, Error> {
        let engine = setup.engine();
        let limits = StoreLimitsBuilder::new().memory_size(1 << 20).gc_heap_size(8 << 20).build();
        let data = Data { limits, passed: 0, most: u64::MAX, places: 0, canonical: setup.canonical };
        let mut store = Store::new(&engine, data);
        store.limiter(|data| &mut data.limits);
        let _ = store.set_fuel(u64::MAX);
        store.epoch_deadline_callback(|mut store| {
            let passed = store.data().passed;
            if passed < PLACES {
                let backtrace = WasmBacktrace::capture_up_to(&store, 1);
                let frame = &backtrace.frames()[0];
                let place =
                    frame.module_offset().map_or(0, |at| at as u64) << 32 | u64::from(frame.func_index());
                store.data_mut().places = Rng::of_item(store.data().places, place).next();
            }
            store.data_mut().passed += 1;
            let ends = passed >= store.data().most;
            Ok(if ends { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(0) })
        });
        let mut run = Run { store, instances: Vec::new() };
        for bytes in modules {
            let module = Module::from_binary(&engine, bytes)?;
            let mut hosts = 0;
            let mut imports = Vec::new();
            for import in module.imports() {
                imports.push(match import.ty() {
                    ExternType::Func(ty) if import.module() == "host" => {
                        hosts += 1;
                        Extern::Func(host(&mut run.store, hosts, ty))
                    }
                    _ => run.export(import.name()),
                });
            }
            run.instances.push(Instance::new(&mut run.store, &module, &imports)?);
        }
        Ok(run)
    }

    fn count_native(&self) {
        for module in self.instances.iter().map(|instance| instance.module(&self.store)) {
            for compilation in (0..64).filter_map(|func| module.compilation(func)) {
                let counts = [1, compilation.embedded, compilation.code_bytes];
                NATIVE.iter().zip(counts).for_each(|(sum, n)| _ = sum.fetch_add(n as u64, Ordering::Relaxed));
            }
        }
    }

    fn find(&mut self, name: &str) -> Option<Extern> {
        self.instances.iter().find_map(|instance| instance.get_export(&mut self.store, name))
    }

    fn export(&mut self, name: &str) -> Extern {
        self.find(name).expect("the export exists")
    }

    fn step(&mut self, call: &Call, setup: Setup) -> Step {
        let fuel = self.export("g0").into_global().expect("it is a global");
        fuel.set(&mut self.store, Val::I32(40)).expect("it can be set");
        let _ = self.store.set_fuel(call.fuel);
        let data = self.store.data_mut();
        (data.passed, data.most, data.places) = (0, call.deadlines, 0);
        if setup.group.is(Group::Poisoned) {
            self.store.fill_stack(0xdead_beef_fedc_ba98, 4096).expect("there is a stack");
        }
        let outcome = self.call(call);
        let mut step = Step::of_text(String::new());
        step.outcome = outcome;
        if matches!(step.outcome, Outcome::Exhausted(_)) {
            // What had been done by then depends on the tier, too.
            return step;
        }
        step.memories = (0..)
            .map_while(|at| self.find(&format!("m{at}")))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|memory| self.memory(&memory))
            .collect();
        let globals: Vec<Extern> = (0..).map_while(|at| self.find(&format!("g{at}"))).collect();
        let globals = globals.into_iter().map(|global| {
            let value = global.into_global().expect("it is a global").get(&self.store);
            self.store.data().visible(Value::of_upshift(&self.store, &value))
        });
        step.globals = globals.collect();
        let tables: Vec<Extern> = (0..).map_while(|at| self.find(&format!("t{at}"))).collect();
        let tables = tables.into_iter().map(|table| {
            let table = table.into_table().expect("it is a table");
            let values = (0..table.size(&self.store)).map(|index| {
                let value = Val::from(table.get(&self.store, index).expect("it is in bounds"));
                self.store.data().visible(Value::of_upshift(&self.store, &value))
            });
            values.collect()
        });
        step.tables = tables.collect();
        step.fuel = self.store.get_fuel().ok();
        step.deadlines = (self.store.data().passed, self.store.data().places);
        step
    }

    fn memory(&self, memory: &Extern) -> (usize, u64) {
        match memory {
            Extern::Memory(memory) => digest(memory.data(&self.store)),
            Extern::SharedMemory(memory) => {
                let mut bytes = vec![0; memory.data_size()];
                memory.read(0, &mut bytes).expect("it is in bounds");
                digest(&bytes)
            }
            other => unreachable!("{other:?} is no memory"),
        }
    }

    fn call(&mut self, call: &Call) -> Outcome {
        let func = self.export(&call.export).into_func().expect("it is a function");
        let args: Vec<_> = call.args.iter().map(|arg| arg.to_upshift(&mut self.store)).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        let error = match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => return Outcome::Values(self.values(&results)),
            Err(error) => error,
        };
        if let Some(trap @ (Trap::StackOverflow | Trap::GcHeapOutOfMemory)) = error.downcast_ref() {
            return Outcome::Exhausted(*trap);
        }
        let thrown = error.downcast_ref::<Exception>();
        let thrown = thrown.map_or_else(Vec::new, |exception| self.values(exception.values()));
        // The text first: it finds the positions of all frames of a function at once.
        static TEXTS: LazyLock<bool> =
            LazyLock::new(|| std::env::var("UPSHIFT_FUZZ_TEXTS").map_or(true, |value| value != "0"));
        let all = format!("{error:#}");
        let text = if *TEXTS { all } else { error.root_cause().to_string() };
        let (mut frames, mut skipped) = (Vec::new(), 0);
        if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
            let all = backtrace.frames().iter().chain(backtrace.outermost_frames());
            frames = all.map(|frame| (frame.func_index(), frame.func_offset())).collect();
            skipped = backtrace.skipped_frames();
        }
        Outcome::Error { text, frames, skipped, thrown }
    }

    fn values(&self, values: &[Val]) -> Vec<Value> {
        let value = |value| self.store.data().visible(Value::of_upshift(&self.store, value));
        values.iter().map(value).collect()
    }
}

/// The length and a number made of the bytes.
fn digest(bytes: &[u8]) -> (usize, u64) {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|&byte| u64::from(byte));
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    (bytes.len(), words.chain(rest).fold(0, mix))
}

/// A function of the host. Its results depend on its arguments; for some it fails, and for some it calls a function of the guest.
fn host(store: &mut Store<Data>, number: usize, ty: upshift::FuncType) -> Func {
    let types: Vec<ValType> = ty.results().collect();
    Func::new(store, ty, move |mut caller: Caller<'_, Data>, args, results| {
        let visible = |arg| Value::of_upshift(&caller, arg);
        let hash = args.iter().map(visible).fold(number as u64, |hash, arg| arg.hash(hash));
        let mut rng = Rng::new(hash);
        if rng.chance(2) {
            return Err(Error::msg(format!("the host's function {number} fails")));
        }
        let back = caller.get_export("f0").and_then(Extern::into_func).filter(|_| rng.chance(30));
        if let Some(back) = back {
            let ty = back.ty(&caller);
            let args = ty.params().map(|ty| Value::random(&mut rng, &ty).expect("no type is without null"));
            let args: Vec<Val> =
                args.collect::<Vec<_>>().into_iter().map(|arg| arg.to_upshift(&mut caller)).collect();
            let mut results = vec![Val::I32(0); ty.results().len()];
            back.call(&mut caller, &args, &mut results)?;
        }
        for (result, ty) in results.iter_mut().zip(&types) {
            *result = Value::random(&mut rng, ty).expect("no type is without null").to_upshift(&mut caller);
        }
        Ok(())
    })
}
