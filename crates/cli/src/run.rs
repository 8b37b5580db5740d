//! `upshift run`: load, link, call.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, Result};
use upshift::{Engine, Instance, Linker, Module, Store};
use upshift_wasi::{WasiCtx, WasiCtxBuilder};

use crate::args::Options;
use crate::{invoke, load};

/// Runs the file of the command line to its end.
///
/// # Errors
/// Whatever stops it; an [`Exit`](upshift_wasi::Exit) if that was the guest itself.
pub(crate) fn run(options: &Options) -> Result<()> {
    let file = &options.files[0];
    let engine = Engine::new(&options.config())?;
    let module = load::module(&engine, file)?;
    let preloads = preloads(&engine, options)?;

    let mut store = Store::new(&engine, wasi(options)?);
    let mut linker = Linker::new(&engine);
    let modules = preloads.iter().map(|(_, module)| module).chain([&module]);
    upshift_wasi::add_imports_to_linker(&mut linker, modules, |ctx| ctx)?;
    for (name, module) in &preloads {
        let instance =
            start(&linker, &mut store, module).with_context(|| format!("cannot preload `{name}`"))?;
        linker.instance(&mut store, name, instance)?;
    }
    let outcome = call(&linker, &mut store, &module, options);
    // The process ends here: the system takes everything back faster than we could.
    std::mem::forget(store);
    outcome.with_context(|| format!("failed to run `{}`", file.display()))
}

/// Instantiates the main module and calls what the command line names, or else its start.
fn call(
    linker: &Linker<WasiCtx>,
    store: &mut Store<WasiCtx>,
    module: &Module,
    options: &Options,
) -> Result<()> {
    let instance = start(linker, store, module)?;
    if let Some(name) = &options.invoke {
        return invoke::invoke(store, instance, module, name, &options.args);
    }
    match instance.get_func(&mut *store, "_start") {
        Some(start) => start.typed::<(), ()>(&*store)?.call(store, ()),
        // A library: what it does when it is instantiated is all there is to do.
        None => Ok(()),
    }
}

/// Instantiates a module, and initializes it if it is a library that wants so.
fn start(linker: &Linker<WasiCtx>, store: &mut Store<WasiCtx>, module: &Module) -> Result<Instance> {
    let instance = linker.instantiate(&mut *store, module)?;
    if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
        initialize.typed::<(), ()>(&*store)?.call(&mut *store, ())?;
    }
    Ok(instance)
}

fn preloads<'a>(engine: &Engine, options: &'a Options) -> Result<Vec<(&'a str, Module)>> {
    options.preloads.iter().map(|(name, file)| Ok((name.as_str(), load::module(engine, file)?))).collect()
}

/// What the guest may see. Its own name is that of its file, without the directory, which is not its business.
fn wasi(options: &Options) -> Result<WasiCtx> {
    let file = &options.files[0];
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdio().arg(bytes(Path::new(file).file_name().unwrap_or(file)));
    if options.invoke.is_none() {
        options.args.iter().for_each(|arg: &OsString| {
            wasi.arg(bytes(arg));
        });
    }
    for (name, value) in &options.env {
        wasi.env(bytes(name), bytes(value));
    }
    for (host, guest) in &options.dirs {
        wasi.preopened_dir(host, guest)?;
    }
    Ok(wasi.build())
}

fn bytes(text: &OsStr) -> &[u8] {
    text.as_encoded_bytes()
}
