//! A timeline in the Trace Event Format, which Perfetto and `chrome://tracing` read, and our own page too.
//!
//! | `cat` | `ph` | what |
//! |---|---|---|
//! | `phase` | `X` | `load`, `instantiate`, `run`, on the program's thread |
//! | `translate` | `X` | a function is translated for tier 0, at its first call |
//! | `queue` | `b`, `e` | it waits for the thread that optimizes |
//! | `compile` | `X` | tier 1 or 2 compiles it, or refuses it and says why |
//! | `install` | `i` | calls of it lead to the tier from now on |
//! | `osr` | `i` | a running call goes on in another tier, at a loop |
//! | `sample` | `X` | what ran, as samples show it, on a track beside each thread's own |
//!
//! Times are microseconds since the process began. Events on one track contain each other or do not overlap. `args` name the function by
//! its index, and by its module's number if that is not the first.

use std::io::{Result, Write};
use std::thread::ThreadId;
use std::time::Duration;

use upshift::{Tier, Trace, TraceEvent, TraceWhat, demangle};

use crate::json::Json;
use crate::show::function_names;
use crate::timeline::samples::{Sample, Samples};

/// Everything that is to be written.
pub(super) struct Timeline<'a> {
    pub(super) trace: Trace,
    /// When the trace began, counted from the beginning of the process as all times of samples and phases.
    pub(super) trace_begin: Duration,
    pub(super) samples: &'a Samples,
    /// The thread that loads and runs the program.
    pub(super) program: ThreadId,
    /// What it did, one after the other.
    pub(super) phases: Vec<(&'static str, Duration, Duration)>,
    pub(super) end: Duration,
    /// What there is to say besides.
    pub(super) about: Vec<(&'static str, Json)>,
}

/// The names of the functions of modules that samples know.
type Names<'a> = Vec<Vec<Option<&'a str>>>;

/// Tracks of samples have the numbers of threads from here on.
const SAMPLES: usize = 1000;

/// Writes events, one on a line.
struct Events<'a> {
    to: &'a mut dyn Write,
    /// Whether what is written stands in a page, where no `<` may be.
    in_page: bool,
    process: u32,
    any: bool,
}

impl Events<'_> {
    fn event(
        &mut self,
        [phase, category, name]: [&'static str; 3],
        track: usize,
        at: Duration,
        more: Vec<(&'static str, Json)>,
    ) -> Result<()> {
        self.named(phase, category, name.into(), track, at, more)
    }

    fn named(
        &mut self,
        phase: &'static str,
        category: &'static str,
        name: Json,
        track: usize,
        at: Duration,
        more: Vec<(&'static str, Json)>,
    ) -> Result<()> {
        let mut members = vec![
            ("ph", phase.into()),
            ("cat", category.into()),
            ("name", name),
            ("pid", self.process.into()),
            ("tid", track.into()),
            ("ts", microseconds(at)),
        ];
        members.extend(more);
        let comma = if self.any { ",\n" } else { "" };
        self.any = true;
        write!(self.to, "{comma}{}", self.safe(Json::Object(members).line()))
    }

    /// Text of JSON as it may stand where it is written.
    fn safe(&self, line: String) -> String {
        if self.in_page { line.replace('<', "\\u003c") } else { line }
    }
}

/// Writes a timeline; `in_page` if it stands in a page.
///
/// # Errors
/// As `to` says.
pub(super) fn write(timeline: &Timeline<'_>, in_page: bool, to: &mut dyn Write) -> Result<()> {
    let mut events = Events { to, in_page, process: std::process::id(), any: false };
    let about = events.safe(Json::Object(timeline.about.clone()).line());
    writeln!(events.to, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[")?;
    let threads = threads(timeline);
    tracks(timeline, &threads, &mut events)?;
    for &(name, begin, end) in &timeline.phases {
        events.event(
            ["X", "phase", name],
            1,
            begin,
            vec![("dur", microseconds(end.saturating_sub(begin)))],
        )?;
    }
    for (number, event) in timeline.trace.events.iter().enumerate() {
        let thread = timeline.trace.threads[event.thread].id;
        of_function(timeline, number, event, track(&threads, thread), &mut events)?;
    }
    let names: Names<'_> =
        timeline.samples.modules.iter().map(|module| function_names(module.info())).collect();
    for thread in 0..timeline.samples.threads.len() {
        samples(timeline, thread, &names, track(&threads, timeline.samples.threads[thread].id), &mut events)?;
    }
    writeln!(events.to, "\n]}}")
}

/// All threads; the program's comes first.
fn threads(timeline: &Timeline<'_>) -> Vec<ThreadId> {
    let mut threads = vec![timeline.program];
    let traced = timeline.trace.threads.iter().map(|thread| thread.id);
    for id in traced.chain(timeline.samples.threads.iter().map(|thread| thread.id)) {
        if !threads.contains(&id) {
            threads.push(id);
        }
    }
    threads
}

/// The number of a thread's track.
fn track(threads: &[ThreadId], thread: ThreadId) -> usize {
    threads.iter().position(|&id| id == thread).map_or(0, |at| at + 1)
}

/// Names the tracks.
fn tracks(timeline: &Timeline<'_>, threads: &[ThreadId], events: &mut Events<'_>) -> Result<()> {
    let mut name = |track: usize, what: &'static str, name: Json| {
        let args = Json::from([("name", name)]);
        events.event(["M", "", what], track, Duration::ZERO, vec![("args", args)])
    };
    name(1, "process_name", "upshift".into())?;
    for (at, &id) in threads.iter().enumerate() {
        let known = timeline.trace.threads.iter().find(|thread| thread.id == id);
        let own = match known.and_then(|thread| thread.name.as_deref()) {
            _ if at == 0 => "program".to_owned(),
            Some("upshift-opt") => "optimizer".to_owned(),
            Some(name) => name.to_owned(),
            None => format!("thread {}", at + 1),
        };
        if timeline.samples.threads.iter().any(|thread| thread.id == id) {
            name(SAMPLES + at + 1, "thread_name", format!("{own}: samples").into())?;
        }
        name(at + 1, "thread_name", own.into())?;
    }
    Ok(())
}

/// An event of the trace.
fn of_function(
    timeline: &Timeline<'_>,
    number: usize,
    event: &TraceEvent,
    track: usize,
    events: &mut Events<'_>,
) -> Result<()> {
    let function = &timeline.trace.functions[event.function];
    let at = timeline.trace_begin + event.at;
    let mut args = key(function.module, function.index);
    let name = || match &function.name {
        Some(name) => name.as_str().into(),
        None => nameless(function.index),
    };
    let from_loop = |number: Option<u32>| ("loop", number.into());
    let category = match &event.what {
        TraceWhat::Translated { code_bytes } => {
            args.extend([("bytes", function.bytes.into()), ("code_bytes", (*code_bytes).into())]);
            "translate"
        }
        TraceWhat::Queued { from_loop: number_of_loop, arrivals } => {
            args.extend([from_loop(*number_of_loop), ("arrivals", (*arrivals).into())]);
            let id = || vec![("id", number.into())];
            let more = [id(), vec![("args", Json::Object(args))]].concat();
            events.named("b", "queue", name(), track, at, more)?;
            let end = taken(timeline, number).unwrap_or(timeline.end).max(at);
            return events.named("e", "queue", name(), track, end, id());
        }
        TraceWhat::Compiled(code) => {
            args.extend([
                ("tier", code.tier.number().into()),
                from_loop(code.from_loop),
                ("trigger", code.trigger.to_string().into()),
                ("arrivals", code.arrivals.into()),
                ("wait", microseconds(code.wait)),
                ("compile", microseconds(code.time)),
                ("bytes", function.bytes.into()),
                ("code_bytes", code.code_bytes.into()),
                ("embedded", code.embedded.into()),
            ]);
            if code.tier == Tier::Optimizing {
                args.extend([
                    ("spills", code.spills.into()),
                    ("inlined", code.inlined.into()),
                    ("passes_off", Json::list(code.passes_off())),
                ]);
            }
            "compile"
        }
        TraceWhat::Refused { tier, from_loop: number_of_loop, reason } => {
            args.extend([
                ("tier", tier.number().into()),
                from_loop(*number_of_loop),
                ("bytes", function.bytes.into()),
                ("refused", reason.as_str().into()),
            ]);
            "compile"
        }
        TraceWhat::Installed { tier } => {
            args.push(("tier", tier.number().into()));
            let more = vec![("s", "t".into()), ("args", Json::Object(args))];
            return events.named("i", "install", name(), track, at, more);
        }
        TraceWhat::Replaced { from, to, at_loop } => {
            args.extend([
                ("from", from.number().into()),
                ("to", to.number().into()),
                from_loop(Some(*at_loop)),
            ]);
            let more = vec![("s", "t".into()), ("args", Json::Object(args))];
            return events.named("i", "osr", name(), track, at, more);
        }
        // What a later version of the library tells.
        _ => return Ok(()),
    };
    let more = vec![("dur", microseconds(event.took)), ("args", Json::Object(args))];
    events.named("X", category, name(), track, at, more)
}

/// When the compiler took the function that an event has put into the queue, if it did.
fn taken(timeline: &Timeline<'_>, queued: usize) -> Option<Duration> {
    let events = &timeline.trace.events;
    let TraceWhat::Queued { from_loop: wanted, .. } = events[queued].what else { return None };
    let of_optimizer = |event: &&TraceEvent| match &event.what {
        TraceWhat::Compiled(code) => code.tier == Tier::Optimizing && code.from_loop == wanted,
        TraceWhat::Refused { tier, from_loop, .. } => *tier == Tier::Optimizing && *from_loop == wanted,
        _ => false,
    };
    let mut later = events[queued..].iter().filter(|event| event.function == events[queued].function);
    later.find(of_optimizer).map(|event| timeline.trace_begin + event.at)
}

/// The samples of a thread, those of the same function and tier together.
fn samples(
    timeline: &Timeline<'_>,
    thread: usize,
    names: &Names<'_>,
    track: usize,
    events: &mut Events<'_>,
) -> Result<()> {
    /// Neighbours that look alike.
    struct Run {
        first: Sample,
        begin: Duration,
        end: Duration,
        cpu: Duration,
        count: usize,
    }

    let samples = timeline.samples;
    let sampled = &samples.threads[thread];
    let mut compiling = compiling(timeline, sampled.id).into_iter().peekable();
    let mut write = |run: Run| {
        let Sample { module, func, tier, .. } = run.first;
        let name = names[module].get(func as usize).copied().flatten();
        let name = name.map_or_else(|| nameless(func), |name| demangle(name).into_owned().into());
        let mut args = key(module_number(timeline, module), func);
        args.extend([
            ("tier", tier.number().into()),
            ("samples", run.count.into()),
            ("cpu", microseconds(run.cpu)),
        ]);
        let more = vec![("dur", microseconds(run.end - run.begin)), ("args", Json::Object(args))];
        events.named("X", "sample", name, SAMPLES + track, run.begin, more)
    };
    let (mut run, mut since) = (None::<Run>, sampled.since);
    for sample in samples.list.iter().filter(|sample| sample.thread == thread) {
        // What the thread has compiled meanwhile was not the program's work.
        let mut cpu = sample.cpu;
        while let Some((_, took)) = compiling.next_if(|&(end, _)| end <= sample.at) {
            cpu = cpu.saturating_sub(took);
        }
        let begin = std::mem::replace(&mut since, sample.at).min(sample.at);
        let busy = |cpu: Duration, all: Duration| (cpu.as_nanos() * 4).checked_div(all.as_nanos());
        let alike = |run: &Run| {
            let same = (run.first.module, run.first.func, run.first.tier)
                == (sample.module, sample.func, sample.tier);
            same && busy(run.cpu, run.end - run.begin) == busy(cpu, sample.at - begin)
        };
        match &mut run {
            Some(run) if alike(run) => {
                (run.end, run.cpu, run.count) = (sample.at, run.cpu + cpu, run.count + 1);
            }
            _ => {
                let next = Run { first: *sample, begin, end: sample.at, cpu, count: 1 };
                run.replace(next).map_or(Ok(()), &mut write)?;
            }
        }
    }
    run.map_or(Ok(()), write)
}

/// What a thread has translated and compiled: when it was ready, and what it took.
fn compiling(timeline: &Timeline<'_>, thread: ThreadId) -> Vec<(Duration, Duration)> {
    let trace = &timeline.trace;
    let here = trace.events.iter().filter(|event| trace.threads[event.thread].id == thread);
    let slow = here.filter(|event| !event.took.is_zero());
    slow.map(|event| (timeline.trace_begin + event.at + event.took, event.took)).collect()
}

/// The trace's number of a module that samples know.
fn module_number(timeline: &Timeline<'_>, module: usize) -> usize {
    let (modules, module) = (&timeline.trace.modules, &timeline.samples.modules[module]);
    let known = modules
        .iter()
        .position(|other| other.as_ref().is_some_and(|other| upshift::Module::same(other, module)));
    known.unwrap_or(modules.len())
}

/// What names a function.
fn key(module: usize, func: u32) -> Vec<(&'static str, Json)> {
    let mut key = vec![("func", func.into())];
    if module > 0 {
        key.push(("module", module.into()));
    }
    key
}

fn nameless(func: u32) -> Json {
    format!("func[{func}]").into()
}

fn microseconds(time: Duration) -> Json {
    Json::Float(time.as_nanos() as f64 / 1e3)
}
