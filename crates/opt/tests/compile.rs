//! Functions of WebAssembly through the whole compiler.

use upshift_asm::x64::CpuFeatures;
use upshift_baseline::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::{Dump, Request, Stage, compile};
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse};

fn module(bytes: Vec<u8>) -> ModuleInfo {
    parse(bytes.into(), &Features::default(), &TypeRegistry::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

struct Print;

impl Dump for Print {
    fn step(&mut self, stage: Stage, name: &str, text: &dyn Fn() -> String) {
        println!("== {stage:?} {name}\n{}", text());
    }
}

fn target(module: &ModuleInfo) -> Target {
    Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        memories: module.memories.iter().map(|_| MemoryMode::Guard).collect(),
        counts: false,
        choices: false,
    }
}

#[test]
fn everything() {
    let Ok(file) = std::env::var("WASM") else { return };
    let bytes = std::fs::read(&file).unwrap();
    let bytes = if file.ends_with("wat") { wat::parse_bytes(&bytes).unwrap().into_owned() } else { bytes };
    let module = module(bytes);
    let only: Option<u32> = std::env::var("FUNC").ok().map(|n| n.parse().unwrap());
    let target = target(&module);
    let (mut count, mut bytes, mut spills, mut insts) = (0, 0, 0, 0);
    for own in 0..module.bodies.len() as u32 {
        let func = FuncIndex(module.imported_funcs + own);
        if only.is_some_and(|only| only != func.0) {
            continue;
        }
        let mut print = Print;
        let dump: Option<&mut dyn Dump> = if only.is_some() { Some(&mut print) } else { None };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            compile(&module, func, CodeOptions::default(), &target, Request { dump, ..Request::default() })
        }));
        match result {
            Ok(Ok(code)) => {
                count += 1;
                bytes += code.code.bytes.len();
                spills += code.stats.spills;
                insts += code.stats.insts;
                if let (Some(_), Ok(file)) = (only, std::env::var("CODE")) {
                    std::fs::write(file, code.code.code()).unwrap();
                }
            }
            Ok(Err(refusal)) => println!("{}: {refusal}", func.0),
            Err(_) => println!("{}: panic", func.0),
        }
    }
    println!(
        "{file}: {count} of {} functions, {bytes} bytes, {spills} spills, {insts} insts",
        module.bodies.len()
    );
}
