//! The programs that are run: a table, and the choice from it by name or group.
//!
//! Each is a WASI command that exits with 0, and with another code or a trap when what it computed is wrong. Paths
//! start at the root of the repository.

/// What the time of a program is mostly made of; each has a geometric mean of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Loading, validating and translating the module: it runs for a moment only.
    Start,
    /// Code that has become hot, in modules without imports.
    Run,
    /// Classic small programs in C: one algorithm each.
    Shootout,
    /// Hashes, and what is built of them.
    Crypto,
    /// Vectors of 128 bits.
    Simd,
}

impl Group {
    pub(crate) const ALL: [Group; 5] =
        [Group::Start, Group::Run, Group::Shootout, Group::Crypto, Group::Simd];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Group::Start => "start",
            Group::Run => "run",
            Group::Shootout => "shootout",
            Group::Crypto => "crypto",
            Group::Simd => "simd",
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

/// A program in C: the group, the directory and the name that its source and its module share.
macro_rules! c {
    ($group:ident, $dir:literal, $name:literal) => {
        Program {
            name: $name,
            group: Group::$group,
            module: concat!("bench/programs/", $dir, "/", $name, ".wasm"),
            source: Some(concat!("bench/programs/", $dir, "/", $name, ".c")),
            stdin: None,
        }
    };
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
    c!(Run, "c", "strings"),
    c!(Run, "c", "vm"),
    c!(Shootout, "c", "base64"),
    c!(Shootout, "c", "heapsort"),
    c!(Shootout, "c", "keccak"),
    c!(Shootout, "shootout", "fib2"),
    c!(Shootout, "shootout", "sieve2"),
    c!(Shootout, "shootout", "nestedloop"),
    c!(Shootout, "shootout", "ackermann"),
    c!(Shootout, "shootout", "matrix2"),
    c!(Shootout, "shootout", "ctype"),
    c!(Shootout, "shootout", "memmove"),
    c!(Shootout, "shootout", "gimli"),
    c!(Shootout, "shootout", "minicsv"),
    c!(Shootout, "shootout", "random"),
    c!(Shootout, "shootout", "ratelimit"),
    c!(Shootout, "shootout", "seqhash"),
    c!(Shootout, "shootout", "switch"),
    c!(Shootout, "shootout", "chacha20"),
    c!(Shootout, "shootout", "ed25519"),
    c!(Crypto, "crypto", "sha1"),
    c!(Crypto, "crypto", "sha256"),
    c!(Crypto, "crypto", "blake3"),
    c!(Crypto, "crypto", "git"),
    c!(Simd, "simd", "dot"),
    c!(Simd, "simd", "matmul"),
    c!(Simd, "simd", "blend"),
    c!(Simd, "simd", "find"),
    c!(Simd, "simd", "mandel"),
    c!(Simd, "simd", "blake2"),
];

/// The programs with one of these in their name, or as the name of their group; all when there is none of these.
pub(crate) fn chosen(filters: &[String]) -> Vec<&'static Program> {
    let wanted = |program: &&Program| {
        filters.is_empty()
            || filters.iter().any(|filter| program.name.contains(filter) || program.group.name() == filter)
    };
    PROGRAMS.iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::{Group, PROGRAMS, chosen};

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
            chosen(&["bod".into(), "word".into()]).iter().map(|program| program.name).collect();
        assert_eq!(names, ["wordcount", "nbody"]);
        assert_eq!(chosen(&[]).len(), PROGRAMS.len());
    }

    #[test]
    fn a_filter_is_a_group() {
        for group in Group::ALL {
            let programs = chosen(&[group.name().into()]);
            assert!(!programs.is_empty(), "{}", group.name());
            assert!(programs.iter().all(|program| program.group == group), "{}", group.name());
        }
    }

    #[test]
    fn every_name_is_there_once() {
        for (at, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS[..at].iter().all(|other| other.name != program.name), "{}", program.name);
        }
    }
}
