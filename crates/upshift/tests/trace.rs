//! What an engine tells of the life of functions: that each step is there, in order, and nothing where nobody asked.

use std::collections::HashSet;
use std::time::Duration;

use upshift::{
    Config, Engine, Instance, Module, Optimization, Store, Tier, Tiers, Trace, TraceEvent, TraceWhat,
};

const LOOP: &str = r#"(module
    (func $spin (export "spin") (param $n i32) (result i32) (local $sum i32)
        (loop $l
            (local.set $sum (i32.add (local.get $sum) (i32.const 3)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func (export "idle")))"#;

/// An engine in which functions move up soon, and which traces so many events.
fn engine(optimization: Optimization, most: usize) -> Engine {
    let mut config = Config::new();
    config.tier_up_after(10).optimize_after(100).optimization(optimization).trace(most);
    Engine::new(&config).unwrap()
}

/// Calls `spin` so often, each time with so many turns.
fn spin(engine: &Engine, calls: usize, turns: i32) -> Module {
    let module = Module::new(engine, LOOP).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let spin = instance.get_typed_func::<i32, i32>(&mut store, "spin").unwrap();
    for _ in 0..calls {
        assert_eq!(spin.call(&mut store, turns).unwrap(), turns * 3);
    }
    module
}

/// The first event that is as wanted.
#[track_caller]
fn find(trace: &Trace, wanted: impl Fn(&TraceWhat) -> bool) -> &TraceEvent {
    let found = trace.events.iter().find(|event| wanted(&event.what));
    found.unwrap_or_else(|| panic!("not in {:#?}", trace.events))
}

fn is_compiled(what: &TraceWhat, tier: Tier) -> bool {
    matches!(what, TraceWhat::Compiled(code) if code.tier == tier)
}

#[test]
fn the_life_of_a_function_is_told_in_order() {
    if !Tier::Optimizing.is_available() {
        return;
    }
    let engine = engine(Optimization::AtOnce, 1000);
    let module = spin(&engine, 1, 100_000);
    let trace = engine.take_trace().unwrap();
    assert_eq!((trace.dropped, trace.functions.len(), trace.modules.len()), (0, 1, 1));
    assert!(Module::same(trace.modules[0].as_ref().unwrap(), &module));
    let function = &trace.functions[0];
    assert_eq!((function.module, function.index, function.name.as_deref()), (0, 0, Some("spin")));
    assert!(function.bytes > 10);
    let translated =
        find(&trace, |what| matches!(what, TraceWhat::Translated { code_bytes } if *code_bytes > 10));
    let baseline = find(&trace, |what| is_compiled(what, Tier::Baseline));
    let optimized = find(&trace, |what| is_compiled(what, Tier::Optimizing));
    let replaced = |from, to| find(&trace, |what| *what == TraceWhat::Replaced { from, to, at_loop: 0 });
    let up = replaced(Tier::Interpreter, Tier::Baseline);
    let last = replaced(Tier::Baseline, Tier::Optimizing);
    let order = [translated, baseline, up, optimized, last].map(|event| event.at);
    assert!(order.is_sorted(), "{:#?}", trace.events);
    // Only what takes long overlaps nothing else on its thread.
    let slow: Vec<_> = trace.events.iter().filter(|event| !event.took.is_zero()).collect();
    assert!(slow.iter().zip(&slow[1..]).all(|(a, b)| a.at + a.took <= b.at));
    let TraceWhat::Compiled(code) = &optimized.what else { unreachable!() };
    assert!(code.time <= optimized.took && code.code_bytes > 0);
    assert_eq!((code.from_loop, code.wait), (Some(0), Duration::ZERO));
    assert!(trace.events.iter().all(|event| event.thread == 0) && trace.threads.len() == 1);
    // What was taken is not there a second time, but the engine goes on.
    assert_eq!(engine.take_trace().unwrap().events, []);
    drop((trace, module));
    spin(&engine, 1, 1);
    let trace = engine.take_trace().unwrap();
    assert!(matches!(trace.events[..], [TraceEvent { what: TraceWhat::Translated { .. }, .. }]));
    assert!(trace.modules[0].is_none());
}

#[test]
fn the_optimizer_has_a_thread_of_its_own() {
    if !Tier::Optimizing.is_available() {
        return;
    }
    let engine = engine(Optimization::Background, 10_000);
    let module = Module::new(&engine, LOOP).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let spin = instance.get_typed_func::<i32, i32>(&mut store, "spin").unwrap();
    for _ in 0..50 {
        spin.call(&mut store, 1000).unwrap();
        engine.finish_optimizing();
    }
    let trace = engine.take_trace().unwrap();
    let optimized = find(&trace, |what| is_compiled(what, Tier::Optimizing));
    find(&trace, |what| *what == TraceWhat::Installed { tier: Tier::Baseline });
    let threads: HashSet<_> = trace.threads.iter().map(|thread| thread.id).collect();
    assert_eq!(threads.len(), trace.threads.len());
    // On a single processor there is no such thread.
    if let Some(queued) = trace.events.iter().find(|event| matches!(event.what, TraceWhat::Queued { .. })) {
        assert!(queued.at <= optimized.at && queued.thread != optimized.thread);
        assert_eq!(trace.threads[optimized.thread].name.as_deref(), Some("upshift-opt"));
    }
}

#[test]
fn what_has_no_room_is_counted() {
    let engine = engine(Optimization::AtOnce, 1);
    spin(&engine, 3, 1000);
    let trace = engine.take_trace().unwrap();
    assert_eq!((trace.events.len(), trace.functions.len()), (1, 1));
    assert_eq!(trace.dropped > 0, Tier::Baseline.is_available());
    // There is room again.
    spin(&engine, 1, 1);
    assert_eq!(engine.take_trace().unwrap().events.len(), 1);
}

#[test]
fn nothing_is_told_unless_asked_for() {
    let engine = Engine::default();
    spin(&engine, 1, 1);
    assert!(engine.take_trace().is_none());
}

#[test]
fn a_tier_from_the_first_call_on_is_told() {
    let Ok(engine) = Engine::new(Config::new().tiers(Tiers::Only(Tier::Optimizing)).trace(100)) else {
        return;
    };
    spin(&engine, 2, 10);
    let trace = engine.take_trace().unwrap();
    let what: Vec<_> = trace.events.iter().map(|event| &event.what).collect();
    assert!(is_compiled(what[0], Tier::Optimizing), "{what:?}");
    assert_eq!(what[1..], [&TraceWhat::Installed { tier: Tier::Optimizing }]);
}
