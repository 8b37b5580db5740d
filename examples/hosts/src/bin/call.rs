//! Calls functions of a module: with types that the compiler knows, with types found at run time, and one that fails.

use upshift::{Engine, Instance, Module, Result, Store, Trap, Val};

const MODULE: &str = r#"
    (module
        (func (export "divide") (param i32 i32) (result i32)
            (i32.div_s (local.get 0) (local.get 1))))"#;

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, MODULE)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;

    // The types are checked here, once; the calls allocate nothing.
    let divide = instance.get_typed_func::<(i32, i32), i32>(&mut store, "divide")?;
    println!("84 / 2 = {}", divide.call(&mut store, (84, 2))?);

    // A host that does not know its modules asks for the types and calls with values of any type.
    for export in module.exports() {
        println!("export {}: {}", export.name(), export.ty().unwrap_func());
    }
    let func = instance.get_func(&mut store, "divide").expect("the module exports it");
    let mut results = [Val::I32(0)];
    func.call(&mut store, &[Val::I32(-7), Val::I32(2)], &mut results)?;
    println!("-7 / 2 = {}", results[0].unwrap_i32());

    // A trap ends the call, not the store.
    let error = divide.call(&mut store, (1, 0)).expect_err("nothing can be divided by zero");
    match error.downcast_ref::<Trap>() {
        Some(Trap::IntegerDivisionByZero) => println!("1 / 0 has no result"),
        _ => return Err(error),
    }
    println!("9 / 3 = {}", divide.call(&mut store, (9, 3))?);
    Ok(())
}
