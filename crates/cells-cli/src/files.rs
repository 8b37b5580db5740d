//! Files: reading with a bound, and writing so that there is always either the old file or the new one, whole.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::Builder;

/// The most bytes of a notebook file.
pub(crate) const MAX_NOTEBOOK: u64 = 64 << 20;

/// The most bytes of a checkpoint.
pub(crate) const MAX_CHECKPOINT: u64 = 4 << 30;

/// How many links may lead to each other before a file.
const MAX_LINKS: usize = 32;

/// Whether a file is a notebook of Jupyter's, by its ending.
pub(crate) fn is_of_jupyter(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"))
}

/// Whether a file is a notebook of cells, by its ending.
pub(crate) fn is_of_cells(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "cells")
}

/// The bytes of a notebook file, `-` being the standard input.
///
/// # Errors
/// As [`read`], and for a file of Jupyter's, which would be read as one cell, and replaced when that is saved.
pub(crate) fn read_notebook(path: &Path) -> Result<Vec<u8>> {
    refuse_jupyter(path)?;
    read(path, MAX_NOTEBOOK)
}

/// An error for a file of Jupyter's, which says what to do.
///
/// # Errors
/// For such a file.
pub(crate) fn refuse_jupyter(path: &Path) -> Result<()> {
    if is_of_jupyter(path) {
        let (from, to) = (path.display(), path.with_extension("cells"));
        bail!(
            "`{from}` is a notebook of Jupyter's: `upshift-cells convert {from} {}` makes one of cells",
            to.display()
        );
    }
    Ok(())
}

/// The bytes of a file, `-` being the standard input.
///
/// # Errors
/// If it cannot be read, or has more than `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    if path == "-" {
        return read_from(std::io::stdin().lock(), most).context("cannot read the standard input");
    }
    let read = || read_from(File::open(path)?, most);
    read().with_context(|| format!("cannot read `{}`", path.display()))
}

/// The same, nothing if there is no such file.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_if_there(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        _ => read(path, most).map(Some),
    }
}

fn read_from(reader: impl Read, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        bail!("there are more than {} MiB", most >> 20);
    }
    Ok(bytes)
}

/// Replaces a file, or makes it. Whoever reads it meanwhile, or after a crash, sees all of the old bytes or all of the new ones. Its
/// permissions stay, and where a symbolic link leads to it, the link stays too.
///
/// # Errors
/// If it cannot be written; then it is as it was.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let target = followed(path)?;
        let old = match fs::metadata(&target) {
            Ok(metadata) if !metadata.is_file() => bail!("this is not a file"),
            Ok(metadata) => Some(metadata.permissions()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        if old.as_ref().is_some_and(Permissions::readonly) {
            bail!("the file is write-protected");
        }
        let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = Builder::new();
        builder.prefix(".upshift-cells-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Of which the system takes off what the user does not want to give.
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(dir)?;
        file.write_all(bytes)?;
        if let Some(permissions) = old {
            file.as_file().set_permissions(permissions)?;
        }
        file.as_file().sync_all()?;
        file.persist(&target)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// An error for a place where a checkpoint would replace a notebook.
///
/// # Errors
/// For such a place.
pub(crate) fn refuse_notebook(path: &Path) -> Result<()> {
    if is_of_cells(path) || is_of_jupyter(path) {
        bail!(
            "a checkpoint would take the place of the notebook `{}`: give it another ending",
            path.display()
        );
    }
    Ok(())
}

/// The same as [`write`] for a checkpoint.
///
/// # Errors
/// As there, if it has more bytes than are read, and as [`refuse_notebook`].
pub(crate) fn write_checkpoint(path: &Path, bytes: &[u8]) -> Result<()> {
    refuse_notebook(path)?;
    if bytes.len() as u64 > MAX_CHECKPOINT {
        bail!("cannot write `{}`: a checkpoint has at most {} MiB", path.display(), MAX_CHECKPOINT >> 20);
    }
    write(path, bytes)
}

/// Where links lead; the file there need not exist.
fn followed(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(next) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().map_or(next.clone(), |dir| dir.join(&next));
    }
    bail!("too many symbolic links lead to each other")
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{read, read_if_there, write};

    #[test]
    fn a_file_is_replaced_and_keeps_its_permissions_and_links() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, link_to_link) =
            (dir.path().join("a.cells"), dir.path().join("link"), dir.path().join("link 2"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.cells", &link).unwrap();
        symlink(&link, &link_to_link).unwrap();
        write(&link_to_link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink() && link_to_link.is_symlink());
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_new_file_has_the_permissions_that_new_files_have() {
        let dir = tempfile::tempdir().unwrap();
        let (file, plain) = (dir.path().join("new"), dir.path().join("plain"));
        let link = dir.path().join("link");
        symlink("new", &link).unwrap();
        write(&link, b"x").unwrap();
        fs::write(&plain, "x").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&file), mode(&plain));
    }

    #[test]
    fn what_cannot_be_written_stays_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        let error = format!("{:#}", write(&file, b"new").unwrap_err());
        assert!(error.contains("write-protected") && error.contains("cannot write"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert!(write(dir.path(), b"").is_err());
        assert!(write(&dir.path().join("nowhere/a"), b"").is_err());
        let circle = dir.path().join("circle");
        symlink(&circle, &circle).unwrap();
        assert!(write(&circle, b"").is_err());
    }

    #[test]
    fn reading_has_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        assert_eq!(read_if_there(&file, 3).unwrap(), None);
        assert!(read(&file, 3).is_err());
        fs::write(&file, "abcd").unwrap();
        assert_eq!(read_if_there(&file, 4).unwrap().unwrap(), b"abcd");
        assert!(read(&file, 3).is_err());
    }
}
