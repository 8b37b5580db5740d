//! A guest: the modules it consists of, what it may see, and the way to its first instruction.
//!
//! ```text
//! files ─ load ─▶ Program ─┬─ linker ─▶ Linker: WASI, or what takes its place
//!                          ├─ store ──▶ Store<Host>: what this guest may see and use
//!                          └─ instantiate: preloads in order, then the main module ─▶ Instance ─ entry ─▶ Func
//! ```

use std::ffi::OsStr;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Error, Result};
use upshift::{Engine, Instance, Linker, MemoryShare, Module, ResourceLimiter, Store, TypedFunc};
use upshift_wasi::{Input, Output, WasiCtx, WasiCtxBuilder, WasiThreads, WasiThreadsBuilder};

use crate::deterministic::{self, World};
use crate::flags::{GuestDir, Options, Stats, UnknownImports};
use crate::limits::{self, Limiter};
use crate::patient::Patient;
use crate::{imports, load, report, timeline};

/// The data of the store.
#[derive(Debug)]
pub(crate) struct Host {
    wasi: WasiCtx,
    pub(crate) world: World,
    limiter: Limiter,
    /// What a thread takes beside its memory; nothing for the first one, whose stack is not counted.
    _thread: Option<MemoryShare>,
}

impl Host {
    /// A store with this data. A deadline is set if there is a limit on its time; the clock is the caller's matter.
    fn store(self, engine: &Engine, limited: bool) -> Store<Host> {
        let mut store = Store::new(engine, self);
        if limited {
            store.limiter(|host| &mut host.limiter);
        }
        store.set_epoch_deadline(1);
        timeline::watch(&mut store);
        store
    }

    /// What both sets of definitions name, so that each function of WASI is compiled once.
    pub(crate) fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }
}

/// Where the guest's standard streams lead.
pub(crate) struct Streams {
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) errors: Output,
}

/// The names of the exports that a program is entered by: its start, or the default export of a library.
const ENTRIES: [&str; 2] = ["_start", ""];

/// How many files a guest in a sandbox may have open.
const SANDBOX_DESCRIPTORS: u32 = 256;

/// A file of the command line, and those that are instantiated before it.
pub(crate) struct Program<'o> {
    pub(crate) options: &'o Options,
    pub(crate) file: &'o OsStr,
    pub(crate) module: Module,
    /// Names under which others import from them.
    preloads: Vec<(&'o str, Module)>,
}

impl<'o> Program<'o> {
    /// Reads the modules.
    ///
    /// # Errors
    /// If one cannot be read or is not valid.
    pub(crate) fn load(engine: &Engine, file: &'o OsStr, options: &'o Options) -> Result<Program<'o>> {
        let load = |file| match options.allow_precompiled {
            true => load::precompiled(engine, file),
            false => load::module(engine, file),
        };
        let module = load(file)?;
        let preloads = options.preloads.iter();
        let preloads = preloads.map(|(name, file)| Ok((name.as_str(), load(file)?)));
        Ok(Program { options, file, module, preloads: preloads.collect::<Result<_>>()? })
    }

    /// All modules, in the order in which they are instantiated.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> + Clone {
        self.preloads.iter().map(|(_, module)| module).chain([&self.module])
    }

    /// Whether the module has an export that a program is entered by.
    pub(crate) fn has_entry(&self) -> bool {
        ENTRIES.iter().any(|name| self.module.get_export(name).is_some_and(|ty| ty.func().is_some()))
    }

    /// Everything that the modules may import, but for what the preloads export.
    ///
    /// # Errors
    /// If there would be more of something than is allowed.
    pub(crate) fn linker(&self) -> Result<Linker<Host>> {
        self.options.limits.check_counts(self.modules(), self.options.threads)?;
        let mut linker = Linker::new(self.module.engine());
        upshift_wasi::add_imports_to_linker(&mut linker, self.modules(), Host::wasi)?;
        if self.options.deterministic {
            deterministic::shadow(&mut linker)?;
        }
        Ok(linker)
    }

    /// A store for one guest.
    ///
    /// # Errors
    /// If the guest cannot be given what it is to see.
    pub(crate) fn store(&self, streams: Streams) -> Result<Store<Host>> {
        let options = self.options;
        let limiter = options.limits.limiter(options.limits.budget());
        let limited = limiter.is_some();
        let wasi = self.wasi(streams)?;
        let limiter = limiter.unwrap_or_default();
        let host = Host { wasi, world: World::default(), limiter, _thread: None };
        let mut store = host.store(self.module.engine(), limited);
        if options.limits.fuel.is_some() || options.stats == Some(Stats::Count) {
            store.set_fuel(options.fuel())?;
        }
        Ok(store)
    }

    /// Lets the guest start threads, if it may: each has a store as the guest's first one, with the same files. One for which
    /// there is no memory is not started; the first one that fails ends the process. What is returned has to be kept while the guest runs.
    ///
    /// # Errors
    /// If the module is not made for threads, or its memory cannot be made.
    pub(crate) fn threads(
        &self,
        linker: &mut Linker<Host>,
        store: &mut Store<Host>,
    ) -> Result<Option<WasiThreads>> {
        if !self.options.threads {
            return Ok(None);
        }
        if let Some(error) = imports::missing(linker, store, &self.module, true) {
            return Err(error);
        }
        let (limits, file) = (self.options.limits.clone(), self.file.to_owned());
        let mut threads = WasiThreadsBuilder::new();
        if let Some(most) = limits.threads() {
            threads.max_threads(u32::try_from(most).unwrap_or(u32::MAX));
        }
        threads.on_error({
            let limits = limits.clone();
            move |error| report::end(Err(limits::explain(error, &limits).context(failed_to_run(&file))))
        });
        let (module, wasi) = (self.module.clone(), store.data().wasi.clone());
        // All threads take from one budget.
        let budget = store.data().limiter.memory_budget();
        let store_of_thread = move || {
            let share = limits.reserve_thread(budget.as_ref(), &module)?;
            let limiter = limits.limiter(budget.clone());
            let limited = limiter.is_some();
            let (wasi, limiter) = (wasi.clone(), limiter.unwrap_or_default());
            let host = Host { wasi, world: World::default(), limiter, _thread: share };
            Ok(host.store(module.engine(), limited))
        };
        threads.add_to_linker(linker, store, &self.module, store_of_thread).map(Some)
    }

    /// Instantiates the modules, those that are libraries initialized. `enter` is told whenever code is about to run.
    ///
    /// # Errors
    /// If an import is missing or code of the guest fails.
    pub(crate) fn instantiate(
        &self,
        linker: &mut Linker<Host>,
        store: &mut Store<Host>,
        enter: &mut dyn FnMut(),
    ) -> Result<Instance> {
        for (name, module) in &self.preloads {
            let instance = self
                .start(linker, store, module, enter)
                .with_context(|| format!("cannot preload `{name}`"))?;
            linker.instance(&mut *store, name, instance)?;
        }
        self.start(linker, store, &self.module, enter)
    }

    /// Instantiates a module, and initializes it if it is a library that wants so.
    fn start(
        &self,
        linker: &mut Linker<Host>,
        store: &mut Store<Host>,
        module: &Module,
        enter: &mut dyn FnMut(),
    ) -> Result<Instance> {
        match self.options.unknown_imports {
            Some(UnknownImports::Trap) => linker.define_unknown_imports_as_traps(module)?,
            Some(UnknownImports::Default) => {
                linker.define_unknown_imports_as_default_values(&mut *store, module)?;
            }
            None => {}
        }
        if module.info().start.is_some() {
            enter();
        }
        let instance = linker
            .instantiate(&mut *store, module)
            .map_err(|error| imports::missing(linker, store, module, false).unwrap_or(error))?;
        if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
            enter();
            initialize.typed::<(), ()>(&*store)?.call(&mut *store, ())?;
        }
        Ok(instance)
    }

    /// An error of the guest, with the limit that it has hit and the name of its file.
    pub(crate) fn failed(&self, error: Error) -> Error {
        limits::explain(error, &self.options.limits).context(failed_to_run(self.file))
    }

    /// What the guest may see. Its own name is that of its file, without the directory, which is not its business.
    fn wasi(&self, streams: Streams) -> Result<WasiCtx> {
        let options = self.options;
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdin(streams.input).stdout(streams.output).stderr(streams.errors);
        let name = options.argv0.as_deref().or(Path::new(self.file).file_name());
        wasi.arg(bytes(name.unwrap_or(self.file)));
        // Those that `--invoke` takes for its function are among them, as with `wasmtime`.
        for arg in &options.args {
            wasi.arg(bytes(arg));
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
            let listener =
                TcpListener::bind(address).with_context(|| format!("cannot listen at `{address}`"))?;
            wasi.preopened_socket(listener)?;
        }
        if options.trace_wasi {
            // Who closed the standard error does not want to know.
            wasi.trace(|line| drop(writeln!(Patient(std::io::stderr()), "{line}")));
        }
        Ok(wasi.build())
    }
}

/// The function that a program is entered by, if it has one.
///
/// # Errors
/// If it does not take and return nothing.
pub(crate) fn entry(store: &mut Store<Host>, instance: Instance) -> Result<Option<TypedFunc<(), ()>>> {
    for name in ENTRIES {
        if let Some(func) = instance.get_func(&mut *store, name) {
            let what = if name.is_empty() { "the export without a name" } else { "`_start`" };
            let typed = func.typed(&*store).with_context(|| format!("{what} has to take and return nothing"));
            return typed.map(Some);
        }
    }
    Ok(None)
}

fn bytes(text: &OsStr) -> &[u8] {
    text.as_encoded_bytes()
}

/// What is said of a program that has failed.
pub(crate) fn failed_to_run(file: &OsStr) -> String {
    format!("failed to run `{}`", file.display())
}
