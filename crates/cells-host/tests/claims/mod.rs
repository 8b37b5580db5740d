//! Cells with comments that say what comes of them, in the notation of `docs/cells.md`.

use upshift_cells_host::Outcome;

/// What a comment says about its line.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The cell's value and its type.
    Value(String, String),
    /// How the message of an error about this line begins.
    Error(String),
    /// How the message of the failure on this line begins.
    Fails(String),
}

/// A cell of an example.
#[derive(Default, Debug)]
pub(crate) struct Cell {
    pub(crate) source: String,
    /// The line of the document with which it begins, from 1.
    pub(crate) line: usize,
    output: String,
    claim: Option<(u32, Claim)>,
}

impl Cell {
    /// Whether it claims anything.
    #[allow(dead_code, reason = "each test takes what it needs")]
    pub(crate) fn claims(&self) -> bool {
        self.claim.is_some() || !self.output.is_empty()
    }

    /// Adds a line, the `number`th of the document. Whether it claims something else than a line of output.
    pub(crate) fn push(&mut self, number: usize, line: &str) -> bool {
        if self.source.is_empty() {
            self.line = number;
        }
        self.source += line;
        self.source.push('\n');
        let Some((_, comment)) = line.rsplit_once("// ") else { return false };
        if let Some(printed) = comment.strip_prefix("prints: ") {
            self.output += printed;
            self.output.push('\n');
            return false;
        }
        let Some(claim) = claim(comment) else { return false };
        self.claim = Some((self.source.lines().count() as u32, claim));
        true
    }
}

fn claim(comment: &str) -> Option<Claim> {
    if let Some(value) = comment.strip_prefix("=> ") {
        let (value, ty) = value.rsplit_once(" : ").expect("a value has a type");
        return Some(Claim::Value(value.into(), ty.into()));
    }
    let error = comment.strip_prefix("error: ").map(|message| Claim::Error(message.into()));
    error.or_else(|| comment.strip_prefix("fails: ").map(|message| Claim::Fails(message.into())))
}

/// What is not as claimed.
pub(crate) fn difference(cell: &Cell, outcome: &Outcome) -> Option<String> {
    if outcome.output != cell.output && outcome.error.is_none() {
        return Some(format!("it prints {:?} and not {:?}", outcome.output, cell.output));
    }
    match (&cell.claim, &outcome.error) {
        (Some((_, Claim::Value(value, ty))), None) => {
            let found = (outcome.value.as_deref(), outcome.ty.as_deref());
            (found != (Some(value), Some(ty))).then(|| format!("its value is {found:?}"))
        }
        (None, None) => None,
        (Some((line, Claim::Error(message))), Some(error)) => {
            let right = error
                .diagnostics
                .iter()
                .any(|found| found.line == *line && found.message.starts_with(message));
            (!right || message.is_empty()).then(|| format!("its errors are {:#?}", error.diagnostics))
        }
        (Some((line, Claim::Fails(message))), Some(error)) => {
            // The line of the cell, also if what failed is a function of another one.
            let place = error.traceback.last().map_or(error.line, |frame| frame.line);
            let right = error.diagnostics.is_empty() && (error.line == *line || place == *line);
            let right = right && error.message.starts_with(message);
            (!right || message.is_empty()).then(|| format!("it fails with\n{}", error.rendered))
        }
        (_, Some(error)) => Some(format!("it fails with\n{}", error.rendered)),
        (Some(_), None) => Some(format!("it does not fail: its value is {:?}", outcome.value)),
    }
}
