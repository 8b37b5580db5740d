//! Threads that a guest starts itself (proposal wasi-threads), as programs for `wasm32-wasip1-threads` do.
//!
//! ```text
//! wasi.thread-spawn(argument) ─▶ a thread of the host ─▶ a store of its own, made by the host
//!      ◀─ number, or -1 ◀──── all is there, or not ◀────────────└─▶ an instance of the same module, with the same memory
//!                                                                        └─▶ wasi_thread_start(number, argument)
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;

use anyhow::{Context, Error, Result, bail};
use upshift::{Caller, ExternType, Linker, Module, SharedMemory, Store, TypedFunc};
use upshift_core::shown::Shown;

use crate::meter;

/// Under which a guest imports the function that starts a thread.
const MODULE: &str = "wasi";
const SPAWN: &str = "thread-spawn";
/// The export that a thread begins with.
const START: &str = "wasi_thread_start";

/// The highest number of a thread; the proposal leaves the bits above to libraries of the guest.
const MAX_NUMBER: u32 = (1 << 29) - 1;

/// What the guest gets instead of the number of a thread that cannot be started.
const REFUSED: i32 = -1;

/// How many threads a guest may have unless its host says otherwise.
const DEFAULT_MAX_THREADS: u32 = 1000;

/// Lets a guest start threads; makes [`WasiThreads`].
///
/// Each thread is one of the host and has a store of its own, in which the guest's module is instantiated anew; what they
/// have in common is the shared memory that the module imports, and usually a [`WasiCtx`](crate::WasiCtx), whose clones
/// have the same descriptors.
///
/// ```
/// use upshift::{Engine, Linker, Module, Store};
/// use upshift_wasi::{MemoryOutput, WasiCtx, WasiCtxBuilder, WasiThreadsBuilder, add_to_linker};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module
///         (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
///         (import "wasi_snapshot_preview1" "fd_write"
///             (func $fd_write (param i32 i32 i32 i32) (result i32)))
///         (import "env" "memory" (memory 1 1 shared))
///         (export "memory" (memory 0))
///         (data (i32.const 8) "\10\00\00\00\06\00\00\00")
///         (data (i32.const 16) "hello\n")
///         (func (export "wasi_thread_start") (param $number i32) (param $argument i32)
///             (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 24)))
///             ;; Wakes the main thread.
///             (i32.atomic.store (i32.const 32) (local.get $argument))
///             (drop (memory.atomic.notify (i32.const 32) (i32.const 1))))
///         (func (export "_start")
///             (drop (call $spawn (i32.const 7)))
///             (drop (memory.atomic.wait32 (i32.const 32) (i32.const 0) (i64.const -1)))))"#,
/// )?;
///
/// let mut linker: Linker<WasiCtx> = Linker::new(&engine);
/// add_to_linker(&mut linker, |ctx| ctx)?;
/// let stdout = MemoryOutput::new(1024);
/// let ctx = WasiCtxBuilder::new().stdout(stdout.clone()).build();
/// let mut store = Store::new(&engine, ctx.clone());
/// let store_of_thread = move || Ok(Store::new(&engine, ctx.clone()));
/// let threads =
///     WasiThreadsBuilder::new().add_to_linker(&mut linker, &mut store, &module, store_of_thread)?;
///
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
/// threads.join()?;
/// assert_eq!(stdout.contents(), b"hello\n");
/// # Ok::<(), upshift::Error>(())
/// ```
pub struct WasiThreadsBuilder {
    max_threads: u32,
    on_error: Option<OnError>,
}

/// What the host does with the first error.
type OnError = Box<dyn Fn(Error) + Send + Sync>;

/// Runs a thread of the guest, with an argument, to its end. Tells the last parameter when all that it needs is there.
type Run = Box<dyn Fn(&Running, i32, &mut dyn FnMut()) -> Result<()> + Send + Sync>;

impl WasiThreadsBuilder {
    /// Up to 1000 threads at once, and errors are kept for [`WasiThreads::join`].
    #[must_use]
    pub fn new() -> WasiThreadsBuilder {
        WasiThreadsBuilder { max_threads: DEFAULT_MAX_THREADS, on_error: None }
    }

    /// Sets how many threads the guest may have at once, besides the one in which the host has called it. One more is not
    /// started, which the guest is told by a negative number.
    pub fn max_threads(&mut self, max: u32) -> &mut WasiThreadsBuilder {
        self.max_threads = max;
        self
    }

    /// Calls `on_error` when a thread ends with an error, in that thread, for the first one that does: a trap, or an
    /// [`Exit`](crate::Exit) of whatever code. No thread is started afterwards. What keeps a thread's store or instance from being
    /// made is no such error: the thread is not started then, which the guest is told.
    ///
    /// The proposal wants this to be the end of the guest as a whole. A host whose process is the guest's ends it. Another
    /// one stops the other threads, for instance by the engine's epoch: programs that run and programs that wait in
    /// `memory.atomic.wait32` look at it, if [`Config::epoch_interruption`](upshift::Config::epoch_interruption) says so.
    pub fn on_error(&mut self, on_error: impl Fn(Error) + Send + Sync + 'static) -> &mut WasiThreadsBuilder {
        self.on_error = Some(Box::new(on_error));
        self
    }

    /// Defines `wasi.thread-spawn`, and the shared memories that `module` imports and `linker` does not know. The builder is
    /// as new afterwards.
    ///
    /// All else that the module imports has to be in the linker already, and to belong to no store: the threads use it
    /// too. `store` is the one of the main thread; if it has a limiter, that is asked for the memories. For each thread
    /// `store_of_thread` makes another one, in that thread; limits of time and size are its matter.
    ///
    /// # Errors
    /// When the module starts threads but does not export `wasi_thread_start` with two `i32` parameters and no result, when
    /// a memory cannot be made, or an import is unknown or defined already.
    pub fn add_to_linker<T: 'static>(
        &mut self,
        linker: &mut Linker<T>,
        store: &mut Store<T>,
        module: &Module,
        store_of_thread: impl Fn() -> Result<Store<T>> + Send + Sync + 'static,
    ) -> Result<WasiThreads> {
        let builder = std::mem::take(self);
        let guest = Arc::new(Guest {
            max_threads: builder.max_threads.min(MAX_NUMBER),
            on_error: builder.on_error,
            run: OnceLock::new(),
            count: Arc::default(),
        });
        let mut starts_threads = false;
        for import in module.imports() {
            let (from, name) = (import.module(), import.name());
            match import.ty() {
                ExternType::Func(_) => starts_threads |= (from, name) == (MODULE, SPAWN),
                ExternType::Memory(ty) if ty.is_shared() && linker.get(&mut *store, from, name).is_none() => {
                    let memory = SharedMemory::new_in(&mut *store, ty).with_context(|| {
                        format!("cannot make the memory `{}::{}`", Shown::new(from), Shown::new(name))
                    })?;
                    linker.define(&*store, from, name, memory)?;
                }
                _ => {}
            }
        }
        if !starts_threads {
            return Ok(WasiThreads { guest });
        }
        check_start(module)?;
        // The linker's function must not keep alive what has the linker's definitions.
        let spawner: Weak<Guest> = Arc::downgrade(&guest);
        linker.func_wrap(MODULE, SPAWN, move |mut caller: Caller<'_, T>, argument: i32| -> Result<i32> {
            caller.consume_fuel(meter::THREAD)?;
            Ok(spawner.upgrade().and_then(|guest| guest.spawn(argument)).unwrap_or(REFUSED))
        })?;
        let instances = linker.instantiate_pre(module)?;
        let run: Run = Box::new(move |thread, argument, begin| {
            let mut store = store_of_thread()?;
            store.prepare_stack()?;
            // What the host does to stop stores after the first error may have come too early for this one.
            if thread.guest.threads().has_failed {
                return Ok(());
            }
            let instance = instances.instantiate_with(&mut store, begin)?;
            let start: TypedFunc<(i32, i32), ()> = instance.get_typed_func(&mut store, START)?;
            start.call(&mut store, (thread.counted.number.cast_signed(), argument))
        });
        let is_first = guest.run.set(run).is_ok();
        debug_assert!(is_first, "the guest was made here");
        Ok(WasiThreads { guest })
    }
}

impl Default for WasiThreadsBuilder {
    fn default() -> WasiThreadsBuilder {
        WasiThreadsBuilder::new()
    }
}

impl fmt::Debug for WasiThreadsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiThreadsBuilder").field("max_threads", &self.max_threads).finish_non_exhaustive()
    }
}

fn check_start(module: &Module) -> Result<()> {
    let Some(ExternType::Func(ty)) = module.get_export(START) else {
        bail!(
            "the module imports `{MODULE}::{SPAWN}`, but exports no function `{START}` for threads to begin with"
        );
    };
    let is_i32 = |ty: upshift::ValType| matches!(ty, upshift::ValType::I32);
    if ty.params().len() != 2 || !ty.params().all(is_i32) || ty.results().len() != 0 {
        bail!("`{START}` has type `{ty}`, but threads begin with a function of type `(i32, i32) -> ()`");
    }
    Ok(())
}

/// The threads that a guest has started; made by [`WasiThreadsBuilder`], where there is an example.
///
/// The guest can start threads as long as the host keeps this or a thread runs.
#[must_use = "without it no thread can be started"]
pub struct WasiThreads {
    guest: Arc<Guest>,
}

impl WasiThreads {
    /// How many threads run now.
    ///
    /// ```
    /// use upshift::{Engine, Linker, Module, Store};
    /// use upshift_wasi::WasiThreadsBuilder;
    ///
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, r#"(module (import "env" "memory" (memory 1 1 shared)))"#)?;
    /// let (mut linker, mut store) = (Linker::new(&engine), Store::new(&engine, ()));
    /// let store_of_thread = move || Ok(Store::new(&engine, ()));
    /// let threads =
    ///     WasiThreadsBuilder::new().add_to_linker(&mut linker, &mut store, &module, store_of_thread)?;
    /// assert_eq!(threads.running(), 0);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn running(&self) -> usize {
        self.guest.threads().running.len()
    }

    /// Waits until no thread runs.
    ///
    /// # Errors
    /// The first error that a thread has ended with, if [`WasiThreadsBuilder::on_error`] did not take it; it is told once.
    pub fn join(&self) -> Result<()> {
        let mut threads = self.guest.threads();
        while !threads.running.is_empty() {
            threads = self.guest.count.one_has_ended.wait(threads).unwrap_or_else(PoisonError::into_inner);
        }
        threads.error.take().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for WasiThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiThreads").field("running", &self.running()).finish_non_exhaustive()
    }
}

/// What the threads of a guest have in common.
struct Guest {
    max_threads: u32,
    on_error: Option<OnError>,
    run: OnceLock<Run>,
    count: Arc<Count>,
}

/// How many threads run; without what they run, which a thread lets go before it is no longer counted.
#[derive(Default)]
struct Count {
    threads: Mutex<Threads>,
    one_has_ended: Condvar,
}

#[derive(Default)]
struct Threads {
    /// The numbers of those that run.
    running: BTreeSet<u32>,
    /// The number that was given last.
    last: u32,
    /// Whether one has ended with an error.
    has_failed: bool,
    /// That error, if nobody has taken it.
    error: Option<Error>,
}

impl Threads {
    /// A number that no thread has. The next one comes last: a guest may still know the number of a thread that has ended.
    fn number(&mut self) -> u32 {
        loop {
            self.last = if self.last == MAX_NUMBER { 1 } else { self.last + 1 };
            if self.running.insert(self.last) {
                return self.last;
            }
        }
    }
}

impl Count {
    /// Nothing panics while the lock is held, so there is nothing to be found broken.
    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.count.threads()
    }

    /// Starts a thread and tells its number.
    fn spawn(self: &Arc<Guest>, argument: i32) -> Option<i32> {
        let number = {
            let mut threads = self.threads();
            if threads.has_failed || threads.running.len() >= self.max_threads as usize {
                return None;
            }
            threads.number()
        };
        let counted = Counted { count: Arc::clone(&self.count), number };
        let running = Running { guest: Arc::clone(self), counted };
        let number = number.cast_signed();
        let thread = thread::Builder::new().name(format!("wasi-thread-{number}"));
        let (begin, begins) = mpsc::channel();
        // Without a thread the closure is dropped, and the number is free again.
        thread.spawn(move || running.run(argument, begin)).ok()?;
        // The thread may still find that there is no memory for it.
        begins.recv().ok().map(|()| number)
    }

    fn fail(&self, error: Error) {
        let mut threads = self.threads();
        if std::mem::replace(&mut threads.has_failed, true) {
            return;
        }
        match &self.on_error {
            Some(on_error) => {
                drop(threads);
                on_error(error);
            }
            None => threads.error = Some(error),
        }
    }
}

/// A thread that has a number, until it ends.
struct Running {
    /// Goes first: whoever waits for the end of all threads finds that nothing of theirs is left.
    guest: Arc<Guest>,
    counted: Counted,
}

/// The number of a thread, and its place among those that run.
struct Counted {
    count: Arc<Count>,
    number: u32,
}

impl Running {
    /// `begin` is told when the guest's code begins, and is dropped without if it does not.
    fn run(self, argument: i32, begin: Sender<()>) {
        let Some(run) = self.guest.run.get() else { return };
        let mut has_begun = false;
        let outcome = run(&self, argument, &mut || {
            has_begun = true;
            // Whoever starts a thread waits for this.
            let _ = begin.send(());
        });
        if let Err(error) = outcome
            && has_begun
        {
            // What ends the guest as it wants is no failure of the thread.
            let is_exit = error.is::<crate::Exit>();
            self.guest.fail(if is_exit { error } else { error.context(InThread(self.counted.number)) });
        }
        // The number is free before the guest is told that there is no thread.
        drop(self);
        drop(begin);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            self.guest
                .fail(Error::msg("a function of the host panicked").context(InThread(self.counted.number)));
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.count.threads().running.remove(&self.number);
        self.count.one_has_ended.notify_all();
    }
}

/// Where an error has happened.
struct InThread(u32);

impl fmt::Display for InThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in thread {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NUMBER, Threads};

    #[test]
    fn numbers_begin_anew_and_leave_out_those_that_run() {
        let mut threads = Threads::default();
        assert_eq!([(); 3].map(|()| threads.number()), [1, 2, 3]);
        threads.running.remove(&2);
        assert_eq!(threads.number(), 4);
        threads.last = MAX_NUMBER - 1;
        assert_eq!([(); 3].map(|()| threads.number()), [MAX_NUMBER, 2, 5]);
    }
}
