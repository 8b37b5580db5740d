//! Objects in the hands of the host: handles, how long they last, and functions that take and make objects.

use upshift::{
    AnyRef, ArrayRef, ArrayType, AsContextMut, Caller, Config, Engine, Error, Exception, ExnRef, ExternRef,
    FieldType, Finality, Func, FuncType, Global, GlobalType, HeapType, I31, Instance, Linker, Module,
    Mutability, Ref, RefType, Result, RootScope, StorageType, Store, StructRef, StructType, Table, TableType,
    Tag, TagType, Trap, Val, ValType,
};

use super::{engines, instance, store};

fn field(ty: ValType) -> FieldType {
    FieldType::new(Mutability::Var, StorageType::ValType(ty))
}

/// A struct with a number and a reference, as in [`LISTS`].
fn node(engine: &Engine) -> StructType {
    StructType::new(engine, [field(ValType::I32), field(ValType::ANYREF)]).unwrap()
}

fn new_node(mut store: impl AsContextMut, number: i32, next: Option<AnyRef>) -> Result<StructRef> {
    let ty = node(store.as_context_mut().engine());
    StructRef::new(store, &ty, &[Val::I32(number), Val::AnyRef(next)])
}

/// Lists, and functions of the host that take and give them.
const LISTS: &str = r#"(module
    (type $node (struct (field (mut i32)) (field (mut anyref))))
    (type $bytes (array (mut i8)))
    (import "host" "prepend" (func $prepend (param i32 anyref) (result (ref struct))))
    (import "host" "again" (func $again (param i32 anyref) (result anyref)))
    (func (export "litter") (drop (struct.new_default $node)) (drop (array.new_default $bytes (i32.const 33))))
    (func $sum (export "sum") (param $it anyref) (result i32) (local $sum i32)
        (block $end
            (loop $more
                (br_if $end (ref.is_null (local.get $it)))
                (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10))
                    (struct.get $node 0 (ref.cast (ref $node) (local.get $it)))))
                (local.set $it (struct.get $node 1 (ref.cast (ref $node) (local.get $it))))
                (br $more)))
        (local.get $sum))
    (func (export "list") (param $n i32) (result anyref) (local $it anyref)
        (loop $more
            (local.set $it (struct.new $node (local.get $n) (local.get $it)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $it))
    (func (export "by-host") (param $n i32) (result anyref) (local $it anyref)
        (loop $more
            (local.set $it (call $prepend (local.get $n) (local.get $it)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $it))
    (func (export "in-turns") (param $n i32) (param $it anyref) (result anyref)
        (if (i32.eqz (local.get $n)) (then (return (local.get $it))))
        (struct.new $node (local.get $n)
            (call $again (i32.sub (local.get $n) (i32.const 1)) (struct.new $node (i32.const 5) (local.get $it)))))
    (func (export "bytes") (param i32) (result arrayref) (array.new $bytes (i32.const 200) (local.get 0))))"#;

fn lists(engine: &Engine) -> (Store<()>, Instance) {
    let mut store = store(engine);
    let mut linker = Linker::new(engine);
    let prepend = |caller: Caller<'_, ()>, number: i32, next: Option<AnyRef>| new_node(caller, number, next);
    linker.func_wrap("host", "prepend", prepend).unwrap();
    let again = |mut caller: Caller<'_, ()>, number: i32, it: Option<AnyRef>| -> Result<Option<AnyRef>> {
        let mine = new_node(&mut caller, 7, it)?;
        let func = caller.get_export("in-turns").and_then(upshift::Extern::into_func).unwrap();
        let func = func.typed::<(i32, Option<AnyRef>), Option<AnyRef>>(&caller)?;
        let result = func.call(&mut caller, (number, Some(mine.into())))?;
        // What was made before the call is the same afterwards.
        assert_eq!(mine.field(&caller, 0)?.unwrap_i32(), 7);
        Ok(Some(new_node(&mut caller, 8, result)?.into()))
    };
    linker.func_wrap("host", "again", again).unwrap();
    let instance = linker.instantiate(&mut store, &Module::new(engine, LISTS).unwrap()).unwrap();
    (store, instance)
}

fn litter(store: &mut Store<()>, instance: Instance) {
    instance.get_typed_func::<(), ()>(&mut *store, "litter").unwrap().call(store, ()).unwrap();
}

#[test]
fn the_types_of_the_host_are_those_of_modules() {
    for engine in engines() {
        let (mut store, instance) = lists(&engine);
        let sum = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "sum").unwrap();
        let mut list = None;
        for number in [3, 2, 1] {
            list = Some(new_node(&mut store, number, list).unwrap().into());
        }
        assert_eq!(sum.call(&mut store, list).unwrap(), 123);
        assert_eq!(sum.call(&mut store, None).unwrap(), 0);

        let make = instance.get_typed_func::<i32, Option<AnyRef>>(&mut store, "list").unwrap();
        let made = make.call(&mut store, 4).unwrap().unwrap();
        assert_eq!(made.as_struct(&store).unwrap().unwrap().ty(&store).unwrap(), node(&engine));
        assert_eq!(made.ty(&store).unwrap(), node(&engine).into());
        assert_eq!((made.as_array(&store).unwrap(), made.as_i31(&store).unwrap()), (None, None));

        let bytes = instance.get_typed_func::<i32, Option<ArrayRef>>(&mut store, "bytes").unwrap();
        let bytes = bytes.call(&mut store, 3).unwrap().unwrap();
        let ty = ArrayType::new(&engine, FieldType::new(Mutability::Var, StorageType::I8));
        assert_eq!(bytes.ty(&store).unwrap(), ty);
        assert_eq!(bytes.get(&store, 2).unwrap().unwrap_i32(), 200);
        bytes.set(&mut store, 1, Val::I32(-1)).unwrap();
        litter(&mut store, instance);
        let elements: Vec<_> = bytes.elems(&store).unwrap().iter().map(Val::unwrap_i32).collect();
        assert_eq!(elements, [200, 255, 200]);
    }
}

#[test]
fn functions_of_the_host_make_objects_and_call_back() {
    for engine in engines() {
        let (mut store, instance) = lists(&engine);
        let sum = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "sum").unwrap();
        let make = instance.get_typed_func::<i32, Option<AnyRef>>(&mut store, "by-host").unwrap();
        let list = make.call(&mut store, 6).unwrap();
        assert_eq!(sum.call(&mut store, list).unwrap(), 123_456);
        let turns = instance.get_typed_func::<(i32, Option<AnyRef>), Option<AnyRef>>(&mut store, "in-turns");
        let result = turns.unwrap().call(&mut store, (2, list)).unwrap();
        // Down: 5 7 5 7 in front of the list, up: 8 1 and 8 2 in front of that.
        let list = result.unwrap().as_struct(&store).unwrap().unwrap();
        let mut numbers = Vec::new();
        let mut at = Some(list);
        while let Some(node) = at {
            numbers.push(node.field(&store, 0).unwrap().unwrap_i32());
            let next = node.field(&store, 1).unwrap().unwrap_any_ref();
            at = next.and_then(|next| next.as_struct(&store).unwrap());
        }
        assert_eq!(numbers, [2, 8, 1, 8, 7, 5, 7, 5, 1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn handles_follow_their_objects_until_they_end() {
    for engine in engines() {
        let (mut store, instance) = lists(&engine);
        let old = new_node(&mut store, 1, None).unwrap();
        let inner = {
            let mut scope = RootScope::new(&mut store);
            let many: Vec<_> = (0..100).map(|i| new_node(&mut scope, i, Some(old.into())).unwrap()).collect();
            for (i, one) in many.iter().enumerate() {
                assert_eq!(one.field(&scope, 0).unwrap().unwrap_i32() as usize, i);
                let link = one.field(&scope, 1).unwrap().unwrap_any_ref().unwrap();
                assert!(AnyRef::ref_eq(&scope, &link, &old.into()).unwrap());
                one.set_field(&mut scope, 1, Val::null_any_ref()).unwrap();
            }
            many[50]
        };
        for _ in 0..3 {
            litter(&mut store, instance);
        }
        assert_eq!(old.field(&store, 0).unwrap().unwrap_i32(), 1);
        // The place is taken again, but not by the same object.
        let newer = new_node(&mut store, 2, None).unwrap();
        for error in [
            inner.field(&store, 0).unwrap_err(),
            inner.set_field(&mut store, 0, Val::I32(1)).unwrap_err(),
            old.set_field(&mut store, 1, inner.into()).unwrap_err(),
            AnyRef::ref_eq(&store, &inner.into(), &newer.into()).unwrap_err(),
        ] {
            assert!(format!("{error:#}").contains("stale"), "{error:#}");
        }
        let sum = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "sum").unwrap();
        assert!(sum.call(&mut store, Some(inner.into())).unwrap_err().to_string().contains("stale"));
        assert_eq!(sum.call(&mut store, Some(newer.into())).unwrap(), 2);
    }
}

#[test]
fn handles_of_host_functions_end_with_them() {
    for engine in engines() {
        let mut store = Store::new(&engine, None::<AnyRef>);
        store.set_epoch_deadline(u64::MAX);
        let keep = Func::wrap(&mut store, |mut caller: Caller<'_, Option<AnyRef>>, it: Option<AnyRef>| {
            if let Some(kept) = *caller.data() {
                assert!(kept.ty(&caller).unwrap_err().to_string().contains("stale"));
            }
            *caller.data_mut() = it;
        });
        let wat = r#"(module (import "" "" (func $keep (param anyref))) (type $s (struct))
            (func (export "run") (call $keep (struct.new $s)) (call $keep (struct.new $s))))"#;
        let instance =
            Instance::new(&mut store, &Module::new(&engine, wat).unwrap(), &[keep.into()]).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
        let kept = store.data().unwrap();
        assert!(kept.ty(&store).unwrap_err().to_string().contains("stale"));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for engine in engines() {
        let (mut store, instance) = lists(&engine);
        let (mut other, _) = lists(&engine);
        let (elsewhere, own) =
            (new_node(&mut other, 1, None).unwrap(), new_node(&mut store, 1, None).unwrap());
        let message = |error: Error| format!("{error:#}");
        let says = |error: Error, text: &str| {
            let message = message(error);
            assert!(message.contains(text), "{message}");
        };
        says(elsewhere.field(&store, 0).unwrap_err(), "another store");
        says(own.set_field(&mut store, 1, elsewhere.into()).unwrap_err(), "another store");
        says(new_node(&mut store, 1, Some(elsewhere.into())).unwrap_err(), "another store");
        says(own.set_field(&mut store, 0, Val::I64(1)).unwrap_err(), "type mismatch");
        says(own.set_field(&mut store, 1, Val::null_extern_ref()).unwrap_err(), "type mismatch");
        says(own.field(&store, 2).unwrap_err(), "no field 2");
        let foreign = Engine::default();
        says(StructRef::new(&mut store, &node(&foreign), &[]).unwrap_err(), "another engine");
        says(StructRef::new(&mut store, &node(&engine), &[Val::I32(1)]).unwrap_err(), "2 fields, not 1");

        let to_node = ValType::Ref(RefType::new(false, node(&engine).into()));
        let fixed = FieldType::new(Mutability::Const, StorageType::ValType(to_node));
        let array = ArrayType::new(&engine, fixed);
        let array = ArrayRef::new_fixed(&mut store, &array, &[own.into(), own.into()]).unwrap();
        says(array.set(&mut store, 0, own.into()).unwrap_err(), "not mutable");
        says(array.get(&store, 2).unwrap_err(), "2 elements");
        let i31 = AnyRef::from_i31(&mut store, I31::wrapping_i32(1));
        let ty = array.ty(&store).unwrap();
        says(ArrayRef::new(&mut store, &ty, &i31.into(), 1).unwrap_err(), "type mismatch");
        says(ArrayRef::new(&mut store, &ty, &Val::null_any_ref(), 1).unwrap_err(), "type mismatch");

        let sum = instance.get_func(&mut store, "sum").unwrap();
        assert!(sum.typed::<Option<ExternRef>, i32>(&store).is_err());
        assert!(sum.typed::<Option<StructRef>, i32>(&store).is_ok());
        let list = instance.get_func(&mut store, "list").unwrap();
        assert!(
            list.typed::<i32, AnyRef>(&store).is_err()
                && list.typed::<i32, Option<StructRef>>(&store).is_err()
        );
        // A list of something else.
        let error = sum.call(&mut store, &[i31.into()], &mut [Val::I32(0)]).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::CastFailure));
        let error = sum.call(&mut store, &[Val::from(elsewhere)], &mut [Val::I32(0)]).unwrap_err();
        says(error, "another store");
    }
}

#[test]
fn typed_functions_take_and_give_references_of_all_kinds() {
    let wat = r#"(module
        (func (export "any") (param (ref any)) (result (ref any)) (local.get 0))
        (func (export "struct") (param structref) (result structref) (local.get 0))
        (func (export "array") (param (ref array)) (result (ref array)) (local.get 0))
        (func (export "exn") (param exnref) (result exnref) (local.get 0))
        (func (export "out") (param externref) (result anyref) (any.convert_extern (local.get 0)))
        (func (export "in") (param anyref) (result externref) (extern.convert_any (local.get 0)))
        (func (export "i31") (param anyref) (result i32) (i31.get_s (ref.cast i31ref (local.get 0)))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let instance = instance(&mut store, wat);
        let object = new_node(&mut store, 1, None).unwrap();
        let any = instance.get_typed_func::<AnyRef, AnyRef>(&mut store, "any").unwrap();
        let same = any.call(&mut store, object.into()).unwrap();
        assert!(AnyRef::ref_eq(&store, &same, &object.into()).unwrap());
        let func =
            instance.get_typed_func::<Option<StructRef>, Option<StructRef>>(&mut store, "struct").unwrap();
        assert_eq!(func.call(&mut store, None).unwrap(), None);
        assert_eq!(func.call(&mut store, Some(object)).unwrap().unwrap().ty(&store).unwrap(), node(&engine));
        let ty = ArrayType::new(&engine, field(ValType::EXNREF));
        let array = ArrayRef::new(&mut store, &ty, &Val::null_exn_ref(), 2).unwrap();
        let func = instance.get_typed_func::<ArrayRef, ArrayRef>(&mut store, "array").unwrap();
        assert_eq!(func.call(&mut store, array).unwrap().len(&store).unwrap(), 2);

        // An exception in an array in an exception.
        let tag = TagType::new(FuncType::new(&engine, [ValType::ANYREF], []));
        let tag = Tag::new(&mut store, &tag).unwrap();
        let exception = Exception::new(&mut store, tag, &[array.into()]).unwrap();
        let reference = ExnRef::new(&mut store, &exception).unwrap();
        array.set(&mut store, 0, reference.into()).unwrap();
        let func = instance.get_typed_func::<Option<ExnRef>, Option<ExnRef>>(&mut store, "exn").unwrap();
        let same = func.call(&mut store, Some(reference)).unwrap().unwrap();
        new_node(&mut store, 2, None).unwrap();
        // The copy keeps what it refers to.
        let copy = same.exception(&store).unwrap();
        let inner = copy.values()[0].unwrap_any_ref().unwrap().as_array(&store).unwrap().unwrap();
        assert_eq!(inner.get(&store, 0).unwrap().unwrap_exn_ref().unwrap().tag(&store).unwrap(), tag);

        // Values of the host and objects change sides.
        let out = instance.get_typed_func::<Option<ExternRef>, Option<AnyRef>>(&mut store, "out").unwrap();
        let back = instance.get_typed_func::<Option<AnyRef>, Option<ExternRef>>(&mut store, "in").unwrap();
        let value = ExternRef::new(&mut store, "value").unwrap();
        let as_any = out.call(&mut store, Some(value)).unwrap().unwrap();
        assert_eq!(as_any.ty(&store).unwrap(), HeapType::Any);
        assert_eq!((as_any.as_struct(&store).unwrap(), as_any.as_i31(&store).unwrap()), (None, None));
        let again = back.call(&mut store, Some(as_any)).unwrap().unwrap();
        assert_eq!(again.data(&store).unwrap().unwrap().downcast_ref(), Some(&"value"));
        let outside = back.call(&mut store, Some(object.into())).unwrap().unwrap();
        assert!(outside.data(&store).unwrap().is_none());
        assert!(ExternRef::ref_eq(&store, &outside, &AnyRef::from(object).to_extern()).unwrap());
        assert_eq!(AnyRef::from_extern(outside).ty(&store).unwrap(), node(&engine).into());
        assert_eq!(out.call(&mut store, None).unwrap(), None);
        let i31 = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "i31").unwrap();
        for number in [0, -1, 5, (1 << 30) - 1, -(1 << 30)] {
            let value = AnyRef::from_i31(&mut store, I31::new_i32(number).unwrap());
            assert_eq!(i31.call(&mut store, Some(value)).unwrap(), number);
        }
        let error = i31.call(&mut store, Some(as_any)).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::CastFailure));
    }
}

#[test]
fn globals_and_tables_of_the_host_keep_objects() {
    let wat = r#"(module
        (type $node (struct (field (mut i32)) (field (mut anyref))))
        (import "" "global" (global $global (mut anyref)))
        (import "" "table" (table $table 2 structref))
        (func (export "check") (param i32) (result i32)
            (drop (struct.new_default $node))
            (global.set $global (struct.new $node
                (i32.add (local.get 0) (struct.get $node 0 (ref.cast (ref $node) (global.get $global))))
                (global.get $global)))
            (table.set $table (i32.const 0) (struct.new $node (i32.const 9) (table.get $table (i32.const 1))))
            (struct.get $node 0 (ref.cast (ref $node) (table.get $table (i32.const 1))))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let first = new_node(&mut store, 1, None).unwrap();
        let ty = GlobalType::new(ValType::ANYREF, Mutability::Var);
        let global = Global::new(&mut store, ty, first.into()).unwrap();
        let ty = RefType::new(true, HeapType::Struct);
        let table = Table::new(&mut store, TableType::new(ty, 2, None), Ref::from(first)).unwrap();
        // Two instances share both.
        let module = Module::new(&engine, wat).unwrap();
        for sum in [3, 5] {
            let instance = Instance::new(&mut store, &module, &[global.into(), table.into()]).unwrap();
            let check = instance.get_typed_func::<i32, i32>(&mut store, "check").unwrap();
            assert_eq!(check.call(&mut store, 2).unwrap(), 1);
            let top = global.get(&mut store).unwrap_any_ref().unwrap().as_struct(&store).unwrap().unwrap();
            assert_eq!(top.field(&store, 0).unwrap().unwrap_i32(), sum);
        }
        let grown = new_node(&mut store, 4, None).unwrap();
        assert_eq!(table.grow(&mut store, 2, Ref::from(grown)).unwrap(), 2);
        new_node(&mut store, 5, None).unwrap();
        let last = table.get(&mut store, 3).unwrap();
        let last = last.as_any().unwrap().unwrap().as_struct(&store).unwrap().unwrap();
        assert_eq!(last.field(&store, 0).unwrap().unwrap_i32(), 4);
        let i31 = AnyRef::from_i31(&mut store, I31::wrapping_i32(1));
        assert!(table.set(&mut store, 0, Ref::from(i31)).is_err());
    }
}

#[test]
fn objects_go_from_instance_to_instance() {
    let maker = r#"(module
        (rec (type $tree (sub (struct (field $left (mut (ref null $tree))) (field $value i64)))))
        (global (export "root") (mut (ref null $tree)) (struct.new $tree (ref.null $tree) (i64.const 1)))
        (table (export "trees") 3 (ref null $tree))
        (func (export "make") (param (ref null $tree) i64) (result (ref $tree))
            (struct.new $tree (local.get 0) (local.get 1))))"#;
    // The same type under another number, and a subtype that the maker does not know.
    let user = r#"(module
        (type $unrelated (func (param f32)))
        (rec (type $tree (sub (struct (field $left (mut (ref null $tree))) (field $value i64)))))
        (type $more (sub final $tree (struct (field (mut (ref null $tree))) (field i64) (field $kept (mut anyref)))))
        (import "maker" "root" (global $root (mut (ref null $tree))))
        (import "maker" "trees" (table $trees 3 (ref null $tree)))
        (import "maker" "make" (func $make (param (ref null $tree) i64) (result (ref $tree))))
        (func (export "run") (result i64) (local $mine (ref null $more))
            (local.set $mine (struct.new $more (global.get $root) (i64.const 10) (global.get $root)))
            (table.set $trees (i32.const 1) (call $make (local.get $mine) (i64.const 100)))
            (global.set $root (call $make (table.get $trees (i32.const 1)) (i64.const 1000)))
            (struct.set $tree $left (struct.get $more $left_or_0 (local.get $mine)) (local.get $mine))
            (i64.add
                (i64.add (struct.get $tree $value (global.get $root))
                    (struct.get $tree $value (struct.get $tree $left (global.get $root))))
                (struct.get $tree $value (ref.cast (ref $more)
                    (struct.get $tree $left (struct.get $tree $left (global.get $root))))))))"#
        .replace("$left_or_0", "0");
    for engine in engines() {
        let mut store = store(&engine);
        let mut linker = Linker::new(&engine);
        let maker = instance(&mut store, maker);
        linker.instance(&mut store, "maker", maker).unwrap();
        let user = linker.instantiate(&mut store, &Module::new(&engine, &user).unwrap()).unwrap();
        let run = user.get_typed_func::<(), i64>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap(), 1110);
        assert_eq!(run.call(&mut store, ()).unwrap(), 1110);
    }
}

#[test]
fn engines_without_objects_have_exceptions_and_values_of_the_host() {
    for stress in [false, true] {
        let mut config = Config::new();
        let engine = Engine::new(config.wasm_gc(false).gc_stress(stress)).unwrap();
        assert!(Module::new(&engine, "(module (type (struct)))").is_err());
        assert!(Module::new(&engine, "(module (global i31ref (ref.null i31)))").is_err());
        let wat = r#"(module (tag $tag (param externref))
            (func (export "run") (param externref) (result externref) (local $e exnref)
                (block $h (result externref exnref) (try_table (catch_ref $tag $h) (throw $tag (local.get 0))) unreachable)
                (local.set $e) (drop)
                (block $h (result externref exnref) (try_table (catch_ref $tag $h) (throw $tag (ref.null extern))) unreachable)
                (drop) (drop)
                (block $h (result externref) (try_table (catch $tag $h) (throw_ref (local.get $e))) unreachable)))"#;
        let mut store = Store::new(&engine, ());
        let run = instance(&mut store, wat)
            .get_typed_func::<Option<ExternRef>, Option<ExternRef>>(&mut store, "run");
        let value = ExternRef::new(&mut store, 7).unwrap();
        let same = run.unwrap().call(&mut store, Some(value)).unwrap().unwrap();
        assert!(ExternRef::ref_eq(&store, &same, &value).unwrap());
    }
}

#[test]
fn declared_subtypes_of_the_host() {
    let wat = r#"(module
        (type $shape (sub (struct (field (mut i32)))))
        (type $circle (sub $shape (struct (field (mut i32)) (field f64))))
        (func (export "kind") (param anyref) (result i32)
            (if (ref.test (ref $circle) (local.get 0)) (then (return (i32.const 2))))
            (ref.test (ref $shape) (local.get 0)))
        (func (export "shape") (param (ref $shape)) (result i32) (struct.get $shape 0 (local.get 0))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let fixed = FieldType::new(Mutability::Const, StorageType::ValType(ValType::F64));
        let number = field(ValType::I32);
        let extensible = |engine: &Engine, supertype: Option<&StructType>, fields: &[&FieldType]| {
            let fields = fields.iter().copied().cloned();
            StructType::with_finality_and_supertype(engine, Finality::NonFinal, supertype, fields)
        };
        let shape = extensible(&engine, None, &[&number]).unwrap();
        let circle = extensible(&engine, Some(&shape), &[&number, &fixed]).unwrap();
        let special = extensible(&engine, Some(&circle), &[&number, &fixed, &number]).unwrap();
        assert!(
            special.matches(&shape) && !shape.matches(&special) && circle.supertype() == Some(shape.clone())
        );
        let instance = instance(&mut store, wat);
        let kind = instance.get_typed_func::<AnyRef, i32>(&mut store, "kind").unwrap();
        let get = instance.get_func(&mut store, "shape").unwrap();
        let zero = Val::from(0.0);
        let types = [(&shape, vec![Val::I32(5)], 1), (&circle, vec![Val::I32(5), zero], 2)];
        let more = [(&special, vec![Val::I32(5), zero, Val::I32(6)], 2)];
        for (ty, values, expected) in types.into_iter().chain(more) {
            let object = StructRef::new(&mut store, ty, &values).unwrap();
            assert_eq!(kind.call(&mut store, object.into()).unwrap(), expected);
            let mut results = [Val::I32(0)];
            get.call(&mut store, &[object.into()], &mut results).unwrap();
            assert_eq!(results[0].unwrap_i32(), 5);
        }
        // The same fields without the declaration are another type.
        let alike = StructType::new(&engine, [number.clone()]).unwrap();
        let object = StructRef::new(&mut store, &alike, &[Val::I32(5)]).unwrap();
        assert_eq!(kind.call(&mut store, object.into()).unwrap(), 0);
        assert!(get.call(&mut store, &[object.into()], &mut [Val::I32(0)]).is_err());

        let refused = |supertype, fields: &[&FieldType]| {
            extensible(&engine, Some(supertype), fields).unwrap_err().to_string()
        };
        assert!(refused(&alike, &[&number]).contains("is final"));
        assert!(refused(&circle, &[&number]).contains("2 fields, the subtype 1"));
        assert!(refused(&circle, &[&number, &number]).contains("field 1 is a"));
        let constant = FieldType::new(Mutability::Const, number.element_type().clone());
        assert!(refused(&shape, &[&constant]).contains("field 0 is a"));
        let foreign = extensible(&Engine::default(), None, &[&number]).unwrap();
        assert!(refused(&foreign, &[&number]).contains("another engine"));
        let mut deepest = shape.clone();
        for _ in 0..63 {
            deepest = extensible(&engine, Some(&deepest), &[&number]).unwrap();
        }
        assert!(refused(&deepest, &[&number]).contains("63 supertypes"));
        let object = StructRef::new(&mut store, &deepest, &[Val::I32(1)]).unwrap();
        assert_eq!(kind.call(&mut store, object.into()).unwrap(), 1);
    }
}
