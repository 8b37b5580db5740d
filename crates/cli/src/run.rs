//! `upshift run`: load, link, call.

use std::time::Instant;

use anyhow::Result;
use upshift::{Engine, Module, NoNativeCode, Store};
use upshift_translate::module::ExternIndex;
use upshift_wasi::{Input, Output};

use crate::flags::Options;
use crate::invoke::Surplus;
use crate::program::{Host, Program, Streams, entry, failed_to_run};
use crate::report::{self, print};
use crate::stats::{self, Times};
use crate::{batch, cache, clock, invoke, timeline};

/// Runs the file of the command line to its end. `begin` is when the process began.
///
/// # Errors
/// Whatever stops it; an [`Exit`](upshift_wasi::Exit) if that was the guest itself.
pub(crate) fn run(options: &Options, begin: Instant) -> Result<()> {
    let mut times = Times::new(begin);
    let mut config = options.config();
    config.cache(cache::of_run(options));
    let (engine, file) = (Engine::new(&config)?, &options.files[0]);
    clock::start(&engine, &options.limits, begin, failed_to_run(file))?;
    if let Some(path) = &options.trace_tiers {
        timeline::start(&engine, path, &times)?;
        clock::set_last_words(timeline_words);
    }
    let program = Program::load(&engine, file, options)?;
    timeline::loaded(&program);
    let input = if options.batch { Input::empty() } else { Input::inherit() };
    let streams = Streams { input, output: Output::inherit_stdout(), errors: Output::inherit_stderr() };
    let mut store = program.store(streams)?;
    let modules: Vec<Module> = program.modules().cloned().collect();
    if options.stats.is_some() {
        let (times, modules) = (times.clone(), modules.clone());
        clock::set_last_words(move || stats::text(&times, &modules, None) + &timeline_words());
    }
    let outcome = link_and_call(&mut store, &program, &mut times);
    // Whatever becomes of what is said from here on, the guest has come to its end.
    report::decide(&outcome);
    timeline::ended();
    cache::keep(&modules);
    if let Some(what) = options.stats {
        stats::tell(&stats::text(&times, &modules, Some((what, options, &store))));
    }
    tell_refusal(&engine, options);
    // The process ends here: the system takes everything back faster than we could.
    std::mem::forget(store);
    outcome.map_err(|error| program.failed(error))
}

/// Writes the timeline when the clock ends the process. Returns what is to be said of that.
fn timeline_words() -> String {
    timeline::write().map_or_else(String::new, |text| report::noted(&text))
}

/// Tells that the system forbids native code, once, if nothing else tells it.
fn tell_refusal(engine: &Engine, options: &Options) {
    use NoNativeCode::{AddressSpace, Faults, Memory};
    if let Some(reason @ (AddressSpace(_) | Faults(_) | Memory(_))) = engine.no_native_code()
        && options.stats.is_none()
    {
        report::note(&format!("functions run in the interpreter only: {reason}"));
    }
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
        let results = invoke::call(store, instance, module, name, &options.args, Surplus::OfGuest)?;
        return print(&results.into_iter().map(|result| result + "\n").collect::<String>());
    }
    match entry(store, instance)? {
        Some(start) => {
            times.enter();
            start.call(store, ())
        }
        // A library: what it does when it is instantiated is all there is to do.
        None => {
            if let Some(note) = nothing_called(program) {
                report::note(&note);
            }
            Ok(())
        }
    }
}

/// What is said of a library that leaves its user wondering: it has functions, and none of them was called.
fn nothing_called(program: &Program<'_>) -> Option<String> {
    let info = program.module.info();
    let is_library = info.exports.iter().any(|export| {
        let by_itself = ["_initialize", "__wasm_call_ctors"].contains(&&*export.name);
        matches!(export.item, ExternIndex::Func(_)) && !by_itself
    });
    let file = program.file.display();
    (is_library && info.start.is_none()).then(|| {
        format!(
            "`{file}` has no `_start`, so nothing was called: `--invoke NAME` calls one of its functions, which \
             `upshift inspect` lists"
        )
    })
}
