//! Programs that people use, as the package registries have them: whole processes of upshift and of other runtimes.
//!
//! ```text
//! programs::ALL ─ collect ─▶ bench/large/NAME-VERSION/ ─┐
//! bench/programs/large/, the inputs ────────────────────┴▶ rounds: each runtime in turn ─▶ Cell ─▶ table, outputs compared
//! ```
//!
//! What a program does takes 20 ms to 20 s. Modules have 1 to 76 MB, so for some runtimes most of that is compiling. Nothing of this
//! is committed but the inputs, and nothing is run that has not the hash it had when it was chosen.

mod collect;
mod programs;
mod table;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use self::programs::{Package, Program};
use self::table::{Cell, Row};
use crate::measure;
use crate::peers;
use crate::process::{self, End};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only programs with NAME in their name; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Only these runtimes beside upshift
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    peers: Vec<String>,

    /// How often each is run; what takes more than ten seconds is run once
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// After how many seconds a process is ended
    #[arg(long, value_name = "S", default_value_t = 180, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    /// Get the packages and measure nothing
    #[arg(long, conflicts_with = "offline")]
    collect: bool,

    /// Ask no registry: only the programs that are there
    #[arg(long)]
    offline: bool,

    /// Print what programs there are, and where they come from
    #[arg(long)]
    list: bool,
}

/// What takes longer is run once.
const LONG: Duration = Duration::from_secs(10);

/// A way of running the programs.
struct Way {
    /// The title of its column.
    name: &'static str,
    /// The peer of the table of runtimes that it is; nothing for upshift.
    peer: Option<&'static str>,
    /// What stands between the executable and the directories; `{cache}`, `{cache.toml}` and `{driver}` stand for paths.
    words: &'static [&'static str],
    /// Whether processes leave something for later ones, and the one that does so first is not counted.
    warm: bool,
}

const WAYS: &[Way] = &[
    Way { name: "upshift", peer: None, words: &["run", "--cache-dir", "{cache}"], warm: false },
    Way { name: "upshift-warm", peer: None, words: &["run", "--cache-dir", "{cache}"], warm: true },
    Way { name: "wasmtime-nocache", peer: Some("wasmtime"), words: &["run", "-C", "cache=n"], warm: false },
    Way {
        name: "wasmtime",
        peer: Some("wasmtime"),
        words: &["run", "-C", "cache-config={cache.toml}"],
        warm: true,
    },
    Way { name: "bun", peer: Some("bun"), words: &["{driver}"], warm: false },
    Way { name: "node", peer: Some("node"), words: &["{driver}"], warm: false },
];

/// Collects what is missing, measures, and prints the table.
///
/// # Errors
/// If upshift cannot be found, a name is unknown, or upshift's outcome differs from another runtime's.
pub(crate) fn large(root: &Path, options: &Options) -> Result<()> {
    let is_chosen =
        |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part));
    let chosen: Vec<&Program> = programs::ALL.iter().filter(|program| is_chosen(program.name)).collect();
    ensure!(!chosen.is_empty(), "--only: no program is called so; --list shows all");
    if options.list {
        return crate::print(&programs::list(&chosen));
    }
    let place = root.join("bench/large");
    let there: Vec<&Program> =
        chosen.into_iter().filter(|program| is_there(&place, program, options)).collect();
    if options.collect {
        return Ok(());
    }
    let ways = ways(root, &options.peers)?;
    let scratch =
        tempfile::Builder::new().prefix("upshift-large-").tempdir().context("making a directory")?;
    let interrupted = measure::interruption()?;
    let names: Vec<&str> = ways.iter().map(|(way, _)| way.name).collect();
    crate::print(&table::head(&names))?;
    let mut differ = Vec::new();
    for program in there {
        let places = Places { root, packages: &place, scratch: scratch.path() };
        let row = row(&places, program, &ways, options, &interrupted)?;
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        crate::print(&row.to_string())?;
        if !row.agrees("upshift") || !row.agrees("upshift-warm") {
            differ.push(program.name);
        }
    }
    ensure!(differ.is_empty(), "upshift's outcome is not that of others: {}", differ.join(", "));
    Ok(())
}

/// Whether a program can be run; if not, says why.
fn is_there(place: &Path, program: &Program, options: &Options) -> bool {
    for package in program.packages() {
        let found = match options.offline {
            true => collect::find(place, package),
            false => collect::get(place, package),
        };
        if let Err(error) = found {
            eprintln!("skip {}: {error:#}", program.name);
            return false;
        }
    }
    true
}

/// The ways that this machine has executables for. Says which are missing.
fn ways(root: &Path, wanted: &[String]) -> Result<Vec<(&'static Way, OsString)>> {
    let names: Vec<&str> = WAYS.iter().map(|way| way.name).collect();
    for name in wanted {
        ensure!(
            names.contains(&name.as_str()),
            "--peers {name}: unknown; there are {}",
            names[1..].join(", ")
        );
    }
    let mut ways = Vec::new();
    for way in WAYS {
        let is_wanted = wanted.is_empty() || wanted.iter().any(|name| name == way.name);
        match way.peer {
            None if is_wanted || way.name == "upshift" => ways.push((way, peers::upshift_executable(root)?)),
            _ if !is_wanted => {}
            None => {}
            Some(peer) => match peers::executable_of(peer)? {
                Ok(executable) => ways.push((way, executable)),
                Err(missing) => eprintln!("skip {}: {missing}", way.name),
            },
        }
    }
    Ok(ways)
}

/// Where files are.
struct Places<'a> {
    root: &'a Path,
    packages: &'a Path,
    scratch: &'a Path,
}

/// The command that runs a program, with a directory for what it writes.
fn command(places: &Places<'_>, program: &Program, way: &Way, executable: &OsString, out: &Path) -> Command {
    let folder = |package: &Package| places.packages.join(package.folder());
    let mut command = Command::new(executable);
    for word in way.words {
        let driver = places.root.join("bench/driver.mjs");
        let own = places.scratch.join(way.name);
        let (cache, toml) = (own.join("cache"), own.join("cache.toml"));
        command.arg(
            word.replace("{driver}", &driver.to_string_lossy())
                .replace("{cache.toml}", &toml.to_string_lossy())
                .replace("{cache}", &cache.to_string_lossy()),
        );
    }
    let inputs = places.root.join("bench/programs/large");
    let dirs = [("/in", inputs), ("/out", out.to_path_buf())].into_iter();
    let further = program.dirs.iter().map(|&(package, host, guest)| (guest, folder(package).join(host)));
    for (guest, host) in dirs.chain(further) {
        // The same for all of them.
        command.arg("--dir").arg(format!("{}::{guest}", host.display()));
    }
    command.arg(folder(program.package).join(program.module)).args(program.args);
    command
}

/// What a process did, as far as it must not depend on the runtime.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    end: End,
    printed: Vec<u8>,
    /// The files it wrote, by name.
    files: BTreeMap<String, Vec<u8>>,
}

fn row(
    places: &Places<'_>,
    program: &'static Program,
    ways: &[(&'static Way, OsString)],
    options: &Options,
    interrupted: &Arc<AtomicBool>,
) -> Result<Row> {
    let module = places.packages.join(program.package.folder()).join(program.module);
    let size = fs::metadata(&module).with_context(|| module.display().to_string())?.len();
    let mut cells: Vec<Cell> = ways.iter().map(|(way, _)| Cell::new(way.name)).collect();
    let mut outcomes: Vec<Option<Outcome>> = ways.iter().map(|_| None).collect();
    let good = End::Exited(program.exit);
    for round in 0..=options.runs {
        for (at, (way, executable)) in ways.iter().enumerate() {
            let cell = &mut cells[at];
            // The first round leaves what a warm process finds, and is nothing to others.
            let is_counted = round > 0;
            if cell.is_over || interrupted.load(Ordering::Relaxed) || (!is_counted && !way.warm) {
                continue;
            }
            let out = prepare(places, way, round)?;
            let mut command = command(places, program, way, executable, &out);
            let limit = Duration::from_secs(options.timeout);
            let finished = process::run(&mut command, None, limit, interrupted)?;
            let outcome = Outcome { end: finished.end, printed: finished.output, files: files(&out)? };
            if outcome.end != good {
                let errors = String::from_utf8_lossy(&finished.errors);
                let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
                cell.failed(&outcome.end, last);
            } else if is_counted {
                cell.add(finished.time, finished.peak);
                cell.is_over = finished.time > LONG;
            }
            outcomes[at].get_or_insert(outcome);
        }
    }
    // What another runtime did is what is right. Without one, nothing is known.
    let others = outcomes.iter().zip(ways).filter(|(_, (way, _))| way.peer.is_some());
    let is_good = |outcome: &&Outcome| outcome.end == good;
    let right = others.filter_map(|(outcome, _)| outcome.as_ref()).find(is_good);
    for (cell, outcome) in cells.iter_mut().zip(&outcomes).filter(|(cell, _)| !cell.has_failed()) {
        cell.is_right = right.zip(outcome.as_ref()).map(|(right, outcome)| right == outcome);
    }
    Ok(Row { program: program.name, size, cells })
}

/// An empty directory for what a process writes, and one for what it leaves to later ones, which stays over the rounds if they are to
/// find it.
fn prepare(places: &Places<'_>, way: &Way, round: u32) -> Result<PathBuf> {
    let own = places.scratch.join(way.name);
    let (out, cache) = (own.join("out"), own.join("cache"));
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    if (round == 0 || !way.warm) && cache.exists() {
        fs::remove_dir_all(&cache)?;
    }
    fs::create_dir_all(&out)?;
    fs::create_dir_all(&cache)?;
    // Quoted as TOML does: a path is no text of ours.
    let toml = format!("[cache]\ndirectory = {:?}\n", cache.to_string_lossy());
    fs::write(own.join("cache.toml"), toml)?;
    Ok(out)
}

/// The files in a directory, with their contents.
fn files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_directories_module_and_arguments() {
        let program = &programs::ALL[0];
        let places = Places { root: Path::new("/r"), packages: Path::new("/p"), scratch: Path::new("/s") };
        for way in WAYS {
            let command = command(&places, program, way, &"x".into(), Path::new("/o"));
            let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
            let module = format!("/p/{}/{}", program.package.folder(), program.module);
            let at = words.iter().position(|word| *word == module).expect("the module");
            assert_eq!(words[at + 1..], program.args[..], "{}", way.name);
            let text = words[..at].join(" ");
            assert!(text.contains("--dir /r/bench/programs/large::/in --dir /o::/out"), "{text}");
            assert!(!text.contains('{'), "{text}");
        }
    }

    #[test]
    fn the_files_of_a_directory_are_part_of_the_outcome() {
        let dir = tempfile::tempdir().unwrap();
        let empty = files(dir.path()).unwrap();
        fs::write(dir.path().join("a"), "1").unwrap();
        fs::create_dir(dir.path().join("b")).unwrap();
        let one = files(dir.path()).unwrap();
        assert_eq!((empty.len(), one.len()), (0, 1));
        assert_eq!(one["a"], b"1");
    }
}
