//! The runtimes that are compared: which of them this machine has, and the command that runs a program in each.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use crate::programs::{self, Program};

/// One column of the table. The first is always upshift.
pub(crate) struct Runtime {
    pub(crate) name: String,
    how: How,
}

enum How {
    /// These words, then the path of the module.
    Module(Vec<OsString>),
    /// The program itself, compiled for this machine, by the program's name.
    Native(HashMap<&'static str, PathBuf>),
}

/// A runtime from the command line, `NAME=CMD`.
#[derive(Clone)]
pub(crate) struct Extra {
    name: String,
    words: Vec<OsString>,
}

impl FromStr for Extra {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, command) = text.split_once('=').ok_or("no `=` in it")?;
        let words: Vec<OsString> = command.split_whitespace().map(OsString::from).collect();
        if name.is_empty() || words.is_empty() {
            return Err("a name and a command are needed");
        }
        Ok(Extra { name: name.to_string(), words })
    }
}

impl Runtime {
    /// What runs this program, if this runtime can.
    pub(crate) fn command(&self, root: &Path, program: &Program) -> Option<Command> {
        match &self.how {
            How::Module(words) => {
                let mut command = Command::new(&words[0]);
                command.args(&words[1..]).arg(root.join(program.module));
                Some(command)
            }
            How::Native(executables) => executables.get(program.name).map(Command::new),
        }
    }
}

/// Name, environment variable, and the words between the executable and the module.
const PEERS: [(&str, &str, &[&str]); 4] = [
    ("wasmtime", "WASMTIME", &["run"]),
    ("wasmi", "WASMI", &["run"]),
    ("bun", "BUN", &["bench/driver.mjs"]),
    ("node", "NODE", &["bench/driver.mjs"]),
];

/// Upshift, the peers that are here, the extra ones, and at last the native programs. Says which peers are missing.
pub(crate) fn found(root: &Path, extra: &[Extra], native: bool) -> Result<Vec<Runtime>> {
    let mut runtimes =
        vec![Runtime { name: "upshift".into(), how: How::Module(vec![upshift()?, "run".into()]) }];
    for (name, variable, words) in PEERS {
        let Some(executable) = executable(name, variable)? else {
            println!("skip {name}: put `{name}` on the PATH, or its path into ${variable}");
            continue;
        };
        let mut command = vec![executable];
        for word in words {
            // The driver is found from everywhere.
            command.push(if word.contains('/') { root.join(word).into() } else { word.into() });
        }
        runtimes.push(Runtime { name: name.into(), how: How::Module(command) });
    }
    for Extra { name, words } in extra {
        ensure!(
            runtimes.iter().all(|runtime| runtime.name != *name),
            "there is more than one runtime named {name}"
        );
        runtimes.push(Runtime { name: name.clone(), how: How::Module(words.clone()) });
    }
    if native {
        runtimes.push(Runtime { name: "native".into(), how: How::Native(compile(root)?) });
    }
    Ok(runtimes)
}

/// `$UPSHIFT`, or the executable beside this one, which cargo built with the same profile.
fn upshift() -> Result<OsString> {
    if let Some(path) = env::var_os("UPSHIFT") {
        ensure!(Path::new(&path).is_file(), "$UPSHIFT is {}, which is not there", path.display());
        return Ok(path);
    }
    let beside = env::current_exe()?.with_file_name(format!("upshift{}", env::consts::EXE_SUFFIX));
    if !beside.is_file() {
        bail!("{} is not there: build it first, or name another by $UPSHIFT", beside.display());
    }
    Ok(beside.into())
}

/// The path of an executable, by its environment variable or from the PATH. An empty variable leaves it out.
fn executable(name: &str, variable: &str) -> Result<Option<OsString>> {
    if let Some(path) = env::var_os(variable) {
        if path.is_empty() {
            return Ok(None);
        }
        ensure!(Path::new(&path).is_file(), "${variable} is {}, which is not there", path.display());
        return Ok(Some(path));
    }
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::split_paths(&path).map(|dir| dir.join(&file)).find(|path| path.is_file()).map(OsString::from))
}

/// Compiles all programs that have a C source.
fn compile(root: &Path) -> Result<HashMap<&'static str, PathBuf>> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let dir = env::current_exe()?.with_file_name("bench-native");
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    let mut executables = HashMap::new();
    for program in programs::chosen(&[]) {
        let Some(source) = program.source else { continue };
        let executable = dir.join(format!("{}{}", program.name, env::consts::EXE_SUFFIX));
        let status = Command::new(&compiler)
            .args(["-std=c11", "-O3", "-o"])
            .arg(&executable)
            .arg(root.join(source))
            .status()
            .with_context(|| format!("running {}", compiler.display()))?;
        ensure!(status.success(), "{} could not compile {source}", compiler.display());
        executables.insert(program.name, executable);
    }
    Ok(executables)
}

#[cfg(test)]
mod tests {
    use super::Extra;

    #[test]
    fn an_extra_runtime_has_a_name_and_words() {
        let extra: Extra = "fast=engine run --opt=2".parse().expect("well-formed");
        assert_eq!(extra.name, "fast");
        assert_eq!(extra.words, ["engine", "run", "--opt=2"]);
        for wrong in ["fast", "=engine", "fast=", "fast=  "] {
            assert!(wrong.parse::<Extra>().is_err(), "{wrong}");
        }
    }
}
