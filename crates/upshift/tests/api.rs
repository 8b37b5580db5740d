//! The embedding API from the outside: linking, calls, host state, memories, tables, globals, references.

use upshift::{
    AsContext, AsContextMut, Caller, Engine, Extern, ExternRef, ExternType, Func, FuncType, Global,
    GlobalType, Instance, Linker, Memory, MemoryType, MemoryTypeBuilder, Module, Mutability, Ref, RefType,
    Result, Store, StoreLimitsBuilder, Table, TableType, V128, Val, ValType,
};

fn instance<T>(store: &mut Store<T>, wat: &str, imports: &[Extern]) -> Instance {
    let module = Module::new(store.engine(), wat).unwrap();
    Instance::new(store, &module, imports).unwrap()
}

#[test]
fn a_module_tells_its_imports_and_exports() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module $named
            (import "a" "f" (func (param i32) (result f64)))
            (import "a" "g" (global (mut i64)))
            (table (export "t") 1 5 externref)
            (memory (export "m") 2 3)
            (func (export "x") (result v128) (v128.const i64x2 0 0)))"#,
    )
    .unwrap();
    assert_eq!(module.name(), Some("named"));

    let imports: Vec<_> = module.imports().map(|i| (i.module(), i.name(), i.ty())).collect();
    let f = FuncType::new(&engine, [ValType::I32], [ValType::F64]);
    let g = GlobalType::new(ValType::I64, Mutability::Var);
    assert_eq!(imports, [("a", "f", ExternType::Func(f)), ("a", "g", ExternType::Global(g))]);

    let exports: Vec<_> = module.exports().map(|e| (e.name(), e.ty())).collect();
    let t = TableType::new(RefType::EXTERNREF, 1, Some(5));
    let m = MemoryType::new(2, Some(3));
    let x = FuncType::new(&engine, [], [ValType::V128]);
    assert_eq!(
        exports,
        [("t", ExternType::Table(t)), ("m", ExternType::Memory(m)), ("x", ExternType::Func(x))]
    );
    assert!(module.get_export("m").is_some() && module.get_export("nothing").is_none());
    assert!(Module::validate(&engine, b"\0asm\x01\0\0\0").is_ok());
    assert!(Module::validate(&engine, b"\0asm\x02\0\0\0").is_err());
}

#[test]
fn every_number_type_goes_in_and_out() {
    let mut store = Store::new(&Engine::default(), ());
    let wat = r#"(module
        (func (export "all") (param i32 i64 f32 f64 v128) (result v128 f64 f32 i64 i32)
            local.get 4 local.get 3 local.get 2 local.get 1 local.get 0))"#;
    let instance = instance(&mut store, wat, &[]);
    let vector = V128::from(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_u128);

    type In = (i32, i64, f32, f64, V128);
    type Out = (V128, f64, f32, i64, i32);
    let all = instance.get_typed_func::<In, Out>(&mut store, "all").unwrap();
    let args = (i32::MIN, i64::MAX, -1.5, 1e300, vector);
    assert_eq!(all.call(&mut store, args).unwrap(), (vector, 1e300, -1.5, i64::MAX, i32::MIN));

    // The same without types, with a NaN whose payload has to survive.
    let nan = 0x7fa0_0001;
    let params = [Val::I32(-1), Val::I64(-2), Val::F32(nan), Val::F64(3), Val::V128(vector)];
    let mut results = [Val::I32(0); 5];
    all.func().call(&mut store, &params, &mut results).unwrap();
    assert_eq!(results[0].v128(), Some(vector));
    assert!(matches!(results[1], Val::F64(3)) && matches!(results[2], Val::F32(bits) if bits == nan));
    assert_eq!((results[3].i64(), results[4].i32()), (Some(-2), Some(-1)));

    let unsigned =
        instance.get_typed_func::<(u32, u64, f32, f64, V128), (V128, f64, f32, u64, u32)>(&mut store, "all");
    let args = (u32::MAX, u64::MAX, 0.0, 0.0, vector);
    let (.., long, short) = unsigned.unwrap().call(&mut store, args).unwrap();
    assert_eq!((long, short), (u64::MAX, u32::MAX));
}

#[test]
fn calls_with_wrong_types_are_refused() {
    let mut store = Store::new(&Engine::default(), ());
    let func = Func::wrap(&mut store, |a: i32| i64::from(a));
    assert!(func.typed::<i32, i64>(&store).is_ok());
    assert!(func.typed::<(i32,), (i64,)>(&store).is_ok());
    assert!(func.typed::<i64, i64>(&store).is_err());
    assert!(func.typed::<i32, i32>(&store).is_err());
    assert!(func.typed::<(i32, i32), i64>(&store).is_err());
    assert!(func.typed::<i32, ()>(&store).is_err());
    let mut one = [Val::I32(0)];
    assert!(func.call(&mut store, &[Val::I64(0)], &mut one).is_err());
    assert!(func.call(&mut store, &[], &mut one).is_err());
    assert!(func.call(&mut store, &[Val::I32(0)], &mut []).is_err());
    assert!(func.call(&mut store, &[Val::I32(7)], &mut one).is_ok());
    assert_eq!(one[0].i64(), Some(7));
}

#[test]
fn closures_take_sixteen_arguments_and_return_sixteen_results() {
    let mut store = Store::new(&Engine::default(), ());
    #[rustfmt::skip]
    let rotate = Func::wrap(
        &mut store,
        |a: i32, b: i64, c: f32, d: f64, e: i32, f: i64, g: f32, h: f64,
         i: i32, j: i64, k: f32, l: f64, m: i32, n: i64, o: f32, p: V128| {
            (p, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
        },
    );
    let ty = rotate.ty(&store);
    assert_eq!((ty.params().len(), ty.results().len()), (16, 16));
    assert_eq!((ty.param(15), ty.result(0)), (Some(ValType::V128), Some(ValType::V128)));

    // Through wasm, so that slots are what both sides take them for.
    let types = "i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32";
    let gets: String = (0..16).map(|i| format!("local.get {i} ")).collect();
    let wat = format!(
        r#"(module
            (import "" "" (func $f (param {types} v128) (result v128 {types})))
            (func (export "f") (param {types} v128) (result v128 {types}) {gets} call $f))"#
    );
    let instance = instance(&mut store, &wat, &[rotate.into()]);
    let func = instance.get_func(&mut store, "f").unwrap();
    let mut params: Vec<Val> = (0..15)
        .map(|i| match i % 4 {
            0 => Val::I32(i),
            1 => Val::I64(i.into()),
            2 => Val::F32(i as u32),
            _ => Val::F64(i as u64),
        })
        .collect();
    params.push(Val::V128(V128::from(15)));
    let mut results = [Val::I32(0); 16];
    func.call(&mut store, &params, &mut results).unwrap();
    params.rotate_right(1);
    assert_eq!(format!("{results:?}"), format!("{params:?}"));
}

#[test]
fn host_functions_see_the_state_and_the_caller() {
    struct State {
        log: Vec<String>,
    }
    let engine = Engine::default();
    let mut linker = Linker::<State>::new(&engine);
    linker
        .func_wrap("host", "log", |mut caller: Caller<'_, State>, at: u32, len: u32| -> Result<()> {
            let memory = caller.get_export("mem").and_then(Extern::into_memory).expect("it is exported");
            let mut bytes = vec![0; len as usize];
            memory.read(&caller, at as usize, &mut bytes)?;
            let text = String::from_utf8(bytes)?;
            caller.data_mut().log.push(text);
            Ok(())
        })
        .unwrap();
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "log" (func $log (param i32 i32)))
            (memory (export "mem") 1)
            (data (i32.const 100) "one two")
            (func (export "run")
                (call $log (i32.const 100) (i32.const 3))
                (call $log (i32.const 104) (i32.const 3)))
            (func (export "bad") (call $log (i32.const 65535) (i32.const 2))))"#,
    )
    .unwrap();
    let mut store = Store::new(&engine, State { log: Vec::new() });
    let instance = linker.instantiate(&mut store, &module).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
    assert_eq!(store.data().log, ["one", "two"]);
    let bad = instance.get_typed_func::<(), ()>(&mut store, "bad").unwrap().call(&mut store, ());
    assert!(bad.unwrap_err().is::<upshift::MemoryAccessError>());
    assert_eq!(store.into_data().log.len(), 2);
}

#[test]
fn a_caller_from_the_host_has_no_instance() {
    let mut store = Store::new(&Engine::default(), ());
    let func = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| {
        i32::from(caller.instance().is_some() || caller.get_export("x").is_some())
    });
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 0);
    let wat = r#"(module (import "" "" (func $f (result i32))) (func (export "x") (result i32) call $f))"#;
    let instance = instance(&mut store, wat, &[func.into()]);
    let x = instance.get_typed_func::<(), i32>(&mut store, "x").unwrap();
    assert_eq!(x.call(&mut store, ()).unwrap(), 1);
    // The import exported again is still the host's, and nobody's call.
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 0);
}

#[test]
fn the_caller_is_the_instance_that_called_even_by_tail_call() {
    let mut store = Store::new(&Engine::default(), ());
    let who = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| -> i32 {
        let id = caller.get_export("id").and_then(Extern::into_global).expect("it is exported");
        id.get(&caller).unwrap_i32()
    });
    let wat = |id: i32| {
        format!(
            r#"(module
                (import "" "" (func $who (result i32)))
                (import "" "" (func $next (result i32)))
                (global (export "id") i32 (i32.const {id}))
                (func (export "who") (result i32) call $who)
                (func (export "tail") (result i32) return_call $who)
                (func (export "next") (result i32) call $next)
                (func (export "tail_next") (result i32) return_call $next))"#
        )
    };
    let first = instance(&mut store, &wat(1), &[who.into(), who.into()]);
    for (export, through) in [("who", "next"), ("tail", "next"), ("who", "tail_next"), ("tail", "tail_next")]
    {
        let inner = first.get_func(&mut store, export).unwrap();
        let second = instance(&mut store, &wat(2), &[who.into(), inner.into()]);
        let ask = |store: &mut Store<()>, instance: Instance, name: &str| {
            instance.get_typed_func::<(), i32>(&mut *store, name).unwrap().call(store, ()).unwrap()
        };
        assert_eq!(ask(&mut store, first, export), 1);
        assert_eq!(ask(&mut store, second, export), 2);
        assert_eq!(ask(&mut store, second, through), 1, "{export} through {through}");
    }
}

#[test]
fn memory_is_shared_between_host_and_wasm() {
    let mut store = Store::new(&Engine::default(), 5u8);
    let wat = r#"(module
        (memory (export "m") 1 4)
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "size") (result i32) memory.size))"#;
    let instance = instance(&mut store, wat, &[]);
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let load = instance.get_typed_func::<i32, i32>(&mut store, "load").unwrap();
    let write = instance.get_typed_func::<(i32, i32), ()>(&mut store, "store").unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    let size = instance.get_typed_func::<(), i32>(&mut store, "size").unwrap();

    memory.write(&mut store, 10, &[42]).unwrap();
    assert_eq!(load.call(&mut store, 10).unwrap(), 42);
    write.call(&mut store, (11, 43)).unwrap();
    assert_eq!(memory.data(&store)[10..12], [42, 43]);
    let (bytes, data) = memory.data_and_store_mut(&mut store);
    bytes[12] = *data;
    assert_eq!(load.call(&mut store, 12).unwrap(), 5);

    // Growth on one side shows on the other.
    assert!(load.call(&mut store, 1 << 16).is_err());
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    assert_eq!(load.call(&mut store, 1 << 16).unwrap(), 0);
    assert_eq!(grow.call(&mut store, 1).unwrap(), 2);
    assert_eq!((memory.size(&store), memory.data_size(&store)), (3, 3 << 16));
    assert_eq!(grow.call(&mut store, 2).unwrap(), -1);
    assert!(memory.grow(&mut store, 2).is_err());
    assert_eq!(size.call(&mut store, ()).unwrap(), 3);
    assert_eq!(memory.ty(&store), MemoryType::new(1, Some(4)));
    assert!(memory.read(&store, usize::MAX, &mut [0]).is_err());
    assert!(memory.read(&store, 3 << 16, &mut []).is_ok());
}

#[test]
fn globals_are_shared_between_host_and_wasm() {
    let mut store = Store::new(&Engine::default(), ());
    let counter = GlobalType::new(ValType::I64, Mutability::Var);
    let counter = Global::new(&mut store, counter, Val::I64(40)).unwrap();
    let constant = GlobalType::new(ValType::V128, Mutability::Const);
    let vector = V128::from(1 << 100);
    let constant = Global::new(&mut store, constant, Val::V128(vector)).unwrap();
    let wat = r#"(module
        (import "" "counter" (global $counter (mut i64)))
        (import "" "constant" (global $constant v128))
        (global $own (export "own") (mut f32) (f32.const 0.5))
        (global (export "copy") v128 (global.get $constant))
        (global (export "sum") i32 (i32.sub (i32.mul (i32.const 6) (i32.const 8)) (i32.add (i32.const 2) (i32.const 4))))
        (global (export "long") i64 (i64.mul (i64.const -3) (i64.sub (i64.const 1) (i64.add (i64.const 2) (i64.const 4)))))
        (func (export "count") (global.set $counter (i64.add (global.get $counter) (i64.const 1))))
        (func (export "vector") (result v128) (global.get $constant))
        (func (export "own_value") (result f32) (global.get $own)))"#;
    let instance = instance(&mut store, wat, &[counter.into(), constant.into()]);
    let count = instance.get_typed_func::<(), ()>(&mut store, "count").unwrap();
    count.call(&mut store, ()).unwrap();
    assert_eq!(counter.get(&store).i64(), Some(41));
    counter.set(&mut store, Val::I64(-1)).unwrap();
    count.call(&mut store, ()).unwrap();
    assert_eq!(counter.get(&store).i64(), Some(0));

    let get = instance.get_typed_func::<(), V128>(&mut store, "vector").unwrap();
    assert_eq!(get.call(&mut store, ()).unwrap(), vector);
    let value = |store: &mut Store<()>, name: &str| {
        let global = instance.get_global(&mut *store, name).unwrap();
        global.get(store)
    };
    assert_eq!(value(&mut store, "copy").v128(), Some(vector));
    assert_eq!(value(&mut store, "sum").i32(), Some(42));
    assert_eq!(value(&mut store, "long").i64(), Some(15));

    let own = instance.get_global(&mut store, "own").unwrap();
    own.set(&mut store, Val::from(2.5f32)).unwrap();
    let own_value = instance.get_typed_func::<(), f32>(&mut store, "own_value").unwrap();
    assert_eq!(own_value.call(&mut store, ()).unwrap(), 2.5);
    assert!(own.set(&mut store, Val::I32(0)).is_err());
    assert!(constant.set(&mut store, Val::V128(vector)).is_err());
    assert_eq!(own.ty(&store).mutability(), Mutability::Var);
}

#[test]
fn tables_and_function_references_cross_the_border() {
    let mut store = Store::new(&Engine::default(), ());
    let ten = Func::wrap(&mut store, || 10);
    let ty = TableType::new(RefType::FUNCREF, 3, Some(6));
    let table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    let wat = r#"(module
        (import "" "t" (table $t 3 6 funcref))
        (func $twenty (result i32) (i32.const 20))
        (elem (i32.const 1) func $twenty)
        (func (export "call") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))
        (func (export "get") (param i32) (result funcref) (table.get $t (local.get 0)))
        (func (export "set") (param i32 funcref) (table.set $t (local.get 0) (local.get 1)))
        (func (export "size") (result i32) (table.size $t))
        (func (export "grow") (param funcref i32) (result i32) (table.grow $t (local.get 0) (local.get 1)))
        (func (export "fill") (param i32 funcref i32)
            (table.fill $t (local.get 0) (local.get 1) (local.get 2))))"#;
    let instance = instance(&mut store, wat, &[table.into()]);
    let call = instance.get_typed_func::<i32, i32>(&mut store, "call").unwrap();
    let get = instance.get_typed_func::<i32, Option<Func>>(&mut store, "get").unwrap();
    let set = instance.get_typed_func::<(i32, Option<Func>), ()>(&mut store, "set").unwrap();

    assert_eq!(call.call(&mut store, 1).unwrap(), 20);
    assert!(call.call(&mut store, 0).is_err());
    table.set(&mut store, 0, ten.into()).unwrap();
    assert_eq!(call.call(&mut store, 0).unwrap(), 10);

    let twenty = get.call(&mut store, 1).unwrap().unwrap();
    assert_eq!(twenty.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 20);
    assert_eq!(get.call(&mut store, 0).unwrap(), Some(ten));
    set.call(&mut store, (2, Some(twenty))).unwrap();
    assert_eq!(table.get(&store, 2).unwrap().as_func(), Some(Some(&twenty)));
    set.call(&mut store, (2, None)).unwrap();
    assert!(table.get(&store, 2).unwrap().is_null());

    assert_eq!(table.grow(&mut store, 1, ten.into()).unwrap(), 3);
    assert_eq!(call.call(&mut store, 3).unwrap(), 10);
    let grow = instance.get_typed_func::<(Option<Func>, i32), i32>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, (Some(twenty), 2)).unwrap(), 4);
    assert_eq!(grow.call(&mut store, (None, 1)).unwrap(), -1);
    assert!(table.grow(&mut store, 1, ten.into()).is_err());
    assert_eq!(table.size(&store), 6);
    let fill = instance.get_typed_func::<(i32, Option<Func>, i32), ()>(&mut store, "fill").unwrap();
    fill.call(&mut store, (0, Some(twenty), 6)).unwrap();
    assert_eq!(call.call(&mut store, 0).unwrap(), 20);
    assert!(fill.call(&mut store, (5, None, 2)).is_err());
    assert_eq!(call.call(&mut store, 5).unwrap(), 20, "a fill that traps writes nothing");

    assert!(table.get(&store, 6).is_none());
    assert!(table.set(&mut store, 6, ten.into()).is_err());
    assert!(table.set(&mut store, 0, Ref::Extern(None)).is_err());
    Table::copy(&mut store, &table, 0, &table, 1, 5).unwrap();
    assert!(Table::copy(&mut store, &table, 2, &table, 1, 5).is_err());
}

#[test]
fn references_that_are_not_null_have_their_own_rust_type() {
    let mut store = Store::new(&Engine::default(), ());
    let wat = r#"(module
        (type $f (func (result i32)))
        (func $one (export "one") (type $f) (i32.const 1))
        (elem declare func $one)
        (func (export "make") (result (ref func)) (ref.func $one))
        (func (export "run") (param (ref $f)) (result i32) (call_ref $f (local.get 0))))"#;
    let instance = instance(&mut store, wat, &[]);
    let make = instance.get_typed_func::<(), Func>(&mut store, "make").unwrap();
    let one = make.call(&mut store, ()).unwrap();
    assert_eq!(one.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 1);
    // Without types, the value's own type is what counts.
    let run = instance.get_func(&mut store, "run").unwrap();
    let mut result = [Val::I32(0)];
    run.call(&mut store, &[one.into()], &mut result).unwrap();
    assert_eq!(result[0].i32(), Some(1));
    let other = Func::wrap(&mut store, |_: i32| 1);
    assert!(run.call(&mut store, &[other.into()], &mut result).is_err());
    assert!(run.call(&mut store, &[Val::null_func_ref()], &mut result).is_err());
    // What may be null cannot be had as what may not.
    assert!(instance.get_typed_func::<Option<Func>, i32>(&mut store, "run").is_err());
    let ty = run.ty(&store);
    let Some(ValType::Ref(param)) = ty.param(0) else { panic!("the parameter is a reference") };
    assert!(!param.is_nullable() && param.heap_type().as_concrete_func() == Some(&one.ty(&store)));
}

#[test]
fn host_values_pass_through_wasm_untouched() {
    let mut store = Store::new(&Engine::default(), ());
    let take = Func::wrap(&mut store, |caller: Caller<'_, ()>, value: Option<ExternRef>| -> Result<i32> {
        let Some(value) = value else { return Ok(-1) };
        let data = value.data(&caller)?.expect("it was put there");
        Ok(*data.downcast_ref::<i32>().expect("it is an i32"))
    });
    let wat = r#"(module
        (import "" "" (func $take (param externref) (result i32)))
        (table $t 2 externref)
        (global $g (mut externref) (ref.null extern))
        (func (export "keep") (param externref)
            (global.set $g (local.get 0))
            (table.set $t (i32.const 1) (local.get 0)))
        (func (export "take") (param i32) (result i32) (call $take (table.get $t (local.get 0))))
        (func (export "same") (result externref) (global.get $g))
        (func (export "null") (param externref) (result i32) (ref.is_null (local.get 0))))"#;
    let instance = instance(&mut store, wat, &[take.into()]);
    let value = ExternRef::new(&mut store, 77i32).unwrap();
    let keep = instance.get_typed_func::<Option<ExternRef>, ()>(&mut store, "keep").unwrap();
    keep.call(&mut store, Some(value)).unwrap();
    let take = instance.get_typed_func::<i32, i32>(&mut store, "take").unwrap();
    assert_eq!(take.call(&mut store, 1).unwrap(), 77);
    assert_eq!(take.call(&mut store, 0).unwrap(), -1);
    let same = instance.get_typed_func::<(), Option<ExternRef>>(&mut store, "same").unwrap();
    let same = same.call(&mut store, ()).unwrap().unwrap();
    assert!(ExternRef::ref_eq(&store, &same, &value).unwrap());
    let null = instance.get_typed_func::<Option<ExternRef>, i32>(&mut store, "null").unwrap();
    assert_eq!((null.call(&mut store, None).unwrap(), null.call(&mut store, Some(value)).unwrap()), (1, 0));
}

#[test]
fn functions_of_dynamic_type_check_their_results() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 3i32);
    let ty = FuncType::new(&engine, [ValType::I32, ValType::V128], [ValType::I64, ValType::FUNCREF]);
    let good = Func::new(&mut store, ty.clone(), |caller, params, results| {
        assert_eq!(params[1].unwrap_v128(), V128::from(9));
        assert!(matches!(results, [Val::I64(0), Val::FuncRef(None)]));
        results[0] = Val::I64(i64::from(params[0].unwrap_i32() * caller.data()));
        Ok(())
    });
    let mut results = [Val::I32(0), Val::I32(0)];
    let params = [Val::I32(5), Val::V128(V128::from(9))];
    good.call(&mut store, &params, &mut results).unwrap();
    assert_eq!(results[0].i64(), Some(15));
    assert!(matches!(results[1], Val::FuncRef(None)));

    let bad = Func::new(&mut store, ty, |_, _, results| {
        results[0] = Val::I32(0);
        Ok(())
    });
    let error = bad.call(&mut store, &params, &mut results).unwrap_err();
    assert!(format!("{error:#}").contains("incompatible"), "{error:#}");
}

#[test]
fn linker_definitions_have_names() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("m", "f", || 1).unwrap();
    assert!(linker.func_wrap("m", "f", || 2).unwrap_err().to_string().contains("defined twice"));
    linker.allow_shadowing(true);
    linker.func_wrap("m", "f", || 3).unwrap();
    linker.alias("m", "f", "n", "g").unwrap();
    assert!(linker.alias("m", "nothing", "n", "h").is_err());

    let mut store = Store::new(&engine, ());
    let func = linker.get(&mut store, "n", "g").and_then(Extern::into_func).unwrap();
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 3);
    // One definition is one function of a store.
    let same = linker.get(&mut store, "m", "f").and_then(Extern::into_func).unwrap();
    assert_eq!(func, same);
    assert!(linker.get(&mut store, "m", "g").is_none());
    assert_eq!(linker.iter(&mut store).count(), 2);

    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    linker.define(&store, "m", "mem", memory).unwrap();
    let module = Module::new(
        &engine,
        r#"(module
            (import "m" "mem" (memory 1))
            (import "m" "f" (func $f (result i32)))
            (import "else" "where" (func $unknown))
            (func (export "known") (result i32) call $f)
            (func (export "unknown") call $unknown))"#,
    )
    .unwrap();
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(error.to_string().contains("unknown import: `else::where`"), "{error}");
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let known = instance.get_typed_func::<(), i32>(&mut store, "known").unwrap();
    assert_eq!(known.call(&mut store, ()).unwrap(), 3);
    let unknown = instance.get_typed_func::<(), ()>(&mut store, "unknown").unwrap();
    let error = unknown.call(&mut store, ()).unwrap_err();
    assert!(format!("{error:#}").contains("`else::where`"), "{error:#}");
}

#[test]
fn commands_get_an_instance_for_each_call_and_reactors_one() {
    let engine = Engine::default();
    let counting = |start: &str| {
        let text = format!(
            r#"(module
                (global $n (mut i32) (i32.const 0))
                (func (export "{start}") (global.set $n (i32.const 10)))
                (func (export "count") (result i32)
                    (global.set $n (i32.add (global.get $n) (i32.const 1)))
                    (global.get $n)))"#
        );
        Module::new(&engine, text).unwrap()
    };
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.module(&mut store, "command", &counting("_start")).unwrap();
    linker.module(&mut store, "reactor", &counting("_initialize")).unwrap();
    let mut count = |module: &str| {
        let func = linker.get(&mut store, module, "count").and_then(Extern::into_func).unwrap();
        func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap()
    };
    assert_eq!([count("command"), count("command")], [1, 1]);
    assert_eq!([count("reactor"), count("reactor")], [11, 12]);
}

#[test]
fn instances_of_one_module_share_code_but_not_state() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (global $n (mut i32) (i32.const 0))
            (func (export "count") (result i32)
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (global.get $n)))"#,
    )
    .unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (engine, module) = (engine.clone(), module.clone());
            std::thread::spawn(move || {
                let mut store = Store::new(&engine, ());
                let instances: Vec<_> =
                    (0..3).map(|_| Instance::new(&mut store, &module, &[]).unwrap()).collect();
                for round in 1..100 {
                    for instance in &instances {
                        let count = instance.get_typed_func::<(), i32>(&mut store, "count").unwrap();
                        assert_eq!(count.call(&mut store, ()).unwrap(), round);
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn stores_and_modules_can_be_sent() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Store<Vec<u8>>>();
    sync::<Store<Vec<u8>>>();
    send::<Module>();
    sync::<Module>();
    sync::<Engine>();
    send::<Linker<u8>>();
    sync::<Linker<std::rc::Rc<u8>>>();
    send::<(Func, Memory, Table, Global, Instance, Val, ExternRef)>();
    sync::<(Func, Memory, Table, Global, Instance, Val, ExternRef)>();
}

#[test]
fn generic_helpers_take_any_context() {
    fn first(store: impl AsContext, memory: Memory) -> u8 {
        memory.data(store.as_context())[0]
    }
    fn set(mut store: impl AsContextMut, memory: Memory, value: u8) {
        memory.data_mut(store.as_context_mut())[0] = value;
    }
    let mut store = Store::new(&Engine::default(), None::<Memory>);
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    *store.data_mut() = Some(memory);
    set(&mut store, memory, 1);
    assert_eq!(first(&store, memory), 1);
    let func = Func::wrap(&mut store, |mut caller: Caller<'_, Option<Memory>>| {
        let memory = caller.data().expect("it is set");
        set(&mut caller, memory, 2);
        i32::from(first(&caller, memory))
    });
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 2);
}

#[test]
fn pages_of_one_byte() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (memory (export "memory") 3 70_000 (pagesize 1))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "size") (result i32) (memory.size))
            (func (export "load8") (param i32) (result i32) (i32.load8_u (local.get 0)))
            (func (export "load16") (param i32) (result i32) (i32.load16_u (local.get 0)))
            (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    assert_eq!((memory.size(&store), memory.data_size(&store), memory.page_size(&store)), (3, 3, 1));
    let func = |store: &mut Store<()>, name: &str| instance.get_typed_func::<i32, i32>(store, name);
    let (grow, load8, load16) =
        (func(&mut store, "grow")?, func(&mut store, "load8")?, func(&mut store, "load16")?);
    let fill = instance.get_typed_func::<i32, ()>(&mut store, "fill")?;
    // Each byte counts, also where the system's pages go on.
    fill.call(&mut store, 3)?;
    assert!(fill.call(&mut store, 4).is_err());
    assert_eq!(load8.call(&mut store, 2)?, 1);
    assert!(load8.call(&mut store, 3).is_err() && load16.call(&mut store, 2).is_err());
    assert_eq!(grow.call(&mut store, 1)?, 3);
    // What comes is zero.
    assert_eq!(load16.call(&mut store, 2)?, 1);
    assert!(load16.call(&mut store, 3).is_err());
    assert_eq!(grow.call(&mut store, 70_000)?, -1);
    assert_eq!(grow.call(&mut store, 70_000 - 4)?, 4);
    assert_eq!(load8.call(&mut store, 69_999)?, 0);
    assert_eq!(memory.size(&store), 70_000);

    // A host's memory; types with other pages do not fit.
    let ty = MemoryTypeBuilder::new().min(5).page_size_log2(0).build()?;
    let bytes = Memory::new(&mut store, ty)?;
    assert_eq!(bytes.grow(&mut store, 2)?, 5);
    assert_eq!(bytes.data(&store), [0; 7]);
    let importing = |text| Module::new(&engine, format!("(module (import \"a\" \"b\" (memory {text})))"));
    Instance::new(&mut store, &importing("7 (pagesize 1)")?, &[bytes.into()])?;
    let error = Instance::new(&mut store, &importing("0")?, &[bytes.into()]).unwrap_err();
    assert!(format!("{error:#}").contains("pages of 65536 bytes, found pages of 1 byte"), "{error:#}");

    // The limiter counts bytes.
    let mut limited = Store::new(&engine, StoreLimitsBuilder::new().memory_size(10).build());
    limited.limiter(|limits| limits);
    let ty = MemoryTypeBuilder::new().page_size_log2(0).build()?;
    let memory = Memory::new(&mut limited, ty)?;
    assert_eq!(memory.grow(&mut limited, 10)?, 0);
    assert!(memory.grow(&mut limited, 1).is_err());
    Ok(())
}
