//! What to say when a module wants to import what nobody offers.

use anyhow::{Error, anyhow};
use upshift::{ExternType, ImportType, Linker, Module, Store};
use upshift_core::shown::{Shown, list};

use crate::maker::{self, Look, Wanted};
use crate::nearest::nearest;
use crate::program::Host;
use crate::types::Types;

/// What could be imported: names of modules and of what they offer.
type Offer = Vec<(String, String)>;

/// An error that tells what is missing and what may be meant; none if nothing is missing. `threads` says whether what
/// `--threads` offers comes later.
pub(crate) fn missing(
    linker: &Linker<Host>,
    store: &mut Store<Host>,
    module: &Module,
    threads: bool,
) -> Option<Error> {
    /// More than these say nothing new.
    const MOST: usize = 5;
    let missing = module.imports().filter(|import| linker.get_by_import(&mut *store, import).is_none());
    let missing: Vec<ImportType<'_>> =
        missing.filter(|import| !(threads && comes_with_threads(import))).collect();
    if missing.is_empty() {
        return None;
    }
    let (offer, types) = (offer(linker, store), Types::of(module.info()));
    let mut lines: Vec<String> = Vec::new();
    for (i, import) in missing.iter().take(MOST).enumerate() {
        // What is said of a module is said once.
        let first = missing[..i].iter().all(|earlier| earlier.module() != import.module());
        lines.push(line(import, &offer, &types, first));
    }
    if missing.len() > MOST {
        lines.push(format!("and {} more", missing.len() - MOST));
    }
    lines.extend(maker::remark(&look(module, &missing)));
    Some(anyhow!("{}", lines.join("\n")))
}

/// What tells for whom a module is made of which this is missing.
fn look<'m>(module: &'m Module, missing: &[ImportType<'m>]) -> Look<'m> {
    let wanted = |import: &ImportType<'m>| Wanted {
        module: import.module(),
        name: import.name(),
        params: import.ty().func().map(|func| func.params().len()),
    };
    let is_memory = |ty: &ExternType| matches!(ty, ExternType::Memory(_));
    let imported = module.imports().filter(|import| is_memory(&import.ty())).map(|import| import.name());
    let exported = module.exports().filter(|export| is_memory(&export.ty())).map(|export| export.name());
    let info = module.info();
    let sections: [&[u8]; 2] = [b"dylink.0", b"dylink"];
    Look {
        missing: missing.iter().map(wanted).collect(),
        memories: imported.chain(exported).collect(),
        dynamic: info.customs.iter().any(|(name, _)| sections.contains(&info.slice(name))),
    }
}

/// What is missing and what may be meant. `first` says whether it is the first line about a module of this name.
fn line(import: &ImportType<'_>, offer: &Offer, types: &Types<'_>, first: bool) -> String {
    let (module, name) = (import.module(), import.name());
    let what = types.describe(&import.ty());
    let names = || offer.iter().filter(|(from, _)| from == module).map(|(_, name)| name.as_str());
    let mut modules: Vec<&str> = offer.iter().map(|(from, _)| from.as_str()).collect();
    modules.sort_unstable();
    modules.dedup();
    let hint = if comes_with_threads(import) {
        "`upshift run --threads` offers it".to_owned()
    } else if modules.contains(&module) {
        nearest(name, names())
            .unwrap_or_else(|| format!("`{}` offers nothing with a name like that", Shown::new(module)))
    } else if !first {
        return format!("unknown import `{}::{}`, a {what}", Shown::new(module), Shown::new(name));
    } else {
        nearest(module, modules.iter().copied()).unwrap_or_else(|| {
            let mut offered = String::new();
            let quoted = modules.iter().map(|module| format!("`{}`", Shown::new(module)));
            list(&mut offered, quoted).expect("writing to a String does not fail");
            let module = Shown::new(module);
            format!("on offer is {offered}; `--preload {module}=FILE` would offer what FILE exports")
        })
    };
    format!("unknown import `{}::{}`, a {what}: {hint}", Shown::new(module), Shown::new(name))
}

/// Whether `--threads` offers it.
fn comes_with_threads(import: &ImportType<'_>) -> bool {
    match import.ty() {
        ExternType::Func(_) => (import.module(), import.name()) == ("wasi", "thread-spawn"),
        ExternType::Memory(memory) => memory.is_shared(),
        _ => false,
    }
}

/// Everything that could be imported: what the linker has, and all of WASI, of which it has only what is imported.
fn offer(linker: &Linker<Host>, store: &mut Store<Host>) -> Offer {
    let mut all = linker.clone();
    all.allow_shadowing(true);
    // What cannot be defined is not on offer.
    let _ = upshift_wasi::add_to_linker(&mut all, Host::wasi);
    all.iter(store).map(|(module, name, _)| (module.to_owned(), name.to_owned())).collect()
}
