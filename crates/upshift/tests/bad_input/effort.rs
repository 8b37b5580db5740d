//! Modules whose translation takes time in proportion to their size, although they are made to be hard on the walker's
//! model of the stack.

use std::time::{Duration, Instant};

use upshift::{Config, Engine, Module, ModuleLimit, ModuleLimits};
use upshift_core::index::FuncIndex;
use upshift_translate::CodeOptions;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, Instruction as I, MemorySection, MemoryType, TypeSection, ValType,
};

/// Types: 0 is `() -> ()`, 1 has a thousand `i32` parameters and results, 2 is `() -> i32`.
pub(crate) fn module_of(params: &[ValType], results: &[ValType], function: &Function) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let many = [ValType::I32; 1000];
    types.ty().function(many, many);
    types.ty().function([], [ValType::I32]);
    types.ty().function(params.to_vec(), results.to_vec());
    let mut funcs = FunctionSection::new();
    funcs.function(3);
    let mut memories = MemorySection::new();
    let memory =
        MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
    memories.memory(memory);
    let mut globals = GlobalSection::new();
    let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(ty, &ConstExpr::i32_const(0));
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    code.function(function);
    let mut module = wasm_encoder::Module::new();
    module
        .section(&types)
        .section(&funcs)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&code);
    module.finish()
}

struct Case {
    name: &'static str,
    body: fn(&mut Function, usize),
}

fn repeat(function: &mut Function, count: usize, instructions: &[I<'_>]) {
    for _ in 0..count {
        for instruction in instructions {
            function.instruction(instruction);
        }
    }
}

/// Locals 0 to 9 are `i32`.
const CASES: &[Case] = &[
    Case {
        name: "pushes, then sets of the same local",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0)]);
            repeat(f, n, &[I::LocalSet(0)]);
        },
    },
    Case {
        name: "pushes, then sets of another local",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0)]);
            repeat(f, n, &[I::LocalSet(1)]);
        },
    },
    Case {
        name: "pushes, then tees below them",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0)]);
            repeat(f, n, &[I::I32Const(1), I::LocalTee(0), I::Drop]);
            repeat(f, n, &[I::Drop]);
        },
    },
    Case {
        name: "aliases pushed and spilled in turn",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0), I::LocalGet(1), I::I32Const(1), I::LocalSet(0)]);
            repeat(f, 2 * n, &[I::Drop]);
        },
    },
    Case {
        name: "blocks above many operands",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0)]);
            repeat(f, n, &[I::Block(BlockType::Empty), I::End]);
            repeat(f, n, &[I::Drop]);
        },
    },
    Case {
        name: "blocks and a new operand each time",
        body: |f, n| {
            repeat(
                f,
                n,
                &[I::LocalGet(0), I::Block(BlockType::Empty), I::LocalGet(1), I::LocalSet(2), I::End],
            );
            repeat(f, n, &[I::Drop]);
        },
    },
    Case {
        name: "loops above many operands that come and go",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0)]);
            repeat(f, n, &[I::Loop(BlockType::Empty), I::End, I::Drop, I::LocalGet(1)]);
            repeat(f, n, &[I::Drop]);
        },
    },
    Case {
        name: "conditionals above many constants",
        body: |f, n| {
            repeat(f, n, &[I::I32Const(7)]);
            repeat(f, n, &[I::LocalGet(0), I::If(BlockType::Empty), I::Else, I::End]);
            repeat(f, n, &[I::Drop]);
        },
    },
    Case {
        name: "branches out of deep nesting",
        body: |f, n| {
            repeat(f, n, &[I::Block(BlockType::Empty)]);
            for i in 0..n {
                f.instruction(&I::LocalGet(0)).instruction(&I::BrIf((i % n) as u32));
            }
            repeat(f, n, &[I::End]);
        },
    },
    Case {
        name: "a table that leads back to many loops, and many that lead to one each",
        body: |f, n| {
            // Comparing labels is quick, so it takes many.
            let n = 2 * n;
            repeat(f, n, &[I::Loop(BlockType::Empty)]);
            for i in 0..n as u32 {
                f.instruction(&I::Block(BlockType::Empty));
                f.instruction(&I::LocalGet(0)).instruction(&I::BrTable([1 + i].as_slice().into(), 0));
                f.instruction(&I::End);
            }
            let targets: Vec<u32> = (0..n as u32).collect();
            f.instruction(&I::LocalGet(0)).instruction(&I::BrTable(targets.into(), 0));
            repeat(f, n, &[I::End]);
        },
    },
    Case {
        name: "handlers around each other whose clauses lead back to many loops",
        body: |f, n| {
            for i in 0..n as u32 {
                f.instruction(&I::Loop(BlockType::Empty));
                let catch = wasm_encoder::Catch::All { label: i };
                f.instruction(&I::TryTable(BlockType::Empty, [catch].as_slice().into()));
            }
            repeat(f, n, &[I::I32Const(1), I::MemoryGrow(0), I::Drop, I::End, I::End]);
        },
    },
    Case {
        name: "nesting with an operand at each level",
        body: |f, n| {
            repeat(
                f,
                n,
                &[
                    I::LocalGet(0),
                    I::Block(BlockType::Result(ValType::I32)),
                    I::LocalGet(1),
                    I::LocalGet(2),
                    I::BrIf(0),
                    I::Drop,
                ],
            );
            f.instruction(&I::LocalGet(1));
            repeat(f, n, &[I::End, I::I32Add]);
            f.instruction(&I::Drop);
        },
    },
    Case {
        name: "unreachable code",
        body: |f, n| {
            f.instruction(&I::Unreachable);
            repeat(f, n, &[I::I32Add, I::Drop, I::Block(BlockType::Empty), I::Unreachable]);
            repeat(f, n, &[I::End]);
        },
    },
    Case {
        name: "comparisons of comparisons",
        body: |f, n| {
            f.instruction(&I::LocalGet(0));
            repeat(f, n, &[I::LocalGet(1), I::I32LtS, I::I32Eqz, I::I32Eqz]);
            f.instruction(&I::Drop);
        },
    },
    Case {
        name: "calls above many operands",
        body: |f, n| {
            repeat(f, n, &[I::LocalGet(0)]);
            repeat(f, n, &[I::I32Const(0), I::MemoryGrow(0), I::LocalSet(0)]);
            repeat(f, n, &[I::Drop]);
        },
    },
    Case {
        name: "blocks of a thousand parameters and results",
        body: |f, n| {
            repeat(f, 1000, &[I::LocalGet(0)]);
            repeat(f, n / 100, &[I::Block(BlockType::FunctionType(1)), I::LocalGet(3), I::BrIf(0), I::End]);
            repeat(f, n / 100, &[I::Loop(BlockType::FunctionType(1)), I::LocalGet(3), I::BrIf(0), I::End]);
            repeat(
                f,
                n / 100,
                &[I::LocalGet(1), I::If(BlockType::FunctionType(1)), I::LocalTee(0), I::Else, I::End],
            );
            repeat(f, 1000, &[I::Drop]);
        },
    },
];

/// How long parsing and translation of a body take, and how many bytes it has.
fn measure(engine: &Engine, case: &Case, size: usize) -> (Duration, usize) {
    let mut function = Function::new([(10, ValType::I32)]);
    (case.body)(&mut function, size);
    function.instruction(&I::End);
    let bytes = module_of(&[], &[], &function);
    let start = Instant::now();
    let module = Module::from_binary(engine, &bytes).unwrap();
    upshift_ir::compile(module.info(), FuncIndex(0), CodeOptions::default()).unwrap();
    (start.elapsed(), bytes.len())
}

#[test]
fn translation_takes_time_in_proportion_to_size() {
    const SIZE: usize = 100_000;
    // A thousand values for each block are more work than the bytes of a module allow for.
    let limits = ModuleLimits::default().with(ModuleLimit::WorkPerByte, u64::MAX);
    let engine = Engine::new(Config::new().module_limits(limits)).unwrap();
    let plain = Case { name: "plain code", body: |f, n| repeat(f, n, &[I::LocalGet(0), I::LocalSet(1)]) };
    let mut slowest = (0.0, "");
    for case in CASES {
        // Beside plain code at the same time, so that the load of the machine is on both.
        let (base, base_bytes) = measure(&engine, &plain, SIZE);
        let (took, bytes) = measure(&engine, case, SIZE);
        let factor = took.as_secs_f64() / bytes as f64 / (base.as_secs_f64() / base_bytes as f64);
        println!("{}: {took:?} for {bytes} bytes, {factor:.1} times that of plain code", case.name);
        // Square time would be thousands of times as much. Blocks of a thousand values cost that of a thousand operators.
        let allowed = match case.name {
            name if name.contains("thousand") => 5000.0,
            name if name.contains("table") => 20.0,
            _ => 100.0,
        };
        assert!(factor < allowed, "{} takes {factor} times as long as plain code", case.name);
        if factor > slowest.0 && allowed == 100.0 {
            slowest = (factor, case.name);
        }
    }
    println!("effort: {} cases, the slowest `{}` with a factor of {:.1}", CASES.len(), slowest.1, slowest.0);
}
