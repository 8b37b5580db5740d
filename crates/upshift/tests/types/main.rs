//! Defined types in the hands of the host: none of them can be taken for another, and they live as long as they are used.

mod confusion;
mod lifetimes;
mod limits;

use upshift::{Config, Dispatch, Engine, FieldType, Mutability, StorageType, StructType, ValType};

/// Engines of both dispatch backends, which collect at each object.
fn engines() -> Vec<Engine> {
    let engine = |dispatch| Engine::new(Config::new().dispatch(dispatch).gc_stress(true)).unwrap();
    [Dispatch::Tail, Dispatch::Loop].map(engine).into()
}

fn field(ty: impl Into<StorageType>) -> FieldType {
    FieldType::new(Mutability::Var, ty.into())
}

/// A struct with an integer of 64 bits.
fn boxed(engine: &Engine) -> StructType {
    StructType::new(engine, [field(ValType::I64)]).unwrap()
}
