//! `--trace-tiers`: events that other programs can read, a page that a browser can show, and a file at every end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::{Dir, Outcome};

mod support;

/// A name that would end a script in a page, and has what JSON has to escape.
const EVIL: &str = r#"</script><b>\22\5c\0a \e2\80\a8"#;

/// Some functions that run for some tenths of a second, in all ways that functions can be called in.
fn busy() -> String {
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "{EVIL}") (param $n i32) (result i32) (local $sum i32)
            (loop $l
                (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $n)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $sum))
        (func $fib (param i32) (result i32)
            (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                (then (local.get 0))
                (else (i32.add
                    (call $fib (i32.sub (local.get 0) (i32.const 1)))
                    (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
        (func $work (export "work")
            (drop (call 2 (i32.const 30000000)))
            (drop (call $fib (i32.const 27))))
        (func (export "_start") (call $work))
        (func (export "trap") (call $work) unreachable)
        (func (export "exit") (call $work) (call $exit (i32.const 7)))
        (func (export "for_ever") (call $work) (loop (br 0)))
        (func (export "sleep") (call $work)
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#
    )
}

/// The events of a file, checked to be what readers of the format take.
#[track_caller]
fn events(file: &Path) -> (Value, Vec<Value>) {
    let text = fs::read_to_string(file).unwrap();
    let Value::Object(mut whole) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
    let events = whole["traceEvents"].as_array().unwrap().clone();
    let mut tracks = BTreeMap::<u64, Vec<(f64, f64)>>::new();
    let mut open = BTreeMap::new();
    for event in &events {
        let (ts, tid) = (event["ts"].as_f64().unwrap(), event["tid"].as_u64().unwrap());
        assert!(ts >= 0.0 && event["pid"].is_u64() && event["name"].is_string(), "{event}");
        match event["ph"].as_str().unwrap() {
            "X" => {
                let dur = event["dur"].as_f64().unwrap();
                assert!(dur >= 0.0, "{event}");
                tracks.entry(tid).or_default().push((ts, ts + dur));
            }
            "b" => assert!(open.insert(event["id"].as_u64().unwrap(), ts).is_none()),
            "e" => assert!(open.remove(&event["id"].as_u64().unwrap()).unwrap() <= ts),
            "i" => assert_eq!(event["s"], "t"),
            "M" => assert!(event["args"]["name"].is_string()),
            other => panic!("{other}"),
        }
    }
    assert!(open.is_empty());
    for spans in tracks.values_mut() {
        nest(spans);
    }
    (whole.remove("otherData").unwrap(), events)
}

/// Whether spans contain each other or do not overlap; times are rounded.
#[track_caller]
fn nest(spans: &mut [(f64, f64)]) {
    spans.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut outer = Vec::<f64>::new();
    for &(begin, end) in &*spans {
        while outer.pop_if(|last| *last <= begin + 1e-3).is_some() {}
        assert!(outer.last().is_none_or(|&last| end <= last + 1e-3), "{begin} {end} in {outer:?}");
        outer.push(end);
    }
}

fn of<'a>(events: &'a [Value], category: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["cat"] == category).collect()
}

/// Whether the build has native code.
fn has_tiers(dir: &Dir) -> bool {
    dir.run(&["--tier", "opt", "--invoke", "work", "busy.wat"]).code == Some(0)
}

#[test]
fn events_tell_what_became_of_functions() {
    let dir = Dir::with(&[("busy.wat", &busy())]);
    dir.run(&["--trace-tiers", "out.json", "busy.wat"]).prints("");
    let (about, events) = events(&dir.0.join("out.json"));
    assert_eq!((&about["file"], &about["functions"]), (&"busy.wat".into(), &8.into()));
    assert_eq!(about["dropped_events"], 0);
    let phases: Vec<_> = of(&events, "phase").iter().map(|phase| phase["name"].clone()).collect();
    assert_eq!(phases, ["load", "instantiate", "run"]);
    let translated: Vec<_> = of(&events, "translate").iter().map(|event| event["name"].clone()).collect();
    assert_eq!(translated.first().unwrap(), "_start");
    let evil = "</script><b>\"\\\n \u{2028}";
    assert!(has_tiers(&dir) || translated.contains(&evil.into()), "{translated:?}");
    assert!(about["samples"].as_u64().unwrap() > 0);
    let samples = of(&events, "sample");
    let cpu: f64 = samples.iter().map(|sample| sample["args"]["cpu"].as_f64().unwrap()).sum();
    let run = events.iter().find(|event| event["name"] == "run").unwrap()["dur"].as_f64().unwrap();
    assert!(cpu > 0.0 && cpu <= run * 1.5, "{cpu} of {run}");
    let names: Vec<_> = of(&events, "").iter().map(|event| event["args"]["name"].clone()).collect();
    assert!(["program", "program: samples"].iter().all(|name| names.contains(&(*name).into())), "{names:?}");
    if !has_tiers(&dir) {
        return;
    }
    for tier in [1, 2] {
        let compiled = of(&events, "compile");
        let code = compiled.iter().find(|event| event["args"]["tier"] == tier).unwrap();
        assert!(code["args"]["code_bytes"].as_u64().unwrap() > 0 && code["args"]["trigger"].is_string());
    }
    // Long enough to go up in the middle of its only call.
    let osr = of(&events, "osr");
    let tier = |event: &Value, key: &str| event["args"][key].as_u64().unwrap();
    assert!(osr.iter().any(|event| event["name"] == evil && tier(event, "to") == 2), "{osr:?}");
    assert!(osr.iter().all(|event| tier(event, "from") < tier(event, "to")));
}

#[test]
fn functions_in_one_tier_are_told_of_too() {
    let dir = Dir::with(&[("busy.wat", &busy())]);
    dir.run(&["--tier=interp", "--trace-tiers=out.json", "--invoke=work", "busy.wat"]).prints("");
    let (_, events) = events(&dir.0.join("out.json"));
    assert_eq!((of(&events, "translate").len(), of(&events, "compile").len()), (3, 0));
    assert!(of(&events, "sample").iter().all(|sample| sample["args"]["tier"] == 0));
}

/// The file is whole, and nothing else was left beside it.
#[track_caller]
fn whole(dir: &Dir) {
    let (_, events) = events(&dir.0.join("out.json"));
    assert!(!of(&events, "translate").is_empty() && !of(&events, "sample").is_empty());
    let names = fs::read_dir(&dir.0).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["busy.wat", "out.json"]);
    fs::remove_file(dir.0.join("out.json")).unwrap();
}

#[test]
fn the_file_is_written_whatever_ends_the_guest() {
    let dir = Dir::with(&[("busy.wat", &busy())]);
    let run = |flags: &[&str], way: &str| {
        let args = [&["--trace-tiers", "out.json"], flags, &["--invoke", way, "busy.wat"]].concat();
        let outcome = dir.run(&args);
        whole(&dir);
        outcome
    };
    run(&[], "trap").fails(134, &["unreachable"]);
    assert_eq!(run(&[], "exit").code, Some(7));
    run(&["--timeout=600ms"], "for_ever").fails(134, &["600ms"]);
    assert!(run(&["--timeout=600ms", "--stats"], "for_ever").stderr.contains("functions compiled"));
    run(&["--fuel=1000000000"], "for_ever").fails(134, &["fuel"]);
    let batch = dir.run_with_input(&["--trace-tiers=out.json", "--batch", "busy.wat"], b"work\nwork\n");
    batch.prints("\n\n");
    whole(&dir);
    // One that neither fuel nor epochs see: the clock ends the process.
    let args = ["--trace-tiers=out.json", "--timeout=600ms", "--invoke=sleep", "busy.wat"];
    let child = dir.command(&args).spawn().unwrap();
    Outcome::new(child.wait_with_output().unwrap()).fails(134, &["600ms"]);
    whole(&dir);
}

#[test]
fn what_cannot_be_written_is_told_before_the_guest_starts() {
    let dir = Dir::with(&[("hello.wat", r#"(module (func (export "_start") unreachable))"#)]);
    fs::create_dir(dir.0.join("full.html")).unwrap();
    for path in ["nowhere/out.json", "full.html"] {
        let outcome = dir.run(&["--trace-tiers", path, "hello.wat"]);
        outcome.fails(1, &[path, "timeline"]);
        assert!(!outcome.stderr.contains("unreachable"), "{outcome:?}");
    }
    for path in ["out.txt", "out", ".json", ""] {
        dir.run(&["--trace-tiers", path, "hello.wat"]).fails(2, &["--trace-tiers", "`.json` or `.html`"]);
    }
    dir.run(&["bench", "--trace-tiers", "out.json", "hello.wat"]).fails(2, &["--trace-tiers", "upshift run"]);
    // A module that is not there is not told as a fault of the file.
    dir.run(&["--trace-tiers", "out.json", "none.wat"]).fails(1, &["none.wat"]);
}

#[test]
fn a_file_that_is_there_is_replaced() {
    let dir = Dir::with(&[("busy.wat", &busy()), ("real.json", "old")]);
    std::os::unix::fs::symlink("real.json", dir.0.join("out.json")).unwrap();
    dir.run(&["--trace-tiers=out.json", "busy.wat"]).prints("");
    events(&dir.0.join("real.json"));
    assert!(fs::symlink_metadata(dir.0.join("out.json")).unwrap().is_symlink());
}

#[test]
fn threads_have_tracks_of_their_own() {
    let wat = r#"(module
        (import "env" "memory" (memory 1 1 shared))
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (export "memory" (memory 0))
        (func $spin (local $n i32)
            (local.set $n (i32.const 60000000))
            (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "wasi_thread_start") (param i32 i32)
            (call $spin)
            (i32.atomic.store (i32.const 0) (i32.const 1))
            (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
        (func (export "_start")
            (drop (call $spawn (i32.const 0)))
            (call $spin)
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))"#;
    let dir = Dir::with(&[("threads.wat", wat)]);
    dir.run(&["--threads", "--trace-tiers=out.json", "threads.wat"]).prints("");
    let (_, events) = events(&dir.0.join("out.json"));
    let tracks: std::collections::BTreeSet<_> =
        of(&events, "sample").iter().map(|sample| sample["tid"].as_u64().unwrap()).collect();
    assert_eq!(tracks.len(), 2);
}

#[test]
fn the_page_has_the_same_events_and_nothing_else_can_end_its_script() {
    let dir = Dir::with(&[("busy.wat", &busy())]);
    dir.run(&["--trace-tiers=out.html", "busy.wat"]).prints("");
    let page = fs::read_to_string(dir.0.join("out.html")).unwrap();
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"timeline\">").unwrap();
    let (json, rest) = rest.split_once("</script>").unwrap();
    fs::write(dir.0.join("out.json"), json).unwrap();
    let (_, events) = events(&dir.0.join("out.json"));
    assert!(!of(&events, "translate").is_empty());
    assert_eq!(rest.matches("<script").count(), 1);
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!rest.contains(outside), "{outside}");
    }
}

/// The page in a browser, if there is one: what it says in words is what the functions did.
#[test]
fn a_browser_shows_the_page() {
    let places =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(String::from);
    let mut places = std::env::var("CHROMIUM").into_iter().chain(places);
    let Some(browser) = places.find(|place| Path::new(place).exists()) else {
        eprintln!("no Chromium: set CHROMIUM to its path");
        return;
    };
    let dir = Dir::with(&[("busy.wat", &busy())]);
    dir.run(&["--trace-tiers=out.html", "busy.wat"]).prints("");
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.0.join("browser").display()))
        .arg(format!("file://{}", dir.0.join("out.html").display()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(dir.0.join("dom")).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..1200 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    let dom = fs::read_to_string(dir.0.join("dom")).unwrap();
    assert!(dom.contains("busy.wat: tier timeline"), "{dom}");
    for text in ["of 8 functions were translated", "to the first instruction", "of processor time seen by"] {
        assert!(dom.contains(text), "no `{text}` in {dom}");
    }
    let (_, rows) = dom.split_once("<ul id=\"rows\">").unwrap();
    let (rows, _) = rows.split_once("</ul>").unwrap();
    for name in ["&lt;/script&gt;&lt;b&gt;", "fib", "work"] {
        assert!(rows.contains(name), "no `{name}` in {rows}");
    }
}
