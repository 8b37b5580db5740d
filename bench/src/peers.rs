//! The runtimes that are compared: a table of their command lines, and which of them this machine has.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::marks::Note;
use crate::native;
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
    /// What calls exports for the layer `host`.
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
    host: Host::Loop,
    steady: true,
};

const WASMTIME: Peer = Peer {
    name: "wasmtime",
    variable: "WASMTIME",
    file: "wasmtime",
    source: "https://wasmtime.dev",
    run: &["run", "-C", "cache-config={cache.toml}", "{module}", "{args}"],
    host: Host::Python("bench/hosts/host.py", "wasmtime"),
    ..PLAIN
};

const PEERS: &[Peer] = &[
    WASMTIME,
    Peer {
        name: "wasmtime-nocache",
        run: &["run", "-C", "cache=n", "{module}", "{args}"],
        host: Host::Loop,
        steady: false,
        ..WASMTIME
    },
    Peer {
        name: "wasmtime-aot",
        compile: &["compile", "{module}", "-o", "{compiled}"],
        run: &["run", "--allow-precompiled", "{compiled}", "{args}"],
        host: Host::Loop,
        steady: false,
        ..WASMTIME
    },
    Peer {
        name: "wasmi",
        variable: "WASMI",
        file: "wasmi",
        source: "cargo install wasmi_cli --locked",
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
];

/// The tiers that a column of upshift can be held to, and the flags that do so.
const TIERS: &[(&str, &[&str])] = &[("interp", &[])];

/// One column: a runtime of this machine.
pub(crate) struct Runtime {
    pub(crate) name: String,
    /// Whether it is upshift.
    pub(crate) is_ours: bool,
    pub(crate) version: String,
    how: How,
}

enum How {
    /// An executable, and what is needed of its row.
    Peer { executable: OsString, compile: Vec<String>, run: Vec<String>, host: Option<Caller>, steady: bool },
    /// The programs compiled for this machine.
    Native(HashMap<&'static str, PathBuf>),
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
            How::Peer { executable, compile, run, .. } => {
                let command = |words: &[String]| {
                    let mut command = Command::new(executable);
                    command.args(words.iter().flat_map(|word| places.fill(word, &module, &args)));
                    command
                };
                let caches = !compile.is_empty() || run.iter().any(|word| word.contains("{cache"));
                let compile = (!compile.is_empty()).then(|| (command(compile), places.compiled(&module)));
                // The loop in the module prints nothing.
                let note = program.host.is_some().then_some(Note::WatLoop);
                let prints = note.is_none();
                Some(Commands { compile, run: command(run), caches, is_native: false, prints, note })
            }
        }
    }
}

/// Whether a text can name a runtime or an entry of the history: it becomes a part of paths, commands and tables.
pub(crate) fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain)
}

/// What [`is_name`] asks for.
pub(crate) const NAME: &str = "a name has letters, digits, and `-`, `_`, `.` and `+` within";

/// A runtime from the command line, `NAME=CMD`.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    name: String,
    words: Vec<String>,
}

impl FromStr for Extra {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, command) = text.split_once('=').ok_or("no `=` in it")?;
        let words: Vec<String> = command.split_whitespace().map(String::from).collect();
        if words.is_empty() {
            return Err("a name and a command are needed");
        }
        if !is_name(name) {
            return Err(NAME);
        }
        Ok(Extra { name: name.to_string(), words })
    }
}

/// Which runtimes are wanted.
pub(crate) struct Wanted<'a> {
    /// The names of those of the table; all when there is none.
    pub(crate) peers: &'a [String],
    pub(crate) extra: &'a [Extra],
    pub(crate) tiers: &'a [String],
    pub(crate) native: bool,
    pub(crate) programs: &'a [&'static Program],
}

/// Upshift, the peers that are here, the extra ones, and at last the native programs. Says which peers are missing.
///
/// # Errors
/// If upshift is missing, a name is unknown or there twice, or a variable names no file.
pub(crate) fn found(root: &Path, wanted: &Wanted) -> Result<Vec<Runtime>> {
    let mut runtimes = upshift(root, wanted.tiers)?;
    let names: Vec<&str> = PEERS.iter().map(|peer| peer.name).collect();
    for name in wanted.peers {
        let known = names.contains(&name.as_str()) || name == "native";
        ensure!(known, "--peers {name}: unknown; there are {}, native", names.join(", "));
    }
    let is_wanted = |name: &str| wanted.peers.is_empty() || wanted.peers.iter().any(|peer| peer == name);
    for peer in PEERS.iter().filter(|peer| is_wanted(peer.name)) {
        match executable(peer)? {
            Some(executable) => runtimes.push(runtime(root, peer, executable)),
            None => eprintln!(
                "skip {}: no `{}` on the PATH and no ${}; see {}",
                peer.name, peer.file, peer.variable, peer.source
            ),
        }
    }
    for Extra { name, words } in wanted.extra {
        let run = words[1..].iter().map(String::as_str).chain(["{module}", "{args}"]).map(String::from);
        let executable = OsString::from(&words[0]);
        let how = How::Peer { executable, compile: Vec::new(), run: run.collect(), host: None, steady: true };
        runtimes.push(Runtime { name: name.clone(), is_ours: false, version: words.join(" "), how });
    }
    if wanted.native && is_wanted("native") {
        for (name, version, executables) in native::compile(root, wanted.programs)? {
            runtimes.push(Runtime {
                name: name.into(),
                is_ours: false,
                version,
                how: How::Native(executables),
            });
        }
    }
    for (at, runtime) in runtimes.iter().enumerate() {
        let name = &runtime.name;
        ensure!(
            runtimes[..at].iter().all(|other| other.name != *name),
            "there is more than one runtime {name}"
        );
    }
    Ok(runtimes)
}

/// The columns of upshift: one for each of the tiers that are asked for, or one that chooses by itself.
fn upshift(root: &Path, tiers: &[String]) -> Result<Vec<Runtime>> {
    let executable = build_or_find(root)?;
    let version = version(&executable);
    let caller = caller()?;
    let column = |name: String, flags: &[&str]| {
        let run =
            ["run"].iter().chain(flags).chain(&["{module}", "{args}"]).map(ToString::to_string).collect();
        let host = caller.clone().map(|caller| {
            let words = [caller].into_iter().chain(flags.iter().map(OsString::from)).collect();
            Caller { words, note: None }
        });
        let how = How::Peer { executable: executable.clone(), compile: Vec::new(), run, host, steady: true };
        Runtime { name, is_ours: true, version: version.clone(), how }
    };
    if tiers.is_empty() {
        return Ok(vec![column("upshift".into(), &[])]);
    }
    let columns = tiers.iter().map(|tier| match TIERS.iter().find(|(name, _)| name == tier) {
        Some((name, flags)) => Ok(column(format!("upshift-{name}"), flags)),
        None => {
            let names: Vec<_> = TIERS.iter().map(|(name, _)| *name).collect();
            bail!("--tiers {tier}: upshift has no such tier; it has: {}", names.join(", "))
        }
    });
    columns.collect()
}

/// `$UPSHIFT`, or the executable beside this one, brought up to date first when cargo has started this one.
fn build_or_find(root: &Path) -> Result<OsString> {
    if let Some(path) = env::var_os("UPSHIFT") {
        ensure!(Path::new(&path).is_file(), "$UPSHIFT is {}, which is not there", path.display());
        return Ok(path);
    }
    let upshift = beside("upshift")?;
    if let Some(cargo) = env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.current_dir(root).args(["build", "--quiet", "--package", "upshift-cli"]);
        build.args(["--package", "upshift-bench", "--bins"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        ensure!(build.status()?.success(), "upshift could not be built");
    }
    ensure!(upshift.is_file(), "{} is not there: build it, or name another by $UPSHIFT", upshift.display());
    Ok(upshift.into())
}

/// The host of upshift: `$UPSHIFT_HOST`, or what was built with this program, but not for an upshift that was not.
fn caller() -> Result<Option<OsString>> {
    if let Some(path) = env::var_os("UPSHIFT_HOST") {
        ensure!(Path::new(&path).is_file(), "$UPSHIFT_HOST is {}, which is not there", path.display());
        return Ok(Some(path));
    }
    let host = beside("upshift-host")?;
    Ok((env::var_os("UPSHIFT").is_none() && host.is_file()).then(|| host.into()))
}

/// The path of another executable of the workspace, which cargo builds with the same profile.
fn beside(name: &str) -> Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

fn runtime(root: &Path, peer: &Peer, executable: OsString) -> Runtime {
    let host = match peer.host {
        Host::Loop => None,
        Host::Script(script) => {
            Some(Caller { words: vec![executable.clone(), root.join(script).into()], note: None })
        }
        Host::Python(script, package) => {
            let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
            let import = Command::new(&python).args(["-c", &format!("import {package}")]).output();
            match import {
                Ok(output) if output.status.success() => Some(Caller {
                    words: vec![python, root.join(script).into()],
                    note: Some(Note::FromPython),
                }),
                _ => {
                    eprintln!(
                        "skip the host of {}: pip install {package}; its calls are a loop in the module",
                        peer.name
                    );
                    None
                }
            }
        }
    };
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let version = version(&executable);
    let how = How::Peer {
        executable,
        compile: words(peer.compile),
        run: words(peer.run),
        host,
        steady: peer.steady,
    };
    Runtime { name: peer.name.into(), is_ours: false, version, how }
}

/// The path of an executable, by its environment variable or from the PATH. An empty variable leaves it out.
fn executable(peer: &Peer) -> Result<Option<OsString>> {
    let variable = peer.variable;
    if let Some(path) = env::var_os(variable) {
        if path.is_empty() {
            return Ok(None);
        }
        ensure!(Path::new(&path).is_file(), "${variable} is {}, which is not there", path.display());
        return Ok(Some(path));
    }
    let file = format!("{}{}", peer.file, env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::split_paths(&path).map(|dir| dir.join(&file)).find(|path| path.is_file()).map(OsString::from))
}

/// What an executable says of its version: the first word that begins with a digit, or with one after a `v`.
pub(crate) fn version(executable: &OsString) -> String {
    let output = Command::new(executable).arg("--version").output();
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let number = |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let word = text.split(|c: char| c.is_whitespace() || c == ',').find(number);
    word.map_or("unknown", |word| word.trim_start_matches('v')).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Extra, PEERS, Places};
    use std::path::Path;

    #[test]
    fn an_extra_runtime_has_a_name_and_words() {
        let extra: Extra = "fast=engine run --opt=2".parse().expect("well-formed");
        assert_eq!(extra.name, "fast");
        assert_eq!(extra.words, ["engine", "run", "--opt=2"]);
        for wrong in ["fast", "=engine", "fast=", "fast=  ", "../fast=engine", "/fast=engine", "a b=engine"] {
            assert!(wrong.parse::<Extra>().is_err(), "{wrong}");
        }
    }

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
    fn every_row_runs_the_module_and_gives_it_arguments() {
        for peer in PEERS {
            let module = if peer.compile.is_empty() { "{module}" } else { "{compiled}" };
            for word in [module, "{args}"] {
                assert!(peer.run.contains(&word), "{}: {word}", peer.name);
            }
        }
    }
}
