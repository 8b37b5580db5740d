//! `convert`: a notebook of cells as one of Jupyter, or the other way round.

use anyhow::{Context, Result, anyhow, bail};
use upshift_cells_cli::ipynb;
use upshift_cells_cli::notebook::Notebook;

use crate::files::{MAX_NOTEBOOK, is_of_jupyter, read, write};
use crate::flags;

/// Does what is asked for.
///
/// # Errors
/// If a file is not what its ending says, cannot be read or written, or is there already.
pub(crate) fn convert(flags::Convert { from, to, force }: &flags::Convert) -> Result<()> {
    let convert: fn(&[u8]) -> Result<String> = match (is_of_jupyter(from), is_of_jupyter(to)) {
        (false, true) => |bytes| Ok(ipynb::to_jupyter(&Notebook::from_bytes(bytes)?)),
        (true, false) => {
            |bytes| ipynb::from_jupyter(bytes).map(|notebook| notebook.to_string()).map_err(|e| anyhow!(e))
        }
        (true, true) | (false, false) => {
            bail!("expected one file that ends with `.ipynb` and one that does not")
        }
    };
    if !force && to.try_exists().with_context(|| format!("cannot look for `{}`", to.display()))? {
        bail!("`{}` is there already: add `--force` to replace it", to.display());
    }
    let bytes = read(from, MAX_NOTEBOOK)?;
    let text = convert(&bytes).with_context(|| format!("cannot convert `{}`", from.display()))?;
    write(to, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::convert;
    use crate::flags::Convert;

    #[test]
    fn files_are_converted_by_their_endings() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| -> PathBuf { dir.path().join(name) };
        let run = |from: &str, to: &str, force| convert(&Convert { from: path(from), to: path(to), force });
        let told = |result: anyhow::Result<()>| format!("{:#}", result.unwrap_err());
        let text = "%% markdown intro\n# Title\n%% code a.b\nlet x = 1\n";
        fs::write(path("a.cells"), text).unwrap();
        run("a.cells", "b.IPYNB", false).unwrap();
        run("b.IPYNB", "c.cells", false).unwrap();
        assert_eq!(fs::read_to_string(path("c.cells")).unwrap(), text);
        assert!(told(run("a.cells", "b.IPYNB", false)).contains("--force"));
        run("a.cells", "b.IPYNB", true).unwrap();

        assert!(told(run("a.cells", "c.cells", true)).contains("one file that ends with `.ipynb`"));
        assert!(told(run("none.cells", "d.ipynb", false)).contains("none.cells"));
        fs::write(path("bad.cells"), "%% what\n").unwrap();
        assert!(told(run("bad.cells", "d.ipynb", false)).contains("line 1"));
        fs::write(path("bad.ipynb"), "{").unwrap();
        assert!(told(run("bad.ipynb", "d.cells", false)).contains("not JSON"));
        assert!(!path("d.ipynb").exists() && !path("d.cells").exists());
    }
}
