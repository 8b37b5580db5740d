//! Diagnostics as text: the message, the lines it is about, carets below them, and what to do.
//!
//! ```text
//! error: expected `,` or `)`, found the end of the cell
//!  --> cell 3:2:8
//!   |
//! 2 | print(x
//!   |      - ^
//!   |      |
//!   |      this `(` is not closed
//!   = help: …
//! ```
//!
//! Columns of the terminal are not those of positions: tabs are four blanks, and wide characters take two. Control characters never
//! reach the output. Long lines are cut around what is marked.

#[cfg(not(target_arch = "wasm32"))]
use unicode_width::UnicodeWidthChar;

use super::{Diagnostic, Severity};
use crate::source::{Span, position};

/// How many columns of a line are shown.
const WIDTH: usize = 140;

/// How many columns are shown before the mark if a line is cut.
const BEFORE: usize = 60;

/// Whether text has colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Colors {
    /// None.
    #[default]
    Plain,
    /// By the escape sequences of ANSI terminals.
    Ansi,
}

/// The text of `diagnostics` about `source`, whose name for people is `label` (`cell 3`); each ends with a newline.
///
/// ```
/// use upshift_cells::diagnostic::{Colors, render};
///
/// let source = "if x = 1 { 2 }";
/// let parsed = upshift_cells::syntax::parse(source);
/// let text = render(source, "cell 3", &parsed.diagnostics, Colors::Plain);
/// assert_eq!(
///     text,
///     "error: expected a condition, found an assignment
///  --> cell 3:1:6
///   |
/// 1 | if x = 1 { 2 }
///   |      ^
///   = help: to compare, write `==`
/// "
/// );
/// ```
pub fn render(source: &str, label: &str, diagnostics: &[Diagnostic], colors: Colors) -> String {
    let mut renderer = Renderer { source, label, colors, text: String::new() };
    for (number, diagnostic) in diagnostics.iter().enumerate() {
        if number > 0 {
            renderer.text.push('\n');
        }
        renderer.diagnostic(diagnostic);
    }
    renderer.text
}

/// A style, by its ANSI code.
#[derive(Clone, Copy)]
enum Style {
    Error = 31,
    Warning = 33,
    Frame = 34,
    Strong = 1,
}

struct Renderer<'a> {
    source: &'a str,
    label: &'a str,
    colors: Colors,
    text: String,
}

/// Something that is marked in a line.
struct Mark {
    span: Span,
    line: u32,
    caret: char,
    style: Style,
    text: Option<String>,
}

impl Renderer<'_> {
    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let (word, style) = match diagnostic.severity {
            Severity::Error => ("error", Style::Error),
            Severity::Warning => ("warning", Style::Warning),
        };
        self.styled(style, word);
        self.styled(Style::Strong, &format!(": {}", clean(&diagnostic.message)));
        self.text.push('\n');
        let place = position(self.source, diagnostic.span.start);
        let mut marks = vec![self.mark(diagnostic.span, '^', style, diagnostic.label.as_deref())];
        if let Some((span, text)) = &diagnostic.related {
            marks.push(self.mark(*span, '-', Style::Frame, Some(text)));
        }
        marks.sort_unstable_by_key(|mark| (mark.line, mark.span.start));
        let last = marks.iter().map(|mark| mark.line).max().unwrap_or(1);
        let margin = last.to_string().len();
        let arrow = format!("{:margin$}--> ", "");
        self.styled(Style::Frame, &arrow);
        self.text.push_str(&format!("{}:{}:{}\n", clean(self.label), place.line, place.column));
        self.gutter(margin, "");
        self.text.push('\n');
        let mut previous = None;
        for group in marks.chunk_by(|a, b| a.line == b.line) {
            let line = group[0].line;
            match previous {
                Some(before) if before + 2 == line => self.line(margin, before + 1, 0),
                Some(before) if before + 2 < line => {
                    self.styled(Style::Frame, "...");
                    self.text.push('\n');
                }
                _ => {}
            }
            self.marked_line(margin, line, group);
            previous = Some(line);
        }
        if let Some(suggestion) = &diagnostic.suggestion {
            self.styled(Style::Frame, &format!("{:margin$} = ", ""));
            self.styled(Style::Strong, "help");
            self.text.push_str(&format!(": {}\n", clean(suggestion)));
        }
    }

    fn mark(&self, span: Span, caret: char, style: Style, text: Option<&str>) -> Mark {
        Mark { span, line: position(self.source, span.start).line, caret, style, text: text.map(clean) }
    }

    fn styled(&mut self, style: Style, text: &str) {
        match (self.colors, style) {
            (Colors::Plain, _) => self.text.push_str(text),
            (Colors::Ansi, Style::Strong) => self.text.push_str(&format!("\u{1b}[1m{text}\u{1b}[0m")),
            (Colors::Ansi, _) => self.text.push_str(&format!("\u{1b}[1;{}m{text}\u{1b}[0m", style as u8)),
        }
    }

    /// The margin of a line, with its number or without.
    fn gutter(&mut self, margin: usize, number: &str) {
        self.styled(Style::Frame, &format!("{number:margin$} |"));
    }

    /// The range of a line, without what ends it.
    fn range(&self, line: u32) -> (usize, usize) {
        let mut start = 0;
        for _ in 1..line {
            start += self.source[start..].find('\n').map_or(0, |at| at + 1);
        }
        let end = self.source[start..].find('\n').map_or(self.source.len(), |at| start + at);
        (start, start + self.source[start..end].trim_end_matches('\r').len())
    }

    /// A line of the source, from column `from`.
    fn line(&mut self, margin: usize, line: u32, from: usize) {
        let (start, end) = self.range(line);
        let mut shown = String::new();
        let mut column = 0;
        for c in self.source[start..end].chars() {
            if column >= from + WIDTH {
                shown.push('…');
                break;
            }
            if column >= from {
                show(c, &mut shown);
            }
            column += width(c);
        }
        self.gutter(margin, &line.to_string());
        let cut = if from > 0 { "…" } else { "" };
        let blank = if shown.is_empty() { "" } else { " " };
        self.text.push_str(&format!("{blank}{cut}{shown}\n"));
    }

    /// A line of the source and the marks below it, which are in order.
    fn marked_line(&mut self, margin: usize, line: u32, marks: &[Mark]) {
        let (start, end) = self.range(line);
        let column = |at: usize| self.source[start..at.clamp(start, end)].chars().map(width).sum::<usize>();
        let mut columns: Vec<(usize, usize)> = marks
            .iter()
            .map(|mark| {
                let first = column(mark.span.start as usize);
                (first, column(mark.span.end as usize).max(first + 1))
            })
            .collect();
        let first = columns.iter().map(|columns| columns.0).min().unwrap_or(0);
        let last = columns.iter().map(|columns| columns.0).max().unwrap_or(0);
        let from = if last < WIDTH {
            0
        } else if last - first < WIDTH - BEFORE {
            first.saturating_sub(BEFORE)
        } else {
            last - BEFORE
        };
        // A character that is cut off begins before the first column shown; the mark for what is cut takes one column.
        let from = self.boundary(start, end, from);
        let cut = usize::from(from > 0);
        for (first, last) in &mut columns {
            *first = first.saturating_sub(from) + cut;
            *last = (last.saturating_sub(from) + cut).clamp(*first + 1, (WIDTH + 1).max(*first + 1));
        }
        self.line(margin, line, from);
        let apart = columns.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        if apart {
            self.carets(margin, marks, &columns);
        } else {
            for (mark, columns) in marks.iter().zip(&columns) {
                self.carets(margin, std::slice::from_ref(mark), std::slice::from_ref(columns));
            }
        }
    }

    /// The least column of the line `start..end` that is not below `column` and begins a character.
    fn boundary(&self, start: usize, end: usize, column: usize) -> usize {
        let mut at = 0;
        for c in self.source[start..end].chars() {
            if at >= column {
                break;
            }
            at += width(c);
        }
        at
    }

    /// Marks that do not overlap, in one row, with the text of the last; the texts of the others below it.
    fn carets(&mut self, margin: usize, marks: &[Mark], columns: &[(usize, usize)]) {
        self.gutter(margin, "");
        let mut at = 0;
        self.text.push(' ');
        for (mark, &(first, last)) in marks.iter().zip(columns) {
            self.text.push_str(&" ".repeat(first - at));
            self.styled(mark.style, &mark.caret.to_string().repeat(last - first));
            at = last;
        }
        if let Some(Mark { text: Some(text), style, .. }) = marks.last() {
            self.text.push(' ');
            self.styled(*style, text);
        }
        self.text.push('\n');
        for (mark, &(first, _)) in marks.iter().zip(columns).rev().skip(1) {
            let Some(text) = &mark.text else { continue };
            for text in ["|", text] {
                self.gutter(margin, "");
                self.text.push_str(&" ".repeat(first + 1));
                self.styled(mark.style, text);
                self.text.push('\n');
            }
        }
    }
}

/// How many columns `c` takes, as [`show`] writes it.
fn width(c: char) -> usize {
    match c {
        '\t' => 4,
        _ if hidden(c) => 1,
        _ => printed_width(c),
    }
}

/// How many columns a terminal gives to a character that is not hidden.
#[cfg(not(target_arch = "wasm32"))]
fn printed_width(c: char) -> usize {
    c.width().unwrap_or(1)
}

/// In a browser, whose fonts decide, a rough answer has to do: the tables for the right one weigh 6 KB.
#[cfg(target_arch = "wasm32")]
fn printed_width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' => 2,
        '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Writes `c` so that a terminal shows it and does nothing else.
fn show(c: char, text: &mut String) {
    match c {
        '\t' => text.push_str("    "),
        _ if hidden(c) => text.push('\u{fffd}'),
        _ => text.push(c),
    }
}

/// Whether `c` moves the cursor, changes the direction of text or the like.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// A message without characters that do something to a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if hidden(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}
