//! Upshift, a WebAssembly runtime to embed.
//!
//! ```text
//! Config ─▶ Engine ─▶ Module       compiled code and types, shared by everything below; threads may share them
//!              │         │
//!              └─▶ Store ┴▶ Instance ─▶ Func, Memory, Table, Global, Tag one thread at a time, dies as a whole
//!                    ▲        ▲
//!              host data   Linker: host functions and other instances by name
//! ```
//!
//! The names and shapes are those of the `wasmtime` crate, so a small host changes its `use` lines and little else.
//!
//! ```
//! use upshift::{Caller, Engine, Linker, Module, Store};
//!
//! let engine = Engine::default();
//! let module = Module::new(
//!     &engine,
//!     r#"(module
//!         (import "host" "tell" (func $tell (param i32)))
//!         (func (export "run") (param i32 i32) (result i32)
//!             (call $tell (local.get 0))
//!             (i32.add (local.get 0) (local.get 1))))"#,
//! )?;
//!
//! let mut linker = Linker::new(&engine);
//! linker.func_wrap("host", "tell", |mut caller: Caller<'_, Vec<i32>>, number: i32| {
//!     caller.data_mut().push(number);
//! })?;
//!
//! let mut store = Store::new(&engine, Vec::new());
//! let instance = linker.instantiate(&mut store, &module)?;
//! let run = instance.get_typed_func::<(i32, i32), i32>(&mut store, "run")?;
//! assert_eq!(run.call(&mut store, (40, 2))?, 42);
//! assert_eq!(store.data(), &[40]);
//! # Ok::<(), upshift::Error>(())
//! ```
//!
//! # Where to read on
//!
//! `docs/embedding.md` of the repository is the guide: seven complete hosts, from a call to a plug-in that nobody trusts, the lines
//! of `Cargo.toml` with which debug builds of a host are quick too, and a table of what is other than in `wasmtime`. Guests that
//! want files, clocks or a standard output get them from the crate `upshift-wasi`.
//!
//! # What is not there
//!
//! - Compiled code other than on Linux for x86-64, where hot functions run in machine code that is made in a single pass
//!   ([`Tier::Baseline`]), and in optimized code ([`Tier::Optimizing`]) where [`Config::tiers`] says so.
//! - The component model, and WASI other than preview 1.
//! - Asynchronous host functions and calls: a host function that waits blocks its thread.
//! - A pooling allocator, and a choice of collectors: there is one, which copies.
//! - Stack switching, shared-everything threads and other proposals that [`Config`] has no method for.
//!
//! # How a call goes
//!
//! [`TypedFunc::call`] writes its arguments to the store's value stack and enters the interpreter; a function's first
//! call translates it, and after some more calls and turns of its loops it goes on in machine code, see [`Config::tiers`]. Code
//! comes back through the builtins: to translate and compile, to grow and copy memories, to call host functions. A trap, an error or panic of the host, or an exception that nobody catches unwinds the wasm frames up to the
//! call that entered them and is that call's result; the store stays usable.

mod backtrace;
mod builtins;
mod caller;
mod config;
mod const_expr;
mod context;
mod demangle;
mod engine;
mod exceptions;
mod externref;
mod externs;
mod file;
mod frames;
mod func;
mod gc;
mod global;
mod instance;
mod instantiate;
mod limits;
mod linker;
mod matching;
mod memory;
mod metering;
mod module;
mod pace;
mod store;
mod symbols;
mod table;
mod tier;
mod trace;
mod trap_detail;
mod types;
mod val;
mod vm;

pub use anyhow::{Error, Result};

/// A call that is stopped this way returns an error that downcasts to its trap.
///
/// ```
/// use upshift::{Engine, Instance, Module, Store, Trap};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "run") unreachable))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
/// assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
/// assert_eq!(Trap::UnreachableCodeReached.to_string(), "wasm trap: unreachable instruction executed");
/// # Ok::<(), upshift::Error>(())
/// ```
#[doc(inline)]
pub use upshift_core::Trap;
/// ```
/// use upshift::V128;
///
/// let ones = V128::from_u128(1);
/// assert_eq!(ones.0[..2], [1, 0]);
/// assert_eq!(ones.as_u128(), 1);
/// ```
#[doc(inline)]
pub use upshift_core::V128;
/// Both backends compute the same; the choice is about speed, and for tests of Upshift itself.
///
/// ```
/// use upshift::{Config, Dispatch, Engine};
///
/// let engine = Engine::new(Config::new().dispatch(Dispatch::Loop))?;
/// # Ok::<(), upshift::Error>(())
/// ```
#[doc(inline)]
pub use upshift_interp::Dispatch;
/// See [`Dispatch::effective`] for an example.
#[doc(inline)]
pub use upshift_interp::NoDispatch;
/// See [`Module::from_binary`] for an example.
#[doc(inline)]
pub use upshift_translate::ModuleBytes;
/// See [`Config::module_limits`] for an example.
#[doc(inline)]
pub use upshift_translate::{ModuleLimit, ModuleLimitExceeded, ModuleLimits};

pub use backtrace::{FrameInfo, WasmBacktrace};
pub use caller::Caller;
pub use config::Config;
pub use context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub use demangle::demangle;
pub use engine::{Engine, Precompiled, PrecompiledError};
pub use exceptions::{Exception, ExnRef, Tag};
pub use externref::ExternRef;
pub use externs::{Export, Extern};
#[doc(hidden)]
pub use file::read_rest;
pub use func::{Func, IntoFunc, TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy};
pub use gc::{AnyRef, ArrayRef, GcRef, I31, OwnedRooted, RootScope, StructRef};
pub use global::Global;
pub use instance::Instance;
pub use limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use linker::{InstancePre, Linker};
pub use memory::{Memory, MemoryAccessError, SharedMemory};
pub use module::{FuncSize, Module, StoredCode};
pub use store::{Store, UpdateDeadline, Usage};
pub use symbols::SourceLocation;
pub use table::Table;
pub use trace::{Trace, TraceEvent, TraceFunction, TraceThread, TraceWhat};
pub use types::{
    ArrayType, ExportType, ExternType, FieldType, Finality, FuncType, GlobalType, HeapType, ImportType,
    MemoryType, MemoryTypeBuilder, Mutability, RefType, StorageType, StructType, TableType, TagType, ValType,
};
#[doc(hidden)]
pub use upshift_opt::Stage;
pub use upshift_opt::{CallReport, Figures, LoopReport, Reason, Refusal, Report, Spot, Verdict};
pub use val::{Ref, Val};
pub use vm::budget::{MemoryBudget, MemoryShare};
pub use vm::cache::{Cache, CacheConfig, CacheUsage};
pub use vm::code::NoNativeCode;
pub use vm::limit_exceeded::{LimitExceeded, MemoryUse};
pub use vm::observe::ProfilingStrategy;
pub use vm::out_of_memory::OutOfMemory;
pub use vm::parking::WaitResult;
pub use vm::refusal::CodeRefusal;
pub use vm::thresholds::{NoThreshold, Threshold, Thresholds};
pub use vm::tier::{Compilation, Optimization, Tier, TierPath, Tiers, Trigger};

/// The README's example is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
