//! The compiler, from source to artifact.

use super::{Checked, Session, Timings, Tools};
use crate::artifact::Artifact;
use crate::check;
use crate::diagnostic::{Diagnostic, Severity};
use crate::emit;
use crate::environment::Environment;
use crate::syntax;
use crate::types::Types;

/// Compiles a cell, and measures how long the phases take.
pub(super) fn compile(
    source: &str,
    environment: &Environment,
    types: &mut Types,
    Tools { clock, read_float }: Tools,
) -> (Result<Artifact, Vec<Diagnostic>>, Timings) {
    let mut timings = Timings::default();
    let start = clock();
    let parsed = syntax::parse_with(source, read_float);
    let parsed_at = clock();
    timings.parse = parsed_at.saturating_sub(start);
    if has_errors(&parsed.diagnostics) {
        return (Err(parsed.diagnostics), timings);
    }
    let checked = check::check(&parsed.ast, source, types, environment);
    let checked_at = clock();
    timings.check = checked_at.saturating_sub(parsed_at);
    let mut diagnostics = parsed.diagnostics;
    diagnostics.extend(checked.diagnostics);
    first(&mut diagnostics);
    let Some(program) = checked.program.filter(|_| !has_errors(&diagnostics)) else {
        return (Err(diagnostics), timings);
    };
    let emitted = emit::emit(&program, types);
    timings.emit = clock().saturating_sub(checked_at);
    let result = match emitted {
        Ok(mut artifact) => {
            artifact.warnings = diagnostics;
            Ok(artifact)
        }
        Err(error) => {
            diagnostics.push(error);
            Err(diagnostics)
        }
    };
    (result, timings)
}

/// Leaves as many as people read, errors before warnings.
fn first(diagnostics: &mut Vec<Diagnostic>) {
    if diagnostics.len() > syntax::MAX_DIAGNOSTICS {
        diagnostics.sort_by_key(|diagnostic| (diagnostic.severity != Severity::Error, diagnostic.span.start));
        diagnostics.truncate(syntax::MAX_DIAGNOSTICS);
    }
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

impl Session {
    /// What is wrong with a source, without running it.
    pub fn check(&mut self, source: &str) -> Checked {
        let parsed = syntax::parse_with(source, self.tools.read_float);
        let mut diagnostics = parsed.diagnostics;
        if has_errors(&diagnostics) {
            return Checked { diagnostics, value_type: None };
        }
        let mark = self.types.mark();
        let checked = check::check(&parsed.ast, source, &mut self.types, &self.environment);
        diagnostics.extend(checked.diagnostics);
        first(&mut diagnostics);
        let value = checked.program.and_then(|program| {
            let body = program.functions.get(program.body.0 as usize)?;
            self.shown(body.result)
        });
        self.types.truncate(mark);
        Checked { diagnostics, value_type: value }
    }
}
