//! The words that stand in a table in the place of a time, or behind one, and what they mean.

/// What to know about the times of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    WatLoop,
    FromPython,
    NotSteady,
}

impl Note {
    const ALL: [Note; 3] = [Note::WatLoop, Note::FromPython, Note::NotSteady];

    pub(crate) fn text(self) -> &'static str {
        match self {
            Note::WatLoop => "wat loop",
            Note::FromPython => "called from Python",
            Note::NotSteady => "not steady",
        }
    }

    /// Whether the same was done as in other cells, so that a ratio says something.
    pub(crate) fn is_comparable(self) -> bool {
        match self {
            Note::WatLoop | Note::FromPython => false,
            Note::NotSteady => true,
        }
    }
}

/// Whether times with this mark can be compared with others.
pub(crate) fn is_comparable(mark: Option<&str>) -> bool {
    let mut parts = mark.into_iter().flat_map(|mark| mark.split("; "));
    parts.all(|part| Note::ALL.iter().all(|note| note.is_comparable() || note.text() != part))
}

/// Why a cell has no times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) detail: String,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Failure { kind, detail: detail.into() }
    }

    pub(crate) fn text(&self) -> String {
        match self.detail.as_str() {
            "" => self.kind.text(),
            detail => format!("{}: {detail}", self.kind.text()),
        }
    }
}

/// What a table says in the place of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    Absent,
    /// The runtime does not do such programs; this is no mark, there is nothing to say.
    Nothing,
    Needs(&'static str),
    Wrong,
    Crashed,
    TimedOut,
    Failed,
}

impl FailureKind {
    pub(crate) fn text(&self) -> String {
        match self {
            FailureKind::Absent => "absent".into(),
            FailureKind::Nothing => "-".into(),
            FailureKind::Needs(what) => format!("needs {what}"),
            FailureKind::Wrong => "wrong".into(),
            FailureKind::Crashed => "crashed".into(),
            FailureKind::TimedOut => "timed out".into(),
            FailureKind::Failed => "failed".into(),
        }
    }
}

/// What stands before the failure of a process that measures itself, when others of the cell did not fail.
pub(crate) const IN_STEADY: &str = "steady ";

/// What marks mean, by the words they begin with.
pub(crate) const MEANINGS: &[(&str, &str)] = &[
    ("needs", "the runtime lacks what the program uses"),
    ("timed out", "the process did not end in time and was ended"),
    ("wrong", "the program found its own result wrong, or printed something else than in the first runtime"),
    ("crashed", "a signal ended the process"),
    (
        "failed",
        "the process ended with an error, which in a module without imports can be a wrong result too",
    ),
    ("absent", "the module was not there, because it was not built"),
    ("steady", "that happened only when the process measured itself"),
    (
        "wat loop",
        "no host of ours calls this runtime: a loop in the module makes the calls, and no call enters from outside; \
         it has no ratio",
    ),
    (
        "called from Python",
        "the host is a Python program, whose own share of a call is in the time; it has no ratio",
    ),
    ("not steady", "the times had not settled when the process stopped measuring itself"),
];

#[cfg(test)]
mod tests {
    use super::{FailureKind, IN_STEADY, MEANINGS, Note, is_comparable};

    #[test]
    fn every_mark_has_a_meaning() {
        let kinds = [
            FailureKind::Absent,
            FailureKind::Needs("GC"),
            FailureKind::Wrong,
            FailureKind::Crashed,
            FailureKind::TimedOut,
            FailureKind::Failed,
        ];
        let texts = kinds.iter().map(FailureKind::text).chain(Note::ALL.map(|note| note.text().to_string()));
        for text in texts.chain([IN_STEADY.to_string()]) {
            assert!(MEANINGS.iter().any(|(start, _)| text.starts_with(start)), "{text}");
        }
    }

    #[test]
    fn what_another_host_did_is_not_compared() {
        assert!(is_comparable(None));
        assert!(is_comparable(Some("not steady")));
        assert!(!is_comparable(Some("not steady; wat loop")));
        assert!(!is_comparable(Some(Note::FromPython.text())));
    }
}
