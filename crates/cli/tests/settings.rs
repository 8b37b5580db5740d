//! The settings file: where it is looked for, what it may say, and what wins.

use std::fs;

use support::Dir;

mod support;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))"#;

fn add(dir: &Dir, flags: &[&str]) -> support::Outcome {
    dir.run(&[flags, &["--invoke", "add", "add.wat", "1", "2"]].concat())
}

#[test]
fn the_working_directory_comes_before_the_user() {
    let dir = Dir::with(&[("add.wat", ADD), ("tight.toml", "fuel = 1\n")]);
    add(&dir, &[]).prints("3\n");
    // The tests' program has `config` as the user's configuration directory.
    fs::create_dir_all(dir.0.join("config/upshift")).unwrap();
    fs::write(dir.0.join("config/upshift/config.toml"), "fuel = 1\n").unwrap();
    add(&dir, &[]).fails(134, &["fuel"]);
    fs::write(dir.0.join("upshift.toml"), "# Nothing.\n").unwrap();
    add(&dir, &[]).prints("3\n");
    add(&dir, &["--config", "tight.toml"]).fails(134, &["fuel"]);
}

#[test]
fn the_command_line_wins_and_a_sandbox_reads_nothing_unnamed() {
    let dir = Dir::with(&[("add.wat", ADD), ("upshift.toml", "fuel = 1\ninvoke = \"add\"\n")]);
    add(&dir, &["--fuel=100"]).prints("3\n");
    dir.run(&["--fuel=100", "add.wat", "1", "2"]).prints("3\n");
    add(&dir, &["--sandbox"]).prints("3\n");
    add(&dir, &["--sandbox", "--config=upshift.toml"]).fails(134, &["fuel"]);
}

#[test]
fn other_verbs_read_what_is_theirs() {
    let dir = Dir::with(&[("add.wat", ADD), ("upshift.toml", "json = true\nfuel = 1\ntimeout = '1m'\n")]);
    assert!(dir.run(&["inspect", "add.wat"]).stdout.starts_with('{'));
    dir.run(&["validate", "add.wat"]).prints("");
    // Neither is a flag of theirs, so nothing is read.
    fs::write(dir.0.join("upshift.toml"), "wrong").unwrap();
    dir.run(&["inspect", "add.wat"]).fails(2, &["`upshift.toml`, line 1"]);
    assert_eq!(dir.run(&["man"]).code, Some(0));
}

#[test]
fn lists_are_for_what_may_be_repeated() {
    let dir = Dir::with(&[
        ("user.wat", r#"(module (import "a" "f" (func)) (import "b" "f" (func)))"#),
        ("f.wat", r#"(module (func (export "f")))"#),
        ("upshift.toml", "preload = [\"a=f.wat\", \"b=f.wat\"]\n"),
    ]);
    dir.run(&["user.wat"]).prints("");
    dir.run(&["--config=/dev/null", "user.wat"]).fails(1, &["`a::f`", "`b::f`"]);
    fs::write(dir.0.join("upshift.toml"), "preload = \"a=f.wat\"\n").unwrap();
    dir.run(&["--preload", "b=f.wat", "user.wat"]).prints("");
}
