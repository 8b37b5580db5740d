//! The frame of a function is the same whatever the backend and the options, so tiers can take over each other's frames.

use upshift_core::index::FuncIndex;
use upshift_core::vm::frame::HEADER_SLOTS;
use upshift_ir::{compile, text};
use upshift_translate::backend::{Frame, SCRATCH_SLOTS, SHORT_SLOTS};
use upshift_translate::checking::CheckingBackend;
use upshift_translate::null::Null;
use upshift_translate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse, walk};

fn module(wat: &str) -> ModuleInfo {
    let bytes = wat::parse_str(wat).expect("the text is right");
    parse(bytes.into(), &Features::default(), &TypeRegistry::default()).expect("the module is valid")
}

const OPTIONS: [CodeOptions; 2] = [
    CodeOptions { fuel: false, interruption: false, canonical_nans: false },
    CodeOptions { fuel: true, interruption: true, canonical_nans: true },
];

/// The frame of a module's only function, which all walks agree on.
fn frame(module: &ModuleInfo) -> Frame {
    let mut frames = Vec::new();
    for options in OPTIONS {
        for mut null in [Null::default(), Null::with_survey()] {
            let mut checked = CheckingBackend::new(module, &mut null);
            walk(module, FuncIndex(0), options, &mut checked).expect("the function can be walked");
            frames.push(null.frame().expect("a walk begins with the frame"));
        }
    }
    assert!(frames.iter().all(|frame| *frame == frames[0]), "{frames:?}");
    frames[0]
}

/// Where the interpreter's code sets the locals to zero, and how many slots, whatever the options.
fn zeroed(module: &ModuleInfo) -> Vec<String> {
    let code = OPTIONS.map(|options| compile(module, FuncIndex(0), options).expect("it can be compiled"));
    let lines = code.map(|code| text::print(&code).expect("it can be printed"));
    let zeroes = |text: &String| {
        text.lines().find_map(|line| Some(line.split_once("zero.span")?.1.trim().to_string()))
    };
    lines.iter().map(|text| zeroes(text).expect("there are locals")).collect()
}

#[test]
fn a_large_frame_is_the_same_for_all() {
    // Locals alone take more slots than there are numbers of 16 bits.
    let large = module(&format!("(module (func (param i32) (local {}) (loop)))", "v128 ".repeat(35_000)));
    let frame = frame(&large);
    let locals = 1 + HEADER_SLOTS + SCRATCH_SLOTS;
    assert_eq!((frame.scratch, frame.locals), (Some(1 + HEADER_SLOTS), locals));
    assert_eq!(frame.homes, locals + 70_000);
    assert_eq!(zeroed(&large), [format!("s{SCRATCH_SLOTS}, 70000"), format!("s{SCRATCH_SLOTS}, 70000")]);
}

#[test]
fn a_frame_is_large_because_of_operands_too() {
    // 1000 vectors from each of 40 calls lie on the stack at once: 80 000 slots, from less than a thousand bytes.
    let results = "v128 ".repeat(1000);
    let (calls, drops) = ("(call $f) ".repeat(40), "drop ".repeat(40_000));
    let wat = format!("(module (func (local i32) {calls} {drops}) (func $f (result {results}) unreachable))");
    let large = module(&wat);
    assert_eq!(frame(&large).scratch, Some(HEADER_SLOTS));
    let code = compile(&large, FuncIndex(0), CodeOptions::default()).expect("it can be compiled");
    assert_eq!(code.preamble().frame_slots, SCRATCH_SLOTS + 1 + 80_000);
}

#[test]
fn a_usual_frame_has_no_scratch_slots() {
    let small = module("(module (func (param i64) (local i32 f32) (loop)))");
    let frame = frame(&small);
    let locals = 1 + HEADER_SLOTS;
    assert_eq!(frame, Frame { params: 1, results: 0, locals, homes: locals + 2, scratch: None });
    assert!(frame.homes < SHORT_SLOTS);
    assert_eq!(zeroed(&small), ["s0, 2", "s0, 2"]);
}
