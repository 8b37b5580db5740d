//! The page's files: in the program, or for those who work on them in a folder.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// Paths and contents of the files, in the order of the paths.
const PAGE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Where the page says on what its cells run, and what stands there when this server serves it.
const ENGINE: [&str; 2] = [
    "<meta name=\"upshift-engine\" content=\"browser\">",
    "<base href=\"/assets/\"><meta name=\"upshift-engine\" content=\"native\">",
];

/// A file and what it is.
pub(super) struct Asset {
    pub(super) media_type: &'static str,
    pub(super) bytes: Cow<'static, [u8]>,
}

/// The page, which runs its cells on this server.
pub(super) fn page(folder: Option<&Path>) -> Option<Asset> {
    let Asset { media_type, bytes } = find("index.html", folder)?;
    let text = String::from_utf8(bytes.into_owned()).ok()?;
    Some(Asset { media_type, bytes: Cow::Owned(text.replacen(ENGINE[0], ENGINE[1], 1).into_bytes()) })
}

/// The file of a path, from the folder if one is given.
pub(super) fn find(path: &str, folder: Option<&Path>) -> Option<Asset> {
    let media_type = media_type(path)?;
    let bytes = match folder {
        Some(folder) => Cow::Owned(read(folder, path)?),
        None => Cow::Borrowed(PAGE[PAGE.binary_search_by_key(&path, |&(name, _)| name).ok()?].1),
    };
    Some(Asset { media_type, bytes })
}

/// A file below a folder. What leads out of it, also by a link, is not there.
fn read(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let is_plain = |part: &str| {
        !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    if !path.split('/').all(|part| !part.is_empty() && is_plain(part)) {
        return None;
    }
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    if file.starts_with(&folder) && file.is_file() { fs::read(file).ok() } else { None }
}

fn media_type(path: &str) -> Option<&'static str> {
    let (_, end) = path.rsplit_once('.')?;
    Some(match end {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{Asset, ENGINE, PAGE, find, page};

    #[test]
    fn the_page_is_there_and_in_order() {
        assert!(PAGE.is_sorted_by_key(|&(name, _)| name));
        let Asset { media_type, bytes } = page(None).unwrap();
        let text = String::from_utf8(bytes.into_owned()).unwrap();
        assert!(media_type.starts_with("text/html") && text.contains(ENGINE[1]) && !text.contains(ENGINE[0]));
        // All that it names is there.
        let names = text.split(['"', '\'']).filter_map(|part| part.strip_prefix("./"));
        assert!(names.clone().count() > 3 && names.clone().all(|name| find(name, None).is_some()), "{text}");
        assert!(find("nowhere.js", None).is_none() && find("../page/index.html", None).is_none());
    }

    #[test]
    fn nothing_outside_the_folder_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("page");
        fs::create_dir_all(folder.join("vendor")).unwrap();
        fs::write(dir.path().join("secret.txt"), "secret").unwrap();
        fs::write(folder.join("index.html"), "page").unwrap();
        fs::write(folder.join("vendor/a.js"), "a").unwrap();
        fs::write(folder.join("key"), "no type").unwrap();
        fs::write(folder.join(".hidden.txt"), "hidden").unwrap();
        symlink("../secret.txt", folder.join("link.txt")).unwrap();
        symlink("index.html", folder.join("start.html")).unwrap();
        let read = |path| find(path, Some(&folder)).map(|asset| asset.bytes.into_owned());
        assert_eq!(page(Some(&folder)).unwrap().bytes.as_ref(), b"page");
        assert_eq!(read("start.html").unwrap(), b"page");
        assert_eq!(read("vendor/a.js").unwrap(), b"a");
        for wrong in [
            "../secret.txt",
            "vendor/../../secret.txt",
            "link.txt",
            "key",
            ".hidden.txt",
            "vendor",
            "vendor//a.js",
            "/index.html",
            "vendor\\a.js",
            "%2e%2e/secret.txt",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
