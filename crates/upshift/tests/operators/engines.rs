//! The same calls in all engines.

use upshift::{Config, Dispatch, Engine, ExternRef, Instance, Module, Store, Tier, Tiers, Trap, Val};

/// A call of an export. A null reference to a value of the host stands for a value that the host makes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) args: Vec<Val>,
}

/// What may be different without being wrong: which NaN is among the results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nans {
    /// Results have the same bits.
    Exact,
    /// Vectors have lanes of this many bits, in which any NaN is as good as another.
    Lanes(u32),
}

/// What a call led to: the bits of results, or the trap's text.
type Outcome = Result<Vec<u128>, String>;

/// Engines with the interpreter, and with native code for processors of each level, without and with guard pages.
fn engines(canonical_nans: bool, more: &dyn Fn(&mut Config)) -> Vec<(String, Engine)> {
    let engine = |set: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        config.every_feature().canonical_nans(canonical_nans);
        set(&mut config);
        more(&mut config);
        Engine::new(&config).expect("the configuration is valid")
    };
    let interpreter = engine(&|config| {
        config.dispatch(Dispatch::default()).tiers(Tiers::Only(Tier::Interpreter));
    });
    let mut all = vec![("interpreter".to_string(), interpreter)];
    for tier in [Tier::Baseline, Tier::Optimizing].into_iter().filter(|tier| tier.is_available()) {
        for level in [1, 12, 2, 22, 3] {
            let native = engine(&|config| {
                config.tiers(Tiers::Only(tier)).processor_level(level);
            });
            all.push((format!("{tier:?} at level {level}"), native));
        }
        let checks = engine(&|config| {
            config.tiers(Tiers::Only(tier)).memory_reservation(0);
        });
        all.push((format!("{tier:?} without guard pages"), checks));
    }
    if Tier::Baseline.is_available() {
        let twins = engine(&|config| {
            config.tiers(Tiers::Only(Tier::Baseline)).embedded_twins(0);
        });
        all.push(("embedded twins".to_string(), twins));
    }
    all
}

/// What is compared of a trap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Traps {
    /// Its kind.
    Kind,
    /// All that the error says.
    Text,
}

/// Calls the exports of a module in each engine; results, traps and what is in the memory `memory` afterwards have to be the same.
pub(crate) fn agree(wat: &str, calls: &[Call], nans: impl Fn(&str) -> Nans) {
    compare(wat, calls, Traps::Kind, nans);
}

/// The same with what is to be compared of a trap.
pub(crate) fn compare(wat: &str, calls: &[Call], traps: Traps, nans: impl Fn(&str) -> Nans) {
    compare_with(wat, calls, traps, nans, |_| {});
}

/// The same with more settings of the engines.
pub(crate) fn compare_with(
    wat: &str,
    calls: &[Call],
    traps: Traps,
    nans: impl Fn(&str) -> Nans,
    more: impl Fn(&mut Config),
) {
    for canonical_nans in [false, true] {
        let mut expected: Option<Vec<(Outcome, u64)>> = None;
        for (name, engine) in engines(canonical_nans, &more) {
            let found =
                outcomes(
                    &engine,
                    wat,
                    calls,
                    traps,
                    |name| {
                        if canonical_nans { Nans::Exact } else { nans(name) }
                    },
                );
            let Some(expected) = &expected else {
                expected = Some(found);
                continue;
            };
            for ((call, expected), found) in calls.iter().zip(expected).zip(&found) {
                assert!(
                    expected == found,
                    "{name}, canonical NaNs {canonical_nans}: {call:?}\nexpected {expected:x?}\nfound    {found:x?}"
                );
            }
        }
    }
}

fn outcomes(
    engine: &Engine,
    wat: &str,
    calls: &[Call],
    traps: Traps,
    nans: impl Fn(&str) -> Nans,
) -> Vec<(Outcome, u64)> {
    let module = Module::new(engine, wat).unwrap_or_else(|error| panic!("{error:#}"));
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("the module imports nothing");
    let memory = instance.get_memory(&mut store, "memory");
    let call = |call: &Call| {
        let func = instance.get_func(&mut store, &call.name).expect("the function is exported");
        let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
        let args: Vec<Val> = call.args.iter().map(|&arg| of_host(&mut store, arg)).collect();
        let outcome = match func.call(&mut store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(|result| bits(result, nans(&call.name))).collect()),
            Err(error) => {
                let trap = error.downcast_ref::<Trap>().copied();
                match traps {
                    Traps::Kind => Err(format!("{:?}", trap.expect("it is a trap"))),
                    Traps::Text => Err(format!("{error:#}")),
                }
            }
        };
        let written = memory.map_or(0, |memory| checksum(&memory.data(&store)[..128]));
        (outcome, written)
    };
    calls.iter().map(call).collect()
}

/// The argument itself, or a value of the host.
fn of_host(store: &mut Store<()>, arg: Val) -> Val {
    match arg {
        Val::ExternRef(None) => {
            Val::ExternRef(Some(ExternRef::new(store, "of the host").expect("there is room")))
        }
        arg => arg,
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum: u64, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The bits of a value, with NaNs made equal where they may differ.
fn bits(value: &Val, nans: Nans) -> u128 {
    match (value, nans) {
        (Val::I32(v), _) => u128::from(*v as u32),
        (Val::I64(v), _) => u128::from(*v as u64),
        (Val::F32(v), Nans::Exact) => u128::from(*v),
        (Val::F32(v), Nans::Lanes(_)) => lane32(*v).into(),
        (Val::F64(v), Nans::Exact) => u128::from(*v),
        (Val::F64(v), Nans::Lanes(_)) => lane64(*v).into(),
        (Val::V128(v), Nans::Lanes(32)) => lanes(v.as_u128(), 32, |lane| lane32(lane as u32).into()),
        (Val::V128(v), Nans::Lanes(64)) => lanes(v.as_u128(), 64, lane64),
        (Val::V128(v), _) => v.as_u128(),
        _ => u128::from(matches!(value, Val::AnyRef(None) | Val::FuncRef(None) | Val::ExternRef(None))),
    }
}

fn lanes(vector: u128, bits: u32, f: impl Fn(u64) -> u64) -> u128 {
    let mask = u128::MAX >> (128 - bits);
    let lane = |at: u32| u128::from(f((vector >> (at * bits) & mask) as u64)) << (at * bits);
    (0..128 / bits).map(lane).sum()
}

fn lane32(bits: u32) -> u32 {
    if f32::from_bits(bits).is_nan() { f32::NAN.to_bits() } else { bits }
}

fn lane64(bits: u64) -> u64 {
    if f64::from_bits(bits).is_nan() { f64::NAN.to_bits() } else { bits }
}
