//! Random programs with objects do the same whether objects move at each allocation or never, with both dispatch backends.
//!
//! `UPSHIFT_GC_PROGRAMS` says how many programs, `UPSHIFT_GC_SEED` which ones, `UPSHIFT_GC_FIRST` the number to begin with:
//! with a number that a failure printed and one program, exactly that program runs.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/ways.rs"]
mod ways;

mod program;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/rng.rs"]
mod rng;

use upshift::{
    AnyRef, ArrayRef, ArrayType, Caller, Config, Engine, Extern, ExternRef, FieldType, Func, Instance,
    Module, Mutability, Result, RootScope, StorageType, Store, UpdateDeadline, Val, ValType,
};

use crate::ways::Way;

use rng::Rng;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("the setting is a number"))
}

/// Makes an object that nobody wants.
fn litter(mut store: impl upshift::AsContextMut) -> Result<()> {
    let engine = store.as_context_mut().engine().clone();
    let ty = ArrayType::new(&engine, FieldType::new(Mutability::Var, StorageType::ValType(ValType::I64)));
    ArrayRef::new(&mut store, &ty, &Val::I64(-1), 3).map(|_| ())
}

/// An engine and what it is called. With `stress` objects are collected at each allocation, and an epoch ends at each
/// function and loop, where the host makes objects too.
fn engines() -> Vec<(&'static str, Engine, Module)> {
    let kinds = [
        ("loop", Way::Loop, false),
        ("tail", Way::Tail, false),
        ("loop, stress", Way::Loop, true),
        ("tail, stress", Way::Tail, true),
        ("baseline", Way::Baseline, false),
        ("baseline, stress", Way::Baseline, true),
        ("optimized", Way::Optimized, false),
        ("optimized, stress", Way::Optimized, true),
        ("rising, stress", Way::Rising, true),
        ("random tiers", Way::Random, false),
        ("random tiers, stress", Way::Random, true),
    ];
    let engine = |(name, way, stress): (_, Way, bool)| {
        let mut config = Config::new();
        way.set(&mut config).gc_stress(stress).epoch_interruption(stress).consume_fuel(stress);
        let engine = Engine::new(&config).unwrap();
        let peer = Module::new(&engine, program::PEER).unwrap();
        (name, engine, peer)
    };
    let there = Way::all();
    kinds.into_iter().filter(|(_, way, _)| there.contains(way)).map(engine).collect()
}

fn mix(mut caller: Caller<'_, ()>, value: Option<AnyRef>, host: Option<ExternRef>) -> Result<Option<AnyRef>> {
    litter(&mut caller)?;
    if let Some(array) = value.map(|value| value.as_array(&caller)).transpose()?.flatten()
        && array.ty(&caller)?.element_type() != StorageType::I16
    {
        let host = host.map(AnyRef::from_extern);
        array.set(&mut caller, 2, Val::AnyRef(host))?;
        litter(&mut caller)?;
        return array.get(&caller, 1).map(|value| value.unwrap_any_ref());
    }
    let host = match host {
        Some(host) => Some(host),
        None => Some(ExternRef::new(&mut caller, 5)?),
    };
    litter(&mut caller)?;
    Ok(value.or(host.map(AnyRef::from_extern)))
}

fn back(mut caller: Caller<'_, ()>, value: Option<AnyRef>) -> Result<Option<AnyRef>> {
    litter(&mut caller)?;
    let step = caller.get_export("step").and_then(Extern::into_func).unwrap();
    let step = step.typed::<Option<AnyRef>, Option<AnyRef>>(&caller)?;
    let result = step.call(&mut caller, value)?;
    litter(&mut caller)?;
    Ok(result)
}

/// What a program answers, and how often objects were collected.
fn run(engine: &Engine, peer: &Module, bytes: &[u8]) -> Result<(i32, u64)> {
    let mut store = Store::new(engine, ());
    // Only some engines count.
    let _ = store.set_fuel(u64::MAX);
    store.epoch_deadline_callback(|mut store| {
        litter(RootScope::new(&mut store))?;
        Ok(UpdateDeadline::Continue(0))
    });
    let peer = Instance::new(&mut store, peer, &[])?;
    let of_peer = |store: &mut Store<()>, name| peer.get_func(store, name).unwrap().into();
    let module = Module::new(engine, bytes)?;
    let imports = [
        Func::wrap(&mut store, mix).into(),
        Func::wrap(&mut store, back).into(),
        of_peer(&mut store, "step"),
        of_peer(&mut store, "last"),
    ];
    let instance = Instance::new(&mut store, &module, &imports)?;
    let answer = instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())?;
    Ok((answer, store.usage().collections))
}

#[test]
fn programs_do_not_see_their_objects_move() {
    let (seed, first) = (setting("UPSHIFT_GC_SEED", 1), setting("UPSHIFT_GC_FIRST", 0));
    let programs = setting("UPSHIFT_GC_PROGRAMS", 500);
    let engines = engines();
    let mut collections = 0;
    let mut answers = std::collections::HashSet::new();
    for number in first..first + programs {
        let text = program::make(&mut Rng::of_item(seed, number));
        let bytes = wat::parse_str(&text).unwrap_or_else(|error| panic!("program {number}: {error}\n{text}"));
        let outcomes = engines.iter().map(|(name, engine, peer)| {
            let outcome = run(engine, peer, &bytes).map(|(answer, count)| {
                collections += count;
                answer
            });
            (name, outcome.map_err(|error| format!("{error:#}")))
        });
        let outcomes: Vec<_> = outcomes.collect();
        let expected =
            outcomes[0].1.as_ref().unwrap_or_else(|error| panic!("program {number}: {error}\n{text}"));
        for (name, outcome) in &outcomes {
            assert_eq!(outcome.as_ref(), Ok(expected), "program {number} of seed {seed}, {name}\n{text}");
        }
        answers.insert(*expected);
    }
    println!("{programs} programs, {} different answers, {collections} collections", answers.len());
    // Programs that do nothing would all answer the same and collect nothing.
    assert!(answers.len() as u64 * 2 > programs && collections > programs * 100);
}
