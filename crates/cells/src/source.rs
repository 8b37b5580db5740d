//! Positions in the text of a cell.

/// A range of bytes of a cell's source: `start..end`, on boundaries of characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The least range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A line and a column, both from 1; columns count characters (Unicode scalar values).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// Where byte `offset` of `source` is. An offset behind the end is the end.
///
/// ```
/// use upshift_cells::source::{Position, position};
///
/// assert_eq!(position("let x = 1\nx + y", 14), Position { line: 2, column: 5 });
/// ```
pub fn position(source: &str, offset: u32) -> Position {
    let mut end = (offset as usize).min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let before = &source[..end];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    Position { line: line as u32, column: before[start..].chars().count() as u32 + 1 }
}

/// Where a range begins and ends, as JSON has it: lines and columns from 1, the end behind the last character.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Positions {
    /// The line of the first character.
    pub line: u32,
    /// Its column.
    pub column: u32,
    /// The line of the end.
    pub end_line: u32,
    /// The column behind the last character.
    pub end_column: u32,
}

/// Where `span` of `source` begins and ends.
///
/// ```
/// use upshift_cells::source::{Positions, Span, positions};
///
/// let found = positions("let x = 1\nx + y", Span::new(14, 15));
/// assert_eq!(found, Positions { line: 2, column: 5, end_line: 2, end_column: 6 });
/// ```
pub fn positions(source: &str, span: Span) -> Positions {
    let (start, end) = (position(source, span.start), position(source, span.end));
    Positions { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}
