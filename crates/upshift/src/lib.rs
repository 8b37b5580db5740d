//! Upshift, a WebAssembly runtime to embed.
//!
//! ```text
//! Config ─▶ Engine ─▶ Module       compiled code and types, shared by everything below; threads may share them
//!              │         │
//!              └─▶ Store ┴▶ Instance ─▶ Func, Memory, Table, Global      one thread at a time, dies as a whole
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
//! # How a call goes
//!
//! [`TypedFunc::call`] writes its arguments to the store's value stack and enters the interpreter; a function's first
//! call translates it. The interpreter comes back through the builtins: to translate, to grow and copy memories, to call
//! host functions. A trap, or an error or panic of the host, unwinds the wasm frames up to the
//! call that entered them and is that call's result; the store stays usable.

mod backtrace;
mod builtins;
mod caller;
mod config;
mod const_expr;
mod context;
mod engine;
mod externref;
mod externs;
mod func;
mod global;
mod instance;
mod instantiate;
mod limits;
mod linker;
mod matching;
mod memory;
mod metering;
mod module;
mod stable;
mod stack;
mod store;
mod symbols;
mod table;
mod trap_detail;
mod types;
mod val;

pub use anyhow::{Error, Result};
pub use upshift_core::{HeapType, RefType, Trap, V128, ValType};
pub use upshift_interp::Dispatch;

pub use backtrace::{FrameInfo, WasmBacktrace};
pub use caller::Caller;
pub use config::Config;
pub use context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub use engine::Engine;
pub use externref::ExternRef;
pub use externs::{Export, Extern};
pub use func::{Func, IntoFunc, TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy};
pub use global::Global;
pub use instance::Instance;
pub use limits::{LimitExceeded, ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use linker::{InstancePre, Linker};
pub use memory::{Memory, MemoryAccessError};
pub use metering::UpdateDeadline;
pub use module::Module;
pub use store::{Store, Usage};
pub use symbols::FrameSymbol;
pub use table::Table;
pub use types::{
    ExportType, ExternType, FuncType, GlobalType, ImportType, MemoryType, Mutability, TableType,
};
pub use val::{Ref, Val};

/// The README's example is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
