//! `jupyter`: tells Jupyter of the kernel, or is it.

use anyhow::Result;
use upshift_cells_jupyter::{InstallOptions, Place, install, run, uninstall};

use crate::flags;
use crate::print::{print, visible};

/// Does what is asked for.
///
/// # Errors
/// If the kernel's files cannot be written, or the kernel cannot start.
pub(crate) fn jupyter(verb: &flags::Jupyter) -> Result<()> {
    match verb {
        flags::Jupyter::Install(place) => {
            let path = install(&options(place))?;
            print(&format!("The kernel is in {}\n", visible(&path.display().to_string())))
        }
        flags::Jupyter::Uninstall(place) => {
            let path = uninstall(&options(place))?;
            print(&format!("The kernel is gone from {}\n", visible(&path.display().to_string())))
        }
        flags::Jupyter::Run { connection_file, limits } => Ok(run(connection_file, limits.options(None))?),
    }
}

fn options(place: &flags::Place) -> InstallOptions {
    let name = place.name.clone();
    let place = match &place.prefix {
        Some(prefix) => Place::Prefix(prefix.clone()),
        None if place.sys_prefix => Place::SysPrefix,
        None => Place::User,
    };
    InstallOptions { place, name, ..InstallOptions::default() }
}
