//! Human-readable names of functions, tags, types and fields: from the `name` custom section, and from exports (wasm spec, "Custom
//! Sections / Name Section").
//!
//! ```text
//! `name` sections, exports ─ first question ─▶ NameIndex ─ binary search ─▶ a name where it lies in the module's bytes
//! ```
//!
//! The section is not validated: a malformed one counts up to where it is malformed, the first of two names for the same thing
//! wins, and names of things that the module does not have are ignored. So the index has at most one entry per thing, and the
//! section is read only once.

use std::sync::OnceLock;

use upshift_core::index::{FuncIndex, TagIndex, TypeIndex};
use upshift_core::types::TypeId;
use upshift_core::types::composite::CompositeType;
use wasmparser::{BinaryReader, Name, NameMap, NameSectionReader};

use crate::module::{ExternIndex, ModuleInfo};

/// The name of a function by the name section, if the module has one for it.
#[must_use]
pub fn function_name(module: &ModuleInfo, func: FuncIndex) -> Option<&str> {
    NameIndex::of(module).funcs.name(module, func.0)
}

/// All functions that have names by the name section, in the order of their indices.
pub fn function_names(module: &ModuleInfo) -> impl Iterator<Item = (FuncIndex, &str)> {
    NameIndex::of(module).funcs.iter(module).map(|(index, name)| (FuncIndex(index), name))
}

/// The first of the functions that have a name by the name section.
#[must_use]
pub fn function_called(module: &ModuleInfo, name: &str) -> Option<FuncIndex> {
    let index = NameIndex::of(module);
    let by_name = index.funcs_by_name.get_or_init(|| {
        let mut order: Box<[u32]> = (0..index.funcs.0.len() as u32).collect();
        order.sort_by_key(|&at| index.funcs.0[at as usize].text(module));
        order
    });
    let named = |at: u32| index.funcs.0[at as usize];
    let first = by_name.partition_point(|&at| named(at).text(module) < name);
    let found = named(*by_name.get(first)?);
    (found.text(module) == name).then_some(FuncIndex(found.index))
}

/// The name of a tag by the name section, if the module has one for it.
#[must_use]
pub fn tag_name(module: &ModuleInfo, tag: TagIndex) -> Option<&str> {
    NameIndex::of(module).tags.name(module, tag.0)
}

/// The name of a type by the name section, if the module has one for it.
#[must_use]
pub fn type_name(module: &ModuleInfo, ty: TypeIndex) -> Option<&str> {
    NameIndex::of(module).types.name(module, ty.0)
}

/// All types that have names, in the order of their indices.
pub fn type_names(module: &ModuleInfo) -> impl Iterator<Item = (TypeIndex, &str)> {
    NameIndex::of(module).types.iter(module).map(|(index, name)| (TypeIndex(index), name))
}

/// The name of the first type with a canonical id that has one.
#[must_use]
pub fn canonical_type_name(module: &ModuleInfo, id: TypeId) -> Option<&str> {
    let index = NameIndex::of(module);
    let by_id = index.types_by_id.get_or_init(|| {
        let places = index.types.0.iter().zip(0..);
        let mut order: Box<[_]> =
            places.map(|(place, at)| (module.types[place.index as usize].id.0, at)).collect();
        order.sort_unstable();
        order
    });
    let first = by_id.partition_point(|&(other, _)| other < id.0);
    let &(found, at) = by_id.get(first)?;
    (found == id.0).then(|| index.types.0[at as usize].text(module))
}

/// The first export of a function or tag.
#[must_use]
pub fn export_name(module: &ModuleInfo, item: ExternIndex) -> Option<&str> {
    let exports = &NameIndex::of(module).exports;
    let item = exported(item)?;
    let first = exports.partition_point(|&(other, _)| other < item);
    let &(found, number) = exports.get(first)?;
    (found == item).then(|| &*module.exports[number as usize].name)
}

/// The two names of a tag that is imported.
#[must_use]
pub fn tag_import(module: &ModuleInfo, tag: TagIndex) -> Option<(&str, &str)> {
    let import = &module.imports[*NameIndex::of(module).tag_imports.get(tag.index())? as usize];
    Some((&import.module, &import.name))
}

/// The module's own name, if it has one.
#[must_use]
pub fn module_name(module: &ModuleInfo) -> Option<&str> {
    NameIndex::of(module).module.map(|place| place.text(module))
}

/// All fields of structs that have names, in the order of the section: the struct's type, the number of the field, its
/// name. Reads the section anew.
pub fn field_names(module: &ModuleInfo) -> impl Iterator<Item = (TypeIndex, u32, &str)> {
    subsections(module)
        .filter_map(|name| if let Name::Field(map) = name { Some(map) } else { None })
        .flat_map(|map| map.into_iter().map_while(Result::ok))
        .flat_map(|fields| {
            let ty = TypeIndex(fields.index);
            let definition = module.types.get(ty.index()).map(|ty| &ty.ty.definition.composite);
            let count = if let Some(CompositeType::Struct(fields)) = definition { fields.len() } else { 0 };
            let names =
                fields.names.map_while(Result::ok).take_while(move |naming| (naming.index as usize) < count);
            names.map(move |naming| (ty, naming.index, naming.name))
        })
}

/// Where the names of a module are. Made when somebody asks for the first one.
#[derive(Debug, Default)]
pub(crate) struct NameIndex {
    module: Option<Place>,
    funcs: Table,
    tags: Table,
    types: Table,
    /// Places in `funcs`, in the order of names; made when somebody looks for a name.
    funcs_by_name: OnceLock<Box<[u32]>>,
    /// The numbers of the canonical types behind `types`, with the places there; made when somebody looks for one.
    types_by_id: OnceLock<Box<[(u32, u32)]>>,
    /// What is [`exported`], and by which export, in this order. The same type as above, so that one sort serves both.
    exports: Box<[(u32, u32)]>,
    /// The numbers of the imports that are tags.
    tag_imports: Box<[u32]>,
}

impl NameIndex {
    fn of(module: &ModuleInfo) -> &NameIndex {
        module.names.get_or_init(|| NameIndex::read(module))
    }

    fn read(module: &ModuleInfo) -> NameIndex {
        let (mut funcs, mut tags, mut types) =
            (Collector::default(), Collector::default(), Collector::default());
        let mut index = NameIndex::default();
        for name in subsections(module) {
            match name {
                Name::Module { name, .. } => {
                    index.module.get_or_insert(Place::of(module, 0, name));
                }
                Name::Function(map) => funcs.add(module, map, module.funcs.len()),
                Name::Tag(map) => tags.add(module, map, module.tags.len()),
                Name::Type(map) => types.add(module, map, module.types.len()),
                _ => {}
            }
        }
        (index.funcs, index.tags, index.types) = (funcs.finish(), tags.finish(), types.finish());
        let exports = module.exports.iter().zip(0..);
        let mut exports: Box<[_]> =
            exports.filter_map(|(export, number)| Some((exported(export.item)?, number))).collect();
        exports.sort_unstable();
        index.exports = exports;
        let imports = module.imports.iter().zip(0..);
        let tags = imports.filter(|(import, _)| matches!(import.item, ExternIndex::Tag(_)));
        index.tag_imports = tags.map(|(_, number)| number).collect();
        index
    }
}

/// What can be looked up by what is exported: errors name functions and tags only. A million of each is the most that there
/// may be, so a bit is left to tell them apart.
fn exported(item: ExternIndex) -> Option<u32> {
    match item {
        ExternIndex::Func(func) => Some(func.0 << 1),
        ExternIndex::Tag(tag) => Some(tag.0 << 1 | 1),
        _ => None,
    }
}

/// What has a name, and where that lies in the module's bytes.
#[derive(Clone, Copy, Debug)]
struct Place {
    index: u32,
    start: u32,
    len: u32,
}

impl Place {
    /// The place of a name that was read from the module.
    fn of(module: &ModuleInfo, index: u32, name: &str) -> Place {
        let start = name.as_ptr().addr() - module.bytes.as_ptr().addr();
        Place { index, start: start as u32, len: name.len() as u32 }
    }

    fn text(self, module: &ModuleInfo) -> &str {
        let bytes = module.slice(&(self.start..self.start + self.len));
        str::from_utf8(bytes).expect("it was read as text")
    }
}

/// Names of the items of an index space, in the order of indices, each at most once.
#[derive(Debug, Default)]
struct Table(Box<[Place]>);

impl Table {
    fn name<'m>(&self, module: &'m ModuleInfo, index: u32) -> Option<&'m str> {
        let found = self.0.binary_search_by_key(&index, |place| place.index).ok()?;
        Some(self.0[found].text(module))
    }

    fn iter<'m>(&'m self, module: &'m ModuleInfo) -> impl Iterator<Item = (u32, &'m str)> {
        self.0.iter().map(|place| (place.index, place.text(module)))
    }
}

/// A table while it is made.
#[derive(Default)]
struct Collector {
    places: Vec<Place>,
    /// How many of them are in order, without repetitions.
    tidy: usize,
}

impl Collector {
    fn add(&mut self, module: &ModuleInfo, map: NameMap<'_>, count: usize) {
        for naming in map.into_iter().map_while(Result::ok) {
            if naming.index as usize >= count {
                continue;
            }
            self.places.push(Place::of(module, naming.index, naming.name));
            // Who names the same thing again and again gets no memory for it.
            if self.places.len() - self.tidy > count {
                self.tidy_up();
            }
        }
    }

    fn tidy_up(&mut self) {
        // The sort is stable and quick with what is in order: of equal indices, the first in the section stays.
        self.places.sort_by_key(|place| place.index);
        self.places.dedup_by_key(|place| place.index);
        self.tidy = self.places.len();
    }

    fn finish(mut self) -> Table {
        self.tidy_up();
        Table(self.places.into())
    }
}

fn subsections(module: &ModuleInfo) -> impl Iterator<Item = Name<'_>> {
    let sections = module.customs.iter().filter(|(name, _)| module.slice(name) == b"name");
    sections.flat_map(|(_, contents)| {
        #[cfg(test)]
        tests::READ.with(|read| read.set(read.get() + contents.len()));
        let reader = BinaryReader::new(module.slice(contents), u64::from(contents.start));
        NameSectionReader::new(reader).map_while(Result::ok)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use upshift_core::index::{FuncIndex, TagIndex, TypeIndex};

    use super::*;
    use crate::{Features, TypeRegistry, parse};

    thread_local! {
        /// How many bytes of name sections this thread has begun to read.
        pub(super) static READ: Cell<usize> = const { Cell::new(0) };
    }

    fn module(text: &str) -> ModuleInfo {
        let bytes = wat::parse_str(text).unwrap();
        parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
    }

    /// A module with so many functions and name sections of the test's own.
    fn with_names(funcs: usize, sections: &[Vec<u8>]) -> ModuleInfo {
        let mut bytes = wat::parse_str(format!("(module {})", "(func)".repeat(funcs))).unwrap();
        for section in sections {
            let section = [b"\x04name", &section[..]].concat();
            bytes.push(0);
            leb(&mut bytes, section.len());
            bytes.extend(section);
        }
        parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
    }

    fn leb(bytes: &mut Vec<u8>, mut number: usize) {
        while number > 0x7f {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    }

    /// The subsection that names functions.
    fn naming(names: &[(u8, &str)]) -> Vec<u8> {
        let mut contents = Vec::new();
        leb(&mut contents, names.len());
        for (index, name) in names {
            contents.extend([*index, name.len() as u8]);
            contents.extend(name.bytes());
        }
        let mut subsection = vec![1];
        leb(&mut subsection, contents.len());
        subsection.extend(contents);
        subsection
    }

    #[test]
    fn however_many_names_are_asked_for_the_section_is_read_once() {
        let text: String = (0..1000).map(|i| format!("(func $f{i})")).collect();
        let module = module(&format!("(module $m {text})"));
        let before = READ.get();
        for i in 0..1000 {
            assert_eq!(function_name(&module, FuncIndex(i)), Some(&*format!("f{i}")));
            assert_eq!(function_called(&module, &format!("f{i}")), Some(FuncIndex(i)));
            assert_eq!(module_name(&module), Some("m"));
        }
        assert_eq!(function_called(&module, "f"), None);
        let (_, section) = module.customs.last().unwrap();
        assert_eq!(READ.get() - before, section.len());
    }

    #[test]
    fn the_first_name_counts_and_unknown_indices_do_not() {
        let first = naming(&[(2, "c"), (9, "nobody")]);
        let second = naming(&[(0, "a"), (1, "a"), (2, "again")]);
        let module = with_names(3, &[first, second]);
        let names: Vec<_> = function_names(&module).map(|(func, name)| (func.0, name)).collect();
        assert_eq!(names, [(0, "a"), (1, "a"), (2, "c")]);
        assert_eq!(function_called(&module, "a"), Some(FuncIndex(0)));
        assert_eq!(function_called(&module, "nobody"), None);
    }

    #[test]
    fn the_index_is_not_larger_than_what_it_is_about() {
        let mut collector = Collector::default();
        let module = with_names(2, &vec![naming(&[(0, "x"), (1, "y")]); 50_000]);
        for name in subsections(&module) {
            if let Name::Function(map) = name {
                collector.add(&module, map, 2);
            }
        }
        assert!(collector.places.capacity() < 100, "{}", collector.places.capacity());
        assert_eq!(function_names(&module).count(), 2);
    }

    #[test]
    fn exports_and_imports_name_what_the_section_does_not() {
        let module = module(
            r#"(module (import "m" "f" (func)) (import "m" "t" (tag))
                (type $named (func (param i32)))
                (func) (tag) (memory (export "mem") 1)
                (export "second" (func 1)) (export "first" (func 0)) (export "third" (func 1)) (export "tag" (tag 1)))"#,
        );
        let export = |item| export_name(&module, item);
        assert_eq!(export(ExternIndex::Func(FuncIndex(0))), Some("first"));
        assert_eq!(export(ExternIndex::Func(FuncIndex(1))), Some("second"));
        assert_eq!(export(ExternIndex::Func(FuncIndex(2))), None);
        assert_eq!(export(ExternIndex::Tag(TagIndex(0))), None);
        assert_eq!(export(ExternIndex::Tag(TagIndex(1))), Some("tag"));
        assert_eq!(
            (tag_import(&module, TagIndex(0)), tag_import(&module, TagIndex(1))),
            (Some(("m", "t")), None)
        );
        let id = |index: usize| module.types[index].id;
        assert_eq!(canonical_type_name(&module, id(0)), Some("named"));
        assert_eq!(canonical_type_name(&module, id(1)), None);
        let types: Vec<_> = type_names(&module).collect();
        assert_eq!(types, [(TypeIndex(0), "named")]);
        assert_eq!((tag_name(&module, TagIndex(1)), type_name(&module, TypeIndex(1))), (None, None));
    }
}
