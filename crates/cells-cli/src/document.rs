//! The notebook file that a server edits, and whether it still is what was loaded.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use upshift_cells_cli::notebook::{Cell, LineEnding, Notebook};

use crate::files::{self, MAX_NOTEBOOK};

/// A notebook file, which need not exist yet.
#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    line_ending: LineEnding,
}

/// What is in a file, in short. Several pages may edit one file, so each says which version its changes are to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Version(String);

impl Version {
    /// Of what is in a file; nothing if there is none.
    fn of(bytes: Option<&[u8]>) -> Version {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Version(format!("{:016x}", hasher.finish()))
    }

    /// One that a page has been told.
    pub(crate) fn told(text: String) -> Version {
        Version(text)
    }

    /// What a page is told.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// What came of saving.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Saved {
    /// The file has what was to be saved, and this version.
    Written(Version),
    /// The file is not of the version that was changed, so it was left as it is.
    ChangedMeanwhile,
    /// What was to be saved is more than could be loaded again.
    TooLong,
}

impl Document {
    /// The document in a file.
    pub(crate) fn new(path: PathBuf) -> Document {
        Document { path, line_ending: LineEnding::default() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file, and says which version it is; if there is none, the notebook is empty.
    ///
    /// # Errors
    /// If it cannot be read or is no notebook, and if there is no folder for it.
    pub(crate) fn load(&mut self) -> Result<(Notebook, Version)> {
        files::refuse_jupyter(&self.path)?;
        if let Some(folder) = self.path.parent().filter(|dir| !dir.as_os_str().is_empty() && !dir.is_dir()) {
            bail!("there is no folder `{}` for the notebook", folder.display());
        }
        let bytes = files::read_if_there(&self.path, MAX_NOTEBOOK)?;
        let notebook = Notebook::from_bytes(bytes.as_deref().unwrap_or_default())
            .with_context(|| format!("`{}` is no notebook", self.path.display()))?;
        self.line_ending = notebook.line_ending();
        Ok((notebook, Version::of(bytes.as_deref())))
    }

    /// A notebook of cells, to be saved here.
    ///
    /// # Errors
    /// If two cells have one ID.
    pub(crate) fn notebook(&self, cells: Vec<Cell>) -> Result<Notebook, String> {
        Notebook::new(cells, self.line_ending)
    }

    /// Writes a notebook to the file, if that is of the version `base`, or in any case without one.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub(crate) fn save(&mut self, notebook: &Notebook, base: Option<&Version>) -> Result<Saved> {
        let bytes = notebook.to_string().into_bytes();
        if bytes.len() as u64 > MAX_NOTEBOOK {
            return Ok(Saved::TooLong);
        }
        let version = Version::of(Some(&bytes));
        // Without a version it does not matter what is there, if only it can be replaced.
        if let Some(base) = base {
            let there = files::read_if_there(&self.path, MAX_NOTEBOOK)?;
            if there.as_ref() == Some(&bytes) {
                return Ok(Saved::Written(version));
            }
            if Version::of(there.as_deref()) != *base {
                return Ok(Saved::ChangedMeanwhile);
            }
        }
        files::write(&self.path, &bytes)?;
        Ok(Saved::Written(version))
    }
}

/// A name in this folder under which there is no file yet.
pub(crate) fn free_path() -> PathBuf {
    let names = std::iter::once("notebook.cells".into()).chain((2..).map(|n| format!("notebook-{n}.cells")));
    let mut free = names.map(PathBuf::from).filter(|path| path.symlink_metadata().is_err());
    free.next().expect("a folder has not that many files")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use upshift_cells_cli::notebook::{Cell, CellKind};

    use super::{Document, Saved, Version};

    fn save(document: &mut Document, source: &str, base: Option<&Version>) -> Saved {
        let cell = Cell::new("a", CellKind::Code, source).unwrap();
        let notebook = document.notebook(vec![cell]).unwrap();
        document.save(&notebook, base).unwrap()
    }

    #[track_caller]
    fn written(saved: Saved) -> Version {
        match saved {
            Saved::Written(version) => version,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_others_have_changed_is_not_overwritten_unless_that_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.cells");
        let mut document = Document::new(path.clone());
        let (notebook, none) = document.load().unwrap();
        assert_eq!(notebook.cells().len(), 0);
        let first = written(save(&mut document, "1", Some(&none)));
        let second = written(save(&mut document, "2", Some(&first)));
        // Who has loaded the first knows nothing of the second.
        assert_eq!(save(&mut document, "3", Some(&first)), Saved::ChangedMeanwhile);
        fs::write(&path, "%% code a\n3\n").unwrap();
        // That somebody loads it does not tell another what is in it.
        let (_, third) = document.load().unwrap();
        assert_eq!(save(&mut document, "4", Some(&second)), Saved::ChangedMeanwhile);
        assert_eq!(fs::read_to_string(&path).unwrap(), "%% code a\n3\n");
        // What is there already needs no writing.
        assert_eq!(written(save(&mut document, "3", Some(&second))), third);
        fs::remove_file(&path).unwrap();
        assert_eq!(save(&mut document, "5", Some(&third)), Saved::ChangedMeanwhile);
        written(save(&mut document, "5", None));
        fs::write(&path, "%% code a\r\n6\r\n").unwrap();
        let (notebook, sixth) = document.load().unwrap();
        assert_eq!(notebook.cells()[0].source(), "6");
        written(save(&mut document, "7", Some(&sixth)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "%% code a\r\n7\r\n");
    }
}
