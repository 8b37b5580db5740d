//! Types of objects and functions: those of the host and of modules, subtypes, and tests at run time.

use upshift::{
    AnyRef, Caller, Engine, FieldType, Func, Instance, Module, Mutability, Ref, StorageType, Store,
    StructRef, StructType, Trap, Val, ValType,
};

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

/// A chain of struct types, each with its supertypes' fields; `casts` and `tests` are about the one at `expected`.
fn structs(length: usize, expected: usize) -> String {
    let types: String = (0..length)
        .map(|i| match i {
            0 => "(type $t0 (sub (struct (field i32))))".to_string(),
            _ => format!("(type $t{i} (sub $t{} (struct (field i32))))", i - 1),
        })
        .collect();
    let made: String = (0..length)
        .map(|i| format!("(func (export \"new{i}\") (result anyref) (struct.new $t{i} (i32.const {i})))"))
        .collect();
    format!(
        r#"(module {types} {made}
            (func (export "test") (param anyref) (result i32)
                (i32.add (ref.test (ref $t{expected}) (local.get 0))
                    (i32.mul (i32.const 2) (ref.test (ref null $t{expected}) (local.get 0)))))
            (func (export "branch") (param anyref) (result i32)
                (block $is (result (ref null $t{expected}))
                    (br_on_cast $is anyref (ref null $t{expected}) (local.get 0))
                    (drop)
                    (return (i32.const 0)))
                (drop)
                (block $not (result anyref)
                    (drop (br_on_cast_fail $not anyref (ref $t{expected}) (local.get 0)))
                    (return (i32.const 3)))
                (drop)
                (i32.const 2))
            (func (export "cast") (param anyref) (result i32)
                (struct.get $t0 0 (ref.cast (ref $t{expected}) (local.get 0)))))"#
    )
}

#[test]
fn casts_find_supertypes_at_any_depth() {
    for engine in engines() {
        for expected in [0, 1, 6, 7, 8, 9, 30, 61, 62] {
            let mut store = store(&engine);
            let instance = instance(&mut store, &structs(63, expected));
            let test = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "test").unwrap();
            let branch = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "branch").unwrap();
            let cast = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "cast").unwrap();
            for depth in [0, 1, 5, 6, 7, 8, 9, 10, 29, 30, 31, 61, 62] {
                let new = instance.get_typed_func::<(), Option<AnyRef>>(&mut store, &format!("new{depth}"));
                let object = new.unwrap().call(&mut store, ()).unwrap();
                let is = if depth >= expected { 3 } else { 0 };
                assert_eq!(test.call(&mut store, object).unwrap(), is, "{depth} {expected}");
                assert_eq!(branch.call(&mut store, object).unwrap(), is, "{depth} {expected}");
                match cast.call(&mut store, object) {
                    Ok(number) => assert_eq!((number, is), (depth as i32, 3)),
                    Err(error) => assert_eq!((error.downcast_ref(), is), (Some(&Trap::CastFailure), 0)),
                }
            }
            assert_eq!(test.call(&mut store, None).unwrap(), 2);
            assert_eq!(branch.call(&mut store, None).unwrap(), 2);
        }
    }
}

#[test]
fn recursion_groups_are_equal_as_a_whole() {
    let maker = r#"(module
        (rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub $a (struct (field (ref null $b)) (field i32)))))
        (func (export "a") (result anyref) (struct.new_default $a))
        (func (export "b") (result anyref) (struct.new_default $b)))"#;
    // The same group behind others; the same types in other groups; the same group in another order.
    let groups = [
        "(type (func)) (rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub $a (struct (field (ref null $b)) (field i32)))))",
        "(rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub $a (struct (field (ref null $b)) (field i32)))) (type $c (struct)))",
        "(rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub final $a (struct (field (ref null $b)) (field i32)))))",
        "(rec (type $a (sub (struct (field (ref null $a))))) (type $b (sub $a (struct (field (ref null $a)) (field i32)))))",
    ];
    for engine in engines() {
        let mut store = store(&engine);
        let maker = instance(&mut store, maker);
        let mut make = |name| {
            let make = maker.get_typed_func::<(), Option<AnyRef>>(&mut store, name).unwrap();
            make.call(&mut store, ()).unwrap()
        };
        let (a, b) = (make("a"), make("b"));
        for (i, group) in groups.iter().enumerate() {
            let wat = format!(
                r#"(module {group} (func (export "test") (param anyref) (result i32)
                    (i32.add (ref.test (ref $a) (local.get 0)) (i32.mul (i32.const 2) (ref.test (ref $b) (local.get 0))))))"#
            );
            let test =
                instance(&mut store, &wat).get_typed_func::<Option<AnyRef>, i32>(&mut store, "test").unwrap();
            let expected = if i == 0 { (1, 3) } else { (0, 0) };
            assert_eq!(
                (test.call(&mut store, a).unwrap(), test.call(&mut store, b).unwrap()),
                expected,
                "{group}"
            );
        }
    }
}

/// A module whose types have a name of their own: so many fields that no other has.
fn distinct(number: usize) -> String {
    let fields = "(field i8) ".repeat(number % 50) + &"(field i16) ".repeat(number / 50);
    format!(
        r#"(module
            (type $top (sub (struct {fields})))
            (type $below (sub $top (struct {fields} (field (mut anyref)))))
            (func $churn (drop (struct.new_default $below)) (drop (struct.new_default $below)))
            (func (export "run") (param $it anyref) (result anyref) (local $new (ref $below))
                (local.set $new (struct.new_default $below))
                (call $churn)
                (struct.set $below {last} (local.get $new) (local.get $it))
                (call $churn)
                (if (i32.eqz (ref.test (ref $top) (local.get $new))) (then unreachable))
                (struct.get $below {last} (ref.cast (ref $below) (local.get $new)))))"#,
        last = number % 50 + number / 50
    )
}

#[test]
fn types_come_while_objects_live() {
    for engine in engines() {
        let mut store = Store::new(&engine, 0);
        store.set_epoch_deadline(u64::MAX);
        // The host makes an instance with new types at each call, and has it look at the object.
        let more = Func::wrap(&mut store, |mut caller: Caller<'_, usize>, it: Option<AnyRef>| {
            *caller.data_mut() += 1;
            let module = Module::new(caller.engine(), distinct(*caller.data()))?;
            let instance = Instance::new(&mut caller, &module, &[])?;
            instance
                .get_typed_func::<Option<AnyRef>, Option<AnyRef>>(&mut caller, "run")?
                .call(&mut caller, it)
        });
        let wat = r#"(module
            (type $box (sub (struct (field i32))))
            (import "" "" (func $more (param anyref) (result anyref)))
            (func (export "run") (param $n i32) (result i32) (local $it anyref) (local $mine (ref $box))
                (local.set $mine (struct.new $box (i32.const 5)))
                (local.set $it (struct.new $box (i32.const 7)))
                (loop $again
                    (local.set $it (call $more (local.get $it)))
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (i32.add (struct.get $box 0 (ref.cast (ref $box) (local.get $it)))
                    (struct.get $box 0 (local.get $mine)))))"#;
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[more.into()]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, 150).unwrap(), 12);
    }
}

#[test]
fn stores_of_one_engine_learn_types_on_several_threads() {
    for engine in engines() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let engine: &Engine = &engine;
                scope.spawn(move || {
                    let mut store = store(engine);
                    let field = FieldType::new(Mutability::Var, StorageType::ValType(ValType::I64));
                    let own = StructType::new(engine, vec![field; thread + 1]).unwrap();
                    let kept =
                        StructRef::new(&mut store, &own, &vec![Val::I64(thread as i64); thread + 1]).unwrap();
                    // Some types are those of other threads too.
                    for number in (0..120).map(|i| i + thread * 40) {
                        let instance = instance(&mut store, &distinct(number));
                        let run =
                            instance.get_typed_func::<Option<AnyRef>, Option<AnyRef>>(&mut store, "run");
                        let same = run.unwrap().call(&mut store, Some(kept.into())).unwrap().unwrap();
                        assert!(AnyRef::ref_eq(&store, &same, &kept.into()).unwrap());
                    }
                    assert_eq!(kept.field(&store, thread).unwrap().unwrap_i64(), thread as i64);
                });
            }
        });
    }
}

#[test]
fn casts_take_no_native_stack() {
    let wat = r#"(module
        (type $s (sub (struct)))
        (func (export "run") (param $n i32) (result i32) (local $it anyref) (local $count i32)
            (local.set $it (struct.new $s))
            (loop $again
                (local.set $count (i32.add (local.get $count) (ref.test (ref struct) (local.get $it))))
                (drop (ref.cast (ref eq) (local.get $it)))
                (block $is (result anyref)
                    (br_on_cast $is anyref (ref array) (local.get $it)))
                (drop)
                (block $not (result anyref)
                    (br_on_cast_fail $not anyref (ref i31) (local.get $it)))
                (drop)
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $count)))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let run = instance(&mut store, wat).get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, 300_000).unwrap(), 300_000);
    }
}
