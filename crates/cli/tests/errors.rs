//! Messages, word by word: what comes out when something is wrong, each case a file of `tests/errors`.
//!
//! ```text
//! $ upshift --fuel 1000 spin.wat          the command, run in that directory
//! < add 1 2                               lines of its standard input
//! # without backtrace                     backtraces are no part of the case
//! error: …                                what it writes to its standard error
//! exit code 134
//! ```
//!
//! `UPSHIFT_BLESS=1 cargo test -p upshift-cli --test errors` writes what comes out now: read the difference.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

struct Case {
    /// The lines that say what to do.
    header: Vec<String>,
    args: Vec<String>,
    input: String,
    backtrace: bool,
    expected: String,
}

impl Case {
    fn parse(text: &str) -> Case {
        let is_header = |line: &&str| ["$ ", "< ", "# "].iter().any(|mark| line.starts_with(mark));
        let header: Vec<String> = text.lines().take_while(is_header).map(str::to_owned).collect();
        let marked =
            |mark: &str| -> Vec<&str> { header.iter().filter_map(|line| line.strip_prefix(mark)).collect() };
        let commands = marked("$ upshift ");
        assert_eq!(commands.len(), 1, "a case has one command: {text}");
        let args = commands[0].split_whitespace().map(str::to_owned).collect();
        let input = marked("< ").iter().map(|line| format!("{line}\n")).collect();
        let backtrace = !marked("# ").contains(&"without backtrace");
        let expected = text.lines().skip(header.len()).map(|line| format!("{line}\n")).collect();
        Case { args, input, backtrace, expected, header }
    }

    fn run(&self, directory: &Path) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_upshift"))
            .args(&self.args)
            .current_dir(directory)
            .env("XDG_CONFIG_HOME", directory.join("none"))
            .env("XDG_CACHE_HOME", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(self.input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let mut text = String::new();
        let mut skips = false;
        for line in String::from_utf8(output.stderr).unwrap().lines() {
            let cause = line.starts_with("  caused by: ") || !line.starts_with(' ');
            let begins = cause && line.contains("wasm backtrace");
            skips = !self.backtrace && (begins || skips && !cause);
            if !skips {
                writeln!(text, "{line}").unwrap();
            }
        }
        writeln!(text, "exit code {}", output.status.code().unwrap()).unwrap();
        text
    }
}

#[test]
fn messages_are_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let bless = std::env::var_os("UPSHIFT_BLESS").is_some();
    let mut files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = String::new();
    for file in files {
        let case = Case::parse(&fs::read_to_string(&file).unwrap());
        let actual = case.run(&directory);
        if bless {
            fs::write(&file, format!("{}\n{actual}", case.header.join("\n"))).unwrap();
        } else if actual != case.expected {
            let name = file.file_name().unwrap().display();
            writeln!(wrong, "{name}: expected\n{}\nbut it is\n{actual}", case.expected).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
