//! The kernel's spec: the file by which Jupyter finds the kernel.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jupyter_protocol::JupyterKernelspec;
use serde_json::Value;

use crate::error::Error;

/// What is said of the kernel's language in its spec.
const LANGUAGE: &str = "cells";

/// For whom the kernel is installed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// The user: `$JUPYTER_DATA_DIR`, else Jupyter's folder below `$XDG_DATA_HOME` or where the system keeps data of users.
    #[default]
    User,
    /// All that look below this folder: `share/jupyter` in it.
    Prefix(PathBuf),
    /// The virtual environment of Python (`$VIRTUAL_ENV`, `$CONDA_PREFIX`) in which this process runs.
    SysPrefix,
}

/// What is installed, and where.
#[derive(Clone, Debug)]
pub struct InstallOptions {
    /// Where.
    pub place: Place,
    /// The name of the kernel, as in `jupyter console --kernel NAME`: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The name that users see.
    pub display_name: String,
    /// The program, which is called with `jupyter run CONNECTION_FILE`; this one if there is none.
    pub program: Option<PathBuf>,
}

impl Default for InstallOptions {
    fn default() -> Self {
        Self {
            place: Place::default(),
            name: "upshift-cells".to_owned(),
            display_name: "Upshift cells".to_owned(),
            program: None,
        }
    }
}

/// Tells Jupyter of the kernel. Another spec of the same name is replaced, all at once. Returns the folder of the spec.
///
/// # Errors
///
/// If it is not known where the spec belongs, or it cannot be written.
pub fn install(options: &InstallOptions) -> Result<PathBuf, Error> {
    let folder = folder(options, &|name| env::var_os(name))?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            env::current_exe().map_err(|source| Error::Io { path: "the running program".into(), source })?
        }
    };
    let Some(program) = program.to_str() else {
        return Err(Error::Place(format!("{}: a spec can only hold Unicode", program.display())));
    };
    let spec = JupyterKernelspec {
        argv: [program, "jupyter", "run", "{connection_file}"].map(str::to_owned).into(),
        display_name: options.display_name.clone(),
        language: LANGUAGE.to_owned(),
        metadata: Some(HashMap::from([("debugger".to_owned(), Value::Bool(false))])),
        interrupt_mode: Some("message".to_owned()),
        env: Some(HashMap::new()),
    };
    fs::create_dir_all(&folder).map_err(|source| Error::Io { path: folder.clone(), source })?;
    let path = folder.join("kernel.json");
    let content =
        |error: serde_json::Error| Error::Content { path: path.clone(), message: error.to_string() };
    let text = serde_json::to_string_pretty(&spec).map_err(content)? + "\n";
    replace(&path, text.as_bytes()).map_err(|source| Error::Io { path, source })?;
    Ok(folder)
}

/// Takes back what [`install`] did. Returns the folder that is no longer there.
///
/// # Errors
///
/// If there is no kernel of that name, or it is one of another language, or it cannot be removed.
pub fn uninstall(options: &InstallOptions) -> Result<PathBuf, Error> {
    let folder = folder(options, &|name| env::var_os(name))?;
    let path = folder.join("kernel.json");
    let text = fs::read_to_string(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
    let language = serde_json::from_str::<Value>(&text)
        .map_err(|error| Error::Content { path: path.clone(), message: error.to_string() })?
        .get("language")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if language.as_deref() != Some(LANGUAGE) {
        let message = "this is a kernel of another language, which is left alone".to_owned();
        return Err(Error::Content { path, message });
    }
    fs::remove_dir_all(&folder).map_err(|source| Error::Io { path: folder.clone(), source })?;
    Ok(folder)
}

/// The folder of the spec.
fn folder(options: &InstallOptions, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<PathBuf, Error> {
    let name = &options.name;
    let fits = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(fits) {
        return Err(Error::Place(format!(
            "{name:?} cannot be the name of a kernel: expected letters, digits, `-`, `_` and `.`"
        )));
    }
    Ok(data_folder(&options.place, variable)?.join("kernels").join(name))
}

/// Jupyter's folder for data of whom `place` is about.
fn data_folder(place: &Place, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<PathBuf, Error> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    match place {
        Place::User => {
            if let Some(folder) = set("JUPYTER_DATA_DIR") {
                return Ok(folder);
            }
            let found = if cfg!(windows) {
                set("APPDATA").map(|data| data.join("jupyter"))
            } else if cfg!(target_os = "macos") {
                set("HOME").map(|home| home.join("Library/Jupyter"))
            } else {
                // What is not absolute has to be ignored there.
                set("XDG_DATA_HOME")
                    .filter(|data| data.is_absolute())
                    .or_else(|| set("HOME").map(|home| home.join(".local/share")))
                    .map(|data| data.join("jupyter"))
            };
            found.ok_or_else(|| {
                Error::Place("the user has no home: set JUPYTER_DATA_DIR, or name a prefix".to_owned())
            })
        }
        Place::Prefix(prefix) => Ok(prefix.join("share/jupyter")),
        Place::SysPrefix => set("VIRTUAL_ENV")
            .or_else(|| set("CONDA_PREFIX"))
            .map(|prefix| prefix.join("share/jupyter"))
            .ok_or_else(|| {
                Error::Place(
                    "no virtual environment is active: VIRTUAL_ENV and CONDA_PREFIX are not set".to_owned(),
                )
            }),
    }
}

/// Writes a file so that who reads it sees the old or the new content, whole.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What failed is told; this is only not to leave half of a file behind.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_of_folders() {
        for name in ["", ".", "..", "a/b", "a b", "ä", "\\"] {
            let options = InstallOptions { name: name.to_owned(), ..InstallOptions::default() };
            assert!(matches!(folder(&options, &|_| Some("/x".into())), Err(Error::Place(_))), "{name:?}");
        }
    }

    #[test]
    fn folders_are_those_of_jupyter() {
        let find = |place: Place, variables: &[(&str, &str)]| {
            data_folder(&place, &|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
            })
            .ok()
        };
        let all =
            [("JUPYTER_DATA_DIR", "/j"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h"), ("VIRTUAL_ENV", "/v")];
        assert_eq!(find(Place::User, &all), Some("/j".into()));
        assert_eq!(find(Place::SysPrefix, &all), Some("/v/share/jupyter".into()));
        assert_eq!(find(Place::SysPrefix, &[]), None);
        assert_eq!(find(Place::Prefix("/p".into()), &[]), Some("/p/share/jupyter".into()));
        if cfg!(target_os = "linux") {
            assert_eq!(find(Place::User, &all[1..]), Some("/x/jupyter".into()));
            assert_eq!(find(Place::User, &all[2..]), Some("/h/.local/share/jupyter".into()));
            assert_eq!(
                find(Place::User, &[("XDG_DATA_HOME", "x"), ("HOME", "/h")]),
                Some("/h/.local/share/jupyter".into())
            );
            assert_eq!(find(Place::User, &[]), None);
        }
    }
}
