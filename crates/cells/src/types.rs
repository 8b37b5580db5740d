//! Types of the language, each of which has one number in a session.

use std::fmt::{self, Display, Formatter};

use rustc_hash::{FxHashMap, FxHashSet};

/// The number of a type in [`Types`]; equal types have equal numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeId(u32);

impl TypeId {
    /// `()`, which has one value.
    pub const UNIT: Self = Self(0);
    /// `Int`.
    pub const INT: Self = Self(1);
    /// `Float`.
    pub const FLOAT: Self = Self(2);
    /// `Bool`.
    pub const BOOL: Self = Self(3);
    /// `String`.
    pub const STRING: Self = Self(4);
    /// The type of what does not return, which fits everywhere: `return`, `break`, `panic(…)`.
    pub const NEVER: Self = Self(5);

    /// The number itself, which tells types of one session apart.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// The number of a struct in [`Types`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StructId(pub u32);

/// A type without type variables.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// `()`.
    Unit,
    /// A signed number of 64 bits, whose overflow traps.
    Int,
    /// A binary floating-point number of 64 bits (IEEE 754).
    Float,
    /// `true` or `false`.
    Bool,
    /// Text, in UTF-8; it never changes.
    String,
    /// What does not return.
    Never,
    /// `[T]`: elements of one type, as many as there are; shared and mutable.
    Array(TypeId),
    /// `(A, B)`, two or more; it never changes.
    Tuple(Box<[TypeId]>),
    /// `fun(A, B) -> R`: a function or a closure.
    Function(Box<[TypeId]>, TypeId),
    /// A struct, by its definition; shared and mutable.
    Struct(StructId),
}

/// A field of a struct.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub ty: TypeId,
}

/// The definition of a struct. Two with the same name and the same fields are one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StructType {
    /// Its name.
    pub name: String,
    /// Its fields, in the order of the definition.
    pub fields: Vec<Field>,
    /// Whether a value of it can hold, at any depth, another value of it. What refers to such a struct from another object has the
    /// abstract type `struct` in WebAssembly, so types of modules are never recursive.
    pub recursive: bool,
}

/// A type of a field of structs that are defined together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// A type without these structs.
    Known(TypeId),
    /// One of these structs, by its place in the list.
    Group(usize),
    /// `[T]`.
    Array(Box<FieldType>),
    /// `(A, B)`.
    Tuple(Vec<FieldType>),
    /// `fun(A, B) -> R`.
    Function(Vec<FieldType>, Box<FieldType>),
}

/// What [`Types::define_structs`] makes a struct of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StructDefinition {
    /// Its name.
    pub name: String,
    /// Names and types of its fields, in order.
    pub fields: Vec<(String, FieldType)>,
}

/// All types of a session.
#[derive(Debug)]
pub struct Types {
    types: Vec<Type>,
    numbers: FxHashMap<Type, TypeId>,
    structs: Vec<StructType>,
}

/// How many types there were at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    types: usize,
    structs: usize,
}

impl Default for Types {
    fn default() -> Self {
        Self::new()
    }
}

impl Types {
    /// Those that have a number of their own.
    pub fn new() -> Self {
        let mut types = Self { types: Vec::new(), numbers: FxHashMap::default(), structs: Vec::new() };
        for ty in [Type::Unit, Type::Int, Type::Float, Type::Bool, Type::String, Type::Never] {
            types.intern(ty);
        }
        types
    }

    /// What there is now, for [`Types::truncate`].
    pub fn mark(&self) -> Mark {
        Mark { types: self.types.len(), structs: self.structs.len() }
    }

    /// Forgets what has been added since `mark`. Its numbers are given again, so nothing may keep one.
    ///
    /// ```
    /// use upshift_cells::types::{TypeId, Types};
    ///
    /// let mut types = Types::new();
    /// let mark = types.mark();
    /// let ints = types.array(TypeId::INT);
    /// types.truncate(mark);
    /// assert_eq!(types.array(TypeId::FLOAT), ints);
    /// ```
    pub fn truncate(&mut self, mark: Mark) {
        for ty in self.types.drain(mark.types.min(self.types.len())..) {
            self.numbers.remove(&ty);
        }
        self.structs.truncate(mark.structs);
    }

    /// The number of `ty`.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(&id) = self.numbers.get(&ty) {
            return id;
        }
        let id = TypeId(u32::try_from(self.types.len()).expect("types of 4 billion cells"));
        self.types.push(ty.clone());
        self.numbers.insert(ty, id);
        id
    }

    /// The number of `[element]`.
    pub fn array(&mut self, element: TypeId) -> TypeId {
        self.intern(Type::Array(element))
    }

    /// The number of the tuple of `elements`; that of no elements is `()`, and that of one is its type.
    pub fn tuple(&mut self, elements: &[TypeId]) -> TypeId {
        match elements {
            [] => TypeId::UNIT,
            [one] => *one,
            _ => self.intern(Type::Tuple(elements.into())),
        }
    }

    /// The number of `fun(params) -> result`.
    pub fn function(&mut self, params: &[TypeId], result: TypeId) -> TypeId {
        self.intern(Type::Function(params.into(), result))
    }

    /// The number of the type of values of a struct.
    pub fn structure(&mut self, id: StructId) -> TypeId {
        self.intern(Type::Struct(id))
    }

    /// What a number stands for.
    ///
    /// # Panics
    ///
    /// If `id` is another session's.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// The definition of a struct.
    ///
    /// # Panics
    ///
    /// If `id` is another session's.
    pub fn struct_type(&self, id: StructId) -> &StructType {
        &self.structs[id.0 as usize]
    }

    /// Structs that are defined together and may hold each other. A struct that has been defined before, with the same name and the
    /// same fields, is that one; the others are new. Returns them in order.
    ///
    /// A [`FieldType::Group`] behind the end of the list is `()`.
    ///
    /// ```
    /// use upshift_cells::types::{FieldType, StructDefinition, TypeId, Types};
    ///
    /// let mut types = Types::new();
    /// let node = StructDefinition {
    ///     name: "Node".into(),
    ///     fields: vec![
    ///         ("value".into(), FieldType::Known(TypeId::INT)),
    ///         ("next".into(), FieldType::Array(Box::new(FieldType::Group(0)))),
    ///     ],
    /// };
    /// let first = types.define_structs(&[node.clone()]);
    /// assert!(types.struct_type(first[0]).recursive);
    /// assert_eq!(types.define_structs(&[node]), first);
    /// ```
    pub fn define_structs(&mut self, definitions: &[StructDefinition]) -> Vec<StructId> {
        let mut ids: Vec<Option<StructId>> = vec![None; definitions.len()];
        for number in 0..definitions.len() {
            if ids[number].is_none() {
                self.find_defined(definitions, number, &mut ids);
            }
        }
        let new: Vec<usize> = (0..definitions.len()).filter(|&number| ids[number].is_none()).collect();
        for &number in &new {
            let id = StructId(u32::try_from(self.structs.len()).expect("structs of 4 billion cells"));
            let name = definitions[number].name.clone();
            self.structs.push(StructType { name, fields: Vec::new(), recursive: false });
            ids[number] = Some(id);
        }
        let ids: Vec<StructId> = ids.into_iter().flatten().collect();
        for &number in &new {
            let fields = definitions[number].fields.iter();
            let fields = fields
                .map(|(name, ty)| Field { name: name.clone(), ty: self.field_type(ty, &ids) })
                .collect();
            self.structs[ids[number].0 as usize].fields = fields;
        }
        for &number in &new {
            let id = ids[number];
            self.structs[id.0 as usize].recursive = self.is_recursive(id);
        }
        ids
    }

    fn field_type(&mut self, ty: &FieldType, ids: &[StructId]) -> TypeId {
        match ty {
            &FieldType::Known(id) => id,
            &FieldType::Group(number) => ids.get(number).map_or(TypeId::UNIT, |&id| self.structure(id)),
            FieldType::Array(element) => {
                let element = self.field_type(element, ids);
                self.array(element)
            }
            FieldType::Tuple(elements) => {
                let elements: Vec<TypeId> = elements.iter().map(|ty| self.field_type(ty, ids)).collect();
                self.tuple(&elements)
            }
            FieldType::Function(params, result) => {
                let params: Vec<TypeId> = params.iter().map(|ty| self.field_type(ty, ids)).collect();
                let result = self.field_type(result, ids);
                self.function(&params, result)
            }
        }
    }

    /// Looks for a struct that has been defined already and is the one with this number; those that it holds are then found too.
    fn find_defined(&self, definitions: &[StructDefinition], number: usize, ids: &mut [Option<StructId>]) {
        for (candidate, old) in self.structs.iter().enumerate().rev() {
            if old.name != definitions[number].name {
                continue;
            }
            let candidate = StructId(candidate as u32);
            let mut assumed = ids.to_vec();
            assumed[number] = Some(candidate);
            // All that is assumed holds if the fields of all assumed pairs agree, each pair being looked at once.
            let mut rest = vec![(number, candidate)];
            let mut same = true;
            while let Some((number, id)) = rest.pop().filter(|_| same) {
                let (definition, old) = (&definitions[number], self.struct_type(id));
                same = definition.name == old.name
                    && definition.fields.len() == old.fields.len()
                    && definition.fields.iter().zip(&old.fields).all(|((name, ty), old)| {
                        *name == old.name && self.agrees(ty, old.ty, &mut assumed, &mut rest)
                    });
            }
            if same {
                ids.copy_from_slice(&assumed);
                return;
            }
        }
    }

    fn agrees(
        &self,
        ty: &FieldType,
        old: TypeId,
        assumed: &mut [Option<StructId>],
        rest: &mut Vec<(usize, StructId)>,
    ) -> bool {
        match (ty, self.get(old)) {
            (&FieldType::Known(id), _) => id == old,
            (&FieldType::Group(number), &Type::Struct(id)) => match assumed.get_mut(number) {
                Some(Some(other)) => *other == id,
                Some(none) => {
                    *none = Some(id);
                    rest.push((number, id));
                    true
                }
                None => false,
            },
            (FieldType::Array(element), &Type::Array(old)) => self.agrees(element, old, assumed, rest),
            // A tuple that is written with one type or none is no tuple.
            (FieldType::Tuple(elements), _) if elements.is_empty() => old == TypeId::UNIT,
            (FieldType::Tuple(elements), _) if elements.len() == 1 => {
                self.agrees(&elements[0], old, assumed, rest)
            }
            (FieldType::Tuple(elements), Type::Tuple(old)) => {
                elements.len() == old.len()
                    && elements.iter().zip(old.iter()).all(|(ty, &old)| self.agrees(ty, old, assumed, rest))
            }
            (FieldType::Function(params, result), Type::Function(old_params, old_result)) => {
                params.len() == old_params.len()
                    && params
                        .iter()
                        .zip(old_params.iter())
                        .all(|(ty, &old)| self.agrees(ty, old, assumed, rest))
                    && self.agrees(result, *old_result, assumed, rest)
            }
            _ => false,
        }
    }

    /// Whether a value of the struct can hold another value of it, at any depth.
    fn is_recursive(&self, id: StructId) -> bool {
        let mut seen = FxHashSet::default();
        let mut rest: Vec<TypeId> = self.struct_type(id).fields.iter().map(|field| field.ty).collect();
        while let Some(ty) = rest.pop() {
            if !seen.insert(ty) {
                continue;
            }
            match self.get(ty) {
                &Type::Struct(other) if other == id => return true,
                &Type::Struct(other) => {
                    rest.extend(self.struct_type(other).fields.iter().map(|field| field.ty))
                }
                &Type::Array(element) => rest.push(element),
                Type::Tuple(elements) => rest.extend(elements.iter()),
                Type::Function(params, result) => rest.extend(params.iter().chain([result])),
                _ => {}
            }
        }
        false
    }

    /// Text for people: `[Int]`, `fun(Int) -> (Int, String)`, `Point`.
    pub fn display(&self, id: TypeId) -> impl Display + '_ {
        Shown { types: self, id }
    }
}

/// A type with what its text needs.
struct Shown<'a> {
    types: &'a Types,
    id: TypeId,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let list = |f: &mut Formatter<'_>, ids: &[TypeId]| {
            for (i, &id) in ids.iter().enumerate() {
                write!(f, "{}{}", if i == 0 { "" } else { ", " }, self.types.display(id))?;
            }
            Ok(())
        };
        match self.types.get(self.id) {
            Type::Unit => f.write_str("()"),
            Type::Int => f.write_str("Int"),
            Type::Float => f.write_str("Float"),
            Type::Bool => f.write_str("Bool"),
            Type::String => f.write_str("String"),
            Type::Never => f.write_str("Never"),
            &Type::Array(element) => write!(f, "[{}]", self.types.display(element)),
            Type::Tuple(elements) => {
                f.write_str("(")?;
                list(f, elements)?;
                f.write_str(")")
            }
            Type::Function(params, result) => {
                f.write_str("fun(")?;
                list(f, params)?;
                f.write_str(")")?;
                if *result == TypeId::UNIT {
                    Ok(())
                } else {
                    write!(f, " -> {}", self.types.display(*result))
                }
            }
            &Type::Struct(id) => f.write_str(&self.types.struct_type(id).name),
        }
    }
}
