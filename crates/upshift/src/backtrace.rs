//! Backtraces: which wasm functions were active when something happened.

use std::fmt::{self, Write};
use std::sync::OnceLock;

use upshift_core::index::FuncIndex;
use upshift_core::vm::{EntryFrame, ExitPoint};
use upshift_translate::names::is_printable;

use crate::context::AsContext;
use crate::demangle::demangle;
use crate::frames::{Frame, Frames};
use crate::module::Module;
use crate::store::StoreState;
use crate::symbols::{SourceLocation, locate};

/// Frames that a backtrace keeps unless somebody says otherwise.
const MAX_FRAMES: usize = 20;

/// The wasm functions that were active when a trap or error occurred, innermost first.
///
/// It is context of the errors of calls: `error.downcast_ref::<WasmBacktrace>()`.
///
/// ```
/// use upshift::{Engine, Instance, Module, Store, Trap, WasmBacktrace};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module $m
///         (func $inner unreachable)
///         (func $outer (export "run") call $inner))"#,
/// )?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
/// let error = run.call(&mut store, ()).unwrap_err();
/// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
/// let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
/// let names: Vec<_> = backtrace.frames().iter().map(|f| f.func_name().unwrap()).collect();
/// assert_eq!(names, ["inner", "outer"]);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Debug)]
pub struct WasmBacktrace {
    frames: Vec<FrameInfo>,
    /// Whether there are more frames than were kept.
    elided: bool,
}

/// A function in a [`WasmBacktrace`].
///
/// ```
/// use upshift::{Engine, Instance, Module, Store, WasmBacktrace};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func) (func $f (export "run") nop unreachable))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
/// let frame = &error.downcast_ref::<WasmBacktrace>().unwrap().frames()[0];
/// assert_eq!((frame.func_index(), frame.func_name()), (1, Some("f")));
/// // One byte says that there are no locals, one is the `nop`.
/// assert_eq!(frame.func_offset(), Some(2));
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// Name and position are looked up when somebody asks: most errors are handled without being printed, and the position
/// costs as much as translating the function.
#[derive(Debug)]
pub struct FrameInfo {
    module: Module,
    func: FuncIndex,
    /// Word of the function's code.
    word: usize,
    name: OnceLock<Option<String>>,
    offset: OnceLock<Option<u32>>,
}

impl FrameInfo {
    /// The function's module.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The function's index in its module.
    #[must_use]
    pub fn func_index(&self) -> u32 {
        self.func.0
    }

    /// The function's name from the name section, or else an export's; as it is, not demangled.
    #[must_use]
    pub fn func_name(&self) -> Option<&str> {
        self.name.get_or_init(|| self.module.func_name(self.func)).as_deref()
    }

    /// The position of the operator in the module's bytes.
    #[must_use]
    pub fn module_offset(&self) -> Option<usize> {
        let find = || self.module.offset_of(self.func, self.word);
        self.offset.get_or_init(find).map(|offset| offset as usize)
    }

    /// The position of the operator in the function's body, which starts with its locals.
    #[must_use]
    pub fn func_offset(&self) -> Option<usize> {
        let body = self.module.info().body(self.func)?;
        self.module_offset()?.checked_sub(body.start as usize)
    }
}

impl FrameInfo {
    /// Where the position is in the source, by the module's debug information (DWARF); `None` if it has none.
    ///
    /// Reading it takes a while: milliseconds for modules of some megabytes.
    #[must_use]
    pub fn source(&self) -> Option<SourceLocation> {
        locate(self.module.info(), &[self.module_offset()]).pop().flatten()
    }
}

impl WasmBacktrace {
    /// The wasm functions that are active now; none outside of host functions.
    #[must_use]
    pub fn capture(store: impl AsContext) -> WasmBacktrace {
        WasmBacktrace::capture_up_to(store, MAX_FRAMES)
    }

    /// The innermost wasm functions that are active now, at most so many; none outside of host functions and callbacks.
    ///
    /// ```
    /// use upshift::{Config, Engine, Instance, Module, Store, UpdateDeadline, WasmBacktrace};
    ///
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(
    ///     &engine,
    ///     r#"(module (func $down (export "down") (param i32)
    ///         (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))))"#,
    /// )?;
    /// let mut store = Store::new(&engine, Vec::new());
    /// // In a new store the deadline has come, and here it comes again with each function that is entered.
    /// store.epoch_deadline_callback(|mut store| {
    ///     let backtrace = WasmBacktrace::capture_up_to(&store, 2);
    ///     store.data_mut().push((backtrace.frames().len(), backtrace.is_elided()));
    ///     Ok(UpdateDeadline::Continue(0))
    /// });
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// instance.get_typed_func::<i32, ()>(&mut store, "down")?.call(&mut store, 2)?;
    /// assert_eq!(store.data(), &[(1, false), (2, false), (2, true)]);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn capture_up_to(store: impl AsContext, most: usize) -> WasmBacktrace {
        let store = store.as_context();
        let state = store.state();
        WasmBacktrace::walk(state.ctx.exit, false, state.ctx.entry, most)
    }

    /// The functions that were active when the last call was stopped, by a trap or by the host.
    pub(crate) fn of_stop(state: &StoreState, by_trap: bool) -> WasmBacktrace {
        let (stopped, outer) = (state.ctx.stopped, state.ctx.exit);
        // The stopped activation has already been taken off the chain. If it had no frame yet, it has left no trace.
        let began = (stopped.ip, stopped.fp) != (outer.ip, outer.fp);
        let stopped = if began { stopped } else { ExitPoint::NONE };
        let mut backtrace = WasmBacktrace::walk(stopped, by_trap, std::ptr::null(), MAX_FRAMES);
        if !backtrace.elided {
            backtrace.append(WasmBacktrace::walk(outer, false, state.ctx.entry, MAX_FRAMES));
        }
        backtrace
    }

    fn append(&mut self, outer: WasmBacktrace) {
        let room = MAX_FRAMES - self.frames.len();
        self.elided |= outer.elided || outer.frames.len() > room;
        self.frames.extend(outer.frames.into_iter().take(room));
    }

    fn walk(exit: ExitPoint, exact: bool, entry: *const EntryFrame, most: usize) -> WasmBacktrace {
        let mut backtrace = WasmBacktrace { frames: Vec::new(), elided: false };
        // SAFETY: exit points and entries describe frames that are on the value stack until something new is called.
        for Frame { module, func, word, .. } in unsafe { Frames::new(exit, exact, entry) } {
            if backtrace.frames.len() == most {
                backtrace.elided = true;
                break;
            }
            let (name, offset) = (OnceLock::new(), OnceLock::new());
            backtrace.frames.push(FrameInfo { module: module.clone(), func, word, name, offset });
        }
        backtrace
    }

    /// The frames, innermost first; at most 20 unless [`capture_up_to`](Self::capture_up_to) was told otherwise.
    #[must_use]
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    /// Whether there were more frames than it has.
    #[must_use]
    pub fn is_elided(&self) -> bool {
        self.elided
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error while executing at wasm backtrace:")?;
        for ((i, frame), source) in self.frames.iter().enumerate().zip(self.sources()) {
            write!(f, "\n{i:>5}: ")?;
            if let Some(offset) = frame.module_offset() {
                write!(f, "{offset:#8x} - ")?;
            }
            write!(f, "{}!", Printable(frame.module.name().unwrap_or("<unknown>")))?;
            match frame.func_name() {
                Some(name) => write!(f, "{}", Printable(&demangle(name)))?,
                None => write!(f, "<wasm function {}>", frame.func.0)?,
            }
            if let Some(source) = source {
                write!(f, "\n{:>21} {}:{}", "at", Printable(source.file()), source.line())?;
                if let Some(column) = source.column() {
                    write!(f, ":{column}")?;
                }
            }
        }
        if self.elided {
            f.write_str("\n     … and more frames")?;
        }
        Ok(())
    }
}

impl WasmBacktrace {
    /// Where the frames are in the source; the debug information of each module is read once.
    fn sources(&self) -> Vec<Option<SourceLocation>> {
        let mut sources: Vec<Option<SourceLocation>> = vec![None; self.frames.len()];
        for (first, frame) in self.frames.iter().enumerate() {
            let same = |other: &FrameInfo| Module::same(&other.module, &frame.module);
            if self.frames[..first].iter().any(same) {
                continue;
            }
            let own = |other: &FrameInfo| if same(other) { other.module_offset() } else { None };
            let offsets: Vec<_> = self.frames.iter().map(own).collect();
            for (source, found) in sources.iter_mut().zip(locate(frame.module.info(), &offsets)) {
                *source = source.take().or(found);
            }
        }
        sources
    }
}

/// Text from a module, as it can be shown to people: without characters that move the cursor or turn the direction of
/// writing, and not longer than a name may be.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_CHARS: usize = 256;
        for (i, c) in self.0.chars().enumerate() {
            if i == MAX_CHARS {
                return f.write_str("…");
            }
            if !is_printable(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for WasmBacktrace {}
