//! Attacks by safe code: types, values and items of one engine or store where another one's are expected. In each case the
//! numbers of types agree, so that only a look at the engine or at the kind can tell.

use std::panic::{AssertUnwindSafe, catch_unwind};

use upshift::{
    AnyRef, ArrayRef, ArrayType, Caller, Engine, Error, Exception, ExnRef, Extern, ExternRef, FieldType,
    Finality, Func, FuncType, Global, GlobalType, HeapType, I31, Instance, Linker, Memory, MemoryType,
    Module, Mutability, Ref, RefType, Result, Store, StructRef, StructType, Table, TableType, Tag, TagType,
    Val, ValType,
};

use crate::{boxed, engines, field};

fn nullable(heap: impl Into<HeapType>) -> RefType {
    RefType::new(true, heap.into())
}

#[track_caller]
fn says<T>(result: Result<T>, what: &str) {
    let error = format!("{:#}", result.err().expect("the attack is refused"));
    assert!(error.contains(what), "{error}");
}

fn variable(ty: RefType) -> GlobalType {
    GlobalType::new(ty.into(), Mutability::Var)
}

#[test]
fn the_kind_of_a_type_counts() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let ty = boxed(&engine);
        let object = StructRef::new(&mut store, &ty, &[Val::I64(0x4141)]).unwrap();
        let func = Func::wrap(&mut store, || ());
        let func_type = func.ty(&store);
        // Neither comes where the other is expected.
        says(Global::new(&mut store, variable(nullable(ty.clone())), func.into()), "type mismatch");
        says(Global::new(&mut store, variable(nullable(func_type.clone())), object.into()), "type mismatch");
        let funcs = TableType::new(nullable(func_type.clone()), 1, None);
        says(Table::new(&mut store, funcs, object.into()), "type mismatch");
        let takes = FuncType::new(&engine, [nullable(func_type.clone()).into()], []);
        let takes = Func::new(&mut store, takes, |_, _, _| Ok(()));
        says(takes.call(&mut store, &[object.into()], &mut []), "type mismatch");
        let holder = StructType::new(&engine, [field(ValType::from(nullable(func_type)))]).unwrap();
        says(StructRef::new(&mut store, &holder, &[object.into()]), "type mismatch");
        // The objects of a type are those of its number and kind.
        let array = ArrayType::new(&engine, field(ValType::I64));
        let array = ArrayRef::new(&mut store, &array, &Val::I64(1), 3).unwrap();
        says(Global::new(&mut store, variable(nullable(ty)), array.into()), "type mismatch");
    }
}

#[test]
fn types_of_another_engine_are_refused() {
    let (engine, other) = (Engine::default(), Engine::default());
    let mut store = Store::new(&engine, ());
    let func = Func::wrap(&mut store, || ());
    // Both have the first number of their engines.
    let theirs = StructType::new(&other, []).unwrap();
    let reference = nullable(theirs.clone());
    let value = ValType::from(reference.clone());
    let foreign = "belongs to another engine";
    says(Global::new(&mut store, variable(reference.clone()), func.into()), foreign);
    says(Global::new(&mut store, variable(reference.clone()), Val::null_any_ref()), foreign);
    says(Table::new(&mut store, TableType::new(reference.clone(), 1, None), func.into()), foreign);
    says(Table::new(&mut store, TableType::new64(reference.clone(), 0, None), Ref::Any(None)), foreign);
    says(Val::from(func).matches_ty(&store, &value), foreign);
    says(FuncType::try_new(&engine, [value.clone()], []), foreign);
    says(FuncType::try_new(&engine, [], [ValType::I32, value.clone()]), foreign);
    says(StructType::new(&engine, [field(ValType::I32), field(value.clone())]), foreign);
    let elements = field(value.clone());
    says(ArrayType::with_finality_and_supertype(&engine, Finality::Final, None, elements.clone()), foreign);
    says(StructRef::new(&mut store, &theirs, &[]), "another engine");
    let array = ArrayType::new(&other, field(ValType::I32));
    says(ArrayRef::new(&mut store, &array, &Val::I32(1), 1), "another engine");
    says(Tag::new(&mut store, &TagType::new(FuncType::new(&other, [], []))), "another engine");

    // Supertypes too.
    let open = Finality::NonFinal;
    let func_type = FuncType::with_finality_and_supertype(&other, open, None, [], []).unwrap();
    says(FuncType::with_finality_and_supertype(&engine, open, Some(&func_type), [], []), "another engine");
    let array = ArrayType::with_finality_and_supertype(&other, open, None, field(ValType::I32)).unwrap();
    let subtype = ArrayType::with_finality_and_supertype(&engine, open, Some(&array), field(ValType::I32));
    says(subtype, "another engine");

    // Where the `wasmtime` crate panics, this does too.
    let panics = |what: &mut dyn FnMut()| assert!(catch_unwind(AssertUnwindSafe(what)).is_err());
    panics(&mut || drop(FuncType::new(&engine, [value.clone()], [])));
    panics(&mut || drop(ArrayType::new(&engine, elements.clone())));
    panics(&mut || {
        Func::new(&mut store, FuncType::new(&other, [], []), |_, _, _| Ok(()));
    });
    panics(&mut || {
        let mut linker = Linker::<()>::new(&engine);
        let _ = linker.func_new("m", "f", FuncType::new(&other, [], []), |_, _, _| Ok(()));
    });
    func.call(&mut store, &[], &mut []).unwrap();
}

#[test]
fn types_of_different_engines_have_nothing_in_common() {
    let engines = [Engine::default(), Engine::default()];
    let [ours, theirs] = &engines;
    let heap_types = |engine: &Engine| {
        [
            HeapType::from(boxed(engine)),
            ArrayType::new(engine, field(ValType::I64)).into(),
            FuncType::new(engine, [], []).into(),
        ]
    };
    for (i, a) in heap_types(ours).iter().enumerate() {
        assert!(a.is_concrete());
        for (j, b) in heap_types(theirs).iter().enumerate() {
            assert!(!a.matches(b) && !b.matches(a) && a != b);
            assert!(!nullable(a.clone()).matches(&nullable(b.clone())));
            assert_eq!(a.top() == b.top(), (i == 2) == (j == 2));
        }
        for (j, b) in heap_types(ours).iter().enumerate() {
            assert_eq!((a.matches(b), a == b), (i == j, i == j));
        }
    }
    // A field of a type of one engine is not one of the other's.
    let linked =
        |engine: &Engine| FieldType::new(Mutability::Const, ValType::from(nullable(boxed(engine))).into());
    assert!(linked(ours).matches(&linked(ours)) && !linked(ours).matches(&linked(theirs)));
}

/// One of everything that a store can have, all with the first numbers of the engine.
struct Items {
    func: Func,
    global: Global,
    table: Table,
    memory: Memory,
    tag: Tag,
    values: Vec<Val>,
}

impl Items {
    fn new(store: &mut Store<()>) -> Items {
        let engine = store.engine().clone();
        let func = Func::wrap(&mut *store, || ());
        let constant = GlobalType::new(ValType::FUNCREF, Mutability::Const);
        let object = StructRef::new(&mut *store, &boxed(&engine), &[Val::I64(1)]).unwrap();
        let tag = Tag::new(&mut *store, &TagType::new(FuncType::new(&engine, [], []))).unwrap();
        let exception = Exception::new(&mut *store, tag, &[]).unwrap();
        let values = vec![
            func.into(),
            object.into(),
            ExnRef::new(&mut *store, &exception).unwrap().into(),
            ExternRef::new(&mut *store, 1).unwrap().into(),
            AnyRef::from_i31(&mut *store, I31::wrapping_i32(1)).into(),
        ];
        Items {
            func,
            global: Global::new(&mut *store, constant, func.into()).unwrap(),
            table: Table::new(&mut *store, TableType::new(RefType::FUNCREF, 1, None), func.into()).unwrap(),
            memory: Memory::new(&mut *store, MemoryType::new(1, None)).unwrap(),
            tag,
            values,
        }
    }

    fn externs(&self) -> [Extern; 5] {
        [self.func.into(), self.global.into(), self.table.into(), self.memory.into(), self.tag.into()]
    }
}

const IMPORTS: [&str; 5] = [
    r#"(module (import "m" "i" (func)))"#,
    r#"(module (import "m" "i" (global funcref)))"#,
    r#"(module (import "m" "i" (table 1 funcref)))"#,
    r#"(module (import "m" "i" (memory 1)))"#,
    r#"(module (import "m" "i" (tag)))"#,
];

#[test]
fn items_of_another_store_are_refused() {
    let engine = Engine::default();
    // A store of the same engine, and one of another.
    for other in [engine.clone(), Engine::default()] {
        let (mut store, mut their_store) = (Store::new(&engine, ()), Store::new(&other, ()));
        let (ours, theirs) = (Items::new(&mut store), Items::new(&mut their_store));
        for ((item, own), text) in theirs.externs().into_iter().zip(ours.externs()).zip(IMPORTS) {
            let module = Module::new(&engine, text).unwrap();
            Instance::new(&mut store, &module, &[own]).unwrap();
            says(Instance::new(&mut store, &module, &[item]), "another store");
        }
        for (value, own) in theirs.values.iter().zip(&ours.values) {
            let ty = match own {
                Val::FuncRef(_) => ValType::FUNCREF,
                Val::ExnRef(_) => ValType::EXNREF,
                Val::ExternRef(_) => ValType::EXTERNREF,
                _ => ValType::ANYREF,
            };
            let another = "another store";
            says(value.ty(&store), another);
            says(value.matches_ty(&store, &ty), another);
            let global = Global::new(&mut store, GlobalType::new(ty.clone(), Mutability::Var), *own).unwrap();
            says(global.set(&mut store, *value), another);
            let same_type = global.ty(&store);
            says(Global::new(&mut store, same_type, *value), another);
            let element = ty.unwrap_ref().clone();
            let (own_ref, their_ref) = (own.unwrap_ref(), value.unwrap_ref());
            let table = Table::new(&mut store, TableType::new(element, 1, None), own_ref).unwrap();
            says(table.set(&mut store, 0, their_ref), another);
            says(table.grow(&mut store, 1, their_ref), another);
            says(table.fill(&mut store, 0, their_ref, 1), another);
            let func_type = FuncType::new(&engine, [ty.clone()], [ty.clone()]);
            let same = Func::new(&mut store, func_type, |_, params, results| {
                results[0] = params[0];
                Ok(())
            });
            says(same.call(&mut store, &[*value], &mut [Val::I32(0)]), another);
            let wrong = *value;
            let func_type = FuncType::new(&engine, [], [ty.clone()]);
            let answers = Func::new(&mut store, func_type, move |_, _, results| {
                results[0] = wrong;
                Ok(())
            });
            says(answers.call(&mut store, &[], &mut [Val::I32(0)]), another);
            let holder = StructType::new(&engine, [field(ty.clone())]).unwrap();
            says(StructRef::new(&mut store, &holder, &[*value]), another);
            let array = ArrayType::new(&engine, field(ty));
            says(ArrayRef::new_fixed(&mut store, &array, &[*value]), another);
        }
    }
}

#[test]
fn exceptions_of_another_store_are_not_thrown() {
    let (engine, other) = (Engine::default(), Engine::default());
    for other in [&engine, &other] {
        let (mut store, mut their_store) = (Store::new(&engine, ()), Store::new(other, ()));
        // The numbers of the tags agree.
        let _ours = Items::new(&mut store);
        let theirs = Items::new(&mut their_store);
        let exception = Exception::new(&mut their_store, theirs.tag, &[]).unwrap();
        says(ExnRef::new(&mut store, &exception), "another store");
        let exception = std::sync::Mutex::new(Some(exception));
        let throws = Func::wrap(&mut store, move || -> Result<()> {
            let thrown = exception.lock().unwrap().take();
            Err(thrown.map_or_else(|| Error::msg("it was thrown already"), Error::from))
        });
        let module = Module::new(
            &engine,
            r#"(module (import "m" "throw" (func $throw))
                (func (export "run") (block $caught (try_table (catch_all $caught) (call $throw)))))"#,
        )
        .unwrap();
        let instance = Instance::new(&mut store, &module, &[throws.into()]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        assert!(run.call(&mut store, ()).is_err());
        assert!(
            catch_unwind(AssertUnwindSafe(|| Exception::new(&mut store, theirs.tag, &[]).is_ok())).is_err()
        );
    }
}

#[test]
fn linkers_and_modules_of_another_engine() {
    let (engine, other) = (Engine::default(), Engine::default());
    let foreign = "different engines";
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("m", "i", || ()).unwrap();
    let (mut store, mut their_store) = (Store::new(&engine, ()), Store::new(&other, ()));
    let texts = [
        IMPORTS[0],
        r#"(module (func (export "_start")))"#,
        r#"(module (func (export "_initialize")))"#,
        r#"(module (import "m" "unknown" (func)))"#,
    ];
    for text in texts {
        let theirs = Module::new(&other, text).unwrap();
        says(linker.module(&mut store, "name", &theirs), foreign);
        says(linker.instantiate_pre(&theirs), foreign);
        says(linker.define_unknown_imports_as_traps(&theirs), foreign);
        says(Instance::new(&mut store, &theirs, &[]), foreign);
        says(Instance::new(&mut their_store, &Module::new(&engine, text).unwrap(), &[]), foreign);
    }
    // A function of the linker does not come into a store of another engine, whatever way it is asked for.
    let theirs = Module::new(&other, IMPORTS[0]).unwrap();
    let ours = Module::new(&engine, IMPORTS[0]).unwrap();
    says(linker.instantiate(&mut store, &theirs), foreign);
    says(linker.instantiate(&mut their_store, &theirs), "another engine");
    says(linker.instantiate(&mut their_store, &ours), "another engine");
    says(linker.instantiate_pre(&ours).unwrap().instantiate(&mut their_store), "another engine");
    assert!(linker.get(&mut their_store, "m", "i").is_none());
    assert_eq!(linker.iter(&mut their_store).count(), 0);
    linker.instantiate(&mut store, &ours).unwrap();
    // What a store has stays with it.
    let items = Items::new(&mut their_store);
    for item in items.externs() {
        let defined =
            catch_unwind(AssertUnwindSafe(|| linker.define(&mut store, "m", "theirs", item).is_ok()));
        assert!(defined.is_err());
    }
}

#[test]
fn instances_and_callers_stay_in_their_store() {
    let engine = Engine::default();
    let module = Module::new(&engine, r#"(module (func (export "f")) (memory (export "m") 1))"#).unwrap();
    let (mut first, mut second) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let instance = Instance::new(&mut first, &module, &[]).unwrap();
    Instance::new(&mut second, &module, &[]).unwrap();
    let func = instance.get_func(&mut first, "f").unwrap();
    let typed = func.typed::<(), ()>(&first).unwrap();
    let mut panics = |what: &mut dyn FnMut(&mut Store<()>)| {
        assert!(catch_unwind(AssertUnwindSafe(|| what(&mut second))).is_err());
    };
    panics(&mut |store| assert!(instance.get_func(store, "f").is_some()));
    panics(&mut |store| drop(func.ty(&*store)));
    panics(&mut |store| drop(func.call(store, &[], &mut [])));
    panics(&mut |store| drop(typed.call(store, ())));
    panics(&mut |store| drop(func.typed::<(), ()>(&*store)));
    // A host function that smuggles a function of another store out.
    let smuggled = Func::wrap(&mut first, move |_: Caller<'_, ()>| -> Option<Func> { Some(func) });
    assert!(smuggled.typed::<(), Option<Func>>(&first).unwrap().call(&mut first, ()).unwrap().is_some());
    let smuggles = Func::wrap(&mut second, move || -> Option<Func> { Some(func) });
    says(smuggles.typed::<(), Option<Func>>(&second).unwrap().call(&mut second, ()), "another store");
}
