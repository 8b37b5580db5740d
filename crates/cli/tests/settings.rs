//! The settings files: where they are looked for, what each may say, and what wins.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use support::{Dir, Outcome};

mod support;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))"#;

fn add(dir: &Dir, flags: &[&str]) -> Outcome {
    dir.run(&[flags, &["--invoke", "add", "add.wat", "1", "2"]].concat())
}

/// Writes the user's own settings; the tests' program has `config` as the user's configuration directory.
fn write_own(dir: &Dir, text: &str) {
    fs::create_dir_all(dir.0.join("config/upshift")).unwrap();
    fs::write(dir.0.join("config/upshift/config.toml"), text).unwrap();
}

#[test]
fn the_user_comes_first_and_the_working_directory_tightens() {
    let dir = Dir::with(&[("add.wat", ADD), ("tight.toml", "fuel = 1\n")]);
    add(&dir, &[]).prints("3\n");
    write_own(&dir, "fuel = 1\n");
    add(&dir, &[]).fails(134, &["fuel"]);
    // That there is another file lifts nothing.
    fs::write(dir.0.join("upshift.toml"), "# Nothing.\n").unwrap();
    add(&dir, &[]).fails(134, &["fuel"]);
    write_own(&dir, "fuel = 1000\n");
    add(&dir, &[]).prints("3\n");
    fs::write(dir.0.join("upshift.toml"), "fuel = 2\n").unwrap();
    add(&dir, &[]).fails(134, &["fuel", "which was 2"]);
    // A file that is named takes the place of both.
    add(&dir, &["--config", "tight.toml"]).fails(134, &["fuel", "which was 1;"]);
    add(&dir, &["--config", "/dev/null"]).prints("3\n");
}

#[test]
fn the_command_line_wins_and_a_sandbox_reads_nothing_unnamed() {
    let dir = Dir::with(&[
        ("add.wat", ADD),
        ("upshift.toml", "fuel = 1\n"),
        ("named.toml", "fuel = 1\ninvoke = \"add\"\n"),
    ]);
    add(&dir, &["--fuel=100"]).prints("3\n");
    dir.run(&["--config=named.toml", "--fuel=100", "add.wat", "1", "2"]).prints("3\n");
    add(&dir, &["--sandbox"]).prints("3\n");
    add(&dir, &["--sandbox", "--config=upshift.toml"]).fails(134, &["fuel"]);
}

#[test]
fn other_verbs_read_what_is_theirs() {
    let dir = Dir::with(&[("add.wat", ADD), ("upshift.toml", "json = true\nfuel = 1\ntimeout = '1m'\n")]);
    assert!(dir.run(&["inspect", "add.wat"]).stdout.starts_with('{'));
    dir.run(&["validate", "add.wat"]).prints("");
    // What the verb does not have is not refused either.
    fs::write(dir.0.join("upshift.toml"), "inherit-env = true\n").unwrap();
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
    ]);
    write_own(&dir, "preload = [\"a=f.wat\", \"b=f.wat\"]\n");
    dir.run(&["user.wat"]).prints("");
    dir.run(&["--config=/dev/null", "user.wat"]).fails(1, &["`a::f`", "`b::f`"]);
    write_own(&dir, "preload = \"a=f.wat\"\n");
    dir.run(&["--preload", "b=f.wat", "user.wat"]).prints("");
}

/// Writes settings into its first directory.
const PLANT: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "upshift.toml")
    (data (i32.const 32) "\40\00\00\00\2c\00\00\00")
    (data (i32.const 64) "dir = ['/::/host']    \0ainherit-env = true  \0a")
    (func (export "_start")
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 12) (i32.const 9)
            (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 128)))
        (drop (call $write (i32.load (i32.const 128)) (i32.const 32) (i32.const 1) (i32.const 256)))))"#;

/// Answers whether it has a directory, as an error number, and how many variables it has.
const GOT: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $variables (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "got") (result i32 i32)
        (call $prestat (i32.const 3) (i32.const 0))
        (drop (call $variables (i32.const 8) (i32.const 12)))
        (i32.load (i32.const 8))))"#;

/// 8 is `badf`: there is no directory.
const NOTHING: &str = "8\n0\n";

#[test]
fn a_guest_cannot_plant_settings_for_the_next_run() {
    let dir = Dir::with(&[("plant.wat", PLANT), ("got.wat", GOT)]);
    let run = |flags: &[&str]| dir.run(&[flags, &["--invoke", "got", "got.wat"]].concat());
    run(&[]).prints(NOTHING);
    dir.run(&["--dir", ".", "plant.wat"]).prints("");
    assert!(fs::read_to_string(dir.0.join("upshift.toml")).unwrap().starts_with("dir = "));
    run(&[])
        .fails(2, &["`upshift.toml`, line 1", "`dir`", "Give `--dir` yourself", "`--config upshift.toml`"]);
    run(&["--sandbox"]).prints(NOTHING);
    // Who names the file has said that it is trusted.
    let outcome = run(&["--config", "upshift.toml"]);
    assert!(outcome.code == Some(0) && outcome.stdout.starts_with("0\n"), "{outcome:?}");
    // And so are the user's own settings.
    write_own(&dir, "inherit-env = true\n");
    fs::remove_file(dir.0.join("upshift.toml")).unwrap();
    let outcome = run(&[]);
    assert!(outcome.stdout.starts_with("8\n") && outcome.stdout != NOTHING, "{outcome:?}");
    run(&["--sandbox"]).prints(NOTHING);
}

#[test]
fn a_working_directory_grants_nothing_and_loosens_nothing() {
    let dir =
        Dir::with(&[("got.wat", GOT), ("spin.wat", r#"(module (func (export "_start") (loop (br 0))))"#)]);
    write_own(&dir, "sandbox = true\nfuel = 1000\n");
    let run = |verb: &str, text: &str| {
        fs::write(dir.0.join("upshift.toml"), text).unwrap();
        dir.run(&[verb, "--invoke", "got", "got.wat"])
    };
    for (verb, grant) in [
        ("run", "dir = '.'"),
        ("run", "env = 'HOME'"),
        ("run", "inherit-env = true"),
        ("run", "preload = 'a=got.wat'"),
        ("run", "tcplisten = '127.0.0.1:0'"),
        ("run", "threads = true"),
        ("run", "invoke = 'other'"),
        ("run", "argv0 = 'rm'"),
        ("run", "batch = true"),
        ("run", "dump = 'ir'"),
        // Its random numbers can be foreseen.
        ("run", "deterministic = true"),
        ("bench", "input = '/etc/hostname'"),
        ("analyze", "dir = '/'"),
        ("compare", "inherit-env = true"),
    ] {
        let outcome = run(verb, grant);
        assert_eq!(outcome.code, Some(2), "{grant}: {outcome:?}");
        assert!(outcome.stderr.contains("found in the working directory must not"), "{outcome:?}");
    }
    for looser in [
        "sandbox = false",
        "fuel = 1001",
        "timeout = '11s'",
        "max-memory = '257MiB'",
        "max-stack = '2MiB'",
        "max-instances = 17",
    ] {
        let outcome = run("run", looser);
        assert_eq!(outcome.code, Some(2), "{looser}: {outcome:?}");
        assert!(outcome.stderr.contains("not loosen"), "{outcome:?}");
    }
    run("run", "sandbox = true\ntimeout = '5s'\nmax-memory = '64KiB'\ntier = '0'\nstats = false")
        .prints(NOTHING);
    run("run", "max-memory = 1").fails(134, &["limited to 1 bytes"]);
    // What the command line says counts alone.
    fs::write(dir.0.join("upshift.toml"), "fuel = 1_000_000").unwrap();
    dir.run(&["--fuel=50", "spin.wat"]).fails(134, &["which was 50"]);
    // It can make a sandbox.
    fs::write(dir.0.join("config/upshift/config.toml"), "").unwrap();
    fs::write(dir.0.join("upshift.toml"), "sandbox = true\nfuel = 20\n").unwrap();
    dir.run(&["spin.wat"]).fails(134, &["which was 20"]);
}

#[test]
fn settings_that_were_not_named_are_regular_files_of_some_size() {
    let dir = Dir::with(&[("add.wat", ADD), ("elsewhere.toml", "fuel = 1\n")]);
    let place = dir.0.join("upshift.toml");
    let fails = |parts: &[&str]| {
        add(&dir, &[]).fails(2, parts);
        fs::remove_file(&place).unwrap();
    };
    // A link is as good as what it leads to.
    symlink("elsewhere.toml", &place).unwrap();
    add(&dir, &[]).fails(134, &["fuel"]);
    fs::remove_file(&place).unwrap();
    for endless in ["/dev/zero", "/dev/tty", "/dev/null"] {
        symlink(endless, &place).unwrap();
        fails(&["`upshift.toml`", "not a regular file"]);
    }
    // Nobody writes to it.
    assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
    fails(&["not a regular file"]);
    symlink(&place, &place).unwrap();
    fails(&["`upshift.toml`"]);
    fs::create_dir(&place).unwrap();
    add(&dir, &[]).fails(2, &["not a regular file"]);
    fs::remove_dir(&place).unwrap();
    fs::write(&place, format!("fuel = 100 #{}", "x".repeat(1 << 16))).unwrap();
    fails(&["64 KiB"]);
    fs::write(&place, format!("fuel = 100 #{}", "x".repeat(60_000))).unwrap();
    add(&dir, &[]).prints("3\n");
    fs::write(&place, b"# \xff").unwrap();
    fails(&["UTF-8"]);
    fs::write(&place, format!("fuel = {}", "[".repeat(60_000))).unwrap();
    fails(&["line 1"]);
    add(&dir, &["--config", "/dev/zero"]).fails(2, &["`/dev/zero`", "64 KiB"]);
}

#[test]
fn the_users_own_file_is_one_that_others_cannot_write() {
    let dir = Dir::with(&[("got.wat", GOT)]);
    let run = |dir: &Dir| dir.run(&["--invoke", "got", "got.wat"]);
    write_own(&dir, "inherit-env = true\n");
    assert_ne!(run(&dir).stdout, NOTHING);
    let own = dir.0.join("config/upshift/config.toml");
    fs::set_permissions(&own, Permissions::from_mode(0o666)).unwrap();
    run(&dir).fails(2, &["`inherit-env`", "others can write", "--config"]);
    fs::set_permissions(&own, Permissions::from_mode(0o644)).unwrap();
    // Only the administrator can give it to another user.
    if chown(&own, Some(12345), None).is_ok() {
        run(&dir).fails(2, &["`inherit-env`", "belongs to another user"]);
        // Tightening is everybody's.
        fs::write(&own, "timeout = '1m'\n").unwrap();
        run(&dir).prints(NOTHING);
    }
}

#[test]
fn the_users_own_place_does_not_depend_on_the_working_directory() {
    let dir = Dir::with(&[("got.wat", GOT)]);
    write_own(&dir, "inherit-env = true\n");
    fs::create_dir(dir.0.join(".config")).unwrap();
    fs::rename(dir.0.join("config/upshift"), dir.0.join(".config/upshift")).unwrap();
    for (variable, value) in
        [("XDG_CONFIG_HOME", ".config"), ("XDG_CONFIG_HOME", ""), ("HOME", "."), ("HOME", "")]
    {
        let mut command = dir.command(&["--invoke", "got", "got.wat"]);
        let output = command.env_remove("HOME").env_remove("XDG_CONFIG_HOME").env(variable, value).output();
        Outcome::new(output.unwrap()).prints(NOTHING);
    }
}

/// Nothing that anybody has written down before counts for `--sandbox`.
#[test]
fn a_sandbox_is_what_its_command_line_says() {
    let grow = r#"(module (memory 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func $down (export "down") (param i32)
            (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))))"#;
    let dir = Dir::with(&[("got.wat", GOT), ("grow.wat", grow)]);
    let loose = "dir = ['/', '.::/here']
        env = ['A=1', 'HOME']
        inherit-env = true
        preload = 'a=missing.wat'
        tcplisten = 'nowhere'
        threads = true
        max-memory = '4GiB'
        max-stack = '1GiB'
        max-instances = 1_000
        timeout = '1h'
        fuel = 1";
    write_own(&dir, loose);
    fs::write(dir.0.join("upshift.toml"), loose).unwrap();
    dir.run(&["--sandbox", "--invoke", "got", "got.wat"]).prints(NOTHING);
    let run = |call: &[&str]| dir.run(&[&["--sandbox", "--timeout=5m", "--invoke"], call].concat());
    run(&["grow", "grow.wat", "4096"]).fails(134, &["limited to 256 MiB"]);
    run(&["down", "grow.wat", "1000000"]).fails(134, &["limited to 1 MiB"]);
    // What it says, it allows.
    let outcome = dir.run(&["--sandbox", "--dir", ".", "--env", "A=1", "--invoke", "got", "got.wat"]);
    outcome.prints("0\n1\n");
}
