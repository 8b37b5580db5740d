//! Which of the runtimes this machine has.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use anyhow::{Result, bail, ensure};

use super::{Caches, Caller, Host, How, PEERS, Peer, Runtime, TIERS};
use crate::marks::Note;
use crate::native;
use crate::suite::Program;

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
            None => eprintln!("skip {}: {}", peer.name, missing(peer)),
        }
    }
    for Extra { name, words } in wanted.extra {
        let run = words[1..].iter().map(String::as_str).chain(["{module}", "{args}"]).map(String::from);
        let executable = OsString::from(&words[0]);
        let how = How::Peer {
            executable,
            compile: Vec::new(),
            run: run.collect(),
            host: None,
            steady: true,
            caches: Caches::AsTold,
        };
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

/// Why a runtime is left out.
fn missing(peer: &Peer) -> String {
    format!("no `{}` on the PATH and no ${}; see {}", peer.file, peer.variable, peer.source)
}

/// The executable of a runtime of the table, or why there is none.
///
/// # Errors
/// If there is no such runtime, or its variable names no file.
pub(crate) fn executable_of(name: &str) -> Result<Result<OsString, String>> {
    let Some(peer) = PEERS.iter().find(|peer| peer.name == name) else {
        bail!("no runtime is called {name}")
    };
    Ok(executable(peer)?.ok_or_else(|| missing(peer)))
}

/// The columns of upshift: one for each of the tiers that are asked for, or one that chooses by itself.
fn upshift(root: &Path, tiers: &[String]) -> Result<Vec<Runtime>> {
    let executable = upshift_executable(root)?;
    let version = version(&executable);
    let caller = caller()?;
    let column = |name: String, flags: &[&str]| {
        let run =
            ["run"].iter().chain(flags).chain(&["{module}", "{args}"]).map(ToString::to_string).collect();
        // The program that calls exports has no such flags.
        let host = caller.clone().filter(|_| flags.is_empty());
        let host = host.map(|caller| Caller { words: vec![caller], note: None });
        // What one tier does is not to depend on what was left by another process.
        let caches = if flags.is_empty() { Caches::WithTheUsers } else { Caches::Not };
        let executable = executable.clone();
        let how = How::Peer { executable, compile: Vec::new(), run, host, steady: true, caches };
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
///
/// # Errors
/// If it is not there, or cannot be built.
pub(crate) fn upshift_executable(root: &Path) -> Result<OsString> {
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

/// The program that calls exports in other runtimes from Rust: `$PEERS_HOST`, or what was built in `bench/hosts/peers`.
fn rust_host(root: &Path) -> Option<OsString> {
    let built = || {
        let name = format!("upshift-bench-peers{}", env::consts::EXE_SUFFIX);
        root.join("bench/hosts/peers/target/release").join(name).into()
    };
    let path = env::var_os("PEERS_HOST").unwrap_or_else(built);
    Path::new(&path).is_file().then_some(path)
}

fn runtime(root: &Path, peer: &Peer, executable: OsString) -> Runtime {
    let from_rust = if peer.rust_host.is_empty() { None } else { rust_host(root) };
    let host = match peer.host {
        _ if let Some(program) = from_rust => {
            Some(Caller { words: vec![program, peer.rust_host.into()], note: None })
        }
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
        caches: Caches::AsTold,
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

/// What an executable says of its version: the first word that begins with a digit, or with one after a `v`. One that takes
/// `--version` for a file and fails has other things to say.
pub(crate) fn version(executable: &OsString) -> String {
    let output = Command::new(executable).arg("--version").output().ok();
    let output = output.filter(|output| output.status.success());
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let number = |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let word = text.split(|c: char| c.is_whitespace() || c == ',').find(number);
    word.map_or("unknown", |word| word.trim_start_matches('v')).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Extra, version};

    #[test]
    fn only_who_knows_its_version_tells_it() {
        assert_eq!(version(&"false".into()), "unknown");
        assert_eq!(version(&"no such program".into()), "unknown");
        let cargo = version(&env!("CARGO").into());
        assert!(cargo.starts_with(|c: char| c.is_ascii_digit()), "{cargo}");
    }

    #[test]
    fn an_extra_runtime_has_a_name_and_words() {
        let extra: Extra = "fast=engine run --opt=2".parse().expect("well-formed");
        assert_eq!(extra.name, "fast");
        assert_eq!(extra.words, ["engine", "run", "--opt=2"]);
        for wrong in ["fast", "=engine", "fast=", "fast=  ", "../fast=engine", "/fast=engine", "a b=engine"] {
            assert!(wrong.parse::<Extra>().is_err(), "{wrong}");
        }
    }
}
