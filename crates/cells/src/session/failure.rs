//! Why a cell has failed, for people: the message, the line, the functions that were active. Hosts say what happened in numbers; the
//! session knows the sources.

use std::rc::Rc;

use super::{Session, Step};
use crate::artifact::{Artifact, FunctionName};
use crate::diagnostic::{self, Colors, Diagnostic};
use crate::environment::InstanceId;
use crate::host::Failure;
use crate::source::{Position, Span, position};

/// What kind of failure it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureKind {
    /// The source is wrong; nothing was run.
    Compile,
    /// The cell failed while it ran.
    Trap,
    /// It wanted more fuel, memory, time or output than it may have.
    Limit,
    /// It was cancelled.
    Cancelled,
    /// The compiler or the host is wrong.
    Internal,
}

impl FailureKind {
    /// `compile`, `trap`, `limit`, `cancelled` or `internal`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Trap => "trap",
            Self::Limit => "limit",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

/// What has ended a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The cell called the import `fail` ([`crate::host::IMPORTS`]).
    Failed {
        /// What is wrong, by number ([`Failure`]).
        failure: u32,
        /// The instance; that of the innermost frame if it is `u32::MAX`.
        instance: u32,
        /// The byte of the source.
        position: u32,
        /// A number of the message.
        a: i64,
        /// Another.
        b: i64,
        /// What was written by the import `message`.
        message: String,
    },
    /// Calls were nested too deeply.
    Recursion,
    /// There is no memory left that the cell may have.
    Memory,
    /// There is no fuel left.
    Fuel,
    /// There is no time left.
    Time,
    /// It printed more than it may.
    Output,
    /// It was cancelled.
    Cancelled,
    /// Something that does not happen unless compiler or host are wrong.
    Internal(String),
}

/// A function that was active: where the engine was in the code of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodePlace {
    /// Whose code.
    pub instance: InstanceId,
    /// The function's index in the module.
    pub function: u32,
    /// The place in the module's bytes, if it is known.
    pub offset: Option<u32>,
}

/// A function that was active, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceFrame {
    /// The cell whose function it is.
    pub cell: Rc<str>,
    /// Its name; `None` for the cell itself and for closures without a name.
    pub function: Option<Rc<str>>,
    /// Where it was; not known of code that the compiler has added.
    pub position: Option<Position>,
}

/// Why a run has failed.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// The cell where it failed: the one that was run, or one whose function it called.
    pub cell: Rc<str>,
    /// Where in that cell's source.
    pub position: Option<Position>,
    /// The message with the line and carets below it, and which functions were active.
    pub rendered: String,
    /// The functions that were active, innermost first.
    pub traceback: Vec<TraceFrame>,
}

/// A frame and the byte of the source where it was.
struct Place<'a> {
    cell: &'a Rc<str>,
    source: &'a str,
    instance: InstanceId,
    function: &'a FunctionName,
    start: Option<u32>,
}

impl Session {
    /// Why the run of `step` has failed: `frames` are the functions that were active, innermost first, those of other modules than cells'
    /// left out.
    pub fn explain(&self, step: &Step, cause: &Cause, frames: &[CodePlace]) -> Explained {
        let mut places: Vec<_> = frames.iter().filter_map(|frame| self.place(step, frame)).collect();
        let mut at = None;
        if let &Cause::Failed { instance, position, .. } = cause
            && let Some((cell, source, _)) = self.code(step, InstanceId(instance))
        {
            at = Some((cell, source, position));
            // The offset is that of the call of `fail`, which may stand elsewhere.
            if let Some(first) = places.first_mut().filter(|place| place.instance.0 == instance)
                && (first.function.span.start..=first.function.span.end).contains(&position)
            {
                first.start = Some(position);
            }
        }
        let at =
            at.or_else(|| places.iter().find_map(|place| Some((place.cell, place.source, place.start?))));
        let (kind, message) = cause.describe();
        let rendered = render(&message, at, step, &places);
        let traceback = places.iter().map(Place::frame).collect();
        Explained {
            kind,
            message,
            cell: Rc::clone(at.map_or(&step.cell, |(cell, ..)| cell)),
            position: at.map(|(_, source, start)| position(source, start)),
            rendered,
            traceback,
        }
    }

    /// The cell, the source and the code of an instance, if it has code.
    fn code<'a>(
        &'a self,
        step: &'a Step,
        instance: InstanceId,
    ) -> Option<(&'a Rc<str>, &'a str, &'a Artifact)> {
        if step.instance == instance {
            return Some((&step.cell, &step.source, &step.artifact));
        }
        let node = self.graph.get(instance)?;
        let super::graph::Content::Code(code) = &node.content else { return None };
        Some((&node.cell, &code.source, &code.artifact))
    }

    fn place<'a>(&'a self, step: &'a Step, frame: &CodePlace) -> Option<Place<'a>> {
        let (cell, source, artifact) = self.code(step, frame.instance)?;
        let function =
            artifact.functions.binary_search_by_key(&frame.function, |function| function.index).ok()?;
        let start = frame.offset.and_then(|offset| {
            let behind = artifact.positions.partition_point(|&(begins, _)| begins <= offset);
            Some(artifact.positions.get(behind.checked_sub(1)?)?.1)
        });
        Some(Place { cell, source, instance: frame.instance, function: &artifact.functions[function], start })
    }
}

impl Place<'_> {
    /// Where it was, for people: `  in f, line 3:5 of cell a`.
    fn line(&self, step: &Step) -> String {
        let name = match (&self.function.name, self.function.is_cell) {
            (Some(name), _) => format!("in {name}"),
            (None, true) => "in the cell".into(),
            (None, false) => "in a closure".into(),
        };
        let line = self.start.map_or(String::new(), |start| {
            let Position { line, column } = position(self.source, start);
            format!(", line {line}:{column}")
        });
        let cell = if *self.cell == step.cell { String::new() } else { format!(" of cell {}", self.cell) };
        format!("  {name}{line}{cell}")
    }

    fn frame(&self) -> TraceFrame {
        TraceFrame {
            cell: Rc::clone(self.cell),
            function: self.function.name.clone(),
            position: self.start.map(|start| position(self.source, start)),
        }
    }
}

impl Cause {
    /// What kind of failure it is, and what to say.
    fn describe(&self) -> (FailureKind, String) {
        let limit = |message: &str| (FailureKind::Limit, message.to_string());
        match self {
            Self::Failed { failure, a, b, message, .. } => {
                let text =
                    Failure::ALL.get(*failure as usize).map_or("the cell has failed", |(_, text)| text);
                let text = text.replace("{a}", &a.to_string()).replace("{b}", &b.to_string());
                // Last, so that nothing in it is taken for a placeholder.
                (FailureKind::Trap, text.replacen("{message}", message, 1))
            }
            Self::Recursion => (FailureKind::Trap, "the recursion is too deep".into()),
            Self::Memory => limit("the cell needs more memory than it may have"),
            Self::Fuel => limit("the cell has used up its fuel"),
            Self::Time => limit("the cell takes longer than it may"),
            Self::Output => limit("the cell prints more than it may"),
            Self::Cancelled => (FailureKind::Cancelled, "the cell was cancelled".into()),
            Self::Internal(what) => (FailureKind::Internal, what.clone()),
        }
    }
}

/// The message, the line that it is about, and the functions around it.
fn render(message: &str, at: Option<(&Rc<str>, &str, u32)>, step: &Step, places: &[Place<'_>]) -> String {
    let mut text = match at {
        Some((cell, source, start)) => {
            // To the end of the character, so that carets stand below something.
            let length =
                source.get(start as usize..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            let error = Diagnostic::error(Span::new(start, start + length as u32), message);
            diagnostic::render(source, cell, &[error], Colors::Plain)
        }
        None => format!("error: {message}\n"),
    };
    let elsewhere = at.is_some_and(|(cell, ..)| *cell != step.cell);
    if places.len() > 1 || elsewhere {
        let lines: Vec<_> = places.iter().map(|place| place.line(step)).collect();
        // A recursion is the same line again and again.
        for same in lines.chunk_by(|a, b| a == b) {
            text.push_str(&same[0]);
            if same.len() > 1 {
                text.push_str(&format!(" ({} times)", same.len()));
            }
            text.push('\n');
        }
    }
    text
}
