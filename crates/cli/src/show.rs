//! Types of imports and exports, and names of functions, as text for people.

use upshift::{ExternType, Module, Mutability};
use upshift_translate::module::ExternIndex;
use upshift_translate::{ModuleInfo, names};

/// What something is, in a few words: `function (i32) -> (i32)`, `memory of 1 to 17 pages`.
pub(crate) fn describe(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => format!("function {ty}"),
        ExternType::Global(ty) => {
            let mutable = if ty.mutability() == Mutability::Var { "mutable " } else { "" };
            format!("{mutable}global {}", ty.content())
        }
        ExternType::Table(ty) => {
            let wide = if ty.is_64() { "64-bit " } else { "" };
            format!("{wide}table of {} {}", range(ty.minimum(), ty.maximum()), ty.element())
        }
        ExternType::Memory(ty) => {
            let wide = if ty.is_64() { "64-bit " } else { "" };
            let shared = if ty.is_shared() { "shared " } else { "" };
            let pages = pages(ty.page_size());
            format!("{wide}{shared}memory of {} {pages}", range(ty.minimum(), ty.maximum()))
        }
        ExternType::Tag(ty) => format!("tag {}", ty.ty()),
    }
}

/// What the sizes of a memory count.
fn pages(size: u64) -> String {
    match size {
        65536 => "pages".into(),
        1 => "pages of 1 byte".into(),
        _ => format!("pages of {size} bytes"),
    }
}

fn range(minimum: u64, maximum: Option<u64>) -> String {
    match maximum {
        Some(maximum) if maximum == minimum => format!("{minimum}"),
        Some(maximum) => format!("{minimum} to {maximum}"),
        None => format!("{minimum} or more"),
    }
}

/// The exported functions, a line each, with their types; not more than a screen has room for.
pub(crate) fn functions(module: &Module) -> String {
    const MOST: usize = 20;
    let exports = module.exports();
    let functions: Vec<_> = exports.filter(|export| matches!(export.ty(), ExternType::Func(_))).collect();
    let mut text = String::new();
    for export in functions.iter().take(MOST) {
        text.push_str(&format!("\n{}: {}", export.name(), export.ty().unwrap_func()));
    }
    if let Some(rest) = functions.len().checked_sub(MOST + 1) {
        text.push_str(&format!("\nand {} more", rest + 1));
    }
    text
}

/// The name of each function by the name section, where it has one.
pub(crate) fn names_of_section(info: &ModuleInfo) -> Vec<Option<&str>> {
    let mut all = vec![None; info.funcs.len()];
    for (func, name) in names::function_names(info) {
        // The section is no part of what was validated.
        if let Some(place) = all.get_mut(func.index()) {
            *place = Some(name);
        }
    }
    all
}

/// The name of each function, by the name section or else by its first export.
pub(crate) fn function_names(info: &ModuleInfo) -> Vec<Option<&str>> {
    let mut all = names_of_section(info);
    for export in &info.exports {
        if let ExternIndex::Func(func) = export.item {
            all[func.index()].get_or_insert(&export.name);
        }
    }
    all
}
