//! Calls an export of a module from Rust, in another runtime:
//! `upshift-bench-peers RUNTIME FILE EXPORT EXPECTED TIMES ARG... [--steady MS]`, where RUNTIME is `wasmi` or `wasmtime`.
//! What the others mean, and what the module may import, is said in `calls.rs`.

#[path = "../../calls.rs"]
mod calls;

use anyhow::{Result, bail};
use calls::{Options, call_typed};

/// The host of a runtime; both have the same names for the same things.
macro_rules! host {
    ($runtime:ident, |$linker:ident, $store:ident, $module:ident| $instantiate:expr) => {
        fn $runtime(options: &Options) -> Result<()> {
            use $runtime::{Engine, FuncType, Linker, Module, Store, Val, ValType};
            let engine = Engine::default();
            let $module = Module::new(&engine, options.bytes()?)?;
            let mut $store = Store::new(&engine, ());
            let mut $linker = Linker::new(&engine);
            $linker.func_wrap("host", "add", i32::wrapping_add)?;
            let ty = func_type!($runtime, &engine, FuncType, ValType);
            $linker.func_new("host", "add_values", ty, |_, params, results| {
                let (Val::I32(a), Val::I32(b)) = (&params[0], &params[1]) else {
                    unreachable!("arguments are of the function's type")
                };
                results[0] = Val::I32(a.wrapping_add(*b));
                Ok(())
            })?;
            let instance = $instantiate?;
            call_typed!(options, instance, $store)
        }
    };
}

/// The type of the functions; one of the runtimes wants its engine for it.
macro_rules! func_type {
    (wasmi, $engine:expr, $func:ident, $val:ident) => {
        $func::new([$val::I32, $val::I32], [$val::I32])
    };
    (wasmtime, $engine:expr, $func:ident, $val:ident) => {
        $func::new($engine, [$val::I32, $val::I32], [$val::I32])
    };
}

#[cfg(feature = "wasmi")]
host!(wasmi, |linker, store, module| linker.instantiate_and_start(&mut store, &module));
#[cfg(feature = "wasmtime")]
host!(wasmtime, |linker, store, module| linker.instantiate(&mut store, &module));

fn main() -> Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() {
        bail!("usage: RUNTIME FILE EXPORT EXPECTED TIMES ARG... [--steady MS]");
    }
    let runtime = words.remove(0);
    let options = Options::parse(words)?;
    match runtime.as_str() {
        #[cfg(feature = "wasmi")]
        "wasmi" => wasmi(&options),
        #[cfg(feature = "wasmtime")]
        "wasmtime" => wasmtime(&options),
        other => bail!("this program was not built with a runtime `{other}`; there are wasmi and wasmtime"),
    }
}
