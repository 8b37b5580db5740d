//! Optimized code on disk, so that a program starts with what earlier runs of it have found to be hot.
//!
//! ```text
//! module's bytes, settings ─ key ─▶ Key ─ Directory::open ─▶ Stored: an index, validated; code is read function by function
//!                                                              │ first call of a function
//!                                                              ▼
//!                                     decoded, relocated, copied to where code lies ─▶ runs at once
//!
//! end of a run ─ Module::store_code ─▶ what was optimized, and what was there before ─ entry ─▶ new file ─ rename ─▶ Directory
//! ```
//!
//! An entry holds for one module, by a cryptographic hash of its bytes, for this build of the program, for what the processor has, and for
//! the settings that code depends on: all that is in its [`Key`], which is its name. That there is an entry says, besides, that the
//! module was found to be valid.
//!
//! Whoever may write into the directory says what this process executes. So it has to belong to the user, who alone may write, and so
//! has each file; links are not followed. Against what happens by accident there are checksums: what does not fit is as if it were not
//! there. Entries are written as a whole under another name first, so several processes at once do no harm, and the last one counts.
//!
//! Code is copied to where code lies and relocated there; no file is ever mapped.

pub(crate) mod artifact;
#[cfg(unix)]
mod directory;
#[cfg(not(unix))]
#[path = "no_directory.rs"]
mod directory;
mod entry;
mod key;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use directory::Directory;
pub(crate) use entry::{Source, Stored, head};
pub(crate) use key::Key;

/// Where code is kept beyond the process, and how much of it: what [`Cache::new`] takes.
///
/// ```
/// use upshift::CacheConfig;
///
/// let mut config = CacheConfig::new();
/// config.with_directory("/var/cache/host/code").with_files_total_size_soft_limit(64 << 20);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CacheConfig {
    directory: Option<PathBuf>,
    limit: Option<u64>,
}

impl CacheConfig {
    /// How many bytes all files may have together unless something else is set.
    const LIMIT: u64 = 512 << 20;

    /// The user's own directory for caches, and 512 MiB.
    #[must_use]
    pub fn new() -> CacheConfig {
        CacheConfig::default()
    }

    /// Another directory. It is made when there is something to keep; what is above it has to be there.
    pub fn with_directory(&mut self, directory: impl Into<PathBuf>) -> &mut CacheConfig {
        self.directory = Some(directory.into());
        self
    }

    /// How many bytes all files may have together. When an entry is written and they have more, those go that were not used for the
    /// longest time.
    pub fn with_files_total_size_soft_limit(&mut self, bytes: u64) -> &mut CacheConfig {
        self.limit = Some(bytes);
        self
    }
}

/// Keeps optimized code on disk: what [`Config::cache`](crate::Config::cache) takes. Clones are of the same one.
///
/// ```
/// use upshift::{Cache, CacheConfig, Config, Engine, Module};
///
/// let directory = std::env::temp_dir().join(format!("upshift-doc-{}", std::process::id()));
/// let cache = Cache::new(CacheConfig::new().with_directory(&directory))?;
/// let engine = Engine::new(Config::new().cache(Some(cache.clone())))?;
/// let module = Module::new(&engine, r#"(module (func (export "f")))"#)?;
/// // Nothing has run, so there is nothing to keep.
/// assert_eq!(module.store_code()?, None);
/// assert_eq!(cache.usage()?.entries, 0);
/// # Ok::<(), upshift::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache {
    directory: Arc<Directory>,
}

/// What there is in a cache, see [`Cache::usage`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CacheUsage {
    /// Modules for which something is kept; those of other settings, processors or versions of the program are counted too.
    pub entries: u64,
    /// What their files have together.
    pub bytes: u64,
}

impl Cache {
    /// A cache in a directory. Nothing is read or made before it is used.
    ///
    /// # Errors
    /// When nothing says where the user's directory for caches is and no other one is set.
    pub fn new(config: &CacheConfig) -> Result<Cache> {
        let path = match &config.directory {
            Some(path) => path.clone(),
            None => directory::of_user().context("neither `XDG_CACHE_HOME` nor `HOME` is set")?,
        };
        let is_own = config.directory.is_none();
        let directory = Arc::new(Directory::new(path, is_own, config.limit.unwrap_or(CacheConfig::LIMIT)));
        Ok(Cache { directory })
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What there is in it.
    ///
    /// # Errors
    /// When the directory cannot be read, or others than the user may write in it.
    pub fn usage(&self) -> Result<CacheUsage> {
        self.directory.usage()
    }

    /// Takes everything out of it, and returns what that was. Processes that use it go on as if there were nothing.
    ///
    /// # Errors
    /// When the directory cannot be read or written, or others than the user may write in it.
    pub fn clear(&self) -> Result<CacheUsage> {
        self.directory.clear()
    }

    /// What is kept under a key, if there is something that can be used.
    pub(crate) fn find(&self, key: &Key) -> Option<Stored> {
        Stored::open(Source::File(self.directory.open(key)?), key)
    }

    /// Keeps an entry under a key, in place of what there was.
    ///
    /// # Errors
    /// When it cannot be written: then what there was is there.
    pub(crate) fn keep(&self, key: &Key, parts: &[&[u8]]) -> Result<()> {
        self.directory.put(key, parts)
    }

    /// Notes that an entry was used.
    pub(crate) fn touch(&self, key: &Key) {
        self.directory.touch(key);
    }
}

/// When something is due that is to be done again and again, but ever less often: after 2, 6, 14, 30 … seconds.
pub(crate) struct NowAndThen {
    begin: Instant,
    /// After how many milliseconds it is due next.
    next: AtomicU64,
}

impl Default for NowAndThen {
    fn default() -> NowAndThen {
        NowAndThen { begin: Instant::now(), next: AtomicU64::new(NowAndThen::FIRST) }
    }
}

impl NowAndThen {
    const FIRST: u64 = 2000;

    /// Whether it is due; then it is not for twice as long as the last time.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due_after(u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn is_due_after(&self, now: u64) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        let later = now.saturating_add(next).saturating_add(NowAndThen::FIRST);
        now >= next && self.next.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("directory", &self.directory.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::NowAndThen;

    #[test]
    fn what_is_done_now_and_then_is_done_ever_less_often() {
        let due = NowAndThen::default();
        let times: Vec<u64> = (0..100_000).step_by(100).filter(|&now| due.is_due_after(now)).collect();
        assert_eq!(times, [2000, 6000, 14_000, 30_000, 62_000]);
    }
}
