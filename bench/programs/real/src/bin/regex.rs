//! `regex`: compiles expressions with Unicode classes, then counts, captures and replaces with them in a log of several
//! scripts.

use std::fmt::Write;
use std::process::ExitCode;

use regex::{Captures, Regex, RegexSet};
use upshift_bench_real::input::{Random, WORDS, sentence};

/// Counted each by itself.
const COUNTED: &[&str] = &[
    r"\b\p{Lu}\p{Ll}+\b",
    r"(?i)\b(?:water|wind|река|θάλασσα|straße)\b",
    r"[\p{Greek}\p{Cyrillic}]{3,}",
    r"\b(\d{1,3}\.){3}\d{1,3}\b",
    r"(?m)^\S+ (?:WARN|ERROR) .*$",
    r"[^\x00-\x7f]+",
];

/// Searched together, line by line.
const TOGETHER: &[&str] =
    &[r"^\d{4}-\d\d-\d\d", r"user=\w+", r"\.\s*$", r"ERROR", r"\p{Han}|\p{Hangul}", r"[0-4]\d ms"];

fn log() -> String {
    let mut random = Random::new(1);
    let mut text = String::new();
    for line in 0..700 {
        let level = random.pick(&["INFO", "INFO", "DEBUG", "WARN", "ERROR"]);
        let (month, day) = (1 + random.below(12), 1 + random.below(28));
        let address = [10, random.below(256), random.below(256), random.below(256)]
            .map(|byte| byte.to_string())
            .join(".");
        let user = random.pick(WORDS);
        let (time, said) = (random.below(900), sentence(&mut random));
        writeln!(text, "2031-{month:02}-{day:02} {level} [{line}] {address} user={user} <{user}.{line}@example.org> {time} ms {said}")
            .expect("a string grows");
    }
    text
}

fn work(text: &str) -> Vec<u8> {
    let mut output = String::new();
    for pattern in COUNTED {
        let count = Regex::new(pattern).expect("a valid expression").find_iter(text).count();
        writeln!(output, "{count} {pattern}").expect("a string grows");
    }

    let set = RegexSet::new(TOGETHER).expect("valid expressions");
    let mut counts = vec![0u32; set.len()];
    for line in text.lines() {
        for index in set.matches(line) {
            counts[index] += 1;
        }
    }
    writeln!(output, "{counts:?}").expect("a string grows");

    let date = Regex::new(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})").expect("a valid expression");
    let mail = Regex::new(r"<(?P<name>[\w.]+)@(?P<host>[a-z.]+)>").expect("a valid expression");
    let dated = date.replace_all(text, "$day.$month.$year");
    output += &mail.replace_all(&dated, |found: &Captures| {
        format!("({} at {})", &found["name"].to_uppercase(), &found["host"])
    });
    output.into_bytes()
}

fn main() -> ExitCode {
    upshift_bench_real::run(0x1f08_6ea6_1fa2_7a74, log, work)
}
