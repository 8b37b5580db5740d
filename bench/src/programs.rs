//! The programs that are run: a table, and the choice from it by name.
//!
//! Each is a WASI command that exits with 0, and with a trap when what it computed is wrong. Paths start at the root of
//! the repository.

/// What the time of a program is mostly made of; each has a geometric mean of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Loading, validating and translating the module: it runs for a moment only.
    Start,
    /// Code that has become hot.
    Run,
}

impl Group {
    pub(crate) const ALL: [Group; 2] = [Group::Start, Group::Run];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Group::Start => "start",
            Group::Run => "run",
        }
    }
}

/// One program.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) module: &'static str,
    /// The C source, for those that `--native` can compile.
    pub(crate) source: Option<&'static str>,
    /// The file that is its standard input; an empty one when there is none.
    pub(crate) stdin: Option<&'static str>,
}

/// A program in the text format, without imports.
const fn wat(name: &'static str, module: &'static str) -> Program {
    Program { name, group: Group::Run, module, source: None, stdin: None }
}

/// A program in C, without imports.
const fn c(name: &'static str, module: &'static str, source: &'static str) -> Program {
    Program { name, group: Group::Run, module, source: Some(source), stdin: None }
}

/// An example with a library and a runtime of its own in it, and WASI imports.
const fn example(name: &'static str, module: &'static str, stdin: &'static str) -> Program {
    Program { name, group: Group::Start, module, source: None, stdin: Some(stdin) }
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "empty",
        group: Group::Start,
        module: "bench/programs/empty.wasm",
        source: None,
        stdin: None,
    },
    example("wordcount", "examples/c/wordcount.wasm", "examples/data/lighthouse.txt"),
    example("ledger", "examples/rust/ledger.wasm", "examples/data/bookings-clean.csv"),
    example("inventory", "examples/cpp/inventory.wasm", "examples/data/stock.txt"),
    wat("fib", "bench/programs/fib.wasm"),
    wat("tak", "bench/programs/tak.wasm"),
    wat("nqueens", "bench/programs/nqueens.wasm"),
    wat("mfr", "bench/programs/mfr.wasm"),
    wat("sieve", "bench/programs/sieve.wasm"),
    wat("nbody", "bench/programs/nbody.wasm"),
    wat("matrix", "bench/programs/matrix.wasm"),
    c("base64", "bench/programs/c/base64.wasm", "bench/programs/c/base64.c"),
    c("heapsort", "bench/programs/c/heapsort.wasm", "bench/programs/c/heapsort.c"),
    c("keccak", "bench/programs/c/keccak.wasm", "bench/programs/c/keccak.c"),
    c("strings", "bench/programs/c/strings.wasm", "bench/programs/c/strings.c"),
    c("vm", "bench/programs/c/vm.wasm", "bench/programs/c/vm.c"),
];

/// The programs with one of these in their name; all when there is none of these.
pub(crate) fn chosen(filters: &[String]) -> Vec<&'static Program> {
    let wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    PROGRAMS.iter().filter(|program| wanted(program.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{PROGRAMS, chosen};

    #[test]
    fn every_file_is_there() {
        for program in PROGRAMS {
            for path in [Some(program.module), program.source, program.stdin].into_iter().flatten() {
                assert!(crate::root().join(path).is_file(), "{path}");
            }
        }
    }

    #[test]
    fn a_filter_is_a_part_of_the_name() {
        let names: Vec<_> =
            chosen(&["bod".into(), "fib".into()]).iter().map(|program| program.name).collect();
        assert_eq!(names, ["fib", "nbody"]);
        assert_eq!(chosen(&[]).len(), PROGRAMS.len());
    }
}
