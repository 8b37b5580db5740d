//! Modules: validated bytes, and the code of the functions that were called so far.
//!
//! ```text
//! bytes or text ─ parse ─▶ ModuleInfo ─ first call of a function ─▶ FuncCode, kept for all instances
//! ```

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use upshift_codegen::Target;
use upshift_core::index::{FuncIndex, TagIndex};
use upshift_core::shown::Shown;
#[cfg(feature = "wat")]
use upshift_core::shown::excerpt;
use upshift_ir::FuncCode;
use upshift_opt::stored::encode;
use upshift_opt::{Report, Request, Stage};
use upshift_translate::features::Availability;
use upshift_translate::module::ExternIndex;
use upshift_translate::{CodeOptions, Findings, ModuleBytes, ModuleInfo, ModuleLimit, ParseError, names};

use crate::config::{self, Config};
use crate::engine::{Engine, PrecompiledError};
use crate::file;
use crate::memory::mode_of;
use crate::types::{ExportType, ExternType, ImportType};
use crate::vm::cache::artifact::{self, Artifact};
use crate::vm::cache::{self, Key, NowAndThen, Source, Stored};
use crate::vm::code_object::Origin;
use crate::vm::code_table::CodeTable;
use crate::vm::native::{self, Cause, Kept, NativeModule, NativeSet};
use crate::vm::refusal::CodeBudget;
use crate::vm::tier::{Tier, Trigger};
use crate::vm::type_records::Records;

/// So many bytes of functions are worth an entry in the cache that only says that they are valid.
const MUCH: usize = 1 << 20;

/// A validated module, ready to be instantiated (wasm spec, "Structure / Modules"). Cheap to clone, usable from all
/// threads.
///
/// ```
/// use upshift::{Engine, Module};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (func (export "f") (param i32)))"#)?;
/// let export = module.exports().next().unwrap();
/// assert_eq!(export.name(), "f");
/// assert_eq!(export.ty().unwrap_func().params().len(), 1);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct Module {
    inner: Arc<ModuleInner>,
}

struct ModuleInner {
    engine: Engine,
    info: ModuleInfo,
    /// Export numbers, sorted by name.
    exports: Box<[u32]>,
    /// Code of the module's own functions, made at the first call.
    code: CodeTable<FuncCode>,
    /// Native code of them.
    native: NativeModule,
    /// The name of its entry in the engine's cache, if there is one.
    key: Option<Key>,
    /// What earlier runs have made.
    stored: Option<Arc<Stored>>,
    /// When code is to be kept while programs run.
    storing: NowAndThen,
    /// The records of the module's types, made for the first instance.
    records: OnceLock<Records>,
    /// Whether its code may come across objects, asked for the first instance.
    objects: OnceLock<bool>,
}

/// A module as long as others have it.
pub(crate) struct WeakModule(Weak<ModuleInner>);

impl WeakModule {
    pub(crate) fn upgrade(&self) -> Option<Module> {
        self.0.upgrade().map(|inner| Module { inner })
    }
}

/// How large a function is, see [`Module::func_size`].
///
/// ```
/// use upshift::{Engine, Module};
///
/// let text = r#"(module (func (param i32) (result i32) (local i64 i64)
///     (i32.add (local.get 0) (i32.const 1))))"#;
/// let module = Module::new(&Engine::default(), text)?;
/// let size = module.func_size(0)?;
/// // The `end` of the function is an operator too.
/// assert_eq!((size.params, size.locals, size.operators), (1, 2, 4));
/// // One sets the locals to zero, one adds, one returns.
/// assert_eq!(size.ir_instructions, 3);
/// assert_eq!(size.loops, 0);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FuncSize {
    /// Parameters.
    pub params: usize,
    /// Locals that are not parameters.
    pub locals: u64,
    /// Operators of the body, each `end` among them.
    pub operators: usize,
    /// Instructions of the interpreter.
    pub ir_instructions: usize,
    /// The words of these instructions, 8 bytes each.
    pub ir_words: usize,
    /// Bytes of the body in the module: how often a function is called, or repeats a loop, before it is compiled depends on them.
    pub bytes: usize,
    /// Loops of the body, but for those that nothing reaches.
    pub loops: usize,
}

/// What [`Module::store_code`] has written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StoredCode {
    /// How many functions, and parts of functions from loops on, were not there before.
    pub new: usize,
    /// How many there are now.
    pub all: usize,
    /// The bytes of the entry.
    pub bytes: u64,
}

/// The texts of steps of a stage, one below the other.
struct Steps {
    stage: Stage,
    text: String,
}

impl upshift_opt::Dump for Steps {
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String) {
        if stage == self.stage {
            let _ = writeln!(self.text, "; {name}\n{}", text().trim_end());
        }
    }
}

/// What is said of bytes that are no valid module, or of one that exceeds a limit.
#[cold]
fn not_valid(error: ParseError) -> Error {
    error.limit().map_or_else(|| refused(error), Into::into)
}

/// What is said of bytes that are no valid module: of those that need a feature that is turned off, what turns it on.
#[cold]
fn refused(error: ParseError) -> Error {
    let off = error.feature().filter(|feature| feature.availability() != Availability::Unsupported);
    match off.and_then(|feature| Some((feature, config::setter(feature)?))) {
        Some((feature, setter)) => Error::new(error).context(format!(
            "the module needs the feature `{feature}`, which `Config::{setter}(true)` turns on"
        )),
        None => error.into(),
    }
}

impl Module {
    /// Parses and validates a module from its bytes (wasm spec, "Binary Format"), or from its text ("Text Format") with the
    /// feature `wat`.
    ///
    /// # Errors
    /// When the bytes are no valid module; the message names the offset. If it needs a feature that is forbidden, the context of
    /// the error names the method of [`Config`] that allows it. When the module exceeds one of the engine's limits, see
    /// [`Config::module_limits`]; text counts as bytes too.
    ///
    /// The module keeps a copy of the bytes; [`from_binary`](Module::from_binary) can do without.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let own = own(engine, bytes.as_ref())?;
        // If this function was given them, they are not needed any longer.
        drop(bytes);
        Module::parse(engine, own)
    }

    /// Parses and validates a module from bytes that are certainly not text. Those of a `Vec<u8>`, a `Box<[u8]>` or an
    /// `Arc<[u8]>` are taken over as they are, those of a slice are copied.
    ///
    /// # Errors
    /// When the bytes are no valid module.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use upshift::{Engine, Module, ModuleBytes};
    ///
    /// let engine = Engine::default();
    /// static BYTES: &[u8] = b"\0asm\x01\0\0\0";
    /// // None of these makes a copy.
    /// Module::from_binary(&engine, BYTES.to_vec())?;
    /// Module::from_binary(&engine, Arc::<[u8]>::from(BYTES))?;
    /// Module::from_binary(&engine, ModuleBytes::from_static(BYTES))?;
    /// // This one does.
    /// Module::from_binary(&engine, BYTES)?;
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn from_binary(engine: &Engine, bytes: impl Into<ModuleBytes>) -> Result<Module> {
        Module::parse(engine, bytes.into())
    }

    /// Reads, parses and validates a module. No more is read than a module may have of bytes.
    ///
    /// # Errors
    /// When the file cannot be read or is no valid module, or the module exceeds one of the engine's limits.
    pub fn from_file(engine: &Engine, file: impl AsRef<Path>) -> Result<Module> {
        let file = file.as_ref();
        let bytes = read(engine, file).with_context(|| format!("failed to read `{}`", file.display()))?;
        let bytes = if is_text(&bytes) {
            // It ends here.
            let text = bytes;
            own(engine, &text)?
        } else {
            bytes.into()
        };
        Module::parse(engine, bytes).with_context(|| format!("failed to parse `{}`", file.display()))
    }

    /// Parses and validates a module without keeping it.
    ///
    /// # Errors
    /// When the bytes are no valid module.
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<()> {
        let Config { features, module_limits, .. } = engine.config();
        upshift_translate::validate_within(module_limits, bytes, features, engine.types()).map_err(not_valid)
    }

    fn parse(engine: &Engine, bytes: ModuleBytes) -> Result<Module> {
        let cache = engine.config().cache.as_ref();
        let key = cache.map(|_| Key::of(bytes.as_ref(), &engine.code_settings()));
        let stored = cache.zip(key).and_then(|(cache, key)| cache.find(&key));
        if engine.config().ahead_of_time {
            let bytes = Module::parse_with(engine, bytes, None, None)?.serialize()?;
            // SAFETY: nobody else has had the bytes.
            return unsafe { Module::deserialize(engine, bytes) };
        }
        Module::parse_with(engine, bytes, key, stored)
    }

    /// Parses and validates a module of which earlier runs have made something.
    fn parse_with(
        engine: &Engine,
        bytes: ModuleBytes,
        key: Option<Key>,
        stored: Option<Stored>,
    ) -> Result<Module> {
        let Config { features, module_limits, .. } = engine.config();
        let stored = stored.map(Arc::new);
        let types = engine.types();
        let info = match stored.as_ref().and_then(|stored| Findings::from_bytes(stored.findings())) {
            // SAFETY: an entry is found by a hash of the module's bytes, the limits and the features, and was written when a module of
            // these had been accepted, with what was found out about it.
            Some(findings) => unsafe {
                upshift_translate::parse_valid(module_limits, bytes, features, types, findings)
            },
            None => upshift_translate::parse_within(module_limits, bytes, features, types),
        };
        let info = info.map_err(not_valid)?;
        let mut exports: Box<[u32]> = (0..info.exports.len() as u32).collect();
        exports.sort_unstable_by_key(|&i| &info.exports[i as usize].name);
        let code = CodeTable::new(info.bodies.len());
        let (engine, records, objects) = (engine.clone(), OnceLock::new(), OnceLock::new());
        let native = NativeModule::default();
        let storing = NowAndThen::default();
        let inner =
            ModuleInner { engine, info, exports, code, native, key, stored, storing, records, objects };
        Ok(Module { inner: Arc::new(inner) })
    }

    /// The engine that the module belongs to.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The module's own name, from its name section.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        names::module_name(self.info())
    }

    /// What has to be imported, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.info().imports.iter().map(|import| ImportType {
            module: &import.module,
            name: &import.name,
            ty: self.type_of(import.item),
        })
    }

    /// What is exported, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        let exports = self.info().exports.iter();
        exports.map(|export| ExportType { name: &export.name, ty: self.type_of(export.item) })
    }

    /// The type of an export.
    #[must_use]
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        self.export(name).map(|item| self.type_of(item))
    }

    /// The model of the module, for the project's own tools: not part of the stable interface.
    #[doc(hidden)]
    #[must_use]
    pub fn info(&self) -> &ModuleInfo {
        &self.inner.info
    }

    /// The numbers of the functions that have a body, that is, are not imported.
    #[must_use]
    pub fn func_bodies(&self) -> Range<u32> {
        self.info().imported_funcs..self.info().funcs.len() as u32
    }

    /// The number of the first function that has a name, by the name section or by an export.
    #[must_use]
    pub fn func_index(&self, name: &str) -> Option<u32> {
        let exported = || match self.export(name) {
            Some(ExternIndex::Func(func)) => Some(func),
            _ => None,
        };
        names::function_called(self.info(), name).or_else(exported).map(|func| func.0)
    }

    /// How many functions were translated so far, by calls from any store.
    #[must_use]
    pub fn translated_functions(&self) -> usize {
        let (code, native) = (&self.inner.code, &self.inner.native);
        (0..self.info().bodies.len())
            .filter(|&own| code.get(own).is_some() || native.find(own).is_some())
            .count()
    }

    /// The interpreter's code of a function as text, in the form that `upshift_ir::text` reads.
    ///
    /// # Errors
    /// When there is no such function, or it has no body.
    pub fn dump_ir(&self, func: u32) -> Result<String> {
        ensure!(self.func_bodies().contains(&func), "there is no function {func} with a body");
        let func = FuncIndex(func);
        let name = self.func_name(func).map_or(String::new(), |name| format!(" `{}`", Shown::new(name)));
        let hints = self.info().branch_hints().of(func).iter().map(|hint| {
            let word = if hint.likely { "likely" } else { "unlikely" };
            format!("; branch at {:#x}: {word}\n", hint.offset)
        });
        let hints: String = hints.collect();
        let code = upshift_ir::text::print(self.code(func)?)
            .map_err(|malformed| anyhow!("malformed code at word {}", malformed.at))?;
        Ok(format!("; function {}{name}\n{hints}{code}", func.0))
    }

    /// The machine code of a function as a tier makes it, as text: bytes in hexadecimal, and beside them the operators and what the
    /// constants are. `upshift_baseline::text` and `upshift_opt::text` describe the form.
    ///
    /// It is made for this call, for instances whose memories have the modes that the engine's settings give them, and for this
    /// processor; one of another kind, or a system without native code, gets what it would be without extensions of the instruction
    /// set. If the code of this function alone is more than its module may have, the first line says so.
    ///
    /// # Errors
    /// When there is no such function, or it has no body; when the tier makes no machine code, or not of this function.
    ///
    /// ```
    /// use upshift::{Engine, Module, Tier};
    ///
    /// let text = "(module (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1))))";
    /// let module = Module::new(&Engine::default(), text)?;
    /// let code = module.dump_asm(0, Tier::Baseline)?;
    /// assert!(code.starts_with("; function 0 `double`:") && code.contains(" i32.shl\n"));
    /// assert!(module.dump_asm(0, Tier::Interpreter).is_err());
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn dump_asm(&self, func: u32, tier: Tier) -> Result<String> {
        let (func, target) = self.to_dump(func)?;
        let (info, options) = (self.info(), self.engine().config().code);
        let text = match tier {
            Tier::Interpreter => bail!("the interpreter has no machine code"),
            Tier::Baseline => upshift_baseline::text::print(info, func, options, &target)?,
            Tier::Optimizing => return Ok(upshift_opt::text::print(info, func, options, &target)?),
        };
        // Code is shorter than its text, and few functions have as much as any module may.
        if text.len() <= CodeBudget::FLOOR {
            return Ok(text);
        }
        let bytes = upshift_baseline::compile(info, func, options, &target)?.code.bytes.len();
        Ok(match CodeBudget::of_module(info).take(bytes) {
            Ok(()) => text,
            Err(refusal) => format!("; stays in the interpreter: {refusal}\n{text}"),
        })
    }

    /// The machine code of a function as a tier makes it, without constants: what disassemblers take. For what it is made, says
    /// [`dump_asm`](Module::dump_asm).
    ///
    /// # Errors
    /// As [`dump_asm`](Module::dump_asm).
    pub fn machine_code(&self, func: u32, tier: Tier) -> Result<Vec<u8>> {
        let (func, target) = self.to_dump(func)?;
        let (info, options) = (self.info(), self.engine().config().code);
        let mut code = match tier {
            Tier::Interpreter => bail!("the interpreter has no machine code"),
            Tier::Baseline => upshift_baseline::compile(info, func, options, &target)?.code,
            Tier::Optimizing => upshift_opt::compile(info, func, options, &target, Request::default())?.code,
        };
        code.bytes.truncate(code.pool as usize);
        Ok(code.bytes)
    }

    /// Makes native code of all functions in a single pass and puts it where it would run, as the first calls of functions do, and
    /// gives it up again: for measurements. Returns how long that took before it was given up.
    ///
    /// # Errors
    /// When there is no memory for the code.
    #[doc(hidden)]
    pub fn time_of_publishing(&self) -> Result<Duration> {
        let (info, engine) = (self.info(), self.engine());
        let reservation = engine.config().memory_reservation;
        let modes: Vec<_> = info.memories.iter().map(|&ty| mode_of(ty, reservation)).collect();
        let begin = Instant::now();
        let native = NativeModule::default();
        let set = native.set(info, &modes, engine.machine(), None, Kept::default())?;
        for func in self.func_bodies() {
            let cause = Cause { trigger: Trigger::FirstCall, arrivals: 0, wait: Duration::ZERO };
            set.compile(info, FuncIndex(func), engine.config().code, cause)?;
        }
        Ok(begin.elapsed())
    }

    /// Compiles all functions of the module ahead of time, in the tier that optimizes, and returns that together with the module: what
    /// [`deserialize`](Self::deserialize) takes. Functions that the compiler refuses are interpreted, and compiled in a single pass when
    /// they are hot.
    ///
    /// The code is for this build of the program, for processors that have what this one has, for the engine's settings, and for memories
    /// as instances of this module have them that do not import theirs. Code compares the numbers that the engine has given to types: where
    /// an engine has given this module's types other ones, because other types came first, the code is not used, and functions are
    /// compiled when they are hot. Threads for all processors take part.
    ///
    /// # Errors
    /// When there is no native code on this system.
    ///
    /// ```
    /// use upshift::{Engine, Instance, Module, Store, Tier, Trigger};
    ///
    /// # if !Tier::Optimizing.is_available() { return Ok(()) }
    /// let engine = Engine::default();
    /// let text = r#"(module (func (export "f") (result i32) (i32.const 42)))"#;
    /// let bytes = Module::new(&engine, text)?.serialize()?;
    ///
    /// // SAFETY: nobody else has had the bytes.
    /// let module = unsafe { Module::deserialize(&engine, &bytes)? };
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "f")?.call(&mut store, ())?, 42);
    /// let code = module.compilation(0).expect("it was there");
    /// assert_eq!((code.tier, code.trigger), (Tier::Optimizing, Trigger::Cache));
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn serialize(&self) -> Result<Vec<u8>> {
        ensure!(Tier::Optimizing.is_available(), "there is no native code on this system");
        let (info, engine) = (self.info(), self.engine());
        let reservation = engine.config().memory_reservation;
        let modes: Vec<_> = info.memories.iter().map(|&ty| mode_of(ty, reservation)).collect();
        let target = native::target(&modes, engine.machine());
        let made = native::optimize_all(info, engine.config().code, &target);
        let items: Vec<_> = made.into_iter().zip(0..).map(|(bytes, own)| (own, None, bytes)).collect();
        let settings = engine.code_settings();
        let key = Key::of(info.bytes.as_ref(), &settings);
        let findings = Findings::of(info).to_bytes();
        let head = cache::head(&key, findings, &native::text_of(info, &modes), &items);
        let entry: Vec<&[u8]> =
            [&head[..]].into_iter().chain(items.iter().map(|(_, _, bytes)| &bytes[..])).collect();
        Ok(artifact::write(&settings, info.bytes.as_ref(), &entry))
    }

    /// A module that was compiled ahead of time, by [`serialize`](Self::serialize). Nothing of it is compiled again, and it is not validated.
    ///
    /// # Errors
    /// When the bytes are no such thing, and with a [`PrecompiledError`] when they are damaged or for something else:
    /// [`source_of_precompiled`](Self::source_of_precompiled) then has the module to be compiled anew.
    ///
    /// # Safety
    /// The bytes have to come from `serialize`, unchanged: machine code in them is executed as it is. Do not call this with anything
    /// that somebody else may have written.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module> {
        let bytes = bytes.as_ref();
        ensure!(artifact::is_artifact(bytes), "this is no module that was compiled ahead of time");
        let artifact = artifact::read(bytes).ok_or(PrecompiledError::Damaged)?;
        let Artifact { settings, is_of_this_build, module, entry } = artifact;
        ensure!(is_of_this_build, PrecompiledError::OtherVersion);
        ensure!(settings == engine.code_settings(), PrecompiledError::OtherSettings);
        let key = Key::of(&bytes[module.clone()], &settings);
        let stored =
            Stored::open(Source::Bytes(bytes[entry].into()), &key).ok_or(PrecompiledError::Damaged)?;
        Module::parse_with(engine, bytes[module].into(), None, Some(stored))
    }

    /// [`deserialize`](Self::deserialize) of what a file has.
    ///
    /// # Errors
    /// Those, and when the file cannot be read.
    ///
    /// # Safety
    /// As there; nobody else may write the file.
    pub unsafe fn deserialize_file(engine: &Engine, file: impl AsRef<Path>) -> Result<Module> {
        let file = file.as_ref();
        let bytes = std::fs::read(file).with_context(|| format!("failed to read `{}`", file.display()))?;
        // SAFETY: the caller's promise.
        unsafe { Module::deserialize(engine, &bytes) }
            .with_context(|| format!("failed to load `{}`", file.display()))
    }

    /// The module itself in bytes that [`serialize`](Self::serialize) has made, of whatever build of the program, if that is what they
    /// are. To load it is as safe as to load any other one.
    ///
    /// ```
    /// use upshift::Module;
    ///
    /// assert_eq!(Module::source_of_precompiled(b"\0asm\x01\0\0\0"), None);
    /// ```
    #[must_use]
    pub fn source_of_precompiled(bytes: &[u8]) -> Option<&[u8]> {
        Some(&bytes[artifact::read(bytes)?.module])
    }

    /// Keeps the optimized code that there is so far in the engine's [cache](Config::cache), together with what is kept already of
    /// functions that were not called, so that later runs begin with it. Returns what was written; `None` if there is nothing new, or no
    /// cache.
    ///
    /// Of a large module it is also kept that it is valid. It takes about as long as writing the code to a file. What runs meanwhile runs on, and code that is still being made is not waited for.
    ///
    /// # Errors
    /// When the entry cannot be written; then what was kept before is as it was.
    ///
    /// ```
    /// use upshift::{Cache, CacheConfig, Config, Engine, Module};
    ///
    /// let cache = Cache::new(CacheConfig::new().with_directory("/var/cache/host/code"))?;
    /// let engine = Engine::new(Config::new().cache(Some(cache)))?;
    /// let module = Module::new(&engine, r#"(module (func (export "f")))"#)?;
    /// // … instances of it run …
    /// if let Some(stored) = module.store_code()? {
    ///     println!("code of {} functions more", stored.new);
    /// }
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn store_code(&self) -> Result<Option<StoredCode>> {
        self.store_code_of(self.native().first().as_deref())
    }

    /// The same for code of instances whose memories have certain modes.
    fn store_code_of(&self, set: Option<&NativeSet>) -> Result<Option<StoredCode>> {
        let (Some(cache), Some(key)) = (&self.engine().config().cache, self.inner.key) else {
            return Ok(None);
        };
        let circumstances = set.map(|set| set.circumstances(self.info())).unwrap_or_default();
        let mut items = BTreeMap::new();
        for own in 0..self.info().bodies.len() {
            let made = set.into_iter().flat_map(|set| set.made_here(own));
            items.extend(made.map(|(from_loop, made)| ((own as u32, from_loop), encode(&made))));
        }
        let (new, stored) = (items.len(), self.inner.stored.as_deref());
        if stored.is_some() && new == 0 {
            cache.touch(&key);
        }
        // Where there is much to validate, later runs want to know that it is valid.
        let bytes: usize = self.info().bodies.iter().map(ExactSizeIterator::len).sum();
        if new == 0 && (stored.is_some() || bytes < MUCH) {
            return Ok(None);
        }
        let stored = stored.filter(|stored| stored.is_for(&circumstances));
        for item in stored.iter().flat_map(|stored| stored.items()) {
            if let Entry::Vacant(place) = items.entry((item.own, item.from_loop))
                && let Some(bytes) = stored.and_then(|stored| stored.bytes(item))
            {
                place.insert(bytes);
            }
        }
        let items: Vec<_> =
            items.into_iter().map(|((own, from_loop), bytes)| (own, from_loop, bytes)).collect();
        let findings = Findings::of(self.info()).to_bytes();
        let head = cache::head(&key, findings, &circumstances, &items);
        let parts: Vec<&[u8]> =
            [&head[..]].into_iter().chain(items.iter().map(|(_, _, bytes)| &bytes[..])).collect();
        cache.keep(&key, &parts)?;
        let bytes = parts.iter().map(|part| part.len() as u64).sum();
        Ok(Some(StoredCode { new, all: items.len(), bytes }))
    }

    /// Keeps the optimized code that there is if the last time was long ago: for the thread that makes it, so that programs leave
    /// something which are ended from outside.
    pub(crate) fn store_code_now_and_then(&self, set: &NativeSet) {
        if self.inner.key.is_some() && self.inner.storing.is_due() {
            // The next time it may be possible.
            let _ = self.store_code_of(Some(set));
        }
    }

    /// How many functions, and parts of functions from loops on, the engine's [cache](Config::cache) had something of when the module
    /// was read; `None` without a cache.
    #[must_use]
    pub fn stored_functions(&self) -> Option<usize> {
        self.inner.key?;
        Some(self.inner.stored.as_ref().map_or(0, |stored| stored.items().len()))
    }

    /// What there is of optimized code beyond this process.
    pub(crate) fn kept(&self) -> Kept {
        Kept { stored: self.inner.stored.clone(), keeps: self.inner.key.is_some() }
    }

    /// Whether earlier runs have made something of a function.
    pub(crate) fn has_stored(&self, func: FuncIndex) -> bool {
        self.inner.stored.as_ref().is_some_and(|stored| !stored.of(self.own(func)).is_empty())
    }

    /// What the optimizing compiler has of a function between its steps, as text: SSA as it was built and after each pass, or machine
    /// instructions. `upshift_opt::ssa` describes the form.
    ///
    /// # Errors
    /// When there is no such function, or it has no body. What was printed before the compiler refused the function is printed, and
    /// then why.
    pub fn dump_steps(&self, func: u32, stage: Stage) -> Result<String> {
        let (func, target) = self.to_dump(func)?;
        let mut steps = Steps { stage, text: String::new() };
        let request = Request { dump: Some(&mut steps), ..Request::default() };
        let done = upshift_opt::compile(self.info(), func, self.engine().config().code, &target, request);
        if let Err(refusal) = done {
            let _ = writeln!(steps.text, "; refused: {refusal}");
        }
        Ok(steps.text)
    }

    /// What the optimizing compiler makes of a function: which calls it inlines, and what there is in the code and in each of its loops.
    ///
    /// The code is made for this call, for what [`dump_asm`](Module::dump_asm) says.
    ///
    /// # Errors
    /// When there is no such function, or it has no body; when the compiler refuses it.
    ///
    /// ```
    /// use upshift::{Engine, Module};
    ///
    /// let text = "(module
    ///     (func (export \"run\") (param i32) (loop (br_if 0 (call $half (local.get 0)))))
    ///     (func $half (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1))))";
    /// let module = Module::new(&Engine::default(), text)?;
    /// let report = module.report(0)?;
    /// assert_eq!((report.loops.len(), report.loops[0].figures.calls), (1, 0));
    /// assert_eq!(report.calls[0].verdict.to_string(), "inlined, 1 instructions");
    /// # Ok::<(), upshift::Error>(())
    /// ```
    pub fn report(&self, func: u32) -> Result<Report> {
        let (func, target) = self.to_dump(func)?;
        let mut report = Report::default();
        let request = Request { report: Some(&mut report), ..Request::default() };
        upshift_opt::compile(self.info(), func, self.engine().config().code, &target, request)?;
        Ok(report)
    }

    /// A function with a body, and what its machine code is made for if no instance says more.
    fn to_dump(&self, func: u32) -> Result<(FuncIndex, Target)> {
        ensure!(self.func_bodies().contains(&func), "there is no function {func} with a body");
        let reservation = self.engine().config().memory_reservation;
        let modes: Vec<_> = self.info().memories.iter().map(|&ty| mode_of(ty, reservation)).collect();
        Ok((FuncIndex(func), native::target(&modes, self.engine().machine())))
    }

    /// How large a function is, in the module and translated for the interpreter. The translation is the ordinary one,
    /// without what counts fuel and looks at epochs, whatever the engine's settings say.
    ///
    /// Nothing of it is kept: this takes as long as a translation.
    ///
    /// # Errors
    /// When there is no such function, or it has no body.
    pub fn func_size(&self, func: u32) -> Result<FuncSize> {
        ensure!(self.func_bodies().contains(&func), "there is no function {func} with a body");
        let func = FuncIndex(func);
        let body = upshift_translate::body_size(self.info(), func)?;
        let options = CodeOptions { fuel: false, interruption: false, ..self.engine().config().code };
        let code = upshift_ir::compile(self.info(), func, options)?;
        let words = &code.words()[1..];
        let instructions = upshift_ir::decode::decode_all(words)
            .map_err(|malformed| anyhow!("malformed code at word {}", malformed.at))?;
        Ok(FuncSize {
            params: body.params,
            locals: body.locals,
            operators: body.operators,
            ir_instructions: instructions.len(),
            ir_words: words.len(),
            bytes: self.info().body(func).map_or(0, |body| body.len()),
            loops: (0..code.loop_count() as u32).filter(|&number| code.loop_head(number).is_some()).count(),
        })
    }

    /// Whether both are the same module, that is clones of each other.
    #[must_use]
    pub fn same(a: &Module, b: &Module) -> bool {
        Arc::ptr_eq(&a.inner, &b.inner)
    }

    /// What does not keep the module.
    pub(crate) fn downgrade(&self) -> WeakModule {
        WeakModule(Arc::downgrade(&self.inner))
    }

    /// The records of the module's types.
    pub(crate) fn records(&self) -> &Records {
        self.inner.records.get_or_init(|| Records::of_module(self.info()))
    }

    /// Whether the module's code may come across objects.
    pub(crate) fn may_meet_objects(&self) -> bool {
        *self.inner.objects.get_or_init(|| self.info().may_meet_objects())
    }

    fn type_of(&self, item: ExternIndex) -> ExternType {
        ExternType::of(self.engine(), self.info(), item)
    }

    /// What is exported under a name.
    pub(crate) fn export(&self, name: &str) -> Option<ExternIndex> {
        let (exports, order) = (&self.info().exports, &self.inner.exports);
        let at = order.binary_search_by(|&i| (*exports[i as usize].name).cmp(name)).ok()?;
        Some(exports[order[at] as usize].item)
    }

    /// The code of one of the module's own functions, translated if this is its first use.
    pub(crate) fn code(&self, func: FuncIndex) -> Result<&FuncCode> {
        if let Some(code) = self.translated(func) {
            return Ok(code);
        }
        let mut code = upshift_ir::compile(self.info(), func, self.engine().config().code)?;
        upshift_interp::link(code.words_mut());
        // Another thread may have been faster; then its code is the one that counts.
        Ok(self.inner.code.get_or_init(self.own(func), || Box::new(code)))
    }

    /// The code of one of the module's own functions, if it was translated.
    pub(crate) fn translated(&self, func: FuncIndex) -> Option<&FuncCode> {
        self.inner.code.get(self.own(func))
    }

    /// Native code of the module's own functions.
    pub(crate) fn native(&self) -> &NativeModule {
        &self.inner.native
    }

    /// The number of a function among those that the module has bodies for.
    pub(crate) fn own(&self, func: FuncIndex) -> usize {
        (func.0 - self.info().imported_funcs) as usize
    }

    /// The offsets in the module's bytes of the operators that positions in code of a function come from. This takes
    /// as long as translating the function.
    pub(crate) fn offsets_of(
        &self,
        func: FuncIndex,
        origin: &Origin,
    ) -> impl Fn(usize) -> Option<u32> + use<> {
        origin.offsets(self.info(), func, self.engine().config().code)
    }

    /// The name of a function from the name section, or else from an export.
    pub(crate) fn func_name(&self, func: FuncIndex) -> Option<&str> {
        let exported = || names::export_name(self.info(), ExternIndex::Func(func));
        names::function_name(self.info(), func).or_else(exported)
    }

    /// The name of a tag from the name section, or else from an export or import.
    pub(crate) fn tag_name(&self, tag: TagIndex) -> Option<String> {
        let info = self.info();
        let own = names::tag_name(info, tag).or_else(|| names::export_name(info, ExternIndex::Tag(tag)));
        let imported = || names::tag_import(info, tag).map(|(module, name)| format!("{module}::{name}"));
        own.map(str::to_owned).or_else(imported)
    }
}

#[cfg(test)]
impl Module {
    /// Takes the last two bytes of a function's body away: if they are half of an operator and `end`, it cannot be translated.
    ///
    /// # Panics
    /// When there are other holders of the module.
    pub(crate) fn cut_body(&mut self, func: FuncIndex) {
        let info = &mut Arc::get_mut(&mut self.inner).expect("nobody else has the module").info;
        info.bodies[(func.0 - info.imported_funcs) as usize].end -= 2;
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Makes sure that a module may have so many bytes.
fn check_size(engine: &Engine, bytes: u64) -> Result<()> {
    Ok(engine.config().module_limits.check(ModuleLimit::ModuleSize, bytes, 0)?)
}

/// The contents of a file, which may be endless.
fn read(engine: &Engine, file: &Path) -> Result<Vec<u8>> {
    let mut file = File::open(file)?;
    let limit = engine.config().module_limits.get(ModuleLimit::ModuleSize);
    let size = file.metadata().map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 });
    check_size(engine, size)?;
    let mut bytes = Vec::new();
    file::read_rest(&mut file, &mut bytes, size, limit)?;
    check_size(engine, bytes.len() as u64)?;
    Ok(bytes)
}

/// Whether bytes are to be read as text.
fn is_text(bytes: &[u8]) -> bool {
    cfg!(feature = "wat") && !bytes.starts_with(b"\0asm")
}

/// The module's own bytes in the binary form, of bytes that may be text.
fn own(engine: &Engine, bytes: &[u8]) -> Result<ModuleBytes> {
    check_size(engine, bytes.len() as u64)?;
    #[cfg(feature = "wat")]
    if is_text(bytes) {
        engine.config().module_limits.check(ModuleLimit::TextSize, bytes.len() as u64, 0)?;
        // The error shows a line of the text, which may be all of it.
        let binary = wat::parse_bytes(bytes).map_err(|error| anyhow!("{}", excerpt(&error)))?;
        return Ok(binary.into());
    }
    Ok(bytes.into())
}
