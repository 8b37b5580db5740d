//! What looks inside: statistics, batches, listings, and the texts made of the table of flags.

use std::fs;
use std::io::Write;
use std::process::Command;

use serde_json::Value;
use support::Dir;

mod support;

const MATH: &str = r#"(module $math
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (memory (export "memory") 2 3)
    (table $t 5 funcref)
    (global $count (mut i64) (i64.const 0))
    (global (export "pi") f64 (f64.const 3.14))
    (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func $two (export "two") (result i32 i32) (i32.const 1) (i32.const 2))
    (func (export "trap") unreachable)
    (func (export "count") (result i64)
        (drop (call $yield))
        (global.set $count (i64.add (global.get $count) (i64.const 1)))
        (global.get $count))
    (data (i32.const 0) "twelve bytes")
    (elem (table $t) (i32.const 0) func $add $two))"#;

/// A line of `--stats`.
fn stat<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no `{name}` in {text}")).trim()
}

#[test]
fn statistics_tell_of_objects() {
    // 3 MB, of which little is in use at a time; the heap of a program that uses little has 1 MiB.
    let wat = r#"(module
        (type $bytes (array (mut i8)))
        (func (export "_start")
            (local $i i32)
            (loop $next
                (drop (array.new_default $bytes (i32.const 1000)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 3000))))))"#;
    let dir = Dir::with(&[("objects.wat", wat)]);
    let outcome = dir.run(&["--stats", "objects.wat"]);
    let line = stat(&outcome.stderr, "heap of objects, at the end");
    let (size, collections) = line.split_once(" MiB, ").unwrap();
    assert!((0.1..=1.0).contains(&size.parse::<f64>().unwrap()), "{line}");
    let count: u32 = collections.strip_suffix(" collections").unwrap().parse().unwrap();
    assert!((1..100).contains(&count), "{line}");
}

#[test]
fn statistics_tell_that_nothing_was_optimized() {
    let wat = r#"(module (func (export "_start") (local $i i32)
        (loop $next (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200000))))))"#;
    let dir = Dir::with(&[("loop.wat", wat)]);
    let told = |flags: &[&str]| {
        let outcome = dir.run(&[&["--stats"], flags, &["loop.wat"]].concat());
        stat(&outcome.stderr, "functions compiled").contains("none optimized")
    };
    let never = ["--jit=sync", "--tiering=optimize=4000000000"];
    assert_eq!(told(&never), upshift::Tier::Baseline.is_available());
    assert!(!told(&["--jit=sync", "--tiering=optimize=1,optimize-byte=1"]));
    assert!(!told(&["--jit=off"]) && !told(&["--tier=interp"]));
}

#[test]
fn statistics_tell_what_a_run_took() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    let outcome = dir.run(&["--stats", "--invoke", "count", "math.wat"]);
    outcome.prints("1\n");
    let text = &outcome.stderr;
    assert_eq!(stat(text, "functions translated"), "1 of 4");
    assert_eq!(stat(text, "host calls"), "1");
    // Two pages.
    assert_eq!(stat(text, "peak memory of the guest"), "0.1 MiB");
    let number = |text: &str| text.split(' ').next().unwrap().parse::<f64>().unwrap();
    let [first, all] = ["time to first instruction", "time in all"].map(|name| number(stat(text, name)));
    assert!(0.0 < first && first <= all);
    assert!(number(stat(text, "peak memory of the process")) > 0.1);
    assert!(!text.contains("fuel"));

    // `add` has three operators that count, `local.get` twice and `i32.add`.
    let add = ["--stats=count", "--invoke", "add", "math.wat", "1", "2"];
    assert_eq!(stat(&dir.run(&add).stderr, "fuel"), "3");
    let limited = [&["--fuel=1000"], &add[..]].concat();
    assert_eq!(stat(&dir.run(&limited).stderr, "fuel"), "3");
    // A guest that is stopped has used something too.
    let stopped = dir.run(&["--stats", "--invoke", "trap", "math.wat"]);
    assert_eq!((stopped.code, stat(&stopped.stderr, "host calls")), (Some(134), "0"));
    assert!(!stopped.stderr.contains("objects"), "{}", stopped.stderr);
    dir.run(&["--stats=all", "math.wat"]).fails(2, &["--stats=all", "`count`"]);
}

#[test]
fn batches_call_in_one_instance() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    let batch = |input: &str| dir.run_with_input(&["--batch", "math.wat"], input.as_bytes());
    batch("add 1 2\ncount\n\n# a comment\n  count  \ntwo\nadd -1 0xff").prints("3\n1\n2\n1 2\n254\n");
    batch("").prints("");
    let outcome = batch("count\ntrap\nnothing\nadd 1\nadd 1 x\ncount\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), "1\n2\n"));
    for line in
        ["line 2: `trap`", "line 3: `nothing`", "line 4: `add 1`", "line 5: `add 1 x`", "4 of 6 calls"]
    {
        assert!(outcome.stderr.contains(line), "{outcome:?}");
    }
    let outcome = dir.run_with_input(&["--batch", "math.wat"], b"\xff\r\nadd 1 2\r\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), "3\n"));
    dir.run(&["--batch", "--invoke=add", "math.wat"]).fails(2, &["--batch", "--invoke"]);
    dir.run(&["--batch", "-"]).fails(2, &["--batch", "standard input"]);
}

#[test]
fn a_batch_ends_with_its_guest() {
    let exit = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "exit") (param i32) (call $exit (local.get 0))) (func (export "spin") (loop (br 0))))"#;
    let dir = Dir::with(&[("exit.wat", exit)]);
    assert_eq!(dir.run_with_input(&["--batch", "exit.wat"], b"exit 7\nexit 8\n").code, Some(7));
    dir.run_with_input(&["--batch", "--timeout=20ms", "exit.wat"], b"spin\nspin\n").fails(134, &["20ms"]);
}

#[test]
fn inspect_shows_what_a_module_consists_of() {
    let dir = Dir::with(&[("math.wat", MATH)]);
    let outcome = dir.run(&["inspect", "--json", "math.wat"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(json["name"], "math");
    assert_eq!(json["imports"][0]["name"], "sched_yield");
    assert_eq!(json["imports"][0]["type"], "() -> (i32)");
    let exports: Vec<_> = json["exports"].as_array().unwrap().iter().map(|export| &export["name"]).collect();
    assert_eq!(exports, ["memory", "pi", "add", "two", "trap", "count"]);
    assert_eq!(json["exports"][0]["kind"], "memory");
    // The second global; the first one has no name.
    assert_eq!((&json["exports"][1]["name"], &json["exports"][1]["index"]), (&"pi".into(), &1.into()));
    assert_eq!((&json["memories"][0]["minimum"], &json["memories"][0]["maximum"]), (&2.into(), &3.into()));
    assert_eq!(json["tables"][0]["element"], "funcref");
    assert_eq!(json["tables"][0]["maximum"], Value::Null);
    assert_eq!(json["globals"][0]["mutable"], true);
    assert_eq!(json["start"], Value::Null);
    assert_eq!((&json["functions"]["imported"], &json["functions"]["own"]), (&1.into(), &4.into()));
    let bodies = json["functions"]["bodies"].as_array().unwrap();
    assert_eq!((&bodies[0]["index"], &bodies[0]["name"]), (&1.into(), &"add".into()));
    // Number of locals, two `local.get` of two bytes, `i32.add`, `end`.
    assert_eq!(bodies[0]["bytes"], 7);
    let bytes: u64 = bodies.iter().map(|body| body["bytes"].as_u64().unwrap()).sum();
    assert_eq!(json["functions"]["bytes"], bytes);
    assert_eq!((&json["data"]["segments"], &json["data"]["bytes"]), (&1.into(), &12.into()));
    assert_eq!(json["elements"]["elements"], 2);
    assert_eq!(json["custom_sections"][0]["name"], "name");
    // A function with two results needs the one, a float the other.
    assert_eq!(json["features"], serde_json::json!(["multi-value", "floats"]));

    let text = dir.run(&["inspect", "math.wat"]).stdout;
    for part in
        ["named `math`", "sched_yield: function () -> (i32)", "pi: global f64", "2 to 3 pages", "multi-value"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn pages_and_branch_hints_are_shown() {
    let module = r#"(module
        (memory (export "m") 3 200 (pagesize 1))
        (memory (export "s") 1 2 shared)
        (func (export "f") (param i32)
            (@metadata.code.branch_hint "\01") (if (local.get 0) (then))
            (block (@metadata.code.branch_hint "\00") (br_if 0 (local.get 0)))))"#;
    let dir = Dir::with(&[("m.wat", module)]);
    let text = dir.run(&["inspect", "m.wat"]).stdout;
    for part in [
        "m: memory of 3 to 200 pages of 1 byte",
        "3 to 200 pages of 1 byte,",
        "branch hints: 2",
        "s: shared memory of 1 to 2 pages",
        "addresses are i32, shared",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let json: Value = serde_json::from_str(&dir.run(&["inspect", "--json", "m.wat"]).stdout).unwrap();
    assert_eq!(json["memories"][0]["page_size"], 1);
    assert_eq!(
        (&json["memories"][0]["shared"], &json["memories"][1]["shared"]),
        (&false.into(), &true.into())
    );
    let hints = json["functions"]["bodies"][0]["branch_hints"].as_array().unwrap();
    let likely: Vec<_> = hints.iter().map(|hint| hint["likely"].as_bool().unwrap()).collect();
    assert_eq!(likely, [true, false]);
    // Behind the `if` come its type, its `end`, `block` with its type, and `local.get` of two bytes.
    let offset = |n: usize| hints[n]["offset"].as_u64().unwrap();
    assert_eq!(offset(1) - offset(0), 2 + 1 + 2 + 2);
    let dump = dir.run(&["--dump", "ir", "m.wat"]).stdout;
    let lines =
        [format!("; branch at {:#x}: likely", offset(0)), format!("; branch at {:#x}: unlikely", offset(1))];
    assert!(dump.contains(&lines.join("\n")), "{dump}");
}

#[test]
fn inspect_names_what_is_needed() {
    for (module, needed) in [
        ("(module)", &[][..]),
        ("(module (func (export \"f\") (param v128)))", &["simd"]),
        ("(module (func $f (return_call $f)))", &["tail-call"]),
        ("(module (memory 1) (memory 1))", &["multi-memory"]),
        ("(module (memory i64 1))", &["memory64"]),
        ("(module (memory 1 (pagesize 1)))", &["custom-page-sizes"]),
        ("(module (memory 1 1 shared))", &["threads"]),
        ("(module (func (drop (drop (i64.mul_wide_u (i64.const 1) (i64.const 1))))))", &["wide-arithmetic"]),
        ("(module (import \"a\" (item \"b\" (func)) (item \"c\" (func))))", &["compact-imports"]),
        ("(module (tag $t) (func (throw $t)))", &["exceptions"]),
        ("(module (import \"a\" \"b\" (global (mut i32))))", &["mutable-global"]),
    ] {
        let dir = Dir::with(&[("m.wat", module)]);
        let json: Value = serde_json::from_str(&dir.run(&["inspect", "--json", "m.wat"]).stdout).unwrap();
        assert_eq!(json["features"], serde_json::json!(needed), "{module}");
    }
    let tags = r#"(module (import "a" "b" (tag (param i32))) (tag $own (export "t")))"#;
    let dir = Dir::with(&[
        ("bad.wat", "(module (func (result i32)))"),
        ("tags.wat", tags),
        ("draft.wat", "(module (func try end))"),
    ]);
    let draft = dir.run(&["inspect", "--json", "draft.wat"]).stdout;
    let json: Value = serde_json::from_str(&draft).unwrap();
    assert_eq!(json["features"], serde_json::json!(["legacy-exceptions"]));
    let json: Value = serde_json::from_str(&dir.run(&["inspect", "--json", "tags.wat"]).stdout).unwrap();
    let own = serde_json::json!({ "index": 1, "imported": false, "name": "own", "type": "() -> ()" });
    assert_eq!((&json["tags"][0]["imported"], &json["tags"][1]), (&true.into(), &own));
    let exported = serde_json::json!({ "name": "t", "index": 1, "kind": "tag", "type": "() -> ()" });
    assert_eq!(json["exports"][0], exported);
    let text = dir.run(&["inspect", "tags.wat"]).stdout;
    for part in ["a::b: tag (i32) -> ()", "tags: 2", "0: (i32) -> (), imported", "1: `own` () -> ()"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    dir.run(&["inspect", "bad.wat"]).fails(1, &["`bad.wat`", "offset"]);
}

#[test]
fn types_have_the_names_that_the_module_gives_them() {
    let wat = r#"(module
        (rec
            (type $shape (sub (struct (field $area (mut f64)) (field $next (ref null $list)))))
            (type $list (array (mut (ref null $shape)))))
        (type $point (struct (field $x i64) (field i8)))
        (type (sub final $shape (struct (field (mut f64)) (field (ref null $list)) (field (mut i16)))))
        (import "env" "show" (func $show (param (ref $point)) (result anyref)))
        (import "env" "g" (global (ref null $list)))
        (tag $t (export "t") (param (ref null $shape)))
        (table (export "tab") 3 (ref null $list))
        (global (export "n") (mut (ref null 3)) (ref.null 3))
        (func (export "f") (param (ref $shape)) (result i32) (i32.const 1)))"#;
    let dir = Dir::with(&[("types.wat", wat)]);
    let text = dir.run(&["inspect", "types.wat"]).stdout;
    let types = "types: 3 of functions, 3 of structs, 1 of arrays\n\
        \x20 recursion group 0 to 1:\n\
        \x20   0 `shape`: sub struct {area: (mut f64), next: (ref null $list)}\n\
        \x20   1 `list`: array (mut (ref null $shape))\n\
        \x20 2 `point`: struct {x: i64, i8}\n\
        \x20 3: sub final $shape struct {(mut f64), (ref null $list), (mut i16)}\n\
        imports: 2\n";
    assert!(text.contains(types), "{text}");
    for line in [
        "  env::show: function ((ref $point)) -> (anyref)",
        "  env::g: global (ref null $list)",
        "  t: tag ((ref null $shape)) -> ()",
        "  tab: table of 3 or more (ref null $list)",
        "  n: mutable global (ref null 3)",
        "  0: 3 or more of (ref null $list), indices are i32",
        "  1: mutable (ref null 3)",
        "  0: `t` ((ref null $shape)) -> ()",
        "  1: ((ref $shape)) -> (i32), 4 bytes",
        "  gc",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in {text}");
    }
    let json: Value = serde_json::from_str(&dir.run(&["inspect", "--json", "types.wat"]).stdout).unwrap();
    assert_eq!(
        json["types"][0],
        serde_json::json!({
            "index": 0, "name": "shape", "kind": "struct", "final": false, "supertype": null, "group": [0, 1],
            "type": "sub struct {area: (mut f64), next: (ref null $list)}",
            "fields": [
                { "name": "area", "type": "f64", "mutable": true },
                { "name": "next", "type": "(ref null $list)", "mutable": false },
            ],
        })
    );
    assert_eq!(
        json["types"][1]["element"],
        serde_json::json!({ "type": "(ref null $shape)", "mutable": true })
    );
    let sub = &json["types"][3];
    assert_eq!(
        (&sub["supertype"], &sub["group"], &sub["final"]),
        (&0.into(), &[3, 3][..].into(), &true.into())
    );
    let func = &json["types"][4];
    assert_eq!((&func["params"], &func["results"]), (&["(ref $point)"][..].into(), &["anyref"][..].into()));
    assert_eq!(json["globals"][1]["type"], "(ref null 3)");
    assert_eq!(json["tables"][0]["element"], "(ref null $list)");
    // What is wrong with an import is told in the same words.
    dir.run(&["types.wat"]).fails(1, &["`env::show`, a function ((ref $point)) -> (anyref)"]);
}

#[test]
fn names_of_types_cannot_play_with_the_reader() {
    // A name that two types have, one that looks like a type, and none.
    let wat = r#"(module
        (type (struct (field (ref null 0))))
        (type (struct (field i32) (field (ref null 1))))
        (type (struct (field i64) (field (ref null 2))))
        (@custom "name" "\04\11\03\00\03dup\01\03dup\02\04x) y"))"#;
    let dir = Dir::with(&[("names.wat", wat)]);
    let text = dir.run(&["inspect", "names.wat"]).stdout;
    for line in [
        "  0 `dup`: struct {(ref null 0)}",
        "  1 `dup`: struct {i32, (ref null 1)}",
        "  2 `x) y`: struct {i64, (ref null 2)}",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in {text}");
    }
}

#[test]
fn features_come_from_the_decoder() {
    let dir = Dir::new();
    let json: Value = serde_json::from_str(&dir.run(&["features", "--json"]).stdout).unwrap();
    let text = dir.run(&["features"]).stdout;
    let find = |name: &str| json.as_array().unwrap().iter().find(|feature| feature["name"] == name).unwrap();
    assert_eq!((&find("simd")["availability"], &find("simd")["standard"]), (&"on".into(), &2.into()));
    assert_eq!(find("stack-switching")["availability"], "unsupported");
    assert_eq!(find("stack-switching")["standard"], Value::Null);
    assert_eq!(text.lines().count(), json.as_array().unwrap().len());
    assert!(text.lines().any(|line| line.starts_with("simd ") && line.contains(" 2.0 ")), "{text}");
    dir.run(&["features", "surplus"]).fails(2, &["`surplus`"]);
}

/// What bash offers for a command line, whose last word is being written.
/// What follows is the same in all builds: a loop with a division by what is not known, in which `$half` is inlined.
const HALVES: &str = r#"(module $halves
    (func $half (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 1)))
    (func $run (export "run") (param i32 i32) (result i32)
        (loop $next
            (local.set 1 (i32.div_u (local.get 1) (local.get 0)))
            (br_if $next (local.tee 0 (call $half (local.get 0)))))
        (call $import) (local.get 1))
    (func $import))"#;

#[test]
fn one_function_is_shown_as_tier_2_compiles_it() {
    let dir = Dir::with(&[("halves.wat", HALVES)]);
    let text = dir.run(&["analyze", "--func", "run", "halves.wat"]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("function 1 `run` in tier 2: "), "{text}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(lines[2])[..3], ["loop", "depth", "instructions"], "{text}");
    let of_loop = words(lines[3]);
    // Depth; bounds checks, other checks, calls, embedded.
    assert_eq!(
        (&*of_loop[1], &of_loop[6..10]),
        ("1", &["0", "1", "0", "0"].map(str::to_owned)[..]),
        "{text}"
    );
    assert!(lines[6].ends_with("function 0 `half`: inlined, 1 instructions"), "{text}");

    let json = dir.run(&["analyze", "--json", "--func", "1", "halves.wat"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["index"], &json["name"]), (&1.into(), &"run".into()));
    let each = &json["loops"][0];
    assert_eq!((&each["depth"], &each["other_checks"]), (&1.into(), &1.into()));
    assert!(each["instructions"].as_u64().unwrap() < json["instructions"].as_u64().unwrap());
    assert_eq!((&json["calls"][0]["callee"], &json["calls"][0]["inlined"]), (&0.into(), &true.into()));

    let half = dir.run(&["analyze", "--func", "half", "halves.wat"]).stdout;
    assert!(half.ends_with("\n\nno loops\n"), "{half}");
    dir.run(&["analyze", "--func", "none", "halves.wat"]).fails(2, &["no function `none`"]);
    dir.run(&["analyze", "--func", "3", "halves.wat"]).fails(2, &["no function 3"]);
    dir.run(&["run", "--func", "0", "halves.wat"]).fails(2, &["`--dump`"]);
}

fn completed(dir: &Dir, words: &[&str]) -> Vec<String> {
    let script = format!(
        "source ./script; COMP_WORDS=({}); COMP_CWORD={}; _upshift; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1
    );
    let output = Command::new("bash").args(["-c", &script]).current_dir(&dir.0).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_verbs_flags_words_and_files() {
    let dir = Dir::with(&[("module.wasm", "")]);
    fs::create_dir(dir.0.join("directory")).unwrap();
    let script = dir.run(&["completions", "bash"]).stdout;
    fs::write(dir.0.join("script"), script).unwrap();
    assert_eq!(completed(&dir, &["upshift", "insp"]), ["inspect"]);
    assert_eq!(completed(&dir, &["upshift", "mod"]), ["module.wasm"]);
    assert_eq!(completed(&dir, &["upshift", "run", "--max-m"]), ["--max-memory", "--max-memories"]);
    assert_eq!(completed(&dir, &["upshift", "--fu"]), ["--fuel", "--func"]);
    assert_eq!(completed(&dir, &["upshift", "run", "--dispatch", "t"]), ["tail"]);
    assert_eq!(completed(&dir, &["upshift", "run", "--dir", ""]), ["directory"]);
    assert_eq!(
        completed(&dir, &["upshift", "inspect", "--"]),
        ["--json", "--config", "--module-limit", "--help", "--version"]
    );
    assert_eq!(completed(&dir, &["upshift", "completions", "z"]), ["zsh"]);
    assert_eq!(completed(&dir, &["upshift", "help", "insp"]), ["inspect"]);
}

#[test]
fn bash_completes_names_with_blanks() {
    let dir = Dir::with(&[("two words.wasm", ""), ("two more words.wasm", "")]);
    fs::create_dir(dir.0.join("my directory")).unwrap();
    let script = dir.run(&["completions", "bash"]).stdout;
    fs::write(dir.0.join("script"), script).unwrap();
    let mut offers = completed(&dir, &["upshift", "run", "two"]);
    offers.sort();
    assert_eq!(offers, ["two more words.wasm", "two words.wasm"]);
    assert_eq!(completed(&dir, &["upshift", "two w"]), ["two words.wasm"]);
    assert_eq!(completed(&dir, &["upshift", "run", "--dir", "my"]), ["my directory"]);
    assert_eq!(completed(&dir, &["upshift", "run", "--config", "two m"]), ["two more words.wasm"]);
}

#[test]
fn other_shells_get_all_flags() {
    let dir = Dir::new();
    for (shell, form) in [("zsh", "--"), ("fish", "-l ")] {
        let script = dir.run(&["completions", shell]).stdout;
        for flag in ["invoke", "fuel", "max-memory", "json", "dispatch", "trace-wasi"] {
            assert!(script.contains(&format!("{form}{flag}")), "no {flag} in {script}");
        }
    }
    dir.run(&["completions"]).fails(2, &["shell", "bash|zsh|fish"]);
}

#[test]
fn the_manual_has_everything() {
    let dir = Dir::new();
    let manual = dir.run(&["man"]).stdout;
    assert!(manual.starts_with(".TH UPSHIFT 1 "), "{manual}");
    for part in [
        ".SH UPSHIFT RUN",
        "\\-\\-max\\-memory SIZE",
        "\\-W max\\-memory\\-size",
        ".SH EXIT STATUS",
        "NO_COLOR",
        "\\-C NAME[=VALUE]",
        "Taken without any effect: cache,",
        "opt\\-level",
        "unknown\\-imports\\-default",
    ] {
        assert!(manual.contains(part), "no {part} in {manual}");
    }
    // A line that begins so is a request: only those that are meant.
    let requests = [".TH", ".SH", ".SS", ".TP", ".B", ".BR", ".I", ".IR", ".br"];
    for line in manual.lines().filter(|line| line.starts_with(['.', '\''])) {
        assert!(requests.contains(&line.split(' ').next().unwrap()), "{line}");
    }
}

/// Who reads only the beginning wants no more, and no complaint.
#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let functions: String =
        (0..5000).map(|i| format!("(func (export \"f{i}\") (result i32) (i32.const {i}))")).collect();
    let dir = Dir::with(&[("many.wat", &format!("(module {functions})"))]);
    // A pipe that nobody reads from the beginning: how far a program comes does not depend on who is quicker.
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    for line in [
        "inspect --json many.wat",
        "run --dump ir many.wat",
        "analyze --static --json many.wat",
        "features",
        "man",
        "help",
        "--invoke f1 many.wat",
    ] {
        let mut command = dir.command(&line.split(' ').collect::<Vec<_>>());
        let output = command.stdout(closed()).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{line}");
        assert_eq!(output.status.code(), Some(141), "{line}");
    }
    // The calls of a batch end there too.
    let mut child = dir.command(&["--batch", "many.wat"]).stdout(closed()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(b"f1\nf2\nnone\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(141)));
}

#[test]
fn help_is_a_verb() {
    let dir = Dir::new();
    let overall = dir.run(&["--help"]).stdout;
    assert_eq!(dir.run(&["help"]).stdout, overall);
    assert!(overall.contains("  help [VERB] "), "{overall}");
    for verb in ["run", "inspect", "validate", "man", "help"] {
        let help = dir.run(&[verb, "--help"]).stdout;
        assert!(help.contains(&format!("Usage: upshift {verb}")), "{help}");
        dir.run(&["help", verb]).prints(&help);
    }
    for verb in ["run", "bench", "compare", "analyze", "inspect", "validate", "wast"] {
        assert!(dir.run(&["help", verb]).stdout.contains("`-W "), "{verb}");
    }
    dir.run(&["help", "inspec"]).fails(2, &["`inspec`", "did you mean `inspect`?"]);
    dir.run(&["help", "run", "more"]).fails(2, &["`more`"]);
    dir.run(&["-W", "gc=y", "validate", "x.wat"]).fails(2, &["upshift validate [FLAGS] FILE..."]);
}
