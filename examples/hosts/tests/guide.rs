//! `docs/embedding.md` shows these hosts and what they print; both are compared with what is here.
//!
//! ```text
//! guide ─┬─ link to src/bin/NAME.rs ─┐
//!        ├─ block `rust` ────────────┼─▶ the file, byte by byte
//!        └─ block `text` ────────────┴─▶ the standard output of NAME, run at the root of the repository
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The hosts in the order of the guide: name, program, arguments.
const HOSTS: [(&str, &str, &[&str]); 7] = [
    ("call", env!("CARGO_BIN_EXE_call"), &[]),
    ("imports", env!("CARGO_BIN_EXE_imports"), &[]),
    ("memory", env!("CARGO_BIN_EXE_memory"), &[]),
    ("wasi", env!("CARGO_BIN_EXE_wasi"), &["examples/c/wordcount.wasm"]),
    ("plugin", env!("CARGO_BIN_EXE_plugin"), &[]),
    ("threads", env!("CARGO_BIN_EXE_threads"), &[]),
    ("objects", env!("CARGO_BIN_EXE_objects"), &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fenced block of the guide.
struct Block<'a> {
    language: &'a str,
    content: String,
}

/// The blocks of a part of the guide, in order.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let content = lines.by_ref().take_while(|&line| line != "```").map(|line| format!("{line}\n"));
        blocks.push(Block { language, content: content.collect() });
    }
    blocks
}

/// The guide, cut where it links to each of the hosts.
fn sections(guide: &str) -> Vec<&str> {
    let mut ends: Vec<usize> = HOSTS
        .iter()
        .map(|(name, ..)| guide.find(&link(name)).unwrap_or_else(|| panic!("no link to {name}")))
        .collect();
    assert!(ends.is_sorted(), "the guide has the hosts in another order");
    ends.push(guide.len());
    ends.windows(2).map(|ends| &guide[ends[0]..ends[1]]).collect()
}

fn link(name: &str) -> String {
    format!("](../examples/hosts/src/bin/{name}.rs)")
}

#[test]
fn the_guide_shows_the_hosts_and_what_they_print() {
    let guide = fs::read_to_string(root().join("docs/embedding.md")).expect("the repository has a guide");
    for ((name, program, args), section) in HOSTS.iter().zip(sections(&guide)) {
        let blocks = blocks(section);
        let block = |language: &str| {
            let block = blocks.iter().find(|block| block.language == language);
            &block.unwrap_or_else(|| panic!("the guide has no block `{language}` for {name}")).content
        };
        let file = root().join(format!("examples/hosts/src/bin/{name}.rs"));
        let code = fs::read_to_string(file).expect("the guide links to it");
        assert_eq!(block("rust"), &code, "the guide's code of {name} is not that of the file");

        let output = Command::new(program).args(*args).current_dir(root()).output().expect("it was built");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).expect("the hosts print text");
        assert_eq!(block("text"), &printed, "{name} prints something else than the guide says");
    }
}

/// The lines of `Cargo.toml` name crates of this repository and packages that hosts have.
#[test]
fn the_lines_for_cargo_name_what_there_is() {
    let guide = fs::read_to_string(root().join("docs/embedding.md")).expect("the repository has a guide");
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the repository has a lock file");
    let blocks = blocks(&guide);
    let toml =
        &blocks.iter().find(|block| block.language == "toml").expect("the guide has lines for cargo").content;
    let between = |line: &str, before: &str, after: &str| {
        let (_, rest) = line.split_once(before)?;
        rest.split_once(after).map(|(name, _)| name.to_owned())
    };
    let paths: Vec<_> = toml.lines().filter_map(|line| between(line, "path = \"../upshift/", "\"")).collect();
    let packages: Vec<_> =
        toml.lines().filter_map(|line| between(line, "[profile.dev.package.", "]")).collect();
    assert!(paths.len() == 2 && packages.len() == 4, "{toml}");
    for path in paths {
        assert!(root().join(&path).join("Cargo.toml").is_file(), "{path}");
    }
    for package in packages {
        assert!(lock.contains(&format!("name = \"{package}\"\n")), "{package}");
    }
}

#[test]
fn all_rust_code_of_the_guide_is_tested() {
    let guide = fs::read_to_string(root().join("docs/embedding.md")).expect("the repository has a guide");
    let rust = blocks(&guide).iter().filter(|block| block.language.starts_with("rust")).count();
    assert_eq!(rust, HOSTS.len(), "a block that is no host's is not compiled by anybody");
    let hosts = fs::read_dir(root().join("examples/hosts/src/bin")).expect("the repository has hosts");
    assert_eq!(hosts.count(), HOSTS.len(), "a host is not in the guide");
}
