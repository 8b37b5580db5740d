//! Calls an export of a module from Rust, in upshift: `upshift-host FILE EXPORT EXPECTED TIMES ARG... [--steady MS]`.
//! What these mean, and what the module may import, is said in `calls.rs`.

mod calls;

use calls::{Options, call_typed};
use upshift::{Engine, FuncType, Linker, Module, Result, Store, Val, ValType};

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1).collect())?;
    let engine = Engine::default();
    let module = Module::new(&engine, options.bytes()?)?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "add", i32::wrapping_add)?;
    let ty = FuncType::new(&engine, [ValType::I32, ValType::I32], [ValType::I32]);
    linker.func_new("host", "add_values", ty, |_, params, results| {
        results[0] = Val::I32(params[0].unwrap_i32().wrapping_add(params[1].unwrap_i32()));
        Ok(())
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    call_typed!(&options, instance, store)
}
