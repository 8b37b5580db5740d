//! Optimized code of earlier runs: what `upshift run` does with it, and `upshift cache`.

use anyhow::{Result, bail};
use upshift::{Cache, CacheConfig, CacheUsage, Module, Optimization, Tier, Tiers};

use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::nearest::nearest;
use crate::report::print;

/// Where code of a run is kept, if it is.
pub(crate) fn of_run(options: &Options) -> Option<Cache> {
    let is_optimized = match options.tiers {
        Tiers::Auto => options.optimization != Optimization::Never,
        tiers => tiers == Tiers::Only(Tier::Optimizing),
    };
    // How deep calls may be nested depends on what code there is.
    if options.no_cache || options.deterministic || !is_optimized || !Tier::Optimizing.is_available() {
        return None;
    }
    // Who has no home has no cache.
    cache_of(options).ok()
}

/// Keeps what a run has optimized. That it cannot is no matter of the program's: the next run is as slow as this one.
pub(crate) fn keep(modules: &[Module]) {
    for module in modules {
        let _ = module.store_code();
    }
}

/// `upshift cache`: says how much there is, or throws it away.
///
/// # Errors
/// When the word is not known, or the directory cannot be read, written or trusted.
pub(crate) fn cache(options: &Options) -> Result<()> {
    const WORDS: [&str; 2] = ["stats", "clear"];
    let cache = cache_of(options)?;
    let (done, usage) = match options.files[0].to_str() {
        Some("stats") => ("", cache.usage()?),
        Some("clear") => ("removed: ", cache.clear()?),
        word => {
            let near = word
                .and_then(|word| nearest(word, WORDS))
                .map_or_else(String::new, |near| format!("; {near}"));
            bail!("`{}` is not one of `stats` and `clear`{near}", options.files[0].display())
        }
    };
    let CacheUsage { entries, bytes, .. } = usage;
    match options.listing() {
        Listing::Json => {
            let directory = cache.directory().display().to_string();
            let members =
                [("directory", directory.into()), ("entries", entries.into()), ("bytes", bytes.into())];
            print(&format!("{}\n", Json::from(members)))
        }
        Listing::Text => {
            let many = if entries == 1 { "module" } else { "modules" };
            let bytes = bytes as f64 / f64::from(1 << 20);
            print(&format!(
                "{done}code of {entries} {many}, {bytes:.1} MiB, in {}\n",
                cache.directory().display()
            ))
        }
    }
}

/// The cache that the flags name, or else the user's own.
fn cache_of(options: &Options) -> Result<Cache> {
    let mut config = CacheConfig::new();
    if let Some(directory) = &options.cache_dir {
        config.with_directory(directory);
    }
    Cache::new(&config)
}
