//! Functions of WebAssembly through the whole compiler: those of the example programs, which compilers of several languages have
//! made. Builds with debug assertions verify SSA after each pass, and check the allocation of registers by executing it on symbols.

use std::path::Path;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::stored::{decode, encode};
use upshift_opt::{Callees, OptCode, PassSet, Request, compile};
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse};

fn example(file: &str) -> ModuleInfo {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(bytes.into(), &Features::all(), &TypeRegistry::default())
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn target(module: &ModuleInfo, features: CpuFeatures, memories: MemoryMode) -> Target {
    Target {
        features,
        returns: Returns::Paired,
        memories: module.memories.iter().map(|_| memories).collect(),
        counts: false,
        twins: None,
        choices: false,
    }
}

/// What has to hold of any code.
fn check(name: &str, code: &OptCode) {
    let bytes = code.code.bytes.len() as u32;
    let ascending = |list: &[(u32, u32)]| list.windows(2).all(|pair| pair[0].0 < pair[1].0);
    assert!(ascending(&code.owners), "{name}: owners");
    assert!(code.positions.is_sorted_by(|a, b| a.0 < b.0), "{name}: positions");
    // Calls come before what they lead to.
    let calls = code.inlined.iter().map(|inlined| inlined.call.number());
    assert!(calls.zip(0..).all(|(call, at)| call.is_none_or(|call| call < at)), "{name}: inlined");
    assert!(code.owners.iter().all(|&(at, position)| at < bytes && position < code.code.pool), "{name}");
    // The preamble has the size of the frame in bytes, and behind it the address where handlers come in.
    assert_eq!(code.code.word(code.entry), u64::from(code.frame_slots) * 8, "{name}");
    assert!(code.code.word(code.entry + 8) < u64::from(code.code.pool), "{name}");
    // It can be kept as bytes, all of which count.
    let made = Ok(code.clone());
    let bytes = encode(&made);
    assert!(decode(&bytes) == Ok(made) && decode(&bytes[..bytes.len() - 1]).is_err(), "{name}: stored");
    assert!(decode(&[&bytes[..], &[0]].concat()).is_err(), "{name}: stored");
}

/// Compiles all functions, and for every fifth of them what follows from its first loop on.
fn compile_all(file: &str, options: CodeOptions, target: impl Fn(&ModuleInfo) -> Target, off: PassSet) {
    let module = example(file);
    let target = target(&module);
    for own in 0..module.bodies.len() as u32 {
        let func = FuncIndex(module.imported_funcs + own);
        let request = Request { off, ..Request::default() };
        let name = format!("{file}: function {}", func.0);
        let code = compile(&module, func, options, &target, request);
        check(&name, &code.unwrap_or_else(|refusal| panic!("{name}: {refusal}")));
        if own % 5 == 0 {
            // A function without loops refuses.
            let request = Request { osr: Some(0), off, ..Request::default() };
            if let Ok(code) = compile(&module, func, options, &target, request) {
                check(&name, &code);
            }
        }
    }
}

const METERED: CodeOptions = CodeOptions { fuel: true, interruption: true, canonical_nans: true };

#[test]
fn functions_of_c_with_all_extensions() {
    let target = |module: &ModuleInfo| target(module, CpuFeatures::ALL, MemoryMode::Guard);
    compile_all("c/wordcount.wasm", CodeOptions::default(), target, PassSet::default());
}

#[test]
fn functions_of_cpp_that_throw_on_the_oldest_processor() {
    let target = |module: &ModuleInfo| target(module, CpuFeatures::BASELINE, MemoryMode::Check);
    compile_all("cpp/reckon.wasm", METERED, target, PassSet::default());
}

#[test]
fn functions_with_objects_of_the_heap() {
    let target = |module: &ModuleInfo| target(module, CpuFeatures::ALL, MemoryMode::Guard);
    compile_all("moonbit/lisp.wasm", METERED, target, PassSet::default());
}

#[test]
fn registers_by_the_quick_algorithm() {
    let with_guard = |module: &ModuleInfo| target(module, CpuFeatures::of_level(2), MemoryMode::Guard);
    let quick = PassSet::default().with("ion");
    compile_all("rust/primes.wasm", METERED, with_guard, quick);
    let checked = |module: &ModuleInfo| target(module, CpuFeatures::BASELINE, MemoryMode::Check);
    compile_all("moonbit/lisp.wasm", CodeOptions::default(), checked, quick);
}

/// What others have found out about callees makes code sooner, and no other code.
#[test]
fn what_is_known_of_callees_changes_nothing() {
    for (file, options) in [("moonbit/lisp.wasm", CodeOptions::default()), ("c/wordcount.wasm", METERED)] {
        let module = example(file);
        let target = target(&module, CpuFeatures::ALL, MemoryMode::Guard);
        let made = |own: u32, callees: Option<&Callees>| {
            let func = FuncIndex(module.imported_funcs + own);
            let request = Request { callees, ..Request::default() };
            let code = compile(&module, func, options, &target, request).unwrap();
            (code.code.bytes, code.positions, code.inlined, code.stats)
        };
        let functions = 0..module.bodies.len() as u32;
        let alone: Vec<_> = functions.clone().map(|own| made(own, None)).collect();
        assert!(alone.iter().any(|(.., stats)| stats.inlined > 0));
        let callees = Callees::default();
        let check =
            |own: u32| assert!(made(own, Some(&callees)) == alone[own as usize], "{file}: function {own}");
        std::thread::scope(|scope| {
            scope.spawn(|| functions.clone().for_each(check));
            scope.spawn(|| functions.clone().rev().for_each(check));
        });
    }
}
