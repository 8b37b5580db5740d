//! Who is told of native code: profilers by files, a debugger by a list in memory.
//!
//! ```text
//! NativeSet::compile ─ Observers::published ─┬▶ perf_map:  a line `address size name` in /tmp/perf-PID.map
//!                                            ├▶ jit_dump:  a record with the code in jit-PID.dump
//!                                            └▶ debugger:  an ELF file in memory, until the Registration is dropped
//! ```
//!
//! Engines that nobody observes have none of this. Whoever is told later than an engine is made and cannot be told, because a disk
//! is full, misses something: the program goes on.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod debugger;
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
#[path = "no_debugger.rs"]
mod debugger;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod elf;
#[cfg(target_os = "linux")]
mod jit_dump;
#[cfg(target_os = "linux")]
mod perf_map;

use std::io;
use std::sync::Arc;

use upshift_core::index::FuncIndex;
use upshift_translate::ModuleInfo;

pub(crate) use debugger::Registration;

/// How a profiler is told of native code: what [`Config::profiler`](crate::Config::profiler) takes.
///
/// ```
/// use upshift::{Config, Engine, ProfilingStrategy};
///
/// let engine = Engine::new(Config::new().profiler(ProfilingStrategy::None))?;
/// # drop(engine);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum ProfilingStrategy {
    /// Not at all.
    #[default]
    None,
    /// By `/tmp/perf-PID.map`, which `perf report` reads: names and addresses of functions. Linux only.
    PerfMap,
    /// By `jit-PID.dump` in the working directory, which `perf inject --jit` reads: the machine code as well, for `perf annotate`.
    /// Linux only.
    JitDump,
}

/// Who is told of an engine's native code.
#[derive(Debug)]
pub(crate) struct Observers {
    profiler: ProfilingStrategy,
    debugger: bool,
    /// How functions are called.
    name_of: fn(&ModuleInfo, FuncIndex) -> String,
}

impl Observers {
    /// Those who want to know; `None` if nobody does.
    ///
    /// # Errors
    /// When a profiler's file cannot be made.
    pub(crate) fn new(
        profiler: ProfilingStrategy,
        debugger: bool,
        name_of: fn(&ModuleInfo, FuncIndex) -> String,
    ) -> io::Result<Option<Arc<Observers>>> {
        match profiler {
            ProfilingStrategy::None if !debugger => return Ok(None),
            ProfilingStrategy::None => {}
            #[cfg(target_os = "linux")]
            ProfilingStrategy::PerfMap => perf_map::open()?,
            #[cfg(target_os = "linux")]
            ProfilingStrategy::JitDump => jit_dump::open()?,
            #[cfg(not(target_os = "linux"))]
            ProfilingStrategy::PerfMap | ProfilingStrategy::JitDump => {
                return Err(io::ErrorKind::Unsupported.into());
            }
        }
        Ok(Some(Arc::new(Observers { profiler, debugger, name_of })))
    }

    /// Tells that a function's code, without constants, lies at an address and is complete. What comes back has to be dropped before
    /// the code is freed.
    #[cold]
    pub(crate) fn published(
        &self,
        info: &ModuleInfo,
        func: FuncIndex,
        address: usize,
        code: &[u8],
    ) -> Option<Registration> {
        let name = (self.name_of)(info, func);
        match self.profiler {
            #[cfg(target_os = "linux")]
            ProfilingStrategy::PerfMap => perf_map::add(&name, address, code.len()),
            #[cfg(target_os = "linux")]
            ProfilingStrategy::JitDump => jit_dump::add(&name, address, code),
            _ => {}
        }
        self.debugger.then(|| Registration::new(&name, address, code.len()))
    }
}

impl Drop for Observers {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        if self.profiler == ProfilingStrategy::JitDump {
            jit_dump::close();
        }
    }
}
