//! `upshift run`: load, link, call.

use std::ffi::OsStr;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Error, Result};
use upshift::{Engine, Instance, Linker, Module, Store};
use upshift_wasi::{WasiCtx, WasiCtxBuilder};

use crate::deterministic::{self, World};
use crate::flags::{GuestDir, Options, Stats};
use crate::limits::{self, Limiter, Limits};
use crate::report::print;
use crate::stats::{self, Times};
use crate::{batch, imports, invoke, load};

/// The data of the store.
#[derive(Debug)]
pub(crate) struct Host {
    wasi: WasiCtx,
    pub(crate) world: World,
    limiter: Limiter,
}

impl Host {
    /// What both sets of definitions name, so that each function of WASI is compiled once.
    pub(crate) fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }
}

/// How many files a guest in a sandbox may have open.
const SANDBOX_DESCRIPTORS: u32 = 256;

/// Runs the file of the command line to its end. `begin` is when the process began.
///
/// # Errors
/// Whatever stops it; an [`Exit`](upshift_wasi::Exit) if that was the guest itself.
pub(crate) fn run(options: &Options, begin: Instant) -> Result<()> {
    let mut times = Times::new(begin);
    let file = &options.files[0];
    let engine = Engine::new(&options.config())?;
    let module = load::module(&engine, file)?;
    let preloads = preloads(&engine, options)?;
    let modules: Vec<&Module> = preloads.iter().map(|(_, module)| module).chain([&module]).collect();

    let mut store = store(&engine, options)?;
    let outcome = link_and_call(&mut store, &preloads, &module, options, &mut times);
    if let Some(what) = options.stats {
        stats::tell(what, &times, options, &store, &modules);
    }
    // The process ends here: the system takes everything back faster than we could.
    std::mem::forget(store);
    outcome.map_err(|error| failed(error, &options.limits, file))
}

fn failed(error: Error, limits: &Limits, file: &OsStr) -> Error {
    limits::explain(error, limits).context(format!("failed to run `{}`", file.display()))
}

fn store(engine: &Engine, options: &Options) -> Result<Store<Host>> {
    let limiter = options.limits.limiter();
    let limited = limiter.is_some();
    let host = Host { wasi: wasi(options)?, world: World::default(), limiter: limiter.unwrap_or_default() };
    let mut store = Store::new(engine, host);
    if limited {
        store.limiter(|host| &mut host.limiter);
    }
    if options.limits.fuel.is_some() || options.stats == Some(Stats::Count) {
        store.set_fuel(options.fuel())?;
    }
    if let Some(timeout) = options.limits.timeout {
        store.set_epoch_deadline(1);
        let (limits, file) = (options.limits.clone(), options.files[0].clone());
        limits::watch(engine, timeout, move |error| failed(error, &limits, &file))?;
    }
    Ok(store)
}

/// Links the modules, in order, then calls what the command line names, or else the start of the main one.
fn link_and_call(
    store: &mut Store<Host>,
    preloads: &[(&str, Module)],
    module: &Module,
    options: &Options,
    times: &mut Times,
) -> Result<()> {
    let modules = || preloads.iter().map(|(_, module)| module).chain([module]);
    options.limits.check_counts(modules())?;
    let mut linker = Linker::new(store.engine());
    upshift_wasi::add_imports_to_linker(&mut linker, modules(), Host::wasi)?;
    if options.deterministic {
        deterministic::shadow(&mut linker)?;
    }
    for (name, module) in preloads {
        let instance = start(&mut linker, store, module, options, times)
            .with_context(|| format!("cannot preload `{name}`"))?;
        linker.instance(&mut *store, name, instance)?;
    }
    let instance = start(&mut linker, store, module, options, times)?;
    if options.batch {
        times.enter();
        return batch::batch(store, instance, module, options);
    }
    if let Some(name) = &options.invoke {
        times.enter();
        let results = invoke::call(store, instance, module, name, &options.args)?;
        return print(&results.into_iter().map(|result| result + "\n").collect::<String>());
    }
    // A program's entry, or the default export of a library.
    match ["_start", ""].into_iter().find_map(|name| instance.get_func(&mut *store, name)) {
        Some(start) => {
            times.enter();
            let start = start.typed::<(), ()>(&*store).context("`_start` has to take and return nothing")?;
            start.call(store, ())
        }
        // A library: what it does when it is instantiated is all there is to do.
        None => Ok(()),
    }
}

/// Instantiates a module, and initializes it if it is a library that wants so.
fn start(
    linker: &mut Linker<Host>,
    store: &mut Store<Host>,
    module: &Module,
    options: &Options,
    times: &mut Times,
) -> Result<Instance> {
    if options.unknown_imports_trap {
        linker.define_unknown_imports_as_traps(module)?;
    }
    if module.info().start.is_some() {
        times.enter();
    }
    let instance = linker
        .instantiate(&mut *store, module)
        .map_err(|error| imports::missing(linker, store, module).unwrap_or(error))?;
    if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
        times.enter();
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
    wasi.inherit_stdout().inherit_stderr();
    if !options.batch {
        wasi.inherit_stdin();
    }
    let name = options.argv0.as_deref().or(Path::new(file).file_name());
    wasi.arg(bytes(name.unwrap_or(file)));
    if options.invoke.is_none() {
        for arg in &options.args {
            wasi.arg(bytes(arg));
        }
    }
    if options.sandbox {
        // Descriptors are this process's, which needs some itself.
        wasi.max_descriptors(SANDBOX_DESCRIPTORS);
    }
    // What is given last counts: flags come behind the settings file, and both behind what is inherited.
    let inherited: Vec<_> = if options.inherit_env { std::env::vars_os().collect() } else { Vec::new() };
    let all: Vec<_> = inherited.iter().chain(&options.env).collect();
    for (i, (name, value)) in all.iter().enumerate() {
        if !all[i + 1..].iter().any(|(later, _)| later == name) {
            wasi.env(bytes(name), bytes(value));
        }
    }
    for GuestDir { host, guest, access } in &options.dirs {
        wasi.preopened_dir_with(host, guest, *access)?;
    }
    for address in &options.listeners {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen at `{address}`"))?;
        wasi.preopened_socket(listener)?;
    }
    if options.trace_wasi {
        // Who closed the standard error does not want to know.
        wasi.trace(|line| drop(writeln!(std::io::stderr(), "{line}")));
    }
    Ok(wasi.build())
}

fn bytes(text: &OsStr) -> &[u8] {
    text.as_encoded_bytes()
}
