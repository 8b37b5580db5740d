//! A host as small as can be: it runs cells one after the other, each with the names of those before, in the native engine.

use std::rc::Rc;

use upshift::{
    Caller, Engine, Extern, Global, GlobalType, Instance, Linker, Module, Mutability, Store, Val, ValType,
};
use upshift_cells::artifact::Artifact;
use upshift_cells::check::check;
use upshift_cells::check::program::Import;
use upshift_cells::emit::emit;
use upshift_cells::environment::{Environment, InstanceId, Symbol, SymbolKind};
use upshift_cells::host::{Failure, Math, RUNTIME};
use upshift_cells::syntax::parse;
use upshift_cells::types::Types;

/// What cells have done.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) output: String,
    pub(crate) value: String,
    pub(crate) message: String,
    pub(crate) failure: Option<Failed>,
    pub(crate) written: Vec<u8>,
    pub(crate) to_read: Vec<u8>,
}

/// What a failure has told.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    pub(crate) instance: u32,
    pub(crate) position: u32,
    pub(crate) a: i64,
    pub(crate) b: i64,
    pub(crate) message: String,
}

/// Cells and what they have defined.
pub(crate) struct Notebook {
    pub(crate) types: Types,
    pub(crate) environment: Environment,
    pub(crate) store: Store<Seen>,
    pub(crate) engine: Engine,
    pub(crate) runtime: Instance,
    pub(crate) cells: Vec<(Instance, Rc<Artifact>)>,
}

/// What came of a cell.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) value: String,
    pub(crate) ty: Option<String>,
    pub(crate) output: String,
    pub(crate) result: Result<(), String>,
    pub(crate) failure: Option<Failed>,
}

fn bytes(caller: &mut Caller<'_, Seen>, ptr: u32, len: u32) -> Vec<u8> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { panic!("no memory") };
    memory.data(&*caller)[ptr as usize..(ptr + len) as usize].to_vec()
}

fn text(caller: &mut Caller<'_, Seen>, ptr: u32, len: u32) -> String {
    String::from_utf8(bytes(caller, ptr, len)).expect("whole characters")
}

fn put(caller: &mut Caller<'_, Seen>, ptr: u32, text: &[u8]) -> u32 {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { panic!("no memory") };
    memory.data_mut(&mut *caller)[ptr as usize..ptr as usize + text.len()].copy_from_slice(text);
    text.len() as u32
}

/// The shortest text, as the language has it.
fn float_text(x: f64) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    if x.is_infinite() || x == 0.0 || (1e-5..1e16).contains(&x.abs()) {
        let text = format!("{x}");
        return if x.is_infinite() || text.contains('.') { text } else { text + ".0" };
    }
    format!("{x:e}")
}

fn linker(engine: &Engine) -> Linker<Seen> {
    let mut linker = Linker::new(engine);
    let host = "host";
    linker
        .func_wrap(host, "print", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32| {
            let text = text(&mut caller, ptr, len);
            caller.data_mut().output.push_str(&text);
        })
        .unwrap();
    linker
        .func_wrap(host, "value", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32| {
            let text = text(&mut caller, ptr, len);
            caller.data_mut().value.push_str(&text);
        })
        .unwrap();
    linker
        .func_wrap(host, "message", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32| {
            let text = text(&mut caller, ptr, len);
            caller.data_mut().message.push_str(&text);
        })
        .unwrap();
    linker
        .func_wrap(
            host,
            "fail",
            |mut caller: Caller<'_, Seen>,
             kind: u32,
             instance: u32,
             position: u32,
             a: i64,
             b: i64|
             -> upshift::Result<()> {
                let message = std::mem::take(&mut caller.data_mut().message);
                let failure = Failure::ALL[kind as usize].0;
                caller.data_mut().failure = Some(Failed { failure, instance, position, a, b, message });
                Err(upshift::Error::msg("the cell fails"))
            },
        )
        .unwrap();
    linker
        .func_wrap(host, "float_text", |mut caller: Caller<'_, Seen>, x: f64, ptr: u32| {
            put(&mut caller, ptr, float_text(x).as_bytes())
        })
        .unwrap();
    linker
        .func_wrap(host, "float_fixed", |mut caller: Caller<'_, Seen>, x: f64, digits: u32, ptr: u32| {
            put(&mut caller, ptr, format!("{x:.*}", digits as usize).as_bytes())
        })
        .unwrap();
    linker
        .func_wrap(host, "parse_float", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32| {
            text(&mut caller, ptr, len).parse().unwrap_or(f64::from_bits(0x7ff8_0000_0000_0001))
        })
        .unwrap();
    linker
        .func_wrap(host, "case", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32, upper: u32, to: u32| {
            let text = text(&mut caller, ptr, len);
            let text = if upper == 1 { text.to_uppercase() } else { text.to_lowercase() };
            put(&mut caller, to, text.as_bytes())
        })
        .unwrap();
    linker
        .func_wrap(host, "math", |function: u32, x: f64, y: f64| match Math::ALL[function as usize].0 {
            Math::Sin => x.sin(),
            Math::Cos => x.cos(),
            Math::Tan => x.tan(),
            Math::Asin => x.asin(),
            Math::Acos => x.acos(),
            Math::Atan => x.atan(),
            Math::Atan2 => x.atan2(y),
            Math::Exp => x.exp(),
            Math::Ln => x.ln(),
            Math::Log2 => x.log2(),
            Math::Log10 => x.log10(),
            Math::Pow => x.powf(y),
            Math::Remainder => x % y,
        })
        .unwrap();
    linker.func_wrap(host, "random", || 0.25f64).unwrap();
    linker
        .func_wrap(host, "write", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32| {
            let bytes = bytes(&mut caller, ptr, len);
            caller.data_mut().written.extend(bytes);
        })
        .unwrap();
    linker
        .func_wrap(host, "read", |mut caller: Caller<'_, Seen>, ptr: u32, len: u32| {
            let all = &mut caller.data_mut().to_read;
            let n = all.len().min(len as usize);
            let part: Vec<u8> = all.drain(..n).collect();
            put(&mut caller, ptr, &part)
        })
        .unwrap();
    linker
}

impl Notebook {
    pub(crate) fn new() -> Self {
        let engine = Engine::default();
        let mut store = Store::new(&engine, Seen::default());
        let linker = linker(&engine);
        let module = Module::new(&engine, RUNTIME).unwrap();
        let runtime = linker.instantiate(&mut store, &module).unwrap();
        Self {
            types: Types::new(),
            environment: Environment::default(),
            store,
            engine,
            runtime,
            cells: Vec::new(),
        }
    }

    /// Compiles a cell.
    pub(crate) fn compile(&mut self, source: &str) -> Artifact {
        let parsed = parse(source);
        assert!(parsed.diagnostics.is_empty(), "{source}\n{:#?}", parsed.diagnostics);
        let checked = check(&parsed.ast, source, &mut self.types, &self.environment);
        let Some(program) = checked.program else { panic!("{source}\n{:#?}", checked.diagnostics) };
        let artifact = emit(&program, &self.types).unwrap();
        validate(&artifact.wasm);
        artifact
    }

    /// Instantiates a module with imports from `"cells"` in their order.
    pub(crate) fn instantiate(&mut self, wasm: &[u8], instance: u32, cells: &[Extern]) -> Instance {
        let module = Module::new(&self.engine, wasm).unwrap();
        let mut cells = cells.iter();
        let mut imports = Vec::new();
        for import in module.imports() {
            imports.push(match import.module() {
                "cells" => cells.next().unwrap().clone(),
                "session" => {
                    let ty = GlobalType::new(ValType::I32, Mutability::Const);
                    Global::new(&mut self.store, ty, Val::I32(instance as i32)).unwrap().into()
                }
                _ => self.runtime.get_export(&mut self.store, import.name()).unwrap(),
            });
        }
        Instance::new(&mut self.store, &module, &imports).unwrap()
    }

    /// What a name stands for.
    pub(crate) fn export(&mut self, instance: u32, name: &str) -> Extern {
        let cell = self.cells[instance as usize].0;
        cell.get_export(&mut self.store, &format!("${name}")).unwrap()
    }

    fn imports(&mut self, imports: &[Import]) -> Vec<Extern> {
        let owners: Vec<_> = imports
            .iter()
            .map(|import| (self.environment.get(&import.name).unwrap().instance.0, import.name.clone()))
            .collect();
        owners.into_iter().map(|(instance, name)| self.export(instance, &name)).collect()
    }

    /// Compiles a cell and instantiates it.
    fn add(&mut self, source: &str) -> Rc<Artifact> {
        let artifact = Rc::new(self.compile(source));
        let number = self.cells.len() as u32;
        let imports = self.imports(&artifact.imports);
        let instance = self.instantiate(&artifact.wasm, number, &imports);
        self.cells.push((instance, artifact.clone()));
        artifact
    }

    /// Has what the last cell defines seen by those that follow; without running it, this is how a cell comes back.
    fn define_names(&mut self, artifact: &Artifact) {
        let number = self.cells.len() as u32 - 1;
        for definition in &artifact.definitions {
            let symbol = Symbol { kind: definition.kind, instance: InstanceId(number) };
            self.environment.define(definition.name.clone(), symbol);
        }
    }

    /// Adds a cell that does not run.
    pub(crate) fn define(&mut self, source: &str) {
        let artifact = self.add(source);
        self.define_names(&artifact);
    }

    /// Runs a cell.
    pub(crate) fn run(&mut self, source: &str) -> Outcome {
        let artifact = self.add(source);
        let instance = self.cells[self.cells.len() - 1].0;
        *self.store.data_mut() = Seen::default();
        let run = instance.get_typed_func::<(), ()>(&mut self.store, "run").unwrap();
        let result = run.call(&mut self.store, ()).map_err(|error| format!("{error:?}"));
        if result.is_ok() {
            self.define_names(&artifact);
        }
        let seen = std::mem::take(self.store.data_mut());
        Outcome {
            value: seen.value,
            ty: artifact.value_type.clone(),
            output: seen.output,
            result,
            failure: seen.failure,
        }
    }

    /// The type of a name.
    pub(crate) fn kind(&self, name: &str) -> SymbolKind {
        self.environment.get(name).unwrap().kind
    }
}

/// Says what is wrong with a module.
pub(crate) fn validate(wasm: &[u8]) {
    use wasmparser::{Validator, WasmFeatures};
    let features = WasmFeatures::default()
        | WasmFeatures::GC
        | WasmFeatures::FUNCTION_REFERENCES
        | WasmFeatures::TAIL_CALL;
    if let Err(error) = Validator::new_with_features(features).validate_all(wasm) {
        let text = wasmprinter::print_bytes(wasm).unwrap_or_else(|error| error.to_string());
        panic!("{error}\n{text}");
    }
}

/// The value of the last of some cells, which are separated by lines of three dashes.
pub(crate) fn value(source: &str) -> String {
    let mut notebook = Notebook::new();
    let mut last = None;
    for cell in source.split("\n---\n") {
        let outcome = notebook.run(cell);
        assert_eq!(outcome.result, Ok(()), "{cell}\n{:?}", outcome.failure);
        last = Some(outcome);
    }
    last.unwrap().value
}

/// How the last of some cells fails, and the text at the position that it tells.
pub(crate) fn failure(source: &str) -> (Failed, String) {
    let mut notebook = Notebook::new();
    let cells: Vec<&str> = source.split("\n---\n").collect();
    let mut last = None;
    for cell in &cells {
        last = Some(notebook.run(cell));
    }
    let failed = last.unwrap().failure.unwrap_or_else(|| panic!("does not fail: {source}"));
    let cell = cells[failed.instance as usize];
    let text = cell[failed.position as usize..].into();
    (failed, text)
}
