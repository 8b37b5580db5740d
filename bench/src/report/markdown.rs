//! The performance page of the documentation: tables of one entry, and the means of all.
//!
//! The same history gives the same text, byte by byte: nothing of this machine or this moment is in it.

use std::fmt::Write as _;

use super::{LayerTimes, Report, Section, Shown, about};
use crate::history::Entry;
use crate::measure::Measure;
use crate::ratio::Mean;

/// Makes the page about the entry `chosen`, which what is recorded later does not change.
pub(crate) fn write(entries: &[Entry], chosen: &Entry) -> String {
    let until = entries.iter().position(|entry| entry.id == chosen.id).map_or(entries.len(), |at| at + 1);
    let entries = &entries[..until];
    let report = Report::new(chosen);
    let blocks = [
        head(&report),
        runtimes(&report),
        how_to_read(&report),
        means(&report),
        programs(&report),
        memory(&report),
        past(entries, &report),
        reproduce(chosen),
    ];
    blocks.concat()
}

fn head(report: &Report) -> String {
    let Report { id, commit, reason, machine, runs, cases, .. } = report;
    let [id, commit, reason, machine] = [id, commit, reason, machine.as_str()].map(text);
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "# Performance\n\n\
         This page is made by `upshift-bench report --markdown docs/performance.md` from\n\
         [`bench/history.yaml`](../bench/history.yaml); what is changed here by hand is lost.\n\n\
         It shows the entry **{id}** of the history: {reason}.\n\n\
         | | |\n|---|---|\n\
         | machine | {machine} |\n\
         | commit | {commit} |\n\
         | programs | {cases} |\n\
         | measured | {runs} time{} each, the runtimes in turns |\n\n",
        plural(*runs as usize),
        reason = reason.trim_end_matches('.'),
    )
}

/// A table whose first column is text and whose others are numbers; nothing without rows.
fn table(heads: &[String], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut out = format!("| {} |\n|---|", heads.join(" | "));
    out += &"---:|".repeat(heads.len() - 1);
    out.push('\n');
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
    out
}

/// A line for each runtime: its version, and how it starts.
fn runtimes(report: &Report) -> String {
    let mut heads = vec!["runtime".to_string(), "version".into()];
    let empty = report.sections.iter().filter(|section| section.measure != Measure::Steady.name()).find_map(
        |section| section.layers.iter().flat_map(|layer| &layer.rows).find(|row| row.case == "empty"),
    );
    let memory = report.memory.iter().flat_map(|layer| &layer.rows).find(|(case, _)| *case == "empty");
    heads.extend(empty.map(|_| "`empty`, ms".to_string()));
    heads.extend(memory.map(|_| "`empty`, MB".to_string()));
    let mut rows = Vec::new();
    for (at, runtime) in report.runtimes.iter().enumerate() {
        let mut row = vec![text(runtime.name), text(runtime.version)];
        row.extend(empty.map(|row| row.cells[at].min.map_or_else(|| word(&row.cells[at]), milliseconds)));
        row.extend(memory.map(|(_, sizes)| sizes[at].map_or("–".into(), megabytes)));
        rows.push(row);
    }
    if rows.is_empty() {
        return "Nothing was measured.\n\n".into();
    }
    let mut out = table(&heads, &rows);
    // The second column is text too.
    out = out.replacen("|---|---:|", "|---|---|", 1);
    if empty.is_some() {
        out += "`empty` is a program that does nothing: what starting and ending a process takes.\n\n";
    }
    out
}

fn how_to_read(report: &Report) -> String {
    let own = report.runtimes.first().map_or("upshift", |own| own.name);
    let mut out = format!(
        "## How to read it\n\n\
         - A time is that of the shortest run, in milliseconds. What is in brackets behind it is the ratio: the time of\n  \
         {own} divided by this one. Below 1, {own} is ahead, and the ratio is bold; 0.5 is twice as fast.\n\
         - Ratios are comparable between entries, times are not: machines differ, and one machine has better and worse days.\n\
         - A mean is the geometric mean of ratios, over the programs that both runtimes could run.\n",
        own = text(own)
    );
    for measure in Measure::ALL {
        if section_of(report, measure).is_some() {
            let _ = writeln!(out, "- **{}**: {}.", measure.name(), lower(&about(&measure)));
        }
    }
    let marks: Vec<_> = report.marks().collect();
    if !marks.is_empty() {
        out += "- A word in the place of a time says why there is none, a number behind a time what to know about it:\n";
    }
    for (mark, meaning) in marks {
        let _ = writeln!(out, "  - *{mark}*: {meaning}.");
    }
    out + "\n"
}

/// The means, by layer and over all.
fn means(report: &Report) -> String {
    let mut out = String::new();
    for section in &report.sections {
        let mut heads = vec![format!("{}, mean ratio", section.measure)];
        let columns: Vec<usize> =
            (1..report.runtimes.len()).filter(|at| section.means[*at].is_some()).collect();
        heads.extend(columns.iter().map(|at| text(report.runtimes[*at].name)));
        if columns.is_empty() {
            continue;
        }
        let line = |name: &str, means: &[Option<Mean>]| {
            let mut row = vec![name.to_string()];
            row.extend(columns.iter().map(|at| means[*at].map_or("–".into(), |mean| ratio(mean.ratio))));
            row
        };
        let mut rows: Vec<_> =
            section.layers.iter().map(|layer| line(&layer_link(layer.name), &layer.means)).collect();
        rows.push(line("all", &section.means));
        out += &table(&heads, &rows);
    }
    if out.is_empty() { out } else { format!("## Means\n\n{out}") }
}

fn layer_link(name: &str) -> String {
    format!("[{name}](#layer-{name})")
}

/// The tables of programs, layer by layer.
fn programs(report: &Report) -> String {
    let mut out = String::new();
    let mut names: Vec<(&str, &str)> = Vec::new();
    for layer in report.sections.iter().flat_map(|section| &section.layers) {
        if names.iter().all(|(name, _)| *name != layer.name) {
            names.push((layer.name, &layer.about));
        }
    }
    for (name, about) in names {
        let _ = writeln!(out, "## Layer {name}\n\n{about}.\n");
        for section in &report.sections {
            let layers = section.layers.iter().filter(|layer| layer.name == name);
            layers.for_each(|layer| out += &layer_table(report, section.measure, layer));
        }
    }
    out
}

fn layer_table(report: &Report, measure: &str, layer: &LayerTimes) -> String {
    let mut heads = vec![format!("{measure}, ms")];
    let says = |at: usize| layer.rows.iter().any(|row| row.cells[at].says());
    let columns: Vec<usize> = (0..report.runtimes.len()).filter(|at| *at == 0 || says(*at)).collect();
    heads.extend(columns.iter().map(|at| text(report.runtimes[*at].name)));
    let mut notes = Notes::default();
    let mut rows = Vec::new();
    for row in &layer.rows {
        let mut line = vec![code(row.case)];
        line.extend(columns.iter().map(|at| &row.cells[*at]).map(|cell| {
            let note = cell
                .mark
                .as_deref()
                .filter(|mark| cell.word.as_deref() != Some(*mark))
                .map(|mark| notes.number(mark));
            let note = note.map_or(String::new(), |number| format!(" <sup>{number}</sup>"));
            let ratio = cell.ratio.map_or(String::new(), |value| format!(" ({})", ratio(value)));
            format!("{}{ratio}{note}", cell.min.map_or_else(|| word(cell), milliseconds))
        }));
        rows.push(line);
    }
    table(&heads, &rows) + &notes.text()
}

/// What stands below a table.
#[derive(Default)]
struct Notes<'a> {
    marks: Vec<&'a str>,
}

impl<'a> Notes<'a> {
    fn number(&mut self, mark: &'a str) -> usize {
        let at = self.marks.iter().position(|other| *other == mark).unwrap_or_else(|| {
            self.marks.push(mark);
            self.marks.len() - 1
        });
        at + 1
    }

    fn text(&self) -> String {
        let lines = self.marks.iter().enumerate();
        let lines: Vec<_> = lines
            .map(|(at, mark)| format!("<sup>{}</sup> {}", at + 1, text(&without_directories(mark))))
            .collect();
        if lines.is_empty() { String::new() } else { lines.join("  \n") + "\n\n" }
    }
}

fn memory(report: &Report) -> String {
    let mut heads = vec!["peak, MB".to_string()];
    heads.extend(report.runtimes.iter().map(|runtime| text(runtime.name)));
    let range =
        |range: &Option<(f64, f64)>| match range.map(|(least, most)| (megabytes(least), megabytes(most))) {
            None => "–".into(),
            Some((least, most)) if least == most => least,
            Some((least, most)) => format!("{least} to {most}"),
        };
    let rows = report.memory.iter().map(|layer| {
        let mut row = vec![layer_link(layer.name)];
        row.extend(layer.ranges.iter().map(range));
        row
    });
    let table = table(&heads, &rows.collect::<Vec<_>>());
    if table.is_empty() {
        return table;
    }
    format!(
        "## Memory\n\n\
         The most memory that the process had, in 10⁶ bytes: the least and the most of a layer's programs. Under Linux no\n\
         figure is smaller than the peak of the program that starts the process.\n\n{table}"
    )
}

/// The means of every entry.
fn past(entries: &[Entry], report: &Report) -> String {
    let reports: Vec<Report> = entries.iter().map(Report::new).collect();
    let mut peers: Vec<&str> = Vec::new();
    for each in [report].into_iter().chain(&reports) {
        for runtime in each.runtimes.iter().skip(1) {
            if !peers.contains(&runtime.name) {
                peers.push(runtime.name);
            }
        }
    }
    let mut out = String::new();
    for measure in Measure::ALL {
        let mut heads = vec![format!("{}, mean ratio (programs)", measure.name()), "commit".into()];
        heads.extend(peers.iter().map(|peer| text(peer)));
        let mut rows = Vec::new();
        for each in &reports {
            let Some(section) = section_of(each, measure) else { continue };
            let mut row = vec![text(each.id), text(each.commit)];
            row.extend(peers.iter().map(|peer| {
                let at = each.runtimes.iter().position(|runtime| runtime.name == *peer);
                let mean = at.and_then(|at| section.means[at]);
                mean.map_or("–".into(), |mean| format!("{} ({})", ratio(mean.ratio), mean.cases))
            }));
            rows.push(row);
        }
        if !peers.is_empty() {
            out += &table(&heads, &rows);
        }
    }
    if out.is_empty() {
        return out;
    }
    let mut reasons = String::new();
    for each in &reports {
        let _ = writeln!(reasons, "- **{}**: {} ({})", text(each.id), text(each.reason), text(&each.machine));
    }
    format!(
        "## History\n\n\
         The mean ratio over all programs, entry by entry. Entries with other programs, or other versions of a runtime, are\n\
         only roughly comparable.\n\n{out}{reasons}\n"
    )
}

fn reproduce(chosen: &Entry) -> String {
    let id = format!(" --id '{}'", without_quotes(&chosen.id));
    format!(
        "## How to reproduce it\n\n\
         ```sh\n\
         cargo run --release -p upshift-bench -- --runs {runs}    # measure and print\n\
         cargo run --release -p upshift-bench -- record --runs {runs} --id NAME --reason TEXT    # and keep\n\
         cargo run --release -p upshift-bench -- report{id}    # a page with charts\n\
         cargo run --release -p upshift-bench -- report{id} --markdown docs/performance.md\n\
         ```\n\n\
         [bench/README.md](../bench/README.md) says where the other runtimes are looked for, how they are run, and what the\n\
         programs are.\n",
        runs = chosen.runs,
    )
}

fn section_of<'a>(report: &'a Report, measure: Measure) -> Option<&'a Section<'a>> {
    report.sections.iter().find(|section| section.measure == measure.name())
}

/// What stands in the place of a time.
fn word(cell: &Shown) -> String {
    cell.word.as_deref().map_or("–".into(), text)
}

/// A time with three digits.
fn milliseconds(value: f64) -> String {
    match value {
        ..0.9995 => format!("{value:.3}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn megabytes(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// A ratio with two or three digits, bold when upshift is ahead.
fn ratio(value: f64) -> String {
    let digits = match value {
        ..0.0995 => format!("{value:.3}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    // As it is shown: 0.996 is no lead.
    if digits.parse::<f64>().is_ok_and(|shown| shown < 1.0) { format!("**{digits}**") } else { digits }
}

/// Text that stands for itself in a table.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out += "&lt;",
            '&' => out += "&amp;",
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '#' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// A name as code. A backtick would end it.
fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " "))
}

fn without_quotes(id: &str) -> String {
    id.replace(['\'', '\n', '\r', '`'], "?")
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

/// A mark with the names of files in place of their paths, which are those of some machine.
fn without_directories(mark: &str) -> String {
    let name = |word: &str| word.rsplit('/').next().map_or(String::new(), String::from);
    mark.split(' ').map(name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cell, entry, marked, odd};
    use super::{milliseconds, ratio, text, without_directories, write};
    use crate::history;
    use std::fs;

    #[test]
    fn the_committed_page_is_what_the_history_gives() {
        let entries = history::load(&crate::root().join("bench/history.yaml")).expect("the history");
        let committed = fs::read_to_string(crate::root().join("docs/performance.md")).expect("the page");
        let id = committed.split("the entry **").nth(1).and_then(|rest| rest.split("**").next());
        let page = write(&entries, history::find(&entries, Some(id.expect("an id"))).expect("its entry"));
        assert!(
            page == committed,
            "docs/performance.md is not that of the history: `upshift-bench report --markdown docs/performance.md`"
        );
    }

    #[test]
    fn times_ratios_and_marks_are_in_the_tables() {
        let entries = [
            entry("before", &[("fib", &[("upshift", cell(8.0)), ("wasmi", cell(2.0))])]),
            entry(
                "now",
                &[
                    ("fib", &[("upshift", cell(1.0)), ("wasmi", cell(4.0)), ("node", marked("needs GC"))]),
                    ("tak", &[("upshift", cell(9.0)), ("wasmi", marked("failed: no /a/b_c.wasm"))]),
                ],
            ),
        ];
        let page = write(&entries, &entries[1]);
        for line in [
            "| `fib` | 1.00 | 4.00 (**0.25**) | needs GC |",
            "| `tak` | 9.00 | failed <sup>1</sup> | – |",
            "<sup>1</sup> failed: no b\\_c.wasm",
            "| all | **0.25** |",
            "| before | abc | 4.00 (1) | – |",
            "| now | abc | **0.25** (1) | – |",
        ] {
            assert!(page.lines().any(|other| other == line), "no line {line} in\n{page}");
        }
        assert!(write(&entries, &entries[0]).contains("report --id 'before'"));
    }

    #[test]
    fn odd_entries_make_pages_with_whole_tables() {
        let entries = odd();
        for chosen in &entries {
            let page = write(&entries, chosen);
            assert!(page.starts_with("# Performance\n"));
            for block in page.split("\n\n").filter(|block| block.starts_with('|')) {
                let mut bars = block.lines().map(|line| line.matches('|').count());
                let first = bars.next();
                assert!(bars.all(|count| Some(count) == first), "{block}");
            }
            for case in chosen.cases.keys() {
                assert!(page.contains(&format!("| `{case}` |")), "{case} of {}", chosen.id);
            }
        }
    }

    #[test]
    fn numbers_have_about_three_digits() {
        let times = [0.0, 0.364, 0.9996, 9.99, 9.996, 25.56, 99.96, 1234.5].map(milliseconds);
        assert_eq!(times, ["0.000", "0.364", "1.00", "9.99", "10.0", "25.6", "100", "1234"]);
        let ratios = [0.0049, 0.28, 0.996, 1.0, 12.34, 123.4].map(ratio);
        assert_eq!(ratios, ["**0.005**", "**0.28**", "1.00", "1.00", "12.3", "123"]);
    }

    #[test]
    fn texts_stand_for_themselves() {
        assert_eq!(text("a|b <i> *c* [d](e)\nf"), "a\\|b &lt;i> \\*c\\* \\[d\\](e) f");
        assert_eq!(without_directories("failed: /a/b/c.wasm: no"), "failed: c.wasm: no");
    }
}
