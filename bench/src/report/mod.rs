//! Reports made from the history: a page with charts, and the performance page of the documentation.
//!
//! ```text
//!   history::Entry ─▶ Report (ratios, means, layers, marks) ─┬─▶ page::write:     JSON in an HTML page that draws it
//!                                                            └─▶ markdown::write: tables
//! ```
//!
//! An entry may hold any runtimes, cases and measures, and none of them; whatever it says of a case is shown.

mod markdown;
mod page;

use clap::ValueEnum;
use serde::Serialize;

use crate::history::{Cell, Entry, Machine};
use crate::marks::{IN_STEADY, MEANINGS, Note, is_comparable};
use crate::measure::Measure;
use crate::ratio::{Mean, mean, ratio, short_option};
use crate::suite::{self, Layer};

pub(crate) use markdown::write as markdown;
pub(crate) use page::write as page;

/// One entry, worked out. Lists of runtimes have the order of `runtimes` everywhere, and upshift is the first.
#[derive(Serialize)]
struct Report<'a> {
    id: &'a str,
    date: &'a str,
    commit: &'a str,
    reason: &'a str,
    machine: String,
    runs: u32,
    cases: usize,
    runtimes: Vec<Runtime<'a>>,
    sections: Vec<Section<'a>>,
    memory: Vec<LayerMemory<'a>>,
}

#[derive(Serialize)]
struct Runtime<'a> {
    name: &'a str,
    version: &'a str,
}

/// What one measure gave.
#[derive(Serialize)]
struct Section<'a> {
    measure: &'static str,
    layers: Vec<LayerTimes<'a>>,
    /// Over all layers, by runtime; none for upshift itself.
    means: Vec<Option<Mean>>,
}

#[derive(Serialize)]
struct LayerTimes<'a> {
    name: &'static str,
    about: String,
    rows: Vec<Row<'a>>,
    means: Vec<Option<Mean>>,
}

#[derive(Serialize)]
struct Row<'a> {
    case: &'a str,
    cells: Vec<Shown>,
}

/// A cell in one measure; nothing at all when the runtime was not tried.
#[derive(Default, Serialize)]
struct Shown {
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: Option<f64>,
    /// The time of upshift divided by this one; none for upshift itself.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "short_option")]
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
    /// What of the mark stands in the place of a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<String>,
}

impl Shown {
    /// Whether there is a time, or a word why not.
    fn says(&self) -> bool {
        self.min.is_some() || self.word.is_some()
    }
}

/// The most memory of each process of a layer's programs, in 10^6 bytes.
#[derive(Serialize)]
struct LayerMemory<'a> {
    name: &'static str,
    rows: Vec<(&'a str, Vec<Option<f64>>)>,
    /// The least and the most of each runtime.
    ranges: Vec<Option<(f64, f64)>>,
}

impl<'a> Report<'a> {
    fn new(entry: &'a Entry) -> Self {
        let names = entry.runtimes();
        let version = |name| entry.versions.get(name).map_or("", String::as_str);
        let has = |measure: Measure| {
            let mut cells = entry.cases.values().flat_map(indexmap::IndexMap::values);
            // A cold time that is a warm one does not make a section of its own.
            cells.any(|cell| match measure {
                Measure::Cold => cell.cold.is_some(),
                Measure::Warm | Measure::Steady => cell.times(measure).is_some(),
            })
        };
        let mut measures: Vec<Measure> = Measure::ALL.into_iter().filter(|measure| has(*measure)).collect();
        if measures.is_empty() && !entry.cases.is_empty() {
            // Nothing worked. Its marks are to be seen somewhere.
            measures.push(Measure::Warm);
        }
        Report {
            id: &entry.id,
            date: &entry.date,
            commit: &entry.commit,
            reason: &entry.reason,
            machine: machine(&entry.machine),
            runs: entry.runs,
            cases: entry.cases.len(),
            sections: measures.into_iter().map(|measure| section(entry, &names, measure)).collect(),
            memory: layers().filter_map(|layer| memory(entry, &names, layer)).collect(),
            runtimes: names.iter().map(|&name| Runtime { name, version: version(name) }).collect(),
        }
    }

    /// The marks that are in it, with what they mean, in the order of [`MEANINGS`].
    fn marks(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let rows = self.sections.iter().flat_map(|section| &section.layers).flat_map(|layer| &layer.rows);
        let marks: Vec<&str> =
            rows.flat_map(|row| &row.cells).filter_map(|cell| cell.mark.as_deref()).collect();
        let is_there = move |start: &str| {
            marks.iter().flat_map(|mark| mark.split("; ")).any(|mark| begins_with(mark, start))
        };
        MEANINGS.iter().copied().filter(move |(start, _)| is_there(start))
    }
}

fn begins_with(mark: &str, start: &str) -> bool {
    mark.strip_prefix(start).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// All layers, and at last none: for programs that the suite has no more.
fn layers() -> impl Iterator<Item = Option<Layer>> {
    Layer::ALL.into_iter().map(Some).chain([None])
}

fn layer_of(case: &str) -> Option<Layer> {
    suite::all().find(|program| program.name == case).map(|program| program.layer)
}

fn layer_name(layer: Option<Layer>) -> &'static str {
    layer.map_or("other", Layer::name)
}

/// What the documentation of a choice on the command line says.
fn about(choice: &impl ValueEnum) -> String {
    let help = choice.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string));
    help.unwrap_or_default()
}

fn machine(machine: &Machine) -> String {
    let Machine { cpu, cores, os, arch } = machine;
    let plural = if *cores == 1 { "" } else { "s" };
    format!("{cpu}, {cores} core{plural}, {os} on {arch}")
}

fn section<'a>(entry: &'a Entry, names: &[&'a str], measure: Measure) -> Section<'a> {
    let layers: Vec<LayerTimes> =
        layers().filter_map(|layer| layer_times(entry, names, measure, layer)).collect();
    let means = means(names.len(), layers.iter().flat_map(|layer| &layer.rows));
    Section { measure: measure.name(), layers, means }
}

fn layer_times<'a>(
    entry: &'a Entry,
    names: &[&'a str],
    measure: Measure,
    layer: Option<Layer>,
) -> Option<LayerTimes<'a>> {
    let mut rows = Vec::new();
    for (case, cells) in entry.cases.iter().filter(|(case, _)| layer_of(case) == layer) {
        let of = |name: &str| cells.get(name);
        let own = names.first().and_then(|name| of(name)?.times(measure));
        let shown = |(at, name): (usize, &&str)| {
            let Some(cell) = of(name) else { return Shown::default() };
            let times = cell.times(measure);
            let can_compare = at > 0 && is_comparable(cell.mark.as_deref());
            let ratio = times.filter(|_| can_compare).and_then(|times| ratio(own?.min, times.min));
            let mark = mark(cell, measure);
            Shown {
                min: times.map(|times| times.min),
                median: times.map(|times| times.median),
                ratio,
                word: mark.as_deref().filter(|_| times.is_none()).map(word).map(String::from),
                mark,
            }
        };
        if is_in(cells.values(), measure, layer) {
            rows.push(Row { case, cells: names.iter().enumerate().map(shown).collect() });
        }
    }
    let about = layer.map_or("Programs that the suite has no more".to_string(), |layer| about(&layer));
    let means = means(names.len(), &rows);
    (!rows.is_empty()).then_some(LayerTimes { name: layer_name(layer), about, rows, means })
}

/// Whether a case has a row in a measure: it has times there, or a reason why not, or nowhere any.
fn is_in<'a>(cells: impl Iterator<Item = &'a Cell> + Clone, measure: Measure, layer: Option<Layer>) -> bool {
    let has = |measure: Measure| cells.clone().any(|cell| cell.times(measure).is_some());
    // Programs of this layer have no steady times in any runtime, so a mark there is about another measure.
    let can_fail = measure != Measure::Steady || layer != Some(Layer::Start);
    let failed = || {
        can_fail && cells.clone().any(|cell| mark(cell, measure).is_some() && cell.times(measure).is_none())
    };
    has(measure) || failed() || !Measure::ALL.into_iter().any(has)
}

fn means<'a, 'b: 'a>(
    runtimes: usize,
    rows: impl IntoIterator<Item = &'a Row<'b>> + Clone,
) -> Vec<Option<Mean>> {
    let at = |at: usize| mean(rows.clone().into_iter().filter_map(|row| row.cells[at].ratio));
    (0..runtimes).map(at).collect()
}

fn memory<'a>(entry: &'a Entry, names: &[&'a str], layer: Option<Layer>) -> Option<LayerMemory<'a>> {
    let cases = entry.cases.iter().filter(|(case, _)| layer_of(case) == layer);
    let sizes = cases.map(|(case, cells)| {
        (case.as_str(), names.iter().map(|name| cells.get(*name)?.rss_mb).collect::<Vec<_>>())
    });
    let rows: Vec<_> = sizes.filter(|(_, sizes)| sizes.iter().any(Option::is_some)).collect();
    let range = |at: usize| {
        let sizes = rows.iter().filter_map(|(_, sizes)| sizes[at]);
        Some((sizes.clone().min_by(f64::total_cmp)?, sizes.max_by(f64::total_cmp)?))
    };
    let ranges = (0..names.len()).map(range).collect();
    (!rows.is_empty()).then_some(LayerMemory { name: layer_name(layer), rows, ranges })
}

/// What there is to know of a cell in one measure.
fn mark(cell: &Cell, measure: Measure) -> Option<String> {
    let parts = cell.mark.as_deref()?.split("; ");
    let of_steady = |part: &str| part == Note::NotSteady.text() || part.starts_with(IN_STEADY);
    let parts: Vec<&str> = parts.filter(|part| measure == Measure::Steady || !of_steady(part)).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The part of a mark that fits into the place of a time: the first, without the detail.
fn word(mark: &str) -> &str {
    let first = mark.split("; ").next().unwrap_or(mark);
    first.split(": ").next().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::{MEANINGS, Report, begins_with, layer_of, word};
    use crate::history::{Cell, Entry, Machine, Times};
    use crate::marks::FailureKind;
    use crate::suite::Layer;

    pub(super) fn cell(warm: f64) -> Cell {
        Cell { warm: Some(Times { min: warm, median: warm * 1.1 }), rss_mb: Some(4.0), ..Cell::default() }
    }

    pub(super) fn marked(mark: &str) -> Cell {
        Cell { mark: Some(mark.into()), ..Cell::default() }
    }

    /// An entry of these cells by case and runtime. The versions are those of the first case.
    pub(super) fn entry(id: &str, cases: &[(&str, &[(&str, Cell)])]) -> Entry {
        let owned = |cells: &[(&str, Cell)]| {
            cells.iter().map(|(name, cell)| (name.to_string(), cell.clone())).collect()
        };
        let first = cases.first().map_or(&[][..], |(_, cells)| cells);
        Entry {
            id: id.into(),
            date: "2001-02-03T04:05:06Z".into(),
            commit: "abc".into(),
            reason: "a test".into(),
            machine: Machine { cpu: "C 1".into(), cores: 2, os: "linux".into(), arch: "x86_64".into() },
            runs: 3,
            versions: first.iter().map(|(name, _)| (name.to_string(), "1.0".to_string())).collect(),
            cases: cases.iter().map(|(case, cells)| (case.to_string(), owned(cells))).collect(),
        }
    }

    /// Entries that are unusual in some way each.
    pub(super) fn odd() -> Vec<Entry> {
        let zero = Cell { warm: Some(Times { min: 0.0, median: 0.0 }), ..Cell::default() };
        vec![
            entry("no cases", &[]),
            entry("a case without runtimes", &[("fib", &[])]),
            entry("one runtime", &[("fib", &[("upshift", cell(1.0))])]),
            entry(
                "only marks",
                &[("fib", &[("upshift", marked("timed out")), ("wasmi", marked("needs GC"))])],
            ),
            entry(
                "upshift is missing",
                &[("fib", &[("upshift", cell(1.0))]), ("tak", &[("wasmi", cell(1.0))])],
            ),
            entry("nothing", &[("unknown", &[("upshift", Cell::default()), ("wasmi", zero)])]),
        ]
    }

    fn ratios(means: &[Option<super::Mean>]) -> Vec<Option<(f64, usize)>> {
        means.iter().map(|mean| mean.map(|mean| ((mean.ratio * 1e6).round() / 1e6, mean.cases))).collect()
    }

    #[test]
    fn ratios_and_means_are_by_layer() {
        let entry = entry(
            "a",
            &[
                ("empty", &[("upshift", cell(1.0)), ("wasmi", cell(2.0)), ("node", cell(4.0))]),
                ("fib", &[("upshift", cell(8.0)), ("wasmi", cell(4.0)), ("node", marked("timed out"))]),
                ("tak", &[("upshift", cell(4.0)), ("wasmi", cell(8.0)), ("node", cell(1.0))]),
            ],
        );
        let report = Report::new(&entry);
        let [section] = report.sections.as_slice() else { panic!("one measure") };
        let layers: Vec<_> = section.layers.iter().map(|layer| (layer.name, layer.rows.len())).collect();
        assert_eq!(layers, [("start", 1), ("micro", 2)]);
        assert_eq!(ratios(&section.layers[1].means), [None, Some((1.0, 2)), Some((4.0, 1))]);
        assert_eq!(ratios(&section.means), [None, Some((0.793_701, 3)), Some((1.0, 2))]);
        assert_eq!(section.layers[1].rows[0].cells[2].word.as_deref(), Some("timed out"));
        assert_eq!(report.memory[1].ranges, [Some((4.0, 4.0)); 3]);
    }

    #[test]
    fn every_case_has_a_row_somewhere() {
        for entry in odd() {
            let report = Report::new(&entry);
            for case in entry.cases.keys() {
                let mut rows =
                    report.sections.iter().flat_map(|section| &section.layers).flat_map(|layer| &layer.rows);
                assert!(rows.any(|row| row.case == case), "{case} of {}", entry.id);
            }
        }
    }

    #[test]
    fn a_case_is_in_the_measures_that_it_was_tried_in() {
        let times = Some(Times { min: 1.0, median: 1.0 });
        let steady = Cell { steady: times, ..cell(1.0) };
        let stuck = Cell { mark: Some("timed out".into()), ..cell(1.0) };
        let entry = entry(
            "a",
            &[
                ("empty", &[("upshift", cell(1.0)), ("wasmi", stuck.clone())]),
                ("fib", &[("upshift", steady), ("wasmi", cell(1.0))]),
                ("tak", &[("upshift", cell(1.0)), ("wasmi", stuck)]),
            ],
        );
        let report = Report::new(&entry);
        let cases = |at: usize| {
            let rows = report.sections[at].layers.iter().flat_map(|layer| &layer.rows);
            rows.map(|row| row.case).collect::<Vec<_>>()
        };
        assert_eq!(report.sections.len(), 2, "warm and steady; nothing keeps code");
        assert_eq!(cases(0), ["empty", "fib", "tak"]);
        assert_eq!(cases(1), ["fib", "tak"]);
    }

    #[test]
    fn marks_are_shortened_and_explained() {
        assert_eq!(word("failed: exit code 1, no: memory; wat loop"), "failed");
        assert_eq!(word("wat loop; not steady"), "wat loop");
        let kinds = [
            FailureKind::Absent,
            FailureKind::Needs("GC"),
            FailureKind::Wrong,
            FailureKind::Crashed,
            FailureKind::TimedOut,
            FailureKind::Failed,
        ];
        for kind in kinds {
            assert!(MEANINGS.iter().any(|(start, _)| begins_with(&kind.text(), start)), "{}", kind.text());
        }
        let entry =
            entry("a", &[("fib", &[("upshift", cell(1.0)), ("wasmi", marked("crashed: x; wat loop"))])]);
        let marks: Vec<_> = Report::new(&entry).marks().map(|(start, _)| start).collect();
        assert_eq!(marks, ["crashed", "wat loop"]);
    }

    #[test]
    fn cases_outside_the_suite_have_no_layer() {
        assert_eq!(layer_of("fib"), Some(Layer::Micro));
        assert_eq!(layer_of("no such program"), None);
    }
}
