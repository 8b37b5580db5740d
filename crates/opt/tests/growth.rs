//! What compiling takes at most: memory in proportion to the function, whatever it consists of.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;

use upshift_asm::x64::CpuFeatures;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::{MemoryMode, Returns};
use upshift_opt::{Request, compile};
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse};

/// Counts what each thread has allocated, and the most that it had at once.
struct Counting;

thread_local! {
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn note(bytes: isize) {
    let (held, most) = HELD.get();
    HELD.set((held + bytes, most.max(held + bytes)));
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as isize);
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note(-(layout.size() as isize));
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        note(new as isize - layout.size() as isize);
        // SAFETY: promised by the caller.
        unsafe { System.realloc(ptr, layout, new) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A module whose only function has such a body.
fn module(locals: &str, body: &str) -> ModuleInfo {
    let wat = format!("(module (memory 1) (func (param i32) (result i32) {locals} {body}))");
    let bytes = wat::parse_str(wat).unwrap();
    parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
}

/// The most bytes that compiling the function takes at once, for each byte of its body.
fn peak(module: &ModuleInfo) -> f64 {
    let target = Target {
        features: CpuFeatures::ALL,
        returns: Returns::Paired,
        choices: false,
        counts: false,
        memories: [MemoryMode::Guard].into(),
    };
    let bytes = module.body(FuncIndex(0)).unwrap().len();
    let before = HELD.get().0;
    HELD.set((before, before));
    let code = compile(module, FuncIndex(0), CodeOptions::default(), &target, Request::default());
    code.unwrap();
    (HELD.get().1 - before) as f64 / bytes as f64
}

/// Functions of a kind, larger with the number.
type Kind = fn(usize) -> ModuleInfo;

fn straight(n: usize) -> ModuleInfo {
    let step = "(local.set 0 (i32.xor (i32.load offset=4 (local.get 0)) (i32.const 77)))";
    module("", &format!("{} (local.get 0)", step.repeat(n)))
}

fn many_locals(n: usize) -> ModuleInfo {
    let sets: String = (1..n)
        .map(|local| format!("(local.set {local} (i32.add (local.get {}) (local.get 0)))", local - 1))
        .collect();
    module(&format!("(local {})", "i32 ".repeat(n)), &format!("{sets} (local.get {n})"))
}

fn nested_blocks(n: usize) -> ModuleInfo {
    let mut body = "block ".repeat(n);
    for target in (0..n).step_by(10) {
        write!(body, "local.get 0 i32.const {target} i32.eq br_if {target} ").unwrap();
    }
    module("", &format!("{body} {} local.get 0", "end ".repeat(n)))
}

fn cases(n: usize) -> ModuleInfo {
    let labels: String = (0..n).map(|case| format!("{case} ")).collect();
    let blocks = "block ".repeat(n);
    let ends = "end local.get 0 i32.load offset=4 local.set 0 br $next ".repeat(n);
    module("", &format!("loop $next {blocks} local.get 0 br_table {labels} {ends} end unreachable"))
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
