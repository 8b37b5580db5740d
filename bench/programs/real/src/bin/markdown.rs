//! `markdown`: CommonMark with tables, footnotes and the like to HTML.

use std::fmt::Write;
use std::process::ExitCode;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, html};
use upshift_bench_real::input::{Random, WORDS, sentence};

/// Every construct in turn, mixed by chance.
fn document() -> String {
    let mut random = Random::new(4);
    let mut text = String::from("# Of rivers\n\n[home]: https://example.org/ \"Home\"\n\n");
    for section in 0..1600 {
        let (first, second, word) = (sentence(&mut random), sentence(&mut random), random.pick(WORDS));
        match random.below(10) {
            0 => writeln!(text, "{} {first}\n", "#".repeat(2 + section % 4)),
            1 => writeln!(text, "- {first}\n- [x] *{second}*\n  1. {word}\n  2. `{word}`\n\n     {first}\n- ~~{word}~~\n"),
            2 => writeln!(text, "| {word} | count | {word} |\n|:--|--:|:-:|\n| {first} | {section} | **{word}** |\n| `a\\|b` | | {second} |\n"),
            3 => writeln!(text, "```rust\nfn f_{section}(x: &str) -> bool {{ x < \"{word}\" && !x.is_empty() }}\n```\n"),
            4 => writeln!(text, "> {first}\n> > {second}\nstill quoted & <b>{word}</b>\n"),
            5 => writeln!(text, "{first}[^{section}] {second}\n\n[^{section}]: About *{word}*: {second}\n"),
            6 => writeln!(text, "    {first}\n    <{word}>\n\n***\n"),
            7 => writeln!(text, "<div class=\"{word}\">\n{first}\n</div>\n\n{second}  \n{word}\\\n&copy; &#x1F30A;\n"),
            8 => writeln!(text, "![{word}](/images/{section}.png \"{first}\") and [{second}][home], <https://example.org/?q={section}>\n"),
            _ => writeln!(text, "{first} **{word} _{second}_** ***{word}*** \"{first}\" -- 'it' ... \\*{word}\\*\n{second}\n"),
        }
        .expect("a string grows");
    }
    text
}

fn work(text: &str) -> Vec<u8> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    let mut output = String::new();
    for lower in [false, true] {
        // The second time each heading is one level further down, as when a page is put into another one.
        let events = Parser::new_ext(text, options).map(|event| match event {
            Event::Start(Tag::Heading { level, id, classes, attrs }) if lower => {
                let level = HeadingLevel::try_from(level as usize + 1).unwrap_or(level);
                Event::Start(Tag::Heading { level, id, classes, attrs })
            }
            other => other,
        });
        html::push_html(&mut output, events);
    }
    output.into_bytes()
}

fn main() -> ExitCode {
    upshift_bench_real::run(0xdbc1_0e99_0142_77ab, document, work)
}
