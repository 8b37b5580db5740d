//! `bench/history.yaml`: recorded runs, the oldest first.
//!
//! The file is read strictly, into [`Entry`] values, and always written whole from them, beside the old one and then
//! in its place: what cannot be read is never overwritten, and no write leaves half a file.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use indexmap::IndexMap;
use serde::Deserialize;

use crate::measure::Measure;
use crate::table::milliseconds;

const HEADER: &str = "\
# Recorded runs of `upshift-bench record`, the newest last. Times are milliseconds: `warm` and `cold` of whole processes,
# `steady` of one iteration in a process that has run for a while. Only figures of one entry can be compared.
";

/// One recorded run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// What `history`, `report`, `--overwrite` and `--delete` name it by.
    pub(crate) id: String,
    /// When it ended, in UTC, like `2001-02-03T04:05:06Z`.
    pub(crate) date: String,
    /// The short hash of what was checked out, with a `+` when the files differed from it.
    pub(crate) commit: String,
    /// Why it was recorded.
    pub(crate) reason: String,
    pub(crate) machine: Machine,
    /// How often each case was measured.
    pub(crate) runs: u32,
    /// What each runtime says its version is.
    pub(crate) versions: IndexMap<String, String>,
    /// The cells by the name of the case and then that of the runtime; upshift is the first of these.
    pub(crate) cases: IndexMap<String, IndexMap<String, Cell>>,
}

/// What it was measured on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) os: String,
    pub(crate) arch: String,
}

/// What one runtime made of one case: times, or why there are none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cell {
    /// A whole process that finds no code from earlier ones; `None` where that is the same as `warm`.
    pub(crate) cold: Option<Times>,
    /// A whole process that finds what earlier ones left on the disk.
    pub(crate) warm: Option<Times>,
    /// One iteration, in a process that is beyond its warm-up.
    pub(crate) steady: Option<Times>,
    /// The most memory that a process had, in 10^6 bytes.
    pub(crate) rss_mb: Option<f64>,
    /// What was wrong, or what to know about the times.
    pub(crate) mark: Option<String>,
}

impl Entry {
    /// The names of the runtimes; that of upshift, which the others are compared with, is the first.
    pub(crate) fn runtimes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.versions.keys().map(String::as_str).collect();
        for name in self.cases.values().flat_map(IndexMap::keys) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }
}

impl Cell {
    /// The times of one measure; where nothing is kept between processes, a cold one is as a warm one.
    pub(crate) fn times(&self, measure: Measure) -> Option<Times> {
        match measure {
            Measure::Cold => self.cold.or(self.warm),
            Measure::Warm => self.warm,
            Measure::Steady => self.steady,
        }
    }
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Times {
    pub(crate) min: f64,
    pub(crate) median: f64,
}

/// Reads the file; no file is no entries.
///
/// # Errors
/// If it is not such a list, with the line, if an id is there twice, or if it cannot be read.
pub(crate) fn load(path: &Path) -> Result<Vec<Entry>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.with_context(|| format!("reading {}", path.display()))?,
    };
    parse(&text).with_context(|| format!("{} is not a history; it was left as it is", path.display()))
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    // A file with nothing but its comment.
    if text.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
        return Ok(Vec::new());
    }
    // The message ends with the line and the column.
    let entries: Vec<Entry> = yaml_serde::from_str(text).map_err(|error| anyhow!("{error}"))?;
    for (at, entry) in entries.iter().enumerate() {
        ensure!(
            entries[..at].iter().all(|other| other.id != entry.id),
            "there are two entries with the id {:?}",
            entry.id
        );
        for (case, cells) in &entry.cases {
            for (runtime, cell) in cells {
                let times = [cell.cold, cell.warm, cell.steady].into_iter().flatten();
                let numbers = times.flat_map(|times| [times.min, times.median]).chain(cell.rss_mb);
                for number in numbers {
                    ensure!(
                        number.is_finite() && number >= 0.0,
                        "entry {:?}, case {case:?}, {runtime:?}: {number} is no time or size",
                        entry.id
                    );
                }
            }
        }
    }
    Ok(entries)
}

/// Replaces the file by these entries.
///
/// # Errors
/// If writing fails; the old file is still there then.
pub(crate) fn save(path: &Path, entries: &[Entry]) -> Result<()> {
    let mut text = HEADER.to_string();
    for entry in entries {
        write_entry(&mut text, entry)?;
    }
    // What was written must read back the same: nothing is lost by a name that needs other quotes.
    ensure!(parse(&text)? == round(entries), "the new history does not read back as it was written");
    replace(path, text.as_bytes())
}

/// Writes a file beside `path` and moves it there.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().with_context(|| format!("{} is no file's name", path.display()))?;
    let mut beside = name.to_owned();
    beside.push(".new");
    let beside = path.with_file_name(beside);
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| drop(fs::remove_file(&beside)))
        .with_context(|| format!("writing {}", path.display()))
}

/// The entry with this id, or the last one without.
///
/// # Errors
/// If there is none, with the ids there are.
pub(crate) fn find<'a>(entries: &'a [Entry], id: Option<&str>) -> Result<&'a Entry> {
    let found = match id {
        Some(id) => entries.iter().find(|entry| entry.id == id),
        None => entries.last(),
    };
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    match (found, id) {
        (Some(entry), _) => Ok(entry),
        (None, Some(id)) => bail!("no entry has the id {id:?}; there are: {}", ids.join(", ")),
        (None, None) => bail!("the history has no entry yet: `upshift-bench record` makes one"),
    }
}

/// Adds an entry at the end, or puts it where the one with its id is.
///
/// # Errors
/// If that id is there and not to be overwritten.
pub(crate) fn put(entries: &mut Vec<Entry>, entry: Entry, overwrite: bool) -> Result<()> {
    match entries.iter_mut().find(|other| other.id == entry.id) {
        Some(other) if overwrite => *other = entry,
        Some(_) => bail!("there is an entry with the id {:?}; --overwrite replaces it", entry.id),
        None => entries.push(entry),
    }
    Ok(())
}

fn write_entry(out: &mut String, entry: &Entry) -> fmt::Result {
    writeln!(out, "- id: {}", quoted(&entry.id))?;
    writeln!(out, "  date: {}", quoted(&entry.date))?;
    writeln!(out, "  commit: {}", quoted(&entry.commit))?;
    writeln!(out, "  reason: {}", quoted(&entry.reason))?;
    let Machine { cpu, cores, os, arch } = &entry.machine;
    let [cpu, os, arch] = [cpu, os, arch].map(|text| quoted(text));
    writeln!(out, "  machine: {{cpu: {cpu}, cores: {cores}, os: {os}, arch: {arch}}}")?;
    writeln!(out, "  runs: {}", entry.runs)?;
    write_map(out, "  versions:", &entry.versions, |out, (runtime, version)| {
        writeln!(out, "    {}: {}", quoted(runtime), quoted(version))
    })?;
    write_map(out, "  cases:", &entry.cases, |out, (case, cells)| {
        write_map(out, &format!("    {}:", quoted(case)), cells, |out, (runtime, cell)| {
            writeln!(out, "      {}: {{{}}}", quoted(runtime), fields(cell).join(", "))
        })
    })
}

/// The head of a mapping and its pairs; YAML's notation for one without pairs is another.
fn write_map<K, V>(
    out: &mut String,
    head: &str,
    map: &IndexMap<K, V>,
    mut pair: impl FnMut(&mut String, (&K, &V)) -> fmt::Result,
) -> fmt::Result {
    if map.is_empty() {
        return writeln!(out, "{head} {{}}");
    }
    writeln!(out, "{head}")?;
    map.iter().try_for_each(|entry| pair(out, entry))
}

fn fields(cell: &Cell) -> Vec<String> {
    let mut fields = Vec::new();
    for (name, times) in [("cold", cell.cold), ("warm", cell.warm), ("steady", cell.steady)] {
        if let Some(Times { min, median }) = times {
            fields.push(format!("{name}: {{min: {}, median: {}}}", milliseconds(min), milliseconds(median)));
        }
    }
    fields.extend(cell.rss_mb.map(|size| format!("rss_mb: {size:.1}")));
    fields.extend(cell.mark.iter().map(|mark| format!("mark: {}", quoted(mark))));
    fields
}

/// Entries with the digits that are written.
fn round(entries: &[Entry]) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    let time = |time: &mut f64| *time = milliseconds(*time).parse().unwrap_or(f64::NAN);
    for cell in entries.iter_mut().flat_map(|entry| entry.cases.values_mut()).flat_map(IndexMap::values_mut) {
        for times in [&mut cell.cold, &mut cell.warm, &mut cell.steady].into_iter().flatten() {
            time(&mut times.min);
            time(&mut times.median);
        }
        if let Some(size) = &mut cell.rss_mb {
            *size = format!("{size:.1}").parse().unwrap_or(f64::NAN);
        }
        if let Some(mark) = &mut cell.mark {
            *mark = printable(mark);
        }
    }
    for entry in &mut entries {
        for text in [&mut entry.id, &mut entry.reason, &mut entry.commit, &mut entry.machine.cpu] {
            *text = printable(text);
        }
        entry.versions.values_mut().for_each(|version| *version = printable(version));
    }
    entries
}

/// A YAML scalar in double quotes, in which everything that is printable stands for itself but two characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Without what YAML does not take literally, and what would be on another line.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')).collect()
}

#[cfg(test)]
mod tests {
    use super::{Cell, Entry, Machine, Times, load, parse, put, quoted, save, write_entry};
    use std::fs;

    fn entry(id: &str) -> Entry {
        let times = Times { min: 1.25, median: 1.5 };
        let cells = [
            (
                "upshift",
                Cell { warm: Some(times), steady: Some(times), rss_mb: Some(2.5), ..Cell::default() },
            ),
            ("other: \"peer\"", Cell { mark: Some("timed out".into()), ..Cell::default() }),
            ("nothing", Cell::default()),
        ];
        Entry {
            id: id.into(),
            date: "2001-02-03T04:05:06Z".into(),
            commit: "abc+".into(),
            reason: "a \"better\" \\ way: # not a comment".into(),
            machine: Machine { cpu: "C 1".into(), cores: 2, os: "linux".into(), arch: "x86_64".into() },
            runs: 3,
            versions: [("upshift".to_string(), "0.1.0".to_string())].into(),
            cases: [
                ("fib".to_string(), cells.map(|(name, cell)| (name.to_string(), cell)).into()),
                ("no".to_string(), [].into()),
            ]
            .into(),
        }
    }

    #[test]
    fn an_entry_reads_back_as_it_was() {
        let mut text = String::new();
        write_entry(&mut text, &entry("a")).expect("writing to a string");
        assert_eq!(parse(&text).expect(&text), [entry("a")]);
    }

    #[test]
    fn a_broken_file_is_an_error_with_its_line_and_stays() {
        let path = std::env::temp_dir().join(format!("upshift-bench-broken-{}.yaml", std::process::id()));
        save(&path, &[entry("a"), entry("b")]).expect("writing");
        let good = fs::read_to_string(&path).expect("reading");
        let (line, _) = good.lines().enumerate().find(|(_, line)| line.contains("runs:")).expect("runs");
        let broken = good.replacen("runs: 3", "runs: many", 1);
        fs::write(&path, &broken).expect("writing");
        let error = format!("{:#}", load(&path).expect_err("broken"));
        assert!(error.contains(&format!("line {}", line + 1)), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), broken);
        fs::remove_file(&path).expect("removing");
    }

    #[test]
    fn the_committed_history_reads_back_as_it_is() {
        let path = crate::root().join("bench/history.yaml");
        let entries = load(&path).expect("the history");
        assert!(!entries.is_empty());
        let mut text = super::HEADER.to_string();
        entries.iter().try_for_each(|entry| write_entry(&mut text, entry)).expect("writing to a string");
        assert_eq!(text, fs::read_to_string(&path).expect("reading"));
    }

    #[test]
    fn wrong_entries_are_refused() {
        let mut text = String::new();
        write_entry(&mut text, &entry("a")).expect("writing to a string");
        assert!(parse(&text.repeat(2)).is_err(), "twice the same id");
        assert!(parse(&text.replace("min: 1.250", "min: -1.0")).is_err(), "a negative time");
        assert!(parse(&text.replace("min: 1.250", "min: .nan")).is_err(), "no number");
        assert!(parse(&text.replace("rss_mb", "size")).is_err(), "an unknown field");
        assert!(parse("just: this").is_err());
        assert_eq!(parse("# nothing\n\n").expect("an empty history"), []);
    }

    #[test]
    fn an_id_is_overwritten_only_when_asked() {
        let mut entries = vec![entry("a"), entry("b")];
        assert!(put(&mut entries, entry("a"), false).is_err());
        let newer = Entry { runs: 9, ..entry("a") };
        put(&mut entries, newer, true).expect("overwriting");
        assert_eq!((entries.len(), entries[0].runs), (2, 9));
        put(&mut entries, entry("c"), false).expect("a new id");
        assert_eq!(entries[2].id, "c");
    }

    #[test]
    fn quotes_are_escaped() {
        assert_eq!(quoted("a \"b\" \\ c\n"), r#""a \"b\" \\ c""#);
    }
}
