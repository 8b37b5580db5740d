//! Types as text for people: defined types by the names or numbers that the module has for them.

use std::collections::HashMap;
use std::ops::Range;

use upshift::{ExternType, FuncType, Mutability};
use upshift_core::shown::{Shown, list};
use upshift_core::types::composite::{CompositeType, FieldType, StorageType};
use upshift_core::types::{HeapType, RefType, TypeKind, ValType};
use upshift_translate::{ModuleInfo, names};

/// Knows what a module calls its types.
pub(crate) struct Types<'m> {
    info: &'m ModuleInfo,
    names: Vec<Option<&'m str>>,
    /// What a reference to each type names, and its index; equal types are one, that is the first.
    words: HashMap<HeapType, (usize, String)>,
}

impl<'m> Types<'m> {
    pub(crate) fn of(info: &'m ModuleInfo) -> Types<'m> {
        let mut names = vec![None; info.types.len()];
        let mut uses = HashMap::<&str, usize>::new();
        for (index, name) in names::type_names(info) {
            names[index.index()] = Some(name);
            *uses.entry(name).or_default() += 1;
        }
        let mut words = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            let name = name.filter(|name| uses[name] == 1 && is_identifier(name));
            let word = name.map_or_else(|| index.to_string(), |name| format!("${name}"));
            words.entry(heap_type(info, index)).or_insert((index, word));
        }
        Types { info, names, words }
    }

    /// The name of a type, by its index.
    pub(crate) fn name(&self, index: usize) -> Option<&'m str> {
        self.names[index]
    }

    /// The index of a type that the module defines: of equal ones, the first.
    pub(crate) fn index(&self, heap: HeapType) -> Option<usize> {
        self.words.get(&heap).map(|&(index, _)| index)
    }

    /// What a reference refers to, as in the text format: `any`, `$node`, `3`.
    pub(crate) fn heap(&self, heap: HeapType) -> String {
        self.words.get(&heap).map_or_else(|| heap.to_string(), |(_, word)| word.clone())
    }

    pub(crate) fn reference(&self, ty: RefType) -> String {
        match ty.heap {
            HeapType::Concrete(..) => {
                format!("(ref {}{})", if ty.nullable { "null " } else { "" }, self.heap(ty.heap))
            }
            _ => ty.to_string(),
        }
    }

    pub(crate) fn value(&self, ty: ValType) -> String {
        ty.as_ref().map_or_else(|| ty.to_string(), |ty| self.reference(ty))
    }

    /// The type of a function: `(i32, (ref $node)) -> (i32)`.
    pub(crate) fn func(
        &self,
        params: impl ExactSizeIterator<Item = ValType>,
        results: impl ExactSizeIterator<Item = ValType>,
    ) -> String {
        format!("({}) -> ({})", self.values(params), self.values(results))
    }

    /// The same of one that comes from the library.
    pub(crate) fn func_type(&self, ty: &FuncType) -> String {
        self.func(ty.params().map(|ty| ty.to_core()), ty.results().map(|ty| ty.to_core()))
    }

    fn values(&self, types: impl ExactSizeIterator<Item = ValType>) -> String {
        comma_separated(types.into_iter().map(|ty| self.value(ty)))
    }

    /// What a field or an element holds, without saying whether it can be set.
    pub(crate) fn storage(&self, ty: StorageType) -> String {
        match ty {
            StorageType::Val(ty) => self.value(ty),
            packed => packed.to_string(),
        }
    }

    pub(crate) fn field(&self, ty: FieldType) -> String {
        let storage = self.storage(ty.storage);
        if ty.mutable { format!("(mut {storage})") } else { storage }
    }

    /// What something is, in a few words: `function (i32) -> (i32)`, `memory of 1 to 17 pages`.
    pub(crate) fn describe(&self, ty: &ExternType) -> String {
        match ty {
            ExternType::Func(ty) => format!("function {}", self.func_type(ty)),
            ExternType::Global(ty) => {
                let mutable = if ty.mutability() == Mutability::Var { "mutable " } else { "" };
                format!("{mutable}global {}", self.value(ty.content().to_core()))
            }
            ExternType::Table(ty) => {
                let wide = if ty.is_64() { "64-bit " } else { "" };
                let element = self.reference(ty.element().to_core());
                format!("{wide}table of {} {element}", range(ty.minimum(), ty.maximum()))
            }
            ExternType::Memory(ty) => {
                let wide = if ty.is_64() { "64-bit " } else { "" };
                let shared = if ty.is_shared() { "shared " } else { "" };
                let pages = pages(ty.page_size());
                format!("{wide}{shared}memory of {} {pages}", range(ty.minimum(), ty.maximum()))
            }
            ExternType::Tag(ty) => format!("tag {}", self.func_type(ty.ty())),
        }
    }

    /// All types that the module defines.
    pub(crate) fn defined(&self) -> Vec<Defined<'m>> {
        let mut fields: HashMap<_, _> =
            names::field_names(self.info).map(|(ty, field, name)| ((ty.index(), field), name)).collect();
        let types = self.info.types.iter().enumerate();
        let mut all: Vec<_> = types
            .map(|(index, defined)| {
                let (definition, (kind, _)) = (&defined.ty.definition, defined.named());
                let composite = match &definition.composite {
                    CompositeType::Struct(own) => {
                        let own = own.iter().zip(0..);
                        Composite::Struct(own.map(|(&ty, n)| (fields.remove(&(index, n)), ty)).collect())
                    }
                    CompositeType::Array(element) => Composite::Array(*element),
                    CompositeType::Func(_) => Composite::Func,
                };
                let supertype = definition.supertype.map(|id| HeapType::Concrete(kind, id));
                let group = index..index + 1;
                Defined { index, composite, supertype, is_final: definition.is_final, group }
            })
            .collect();
        for group in &self.info.rec_groups {
            let group = group.start as usize..group.end as usize;
            for index in group.clone() {
                all[index].group = group.clone();
            }
        }
        all
    }

    /// The definition of a type: `sub $shape struct {radius: f64}`.
    pub(crate) fn definition(&self, ty: &Defined<'_>) -> String {
        let extends = match (ty.supertype, ty.is_final) {
            (Some(heap), true) => format!("sub final {} ", self.heap(heap)),
            (Some(heap), false) => format!("sub {} ", self.heap(heap)),
            (None, false) => "sub ".to_owned(),
            (None, true) => String::new(),
        };
        let composite = match &ty.composite {
            Composite::Func => {
                let func = self.info.types[ty.index].func();
                format!("func {}", self.func(func.params().iter().copied(), func.results().iter().copied()))
            }
            Composite::Struct(fields) => {
                let fields = fields.iter().map(|(name, ty)| {
                    let name = name.map(|name| Shown::up_to(name, MAX_WORD));
                    let name = name.map_or(String::new(), |name| format!("{name}: "));
                    format!("{name}{}", self.field(*ty))
                });
                format!("struct {{{}}}", comma_separated(fields))
            }
            Composite::Array(element) => format!("array {}", self.field(*element)),
        };
        extends + &composite
    }
}

/// A type that a module defines.
pub(crate) struct Defined<'m> {
    pub(crate) index: usize,
    pub(crate) composite: Composite<'m>,
    pub(crate) supertype: Option<HeapType>,
    pub(crate) is_final: bool,
    /// The types that are defined together with it, itself among them.
    pub(crate) group: Range<usize>,
}

/// What a defined type consists of.
pub(crate) enum Composite<'m> {
    Func,
    /// The fields with their names.
    Struct(Vec<(Option<&'m str>, FieldType)>),
    Array(FieldType),
}

impl Composite<'_> {
    pub(crate) fn kind(&self) -> TypeKind {
        match self {
            Composite::Func => TypeKind::Func,
            Composite::Struct(_) => TypeKind::Struct,
            Composite::Array(_) => TypeKind::Array,
        }
    }
}

/// What references to a type name.
fn heap_type(info: &ModuleInfo, index: usize) -> HeapType {
    let (kind, id) = info.types[index].named();
    HeapType::Concrete(kind, id)
}

/// The longest name that is used for a type or field within the text of another: it may be there often.
const MAX_WORD: usize = 64;

/// Whether a name can stand behind a `$` in the text format, so that nobody takes a part of it for something else.
fn is_identifier(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !r#""(),;[]{}"#.contains(c);
    (1..=MAX_WORD).contains(&name.len()) && name.chars().all(fits)
}

/// The first items of a list; there may be thousands.
fn comma_separated(items: impl ExactSizeIterator<Item = String>) -> String {
    let mut text = String::new();
    list(&mut text, items).expect("writing to a String does not fail");
    text
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
