//! Which tiers calls say they went through.

use upshift::{
    Caller, Config, Engine, Extern, Func, Instance, Module, Result, Store, Tier, TierPath, Tiers,
    WasmBacktrace,
};

fn tiers(path: Option<TierPath>) -> Vec<Tier> {
    path.iter().flat_map(TierPath::iter).collect()
}

const MODULE: &str = r#"(module
    (import "" "back" (func $back))
    (func (export "nothing"))
    (func (export "there") (call $back))
    (func (export "trap") unreachable)
    (func (export "never")))"#;

fn instance(store: &mut Store<usize>) -> Result<Instance> {
    let back = Func::wrap(&mut *store, |mut caller: Caller<'_, usize>| -> Result<()> {
        let frame = WasmBacktrace::capture(&caller).frames().first().map(|frame| frame.tier());
        assert_eq!(frame, Some(Tier::Interpreter));
        *caller.data_mut() += 1;
        let nothing = caller.get_export("nothing").and_then(Extern::into_func).expect("an export");
        nothing.call(&mut caller, &[], &mut [])
    });
    let module = Module::new(store.engine(), MODULE)?;
    Instance::new(store, &module, &[back.into()])
}

#[test]
fn a_call_tells_its_tiers_however_it_ends() -> Result<()> {
    let mut store = Store::new(&Engine::default(), 0);
    let instance = instance(&mut store)?;
    assert_eq!(store.last_call_tiers(), None);
    for (name, ends_well) in [("nothing", true), ("there", true), ("trap", false)] {
        let func = instance.get_func(&mut store, name).expect("an export");
        assert_eq!(func.tier(&store), Some(Tier::Interpreter));
        assert_eq!(func.call(&mut store, &[], &mut []).is_ok(), ends_well, "{name}");
        assert_eq!(tiers(store.last_call_tiers()), [Tier::Interpreter], "{name}");
    }
    assert_eq!(*store.data(), 1);
    Ok(())
}

#[test]
fn a_host_function_has_the_tiers_of_what_it_calls() -> Result<()> {
    let mut store = Store::new(&Engine::default(), 0);
    let instance = instance(&mut store)?;
    let host = Func::wrap(&mut store, || ());
    assert_eq!(host.tier(&store), None);
    host.call(&mut store, &[], &mut [])?;
    assert_eq!(store.last_call_tiers(), None);

    let there = instance.get_func(&mut store, "there").expect("an export");
    let calls =
        Func::wrap(&mut store, move |mut caller: Caller<'_, usize>| there.call(&mut caller, &[], &mut []));
    calls.call(&mut store, &[], &mut [])?;
    assert_eq!(tiers(store.last_call_tiers()), [Tier::Interpreter]);
    host.call(&mut store, &[], &mut [])?;
    assert_eq!(store.last_call_tiers(), None);
    Ok(())
}

#[test]
fn a_module_has_code_of_what_was_called() -> Result<()> {
    let mut store = Store::new(&Engine::default(), 0);
    let instance = instance(&mut store)?;
    instance.get_func(&mut store, "there").expect("an export").call(&mut store, &[], &mut [])?;
    let module = instance.module(&store);
    // The import, four functions, and one that there is not.
    let found: Vec<Option<Tier>> = (0..6).map(|func| module.tier(func)).collect();
    let code = Some(Tier::Interpreter);
    assert_eq!(found, [None, code, code, None, None, None]);
    Ok(())
}

#[test]
fn names_and_numbers_are_unique() {
    for (i, tier) in Tier::ALL.iter().enumerate() {
        assert_eq!(tier.number() as usize, i);
        assert!(Tier::ALL[..i].iter().all(|other| other.name() != tier.name() && other < tier));
    }
}

#[test]
fn only_tiers_of_the_build_can_be_asked_for() -> Result<()> {
    for tier in Tier::ALL {
        let engine = Engine::new(Config::new().tiers(Tiers::Only(tier)));
        if !tier.is_available() {
            let error = engine.unwrap_err().to_string();
            assert!(error.contains(tier.name()) && error.contains("0 (`interpreter`)"), "{error}");
            continue;
        }
        let mut store = Store::new(&engine?, 0);
        let nothing = instance(&mut store)?.get_func(&mut store, "nothing").expect("an export");
        nothing.call(&mut store, &[], &mut [])?;
        assert_eq!(tiers(store.last_call_tiers()), [tier]);
    }
    Ok(())
}

#[test]
fn sizes_leave_metering_out() -> Result<()> {
    let text = "(module (func (param i32) (result i32) (loop (br_if 0 (local.get 0))) (local.get 0)))";
    let plain = Module::new(&Engine::default(), text)?.func_size(0)?;
    let metered = Engine::new(Config::new().consume_fuel(true).epoch_interruption(true))?;
    let metered = Module::new(&metered, text)?;
    assert_eq!(metered.func_size(0)?, plain);
    assert!(metered.dump_ir(0)?.lines().count() > 1 + plain.ir_instructions);
    assert_eq!((plain.params, plain.locals), (1, 0));
    // `loop`, `local.get`, `br_if`, `end`, `local.get`, `end`.
    assert_eq!(plain.operators, 6);
    assert!(metered.func_size(1).is_err());
    Ok(())
}
