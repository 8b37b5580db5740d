//! Input that is broken, huge or hostile gives an error or the right answer: no panic, no hang, no crash.
//!
//! | module | what |
//! |---|---|
//! | [`broken`] | fixtures that are cut off or changed, claims that no bytes stand behind |
//! | [`large`] | valid modules at the limits: locals, nesting, operands, parameters, branch tables, segments |
//! | [`effort`] | valid modules that would take a careless translation quadratic time |
//! | [`recursion`] | calls without an end |
//! | [`growth`] | memories and tables up to their limits |
//!
//! Each test prints how many cases it has seen.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/ways.rs"]
mod ways;

mod broken;
mod effort;
mod growth;
mod large;
mod recursion;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/rng.rs"]
mod rng;

use std::path::{Path, PathBuf};

use upshift::Engine;

use crate::ways::Way;

/// The modules that the project ships, with their names, in a fixed order.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    find(&root.join("examples"), &mut files);
    find(&root.join("bench/programs"), &mut files);
    files.sort();
    let read = |file: PathBuf| {
        let name = file.file_name().expect("files have names").to_string_lossy().into_owned();
        (name, std::fs::read(file).expect("the file can be read"))
    };
    let fixtures: Vec<_> = files.into_iter().map(read).collect();
    assert!(fixtures.len() >= 10, "the fixtures are not where they should be");
    fixtures
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the directory is there") {
        let path = entry.expect("the directory can be read").path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
}

/// An engine for each way to run code.
fn engines() -> Vec<Engine> {
    Way::all().iter().map(|way| Engine::new(&way.config()).expect("all settings are possible")).collect()
}

/// Does something for each number below `end`, on all threads.
fn in_parallel(end: usize, work: impl Fn(usize) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let item = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if item >= end {
                        return;
                    }
                    work(item);
                }
            });
        }
    });
}
