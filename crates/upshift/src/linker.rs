//! Linkers: imports by name.
//!
//! ```text
//! (module, name) ─▶ Definition ─┬─ Host: a closure that belongs to no store; becomes a Func where it is needed
//!                               └─ Item: a Func, Memory, … of one store
//! ```

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail, ensure};
use upshift_core::shown::Shown;

use crate::caller::Caller;
use crate::context::{AsContext, AsContextMut};
use crate::engine::Engine;
use crate::exceptions::Tag;
use crate::externs::Extern;
use crate::func::{Func, HostFunc, IntoFunc};
use crate::global::Global;
use crate::instance::Instance;
use crate::instantiate::instantiate;
use crate::memory::{Memory, SharedMemory};
use crate::module::Module;
use crate::store::StoreState;
use crate::table::Table;
use crate::types::{ExternType, FuncType, ImportType, ValType};
use crate::val::{Ref, Val};

/// Names for what modules import, and a way to instantiate modules with them.
///
/// Host functions of a linker belong to no store, so one linker can serve many.
///
/// ```
/// use upshift::{Engine, Linker, Module, Store};
///
/// let engine = Engine::default();
/// let mut linker = Linker::new(&engine);
/// linker.func_wrap("host", "double", |n: i32| n * 2)?;
///
/// let mut store = Store::new(&engine, ());
/// let lib = Module::new(
///     &engine,
///     r#"(module
///         (import "host" "double" (func $double (param i32) (result i32)))
///         (func (export "quadruple") (param i32) (result i32)
///             (call $double (call $double (local.get 0)))))"#,
/// )?;
/// linker.module(&mut store, "lib", &lib)?;
///
/// let main = Module::new(
///     &engine,
///     r#"(module
///         (import "lib" "quadruple" (func $quadruple (param i32) (result i32)))
///         (func (export "main") (result i32) (call $quadruple (i32.const 5))))"#,
/// )?;
/// let instance = linker.instantiate(&mut store, &main)?;
/// assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "main")?.call(&mut store, ())?, 20);
/// # Ok::<(), upshift::Error>(())
/// ```
pub struct Linker<T: 'static> {
    engine: Engine,
    /// By module, then by name.
    definitions: HashMap<Box<str>, HashMap<Box<str>, Definition>>,
    allow_shadowing: bool,
    data: PhantomData<fn() -> T>,
}

/// What a name stands for.
#[derive(Clone)]
enum Definition {
    Item(Extern),
    Host(Arc<HostFunc>),
}

impl Definition {
    fn extern_in(&self, state: &mut StoreState) -> Result<Extern> {
        match self {
            Definition::Item(item) => {
                ensure!(item.comes_from(state), "the definition belongs to another store");
                Ok(item.clone())
            }
            Definition::Host(func) => {
                let same = Engine::same(func.func_type().engine(), &state.engine);
                ensure!(same, "the definition belongs to another engine");
                Ok(Func::of_host(state, func).into())
            }
        }
    }
}

impl<T: 'static> Clone for Linker<T> {
    fn clone(&self) -> Linker<T> {
        Linker {
            engine: self.engine.clone(),
            definitions: self.definitions.clone(),
            allow_shadowing: self.allow_shadowing,
            data: PhantomData,
        }
    }
}

impl<T: 'static> Linker<T> {
    /// A linker without definitions.
    #[must_use]
    pub fn new(engine: &Engine) -> Linker<T> {
        let engine = engine.clone();
        Linker { engine, definitions: HashMap::new(), allow_shadowing: false, data: PhantomData }
    }

    /// The engine that the linker belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name can be defined anew; it cannot unless this allows it.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Linker<T> {
        self.allow_shadowing = allow;
        self
    }

    /// Defines a name as something of the store.
    ///
    /// # Errors
    /// When the name is defined already.
    ///
    /// # Panics
    /// When the item belongs to another store.
    pub fn define(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Linker<T>> {
        let item = item.into();
        assert!(item.comes_from(store.as_context().state()), "object used with the wrong store");
        self.insert(module, name, Definition::Item(item))
    }

    /// Defines a name as a host function; see [`Func::wrap`] for the closures that can become one.
    ///
    /// # Errors
    /// When the name is defined already, or the engine has two billion types.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Linker<T>> {
        let func = Arc::new(func.into_host(&self.engine)?);
        self.insert(module, name, Definition::Host(func))
    }

    /// Defines a name as a host function of a type that is known only at run time; see [`Func::new`].
    ///
    /// # Errors
    /// When the name is defined already.
    ///
    /// # Panics
    /// When the type belongs to another engine.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Linker<T>> {
        assert!(Engine::same(ty.engine(), &self.engine), "function type used with the wrong engine");
        let func = Arc::new(HostFunc::with_values(ty, func));
        self.insert(module, name, Definition::Host(func))
    }

    /// Defines all exports of an instance under the module name `module`.
    ///
    /// # Errors
    /// When a name is defined already.
    ///
    /// # Panics
    /// When the instance belongs to another store.
    pub fn instance(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Linker<T>> {
        let mut store = store.as_context_mut();
        for export in instance.exports(&mut store) {
            self.insert(module, export.name(), Definition::Item(export.into_extern()))?;
        }
        Ok(self)
    }

    /// Instantiates a module and defines its exports under the module name `name`.
    ///
    /// A *command*, which exports `_start`, gets a new instance for each call of its functions. Everything else is a
    /// *reactor*: one instance, whose `_initialize` is called now if it has one.
    ///
    /// # Errors
    /// When instantiation or `_initialize` fails, a name is defined already, or the module belongs to another engine.
    pub fn module(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        name: &str,
        module: &Module,
    ) -> Result<&mut Linker<T>> {
        self.check_engine(module)?;
        if matches!(module.get_export("_start"), Some(ExternType::Func(_))) {
            return self.command(name, module);
        }
        let instance = self.instantiate(&mut store, module)?;
        if matches!(module.get_export("_initialize"), Some(ExternType::Func(_))) {
            instance.get_typed_func::<(), ()>(&mut store, "_initialize")?.call(&mut store, ())?;
        }
        self.instance(store, name, instance)
    }

    fn command(&mut self, name: &str, module: &Module) -> Result<&mut Linker<T>> {
        let pre = Arc::new(self.instantiate_pre(module)?);
        for export in module.exports() {
            let ExternType::Func(ty) = export.ty() else { continue };
            if export.name() == "_initialize" {
                continue;
            }
            let (pre, function) = (Arc::clone(&pre), export.name().to_owned());
            self.func_new(name, export.name(), ty, move |mut caller, params, results| {
                let instance = pre.instantiate(&mut caller)?;
                let func = instance.get_func(&mut caller, &function).context("the module exports it")?;
                func.call(&mut caller, params, results)
            })?;
        }
        Ok(self)
    }

    /// Gives a definition a second name.
    ///
    /// # Errors
    /// When there is no such definition, or the new name is defined already.
    pub fn alias(
        &mut self,
        module: &str,
        name: &str,
        as_module: &str,
        as_name: &str,
    ) -> Result<&mut Linker<T>> {
        let definition = self.find(module, name).ok_or_else(|| unknown_import(module, name))?.clone();
        self.insert(as_module, as_name, definition)
    }

    /// Gives all definitions under a module name a second module name.
    ///
    /// # Errors
    /// When a new name is defined already.
    pub fn alias_module(&mut self, module: &str, as_module: &str) -> Result<()> {
        let definitions = self.definitions.get(module).cloned().unwrap_or_default();
        for (name, definition) in definitions {
            self.insert(as_module, &name, definition)?;
        }
        Ok(())
    }

    /// Defines what the module imports and the linker does not know: functions that fail when they are called.
    ///
    /// # Errors
    /// When something other than a function is unknown, or the module belongs to another engine.
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<()> {
        self.check_engine(module)?;
        for import in module.imports() {
            if self.find(import.module(), import.name()).is_some() {
                continue;
            }
            let ExternType::Func(ty) = import.ty() else {
                return Err(unknown_import(import.module(), import.name()));
            };
            let (module, name) = (import.module().to_owned(), import.name().to_owned());
            self.func_new(import.module(), import.name(), ty, move |_, _, _| {
                Err(unknown_import(&module, &name))
            })?;
        }
        Ok(())
    }

    /// Defines what the module imports and the linker does not know: functions that return the default values of their result
    /// types, which are zero and null, and memories, tables, globals and tags of the types that are imported, which belong to
    /// the store and are full of default values.
    ///
    /// ```
    /// use upshift::{Engine, Linker, Module, Store};
    ///
    /// let engine = Engine::default();
    /// let module = Module::new(
    ///     &engine,
    ///     r#"(module
    ///         (import "js" "now" (func $now (result f64)))
    ///         (func (export "run") (result f64) (f64.add (call $now) (f64.const 1))))"#,
    /// )?;
    /// let (mut linker, mut store) = (Linker::new(&engine), Store::new(&engine, ()));
    /// linker.define_unknown_imports_as_default_values(&mut store, &module)?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// let run = instance.get_typed_func::<(), f64>(&mut store, "run")?;
    /// assert_eq!(run.call(&mut store, ())?, 1.0);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a type has no default value, as references that are never null, or a limit of the store is reached.
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<()> {
        for import in module.imports() {
            let (module, name) = (import.module(), import.name());
            if self.find(module, name).is_some() {
                continue;
            }
            if let ExternType::Func(ty) = import.ty() {
                let values = ty.results().map(|ty| default_value(module, name, &ty));
                let values = values.collect::<Result<Vec<_>>>()?;
                self.func_new(module, name, ty, move |_, _, results| {
                    results.copy_from_slice(&values);
                    Ok(())
                })?;
                continue;
            }
            let item = default_item(&mut store, &import)?;
            self.define(&store, module, name, item)?;
        }
        Ok(())
    }

    /// Instantiates a module with the linker's definitions.
    ///
    /// # Errors
    /// When an import is unknown, of the wrong type or of another store or engine, a limit is reached, or initialisation
    /// traps.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>, module: &Module) -> Result<Instance> {
        let definitions = self.resolve(module)?;
        // SAFETY: the context borrows the store uniquely until the instance is there.
        unsafe { link_and_instantiate(store.as_context_mut().root(), module, &definitions, || ()) }
    }

    /// Looks up the module's imports now, to instantiate it later, in any store of the engine.
    ///
    /// # Errors
    /// When an import is unknown, or the module belongs to another engine.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        self.check_engine(module)?;
        let definitions = self.resolve(module)?;
        Ok(InstancePre { module: module.clone(), definitions, data: PhantomData })
    }

    /// What a name stands for in the store.
    ///
    /// `None` if the name is unknown or its definition belongs to another store or engine.
    pub fn get(&self, mut store: impl AsContextMut<Data = T>, module: &str, name: &str) -> Option<Extern> {
        self.find(module, name)?.extern_in(store.as_context_mut().state()).ok()
    }

    /// What an import stands for in the store; otherwise as [`get`](Linker::get).
    pub fn get_by_import(
        &self,
        store: impl AsContextMut<Data = T>,
        import: &ImportType<'_>,
    ) -> Option<Extern> {
        self.get(store, import.module(), import.name())
    }

    /// The function to call when a module is run as a program: the export with the empty name, or else `_start`, or a
    /// function that does nothing.
    ///
    /// # Errors
    /// When the export is not a function.
    pub fn get_default(&self, mut store: impl AsContextMut<Data = T>, module: &str) -> Result<Func> {
        for name in ["", "_start"] {
            if let Some(item) = self.get(&mut store, module, name) {
                return item
                    .into_func()
                    .with_context(|| format!("default export `{name}` is not a function"));
            }
        }
        Ok(Func::wrap(store, || {}))
    }

    /// All names and what they stand for in the store, in no particular order.
    pub fn iter<'a>(
        &'a self,
        mut store: impl AsContextMut<Data = T> + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a str, Extern)> + 'a {
        let all = self.definitions.iter();
        let all = all.flat_map(|(module, names)| names.iter().map(move |(name, d)| (&**module, &**name, d)));
        all.filter_map(move |(module, name, definition)| {
            Some((module, name, definition.extern_in(store.as_context_mut().state()).ok()?))
        })
    }

    fn check_engine(&self, module: &Module) -> Result<()> {
        let same = Engine::same(module.engine(), &self.engine);
        ensure!(
            same,
            "cross-`Engine` linking is not supported: module and linker belong to different engines"
        );
        Ok(())
    }

    fn find(&self, module: &str, name: &str) -> Option<&Definition> {
        self.definitions.get(module)?.get(name)
    }

    fn insert(&mut self, module: &str, name: &str, definition: Definition) -> Result<&mut Linker<T>> {
        if !self.allow_shadowing && self.find(module, name).is_some() {
            bail!("import of `{}::{}` defined twice", Shown::new(module), Shown::new(name));
        }
        // Most definitions come in groups, so the module's name is usually there.
        match self.definitions.get_mut(module) {
            Some(names) => names.insert(name.into(), definition),
            None => self.definitions.entry(module.into()).or_default().insert(name.into(), definition),
        };
        Ok(self)
    }

    fn resolve(&self, module: &Module) -> Result<Vec<Definition>> {
        let imports = module.info().imports.iter();
        let find = |module: &str, name: &str| {
            self.find(module, name).cloned().ok_or_else(|| unknown_import(module, name))
        };
        imports.map(|import| find(&import.module, &import.name)).collect()
    }
}

fn unknown_import(module: &str, name: &str) -> anyhow::Error {
    anyhow!("unknown import: `{}::{}` has not been defined", Shown::new(module), Shown::new(name))
}

/// The default value of a type that an import has or returns.
fn default_value(module: &str, name: &str, ty: &ValType) -> Result<Val> {
    let no_default = || {
        let (module, name) = (Shown::new(module), Shown::new(name));
        anyhow!("the unknown import `{module}::{name}` has no default: there is none of the type {ty}")
    };
    Val::default_for_ty(ty).with_context(no_default)
}

/// What can be imported as something other than a function, full of default values.
fn default_item(mut store: impl AsContextMut, import: &ImportType<'_>) -> Result<Extern> {
    let value = |ty: &ValType| default_value(import.module(), import.name(), ty);
    Ok(match import.ty() {
        ExternType::Func(_) => bail!("functions have no values"),
        ExternType::Global(ty) => {
            let value = value(ty.content())?;
            Global::new(store, ty, value)?.into()
        }
        ExternType::Table(ty) => {
            // There is a null of every heap type, but not for every table.
            value(&ValType::Ref(ty.element().clone()))?;
            let null = Ref::null(ty.element().heap_type());
            Table::new(store, ty, null)?.into()
        }
        ExternType::Memory(ty) if ty.is_shared() => SharedMemory::new_in(&mut store, ty)?.into(),
        ExternType::Memory(ty) => Memory::new(store, ty)?.into(),
        ExternType::Tag(ty) => Tag::new(store, &ty)?.into(),
    })
}

/// # Safety
/// As for [`instantiate`]; host functions among the definitions must be for the kind of data in the store.
unsafe fn link_and_instantiate(
    store: NonNull<StoreState>,
    module: &Module,
    definitions: &[Definition],
    begin: impl FnOnce(),
) -> Result<Instance> {
    // SAFETY: the caller's promise; the reference to the state ends before code runs.
    unsafe {
        let state = &mut *store.as_ptr();
        let imports = definitions.iter().map(|definition| definition.extern_in(state));
        let imports: Vec<Extern> = imports.collect::<Result<_>>()?;
        instantiate(store, module, &imports, begin)
    }
}

/// A module with its imports looked up.
///
/// ```
/// use upshift::{Engine, Linker, Module, Store};
///
/// let engine = Engine::default();
/// let linker = Linker::<()>::new(&engine);
/// let module = Module::new(&engine, r#"(module (func (export "one") (result i32) (i32.const 1)))"#)?;
/// let pre = linker.instantiate_pre(&module)?;
/// for _ in 0..3 {
///     let mut store = Store::new(&engine, ());
///     let instance = pre.instantiate(&mut store)?;
///     let one = instance.get_typed_func::<(), i32>(&mut store, "one")?;
///     assert_eq!(one.call(&mut store, ())?, 1);
/// }
/// # Ok::<(), upshift::Error>(())
/// ```
pub struct InstancePre<T: 'static> {
    module: Module,
    definitions: Vec<Definition>,
    data: PhantomData<fn() -> T>,
}

impl<T: 'static> InstancePre<T> {
    /// The module.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Instantiates the module.
    ///
    /// # Errors
    /// When an import is of the wrong type or belongs to another store or engine, a limit is reached, or initialisation
    /// traps.
    pub fn instantiate(&self, store: impl AsContextMut<Data = T>) -> Result<Instance> {
        self.instantiate_with(store, || ())
    }

    /// As [`instantiate`](InstancePre::instantiate), and calls `begin` when all that the instance needs is there: just before the
    /// module's start function, if it has one. An error before that is no doing of the program's code.
    ///
    /// ```
    /// use upshift::{Engine, Linker, Module, Store, Trap};
    ///
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, "(module (func $start unreachable) (start $start))")?;
    /// let pre = Linker::new(&engine).instantiate_pre(&module)?;
    /// let mut has_begun = false;
    /// let error = pre.instantiate_with(Store::new(&engine, ()), || has_begun = true).unwrap_err();
    /// assert!(error.is::<Trap>() && has_begun);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`instantiate`](InstancePre::instantiate).
    pub fn instantiate_with(
        &self,
        mut store: impl AsContextMut<Data = T>,
        begin: impl FnOnce(),
    ) -> Result<Instance> {
        let definitions = &self.definitions;
        // SAFETY: the context borrows the store uniquely until the instance is there.
        unsafe { link_and_instantiate(store.as_context_mut().root(), &self.module, definitions, begin) }
    }
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> InstancePre<T> {
        let (module, definitions) = (self.module.clone(), self.definitions.clone());
        InstancePre { module, definitions, data: PhantomData }
    }
}

impl<T: 'static> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.definitions.iter();
        let names =
            names.flat_map(|(module, names)| names.keys().map(move |name| format!("{module}::{name}")));
        f.debug_set().entries(names).finish()
    }
}

impl<T: 'static> fmt::Debug for InstancePre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstancePre").field("module", &self.module).finish_non_exhaustive()
    }
}
