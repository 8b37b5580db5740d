//! Types of structs and arrays, as the embedder sees them.

use std::fmt;
use std::sync::Arc;

use anyhow::{Result, ensure};
use upshift_core::types::composite::{CompositeType, FieldType, StorageType, SubType};
use upshift_core::types::layout::StructLayout;
use upshift_core::types::{HeapType, Subtyping, TypeKind};
use upshift_core::{RefType, TypeId};
use upshift_translate::registry::RegisteredType;

use crate::engine::Engine;

/// The most supertypes that a type can have, the limit that validation sets for modules too.
const MAX_DEPTH: u32 = 63;

/// The type of a struct (wasm spec, "Structure / Types / Composite Types").
///
/// Two of them are equal if they belong to one engine and have the same definition, including supertypes and the recursion
/// group around it.
///
/// ```
/// use upshift::{Engine, FieldType, Module, StorageType, StructType, ValType};
///
/// let engine = Engine::default();
/// let field = FieldType { storage: StorageType::Val(ValType::I32), mutable: true };
/// let ty = StructType::new(&engine, [field]);
/// assert_eq!(ty.to_string(), "struct {(mut i32)}");
///
/// // The same type in a module is the same type.
/// let text = "(module (type $t (struct (field (mut i32)))) (global (export \"g\") (ref null $t) (ref.null $t)))";
/// let export = Module::new(&engine, text)?.get_export("g").unwrap();
/// let heap = export.unwrap_global().content().as_ref().unwrap().heap;
/// assert_eq!(StructType::from_heap_type(&engine, heap), Some(ty));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct StructType {
    engine: Engine,
    id: TypeId,
    ty: Arc<RegisteredType>,
}

/// The type of an array (wasm spec, "Structure / Types / Composite Types").
///
/// ```
/// use upshift::{ArrayType, Engine, FieldType, StorageType};
///
/// let ty = ArrayType::new(&Engine::default(), FieldType { storage: StorageType::I8, mutable: false });
/// assert_eq!(ty.element().storage, StorageType::I8);
/// assert_eq!(ty.to_string(), "array i8");
/// ```
#[derive(Clone)]
pub struct ArrayType {
    engine: Engine,
    id: TypeId,
    ty: Arc<RegisteredType>,
}

macro_rules! object_types {
    ($($name:ident $kind:ident $what:literal;)*) => {$(
        impl $name {
            fn register(engine: &Engine, ty: SubType) -> $name {
                let id = engine.types().intern(ty);
                $name { engine: engine.clone(), id, ty: engine.types().lookup(id) }
            }

            #[doc = concat!("The type of the ", $what, "s that references of a heap type refer to; none if those are no ",
                $what, "s of one type. The heap type must be one of the engine's.")]
            #[must_use]
            pub fn from_heap_type(engine: &Engine, heap: HeapType) -> Option<$name> {
                let HeapType::Concrete(TypeKind::$kind, id) = heap else { return None };
                Some($name { engine: engine.clone(), id, ty: engine.types().lookup(id) })
            }

            pub(crate) fn id(&self) -> TypeId {
                self.id
            }

            /// The engine that the type belongs to.
            #[must_use]
            pub fn engine(&self) -> &Engine {
                &self.engine
            }

            /// What references to such objects refer to.
            #[must_use]
            pub fn heap_type(&self) -> HeapType {
                HeapType::Concrete(TypeKind::$kind, self.id)
            }

            /// The type of references to such objects that are not null.
            #[must_use]
            pub fn ref_type(&self) -> RefType {
                RefType { nullable: false, heap: self.heap_type() }
            }

            /// Whether the type cannot have subtypes.
            #[must_use]
            pub fn is_final(&self) -> bool {
                self.ty.definition.is_final
            }

            /// The type that it was declared to extend.
            #[must_use]
            pub fn supertype(&self) -> Option<$name> {
                let id = self.ty.definition.supertype?;
                $name::from_heap_type(&self.engine, HeapType::Concrete(TypeKind::$kind, id))
            }

            /// Whether each object of this type is also one of `other`.
            #[must_use]
            pub fn matches(&self, other: &$name) -> bool {
                Engine::same(&self.engine, &other.engine) && self.engine.types().is_subtype(self.id, other.id)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &$name) -> bool {
                self.id == other.id && Engine::same(&self.engine, &other.engine)
            }
        }

        impl Eq for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.ty.definition.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}[{}]{}", stringify!($name), self.id.0, self.ty.definition)
            }
        }
    )*};
}

object_types! {
    StructType Struct "struct";
    ArrayType Array "array";
}

impl StructType {
    /// A struct type without supertypes and subtypes.
    pub fn new(engine: &Engine, fields: impl IntoIterator<Item = FieldType>) -> StructType {
        let composite = CompositeType::Struct(fields.into_iter().collect());
        StructType::register(engine, SubType { is_final: true, supertype: None, composite })
    }

    /// A struct type that may have subtypes, and may be one.
    ///
    /// # Errors
    /// When the supertype is final or belongs to another engine, or its fields are not the first ones of this type: each of
    /// the same type, or if they are immutable, of a subtype.
    pub fn extensible(
        engine: &Engine,
        supertype: Option<&StructType>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<StructType> {
        let fields: Arc<[FieldType]> = fields.into_iter().collect();
        if let Some(supertype) = supertype {
            ensure!(Engine::same(engine, &supertype.engine), "the supertype belongs to another engine");
            ensure!(!supertype.is_final(), "`{supertype}` is final");
            ensure!(
                supertype.ty.depth() < MAX_DEPTH,
                "the supertype has {MAX_DEPTH} supertypes, which is the most"
            );
            let inherited = supertype.fields().len();
            ensure!(
                fields.len() >= inherited,
                "the supertype has {inherited} fields, the subtype {}",
                fields.len()
            );
            for (i, (own, theirs)) in fields.iter().zip(supertype.fields()).enumerate() {
                ensure!(
                    field_matches(engine, *own, theirs),
                    "field {i} is a `{own}`, in the supertype a `{theirs}`"
                );
            }
        }
        let composite = CompositeType::Struct(fields);
        let supertype = supertype.map(StructType::id);
        Ok(StructType::register(engine, SubType { is_final: false, supertype, composite }))
    }

    /// The fields.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldType> + '_ {
        let fields: &[FieldType] = match &self.ty.definition.composite {
            CompositeType::Struct(fields) => fields,
            _ => &[],
        };
        fields.iter().copied()
    }

    /// A field.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<FieldType> {
        self.fields().nth(index)
    }

    pub(crate) fn layout(&self) -> &StructLayout {
        self.ty.layout.as_ref().expect("each struct has a layout")
    }
}

impl ArrayType {
    /// An array type without supertypes and subtypes.
    #[must_use]
    pub fn new(engine: &Engine, element: FieldType) -> ArrayType {
        let composite = CompositeType::Array(element);
        ArrayType::register(engine, SubType { is_final: true, supertype: None, composite })
    }

    /// The elements.
    #[must_use]
    pub fn element(&self) -> FieldType {
        match self.ty.definition.composite {
            CompositeType::Array(element) => element,
            _ => unreachable!("an array type is one of arrays"),
        }
    }
}

/// Whether a field can stand where a supertype has another (wasm spec, "Matching / Field Types").
fn field_matches(engine: &Engine, own: FieldType, theirs: FieldType) -> bool {
    match (own.storage, theirs.storage) {
        // What can be set has to be the same from both sides.
        _ if own.mutable || theirs.mutable => own == theirs,
        (StorageType::Val(own), StorageType::Val(theirs)) => own.matches(theirs, engine.types()),
        (own, theirs) => own == theirs,
    }
}
