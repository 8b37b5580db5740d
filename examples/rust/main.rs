//! A ledger: reads bookings from the standard input and from the `.csv` files of a directory, and
//! prints what each account holds.
//!
//! `ledger [--books DIR] [--work DIR] < BOOKINGS`, with `CURRENCY` and `LEDGER_SORT=amount|name`
//! in the environment. A booking is `from,to,amount,note`; `#` starts a comment. `--work` names a
//! directory to leave `summary.txt` in, written first to a directory beside it and then renamed.
//! The exit code is 1 when a booking is wrong, 2 when a file or the command line is.
//!
//! Only the standard library of Rust 1.63 is used, the newest that Debian 12 has for `wasm32-wasi`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::{self, Display, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process;

/// An amount in hundredths: sums are exact.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Amount(i64);

impl Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        // Through `pad`, so that width and alignment are those the caller asked for.
        f.pad(&format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100))
    }
}

impl std::str::FromStr for Amount {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        let bad = || Mistake::Amount(text.to_string());
        let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
        if part.len() != 2 || !whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| bad())?;
        let part: i64 = part.parse().map_err(|_| bad())?;
        whole.checked_mul(100).and_then(|cents| cents.checked_add(part)).map(Amount).ok_or_else(bad)
    }
}

/// Why a booking was refused.
enum Mistake {
    Fields(usize),
    Amount(String),
    SameAccount(String),
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Fields(count) => write!(f, "four fields wanted, {count} found"),
            Mistake::Amount(text) => write!(f, "{text:?} is not an amount"),
            Mistake::SameAccount(name) => write!(f, "{name} cannot pay itself"),
        }
    }
}

/// One line of a book.
struct Booking {
    from: String,
    to: String,
    amount: Amount,
    note: String,
}

/// `None` for a line without a booking.
fn parse(line: &str) -> Option<Result<Booking, Mistake>> {
    let line = line.split('#').next().unwrap_or("").trim();
    if line.is_empty() {
        return None;
    }
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let booking = match fields[..] {
        [from, to, _, _] if from == to => Err(Mistake::SameAccount(from.to_string())),
        [from, to, amount, note] => amount.parse().map(|amount| Booking {
            from: from.to_ascii_lowercase(),
            to: to.to_ascii_lowercase(),
            amount,
            note: note.to_string(),
        }),
        _ => Err(Mistake::Fields(fields.len())),
    };
    Some(booking)
}

#[derive(Default)]
struct Ledger {
    bookings: Vec<Booking>,
    mistakes: usize,
}

impl Ledger {
    /// Adds all bookings of one book; wrong ones are named and left out.
    fn read(&mut self, name: &str, book: impl BufRead) -> io::Result<()> {
        let before = self.bookings.len();
        for (number, line) in book.lines().enumerate() {
            match parse(&line?) {
                None => {}
                Some(Ok(booking)) => self.bookings.push(booking),
                Some(Err(mistake)) => {
                    self.mistakes += 1;
                    println!("{name}:{}: {mistake}", number + 1);
                }
            }
        }
        println!("{name}: {} bookings", self.bookings.len() - before);
        Ok(())
    }

    /// What every account holds. The sum is nought, as every booking moves what it moves.
    fn balances(&self) -> BTreeMap<&str, Amount> {
        let mut balances = BTreeMap::<&str, Amount>::new();
        for booking in &self.bookings {
            balances.entry(&booking.from).or_default().0 -= booking.amount.0;
            balances.entry(&booking.to).or_default().0 += booking.amount.0;
        }
        balances
    }

    /// Accounts that money can reach from `start`, nearest first.
    fn reachable<'a>(&'a self, start: &'a str) -> Vec<(&'a str, u32)> {
        let mut pays = HashMap::<&str, BTreeSet<&str>>::new();
        for booking in &self.bookings {
            pays.entry(&booking.from).or_default().insert(&booking.to);
        }
        let mut seen = BTreeSet::from([start]);
        let mut queue = VecDeque::from([(start, 0)]);
        let mut order = Vec::new();
        while let Some((account, steps)) = queue.pop_front() {
            order.push((account, steps));
            for &next in pays.get(account).into_iter().flatten() {
                if seen.insert(next) {
                    queue.push_back((next, steps + 1));
                }
            }
        }
        order
    }

    /// The words of the notes by how often they occur.
    fn words(&self) -> Vec<(String, usize)> {
        // A HashMap walks in an order of its own, seeded anew by each process: hence the sort.
        let mut counts = HashMap::<String, usize>::new();
        for word in self.bookings.iter().flat_map(|booking| booking.note.split_whitespace()) {
            *counts.entry(word.to_ascii_uppercase()).or_insert(0) += 1;
        }
        let mut words: Vec<_> = counts.into_iter().collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words
    }

    fn summary(&self, currency: &str, by_amount: bool) -> Result<String, fmt::Error> {
        let mut text = String::new();
        let balances = self.balances();
        let mut rows: Vec<(&str, Amount)> = balances.into_iter().collect();
        if by_amount {
            rows.sort_by_key(|&(name, amount)| (Reverse(amount), name));
        }
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, amount) in &rows {
            writeln!(text, "{name:<width$} {amount:>12} {currency}")?;
        }
        let turnover: i64 = self.bookings.iter().map(|booking| booking.amount.0).sum();
        writeln!(text, "{:<width$} {:>12} {currency}", "turnover", Amount(turnover))?;
        if !self.bookings.is_empty() {
            let mean = turnover as f64 / 100.0 / self.bookings.len() as f64;
            let spread =
                self.bookings.iter().map(|b| (b.amount.0 as f64 / 100.0 - mean).powi(2)).sum::<f64>();
            let deviation = (spread / self.bookings.len() as f64).sqrt();
            writeln!(text, "mean {mean:.4}, deviation {deviation:.4e}")?;
        }
        let words: Vec<String> = self.words().iter().take(4).map(|(word, n)| format!("{word}×{n}")).collect();
        writeln!(text, "notes: {}", words.join(" "))?;
        if let Some((start, _)) = rows.first() {
            let far: Vec<String> =
                self.reachable(start).iter().map(|(name, steps)| format!("{name}({steps})")).collect();
            writeln!(text, "from {start}: {}", far.join(" "))?;
        }
        Ok(text)
    }
}

/// The `.csv` files of a directory by name: a directory itself has no order.
fn books(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().map_or(false, |extension| extension == "csv") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Leaves `summary.txt` in `work`, appends its length to it, and reads it back from its end.
fn write_summary(work: &Path, summary: &str) -> io::Result<()> {
    let draft_dir = work.join("draft");
    fs::create_dir(&draft_dir)?;
    let draft = draft_dir.join("summary.tmp");
    let mut file = BufWriter::new(File::create(&draft)?);
    file.write_all(summary.as_bytes())?;
    file.into_inner()?.sync_all()?;

    let path = work.join("summary.txt");
    fs::rename(&draft, &path)?;
    fs::remove_dir(&draft_dir)?;
    let length = fs::metadata(&path)?.len();
    writeln!(OpenOptions::new().append(true).open(&path)?, "{length} bytes above")?;

    let mut file = File::open(&path)?;
    file.seek(SeekFrom::End(-12))?;
    let mut end = String::new();
    file.read_to_string(&mut end)?;
    println!("summary.txt: {} bytes, ends {end:?}", file.stream_position()?);
    match File::open(&draft) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => println!("no draft is left"),
        other => println!("the draft is still there: {}", other.is_ok()),
    }
    Ok(())
}

/// The exit code, when nothing stood in the way of finding it.
fn run() -> Result<i32, Box<dyn std::error::Error>> {
    let mut options = BTreeMap::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let name = arg.strip_prefix("--").filter(|name| matches!(*name, "books" | "work"));
        let name = name.ok_or_else(|| format!("unknown argument {arg:?}"))?.to_string();
        let value = args.next().ok_or_else(|| format!("--{name} needs a directory"))?;
        options.insert(name, PathBuf::from(value));
    }
    let currency = std::env::var("CURRENCY").unwrap_or_else(|_| "XXX".to_string());
    let by_amount = std::env::var("LEDGER_SORT").map_or(false, |sort| sort == "amount");

    let mut ledger = Ledger::default();
    ledger.read("stdin", io::stdin().lock())?;
    if let Some(dir) = options.get("books") {
        for path in books(dir)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            ledger.read(&name, BufReader::new(File::open(&path)?))?;
        }
    }
    let summary = ledger.summary(&currency, by_amount)?;
    print!("{summary}");
    if let Some(work) = options.get("work") {
        write_summary(work, &summary)?;
    }
    Ok(i32::from(ledger.mistakes > 0))
}

fn main() {
    let code = run().unwrap_or_else(|error| {
        eprintln!("ledger: {error}");
        2
    });
    // Not `ExitCode`: the one for `wasm32-wasi` knew no codes but 0 and 1 in Rust 1.63.
    process::exit(code);
}
