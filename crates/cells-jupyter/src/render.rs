//! Texts for users: errors with colours for terminals, which front ends of Jupyter show as such, and values as HTML.

use std::collections::HashMap;

use crate::engine::Failure;
use crate::text::html;

const RED: &str = "\x1b[31m";
const BOLD_RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[34m";
const CYAN: &str = "\x1b[36m";
const OFF: &str = "\x1b[0m";

/// The name of an error of this kind.
pub(crate) fn ename(kind: &str) -> &'static str {
    match kind {
        "compile" => "CompileError",
        "trap" => "RuntimeError",
        "limit" => "LimitExceeded",
        "cancelled" => "Interrupted",
        _ => "InternalError",
    }
}

/// The lines that a front end shows of an error. `executed` says under which number the user knows a cell.
pub(crate) fn traceback(failure: &Failure, executed: &HashMap<String, usize>) -> Vec<String> {
    let text = if failure.rendered.trim().is_empty() { &failure.message } else { &failure.rendered };
    text.trim_end().lines().map(|line| coloured(line, executed)).collect()
}

/// A line of a rendered diagnostic: what is wrong, where (`--> cell:line:column`), lines of the source after `12 |`, carets below them,
/// what to do (`= help: …`), and the functions that were active.
fn coloured(line: &str, executed: &HashMap<String, usize>) -> String {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    if let Some(place) = text.strip_prefix("--> ") {
        return format!("{indent}{BLUE}-->{OFF} {}", known_place(place, executed));
    }
    let words = [
        ("error", BOLD_RED),
        ("warning", YELLOW),
        ("= help", CYAN),
        ("= note", CYAN),
        ("help", CYAN),
        ("note", CYAN),
    ];
    for (word, colour) in words {
        if let Some(rest) = text.strip_prefix(word)
            && rest.starts_with(':')
        {
            return format!("{indent}{colour}{word}{OFF}{rest}");
        }
    }
    // A function that was active: `in f, line 2:5 of cell 3`.
    if text.starts_with("in ")
        && let Some((place, cell)) = line.rsplit_once(" of cell ")
        && let Some(count) = executed.get(cell)
    {
        return format!("{place} of In [{count}]");
    }
    let Some((gutter, rest)) = line.split_once('|') else { return line.to_owned() };
    if !gutter.trim().chars().all(|character| character.is_ascii_digit()) {
        return line.to_owned();
    }
    // Carets stand below the source, where no number is before the bar.
    match rest.find('^') {
        Some(caret) if gutter.trim().is_empty() => {
            let (blank, marked) = rest.split_at(caret);
            format!("{BLUE}{gutter}|{OFF}{blank}{RED}{marked}{OFF}")
        }
        _ => format!("{BLUE}{gutter}|{OFF}{rest}"),
    }
}

/// `cell:line:column` with the number under which the user knows the cell, if there is one.
fn known_place(place: &str, executed: &HashMap<String, usize>) -> String {
    let known = place.rsplitn(3, ':').last().and_then(|cell| Some((cell, executed.get(cell)?)));
    match known {
        Some((cell, count)) => format!("In [{count}]{}", &place[cell.len()..]),
        None => place.to_owned(),
    }
}

/// A value with its type beside it.
pub(crate) fn value_as_html(value: &str, ty: &str) -> String {
    format!("<pre>{}<span style=\"opacity:0.6\"> : {}</span></pre>", html(value), html(ty))
}

/// Markdown without its marks, where a client shows plain text.
pub(crate) fn markdown_as_text(markdown: &str) -> String {
    let lines: Vec<_> = markdown.lines().filter(|line| !line.trim_start().starts_with("```")).collect();
    lines.join("\n").replace('`', "").trim().to_owned()
}

/// What the user should know of cells that have become stale.
pub(crate) fn stale_note(cells: &[&String], executed: &HashMap<String, usize>) -> Option<String> {
    let mut counts: Vec<_> = cells.iter().filter_map(|cell| executed.get(*cell)).collect();
    counts.sort();
    let names: Vec<_> = counts.iter().map(|count| format!("[{count}]")).collect();
    let (what, use_it) = if names.len() == 1 { ("cell", "uses") } else { ("cells", "use") };
    (!names.is_empty())
        .then(|| format!("{what} {} {use_it} what this cell has replaced: run again\n", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_text_below_the_colours() {
        let rendered = "error: expected Int, found String\n --> other:1:5\n  |\n1 | 1 + \"a|b\"\n  |     ^^^^ this\n  = help: no | bar";
        let failure = Failure { rendered: rendered.to_owned(), ..Failure::default() };
        let lines = traceback(&failure, &HashMap::new());
        let plain: Vec<_> = lines.iter().map(|line| without_colours(line)).collect();
        assert_eq!(plain.join("\n"), rendered);
        assert!(lines[0].starts_with("\x1b[1;31merror\x1b[0m:"));
        assert!(lines[4].ends_with("\x1b[31m^^^^ this\x1b[0m"), "{:?}", lines[4]);
    }

    #[test]
    fn places_name_cells_as_users_know_them() {
        let executed = HashMap::from([("a:b".to_owned(), 7), ("1".to_owned(), 8)]);
        let places = ["a:b:2:8", "1:2:8", "c:2:8", "1", "", ":", "::"];
        let known: Vec<_> = places.iter().map(|place| known_place(place, &executed)).collect();
        assert_eq!(known, ["In [7]:2:8", "In [8]:2:8", "c:2:8", "In [8]", "", ":", "::"]);
    }

    #[test]
    fn active_functions_name_cells_as_users_know_them() {
        let failure = Failure {
            rendered: "error: no\n  in half, line 3:1 of cell a\n  in f (4 times)\n  in g of cell b"
                .to_owned(),
            ..Failure::default()
        };
        let lines = traceback(&failure, &HashMap::from([("a".to_owned(), 7)]));
        assert_eq!(lines[1..], ["  in half, line 3:1 of In [7]", "  in f (4 times)", "  in g of cell b"]);
        let failure = Failure { message: "only this".to_owned(), ..Failure::default() };
        assert_eq!(traceback(&failure, &HashMap::new()), ["only this"]);
    }

    #[test]
    fn plain_text_has_no_marks() {
        assert_eq!(
            markdown_as_text("```cells\nfun f(x: Int) -> Int\n```\n\nUses `x`."),
            "fun f(x: Int) -> Int\n\nUses x."
        );
    }

    #[test]
    fn stale_cells_are_told_in_order() {
        let executed = HashMap::from([("a".to_owned(), 9), ("b".to_owned(), 2)]);
        let cells = ["a".to_owned(), "b".to_owned(), "gone".to_owned()];
        let note = stale_note(&cells.iter().collect::<Vec<_>>(), &executed);
        assert_eq!(note.as_deref(), Some("cells [2], [9] use what this cell has replaced: run again\n"));
        assert_eq!(stale_note(&[], &executed), None);
    }

    fn without_colours(line: &str) -> String {
        let mut plain = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('\x1b') {
            plain.push_str(before);
            rest = after.split_once('m').expect("a colour ends with m").1;
        }
        plain + rest
    }
}
