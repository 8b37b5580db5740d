//! The imports of a guest: one host function for each line of `wasi_functions!`.

use upshift::{Caller, Error, Extern, Linker, Module, Result, Trap};

use crate::ctx::WasiCtx;
use crate::error::{Failure, GuestFault, WasiResult};
use crate::functions::{Kind, Signature, ty, wasi_functions};
use crate::memory::GuestMemory;
use crate::meter::{self, Meter};
use crate::{clock, dir, fs, io, path, poll, process, random, sock, trace};

/// The module name under which guests import the interface.
const MODULE: &str = "wasi_snapshot_preview1";

/// Defines all functions of WASI preview 1 in `linker`. `get` finds the context in the store's data.
///
/// Where the engine counts fuel, a call costs 8 units and 1 for each 64 bytes that it moves or makes; a path 8 and 1 for each of its
/// characters, a subscription 2, an entry that is listed 1, and room for a file 1 for each 4 KiB. Where it looks at epochs, calls
/// do so too.
///
/// A guest must export its memory as `memory`, also if it imports it, as those with threads do. When it ends itself with
/// `proc_exit`, the outermost call returns an error that downcasts to [`Exit`](crate::Exit); a bad pointer stops it with one
/// that downcasts to [`GuestFault`].
///
/// ```
/// use upshift::{Engine, Linker, Module, Store};
/// use upshift_wasi::{MemoryOutput, WasiCtx, WasiCtxBuilder, add_to_linker};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "wasi_snapshot_preview1" "fd_write"
///             (func $fd_write (param i32 i32 i32 i32) (result i32)))
///         (memory (export "memory") 1)
///         (data (i32.const 0) "\10\00\00\00\06\00\00\00")
///         (data (i32.const 16) "hello\n")
///         (func (export "_start")
///             (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
/// )?;
///
/// let mut linker: Linker<WasiCtx> = Linker::new(&engine);
/// add_to_linker(&mut linker, |ctx| ctx)?;
///
/// let stdout = MemoryOutput::new(1024);
/// let mut store = Store::new(&engine, WasiCtxBuilder::new().stdout(stdout.clone()).build());
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
/// assert_eq!(stdout.contents(), b"hello\n");
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// # Errors
/// If `linker` has one of the names already and does not allow shadowing.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    define(linker, get, &|_| true)
}

/// As [`add_to_linker`], but defines only the functions that one of `modules` imports, which is quicker for a linker
/// that is used once.
///
/// ```
/// use upshift::{Engine, Linker, Module, Store};
/// use upshift_wasi::{WasiCtx, WasiCtxBuilder, add_imports_to_linker};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))"#,
/// )?;
/// let mut linker: Linker<WasiCtx> = Linker::new(&engine);
/// add_imports_to_linker(&mut linker, [&module], |ctx| ctx)?;
/// let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
/// linker.instantiate(&mut store, &module)?;
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// # Errors
/// If `linker` has one of these names already and does not allow shadowing.
pub fn add_imports_to_linker<'m, T: 'static>(
    linker: &mut Linker<T>,
    modules: impl IntoIterator<Item = &'m Module>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    let imports = modules.into_iter().flat_map(Module::imports);
    let names: Vec<&str> =
        imports.filter(|import| import.module() == MODULE).map(|import| import.name()).collect();
    if names.is_empty() { Ok(()) } else { define(linker, get, &|name| names.contains(&name)) }
}

/// Defines the functions whose names are `wanted`.
fn define<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<()> {
    macro_rules! result {
        (errno) => {
            u32
        };
        (never) => {
            ()
        };
    }
    macro_rules! outcome {
        (errno, $outcome:expr) => {
            $outcome
        };
        (never, $outcome:expr) => {
            $outcome.map(|_| ())
        };
    }
    macro_rules! define_all {
        ($($file:ident::$name:ident($($param:ident: $kind:ident),*) -> $result:tt;)*) => {$(
            if wanted(stringify!($name)) {
                const SIGNATURE: &Signature =
                    &Signature { name: stringify!($name), params: &[$(Kind::$kind),*] };
                linker.func_wrap(
                    MODULE,
                    SIGNATURE.name,
                    move |mut caller: Caller<'_, T>, $($param: ty::$kind),*| -> Result<result!($result)> {
                        let args: [u64; SIGNATURE.params.len()] = [$(u64::from($param)),*];
                        outcome!($result, call(&mut caller, SIGNATURE, &args, get, &|ctx, memory| {
                            $file::$name(ctx, memory, $($param),*)
                        }))
                    },
                )?;
            }
        )*};
    }
    wasi_functions!(define_all);
    Ok(())
}

/// Runs a function on the guest's memory and the context: the error number, or why the guest is stopped.
///
/// A guest without a memory may still ask for the end, but every pointer is bad.
/// There is one of it for all functions of a context: what differs between them is passed, not compiled in.
fn call<T: 'static>(
    caller: &mut Caller<'_, T>,
    signature: &'static Signature,
    args: &[u64],
    get: impl Fn(&mut T) -> &mut WasiCtx,
    function: &dyn Fn(&mut WasiCtx, &mut GuestMemory<'_>) -> WasiResult,
) -> Result<u32> {
    let mut traced = None;
    let mut run = |ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>| {
        if ctx.tracer.is_some() && traced.is_none() {
            traced = Some(trace::Call::begin(signature, args, memory));
        }
        let outcome = function(ctx, memory);
        if outcome != Err(Failure::Unfinished)
            && let (Some(call), Some(tracer)) = (traced.take(), &ctx.tracer)
        {
            call.end(tracer, memory, &outcome);
        }
        outcome
    };
    let mut meter = Meter::default();
    if caller.engine().consumes_fuel() {
        caller.consume_fuel(meter::CALL)?;
        meter = Meter::new(Some(caller.get_fuel()?));
    }
    loop {
        // Calls may be long, and code without a loop can have many of them.
        caller.check_epoch()?;
        let outcome = match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => {
                let (bytes, data) = memory.data_and_store_mut(&mut *caller);
                run(get(data), &mut GuestMemory::new(bytes, &mut meter))
            }
            Some(Extern::SharedMemory(memory)) => {
                run(get(caller.data_mut()), &mut GuestMemory::shared(&memory, &mut meter))
            }
            _ => run(get(caller.data_mut()), &mut GuestMemory::missing(&mut meter)),
        };
        if let Some(fuel) = meter.fuel() {
            caller.set_fuel(fuel)?;
        }
        return match outcome {
            Ok(()) => Ok(0),
            Err(Failure::Errno(errno)) => Ok(errno as u32),
            Err(Failure::Fault(fault)) => Err(stop(signature.name, fault)),
            Err(Failure::Exit(exit)) => Err(Error::new(exit)),
            Err(Failure::OutOfFuel) => Err(Error::new(Trap::OutOfFuel)),
            Err(Failure::Unfinished) => continue,
        };
    }
}

#[cold]
fn stop(name: &'static str, fault: GuestFault) -> Error {
    let error = match fault {
        GuestFault::OutOfBounds { .. } => Error::new(Trap::MemoryOutOfBounds).context(fault),
        GuestFault::Misaligned { .. } | GuestFault::NoMemory => Error::new(fault),
    };
    error.context(format!("in {MODULE}.{name}"))
}
