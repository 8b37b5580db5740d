//! Verbs that another program does. Which one is found is seen by what stands in for it: `echo`, which prints its arguments.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory with the program in it, and one that is to be on PATH.
struct Place {
    program: PathBuf,
    beside: PathBuf,
    path: PathBuf,
}

impl Place {
    fn new(name: &str) -> Place {
        // Not where the tests are: the other program may be there.
        let place =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("forward-{}-{name}", std::process::id()));
        let (beside, path) = (place.join("beside"), place.join("path"));
        fs::create_dir_all(&beside).unwrap();
        fs::create_dir_all(&path).unwrap();
        let program = beside.join("upshift");
        fs::hard_link(env!("CARGO_BIN_EXE_upshift"), &program).unwrap();
        Place { program, beside, path }
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(&self.program).args(args).env("PATH", &self.path).output().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.beside.parent().unwrap());
    }
}

fn text(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into(), String::from_utf8_lossy(&output.stderr).into())
}

#[test]
fn another_program_is_looked_for_beside_this_one_and_on_path() {
    let place = Place::new("found");
    symlink("/bin/echo", place.path.join("upshift-cells")).unwrap();
    assert_eq!(text(&place.run(&["cells", "--json", "a.cells"])).0, "cells --json a.cells\n");
    assert_eq!(text(&place.run(&["notebook", "--help"])).0, "notebook --help\n");
    symlink("/bin/false", place.beside.join("upshift-cells")).unwrap();
    let output = place.run(&["repl"]);
    assert_eq!((output.status.code(), text(&output).0.as_str()), (Some(1), ""));
}

#[test]
fn a_missing_program_is_told_with_how_to_get_it() {
    let place = Place::new("missing");
    for verb in ["cells", "repl", "notebook"] {
        let output = place.run(&[verb]);
        let (_, errors) = text(&output);
        assert_eq!(output.status.code(), Some(1));
        for part in ["error: ", "upshift-cells", "cargo install --path crates/cells-cli", verb] {
            assert!(errors.contains(part), "no {part} in {errors}");
        }
        let (help, _) = text(&place.run(&["help", verb]));
        assert!(help.contains("upshift-cells") && help.contains(verb), "{help}");
    }
    fs::write(place.beside.join("upshift-cells"), "").unwrap();
    let (_, errors) = text(&place.run(&["cells"]));
    assert!(errors.starts_with("error: cannot start `upshift-cells`: "), "{errors}");
}
