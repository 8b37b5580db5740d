//! What the compiler has to say, as JSON. The forms are those that all front ends have in common.

use upshift_cells::artifact::Artifact;
use upshift_cells::diagnostic::{Colors, Diagnostic, Severity, render};
use upshift_cells::session::{
    Committed, Completions, Explained, Inspection, Name, Step, Timings, TraceFrame,
};
use upshift_cells::source::{Position, position};

use crate::json::{Object, list, number, object, text};

/// Errors and warnings.
pub(crate) fn diagnostics(out: &mut String, source: &str, all: &[Diagnostic]) {
    list(out, all, |out, diagnostic| {
        object(out, |o| {
            let start = position(source, diagnostic.span.start);
            let end = position(source, diagnostic.span.end);
            o.text(
                "severity",
                match diagnostic.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
            );
            o.text("message", &diagnostic.message);
            o.optional("label", diagnostic.label.as_deref());
            o.optional("suggestion", diagnostic.suggestion.as_deref());
            place(o, Some(start));
            o.number("end_line", end.line.into());
            o.number("end_column", end.column.into());
            o.number("start", diagnostic.span.start.into());
            o.number("end", diagnostic.span.end.into());
        });
    });
}

/// Line and column, which are 0 if they are not known.
fn place(o: &mut Object<'_>, place: Option<Position>) {
    o.number("line", place.map_or(0, |place| place.line).into());
    o.number("column", place.map_or(0, |place| place.column).into());
}

/// The error of a cell that was not compiled.
pub(crate) fn rejection(out: &mut String, cell: &str, source: &str, all: &[Diagnostic]) {
    let first = all.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    object(out, |o| {
        o.text("kind", "compile");
        o.text("message", first.map_or("the cell cannot be compiled", |first| &first.message));
        place(o, first.map(|first| position(source, first.span.start)));
        o.text("rendered", &render(source, cell, all, Colors::Plain));
        diagnostics(o.field("diagnostics"), source, all);
        trace(o, &[]);
    });
}

/// The error of a cell that has failed.
pub(crate) fn failure(out: &mut String, explained: &Explained) {
    object(out, |o| {
        o.text("kind", explained.kind.text());
        o.text("message", &explained.message);
        place(o, explained.position);
        o.text("rendered", &explained.rendered);
        diagnostics(o.field("diagnostics"), "", &[]);
        trace(o, &explained.traceback);
    });
}

fn trace(o: &mut Object<'_>, frames: &[TraceFrame]) {
    o.list("traceback", frames, |out, frame| {
        object(out, |o| {
            o.text("cell", &frame.cell);
            o.optional("function", frame.function.as_deref());
            place(o, frame.position);
        });
    });
}

/// How long the phases took.
pub(crate) fn timings(o: &mut Object<'_>, timings: &Timings) {
    o.number("parse_ns", timings.parse);
    o.number("check_ns", timings.check);
    o.number("emit_ns", timings.emit);
}

/// What a host needs to instantiate a cell, whose module has the given name and length.
pub(crate) fn step(out: &mut String, step: &Step, module: &str, len: usize) {
    object(out, |o| {
        o.number("instance", step.instance.0.into());
        o.text("module", module);
        o.number("length", len as u64);
        let imports = step.artifact.imports.iter().zip(&step.imports);
        o.list("imports", imports, |out, (import, of)| pair(out, &import.name, of.0));
    });
}

/// A name and the instance that it is of.
pub(crate) fn pair(out: &mut String, name: &str, instance: u32) {
    out.push('[');
    text(out, name);
    out.push(',');
    number(out, instance.into());
    out.push(']');
}

/// What is known of a cell before it is run.
pub(crate) fn artifact(o: &mut Object<'_>, source: &str, artifact: &Artifact) {
    o.optional("type", artifact.value_type.as_deref());
    diagnostics(o.field("warnings"), source, &artifact.warnings);
}

/// What running or removing a cell has changed.
pub(crate) fn committed(out: &mut String, committed: &Committed) {
    object(out, |o| {
        o.list("defined", &committed.defined, |out, (name, ty)| {
            object(out, |o| {
                o.text("name", name);
                o.text("type", ty);
            });
        });
        o.list("stale", &committed.stale, |out, cell| text(out, cell));
        o.list("dropped", &committed.dropped, |out, instance| number(out, instance.0.into()));
    });
}

/// The names of a session.
pub(crate) fn names(out: &mut String, all: &[Name]) {
    list(out, all, |out, name| {
        object(out, |o| {
            o.text("name", &name.name);
            o.text("kind", name.kind.text());
            o.text("type", &name.ty);
            o.text("cell", &name.cell);
            o.bool("stale", name.stale);
        });
    });
}

/// What may stand at a place.
pub(crate) fn completions(out: &mut String, completions: &Completions) {
    object(out, |o| {
        o.number("start", completions.span.start.into());
        o.number("end", completions.span.end.into());
        o.list("items", &completions.items, |out, item| {
            object(out, |o| {
                o.text("label", &item.label);
                o.text("kind", item.kind.text());
                o.text("detail", &item.detail);
                o.text("doc", &item.doc);
            });
        });
    });
}

/// What stands at a place.
pub(crate) fn inspection(out: &mut String, inspection: Option<&Inspection>) {
    let Some(inspection) = inspection else {
        out.push_str("null");
        return;
    };
    object(out, |o| {
        o.text("text", &inspection.text);
        o.number("start", inspection.span.start.into());
        o.number("end", inspection.span.end.into());
    });
}
