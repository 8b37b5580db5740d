//! Wasmtime as the engine to compare with.

use std::borrow::Cow;

use ::wasmtime::{
    AnyRef, AsContextMut, Config, Engine, Error, Extern, ExternRef, ExternType, Func, GcHeapOutOfMemory,
    Global, HeapType as WasmtimeHeapType, I31, Instance, Memory, Module, OptLevel, Ref, Result, RootScope,
    Rooted, Store, StoreLimits, StoreLimitsBuilder, Table, Tag, ThrownException, Trap, V128, Val,
    ValType as WasmtimeValType,
};
use upshift::{HeapType, RefType, ValType};

use crate::engines::{Numbers, Peer, host_global, host_results, is_first};
use crate::value::{DEPTH, ELEMENTS, Object, Outcome, Stop, Value};

/// Native stack for recursion: as much as Wasmtime allows without its feature `async`.
const STACK: usize = 2 << 20;

/// Bytes that the collected data of a store may take, and a linear memory.
const HEAP: usize = 64 << 20;

/// One engine, and what runs in it.
pub(crate) struct Wasmtime {
    engine: Engine,
    modules: Vec<Module>,
    store: Store<StoreLimits>,
    instances: Vec<Instance>,
}

impl Wasmtime {
    pub(crate) fn new() -> Wasmtime {
        let mut config = Config::new();
        config.wasm_exceptions(true).wasm_function_references(true).wasm_gc(true);
        config.wasm_memory64(true).wasm_multi_memory(true).wasm_custom_page_sizes(true);
        config
            .wasm_threads(true)
            .shared_memory(true)
            .wasm_tail_call(true)
            .wasm_extended_const(true)
            .wasm_wide_arithmetic(true);
        config.wasm_relaxed_simd(true).relaxed_simd_deterministic(true);
        // Each function runs a few times only.
        config.cranelift_opt_level(OptLevel::None).max_wasm_stack(STACK);
        let engine = Engine::new(&config).expect("all settings are possible");
        Wasmtime { store: store(&engine), engine, modules: Vec::new(), instances: Vec::new() }
    }

    fn import(&mut self, number: usize, ty: ExternType) -> Result<Extern> {
        let store = &mut self.store;
        Ok(match ty {
            ExternType::Func(ty) => {
                let types: Vec<ValType> = ty.results().map(|ty| val_type(&ty)).collect();
                let func = Func::new(store, ty, move |mut caller, args, results| {
                    let args: Vec<_> = args.iter().map(|arg| of_wasmtime(&mut caller, arg)).collect();
                    for (result, value) in results.iter_mut().zip(host_results(number, &args, &types)) {
                        *result = to_wasmtime(value, &mut caller);
                    }
                    Ok(())
                });
                func.into()
            }
            ExternType::Global(ty) => {
                let value = to_wasmtime(host_global(number, &val_type(ty.content())), &mut *store);
                Global::new(store, ty, value)?.into()
            }
            ExternType::Memory(ty) => Memory::new(store, ty)?.into(),
            ExternType::Table(ty) => {
                let null = Ref::null(ty.element().heap_type());
                Table::new(store, ty, null)?.into()
            }
            ExternType::Tag(ty) => Tag::new(store, &ty)?.into(),
        })
    }

    fn export(&mut self, name: &str) -> Extern {
        let mut instances = self.instances.iter();
        let export = instances.find_map(|instance| instance.get_export(&mut self.store, name));
        export.expect("the export exists")
    }

    /// How a call ended, with the values of an exception and the name of its tag.
    fn stop(&mut self, error: &Error) -> Stop {
        if !error.is::<ThrownException>() {
            return trap(error);
        }
        let exception = self.store.take_pending_exception().expect("one was thrown");
        let tag = exception.tag(&mut self.store).expect("the exception has just been thrown");
        let modules = self.modules.clone();
        let exports = modules.iter().flat_map(Module::exports);
        let mut tags = exports.filter(|export| matches!(export.ty(), ExternType::Tag(_)));
        let tag = tags.find(|export| {
            let found = self.export(export.name()).into_tag().expect("it is a tag");
            Tag::eq(&found, &tag, &self.store)
        });
        let fields = exception.fields(&mut self.store).expect("the exception has just been thrown");
        let fields: Vec<Val> = fields.collect();
        let values = fields.iter().map(|field| of_wasmtime(&mut self.store, field)).collect();
        Stop::Thrown { tag: tag.map(|tag| tag.name().to_string()), values }
    }
}

impl Peer for Wasmtime {
    fn load(&mut self, modules: &[Vec<u8>]) -> Result<(), String> {
        self.instances.clear();
        let modules = modules.iter().map(|bytes| Module::from_binary(&self.engine, bytes));
        self.modules = modules.collect::<Result<_>>().map_err(|error| format!("{error:#}"))?;
        Ok(())
    }

    fn instantiate(&mut self) -> Result<(), Stop> {
        self.store = store(&self.engine);
        self.instances.clear();
        for module in self.modules.clone() {
            let mut numbers = Numbers::default();
            let imports = module.imports().map(|import| match import.ty() {
                _ if is_first(import.module()) => Ok(self.export(import.name())),
                ty @ ExternType::Func(_) => self.import(numbers.func(), ty),
                ty @ ExternType::Global(_) => self.import(numbers.global(), ty),
                ty => self.import(0, ty),
            });
            let imports: Result<Vec<_>> = imports.collect();
            let instance = imports.and_then(|imports| Instance::new(&mut self.store, &module, &imports));
            self.instances.push(instance.map_err(|error| trap(&error))?);
        }
        Ok(())
    }

    fn call(&mut self, export: &str, args: &[Value]) -> Outcome {
        let func = self.export(export).into_func().expect("it is a function");
        let args: Vec<_> = args.iter().map(|arg| to_wasmtime(*arg, &mut self.store)).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(|result| of_wasmtime(&mut self.store, result)).collect()),
            Err(error) => Err(self.stop(&error)),
        }
    }

    fn memory(&mut self, export: &str) -> Cow<'_, [u8]> {
        match self.export(export) {
            Extern::SharedMemory(memory) => {
                // SAFETY: nobody else has the memory, and nothing runs.
                let bytes = memory.data().iter().map(|byte| unsafe { *byte.get() });
                bytes.collect::<Vec<u8>>().into()
            }
            memory => memory.into_memory().expect("it is a memory").data(&self.store).into(),
        }
    }

    fn global(&mut self, export: &str) -> Value {
        let global = self.export(export).into_global().expect("it is a global");
        let value = global.get(&mut self.store);
        of_wasmtime(&mut self.store, &value)
    }

    fn set_global(&mut self, export: &str, value: Value) {
        let global = self.export(export).into_global().expect("it is a global");
        let value = to_wasmtime(value, &mut self.store);
        global.set(&mut self.store, value).expect("it can be set");
    }

    fn table(&mut self, export: &str) -> Vec<Value> {
        let table = self.export(export).into_table().expect("it is a table");
        let mut values = Vec::new();
        for index in 0..table.size(&self.store) {
            let element = table.get(&mut self.store, index).expect("the index is in bounds");
            values.push(of_wasmtime(&mut self.store, &element.into()));
        }
        values
    }
}

fn store(engine: &Engine) -> Store<StoreLimits> {
    let mut store = Store::new(engine, StoreLimitsBuilder::new().memory_size(HEAP).build());
    store.limiter(|limits| limits);
    store
}

/// A type in Upshift's words, as far as values of it are made here.
fn val_type(ty: &WasmtimeValType) -> ValType {
    match ty {
        WasmtimeValType::I32 => ValType::I32,
        WasmtimeValType::I64 => ValType::I64,
        WasmtimeValType::F32 => ValType::F32,
        WasmtimeValType::F64 => ValType::F64,
        WasmtimeValType::V128 => ValType::V128,
        WasmtimeValType::Ref(ty) => {
            let heap = match ty.heap_type() {
                WasmtimeHeapType::Extern => HeapType::Extern,
                WasmtimeHeapType::NoExtern => HeapType::NoExtern,
                WasmtimeHeapType::Exn => HeapType::Exn,
                WasmtimeHeapType::NoExn => HeapType::NoExn,
                WasmtimeHeapType::Any => HeapType::Any,
                WasmtimeHeapType::Eq => HeapType::Eq,
                WasmtimeHeapType::I31 => HeapType::I31,
                WasmtimeHeapType::None => HeapType::None,
                _ => HeapType::Func,
            };
            ValType::Ref(RefType::new(ty.is_nullable(), heap))
        }
    }
}

fn to_wasmtime(value: Value, store: impl AsContextMut) -> Val {
    match value {
        Value::I32(v) => Val::I32(v as i32),
        Value::I64(v) => Val::I64(v as i64),
        Value::F32(v) => Val::F32(v),
        Value::F64(v) => Val::F64(v),
        Value::V128(v) => Val::V128(V128::from(v)),
        Value::Func(_) => Val::FuncRef(None),
        Value::Exn(_) => Val::ExnRef(None),
        Value::Extern(None) => Val::ExternRef(None),
        Value::Extern(Some(Object::Host(v))) => {
            Val::ExternRef(Some(ExternRef::new(store, v).expect("there is room for it")))
        }
        Value::Any(None) => Val::AnyRef(None),
        Value::Any(Some(Object::I31(v))) => Val::AnyRef(Some(AnyRef::from_i31(store, I31::wrapping_u32(v)))),
        Value::Extern(_) | Value::Any(_) => unreachable!("no such arguments are made"),
    }
}

fn of_wasmtime(mut store: impl AsContextMut, val: &Val) -> Value {
    let mut scope = RootScope::new(&mut store);
    value(&mut scope, val, DEPTH)
}

fn value(mut store: impl AsContextMut, val: &Val, depth: u32) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v as u32),
        Val::I64(v) => Value::I64(*v as u64),
        Val::F32(v) => Value::F32(*v),
        Val::F64(v) => Value::F64(*v),
        Val::V128(v) => Value::V128(v.as_u128()),
        Val::FuncRef(v) => Value::Func(v.is_some()),
        Val::ExnRef(v) => Value::Exn(v.is_some()),
        Val::AnyRef(v) => Value::Any(v.map(|v| object(&mut store, v, depth))),
        Val::ExternRef(v) => Value::Extern(v.map(|v| {
            let v = AnyRef::convert_extern(&mut store, v).expect("the reference is of this store");
            object(&mut store, v, depth)
        })),
        Val::ContRef(_) => unreachable!("no generator makes such types"),
    }
}

/// What a reference refers to.
fn object(mut store: impl AsContextMut, any: Rooted<AnyRef>, depth: u32) -> Object {
    const HERE: &str = "the reference is of this store";
    let mut store = store.as_context_mut();
    if let Some(v) = any.as_i31(&store).expect(HERE) {
        return Object::I31(v.get_u32());
    }
    if let Some(object) = any.as_struct(&store).expect(HERE) {
        if depth == 0 {
            return Object::Struct(0);
        }
        let fields: Vec<Val> = object.fields(&mut store).expect(HERE).collect();
        return Object::Struct(Value::digest(fields.iter().map(|field| value(&mut store, field, depth - 1))));
    }
    if let Some(array) = any.as_array(&store).expect(HERE) {
        let len = array.len(&store).expect(HERE);
        let first = if depth == 0 { 0 } else { len.min(ELEMENTS) };
        let digest = Value::digest((0..first).map(|index| {
            let element = array.get(&mut store, index).expect(HERE);
            value(&mut store, &element, depth - 1)
        }));
        return Object::Array(len, digest);
    }
    let host = ExternRef::convert_any(&mut store, any).expect(HERE);
    let data = host.data(&store).expect(HERE).expect("what else is a value of the host");
    Object::Host(*data.downcast_ref().expect("all values are numbers"))
}

/// How a call ended that threw nothing.
fn trap(error: &Error) -> Stop {
    if error.is::<GcHeapOutOfMemory<()>>() {
        return Stop::Room;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => Stop::Unreachable,
        Some(Trap::MemoryOutOfBounds) => Stop::Memory,
        Some(Trap::TableOutOfBounds) => Stop::Table,
        Some(Trap::IndirectCallToNull | Trap::NullReference) => Stop::NullElement,
        Some(Trap::BadSignature) => Stop::Type,
        Some(Trap::IntegerDivisionByZero) => Stop::DivideByZero,
        Some(Trap::IntegerOverflow) => Stop::Overflow,
        Some(Trap::BadConversionToInteger) => Stop::Conversion,
        Some(Trap::StackOverflow) => Stop::Stack,
        Some(Trap::ArrayOutOfBounds) => Stop::Array,
        Some(Trap::CastFailure) => Stop::Cast,
        Some(Trap::AllocationTooLarge) => Stop::Room,
        _ => Stop::Other,
    }
}
