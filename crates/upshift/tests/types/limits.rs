//! Types that the host makes are within the limits of those that modules define (WebAssembly JavaScript Interface,
//! "Implementation-defined Limits").

use upshift::{
    Engine, Exception, ExnRef, FuncType, Store, StructRef, StructType, Tag, TagType, V128, Val, ValType,
};

use crate::{engines, field};

#[test]
fn functions_have_at_most_1000_parameters_and_results() {
    let engine = Engine::default();
    let values = |count| vec![ValType::V128; count];
    assert!(FuncType::try_new(&engine, values(1000), values(1000)).is_ok());
    let error = FuncType::try_new(&engine, values(1001), []).unwrap_err();
    assert_eq!(error.to_string(), "a function has at most 1000 parameters, not 1001");
    let error = FuncType::try_new(&engine, [], values(1001)).unwrap_err();
    assert_eq!(error.to_string(), "a function has at most 1000 results, not 1001");
    // The sum of their slots is more than 32 bits hold.
    let endless = std::iter::repeat_n(ValType::I32, 5_000_000);
    assert!(FuncType::try_new(&engine, endless, []).is_err());
    assert_eq!(engine.type_count(), 0);
}

#[test]
fn structs_have_at_most_10_000_fields() {
    for engine in engines() {
        let fields = |count| vec![field(ValType::V128); count];
        let error = StructType::new(&engine, fields(10_001)).unwrap_err();
        assert_eq!(error.to_string(), "a struct has at most 10000 fields, not 10001");
        assert_eq!(engine.type_count(), 0);
        let largest = StructType::new(&engine, fields(10_000)).unwrap();
        let mut store = Store::new(&engine, ());
        let values: Vec<Val> = (0..10_000u32).map(|i| Val::V128(V128::from_u128(i.into()))).collect();
        let object = StructRef::new(&mut store, &largest, &values).unwrap();
        for i in [0, 1, 5_000, 9_999] {
            assert_eq!(object.field(&store, i).unwrap().unwrap_v128().as_u128(), i as u128);
        }
    }
}

#[test]
fn the_largest_exception() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let ty = TagType::new(FuncType::new(&engine, vec![ValType::V128; 1000], []));
        let tag = Tag::new(&mut store, &ty).unwrap();
        let values: Vec<Val> = (0..1000u32).map(|i| Val::V128(V128::from_u128(i.into()))).collect();
        let exception = Exception::new(&mut store, tag, &values).unwrap();
        let reference = ExnRef::new(&mut store, &exception).unwrap();
        let copy = reference.exception(&store).unwrap();
        assert!(copy.values().iter().zip(0u128..).all(|(value, i)| value.unwrap_v128().as_u128() == i));
    }
}
