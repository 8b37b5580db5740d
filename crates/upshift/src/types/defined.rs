//! Types that are defined: functions, structs and arrays, as the embedder sees them.
//!
//! Each is a handle: it carries its engine and keeps the type in it, so that equal types are equal numbers as long as somebody
//! has one of them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use upshift_core::TypeId;
use upshift_core::types as core;
use upshift_core::types::composite::{self, CompositeType, SubType};
use upshift_core::types::layout::StructLayout;
use upshift_translate::registry::TypeHandle;

use super::{FieldType, Mutability, StorageType, ValType};
use crate::engine::Engine;

/// The most supertypes that a type can have, the limit that validation sets for modules too.
const MAX_DEPTH: u32 = 63;

/// Whether a type can have subtypes (wasm spec, "Structure / Types / Recursive Types").
///
/// ```
/// use upshift::{Engine, Finality, StructType};
///
/// let engine = Engine::default();
/// let last = StructType::new(&engine, [])?;
/// assert_eq!(last.finality(), Finality::Final);
/// let below = StructType::with_finality_and_supertype(&engine, Finality::Final, Some(&last), []);
/// assert!(below.unwrap_err().to_string().contains("is final"));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Finality {
    /// It has none.
    Final,
    /// It may have some.
    NonFinal,
}

impl Finality {
    /// Whether there are no subtypes.
    #[must_use]
    pub fn is_final(self) -> bool {
        self == Finality::Final
    }
}

/// The type of a function (wasm spec, "Structure / Types / Function Types").
///
/// Two of them are equal if they belong to one engine and have the same definition: parameters, results, supertypes, and the
/// recursion group around it.
///
/// ```
/// use upshift::{Engine, FuncType, ValType};
///
/// let engine = Engine::default();
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::F64]);
/// assert_eq!(ty.params().len(), 2);
/// assert_eq!(ty.to_string(), "(i32, i64) -> (f64)");
/// ```
#[derive(Clone)]
pub struct FuncType {
    engine: Engine,
    ty: TypeHandle,
}

/// The type of a struct (wasm spec, "Structure / Types / Composite Types").
///
/// Two of them are equal if they belong to one engine and have the same definition, including supertypes and the recursion
/// group around it.
///
/// ```
/// use upshift::{Engine, FieldType, Module, Mutability, StructType, ValType};
///
/// let engine = Engine::default();
/// let ty = StructType::new(&engine, [FieldType::new(Mutability::Var, ValType::I32.into())])?;
/// assert_eq!(ty.to_string(), "struct {(mut i32)}");
///
/// // The same type in a module is the same type.
/// let text = "(module (type $t (struct (field (mut i32)))) (global (export \"g\") (ref null $t) (ref.null $t)))";
/// let export = Module::new(&engine, text)?.get_export("g").unwrap();
/// let heap_type = export.unwrap_global().content().unwrap_ref().heap_type();
/// assert_eq!(heap_type.as_concrete_struct(), Some(&ty));
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct StructType {
    engine: Engine,
    ty: TypeHandle,
}

/// The type of an array (wasm spec, "Structure / Types / Composite Types").
///
/// ```
/// use upshift::{ArrayType, Engine, FieldType, Mutability, StorageType};
///
/// let ty = ArrayType::new(&Engine::default(), FieldType::new(Mutability::Const, StorageType::I8));
/// assert_eq!(ty.element_type(), StorageType::I8);
/// assert_eq!(ty.to_string(), "array i8");
/// ```
#[derive(Clone)]
pub struct ArrayType {
    engine: Engine,
    ty: TypeHandle,
}

macro_rules! defined_types {
    ($($name:ident $what:literal;)*) => {$(
        impl $name {
            /// Registers a type that fits its supertype.
            fn register(
                engine: &Engine,
                finality: Finality,
                supertype: Option<&$name>,
                composite: CompositeType,
            ) -> Result<$name> {
                let supertype = supertype.map($name::id);
                let ty = engine.types().intern(SubType { is_final: finality.is_final(), supertype, composite })?;
                Ok($name { engine: engine.clone(), ty })
            }

            /// Makes sure that there can be a subtype.
            fn check_extensible(&self, engine: &Engine) -> Result<()> {
                ensure!(Engine::same(engine, &self.engine), "the supertype belongs to another engine");
                ensure!(!self.finality().is_final(), "`{self}` is final");
                let full = self.ty.depth() >= MAX_DEPTH;
                ensure!(!full, "the supertype has {MAX_DEPTH} supertypes, which is the most");
                Ok(())
            }

            /// The type with an id that somebody else keeps meanwhile.
            pub(crate) fn from_id(engine: &Engine, id: TypeId) -> $name {
                let ty = engine.types().get(id).expect("whoever has the id of a type keeps the type");
                $name::from_handle(engine, ty)
            }

            pub(crate) fn from_handle(engine: &Engine, ty: TypeHandle) -> $name {
                $name { engine: engine.clone(), ty }
            }

            pub(crate) fn id(&self) -> TypeId {
                self.ty.id()
            }

            pub(crate) fn handle(&self) -> &TypeHandle {
                &self.ty
            }

            /// The engine that the type belongs to.
            #[must_use]
            pub fn engine(&self) -> &Engine {
                &self.engine
            }

            /// Whether the type can have subtypes.
            #[must_use]
            pub fn finality(&self) -> Finality {
                if self.ty.definition.is_final { Finality::Final } else { Finality::NonFinal }
            }

            /// The type that it was declared to extend.
            #[must_use]
            pub fn supertype(&self) -> Option<$name> {
                Some($name::from_id(&self.engine, self.ty.definition.supertype?))
            }

            #[doc = concat!("Whether each ", $what, " of this type is also one of `other`. Types of different engines have nothing in common.")]
            #[must_use]
            pub fn matches(&self, other: &$name) -> bool {
                Engine::same(&self.engine, &other.engine) && self.ty.extends(other.id())
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &$name) -> bool {
                self.id() == other.id() && Engine::same(&self.engine, &other.engine)
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.id().hash(state);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}[{}]{}", stringify!($name), self.id().0, self.ty.definition)
            }
        }
    )*};
}

defined_types! {
    FuncType "function";
    StructType "struct";
    ArrayType "array";
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core().fmt(f)
    }
}

impl fmt::Display for StructType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.definition.fmt(f)
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.definition.fmt(f)
    }
}

impl FuncType {
    /// A function type without supertypes and subtypes, from the types of its parameters and results.
    ///
    /// # Panics
    /// When [`try_new`](Self::try_new) has an error.
    pub fn new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> FuncType {
        FuncType::try_new(engine, params, results).expect("the types fit the engine and the limits")
    }

    /// A function type without supertypes and subtypes, from the types of its parameters and results.
    ///
    /// # Errors
    /// When one of them belongs to another engine, or there are more than 1,000 parameters or results.
    ///
    /// ```
    /// use upshift::{Engine, FuncType, HeapType, RefType, StructType, ValType};
    ///
    /// let (engine, other) = (Engine::default(), Engine::default());
    /// let theirs = ValType::Ref(RefType::new(true, StructType::new(&other, [])?.into()));
    /// assert!(FuncType::try_new(&other, [theirs.clone()], []).is_ok());
    /// assert!(FuncType::try_new(&engine, [theirs], []).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn try_new(
        engine: &Engine,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Result<FuncType> {
        FuncType::with_finality_and_supertype(engine, Finality::Final, None, params, results)
    }

    /// A function type that may have subtypes, and may be one.
    ///
    /// # Errors
    /// As [`try_new`](Self::try_new); when the supertype is final or belongs to another engine; and when there are not as many
    /// parameters and results as in the supertype, one of its parameters is not one here, or a result here not one there.
    ///
    /// ```
    /// use upshift::{Engine, Finality, FuncType, HeapType, RefType, ValType};
    ///
    /// let engine = Engine::default();
    /// let funcref = |is_nullable| ValType::Ref(RefType::new(is_nullable, HeapType::Func));
    /// let make = |finality, supertype: Option<&FuncType>, result| {
    ///     FuncType::with_finality_and_supertype(&engine, finality, supertype, [], [result])
    /// };
    /// let parent = make(Finality::NonFinal, None, funcref(true))?;
    /// let child = make(Finality::Final, Some(&parent), funcref(false))?;
    /// assert!(child.matches(&parent));
    /// assert!(make(Finality::Final, Some(&parent), ValType::I32).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&FuncType>,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Result<FuncType> {
        // Kept until the type that names them does so.
        let (params, results): (Vec<_>, Vec<_>) =
            (params.into_iter().collect(), results.into_iter().collect());
        let own = |types: &[ValType], what: &str| {
            let own = types.iter().enumerate().map(|(i, ty)| {
                ty.in_engine(engine).with_context(|| format!("{what} {i} of a function type"))
            });
            own.collect::<Result<Vec<_>>>()
        };
        let ty = core::FuncType::try_new(own(&params, "parameter")?, own(&results, "result")?)?;
        if let Some(supertype) = supertype {
            supertype.check_extensible(engine)?;
            let same = supertype.params().len() == params.len() && supertype.results().len() == results.len();
            ensure!(same, "`{ty}` has not as many parameters and results as its supertype `{supertype}`");
            let params_fit = supertype.params().zip(&params).all(|(theirs, own)| theirs.matches(own));
            let results_fit =
                results.iter().zip(supertype.results()).all(|(own, theirs)| own.matches(&theirs));
            ensure!(params_fit && results_fit, "`{ty}` does not match its supertype `{supertype}`");
        }
        FuncType::register(engine, finality, supertype, CompositeType::Func(Arc::new(ty)))
    }

    pub(crate) fn core(&self) -> &Arc<core::FuncType> {
        self.ty.as_func().expect("the type is one of functions")
    }

    /// The parameter types.
    pub fn params(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.core().params().iter().map(|&ty| ValType::of_core(&self.engine, ty))
    }

    /// The result types.
    pub fn results(&self) -> impl ExactSizeIterator<Item = ValType> + '_ {
        self.core().results().iter().map(|&ty| ValType::of_core(&self.engine, ty))
    }

    /// The type of one parameter.
    #[must_use]
    pub fn param(&self, index: usize) -> Option<ValType> {
        Some(ValType::of_core(&self.engine, *self.core().params().get(index)?))
    }

    /// The type of one result.
    #[must_use]
    pub fn result(&self, index: usize) -> Option<ValType> {
        Some(ValType::of_core(&self.engine, *self.core().results().get(index)?))
    }
}

impl StructType {
    /// A struct type without supertypes and subtypes.
    ///
    /// # Errors
    /// When the type of a field belongs to another engine, or there are more than 10,000 fields.
    pub fn new(engine: &Engine, fields: impl IntoIterator<Item = FieldType>) -> Result<StructType> {
        StructType::with_finality_and_supertype(engine, Finality::Final, None, fields)
    }

    /// A struct type that may have subtypes, and may be one.
    ///
    /// # Errors
    /// As [`new`](Self::new); when the supertype is final or belongs to another engine; and when its fields are not the first
    /// ones of this type: each of the same type, or if they are immutable, of a subtype.
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&StructType>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<StructType> {
        // Kept until the type that names them does so.
        let fields: Vec<FieldType> = fields.into_iter().collect();
        let own = fields.iter().enumerate();
        let own = own
            .map(|(i, field)| field.in_engine(engine).with_context(|| format!("field {i} of a struct type")));
        let own: Arc<[composite::FieldType]> = own.collect::<Result<_>>()?;
        if let Some(supertype) = supertype {
            supertype.check_extensible(engine)?;
            let inherited = supertype.fields().len();
            ensure!(
                fields.len() >= inherited,
                "the supertype has {inherited} fields, the subtype {}",
                fields.len()
            );
            for (i, (own, theirs)) in fields.iter().zip(supertype.fields()).enumerate() {
                ensure!(own.matches(&theirs), "field {i} is a `{own}`, in the supertype a `{theirs}`");
            }
        }
        StructType::register(engine, finality, supertype, CompositeType::Struct(own))
    }

    /// The fields.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldType> + '_ {
        self.core_fields().iter().map(|&field| FieldType::of_core(&self.engine, field))
    }

    /// A field.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<FieldType> {
        Some(FieldType::of_core(&self.engine, *self.core_fields().get(index)?))
    }

    pub(crate) fn core_fields(&self) -> &[composite::FieldType] {
        self.ty.fields().expect("the type is one of structs")
    }

    pub(crate) fn layout(&self) -> &StructLayout {
        self.ty.layout.as_ref().expect("each struct has a layout")
    }
}

impl ArrayType {
    /// An array type without supertypes and subtypes.
    ///
    /// # Panics
    /// When the elements' type belongs to another engine;
    /// [`with_finality_and_supertype`](Self::with_finality_and_supertype) has an error for that.
    #[must_use]
    pub fn new(engine: &Engine, field_type: FieldType) -> ArrayType {
        let ty = ArrayType::with_finality_and_supertype(engine, Finality::Final, None, field_type);
        ty.expect("the elements' type fits the engine")
    }

    /// An array type that may have subtypes, and may be one.
    ///
    /// # Errors
    /// When the elements' type belongs to another engine; when the supertype is final or belongs to another engine; and when
    /// its elements are not the same, or if they are immutable, of a subtype.
    ///
    /// ```
    /// use upshift::{ArrayType, Engine, FieldType, Finality, Mutability, ValType};
    ///
    /// let engine = Engine::default();
    /// let make = |finality, supertype: Option<&ArrayType>, ty| {
    ///     let elements = FieldType::new(Mutability::Const, ValType::into(ty));
    ///     ArrayType::with_finality_and_supertype(&engine, finality, supertype, elements)
    /// };
    /// let parent = make(Finality::NonFinal, None, ValType::ANYREF)?;
    /// assert!(make(Finality::Final, Some(&parent), ValType::EQREF)?.matches(&parent));
    /// assert!(make(Finality::Final, Some(&parent), ValType::FUNCREF).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn with_finality_and_supertype(
        engine: &Engine,
        finality: Finality,
        supertype: Option<&ArrayType>,
        field_type: FieldType,
    ) -> Result<ArrayType> {
        let own = field_type.in_engine(engine).context("the elements of an array type")?;
        if let Some(supertype) = supertype {
            supertype.check_extensible(engine)?;
            let theirs = supertype.field_type();
            let fits = field_type.matches(&theirs);
            ensure!(fits, "the elements are `{field_type}`, in the supertype `{theirs}`");
        }
        ArrayType::register(engine, finality, supertype, CompositeType::Array(own))
    }

    /// The elements.
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        FieldType::of_core(&self.engine, self.core_element())
    }

    /// Whether elements can be set.
    #[must_use]
    pub fn mutability(&self) -> Mutability {
        Mutability::of(self.core_element().mutable)
    }

    /// What elements hold.
    #[must_use]
    pub fn element_type(&self) -> StorageType {
        StorageType::of_core(&self.engine, self.core_element().storage)
    }

    pub(crate) fn core_element(&self) -> composite::FieldType {
        self.ty.element().expect("the type is one of arrays")
    }
}
