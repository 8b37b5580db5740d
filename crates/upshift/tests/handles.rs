//! How long things last that the host holds or has given away: values of the host, handles with and without owners, what errors
//! and callbacks refer to.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use upshift::{
    AnyRef, ArrayRef, ArrayType, AsContext, AsContextMut, Caller, Config, Engine, Exception, ExnRef,
    ExternRef, FieldType, Func, HeapType, Instance, Linker, Module, Mutability, OwnedRooted, RefType,
    ResourceLimiter, Result, RootScope, StorageType, Store, StructRef, StructType, Trap, UpdateDeadline, Val,
    ValType,
};

use crate::ways::Way;

/// Engines with each dispatch backend, and the same with a collection whenever something is made.
fn engines() -> Vec<Engine> {
    let mut engines = Vec::new();
    for way in Way::all() {
        for stress in [false, true] {
            let mut config = Config::new();
            way.set(&mut config).gc_stress(stress).epoch_interruption(true);
            engines.push(Engine::new(&config).unwrap());
        }
    }
    engines
}

fn store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX);
    store
}

/// How many values were dropped.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn value(&self, number: u64) -> Counted {
        Counted { number, drops: self.clone(), panics: false }
    }
}

/// A value that counts when it is dropped.
struct Counted {
    number: u64,
    drops: Drops,
    panics: bool,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.drops.0.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics, "the destructor of {} panics", self.number);
    }
}

fn number(store: impl AsContext, reference: &ExternRef) -> u64 {
    let store = store.as_context();
    reference.data(store).unwrap().unwrap().downcast_ref::<Counted>().unwrap().number
}

/// A linker with `host.make`, which makes values with numbers from 0 on, and `host.number`, which tells one's number.
fn linker(engine: &Engine, drops: &Drops) -> Linker<()> {
    let mut linker = Linker::new(engine);
    let (drops, made) = (drops.clone(), AtomicUsize::new(0));
    let make = move |caller: Caller<'_, ()>| {
        ExternRef::new(caller, drops.value(made.fetch_add(1, Ordering::Relaxed) as u64))
    };
    linker.func_wrap("host", "make", make).unwrap();
    let number = |caller: Caller<'_, ()>, value: Option<ExternRef>| {
        value.map_or(-1, |value| number(&caller, &value) as i64)
    };
    linker.func_wrap("host", "number", number).unwrap();
    linker
}

const IMPORTS: &str = r#"
    (import "host" "make" (func $make (result (ref extern))))
    (import "host" "number" (func $number (param externref) (result i64)))"#;

fn instance(store: &mut Store<()>, linker: &Linker<()>, body: &str) -> Instance {
    let module = Module::new(store.engine(), format!("(module {IMPORTS} {body})")).unwrap();
    linker.instantiate(store, &module).unwrap()
}

#[test]
fn values_that_a_program_forgets_are_dropped() {
    let body = r#"
        (func (export "waste") (param $n i32)
            (loop $more
                (drop (call $make))
                (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))"#;
    for engine in engines() {
        let drops = Drops::default();
        let mut store = store(&engine);
        let waste = instance(&mut store, &linker(&engine, &drops), body);
        let waste = waste.get_typed_func::<i32, ()>(&mut store, "waste").unwrap();
        waste.call(&mut store, 1_000_000).unwrap();
        let left = store.usage().host_values;
        assert!(left <= 2048, "{left}");
        assert_eq!(drops.count(), 1_000_000 - left);
        store.gc().unwrap();
        assert_eq!((drops.count(), store.usage().host_values, store.usage().handles), (1_000_000, 0, 0));
    }
}

#[test]
fn values_that_the_host_forgets_are_dropped() {
    let drops = Drops::default();
    let mut store = store(&Engine::default());
    for round in 0..100_000 {
        let mut scope = RootScope::new(&mut store);
        let value = ExternRef::new(&mut scope, drops.value(round)).unwrap();
        assert_eq!(number(&scope, &value), round);
    }
    assert!(drops.count() > 97_000, "{}", drops.count());
    // Outside of a scope handles keep what they refer to.
    let kept = ExternRef::new(&mut store, drops.value(7)).unwrap();
    store.gc().unwrap();
    assert_eq!((drops.count(), number(&store, &kept)), (100_000, 7));
    drop(store);
    assert_eq!(drops.count(), 100_001);
}

/// Puts a value, numbered as they are made, wherever one can be, and calls itself in the midst of it.
const EVERYWHERE: &str = r#"
    (type $box (struct (field (mut externref)) (field (mut anyref))))
    (type $boxes (array (mut (ref null $box))))
    (type $externs (array (mut externref)))
    (import "host" "first" (global $first externref))
    (import "host" "churn" (func $churn))
    (tag $tag (param externref i32 anyref))
    (global $g (mut externref) (ref.null extern))
    (global $any (mut anyref) (ref.null any))
    (global $tree (mut (ref null $boxes)) (ref.null $boxes))
    (table $t 3 externref)
    (table $exns 1 exnref)
    (elem $passive externref (global.get $first))
    (func $litter (drop (struct.new $box (call $make) (any.convert_extern (call $make)))) (call $churn))
    ;; Checks a value that lies in a local, and one that lies below others on the stack, over calls.
    (func $frames (param $arg externref) (param $depth i32) (result i64) (local $l externref)
        (local.set $l (call $make))
        (call $number (local.get $arg))
        (call $make)
        (if (local.get $depth)
            (then (drop (call $frames (call $make) (i32.sub (local.get $depth) (i32.const 1))))))
        (call $litter)
        (if (i64.le_s (call $number) (i64.const 0)) (then unreachable))
        (if (i64.le_s (call $number (local.get $l)) (i64.const 0)) (then unreachable)))
    (func (export "fill") (local $e exnref)
        (global.set $g (call $make))
        (global.set $any (any.convert_extern (call $make)))
        (table.set $t (i32.const 1) (call $make))
        (call $litter)
        (global.set $tree (array.new $boxes
            (struct.new $box (call $make) (any.convert_extern (call $make))) (i32.const 2)))
        (block $h (result externref i32 anyref exnref)
            (try_table (catch_ref $tag $h)
                (throw $tag (call $make) (i32.const 5) (any.convert_extern (call $make))))
            (unreachable))
        (local.set $e) (drop) (drop) (drop)
        (call $litter)
        (table.set $exns (i32.const 0) (local.get $e)))
    ;; The numbers of all that `fill` has put somewhere, in the order in which they were made, as digits to the base 100.
    (func $all (export "all") (result i64) (local $n i64) (local $x externref) (local $a anyref)
        (local.set $n (call $number (global.get $g)))
        (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 100))
            (call $number (extern.convert_any (global.get $any)))))
        (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 100)) (call $number (table.get $t (i32.const 1)))))
        (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 100))
            (call $number (struct.get $box 0 (array.get $boxes (global.get $tree) (i32.const 1))))))
        (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 100))
            (call $number (extern.convert_any (struct.get $box 1 (array.get $boxes (global.get $tree) (i32.const 0)))))))
        (block $h (result externref i32 anyref)
            (try_table (catch $tag $h) (throw_ref (table.get $exns (i32.const 0)))) (unreachable))
        (local.set $a) (drop) (local.set $x)
        (call $litter)
        (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 100)) (call $number (local.get $x))))
        (i64.add (i64.mul (local.get $n) (i64.const 100)) (call $number (extern.convert_any (local.get $a)))))
    (func (export "frames") (result i64) (call $frames (call $make) (i32.const 50)))
    (func (export "passive") (result i64)
        (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 1))
        (call $number (table.get $t (i32.const 0))))
    (func (export "forget")
        (elem.drop $passive)
        (table.fill $t (i32.const 0) (ref.null extern) (i32.const 3))
        (table.set $exns (i32.const 0) (ref.null exn))
        (global.set $g (ref.null extern)) (global.set $any (ref.null any)) (global.set $tree (ref.null $boxes)))"#;

#[test]
fn values_are_kept_wherever_they_are() {
    for engine in engines() {
        let drops = Drops::default();
        let mut store = store(&engine);
        let mut linker = linker(&engine, &drops);
        linker.func_wrap("host", "churn", |mut caller: Caller<'_, ()>| caller.as_context_mut().gc()).unwrap();
        {
            // The element segment and the global keep the value; the handle ends.
            let mut scope = RootScope::new(&mut store);
            let first = ExternRef::new(&mut scope, drops.value(77)).unwrap();
            let ty = upshift::GlobalType::new(ValType::EXTERNREF, Mutability::Const);
            let first = upshift::Global::new(&mut scope, ty, first.into()).unwrap();
            linker.define(&mut scope, "host", "first", first).unwrap();
        }
        let everywhere = instance(&mut store, &linker, EVERYWHERE);
        let call = |store: &mut Store<()>, name| {
            everywhere.get_typed_func::<(), i64>(&mut *store, name).unwrap().call(store, ()).unwrap()
        };
        let run = |store: &mut Store<()>, name| {
            everywhere.get_typed_func::<(), ()>(&mut *store, name).unwrap().call(store, ()).unwrap();
        };
        run(&mut store, "fill");
        // In each `litter` two values are made and forgotten.
        let numbers = [0, 1, 2, 5, 6, 7, 8];
        let expected = numbers.iter().fold(0, |sum, number| sum * 100 + number);
        for _ in 0..3 {
            assert_eq!(call(&mut store, "all"), expected);
            assert_eq!(call(&mut store, "passive"), 77);
            let argument = call(&mut store, "frames");
            assert!(argument > 8);
        }
        store.gc().unwrap();
        assert_eq!(store.usage().host_values, numbers.len() + 1);
        run(&mut store, "forget");
        store.gc().unwrap();
        // The global of the host has the first one.
        assert_eq!((store.usage().host_values, store.usage().gc_bytes), (1, 0));
    }
}

#[test]
fn numbers_are_used_again_but_handles_are_not_mistaken() {
    let drops = Drops::default();
    let mut store = store(&Engine::default());
    let stale = {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, drops.value(1)).unwrap()
    };
    store.gc().unwrap();
    let second = ExternRef::new(&mut store, drops.value(2)).unwrap();
    assert_eq!((store.usage().host_values, number(&store, &second)), (1, 2));
    for error in [stale.data(&store).unwrap_err(), ExternRef::ref_eq(&store, &stale, &second).unwrap_err()] {
        assert!(error.to_string().contains("stale"), "{error}");
    }
    assert!(Val::from(stale).ty(&store).is_err());
}

#[test]
fn a_value_can_be_taken_back() {
    for engine in engines() {
        let drops = Drops::default();
        let mut store = store(&engine);
        let body = r#"(global $g (export "g") (mut externref) (ref.null extern))
            (func (export "number") (result i64) (call $number (global.get $g)))"#;
        let instance = instance(&mut store, &linker(&engine, &drops), body);
        let global = instance.get_global(&mut store, "g").unwrap();
        let value = ExternRef::new(&mut store, drops.value(5)).unwrap();
        global.set(&mut store, value.into()).unwrap();
        let taken = value.take(&mut store).unwrap().unwrap().downcast::<Counted>().unwrap();
        assert_eq!((taken.number, drops.count()), (5, 0));
        drop(taken);
        // The program has the reference still, with nothing behind it; no other value gets its number.
        store.gc().unwrap();
        let other = ExternRef::new(&mut store, drops.value(6)).unwrap();
        let kept = global.get(&mut store).unwrap_extern_ref().unwrap();
        assert!(kept.data(&store).unwrap_err().to_string().contains("taken"));
        assert!(kept.take(&mut store).is_err() && !ExternRef::ref_eq(&store, &kept, &other).unwrap());
        let integer = AnyRef::from_i31(&mut store, upshift::I31::wrapping_i32(1)).to_extern();
        assert!(integer.take(&mut store).unwrap().is_none() && integer.data(&store).unwrap().is_none());
    }
}

fn panics<R>(what: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(what)).err().expect("it panics");
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| (*panic.downcast::<&str>().unwrap()).into())
}

#[test]
fn destructors_may_panic() {
    for (number, engine) in engines().into_iter().enumerate() {
        let stress = number % 2 == 1;
        let drops = Drops::default();
        let mut store = store(&engine);
        let body = r#"
            (type $s (struct (field i32)))
            (global (ref $s) (struct.new $s (i32.const 1)))
            (tag $t (param i32))
            (func (export "struct") (result i32)
                (struct.get $s 0 (struct.new $s (i32.const 5))))
            (func (export "throw") (result i32)
                (block $h (result i32 exnref) (try_table (catch_ref $t $h) (throw $t (i32.const 5))) (unreachable))
                (drop))
            (type $bytes (array i8))
            (func (export "array") (result i32) (array.len (array.new_default $bytes (i32.const 5))))"#;
        let instance = instance(&mut store, &linker(&engine, &drops), body);
        let call = |store: &mut Store<()>, name| {
            instance.get_typed_func::<(), i32>(&mut *store, name).unwrap().call(store, ()).unwrap()
        };
        // Three values, two of which panic: all are dropped, and one panic goes on.
        let forget = |store: &mut Store<()>| {
            let mut scope = RootScope::new(&mut *store);
            for (number, panics) in [(1, true), (2, false), (3, true)] {
                let value = Counted { number, drops: drops.clone(), panics };
                ExternRef::new(&mut scope, value).unwrap();
            }
        };
        forget(&mut store);
        assert!(panics(|| store.gc()).starts_with("the destructor of"));
        assert_eq!(drops.count(), 3);
        store.gc().unwrap();
        for (name, round) in [("struct", 2), ("throw", 3), ("array", 4)] {
            call(&mut store, name);
            forget(&mut store);
            // Where each object is a reason to collect, that is in the midst of the instruction.
            let panic = panics(|| if stress { call(&mut store, name) } else { store.gc().map_or(1, |()| 0) });
            assert!(panic.starts_with("the destructor of"), "{name}: {panic}");
            assert_eq!((drops.count(), store.usage().host_values), (3 * round, 0));
            assert_eq!(call(&mut store, name), 5);
        }
    }
}

/// Panics when it is asked for room for objects.
struct Panicking;

impl ResourceLimiter for Panicking {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        panic!("as a limiter may")
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn a_limiter_may_panic_while_an_exception_is_thrown() {
    for engine in engines() {
        let mut store = Store::new(&engine, Panicking);
        store.set_epoch_deadline(u64::MAX);
        store.limiter(|limiter| limiter);
        let body = r#"(module
            (import "" "t" (tag $t (param i32)))
            (import "" "throw" (func $throw))
            (func $own (throw $t (i32.const 1)))
            (func (export "own") (drop (drop (block $h (result i32 exnref) (try_table (catch_ref $t $h) (call $own)) (unreachable)))))
            (func (export "host") (drop (drop (block $h (result i32 exnref) (try_table (catch_ref $t $h) (call $throw)) (unreachable))))))"#;
        let ty = upshift::TagType::new(upshift::FuncType::new(&engine, [ValType::I32], []));
        let tag = upshift::Tag::new(&mut store, &ty).unwrap();
        let throw = Func::wrap(&mut store, move |caller: Caller<'_, Panicking>| -> Result<()> {
            Err(Exception::new(caller, tag, &[Val::I32(1)])?.into())
        });
        let module = Module::new(&engine, body).unwrap();
        let instance = Instance::new(&mut store, &module, &[tag.into(), throw.into()]).unwrap();
        for name in ["own", "host"] {
            let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
            assert_eq!(panics(|| func.call(&mut store, ())), "as a limiter may");
        }
    }
}

/// Throws an array of a hundred thousand bytes.
const THROWS: &str = r#"(module
    (type $a (array (mut i8)))
    (import "host" "relay" (func $relay (param funcref)))
    (tag $t (export "t") (param (ref $a) i32))
    (elem declare func $throw)
    (func $throw (export "throw") (throw $t (array.new $a (i32.const 7) (i32.const 100000)) (i32.const 3)))
    (func (export "catch") (result (ref array))
        (block $h (result (ref $a) i32) (try_table (catch $t $h) (call $relay (ref.func $throw))) (unreachable))
        (drop)))"#;

fn thrower(store: &mut Store<()>, relay: Func) -> Instance {
    let module = Module::new(store.engine(), THROWS).unwrap();
    Instance::new(store, &module, &[relay.into()]).unwrap()
}

fn exception(error: &upshift::Error) -> &Exception {
    error.downcast_ref().unwrap_or_else(|| panic!("{error:#}"))
}

#[test]
fn errors_own_what_they_show() {
    for engine in engines() {
        let mut store = store(&engine);
        let relay = Func::wrap(&mut store, |_: Option<Func>| {});
        let instance = thrower(&mut store, relay);
        let throw = instance.get_typed_func::<(), ()>(&mut store, "throw").unwrap();
        for _ in 0..3000 {
            drop(throw.call(&mut store, ()).unwrap_err());
            assert_eq!(store.usage().handles, 0);
        }
        assert!(store.usage().gc_bytes <= 2 << 20, "{:?}", store.usage());
        store.gc().unwrap();
        assert_eq!(store.usage().gc_bytes, 0);

        let error = throw.call(&mut store, ()).unwrap_err();
        store.gc().unwrap();
        assert!((100_000..200_000).contains(&store.usage().gc_bytes));
        let array =
            exception(&error).values()[0].unwrap_any_ref().unwrap().as_array(&store).unwrap().unwrap();
        assert_eq!(array.get(&store, 99_999).unwrap().unwrap_i32(), 7);
        assert!(exception(&error).to_string().ends_with(": anyref, i32 3"), "{error:#}");
        // What is shown may be kept on its own.
        let kept = OwnedRooted::new(&mut store, array).unwrap();
        drop(error);
        assert!(array.len(&store).unwrap_err().to_string().contains("stale"));
        store.gc().unwrap();
        assert_eq!(kept.get().len(&store).unwrap(), 100_000);
        drop(kept);
        store.gc().unwrap();
        assert_eq!(store.usage().gc_bytes, 0);
        // An error may outlive its store.
        let error = throw.call(&mut store, ()).unwrap_err();
        drop(store);
        assert!(exception(&error).to_string().contains("i32 3"));
    }
}

#[test]
fn host_functions_look_at_exceptions_and_pass_them_on() {
    for engine in engines() {
        let mut store = store(&engine);
        let relay = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, func: Option<Func>| -> Result<()> {
            let func = func.unwrap().typed::<(), ()>(&caller)?;
            let error = func.call(&mut caller, ()).unwrap_err();
            caller.as_context_mut().gc()?;
            let values = exception(&error).values();
            let array = values[0].unwrap_any_ref().unwrap().as_array(&caller)?.unwrap();
            array.set(&mut caller, 0, Val::I32(9))?;
            // A copy with the same values is as good.
            let tag = exception(&error).tag();
            let again = Exception::new(&mut caller, tag, values)?;
            drop(error);
            caller.as_context_mut().gc()?;
            Err(again.into())
        });
        let instance = thrower(&mut store, relay);
        let catch = instance.get_typed_func::<(), ArrayRef>(&mut store, "catch").unwrap();
        for _ in 0..10 {
            let mut scope = RootScope::new(&mut store);
            let array = catch.call(&mut scope, ()).unwrap();
            assert_eq!(array.get(&scope, 0).unwrap().unwrap_i32(), 9);
            assert_eq!(array.get(&scope, 1).unwrap().unwrap_i32(), 7);
        }
        assert_eq!(store.usage().handles, 0);
    }
}

#[test]
fn references_to_exceptions_make_copies_that_own() {
    let mut store = store(&Engine::default());
    let relay = Func::wrap(&mut store, |_: Option<Func>| {});
    let instance = thrower(&mut store, relay);
    let throw = instance.get_typed_func::<(), ()>(&mut store, "throw").unwrap();
    let error = throw.call(&mut store, ()).unwrap_err();
    let copy = {
        let mut scope = RootScope::new(&mut store);
        let reference = ExnRef::new(&mut scope, exception(&error)).unwrap();
        drop(error);
        reference.exception(&scope).unwrap()
    };
    store.gc().unwrap();
    assert_eq!(store.usage().handles, 1);
    let array = copy.values()[0].unwrap_any_ref().unwrap().as_array(&store).unwrap().unwrap();
    assert_eq!(array.len(&store).unwrap(), 100_000);
    drop(copy);
    store.gc().unwrap();
    assert_eq!((store.usage().handles, store.usage().gc_bytes), (0, 0));
}

#[test]
fn owned_references_last_as_long_as_their_owners() {
    for engine in engines() {
        let drops = Drops::default();
        let mut store = store(&engine);
        let mut kept: Vec<OwnedRooted<ExternRef>> = Vec::new();
        for round in 0..2000 {
            let mut scope = RootScope::new(&mut store);
            let value = ExternRef::new(&mut scope, drops.value(round)).unwrap();
            let owned = OwnedRooted::new(&mut scope, value).unwrap();
            if round % 10 == 0 {
                kept.push(owned.clone());
            }
        }
        store.gc().unwrap();
        assert_eq!((drops.count(), store.usage().handles), (1800, 200));
        for (round, owned) in (0..).zip(&kept) {
            assert_eq!(number(&store, &owned.get()), round * 10);
        }
        // In any order, on any thread; places are taken again.
        let handle = kept[50].get();
        let last = kept.split_off(150);
        std::thread::spawn(move || drop(kept)).join().unwrap();
        assert!(handle.data(&store).unwrap_err().to_string().contains("stale"));
        let newer = ExternRef::new(&mut store, drops.value(5000)).unwrap();
        let newer = OwnedRooted::new(&mut store, newer).unwrap();
        assert!(handle.data(&store).is_err());
        assert_eq!(number(&store, &newer.get()), 5000);
        for (round, owned) in (150..).zip(&last) {
            assert_eq!(number(&store, &owned.get()), round * 10);
            let mut scope = RootScope::new(&mut store);
            let scoped = owned.to_rooted(&mut scope).unwrap();
            assert!(ExternRef::ref_eq(&scope, &scoped, &owned.get()).unwrap());
        }
        let mut elsewhere = Store::new(&engine, ());
        assert!(OwnedRooted::new(&mut elsewhere, newer.get()).is_err());
        assert!(newer.to_rooted(&mut elsewhere).is_err());
        drop(store);
        drop((last, newer));
        assert_eq!(drops.count(), 2001);
    }
}

#[test]
fn handles_of_callbacks_end_with_them() {
    for engine in engines() {
        let drops = Drops::default();
        let mut store = Store::new(&engine, (0u32, None::<ExternRef>));
        let values = drops.clone();
        store.epoch_deadline_callback(move |mut store| {
            let value = ExternRef::new(&mut store, values.value(1))?;
            if let Some(kept) = store.data().1 {
                assert!(kept.data(&store).unwrap_err().to_string().contains("stale"));
            }
            assert_eq!(number(&store, &value), 1);
            let (count, kept) = store.data_mut();
            (*count, *kept) = (*count + 1, Some(value));
            match *count {
                10_000 => Ok(UpdateDeadline::Interrupt),
                _ => Ok(UpdateDeadline::Continue(0)),
            }
        });
        let wat = r#"(module (func (export "run") (param externref) (result externref) (loop (br 0)) (unreachable)))"#;
        let instance = Instance::new(&mut store, &Module::new(&engine, wat).unwrap(), &[]).unwrap();
        let run = instance.get_typed_func::<Option<ExternRef>, Option<ExternRef>>(&mut store, "run").unwrap();
        let argument = ExternRef::new(&mut store, drops.value(3)).unwrap();
        let error = run.call(&mut store, Some(argument)).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
        assert_eq!((store.data().0, store.usage().handles), (10_000, 1));
        assert!(store.usage().host_values <= 2048, "{:?}", store.usage());
        store.gc().unwrap();
        assert_eq!((drops.count(), number(&store, &argument)), (10_000, 3));
    }
}

/// An owner may end on another thread while its handle is used: that is an error or goes well, but leaves no null where none
/// may be.
#[test]
fn owners_end_at_any_time() {
    let engine = Engine::new(Config::new().gc_stress(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let bytes = FieldType::new(Mutability::Var, StorageType::I8);
    let bytes = ArrayType::new(&engine, bytes);
    let ty = RefType::new(false, HeapType::Any);
    let holder = FieldType::new(Mutability::Const, StorageType::ValType(ValType::Ref(ty)));
    let holder = StructType::new(&engine, [holder]).unwrap();
    let (send, owners) = std::sync::mpsc::channel::<OwnedRooted<ArrayRef>>();
    let dropping = std::thread::spawn(move || owners.into_iter().for_each(drop));
    let mut stale = 0;
    for round in 0..20_000 {
        let mut scope = RootScope::new(&mut store);
        let owned = {
            let mut inner = RootScope::new(&mut scope);
            let array = ArrayRef::new(&mut inner, &bytes, &Val::I32(round & 127), 3).unwrap();
            OwnedRooted::new(&mut inner, array).unwrap()
        };
        let handle = owned.get();
        send.send(owned).unwrap();
        match StructRef::new(&mut scope, &holder, &[handle.into()]) {
            Ok(holder) => {
                let array = holder.field(&scope, 0).unwrap().unwrap_any_ref().expect("the field has no null");
                let array = array.as_array(&scope).unwrap().unwrap();
                assert_eq!(array.get(&scope, 2).unwrap().unwrap_i32(), round & 127);
            }
            Err(error) => {
                assert!(format!("{error:#}").contains("stale"), "{error:#}");
                stale += 1;
            }
        }
    }
    drop(send);
    dropping.join().unwrap();
    println!("{stale} were stale");
}
