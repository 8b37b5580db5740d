//! Lists the files of the page, so that the program has them in it: `PAGE`, in the order of their paths.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The page, seen from this crate.
const PAGE: &str = "../../web/page";

/// What a browser may ask for. Sources of bundles, types and tests are not among it.
const SERVED: [&str; 8] = ["css", "html", "ico", "js", "png", "svg", "txt", "woff2"];

fn main() {
    let page = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(PAGE);
    println!("cargo::rerun-if-changed={}", page.display());
    let mut files = Vec::new();
    find(&page, "", &mut files);
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in files {
        let path = path.canonicalize().expect("the file was listed just now");
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),").expect("there is memory");
    }
    code.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("page.rs"), code).expect("cargo has made the directory");
}

/// Adds the files below a directory, by their paths from the top.
fn find(dir: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    for entry in entries {
        let path = entry.expect("the directory can be read").path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        if path.is_dir() {
            if !matches!(name.as_str(), "src" | "node_modules" | "tests") {
                println!("cargo::rerun-if-changed={}", path.display());
                find(&path, &format!("{prefix}{name}/"), files);
            }
        } else if path.extension().and_then(|end| end.to_str()).is_some_and(|end| SERVED.contains(&end)) {
            files.push((format!("{prefix}{name}"), path));
        }
    }
}
