//! `wasmtools`: a module is built, validated, printed as text, assembled again, and compared.

use std::process::ExitCode;

use upshift_bench_real::input::Random;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, InstructionSink, MemArg, MemArgTarget,
    MemorySection, MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

const FUNCTIONS: u32 = 300;

/// The types of the functions, by index: a function `n` has type `n % 3`.
const TYPES: &[(&[ValType], &[ValType])] = &[
    (&[ValType::I32, ValType::I32], &[ValType::I32]),
    (&[ValType::I64, ValType::F64], &[ValType::I64]),
    (&[ValType::F32], &[ValType::I32]),
];

/// Puts an expression of type `i32` on the stack.
fn expression(random: &mut Random, depth: u32, local: u32, sink: &mut InstructionSink) {
    if depth == 0 {
        match random.below(3) {
            0 => sink.i32_const(random.bits() as i32 >> random.below(31)),
            1 => sink.global_get(0),
            _ => sink.local_get(local),
        };
        return;
    }
    expression(random, depth - 1, local, sink);
    match random.below(6) {
        0 => sink.i32_load(MemArg {
            offset: u64::from(random.below(4096)),
            align: random.below(3),
            target: MemArgTarget::Memory(0),
            ordering: None,
        }),
        1 => sink.local_tee(local),
        2 => {
            expression(random, depth - 1, local, sink);
            sink.i32_add()
        }
        3 => {
            expression(random, depth - 1, local, sink);
            sink.i32_xor()
        }
        4 => sink.i64_extend_i32_s().f64_convert_i64_s().f64_sqrt().i32_trunc_sat_f64_u(),
        _ => {
            sink.if_(BlockType::Result(ValType::I32));
            expression(random, depth - 1, local, sink);
            sink.else_();
            expression(random, depth - 1, local, sink);
            sink.end()
        }
    };
}

fn function(random: &mut Random, index: u32) -> Function {
    let (parameters, results) = TYPES[index as usize % TYPES.len()];
    let local = parameters.len() as u32;
    let mut function = Function::new([(2, ValType::I32), (1, ValType::V128)]);
    let mut sink = function.instructions();
    for _ in 0..2 + random.below(6) {
        sink.block(BlockType::Empty).loop_(BlockType::Empty);
        expression(random, 3, local, &mut sink);
        sink.local_tee(local + 1).i32_eqz().br_if(1);
        expression(random, 2, local + 1, &mut sink);
        sink.br_table([0, 1, 0], 1).end().end();
        sink.local_get(local);
        expression(random, 2, local, &mut sink);
        sink.i32_store(MemArg { offset: 8, align: 2, target: MemArgTarget::Memory(0), ordering: None });
        expression(random, 1, local, &mut sink);
        sink.i32x4_splat().local_get(local + 2).i8x16_add().local_set(local + 2);
    }
    // A call of an earlier function and one through the table.
    if let Some(callee) = index.checked_sub(1 + random.below(index.max(1))) {
        for parameter in TYPES[callee as usize % TYPES.len()].0 {
            match parameter {
                ValType::I32 => sink.i32_const(7),
                ValType::I64 => sink.i64_const(-7_000_000_000),
                ValType::F32 => sink.f32_const(0.5.into()),
                _ => sink.f64_const(1.0e-3.into()),
            };
        }
        sink.call(callee).drop();
    }
    sink.f32_const(1.5.into()).i32_const(index as i32).call_indirect(0, 2).local_set(local);
    match results {
        [ValType::I64] => sink.local_get(local).i64_extend_i32_u(),
        _ => sink.local_get(local),
    };
    sink.end();
    function
}

fn module() -> Vec<u8> {
    let mut random = Random::new(7);
    let mut types = TypeSection::new();
    for (parameters, results) in TYPES {
        types.ty().function(parameters.iter().copied(), results.iter().copied());
    }
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for index in 0..FUNCTIONS {
        functions.function(index % TYPES.len() as u32);
        exports.export(&format!("function \"{index}\""), ExportKind::Func, index);
        code.function(&function(&mut random, index));
    }
    let mut tables = TableSection::new();
    let size = u64::from(FUNCTIONS);
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: size,
        maximum: Some(size),
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(4),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    globals.global(
        GlobalType { val_type: ValType::I32, mutable: true, shared: false },
        &ConstExpr::i32_const(42),
    );
    let mut elements = ElementSection::new();
    let all: Vec<u32> = (0..FUNCTIONS).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(all.into()));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(16), (0..2048).map(|_| random.bits() as u8).collect::<Vec<u8>>());

    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tables).section(&memories).section(&globals);
    module.section(&exports).section(&elements).section(&code).section(&data);
    module.finish()
}

fn work(_: &()) -> Vec<u8> {
    let module = module();
    wasmparser::validate(&module).expect("a valid module");
    let text = wasmprinter::print_bytes(&module).expect("a valid module has a text");
    let again = wat::parse_str(&text).expect("what was printed is text");
    assert!(wasmprinter::print_bytes(&again).expect("a valid module has a text") == text);
    [module, text.into_bytes()].concat()
}

fn main() -> ExitCode {
    upshift_bench_real::run(0x46fb_02e0_82e0_d8fc, || (), work)
}
