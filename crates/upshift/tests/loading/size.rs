//! Modules of many functions, as compilers make them: their bytes are held once, and a function that was never called costs
//! little.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use upshift::{Engine, Instance, Module, ModuleBytes, Store};
use wasm_encoder::{
    BlockType, BranchHint, BranchHints, CodeSection, ConstExpr, ElementSection, Elements, ExportKind,
    ExportSection, Function, FunctionSection, NameMap, NameSection, RefType, TableSection, TableType,
    TypeSection, ValType,
};

use crate::allocator::{alone, held_by, peak_of};

/// What a function may cost that was never called, in all tables of its module and one instance together.
const PER_FUNCTION: usize = 100;

/// What a module and an instance take besides, whatever their size.
const BESIDES: usize = 64 << 10;

/// A module of so many functions of about so many bytes each, with a table of some of them, names and branch hints. Function
/// 0 returns its parameter.
fn module(funcs: u32, bytes: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    let (mut names, mut hints) = (NameMap::new(), BranchHints::new());
    for number in 0..funcs {
        declared.function(0);
        names.append(number, &format!("function {number}"));
        let mut body = Function::new([(2, ValType::I32)]);
        body.instructions().block(BlockType::Empty).local_get(0);
        let branch_func_offset = body.byte_len() as u32;
        hints.function_hints(number, [BranchHint { branch_func_offset, branch_hint_value: 1 }]);
        body.instructions().br_if(0).end();
        while body.byte_len() + 12 < bytes {
            body.instructions().local_get(1).i32_const(number as i32).i32_xor().local_set(1);
        }
        body.instructions().local_get(0).end();
        code.function(&body);
    }
    let (mut tables, mut exports, mut elems) =
        (TableSection::new(), ExportSection::new(), ElementSection::new());
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 100,
        maximum: None,
        shared: false,
    });
    exports.export("first", ExportKind::Func, 0);
    let listed: Vec<u32> = (0..100).collect();
    elems.active(Some(0), &ConstExpr::i32_const(0), Elements::Functions(listed.into()));
    let mut name_section = NameSection::new();
    name_section.functions(&names);
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&declared).section(&tables).section(&exports).section(&elems);
    module.section(&hints).section(&code).section(&name_section);
    module.finish()
}

fn call(store: &mut Store<()>, instance: Instance) {
    let first = instance.get_typed_func::<i32, i32>(&mut *store, "first").unwrap();
    assert_eq!(first.call(&mut *store, 7).unwrap(), 7);
}

#[test]
fn a_function_that_was_never_called_costs_little() {
    const FUNCS: u32 = 200_000;
    alone(|| {
        let bytes = module(FUNCS, 20);
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        // The stack and whatever else a store makes at its first call.
        let small = Module::new(&engine, module(100, 20)).unwrap();
        let instance = Instance::new(&mut store, &small, &[]).unwrap();
        call(&mut store, instance);

        let (module, parsed) = held_by(|| Module::from_binary(&engine, bytes).unwrap());
        let (instance, instantiated) = held_by(|| Instance::new(&mut store, &module, &[]).unwrap());
        let ((), called) = held_by(|| call(&mut store, instance));
        println!("{parsed} bytes parsed, {instantiated} instantiated, {called} called");
        let allowed = PER_FUNCTION * FUNCS as usize + BESIDES;
        assert!(parsed + instantiated + called <= allowed, "{parsed} + {instantiated} + {called}");
        // One call of one function makes nothing that grows with the number of all.
        assert!(called <= BESIDES, "{called}");
    });
}

/// What an instance keeps is a record of each function, nothing else that grows with them: large modules have 600,000.
#[test]
fn an_instance_has_a_record_of_each_function() {
    const RECORD: usize = 48;
    const FUNCS: u32 = 600_000;
    alone(|| {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        let (mut declared, mut exports, mut code) =
            (FunctionSection::new(), ExportSection::new(), CodeSection::new());
        exports.export("first", ExportKind::Func, 0);
        for _ in 0..FUNCS {
            declared.function(0);
            let mut body = Function::new([]);
            body.instructions().local_get(0).end();
            code.function(&body);
        }
        let mut bytes = wasm_encoder::Module::new();
        bytes.section(&types).section(&declared).section(&exports).section(&code);
        let engine = Engine::default();
        let (module, parsed) = held_by(|| Module::from_binary(&engine, bytes.finish()).unwrap());
        let mut store = Store::new(&engine, ());
        for _ in 0..2 {
            let (instance, held) = held_by(|| Instance::new(&mut store, &module, &[]).unwrap());
            assert!(held <= RECORD * FUNCS as usize + BESIDES, "{held}");
            assert!(parsed + held <= PER_FUNCTION * FUNCS as usize + BESIDES, "{parsed} + {held}");
            call(&mut store, instance);
        }
    });
}

#[test]
fn a_module_is_held_once() {
    alone(|| {
        let bytes = module(100_000, 150);
        let len = bytes.len();
        let engine = Engine::default();
        let file = TemporaryFile::new(&bytes);
        let shared = ModuleBytes::from(Arc::<[u8]>::from(&bytes[..]));
        // How much may be allocated at once, in hundredths of the module's bytes.
        let check = |what: &str, allowed: usize, load: &mut dyn FnMut()| {
            let ((), peak) = peak_of(load);
            println!("{what}: {}% of {len} bytes", peak * 100 / len);
            assert!(peak <= len / 100 * allowed, "{what}: {peak} bytes for {len}");
        };
        check("file", 130, &mut || drop(Module::from_file(&engine, &file.0).unwrap()));
        check("slice", 130, &mut || drop(Module::from_binary(&engine, &bytes).unwrap()));
        check("shared bytes", 30, &mut || drop(Module::from_binary(&engine, &shared).unwrap()));
        check("validation", 30, &mut || Module::validate(&engine, &bytes).unwrap());
        let mut bytes = Some(bytes);
        check("vector", 30, &mut || drop(Module::from_binary(&engine, bytes.take().unwrap()).unwrap()));
    });
}

/// The text of a file and the module that it becomes are not there at the same time longer than it takes to read it.
#[test]
fn text_is_not_kept() {
    alone(|| {
        let text = format!("(module (func (export \"f\")) ;; {}\n)", "long ".repeat(1 << 20));
        let file = TemporaryFile::new(text.as_bytes());
        let engine = Engine::default();
        let (module, held) = held_by(|| Module::from_file(&engine, &file.0).unwrap());
        assert!(held < BESIDES, "{held} bytes for {}", text.len());
        drop(module);
        let (module, held) = held_by(|| Module::new(&engine, text).unwrap());
        assert!(held < BESIDES, "{held} bytes");
        drop(module);
    });
}

/// A file that is gone when the test ends.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(contents: &[u8]) -> TemporaryFile {
        let path = std::env::temp_dir().join(format!("upshift-size-{}.wasm", std::process::id()));
        fs::write(&path, contents).unwrap();
        TemporaryFile(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
