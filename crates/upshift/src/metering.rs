//! How long programs may run: fuel, which is counted in operators and bytes, and epochs, which the host advances.
//!
//! ```text
//! Config::consume_fuel ───────▶ code that takes fuel from StoreCtx::fuel ──────────▶ Trap::OutOfFuel
//! Config::epoch_interruption ─▶ code that compares the engine's epoch with StoreCtx::epoch_deadline ─▶ interrupt (builtin)
//!                                          └─ the host's callback moves the deadline ◀─┴─▶ Trap::Interrupt
//! ```

use anyhow::{Result, ensure};

use crate::caller::Caller;
use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::pace::look;
use crate::store::{Store, StoreState, UpdateDeadline};

impl StoreState {
    fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        ensure!(
            self.engine.config().code.fuel,
            "fuel is not configured in this engine: `Config::consume_fuel`"
        );
        self.ctx_mut().fuel = fuel;
        Ok(())
    }

    fn get_fuel(&self) -> Result<u64> {
        ensure!(
            self.engine.config().code.fuel,
            "fuel is not configured in this engine: `Config::consume_fuel`"
        );
        Ok(self.ctx().fuel)
    }
}

macro_rules! fuel_methods {
    ($($owner:ty)*) => {$(
        impl<T: 'static> $owner {
            /// Sets how much fuel the programs of this store have left. A new store has none.
            ///
            /// A program that needs more traps with [`Trap::OutOfFuel`](crate::Trap::OutOfFuel); nothing is left then.
            /// What an operator costs is told at [`Config::consume_fuel`](crate::Config::consume_fuel).
            ///
            /// # Errors
            /// When the engine's code does not count fuel.
            ///
            /// ```
            /// use upshift::{Config, Engine, Instance, Module, Store, Trap};
            ///
            /// let engine = Engine::new(Config::new().consume_fuel(true))?;
            /// let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
            /// let mut store = Store::new(&engine, ());
            /// store.set_fuel(10_000)?;
            /// let instance = Instance::new(&mut store, &module, &[])?;
            /// let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
            /// let error = spin.call(&mut store, ()).unwrap_err();
            /// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
            /// assert_eq!(store.get_fuel()?, 0);
            /// # Ok::<(), upshift::Error>(())
            /// ```
            pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
                self.as_context_mut().state().set_fuel(fuel)
            }

            /// How much fuel the programs of this store have left.
            ///
            /// # Errors
            /// When the engine's code does not count fuel.
            pub fn get_fuel(&self) -> Result<u64> {
                self.as_context().state().get_fuel()
            }

            /// Takes fuel for something that the host does for a program: with [`Caller`](crate::Caller), a host function
            /// pays for bytes that it moves or makes, *before* it does so. A unit should be no more than a microsecond of
            /// work; operations of programs on memories cost one for each 64 bytes.
            ///
            /// Where the engine's code does not count fuel, this does nothing.
            ///
            /// # Errors
            /// With [`Trap::OutOfFuel`](crate::Trap::OutOfFuel) when less is left; then nothing is left. A host function
            /// that passes the error on stops the program.
            ///
            /// ```
            /// use upshift::{Caller, Config, Engine, Func, Instance, Module, Result, Store, Trap};
            ///
            /// let engine = Engine::new(Config::new().consume_fuel(true))?;
            /// let mut store = Store::new(&engine, Vec::<u8>::new());
            /// let fill = Func::wrap(&mut store, |mut caller: Caller<'_, Vec<u8>>, bytes: u32| -> Result<()> {
            ///     caller.consume_fuel(u64::from(bytes) / 64)?;
            ///     caller.data_mut().resize(bytes as usize, 7);
            ///     Ok(())
            /// });
            /// let module = Module::new(
            ///     &engine,
            ///     r#"(module (import "" "" (func $fill (param i32)))
            ///         (func (export "run") (call $fill (i32.const 6400))))"#,
            /// )?;
            /// let instance = Instance::new(&mut store, &module, &[fill.into()])?;
            /// let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
            /// // Two operators, the call of a host function, and a hundred times 64 bytes.
            /// store.set_fuel(103)?;
            /// run.call(&mut store, ())?;
            /// assert_eq!((store.get_fuel()?, store.data().len()), (0, 6400));
            ///
            /// store.set_fuel(102)?;
            /// let error = run.call(&mut store, ()).unwrap_err();
            /// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
            /// # Ok::<(), upshift::Error>(())
            /// ```
            pub fn consume_fuel(&mut self, fuel: u64) -> Result<()> {
                Ok(self.as_context_mut().state().charge(fuel)?)
            }

            /// Interrupts the programs of this store when so many epochs have begun from now on. In a new store the
            /// deadline has come already.
            ///
            /// Without [`Config::epoch_interruption`](crate::Config::epoch_interruption) programs do not look. An operation on
            /// many bytes that is interrupted has been done in part.
            pub fn set_epoch_deadline(&mut self, epochs: u64) {
                self.as_context_mut().state().set_epoch_deadline(epochs);
            }
        }
    )*};
}

fuel_methods!(Store<T> StoreContextMut<'_, T> Caller<'_, T>);

impl<T: 'static> StoreContext<'_, T> {
    /// How much fuel the programs of the store have left.
    ///
    /// # Errors
    /// When the engine's code does not count fuel.
    pub fn get_fuel(&self) -> Result<u64> {
        self.state().get_fuel()
    }
}

impl<T: 'static> Caller<'_, T> {
    /// Looks at the epoch, as programs do at the heads of loops: for host functions that take long. When the deadline has
    /// come, the store's callback is asked, if there is one.
    ///
    /// # Errors
    /// With [`Trap::Interrupt`](crate::Trap::Interrupt) when the program is to stop, or with the error of the callback.
    ///
    /// ```
    /// use upshift::{Caller, Config, Engine, Func, Instance, Module, Result, Store, Trap};
    ///
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let mut store = Store::new(&engine, 0);
    /// let work = Func::wrap(&mut store, |mut caller: Caller<'_, i32>| -> Result<()> {
    ///     for _ in 0..1_000_000 {
    ///         caller.check_epoch()?;
    ///         *caller.data_mut() += 1; // One step of something long.
    ///         caller.engine().increment_epoch();
    ///     }
    ///     Ok(())
    /// });
    /// let module = Module::new(&engine, r#"(module (import "" "" (func $work)) (func (export "run") (call $work)))"#)?;
    /// let instance = Instance::new(&mut store, &module, &[work.into()])?;
    /// let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    /// store.set_epoch_deadline(10);
    /// let error = run.call(&mut store, ()).unwrap_err();
    /// assert_eq!((error.downcast_ref::<Trap>(), *store.data()), (Some(&Trap::Interrupt), 10));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn check_epoch(&mut self) -> Result<()> {
        let store = self.as_context_mut().root();
        // SAFETY: a host function is running, and the store is borrowed by nothing but this call; its references to objects
        // are handles.
        unsafe { look(store) }
    }
}

impl<T: 'static> Store<T> {
    /// Lets programs trap with [`Trap::Interrupt`](crate::Trap::Interrupt) when the deadline has come. That is so unless
    /// [`Store::epoch_deadline_callback`] was called.
    pub fn epoch_deadline_trap(&mut self) {
        self.as_context_mut().state().on_deadline = None;
    }

    /// Asks a function what to do when the deadline has come. It may look at the host's data and call wasm functions; an
    /// error from it stops the program. While it runs, another deadline that comes is a trap. Handles that it gets or makes
    /// end when it returns, as those of host functions.
    ///
    /// ```
    /// use upshift::{Config, Engine, Instance, Module, Store, UpdateDeadline};
    ///
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, r#"(module (func (export "run") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine, 0);
    /// store.epoch_deadline_callback(|mut store| {
    ///     *store.data_mut() += 1;
    ///     // The epoch does not change here, so a deadline of no epochs has come at once.
    ///     Ok(if *store.data() < 3 { UpdateDeadline::Continue(0) } else { UpdateDeadline::Interrupt })
    /// });
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    /// assert!(run.call(&mut store, ()).is_err());
    /// assert_eq!(*store.data(), 3);
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn epoch_deadline_callback(
        &mut self,
        mut callback: impl FnMut(StoreContextMut<'_, T>) -> Result<UpdateDeadline> + Send + Sync + 'static,
    ) {
        self.as_context_mut().state().on_deadline = Some(Box::new(move |state| {
            // SAFETY: the callback is called with the root address of this store, which nobody else uses meanwhile.
            callback(unsafe { StoreContextMut::from_root(state) })
        }));
    }
}
