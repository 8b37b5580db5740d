//! Kernel specs on disk.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use upshift_cells_jupyter::{Error, InstallOptions, Place, install, read_connection, uninstall};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("upshift-cells-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn installs_and_uninstalls() {
    let prefix = Folder::new("install");
    let options = InstallOptions {
        place: Place::Prefix(prefix.0.clone()),
        program: Some("/bin/upshift-cells".into()),
        ..InstallOptions::default()
    };
    assert!(matches!(uninstall(&options), Err(Error::Io { .. })));
    // The second time replaces the first.
    for _ in 0..2 {
        let folder = install(&options).unwrap();
        assert_eq!(folder, prefix.0.join("share/jupyter/kernels/upshift-cells"));
        let spec: Value =
            serde_json::from_str(&fs::read_to_string(folder.join("kernel.json")).unwrap()).unwrap();
        assert_eq!(
            spec,
            json!({
                "argv": ["/bin/upshift-cells", "jupyter", "run", "{connection_file}"],
                "display_name": "Upshift cells",
                "language": "cells",
                "interrupt_mode": "message",
                "metadata": {"debugger": false},
                "env": {},
            })
        );
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["kernel.json"]);
    }
    let folder = uninstall(&options).unwrap();
    assert!(!folder.exists());
}

#[test]
fn leaves_other_kernels_alone() {
    let prefix = Folder::new("other");
    let options = InstallOptions { place: Place::Prefix(prefix.0.clone()), ..InstallOptions::default() };
    let path = install(&options).unwrap().join("kernel.json");
    for content in ["{\"language\": \"python\"}", "{}", "[", ""] {
        fs::write(&path, content).unwrap();
        assert!(matches!(uninstall(&options), Err(Error::Content { .. })), "{content:?}");
        assert!(path.exists());
    }
}

#[test]
fn reads_connection_files() {
    let folder = Folder::new("connection");
    let path = folder.0.join("connection.json");
    assert!(matches!(read_connection(&path), Err(Error::Io { .. })));
    let good = json!({
        "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5, "ip": "*", "key": "k",
        "transport": "tcp", "signature_scheme": "hmac-sha256", "kernel_name": "", "something": ["else"],
    });
    let read = |content: &str| {
        fs::write(&path, content).unwrap();
        read_connection(&path)
    };
    let connection = read(&good.to_string()).unwrap();
    assert_eq!((connection.shell_url(), connection.key), ("tcp://0.0.0.0:1".to_owned(), "k".to_owned()));
    let other = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed.to_string()
    };
    for content in [
        String::new(),
        "{}".to_owned(),
        other("signature_scheme", "hmac-md5".into()),
        other("shell_port", 100_000.into()),
        other("transport", "carrier pigeon".into()),
    ] {
        assert!(matches!(read(&content), Err(Error::Content { .. })), "{content}");
    }
}
