//! `repl`: through a pipe, and at a terminal.

mod support;

use rexpect::session::{PtySession, spawn_command};

use support::Dir;

#[test]
fn cells_come_through_a_pipe() {
    let dir = Dir::with(&[]);
    let input = "let x = 20\n\nfun twice(n: Int) -> Int {\n    n * 2\n}\nprint(\"hi\")\ntwice(x) + 2\n";
    dir.run(&["repl"], input).prints("x: Int\ntwice: fun(Int) -> Int\nhi\n42 : Int\n");
}

#[test]
fn failures_are_told_and_the_rest_runs() {
    let dir = Dir::with(&[]);
    let outcome = dir.run(&["repl"], "let a = [1]\na[3]\nb\n7\n[1,");
    outcome.fails(1, &["index 3 is out of bounds", "a[3]", "`b`", "[1,"]);
    assert_eq!(outcome.stdout, "a: [Int]\n7 : Int\n");
}

#[test]
fn commands_do_what_they_say() {
    let dir = Dir::with(&[]);
    let outcome = dir
        .run(&["repl"], "let mut x = 1\n:type [x]\n:type x +\n:names\n:reset\n:names\n:nonsense\n:quit\n8\n");
    outcome.fails(1, &["line 1", ":nonsense", ":help"]);
    assert_eq!(outcome.stdout, "x: Int\n[Int]\nx: Int (variable of cell-1)\nnothing has been defined\n");
    let help = dir.run(&["repl"], ":help\n");
    for command in [":type EXPR", ":names", ":save FILE", ":load FILE", ":reset", ":time", ":quit"] {
        assert!(help.stdout.contains(command), "{}", help.stdout);
    }
    let timed = dir.run(&["repl"], ":time\n1\n:time\n2\n");
    assert_eq!(timed.stdout.matches(" ms: parse ").count(), 1, "{}", timed.stdout);
}

#[test]
fn cells_and_values_are_saved_and_loaded() {
    let dir = Dir::with(&[]);
    dir.run(&["repl"], "let x = 1\nnothing\nlet y = x + 1\n:save a.cells\n:save state\n")
        .fails(1, &["`nothing`"]);
    assert_eq!(dir.text("a.cells"), "%% code cell-1\nlet x = 1\n%% code cell-3\nlet y = x + 1\n");
    dir.run(&["repl"], ":load a.cells\ny + 40\n").prints("x: Int\ny: Int\n42 : Int\n");
    dir.run(&["repl"], "let z = 40\n:load a.cells\ny + z\n").prints("z: Int\nx: Int\ny: Int\n42 : Int\n");
    dir.run(&["repl"], ":load state\ny + 40\n").prints("42 : Int\n");
    dir.run(&["repl", "--restore", "state"], "y + 40\n").prints("42 : Int\n");
    dir.run(&["repl"], ":load nowhere\n:load a.txt\n:save nowhere/a.cells\n").fails(1, &["nowhere", "a.txt"]);
    std::fs::write(dir.path("b.cells"), "%% code a\n1\n%% code b\n1 / 0\n%% code c\n2\n").unwrap();
    let outcome = dir.run(&["repl"], ":load b.cells\n");
    outcome.fails(1, &["division by zero", "cell `b` of `b.cells` failed"]);
    assert_eq!(outcome.stdout, "1 : Int\n");
}

#[test]
fn what_is_defined_anew_leaves_cells_stale() {
    let dir = Dir::with(&[]);
    let outcome = dir.run(&["repl"], "let a = 1\nfun f() -> Int { a }\nlet a = 2\nf()\n");
    assert!(outcome.stderr.contains("what cell-2 used"), "{}", outcome.stderr);
    assert!(outcome.stdout.ends_with("1 : Int\n"), "{}", outcome.stdout);
}

/// The program at a terminal.
fn terminal(dir: &Dir) -> PtySession {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_upshift-cells"));
    command.arg("repl").env("XDG_DATA_HOME", dir.path("data")).env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(20_000)).unwrap();
    session.exp_string("Ctrl-D").unwrap();
    session.exp_string("1> ").unwrap();
    session
}

#[test]
fn at_a_terminal_lines_are_edited_completed_and_remembered() {
    let dir = Dir::with(&[]);
    let mut session = terminal(&dir);
    session.send_line("let number = 41").unwrap();
    session.exp_string("number: Int").unwrap();
    session.exp_string("2> ").unwrap();
    // The rest of the name is completed, and the cell goes on until it is whole.
    session.send("numb\t + {").unwrap();
    session.send_line("").unwrap();
    session.send_line("1 }").unwrap();
    session.exp_string("42 : Int").unwrap();
    session.exp_string("3> ").unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
    assert!(dir.text("data/upshift/cells-history").contains("let number = 41"));

    let mut session = terminal(&dir);
    session.send_control('r').unwrap();
    session.send("let nu").unwrap();
    session.flush().unwrap();
    session.exp_string("let number").unwrap();
    session.send_line("").unwrap();
    session.exp_string("number: Int").unwrap();
    // While no line is being edited the terminal itself takes an end of input, and it is gone.
    session.exp_string("2> ").unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn at_a_terminal_an_interrupt_ends_a_cell_or_drops_a_line() {
    let dir = Dir::with(&[]);
    let mut session = terminal(&dir);
    session.send_line("let x = 5").unwrap();
    session.exp_string("2> ").unwrap();
    session.send_line("print(\"begun\"); loop { }").unwrap();
    session.exp_string("\nbegun").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("cancelled").unwrap();
    session.exp_string("3> ").unwrap();
    session.send("nonsense").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("3> ").unwrap();
    session.send_line("x + 1").unwrap();
    session.exp_string("6 : Int").unwrap();
    session.send_line(":quit").unwrap();
    session.exp_eof().unwrap();
}

#[test]
fn at_a_terminal_what_is_typed_ahead_is_run() {
    let dir = Dir::with(&[]);
    let mut session = terminal(&dir);
    session.send("let a = 20\rlet b = 22\ra + b\r").unwrap();
    session.flush().unwrap();
    session.exp_string("42 : Int").unwrap();
    session.exp_string("4> ").unwrap();
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
}
