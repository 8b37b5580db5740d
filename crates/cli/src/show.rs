//! Exported functions, names of functions and tables, as text for people.

use upshift::{Module, demangle};
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

/// The lines of a table; all columns but the `left` one have their ends below each other.
pub(crate) fn aligned(table: &[Vec<String>], left: usize) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=left).map(width).collect();
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == left { cell.clone() } else { format!("{cell:>width$}") }
        });
        text.push_str(&cells.collect::<Vec<_>>().join("  "));
        text.push('\n');
    }
    text
}

/// A name on one line that is not too long.
pub(crate) fn readable(name: &str) -> String {
    const MOST: usize = 80;
    Shown::up_to(&demangle(name), MOST).to_string()
}

#[cfg(test)]
mod tests {
    use super::{aligned, readable};

    #[test]
    fn tables_are_aligned() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = [row(["µ", "two", "name"]), row(["100", "2", "x"])];
        assert_eq!(aligned(&table, 2), "  µ  two  name\n100    2  x\n");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(readable("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(readable("a\nb"), "a\\nb");
        assert_eq!(readable(&"ü".repeat(81)).chars().filter(|&c| c == 'ü').count(), 80);
    }
}
