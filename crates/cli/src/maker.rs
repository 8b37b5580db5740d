//! Modules that are made for other hosts: what they import tells which tool has made them, and for what.
//!
//! In: names of a module's imports and exports, and whether it is to be linked at run time. Out: a line that says for which
//! host the module was made, and how its tool makes programs for WASI instead. Emscripten's shortest names are told by all of
//! them being short and in the module `a`; other tools that shorten names are not to be told.

/// Something that a module wants to import.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    /// How many parameters it has, if it is a function.
    pub(crate) params: Option<usize>,
}

/// What there is to see of a module.
#[derive(Clone, Default)]
pub(crate) struct Look<'a> {
    /// What it wants to import and nobody offers.
    pub(crate) missing: Vec<Wanted<'a>>,
    /// The names under which it exports memories, or imports them.
    pub(crate) memories: Vec<&'a str>,
    /// Whether it has a section for the linker that joins it with a running program.
    pub(crate) dynamic: bool,
}

impl Look<'_> {
    /// Whether there is such an import among the missing ones.
    fn wants(&self, is: impl Fn(Wanted<'_>) -> bool) -> bool {
        self.missing.iter().copied().any(is)
    }

    /// Whether all names are as short as Emscripten makes them: everything comes from `a`, the memory is one of many letters.
    fn is_shortened(&self) -> bool {
        let short = |name: &str| (1..=3).contains(&name.len());
        let from_a = |wanted: &Wanted<'_>| wanted.module == "a" && short(wanted.name);
        let functions = self.missing.iter().all(from_a) && !self.missing.is_empty();
        functions && !self.memories.is_empty() && self.memories.iter().all(|name| short(name))
    }
}

/// A tool whose modules need another host than this one.
struct Maker {
    /// For what and by whom the module was made, and who would offer its imports.
    made: &'static str,
    /// What to do instead.
    instead: &'static str,
    /// Whether a module is one of its.
    fits: fn(&Look<'_>) -> bool,
}

const EMSCRIPTEN: &str = "for JavaScript by Emscripten, whose script would offer its imports";
const STANDALONE: &str = "link with `-sSTANDALONE_WASM`";

/// The first one that fits counts.
const MAKERS: &[Maker] = &[
    Maker {
        made: "to be linked with a running program, which would offer its imports",
        instead: "link it into a program before, or run that program",
        fits: |look| look.dynamic,
    },
    Maker {
        made: "for components, whose bindings would offer its imports",
        instead: "build for the target `wasm32-wasip1`, which has no components",
        fits: |look| {
            look.wants(|Wanted { module, name, .. }| {
                // `namespace:package/interface`; modules of JavaScript may have such names in these namespaces.
                let interface = module.split_once(':').is_some_and(|(namespace, path)| {
                    let of_javascript = ["node", "npm", "jsr", "bun"].contains(&namespace);
                    !of_javascript && !path.starts_with('/') && path.contains('/')
                });
                interface || module == "canonical_abi" || (module, name) == ("", "$imports")
            })
        },
    },
    Maker {
        made: "for addons of Node, whose script would offer its imports",
        instead: "look for a build without bindings to JavaScript",
        fits: |look| {
            look.wants(|Wanted { module, name, .. }| {
                module == "emnapi" || ["env", "napi"].contains(&module) && name.starts_with("napi_")
            })
        },
    },
    Maker {
        made: "for JavaScript by wasm-bindgen, whose script would offer its imports",
        instead: "build for the target `wasm32-wasip1`, without bindings to JavaScript",
        fits: |look| {
            look.wants(|Wanted { module, name, .. }| {
                ["wbg", "__wbindgen_placeholder__", "__wbindgen_externref_xform__"].contains(&module)
                    || module.ends_with("_bg.js")
                    || ["__wbindgen_", "__wbg_"].iter().any(|start| name.starts_with(start))
            })
        },
    },
    Maker {
        made: "for JavaScript by Go, whose script would offer its imports",
        instead: "build with `GOOS=wasip1`, or with TinyGo's `-target=wasip1`",
        fits: |look| {
            look.wants(|Wanted { module, name, .. }| {
                let go = ["runtime.", "syscall/js."].iter().any(|start| name.starts_with(start));
                module == "gojs" || module == "go" && go
            })
        },
    },
    Maker {
        made: EMSCRIPTEN,
        instead: STANDALONE,
        fits: |look| {
            let starts = [
                "emscripten_",
                "_emscripten_",
                "_embind_",
                "_emval_",
                "invoke_",
                "__syscall_",
                "__asyncjs__",
            ];
            look.wants(|Wanted { module, name, .. }| {
                module == "env" && starts.iter().any(|start| name.starts_with(start))
            })
        },
    },
    Maker { made: EMSCRIPTEN, instead: STANDALONE, fits: |look| look.is_shortened() },
    Maker {
        made: "for JavaScript by Kotlin, whose script would offer its imports",
        instead: "build for the target `wasmWasi`",
        fits: |look| look.wants(|wanted| wanted.module == "js_code"),
    },
    Maker {
        made: "for JavaScript by Dart, whose script would offer its imports",
        instead: "there is no build without JavaScript",
        fits: |look| look.wants(|wanted| wanted.module == "dart2wasm"),
    },
    Maker {
        made: "for JavaScript by AssemblyScript, whose script would offer its imports",
        instead: "compile with `--use abort=`, without other bindings to JavaScript",
        // Message, file, line and column; C's function of this name has no parameters.
        fits: |look| {
            look.wants(|wanted| (wanted.module, wanted.name, wanted.params) == ("env", "abort", Some(4)))
        },
    },
    Maker {
        made: "for JavaScript by a compiler that uses its strings, which would be among its imports",
        instead: "look for an option to do without them",
        fits: |look| look.wants(|wanted| wanted.module.starts_with("wasm:js-")),
    },
];

/// A line for a module that looks like this, if that tells for whom it is made.
pub(crate) fn remark(look: &Look<'_>) -> Option<String> {
    let Maker { made, instead, .. } = MAKERS.iter().find(|maker| (maker.fits)(look))?;
    Some(format!("the module was made {made}: {instead}"))
}

#[cfg(test)]
mod tests {
    use super::{Look, Wanted, remark};

    fn look<'a>(imports: &[(&'a str, &'a str)], params: usize) -> Look<'a> {
        let wanted = |&(module, name)| Wanted { module, name, params: Some(params) };
        Look { missing: imports.iter().map(wanted).collect(), ..Look::default() }
    }

    #[test]
    fn imports_tell_which_tool_made_a_module() {
        for (imports, words) in [
            (&[("wbg", "__wbg_log_1d3ae0273d8f4f8a")][..], "for JavaScript by wasm-bindgen"),
            (&[("./game_bg.js", "__wbindgen_throw")], "for JavaScript by wasm-bindgen"),
            (
                &[("env", "log"), ("__wbindgen_placeholder__", "__wbindgen_describe")],
                "for JavaScript by wasm-bindgen",
            ),
            (&[("gojs", "runtime.wasmExit")], "for JavaScript by Go"),
            (&[("go", "syscall/js.valueGet")], "for JavaScript by Go"),
            (&[("env", "emscripten_memcpy_js"), ("host", "log")], "for JavaScript by Emscripten"),
            (&[("env", "invoke_iii")], "for JavaScript by Emscripten"),
            (&[("js_code", "kotlin.captureStackTrace")], "for JavaScript by Kotlin"),
            (&[("dart2wasm", "_200")], "for JavaScript by Dart"),
            (&[("env", "abort")], "for JavaScript by AssemblyScript"),
            (&[("wasm:js-string", "length")], "for JavaScript by a compiler that uses its strings"),
            (&[("env", "napi_create_object"), ("env", "emscripten_resize_heap")], "for addons of Node"),
            (&[("emnapi", "_emnapi_get_now")], "for addons of Node"),
            (&[("wasi:cli/environment@0.2.0", "get-arguments")], "for components"),
            (&[("local:host/log", "write"), ("env", "invoke_i")], "for components"),
            (&[("canonical_abi", "resource_drop_js-abi-value")], "for components"),
            (&[("", "0"), ("", "$imports")], "for components"),
        ] {
            let remark = remark(&look(imports, 4)).unwrap();
            assert!(remark.contains(&format!("made {words}")), "{imports:?}: {remark}");
            assert_eq!(remark.lines().count(), 1);
        }
    }

    #[test]
    fn names_that_are_all_short_tell_of_emscripten() {
        let shortened = Look { memories: vec!["c"], ..look(&[("a", "a"), ("a", "Zb")], 1) };
        assert!(remark(&shortened).unwrap().contains("by Emscripten"));
        for other in [
            Look { memories: vec!["memory"], ..shortened.clone() },
            Look { memories: vec![], ..shortened.clone() },
            Look { missing: vec![], ..shortened },
            Look { memories: vec!["c"], ..look(&[("a", "a"), ("b", "a")], 1) },
            Look { memories: vec!["c"], ..look(&[("a", "allocate")], 1) },
        ] {
            assert_eq!(remark(&other), None);
        }
    }

    #[test]
    fn a_section_for_the_linker_counts_more_than_names() {
        let library = Look { dynamic: true, ..look(&[("env", "invoke_iii"), ("env", "__memory_base")], 1) };
        assert!(remark(&library).unwrap().contains("made to be linked with a running program"));
    }

    #[test]
    fn names_that_anybody_may_give_tell_nothing() {
        for imports in [
            &[][..],
            &[("a", "a")],
            &[("env", "log")],
            &[("go", "fast")],
            &[("host", "abort")],
            &[("", "0")],
            &[("https://example.org/a.js", "log")],
            &[("node:fs/promises", "readFile")],
        ] {
            assert_eq!(remark(&look(imports, 4)), None, "{imports:?}");
        }
        assert_eq!(remark(&look(&[("env", "abort")], 0)), None, "this is C's");
    }
}
