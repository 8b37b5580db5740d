//! Diagnostics as text.

use upshift_cells::diagnostic::{Colors, Diagnostic, render};
use upshift_cells::source::Span;
use upshift_cells::syntax::parse;

#[track_caller]
fn rendered(source: &str, diagnostic: Diagnostic, expected: &str) {
    let text = render(source, "cell 3", &[diagnostic], Colors::Plain);
    assert_eq!(text, expected, "\n{text}");
}

fn span(source: &str, part: &str) -> Span {
    let start = source.find(part).expect("a part of the source") as u32;
    Span::new(start, start + part.len() as u32)
}

#[test]
fn label_and_help() {
    let source = "let x = 1\nlet y = x + \"a\"\n";
    let error = Diagnostic::error(span(source, "\"a\""), "expected Int, found String")
        .label("this is a String")
        .suggest("write `x.to_string()`");
    rendered(
        source,
        error,
        "error: expected Int, found String
 --> cell 3:2:13
  |
2 | let y = x + \"a\"
  |             ^^^ this is a String
  = help: write `x.to_string()`
",
    );
}

#[test]
fn another_place() {
    let source = "fun f(\n\n\n)\nf(1, 2\n";
    let related =
        |part| Diagnostic::error(span(source, "2"), "no").label("here").relate(span(source, part), "there");
    rendered(
        source,
        related("(1"),
        "error: no
 --> cell 3:5:6
  |
5 | f(1, 2
  |  --  ^ here
  |  |
  |  there
",
    );
    rendered(
        source,
        related("fun"),
        "error: no
 --> cell 3:5:6
  |
1 | fun f(
  | --- there
...
5 | f(1, 2
  |      ^ here
",
    );
    // Marks that overlap stand in rows of their own.
    rendered(
        source,
        related("1, 2"),
        "error: no
 --> cell 3:5:6
  |
5 | f(1, 2
  |   ---- there
  |      ^ here
",
    );
}

#[test]
fn tabs_and_wide_characters() {
    let source = "\tlet 数字 = \"e\u{301}\u{1b}[31m\" + x";
    rendered(
        source,
        Diagnostic::warning(span(source, "x"), "a \u{1b}[31mred\u{1b} message"),
        "warning: a \u{fffd}[31mred\u{fffd} message
 --> cell 3:1:23
  |
1 |     let 数字 = \"e\u{301}\u{fffd}[31m\" + x
  |                           ^
",
    );
}

#[test]
fn ends() {
    // Behind the last character, in an empty source, over several lines.
    rendered(
        "1 +",
        Diagnostic::error(Span::new(3, 3), "m"),
        "error: m\n --> cell 3:1:4\n  |\n1 | 1 +\n  |    ^\n",
    );
    rendered("", Diagnostic::error(Span::new(0, 0), "m"), "error: m\n --> cell 3:1:1\n  |\n1 |\n  | ^\n");
    rendered(
        "ab\r\ncd",
        Diagnostic::error(Span::new(1, 6), "m"),
        "error: m\n --> cell 3:1:2\n  |\n1 | ab\n  |  ^\n",
    );
}

#[test]
fn long_lines_are_cut() {
    let source = format!("{}x{}", "a ".repeat(500), " b".repeat(500));
    let text = render(&source, "c", &[Diagnostic::error(Span::new(1000, 1001), "m")], Colors::Plain);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[3].chars().count() < 160, "{text}");
    let column = lines[4].chars().position(|c| c == '^').expect("a caret");
    assert_eq!(lines[3].chars().nth(column), Some('x'), "{text}");
}

#[test]
fn colors() {
    let text = render("x", "c", &[Diagnostic::error(Span::new(0, 1), "m")], Colors::Ansi);
    assert!(text.starts_with("\u{1b}[1;31merror\u{1b}[0m\u{1b}[1m: m\u{1b}[0m\n"), "{text:?}");
}

/// Nothing panics, and carets stand below lines, wherever diagnostics are.
#[test]
fn anywhere() {
    let source = "a\t数\r\n\n\u{1F468}\u{200d}\u{1F469} \"é\" \u{202e}x\n";
    for start in (0..=source.len()).filter(|&at| source.is_char_boundary(at)) {
        for end in (start..=source.len()).filter(|&at| source.is_char_boundary(at)) {
            let whole = Span::new(start as u32, end as u32);
            let error = Diagnostic::error(whole, "m").relate(Span::new(end as u32, end as u32), "r");
            let text = render(source, "c", &[error], Colors::Plain);
            assert!(text.contains('^') && text.contains('-') && !text.contains('\u{202e}'));
        }
    }
    let parsed = parse("let x = (1\nlet y = [\n'a");
    let text = render("let x = (1\nlet y = [\n'a", "c", &parsed.diagnostics, Colors::Ansi);
    assert_eq!(text.matches("\n\n").count(), parsed.diagnostics.len() - 1);
}
