//! Backtraces: which wasm functions were active when something happened.
//!
//! ```text
//! frames on the stack ─ walk ─▶ the innermost, the outermost, how many lie between ─ Display ─▶ lines; repeated ones once
//! ```
//!
//! What is kept and printed has a bound that does not depend on the guest: it decides how deep its calls are nested and what
//! its functions are called. Only the frames of calls that have just ended are walked to the last one.

use std::collections::VecDeque;
use std::fmt;
use std::sync::OnceLock;

use upshift_core::index::FuncIndex;
use upshift_core::shown::Shown;
use upshift_core::vm::{EntryFrame, ExitPoint};

use crate::context::AsContext;
use crate::demangle::demangle;
use crate::frames::{Frame, Frames};
use crate::module::Module;
use crate::store::StoreState;
use crate::symbols::{SourceLocation, locate};
use crate::vm::code_object::Origin;
use crate::vm::tier::Tier;

/// Innermost frames that a backtrace keeps unless somebody says otherwise.
const MAX_FRAMES: usize = 20;

/// Outermost frames that are kept besides: how a recursion was entered.
const MAX_OUTERMOST: usize = 5;

/// The longest row of frames that is looked for when the same ones come again and again.
const MAX_PERIOD: usize = 4;

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
    /// How many frames lie between `frames` and `outermost`.
    skipped: usize,
    outermost: Vec<FrameInfo>,
    /// Whether there are frames behind all those.
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
/// The position is looked up when somebody asks: most errors are handled without being printed, and it costs as much as
/// translating the function.
#[derive(Debug)]
pub struct FrameInfo {
    module: Module,
    func: FuncIndex,
    /// What made the code that ran.
    origin: Origin,
    /// The position in that code.
    position: usize,
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
        self.module.func_name(self.func)
    }

    /// The position of the operator in the module's bytes.
    #[must_use]
    pub fn module_offset(&self) -> Option<usize> {
        let find = || self.module.offsets_of(self.func, &self.origin)(self.position);
        self.offset.get_or_init(find).map(|offset| offset as usize)
    }

    /// The position of the operator in the function's body, which starts with its locals.
    #[must_use]
    pub fn func_offset(&self) -> Option<usize> {
        let body = self.module.info().body(self.func)?;
        self.module_offset()?.checked_sub(body.start as usize)
    }
}

/// A function that is active in a frame: the frame's own, or one whose code stands in the place of a call.
struct Active<'a> {
    frame: Frame<'a>,
    /// The function and the offset of its operator, if it is not the frame's own.
    inlined: Option<(FuncIndex, u32)>,
}

/// All functions that are active in frames, in their order.
fn active<'a>(frames: Frames<'a>) -> impl Iterator<Item = Active<'a>> {
    frames.flat_map(|frame| {
        let inlined = frame.inlined().map(Some).chain([None]);
        inlined.map(move |inlined| Active { frame, inlined })
    })
}

impl FrameInfo {
    fn of(Active { frame, inlined }: &Active<'_>) -> FrameInfo {
        let &Frame { instance, func, position, .. } = frame;
        let (module, origin) = (instance.module.clone(), frame.origin());
        let (func, offset) = match *inlined {
            Some((func, offset)) => (func, OnceLock::from(Some(offset))),
            None => (func, OnceLock::new()),
        };
        FrameInfo { module, func, origin, position, offset }
    }

    /// The tier whose code ran.
    pub(crate) fn code_tier(&self) -> Tier {
        self.origin.tier()
    }

    fn same_function(&self, other: &FrameInfo) -> bool {
        Module::same(&self.module, &other.module) && self.func == other.func
    }

    /// Whether both are at the same operator.
    fn same_place(&self, other: &FrameInfo) -> bool {
        self.same_function(other) && self.module_offset() == other.module_offset()
    }

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
        WasmBacktrace::walk(state.ctx().exit, state.ctx().entry, most)
    }

    /// The functions that were active when the last call was stopped, by a trap or by the host.
    pub(crate) fn of_stop(state: &StoreState) -> WasmBacktrace {
        let (stopped, outer) = (state.ctx().stopped, state.ctx().exit);
        // The stopped activation has already been taken off the chain.
        // These frames belong to calls that this activation made, so walking over all of them takes less than that did.
        // SAFETY: exit points describe frames that are on the value stack until something new is called.
        let frames = unsafe { Frames::new(stopped, std::ptr::null()) };
        let mut backtrace = WasmBacktrace::of_all(frames);
        // Those of activations around it may be walked over again and again.
        let outer = WasmBacktrace::walk(outer, state.ctx().entry, MAX_FRAMES);
        if backtrace.outermost.is_empty() {
            backtrace.append(outer);
        } else {
            backtrace.elided = !outer.frames.is_empty();
        }
        backtrace
    }

    fn append(&mut self, outer: WasmBacktrace) {
        let room = MAX_FRAMES - self.frames.len();
        self.elided |= outer.elided || outer.frames.len() > room;
        self.frames.extend(outer.frames.into_iter().take(room));
    }

    /// Looks at no more than `most` frames and one.
    fn walk(exit: ExitPoint, entry: *const EntryFrame, most: usize) -> WasmBacktrace {
        // SAFETY: exit points and entries describe frames that are on the value stack until something new is called.
        let mut frames = active(unsafe { Frames::new(exit, entry) });
        let kept = frames.by_ref().take(most).map(|frame| FrameInfo::of(&frame)).collect();
        let elided = frames.next().is_some();
        WasmBacktrace { frames: kept, skipped: 0, outermost: Vec::new(), elided }
    }

    /// Looks at all frames.
    fn of_all(frames: Frames<'_>) -> WasmBacktrace {
        let mut frames = active(frames);
        let kept = frames.by_ref().take(MAX_FRAMES).map(|frame| FrameInfo::of(&frame)).collect();
        let mut last = VecDeque::with_capacity(MAX_OUTERMOST);
        let mut skipped = 0;
        for frame in frames {
            if last.len() == MAX_OUTERMOST {
                last.pop_front();
                skipped += 1;
            }
            last.push_back(frame);
        }
        WasmBacktrace {
            frames: kept,
            skipped,
            outermost: last.iter().map(FrameInfo::of).collect(),
            elided: false,
        }
    }

    /// The frames, innermost first; at most 20 unless [`capture_up_to`](Self::capture_up_to) was told otherwise.
    #[must_use]
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    /// The outermost frames, innermost first, if [`frames`](Self::frames) has not all of them: at most 5, of the functions that
    /// the host's last call has entered.
    ///
    /// ```
    /// use upshift::{Engine, Instance, Module, Store, WasmBacktrace};
    ///
    /// let engine = Engine::default();
    /// let text = r#"(module
    ///     (func $deep (param i32)
    ///         (if (i32.eqz (local.get 0)) (then unreachable))
    ///         (call $deep (i32.sub (local.get 0) (i32.const 1))))
    ///     (func (export "run") (call $deep (i32.const 1000))))"#;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    /// let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
    /// let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    /// let (inner, outer) = (backtrace.frames().len(), backtrace.outermost_frames());
    /// assert_eq!(outer.last().unwrap().func_name(), Some("run"));
    /// // `$deep` 1001 times, and `run`.
    /// assert_eq!(inner + backtrace.skipped_frames() + outer.len(), 1002);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    #[must_use]
    pub fn outermost_frames(&self) -> &[FrameInfo] {
        &self.outermost
    }

    /// How many frames lie between [`frames`](Self::frames) and [`outermost_frames`](Self::outermost_frames).
    #[must_use]
    pub fn skipped_frames(&self) -> usize {
        self.skipped
    }

    /// Whether there were more frames than [`frames`](Self::frames) has.
    #[must_use]
    pub fn is_elided(&self) -> bool {
        self.elided || !self.outermost.is_empty()
    }
}

/// A line for each frame, and one where frames are left out or come again and again; long names are cut.
impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error while executing at wasm backtrace:")?;
        self.find_offsets();
        let sources = self.sources();
        let (inner, outer) = sources.split_at(self.frames.len());
        show(f, 0, &self.frames, inner)?;
        if self.skipped > 0 {
            write!(f, "\n       … {} more frames", self.skipped)?;
        }
        show(f, self.frames.len() + self.skipped, &self.outermost, outer)?;
        if self.elided {
            f.write_str("\n       … and more frames")?;
        }
        Ok(())
    }
}

/// Frames that follow each other; the first one has the number `first`.
fn show(
    f: &mut fmt::Formatter<'_>,
    first: usize,
    frames: &[FrameInfo],
    sources: &[Option<SourceLocation>],
) -> fmt::Result {
    let mut at = 0;
    while at < frames.len() {
        let (period, times) = repetition(&frames[at..]);
        for i in at..at + period {
            show_frame(f, first + i, &frames[i], sources[i].as_ref())?;
        }
        match (period, times - 1) {
            (_, 0) => {}
            (1, more) => write!(f, "\n       … the same frame {more} times more")?,
            (period, more) => write!(f, "\n       … the same {period} frames {more} times more")?,
        }
        at += period * times;
    }
    Ok(())
}

/// How many frames there are until the same ones come again, and how often they are there.
fn repetition(frames: &[FrameInfo]) -> (usize, usize) {
    /// What comes twice is shown twice: that is no longer than to say so.
    const ENOUGH: usize = 3;
    let periods = (1..=MAX_PERIOD.min(frames.len())).map(|period| {
        let same = |row: &&[FrameInfo]| row.iter().zip(frames).all(|(frame, first)| frame.same_place(first));
        (period, frames.chunks_exact(period).take_while(same).count())
    });
    periods.into_iter().find(|&(_, times)| times >= ENOUGH).unwrap_or((1, 1))
}

fn show_frame(
    f: &mut fmt::Formatter<'_>,
    number: usize,
    frame: &FrameInfo,
    source: Option<&SourceLocation>,
) -> fmt::Result {
    write!(f, "\n{number:>5}: ")?;
    if let Some(offset) = frame.module_offset() {
        write!(f, "{offset:#8x} - ")?;
    }
    if let Some(module) = frame.module.name() {
        write!(f, "{}!", Shown::new(module))?;
    }
    match frame.func_name() {
        Some(name) => write!(f, "{}", Shown::new(&demangle(name)))?,
        None => write!(f, "func[{}]", frame.func.0)?,
    }
    if let Some(source) = source {
        write!(f, "\n{:>21} {}:{}", "at", Shown::new(source.file()), source.line())?;
        if let Some(column) = source.column() {
            write!(f, ":{column}")?;
        }
    }
    Ok(())
}

impl WasmBacktrace {
    fn all(&self) -> impl Iterator<Item = &FrameInfo> + Clone {
        self.frames.iter().chain(&self.outermost)
    }

    /// Looks up the positions of all frames, so that each function is translated once.
    fn find_offsets(&self) {
        let mut rest = self.all();
        while let Some(frame) = rest.next() {
            if frame.offset.get().is_some() {
                continue;
            }
            let offsets = frame.module.offsets_of(frame.func, &frame.origin);
            let same_code =
                |other: &&FrameInfo| other.same_function(frame) && other.origin.same(&frame.origin);
            let others = rest.clone().filter(same_code);
            for frame in [frame].into_iter().chain(others) {
                frame.offset.get_or_init(|| offsets(frame.position));
            }
        }
    }

    /// Where the frames are in the source; the debug information of each module is read once.
    fn sources(&self) -> Vec<Option<SourceLocation>> {
        let frames: Vec<&FrameInfo> = self.all().collect();
        let mut sources: Vec<Option<SourceLocation>> = vec![None; frames.len()];
        for (first, frame) in frames.iter().enumerate() {
            let same = |other: &&FrameInfo| Module::same(&other.module, &frame.module);
            if frames[..first].iter().any(same) {
                continue;
            }
            let own = |other: &&FrameInfo| if same(other) { other.module_offset() } else { None };
            let offsets: Vec<_> = frames.iter().map(own).collect();
            for (source, found) in sources.iter_mut().zip(locate(frame.module.info(), &offsets)) {
                *source = source.take().or(found);
            }
        }
        sources
    }
}

impl std::error::Error for WasmBacktrace {}
