//! The lessons of `examples/wat`, run as their headers say.
//!
//! ```text
//! ;; 13. Traps                          number and title
//! ;;
//! ;; An instruction that cannot …       what it teaches
//! ;;
//! ;; run: upshift run … FILE < INPUT    a command from the root of the repository, of words without quotes
//! ;; expect: 0                          a line that it prints; there are no others
//! ;; expect-error: integer overflow     what is part of its standard error, which else is empty
//! ;; exit: 134                          how it ends, if not with 0
//! ```
//!
//! A header may have several runs, each with what is expected of it. All are run with both dispatch backends. The index of
//! the lessons has to name them all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const LESSONS: usize = 33;

/// What the header of a lesson says.
#[derive(Debug)]
struct Lesson {
    file: String,
    title: String,
    runs: Vec<Run>,
}

/// A command and what is expected of it.
#[derive(Default, Debug)]
struct Run {
    /// The words behind `upshift run`.
    words: Vec<String>,
    /// The file that it reads as its standard input.
    input: Option<String>,
    stdout: String,
    errors: Vec<String>,
    exit: Option<i32>,
}

impl Lesson {
    /// Reads the comment that a lesson begins with.
    fn parse(file: &str, text: &str) -> Result<Lesson, String> {
        let wrong = |what: &str| format!("{file}: {what}");
        let mut lines = text.lines().map_while(|line| line.strip_prefix(";;")).map(|line| {
            // One space belongs to the comment, further ones to what is expected.
            line.strip_prefix(' ').unwrap_or(line)
        });
        let (number, title) = lines
            .next()
            .and_then(|line| line.split_once(". "))
            .ok_or_else(|| wrong("the first line is not `;; NUMBER. TITLE`"))?;
        if number.parse::<usize>().ok() != number_of(file) {
            return Err(wrong(&format!("the lesson calls itself {number}")));
        }
        let mut runs: Vec<Run> = Vec::new();
        let mut prose = 0;
        for line in lines {
            match line.split_once(':') {
                Some(("run", command)) => runs.push(Run::parse(file, command).map_err(|what| wrong(&what))?),
                Some((key, value)) if let Some(run) = runs.last_mut() => {
                    run.expect(key, value).map_err(|what| wrong(&what))?;
                }
                _ if !runs.is_empty() => return Err(wrong(&format!("`{line}` says nothing about a run"))),
                _ if line.is_empty() => {}
                _ => prose += 1,
            }
        }
        if prose == 0 {
            return Err(wrong("the header does not say what the lesson teaches"));
        }
        if runs.is_empty() {
            return Err(wrong("the header has no `run:`"));
        }
        if let Some(run) = runs.iter().find(|run| run.expects_nothing()) {
            return Err(wrong(&format!("there is no `expect:` for `{}`", run.words.join(" "))));
        }
        Ok(Lesson { file: file.to_string(), title: title.to_string(), runs })
    }
}

impl Run {
    fn parse(file: &str, command: &str) -> Result<Run, String> {
        let command = command.trim();
        let rest = command
            .strip_prefix("upshift run ")
            .ok_or_else(|| format!("`{command}` does not begin with `upshift run`"))?;
        let (words, input) = match rest.split_once(" < ") {
            Some((words, input)) => (words, Some(input.to_string())),
            None => (rest, None),
        };
        let words: Vec<String> = words.split_whitespace().map(str::to_string).collect();
        if !words.contains(&format!("examples/wat/{file}")) {
            return Err(format!("`{command}` runs another file"));
        }
        Ok(Run { words, input, ..Run::default() })
    }

    /// Takes in one line of the expectations.
    fn expect(&mut self, key: &str, value: &str) -> Result<(), String> {
        let value = value.strip_prefix(' ').unwrap_or(value);
        match key {
            "expect" => {
                self.stdout.push_str(value);
                self.stdout.push('\n');
            }
            "expect-error" if !value.is_empty() => self.errors.push(value.to_string()),
            "exit" => {
                let code = value.parse().map_err(|_| format!("`{value}` is not an exit code"))?;
                self.exit = Some(code);
            }
            _ => return Err(format!("`{key}: {value}` says nothing about a run")),
        }
        Ok(())
    }

    fn expects_nothing(&self) -> bool {
        self.stdout.is_empty() && self.errors.is_empty() && self.exit.is_none()
    }

    fn execute(&self, dispatch: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
        command.current_dir(root()).env_clear().args(["run", "--dispatch", dispatch]).args(&self.words);
        command.stdin(match &self.input {
            None => Stdio::null(),
            Some(file) => {
                File::open(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}")).into()
            }
        });
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// How a run differs from what is expected, for a reader; empty if it does not.
    fn difference(&self, output: &Output) -> String {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let mut text = String::new();
        let exit = self.exit.unwrap_or(0);
        if output.status.code() != Some(exit) {
            text += &format!("{}, expected exit code {exit}\n", output.status);
        }
        if stdout != self.stdout {
            text += &format!("--- standard output\n{stdout}--- expected\n{}---\n", self.stdout);
        }
        if self.errors.is_empty() && !stderr.is_empty() {
            text += "an error that is not expected\n";
        }
        for part in self.errors.iter().filter(|part| !stderr.contains(*part)) {
            text += &format!("no `{part}` in the standard error\n");
        }
        if !text.is_empty() {
            text += &stderr;
        }
        text
    }
}

/// The number that the name of a lesson begins with.
fn number_of(file: &str) -> Option<usize> {
    let (number, _) = file.split_once('-')?;
    number.parse().ok().filter(|_| number.len() == 2)
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the crate lies in the repository")
}

/// All lessons, in their order.
fn lessons() -> Vec<Lesson> {
    let dir = root().join("examples/wat");
    let mut files: Vec<String> = fs::read_dir(&dir)
        .expect("the repository has examples/wat")
        .map(|entry| entry.expect("a directory can be read").file_name().to_string_lossy().into_owned())
        .filter(|file| file.ends_with(".wat") && number_of(file).is_some())
        .collect();
    files.sort();
    let (lessons, wrong): (Vec<_>, Vec<_>) = files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(dir.join(file)).map_err(|error| format!("{file}: {error}"))?;
            Lesson::parse(file, &text)
        })
        .partition(Result::is_ok);
    let wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    lessons.into_iter().filter_map(Result::ok).collect()
}

#[test]
fn lessons_do_what_their_headers_say() {
    let lessons = lessons();
    let mut problems = String::new();
    for lesson in &lessons {
        for run in &lesson.runs {
            for dispatch in ["loop", "tail"] {
                let difference = run.difference(&run.execute(dispatch));
                if !difference.is_empty() {
                    let command = run.words.join(" ");
                    problems +=
                        &format!("\n{}, {dispatch}: upshift run {command}\n{difference}", lesson.file);
                }
            }
        }
    }
    let runs: usize = lessons.iter().map(|lesson| lesson.runs.len()).sum();
    println!("{} lessons with {runs} runs, each with both dispatch backends", lessons.len());
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn lessons_are_numbered_without_gaps() {
    let lessons = lessons();
    let numbers: Vec<_> = lessons.iter().filter_map(|lesson| number_of(&lesson.file)).collect();
    assert_eq!(numbers, (1..=LESSONS).collect::<Vec<_>>());
}

#[test]
fn the_index_names_every_lesson() {
    let index = fs::read_to_string(root().join("examples/wat/README.md")).expect("the lessons have an index");
    let is_row = |line: &&str| line.starts_with("| ") && line.contains("](");
    let rows: Vec<&str> = index.lines().filter(is_row).collect();
    let lessons = lessons();
    assert_eq!(rows.len(), lessons.len(), "a row for each lesson");
    for (number, (row, Lesson { file, title, .. })) in (1..).zip(rows.iter().zip(&lessons)) {
        let start = format!("| {number} | [`{file}`]({file}) | {title}: ");
        assert!(row.starts_with(&start), "the row `{row}` should begin with `{start}`");
    }
}

#[test]
fn headers_that_lack_something_are_named() {
    let why = |text: &str| Lesson::parse("07-x.wat", text).unwrap_err();
    let run = "upshift run examples/wat/07-x.wat";
    for (text, what) in [
        ("(module)".to_string(), "first line"),
        (";; 8. Seven\n;;\n;; Text.".to_string(), "calls itself 8"),
        (";; 7. Seven\n;;\n;; Text.\n(module)".to_string(), "no `run:`"),
        (format!(";; 7. Seven\n;; run: {run}\n;; expect: 1"), "what the lesson teaches"),
        (format!(";; 7. Seven\n;; Text.\n;; run: {run}\n(module)"), "no `expect:`"),
        (format!(";; 7. Seven\n;; Text.\n;; run: {run}\n;; run: {run}\n;; expect: 1"), "no `expect:`"),
        (format!(";; 7. Seven\n;; Text.\n;; run: {run}\n;; expects: 1"), "`expects: 1`"),
        (format!(";; 7. Seven\n;; Text.\n;; run: {run}\n;; 1"), "`1`"),
        (format!(";; 7. Seven\n;; Text.\n;; run: {run}\n;; exit: one"), "`one`"),
        (";; 7. Seven\n;; Text.\n;; run: upshift run hello.wat".to_string(), "another file"),
        (";; 7. Seven\n;; Text.\n;; run: ls examples/wat/07-x.wat".to_string(), "`upshift run`"),
    ] {
        let why = why(&text);
        assert!(why.starts_with("07-x.wat: ") && why.contains(what), "{why}");
    }
}
