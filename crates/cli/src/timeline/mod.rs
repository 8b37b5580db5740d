//! `--trace-tiers`: what became of the guest's functions and where its time went, as a file to look at.
//!
//! ```text
//! engine ─ what becomes of functions ─▶ Trace ─┐
//! guest ─ each millisecond ─▶ Samples ─────────┼▶ events ─┬▶ FILE.json
//! run ─ when it is where ─▶ phases ────────────┘          └▶ page.html ─▶ FILE.html
//! ```
//!
//! A process has at most one, which is written when the process ends, however that happens but by a signal. Whether it can be written
//! is known before the guest starts.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use upshift::{Engine, Module, Store, UpdateDeadline, WasmBacktrace};

use crate::clock;
use crate::program::{Host, Program};
use crate::sampling::INTERVAL;
use crate::stats::Times;
use crate::timeline::events::Timeline;
use crate::timeline::samples::Samples;

mod events;
mod samples;

/// The most events of functions: enough for a hundred thousand functions.
pub(crate) const MOST_EVENTS: usize = 400_000;

/// The page, with the style, the timeline and the script in their places.
const PAGE: &str = include_str!("page.html");

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// What collects all that the file is to say.
struct Recorder {
    engine: Engine,
    path: PathBuf,
    /// The thread that loads and runs the program.
    program: ThreadId,
    times: Times,
    samples: Mutex<Samples>,
    /// How long it is from one sample to the next, in milliseconds.
    interval: AtomicU64,
    loaded: OnceLock<Loaded>,
    ended: OnceLock<Duration>,
    /// Whether the file was written.
    written: Mutex<bool>,
}

/// What is known when the program was read.
struct Loaded {
    at: Duration,
    file: String,
    functions: usize,
}

/// What a file is called says what is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Events,
    Page,
}

impl Form {
    fn of(path: &Path) -> Option<Form> {
        match path.extension().and_then(OsStr::to_str) {
            Some("json") => Some(Form::Events),
            Some("html") => Some(Form::Page),
            _ => None,
        }
    }
}

/// Whether a file's name says what is to be written there.
pub(crate) fn is_known(path: &OsStr) -> bool {
    Form::of(Path::new(path)).is_some()
}

/// Collects from now on what the timeline of a run in an engine is to say.
///
/// # Errors
/// If the file cannot be written, or the system gives no thread.
pub(crate) fn start(engine: &Engine, path: &OsStr, times: &Times) -> Result<()> {
    let path = PathBuf::from(path);
    try_to_write(&path).with_context(|| cannot_write(&path))?;
    let recorder = RECORDER.get_or_init(|| Recorder {
        engine: engine.clone(),
        path,
        program: thread::current().id(),
        times: times.clone(),
        samples: Mutex::default(),
        interval: AtomicU64::new(INTERVAL.as_millis() as u64),
        loaded: OnceLock::new(),
        ended: OnceLock::new(),
        written: Mutex::default(),
    });
    let tick = || {
        loop {
            thread::sleep(Duration::from_millis(recorder.interval.load(Ordering::Relaxed)));
            recorder.engine.increment_epoch();
        }
    };
    thread::Builder::new().spawn(tick).context("cannot start the clock that takes samples")?;
    Ok(())
}

/// The program was read and is about to be instantiated.
pub(crate) fn loaded(program: &Program<'_>) {
    let Some(recorder) = RECORDER.get() else { return };
    let at = recorder.now();
    let functions = program.modules().map(|module: &Module| module.func_bodies().len()).sum();
    let file = program.file.to_string_lossy().into_owned();
    recorder.loaded.get_or_init(|| Loaded { at, file, functions });
    recorder.samples().begin(at);
}

/// Takes samples of what runs in a store.
pub(crate) fn watch(store: &mut Store<Host>) {
    let Some(recorder) = RECORDER.get() else { return };
    store.epoch_deadline_callback(move |store| {
        if clock::is_over() {
            return Ok(UpdateDeadline::Interrupt);
        }
        if let [frame, ..] = WasmBacktrace::capture_up_to(&store, 1).frames()
            && recorder.samples().add(recorder.now(), frame)
        {
            recorder.interval.fetch_add(recorder.interval.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        Ok(UpdateDeadline::Continue(1))
    });
}

/// The guest has come to its end.
pub(crate) fn ended() {
    if let Some(recorder) = RECORDER.get() {
        recorder.ended.get_or_init(|| recorder.now());
    }
}

/// Writes the file, if there is to be one and nobody has written it. Returns what is to be told if that fails: how the process ends is the
/// guest's matter. The clock of `--timeout` stands still meanwhile.
#[must_use]
pub(crate) fn write() -> Option<String> {
    let recorder = RECORDER.get()?;
    clock::pause();
    // Who comes second waits, for the process ends behind this.
    let mut written = recorder.written.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::replace(&mut *written, true) {
        return None;
    }
    recorder.write().err().map(|error| format!("{}: {error}", cannot_write(&recorder.path)))
}

fn cannot_write(path: &Path) -> String {
    format!("the timeline cannot be written to `{}`", path.display())
}

impl Recorder {
    /// The time since the process began.
    fn now(&self) -> Duration {
        self.times.begin().elapsed()
    }

    fn samples(&self) -> MutexGuard<'_, Samples> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> io::Result<()> {
        let end = self.ended.get().copied().unwrap_or_else(|| self.now());
        let Some(trace) = self.engine.take_trace() else { return Ok(()) };
        let samples = self.samples();
        let loaded = self.loaded.get();
        let (load, first) = (loaded.map(|loaded| loaded.at), self.times.first());
        let mut phases = vec![("load", Duration::ZERO, load.unwrap_or(end))];
        phases.extend(load.map(|load| ("instantiate", load, first.unwrap_or(end))));
        phases.extend(first.map(|first| ("run", first, end)));
        let about = vec![
            ("version", concat!("upshift ", env!("CARGO_PKG_VERSION")).into()),
            ("file", loaded.map_or("", |loaded| loaded.file.as_str()).into()),
            ("functions", loaded.map_or(0, |loaded| loaded.functions).into()),
            ("samples", samples.taken.into()),
            ("sample_milliseconds", self.interval.load(Ordering::Relaxed).into()),
            ("dropped_events", trace.dropped.into()),
        ];
        let trace_begin = trace.begin.saturating_duration_since(self.times.begin());
        let program = self.program;
        let timeline = Timeline { trace, trace_begin, samples: &samples, program, phases, end, about };
        write_whole(&self.path, |to| match Form::of(&self.path) {
            Some(Form::Page) => {
                let (head, rest) = PAGE.split_once("{style}").unwrap_or((PAGE, ""));
                let (middle, rest) = rest.split_once("{timeline}").unwrap_or((rest, ""));
                let (foot, last) = rest.split_once("{script}").unwrap_or((rest, ""));
                write!(to, "{head}{}{middle}", include_str!("page.css"))?;
                events::write(&timeline, true, to)?;
                write!(to, "{foot}{}{last}", include_str!("page.js"))
            }
            _ => events::write(&timeline, false, to),
        })
    }
}

/// Where a file is to be written.
enum Place {
    /// Beside a file that there is or will be, to take its place.
    Beside(PathBuf),
    /// Into what is no file: a pipe.
    Into(PathBuf),
}

impl Place {
    fn of(path: &Path) -> io::Result<Place> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => Ok(Place::Into(path.into())),
            // Links stay what they are.
            Ok(_) => fs::canonicalize(path).map(Place::Beside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::Beside(path.into())),
            Err(error) => Err(error),
        }
    }
}

/// A new file beside another one.
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    Ok((temporary, file))
}

/// Whether a file can be written; leaves nothing behind.
fn try_to_write(path: &Path) -> Result<()> {
    if Form::of(path).is_none() {
        bail!("its name has to end in `.json` or `.html`");
    }
    if let Place::Beside(path) = Place::of(path)? {
        if path.exists() {
            OpenOptions::new().append(true).open(&path)?;
        }
        let (temporary, _) = beside(&path)?;
        fs::remove_file(temporary)?;
    }
    Ok(())
}

/// Writes a file so that nobody ever finds half of it there.
fn write_whole(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let whole = |file: File| {
        let mut to = BufWriter::new(file);
        fill(&mut to)?;
        to.flush()
    };
    match Place::of(path)? {
        Place::Into(path) => whole(OpenOptions::new().write(true).open(path)?),
        Place::Beside(path) => {
            let (temporary, file) = beside(&path)?;
            let done = whole(file).and_then(|()| fs::rename(&temporary, &path));
            done.inspect_err(|_| drop(fs::remove_file(&temporary)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Form, PAGE};

    #[test]
    fn names_say_what_is_written() {
        assert_eq!(Form::of(Path::new("a/b.json")), Some(Form::Events));
        assert_eq!(Form::of(Path::new("b.x.html")), Some(Form::Page));
        assert!(
            ["b", "json", ".html", "b.htm", "b.json/"]
                .map(Path::new)
                .iter()
                .all(|path| { Form::of(path).is_none() || path.to_str() == Some("b.json/") })
        );
    }

    #[test]
    fn the_page_has_a_place_for_everything() {
        let places = ["{style}", "{timeline}", "{script}"].map(|place| PAGE.find(place).unwrap());
        assert!(places.is_sorted());
        assert!(PAGE.contains("default-src 'none'"));
    }
}
