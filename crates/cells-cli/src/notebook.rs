//! Notebook files (`.cells`): plain text that reads well and shows small differences.
//!
//! ```text
//! %% markdown intro
//! # Squares
//! %% code squares
//! let squares = [1, 2, 3].map(|x| x * x)
//! ```
//!
//! A line that begins with exactly two `%` begins a cell: `code` or `markdown`, then its ID. What follows up to the next such line is
//! the cell's source, without the newline at its end. Of a source's own line that begins with `%%`, the file has one `%` more. Text in
//! front of the first cell is a code cell, so a file without any such line is one code cell. Nothing else in a source is special.
//!
//! Lines end with `\n` or `\r\n`; in sources there is only `\n`, and a file is written with what it was read with. A cell without an ID
//! is given one, which is written. docs/cells-notebooks.md has all of it for users.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

/// What begins the line that begins a cell.
const MARK: &str = "%%";

/// The most characters of an ID.
pub const MAX_ID: usize = 64;

/// What a cell is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CellKind {
    /// A program.
    Code,
    /// Text for people.
    Markdown,
}

impl CellKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Code, Self::Markdown];

    /// The word for it in files: `code`, `markdown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
        }
    }

    /// What a word stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A cell of a notebook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    id: String,
    kind: CellKind,
    source: String,
}

impl Cell {
    /// A cell; whatever ends lines in `source` becomes `\n`.
    ///
    /// # Errors
    ///
    /// Why `id` is none: it has 1 to [`MAX_ID`] ASCII letters, digits, `-`, `_` and `.`.
    pub fn new(id: impl Into<String>, kind: CellKind, source: &str) -> Result<Self, String> {
        let id = id.into();
        check_id(&id)?;
        Ok(Self { id, kind, source: with_newlines(source) })
    }

    /// What names it: no other cell of a notebook has the same.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is.
    pub fn kind(&self) -> CellKind {
        self.kind
    }

    /// Its text, with `\n` between lines.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// What ends a line of a file.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum LineEnding {
    /// `\n`.
    #[default]
    Newline,
    /// `\r\n`.
    CarriageReturn,
}

/// A notebook: cells in their order, each with an ID of its own.
///
/// ```
/// use upshift_cells_cli::notebook::{CellKind, Notebook};
///
/// let text = "%% code a\nlet x = 1\n%% markdown b\n%%%% are not special here\n";
/// let notebook = Notebook::parse(text)?;
/// assert_eq!(notebook.cells()[1].kind(), CellKind::Markdown);
/// assert_eq!(notebook.cells()[1].source(), "%%% are not special here");
/// assert_eq!(notebook.to_string(), text);
/// # Ok::<_, upshift_cells_cli::notebook::FormatError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Notebook {
    cells: Vec<Cell>,
    line_ending: LineEnding,
}

impl Notebook {
    /// A notebook of cells, whose file is to have such line endings.
    ///
    /// # Errors
    ///
    /// If two cells have one ID.
    pub fn new(cells: Vec<Cell>, line_ending: LineEnding) -> Result<Self, String> {
        let mut seen = HashMap::new();
        for (i, cell) in cells.iter().enumerate() {
            if let Some(first) = seen.insert(cell.id.as_str(), i) {
                return Err(format!("cells {} and {} both have the ID `{}`", first + 1, i + 1, cell.id));
            }
        }
        Ok(Self { cells, line_ending })
    }

    /// The cells, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// What ends the lines of its file.
    pub fn line_ending(&self) -> LineEnding {
        self.line_ending
    }

    /// The notebook that a file's bytes are.
    ///
    /// # Errors
    ///
    /// If the bytes are not UTF-8, or the text is no notebook.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::from_bytes_located(bytes).map(|(notebook, _)| notebook)
    }

    /// As [`Notebook::from_bytes`], and the number of the line (from 1) on which the source of each cell begins.
    ///
    /// # Errors
    ///
    /// As [`Notebook::from_bytes`].
    pub fn from_bytes_located(bytes: &[u8]) -> Result<(Self, Vec<usize>), FormatError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let line = with_newlines(&valid).matches('\n').count() + 1;
            FormatError { line, message: "there are bytes that are not UTF-8".into() }
        })?;
        Self::parse_located(text)
    }

    /// The notebook that a text is.
    ///
    /// # Errors
    ///
    /// If a line that is to begin a cell is not as such lines are, or an ID comes twice.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        Self::parse_located(text).map(|(notebook, _)| notebook)
    }

    fn parse_located(text: &str) -> Result<(Self, Vec<usize>), FormatError> {
        // Editors of one system put this in front.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.find(['\n', '\r']).map_or("", |end| &text[end..]);
        let line_ending =
            if first.starts_with("\r\n") { LineEnding::CarriageReturn } else { LineEnding::Newline };
        let text = with_newlines(text);

        let mut found: Vec<Found> = Vec::new();
        let mut front = String::new();
        for (i, line) in text.split_inclusive('\n').enumerate() {
            let number = i + 1;
            if line.starts_with(MARK) && !line[MARK.len()..].starts_with('%') {
                let (kind, id) =
                    header(line.trim_end()).map_err(|message| FormatError { line: number, message })?;
                found.push(Found { id, kind, body: String::new(), line: number });
                continue;
            }
            let line = if line.starts_with(MARK) { &line[1..] } else { line };
            found.last_mut().map_or(&mut front, |cell| &mut cell.body).push_str(line);
        }
        if !front.trim().is_empty() {
            found.insert(0, Found { id: None, kind: CellKind::Code, body: front, line: 0 });
        }

        let mut lines = HashMap::new();
        for cell in &found {
            if let Some(id) = &cell.id
                && let Some(first) = lines.insert(id.clone(), cell.line)
            {
                let message = format!("the cell on line {first} has the ID `{id}` already");
                return Err(FormatError { line: cell.line, message });
            }
        }
        let firsts = found.iter().map(|cell| cell.line + 1).collect();
        let mut next = 1;
        let cells = found.into_iter().map(|Found { id, kind, mut body, .. }| {
            let id = id.unwrap_or_else(|| free_id(&mut next, |id| lines.contains_key(id)));
            if body.ends_with('\n') {
                body.pop();
            }
            Cell { id, kind, source: body }
        });
        Ok((Self { cells: cells.collect(), line_ending }, firsts))
    }
}

impl fmt::Display for Notebook {
    /// Writes the text of the notebook's file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.line_ending {
            LineEnding::Newline => "\n",
            LineEnding::CarriageReturn => "\r\n",
        };
        for Cell { id, kind, source } in &self.cells {
            write!(f, "{MARK} {} {id}{end}", kind.name())?;
            // An empty source is no line at all, while a source that is one newline is two empty lines.
            for line in source.split('\n').filter(|_| !source.is_empty()) {
                let escape = if line.starts_with(MARK) { "%" } else { "" };
                write!(f, "{escape}{line}{end}")?;
            }
        }
        Ok(())
    }
}

/// A cell while the file is read.
struct Found {
    id: Option<String>,
    kind: CellKind,
    body: String,
    /// The line that begins it; 0 in front of all lines.
    line: usize,
}

/// Understands a line that begins a cell.
fn header(line: &str) -> Result<(CellKind, Option<String>), String> {
    let rest = &line[MARK.len()..];
    let mut words = rest.split_whitespace();
    let kind = words.next().and_then(CellKind::from_name).filter(|_| rest.starts_with([' ', '\t']));
    let Some(kind) = kind else {
        return Err("expected `%% code ID` or `%% markdown ID`; in a line that is part of a cell and begins with `%%`, \
                    write one `%` more"
            .into());
    };
    let id = words.next().map(str::to_owned);
    if let Some(id) = &id {
        check_id(id)?;
    }
    match words.next() {
        None => Ok((kind, id)),
        Some(_) => {
            Err(format!("expected the end of the line after the cell's ID, as in `%% {} ID`", kind.name()))
        }
    }
}

fn check_id(id: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.is_empty() && id.len() <= MAX_ID && id.chars().all(fits) {
        return Ok(());
    }
    let shown: String = id.chars().take(MAX_ID).flat_map(char::escape_debug).collect();
    Err(format!("`{shown}` is no ID of a cell: those are 1 to {MAX_ID} letters, digits, `-`, `_` or `.`"))
}

/// The next of the IDs `cell-1`, `cell-2`, ... that is not taken.
fn free_id(next: &mut usize, is_taken: impl Fn(&str) -> bool) -> String {
    loop {
        let id = format!("cell-{next}");
        *next += 1;
        if !is_taken(&id) {
            return id;
        }
    }
}

/// The text with `\n` wherever a line ends.
fn with_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// A text that is no notebook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FormatError {
    /// The line that is wrong, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl Error for FormatError {}
