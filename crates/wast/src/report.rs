//! What came of a script.

use std::fmt;

use crate::refusals::Difference;

/// The result of running a script. `directives` is `passed` plus the number of `failures`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The script's name.
    pub name: String,
    /// How many directives were executed: all that the script has.
    pub directives: usize,
    /// How many of them did what they should.
    pub passed: usize,
    /// The others, in order.
    pub failures: Vec<Failure>,
    /// Of those that passed, what was refused for another reason than the expected one, where that is known and allowed.
    pub differences: Vec<&'static Difference>,
}

/// A directive that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Line of the directive, from 1.
    pub line: usize,
    /// Column of the directive, from 1.
    pub column: usize,
    /// The directive's keyword.
    pub directive: &'static str,
    /// What happened.
    pub message: String,
    /// Line of the module whose failure is the reason of this one; none if the failure stands for itself.
    pub cause: Option<usize>,
}

impl Report {
    /// Whether all directives did what they should.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// The failures that stand for themselves, each with the number of failures that it causes.
    pub fn roots(&self) -> impl Iterator<Item = (&Failure, usize)> {
        self.failures.iter().filter(|failure| failure.cause.is_none()).map(|root| {
            let caused = self.failures.iter().filter(|failure| failure.cause == Some(root.line)).count();
            (root, caused)
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.directive, self.message)
    }
}

/// A line for each failure, then a line of counts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{}:{failure}", self.name)?;
        }
        write!(f, "{}: {} of {} directives passed", self.name, self.passed, self.directives)
    }
}
