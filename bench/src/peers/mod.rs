//! The runtimes that are compared: a table of their command lines, and how a program is run in each.

mod find;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

pub(crate) use self::find::{
    Extra, NAME, Wanted, executable_of, found, is_name, upshift_executable, version,
};
use crate::marks::Note;
use crate::suite::{Program, Steady};

/// A runtime as the table describes it.
struct Peer {
    /// The title of its column.
    name: &'static str,
    /// The environment variable with its path, and what it is called on the `PATH`.
    variable: &'static str,
    file: &'static str,
    /// Where to get it.
    source: &'static str,
    /// Compiles the module into a file before it is run; no words if that is not needed.
    compile: &'static [&'static str],
    /// Runs the module. In both, `{module}`, `{args}`, `{cache}`, `{cache.toml}`, `{compiled}` and `{driver}` stand for paths and
    /// arguments, see [`Places`].
    run: &'static [&'static str],
    /// What it is called by the program in `bench/hosts/peers`, which calls its exports for the layer `host` from Rust; empty if
    /// that does not have it.
    rust_host: &'static str,
    /// What calls exports for the layer `host` where that program is not built.
    host: Host,
    /// Whether a process that measures itself could tell something that another row does not.
    steady: bool,
}

/// What calls exports in a runtime.
#[derive(Clone, Copy)]
enum Host {
    /// Nothing of ours: the module has a loop.
    Loop,
    /// This script, which the runtime runs.
    Script(&'static str),
    /// This script, which Python runs if it has this package.
    Python(&'static str, &'static str),
}

const PLAIN: Peer = Peer {
    name: "",
    variable: "",
    file: "",
    source: "",
    compile: &[],
    run: &["run", "{module}", "{args}"],
    rust_host: "",
    host: Host::Loop,
    steady: true,
};

const WASMTIME: Peer = Peer {
    name: "wasmtime",
    variable: "WASMTIME",
    file: "wasmtime",
    source: "https://wasmtime.dev",
    run: &["run", "-C", "cache-config={cache.toml}", "{module}", "{args}"],
    rust_host: "wasmtime",
    host: Host::Python("bench/hosts/host.py", "wasmtime"),
    ..PLAIN
};

/// A small front-end of the library, without a verb.
const SF_NANO: Peer = Peer {
    name: "sf-nano",
    variable: "SFNANO",
    file: "sfrun",
    source: "https://crates.io/crates/sf-nano-core, with a program `sfrun` around it",
    run: &["{module}", "{args}"],
    ..PLAIN
};

const PEERS: &[Peer] = &[
    WASMTIME,
    Peer {
        name: "wasmtime-nocache",
        run: &["run", "-C", "cache=n", "{module}", "{args}"],
        rust_host: "",
        host: Host::Loop,
        steady: false,
        ..WASMTIME
    },
    Peer {
        name: "wasmtime-aot",
        compile: &["compile", "{module}", "-o", "{compiled}"],
        run: &["run", "--allow-precompiled", "{compiled}", "{args}"],
        rust_host: "",
        host: Host::Loop,
        steady: false,
        ..WASMTIME
    },
    Peer {
        name: "wasmi",
        variable: "WASMI",
        file: "wasmi",
        source: "cargo install wasmi_cli --locked",
        rust_host: "wasmi",
        ..PLAIN
    },
    Peer {
        name: "bun",
        variable: "BUN",
        file: "bun",
        source: "npm install -g bun",
        run: &["{driver}", "{module}", "{args}"],
        host: Host::Script("bench/hosts/host.mjs"),
        ..PLAIN
    },
    Peer {
        name: "node",
        variable: "NODE",
        file: "node",
        source: "https://nodejs.org",
        run: &["{driver}", "{module}", "{args}"],
        host: Host::Script("bench/hosts/host.mjs"),
        ..PLAIN
    },
    Peer {
        name: "wasmer",
        variable: "WASMER",
        file: "wasmer",
        source: "https://wasmer.io",
        run: &["run", "--cache-dir", "{cache}", "{module}", "--", "{args}"],
        ..PLAIN
    },
    Peer {
        name: "wasm3",
        variable: "WASM3",
        file: "wasm3",
        source: "https://github.com/wasm3/wasm3",
        run: &["{module}", "{args}"],
        ..PLAIN
    },
    Peer {
        name: "zwasm",
        variable: "ZWASM",
        file: "zwasm",
        source: "https://github.com/clojurewasm/zwasm",
        ..PLAIN
    },
    Peer {
        name: "wazero",
        variable: "WAZERO",
        file: "wazero",
        source: "https://wazero.io",
        run: &["run", "-cachedir={cache}", "{module}", "{args}"],
        ..PLAIN
    },
    Peer {
        name: "iwasm",
        variable: "IWASM",
        file: "iwasm",
        source: "https://github.com/bytecodealliance/wasm-micro-runtime",
        run: &["{module}", "{args}"],
        ..PLAIN
    },
    SF_NANO,
    Peer { name: "sf-nano-interp", run: &["--interp", "{module}", "{args}"], ..SF_NANO },
];

/// The tiers that a column of upshift can be held to, and the flags that do so.
const TIERS: &[(&str, &[&str])] = &[
    ("interp", &["--tier", "interp"]),
    ("baseline", &["--tier", "baseline"]),
    ("opt", &["--tier", "opt"]),
    ("jit-off", &["--jit", "off"]),
    ("jit-sync", &["--jit", "sync"]),
];

/// One column: a runtime of this machine.
pub(crate) struct Runtime {
    pub(crate) name: String,
    /// Whether it is upshift.
    pub(crate) is_ours: bool,
    pub(crate) version: String,
    how: How,
}

/// Where the user's caches are.
const CACHES: &str = "XDG_CACHE_HOME";

enum How {
    /// An executable, and what is needed of its row.
    Peer {
        executable: OsString,
        compile: Vec<String>,
        run: Vec<String>,
        host: Option<Caller>,
        steady: bool,
        caches: Caches,
    },
    /// The programs compiled for this machine.
    Native(HashMap<&'static str, PathBuf>),
}

/// Whether a process leaves code on the disk for later ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caches {
    /// If the words of its command say where.
    AsTold,
    /// Where the user's caches are, if that is where this program says.
    WithTheUsers,
    /// It would, but is not to.
    Not,
}

/// What calls exports for the layer `host`: the words that start it, and what to know about its times.
#[derive(Clone)]
struct Caller {
    words: Vec<OsString>,
    note: Option<Note>,
}

/// Which of the ways of running a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// From the start of a process to its end, with the work done once.
    Whole,
    /// In a process that measures itself for this long.
    Steady(Duration),
}

/// The files and directories that a runtime may use for one program.
pub(crate) struct Places<'a> {
    pub(crate) root: &'a Path,
    /// A directory of this runtime and program alone.
    pub(crate) scratch: &'a Path,
}

impl Places<'_> {
    /// Where the runtime may keep what it compiled.
    pub(crate) fn cache(&self) -> PathBuf {
        self.scratch.join("cache")
    }

    /// What a module is compiled into.
    fn compiled(&self, module: &Path) -> PathBuf {
        self.cache().join(module.to_string_lossy().replace('/', "_")).with_extension("compiled")
    }

    /// Forgets all that was compiled.
    pub(crate) fn empty(&self) -> Result<()> {
        let cache = self.cache();
        if cache.exists() {
            fs::remove_dir_all(&cache)?;
        }
        fs::create_dir_all(&cache)?;
        // Quoted as TOML does: a path is no text of ours.
        let toml = format!("[cache]\ndirectory = {:?}\n", cache.to_string_lossy());
        fs::write(self.scratch.join("cache.toml"), toml)?;
        Ok(())
    }

    /// A word of the table with what it stands for.
    fn fill(&self, word: &str, module: &Path, args: &[String]) -> Vec<OsString> {
        let path = match word {
            "{args}" => return args.iter().map(OsString::from).collect(),
            "{module}" => module.to_path_buf(),
            "{compiled}" => self.compiled(module),
            "{driver}" => self.root.join("bench/driver.mjs"),
            _ => {
                let cache = self.cache();
                let toml = self.scratch.join("cache.toml");
                let word = word.replace("{cache.toml}", &toml.to_string_lossy());
                return vec![word.replace("{cache}", &cache.to_string_lossy()).into()];
            }
        };
        vec![path.into()]
    }
}

/// The command lines that run one program in one runtime.
pub(crate) struct Commands {
    /// Compiles it into this file first.
    pub(crate) compile: Option<(Command, PathBuf)>,
    pub(crate) run: Command,
    /// Whether processes leave something for later ones.
    pub(crate) caches: bool,
    /// Whether there is no module in it.
    pub(crate) is_native: bool,
    /// Whether it prints what the others print.
    pub(crate) prints: bool,
    /// What to know about the times.
    pub(crate) note: Option<Note>,
}

impl Runtime {
    /// What runs this program; `None` if nothing does.
    pub(crate) fn commands(
        &self,
        program: &'static Program,
        execution: Execution,
        places: &Places,
    ) -> Option<Commands> {
        let has_host = matches!(&self.how, How::Peer { host: Some(_), .. });
        let (module, args) = program.command_line(execution, has_host)?;
        let module = places.root.join(module);
        match &self.how {
            How::Native(executables) => {
                let mut run = Command::new(executables.get(program.name)?);
                run.args(&args);
                // A module that imports nothing cannot print what its native program does.
                let prints = program.steady == Steady::Itself;
                Some(Commands { compile: None, run, caches: false, is_native: true, prints, note: None })
            }
            How::Peer { steady: false, .. } if execution != Execution::Whole => None,
            How::Peer { host: Some(caller), .. } if let Some(calls) = &program.host => {
                let mut run = Command::new(&caller.words[0]);
                run.args(&caller.words[1..]).arg(places.root.join(program.module));
                run.args([calls.export, calls.expected])
                    .arg(calls.times(execution).to_string())
                    .args(calls.args);
                if let Execution::Steady(time) = execution {
                    run.args(["--steady", &time.as_millis().to_string()]);
                }
                Some(Commands {
                    compile: None,
                    run,
                    caches: false,
                    is_native: false,
                    prints: true,
                    note: caller.note,
                })
            }
            How::Peer { executable, compile, run, caches, .. } => {
                let command = |words: &[String]| {
                    let mut command = Command::new(executable);
                    command.args(words.iter().flat_map(|word| places.fill(word, &module, &args)));
                    match caches {
                        Caches::AsTold => &mut command,
                        Caches::WithTheUsers => command.env(CACHES, places.cache()),
                        Caches::Not => command.env(CACHES, "/dev/null"),
                    };
                    command
                };
                let caches = match caches {
                    Caches::AsTold => !compile.is_empty() || run.iter().any(|word| word.contains("{cache")),
                    Caches::WithTheUsers => true,
                    Caches::Not => false,
                };
                let compile = (!compile.is_empty()).then(|| (command(compile), places.compiled(&module)));
                // The loop in the module prints nothing.
                let note = program.host.is_some().then_some(Note::WatLoop);
                let prints = note.is_none();
                Some(Commands { compile, run: command(run), caches, is_native: false, prints, note })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PEERS, Places};
    use std::path::Path;

    #[test]
    fn words_of_the_table_are_filled() {
        let places = Places { root: Path::new("/r"), scratch: Path::new("/s") };
        let fill = |word| places.fill(word, Path::new("/m.wasm"), &["a".into(), "b c".into()]);
        assert_eq!(fill("{args}"), ["a", "b c"]);
        assert_eq!(fill("{module}"), ["/m.wasm"]);
        assert_eq!(fill("-cachedir={cache}"), ["-cachedir=/s/cache"]);
        assert_eq!(fill("cache-config={cache.toml}"), ["cache-config=/s/cache.toml"]);
        assert_eq!(fill("run"), ["run"]);
    }

    #[test]
    fn one_executable_may_have_several_rows() {
        let rows = PEERS.iter().filter(|peer| peer.variable == "SFNANO");
        let rows: Vec<_> = rows.map(|peer| (peer.name, peer.file, peer.run)).collect();
        assert_eq!(
            rows,
            [
                ("sf-nano", "sfrun", &["{module}", "{args}"][..]),
                ("sf-nano-interp", "sfrun", &["--interp", "{module}", "{args}"]),
            ]
        );
    }

    #[test]
    fn every_row_runs_the_module_and_gives_it_arguments() {
        for peer in PEERS {
            let module = if peer.compile.is_empty() { "{module}" } else { "{compiled}" };
            for word in [module, "{args}"] {
                assert!(peer.run.contains(&word), "{}: {word}", peer.name);
            }
        }
    }
}
