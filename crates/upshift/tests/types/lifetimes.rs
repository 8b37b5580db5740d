//! How long types live: as long as a module, a store or a handle uses them, counted in the engine.

use upshift::{
    ArrayRef, ArrayType, Engine, ExternType, Func, FuncType, Global, GlobalType, HeapType, Instance, Linker,
    Module, Mutability, Ref, RefType, RootScope, Store, StructRef, StructType, Table, TableType, Tag,
    TagType, Trap, Val, ValType,
};

use crate::{boxed, engines, field};

/// Function types that no other `number` has, as many as `count`.
fn distinct(number: usize, count: usize) -> String {
    let types = (0..count).map(|i| {
        let bits = number * count + i;
        let params = (0..20).map(|bit| if bits >> bit & 1 == 1 { " i32" } else { " i64" });
        format!("(type (func (param{})))", params.collect::<String>())
    });
    types.collect()
}

#[test]
fn refused_modules_leave_no_types() {
    let engine = Engine::default();
    let kept = FuncType::new(&engine, [ValType::F32], []);
    for number in 0..20 {
        let types = distinct(number, 200);
        for wrong in ["(func (result i32))", "(global i32 (i64.const 0))", "(export \"f\" (func 0))"] {
            assert!(Module::new(&engine, format!("(module {types} {wrong})")).is_err());
            assert_eq!(engine.type_count(), 1);
        }
        assert!(Module::validate(&engine, &wat::parse_str(format!("(module {types})")).unwrap()).is_ok());
        assert_eq!(engine.type_count(), 1);
    }
    drop(kept);
    assert_eq!(engine.type_count(), 0);
}

#[test]
fn modules_that_come_and_go() {
    let engine = Engine::default();
    let kept = Module::new(&engine, "(module (func (param i32)))").unwrap();
    // Numbers are used again: a type of the host gets no higher ones than there are types at once.
    let mut numbers = Vec::new();
    for number in 0..50 {
        let types = distinct(number, 100);
        let module = Module::new(&engine, format!("(module {types} (func (type 7)))")).unwrap();
        assert_eq!(engine.type_count(), 101);
        let again = Module::new(&engine, format!("(module {types})")).unwrap();
        assert_eq!(engine.type_count(), 101);
        drop(module);
        assert_eq!(engine.type_count(), 101);
        numbers.push(format!("{:?}", FuncType::new(&engine, [ValType::V128], [])));
        drop(again);
        assert_eq!(engine.type_count(), 1);
        // A store that is gone leaves nothing either.
        let module =
            Module::new(&engine, format!("(module {types} (func (export \"f\") (param f64)))")).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        drop(module);
        assert_eq!(engine.type_count(), 102);
        instance.get_typed_func::<f64, ()>(&mut store, "f").unwrap().call(&mut store, 1.0).unwrap();
        drop(store);
        assert_eq!(engine.type_count(), 1);
    }
    assert!(numbers.windows(2).all(|pair| pair[0] == pair[1]), "{numbers:?}");
    drop(kept);
    assert_eq!(engine.type_count(), 0);
}

/// One of everything that has a type.
const USERS: &str = r#"(module
    (rec
        (type $node (sub (struct (field (mut i32)) (field (ref null $tail)))))
        (type $tail (array (mut (ref null $node)))))
    (type $below (sub final $node (struct (field (mut i32)) (field (ref null $tail)) (field i64))))
    (type $make (func (param i32) (result (ref $node))))
    (type $unused (func (param f32 f32)))
    (table (export "table") 2 (ref null $node))
    (global (export "global") (mut (ref null $tail)) (ref.null $tail))
    (tag (export "tag") (param (ref null $node)))
    (func (export "make") (type $make) (struct.new $below (local.get 0) (ref.null $tail) (i64.const 7))))"#;

#[test]
fn handles_keep_types_that_modules_defined() {
    for engine in engines() {
        let module = Module::new(&engine, USERS).unwrap();
        // Those six, and that of the tag.
        assert_eq!(engine.type_count(), 6);
        let Some(ExternType::Func(make)) = module.get_export("make") else { panic!("it is a function") };
        let Some(ExternType::Global(global)) = module.get_export("global") else { panic!("it is a global") };
        let names = (format!("{make:?}"), format!("{:?}", global.content()));
        drop(module);
        // The functions' type and the group that it names, which the global's type is of.
        assert_eq!(engine.type_count(), 3);
        drop(make);
        assert_eq!(engine.type_count(), 2);
        // The same module has the same types.
        let module = Module::new(&engine, USERS).unwrap();
        assert_eq!(engine.type_count(), 6);
        let Some(ExternType::Global(again)) = module.get_export("global") else { panic!("it is a global") };
        assert_eq!((&again, format!("{:?}", again.content())), (&global, names.1));
        drop((module, again));
        let HeapType::ConcreteArray(tail) = global.content().unwrap_ref().heap_type().clone() else {
            panic!("the global refers to arrays")
        };
        drop(global);
        // The array's elements are of the other type of the group, whose field is the array.
        let element = tail.element_type().unpack();
        let node = element.unwrap_ref().heap_type().as_concrete_struct().unwrap().clone();
        drop(tail);
        let field = node.field(1).unwrap().element_type().unpack();
        assert!(field.unwrap_ref().heap_type().as_concrete_array().is_some());
        drop((element, field));
        assert_eq!(engine.type_count(), 2);
        drop(node);
        assert_eq!(engine.type_count(), 0);
    }
}

#[test]
fn stores_keep_the_types_of_what_they_have() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, USERS).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        drop(module);
        assert_eq!(engine.type_count(), 6);
        let make = instance.get_func(&mut store, "make").unwrap();
        let mut result = [Val::null_any_ref()];
        make.call(&mut store, &[Val::I32(5)], &mut result).unwrap();
        let object = result[0].unwrap_any_ref().unwrap().as_struct(&store).unwrap().unwrap();
        let name = format!("{:?}", object.ty(&store).unwrap());
        let table = instance.get_table(&mut store, "table").unwrap();
        table.set(&mut store, 0, object.into()).unwrap();
        let tag = instance.get_tag(&mut store, "tag").unwrap();
        for number in 0..30 {
            drop(Module::new(&engine, format!("(module {})", distinct(number, 50))).unwrap());
            assert_eq!(engine.type_count(), 6);
            assert_eq!(format!("{:?}", object.ty(&store).unwrap()), name);
            assert_eq!(object.field(&store, 2).unwrap().unwrap_i64(), 7);
            assert_eq!(tag.ty(&store).ty().params().len(), 1);
            assert_eq!(
                make.ty(&store).results().next(),
                Some(ValType::Ref(RefType::new(false, table.ty(&store).element().heap_type().clone())))
            );
        }
        // A type that is made now is the one that the store knows.
        let supertype = object.ty(&store).unwrap().supertype().unwrap();
        assert!(object.ty(&store).unwrap().matches(&supertype));
        drop((supertype, store));
        assert_eq!(engine.type_count(), 0);
    }
}

#[test]
fn items_of_the_host_keep_their_types() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let reference = |heap: HeapType| RefType::new(true, heap);
    let global = {
        let ty = reference(boxed(&engine).into());
        let ty = GlobalType::new(ty.into(), Mutability::Var);
        Global::new(&mut store, ty, Val::null_any_ref()).unwrap()
    };
    assert_eq!(engine.type_count(), 1);
    let table = {
        let ty = reference(FuncType::new(&engine, [ValType::I32], []).into());
        Table::new(&mut store, TableType::new(ty, 1, None), Ref::Func(None)).unwrap()
    };
    assert_eq!(engine.type_count(), 2);
    let tag = Tag::new(&mut store, &TagType::new(FuncType::new(&engine, [ValType::I64], []))).unwrap();
    assert_eq!(engine.type_count(), 3);
    let func = Func::wrap(&mut store, |_: f32| ());
    assert_eq!(engine.type_count(), 4);
    let array = {
        let ty = ArrayType::new(&engine, field(ValType::F64));
        ArrayRef::new(&mut store, &ty, &Val::from(1.5), 3).unwrap()
    };
    assert_eq!(engine.type_count(), 5);
    // What they say of themselves is what they were given.
    let content = global.ty(&store).content().clone();
    assert_eq!(content.unwrap_ref().heap_type().as_concrete_struct(), Some(&boxed(&engine)));
    let element = table.ty(&store).element().heap_type().clone();
    assert_eq!(element.as_concrete_func().unwrap().param(0), Some(ValType::I32));
    assert_eq!(tag.ty(&store).ty().param(0), Some(ValType::I64));
    assert_eq!(func.ty(&store).param(0), Some(ValType::F32));
    assert_eq!(array.ty(&store).unwrap().element_type(), ValType::F64.into());
    drop((content, element));
    assert_eq!(engine.type_count(), 5);
    drop(store);
    assert_eq!(engine.type_count(), 0);

    // A linker keeps those of its functions, and so does what it has prepared.
    let mut linker = Linker::<()>::new(&engine);
    linker.func_new("m", "f", FuncType::new(&engine, [ValType::I32], []), |_, _, _| Ok(())).unwrap();
    linker.func_wrap("m", "g", |_: i64| ()).unwrap();
    assert_eq!(engine.type_count(), 2);
    let module = Module::new(&engine, r#"(module (import "m" "g" (func (param i64))))"#).unwrap();
    let pre = linker.instantiate_pre(&module).unwrap();
    drop((linker, module));
    assert_eq!(engine.type_count(), 1);
    let mut store = Store::new(&engine, ());
    pre.instantiate(&mut store).unwrap();
    drop(pre);
    assert_eq!(engine.type_count(), 1);
    drop(store);
    assert_eq!(engine.type_count(), 0);
}

/// Objects of types with supertypes, casts between them, and calls by type.
const CASTS: &str = r#"(module
    (type $shape (sub (struct (field (mut i32)))))
    (type $circle (sub $shape (struct (field (mut i32)) (field (mut anyref)))))
    (type $list (array (mut anyref)))
    (type $any (sub (func (result anyref))))
    (type $ours (sub final $any (func (result (ref null $shape)))))
    (type $final (func (result anyref)))
    (import "host" "plain" (func $plain (type $final)))
    (table funcref (elem $circle $plain))
    (elem declare func $circle $plain)
    (global $kept (mut anyref) (ref.null any))
    (func $circle (type $ours)
        (struct.new $circle (i32.const 3) (array.new_fixed $list 1 (ref.i31 (i32.const 9)))))
    (func (export "fill")
        (global.set $kept (array.new_fixed $list 3
            (struct.new $shape (i32.const 4)) (call $circle) (ref.i31 (i32.const 5)))))
    (func $is (param anyref) (result i32)
        (i32.add
            (i32.add
                (ref.test (ref $shape) (local.get 0))
                (i32.shl (ref.test (ref $circle) (local.get 0)) (i32.const 1)))
            (i32.shl (ref.test (ref $list) (local.get 0)) (i32.const 2))))
    (func $at (param i32) (result anyref)
        (array.get $list (ref.cast (ref $list) (global.get $kept)) (local.get 0)))
    ;; 1 for a shape, 3 for a circle, 4 for a list, 0 for everything else: digits from the first element on.
    (func (export "kinds") (result i32)
        (i32.add (call $is (call $at (i32.const 0)))
        (i32.add (i32.mul (i32.const 10) (call $is (call $at (i32.const 1))))
        (i32.add (i32.mul (i32.const 100) (call $is (call $at (i32.const 2))))
        (i32.mul (i32.const 1000) (call $is (global.get $kept)))))))
    (func (export "is") (param anyref) (result i32) (call $is (local.get 0)))
    (func (export "call") (param i32) (result anyref) (call_indirect (type $any) (local.get 0)))
    (func (export "test") (param funcref) (result i32) (ref.test (ref $any) (local.get 0))))"#;

/// Numbers that were free are those of other types now, in other stores and in this one.
#[test]
fn numbers_that_are_used_again_confuse_nobody() {
    for engine in engines() {
        // Keeps low numbers taken, until the store that is watched knows higher ones.
        let low = Module::new(&engine, format!("(module {})", distinct(0, 40))).unwrap();
        let mut store = Store::new(&engine, ());
        let plain = Func::new(&mut store, FuncType::new(&engine, [], [ValType::ANYREF]), |_, _, results| {
            results[0] = Val::null_any_ref();
            Ok(())
        });
        let module = Module::new(&engine, CASTS).unwrap();
        let instance = Instance::new(&mut store, &module, &[plain.into()]).unwrap();
        drop((module, low));
        let count = engine.type_count();
        let call = |store: &mut Store<()>, name: &str| {
            instance.get_typed_func::<(), ()>(&mut *store, name).unwrap().call(store, ()).unwrap();
        };
        call(&mut store, "fill");
        let kinds = instance.get_typed_func::<(), i32>(&mut store, "kinds").unwrap();
        let is = instance.get_func(&mut store, "is").unwrap();
        let by_type = instance.get_func(&mut store, "call").unwrap();
        let test = instance.get_typed_func::<Func, i32>(&mut store, "test").unwrap();
        for round in 0..40usize {
            // Types of other shapes get the low numbers, in another store.
            let other = {
                let fields = "(field i64) ".repeat(round % 7 + 1);
                let text = format!(
                    "(module {} (type $s (struct {fields})) (type $a (array (ref null $s)))
                        (func (export \"run\") (result i32)
                            (array.len (array.new $a (struct.new_default $s) (i32.const {})))))",
                    distinct(round + 1, round % 5),
                    round + 1
                );
                let module = Module::new(&engine, text).unwrap();
                let mut other = Store::new(&engine, ());
                let instance = Instance::new(&mut other, &module, &[]).unwrap();
                let run = instance.get_typed_func::<(), i32>(&mut other, "run").unwrap();
                assert_eq!(run.call(&mut other, ()).unwrap(), round as i32 + 1);
                (round % 3 == 0).then_some((other, module))
            };
            // So do a function and an object of this one; the object's type is known from now on.
            let params = vec![ValType::F64; round % 11];
            let func = FuncType::new(&engine, params, [ValType::ANYREF]);
            let func = Func::new(&mut store, func, |_, _, _| Ok(()));
            assert_eq!(test.call(&mut store, func).unwrap(), 0);
            assert_eq!(test.call(&mut store, plain).unwrap(), 0);
            {
                let mut scope = RootScope::new(&mut store);
                let own = StructType::new(&engine, vec![field(ValType::V128); round % 6 + 1]).unwrap();
                let zeroes = vec![Val::default_for_ty(&ValType::V128).unwrap(); round % 6 + 1];
                let object = StructRef::new(&mut scope, &own, &zeroes).unwrap();
                let mut results = [Val::I32(-1)];
                is.call(&mut scope, &[object.into()], &mut results).unwrap();
                assert_eq!(results[0].unwrap_i32(), 0);
                by_type.call(&mut scope, &[Val::I32(0)], &mut results).unwrap();
                let circle = results[0];
                is.call(&mut scope, &[circle], &mut results).unwrap();
                assert_eq!(results[0].unwrap_i32(), 3);
                let error = by_type.call(&mut scope, &[Val::I32(1)], &mut results).unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Trap::BadSignature));
            }
            assert_eq!(kinds.call(&mut store, ()).unwrap(), 4031);
            store.gc().unwrap();
            drop(other);
        }
        // The store's own types have come, up to six structs and eleven functions, and all others have gone.
        let most = count + 6 + 11;
        assert!(engine.type_count() <= most, "{} of {most}", engine.type_count());
        drop(store);
        assert_eq!(engine.type_count(), 0);
    }
}

#[test]
fn a_store_learns_of_one_module_after_the_other() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let mut kept = Vec::new();
        for number in 0..40 {
            let text = format!(
                "(module {} (type $top (sub (struct (field i32)))) (type $own (sub $top (struct (field i32) {})))
                    (func (export \"new\") (result (ref $top)) (struct.new_default $own))
                    (func (export \"is\") (param anyref) (result i32)
                        (i32.add (ref.test (ref $top) (local.get 0)) (ref.test (ref $own) (local.get 0)))))",
                distinct(number, 3),
                "(field (mut f32))".repeat(number + 1)
            );
            let module = Module::new(&engine, text).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let mut result = [Val::null_any_ref()];
            instance.get_func(&mut store, "new").unwrap().call(&mut store, &[], &mut result).unwrap();
            kept.push((instance, result[0]));
        }
        // `$top` is one type, `$own` another one in each module.
        for (i, (instance, _)) in kept.iter().enumerate() {
            let is = instance.get_func(&mut store, "is").unwrap();
            for (j, (_, object)) in kept.iter().enumerate() {
                let mut result = [Val::I32(0)];
                is.call(&mut store, &[*object], &mut result).unwrap();
                assert_eq!(result[0].unwrap_i32(), if i == j { 2 } else { 1 });
            }
        }
    }
}

/// Threads load, run and drop the same modules and others, so that last users go while equal types come.
#[test]
fn threads_share_types_that_come_and_go() {
    for engine in engines() {
        let work = |thread: usize| {
            for round in 0..60 {
                let shared = round % 3;
                let text = format!(
                    "(module {} {}
                        (rec (type $a (sub (struct (field (ref null $b))))) (type $b (array (mut (ref null $a)))))
                        (type $c (sub $a (struct (field (ref null $b)) {})))
                        (func (export \"run\") (result i32)
                            (local $a (ref null $a))
                            (local.set $a (struct.new $c (array.new_default $b (i32.const 3)) {}))
                            (i32.add
                                (ref.test (ref $c) (local.get $a))
                                (array.len (struct.get $a 0 (local.get $a))))))",
                    distinct(shared, 5),
                    distinct(thread * 100 + round, 2),
                    "(field i64)".repeat(shared + 1),
                    "(i64.const 1)".repeat(shared + 1),
                );
                let module = Module::new(&engine, text).unwrap();
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                drop(module);
                let own = StructType::new(&engine, vec![field(ValType::I32); shared + 2]).unwrap();
                let object = StructRef::new(&mut store, &own, &vec![Val::I32(7); shared + 2]).unwrap();
                let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
                for _ in 0..3 {
                    assert_eq!(run.call(&mut store, ()).unwrap(), 4);
                }
                assert_eq!(object.ty(&store).unwrap(), own);
                assert_eq!(object.field(&store, shared + 1).unwrap().unwrap_i32(), 7);
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    scope.spawn({
                        let work = &work;
                        move || work(thread)
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        assert_eq!(engine.type_count(), 0);
    }
}
