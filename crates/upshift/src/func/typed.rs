//! Functions with types known to the compiler: arguments and results go straight between Rust values and slots.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use anyhow::{Context, Result, bail, ensure};
use upshift_core::types::{HeapType, RefType};
use upshift_core::value::SlotValue;
use upshift_core::{V128, ValType};

use crate::context::{AsContext, AsContextMut};
use crate::engine::Engine;
use crate::exceptions::ExnRef;
use crate::externref::ExternRef;
use crate::func::{Func, invoke};
use crate::gc::{AnyRef, ArrayRef, Rooted, StructRef};
use crate::store::StoreState;

/// A Rust type that stands for a wasm type in parameters and results.
///
/// | Rust | wasm |
/// |---|---|
/// | `i32`, `u32` | `i32` |
/// | `i64`, `u64` | `i64` |
/// | `f32`, `f64` | `f32`, `f64` |
/// | [`V128`] | `v128` |
/// | `Option<Func>`, [`Func`] | `funcref`, `(ref func)` |
/// | `Option<ExternRef>`, [`ExternRef`] | `externref`, `(ref extern)` |
/// | `Option<ExnRef>`, [`ExnRef`] | `exnref`, `(ref exn)` |
/// | `Option<AnyRef>`, [`AnyRef`] | `anyref`, `(ref any)` |
/// | `Option<StructRef>`, [`StructRef`] | `structref`, `(ref struct)` |
/// | `Option<ArrayRef>`, [`ArrayRef`] | `arrayref`, `(ref array)` |
///
/// ```
/// use upshift::{Engine, Func, Store, ValType, WasmTy};
///
/// fn identity<T: WasmTy>(store: &mut Store<()>) -> Func {
///     Func::wrap(store, |value: T| value)
/// }
/// let mut store = Store::new(&Engine::default(), ());
/// let func = identity::<u64>(&mut store);
/// assert_eq!(func.ty(&store).param(0), Some(ValType::I64));
/// ```
///
/// # Safety
/// `load` and `store` must access exactly `SLOTS` slots and agree with `valtype` about what lies there.
pub unsafe trait WasmTy: Copy + Send + Sync + 'static {
    /// How many slots a value takes.
    #[doc(hidden)]
    const SLOTS: usize = 1;

    /// The wasm type.
    #[doc(hidden)]
    fn valtype() -> ValType;

    /// Makes sure that the value can be used in the store.
    #[doc(hidden)]
    fn check(&self, _: StoreKey) -> Result<()> {
        Ok(())
    }

    /// # Safety
    /// `slot` must hold a value of the type, made in the store.
    #[doc(hidden)]
    unsafe fn load(store: StoreKey, slot: *const u64) -> Self;

    /// # Safety
    /// `slot` must be writable, and the value must have been checked.
    #[doc(hidden)]
    unsafe fn store(self, store: StoreKey, slot: *mut u64);
}

/// A store that is alive, as [`WasmTy`] knows it, without giving anything away.
#[derive(Clone, Copy, Debug)]
pub struct StoreKey(NonNull<StoreState>);

impl StoreKey {
    /// # Safety
    /// The store must be alive whenever the key is used, and no unique reference to it must be.
    pub(crate) unsafe fn new(store: NonNull<StoreState>) -> StoreKey {
        StoreKey(store)
    }

    fn state(&self) -> &StoreState {
        // SAFETY: promised to `new`.
        unsafe { self.0.as_ref() }
    }
}

macro_rules! plain {
    ($($ty:ty: $val:ident;)*) => {$(
        // SAFETY: the slots are accessed by the type's own `SlotValue`.
        unsafe impl WasmTy for $ty {
            const SLOTS: usize = <$ty as SlotValue>::SLOTS as usize;

            #[inline]
            fn valtype() -> ValType {
                ValType::$val
            }

            #[inline]
            unsafe fn load(_: StoreKey, slot: *const u64) -> $ty {
                // SAFETY: the caller's promise.
                unsafe { <$ty as SlotValue>::read(slot) }
            }

            #[inline]
            unsafe fn store(self, _: StoreKey, slot: *mut u64) {
                // SAFETY: the caller's promise.
                unsafe { SlotValue::write(self, slot) }
            }
        }
    )*};
}

plain! {
    i32: I32;
    u32: I32;
    i64: I64;
    u64: I64;
    f32: F32;
    f64: F64;
    V128: V128;
}

macro_rules! references {
    ($($ty:ty: $heap:ident, |$value:ident, $state:ident| $to_slot:expr, |$slot:ident, $store:ident| $from_slot:expr;)*) => {$(
        // SAFETY: a reference is one slot, 0 for null.
        unsafe impl WasmTy for Option<$ty> {
            fn valtype() -> ValType {
                ValType::Ref(RefType { nullable: true, heap: HeapType::$heap })
            }

            fn check(&self, store: StoreKey) -> Result<()> {
                self.as_ref().map_or(Ok(()), |value| value.check(store))
            }

            unsafe fn load($store: StoreKey, slot: *const u64) -> Option<$ty> {
                // SAFETY: the caller's promise.
                let $slot = unsafe { *slot };
                $from_slot
            }

            unsafe fn store(self, store: StoreKey, slot: *mut u64) {
                // SAFETY: the caller's promise.
                unsafe {
                    match self {
                        Some(value) => WasmTy::store(value, store, slot),
                        None => *slot = 0,
                    }
                }
            }
        }

        // SAFETY: a reference is one slot, and a type without null promises that it is not 0.
        unsafe impl WasmTy for $ty {
            fn valtype() -> ValType {
                ValType::Ref(RefType { nullable: false, heap: HeapType::$heap })
            }

            fn check(&self, store: StoreKey) -> Result<()> {
                ReferenceTo::check(*self, store.state())
            }

            unsafe fn load(store: StoreKey, slot: *const u64) -> $ty {
                // SAFETY: the caller's promise.
                unsafe { <Option<$ty> as WasmTy>::load(store, slot) }.expect("the type has no null")
            }

            unsafe fn store(self, store: StoreKey, slot: *mut u64) {
                let ($value, $state) = (self, store.state());
                // SAFETY: the caller's promise.
                unsafe { *slot = $to_slot }
            }
        }
    )*};
}

/// A reference that belongs to a store.
trait ReferenceTo {
    /// Makes sure that it can be used there.
    fn check(self, store: &StoreState) -> Result<()>;
}

impl ReferenceTo for Func {
    fn check(self, store: &StoreState) -> Result<()> {
        ensure!(
            self.store_id() == store.id,
            "cross-`Store` values are not supported: the reference belongs to another store"
        );
        Ok(())
    }
}

macro_rules! rooted {
    ($($ty:ident: $heap:ident;)*) => {
        $(
            impl ReferenceTo for $ty {
                fn check(self, store: &StoreState) -> Result<()> {
                    self.0.get(store).map(|_| ())
                }
            }
        )*

        references! {
            $($ty: $heap, |value, state| value.0.to_slot(state), |slot, store| {
                Rooted::new(store.state(), slot as u32).map($ty)
            };)*
        }
    };
}

rooted! {
    ExternRef: Extern;
    ExnRef: Exn;
    AnyRef: Any;
    StructRef: Struct;
    ArrayRef: Array;
}

references! {
    Func: Func, |value, _state| value.to_slot(), |slot, store| {
        // SAFETY: the slot is one of the store's.
        unsafe { Func::from_slot(store.state().id, slot) }
    };
}

/// The parameters of a [`TypedFunc`]: a [`WasmTy`] or a tuple of up to 16.
///
/// ```
/// use upshift::{Engine, Func, Result, Store, WasmParams};
///
/// fn call<P: WasmParams>(store: &mut Store<()>, func: Func, params: P) -> Result<i64> {
///     func.typed::<P, i64>(&*store)?.call(store, params)
/// }
/// let mut store = Store::new(&Engine::default(), ());
/// let add = Func::wrap(&mut store, |a: i32, b: i64| i64::from(a) + b);
/// assert_eq!(call(&mut store, add, (1, 2i64))?, 3);
/// assert!(call(&mut store, add, 1).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// # Safety
/// As for [`WasmTy`]: all items must agree with each other about the slots.
pub unsafe trait WasmParams: Copy + Send + Sync + 'static {
    /// How many slots the values take.
    #[doc(hidden)]
    const SLOTS: usize;

    /// The wasm types.
    #[doc(hidden)]
    fn valtypes() -> Vec<ValType>;

    /// Makes sure that a function with these parameter types can be called with these values.
    #[doc(hidden)]
    fn check_params(engine: &Engine, types: &[ValType]) -> Result<()> {
        check(&Self::valtypes(), types, |ours, theirs| ours.matches(theirs, engine.types()))
    }

    /// Makes sure that all references belong to the store.
    #[doc(hidden)]
    fn check_store(&self, store: StoreKey) -> Result<()>;

    /// # Safety
    /// `slot` must be writable for all the values, which must have been checked.
    #[doc(hidden)]
    unsafe fn store(self, store: StoreKey, slot: *mut u64);
}

/// The results of a [`TypedFunc`]: a [`WasmTy`] or a tuple of up to 16.
///
/// ```
/// use upshift::{Engine, Func, Result, Store, WasmResults};
///
/// fn get<R: WasmResults>(store: &mut Store<()>, func: Func) -> Result<R> {
///     func.typed::<(), R>(&*store)?.call(store, ())
/// }
/// let mut store = Store::new(&Engine::default(), ());
/// let pair = Func::wrap(&mut store, || (1i32, 2.5f64));
/// assert_eq!(get::<(i32, f64)>(&mut store, pair)?, (1, 2.5));
/// assert!(get::<i32>(&mut store, pair).is_err());
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// # Safety
/// As for [`WasmParams`].
pub unsafe trait WasmResults: WasmParams {
    /// Makes sure that a function with these result types returns these values.
    #[doc(hidden)]
    fn check_results(engine: &Engine, types: &[ValType]) -> Result<()> {
        check(&Self::valtypes(), types, |ours, theirs| theirs.matches(ours, engine.types()))
    }

    /// # Safety
    /// `slot` must hold values of the types, made in the store.
    #[doc(hidden)]
    unsafe fn load(store: StoreKey, slot: *const u64) -> Self;
}

fn check(ours: &[ValType], theirs: &[ValType], fits: impl Fn(ValType, ValType) -> bool) -> Result<()> {
    if ours.len() != theirs.len() {
        bail!("expected {} types, found {}", ours.len(), theirs.len());
    }
    for (&ours, &theirs) in ours.iter().zip(theirs) {
        if !fits(ours, theirs) {
            bail!("type mismatch: expected {ours}, found {theirs}");
        }
    }
    Ok(())
}

// SAFETY: one value, by its own implementation.
unsafe impl<A: WasmTy> WasmParams for A {
    const SLOTS: usize = A::SLOTS;

    fn valtypes() -> Vec<ValType> {
        vec![A::valtype()]
    }

    #[inline]
    fn check_store(&self, store: StoreKey) -> Result<()> {
        self.check(store)
    }

    #[inline]
    unsafe fn store(self, store: StoreKey, slot: *mut u64) {
        // SAFETY: the caller's promise.
        unsafe { WasmTy::store(self, store, slot) }
    }
}

// SAFETY: as above.
unsafe impl<A: WasmTy> WasmResults for A {
    #[inline]
    unsafe fn load(store: StoreKey, slot: *const u64) -> A {
        // SAFETY: the caller's promise.
        unsafe { A::load(store, slot) }
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        // SAFETY: the values lie one after the other in the order of the tuple, in all of these functions.
        #[allow(non_snake_case, unused_mut, unused_assignments, unused_variables, unused_unsafe)]
        #[allow(clippy::unused_unit)]
        unsafe impl<$($name: WasmTy),*> WasmParams for ($($name,)*) {
            const SLOTS: usize = 0 $(+ $name::SLOTS)*;

            fn valtypes() -> Vec<ValType> {
                vec![$($name::valtype()),*]
            }

            #[inline]
            fn check_store(&self, store: StoreKey) -> Result<()> {
                let ($($name,)*) = self;
                $($name.check(store)?;)*
                Ok(())
            }

            #[inline]
            unsafe fn store(self, store: StoreKey, mut slot: *mut u64) {
                let ($($name,)*) = self;
                // SAFETY: the caller's promise.
                unsafe {
                    $(
                        $name.store(store, slot);
                        slot = slot.add($name::SLOTS);
                    )*
                }
            }
        }

        // SAFETY: as above.
        #[allow(non_snake_case, unused_mut, unused_assignments, unused_variables, unused_unsafe)]
        #[allow(clippy::unused_unit)]
        unsafe impl<$($name: WasmTy),*> WasmResults for ($($name,)*) {
            #[inline]
            unsafe fn load(store: StoreKey, mut slot: *const u64) -> ($($name,)*) {
                // SAFETY: the caller's promise.
                unsafe {
                    $(
                        let $name = $name::load(store, slot);
                        slot = slot.add($name::SLOTS);
                    )*
                    ($($name,)*)
                }
            }
        }
    };
}

for_each_arity!(tuples);

/// A function whose type is known to the compiler. Calls allocate nothing (wasm spec, "Execution / Modules / Invocation").
///
/// ```
/// use upshift::{Engine, Instance, Module, Store};
///
/// let engine = Engine::default();
/// let module = Module::new(
///     &engine,
///     r#"(module (func (export "swap") (param i32 i64) (result i64 i32)
///         local.get 1 local.get 0))"#,
/// )?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let swap = instance.get_typed_func::<(i32, i64), (i64, i32)>(&mut store, "swap")?;
/// assert_eq!(swap.call(&mut store, (1, 2))?, (2, 1));
/// # Ok::<(), upshift::Error>(())
/// ```
pub struct TypedFunc<Params, Results> {
    func: Func,
    types: PhantomData<fn(Params) -> Results>,
}

impl Func {
    /// The function with its types checked once and for all.
    ///
    /// # Errors
    /// When `Params` and `Results` are not those of the function.
    ///
    /// # Panics
    /// When the function belongs to another store.
    pub fn typed<Params: WasmParams, Results: WasmResults>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<Params, Results>> {
        let store = store.as_context();
        let state = store.state();
        let ty = self.core_type(state);
        Params::check_params(&state.engine, ty.params()).context("type mismatch with parameters")?;
        Results::check_results(&state.engine, ty.results()).context("type mismatch with results")?;
        Ok(TypedFunc::new(*self))
    }
}

impl<Params: WasmParams, Results: WasmResults> TypedFunc<Params, Results> {
    /// The types must have been checked.
    pub(super) fn new(func: Func) -> TypedFunc<Params, Results> {
        TypedFunc { func, types: PhantomData }
    }

    /// The function without its types.
    #[must_use]
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls the function.
    ///
    /// # Errors
    /// What the function ends with: a [`Trap`](crate::Trap), or an error that a host function returned. Context of both
    /// is a [`WasmBacktrace`](crate::WasmBacktrace). And when a reference among the arguments belongs to another store.
    ///
    /// # Panics
    /// When the function belongs to another store; and with the panic of a host function that was called.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: Params) -> Result<Results> {
        let mut store = store.as_context_mut();
        let state = store.state();
        let rec = self.func.rec(state);
        // SAFETY: the key is used before the call and after it only.
        let key = unsafe { StoreKey::new(state.root()) };
        params.check_store(key)?;
        let slots = const { if Params::SLOTS > Results::SLOTS { Params::SLOTS } else { Results::SLOTS } };
        // SAFETY: the function belongs to the store, its types were checked when `self` was made, and the context's
        // borrow lasts as long as the call.
        unsafe {
            invoke(
                store.root(),
                rec,
                slots as u32,
                |slot| params.store(key, slot),
                |slot| Results::load(key, slot),
            )
        }
    }
}

impl<Params, Results> Clone for TypedFunc<Params, Results> {
    fn clone(&self) -> TypedFunc<Params, Results> {
        *self
    }
}

impl<Params, Results> Copy for TypedFunc<Params, Results> {}

impl<Params, Results> fmt::Debug for TypedFunc<Params, Results> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}
