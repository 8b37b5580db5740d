//! `cargo dist [musl|gnu|dynamic]`: builds the program as it is handed out, to `target/dist/upshift`; `cargo dist cells [...]`: the
//! same for `upshift-cells`; `cargo dist sizes`: fails if the former grew.
//!
//! ```text
//! host ─▶ C library ─▶ target and flags ─ cargo build --profile dist ─▶ target/dist/PROGRAM, and the linker's map
//! map ─▶ sizes ═?═ tools/dist/sizes.yaml
//! ```
//!
//! On Linux the program is one static file, which the system places at random. With musl it is smaller and starts faster, but
//! that needs a target of rustup's, which is added if it can be; else glibc serves. Elsewhere the program is linked as the
//! platform does. RATIONALE.md has the figures.

mod sizes;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::sizes::Sizes;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A program that is handed out.
#[derive(Clone, Copy, Debug)]
struct Program {
    name: &'static str,
    package: &'static str,
    features: &'static str,
    /// Whether it does without the tables for unwinding, for which it has to have a stand-in of what reads them.
    unwinds: bool,
    /// The most bytes that its file may have, if they are looked at as soon as it is built.
    limit: Option<u64>,
}

/// The runtime. Without `loop-dispatch`, which is there all the same where the program could not run without it.
const UPSHIFT: Program =
    Program { name: "upshift", package: "upshift-cli", features: "jit,wat", unwinds: false, limit: None };

/// The program of cells: with a server, a line editor and Jupyter's protocol in it, so it is not as small, but has a bound too.
const CELLS: Program = Program {
    name: "upshift-cells",
    package: "upshift-cells-cli",
    features: "jupyter",
    unwinds: true,
    limit: Some(sizes::CELLS_LIMIT),
};

/// How the program is linked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Linking {
    Musl,
    Gnu,
    Dynamic,
}

fn main() -> ExitCode {
    match dist() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo dist: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dist() -> Result<()> {
    let host = host()?;
    let mut words = env::args().skip(1).peekable();
    let program = if words.next_if(|word| word == "cells").is_some() { CELLS } else { UPSHIFT };
    let linking = match words.next().as_deref() {
        None => choose(&host),
        Some("musl") => Linking::Musl,
        Some("gnu") => Linking::Gnu,
        Some("dynamic") => Linking::Dynamic,
        Some("sizes") if program.name == UPSHIFT.name => return check_sizes(),
        Some(other) => {
            let words = "`cells`, `musl`, `gnu`, `dynamic` or `sizes`";
            return Err(format!("there is no `{other}`: expected {words}").into());
        }
    };
    let (root, target_dir) = (root()?, target_dir()?);
    let map = map(&target_dir, program);
    let mut build = cargo();
    build.current_dir(&root).args(["build", "--profile", "dist", "--package", program.package]);
    build.args(["--no-default-features", "--features", program.features, "--target-dir"]).arg(&target_dir);
    let mut built = target_dir.join("dist");
    if linking != Linking::Dynamic {
        // With an explicit target the flags are not for procedural macros, which cannot be linked statically.
        let lld = has_lld(&host);
        let target = if linking == Linking::Musl { musl(&host) } else { host };
        let given = env::var("RUSTFLAGS").unwrap_or_default();
        let flags: Vec<_> = given
            .split_whitespace()
            .map(str::to_owned)
            .chain(flags(&target, &root, lld, program.unwinds, &map))
            .collect();
        // In this form a flag may hold spaces, as the path of the checkout may.
        fs::create_dir_all(target_dir.join("dist"))?;
        build.args(["--target", &target]).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        if linking == Linking::Musl && !has_musl_gcc() {
            // What is written in C among the crates uses nothing of the C library but its headers.
            let name = format!("CC_{}", target.replace('-', "_"));
            if env::var_os(&name).is_none() {
                build.env(name, "cc");
            }
        }
        built = target_dir.join(&target).join("dist");
    }
    if !build.status()?.success() {
        return Err("the build failed".into());
    }
    let name = format!("{}{}", program.name, env::consts::EXE_SUFFIX);
    let path = target_dir.join("dist").join(&name);
    if linking != Linking::Dynamic {
        install(&built.join(&name), &path)?;
    }
    let bytes = fs::metadata(&path)?.len();
    println!("{}: {bytes} bytes, {linking:?}", path.display());
    match program.limit.filter(|&limit| bytes > limit && linking != Linking::Dynamic) {
        Some(limit) => Err(format!("the program has {bytes} bytes, more than {limit}").into()),
        None => Ok(()),
    }
}

/// Compares the program that was built last with the ledger, or writes the ledger where `UPSHIFT_BLESS` is set.
fn check_sizes() -> Result<()> {
    let target_dir = target_dir()?;
    let map = map(&target_dir, UPSHIFT);
    let text = fs::read_to_string(&map).map_err(|error| {
        format!("{}: {error}; `cargo dist musl` writes it where the toolchain has rust-lld", map.display())
    })?;
    let sizes = Sizes::of_map(&text)?;
    let path = root()?.join("tools/dist/sizes.yaml");
    let bytes = fs::metadata(target_dir.join("dist/upshift"))?.len();
    if bytes > sizes::LIMIT {
        return Err(format!("the program has {bytes} bytes, more than {}", sizes::LIMIT).into());
    }
    let output = Command::new("rustc").arg("--version").output()?;
    let compiler = String::from_utf8(output.stdout)?;
    if env::var_os("UPSHIFT_BLESS").is_some() {
        return Ok(fs::write(path, sizes.to_yaml(compiler.trim()))?);
    }
    let ledger = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (table, grown) = sizes.compare(&Sizes::of_yaml(&ledger)?);
    print!("{table}");
    if !ledger.contains(compiler.trim()) {
        println!("the ledger was written with another compiler than {}", compiler.trim());
    }
    if grown {
        return Err(
            "the program grew: if it is worth that, `UPSHIFT_BLESS=1 cargo dist sizes` writes the ledger"
                .into(),
        );
    }
    Ok(())
}

/// The top of the checkout.
fn root() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?)
}

/// Where cargo builds.
fn target_dir() -> Result<PathBuf> {
    // A relative directory is meant from here, not from the root.
    Ok(match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => env::current_dir()?.join(dir),
        None => root()?.join("target"),
    })
}

/// Where the linker says what it put into the program.
fn map(target_dir: &Path, program: Program) -> PathBuf {
    target_dir.join("dist").join(program.name).with_extension("map")
}

/// Puts a copy of a program where another may be that runs: it cannot be written to, and goes on as it was.
fn install(from: &Path, to: &Path) -> Result<()> {
    let mut beside = to.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let installed =
        fs::copy(from, &beside).map_err(|error| format!("cannot copy {}: {error}", from.display())).and_then(
            |_| fs::rename(&beside, to).map_err(|error| format!("cannot replace {}: {error}", to.display())),
        );
    if installed.is_err() {
        // What failed is told; this is only not to leave half of a program behind.
        let _ = fs::remove_file(&beside);
    }
    Ok(installed?)
}

/// The best that this machine can do.
fn choose(host: &str) -> Linking {
    if !host.ends_with("-linux-gnu") {
        return Linking::Dynamic;
    }
    let target = musl(host);
    if is_installed(&target) {
        return Linking::Musl;
    }
    println!("adding the target {target}");
    let added = Command::new("rustup").args(["target", "add", &target]).stdin(Stdio::null()).status();
    if added.is_ok_and(|status| status.success()) && is_installed(&target) {
        return Linking::Musl;
    }
    println!("cannot add {target}: linking with glibc, which makes a larger program that starts more slowly");
    Linking::Gnu
}

/// Tables for unwinding that nothing walks are left out where the toolchain's own linker, lld, is at hand.
fn flags(target: &str, root: &Path, lld: bool, unwinds: bool, map: &Path) -> Vec<String> {
    let mut flags = vec!["-Ctarget-feature=+crt-static".to_owned()];
    let script = root.join("tools/dist/no-unwind.ld");
    if lld && target.ends_with("-musl") {
        // The target comes with all that a linker needs.
        flags.extend(
            ["-Clinker=rust-lld", "-Clinker-flavor=ld.lld", "-Clink-self-contained=yes"].map(str::to_owned),
        );
        if !unwinds {
            flags.push(format!("-Clink-arg=-T{}", script.display()));
        }
        // The places to relocate as a bitmap, which musl understands since 1.2.4: this target has come with 1.2.5 since Rust 1.93.
        flags.push("-Clink-arg=--pack-dyn-relocs=relr".to_owned());
        flags.push(format!("-Clink-arg=--Map={}", map.display()));
    } else if target == "x86_64-unknown-linux-gnu" && !unwinds {
        // rustc calls the C compiler for this target, and has it use lld.
        flags.push(format!("-Clink-arg=-Wl,-T,{}", script.display()));
    }
    flags
}

/// Whether the toolchain has a linker of its own.
fn has_lld(host: &str) -> bool {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let path = |output: std::process::Output| {
        let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld")
    };
    output.is_ok_and(|output| path(output).is_file())
}

fn musl(host: &str) -> String {
    host.replace("-linux-gnu", "-linux-musl")
}

/// Whether there is the compiler of C for musl that builds look for.
fn has_musl_gcc() -> bool {
    Command::new("musl-gcc").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("`rustc -vV` does not name the host")?.to_owned())
}

/// Whether the toolchain has the standard library of a target.
fn is_installed(target: &str) -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use super::install;

    /// A directory of its own.
    fn directory(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("upshift-dist-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn names(dir: &Path) -> Vec<String> {
        let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn replaces_a_program_that_runs() {
        let dir = directory("runs");
        let program = dir.join("cat");
        install(Path::new("/bin/cat"), &program).unwrap();
        let mut running =
            Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let new = dir.join("new");
        fs::write(&new, "another program").unwrap();
        install(&new, &program).unwrap();
        assert_eq!(fs::read(&program).unwrap(), b"another program");
        running.stdin.take().unwrap().write_all(b"still here").unwrap();
        assert_eq!(running.wait_with_output().unwrap().stdout, b"still here");
        let mut left = names(&dir);
        left.sort();
        assert_eq!(left, ["cat", "new"]);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn leaves_the_old_program_if_there_is_no_new_one() {
        let dir = directory("fails");
        let program = dir.join("upshift");
        fs::write(&program, "old").unwrap();
        let error = install(&dir.join("nowhere"), &program).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
        assert_eq!(fs::read(&program).unwrap(), b"old");
        assert_eq!(names(&dir), ["upshift"]);
        fs::remove_dir_all(dir).unwrap();
    }
}
