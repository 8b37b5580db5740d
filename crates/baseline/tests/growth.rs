//! What compiling takes grows with the function and not faster, and nothing is allocated that could be there already.

#[path = "common/growing.rs"]
mod growing;

use upshift_asm::x64::CpuFeatures;
use upshift_baseline::{BaselineCode, compile};
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_translate::{CodeOptions, ModuleInfo};

use growing::{Kind, allocated, cases, many_locals, module, nested_blocks};

/// Compiles the function. Returns the code, how often memory was asked for meanwhile and for how many bytes.
fn measured(module: &ModuleInfo) -> (BaselineCode, usize, usize) {
    let target = Target {
        features: CpuFeatures::BASELINE,
        returns: Returns::Paired,
        choices: false,
        counts: false,
        twins: None,
        memories: [MemoryMode::Guard].into(),
    };
    let before = allocated();
    let code = compile(module, FuncIndex(0), CodeOptions::default(), &target).unwrap();
    let after = allocated();
    (code, after.times - before.times, after.bytes - before.bytes)
}

fn nested_loops(n: usize) -> ModuleInfo {
    let ends = "local.get 0 br_if 0 end ".repeat(n);
    module("", &format!("{} {ends} local.get 0", "loop ".repeat(n)))
}

fn wide_table(n: usize) -> ModuleInfo {
    let targets: String = (0..n).map(|index| if index % 2 == 0 { "0 " } else { "1 " }).collect();
    module("", &format!("block block local.get 0 br_table {targets} end end local.get 0"))
}

fn constants(n: usize) -> ModuleInfo {
    let uses: String = (0..n)
        .map(|n| format!("(f64.store (i32.const 8) (f64.add (f64.load (i32.const 0)) (f64.const {n}.5)))"))
        .collect();
    module("", &format!("{uses} (local.get 0)"))
}

#[test]
fn code_and_memory_grow_with_the_function() {
    const KINDS: [(&str, Kind); 6] = [
        ("locals", many_locals),
        ("blocks", nested_blocks),
        ("loops", nested_loops),
        ("cases", cases),
        ("table", wide_table),
        ("constants", constants),
    ];
    for (name, kind) in KINDS {
        let [small, large] = [2000, 16_000].map(kind);
        let ([small, large], sizes) = (
            [measured(&small), measured(&large)],
            [small, large].map(|module| module.body(FuncIndex(0)).unwrap().len()),
        );
        let growth = sizes[1].div_ceil(sizes[0]);
        // Distances and numbers of labels have more bytes in large functions, and vectors double their room.
        assert!(large.0.code.bytes.len() <= 2 * growth * small.0.code.bytes.len(), "code of {name}");
        assert!(large.2 <= 3 * growth * small.2, "memory of {name}: {} and {}", small.2, large.2);
        // All that was asked for, although much of it was given back before the end.
        assert!(large.2 <= 200 * sizes[1], "{name}: {} bytes for {}", large.2, sizes[1]);
    }
}

#[test]
fn functions_share_their_room() {
    let module = cases(20);
    let (first, ..) = measured(&module);
    let (second, times, _) = measured(&module);
    assert_eq!(first.code, second.code);
    // For code, relocations, owners, faults and loops, and in builds with assertions for what checks the walker.
    assert!(times <= 20, "memory is asked for {times} times");
}

#[test]
fn large_functions_leave_nothing_behind() {
    let (small, large) = (cases(20), cases(16_000));
    let (first, ..) = measured(&small);
    measured(&large);
    let (second, ..) = measured(&small);
    assert_eq!(first.code, second.code);
    assert_eq!((first.owners, first.faults, first.loops), (second.owners, second.faults, second.loops));
}
