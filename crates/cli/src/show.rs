//! Exported functions and names of functions, as text for people.

use upshift::{ExternType, Module};
use upshift_translate::module::ExternIndex;
use upshift_translate::{ModuleInfo, names};

use crate::types::Types;

/// The exported functions, a line each, with their types; not more than a screen has room for.
pub(crate) fn functions(module: &Module) -> String {
    const MOST: usize = 20;
    let types = Types::of(module.info());
    let exports = module.exports();
    let functions: Vec<_> = exports.filter(|export| matches!(export.ty(), ExternType::Func(_))).collect();
    let mut text = String::new();
    for export in functions.iter().take(MOST) {
        let ty = export.ty();
        let ty = ty.unwrap_func();
        text.push_str(&format!("\n{}: {}", export.name(), types.func_type(ty)));
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
