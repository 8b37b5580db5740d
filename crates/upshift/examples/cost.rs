use upshift::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut config = Config::new();
    match args[2].as_str() {
        "off" => config.tier_up_after(10),
        "counts" => config.tier_up_after(10).optimization(Optimization::AtOnce).optimize_after(u32::MAX),
        "rising" => config.tier_up_after(10).optimization(Optimization::AtOnce).optimize_after(1000),
        "opt" => config.tiers(Tiers::Only(Tier::Optimizing)),
        _ => panic!(),
    };
    let engine = Engine::new(&config).unwrap();
    let module = Module::from_file(&engine, &args[1]).unwrap();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_default_values(&mut store, &module).ok();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_func(&mut store, &args[3]).unwrap();
    let params: Vec<Val> = args[4..].iter().map(|a| Val::I32(a.parse().unwrap())).collect();
    let mut results = vec![Val::I32(0); run.ty(&store).results().len()];
    let begin = std::time::Instant::now();
    run.call(&mut store, &params, &mut results).unwrap();
    println!("{:?} {:?} {:?}", results, begin.elapsed(), store.last_call_tiers().map(|t| t.to_string()));
    for f in module.func_bodies() { if let Some(r) = module.refusal(f) { println!("refused {f} {r}"); } }
}
