//! The programs of the suite: a table, and the choice from it.
//!
//! Each is a WASI command that exits with 0, and with another code or a trap when what it computed is wrong. Paths
//! start at the root of the repository.

use anyhow::{Result, ensure};

use crate::peers::Execution;

/// What the time of a program is mostly made of; each layer has geometric means of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Layer {
    /// Loading, validating and translating the module: it runs for a moment only
    Start,
    /// Small programs without imports, in the text format and in C
    Micro,
    /// One export called again and again from the host, or the host from an export
    Host,
    /// The same programs from three compilers: AssemblyScript, Go and C
    Compilers,
    /// Classic small programs in C: one algorithm each
    Shootout,
    /// Structs and arrays of the garbage-collected heap
    Gc,
    /// Hashes, and what is built of them
    Crypto,
    /// Vectors of 128 bits
    Simd,
    /// Programs made of well-known libraries, which run briefly
    Real,
}

impl Layer {
    pub(crate) const ALL: [Layer; 9] = [
        Layer::Start,
        Layer::Micro,
        Layer::Host,
        Layer::Compilers,
        Layer::Shootout,
        Layer::Gc,
        Layer::Crypto,
        Layer::Simd,
        Layer::Real,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Layer::Start => "start",
            Layer::Micro => "micro",
            Layer::Host => "host",
            Layer::Compilers => "compilers",
            Layer::Shootout => "shootout",
            Layer::Gc => "gc",
            Layer::Crypto => "crypto",
            Layer::Simd => "simd",
            Layer::Real => "real",
        }
    }
}

/// One program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) layer: Layer,
    pub(crate) module: &'static str,
    /// What follows the module on the command line.
    pub(crate) args: &'static [&'static str],
    /// The file that is its standard input; an empty one when there is none.
    pub(crate) stdin: Option<&'static str>,
    pub(crate) steady: Steady,
    pub(crate) native: Native,
    /// How a host calls its export; its `_start` makes the same calls in a loop, for runtimes without a host of ours.
    pub(crate) host: Option<HostCalls>,
    /// What a runtime has to have for it.
    pub(crate) needs: Option<Need>,
}

/// How the program is run in a process that measures itself: with the arguments `--steady MS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steady {
    /// It does not: it is there for its start.
    No,
    /// Its module knows the arguments.
    Itself,
    /// Its module imports nothing; this is one with a loop around it.
    Module(&'static str),
}

/// What there is of the program that is no WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Native {
    No,
    /// The C source.
    C(&'static str),
    /// The program of this name in the Rust package `bench/programs/real`.
    Rust(&'static str),
}

/// What not every runtime has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    pub(crate) name: &'static str,
    /// The smallest program that needs it: who fails with that too does not have it.
    pub(crate) probe: &'static Program,
}

/// Calls of an export by a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostCalls {
    pub(crate) export: &'static str,
    pub(crate) args: &'static [&'static str],
    pub(crate) expected: &'static str,
    /// How often it is called by a process that is measured as a whole.
    pub(crate) whole: u32,
    /// How often in one iteration of a process that measures itself.
    pub(crate) iteration: u32,
}

impl HostCalls {
    /// How often a host calls.
    pub(crate) fn times(&self, execution: Execution) -> u32 {
        match execution {
            Execution::Whole => self.whole,
            Execution::Steady(_) => self.iteration,
        }
    }
}

impl Program {
    /// What most rows have.
    const PLAIN: Program = Program {
        name: "",
        layer: Layer::Start,
        module: "",
        args: &[],
        stdin: None,
        steady: Steady::No,
        native: Native::No,
        host: None,
        needs: None,
    };

    /// Whether it can be measured in a process that does its work again and again.
    pub(crate) fn repeats(&self) -> bool {
        self.steady != Steady::No || self.host.is_some()
    }

    /// The module and the arguments for one way of running it; `None` if it has none.
    pub(crate) fn command_line(
        &self,
        execution: Execution,
        has_host: bool,
    ) -> Option<(&'static str, Vec<String>)> {
        let mut args: Vec<String> = self.args.iter().map(ToString::to_string).collect();
        let module = match (execution, self.steady) {
            (Execution::Whole, _) => self.module,
            // The host has the loop around it. Without one of ours, the module has no more to tell than when it is
            // measured as a whole.
            (Execution::Steady(_), Steady::No) if has_host && self.host.is_some() => self.module,
            (Execution::Steady(_), Steady::No) => return None,
            (Execution::Steady(_), Steady::Itself) => self.module,
            (Execution::Steady(_), Steady::Module(module)) => module,
        };
        if let Execution::Steady(time) = execution {
            args.extend(["--steady".to_string(), time.as_millis().to_string()]);
        }
        Some((module, args))
    }
}

/// A small program in the text format, without imports.
macro_rules! wat {
    ($name:literal) => {
        Program {
            name: $name,
            layer: Layer::Micro,
            module: concat!("bench/programs/", $name, ".wasm"),
            steady: Steady::Module(concat!("bench/programs/steady/", $name, ".wasm")),
            ..Program::PLAIN
        }
    };
}

/// A program in C: the layer, the directory and the name that its source and its module share.
macro_rules! c {
    ($layer:ident, $dir:literal, $name:literal) => {
        Program {
            name: $name,
            layer: Layer::$layer,
            module: concat!("bench/programs/", $dir, "/", $name, ".wasm"),
            steady: Steady::Itself,
            native: Native::C(concat!("bench/programs/", $dir, "/", $name, ".c")),
            ..Program::PLAIN
        }
    };
}

/// A program in C without imports.
macro_rules! freestanding {
    ($layer:ident, $name:literal) => {
        Program {
            steady: Steady::Module(concat!("bench/programs/steady/c/", $name, ".wasm")),
            ..c!($layer, "c", $name)
        }
    };
}

/// A module whose export a host calls: its name, the result, how often a process calls it and an iteration of one that
/// measures itself, and the arguments.
macro_rules! host {
    ($name:literal, $args:expr, $expected:literal, $whole:literal, $iteration:literal) => {
        Program {
            name: concat!("host-", $name),
            layer: Layer::Host,
            module: concat!("bench/programs/host/", $name, ".wasm"),
            host: Some(HostCalls {
                export: $name,
                args: $args,
                expected: $expected,
                whole: $whole,
                iteration: $iteration,
            }),
            ..Program::PLAIN
        }
    };
}

/// A module whose export calls a function of the host a million times.
macro_rules! calls_out {
    ($name:literal) => {
        Program {
            needs: Some(Need { name: "a host", probe: &HOST_PROBE }),
            ..host!($name, &["1000000"], "1000000", 10, 1)
        }
    };
}

/// A program that is there in three languages.
macro_rules! compiled {
    ("c", $name:literal) => {
        Program { name: concat!("c-", $name), ..c!(Compilers, "compilers/c", $name) }
    };
    // One module, as the runtime of the language is most of it.
    ("go", $name:literal) => {
        Program {
            name: concat!("go-", $name),
            layer: Layer::Compilers,
            module: "bench/programs/compilers/go/programs.wasm",
            args: &[$name],
            steady: Steady::Itself,
            ..Program::PLAIN
        }
    };
    ("as", $name:literal) => {
        Program {
            name: concat!("as-", $name),
            layer: Layer::Compilers,
            module: concat!("bench/programs/compilers/as/", $name, ".wasm"),
            steady: Steady::Itself,
            ..Program::PLAIN
        }
    };
}

/// A program for the garbage-collected heap, without imports.
macro_rules! gc {
    ($name:literal) => {
        Program {
            name: concat!("gc-", $name),
            layer: Layer::Gc,
            module: concat!("bench/programs/gc/", $name, ".wasm"),
            steady: Steady::Module(concat!("bench/programs/steady/gc/", $name, ".wasm")),
            needs: Some(Need { name: "GC", probe: &GC_PROBE }),
            ..Program::PLAIN
        }
    };
}

/// A program of the Rust package `bench/programs/real`; those above 1 MB are absent until its script has built them.
macro_rules! real {
    ($name:literal) => {
        Program {
            name: $name,
            layer: Layer::Real,
            module: concat!("bench/programs/real/", $name, ".wasm"),
            steady: Steady::Itself,
            native: Native::Rust($name),
            ..Program::PLAIN
        }
    };
}

static GC_PROBE: Program =
    Program { name: "gc-probe", module: "bench/programs/gc/probe.wasm", ..Program::PLAIN };

/// No command line has the function that it imports.
static HOST_PROBE: Program =
    Program { name: "host-probe", module: "bench/programs/host/call_typed.wasm", ..Program::PLAIN };

/// An example with a library and a runtime of its own in it, and WASI imports.
const fn example(name: &'static str, module: &'static str, stdin: &'static str) -> Program {
    Program { name, layer: Layer::Start, module, stdin: Some(stdin), ..Program::PLAIN }
}

static PROGRAMS: &[Program] = &[
    Program { name: "empty", module: "bench/programs/empty.wasm", ..Program::PLAIN },
    example("wordcount", "examples/c/wordcount.wasm", "examples/data/lighthouse.txt"),
    example("ledger", "examples/rust/ledger.wasm", "examples/data/bookings-clean.csv"),
    example("inventory", "examples/cpp/inventory.wasm", "examples/data/stock.txt"),
    wat!("fib"),
    wat!("tak"),
    wat!("nqueens"),
    wat!("mfr"),
    wat!("sieve"),
    wat!("nbody"),
    wat!("matrix"),
    wat!("sites"),
    wat!("shifts"),
    freestanding!(Micro, "strings"),
    freestanding!(Micro, "vm"),
    host!("fib", &["20"], "6765", 10_000, 1000),
    host!("tak", &["18", "12", "6"], "7", 10_000, 400),
    host!("sieve", &["65536"], "6542", 100, 100),
    host!("arith", &["10000000"], "10000000", 5, 2),
    host!("fib_loop", &["25"], "75025", 1_000_000, 100_000),
    host!("gcd", &["1000000", "700000"], "100000", 1_000_000, 100_000),
    calls_out!("call_typed"),
    calls_out!("call_values"),
    compiled!("as", "fib"),
    compiled!("go", "fib"),
    compiled!("c", "fib"),
    compiled!("as", "tak"),
    compiled!("go", "tak"),
    compiled!("c", "tak"),
    compiled!("as", "arith"),
    compiled!("go", "arith"),
    compiled!("c", "arith"),
    compiled!("as", "sieve"),
    compiled!("go", "sieve"),
    compiled!("c", "sieve"),
    compiled!("as", "fib_loop"),
    compiled!("go", "fib_loop"),
    compiled!("c", "fib_loop"),
    compiled!("as", "gcd"),
    compiled!("go", "gcd"),
    compiled!("c", "gcd"),
    compiled!("as", "nqueens"),
    compiled!("go", "nqueens"),
    compiled!("c", "nqueens"),
    compiled!("as", "mfr"),
    compiled!("go", "mfr"),
    compiled!("c", "mfr"),
    compiled!("as", "list"),
    compiled!("go", "list"),
    compiled!("c", "list"),
    compiled!("as", "work"),
    compiled!("go", "work"),
    compiled!("c", "work"),
    compiled!("as", "strings"),
    compiled!("go", "strings"),
    compiled!("c", "strings"),
    freestanding!(Shootout, "base64"),
    freestanding!(Shootout, "heapsort"),
    freestanding!(Shootout, "keccak"),
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
    gc!("structs"),
    gc!("tree"),
    gc!("binarytrees"),
    gc!("arrays"),
    gc!("casts"),
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
    real!("json"),
    real!("markdown"),
    real!("html"),
    real!("image"),
    real!("regex"),
    real!("quickjs"),
    real!("compress"),
    real!("rapier"),
    real!("wasmtools"),
    real!("sqlite"),
];

/// All programs, layer by layer.
pub(crate) fn all() -> impl Iterator<Item = &'static Program> {
    Layer::ALL.iter().flat_map(|layer| PROGRAMS.iter().filter(|program| program.layer == *layer))
}

/// The programs of one of these layers with one of these texts in their names; an empty list allows all.
///
/// # Errors
/// If there is none, or a text is in no name.
pub(crate) fn chosen(only: &[String], layers: &[Layer]) -> Result<Vec<&'static Program>> {
    for text in only {
        ensure!(
            all().any(|program| program.name.contains(text.as_str())),
            "--only {text}: no program has that in its name"
        );
    }
    let named =
        |program: &Program| only.is_empty() || only.iter().any(|text| program.name.contains(text.as_str()));
    let programs: Vec<_> = all()
        .filter(|program| named(program) && (layers.is_empty() || layers.contains(&program.layer)))
        .collect();
    ensure!(!programs.is_empty(), "no program of these layers has such a name");
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::{Layer, Native, PROGRAMS, Steady, all, chosen};

    #[test]
    fn every_layer_is_there_once() {
        assert_eq!(all().count(), PROGRAMS.len());
    }

    #[test]
    fn names_and_layers_choose() {
        let names = |only: &[&str], layers: &[Layer]| {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            chosen(&only, layers)
                .map(|programs| programs.iter().map(|program| program.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["bod", "word"], &[]).expect("two"), ["wordcount", "nbody"]);
        assert_eq!(names(&["sha"], &[Layer::Crypto, Layer::Simd]).expect("two"), ["sha1", "sha256"]);
        assert!(names(&["sha", "nosuch"], &[]).is_err());
        assert!(names(&["sha"], &[Layer::Simd]).is_err());
        assert_eq!(names(&[], &[]).expect("all").len(), PROGRAMS.len());
    }

    #[test]
    fn every_file_is_there_but_for_the_large_modules() {
        for program in PROGRAMS {
            let steady = match program.steady {
                Steady::Module(module) => Some(module),
                Steady::No | Steady::Itself => None,
            };
            let source = match program.native {
                Native::C(source) => Some(source),
                Native::No | Native::Rust(_) => None,
            };
            for path in [Some(program.module), steady, source, program.stdin].into_iter().flatten() {
                let (dir, name) = path.rsplit_once('/').expect("a path");
                let ignored =
                    std::fs::read_to_string(crate::root().join(dir).join(".gitignore")).unwrap_or_default();
                let is_ignored = ignored.lines().any(|line| line.strip_prefix('/') == Some(name));
                assert!(is_ignored || crate::root().join(path).is_file(), "{path}");
            }
        }
    }

    #[test]
    fn every_name_is_there_once() {
        for (at, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS[..at].iter().all(|other| other.name != program.name), "{}", program.name);
        }
    }

    #[test]
    fn every_layer_has_programs_and_only_those_of_start_cannot_be_measured_in_a_process() {
        for layer in Layer::ALL {
            assert!(PROGRAMS.iter().any(|program| program.layer == layer), "{}", layer.name());
        }
        for program in PROGRAMS {
            assert_eq!(program.repeats(), program.layer != Layer::Start, "{}", program.name);
        }
    }
}
