//! What compiling takes at most: memory in proportion to the function, whatever it consists of.

#[path = "../../baseline/tests/common/growing.rs"]
mod growing;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::{Request, compile};
use upshift_translate::{CodeOptions, ModuleInfo};

use growing::{Kind, allocated, cases, many_locals, module, nested_blocks};

/// The most bytes that compiling the function takes at once, for each byte of its body.
fn peak(module: &ModuleInfo) -> f64 {
    let target = Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        choices: false,
        counts: false,
        twins: None,
        memories: [MemoryMode::Guard].into(),
    };
    let bytes = module.body(FuncIndex(0)).unwrap().len();
    let before = allocated().held;
    let code = compile(module, FuncIndex(0), CodeOptions::default(), &target, Request::default());
    code.unwrap();
    (allocated().peak - before) as f64 / bytes as f64
}

fn straight(n: usize) -> ModuleInfo {
    let step = "(local.set 0 (i32.xor (i32.load offset=4 (local.get 0)) (i32.const 77)))";
    module("", &format!("{} (local.get 0)", step.repeat(n)))
}

fn branches(n: usize) -> ModuleInfo {
    let body = "(if (i32.load (local.get 0)) (then (local.set 0 (i32.mul (local.get 0) (local.get 0)))))";
    module("", &format!("{} (local.get 0)", body.repeat(n)))
}

/// Ten times the function takes not much more than ten times the memory.
#[test]
fn memory_grows_with_the_function() {
    const KINDS: [(&str, Kind); 5] = [
        ("straight", straight),
        ("locals", many_locals),
        ("blocks", nested_blocks),
        ("cases", cases),
        ("branches", branches),
    ];
    for (name, kind) in KINDS {
        // The first one brings what is kept from function to function.
        peak(&kind(1000));
        let (small, large) = (peak(&kind(500)), peak(&kind(5000)));
        println!("{name}: {small:.0} and {large:.0} bytes for a byte");
        assert!(large < 2.0 * small + 300.0, "{name}: {small} bytes for a byte became {large}");
    }
}
