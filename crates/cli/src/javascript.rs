//! Modules that are made for JavaScript: what they import tells which tool has made them.
//!
//! In: names and numbers of parameters of imports. Out: the tool that imports under such names, and how it makes programs
//! for WASI instead. Tools that make their names as short as they can are not to be told.

/// A function that a module wants to import.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) params: usize,
}

/// A tool whose modules need a file of JavaScript beside them.
struct Tool {
    name: &'static str,
    /// What to build instead.
    instead: &'static str,
    /// Whether it makes such imports.
    imports: fn(Wanted<'_>) -> bool,
}

/// The first one that fits counts.
const TOOLS: &[Tool] = &[
    Tool {
        name: "wasm-bindgen",
        instead: "build for the target `wasm32-wasip1`, without bindings to JavaScript",
        imports: |Wanted { module, name, .. }| {
            ["wbg", "__wbindgen_placeholder__", "__wbindgen_externref_xform__"].contains(&module)
                || module.ends_with("_bg.js")
                || ["__wbindgen_", "__wbg_"].iter().any(|start| name.starts_with(start))
        },
    },
    Tool {
        name: "Go",
        instead: "build with `GOOS=wasip1`, or with TinyGo's `-target=wasip1`",
        imports: |Wanted { module, name, .. }| {
            let go = ["runtime.", "syscall/js."].iter().any(|start| name.starts_with(start));
            module == "gojs" || module == "go" && go
        },
    },
    Tool {
        name: "Emscripten",
        instead: "link with `-sSTANDALONE_WASM`",
        imports: |Wanted { module, name, .. }| {
            let starts = [
                "emscripten_",
                "_emscripten_",
                "_embind_",
                "_emval_",
                "invoke_",
                "__syscall_",
                "__asyncjs__",
            ];
            module == "env" && starts.iter().any(|start| name.starts_with(start))
        },
    },
    Tool {
        name: "Kotlin",
        instead: "build for the target `wasmWasi`",
        imports: |Wanted { module, .. }| module == "js_code",
    },
    Tool {
        name: "Dart",
        instead: "there is no build without JavaScript",
        imports: |Wanted { module, .. }| module == "dart2wasm",
    },
    Tool {
        name: "AssemblyScript",
        instead: "compile with `--use abort=`, without other bindings to JavaScript",
        // Message, file, line and column; C's function of this name has no parameters.
        imports: |wanted| (wanted.module, wanted.name, wanted.params) == ("env", "abort", 4),
    },
    Tool {
        name: "a compiler that uses JavaScript's strings",
        instead: "look for an option to do without them",
        imports: |Wanted { module, .. }| module.starts_with("wasm:js-"),
    },
];

/// A line for a module with such imports, if they tell that it is made for JavaScript.
pub(crate) fn remark<'a>(imports: impl Iterator<Item = Wanted<'a>> + Clone) -> Option<String> {
    let Tool { name, instead, .. } = TOOLS.iter().find(|tool| imports.clone().any(tool.imports))?;
    Some(format!(
        "the module was made for JavaScript by {name}, whose script would offer its imports: {instead}"
    ))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, remark};

    fn told(imports: &[(&str, &str)], params: usize) -> Option<String> {
        remark(imports.iter().map(|&(module, name)| Wanted { module, name, params }))
    }

    #[test]
    fn imports_tell_which_tool_made_a_module() {
        for (imports, tool) in [
            (&[("wbg", "__wbg_log_1d3ae0273d8f4f8a")][..], "wasm-bindgen"),
            (&[("./game_bg.js", "__wbindgen_throw")], "wasm-bindgen"),
            (&[("env", "log"), ("__wbindgen_placeholder__", "__wbindgen_describe")], "wasm-bindgen"),
            (&[("gojs", "runtime.wasmExit")], "Go"),
            (&[("go", "syscall/js.valueGet")], "Go"),
            (&[("env", "emscripten_memcpy_js"), ("wasi_snapshot_preview1", "fd_write")], "Emscripten"),
            (&[("env", "invoke_iii")], "Emscripten"),
            (&[("js_code", "kotlin.captureStackTrace")], "Kotlin"),
            (&[("dart2wasm", "_200")], "Dart"),
            (&[("env", "abort")], "AssemblyScript"),
            (&[("wasm:js-string", "length")], "JavaScript's strings"),
        ] {
            let remark = told(imports, 4).unwrap();
            assert!(remark.contains(tool) && remark.contains("made for JavaScript"), "{imports:?}: {remark}");
            assert_eq!(remark.lines().count(), 1);
        }
    }

    #[test]
    fn names_that_anybody_may_give_tell_nothing() {
        for imports in [&[][..], &[("a", "a")], &[("env", "log")], &[("go", "fast")], &[("host", "abort")]] {
            assert_eq!(told(imports, 4), None, "{imports:?}");
        }
        assert_eq!(told(&[("env", "abort")], 0), None, "this is C's");
    }
}
