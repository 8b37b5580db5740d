//! Exported functions and names of functions, as text for people.

use upshift::Module;
use upshift_core::index::FuncIndex;
use upshift_core::shown::Shown;
use upshift_translate::module::ExternIndex;
use upshift_translate::{ModuleInfo, names};

use crate::types::Types;

/// The exported functions, a line each, with their types; not more than a screen has room for.
pub(crate) fn functions(module: &Module) -> String {
    const MOST: usize = 20;
    let info = module.info();
    let types = Types::of(info);
    let functions = info.exports.iter().filter_map(|export| match export.item {
        ExternIndex::Func(func) => Some((&*export.name, info.func_type(func).func())),
        _ => None,
    });
    let mut text = String::new();
    for (name, ty) in functions.clone().take(MOST) {
        let ty = types.func(ty.params().iter().copied(), ty.results().iter().copied());
        text.push_str(&format!("\n{}: {ty}", Shown::new(name)));
    }
    if let Some(rest) = functions.count().checked_sub(MOST + 1) {
        text.push_str(&format!("\nand {} more", rest + 1));
    }
    text
}

/// The name of each function, by the name section or else by its first export.
pub(crate) fn function_names(info: &ModuleInfo) -> Vec<Option<&str>> {
    let all = (0..info.funcs.len()).map(FuncIndex::new);
    let exported = |func| names::export_name(info, ExternIndex::Func(func));
    all.map(|func| names::function_name(info, func).or_else(|| exported(func))).collect()
}
