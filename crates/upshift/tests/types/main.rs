//! Defined types in the hands of the host: none of them can be taken for another, and they live as long as they are used.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../common/ways.rs"]
mod ways;

mod confusion;
mod lifetimes;
mod limits;

use upshift::{Engine, FieldType, Mutability, StorageType, StructType, ValType};

use crate::ways::Way;

/// Engines for each way to run code, which collect at each object.
fn engines() -> Vec<Engine> {
    let engine = |way: Way| Engine::new(way.config().gc_stress(true)).unwrap();
    Way::all().into_iter().map(engine).collect()
}

fn field(ty: impl Into<StorageType>) -> FieldType {
    FieldType::new(Mutability::Var, ty.into())
}

/// A struct with an integer of 64 bits.
fn boxed(engine: &Engine) -> StructType {
    StructType::new(engine, [field(ValType::I64)]).unwrap()
}
