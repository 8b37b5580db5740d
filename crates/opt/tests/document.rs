//! What `docs/optimizer.md` shows is what the compiler makes.

use std::path::Path;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::Returns;
use upshift_opt::{Dump, Request, Stage, compile};
use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};

/// The text between a fence that says so and the next one.
fn fenced<'a>(document: &'a str, what: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n```{what}\n")).expect("the document has such an example");
    rest.split_once("```\n").expect("a fence has an end").0
}

#[derive(Default)]
struct Steps(Vec<(Stage, String, String)>);

impl Dump for Steps {
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String) {
        self.0.push((stage, name.to_owned(), text()));
    }
}

#[test]
fn the_example_is_what_the_compiler_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/optimizer.md");
    let document = std::fs::read_to_string(path).unwrap();
    let bytes = wat::parse_str(fenced(&document, "wat")).unwrap();
    let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
    let (features, returns) = (CpuFeatures::BASELINE, Returns::Paired);
    let memories = [upshift_core::vm::MemoryMode::Guard];
    let target =
        Target { features, returns, memories: memories.into(), choices: false, counts: false, twins: None };
    let mut steps = Steps::default();
    let request = Request { dump: Some(&mut steps), ..Request::default() };
    compile(&module, FuncIndex(0), CodeOptions::default(), &target, request).unwrap();
    let text = |wanted: &dyn Fn(&Stage, &str) -> bool| {
        let found = steps.0.iter().rfind(|(stage, name, _)| wanted(stage, name));
        found.map(|(_, _, text)| text.as_str()).unwrap_or_default()
    };
    assert_eq!(fenced(&document, "text build"), text(&|_, name| name == "build"));
    assert_eq!(fenced(&document, "text last"), text(&|stage, _| *stage == Stage::Ssa));
    assert_eq!(fenced(&document, "text lower"), text(&|_, name| name == "lower"));
}
