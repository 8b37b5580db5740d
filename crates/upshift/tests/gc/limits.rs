//! How much objects may take, and what happens when there is no more.

use upshift::{
    ArrayRef, ArrayType, Engine, Error, FieldType, Instance, LimitExceeded, Module, Mutability, OutOfMemory,
    ResourceLimiter, Result, StorageType, Store, StoreLimits, StoreLimitsBuilder, Trap, Val, ValType,
    WasmBacktrace,
};

use crate::ways::Way;

/// Keeps a list, lets it go, makes arrays of any length.
const KEEPER: &str = r#"(module
    (type $node (struct (field i64 i64 i64) (field (ref null $node))))
    (type $longs (array (mut i64)))
    (type $vectors (array (mut v128)))
    (type $refs (array (mut anyref)))
    (global $list (mut (ref null $node)) (ref.null $node))
    (global $array (mut (ref null $longs)) (ref.null $longs))
    (func (export "keep") (param $n i32) (result i32) (local $made i32)
        (loop $more
            (if (i32.lt_u (local.get $made) (local.get $n))
                (then
                    (global.set $list (struct.new $node (i64.const 1) (i64.const 2) (i64.const 3) (global.get $list)))
                    (local.set $made (i32.add (local.get $made) (i32.const 1)))
                    (br $more))))
        (local.get $made))
    (func (export "count") (result i32) (local $it (ref null $node)) (local $n i32)
        (local.set $it (global.get $list))
        (block $end (loop $more
            (br_if $end (ref.is_null (local.get $it)))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (local.set $it (struct.get $node 3 (local.get $it)))
            (br $more)))
        (local.get $n))
    (func (export "forget") (global.set $list (ref.null $node)) (global.set $array (ref.null $longs)))
    (func (export "longs") (param i32) (global.set $array (array.new_default $longs (local.get 0))))
    (func (export "vectors") (param i32) (drop (array.new $vectors (v128.const i64x2 1 1) (local.get 0))))
    (func (export "refs") (param i32) (drop (array.new $refs (global.get $list) (local.get 0))))
    (func (export "churn") (param $n i32)
        (loop $more
            (drop (array.new_default $longs (i32.const 100)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

struct Keeper<T: 'static> {
    store: Store<T>,
    instance: Instance,
}

impl<T: ResourceLimiter + Send + Sync + 'static> Keeper<T> {
    fn new(engine: &Engine, limits: T) -> Keeper<T> {
        let mut store = Store::new(engine, limits);
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, &Module::new(engine, KEEPER).unwrap(), &[]).unwrap();
        Keeper { store, instance }
    }

    fn call(&mut self, name: &str, argument: i32) -> Result<()> {
        let func = self.instance.get_typed_func::<i32, ()>(&mut self.store, name).unwrap();
        func.call(&mut self.store, argument)
    }

    fn keep(&mut self, n: i32) -> Result<i32> {
        self.instance.get_typed_func::<i32, i32>(&mut self.store, "keep").unwrap().call(&mut self.store, n)
    }

    fn count(&mut self) -> i32 {
        self.instance
            .get_typed_func::<(), i32>(&mut self.store, "count")
            .unwrap()
            .call(&mut self.store, ())
            .unwrap()
    }

    fn forget(&mut self) {
        self.instance
            .get_typed_func::<(), ()>(&mut self.store, "forget")
            .unwrap()
            .call(&mut self.store, ())
            .unwrap();
    }
}

fn engines() -> Vec<Engine> {
    Way::all().iter().map(|way| Engine::new(&way.config()).unwrap()).collect()
}

/// Bytes of an object of the list.
const NODE: i32 = 40;

fn is_full(error: &Error) -> bool {
    error.downcast_ref() == Some(&Trap::GcHeapOutOfMemory)
}

#[test]
fn a_full_heap_is_a_trap_and_the_store_goes_on() {
    for engine in engines() {
        for limit in [1000, 100_000, 3_000_000] {
            let limits = StoreLimitsBuilder::new().gc_heap_size(limit).build();
            let mut keeper = Keeper::new(&engine, limits);
            let fit = limit as i32 / NODE;
            for _ in 0..3 {
                assert!(is_full(&keeper.keep(fit + 1).unwrap_err()));
                assert_eq!(keeper.count(), fit);
                assert!(
                    is_full(&keeper.keep(1).unwrap_err())
                        && is_full(&keeper.call("longs", 1000).unwrap_err())
                );
                assert!(keeper.store.usage().gc_bytes <= limit as u64);
                keeper.forget();
                assert_eq!(keeper.keep(fit).unwrap(), fit);
                keeper.forget();
            }
            // What nobody wants any more does not count.
            keeper.call("churn", 10_000).unwrap_or_else(|error| assert!(limit == 1000, "{error:#}"));
            // The host is under the same limit.
            let ty = FieldType::new(Mutability::Var, StorageType::ValType(ValType::I64));
            let ty = ArrayType::new(&engine, ty);
            let most = limit as u32 / 8 - 1;
            let error = ArrayRef::new(&mut keeper.store, &ty, &Val::I64(1), most + 1).unwrap_err();
            assert!(is_full(&error));
            let array = ArrayRef::new(&mut keeper.store, &ty, &Val::I64(1), most).unwrap();
            assert_eq!(array.len(&keeper.store).unwrap(), most);
        }
    }
}

/// Otherwise neither fuel nor epochs would limit time: each object in a heap that is almost full makes all others be copied.
#[test]
fn a_heap_that_is_almost_full_is_full() {
    const LIMIT: i32 = 1 << 20;
    for engine in engines() {
        let limits = StoreLimitsBuilder::new().gc_heap_size(LIMIT as usize).build();
        let mut keeper = Keeper::new(&engine, limits);
        // An eighth of what is kept has room: objects come and go.
        keeper.keep(LIMIT / NODE / 9 * 8 - 100).unwrap();
        keeper.call("churn", 10_000).unwrap();
        let before = keeper.store.usage().collections;
        keeper.call("churn", 1000).unwrap();
        // A round makes 808 bytes, and what is left are at least some more than a hundred thousand.
        assert!(keeper.store.usage().collections - before <= 8, "{:?}", keeper.store.usage());
        // What is left has room for one array of a round.
        let count = keeper.count();
        keeper.keep((LIMIT - 1000) / NODE - count).unwrap_or_else(|error| {
            assert!(is_full(&error));
            0
        });
        let before = keeper.store.usage().collections;
        assert!(is_full(&keeper.call("churn", 10_000).unwrap_err()));
        assert!(keeper.store.usage().collections - before < 3, "{:?}", keeper.store.usage());
        // Nothing is lost by that.
        assert!(keeper.count() >= count);
    }
}

#[test]
fn a_limit_can_stop_the_program_with_an_error() {
    for engine in engines() {
        let limits = StoreLimitsBuilder::new().gc_heap_size(10_000).trap_on_grow_failure(true).build();
        let mut keeper = Keeper::new(&engine, limits);
        let error = keeper.keep(251).unwrap_err();
        // More than for the object: some room must be left.
        let Some(&LimitExceeded::GcHeap { limit: 10_000, desired: 10_040..12_000 }) = error.downcast_ref()
        else {
            panic!("{error:#}");
        };
        assert_eq!(keeper.count(), 250);
        assert!(keeper.call("longs", 5000).unwrap_err().downcast_ref::<LimitExceeded>().is_some());
        keeper.forget();
        assert_eq!(keeper.keep(250).unwrap(), 250);
    }
}

#[test]
fn arrays_that_no_heap_can_hold_are_a_trap() {
    for engine in engines() {
        let mut keeper = Keeper::new(&engine, StoreLimits::default());
        keeper.keep(5).unwrap();
        for (name, lens) in [
            ("vectors", [i32::MAX, -1, 1 << 28, 1 << 27]),
            ("longs", [i32::MAX, -1, 1 << 29, 1 << 28]),
            ("refs", [i32::MAX, -1, 1 << 30, 1 << 29]),
        ] {
            for len in lens {
                assert!(is_full(&keeper.call(name, len).unwrap_err()), "{name} {len}");
            }
        }
        assert_eq!(keeper.count(), 5);
        keeper.call("churn", 10_000).unwrap();
        assert_eq!(keeper.count(), 5);
    }
}

#[test]
fn objects_of_constant_expressions_are_under_the_limit() {
    let wat = r#"(module (type $a (array i64)) (global (ref $a) (array.new $a (i64.const 1) (i32.const 1000)))
        (global (export "last") (ref $a) (array.new_default $a (i32.const 1000))))"#;
    for engine in engines() {
        let module = Module::new(&engine, wat).unwrap();
        let limits = StoreLimitsBuilder::new().gc_heap_size(40_000).build();
        let mut keeper = Keeper::new(&engine, limits);
        Instance::new(&mut keeper.store, &module, &[]).unwrap();
        Instance::new(&mut keeper.store, &module, &[]).unwrap();
        // The first of its objects fits, the second does not.
        assert!(is_full(&Instance::new(&mut keeper.store, &module, &[]).unwrap_err()));
        assert_eq!(keeper.keep(10).unwrap(), 10);
        keeper.call("longs", 100).unwrap();
        assert_eq!(keeper.count(), 10);
    }
}

/// Says what it is told to, and notes what it was asked.
#[derive(Default)]
struct Teller {
    asked: Vec<(usize, usize)>,
    most: usize,
}

impl ResourceLimiter for Teller {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.asked.push((current, desired));
        Ok(desired <= self.most)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn limiters_that_know_nothing_of_objects_count_them_as_memory() {
    for engine in engines() {
        let mut keeper = Keeper::new(&engine, Teller { asked: Vec::new(), most: 4 << 20 });
        let error = keeper.keep(1 << 20).unwrap_err();
        assert!(is_full(&error));
        assert!(keeper.count() * NODE <= 4 << 20 && keeper.count() * NODE > 3 << 20);
        let asked = &keeper.store.data().asked;
        assert!(asked.iter().all(|&(current, desired)| current < desired), "{asked:?}");
        keeper.store.data_mut().most = 0;
        // What the heap has may be used.
        keeper.forget();
        assert_eq!(keeper.keep(1000).unwrap(), 1000);
    }
}

#[test]
fn a_limiter_can_lie() {
    struct Liar(usize);
    impl ResourceLimiter for Liar {
        fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
            Ok(true)
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
            Ok(true)
        }
        fn gc_heap_growing(&mut self, _: usize, _: usize, _: usize) -> Result<usize> {
            if self.0 == 1 { Err(Error::msg("no")) } else { Ok(self.0) }
        }
    }
    for engine in engines() {
        let mut keeper = Keeper::new(&engine, Liar(usize::MAX));
        assert_eq!(keeper.keep(100_000).unwrap(), 100_000);
        keeper.store.data_mut().0 = 0;
        assert!(is_full(&keeper.keep(1_000_000).unwrap_err()));
        keeper.store.data_mut().0 = 1;
        assert_eq!(keeper.keep(1_000_000).unwrap_err().root_cause().to_string(), "no");
        let count = keeper.count();
        assert!(count >= 100_000);
        keeper.store.data_mut().0 = usize::MAX;
        assert_eq!(keeper.keep(10).unwrap(), 10);
        assert_eq!(keeper.count(), count + 10);
    }
}

/// The system says no, not the heap: the error tells what was asked, and of whom.
fn is_refused(error: &Error) -> bool {
    let text = format!("{error:#}");
    let refused = error.downcast_ref::<OutOfMemory>();
    refused
        .is_some_and(|refused| text.contains(&format!("the system does not give {} bytes", refused.bytes())))
        && text.contains("the heap of objects: Cannot allocate memory")
        && !error.is::<Trap>()
        && error.is::<WasmBacktrace>()
}

#[test]
#[ignore = "wants a process whose data are limited; another test runs it in one"]
fn in_a_process_with_little_memory() {
    for engine in &engines()[..1] {
        let mut keeper = Keeper::new(engine, StoreLimits::default());
        let mut kept = Vec::new();
        for _ in 0..2 {
            assert!(is_refused(&keeper.keep(i32::MAX).unwrap_err()));
            kept.push(keeper.count());
            assert!(is_refused(&keeper.call("longs", 1 << 26).unwrap_err()));
            assert_eq!(keeper.count(), kept[kept.len() - 1]);
            keeper.forget();
            // Where a collection had no room for the copies before, it has now.
            keeper.call("churn", 10_000).unwrap();
            assert_eq!(keeper.keep(1000).unwrap(), 1000);
            keeper.forget();
        }
        assert!(kept.iter().all(|&count| count > 100_000), "{kept:?}");
    }
    println!("little memory: done");
}

#[test]
#[cfg(target_os = "linux")]
fn a_system_without_memory_is_no_full_heap() {
    // Data are what can be written to, so address space that is only reserved does not count; or all address space does.
    for limit in ["-d 200000", "-v 600000"] {
        let script = format!(
            r#"ulimit {limit} && RUST_BACKTRACE=0 exec "$0" --exact limits::in_a_process_with_little_memory --ignored --nocapture"#
        );
        let exe = std::env::current_exe().unwrap();
        let output = std::process::Command::new("sh").arg("-c").arg(script).arg(exe).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("little memory: done"), "{limit}: {output:?}");
    }
}

#[test]
fn garbage_does_not_keep_an_instance_from_being_made() {
    let engine = Engine::default();
    let mut keeper = Keeper::new(&engine, StoreLimitsBuilder::new().gc_heap_size(1 << 20).build());
    // Garbage up to the limit, then a module whose constant expression wants most of it.
    keeper.call("churn", 1200).unwrap();
    let module = Module::new(
        &engine,
        "(module (type $longs (array i64)) (global (ref $longs) (array.new_default $longs (i32.const 100_000))))",
    )
    .unwrap();
    Instance::new(&mut keeper.store, &module, &[]).unwrap();
    // What the first one holds is no garbage.
    let error = Instance::new(&mut keeper.store, &module, &[]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::GcHeapOutOfMemory));
}
