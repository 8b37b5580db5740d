//! Makes structs and arrays for a guest and reads those that it makes; lets go of them in time.

use upshift::{
    AnyRef, ArrayRef, ArrayType, AsContext, AsContextMut, Caller, Engine, Error, Extern, Func, HeapType,
    Instance, Module, Result, RootScope, Store, StructRef, StructType, Val, ValType,
};

/// A list of goods. What is collected by the runtime needs no memory and no allocator.
const GUEST: &str = r#"
    (module
        (type $text (array i8))
        (type $item (struct
            (field $name (ref $text)) (field $price (mut i32)) (field $next (ref null $item))))
        (import "host" "dear" (func $dear (param (ref $item))))
        ;; A copy of the list with other prices.
        (func $scale (export "scale") (param $list (ref null $item)) (param $percent i32) (result (ref null $item))
            (local $copy (ref $item))
            (if (ref.is_null (local.get $list)) (then (return (ref.null $item))))
            (local.set $copy (struct.new $item
                (struct.get $item $name (local.get $list))
                (i32.div_u
                    (i32.mul (struct.get $item $price (local.get $list)) (local.get $percent))
                    (i32.const 100))
                (call $scale (struct.get $item $next (local.get $list)) (local.get $percent))))
            (if (i32.gt_u (struct.get $item $price (local.get $copy)) (i32.const 1000))
                (then (call $dear (local.get $copy))))
            (local.get $copy)))"#;

/// The types that both sides mean: that of an item comes from the guest, as it refers to itself.
struct Types {
    text: ArrayType,
    item: StructType,
}

impl Types {
    fn of(module: &Module) -> Result<Types> {
        let export = module.get_export("scale").ok_or(Error::msg("the guest exports no `scale`"))?;
        let referred = |ty: ValType| Some(ty.as_ref()?.heap_type().clone());
        let param = export.func().and_then(|ty| ty.param(0)).and_then(referred);
        let Some(HeapType::ConcreteStruct(item)) = param else {
            return Err(Error::msg("`scale` takes no struct"));
        };
        let name = item.field(0).and_then(|field| referred(field.element_type().unpack()));
        let Some(HeapType::ConcreteArray(text)) = name else {
            return Err(Error::msg("an item has no name"));
        };
        Ok(Types { item, text })
    }

    /// Makes a list for the guest.
    fn list(&self, mut store: impl AsContextMut, items: &[(&str, i32)]) -> Result<Val> {
        let mut list = Val::null_any_ref();
        for (name, price) in items.iter().rev() {
            let bytes: Vec<Val> = name.bytes().map(|byte| Val::I32(byte.into())).collect();
            let name = ArrayRef::new_fixed(&mut store, &self.text, &bytes)?;
            let item = StructRef::new(&mut store, &self.item, &[name.into(), Val::I32(*price), list])?;
            list = item.into();
        }
        Ok(list)
    }
}

/// An item as the host likes it, and the one behind it.
fn read(store: impl AsContext, item: StructRef) -> Result<(String, i32, Option<StructRef>)> {
    let store = store.as_context();
    let fields = item.fields(store)?;
    let [name, price, next] = &fields[..] else { return Err(Error::msg("an item has three fields")) };
    let name = name.unwrap_any_ref().map_or(Ok(None), |name| name.as_array(store))?;
    let name = name.ok_or(Error::msg("the name is no array"))?;
    let bytes: Vec<u8> = name.elems(store)?.iter().map(|byte| byte.unwrap_i32() as u8).collect();
    let next = next.unwrap_any_ref().map_or(Ok(None), |next| next.as_struct(store))?;
    Ok((String::from_utf8(bytes)?, price.unwrap_i32(), next))
}

/// Calls `scale`; the list that it answers.
fn scale(mut store: impl AsContextMut, scale: Func, list: Val, percent: i32) -> Result<Option<StructRef>> {
    let mut results = [Val::null_any_ref()];
    scale.call(&mut store, &[list, Val::I32(percent)], &mut results)?;
    results[0].unwrap_any_ref().map_or(Ok(None), |list| list.as_struct(&store))
}

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let types = Types::of(&module)?;
    println!("an item has {} fields", types.item.fields().len());

    // A host function that gets an object. Its type is the import's, with the guest's struct in it.
    let mut store = Store::new(&engine, Vec::new());
    let ty = module.imports().next().ok_or(Error::msg("the guest imports nothing"))?.ty();
    let ty = ty.func().ok_or(Error::msg("the import is no function"))?.clone();
    let dear = Func::new(&mut store, ty, |mut caller: Caller<'_, Vec<String>>, args, _| {
        let item = args[0].unwrap_any_ref().ok_or(Error::msg("the type has no null"))?;
        let item = item.as_struct(&caller)?.ok_or(Error::msg("an item is a struct"))?;
        let (name, price, _) = read(&caller, item)?;
        caller.data_mut().push(format!("{name} for {price}"));
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[Extern::Func(dear)])?;
    let func = instance.get_func(&mut store, "scale").ok_or(Error::msg("the guest exports no `scale`"))?;

    let list = types.list(&mut store, &[("tea", 250), ("lamp", 990), ("soap", 120)])?;
    let mut next = scale(&mut store, func, list, 110)?;
    while let Some(item) = next {
        let (name, price, behind) = read(&store, item)?;
        println!("{name}: {price}");
        next = behind;
    }
    println!("dear: {:?}", store.data());

    // Handles of a scope end with it, so what they referred to can be collected.
    let mut last = None;
    for _ in 0..100_000 {
        let mut scope = RootScope::new(&mut store);
        last = scale(&mut scope, func, list, 100)?.map(AnyRef::from);
    }
    let usage = store.usage();
    println!("collected: {}, below 2 MiB: {}", usage.collections > 0, usage.gc_bytes < 2 << 20);
    if let Some(last) = last {
        println!("{}", last.ty(&store).unwrap_err());
    }
    Ok(())
}
