//! wasmi as the engine to compare with.

use std::borrow::Cow;

use upshift::ValType;

use crate::engines::{Numbers, Peer, host_global, host_results, is_first};
use crate::value::{Object, Outcome, Stop, Value};

/// One engine, and what runs in it.
pub(crate) struct Wasmi {
    engine: wasmi::Engine,
    modules: Vec<wasmi::Module>,
    store: wasmi::Store<()>,
    instances: Vec<wasmi::Instance>,
}

impl Wasmi {
    pub(crate) fn new() -> Wasmi {
        let mut config = wasmi::Config::default();
        config.wasm_multi_memory(true).wasm_memory64(true).wasm_tail_call(true).wasm_extended_const(true);
        config.set_max_recursion_depth(10_000);
        config.wasm_simd(true).wasm_relaxed_simd(true).wasm_wide_arithmetic(true);
        config.wasm_custom_page_sizes(true);
        let engine = wasmi::Engine::new(&config);
        Wasmi { store: wasmi::Store::new(&engine, ()), engine, modules: Vec::new(), instances: Vec::new() }
    }

    fn import(&mut self, number: usize, ty: &wasmi::ExternType) -> Result<wasmi::Extern, wasmi::Error> {
        let store = &mut self.store;
        Ok(match ty {
            wasmi::ExternType::Func(ty) => {
                let types: Vec<ValType> = ty.results().iter().copied().map(val_type).collect();
                let func = wasmi::Func::new(store, ty.clone(), move |mut caller, args, results| {
                    let args: Vec<_> = args.iter().map(|arg| of_wasmi(&caller, arg)).collect();
                    for (result, value) in results.iter_mut().zip(host_results(number, &args, &types)) {
                        *result = to_wasmi(value, &mut caller);
                    }
                    Ok(())
                });
                func.into()
            }
            wasmi::ExternType::Global(ty) => {
                let value = to_wasmi(host_global(number, &val_type(ty.content())), &mut *store);
                wasmi::Global::new(store, value, ty.mutability()).into()
            }
            wasmi::ExternType::Memory(ty) => wasmi::Memory::new(store, *ty)?.into(),
            wasmi::ExternType::Table(ty) => {
                wasmi::Table::new(store, *ty, wasmi::Val::default(ty.element()))?.into()
            }
        })
    }

    fn export(&self, name: &str) -> wasmi::Extern {
        let mut instances = self.instances.iter();
        instances.find_map(|instance| instance.get_export(&self.store, name)).expect("the export exists")
    }
}

fn val_type(ty: wasmi::ValType) -> ValType {
    match ty {
        wasmi::ValType::I32 => ValType::I32,
        wasmi::ValType::I64 => ValType::I64,
        wasmi::ValType::F32 => ValType::F32,
        wasmi::ValType::F64 => ValType::F64,
        wasmi::ValType::V128 => ValType::V128,
        wasmi::ValType::FuncRef => ValType::FUNCREF,
        wasmi::ValType::ExternRef => ValType::EXTERNREF,
    }
}

impl Peer for Wasmi {
    fn load(&mut self, modules: &[Vec<u8>]) -> Result<(), String> {
        self.instances.clear();
        let modules = modules.iter().map(|bytes| wasmi::Module::new(&self.engine, bytes));
        self.modules = modules.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        Ok(())
    }

    fn instantiate(&mut self) -> Result<(), Stop> {
        self.store = wasmi::Store::new(&self.engine, ());
        self.instances.clear();
        for module in self.modules.clone() {
            let mut numbers = Numbers::default();
            let imports = module.imports().map(|import| match import.ty() {
                _ if is_first(import.module()) => Ok(self.export(import.name())),
                ty @ wasmi::ExternType::Func(_) => self.import(numbers.func(), ty),
                ty @ wasmi::ExternType::Global(_) => self.import(numbers.global(), ty),
                ty => self.import(0, ty),
            });
            let imports: Result<Vec<_>, _> = imports.collect();
            let instance =
                imports.and_then(|imports| wasmi::Instance::new(&mut self.store, &module, &imports));
            self.instances.push(instance.map_err(|error| stop(&error))?);
        }
        Ok(())
    }

    fn call(&mut self, export: &str, args: &[Value]) -> Outcome {
        let func = self.export(export).into_func().expect("it is a function");
        let args: Vec<_> = args.iter().map(|arg| to_wasmi(*arg, &mut self.store)).collect();
        let mut results = vec![wasmi::Val::I32(0); func.ty(&self.store).results().len()];
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(|result| of_wasmi(&self.store, result)).collect()),
            Err(error) => Err(stop(&error)),
        }
    }

    fn memory(&mut self, export: &str) -> Cow<'_, [u8]> {
        self.export(export).into_memory().expect("it is a memory").data(&self.store).into()
    }

    fn global(&mut self, export: &str) -> Value {
        let global = self.export(export).into_global().expect("it is a global");
        of_wasmi(&self.store, &global.get(&self.store))
    }

    fn set_global(&mut self, export: &str, value: Value) {
        let global = self.export(export).into_global().expect("it is a global");
        let value = to_wasmi(value, &mut self.store);
        global.set(&mut self.store, value).expect("it can be set");
    }

    fn table(&mut self, export: &str) -> Vec<Value> {
        let table = self.export(export).into_table().expect("it is a table");
        let get = |index| table.get(&self.store, index).expect("the index is in bounds");
        (0..table.size(&self.store)).map(|index| of_wasmi(&self.store, &get(index))).collect()
    }
}

fn to_wasmi(value: Value, store: impl wasmi::AsContextMut) -> wasmi::Val {
    match value {
        Value::I32(v) => wasmi::Val::I32(v as i32),
        Value::I64(v) => wasmi::Val::I64(v as i64),
        Value::F32(v) => wasmi::Val::F32(wasmi::F32::from_bits(v)),
        Value::F64(v) => wasmi::Val::F64(wasmi::F64::from_bits(v)),
        Value::V128(v) => wasmi::Val::V128(wasmi::V128::from(v)),
        Value::Func(_) => wasmi::Val::FuncRef(wasmi::Ref::Null),
        Value::Extern(None) => wasmi::Val::ExternRef(wasmi::Ref::Null),
        Value::Extern(Some(Object::Host(v))) => {
            wasmi::Val::ExternRef(wasmi::Ref::Val(wasmi::ExternRef::new(store, v)))
        }
        Value::Extern(_) | Value::Exn(_) | Value::Any(_) => unreachable!("wasmi has no such types"),
    }
}

fn of_wasmi(store: impl wasmi::AsContext<Data = ()>, val: &wasmi::Val) -> Value {
    match val {
        wasmi::Val::I32(v) => Value::I32(*v as u32),
        wasmi::Val::I64(v) => Value::I64(*v as u64),
        wasmi::Val::F32(v) => Value::F32(v.to_bits()),
        wasmi::Val::F64(v) => Value::F64(v.to_bits()),
        wasmi::Val::V128(v) => Value::V128(v.as_u128()),
        wasmi::Val::FuncRef(v) => Value::Func(!v.is_null()),
        wasmi::Val::ExternRef(v) => Value::Extern(v.val().map(|v| {
            Object::Host(*v.data(store.as_context()).downcast_ref().expect("all values are numbers"))
        })),
    }
}

fn stop(error: &wasmi::Error) -> Stop {
    match error.as_trap_code() {
        Some(wasmi::TrapCode::UnreachableCodeReached) => Stop::Unreachable,
        Some(wasmi::TrapCode::MemoryOutOfBounds) => Stop::Memory,
        Some(wasmi::TrapCode::TableOutOfBounds) => Stop::Table,
        Some(wasmi::TrapCode::IndirectCallToNull) => Stop::NullElement,
        Some(wasmi::TrapCode::BadSignature) => Stop::Type,
        Some(wasmi::TrapCode::IntegerDivisionByZero) => Stop::DivideByZero,
        Some(wasmi::TrapCode::IntegerOverflow) => Stop::Overflow,
        Some(wasmi::TrapCode::BadConversionToInteger) => Stop::Conversion,
        Some(wasmi::TrapCode::StackOverflow) => Stop::Stack,
        _ => Stop::Other,
    }
}
