//! Names of functions, tags, types and fields for people: the `name` custom section, read only when somebody asks (wasm spec,
//! "Custom Sections / Name Section").
//!
//! The section is no part of validation: a broken one names whatever it names before the break.

use upshift_core::index::{FuncIndex, TagIndex, TypeIndex};
use wasmparser::{BinaryReader, Name, NameSectionReader};

use crate::module::ModuleInfo;

/// The name of a function, if the module has one for it.
///
/// Reads the section anew each time; [`function_names`] gives all names in one go.
#[must_use]
pub fn function_name(module: &ModuleInfo, func: FuncIndex) -> Option<String> {
    function_names(module).find(|&(index, _)| index == func).map(|(_, name)| name.to_owned())
}

/// All functions that have names, in the order of the section.
pub fn function_names(module: &ModuleInfo) -> impl Iterator<Item = (FuncIndex, &str)> {
    names(module)
        .filter_map(|name| if let Name::Function(map) = name { Some(map) } else { None })
        .flat_map(|map| map.into_iter().map_while(Result::ok))
        .map(|naming| (FuncIndex(naming.index), naming.name))
}

/// All tags that have names, in the order of the section.
pub fn tag_names(module: &ModuleInfo) -> impl Iterator<Item = (TagIndex, &str)> {
    names(module)
        .filter_map(|name| if let Name::Tag(map) = name { Some(map) } else { None })
        .flat_map(|map| map.into_iter().map_while(Result::ok))
        .map(|naming| (TagIndex(naming.index), naming.name))
}

/// All types that have names, in the order of the section.
pub fn type_names(module: &ModuleInfo) -> impl Iterator<Item = (TypeIndex, &str)> {
    names(module)
        .filter_map(|name| if let Name::Type(map) = name { Some(map) } else { None })
        .flat_map(|map| map.into_iter().map_while(Result::ok))
        .map(|naming| (TypeIndex(naming.index), naming.name))
}

/// All fields of structs that have names, in the order of the section: the struct's type, the number of the field, its
/// name.
pub fn field_names(module: &ModuleInfo) -> impl Iterator<Item = (TypeIndex, u32, &str)> {
    names(module)
        .filter_map(|name| if let Name::Field(map) = name { Some(map) } else { None })
        .flat_map(|map| map.into_iter().map_while(Result::ok))
        .flat_map(|fields| {
            let ty = TypeIndex(fields.index);
            let names = fields.names.map_while(Result::ok);
            names.map(move |naming| (ty, naming.index, naming.name))
        })
}

/// The module's own name, if it has one.
#[must_use]
pub fn module_name(module: &ModuleInfo) -> Option<&str> {
    names(module).find_map(|name| if let Name::Module { name, .. } = name { Some(name) } else { None })
}

/// Whether a character of a name can be shown to people as it is: it does not move the cursor and does not turn the
/// direction of writing. Names come from modules that may want to play with a terminal.
#[must_use]
pub fn is_printable(c: char) -> bool {
    let turns = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    !c.is_control() && !turns
}

fn names(module: &ModuleInfo) -> impl Iterator<Item = Name<'_>> {
    let sections = module.customs.iter().filter(|(name, _)| module.slice(name) == b"name");
    sections.flat_map(|(_, contents)| {
        let reader = BinaryReader::new(module.slice(contents), u64::from(contents.start));
        NameSectionReader::new(reader).map_while(Result::ok)
    })
}
