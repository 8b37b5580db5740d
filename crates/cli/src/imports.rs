//! What to say when a module wants to import what nobody offers.

use anyhow::{Error, anyhow};
use upshift::{ImportType, Linker, Module, Store};

use crate::nearest::nearest;
use crate::program::Host;
use crate::show;

/// What could be imported: names of modules and of what they offer.
type Offer = Vec<(String, String)>;

/// An error that tells what is missing and what may be meant; none if nothing is missing.
pub(crate) fn missing(linker: &Linker<Host>, store: &mut Store<Host>, module: &Module) -> Option<Error> {
    /// More than these say nothing new.
    const MOST: usize = 5;
    let missing: Vec<ImportType<'_>> =
        module.imports().filter(|import| linker.get_by_import(&mut *store, import).is_none()).collect();
    if missing.is_empty() {
        return None;
    }
    let offer = offer(linker, store);
    let mut lines: Vec<String> = missing.iter().take(MOST).map(|import| line(import, &offer)).collect();
    if missing.len() > MOST {
        lines.push(format!("and {} more", missing.len() - MOST));
    }
    Some(anyhow!("{}", lines.join("\n")))
}

fn line(import: &ImportType<'_>, offer: &Offer) -> String {
    let (module, name) = (import.module(), import.name());
    let what = show::describe(&import.ty());
    let names = || offer.iter().filter(|(from, _)| from == module).map(|(_, name)| name.as_str());
    let mut modules: Vec<&str> = offer.iter().map(|(from, _)| from.as_str()).collect();
    modules.sort_unstable();
    modules.dedup();
    let hint = if modules.contains(&module) {
        nearest(name, names()).unwrap_or_else(|| format!("`{module}` offers nothing with a name like that"))
    } else {
        nearest(module, modules.iter().copied()).unwrap_or_else(|| {
            let modules = modules.join("`, `");
            format!("on offer is `{modules}`; `--preload {module}=FILE` would offer what FILE exports")
        })
    };
    format!("unknown import `{module}::{name}`, a {what}: {hint}")
}

/// Everything that could be imported: what the linker has, and all of WASI, of which it has only what is imported.
fn offer(linker: &Linker<Host>, store: &mut Store<Host>) -> Offer {
    let mut all = linker.clone();
    all.allow_shadowing(true);
    // What cannot be defined is not on offer.
    let _ = upshift_wasi::add_to_linker(&mut all, Host::wasi);
    all.iter(store).map(|(module, name, _)| (module.to_owned(), name.to_owned())).collect()
}
