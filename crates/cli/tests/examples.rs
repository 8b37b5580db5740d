//! The example programs, run end to end: each case of `examples/cases.txt`, whose head describes the format.
//!
//! ```text
//! case ─┬─▶ upshift run --dispatch … ──────┐
//!       ├─▶ upshift run --tier …, --jit … ─┼─▶ exit code, standard output, written file: as in examples/expected
//!       └─▶ the native program ────────────┘
//! ```
//!
//! A native program is compiled from the case's source where the machine has a compiler for its language, and so is the Go
//! module, which is not committed. What was left out, and why, is printed.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use upshift::Tier;

/// One line of `cases.txt`; empty fields are empty strings.
#[derive(Debug)]
struct Case {
    name: String,
    module: String,
    native: String,
    args: String,
    stdin: String,
    flags: String,
    dirs: String,
    env: String,
    writes: String,
    exit: i32,
}

impl Case {
    fn parse(line: &str) -> Case {
        let fields: Vec<String> = line
            .split('|')
            .map(|field| match field.trim() {
                "-" => String::new(),
                text => text.to_string(),
            })
            .collect();
        let [name, module, native, args, stdin, flags, dirs, env, writes, exit] =
            <[String; 10]>::try_from(fields)
                .unwrap_or_else(|fields| panic!("`{line}` has {} fields", fields.len()));
        let exit = exit.parse().unwrap_or_else(|_| panic!("`{exit}` of {name} is not an exit code"));
        Case { name, module, native, args, stdin, flags, dirs, env, writes, exit }
    }

    /// What the run has to end with.
    fn expected(&self) -> Outcome {
        let read = |suffix: &str| {
            let file = root().join("examples/expected").join(format!("{}{suffix}", self.name));
            fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        };
        let written = (!self.writes.is_empty()).then(|| read(".written.txt"));
        Outcome { code: Some(self.exit), stdout: read(".txt"), written }
    }

    /// Completes a command with the case's arguments, input and directory, and runs it.
    fn run(&self, scratch: &Path, command: impl FnOnce(&Fill) -> Command) -> (Outcome, String) {
        let fill = Fill::new(scratch);
        let mut command = command(&fill);
        command.current_dir(root()).args(fill.words(&self.args));
        command.stdin(match self.stdin.as_str() {
            "" => Stdio::null(),
            file => File::open(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}")).into(),
        });
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // A file that is missing is part of the outcome and told with it.
        let written = if self.writes.is_empty() {
            None
        } else {
            fs::read(Path::new(&fill.tmp).join(&self.writes)).ok()
        };
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (Outcome { code: output.status.code(), stdout: output.stdout, written }, stderr)
    }

    fn run_wasm(&self, scratch: &Path, module: &Path, way: [&str; 2]) -> (Outcome, String) {
        self.run(scratch, |fill| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
            command.env_clear().arg("run").args(way).args(fill.words(&self.flags));
            for dir in fill.words(&self.dirs) {
                command.args(["--dir", &dir]);
            }
            for variable in fill.words(&self.env) {
                command.args(["--env", &variable]);
            }
            command.arg(module);
            command
        })
    }

    fn run_native(&self, scratch: &Path, program: &Path) -> (Outcome, String) {
        self.run(scratch, |fill| {
            let mut command = Command::new(program);
            command.env_clear().envs(fill.words(&self.env).iter().filter_map(|variable| {
                let (name, value) = variable.split_once('=')?;
                Some((name.to_string(), value.to_string()))
            }));
            command
        })
    }
}

/// The empty directory of one run, and what it is put into.
struct Fill {
    tmp: String,
}

impl Fill {
    fn new(scratch: &Path) -> Fill {
        let tmp = scratch.join("tmp");
        empty(&tmp);
        Fill { tmp: tmp.into_os_string().into_string().expect("the target directory has a name in UTF-8") }
    }

    /// The words of a field.
    fn words(&self, field: &str) -> Vec<String> {
        field.split_whitespace().map(|word| word.replace("{tmp}", &self.tmp)).collect()
    }
}

/// What can be seen of a run.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    code: Option<i32>,
    stdout: Vec<u8>,
    written: Option<Vec<u8>>,
}

impl Outcome {
    /// How this differs from what is expected, for a reader.
    fn difference(&self, expected: &Outcome) -> String {
        let mut text = String::new();
        if self.code != expected.code {
            text += &format!("exit code {:?}, expected {:?}\n", self.code, expected.code);
        }
        let pairs = [
            ("standard output", Some(&self.stdout), Some(&expected.stdout)),
            ("written file", self.written.as_ref(), expected.written.as_ref()),
        ];
        for (what, is, expected) in pairs {
            if is != expected {
                let show = |bytes: Option<&Vec<u8>>| match bytes {
                    Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    None => "(none)\n".to_string(),
                };
                text += &format!("--- {what}\n{}--- expected\n{}---\n", show(is), show(expected));
            }
        }
        text
    }
}

/// The programs that were compiled, or why they could not be.
struct Compiler {
    into: PathBuf,
    results: HashMap<String, Result<PathBuf, String>>,
}

impl Compiler {
    /// The native program of a source, compiled once.
    fn native(&mut self, source: &str) -> Result<PathBuf, String> {
        if source.is_empty() {
            return Err("it has no native source".to_string());
        }
        let output = self.into.join(source.replace(['/', '.'], "_"));
        let file = root().join(source);
        let build = || match file.extension().and_then(|extension| extension.to_str()) {
            Some("c") => compile("cc", &["-std=c11", "-O1"], &file, &output),
            Some("cpp") => compile("c++", &["-std=c++17", "-O1"], &file, &output),
            Some("rs") => compile("rustc", &["--edition", "2021", "-O"], &file, &output),
            Some("go") => go_build(&file, &output, &[]),
            Some("mbt") => moonbit_build(&file, &output),
            _ => panic!("the language of {source} is not known"),
        };
        self.results.entry(source.to_string()).or_insert_with(build).clone()
    }

    /// The module of a case: Go's is compiled where it can be, the others are committed.
    fn module(&mut self, module: &str) -> Result<PathBuf, String> {
        let file = root().join(module);
        if module != "examples/go/main.wasm" {
            return Ok(file);
        }
        let output = self.into.join("main.wasm");
        let source = root().join("examples/go/main.go");
        let build = || match go_build(&source, &output, &[("GOOS", "wasip1"), ("GOARCH", "wasm")]) {
            Err(_) if file.exists() => Ok(file),
            result => result,
        };
        self.results.entry(module.to_string()).or_insert_with(build).clone()
    }
}

/// Compiles one file. A compiler that is there but fails is a failure of the test.
fn compile(compiler: &str, flags: &[&str], source: &Path, output: &Path) -> Result<PathBuf, String> {
    is_there(Command::new(compiler).arg("--version"), |_| true)?;
    let mut command = Command::new(compiler);
    command.args(flags).arg(source).arg("-o").arg(output);
    finish(command, output)
}

fn go_build(source: &Path, output: &Path, env: &[(&str, &str)]) -> Result<PathBuf, String> {
    // Releases before 1.21 cannot compile for WASI, and the example asks for 1.21.
    is_there(Command::new("go").args(["tool", "dist", "list"]), |list| list.contains("wasip1/wasm"))?;
    let mut command = Command::new("go");
    command.current_dir(source.parent().expect("sources lie in directories"));
    command.envs(env.iter().copied()).args(["build", "-trimpath", "-o"]).arg(output).arg(".");
    finish(command, output)
}

/// JavaScript that Node.js runs: what MoonBit makes of a program beside WebAssembly.
fn moonbit_build(source: &Path, output: &Path) -> Result<PathBuf, String> {
    if std::env::var_os("MOONPAD").is_none() {
        return Err("$MOONPAD does not say where MoonBit is".to_string());
    }
    is_there(Command::new("node").arg("--version"), |_| true)?;
    let dir = source.parent().expect("sources lie in directories");
    let mut command = Command::new("node");
    command.arg(dir.join("compile.mjs")).arg("js").arg(output).arg(source).arg(dir.join("host_js.mbt"));
    finish(command, output)
}

/// Whether the machine has a compiler, as it answers itself.
fn is_there(command: &mut Command, suits: impl Fn(&str) -> bool) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).output() {
        Err(_) => Err(format!("no {name}")),
        Ok(output) if !output.status.success() => Err(format!("no {name} that works")),
        Ok(output) if !suits(&String::from_utf8_lossy(&output.stdout)) => {
            Err(format!("no {name} that suits"))
        }
        Ok(_) => Ok(()),
    }
}

fn finish(mut command: Command, output: &Path) -> Result<PathBuf, String> {
    let Output { status, stderr, .. } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&stderr));
    Ok(output.to_path_buf())
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the crate lies in the repository")
}

/// Makes a directory empty.
fn empty(dir: &Path) {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
}

fn cases() -> Vec<Case> {
    let text =
        fs::read_to_string(root().join("examples/cases.txt")).expect("the repository has examples/cases.txt");
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(Case::parse).collect()
}

/// The flags with which programs run, and the tier that these need.
const WAYS: [(Tier, [&str; 2]); 7] = [
    (Tier::Interpreter, ["--dispatch", "loop"]),
    (Tier::Interpreter, ["--tier", "interp"]),
    (Tier::Baseline, ["--tier", "baseline"]),
    (Tier::Baseline, ["--tier", "auto"]),
    (Tier::Optimizing, ["--tier", "opt"]),
    (Tier::Optimizing, ["--jit", "sync"]),
    (Tier::Optimizing, ["--jit", "background"]),
];

#[test]
fn programs_do_what_is_expected_and_what_the_native_ones_do() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    empty(&scratch);
    let mut compiler = Compiler { into: scratch.clone(), results: HashMap::new() };
    let mut problems = String::new();
    for case in cases() {
        let name = &case.name;
        let expected = case.expected();
        let mut compare = |who: &str, (outcome, stderr): (Outcome, String)| {
            if outcome != expected {
                problems += &format!("\n{name}, {who}:\n{}{stderr}", outcome.difference(&expected));
            }
        };
        match compiler.module(&case.module) {
            Ok(module) => {
                let ways = WAYS.iter().filter(|(tier, _)| tier.is_available());
                for (_, way) in ways {
                    compare(&way.join(" "), case.run_wasm(&scratch, &module, *way));
                }
                println!("{name}: ran in each tier and with each dispatch backend");
            }
            Err(reason) => println!("{name}: skipped, no module: {reason}"),
        }
        match compiler.native(&case.native) {
            Ok(program) => {
                compare("native", case.run_native(&scratch, &program));
                println!("{name}: compared with the native program");
            }
            Err(reason) => println!("{name}: not compared with a native program: {reason}"),
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn every_expectation_belongs_to_a_case() {
    let mut expected = BTreeSet::new();
    for case in cases() {
        assert!(expected.insert(format!("{}.txt", case.name)), "two cases are called {}", case.name);
        if !case.writes.is_empty() {
            expected.insert(format!("{}.written.txt", case.name));
        }
    }
    let dir = fs::read_dir(root().join("examples/expected")).expect("the repository has examples/expected");
    let files: BTreeSet<String> = dir
        .map(|entry| entry.expect("a directory can be read").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, expected);
}
