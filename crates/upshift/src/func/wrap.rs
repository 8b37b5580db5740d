//! From a Rust closure to a host function: the closure's type tells the wasm type, and a trampoline that the compiler
//! makes for it moves the arguments from slots and the results back.

use std::sync::Arc;

use anyhow::{Error, Result};
use upshift_core::types as core;

use crate::caller::Caller;
use crate::context::AsContextMut;
use crate::engine::Engine;
use crate::func::Func;
use crate::func::host::{HostCall, HostFunc};
use crate::func::typed::{StoreKey, WasmParams, WasmResults, WasmTy};

impl Func {
    /// A host function from a closure; its parameters and results tell the type.
    ///
    /// The closure takes up to 16 [`WasmTy`] arguments, optionally after a [`Caller`], and returns nothing, a
    /// [`WasmTy`], a tuple of those, or a [`Result`] of these. An error stops the wasm code that made the call and is
    /// returned by the call that entered it.
    ///
    /// # Panics
    /// When the engine has two billion types already.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let mut store = store.as_context_mut();
        let func = Arc::new(func.into_host(store.engine()).expect("the engine has numbers for types"));
        Func::of_host(store.state(), &func)
    }
}

/// What a host function's closure can return: a [`WasmTy`], a tuple of up to 16, or a [`Result`] of those.
///
/// ```
/// use upshift::{Engine, Error, Func, Result, Store};
///
/// let mut store = Store::new(&Engine::default(), ());
/// let nothing = Func::wrap(&mut store, || ());
/// let two = Func::wrap(&mut store, || (1i32, 2i64));
/// let fallible = Func::wrap(&mut store, |number: i32| -> Result<i32> {
///     number.checked_add(1).ok_or(Error::msg("too large"))
/// });
/// assert_eq!(nothing.ty(&store).results().len(), 0);
/// assert_eq!(two.ty(&store).results().len(), 2);
/// assert!(fallible.typed::<i32, i32>(&store)?.call(&mut store, i32::MAX).is_err());
/// # Ok::<(), Error>(())
/// ```
pub trait WasmRet: sealed::Return + 'static {
    /// The results without the error.
    #[doc(hidden)]
    type Ok: WasmResults;

    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Ok>;
}

/// Other crates cannot implement [`WasmRet`] and [`IntoFunc`]: host functions are believed what their types say.
mod sealed {
    use super::{Engine, Error, HostFunc, Result, WasmResults};

    pub trait Return {}

    impl<R: WasmResults> Return for R {}
    impl<R: WasmResults> Return for Result<R, Error> {}

    /// What becomes a host function of stores with data `T`.
    pub trait Closure<T: 'static, Params, Results> {
        /// The host function.
        ///
        /// # Errors
        /// When the engine has no number left for its type.
        fn into_host(self, engine: &Engine) -> Result<HostFunc>;
    }
}

impl<R: WasmResults> WasmRet for R {
    type Ok = R;

    #[inline]
    fn into_result(self) -> Result<R> {
        Ok(self)
    }
}

impl<R: WasmResults> WasmRet for Result<R, Error> {
    type Ok = R;

    #[inline]
    fn into_result(self) -> Result<R> {
        self
    }
}

/// A closure that can become a host function of stores with data `T`.
///
/// It is implemented for closures `(A…) -> R` and `(Caller<'_, T>, A…) -> R` with up to 16 arguments `A` that are
/// [`WasmTy`] and a result `R` that is [`WasmRet`]. `Params` and `Results` only tell the implementations apart.
///
/// ```
/// use upshift::{Engine, IntoFunc, Linker, Result};
///
/// /// Registers functions under a prefix.
/// struct Api(Linker<u32>);
///
/// impl Api {
///     fn add<P, R>(&mut self, name: &str, func: impl IntoFunc<u32, P, R>) -> Result<()> {
///         self.0.func_wrap("api", &format!("v1_{name}"), func)?;
///         Ok(())
///     }
/// }
/// Api(Linker::new(&Engine::default())).add("double", |number: i32| number * 2)?;
/// # Ok::<(), upshift::Error>(())
/// ```
///
/// Nothing else can implement it: what a host function reads and writes is believed to be what its type says.
///
/// ```compile_fail,E0277
/// struct NoClosure;
///
/// impl upshift::IntoFunc<(), (), ()> for NoClosure {}
/// ```
pub trait IntoFunc<T: 'static, Params, Results>:
    sealed::Closure<T, Params, Results> + Send + Sync + 'static
{
}

impl<T: 'static, Params, Results, F> IntoFunc<T, Params, Results> for F where
    F: sealed::Closure<T, Params, Results> + Send + Sync + 'static
{
}

/// Leaves the results of a host function.
///
/// # Safety
/// The slots of the call must have room for them, and the store must be alive.
#[inline]
unsafe fn leave<R: WasmRet>(call: HostCall, result: R) -> Result<()> {
    let results = result.into_result()?;
    // SAFETY: the caller's promise.
    unsafe {
        results.check_store(key(call))?;
        results.store(key(call), call.slots);
    }
    Ok(())
}

#[inline]
fn key(call: HostCall) -> StoreKey {
    // SAFETY: the store of a call is alive, and the key is used between two steps of it.
    unsafe { StoreKey::new(call.store) }
}

fn func_type<P: WasmParams, R: WasmRet>() -> core::FuncType {
    core::FuncType::new(P::valtypes(), R::Ok::valtypes())
}

macro_rules! closures {
    ($($name:ident)*) => {
        #[allow(non_snake_case, unused_mut, unused_assignments, unused_variables)]
        impl<T, F, R, $($name),*> sealed::Closure<T, ($($name,)*), R> for F
        where
            T: 'static,
            F: Fn($($name),*) -> R + Send + Sync + 'static,
            R: WasmRet,
            $($name: WasmTy,)*
        {
            fn into_host(self, engine: &Engine) -> Result<HostFunc> {
                let run = move |call: HostCall| {
                    // SAFETY: the slots hold arguments of the type below and have room for its results.
                    unsafe {
                        let ($($name,)*) = <($($name,)*)>::load(key(call), call.slots);
                        leave(call, self($($name),*))
                    }
                };
                HostFunc::new(engine, func_type::<($($name,)*), R>(), run)
            }
        }

        #[allow(non_snake_case, unused_mut, unused_assignments, unused_variables)]
        impl<T, F, R, $($name),*> sealed::Closure<T, (Caller<'_, T>, $($name,)*), R> for F
        where
            T: 'static,
            F: Fn(Caller<'_, T>, $($name),*) -> R + Send + Sync + 'static,
            R: WasmRet,
            $($name: WasmTy,)*
        {
            fn into_host(self, engine: &Engine) -> Result<HostFunc> {
                let run = move |call: HostCall| {
                    // SAFETY: the slots hold arguments of the type below and have room for its results, and the
                    // function is only put into stores with data `T`.
                    unsafe {
                        let ($($name,)*) = <($($name,)*)>::load(key(call), call.slots);
                        leave(call, self(call.caller(), $($name),*))
                    }
                };
                HostFunc::new(engine, func_type::<($($name,)*), R>(), run)
            }
        }
    };
}

for_each_arity!(closures);
