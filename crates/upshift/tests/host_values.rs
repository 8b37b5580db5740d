//! Host functions that get and leave [`Val`]s: what each value is, and what is refused.

use upshift::{
    Engine, ExternRef, Func, FuncType, HeapType, Instance, Module, RefType, Result, Store, V128, Val, ValType,
};

/// All kinds of numbers, a vector between them, and references.
fn all_types() -> Vec<ValType> {
    vec![
        ValType::I32,
        ValType::V128,
        ValType::I64,
        ValType::F32,
        ValType::EXTERNREF,
        ValType::F64,
        ValType::FUNCREF,
        ValType::V128,
    ]
}

#[test]
fn every_value_goes_in_and_out_in_its_place() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, all_types(), all_types().into_iter().rev());
    let import = Func::new(&mut store, ty, |_, params, results| {
        // What is found in place of results is a zero or null of their types.
        assert!(matches!(results[0], Val::V128(V128([0, ..]))));
        assert!(matches!((results[1], results[3]), (Val::FuncRef(None), Val::ExternRef(None))));
        assert!(matches!((results[2], results[7]), (Val::F64(0), Val::I32(0))));
        for (result, param) in results.iter_mut().rev().zip(params) {
            *result = *param;
        }
        Ok(())
    });
    let types = "i32 v128 i64 f32 externref f64 funcref v128";
    let reversed = "v128 funcref f64 externref f32 i64 v128 i32";
    let gets: String = (0..8).map(|i| format!(" local.get {i}")).collect();
    let text = format!(
        "(module (import \"\" \"\" (func $f (param {types}) (result {reversed})))
            (func (export \"run\") (param {types}) (result {reversed}) {gets} call $f))"
    );
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[import.into()])?;
    let run = instance.get_func(&mut store, "run").unwrap();
    let host = ExternRef::new(&mut store, 7u32)?;
    let (low, high) = (V128::from_u128(1 << 100 | 5), V128::from_u128(u128::MAX - 9));
    let args = [
        Val::I32(-1),
        Val::V128(low),
        Val::I64(i64::MIN),
        Val::F32(0x7fa0_0001),
        host.into(),
        Val::F64(0xfff0_0000_0000_0001),
        run.into(),
        Val::V128(high),
    ];
    let mut results = [Val::I32(9); 8];
    run.call(&mut store, &args, &mut results)?;
    assert_eq!((results[0].unwrap_v128(), results[6].unwrap_v128()), (high, low));
    assert_eq!(results[1].unwrap_func_ref(), Some(run));
    // Bits of NaNs stay, signalling ones too.
    assert!(
        matches!(results[2], Val::F64(0xfff0_0000_0000_0001)) && matches!(results[4], Val::F32(0x7fa0_0001))
    );
    let host = results[3].unwrap_extern_ref().unwrap();
    assert_eq!(host.data(&store)?.unwrap().downcast_ref(), Some(&7u32));
    assert_eq!((results[5].unwrap_i64(), results[7].unwrap_i32()), (i64::MIN, -1));
    Ok(())
}

/// A call within a call has values of its own, whether the inner one fails or not.
#[test]
fn nested_calls_do_not_share_their_values() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::I64, ValType::I32]);
    let import = Func::new(&mut store, ty, |mut caller, params, results| {
        let depth = params[0].unwrap_i32();
        results[0] = Val::I64(params[1].unwrap_i64() * 10);
        results[1] = Val::I32(depth);
        if depth == 0 {
            return Err(upshift::Error::msg("the end"));
        }
        let run = caller.get_export("run").and_then(upshift::Extern::into_func).unwrap();
        let mut inner = [Val::I64(0), Val::I32(0)];
        let outcome = run.call(&mut caller, &[Val::I32(depth - 1), params[1]], &mut inner);
        assert_eq!(outcome.is_err(), depth == 1);
        if depth > 1 {
            assert_eq!((inner[0].unwrap_i64(), inner[1].unwrap_i32()), (30, depth - 1));
        }
        assert_eq!((params[0].unwrap_i32(), params[1].unwrap_i64()), (depth, 3));
        assert_eq!((results[0].unwrap_i64(), results[1].unwrap_i32()), (30, depth));
        Ok(())
    });
    let text = r#"(module (import "" "" (func $f (param i32 i64) (result i64 i32)))
        (func (export "run") (param i32 i64) (result i64 i32) local.get 0 local.get 1 call $f))"#;
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[import.into()])?;
    let run = instance.get_typed_func::<(i32, i64), (i64, i32)>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, (5, 3))?, (30, 5));
    assert!(run.call(&mut store, (0, 3)).is_err());
    assert_eq!(run.call(&mut store, (1, 3))?, (30, 1));
    Ok(())
}

#[test]
fn values_of_other_types_and_stores_are_refused_both_ways() -> Result<()> {
    let engine = Engine::default();
    let foreign = Func::wrap(Store::new(&engine, ()), || ());
    let not_null = ValType::Ref(RefType::new(false, HeapType::Func));
    for (ty, wrong, says) in [
        (ValType::I32, Val::I64(1), "expected i32, found i64"),
        (ValType::I64, Val::I32(1), "expected i64, found i32"),
        (ValType::F32, Val::I32(1), "expected f32, found i32"),
        (ValType::F64, Val::F32(1), "expected f64, found f32"),
        (ValType::V128, Val::I64(1), "expected v128, found i64"),
        (ValType::I32, Val::FuncRef(None), "expected i32"),
        (ValType::EXTERNREF, Val::FuncRef(None), "expected externref"),
        (not_null, Val::FuncRef(None), "expected (ref func)"),
        (ValType::FUNCREF, foreign.into(), "cross-`Store`"),
    ] {
        let mut store = Store::new(&engine, ());
        let gives = FuncType::new(&engine, [], [ty.clone()]);
        let gives = Func::new(&mut store, gives, move |_, _, results| {
            results[0] = wrong;
            Ok(())
        });
        let error = format!("{:#}", gives.call(&mut store, &[], &mut [Val::I32(0)]).unwrap_err());
        assert!(error.contains("function attempted to return an incompatible value"), "{error}");
        assert!(error.contains(says), "{error}");
        let takes = FuncType::new(&engine, [ValType::I32, ty], []);
        let takes = Func::new(&mut store, takes, |_, _, _| panic!("it must not be called"));
        let error = format!("{:#}", takes.call(&mut store, &[Val::I32(0), wrong], &mut []).unwrap_err());
        assert!(error.contains("argument 1") && error.contains(says), "{error}");
    }
    Ok(())
}
