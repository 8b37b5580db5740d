//! `cells`: notebook files from the command line.

mod support;

use std::process::Stdio;

use serde_json::{Value, json};

use support::Dir;

#[test]
fn a_notebook_is_run_in_order() {
    let dir = Dir::with(&[(
        "a.cells",
        "%% markdown m\n# not code\n%% code a\nlet x = [1, 2]\nprint(\"sum\", x.sum())\n%% code b\nx\n%% code c\nprint(\"end\");\n",
    )]);
    dir.run(&["cells", "a.cells"], "").prints("sum 3\n[1, 2] : [Int]\nend\n");
}

#[test]
fn a_text_without_marks_is_one_cell_and_may_come_from_the_input() {
    let dir = Dir::with(&[("a.txt", "let x = 20\r\nx * 2 + 2")]);
    dir.run(&["cells", "a.txt"], "").prints("42 : Int\n");
    dir.run(&["cells", "-"], "\"a\".repeat(3)").prints("\"aaa\" : String\n");
    dir.run(&["cells", "-"], "").prints("");
}

#[test]
fn files_of_jupyter_are_not_taken_for_cells_and_checkpoints_replace_no_notebook() {
    let dir = Dir::with(&[("a.cells", "let x = 1"), ("b.ipynb", "{}")]);
    let hint = "upshift-cells convert b.ipynb b.cells";
    dir.run(&["cells", "b.ipynb"], "").fails(1, &[hint]);
    dir.run(&["notebook", "b.ipynb", "--port", "0"], "").fails(1, &[hint]);
    dir.run(&["notebook", "nowhere/c.cells", "--port", "0"], "").fails(1, &["no folder `nowhere`"]);
    dir.run(&["cells", "a.cells", "--checkpoint", "a.cells"], "")
        .fails(1, &["the place of the notebook `a.cells`"]);
    dir.run(&["cells", "a.cells"], "").prints("");
    let failing = Dir::with(&[("a.cells", "1 / 0")]);
    failing.run(&["cells", "a.cells", "--checkpoint", "a.state"], "").fails(1, &["no checkpoint is saved"]);
}

#[test]
fn the_first_failure_ends_the_run_with_its_place() {
    let text = "%% code a\nlet x = [1]\n%% code b\n\nprint(\"before\")\nx[5]\n%% code c\nprint(\"after\")\n";
    let dir = Dir::with(&[("a.cells", text)]);
    let outcome = dir.run(&["cells", "a.cells"], "");
    outcome.fails(1, &["a.cells:6: in cell `b`", "index 5 is out of bounds: the length is 1", "x[5]", "^"]);
    assert_eq!(outcome.stdout, "before\n");
    let outcome = dir.run(&["cells", "--keep-going", "a.cells"], "");
    outcome.fails(1, &["a.cells:6: in cell `b`"]);
    assert_eq!(outcome.stdout, "before\nafter\n");
}

#[test]
fn a_wrong_cell_is_told_with_all_that_is_wrong() {
    let dir = Dir::with(&[("a.cells", "%% code a\nlet x = 1 + 2.0\nlet y = z\n")]);
    let outcome = dir.run(&["cells", "a.cells"], "");
    outcome.fails(1, &["a.cells:2: in cell `a`", "let x = 1 + 2.0", "let y = z", "^"]);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn a_failure_in_another_cell_has_its_place_and_the_way_there() {
    let text = "%% code a\nfun f(n: Int) -> Int {\n    1 / n\n}\n%% code b\nlet x = 1\nf(0)\n";
    let dir = Dir::with(&[("a.cells", text)]);
    dir.run(&["cells", "a.cells"], "")
        .fails(1, &["a.cells:3: in cell `b`", "division by zero", "a:2:5", "in f", "in the cell, line 2:1"]);
}

#[test]
fn json_has_all_results() {
    let dir = Dir::with(&[(
        "a.cells",
        "%% code a\nprint(1)\n\"v\"\n%% markdown m\n%% code b\n1 / 0\n%% code c\n2\n",
    )]);
    let outcome = dir.run(&["cells", "--json", "a.cells"], "");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), ""));
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&json["ok"], &json["failed"], &json["skipped"]), (&json!(false), &json!(1), &json!(1)));
    let cells = json["cells"].as_array().unwrap();
    assert_eq!((&cells[0]["id"], &cells[0]["line"]), (&json!("a"), &json!(2)));
    assert_eq!(
        (&cells[0]["result"]["value"], &cells[0]["result"]["output"]),
        (&json!("\"v\""), &json!("1\n"))
    );
    assert_eq!((&cells[1]["id"], &cells[1]["result"]["error"]["kind"]), (&json!("b"), &json!("trap")));
    assert_eq!(cells.len(), 2);
    let outcome = dir.run(&["cells", "--json", "--keep-going", "a.cells"], "");
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&json["skipped"], &json["cells"][2]["result"]["value"]), (&json!(0), &json!("2")));
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn all_cells_can_be_checked_and_none_is_run() {
    let text = "%% code a\nprint(\"no\")\nlet x = [1]\nx[9]\n%% code b\nlet y = x + 1\n%% code c\nx.len() + z\n%% code d\nx.len()\n";
    let dir = Dir::with(&[("a.cells", text), ("good.cells", "%% code a\nlet x = 1 / 0\n%% code b\nx + 1\n")]);
    let outcome = dir.run(&["cells", "--check", "a.cells"], "");
    outcome.fails(1, &["a.cells:6: in cell `b`", "a.cells:8: in cell `c`"]);
    assert_eq!(outcome.stdout, "");
    assert!(
        !outcome.stderr.contains("cell `d`") && !outcome.stderr.contains("cell `a`"),
        "{}",
        outcome.stderr
    );
    dir.run(&["cells", "--check", "good.cells"], "").prints("");
    let outcome = dir.run(&["cells", "--check", "--json", "a.cells"], "");
    let json: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.code, &json["ok"], &json["failed"]), (Some(1), &json!(false), &json!(2)));
    assert_eq!(json["cells"][1]["diagnostics"][0]["line"], 1);
    assert_eq!(json["cells"][3]["type"], "Int");
}

#[test]
fn limits_end_cells() {
    let dir = Dir::with(&[
        ("loop.cells", "loop { }"),
        ("deep.cells", "fun f(n: Int) -> Int { f(n + 1) + 1 }\nf(0)"),
    ]);
    dir.run(&["cells", "--timeout", "100ms", "loop.cells"], "").fails(1, &["loop.cells:1"]);
    dir.run(&["cells", "--fuel", "100000", "loop.cells"], "").fails(1, &["loop.cells:1", "fuel"]);
    dir.run(&["cells", "--memory", "1MiB", "-"], "let a = [1]\nloop { a.extend(a.copy()) }")
        .fails(1, &["memory"]);
    dir.run(&["cells", "deep.cells"], "").fails(1, &["deep.cells:1"]);
}

#[test]
fn a_checkpoint_goes_from_one_run_to_the_next() {
    let dir = Dir::with(&[
        ("a.cells", "let mut x = [1, 2]\nfun f(n: Int) -> Int { n * x.len() }"),
        ("b.cells", "x.push(3)\nf(10)"),
        ("c.cells", "1 / 0"),
    ]);
    dir.run(&["cells", "a.cells", "--checkpoint", "state"], "").prints("");
    dir.run(&["cells", "b.cells", "--restore", "state", "--checkpoint", "state"], "").prints("30 : Int\n");
    let before = std::fs::read(dir.path("state")).unwrap();
    dir.run(&["cells", "c.cells", "--restore", "state", "--checkpoint", "state"], "").fails(1, &[]);
    assert_eq!(std::fs::read(dir.path("state")).unwrap(), before);
    dir.run(&["cells", "-", "--restore", "state"], "f(1)").prints("3 : Int\n");
    dir.run(&["cells", "-", "--restore", "a.cells"], "").fails(1, &["cannot restore `a.cells`"]);
}

#[test]
fn what_is_no_notebook_or_not_there_is_told() {
    let dir = Dir::with(&[("a.cells", "%% code a\n1\n%% code a\n2\n")]);
    dir.run(&["cells", "a.cells"], "").fails(1, &["a.cells is no notebook", "line 3", "`a`"]);
    dir.run(&["cells", "nowhere.cells"], "").fails(1, &["cannot read `nowhere.cells`"]);
    dir.run(&["cells", "."], "").fails(1, &["cannot read `.`"]);
    dir.run(&["cells"], "").fails(2, &["FILE"]);
    dir.run(&["cells", "a.cells", "--memory", "lots"], "").fails(2, &["--memory", "64KiB"]);
    dir.run(&["cells", "--bogus", "a.cells"], "").fails(2, &["--bogus"]);
    dir.run(&[], "").fails(2, &["repl", "notebook"]);
    dir.run(&["version"], "").prints(concat!("upshift-cells ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn nobody_reading_ends_the_run_without_a_word() {
    let dir = Dir::with(&[("a.cells", "loop { print(1) }")]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = dir.command(&["cells", "a.cells"]).stdin(Stdio::null()).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(141), ""));
}
