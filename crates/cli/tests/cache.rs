//! Optimized code that is kept between runs: it is found, it changes nothing but time, and what is wrong with it is as if it were not
//! there.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Dir, Outcome};
use upshift::Tier;

mod support;

/// Prints a number that takes a while, in a function that is called, and in a loop of one that is called once.
const WORK: &str = r#"(module
    (memory 1)
    (func $step (param $x i32) (result i32)
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get $x)))
        (i32.xor (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
    (func (export "work") (param $n i32) (result i32) (local $x i32)
        (loop $more
            (local.set $x (call $step (local.get $x)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.add (local.get $x) (i32.load (i32.const 8))))
    (func (export "trap") (param $n i32) (result i32)
        (drop (call $step (local.get $n)))
        (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 3000000))) (then (unreachable)))
        (i32.const 7))
    (func (export "until") (param $n i32) (result i32) (local $i i32)
        (loop $more
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (drop (call $step (local.get $i)))
            (if (i32.eq (local.get $i) (local.get $n)) (then (unreachable)))
            (br $more))
        (unreachable)))"#;

/// A directory with the program, and where its code is kept.
struct Place {
    dir: Dir,
    kept: PathBuf,
}

impl Place {
    fn new() -> Place {
        let dir = Dir::with(&[("work.wat", WORK)]);
        let kept = dir.0.join("kept");
        Place { dir, kept }
    }

    /// Runs the program so that what is optimized does not depend on how fast threads are.
    fn run(&self, flags: &[&str], call: &[&str]) -> Outcome {
        let kept = self.kept.to_str().unwrap();
        let all = [
            &["run", "--jit=sync", "--cache-dir", kept],
            flags,
            &["--invoke", call[0], "work.wat"],
            &call[1..],
        ];
        self.dir.run(&all.concat())
    }

    fn work(&self, flags: &[&str]) -> Outcome {
        self.run(flags, &["work", "3000000"])
    }

    /// The files in the cache.
    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.kept) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// The only file in the cache.
    fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

/// How many functions and loops a run had optimized code of from earlier runs, as `--stats` tells.
fn used(outcome: &Outcome) -> usize {
    let line = outcome.stderr.lines().find(|line| line.starts_with("code of earlier runs"));
    let line = line.unwrap_or_else(|| panic!("{outcome:?}"));
    line.trim_start_matches("code of earlier runs").trim().split(' ').next().unwrap().parse().unwrap()
}

fn available() -> bool {
    Tier::Optimizing.is_available()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_second_run_begins_with_the_code_of_the_first() {
    if !available() {
        return;
    }
    let place = Place::new();
    let first = place.work(&["--stats"]);
    assert_eq!((first.code, used(&first)), (Some(0), 0), "{first:?}");
    let file = place.file();
    assert_eq!(fs::metadata(&place.kept).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let second = place.work(&["--stats"]);
    assert_eq!((second.code, &second.stdout), (Some(0), &first.stdout), "{second:?}");
    assert!(used(&second) > 0, "{second:?}");
    // Nothing is new, so nothing is written.
    assert_eq!(place.file(), file);
    let without = place.work(&["--stats", "--no-cache"]);
    assert_eq!(&without.stdout, &first.stdout);
    assert!(!without.stderr.contains("code of earlier runs"), "{without:?}");
}

/// What depends on settings is kept apart.
#[test]
fn other_settings_have_other_code() {
    if !available() {
        return;
    }
    let place = Place::new();
    let plain = place.work(&[]);
    assert_eq!(place.files().len(), 1);
    for flags in [&["--stats=count"][..], &["--timeout=1h"], &["--canonical-nans"], &["-W", "simd=n"]] {
        let before = place.files().len();
        let first = place.work(flags);
        assert_eq!((first.code, &first.stdout), (Some(0), &plain.stdout), "{flags:?} {first:?}");
        assert_eq!(place.files().len(), before + 1, "{flags:?}");
    }
    // Runs that have to be the same have none of it.
    let before = place.files().len();
    assert_eq!(place.work(&["--deterministic"]).stdout, plain.stdout);
    assert_eq!(place.work(&["--tier=interp"]).stdout, plain.stdout);
    assert_eq!(place.work(&["--jit=off"]).stdout, plain.stdout);
    assert_eq!(place.files().len(), before);
    // A module with one byte more is another one.
    fs::write(place.dir.0.join("work.wat"), WORK.replacen("(memory 1)", "(memory 2)", 1)).unwrap();
    assert_eq!(place.work(&[]).stdout, plain.stdout);
    assert_eq!(place.files().len(), before + 1);
}

#[test]
fn fuel_and_errors_are_the_same() {
    if !available() {
        return;
    }
    let place = Place::new();
    let fuel =
        |outcome: &Outcome| outcome.stderr.lines().find(|line| line.starts_with("fuel")).unwrap().to_owned();
    let [first, second] = [(); 2].map(|()| place.work(&["--stats=count"]));
    assert_eq!((fuel(&first), &first.stdout), (fuel(&second), &second.stdout));
    assert!(used(&second) > 0, "{second:?}");
    for call in [["until", "3000000"], ["trap", "3000000"]] {
        let without = place.run(&["--no-cache"], &call);
        for _ in 0..2 {
            let with = place.run(&[], &call);
            assert_eq!((with.code, &with.stderr), (without.code, &without.stderr));
        }
        assert_eq!(without.code, Some(134), "{without:?}");
    }
    let warm = place.run(&["--stats"], &["until", "3000000"]);
    assert!(used(&warm) > 0, "{warm:?}");
    // Where fuel ends, it ends.
    for _ in 0..2 {
        let out = place.work(&["--fuel=20000000"]);
        assert_eq!(out.stderr, place.work(&["--fuel=20000000", "--no-cache"]).stderr);
    }
}

#[test]
fn what_is_damaged_is_as_if_it_were_not_there() {
    if !available() {
        return;
    }
    let place = Place::new();
    let expected = place.work(&[]).stdout;
    let file = place.file();
    let whole = fs::read(&file).unwrap();
    let step = whole.len() / 40 + 1;
    let damaged = (0..whole.len()).step_by(step).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    });
    let cut = [0, 1, 50, whole.len() / 2, whole.len() - 1].map(|len| whole[..len].to_vec());
    for bytes in damaged.chain(cut).chain([vec![0; 1 << 16]]) {
        fs::write(&file, &bytes).unwrap();
        let outcome = place.work(&[]);
        assert_eq!(
            (outcome.code, &outcome.stdout, &*outcome.stderr),
            (Some(0), &expected, ""),
            "{} bytes",
            bytes.len()
        );
    }
    // It was written anew.
    assert!(used(&place.work(&["--stats"])) > 0);
    // The entry of another module under this one's name.
    fs::write(place.dir.0.join("work.wat"), WORK.replace("1664525", "22695477")).unwrap();
    let other = place.work(&[]).stdout;
    assert_ne!(other, expected);
    let theirs = place.files().into_iter().find(|path| *path != file).unwrap();
    fs::copy(&theirs, &file).unwrap();
    fs::write(place.dir.0.join("work.wat"), WORK).unwrap();
    let outcome = place.work(&["--stats"]);
    assert_eq!((used(&outcome), &outcome.stdout), (0, &expected));
}

/// What others may write is not executed, and links lead nowhere.
#[test]
fn what_others_may_write_is_not_used() {
    if !available() {
        return;
    }
    let place = Place::new();
    let expected = place.work(&[]).stdout;
    let file = place.file();
    let run = || {
        let outcome = place.work(&["--stats"]);
        assert_eq!((outcome.code, &outcome.stdout), (Some(0), &expected), "{outcome:?}");
        used(&outcome)
    };
    assert!(run() > 0);
    for bits in [0o720, 0o702] {
        mode(&place.kept, bits);
        assert_eq!(run(), 0);
        place
            .dir
            .run(&["cache", "stats", "--cache-dir", "kept"])
            .fails(1, &["`kept` cannot be trusted", "others may write"]);
    }
    mode(&place.kept, 0o700);
    mode(&file, 0o620);
    assert_eq!(run(), 0);
    mode(&file, 0o600);
    assert!(run() > 0);
    // A link to the file, and one to the directory.
    let elsewhere = place.dir.0.join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let linked = fs::read(&elsewhere).unwrap();
    assert_eq!(run(), 0);
    assert_eq!(fs::read(&elsewhere).unwrap(), linked, "what a link leads to is left alone");
    fs::rename(&place.kept, place.dir.0.join("real")).unwrap();
    symlink("real", &place.kept).unwrap();
    assert_eq!(run(), 0);
    place.dir.run(&["cache", "clear", "--cache-dir", "kept"]).fails(1, &["`kept` is not a directory"]);
    // A file in the place of the directory, and nothing to make it in.
    fs::remove_file(&place.kept).unwrap();
    fs::write(&place.kept, "a file").unwrap();
    assert_eq!(run(), 0);
    let nowhere = place.dir.run(&["--cache-dir", "none/below", "--invoke", "work", "work.wat", "3000000"]);
    assert_eq!((nowhere.code, &nowhere.stdout), (Some(0), &expected), "{nowhere:?}");
}

/// A directory that cannot be written, and one where there is no room.
#[test]
fn what_cannot_be_written_is_not_kept() {
    if !available() {
        return;
    }
    let place = Place::new();
    let expected = place.work(&["--no-cache"]).stdout;
    fs::create_dir(&place.kept).unwrap();
    mode(&place.kept, 0o500);
    let outcome = place.work(&[]);
    assert_eq!((outcome.code, &outcome.stdout, &*outcome.stderr), (Some(0), &expected, ""));
    mode(&place.kept, 0o700);
    let _ = place.files().into_iter().try_for_each(fs::remove_file);
    let program = env!("CARGO_BIN_EXE_upshift");
    let script = format!(
        "ulimit -f 0; exec '{program}' run --jit=sync --cache-dir kept --invoke work work.wat 3000000"
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(&place.dir.0).output().unwrap();
    let outcome = Outcome::new(output);
    assert_eq!((outcome.code, &outcome.stdout, &*outcome.stderr), (Some(0), &expected, ""));
    assert_eq!(place.files(), Vec::<PathBuf>::new(), "nothing half-written is left");
}

#[test]
fn processes_at_once_do_no_harm() {
    if !available() {
        return;
    }
    let place = Place::new();
    let expected = place.work(&["--no-cache"]).stdout;
    for _ in 0..3 {
        let kept = place.kept.to_str().unwrap();
        let args = ["run", "--jit=sync", "--cache-dir", kept, "--invoke", "work", "work.wat", "3000000"];
        let children: Vec<_> = (0..6).map(|_| place.dir.command(&args).spawn().unwrap()).collect();
        for child in children {
            let outcome = Outcome::new(child.wait_with_output().unwrap());
            assert_eq!((outcome.code, &outcome.stdout, &*outcome.stderr), (Some(0), &expected, ""));
        }
        place.file();
        assert!(used(&place.work(&["--stats"])) > 0);
        fs::remove_file(place.file()).unwrap();
    }
}

#[test]
fn the_cache_is_counted_and_cleared() {
    let place = Place::new();
    let cache = |args: &[&str]| place.dir.run(&[&["cache"], args, &["--cache-dir", "kept"]].concat());
    cache(&["stats"]).prints("code of 0 modules, 0.0 MiB, in kept\n");
    cache(&["claer"]).fails(1, &["`claer` is not one of", "`clear`"]);
    place.dir.run(&["cache"]).fails(2, &["stats|clear"]);
    if !available() {
        return;
    }
    place.work(&[]);
    cache(&["stats"]).prints("code of 1 module, 0.0 MiB, in kept\n");
    let json: serde_json::Value = serde_json::from_str(&cache(&["stats", "--json"]).stdout).unwrap();
    assert_eq!(
        (json["entries"].as_u64(), json["bytes"].as_u64()),
        (Some(1), fs::metadata(place.file()).ok().map(|file| file.len()))
    );
    // What a process has left that was killed while it wrote, and what is not ours.
    fs::write(place.kept.join("1-0-2.new"), "half").unwrap();
    let others =
        ["README", "letter.new", "my-old-notes.new", "secret.code"].map(|name| place.kept.join(name));
    others.iter().for_each(|path| fs::write(path, "not ours").unwrap());
    cache(&["clear"]).prints("removed: code of 1 module, 0.0 MiB, in kept\n");
    assert_eq!(place.files(), others);
    // The user's own.
    let home = place.dir.0.join("home");
    fs::create_dir(&home).unwrap();
    let run = |args: &[&str]| {
        let mut command = place.dir.command(args);
        command.env_remove("XDG_CACHE_HOME").env("HOME", &home);
        Outcome::new(command.output().unwrap())
    };
    assert_eq!(run(&["--jit=sync", "--invoke", "work", "work.wat", "3000000"]).code, Some(0));
    run(&["cache", "stats"])
        .prints(&format!("code of 1 module, 0.0 MiB, in {}\n", home.join(".cache/upshift").display()));
}

/// A file in the working directory, which anybody may have put there, must not say what is executed.
#[test]
fn only_the_user_says_where_the_cache_is() {
    let place = Place::new();
    fs::write(place.dir.0.join("upshift.toml"), "cache-dir = 'kept'\n").unwrap();
    place.dir.run(&["--invoke", "work", "work.wat", "3"]).fails(2, &["upshift.toml", "cache-dir"]);
    fs::write(place.dir.0.join("upshift.toml"), "no-cache = true\n").unwrap();
    let outcome = place.work(&["--stats"]);
    assert!(outcome.code == Some(0) && !outcome.stderr.contains("code of earlier runs"), "{outcome:?}");
}

#[test]
fn a_module_is_compiled_ahead_of_time() {
    if !available() {
        return;
    }
    let place = Place::new();
    let expected = place.work(&["--no-cache"]).stdout;
    let dir = &place.dir;
    dir.run(&["compile", "work.wat"]).prints("");
    dir.run(&["compile", "-o", "other.bin", "work.wat"]).prints("");
    assert_eq!(fs::read(dir.0.join("work.upwasm")).unwrap(), fs::read(dir.0.join("other.bin")).unwrap());
    let run = |file: &str, flags: &[&str]| {
        let call = ["--stats", "--invoke", "work", file, "3000000"];
        let outcome = dir.run(&[&["run"], flags, &call].concat());
        assert_eq!((outcome.code, &outcome.stdout), (Some(0), &expected), "{outcome:?}");
        outcome.stderr
    };
    let errors = run("work.upwasm", &["--allow-precompiled"]);
    assert!(!errors.contains("note:") && !errors.contains("baseline:"), "{errors}");
    assert!(
        errors.contains("functions translated         0 of") || errors.contains("optimizing"),
        "{errors}"
    );
    // What is not allowed, or for something else, is a module like any other.
    assert!(run("work.upwasm", &["--no-cache"]).contains("`--allow-precompiled`"));
    for flags in [["--fuel=1000000000"], ["--timeout=1h"], ["--canonical-nans"]] {
        let errors = run("work.upwasm", &["--allow-precompiled", flags[0]]);
        assert!(errors.contains("note: `work.upwasm`") && errors.contains("other settings"), "{errors}");
    }
    dir.run(&["compile", "--canonical-nans", "-o", "nans.upwasm", "work.wat"]).prints("");
    assert!(!run("nans.upwasm", &["--allow-precompiled", "--canonical-nans"]).contains("note:"));
    // The other verbs have no use for the code.
    dir.run(&["validate", "work.upwasm"]);
    assert!(dir.run(&["inspect", "work.upwasm"]).stdout.contains("work"));
    // What is damaged is not executed.
    let whole = fs::read(dir.0.join("work.upwasm")).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 60 + 1) {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(dir.0.join("damaged.upwasm"), &bytes).unwrap();
        let outcome = dir.run(&[
            "run",
            "--allow-precompiled",
            "--no-cache",
            "--invoke",
            "work",
            "damaged.upwasm",
            "3000000",
        ]);
        // In the preface it may look like one for something else.
        assert!(outcome.stdout == expected || outcome.code == Some(1), "byte {at}: {outcome:?}");
    }
    dir.run(&["compile", "-"]).fails(1, &["`-o FILE`"]);
    dir.run(&["compile", "none.wat"]).fails(1, &["none.wat"]);
    dir.run(&["compile", "-o", "none/x.upwasm", "work.wat"]).fails(1, &["cannot write `none/x.upwasm`"]);
    let mut names = fs::read_dir(&dir.0).unwrap().map(|entry| entry.unwrap().path());
    assert!(names.all(|path| path.extension().is_none_or(|it| it != "new")));
}
