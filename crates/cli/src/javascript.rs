//! Modules that are made for JavaScript: what they import tells which tool has made them.
//!
//! In: the names of an import. Out: the tool that gives its imports such names, and how it makes programs for WASI instead.

/// A tool whose modules need a file of JavaScript beside them.
pub(crate) struct Tool {
    name: &'static str,
    /// What to build instead.
    instead: &'static str,
    /// Whether it imports under these names.
    imports: fn(module: &str, name: &str) -> bool,
}

/// The first one that fits counts.
const TOOLS: &[Tool] = &[
    Tool {
        name: "wasm-bindgen",
        instead: "build for the target `wasm32-wasip1`, without bindings to JavaScript",
        imports: |module, name| {
            ["wbg", "__wbindgen_placeholder__", "__wbindgen_externref_xform__"].contains(&module)
                || module.ends_with("_bg.js")
                || name.starts_with("__wbindgen_")
                || name.starts_with("__wbg_")
        },
    },
    Tool {
        name: "Go for JavaScript (`GOOS=js`)",
        instead: "build with `GOOS=wasip1`",
        imports: |module, name| {
            module == "gojs"
                || module == "go" && ["runtime.", "syscall/js."].iter().any(|start| name.starts_with(start))
        },
    },
    Tool {
        name: "Emscripten",
        instead: "link with `-sSTANDALONE_WASM`",
        imports: |module, name| {
            let starts = [
                "emscripten_",
                "_emscripten_",
                "_embind_",
                "_emval_",
                "invoke_",
                "__syscall_",
                "__asyncjs__",
            ];
            ["env", "GOT.func", "GOT.mem"].contains(&module)
                && (module != "env" || starts.iter().any(|start| name.starts_with(start)))
        },
    },
    Tool {
        name: "Kotlin for JavaScript",
        instead: "build for the target `wasmWasi`",
        imports: |module, _| module == "js_code",
    },
    Tool {
        name: "Dart",
        instead: "there is no build without JavaScript",
        imports: |module, _| module == "dart2wasm",
    },
    Tool {
        name: "AssemblyScript",
        instead: "compile with `--use abort=` and without imports of its JavaScript bindings",
        imports: |module, name| module == "env" && ["abort", "seed", "trace"].contains(&name),
    },
    Tool {
        name: "a compiler that uses the strings of JavaScript",
        instead: "it has to bring its own",
        imports: |module, _| module.starts_with("wasm:js-"),
    },
];

/// A line for a module that imports under one of these names, if they tell that it is made for JavaScript.
pub(crate) fn remark<'a>(imports: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Option<String> {
    let fits = |tool: &&Tool| imports.clone().any(|(module, name)| (tool.imports)(module, name));
    let Tool { name, instead, .. } = TOOLS.iter().find(fits)?;
    Some(format!(
        "the module is made for JavaScript, by {name}, whose script offers these imports: {instead}"
    ))
}

#[cfg(test)]
mod tests {
    use super::remark;

    #[test]
    fn imports_tell_which_tool_made_a_module() {
        for (imports, tool) in [
            (&[("wbg", "__wbg_log_1d3ae0273d8f4f8a")][..], "wasm-bindgen"),
            (&[("./game_bg.js", "__wbindgen_throw")], "wasm-bindgen"),
            (&[("env", "memory"), ("__wbindgen_placeholder__", "__wbindgen_describe")], "wasm-bindgen"),
            (&[("gojs", "runtime.wasmExit")], "Go"),
            (&[("go", "syscall/js.valueGet")], "Go"),
            (&[("env", "emscripten_memcpy_js"), ("wasi_snapshot_preview1", "fd_write")], "Emscripten"),
            (&[("env", "invoke_iii")], "Emscripten"),
            (&[("GOT.mem", "__heap_base")], "Emscripten"),
            (&[("js_code", "kotlin.captureStackTrace")], "Kotlin"),
            (&[("env", "abort")], "AssemblyScript"),
            (&[("wasm:js-string", "length")], "strings of JavaScript"),
        ] {
            let remark = remark(imports.iter().copied()).unwrap();
            assert!(remark.contains(tool) && remark.contains("JavaScript"), "{imports:?}: {remark}");
            assert_eq!(remark.lines().count(), 1);
        }
        // Names that anybody may give, among them those that Emscripten leaves when it makes them short.
        for imports in [&[][..], &[("a", "a")], &[("env", "log")], &[("go", "fast")], &[("host", "abort")]] {
            assert_eq!(remark(imports.iter().copied()), None, "{imports:?}");
        }
    }
}
