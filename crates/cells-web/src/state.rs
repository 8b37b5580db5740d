//! The session with what goes in and out: each call takes texts from the input and leaves an answer, and bytes in the blob.

use std::borrow::Cow;
use std::hash::Hasher;
use std::mem;

use rustc_hash::FxHasher;
use upshift_cells::environment::InstanceId;
use upshift_cells::host::RUNTIME;
use upshift_cells::session::{Cause, CodePlace, Session, Step, Tools, pack, unpack};
use upshift_cells::syntax::ast::{Pattern, PatternKind, Statement};
use upshift_cells::syntax::parse_with;

use crate::browser::{nanoseconds, read_float};
use crate::describe;
use crate::json::{list, number, object, text};

/// Bytes of compiled cells that are kept for the case that a cell comes again: what a page may take is small.
const CACHE_BYTES: usize = 1 << 20;

/// What has ended a run, as the host tells it.
pub(crate) struct Fault {
    /// The number that was given to the import `fail`, or one of the negative numbers of `web/src/trace.js`.
    pub(crate) kind: i32,
    /// As given to `fail`.
    pub(crate) instance: u32,
    /// As given to `fail`.
    pub(crate) position: u32,
    /// As given to `fail`.
    pub(crate) a: i64,
    /// As given to `fail`.
    pub(crate) b: i64,
}

/// A session, and what goes in and out.
pub(crate) struct State {
    session: Session,
    /// What has to be committed, abandoned or discarded.
    prepared: Option<Step>,
    input: Vec<u8>,
    answer: String,
    blob: Vec<u8>,
}

fn session() -> Session {
    Session::with_cache(Tools { clock: nanoseconds, read_float }, CACHE_BYTES)
}

impl Default for State {
    fn default() -> Self {
        Self {
            session: session(),
            prepared: None,
            input: Vec::new(),
            answer: String::new(),
            blob: Vec::new(),
        }
    }
}

impl State {
    /// Room for `len` bytes.
    pub(crate) fn input(&mut self, len: usize) -> &mut [u8] {
        self.input.clear();
        self.input.resize(len, 0);
        &mut self.input
    }

    /// The last answer.
    pub(crate) fn answer(&self) -> &str {
        &self.answer
    }

    /// The bytes that belong to it.
    pub(crate) fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// Runs a call on the bytes that have gone in, with a fresh answer and a fresh blob.
    fn call(&mut self, call: impl FnOnce(&mut Self, &[u8], &mut String)) -> usize {
        let input = mem::take(&mut self.input);
        let mut answer = mem::take(&mut self.answer);
        answer.clear();
        self.blob.clear();
        call(self, &input, &mut answer);
        self.input = input;
        self.answer = answer;
        self.answer.len()
    }

    /// The same for a call on one text.
    fn call_text(&mut self, len: usize, call: impl FnOnce(&mut Self, &str, &mut String)) -> usize {
        self.call(|state, input, out| call(state, &take(&mut &*input, len), out))
    }

    /// Answers with the version.
    pub(crate) fn version(&mut self) -> usize {
        self.call(|_, _, out| text(out, env!("CARGO_PKG_VERSION")))
    }

    /// Puts the runtime into the blob.
    pub(crate) fn runtime(&mut self) {
        self.blob.clear();
        self.blob.extend_from_slice(RUNTIME);
    }

    /// Compiles a cell; its module is the blob.
    pub(crate) fn prepare(&mut self, cell: usize, source: usize) -> usize {
        self.call(|state, mut input, out| {
            let cell = take(&mut input, cell);
            let source = take(&mut input, source);
            // A host that has neither committed nor abandoned has not run it.
            state.discard();
            let prepared = state.session.prepare(&cell, &source);
            object(out, |o| match &prepared {
                Ok(step) => {
                    o.bool("ready", true);
                    o.bool("cached", step.cached);
                    describe::timings(o, &step.timings);
                    describe::artifact(o, &source, &step.artifact);
                    o.optional("error", None);
                    o.number("wasm_bytes", step.artifact.wasm.len() as u64);
                    let (name, len) = named_module(&mut state.blob, &step.cell, &step.artifact.wasm);
                    describe::step(o.field("step"), step, &name, len);
                }
                Err(rejected) => {
                    o.bool("ready", false);
                    o.bool("cached", false);
                    describe::timings(o, &rejected.timings);
                    o.optional("type", None);
                    describe::diagnostics(o.field("warnings"), "", &[]);
                    describe::rejection(o.field("error"), &cell, &source, &rejected.diagnostics);
                }
            });
            state.prepared = prepared.ok();
        })
    }

    /// Answers with what the prepared cell has changed.
    pub(crate) fn commit(&mut self) -> usize {
        self.call(|state, _, out| {
            let committed = state.prepared.take().map(|step| state.session.commit(&step)).unwrap_or_default();
            describe::committed(out, &committed);
        })
    }

    /// Answers with the instances that are not needed.
    pub(crate) fn abandon(&mut self) -> usize {
        self.call(|state, _, out| {
            let dropped = state.prepared.take().map(|step| state.session.abandon(&step)).unwrap_or_default();
            list(out, dropped, |out, instance| number(out, instance.0.into()));
        })
    }

    /// The prepared cell is not run.
    pub(crate) fn discard(&mut self) {
        if let Some(step) = self.prepared.take() {
            self.session.discard(step);
        }
    }

    /// Answers with why the prepared cell has failed.
    pub(crate) fn explain(&mut self, fault: &Fault, detail: usize, frames: usize) -> usize {
        self.call(|state, mut input, out| {
            let detail = take(&mut input, detail).into_owned();
            let places: Vec<_> = input.chunks_exact(12).take(frames).map(place).collect();
            let Some(step) = &state.prepared else {
                out.push_str("null");
                return;
            };
            let cause = match fault.kind {
                -1 => Cause::Recursion,
                -2 => Cause::Internal(detail),
                -3 => Cause::Output,
                -4 => Cause::Memory,
                kind => Cause::Failed {
                    failure: kind as u32,
                    instance: fault.instance,
                    position: fault.position,
                    a: fault.a,
                    b: fault.b,
                    message: detail,
                },
            };
            describe::failure(out, &state.session.explain(step, &cause, &places));
        })
    }

    /// Answers with errors, warnings and the type of the value.
    pub(crate) fn check(&mut self, source: usize) -> usize {
        self.call_text(source, |state, source, out| {
            let checked = state.session.check(source);
            object(out, |o| {
                describe::diagnostics(o.field("diagnostics"), source, &checked.diagnostics);
                o.optional("type", checked.value_type.as_deref());
            });
        })
    }

    /// Answers with what may stand at a place.
    pub(crate) fn complete(&mut self, source: usize, offset: u32) -> usize {
        self.call_text(source, |state, source, out| {
            describe::completions(out, &state.session.complete(source, offset));
        })
    }

    /// Answers with what stands at a place.
    pub(crate) fn inspect(&mut self, source: usize, offset: u32) -> usize {
        self.call_text(source, |state, source, out| {
            describe::inspection(out, state.session.inspect(source, offset).as_ref());
        })
    }

    /// Answers with the names of the session.
    pub(crate) fn names(&mut self) -> usize {
        self.call(|state, _, out| describe::names(out, &state.session.names()))
    }

    /// Answers with the names that a source would define.
    pub(crate) fn defines(&mut self, source: usize) -> usize {
        self.call_text(source, |_, source, out| {
            let ast = parse_with(source, read_float).ast;
            let mut names = Vec::new();
            for statement in &ast.block.statements {
                match statement {
                    Statement::Let(binding) => bound(&binding.pattern, &mut names),
                    Statement::Function(function) => names.push(&*function.name.text),
                    Statement::Struct(item) => names.push(&*item.name.text),
                    Statement::Expr(_) => {}
                }
            }
            list(out, names, text);
        })
    }

    /// Answers with what has changed.
    pub(crate) fn remove(&mut self, cell: usize) -> usize {
        self.call_text(cell, |state, cell, out| describe::committed(out, &state.session.remove(cell)))
    }

    /// Answers with the imports of the module that saves, which is the blob.
    pub(crate) fn checkpoint(&mut self) -> usize {
        self.call(|state, _, out| {
            let checkpoint = state.session.checkpoint();
            state.blob.extend_from_slice(&checkpoint.wasm);
            list(out, &checkpoint.imports, |out, (instance, name)| describe::pair(out, name, instance.0));
        })
    }

    /// What was saved has gone in; the checkpoint is the blob, and the answer has the instances that are not needed.
    pub(crate) fn saved(&mut self, data: usize) -> usize {
        self.call(|state, input, out| {
            let data = &input[..data.min(input.len())];
            object(out, |o| match state.session.saved(data) {
                Ok(dropped) => {
                    state.blob = pack(&state.session.header(), data);
                    o.optional("error", None);
                    o.list("dropped", dropped, |out, instance| number(out, instance.0.into()));
                }
                Err(error) => o.text("error", &error),
            });
        })
    }

    /// The values of a checkpoint have been loaded, and have gone in; answers with the instances that are not needed.
    pub(crate) fn loaded(&mut self, data: usize) -> usize {
        self.call(|state, input, out| {
            let dropped = state.session.saved(&input[..data.min(input.len())]).unwrap_or_default();
            list(out, dropped, |out, instance| number(out, instance.0.into()));
        })
    }

    /// A checkpoint has gone in. The answer says what to instantiate, and the blob has the modules, one after the other, and the values.
    pub(crate) fn restore(&mut self, len: usize, add: bool) -> usize {
        self.call(|state, input, out| {
            let restored = unpack(&input[..len.min(input.len())]).and_then(|(header, data)| {
                if !add {
                    state.session = session();
                    state.prepared = None;
                }
                Ok((state.session.absorb(header)?, data))
            });
            object(out, |o| match restored {
                Ok((restoration, data)) => {
                    o.optional("error", None);
                    state.blob.extend_from_slice(&restoration.stand_in);
                    o.number("stand_in", restoration.stand_in.len() as u64);
                    o.list("provides", &restoration.provides, |out, (instance, name)| {
                        describe::pair(out, name, instance.0);
                    });
                    o.list("steps", &restoration.steps, |out, step| {
                        let (name, len) = named_module(&mut state.blob, &step.cell, &step.artifact.wasm);
                        describe::step(out, step, &name, len);
                    });
                    o.number("load", restoration.load.len() as u64);
                    state.blob.extend_from_slice(&restoration.load);
                    state.blob.extend_from_slice(data);
                    o.list("imports", &restoration.imports, |out, (instance, name)| {
                        describe::pair(out, name, instance.0);
                    });
                    o.list("dropped", restoration.dropped, |out, instance| number(out, instance.0.into()));
                }
                Err(error) => o.text("error", &error),
            });
        })
    }
}

/// Takes a text off the front of `input`. What is not UTF-8 is replaced, and what is not there is left out.
fn take<'a>(input: &mut &'a [u8], len: usize) -> Cow<'a, str> {
    let (text, rest) = input.split_at(len.min(input.len()));
    *input = rest;
    String::from_utf8_lossy(text)
}

/// Instance, function and offset; 0 is no offset.
fn place(bytes: &[u8]) -> CodePlace {
    let mut numbers =
        bytes.chunks_exact(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let mut next = || numbers.next().unwrap_or_default();
    CodePlace {
        instance: InstanceId(next()),
        function: next(),
        offset: Some(next()).filter(|&offset| offset != 0),
    }
}

/// Appends a module with a name, by which frames of stacks in the browser can be told apart; returns the name and the length of both.
/// Cells of the same source have modules of their own.
fn named_module(blob: &mut Vec<u8>, cell: &str, wasm: &[u8]) -> (String, usize) {
    let mut hasher = FxHasher::default();
    hasher.write(cell.as_bytes());
    hasher.write(wasm);
    let mut hash = hasher.finish();
    let mut name = String::from("m");
    for _ in 0..11 {
        name.push((b'a' + (hash % 26) as u8) as char);
        hash /= 26;
    }
    blob.extend_from_slice(wasm);
    // A custom section "name" with its first part, the name of the module. All lengths are below 128.
    let section = 5 + 2 + 1 + name.len();
    blob.extend([0, section as u8, 4]);
    blob.extend_from_slice(b"name");
    blob.extend([0, 1 + name.len() as u8, name.len() as u8]);
    blob.extend_from_slice(name.as_bytes());
    (name, wasm.len() + 2 + section)
}

/// The names that a pattern binds.
fn bound<'a>(pattern: &'a Pattern, names: &mut Vec<&'a str>) {
    match &pattern.kind {
        PatternKind::Bind { name, .. } => names.push(&name.text),
        PatternKind::Tuple(parts) | PatternKind::Or(parts) => {
            parts.iter().for_each(|part| bound(part, names))
        }
        PatternKind::Struct { fields, .. } => fields.iter().for_each(|(_, part)| bound(part, names)),
        PatternKind::Wildcard
        | PatternKind::Int(_)
        | PatternKind::Float(_)
        | PatternKind::Bool(_)
        | PatternKind::String(_)
        | PatternKind::Range { .. } => {}
    }
}
