//! The host module `spectest` that scripts import from, as the reference interpreter has it. What its functions would
//! print is dropped.

use upshift::{
    Global, GlobalType, Linker, Memory, MemoryType, Mutability, Ref, RefType, Result, SharedMemory, Store,
    Table, TableType, Val,
};

const MODULE: &str = "spectest";

/// Defines `spectest`.
pub(crate) fn define(linker: &mut Linker<()>, store: &mut Store<()>) -> Result<()> {
    linker.func_wrap(MODULE, "print", || {})?;
    linker.func_wrap(MODULE, "print_i32", |_: i32| {})?;
    linker.func_wrap(MODULE, "print_i64", |_: i64| {})?;
    linker.func_wrap(MODULE, "print_f32", |_: f32| {})?;
    linker.func_wrap(MODULE, "print_f64", |_: f64| {})?;
    linker.func_wrap(MODULE, "print_i32_f32", |_: i32, _: f32| {})?;
    linker.func_wrap(MODULE, "print_f64_f64", |_: f64, _: f64| {})?;

    let globals = [
        ("global_i32", Val::I32(666)),
        ("global_i64", Val::I64(666)),
        ("global_f32", Val::from(666.6f32)),
        ("global_f64", Val::from(666.6f64)),
    ];
    for (name, value) in globals {
        let ty = GlobalType::new(value.ty(&*store)?, Mutability::Const);
        let global = Global::new(&mut *store, ty, value)?;
        linker.define(&mut *store, MODULE, name, global)?;
    }

    let tables = [
        ("table", TableType::new(RefType::FUNCREF, 10, Some(20))),
        ("table64", TableType::new64(RefType::FUNCREF, 10, Some(20))),
    ];
    for (name, ty) in tables {
        let table = Table::new(&mut *store, ty, Ref::Func(None))?;
        linker.define(&mut *store, MODULE, name, table)?;
    }
    let memory = Memory::new(&mut *store, MemoryType::new(1, Some(2)))?;
    linker.define(&mut *store, MODULE, "memory", memory)?;
    let memory = SharedMemory::new(store.engine(), MemoryType::shared(1, 2))?;
    linker.define(&mut *store, MODULE, "shared_memory", memory)?;
    Ok(())
}
