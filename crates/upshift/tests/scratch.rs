//! scratch
use upshift::*;
#[test]
fn scratch() {
    let path = std::env::var("WASM").unwrap();
    let mut config = Config::new();
    config.dispatch(Dispatch::Loop);
    let engine = Engine::new(&config).unwrap();
    let module = Module::from_file(&engine, path).unwrap();
    for f in module.func_bodies() { println!("{}", module.dump_ir(f).unwrap()); }
    let mut store = Store::new(&engine, ());
    let imports: Vec<Extern> = module.imports().map(|i| match i.ty() {
        ExternType::Func(ty) => {
            let rs: Vec<ValType> = ty.results().collect();
            Func::new(&mut store, ty, move |_, _, r| { for (r, t) in r.iter_mut().zip(&rs) { *r = Val::default_for_ty(t).unwrap(); } Ok(()) }).into()
        }
        ExternType::Global(ty) => { let v = Val::default_for_ty(ty.content()).unwrap(); Global::new(&mut store, ty, v).unwrap().into() }
        ExternType::Memory(ty) => Memory::new(&mut store, ty).unwrap().into(),
        ExternType::Table(ty) => { let n = Ref::null(&ty.element().heap); Table::new(&mut store, ty, n).unwrap().into() }
    }).collect();
    let instance = Instance::new(&mut store, &module, &imports).unwrap();
    let names: Vec<_> = module.exports().filter_map(|e| if let ExternType::Func(ty) = e.ty() { Some((e.name().to_string(), ty)) } else { None }).collect();
    for (name, ty) in names {
        eprintln!("calling {name:?}");
        let args: Vec<_> = ty.params().map(|p| Val::default_for_ty(&p).unwrap()).collect();
        let mut results = vec![Val::I32(0); ty.results().len()];
        let f = instance.get_func(&mut store, &name).unwrap();
        let r = f.call(&mut store, &args, &mut results);
        println!("{r:?} {results:x?}");
    }
}
