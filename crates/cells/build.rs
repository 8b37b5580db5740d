//! Assembles the runtime that all cells share, without the names of its functions: browsers load it within the compiler.

use std::path::PathBuf;
use std::{env, fs};

/// The parts of the module, in their order.
const PARTS: [&str; 6] = ["base", "builder", "text", "parts", "numbers", "checkpoints"];

fn main() {
    let mut text = "(module\n".to_owned();
    for part in PARTS {
        let path = format!("src/emit/runtime/{part}.wat");
        println!("cargo:rerun-if-changed={path}");
        text += &fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    text += ")";
    let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let wasm = without_custom_sections(&wasm);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("runtime.wasm");
    fs::write(&out, wasm).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// The sections of a module but for the custom ones, whose number is 0.
fn without_custom_sections(wasm: &[u8]) -> Vec<u8> {
    let (head, mut rest) = wasm.split_at(8);
    let mut kept = head.to_vec();
    while let Some(&id) = rest.first() {
        // The length follows in seven bits for each byte.
        let digits = 1 + rest[1..].iter().take_while(|&&byte| byte >= 0x80).count();
        let length =
            rest[1..=digits].iter().rev().fold(0, |length, &byte| length << 7 | usize::from(byte & 0x7f));
        let (section, behind) = rest.split_at(1 + digits + length);
        if id != 0 {
            kept.extend_from_slice(section);
        }
        rest = behind;
    }
    kept
}
