//! Gives each build of the program a name of its own: code that is kept on disk belongs to the build that made it, because it refers to
//! handlers, stubs and records of the runtime by number. Two builds of the same sources with the same compiler have the same name.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The crates that decide what code is and what it refers to.
const CRATES: &[&str] = &["asm", "codegen", "core", "interp", "ir", "memops", "opt", "translate", "upshift"];

fn main() {
    let mut hasher = DefaultHasher::new();
    let crates = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    for name in CRATES {
        // Where the crate was published by itself, its version is all there is to say.
        let sources = crates.join(name).join("src");
        println!("cargo::rerun-if-changed={}", sources.display());
        hash_all(&sources, &mut hasher);
    }
    for name in ["TARGET", "PROFILE", "OPT_LEVEL", "CARGO_CFG_PANIC", "CARGO_CFG_TARGET_FEATURE"] {
        env::var_os(name).hash(&mut hasher);
    }
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().map(|output| output.stdout);
    version.unwrap_or_default().hash(&mut hasher);
    // What other crates of the workspace are is in here, and where they are of the registry too.
    let lock = crates.join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    fs::read(lock).unwrap_or_default().hash(&mut hasher);
    println!("cargo::rustc-env=UPSHIFT_BUILD={:016x}", hasher.finish());
}

/// Hashes the names, relative to where they begin, and contents of all files.
fn hash_all(folder: &Path, hasher: &mut impl Hasher) {
    let mut paths: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => return,
    };
    paths.sort_unstable();
    for path in paths {
        path.file_name().hash(hasher);
        if path.is_dir() {
            hash_all(&path, hasher);
        } else {
            fs::read(&path).unwrap_or_default().hash(hasher);
        }
    }
}
