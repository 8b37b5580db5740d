//! Types of objects and functions: those of the host and of modules, subtypes, and tests at run time.

use upshift::{Func, Module, Ref, Trap, Val};

use super::{engines, instance, store};

/// The functions' types are a chain of so many; `call` expects one of the type at `expected`.
fn chain(length: usize, expected: usize) -> String {
    let types: String = (0..length)
        .map(|i| match i {
            0 => "(type $t0 (sub (func (result i32))))".to_string(),
            _ => format!("(type $t{i} (sub $t{} (func (result i32))))", i - 1),
        })
        .collect();
    format!(
        r#"(module {types}
            (table (export "table") 1 funcref)
            (func (export "last") (type $t{}) (i32.const 3))
            (func (export "call") (result i32) (call_indirect (type $t{expected}) (i32.const 0)))
            (func (export "test") (result i32) (ref.test (ref $t{expected}) (table.get (i32.const 0)))))"#,
        length - 1
    )
}

#[test]
fn functions_of_the_host_can_have_types_that_come_later() {
    for engine in engines() {
        let mut store = store(&engine);
        let caller = instance(&mut store, &chain(1, 0));
        // The store does not know this module, but its types.
        let later = Module::new(&engine, chain(12, 0)).unwrap().get_export("last").unwrap();
        let func = Func::new(&mut store, later.unwrap_func().clone(), |_, _, results| {
            results[0] = Val::I32(5);
            Ok(())
        });
        let table = caller.get_table(&mut store, "table").unwrap();
        table.set(&mut store, 0, Ref::from(func)).unwrap();
        let call = caller.get_typed_func::<(), i32>(&mut store, "call").unwrap();
        assert_eq!(call.call(&mut store, ()).unwrap(), 5);
        let test = caller.get_typed_func::<(), i32>(&mut store, "test").unwrap();
        assert_eq!(test.call(&mut store, ()).unwrap(), 1);
    }
}

#[test]
fn chains_of_any_length_are_searched() {
    for engine in engines() {
        for expected in [0, 1, 6, 7, 8, 9, 30, 61, 62] {
            let mut store = store(&engine);
            let instance = instance(&mut store, &chain(63, expected));
            let last = instance.get_func(&mut store, "last").unwrap();
            let table = instance.get_table(&mut store, "table").unwrap();
            table.set(&mut store, 0, Ref::from(last)).unwrap();
            let call = instance.get_typed_func::<(), i32>(&mut store, "call").unwrap();
            assert_eq!(call.call(&mut store, ()).unwrap(), 3, "{expected}");
            // A supertype is no subtype.
            let first = Func::wrap(&mut store, || 4);
            table.set(&mut store, 0, Ref::from(first)).unwrap();
            let error = call.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::BadSignature));
        }
    }
}
