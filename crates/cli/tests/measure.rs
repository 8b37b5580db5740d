//! The verbs that measure: what they count and refuse. How long anything takes is looked at nowhere.

use serde_json::{Value, json};
use support::{Dir, Outcome};
use upshift::Tier;

mod support;

/// Counts its own calls, fails at the third, loops for ever.
const CALLS: &str = r#"(module $calls
    (global $n (mut i32) (i32.const 0))
    (func $next (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (global.get $n))
    (func $add (export "add") (param i32 i32) (result i32) (local i64)
        (i32.add (local.get 0) (local.get 1)))
    (func (export "count") (result i32) (call $next))
    (func (export "third") (if (i32.eq (call $next) (i32.const 3)) (then unreachable)))
    (func (export "spin") (loop (br 0))))"#;

/// A command that works for a while in `$hot`, which `$warm` calls; then it prints its first argument and its input.
const COMMAND: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func $hot (param $n i32) (result i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $n) (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func $warm (param $n i32) (drop (call $hot (local.get $n))))
    (func $never (unreachable))
    (func $print (param $at i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start")
        (call $warm (i32.const LOOPS))
        (drop (call $args (i32.const 16) (i32.const 100)))
        ;; One letter of the first argument, then what is read.
        (call $print (i32.load (i32.const 20)) (i32.const 1))
        (i32.store (i32.const 0) (i32.const 1000))
        (i32.store (i32.const 4) (i32.const 100))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $print (i32.const 1000) (i32.load (i32.const 8)))
        (call $exit (i32.const CODE))))"#;

fn command(loops: u32, code: u32) -> String {
    COMMAND.replace("LOOPS", &loops.to_string()).replace("CODE", &code.to_string())
}

fn dir() -> Dir {
    Dir::with(&[
        ("calls.wat", CALLS),
        ("command.wat", &command(1000, 0)),
        ("slower.wat", &command(1_000_000, 0)),
        ("code.wat", &command(1, 3)),
        ("spin.wat", r#"(module (func (export "_start") (loop (br 0))))"#),
        ("library.wat", r#"(module (func (export "f")) (memory 1))"#),
        ("input.txt", "some input"),
    ])
}

#[track_caller]
fn parsed(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// That the figures of a series belong to each other; how many iterations it has.
#[track_caller]
fn check_series(series: &Value) -> usize {
    let iterations = series["iterations"].as_array().unwrap();
    assert!(iterations.iter().all(|iteration| iteration["nanoseconds"].is_u64()));
    // The tiers of each iteration ascend.
    let number = |name: &str| Tier::ALL.iter().find(|tier| tier.name() == name).expect("a tier").number();
    let tiers = |iteration: &Value| iteration["tier"].as_str().unwrap().split('→').map(number).is_sorted();
    assert!(iterations.iter().all(tiers), "{iterations:?}");
    let warmup = series["warmup"]["iterations"].as_u64().unwrap();
    let summary = &series["summary"];
    assert_eq!(summary["iterations"].as_u64().unwrap() + warmup, iterations.len() as u64);
    let mut times: Vec<f64> =
        iterations.iter().map(|one| one["nanoseconds"].as_f64().unwrap().max(1.0)).collect();
    times.drain(..usize::try_from(warmup).unwrap());
    times.sort_by(f64::total_cmp);
    assert_eq!(summary["min"], times[0]);
    assert_eq!(summary["max"], times[times.len() - 1]);
    let order = [
        &summary["min"],
        &summary["interval"]["low"],
        &summary["median"],
        &summary["interval"]["high"],
        &summary["max"],
    ];
    assert!(order.iter().map(|figure| figure.as_f64().unwrap()).is_sorted(), "{summary}");
    let numbers = summary["outliers"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap());
    for number in numbers {
        assert!((warmup + 1..=iterations.len() as u64).contains(&number));
    }
    let tiers = series["tiers"].as_array().unwrap();
    for of in tiers {
        let places = iterations.iter().zip(1_u64..).filter(|(iteration, _)| iteration["tier"] == of["tier"]);
        let places: Vec<u64> = places.map(|(_, number)| number).collect();
        let expected = [places.len() as u64, places[0], places[places.len() - 1]];
        assert_eq!([&of["iterations"], &of["first"], &of["last"]].map(|n| n.as_u64().unwrap()), expected);
    }
    assert_eq!(
        tiers.iter().map(|of| of["iterations"].as_u64().unwrap()).sum::<u64>(),
        iterations.len() as u64
    );
    iterations.len()
}

#[test]
fn bench_calls_a_function_again_and_again() {
    let dir = dir();
    let args = ["bench", "--json", "--iterations", "30", "--invoke", "add", "calls.wat", "2", "0x28"];
    let outcome = dir.run(&args);
    let json = parsed(&outcome);
    assert_eq!(check_series(&json), 30);
    assert_eq!((&json["file"], &json["invoke"]), (&json!("calls.wat"), &json!("add")));
    assert_eq!(json["arguments"], json!(["2", "0x28"]));
    assert_eq!((&json["results"], &json["results_differ"]), (&json!(["42"]), &json!(false)));
    assert_eq!(json["fresh_instances"], false);
    assert!(json["load_nanoseconds"].as_u64().unwrap() > 0);
    assert!(json["instantiation_nanoseconds"].is_u64());
    assert_eq!(outcome.stderr, "");

    let text = dir.run(&["bench", "--iterations=30", "--invoke=add", "calls.wat", "2", "3"]).stdout;
    assert!(text.starts_with("calls.wat: `add 2 3`, always in the same instance\n"), "{text}");
    for title in ["load ", "iterations    30 in ", "first (cold) ", "min ", "median ", "results       5\n"] {
        assert!(text.contains(&format!("\n{title}")), "no {title} in {text}");
    }
    let last: Vec<_> = text.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last[..4], ["interpreter", "30", "1", "30"]);
}

#[test]
fn bench_and_analyze_show_the_code_of_a_loop() {
    let main = r#"(module (func (export "_start") (local $n i32)
        (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 9000000))))))"#;
    let dir = Dir::with(&[("loop.wat", main)]);
    if !Tier::Optimizing.is_available() {
        return;
    }
    // The only call of the function began in the interpreter, and ends in code that begins at its loop.
    for args in [&["bench", "--iterations=1"][..], &["analyze"]] {
        let json = parsed(&dir.run(&[args, &["--json", "--jit=sync", "loop.wat"]].concat()));
        let function = &json["functions"][0];
        assert_eq!(
            (&function["tier"], &function["name"]),
            (&json!("optimizing"), &json!("_start")),
            "{json}"
        );
        let code = &function["native_code"];
        assert_eq!((&code["trigger"], &code["from_loop"]), (&json!("loop"), &json!(0)), "{json}");
        assert!(code["bytes"].as_u64().unwrap() > 0 && code["compile_nanoseconds"].as_u64().unwrap() > 0);
    }
    let text = dir.run(&["bench", "--iterations=1", "--jit=sync", "loop.wat"]).stdout;
    let last: Vec<&str> = text.lines().last().unwrap().split_whitespace().collect();
    assert_eq!((last[0], last[1], last[last.len() - 1]), ("optimizing", "loop", "_start"), "{text}");
}

#[test]
fn bench_runs_a_command_in_fresh_instances() {
    let dir = dir();
    let outcome = dir.run(&["bench", "--json", "--iterations=12", "command.wat", "x"]);
    let json = parsed(&outcome);
    assert_eq!(check_series(&json), 12);
    assert_eq!((&json["invoke"], &json["results"]), (&Value::Null, &Value::Null));
    assert_eq!(json["fresh_instances"], true);
    // What the guest prints is shown on request only, and what it reads comes again each time.
    assert_eq!(outcome.stderr, "");
    let shown =
        dir.run(&["bench", "--guest-output", "--input=input.txt", "--iterations=3", "command.wat", "x"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), "xsome inputxsome inputxsome input"));
}

#[test]
fn bench_measures_often_enough() {
    let dir = dir();
    let args = ["bench", "--json", "--time", "0s", "command.wat", "x"];
    assert_eq!(check_series(&parsed(&dir.run(&args))), 12);
    // The one or the other.
    let args = ["bench", "--json", "--time=1h", "--iterations=2", "command.wat", "x"];
    assert_eq!(check_series(&parsed(&dir.run(&args))), 2);
    let args = ["bench", "--json", "--time=0s", "--iterations=9", "command.wat", "x"];
    assert_eq!(check_series(&parsed(&dir.run(&args))), 1);
}

#[test]
fn bench_warns_of_other_results() {
    let outcome = dir().run(&["bench", "--json", "--iterations=3", "--invoke=count", "calls.wat"]);
    let json = parsed(&outcome);
    assert_eq!((&json["results"], &json["results_differ"]), (&json!(["1"]), &json!(true)));
    assert!(outcome.stderr.starts_with("warning: ") && outcome.stderr.contains("iteration 2"), "{outcome:?}");
}

#[test]
fn bench_names_the_iteration_that_fails() {
    let dir = dir();
    dir.run(&["bench", "--invoke", "third", "calls.wat"])
        .fails(134, &["iteration 3 of `calls.wat`", "unreachable"]);
    dir.run(&["bench", "code.wat", "x"]).fails(1, &["iteration 1 of `code.wat`", "exit code 3"]);
    dir.run(&["bench", "--timeout=30ms", "spin.wat"]).fails(134, &["iteration 1 of `spin.wat`", "30ms"]);
    dir.run(&["bench", "--timeout=30ms", "--invoke=spin", "calls.wat"])
        .fails(134, &["iteration 1 of `calls.wat`", "30ms"]);
    // The time and the fuel are those of each iteration.
    let fuel = ["bench", "--fuel", "4", "--iterations=50", "--invoke", "add", "calls.wat", "1", "2"];
    parsed_text(&dir.run(&fuel));
    dir.run(&["bench", "--fuel", "2", "--invoke", "add", "calls.wat", "1", "2"])
        .fails(134, &["iteration 1", "`--fuel N`"]);
    let time = ["bench", "--timeout", "400ms", "--time", "600ms", "command.wat", "x"];
    parsed_text(&dir.run(&time));
}

#[track_caller]
fn parsed_text(outcome: &Outcome) {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let dir = dir();
    for verb in ["bench", "analyze"] {
        dir.run(&[verb, "missing.wasm"]).fails(1, &["`missing.wasm`"]);
        dir.run(&[verb, "input.txt"]).fails(1, &["`input.txt`", "not a WebAssembly module"]);
        dir.run(&[verb, "--invoke", "ad", "calls.wat"]).fails(2, &["`ad`", "did you mean `add`?"]);
        dir.run(&[verb, "--invoke", "add", "calls.wat", "1", "x"]).fails(2, &["`x`", "i32"]);
        dir.run(&[verb, "--input", "missing", "command.wat"]).fails(1, &["`missing`"]);
        dir.run(&[verb, "--input=-", "-"]).fails(2, &["standard input"]);
        dir.run(&[verb, "--stats", "calls.wat"]).fails(2, &["`--stats` is a flag of `upshift run`"]);
    }
    dir.run(&["bench", "library.wat"]).fails(2, &["`_start`", "--invoke NAME", "f: () -> ()"]);
    dir.run(&["bench", "--iterations=0", "command.wat"]).fails(2, &["--iterations 0"]);
    dir.run(&["compare", "command.wat"]).fails(2, &["two files", "compare A B"]);
    dir.run(&["compare", "command.wat", "library.wat"]).fails(2, &["`library.wat`", "`_start`"]);
}

#[test]
fn compare_takes_turns() {
    let dir = dir();
    let run = |a: &str, b: &str| {
        let args = ["compare", "--json", "--iterations=20", "--input", "input.txt", a, b, "x"];
        let json = parsed(&dir.run(&args));
        assert_eq!((check_series(&json["a"]), check_series(&json["b"])), (20, 20));
        assert_eq!([&json["a"]["file"], &json["b"]["file"]], [a, b]);
        json
    };
    // A thousand times as much to do shows on any machine.
    let json = run("slower.wat", "command.wat");
    let comparison = &json["comparison"];
    assert_eq!(comparison["faster"], "b");
    assert!(comparison["ratio"].as_f64().unwrap() > 2.0, "{comparison}");
    let interval = &comparison["interval"];
    let figures = [&interval["low"], &comparison["ratio"], &interval["high"]];
    assert!(figures.iter().map(|figure| figure.as_f64().unwrap()).is_sorted(), "{comparison}");
    assert!(interval["coverage"].as_f64().unwrap() >= 0.95);
    let skipped = comparison["skipped"].as_u64().unwrap();
    assert_eq!(comparison["pairs"].as_u64().unwrap() + skipped, 20);
    let warm = ["a", "b"].map(|side| json[side]["warmup"]["iterations"].as_u64().unwrap());
    assert_eq!(skipped, warm[0].max(warm[1]));
    assert_eq!(run("command.wat", "slower.wat")["comparison"]["faster"], "a");

    let text = dir.run(&["compare", "--iterations=20", "command.wat", "slower.wat", "x"]).stdout;
    assert!(text.contains("\nfile          command.wat           slower.wat\n"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("A is "), "{text}");
    assert!(text.contains("× faster ("), "{text}");
    let few = dir.run(&["compare", "--iterations=4", "command.wat", "slower.wat", "x"]).stdout;
    assert!(few.lines().last().unwrap().starts_with("no difference that can be told: A is "), "{few}");
}

#[test]
fn what_is_compared_does_the_same() {
    let dir = dir();
    let different = "(module (func (export \"add\") (param i32 i32) (result i32) (i32.const 7)))";
    std::fs::write(dir.0.join("seven.wat"), different).unwrap();
    dir.run(&["--invoke=add", "seven.wat", "5", "4"]).prints("7\n");
    let invoke =
        |a: &str| dir.run(&["compare", "--iterations=3", "--invoke=add", "calls.wat", "seven.wat", a, "4"]);
    invoke("5").fails(1, &["A and B compute different things", "A returned 9, B 7", "iteration 1"]);
    parsed_text(&invoke("3"));
    // Functions that count their calls do the same in both.
    parsed_text(&dir.run(&["compare", "--iterations=3", "--invoke=count", "calls.wat", "calls.wat"]));

    let other = command(1, 0).replace("(i32.load (i32.const 8)))", "(i32.const 2))");
    std::fs::write(dir.0.join("other.wat"), other).unwrap();
    let args = ["compare", "--iterations=3", "--input=input.txt", "command.wat", "other.wat", "x"];
    dir.run(&args).fails(1, &["A printed 11 bytes, B 3", "from byte 3 on, in line 1"]);
    dir.run(&["compare", "command.wat", "code.wat", "x"])
        .fails(1, &["iteration 1 of `code.wat`", "exit code 3"]);
}

/// The entry of a function of `analyze --json`.
#[track_caller]
fn function<'a>(json: &'a Value, name: &str) -> &'a Value {
    let functions = json["functions"].as_array().unwrap();
    functions.iter().find(|function| function["name"] == name).unwrap()
}

#[test]
fn analyze_says_how_large_functions_are() {
    let dir = dir();
    for args in [&["--invoke", "add", "calls.wat", "1", "2"][..], &["--static", "calls.wat"], &["calls.wat"]]
    {
        let json = parsed(&dir.run(&[&["analyze", "--json"], args].concat()));
        let add = function(&json, "add");
        let sizes = ["index", "parameters", "locals", "operators", "ir_operations", "loops"];
        // The local is set to zero, the sum is made, and returned.
        assert_eq!(sizes.map(|size| add[size].as_u64().unwrap()), [1, 2, 1, 4, 3, 0], "{args:?}");
        assert_eq!(function(&json, "spin")["loops"], 1);
        // What samples need would be one more.
        let dump = dir.run(&["--dump=ir", "--func=add", "calls.wat"]).stdout;
        assert_eq!(dump.lines().filter(|line| line.starts_with('@')).count(), 3, "{dump}");
        let names: Vec<_> = json["functions"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
        assert_eq!(names.len(), 5);
        let runs = args[0] == "--invoke";
        assert_eq!(json.get("samples").is_some(), runs);
        assert_eq!(add.get("tier"), runs.then_some(&json!("interpreter")));
        assert_eq!(function(&json, "spin").get("tier"), runs.then_some(&Value::Null));
        assert_eq!(add.get("self_samples").is_some(), runs);
    }
    // Largest first, when nothing is run.
    let json = parsed(&dir.run(&["analyze", "--json", "--static", "command.wat"]));
    let words: Vec<_> =
        json["functions"].as_array().unwrap().iter().map(|f| f["ir_words"].as_u64().unwrap()).collect();
    assert!(words.iter().rev().is_sorted() && words[0] > words[words.len() - 1], "{words:?}");
}

#[test]
fn analyze_finds_where_the_time_goes() {
    let dir = dir();
    // As long as the machine needs to get some samples.
    let mut loops = 4_000_000;
    let json = loop {
        std::fs::write(dir.0.join("long.wat"), command(loops, 0)).unwrap();
        let json = parsed(&dir.run(&["analyze", "--json", "long.wat", "x"]));
        if json["samples"]["taken"].as_u64().unwrap() >= 5 || loops > 1_000_000_000 {
            break json;
        }
        loops *= 4;
    };
    let taken = json["samples"]["taken"].as_u64().unwrap();
    assert!(taken >= 5 && taken <= json["samples"]["ticks"].as_u64().unwrap(), "{}", json["samples"]);
    let samples = |name: &str| {
        let function = function(&json, name);
        ["self_samples", "total_samples"].map(|kind| function[kind].as_u64().unwrap())
    };
    // The clock may tick just before or behind the loop, and then the next function has the sample.
    let [hot, on_stack] = samples("hot");
    assert!(hot + 2 >= taken && on_stack == hot, "{json}");
    assert_eq!(samples("never"), [0, 0]);
    let [warm, with_hot] = samples("warm");
    assert!(with_hot == hot + warm && warm <= 1, "{json}");
    assert_eq!(samples("_start")[1], taken);
    assert_eq!(json["functions"][0]["name"], "hot");
    let all = json["functions"].as_array().unwrap().iter().map(|f| f["self_samples"].as_u64().unwrap());
    assert_eq!(all.sum::<u64>() + json["samples"]["elsewhere"].as_u64().unwrap(), taken);
    assert_eq!(function(&json, "never")["tier"], Value::Null);
    let hot = function(&json, "hot");
    if Tier::Baseline.is_available() {
        let code = &hot["native_code"];
        assert_eq!(code["trigger"], "loop");
        // How far the thread that optimizes has come is chance.
        assert!(["baseline", "optimizing"].iter().any(|&tier| hot["tier"] == tier), "{hot}");
        assert!(code["after_calls_and_turns"].as_u64().unwrap() > 0, "{hot}");
        assert!(
            code["compile_nanoseconds"].as_u64().unwrap() > 0 && code["bytes"].as_u64().unwrap() > 0,
            "{hot}"
        );
    } else {
        assert_eq!(hot["tier"], "interpreter");
    }
}

#[test]
fn analyze_tells_when_functions_move_up() {
    let dir = dir();
    // Without a program, the numbers alone.
    let text = dir.run(&["analyze", "--tiering=start=7"]).stdout;
    let value = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{name} "))).expect(name);
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let names = ["busy", "start", "large", "optimize", "optimize-byte", "waiting", "looks", "heads", "queue"];
    assert!(names.iter().all(|name| value(name).parse::<u32>().is_ok()), "{text}");
    assert_eq!(value("start"), "7");
    let json = parsed(&dir.run(&["analyze", "--tiering=busy=3,optimize=5", "--json"]));
    let all = json["thresholds"].as_array().unwrap();
    let threshold = |name: &str| all.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!((&threshold("busy")["value"], &threshold("busy")["default"]), (&json!(3), &json!(100)));
    assert!(all.iter().all(|one| one["what"].is_string() && one["origin"].is_string()), "{json}");
    // With one, what follows for its functions.
    for jit in ["background", "sync", "off"] {
        let flags =
            ["analyze", "--json", "--jit", jit, "--tiering=busy=3,optimize=5,optimize-byte=10,waiting=2"];
        let json = parsed(&dir.run(&[&flags[..], &["command.wat"]].concat()));
        let hot = function(&json, "hot");
        let bytes = hot["bytes"].as_u64().unwrap();
        let optimization = json["optimization"].as_str().unwrap();
        let after = match optimization {
            "background" => json!(5 + 10 * bytes),
            "sync" => json!(2 * (5 + 10 * bytes)),
            _ => Value::Null,
        };
        assert_eq!((&hot["baseline_after"], &hot["optimized_after"]), (&json!(3), &after), "{json}");
        if Tier::Baseline.is_available() {
            assert_eq!(optimization == "off", jit == "off");
        }
    }
    let text = dir.run(&["analyze", "--tiering", "--static", "command.wat"]).stdout;
    for part in
        ["command.wat: 5 functions", "threshold", "optimize-byte", "tier 1 after", "tier 2 after", "  hot"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    dir.run(&["analyze", "--tiering=calls=1"]).fails(2, &["`--tiering=calls=1`", "`busy`"]);
    dir.run(&["analyze", "--tiering", "--func=hot", "command.wat"]).fails(2, &["`--tiering`", "`--func`"]);
    dir.run(&["analyze"]).fails(2, &["no FILE given"]);
}

#[test]
fn analyze_tells_why_there_are_no_samples() {
    let dir = Dir::with(&[("short.wat", r#"(module (func (export "_start")))"#)]);
    let outcome = dir.run(&["analyze", "short.wat"]);
    assert!(outcome.stdout.contains("no sample was taken: "), "{outcome:?}");
}

#[test]
fn bench_tells_the_tier_of_each_iteration() {
    let dir = dir();
    let tiers = |flags: &[&str]| {
        let line = [&["bench", "--json", "--iterations=6"][..], flags, &["slower.wat"]].concat();
        let json = parsed(&dir.run(&line));
        assert_eq!(check_series(&json), 6);
        let iterations = json["iterations"].as_array().unwrap();
        iterations.iter().map(|one| one["tier"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tiers(&["--tier=interp"]), ["interpreter"; 6]);
    if Tier::Baseline.is_available() {
        assert_eq!(tiers(&["--tier=baseline"]), ["baseline"; 6]);
        // It begins in the interpreter and goes on in the middle of the loop, whose code is there for those that follow.
        let auto = tiers(&["--tier=auto", "--jit=off"]);
        assert_eq!(auto[0], "interpreter→baseline");
        assert!(auto[1..].iter().all(|tier| tier.ends_with("baseline")), "{auto:?}");
        let optimized = tiers(&["--jit=background"]);
        assert!(optimized[0].starts_with("interpreter→baseline"), "{optimized:?}");
    }
}

#[test]
fn analyze_tells_what_it_knows_of_a_failure() {
    let dir = dir();
    let outcome = dir.run(&["analyze", "--json", "code.wat", "x"]);
    outcome.fails(1, &["`code.wat`", "exit code 3"]);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(function(&json, "hot")["tier"], "interpreter");
    let outcome = dir.run(&["analyze", "--json", "--timeout=300ms", "spin.wat"]);
    outcome.fails(134, &["`spin.wat`", "300ms", "interrupted"]);
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let spin = function(&json, "_start");
    assert!(spin["self_samples"].as_u64().unwrap() > 0, "{json}");
    assert_eq!(spin["self_samples"], json["samples"]["taken"]);
}

#[test]
fn analyze_shows_as_many_functions_as_wanted() {
    let dir = dir();
    let functions: String = (0..30).map(|i| format!("(func $f{i} (export \"f{i}\"))")).collect();
    let evil = r#"(func $"_ZN5Shelf5shareEv") (func $"a\0a\1b[31mb\u{202e}c")"#;
    std::fs::write(dir.0.join("many.wat"), format!("(module {functions} {evil})")).unwrap();
    let lines = |args: &[&str]| {
        let text = dir.run(&[&["analyze"], args, &["many.wat"]].concat()).stdout;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "many.wat: 32 functions");
        assert_eq!(
            lines[2].split_whitespace().collect::<Vec<_>>(),
            ["index", "params", "locals", "operators", "bytes", "loops", "IR", "ops", "IR", "words", "name"]
        );
        lines
    };
    let rest = |lines: &[String]| (lines.len() - 3, lines.last().cloned().unwrap());
    assert_eq!(rest(&lines(&[])), (21, "and 12 more; `--all` shows them".into()));
    assert_eq!(rest(&lines(&["--top", "31"])), (32, "and 1 more; `--all` shows them".into()));
    let all = lines(&["--all"]);
    assert_eq!(all.len() - 3, 32);
    assert!(all.iter().any(|line| line.ends_with("  Shelf::share")), "{all:?}");
    assert!(all.iter().any(|line| line.ends_with(r"  a\n\u{1b}[31mb\u{202e}c")), "{all:?}");
    // Without an entry there is nothing to run, and nothing to be said of a run.
    assert!(!all[2].contains("tier") && !all[2].contains("self"));
}
