//! The page with charts: a template, a style sheet, the chart library, the entries as JSON and the script that draws them,
//! in one file that needs nothing else.

use anyhow::{Context, Result};
use serde::Serialize;

use super::{Report, about};
use crate::history::Entry;
use crate::marks::MEANINGS;
use crate::measure::Measure;

const TEMPLATE: &str = include_str!("../../report/page.html");
const STYLE: &str = include_str!("../../report/page.css");
const SCRIPT: &str = include_str!("../../report/page.js");
const CHART: &str = include_str!("../../report/chart.umd.min.js");

/// What the script reads.
#[derive(Serialize)]
struct Data<'a> {
    /// The entry that is shown at first.
    chosen: usize,
    entries: Vec<Report<'a>>,
    /// Names of measures, and what they are.
    measures: Vec<(&'static str, String)>,
    /// Marks of any entry, and what they mean.
    marks: Vec<(&'static str, &'static str)>,
}

/// Makes the page, with the entry `chosen` shown first.
///
/// # Errors
/// If an entry is no JSON, which would be a fault of this program.
pub(crate) fn write(entries: &[Entry], chosen: &Entry) -> Result<String> {
    let reports: Vec<Report> = entries.iter().map(Report::new).collect();
    let is_there = |start: &str| reports.iter().any(|report| report.marks().any(|(mark, _)| mark == start));
    let data = Data {
        chosen: entries.iter().position(|entry| entry.id == chosen.id).unwrap_or(0),
        measures: Measure::ALL.map(|measure| (measure.name(), about(&measure))).into(),
        marks: MEANINGS.iter().copied().filter(|(start, _)| is_there(start)).collect(),
        entries: reports,
    };
    // The map of the library's source is not part of the page.
    let chart = CHART.split("//# sourceMappingURL=").next().unwrap_or(CHART);
    fill(TEMPLATE, &[("style", STYLE), ("chart", chart), ("data", &json(&data)?), ("script", SCRIPT)])
}

/// JSON that can stand in a `script` element and be read as JavaScript too: without `<`, so that nothing in it ends the
/// element or begins a comment, and without the two line ends that JavaScript has and JSON does not.
fn json(data: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(data)?;
    Ok(text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}

/// Puts parts into the places `{{name}}` of a template, which has them in this order. What is put in is not looked at.
fn fill(template: &str, parts: &[(&str, &str)]) -> Result<String> {
    let mut page = String::new();
    let mut rest = template;
    for (name, part) in parts {
        let place = format!("{{{{{name}}}}}");
        let (before, after) =
            rest.split_once(&place).with_context(|| format!("the page has no place {place}"))?;
        page.push_str(before);
        page.push_str(part);
        rest = after;
    }
    Ok(page + rest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cell, entry, marked, odd};
    use super::{CHART, SCRIPT, STYLE, TEMPLATE, fill, write};
    use crate::history::{self, Entry};
    use serde_json::Value;

    /// The text between the tags of the data.
    fn block(page: &str) -> &str {
        let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
        rest.split_once("</script>").expect("its end").0
    }

    fn data(entries: &[Entry], chosen: &Entry) -> Value {
        let page = write(entries, chosen).expect("a page");
        serde_json::from_str(block(&page)).expect("JSON")
    }

    #[test]
    fn the_page_has_every_case_of_the_committed_history() {
        let entries = history::load(&crate::root().join("bench/history.yaml")).expect("the history");
        let data = data(&entries, history::find(&entries, None).expect("the last"));
        assert_eq!(data["chosen"], entries.len() - 1);
        for (at, entry) in entries.iter().enumerate() {
            let shown = &data["entries"][at];
            assert_eq!(shown["id"], entry.id.as_str());
            let sections = shown["sections"].as_array().expect("sections").iter();
            let layers = sections.filter(|section| section["measure"] == "warm");
            let layers = layers.flat_map(|section| section["layers"].as_array().expect("layers"));
            let rows: Vec<&Value> =
                layers.flat_map(|layer| layer["rows"].as_array().expect("rows")).collect();
            for (case, cells) in &entry.cases {
                let row = rows.iter().find(|row| row["case"] == case.as_str()).expect(case);
                for (at, runtime) in entry.runtimes().into_iter().enumerate() {
                    let min = cells.get(runtime).and_then(|cell| cell.warm).map(|times| times.min);
                    assert_eq!(row["cells"][at]["min"].as_f64(), min, "{case} in {runtime}");
                }
            }
        }
    }

    #[test]
    fn no_name_breaks_out_of_the_data() {
        let bad = "</script><script>alert(1)</script><!-- {{script}} \u{2028}\u{2029} \" \\";
        let mut entry = entry(bad, &[(bad, &[("upshift", cell(1.0)), (bad, marked(bad))])]);
        entry.reason = bad.into();
        entry.commit = bad.into();
        entry.machine.cpu = bad.into();
        entry.versions.insert(bad.into(), bad.into());
        let entries = [entry];
        let page = write(&entries, &entries[0]).expect("a page");
        let text = block(&page);
        assert!(!text.contains(['<', '\u{2028}', '\u{2029}']), "{text}");
        assert!(text.contains("alert(1)") && text.contains("{{script}}"));
        assert_eq!(page.matches("</script").count(), 3, "the library, the data and the script");
        let data: Value = serde_json::from_str(text).expect("JSON");
        let entry = &data["entries"][0];
        assert_eq!(entry["id"], bad);
        assert_eq!(entry["sections"][0]["layers"][0]["rows"][0]["case"], bad);
        assert_eq!(entry["runtimes"][1]["version"], bad);
    }

    #[test]
    fn odd_entries_make_pages() {
        let entries = odd();
        for chosen in &entries {
            let data = data(&entries, chosen);
            let at = usize::try_from(data["chosen"].as_u64().expect("a number")).expect("small");
            assert_eq!(data["entries"][at]["id"], chosen.id.as_str());
        }
    }

    #[test]
    fn the_parts_load_nothing_and_do_not_end_their_elements() {
        for (part, end) in [(STYLE, "</style"), (CHART, "</script"), (SCRIPT, "</script")] {
            assert!(!part.to_lowercase().contains(end), "{end}");
        }
        assert!(TEMPLATE.contains("default-src 'none'"), "the browser is told to load nothing");
        for word in [" src=", " href=", "url(", "@import", "fetch(", "http:", "https:"] {
            assert!(![TEMPLATE, STYLE, SCRIPT].iter().any(|part| part.contains(word)), "{word}");
        }
    }

    #[test]
    fn what_is_put_into_a_template_is_not_a_template() {
        let page = fill("a {{x}} b {{y}} c", &[("x", "{{y}}"), ("y", "2")]).expect("both places");
        assert_eq!(page, "a {{y}} b 2 c");
        assert!(fill("a", &[("x", "1")]).is_err());
    }
}
