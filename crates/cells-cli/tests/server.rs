//! `notebook`: what the server answers, and whom it refuses.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use support::Dir;
use support::http::Served;

const NOTEBOOK: &str = "%% markdown intro\n# Title\n%% code one\n40 + 2\n";

fn served(files: &[(&str, &str)]) -> (Dir, Served) {
    let dir = Dir::with(files);
    let served = Served::start(&dir, &["a.cells"]);
    (dir, served)
}

#[test]
fn only_who_has_the_token_is_answered() {
    let (_dir, served) = served(&[("a.cells", NOTEBOOK)]);
    assert_eq!(served.token.len(), 32);
    for path in ["/api/state", "/api/notebook", "/api/nothing"] {
        served.ask_with("GET", path, &[], b"").is_refused(403, "X-Upshift-Token is missing");
        served.ask_with("GET", path, &[("X-Upshift-Token", "0")], b"").is_refused(403, "token");
    }
    let wrong = "0".repeat(32);
    served.ask_with("POST", "/api/cancel", &[("X-Upshift-Token", &wrong)], b"").is_refused(403, "token");
    // Neither address nor cookie nor another header serves.
    let path = format!("/api/state?token={}", served.token);
    served.ask_with("GET", &path, &[("Cookie", &served.token)], b"").is_refused(403, "missing");
    assert_eq!(served.ask("GET", "/api/state", "").status, 200);
    // The page is no secret, but a wrong token is told.
    assert_eq!(served.ask_with("GET", "/", &[], b"").status, 200);
    assert_eq!(served.ask_with("GET", &format!("/?token={}", served.token), &[], b"").status, 200);
    assert_eq!(served.ask_with("GET", "/?token=0", &[], b"").status, 403);
}

#[test]
fn only_the_servers_own_names_are_answered() {
    let (_dir, served) = served(&[]);
    let token = served.token.as_str();
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1:8888", "[::1]:80"] {
        let headers = [("Host", host), ("X-Upshift-Token", token)];
        assert_eq!(served.ask_with("GET", "/api/state", &headers, b"").status, 200, "{host}");
    }
    for host in
        ["evil.example", "evil.example:8888", "localhost.evil.example", "192.168.0.1", "0x7f000001", ""]
    {
        for path in ["/api/state", "/", "/assets/nothing.js"] {
            let headers = [("Host", host), ("X-Upshift-Token", token)];
            served.ask_with("GET", path, &headers, b"").is_refused(403, "localhost");
        }
    }
}

#[test]
fn every_answer_says_what_a_browser_may_do() {
    let (_dir, served) = served(&[]);
    for (path, status, cached) in [
        ("/", 200, "no-cache"),
        ("/api/state", 200, "no-store"),
        ("/api/nothing", 404, "no-store"),
        ("/x", 404, "no-store"),
    ] {
        let answer = served.ask("GET", path, "");
        assert_eq!(answer.status, status);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
        assert!(
            !scripts.contains("unsafe-inline") && !scripts.contains("unsafe-eval ") && !scripts.contains('*')
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some(cached), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn nothing_but_the_pages_files_is_served() {
    let (dir, served) = served(&[("a.cells", NOTEBOOK), ("secret.txt", "secret")]);
    let page = served.ask("GET", "/", "");
    assert!(page.text().starts_with("<!doctype html>") && page.text().contains("content=\"native\""));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    // What the page names is found below the folder that it says.
    assert!(page.text().contains("<base href=\"/assets/\">") && page.text().contains("\"./main.js\""));
    let script = served.ask("GET", "/assets/main.js", "");
    assert_eq!((script.status, script.header("content-type")), (200, Some("text/javascript; charset=utf-8")));
    assert!(served.ask("HEAD", "/", "").body.is_empty());
    let paths = [
        "/a.cells",
        "/assets/../a.cells",
        "/assets/%2e%2e/a.cells",
        "/assets//etc/passwd",
        "/../../etc/passwd",
    ];
    for path in paths {
        assert_eq!(served.ask("GET", path, "").status, 404, "{path}");
    }
    assert_eq!(served.ask("POST", "/", "{}").status, 405);
    drop(served);

    fs::create_dir(dir.path("page")).unwrap();
    fs::write(dir.path("page/index.html"), "mine").unwrap();
    symlink("../secret.txt", dir.path("page/link.txt")).unwrap();
    let served = Served::start(&dir, &["--assets", "page"]);
    assert_eq!(served.ask("GET", "/", "").text(), "mine");
    for path in paths.iter().chain(&["/assets/link.txt", "/assets/../secret.txt", "/secret.txt"]) {
        assert_eq!(served.ask("GET", path, "").status, 404, "{path}");
    }
}

#[test]
fn what_is_asked_wrongly_is_told() {
    let (_dir, served) = served(&[]);
    served.ask("POST", "/api/nothing", "{}").is_refused(404, "no such");
    served.ask("GET", "/api/execute", "").is_refused(405, "method");
    served.ask("POST", "/api/notebook", "{}").is_refused(405, "method");
    served.ask("POST", "/api/execute", "{").is_refused(400, "body");
    served.ask("POST", "/api/execute", "{\"cell\": 1}").is_refused(400, "body");
    served.ask("POST", "/api/check", "\u{0}").is_refused(400, "body");
    served.post("/api/execute", json!({ "cell": "", "source": "" })).is_refused(400, "ID");
    for offset in [2, 3, 9, -1] {
        let answer = served.post("/api/complete", json!({ "source": "aä", "offset": offset }));
        if offset == 3 {
            answer.json();
        } else {
            answer.is_refused(400, "");
        }
    }
    served.post("/api/inspect", json!({ "source": "ä", "offset": 1 })).is_refused(400, "offset");
    let long = json!({ "source": " ".repeat(8 << 20) });
    served.post("/api/check", long).is_refused(413, "");
}

#[test]
fn cells_run_and_keep_what_they_define() {
    let (_dir, served) = served(&[]);
    let result = served.execute("a", "let x = 6\nprint(\"hello\")\nx * 7");
    assert_eq!(
        (&result["value"], &result["type"], &result["output"], &result["error"]),
        (&json!("42"), &json!("Int"), &json!("hello\n"), &Value::Null)
    );
    assert_eq!(result["defined"], json!([{ "name": "x", "type": "Int" }]));
    assert!(result["performance"]["total_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(served.execute("b", "x + 1")["value"], json!("7"));
    let names = served.ask("GET", "/api/names", "").json();
    assert_eq!((&names[0]["name"], &names[0]["cell"]), (&json!("x"), &json!("a")));

    let failed = served.execute("c", "let a = [1]\n\na[1]");
    let error = &failed["error"];
    assert_eq!((&error["kind"], &error["line"]), (&json!("trap"), &json!(3)), "{failed}");
    let wrong = served.execute("d", "x + 1.0");
    assert_eq!(wrong["error"]["kind"], "compile");
    assert_eq!(wrong["error"]["diagnostics"][0]["line"], 1);
    let checked = served.post("/api/check", json!({ "source": "x + true" })).json();
    assert_eq!(checked["diagnostics"][0]["severity"], "error");
    assert_eq!(served.post("/api/check", json!({ "source": "x + 1" })).json()["type"], "Int");

    served.post("/api/remove", json!({ "cell": "a" })).json();
    assert_eq!(served.execute("e", "x")["error"]["kind"], "compile");
    served.execute("f", "let y = 1");
    served.ask("POST", "/api/restart", "").json();
    assert_eq!(served.ask("GET", "/api/names", "").json(), json!([]));
    assert_eq!(served.execute("g", "y")["error"]["kind"], "compile");
}

#[test]
fn what_a_cell_prints_comes_while_it_runs() {
    let (_dir, served) = served(&[]);
    let headers =
        [("X-Upshift-Token", served.token.as_str()), ("Accept", "text/html, application/x-ndjson;q=1")];
    let body = json!({ "cell": "a", "source": "for i in 0..3 { print(i) }\n7" }).to_string();
    let answer = served.ask_with("POST", "/api/execute", &headers, body.as_bytes());
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, outputs) = lines.split_last().unwrap();
    let output: String = outputs.iter().map(|line| line["output"].as_str().unwrap()).collect();
    assert_eq!(output, "0\n1\n2\n");
    assert_eq!((&last["result"]["value"], &last["result"]["output"]), (&json!("7"), &json!("0\n1\n2\n")));
}

#[test]
fn a_page_that_is_loaded_again_has_the_last_results() {
    let (_dir, served) = served(&[("a.cells", NOTEBOOK)]);
    let results = || served.ask("GET", "/api/notebook", "").json()["results"].clone();
    assert_eq!(results(), json!({}));
    served.execute("one", "1");
    served.execute("two", "1 / 0");
    let result = served.execute("one", "40 + 2");
    assert_eq!(results()["one"], result);
    assert_eq!(results()["two"]["error"]["kind"], "trap");
    served.post("/api/remove", json!({ "cell": "two" })).json();
    assert_eq!(results(), json!({ "one": result }));
    served.ask("POST", "/api/restart", "").json();
    assert_eq!(results(), json!({}));
}

#[test]
fn a_benchmark_has_all_kinds_of_cells() {
    let (_dir, served) = served(&[]);
    let measured = served.post("/api/benchmark", json!({ "n": 2 })).json();
    for kind in ["assignment", "expression", "function", "call", "control"] {
        assert!(measured["categories"][kind]["p95_ms"].as_f64().unwrap() > 0.0, "{measured}");
    }
    assert!(measured["summary"]["overall_avg_ms"].as_f64().unwrap() > 0.0);
    served.post("/api/benchmark", json!({ "n": 0 })).is_refused(400, "runs");
    assert_eq!(served.ask("GET", "/api/names", "").json(), json!([]));
}

#[test]
fn a_cell_that_loops_is_cancelled_and_so_are_those_that_wait() {
    let (_dir, served) = served(&[]);
    served.execute("x", "let x = 1");
    let running = served.begin_loop("a");
    let waiting = served.begin("b", "let b = 1");
    served.ask("POST", "/api/cancel", "").json();
    assert_eq!(running.result()["error"]["kind"], "cancelled");
    assert_eq!(waiting.result()["error"]["kind"], "cancelled");
    // What was there still is, and later cells run.
    assert_eq!(served.execute("c", "x + 1")["value"], "2");
    // There is nothing to cancel now, and that does not concern what comes.
    served.ask("POST", "/api/cancel", "").json();
    assert_eq!(served.execute("d", "x + 2")["value"], "3");
}

#[test]
fn a_restart_ends_a_cell_that_loops() {
    let (_dir, served) = served(&[("a.cells", NOTEBOOK)]);
    served.execute("x", "let x = 1");
    let running = served.begin_loop("a");
    assert_eq!(served.ask("POST", "/api/restart", "").json(), json!({}));
    assert_eq!(running.result()["error"]["kind"], "cancelled");
    assert_eq!(served.ask("GET", "/api/names", "").json(), json!([]));
    // Nor has the run that was ended left its result.
    assert_eq!(served.ask("GET", "/api/notebook", "").json()["results"], json!({}));
    assert_eq!(served.execute("b", "1 + 1")["value"], "2");
}

#[test]
fn a_cell_that_waits_and_is_removed_leaves_no_result() {
    let (_dir, served) = served(&[("a.cells", NOTEBOOK)]);
    let running = served.begin_loop("a");
    let waiting = served.begin("one", "40 + 2");
    let results = thread::scope(|scope| {
        let removing = scope.spawn(|| served.post("/api/remove", json!({ "cell": "one" })).json());
        served.ask("POST", "/api/cancel", "").json();
        removing.join().unwrap();
        served.ask("GET", "/api/notebook", "").json()["results"].clone()
    });
    assert_eq!((&results["a"], &results["one"]), (&running.result(), &Value::Null));
    assert_eq!(waiting.result()["error"]["kind"], "cancelled");
}

#[test]
fn limits_are_kept_and_told() {
    let dir = Dir::with(&[]);
    let served = Served::start(&dir, &["--timeout", "100ms", "--memory", "8MiB", "--fuel", "1000000000"]);
    let state = served.ask("GET", "/api/state", "").json();
    assert_eq!(state["engine"], "native");
    assert_eq!(state["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&state["limits"]["time_ms"], &state["limits"]["memory_bytes"], &state["limits"]["fuel"]),
        (&json!(100), &json!(8 << 20), &json!(1_000_000_000))
    );
    assert_eq!(served.execute("a", "loop { }")["error"]["kind"], "limit");
    let grown = served.execute("b", "let a = [1]\nloop { a.extend(a.copy()) }");
    assert_eq!(grown["error"]["kind"], "limit", "{grown}");
    assert_eq!(served.execute("c", "1 + 1")["value"], "2");
}

#[test]
fn a_checkpoint_brings_names_and_values_back() {
    let (_dir, served) = served(&[]);
    served.execute("a", "let mut x = [1, 2]\nfun f(n: Int) -> Int { n * 2 }");
    served.execute("b", "x.push(3)");
    let checkpoint = served.ask("POST", "/api/checkpoint", "");
    assert_eq!(checkpoint.header("content-type"), Some("application/octet-stream"));
    served.ask("POST", "/api/restart", "").json();
    let headers = [("X-Upshift-Token", served.token.as_str())];
    served.ask_with("POST", "/api/restore", &headers, &checkpoint.body).json();
    assert_eq!(served.execute("c", "f(x[2])")["value"], "6");
    served.ask_with("POST", "/api/restore", &headers, b"nonsense").is_refused(422, "");
    let half = &checkpoint.body[..checkpoint.body.len() / 2];
    served.ask_with("POST", "/api/restore", &headers, half).is_refused(422, "");
    // What cannot be restored leaves everything as it was.
    assert_eq!(served.execute("d", "f(x[2])")["value"], "6");
}

#[test]
fn completion_and_documentation_are_answered() {
    let (_dir, served) = served(&[]);
    served.execute("a", "let number = 1");
    let found = served.post("/api/complete", json!({ "source": "num", "offset": 3 })).json();
    assert_eq!((&found["start"], &found["end"]), (&json!(0), &json!(3)));
    assert!(found["items"].as_array().unwrap().iter().any(|item| item["label"] == "number"), "{found}");
    let found = served.post("/api/inspect", json!({ "source": "number", "offset": 2 })).json();
    assert!(found["text"].as_str().unwrap().contains("Int"), "{found}");
    assert_eq!(served.post("/api/inspect", json!({ "source": "", "offset": 0 })).json(), Value::Null);
}

#[test]
fn the_notebook_is_loaded_and_saved() {
    let (dir, served) = served(&[("a.cells", NOTEBOOK)]);
    let loaded = served.ask("GET", "/api/notebook", "").json();
    assert_eq!(loaded["path"], "a.cells");
    assert_eq!(
        loaded["cells"],
        json!([
            { "id": "intro", "kind": "markdown", "source": "# Title" },
            { "id": "one", "kind": "code", "source": "40 + 2" },
        ])
    );
    let save = |cells: &Value, version: &Value| {
        served.ask("PUT", "/api/notebook", &json!({ "cells": cells, "version": version }).to_string())
    };
    let first = &loaded["version"];
    assert_eq!(&save(&loaded["cells"], first).json()["version"], first);
    assert_eq!(dir.text("a.cells"), NOTEBOOK);
    let cells = json!([{ "id": "one", "kind": "code", "source": "%% x\r\n43" }]);
    let second = save(&cells, first).json()["version"].take();
    assert_eq!(dir.text("a.cells"), "%% code one\n%%% x\n43\n");

    // Another page, that has loaded the first.
    save(&loaded["cells"], first).is_refused(409, "another program or page");
    assert_eq!(dir.text("a.cells"), "%% code one\n%%% x\n43\n");
    // Another program; that somebody loads what it has written does not matter.
    fs::write(dir.path("a.cells"), "%% code two\n1\n").unwrap();
    served.ask("GET", "/api/notebook", "").json();
    save(&cells, &second).is_refused(409, "another program or page");
    save(&cells, &Value::Null).is_refused(400, "version");
    assert_eq!(dir.text("a.cells"), "%% code two\n1\n");
    let forced = json!({ "cells": cells, "force": true });
    assert_eq!(served.ask("PUT", "/api/notebook", &forced.to_string()).json()["version"], second);
    assert_eq!(dir.text("a.cells"), "%% code one\n%%% x\n43\n");

    save(&json!([cells[0], cells[0]]), &second).is_refused(400, "`one`");
    save(&json!([{ "id": "a b", "kind": "code", "source": "" }]), &second).is_refused(400, "`a b`");
    save(&json!([{ "id": "a", "kind": "raw", "source": "" }]), &second).is_refused(400, "`raw`");
    assert_eq!(dir.text("a.cells"), "%% code one\n%%% x\n43\n");
    fs::write(dir.path("a.cells"), "%% raw x\n").unwrap();
    served.ask("GET", "/api/notebook", "").is_refused(422, "line 1");
}

#[test]
fn what_can_be_loaded_can_be_saved() {
    let text = format!("%% code a\n{}\n", "\"\n".repeat(5 << 20));
    let (dir, served) = served(&[("a.cells", &text)]);
    let loaded = served.ask("GET", "/api/notebook", "").json();
    let body = json!({ "cells": loaded["cells"], "version": loaded["version"] }).to_string();
    assert!(body.len() > 16 << 20);
    served.ask("PUT", "/api/notebook", &body).json();
    assert!(dir.text("a.cells") == text);
}

#[test]
fn without_a_file_a_new_one_is_begun() {
    let dir = Dir::with(&[("notebook.cells", NOTEBOOK)]);
    let served = Served::start(&dir, &[]);
    let loaded = served.ask("GET", "/api/notebook", "").json();
    assert_eq!((&loaded["path"], &loaded["cells"]), (&json!("notebook-2.cells"), &json!([])));
    assert!(!dir.path("notebook-2.cells").exists());
    let cells = json!([{ "id": "a", "kind": "code", "source": "1" }]);
    let cells = json!({ "cells": cells, "version": loaded["version"] });
    served.ask("PUT", "/api/notebook", &cells.to_string()).json();
    assert_eq!(dir.text("notebook-2.cells"), "%% code a\n1\n");
    assert_eq!(dir.text("notebook.cells"), NOTEBOOK);
}

fn interrupt(served: &Served) {
    let killed = Command::new("kill").args(["-INT", &served.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn an_interrupt_ends_the_server_even_while_a_cell_loops() {
    let (_dir, mut served) = served(&[]);
    let running = served.begin_loop("a");
    interrupt(&served);
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    assert_eq!(served.rest(), "Ctrl-C ends the server.\n");
    assert_eq!(running.result()["error"]["kind"], "cancelled");
}

#[test]
fn an_interrupt_ends_the_server_even_while_a_benchmark_runs() {
    let (_dir, mut served) = served(&[]);
    let most = json!({ "n": 10_000 });
    let mut measuring = Vec::new();
    // Once one runs, another is refused.
    loop {
        measuring.push(served.begin_post("/api/benchmark", &most));
        if served.post("/api/benchmark", json!({ "n": 1 })).status == 409 {
            break;
        }
    }
    interrupt(&served);
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    drop(measuring);
}

#[test]
fn a_browser_that_does_not_start_is_told_and_the_server_goes_on() {
    let dir = Dir::with(&[("empty", "")]);
    let mut command = dir.command(&["notebook", "--port", "0", "--open"]);
    // There is no program in a file.
    let mut served = Served::spawn(command.env("PATH", dir.path("empty")).env_remove("BROWSER"));
    assert_eq!(served.execute("a", "6 * 7")["value"], "42");
    served.child.kill().unwrap();
    let mut told = String::new();
    std::io::Read::read_to_string(&mut served.child.stderr.take().unwrap(), &mut told).unwrap();
    assert!(told.contains("cannot open a browser"), "{told}");
}

#[test]
fn what_keeps_a_server_from_starting_is_told() {
    let dir = Dir::with(&[("wrong.cells", "%% raw a\n")]);
    dir.run(&["notebook", "wrong.cells", "--port", "0"], "").fails(1, &["wrong.cells", "line 1"]);
    dir.run(&["notebook", "--host", "nowhere"], "").fails(2, &["--host"]);
    let served = Served::start(&dir, &[]);
    let port = served.port.to_string();
    dir.run(&["notebook", "--port", &port], "").fails(1, &["in use", "--port 0"]);
}
