//! The programs compiled for this machine: what a runtime could reach at best.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::peers::version;
use crate::suite::{Native, Program};

/// Without vectors, which is what a compiler of scalar WebAssembly code can be compared with, and with them. GCC has other
/// names for the flags of Clang.
const COLUMNS: [(&str, [&[&str]; 2]); 2] = [
    (
        "native",
        [&["-fno-vectorize", "-fno-slp-vectorize"], &["-fno-tree-loop-vectorize", "-fno-tree-slp-vectorize"]],
    ),
    ("native-vec", [&[], &[]]),
];

/// The title of a column, the version of its compiler, and an executable for each program it could compile.
pub(crate) type Column = (&'static str, String, HashMap<&'static str, PathBuf>);

/// Compiles what of these programs has a source for this machine. What fails is named, and missing.
///
/// # Errors
/// If the directory for the executables cannot be made.
pub(crate) fn compile(root: &Path, programs: &[&'static Program]) -> Result<Vec<Column>> {
    let Some((compiler, is_clang)) = compiler() else {
        eprintln!("skip native: no C compiler; put `clang` or `cc` on the PATH, or its path into $CC");
        return Ok(Vec::new());
    };
    let mut columns = Vec::new();
    for (name, flags) in COLUMNS {
        let dir = env::current_exe()?.with_file_name(format!("bench-{name}"));
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        let mut executables = HashMap::new();
        for program in programs {
            let executable = dir.join(format!("{}{}", program.name, env::consts::EXE_SUFFIX));
            let made = match program.native {
                Native::No => continue,
                Native::C(source) => {
                    let mut command = Command::new(&compiler);
                    command
                        .args(["-std=c11", "-D_GNU_SOURCE", "-O3", "-w"])
                        .args(flags[usize::from(!is_clang)]);
                    command.arg("-o").arg(&executable).arg(root.join(source)).arg("-lm");
                    run(&mut command)
                }
                // Cargo vectorises; there is one column for it.
                Native::Rust(_) if name == "native" => continue,
                Native::Rust(bin) => rust(root, bin, &executable),
            };
            match made {
                Ok(()) => drop(executables.insert(program.name, executable)),
                Err(error) => eprintln!("skip {} in {name}: {error:#}", program.name),
            }
        }
        let kind = if is_clang { "clang" } else { "cc" };
        columns.push((name, format!("{kind} {}", version(&compiler)), executables));
    }
    Ok(columns)
}

/// `$CC`, or Clang, or what is called `cc`; and whether it is Clang.
fn compiler() -> Option<(OsString, bool)> {
    let candidates = env::var_os("CC").map_or(vec!["clang".into(), "cc".into()], |compiler| vec![compiler]);
    candidates.into_iter().find_map(|compiler| {
        let output = Command::new(&compiler).arg("--version").output().ok()?;
        let is_clang = String::from_utf8_lossy(&output.stdout).contains("clang");
        output.status.success().then_some((compiler, is_clang))
    })
}

fn rust(root: &Path, bin: &str, executable: &Path) -> Result<()> {
    let package = root.join("bench/programs/real");
    let target = env::current_exe()?.with_file_name("bench-real");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(&package).args(["build", "--release", "--locked", "--quiet", "--bin", bin]);
    // Those with C in them are features of their name.
    if ["quickjs", "sqlite"].contains(&bin) {
        command.args(["--features", bin]);
    }
    run(command.arg("--target-dir").arg(&target))?;
    let built = target.join("release").join(format!("{bin}{}", env::consts::EXE_SUFFIX));
    fs::copy(&built, executable).with_context(|| format!("copying {}", built.display()))?;
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("running {name}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        anyhow::bail!(
            "{name} failed: {}",
            errors.lines().find(|line| line.contains("error")).unwrap_or("no reason")
        );
    }
    Ok(())
}
