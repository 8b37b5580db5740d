//! `upshift run`: load, link, call.

use std::time::Instant;

use anyhow::Result;
use upshift::{Engine, Module, Store};
use upshift_wasi::{Input, Output};

use crate::flags::Options;
use crate::limits::Watch;
use crate::program::{Host, Program, Streams, entry, failed_to_run};
use crate::report::print;
use crate::stats::{self, Times};
use crate::{batch, invoke};

/// Runs the file of the command line to its end. `begin` is when the process began.
///
/// # Errors
/// Whatever stops it; an [`Exit`](upshift_wasi::Exit) if that was the guest itself.
pub(crate) fn run(options: &Options, begin: Instant) -> Result<()> {
    let mut times = Times::new(begin);
    let engine = Engine::new(&options.config())?;
    let program = Program::load(&engine, &options.files[0], options)?;
    let input = if options.batch { Input::empty() } else { Input::inherit() };
    let streams = Streams { input, output: Output::inherit_stdout(), errors: Output::inherit_stderr() };
    let mut store = program.store(streams)?;
    let what = failed_to_run(program.file);
    let outcome = program.watch(|| what).and_then(|watch| {
        watch.iter().for_each(Watch::begin);
        link_and_call(&mut store, &program, &mut times)
    });
    if let Some(what) = options.stats {
        let modules: Vec<&Module> = program.modules().collect();
        stats::tell(what, &times, options, &store, &modules);
    }
    // The process ends here: the system takes everything back faster than we could.
    std::mem::forget(store);
    outcome.map_err(|error| program.failed(error))
}

/// Links the modules, in order, then calls what the command line names, or else the start of the main one.
fn link_and_call(store: &mut Store<Host>, program: &Program<'_>, times: &mut Times) -> Result<()> {
    let (module, options) = (&program.module, program.options);
    let mut linker = program.linker()?;
    let _threads = program.threads(&mut linker, store)?;
    let instance = program.instantiate(&mut linker, store, &mut || times.enter())?;
    if options.batch {
        times.enter();
        return batch::batch(store, instance, module, options);
    }
    if let Some(name) = &options.invoke {
        times.enter();
        let results = invoke::call(store, instance, module, name, &options.args)?;
        return print(&results.into_iter().map(|result| result + "\n").collect::<String>());
    }
    match entry(store, instance)? {
        Some(start) => {
            times.enter();
            start.call(store, ())
        }
        // A library: what it does when it is instantiated is all there is to do.
        None => Ok(()),
    }
}
