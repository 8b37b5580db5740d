//! What the editor of lines asks while somebody types.

use std::borrow::Cow;
use std::fmt::Write;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use upshift_cells::syntax::{TokenClass, tokens};

use crate::repl::command::COMMANDS;
use crate::repl::complete::is_complete;
use crate::worker::Worker;

/// Answers the editor.
pub(super) struct Prompt {
    worker: Worker,
    /// Whether what is typed has colours: unless the user has something against them (no-color.org).
    colours: bool,
}

impl Prompt {
    pub(super) fn new(worker: Worker) -> Prompt {
        Prompt { worker, colours: std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()) }
    }
}

impl Helper for Prompt {}
impl Hinter for Prompt {
    type Hint = String;
}

impl Highlighter for Prompt {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.colours || line.starts_with(':') {
            return Cow::Borrowed(line);
        }
        let (mut text, mut at) = (String::new(), 0);
        for (span, class) in tokens(line) {
            let (start, end) = (span.start as usize, span.end as usize);
            let Some((space, token)) = line.get(at..start).zip(line.get(start..end)) else { continue };
            text.push_str(space);
            match colour(class) {
                Some(colour) => {
                    let _ = write!(text, "\x1b[{colour}m{token}\x1b[0m");
                }
                None => text.push_str(token),
            }
            at = end;
        }
        text.push_str(line.get(at..).unwrap_or_default());
        Cow::Owned(text)
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.colours
    }
}

/// How a terminal writes it.
fn colour(class: TokenClass) -> Option<&'static str> {
    match class {
        TokenClass::Keyword => Some("35"),
        TokenClass::Number => Some("36"),
        TokenClass::Text => Some("32"),
        TokenClass::Type => Some("33"),
        TokenClass::Function => Some("34"),
        TokenClass::Comment => Some("2"),
        _ => None,
    }
}

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        Ok(if text.trim().is_empty() || is_complete(text) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let none = (at, Vec::new());
        if line.starts_with(':') && !line[..at].contains(' ') {
            let commands = COMMANDS.iter().filter(|(name, ..)| name.starts_with(&line[..at]));
            return Ok((0, commands.map(|(name, form, _)| pair(name, form)).collect()));
        }
        // The expression of `:type` is completed as a cell is.
        let skipped = line.strip_prefix(":type ").map_or(0, |rest| line.len() - rest.len());
        let Some(source) = line.get(skipped..).map(str::to_owned).filter(|_| at >= skipped) else {
            return Ok(none);
        };
        if line.starts_with(':') && skipped == 0 {
            return Ok(none);
        }
        let Ok(offset) = u32::try_from(at - skipped) else { return Ok(none) };
        let Ok(found) = self.worker.call(move |host| host.complete(&source, offset)) else { return Ok(none) };
        let items = found.items.into_iter().map(|item| {
            let shown = if item.detail.is_empty() {
                item.label.clone()
            } else {
                format!("{}: {}", item.label, item.detail)
            };
            Pair { display: shown, replacement: item.label }
        });
        Ok((found.start as usize + skipped, items.collect()))
    }
}

fn pair(replacement: &str, display: &str) -> Pair {
    Pair { display: display.into(), replacement: replacement.into() }
}
