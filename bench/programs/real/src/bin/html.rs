//! `html`: parses pages the way a browser does, mistakes included, rewrites the tree and writes it again.

use std::cell::RefCell;
use std::fmt::Write;
use std::process::ExitCode;

use html5ever::tendril::TendrilSink;
use html5ever::{Attribute, LocalName, QualName, local_name, ns, parse_document, serialize};
use markup5ever_rcdom::{Handle, NodeData, RcDom, SerializableHandle};
use upshift_bench_real::input::{Random, WORDS, sentence};

/// A page with what pages have: tables without all their tags, wrongly nested and unclosed elements, scripts, entities.
fn page() -> String {
    let mut random = Random::new(6);
    let mut text = String::from(
        "<!doctype html><html lang=en><head><title>Harbour &amp; river</title><meta charset=utf-8><body>\n",
    );
    for section in 0..1200 {
        let (first, second, word) = (sentence(&mut random), sentence(&mut random), random.pick(WORDS));
        match random.below(8) {
            0 => writeln!(text, "<h2 class='{word} head'>{first}</h2><p>{second}<p>{first}"),
            1 => writeln!(text, "<a href=\"http://example.org/{section}?a=1&amp;b={word}\" target=_blank>{first}</a><br/>"),
            2 => writeln!(text, "<table><tr><td>{word}<td>{section}<tr><th colspan=2>{first}</table>"),
            3 => writeln!(text, "<script>if (a < {section} && b) {{ f(\"<\\/p>{word}\"); }}</script><!-- {word} -->"),
            4 => writeln!(text, "<p><b>{word}<i>{first}</b>{second}</i><img src=/i/{section}.jpg alt='{word}'>"),
            5 => writeln!(text, "<ul><li>{first}<li onclick=\"f({section})\">{second}<ul><li>{word}</ul></ul>"),
            6 => writeln!(text, "<div style='color:red' data-n={section}>&copy; &eacute;&#x1F30A;&notanentity; {second}</div>"),
            _ => writeln!(text, "<table>{word}<select><option selected>{word}<option value=\"{word}\">{section}</select></table>"),
        }
        .expect("a string grows");
    }
    text
}

/// What the rewriting found.
#[derive(Default)]
struct Found {
    links: u32,
    headings: u32,
    letters: usize,
}

fn attribute(name: LocalName, value: String) -> Attribute {
    Attribute { name: QualName::new(None, ns!(), name), value: value.into() }
}

/// Takes scripts, comments, handlers and styles out, numbers the headings, and makes links safe and images lazy.
fn rewrite(node: &Handle, found: &mut Found) {
    node.children.borrow_mut().retain(|child| match &child.data {
        NodeData::Comment { .. } => false,
        NodeData::Element { name, .. } => name.local != local_name!("script"),
        _ => true,
    });
    match &node.data {
        NodeData::Text { contents } => {
            found.letters += contents.borrow().chars().filter(|letter| letter.is_alphabetic()).count()
        }
        NodeData::Element { name, attrs, .. } => element(&name.local, attrs, found),
        _ => {}
    }
    for child in node.children.borrow().iter() {
        rewrite(child, found);
    }
}

fn element(name: &LocalName, attributes: &RefCell<Vec<Attribute>>, found: &mut Found) {
    let mut attributes = attributes.borrow_mut();
    attributes.retain(|attribute| {
        !attribute.name.local.starts_with("on") && attribute.name.local != local_name!("style")
    });
    match *name {
        local_name!("a") => {
            found.links += 1;
            for attribute in
                attributes.iter_mut().filter(|attribute| attribute.name.local == local_name!("href"))
            {
                attribute.value = attribute.value.replacen("http://", "https://", 1).into();
            }
            attributes.push(attribute(local_name!("rel"), "noopener nofollow".to_owned()));
        }
        local_name!("img") => attributes.push(attribute(LocalName::from("loading"), "lazy".to_owned())),
        local_name!("h1") | local_name!("h2") | local_name!("h3") => {
            found.headings += 1;
            attributes.push(attribute(local_name!("id"), format!("section-{}", found.headings)));
        }
        _ => {}
    }
}

fn work(page: &str) -> Vec<u8> {
    let dom = parse_document(RcDom::default(), Default::default()).one(page);
    let mut found = Found::default();
    rewrite(&dom.document, &mut found);
    let mut output = Vec::new();
    serialize(&mut output, &SerializableHandle::from(dom.document), Default::default())
        .expect("a vector takes all");
    let Found { links, headings, letters } = found;
    output.extend(format!("\n{links} links, {headings} headings, {letters} letters\n").into_bytes());
    output
}

fn main() -> ExitCode {
    upshift_bench_real::run(0x0508_a932_2ec5_b77d, page, work)
}
