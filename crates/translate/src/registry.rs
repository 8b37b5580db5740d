//! Canonical types: equal types of different modules get one [`TypeId`], so that a type check at run time compares two
//! numbers (wasm spec, "Validation / Types / Recursive Types").
//!
//! ```text
//! recursion group ─ references to earlier types by canonical id, to the group's own by position ─▶ key
//! key ── alive? ── yes ─▶ the group that it is
//!                └─ no ──▶ a new group with free ids in a row, one for each type
//! ```
//!
//! Two types are equal if their groups are equal and they have the same position in them. A group's key contains no
//! indices of a module, so it does not depend on which module the group comes from.
//!
//! A group, with the groups that its types refer to, lives as long as there is a [`TypeHandle`] to one of its types. After
//! that its ids can be reused.

mod ids;

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
use upshift_core::types::layout::StructLayout;
use upshift_core::types::{
    FuncType, HeapType, MAX_FIELDS, RefType, Subtyping, TypeId, TypeTooLarge, ValType,
};
use upshift_core::vm::FieldPlace;

use ids::Ids;

/// Marks an id that counts from the start of the group it occurs in.
const IN_GROUP: u32 = 1 << 31;

/// No id is this or higher: objects have one bit less for the number, and exceptions take the last one.
const ID_LIMIT: u32 = (1 << 31) - 1;

/// What follows from the definition of a canonical type.
#[derive(Debug)]
pub struct RegisteredType {
    /// The definition; all references are canonical.
    pub definition: SubType,
    /// The chain of supertypes from the top down, the type itself last.
    pub chain: Box<[TypeId]>,
    /// Where the fields of a struct lie.
    pub layout: Option<StructLayout>,
    /// The same, as code and collector read it.
    pub places: Box<[FieldPlace]>,
    /// Offsets of the fields that the collector has to look at.
    pub traced: Box<[u32]>,
}

impl RegisteredType {
    /// The function type, if it is one.
    #[must_use]
    pub fn as_func(&self) -> Option<&Arc<FuncType>> {
        if let CompositeType::Func(func) = &self.definition.composite { Some(func) } else { None }
    }

    /// The fields, if it is a type of structs.
    #[must_use]
    pub fn fields(&self) -> Option<&Arc<[FieldType]>> {
        if let CompositeType::Struct(fields) = &self.definition.composite { Some(fields) } else { None }
    }

    /// The elements, if it is a type of arrays.
    #[must_use]
    pub fn element(&self) -> Option<FieldType> {
        if let CompositeType::Array(element) = self.definition.composite { Some(element) } else { None }
    }

    /// How many supertypes the type has.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.chain.len() as u32 - 1
    }

    /// Whether the type is the one with the id, or was declared as one of its subtypes, directly or through others.
    #[must_use]
    pub fn extends(&self, sup: TypeId) -> bool {
        self.chain.contains(&sup)
    }
}

/// A canonical type that lives as long as the handle does, with everything that it refers to.
#[derive(Clone)]
pub struct TypeHandle {
    group: Arc<Group>,
    position: u32,
}

impl TypeHandle {
    /// The canonical id, which no other type gets as long as the handle lives.
    #[must_use]
    pub fn id(&self) -> TypeId {
        TypeId(self.group.first + self.position)
    }
}

impl Deref for TypeHandle {
    type Target = RegisteredType;

    fn deref(&self) -> &RegisteredType {
        &self.group.types[self.position as usize]
    }
}

impl fmt::Debug for TypeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id().0, self.definition)
    }
}

/// A recursion group that somebody uses.
struct Group {
    first: u32,
    types: Box<[RegisteredType]>,
    key: Arc<[SubType]>,
    /// The groups that the types refer to.
    uses: Vec<Arc<Group>>,
    registry: Arc<Mutex<Inner>>,
}

/// Why a type cannot be registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegisterError {
    /// There are two billion types already.
    NoMoreIds,
    /// A struct would take 4 GiB or more.
    StructTooLarge,
    /// It has more of something than a type may have.
    TooLarge(TypeTooLarge),
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegisterError::NoMoreIds => f.write_str("the engine has no number left for another type"),
            RegisterError::StructTooLarge => f.write_str("a struct takes less than 4 GiB"),
            RegisterError::TooLarge(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RegisterError {}

impl From<TypeTooLarge> for RegisterError {
    fn from(error: TypeTooLarge) -> RegisterError {
        RegisterError::TooLarge(error)
    }
}

/// All types that the modules, stores and hosts of one engine use. A clone is the same registry.
///
/// ```
/// use upshift_core::{FuncType, ValType};
/// use upshift_translate::registry::TypeRegistry;
///
/// let registry = TypeRegistry::default();
/// let ty = registry.intern_func(FuncType::new([ValType::I32], []))?;
/// assert_eq!(ty.id(), registry.intern_func(FuncType::new([ValType::I32], []))?.id());
/// assert_ne!(ty.id(), registry.intern_func(FuncType::new([ValType::I64], []))?.id());
/// assert_eq!(ty.as_func().unwrap().params(), [ValType::I32]);
/// // The one with an `i64` was used no longer than its id was looked at.
/// assert_eq!(registry.len(), 1);
/// # Ok::<(), upshift_translate::registry::RegisterError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TypeRegistry {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    /// The groups' first ids by key; references within a key's group are relative. The ids that a key names are taken as long
    /// as it is here.
    groups: HashMap<Arc<[SubType]>, u32>,
    /// The groups by the ids of their types.
    types: Vec<Weak<Group>>,
    ids: Ids,
    /// How many types there are.
    count: usize,
}

impl Default for Inner {
    fn default() -> Inner {
        Inner::with_limit(ID_LIMIT)
    }
}

impl TypeRegistry {
    /// The type with an id, if one has it.
    #[must_use]
    pub fn get(&self, id: TypeId) -> Option<TypeHandle> {
        let group = lock(&self.inner).types.get(id.0 as usize)?.upgrade()?;
        let position = id.0 - group.first;
        Some(TypeHandle { group, position })
    }

    /// How many types there are.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.inner).count
    }

    /// Whether there are no types.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A function type that stands alone in its group, as those of host functions do; see [`intern`](Self::intern).
    ///
    /// # Errors
    /// As [`intern`](Self::intern).
    pub fn intern_func(&self, func: FuncType) -> Result<TypeHandle, RegisterError> {
        self.intern(SubType::final_func(func))
    }

    /// A type that stands alone in its group. Concrete references in it are ids of this registry, and so is its supertype,
    /// which it has to match.
    ///
    /// # Errors
    /// When the type is too large, or there are no more ids.
    ///
    /// # Panics
    /// When a type that it refers to is used by nobody.
    pub fn intern(&self, ty: SubType) -> Result<TypeHandle, RegisterError> {
        let mut types = self.intern_group(vec![ty])?;
        Ok(types.next().expect("the group has one type"))
    }

    /// The types of a recursion group, in order. References to the group's own types are made by [`in_group`], all others are
    /// ids of this registry.
    ///
    /// # Errors
    /// As [`intern`](Self::intern).
    ///
    /// # Panics
    /// As [`intern`](Self::intern).
    pub(crate) fn intern_group(
        &self,
        group: Vec<SubType>,
    ) -> Result<impl Iterator<Item = TypeHandle> + use<>, RegisterError> {
        let group = self.group(group)?;
        let count = group.types.len() as u32;
        Ok((0..count).map(move |position| TypeHandle { group: Arc::clone(&group), position }))
    }

    fn group(&self, key: Vec<SubType>) -> Result<Arc<Group>, RegisterError> {
        debug_assert!(!key.is_empty(), "a group without types would have a number that it does not own");
        // Kept beyond the lock: whoever drops the last handle of a group needs it.
        let uses = self.used_by(&key);
        let mut inner = lock(&self.inner);
        if let Some(group) =
            inner.groups.get(key.as_slice()).and_then(|&id| inner.types[id as usize].upgrade())
        {
            return Ok(group);
        }
        // A group whose last handle is being dropped just now may still be found under the key; it keeps its ids until it has
        // got the lock, and this one takes its place.
        let count = u32::try_from(key.len()).map_err(|_| RegisterError::NoMoreIds)?;
        let first = inner.ids.take(count).ok_or(RegisterError::NoMoreIds)?;
        let types = match register(&key, first, &uses) {
            Ok(types) => types,
            Err(error) => {
                inner.ids.give_back(first, count);
                return Err(error);
            }
        };
        let key: Arc<[SubType]> = key.into();
        let registry = Arc::clone(&self.inner);
        let group = Arc::new(Group { first, types, key: Arc::clone(&key), uses, registry });
        inner.enter(key, &group);
        Ok(group)
    }

    /// The groups that a group's types refer to, each once, by their first ids.
    fn used_by(&self, group: &[SubType]) -> Vec<Arc<Group>> {
        let mut ids: Vec<TypeId> = group.iter().flat_map(SubType::concrete).collect();
        ids.retain(|id| id.0 & IN_GROUP == 0);
        ids.sort_unstable();
        ids.dedup();
        let find = |&id: &TypeId| self.get(id).expect("types that a type refers to are in use").group;
        let mut groups: Vec<Arc<Group>> = ids.iter().map(find).collect();
        // Ids of one group are neighbours.
        groups.dedup_by(|a, b| Arc::ptr_eq(a, b));
        groups
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    // Nothing between the changes of `Inner` can panic but running out of memory, which aborts.
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Subtyping for TypeRegistry {
    fn is_subtype(&self, sub: TypeId, sup: TypeId) -> bool {
        sub == sup || self.get(sub).is_some_and(|ty| ty.extends(sup))
    }
}

impl Inner {
    fn with_limit(limit: u32) -> Inner {
        let ids = Ids::new(TypeId::NONE.0 + 1, limit);
        Inner { groups: HashMap::new(), types: Vec::new(), ids, count: 0 }
    }

    /// Makes a new group known.
    fn enter(&mut self, key: Arc<[SubType]>, group: &Arc<Group>) {
        let end = self.ids.end() as usize;
        if self.types.len() < end {
            self.types.resize_with(end, Weak::new);
        }
        for id in group.ids() {
            self.types[id] = Arc::downgrade(group);
        }
        self.count += group.types.len();
        // Whatever is left of a group with this key goes; its key object too, so that each is used by one group only.
        self.groups.remove(&key);
        self.groups.insert(key, group.first);
    }

    /// Forgets a group that nobody uses any more.
    fn leave(&mut self, group: &Group) {
        for id in group.ids() {
            self.types[id] = Weak::new();
        }
        self.count -= group.types.len();
        self.ids.give_back(group.first, group.types.len() as u32);
        self.types.truncate(self.ids.end() as usize);
        // Types come in crowds, so the room for them goes when most of it is empty.
        if self.types.len() < self.types.capacity() / 4 {
            self.types.shrink_to(self.types.len() * 2);
        }
        // An equal group may have come meanwhile.
        if self.groups.get(&group.key) == Some(&group.first) {
            self.groups.remove(&group.key);
            if self.groups.len() < self.groups.capacity() / 4 {
                self.groups.shrink_to(self.groups.len() * 2);
            }
        }
    }
}

impl Group {
    /// The ids of the types.
    fn ids(&self) -> std::ops::Range<usize> {
        self.first as usize..self.first as usize + self.types.len()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // First the key, then what it names: as long as it can be found, its ids are nobody else's.
        lock(&self.registry).leave(self);
        // Chains of types that refer to each other may be long, so this is no recursion.
        let mut unused = std::mem::take(&mut self.uses);
        while let Some(group) = unused.pop() {
            if let Some(mut group) = Arc::into_inner(group) {
                unused.append(&mut group.uses);
            }
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("first", &self.first)
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

/// What follows from the definitions of a group; `uses` has the groups that they refer to.
fn register(
    key: &[SubType],
    first: u32,
    uses: &[Arc<Group>],
) -> Result<Box<[RegisteredType]>, RegisterError> {
    let mut types = Vec::with_capacity(key.len());
    for (position, ty) in (0..).zip(key) {
        let definition = resolve(ty, TypeId(first));
        let supertype = definition.supertype.map(|id| match id.0.checked_sub(first) {
            // Supertypes come before their subtypes, in a group as well.
            Some(before) if before < position => &types[before as usize],
            _ => {
                let behind = uses.partition_point(|group| group.first <= id.0);
                let group = &uses[behind - 1];
                &group.types[(id.0 - group.first) as usize]
            }
        });
        types.push(registered(definition, TypeId(first + position), supertype)?);
    }
    Ok(types.into())
}

/// What follows from a definition.
fn registered(
    definition: SubType,
    id: TypeId,
    supertype: Option<&RegisteredType>,
) -> Result<RegisteredType, RegisterError> {
    let mut chain = supertype.map_or(Vec::new(), |supertype| supertype.chain.to_vec());
    chain.push(id);
    let (mut layout, mut places, mut traced) = (None, Box::default(), Box::default());
    if let CompositeType::Struct(fields) = &definition.composite {
        if fields.len() > MAX_FIELDS {
            return Err(TypeTooLarge::Fields(fields.len()).into());
        }
        let inherited = supertype.and_then(|supertype| supertype.layout.as_ref());
        let own = StructLayout::new(fields, inherited).ok_or(RegisterError::StructTooLarge)?;
        let all = || own.offsets().iter().zip(fields.iter());
        let place = |(&offset, field): (&u32, &FieldType)| FieldPlace {
            offset,
            bytes_log2: field.storage.bytes().trailing_zeros(),
        };
        places = all().map(place).collect();
        traced = all().filter(|(_, field)| field.storage.is_traced()).map(|(&offset, _)| offset).collect();
        layout = Some(own);
    }
    Ok(RegisteredType { definition, chain: chain.into(), layout, places, traced })
}

/// The name of a type within the group that is about to be interned.
pub(crate) fn in_group(position: u32) -> TypeId {
    TypeId(position | IN_GROUP)
}

/// The type with its references into its own group made canonical.
fn resolve(ty: &SubType, first: TypeId) -> SubType {
    let own = |id: TypeId| id.0 & IN_GROUP != 0;
    if !ty.concrete().any(own) {
        return ty.clone();
    }
    let canonical = |id: TypeId| if own(id) { TypeId(first.0 + (id.0 & !IN_GROUP)) } else { id };
    let value = |ty: &ValType| match *ty {
        ValType::Ref(RefType { nullable, heap: HeapType::Concrete(kind, id) }) => {
            ValType::Ref(RefType { nullable, heap: HeapType::Concrete(kind, canonical(id)) })
        }
        ty => ty,
    };
    let field = |field: &FieldType| match &field.storage {
        StorageType::Val(ty) => FieldType { storage: StorageType::Val(value(ty)), ..*field },
        _ => *field,
    };
    let composite = match &ty.composite {
        CompositeType::Func(func) => {
            let types = FuncType::new(func.params().iter().map(value), func.results().iter().map(value));
            CompositeType::Func(Arc::new(types))
        }
        CompositeType::Struct(fields) => CompositeType::Struct(fields.iter().map(field).collect()),
        CompositeType::Array(element) => CompositeType::Array(field(element)),
    };
    SubType { is_final: ty.is_final, supertype: ty.supertype.map(canonical), composite }
}

#[cfg(test)]
mod tests;
